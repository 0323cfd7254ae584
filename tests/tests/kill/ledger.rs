//! What was written, what was acknowledged, and who was killed where.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitStatus;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use causeway_common::crash;
use causeway_tests::process::{Death, was_killed};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::{CLIENT_KILLS, RELAY_KILLS};

/// A referral that somebody wrote.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Names it, and follows from nothing else.
    pub(crate) marker: String,
    /// Who wrote it.
    pub(crate) from: usize,
    /// Who was to get it.
    pub(crate) to: Vec<usize>,
    /// The word that must arrive unchanged.
    pub(crate) text: String,
    /// The file that went with it.
    pub(crate) attachment: Option<Vec<u8>>,
    /// The program said that it was queued.
    pub(crate) acknowledged: bool,
}

/// Everything that is held against the inboxes in the end.
#[derive(Debug)]
pub(crate) struct Ledger {
    content: Mutex<Content>,
}

#[derive(Debug)]
struct Content {
    messages: BTreeMap<String, Message>,
    relay_kills: usize,
    client_kills: usize,
    commands: usize,
    /// How long a command took that nobody killed, on average.
    usual: Duration,
    steps: BTreeMap<&'static str, usize>,
    rng: ChaCha8Rng,
}

/// How long a command takes, before one has been seen.
const FIRST_GUESS: Duration = Duration::from_secs(1);

/// A client never passes the relay's points.
fn is_of_relay(step: &str) -> bool {
    step.starts_with("relay.")
}

/// The points that both pass.
fn is_of_both(step: &str) -> bool {
    step.starts_with("store.") || step.starts_with("file.")
}

impl Ledger {
    /// Nothing has happened yet.
    pub(crate) fn new(seed: u64) -> Self {
        let content = Content {
            messages: BTreeMap::new(),
            relay_kills: 0,
            client_kills: 0,
            commands: 0,
            usual: FIRST_GUESS,
            steps: BTreeMap::new(),
            rng: ChaCha8Rng::seed_from_u64(!seed),
        };
        Self { content: Mutex::new(content) }
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap()
    }

    /// Enough processes have died, and one at every point.
    pub(crate) fn is_enough(&self) -> bool {
        let content = self.lock();
        let everywhere = steps_of_traffic().all(|step| content.steps.contains_key(step));
        content.relay_kills >= RELAY_KILLS && content.client_kills >= CLIENT_KILLS && everywhere
    }

    /// Whether a process has died at this point.
    pub(crate) fn has_died_at(&self, step: &str) -> bool {
        self.lock().steps.contains_key(step)
    }

    /// Where the next client is to die. `sends`: it is to write, not to talk to the relay.
    pub(crate) fn client_place(&self, sends: bool) -> String {
        const OF_SENDING: [&str; 2] = ["store.", "outbox.queued"];
        self.place(4, |step| {
            let written = OF_SENDING.iter().any(|start| step.starts_with(start));
            !is_of_relay(step) && written == sends || !is_of_relay(step) && is_of_both(step) && !sends
        })
    }

    /// Where the next relay is to die.
    pub(crate) fn relay_place(&self) -> String {
        self.place(60, |step| is_of_relay(step) || is_of_both(step))
    }

    /// One of the points, to be passed up to so many times.
    fn place(&self, most: u64, wanted: impl Fn(&str) -> bool) -> String {
        let mut content = self.lock();
        let steps: Vec<&str> = steps_of_traffic().filter(|step| wanted(step)).collect();
        // Points at which nobody has died yet come first.
        let new: Vec<&str> = steps.iter().copied().filter(|step| !content.steps.contains_key(step)).collect();
        let (from, most) =
            if new.is_empty() || content.rng.random_bool(0.3) { (&steps, most) } else { (&new, 1) };
        let step = from[content.rng.random_range(0..from.len())];
        format!("{step}:{}", content.rng.random_range(1..=most))
    }

    /// A client has ended, after so long.
    pub(crate) fn client_ended(&self, status: ExitStatus, death: &Death, time: Duration) {
        let mut content = self.lock();
        content.commands += 1;
        if was_killed(status) {
            content.client_kills += 1;
            content.died(death);
        } else if status.success() {
            content.usual = (content.usual * 7 + time) / 8;
        }
    }

    /// How long a command takes that nobody kills.
    pub(crate) fn usual(&self) -> Duration {
        self.lock().usual
    }

    /// Commands that have ended.
    pub(crate) fn commands(&self) -> usize {
        self.lock().commands
    }

    /// The relay has died often enough.
    pub(crate) fn relay_is_done(&self) -> bool {
        self.lock().relay_kills >= RELAY_KILLS
    }

    /// A relay has ended.
    pub(crate) fn relay_ended(&self, status: ExitStatus, death: &Death) {
        assert!(was_killed(status), "the relay has ended by itself: {status}");
        let mut content = self.lock();
        content.relay_kills += 1;
        content.died(death);
    }

    /// Enters a message before its command is started.
    pub(crate) fn begin(&self, message: Message) {
        self.lock().messages.insert(message.marker.clone(), message);
    }

    /// The command has said that the message is queued.
    pub(crate) fn acknowledge(&self, marker: &str) {
        self.lock().messages.get_mut(marker).unwrap().acknowledged = true;
    }

    /// All messages.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.lock().messages.values().cloned().collect()
    }

    /// One line.
    pub(crate) fn summary(&self) -> String {
        let content = self.lock();
        let acknowledged = content.messages.values().filter(|m| m.acknowledged).count();
        let never: BTreeSet<&str> =
            steps_of_traffic().filter(|step| !content.steps.contains_key(step)).collect();
        format!(
            "{} kills of the relay, {} of clients, {} of them at {} named points (never at {never:?}); {} referrals \
             begun, {acknowledged} acknowledged",
            content.relay_kills,
            content.client_kills,
            content.steps.values().sum::<usize>(),
            content.steps.len(),
            content.messages.len(),
        )
    }
}

/// Points that traffic comes past. Erasing a root or a case is a person's command: tests::command_line::recovery and tests::erasing
/// die there.
pub(crate) fn steps_of_traffic() -> impl Iterator<Item = &'static str> {
    crash::STEPS.into_iter().filter(|step| !["recovery.", "case."].iter().any(|part| step.starts_with(part)))
}

impl Content {
    fn died(&mut self, death: &Death) {
        let Death::At(place) = death else { return };
        let step = place.split(':').next().unwrap();
        let step = crash::STEPS.into_iter().find(|known| *known == step).unwrap();
        *self.steps.entry(step).or_default() += 1;
    }
}
