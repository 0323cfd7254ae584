//! Several workstations of one organisation: a colleague joins with a code, both receive, one is removed while it is
//! connected; and every way in which that goes wrong.

use std::time::Duration;

use causeway_certs::keys::SigningKey;
use causeway_certs::link::LinkCode;
use causeway_common::time::Timestamp;
use causeway_tests::process::actor::{Actor, VAULT_MEMORY};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::support::{
    CONFLICT, HOTLINE_AND_POLICE, INTEGRITY, INVALID, LOCKED, NOT_FOUND, REFUSED, Stage, fails, sample,
    seen_by,
};

/// A workstation that is waiting notices at once that it has been removed; this is for a slow machine.
const NOTICED_WITHIN: Duration = Duration::from_secs(30);

async fn invite(by: &Actor, more: &[&str]) -> String {
    let invited = by.run(&[&["device", "invite"], more].concat()).await;
    invited["invite"].as_str().unwrap().to_owned()
}

fn workstation(stage: &Stage, name: &str) -> Actor {
    Actor::new(stage.folder.path(), name, "warn")
}

fn join<'a>(code: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["join", code], more, &VAULT_MEMORY].concat()
}

async fn refer(stage: &Stage) {
    let alert = sample("border-alert.json");
    stage.hotline().run(&["send", "border-alert", "--to", "Border Police", "--file", &alert]).await;
    assert_eq!(stage.hotline().run(&["sync"]).await["sent"], 1);
}

