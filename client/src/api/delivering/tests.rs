use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use causeway_common::store::MemoryKv;
use causeway_common::time::SystemClock;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::api::deliveries::State;
use crate::vault::{Cost, MemoryEks, Vault};

/// A script that is still open for writing in a process that is being started cannot be started itself: one test at a time.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

struct Scene {
    _turn: tokio::sync::MutexGuard<'static, ()>,
    folder: TempDir,
    engine: Engine,
}

impl Scene {
    async fn new() -> Self {
        let turn = TURN.lock().await;
        let mut rng = crate::test_rng(1);
        let kv = Arc::new(MemoryKv::new());
        let made = Vault::create(kv, MemoryEks::default(), "a passphrase of words", Cost::least(), &mut rng);
        let vault = made.await.unwrap().0;
        crate::recovery::store(&vault, &crate::test_identity(), &mut rng).await.unwrap();
        let (clock, rng) = (Arc::new(SystemClock), Box::new(crate::test_rng(2)));
        let engine = Engine::open(vault, std::env::temp_dir(), clock, rng).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        Self { _turn: turn, folder, engine }
    }

    fn hook(&self, name: &str, mode: u32, script: &str) {
        let path = self.folder.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    async fn round(&self) {
        let mut lanes = Lanes::new(&self.engine, self.folder.path().into());
        let mut more = true;
        while more {
            lanes.look().await.unwrap();
            more = false;
            while let Some(again) = lanes.next().await {
                more |= again;
            }
        }
    }

    async fn tell(&self, state: &str) {
        events::tell(&self.engine, What::Connection, state).await.unwrap();
    }

    fn states(&self) -> Vec<(u64, State, String)> {
        let all = deliveries::all(&self.engine.vault).unwrap();
        all.into_iter().map(|delivery| (delivery.seq, delivery.state, delivery.why)).collect()
    }
}

#[tokio::test]
async fn a_hook_gets_each_event_once_from_when_it_is_there() {
    let scene = Scene::new().await;
    scene.tell("offline").await;
    scene.hook("10-first", 0o700, "cat >> got; echo >> got; env > seen");
    scene.hook("20-failing", 0o700, "exit 3");
    scene.round().await;
    assert_eq!(scene.read("got"), "", "what was before it is not its");
    scene.tell("connected").await;
    scene.tell("offline").await;
    scene.round().await;
    scene.round().await;
    let got = scene.read("got");
    let seqs: Vec<u64> = got
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, [2, 3]);
    let seen = scene.read("seen");
    assert!(!seen.contains("HOME=") && !seen.contains("CARGO"), "a clean environment: {seen}");
    let mut states = scene.states();
    states.sort_by_key(|(seq, _, why)| (*seq, why.clone()));
    let (done, waiting) = ((State::Done, String::new()), (State::Waiting, "exit-3".to_owned()));
    let wanted = [(2, &done), (2, &waiting), (3, &done), (3, &waiting)];
    assert_eq!(states, wanted.map(|(seq, (state, why))| (seq, *state, why.clone())));
    // What failed is tried again when a person wants it, and a hook that is gone has nothing.
    let failed = deliveries::all(&scene.engine.vault).unwrap();
    let failed = failed.iter().find(|delivery| delivery.state == State::Waiting).unwrap();
    scene.hook("20-failing", 0o700, "exit 0");
    deliveries::retry(&scene.engine, &failed.number()).await.unwrap();
    scene.round().await;
    assert_eq!(scene.states().iter().filter(|(_, state, _)| *state == State::Waiting).count(), 1);
    std::fs::remove_file(scene.folder.path().join("20-failing")).unwrap();
    scene.round().await;
    assert!(scene.states().iter().all(|(_, state, _)| *state == State::Done));
}

