//! The processes that a family starts: this program again.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use causeway_certs::keys::SigningKey;
use causeway_certs::transport::quic::{self, PersistentKeys, QuicListener};
use causeway_common::store::{SledKv, SledOptions};
use causeway_common::time::SystemClock;
use causeway_relay::blobs::Blobs;
use causeway_relay::config::{Config, Limits};
use causeway_relay::{Parts, Relay, server};
use serde_json::{Value, json};

use super::{attachment, directory, latency};

/// Acts as a role: its name, then its folder.
pub(super) async fn play(words: &[String]) {
    let [role, folder] = words else { panic!("a role has a name and a folder") };
    let folder = Path::new(folder);
    match role.as_str() {
        "relay" => relay(folder).await,
        "sender" => attachment::send(folder).await,
        "recipient" => attachment::fetch(folder).await,
        "desk" => latency::act(folder).await,
        "newcomer" => directory::join(folder).await,
        other => panic!("unknown role {other}"),
    }
}

/// Another process of this program. Closing its input asks it to end.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Process {
    pub(super) fn start(program: &Path, role: &str, folder: &Path) -> Self {
        let mut command = Command::new(program);
        command.args(["role", role]).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (input, output) = (child.stdin.take(), child.stdout.take().unwrap());
        Self { child, input, output: BufReader::new(output) }
    }

    /// Its number in the process table.
    pub(super) fn id(&self) -> String {
        self.child.id().to_string()
    }

    /// The next line that it prints.
    pub(super) fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("a process says {line:?}"))
    }

    /// Says something to it.
    pub(super) fn tell(&mut self, words: &Value) {
        writeln!(self.input.as_mut().unwrap(), "{words}").unwrap();
    }

    /// Lets it go on after it has said something.
    pub(super) fn nod(&mut self) {
        writeln!(self.input.as_mut().unwrap()).unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.input = None;
        // It has nothing to say that its output did not.
        let _ = self.child.wait();
    }
}

/// Says something to the process that started this one.
pub(super) fn say(words: &Value) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{words}").and_then(|()| out.flush()).unwrap();
}

/// Waits for a nod.
pub(super) fn wait_for_nod() {
    std::io::stdin().lines().next().unwrap().unwrap();
}

/// Quotas keep organisations apart. Here one organisation is all there is.
fn without_quotas() -> Limits {
    let number = |number| NonZeroU32::new(number).unwrap();
    Limits {
        submits_per_second: number(1_000_000),
        submits_burst: number(1_000_000_000),
        kib_per_second: number(1_000_000_000),
        kib_burst: number(2_000_000_000),
        ..Limits::default()
    }
}

/// A relay as its program runs it, but for the quotas, until its input ends.
async fn relay(folder: &Path) {
    let cache_bytes = Config::default().cache_bytes;
    let kv = SledKv::open(&folder.join("store"), SledOptions { cache_bytes, ..SledOptions::default() });
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).unwrap();
    let key = SigningKey::from_seed(&seed);
    let parts = Parts {
        kv: Arc::new(kv.unwrap()),
        blobs: Blobs::in_folder(&folder.join("blobs")).unwrap(),
        key: SigningKey::from_seed(&seed),
        clock: Arc::new(SystemClock),
    };
    let relay = Relay::open_limited(parts, without_quotas()).unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let endpoint = quic::listen(any, &key, PersistentKeys { reset: &[2; 32], token: &[3; 32] }).unwrap();
    let address = endpoint.local_addr().unwrap().to_string();
    let claim = relay.claim_code(&address, [9; 16]).await.unwrap();
    say(&json!({ "claim": claim }));
    let asked_to_end = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    server::serve(relay, Arc::new(QuicListener::new(endpoint)), async move { drop(asked_to_end.await) })
        .await;
}
