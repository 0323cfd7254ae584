//! Organisations that write and sync without end, and a relay that is killed all the time.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use causeway_tests::process::Death;
use causeway_tests::process::actor::{Actor, Ran};
use causeway_tests::process::relay::Place;
use causeway_tests::process::town::Town;
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng as _;
use serde_json::Value;
use tokio::time::Instant;

use super::ledger::{Ledger, Message};

/// Kinds, with the section that takes a file.
const KINDS: [(&str, Option<&str>); 4] = [
    ("missing-person", Some("PHO")),
    ("border-alert", None),
    ("victim-handoff", None),
    ("identity-check", None),
];
/// The field that carries this test's own words.
pub(crate) const FIELD: &str = "x_words_of_this_test";
/// A body of this size stands in a file of its own at the relay.
const LONG_TEXT: usize = 70_000;
/// A relay sees the end of at most so many commands in its life.
const RELAY_LIFE: usize = 12;
/// Once it has died often enough, it lives longer, so that the clients come to do what they are to die at.
const LONG_RELAY_LIFE: usize = 40;
/// It is looked after this often.
const LOOK: Duration = Duration::from_millis(50);
/// Exit code of a command that did not reach the relay.
const NETWORK: i32 = 6;

/// One organisation at work.
pub(crate) struct Worker {
    actor: Actor,
    number: usize,
    names: Vec<String>,
    folder: PathBuf,
    ledger: Arc<Ledger>,
    rng: ChaCha8Rng,
    written: usize,
}

impl Worker {
    /// Organisation `number` of the town.
    pub(crate) fn new(
        town: &Town,
        number: usize,
        folder: &Path,
        ledger: Arc<Ledger>,
        rng: ChaCha8Rng,
    ) -> Self {
        Self {
            actor: town.orgs[number].clone(),
            number,
            names: town.orgs.iter().map(|org| org.name.clone()).collect(),
            folder: folder.to_path_buf(),
            ledger,
            rng,
            written: 0,
        }
    }

    /// Writes and syncs until enough have died.
    pub(crate) async fn work(mut self) {
        while !self.ledger.is_enough() {
            if self.rng.random_bool(0.45) {
                self.send().await;
            } else {
                self.sync().await;
            }
        }
    }

    async fn sync(&mut self) {
        let death = self.death(false);
        let ran = self.attempt(&["sync"], &death).await;
        let code = ran.status.code();
        assert!(
            matches!(code, None | Some(0 | NETWORK)),
            "{}: {}: {}",
            self.actor.name,
            ran.status,
            ran.tail()
        );
    }

    async fn send(&mut self) {
        let (kind, section) = KINDS[self.rng.random_range(0..KINDS.len())];
        let message = self.message(section.is_some());
        let file = self.document(kind, &message);
        let to: Vec<&str> = message.to.iter().map(|org| self.names[*org].as_str()).collect();
        let to = to.join(",");
        let priority = ["P0", "P1", "P2", "P3"][self.rng.random_range(0..4)];
        let mut words = vec!["send", kind, "--to", &to, "--file", &file, "--priority", priority];
        let attachment = message.attachment.as_ref().map(|bytes| {
            let path = self.folder.join(format!("{}.bin", message.marker));
            std::fs::write(&path, bytes).unwrap();
            format!("{}={}", section.unwrap(), path.display())
        });
        if let Some(attachment) = &attachment {
            words.extend(["--attach", attachment]);
        }
        let (marker, recipients) = (message.marker.clone(), message.to.len());
        self.ledger.begin(message);
        let death = self.death(true);
        let ran = self.attempt(&words, &death).await;
        assert!(
            matches!(ran.status.code(), None | Some(0)),
            "{}: {}: {}",
            self.actor.name,
            ran.status,
            ran.tail()
        );
        // Whoever has read the answer relies on it, even if the program was killed on its way out.
        let packets = ran.out.first().and_then(|said| said["packets"].as_array());
        assert!(!ran.status.success() || packets.is_some(), "{}: no answer", self.actor.name);
        if let Some(packets) = packets {
            assert_eq!(packets.len(), recipients);
            self.ledger.acknowledge(&marker);
        }
    }

    async fn attempt(&self, words: &[&str], death: &Death) -> Ran {
        let begun = Instant::now();
        let ran = self.actor.attempt(words, death).await;
        self.ledger.client_ended(ran.status, death, begun.elapsed());
        ran
    }

    fn death(&mut self, sends: bool) -> Death {
        match self.rng.random_range(0..10) {
            0..3 => Death::Never,
            3..6 => Death::After(self.ledger.usual().mul_f64(self.rng.random_range(0.05..1.1))),
            _ => Death::At(self.ledger.client_place(sends)),
        }
    }

    fn message(&mut self, takes_a_file: bool) -> Message {
        self.written += 1;
        let marker = format!("m{}-{}", self.number, self.written);
        let others: Vec<usize> = (0..self.names.len()).filter(|org| *org != self.number).collect();
        let first = self.rng.random_range(0..others.len());
        let count = if self.rng.random_bool(0.8) { 1 } else { others.len() };
        let to = (0..count).map(|next| others[(first + next) % others.len()]).collect();
        let length = if self.rng.random_bool(0.2) { LONG_TEXT } else { self.rng.random_range(0..2_000) };
        let words: String = (0..length).map(|_| char::from(self.rng.random_range(b'a'..=b'z'))).collect();
        let attachment = (takes_a_file && self.rng.random_bool(0.5)).then(|| {
            let mut bytes = vec![0; self.rng.random_range(1..200_000)];
            self.rng.fill_bytes(&mut bytes);
            bytes
        });
        let text = format!("{marker} {words}");
        Message { marker, from: self.number, to, text, attachment, acknowledged: false }
    }

    /// The project's sample of this kind, with the message's words in it.
    fn document(&self, kind: &str, message: &Message) -> String {
        let sample =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/samples").join(format!("{kind}.json"));
        let mut document: Value = serde_json::from_slice(&std::fs::read(sample).unwrap()).unwrap();
        // In the header, which everybody gets.
        document["duty_contact"]["phone"] = "+37322000100".into();
        document["duty_contact"][FIELD] = message.text.as_str().into();
        let path = self.folder.join(format!("{}.json", message.marker));
        std::fs::write(&path, document.to_string()).unwrap();
        path.display().to_string()
    }
}

/// Starts the relay again and again, and lets it die: at a named point if traffic brings it there, or at a random moment.
pub(crate) async fn keep_killing_the_relay(mut place: Place, ledger: Arc<Ledger>, mut rng: ChaCha8Rng) {
    while !ledger.is_enough() {
        let death = if rng.random_bool(0.6) { Death::At(ledger.relay_place()) } else { Death::Never };
        let mut more = Vec::new();
        if let Death::At(place) = &death {
            more.extend(["--crash-at", place]);
        }
        let started = place.start(&more).await;
        let mut relay = match started {
            Ok(relay) => relay,
            Err(status) => {
                ledger.relay_ended(status, &death);
                continue;
            }
        };
        let most = if ledger.relay_is_done() { LONG_RELAY_LIFE } else { RELAY_LIFE };
        let until = ledger.commands() + rng.random_range(1..=most);
        let ended = loop {
            match relay.ended_within(LOOK).await {
                Some(status) => break Some(status),
                None if ledger.commands() >= until || ledger.is_enough() => break None,
                None => {}
            }
        };
        match ended {
            Some(status) => ledger.relay_ended(status, &death),
            None => ledger.relay_ended(relay.kill().await, &Death::Never),
        }
        assert!(!place.said().contains("panicked at"), "the relay has panicked:\n{}", place.said());
    }
}