#[tokio::test]
async fn what_somebody_else_could_have_written_is_not_started() {
    let scene = Scene::new().await;
    scene.hook("writable", 0o722, "touch never");
    scene.hook("not-startable", 0o600, "touch never");
    scene.hook(".hidden", 0o700, "touch never");
    std::os::unix::fs::symlink("/bin/true", scene.folder.path().join("link")).unwrap();
    assert!(hooks::all(scene.folder.path()).is_empty());
    scene.hook("good", 0o700, "exit 0");
    assert_eq!(hooks::all(scene.folder.path()).len(), 1);
    std::fs::set_permissions(scene.folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    assert!(hooks::all(scene.folder.path()).is_empty(), "a folder into which others may write");
    assert!(hooks::all(&scene.folder.path().join("none")).is_empty());
}

#[tokio::test]
async fn a_hook_that_hangs_is_ended_with_what_it_has_started() {
    let scene = Scene::new().await;
    scene.hook("hangs", 0o700, "sleep 300 & echo $! > child; wait");
    let hook = hooks::all(scene.folder.path()).pop().unwrap();
    let event = Event::of(What::Connection, [0; 32], [0; 32], "offline");
    let outcome = hooks::run(&hook, &event).await;
    assert_eq!(outcome, Outcome::NotTaken("too-slow".into()));
    ended(scene.read("child").trim()).await;
}

/// Until this process has ended; that its number is given back is for the machine's first process to do.
async fn ended(child: &str) {
    let stat = format!("/proc/{child}/stat");
    let gone = async {
        while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone).await.expect("what it has started is ended, too");
}

/// Until somebody has written this file.
async fn written(scene: &Scene, name: &str) -> String {
    let written = async {
        while scene.read(name).trim().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        scene.read(name).trim().to_owned()
    };
    tokio::time::timeout(Duration::from_secs(5), written).await.unwrap_or_else(|_| panic!("no {name}"))
}

#[tokio::test]
async fn one_that_is_slow_holds_up_nobody_else_and_what_it_has_started_ends_with_the_home() {
    let scene = Scene::new().await;
    scene.hook("10-slow", 0o700, "sleep 300 & echo $! > child; wait");
    scene.hook("20-quick", 0o700, "cat >> got; echo >> got");
    scene.round().await;
    scene.tell("offline").await;
    let child = {
        let bringing = bring(&scene.engine, scene.folder.path().into());
        let heard = async {
            let child = written(&scene, "child").await;
            written(&scene, "got").await;
            // What comes while the slow one is busy comes to the other all the same.
            scene.tell("connected").await;
            let second = async {
                while scene.read("got").lines().count() < 2 {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(5), second).await.expect("the second event");
            child
        };
        tokio::select! {
            () = bringing => unreachable!("it goes on"),
            child = heard => child,
        }
    };
    ended(&child).await;
}

/// Answers one request with this status, and gives what was asked.
async fn answer(listener: &TcpListener, status: &str) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut asked = String::new();
    let mut buffer = [0; 4096];
    while !asked.ends_with('}') {
        let count = stream.read(&mut buffer).await.unwrap();
        assert!(count > 0, "{asked}");
        asked.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
    let text = format!("HTTP/1.1 {status}\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    asked
}

#[tokio::test]
async fn a_webhook_is_posted_signed_events_and_another_answer_than_2xx_is_tried_again() {
    let scene = Scene::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (webhook, secret) = webhooks::add(&scene.engine, &url, None).await.unwrap();
    assert!(secret.starts_with("whsec_") && !secret.contains(&webhook.number()));
    scene.round().await;
    scene.tell("offline").await;
    for (status, state) in
        [("302 Found", State::Waiting), ("503 Busy", State::Waiting), ("204 Good", State::Done)]
    {
        let ((), asked) = tokio::join!(scene.round(), answer(&listener, status));
        assert_eq!(scene.states().last().unwrap().1, state, "{status}");
        let id = format!("webhook-id: evt_{}_1", webhook.number());
        assert!(
            asked.starts_with("POST /hook ") && asked.contains(&id),
            "the same number each time: {asked}"
        );
        assert!(asked.contains("webhook-signature: v1,") && asked.contains("webhook-timestamp: "), "{asked}");
        assert!(asked.contains("\"type\":\"connection\""), "{asked}");
        if state == State::Waiting {
            let number = deliveries::all(&scene.engine.vault).unwrap()[0].number();
            deliveries::retry(&scene.engine, &number).await.unwrap();
        }
    }
    webhooks::remove(&scene.engine, &webhook.number()).await.unwrap();
    assert!(scene.states().is_empty() && consumers::all(&scene.engine.vault).unwrap().is_empty());
}
