//! Invites that do not let anybody in.

use super::support::{INTEGRITY, INVALID, NOT_FOUND, REFUSED, Stage, fails};
use causeway_certs::invite;
use causeway_certs::keys::SigningKey;
use causeway_common::time::Timestamp;
use causeway_tests::process::actor::{Actor, VAULT_MEMORY};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_invite_is_named_as_what_it_is_and_leaves_no_home_behind() {
    let stage = Stage::set(&[]).await;
    let invited = ["registrar", "invite", "--name", "Safe House", "--kind", "shelter", "--country", "MD"];
    let text = stage.town.registrar.run(&invited).await["invite"].as_str().unwrap().to_owned();
    let (_, good) = invite::from_text(&text).unwrap();
    let forger = SigningKey::from_seed(&[7; 32]);
    let forged = |change: &dyn Fn(&mut causeway_common::statements::Invite)| {
        let mut body = good.clone();
        body.registrar_key = *forger.public().as_bytes();
        change(&mut body);
        invite::to_text(&invite::sign(&body, &forger))
    };
    let mut flipped = text.clone().into_bytes();
    flipped[60] = if flipped[60] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    let claim = stage.relay.ready["claim"].as_str().unwrap();
    let cases = [
        ("cut", &text[..text.len() - 10], INVALID, "G-105"),
        ("something else", "hello", INVALID, "G-105"),
        ("changed by a letter", &flipped, INVALID, "G-105"),
        ("expired", &forged(&|body| body.expires = Timestamp(1)), REFUSED, "G-105"),
        ("a claim code", claim, INVALID, "C-105"),
    ];
    for (what, text, exit, code) in cases {
        let actor = Actor::new(stage.folder.path(), &format!("Case {what}"), "warn");
        fails(&actor, &[&["join", text][..], &VAULT_MEMORY].concat(), exit, code).await;
        assert!(!actor.home.exists(), "{what}: no home was made");
        fails(&actor, &["status"], NOT_FOUND, "H-104").await;
    }
    let actor = Actor::new(stage.folder.path(), "Misled House", "warn");
    let other_relay = forged(&|body| body.relay_key = *SigningKey::from_seed(&[8; 32]).public().as_bytes());
    fails(&actor, &[&["join", &*other_relay][..], &VAULT_MEMORY].concat(), INTEGRITY, "N-106").await;
    let actor = Actor::new(stage.folder.path(), "Forged House", "warn");
    let not_invited = forged(&|_| {});
    fails(&actor, &[&["join", &*not_invited][..], &VAULT_MEMORY].concat(), REFUSED, "R-107").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_works_once_and_a_claim_code_too() {
    let stage = Stage::set(&[]).await;
    let registrar = &stage.town.registrar;
    let invited = ["registrar", "invite", "--name", "Safe House", "--kind", "shelter", "--country", "MD"];
    let text = registrar.run(&invited).await["invite"].as_str().unwrap().to_owned();
    let join = [&["join", &*text][..], &VAULT_MEMORY].concat();
    let first = Actor::new(stage.folder.path(), "First", "warn");
    assert_eq!(first.run(&join).await["status"], "pending");
    assert_eq!(first.run(&join).await["status"], "pending", "asking again does no harm");
    fails(&first, &["sync"], REFUSED, "N-107").await;
    let second = Actor::new(stage.folder.path(), "Second", "warn");
    fails(&second, &join, REFUSED, "R-107").await;
    let claim = stage.relay.ready["claim"].as_str().unwrap();
    let usurper = Actor::new(stage.folder.path(), "Usurper", "warn");
    fails(&usurper, &[&["registrar", "claim", claim][..], &VAULT_MEMORY].concat(), REFUSED, "R-107").await;
    fails(registrar, &["registrar", "admit", "ffff"], NOT_FOUND, "G-104").await;
    fails(&first, &["registrar", "pending"], super::support::LOCKED, "G-103").await;
    for wrong in
        [["Safe\u{202e}House", "shelter", "MD"], ["House", "castle", "MD"], ["House", "shelter", "md"]]
    {
        let words = ["registrar", "invite", "--name", wrong[0], "--kind", wrong[1], "--country", wrong[2]];
        fails(registrar, &words, INVALID, "C-105").await;
    }
}
