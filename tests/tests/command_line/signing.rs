//! An organisation that demands two administrators' signatures: who is let in and taken out is for both to say.

use std::time::Duration;

use causeway_tests::process::actor::{Actor, VAULT_MEMORY};
use serde_json::{Value, json};

use super::support::{
    CONFLICT, HOTLINE_AND_POLICE, LOCKED, NOT_FOUND, REFUSED, Stage, fails, sample, seen_by,
};

/// For a slow machine.
const LET_IN_WITHIN: Duration = Duration::from_secs(60);

fn joining(code: &str) -> Vec<&str> {
    [&["join", code][..], &VAULT_MEMORY].concat()
}

async fn invite(by: &Actor, more: &[&str]) -> String {
    by.run(&[&["device", "invite"], more].concat()).await["invite"].as_str().unwrap().to_owned()
}

/// A second administrator of the police, at work.
async fn chief(stage: &Stage) -> Actor {
    let code = invite(stage.police(), &["--role", "administrator", "--name", "Chief"]).await;
    let chief = Actor::new(stage.folder.path(), "Chief Desk", "warn");
    let id = chief.run(&joining(&code)).await["id"].as_str().unwrap().to_owned();
    assert_eq!(stage.police().run(&["device", "admit", &id]).await["status"], "active");
    assert_eq!(chief.run(&joining(&code)).await["status"], "active");
    chief
}

async fn proposals(of: &Actor) -> Vec<Value> {
    of.run(&["sync"]).await;
    of.list(&["device", "proposals"]).await
}

/// Those that can still come true.
async fn open_proposals(of: &Actor) -> Vec<Value> {
    let all = proposals(of).await.into_iter();
    all.filter(|one| one["state"] != "overtaken").collect()
}

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap()
}

