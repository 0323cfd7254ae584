//! Somebody on duty keeps the connection open. What is killed and started again forgets no deadline, and fires none twice.

use std::process::Stdio;
use std::time::Duration;

use causeway_tests::process::actor::Actor;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStderr};
use tokio::time::Instant;

use super::silent_border::{SECOND_POLICE, alerted};
use super::support::{HOTLINE, POLICE, Stage, all_tasks, count, hours, minutes, sync};

/// A session is open within this time.
const CONNECTED_WITHIN: Duration = Duration::from_secs(30);
/// A session looks at the deadlines four times a minute; this machine may be busy.
const FIRED_WITHIN: Duration = Duration::from_secs(60);
/// One look and the one at the end.
const TWO_LOOKS: &str = "17";

/// A session that stays.
struct Watch {
    child: Child,
    _said: BufReader<ChildStderr>,
}

impl Watch {
    async fn begin(actor: &Actor) -> Self {
        let mut command = actor.command(&["sync", "--wait", "600"]);
        let mut child = command.stdout(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        tokio::time::timeout(CONNECTED_WITHIN, said.read_line(&mut line)).await.unwrap().unwrap();
        assert!(line.contains("Connected"), "{line}");
        Self { child, _said: said }
    }

    fn is_on_duty(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Ends it as a power cut does.
    async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_stays_fires_what_is_due_and_a_killed_one_has_forgotten_nothing() {
    let stage = Stage::set(&[HOTLINE, POLICE, SECOND_POLICE]).await;
    let own = alerted(&stage, &["auto_fallback=true"]).await;
    // A session ends by itself when something has come in: the receipts are fetched before.
    sync(&[stage.org(HOTLINE)]).await;
    let watch = Watch::begin(stage.org(HOTLINE)).await;
    stage.passes(minutes(3));
    watch.kill().await;
    let mut watch = Watch::begin(stage.org(HOTLINE)).await;
    let stage = stage.relay_is_off_for(minutes(5)).await;
    let (hotline, police, second) = (stage.org(HOTLINE), stage.org(POLICE), stage.org(SECOND_POLICE));
    // Nobody types anything at the hotline.
    let since = Instant::now();
    loop {
        assert!(watch.is_on_duty() && since.elapsed() < FIRED_WITHIN, "nobody else has got it");
        if second.run(&["sync"]).await["received"] == 1 {
            break;
        }
    }
    watch.kill().await;

    let before = (all_tasks(hotline).await, hotline.list(&["sent", "list"]).await.len());
    assert!(before.0.contains(&("call".into(), "C2".into(), 2)), "{before:?}");
    stage.clock.back(hours(5));
    hotline.run(&["sync", "--wait", TWO_LOOKS]).await;
    stage.passes(hours(5));
    sync(&[hotline, second, police, hotline]).await;
    assert_eq!(before, (all_tasks(hotline).await, hotline.list(&["sent", "list"]).await.len()));
    assert_eq!(count(&hotline.run(&["sent", "show", &own]).await, "deadline_missed"), 1);
    assert_eq!(second.list(&["inbox", "list"]).await.len(), 1);
}
