//! Passphrases, locks and homes of other versions.

use std::time::Duration;

use super::support::{CONFLICT, HOTLINE_AND_POLICE, INVALID, LOCKED, NOT_FOUND, Stage, fails};
use causeway_tests::process::Death;
use causeway_tests::process::actor::{Actor, VAULT_MEMORY};

#[tokio::test(flavor = "multi_thread")]
async fn only_the_passphrase_or_the_recovery_code_opens_a_home() {
    let stage = Stage::set(&[]).await;
    let invited = ["registrar", "invite", "--name", "Safe House", "--kind", "shelter", "--country", "MD"];
    let text = stage.town.registrar.run(&invited).await["invite"].as_str().unwrap().to_owned();
    let mut actor = Actor::new(stage.folder.path(), "Safe House", "warn");
    let join = [&["join", &*text][..], &VAULT_MEMORY].concat();
    let right = actor.passphrase_file.clone();

    actor.passphrase_file = stage.file("short", b"short").into();
    fails(&actor, &join, INVALID, "C-105").await;
    actor.passphrase_file = right.clone();
    let ran = actor.attempt(&join, &Death::Never).await;
    assert!(ran.status.success(), "a short passphrase leaves nothing in the way: {}", ran.tail());
    let code = ran.err.lines().map(str::trim).find(|line| line.len() == 35 && line.matches('-').count() == 5);

    actor.passphrase_file = stage.file("wrong", b"an entirely different passphrase\n").into();
    fails(&actor, &["org", "list"], LOCKED, "V-103").await;
    actor.passphrase_file = "/no/such/passphrase".into();
    fails(&actor, &["org", "list"], INVALID, "C-105").await;
    actor.passphrase_file = stage.file("huge", &vec![b'x'; 100_000]).into();
    fails(&actor, &["org", "list"], INVALID, "C-105").await;
    let code = code.expect("the recovery code is shown when the home is made").to_lowercase();
    actor.passphrase_file = stage.file("recovery", code.as_bytes()).into();
    actor.run(&["org", "list"]).await;
    actor.passphrase_file = right;
    actor.run(&["doctor"]).await;
    let nobody = Actor::new(stage.folder.path(), "Nobody", "warn");
    fails(&nobody, &["inbox", "list"], NOT_FOUND, "H-104").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_program_on_the_same_home_is_told_so() {
    let stage = Stage::set(HOTLINE_AND_POLICE).await;
    let police = stage.police();
    let mut waiting = police.command(&["sync", "--wait", "60"]).kill_on_drop(true).spawn().unwrap();
    let mut seen = false;
    for _ in 0..50 {
        let ran = police.attempt(&["inbox", "list"], &Death::Never).await;
        if ran.status.code() == Some(CONFLICT) {
            assert_eq!(ran.error()["code"], "S-109");
            seen = true;
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(seen, "the home was never locked");
    waiting.kill().await.unwrap();
    police.run(&["inbox", "list"]).await;
}