/// The second workstation of the police, let in.
async fn second_desk(stage: &Stage) -> Actor {
    let code = invite(stage.police(), &["--name", "Desk two"]).await;
    let desk = workstation(stage, "Desk Two");
    let asked = desk.run(&join(&code, &[])).await;
    assert_eq!((&asked["status"], &asked["device_name"]), (&"pending".into(), &"Desk two".into()));
    let pending = stage.police().list(&["device", "pending"]).await;
    assert_eq!(pending.len(), 1);
    for field in ["id", "comparison", "emoji"] {
        assert_eq!(pending[0][field], asked[field], "both screens show the same {field}");
    }
    assert_eq!(asked["emoji"].as_array().unwrap().len(), 7);
    fails(&desk, &["sync"], REFUSED, "N-119").await;
    let id = asked["id"].as_str().unwrap();
    let admitted = stage.police().run(&["device", "admit", &id[..12]]).await;
    assert_eq!((&admitted["id"], &admitted["status"]), (&id.into(), &"active".into()));
    assert_eq!(stage.police().run(&["device", "admit", id]).await, admitted, "asking again does no harm");
    let active = desk.run(&join(&code, &[])).await;
    assert_eq!((&active["status"], &active["name"]), (&"active".into(), &"Border Police".into()));
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_workstation_joins_receives_and_is_cut_off_when_it_is_removed() {
    let stage = Stage::set(HOTLINE_AND_POLICE).await;
    let (hotline, police) = (stage.hotline(), stage.police());
    let desk = second_desk(&stage).await;
    refer(&stage).await;
    for device in [police, &desk] {
        assert_eq!(device.run(&["sync"]).await["received"], 1);
        assert_eq!(device.list(&["inbox", "list"]).await.len(), 1);
    }

    // Somebody has had this workstation's data in hands: what others seal to is new.
    refer(&stage).await;
    let fresh = desk.run(&["device", "refresh-keys"]).await;
    assert_eq!(
        (&fresh["received"], &fresh["withdrawn"]),
        (&1.into(), &99.into()),
        "two of 101 have opened a packet: {fresh}"
    );
    refer(&stage).await;
    assert_eq!(desk.run(&["sync"]).await["received"], 1, "by the new keys");
    police.run(&["sync"]).await;

    let listed = police.list(&["device", "list"]).await;
    let of_desk = listed.iter().find(|device| device["name"] == "Desk two").unwrap();
    let own = listed.iter().find(|device| device["this"] == true).unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!((&of_desk["roles"], &of_desk["clearance"]), (&json!(["staff"]), &json!(["all"])));
    assert_eq!(own["roles"], json!(["administrator", "staff"]));
    assert!(own["since"].as_str() < of_desk["since"].as_str(), "{listed:?}");
    let seen = hotline.list(&["device", "list", "--org", "Border Police"]).await;
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|device| device["name"].is_null()), "names stay in the organisation");
    let people = seen_by(&desk, &["device", "list"]).await;
    assert!(people.contains("Desk two (this one)"), "{people}");

    // While it waits for what comes, it is removed.
    let mut waiting = desk.command(&["sync", "--wait", "60"]).kill_on_drop(true).spawn().unwrap();
    let mut said = BufReader::new(waiting.stderr.take().unwrap()).lines();
    let connected = said.next_line().await.unwrap().unwrap();
    assert!(connected.starts_with("Connected"), "{connected}");
    let removed = police.run(&["device", "revoke", "Desk two", "--reason", "lost"]).await;
    assert_eq!((&removed["status"], &removed["reason"]), (&"revoked".into(), &"lost".into()));
    let ended = tokio::time::timeout(NOTICED_WITHIN, waiting.wait()).await.expect("it is cut off").unwrap();
    assert_eq!(ended.code(), Some(REFUSED));
    let again = police.run(&["device", "revoke", "Desk two", "--reason", "lost"]).await;
    assert_eq!(again["revoked"], removed["revoked"], "asking again does no harm");

    hotline.run(&["sync"]).await;
    refer(&stage).await;
    assert_eq!(police.run(&["sync"]).await["received"], 1);
    let told = fails(&desk, &["sync"], REFUSED, "N-118").await;
    let status = desk.run(&["status"]).await;
    assert_eq!((&status["removed"], &status["connected"]), (&told["message"], &true.into()));
    assert!(told["message"].as_str().unwrap().contains("stays readable"), "{told}");
    assert_eq!(desk.list(&["inbox", "list"]).await.len(), 3, "what it had stays, and nothing came");
    let shown =
        desk.run(&["inbox", "show", desk.run(&["inbox", "list"]).await["id"].as_str().unwrap()]).await;
    assert!(shown["sections"]["HDR"].is_object(), "{shown}");
    let all = police.list(&["device", "list", "--all"]).await;
    let gone: Vec<&Value> = all.iter().filter(|device| device["status"] == "revoked").collect();
    assert_eq!((all.len(), gone.len(), &gone[0]["reason"]), (2, 1, &"lost".into()));
    fails(&desk, &["device", "invite"], REFUSED, "N-118").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_lets_nobody_in_is_named_as_what_it_is() {
    let stage = Stage::set(&HOTLINE_AND_POLICE[1..]).await;
    let police = &stage.town.orgs[0];
    let text = invite(police, &[]).await;
    let changed = |change: &dyn Fn(&mut LinkCode)| {
        let mut code = LinkCode::from_text(&text).unwrap();
        change(&mut code);
        code.to_text().to_string()
    };
    let mut slip = text.clone().into_bytes();
    slip[60] = if slip[60] == b'A' { b'B' } else { b'A' };
    let slip = String::from_utf8(slip).unwrap();
    let expired = changed(&|code| code.expires = Timestamp(1));
    let cases = [
        ("cut", &text[..text.len() - 10], INVALID, "E-105"),
        ("changed by a letter", &slip, INVALID, "E-105"),
        ("expired", &expired, REFUSED, "E-107"),
    ];
    for (what, text, exit, code) in cases {
        let desk = workstation(&stage, &format!("Case {what}"));
        fails(&desk, &join(text, &[]), exit, code).await;
        assert!(!desk.home.exists(), "{what}: no home was made");
    }
    let other_relay = changed(&|code| code.relay_key = *SigningKey::from_seed(&[8; 32]).public().as_bytes());
    let other_org = changed(&|code| code.org.0[0] ^= 1);
    let other_secret = changed(&|code| code.secret[0] ^= 1);
    let over_by_a_little = changed(&|code| code.expires = Timestamp(code.expires.0 - 20 * 60 * 1000));
    let desk = workstation(&stage, "Patient Desk");
    // One home after the other code: what came to nothing takes no place.
    fails(&desk, &join(&over_by_a_little, &[]), REFUSED, "E-107").await;
    fails(&desk, &join(&other_org, &[]), REFUSED, "E-117").await;
    fails(&desk, &join(&other_secret, &[]), REFUSED, "E-117").await;
    assert_eq!(desk.run(&join(&text, &["--device-name", "Night desk"])).await["status"], "pending");
    fails(&workstation(&stage, "Misled Desk"), &join(&other_relay, &[]), INTEGRITY, "N-106").await;

    let late = workstation(&stage, "Late Desk");
    fails(&late, &join(&text, &[]), REFUSED, "E-117").await;
    let code = invite(police, &[]).await;
    assert_eq!(late.run(&join(&code, &[])).await["status"], "pending", "a new code works there");
    fails(police, &join(&code, &[]), CONFLICT, "H-109").await;
    assert_eq!(police.list(&["device", "pending"]).await.len(), 2);
    fails(police, &["device", "admit", "ffffffff"], NOT_FOUND, "E-104").await;
    fails(police, &["device", "admit", "ff"], NOT_FOUND, "E-104").await;
    fails(police, &["device", "invite", "--clearance", "IDN,XYZ"], INVALID, "C-105").await;
    fails(police, &["device", "invite", "--name", "desk\u{202e}two"], INVALID, "C-105").await;
    fails(&stage.town.registrar, &["device", "invite"], LOCKED, "E-103").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_and_what_may_not_be_removed() {
    let stage = Stage::set(HOTLINE_AND_POLICE).await;
    let police = stage.police();
    let own = police.run(&["device", "list"]).await["id"].as_str().unwrap().to_owned();
    fails(police, &["device", "revoke", &own, "--reason", "lost"], CONFLICT, "E-109").await;
    fails(police, &["device", "revoke", "ffffffff", "--reason", "lost"], NOT_FOUND, "E-104").await;
    for since in ["2026-01-01T00:00:00Z", "yesterday", "2999-01-01T00:00:00Z"] {
        let reason = if since.starts_with("2026") { "lost" } else { "compromised" };
        fails(police, &["device", "revoke", &own, "--reason", reason, "--since", since], INVALID, "C-105")
            .await;
    }
    let desk = second_desk(&stage).await;
    let words: [&[&str]; 4] = [
        &["device", "invite"],
        &["device", "admit", "ffffffff"],
        &["device", "revoke", &own, "--reason", "retired"],
        &["device", "invite", "--role", "administrator"],
    ];
    for words in words {
        fails(&desk, words, LOCKED, "E-103").await;
    }
    fails(police, &["device", "revoke", &own, "--reason", "lost"], CONFLICT, "E-109").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_successor_may_remove_the_first_administrator() {
    let stage = Stage::set(HOTLINE_AND_POLICE).await;
    let police = stage.police();
    let own = police.run(&["device", "list"]).await["id"].as_str().unwrap().to_owned();
    let code = invite(police, &["--role", "administrator", "--clearance", "IDN,CON"]).await;
    let chief = workstation(&stage, "Chief Desk");
    let mut joining = chief.command(&join(&code, &["--wait", "120"])).kill_on_drop(true).spawn().unwrap();
    let id = loop {
        if let Some(one) = police.list(&["device", "pending"]).await.pop() {
            assert_eq!(one["roles"], json!(["administrator", "staff"]));
            assert_eq!(one["clearance"], json!(["HDR", "IDN", "CON"]));
            break one["id"].as_str().unwrap().to_owned();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    police.run(&["device", "admit", &id]).await;
    assert!(tokio::time::timeout(NOTICED_WITHIN, joining.wait()).await.unwrap().unwrap().success());

    let code = invite(&chief, &["--role", "administrator"]).await;
    let desk = workstation(&stage, "Third Desk");
    let third = desk.run(&join(&code, &[])).await["id"].as_str().unwrap().to_owned();
    fails(&chief, &["device", "admit", &third], LOCKED, "E-113").await;
    let code = invite(&chief, &[]).await;
    let third = desk.run(&join(&code, &[])).await["id"].as_str().unwrap().to_owned();
    let problem = police.run(&["device", "pending"]).await;
    assert_eq!(problem["problem"]["code"], "E-127", "only where the code was made can it be checked");
    fails(police, &["device", "admit", problem["id"].as_str().unwrap()], REFUSED, "E-127").await;
    chief.run(&["device", "admit", &third]).await;

    let since = "2026-01-01T00:00:00Z";
    let removed = chief.run(&["device", "revoke", &own, "--reason", "compromised", "--since", since]).await;
    assert_eq!(
        (&removed["in_doubt_since"], &removed["administrator_key_remains"]),
        (&since.into(), &true.into())
    );
    fails(police, &["device", "invite"], REFUSED, "N-118").await;
    fails(&chief, &["device", "revoke", &id, "--reason", "retired"], CONFLICT, "E-109").await;
    assert_eq!(desk.run(&["sync"]).await["connected"], true);
    assert_eq!(desk.list(&["device", "list"]).await.len(), 2);
}
