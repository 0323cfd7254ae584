//! The recipient of the alarms: a process of its own, as in life. It shares neither a runtime nor a thread with the
//! senders, and says through its pipe what has become durable in its inbox.
//!
//! Nobody's clock is compared with another's: the sender's side takes the time from its call until it has read the line.

use std::io::BufRead as _;
use std::path::Path;
use std::time::Duration;

use causeway_client::records;
use causeway_client::vault::Tree;
use causeway_common::ids::{OrgId, PacketId};
use causeway_common::time::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::bench::Plan;
use crate::bench::roles::{Process, say};
use crate::bench::town::Member;

/// What takes longer is lost.
const LOST_AFTER: Duration = Duration::from_secs(60);
/// The other side asks one question at a time.
const QUESTIONS_MAX: usize = 1;

/// The process, as the side of the senders sees it.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) org: OrgId,
    process: Process,
}

/// When a packet was where, by the clock of the machine, in whole milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) relayed: Timestamp,
    pub(super) received: Timestamp,
}

impl Desk {
    /// A member whose vault is in this folder, and whom nobody else has open. It has synchronised once.
    pub(super) fn open(plan: &Plan, org: OrgId, folder: &Path) -> Self {
        let mut process = Process::start(&plan.program, "desk", folder);
        assert_eq!(process.hear(), json!("ready"));
        Self { org, process }
    }

    /// Begins a session, or ends it.
    pub(super) fn connect(&mut self, on: bool) {
        assert_eq!(self.ask(&json!({ "connect": on })), json!("done"));
    }

    /// How many packets have been stored.
    pub(super) fn stored(&mut self) -> usize {
        self.wait_for(0)
    }

    /// Waits until so many packets have been stored, and says how many there are.
    pub(super) fn wait_for(&mut self, count: usize) -> usize {
        let stored = self.ask(&json!({ "stored": count }));
        usize::try_from(stored.as_u64().unwrap()).unwrap()
    }

    /// Announces a packet; [`Desk::arrived`] waits for it.
    pub(super) fn expect(&mut self, packet: PacketId) {
        self.process.tell(&json!({ "expect": packet.to_string() }));
    }

    pub(super) fn arrived(&mut self) -> Arrival {
        let arrival = self.hear();
        let time = |name: &str| Timestamp(arrival[name].as_u64().unwrap());
        Arrival { relayed: time("relayed"), received: time("received") }
    }

    fn ask(&mut self, question: &Value) -> Value {
        self.process.tell(question);
        self.hear()
    }

    /// Other tasks go on meanwhile, on other threads.
    fn hear(&mut self) -> Value {
        tokio::task::block_in_place(|| self.process.hear())
    }
}

/// The process itself, until its input ends.
pub(in crate::bench) async fn act(folder: &Path) {
    let member = Member::unlock(folder).await;
    member.sync().await;
    let mut questions = questions();
    say(&json!("ready"));
    let mut session = None;
    while let Some(question) = questions.recv().await {
        if let Some(on) = question["connect"].as_bool() {
            session = on.then(|| member.stay_connected());
            say(&json!("done"));
        } else if let Some(count) = question["stored"].as_u64() {
            let stored = || member.engine.vault.count(Tree::Inbox);
            wait_until(&member, || stored() as u64 >= count).await;
            say(&json!(stored()));
        } else {
            let packet = question["expect"].as_str().unwrap().parse().unwrap();
            let received = || records::received(&member.engine.vault, packet).unwrap();
            wait_until(&member, || received().is_some()).await;
            let received = received().unwrap();
            say(&json!({ "relayed": received.relayed.0, "received": received.received.0 }));
        }
    }
    drop(session);
}

fn questions() -> mpsc::Receiver<Value> {
    let (ask, questions) = mpsc::channel(QUESTIONS_MAX);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let question = serde_json::from_str(&line.unwrap()).unwrap();
            if ask.blocking_send(question).is_err() {
                return;
            }
        }
    });
    questions
}

/// Looks whenever something durable has joined the inbox.
async fn wait_until(member: &Member, there: impl Fn() -> bool) {
    let mut news = member.engine.inbox_news();
    let arrived = async {
        while !there() {
            news.changed().await.unwrap();
        }
    };
    tokio::time::timeout(LOST_AFTER, arrived).await.expect("a packet does not arrive");
}