async fn devices(of: &Actor) -> usize {
    of.run(&["sync"]).await;
    of.list(&["device", "list"]).await.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_administrators_let_a_device_in_and_take_it_out() {
    let stage = Stage::set(HOTLINE_AND_POLICE).await;
    let police = stage.police();
    fails(police, &["recovery", "threshold", "2"], CONFLICT, "T-139").await;
    let chief = chief(&stage).await;
    for wrong in ["0", "3"] {
        fails(police, &["recovery", "threshold", wrong], CONFLICT, "T-139").await;
    }
    fails(&chief, &["recovery", "threshold", "2"], LOCKED, "T-103").await;
    assert_eq!(police.run(&["recovery", "threshold", "2"]).await["signatures"], 2);
    assert_eq!(police.run(&["recovery", "threshold", "2"]).await["signatures"], 2, "again does no harm");

    let code = invite(police, &["--name", "Night desk"]).await;
    let desk = Actor::new(stage.folder.path(), "Night Desk", "warn");
    let asked = desk.run(&joining(&code)).await;
    let proposed = police.run(&["device", "admit", id(&asked)]).await;
    assert_eq!(proposed["status"], "waits_for_signatures");
    assert_eq!(police.run(&["device", "admit", id(&asked)]).await, proposed, "asked again, it is the same");
    fails(&desk, &["sync"], REFUSED, "N-119").await;
    assert_eq!(devices(police).await, 2, "one signature lets nobody in");

    let [wanted] = &proposals(&chief).await[..] else { panic!("one proposal") };
    assert_eq!(wanted["id"], proposed["proposal"]);
    assert_eq!(
        (&wanted["signed"], &wanted["needed"], &wanted["signed_here"]),
        (&1.into(), &2.into(), &false.into())
    );
    assert_eq!(
        (&wanted["lets_in"][0]["name"], &wanted["lets_in"][0]["roles"]),
        (&"Night desk".into(), &json!(["staff"]))
    );
    assert_eq!(wanted["takes_out"], json!([]));
    assert!(
        seen_by(&chief, &["status"]).await.contains("1 change(s) of your devices wait for your signature")
    );
    assert!(!seen_by(police, &["status"]).await.contains("your signature"), "it has signed");
    let seen = seen_by(&chief, &["device", "proposals"]).await;
    assert!(seen.contains("let in: Night desk") && seen.contains("1 of 2 signatures"), "{seen}");
    fails(&chief, &["device", "sign", "ffffffff"], NOT_FOUND, "E-104").await;
    let signed = chief.run(&["device", "sign", &id(wanted)[..12]]).await;
    assert_eq!((&signed["state"], &signed["signed"]), (&"in_force".into(), &2.into()));
    assert!(proposals(police).await.is_empty() && proposals(&chief).await.is_empty());
    let joined = tokio::time::timeout(LET_IN_WITHIN, desk.run(&joining(&code))).await.unwrap();
    assert_eq!(joined["status"], "active");
    let names: Vec<Value> = chief.list(&["device", "list"]).await.iter().map(|d| d["name"].clone()).collect();
    assert!(names.contains(&"Night desk".into()), "the other administrator knows its name: {names:?}");

    let alert = sample("border-alert.json");
    stage.hotline().run(&["sync"]).await;
    stage.hotline().run(&["send", "border-alert", "--to", "Border Police", "--file", &alert]).await;
    stage.hotline().run(&["sync"]).await;
    assert_eq!(desk.run(&["sync"]).await["received"], 1);

    // Both want it out, each for a reason of its own: the first that is signed counts.
    fails(&desk, &["device", "sign", id(&signed)], LOCKED, "E-103").await;
    let one = police.run(&["device", "revoke", "Night desk", "--reason", "lost"]).await;
    assert_eq!((&one["status"], devices(&desk).await), (&"waits_for_signatures".into(), 3));
    let words = seen_by(police, &["device", "revoke", "Night desk", "--reason", "lost"]).await;
    assert!(words.contains("STILL IN") && words.contains("call the registrar"), "{words}");
    let other = chief.run(&["device", "revoke", "Night desk", "--reason", "retired"]).await;
    assert_ne!(one["proposal"], other["proposal"]);
    let waiting = proposals(&chief).await;
    assert_eq!((waiting.len(), &waiting[0]["takes_out"][0]["id"]), (2, &asked["id"]));
    // Who wants what a colleague has proposed already has signed that.
    let joined = chief.run(&["device", "revoke", "Night desk", "--reason", "lost"]).await;
    assert_eq!((&joined["status"], &joined["proposal"]), (&"revoked".into(), &Value::Null));
    fails(&desk, &["sync"], REFUSED, "N-118").await;
    let [overtaken] = &proposals(&chief).await[..] else { panic!("the other one is void") };
    assert_eq!((&overtaken["state"], &overtaken["id"]), (&"overtaken".into(), &other["proposal"]));
    assert!(seen_by(&chief, &["device", "proposals"]).await.contains("OVERTAKEN"));
    fails(&chief, &["device", "sign", id(overtaken)], CONFLICT, "E-129").await;
    assert_eq!(devices(police).await, 2);
    let gone = police.list(&["device", "list", "--all"]).await;
    assert!(gone.iter().any(|device| device["reason"] == "lost"), "{gone:?}");

    // Both have proposed the same before either has heard of the other: one signature of either side is enough.
    for by_signing in [true, false] {
        let code = invite(police, &["--name", "Spare desk"]).await;
        let spare = Actor::new(stage.folder.path(), &format!("Spare Desk {by_signing}"), "warn");
        let asked = spare.run(&joining(&code)).await;
        police.run(&["device", "admit", id(&asked)]).await;
        let [wanted] = &open_proposals(&chief).await[..] else { panic!("one proposal that waits") };
        assert_eq!(chief.run(&["device", "sign", id(wanted)]).await["state"], "in_force");
        chief.run(&["sync"]).await;
        police.run(&["sync"]).await;
        let spare = id(&asked);
        for one in [police, &chief] {
            let proposed = one.run(&["device", "revoke", spare, "--reason", "lost"]).await;
            assert_eq!(proposed["status"], "waits_for_signatures");
        }
        let both = open_proposals(police).await;
        let by_police = both.iter().find(|one| one["signed_here"] == true).unwrap();
        if by_signing {
            assert_eq!(open_proposals(&chief).await.len(), 2);
            assert_eq!(chief.run(&["device", "sign", id(by_police)]).await["state"], "in_force");
        } else {
            assert_eq!(both.len(), 2);
            let again = police.run(&["device", "revoke", spare, "--reason", "lost"]).await;
            assert_eq!(again["status"], "revoked");
        }
        assert_eq!(devices(police).await, 2);
        assert_eq!(devices(&chief).await, 2);
    }

    // With one of two gone nobody could sign any more.
    fails(police, &["device", "revoke", "Chief", "--reason", "retired"], CONFLICT, "E-109").await;
    police.run(&["recovery", "threshold", "1"]).await;
    let removed = police.run(&["device", "revoke", "Chief", "--reason", "retired"]).await;
    assert_eq!(removed["status"], "revoked");
}
