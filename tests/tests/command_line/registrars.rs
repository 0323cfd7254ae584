//! Several registrars: one appoints another, both must sign, one hands over and leaves.

use causeway_tests::process::actor::{Actor, VAULT_MEMORY};
use serde_json::Value;

use super::support::{
    CONFLICT, HOTLINE_AND_POLICE, INTEGRITY, INVALID, LOCKED, NOT_FOUND, REFUSED, Stage, fails, sample,
    seen_by,
};

const POLICE: &str = "Border Police";

fn field<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap()
}

/// Runs what another registrar has to sign too, and gives the text to pass on.
async fn passed_on(by: &Actor, words: &[&str]) -> String {
    let error = fails(by, words, LOCKED, "G-113").await;
    field(&error, "pass_on").to_owned()
}

async fn registrars(of: &Actor) -> Vec<String> {
    let all = of.list(&["registrar", "list"]).await;
    all.iter().map(|one| field(one, "key").to_owned()).collect()
}

/// A second registrar, not appointed yet; with its request.
async fn candidate(stage: &Stage, name: &str) -> (Actor, Value) {
    let nominated = stage.town.registrar.run(&["registrar", "nominate"]).await;
    let nomination = field(&nominated, "nomination").to_owned();
    let home = Actor::new(stage.folder.path(), name, "warn");
    let stood = home.run(&[&["registrar", "stand", &nomination], &VAULT_MEMORY[..]].concat()).await;
    let again = home.run(&[&["registrar", "stand", &nomination], &VAULT_MEMORY[..]].concat()).await;
    assert_eq!(stood, again, "the same text shows the same request");
    (home, stood)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_registrars_must_sign_and_one_is_enough_to_shut_somebody_out() {
    let stage = Stage::set(HOTLINE_AND_POLICE).await;
    let (hotline, police, one) = (stage.hotline(), stage.police(), &stage.town.registrar);
    let (other, stood) = candidate(&stage, "Second Registrar").await;
    let request = field(&stood, "request");
    fails(&other, &["registrar", "list"], REFUSED, "R-107").await;
    let shown = one.run(&["registrar", "show", request]).await;
    for same in ["comparison", "emoji", "key"] {
        assert_eq!(shown[same], stood[same], "both screens show the same {same}");
    }
    fails(one, &["registrar", "show", &request[..request.len() - 9]], INVALID, "G-115").await;
    fails(&other, &["registrar", "show", request], INTEGRITY, "G-118").await;
    fails(one, &["registrar", "appoint", request, "--threshold", "3"], CONFLICT, "G-119").await;
    let appointed = one.run(&["registrar", "appoint", request, "--threshold", "2"]).await;
    assert_eq!((&appointed["registrars"], &appointed["threshold"]), (&2.into(), &2.into()));
    assert_eq!(one.run(&["registrar", "appoint", request]).await["registrars"], 2, "again does no harm");
    assert_eq!(registrars(one).await, registrars(&other).await);

    // Either invites; both admit.
    let words = ["registrar", "invite", "--name", "Embassy", "--kind", "embassy", "--country", "DE"];
    let invited = other.run(&words).await;
    let embassy = Actor::new(stage.folder.path(), "Embassy", "warn");
    let joined = embassy.run(&[&["join", field(&invited, "invite")], &VAULT_MEMORY[..]].concat()).await;
    let pending = one.run(&["registrar", "pending"]).await;
    let text = passed_on(one, &["registrar", "admit", field(&pending, "id")]).await;
    fails(one, &["registrar", "sign", &text], LOCKED, "G-113").await;
    fails(&other, &["registrar", "read", &text[..text.len() - 5]], INVALID, "G-115").await;
    let read = other.run(&["registrar", "read", &text]).await;
    assert_eq!(
        (&read["kind"], &read["signed"], &read["needed"]),
        (&"admission".into(), &1.into(), &2.into())
    );
    let said = seen_by(&other, &["registrar", "read", &text]).await;
    assert!(
        said.contains("Admit Embassy (embassy, DE)") && said.contains(field(&joined, "fingerprint")),
        "{said}"
    );
    assert_eq!(other.run(&["registrar", "sign", &text]).await["status"], "in_force");
    fails(&other, &["registrar", "sign", &text], CONFLICT, "G-129").await;
    assert_eq!(embassy.run(&["sync"]).await["connected"], true);

    // One alone shuts out at once; letting in again needs both.
    other.run(&["registrar", "suspend", POLICE]).await;
    fails(police, &["sync"], REFUSED, "N-117").await;
    let text = passed_on(one, &["registrar", "reinstate", POLICE, "--vetted", "phone"]).await;
    fails(police, &["sync"], REFUSED, "N-117").await;
    other.run(&["registrar", "sign", &text]).await;
    let alert = sample("border-alert.json");
    hotline.run(&["sync"]).await;
    hotline.run(&["send", "border-alert", "--to", POLICE, "--file", &alert]).await;
    hotline.run(&["sync"]).await;
    assert_eq!(police.run(&["sync"]).await["received"], 1, "all who joined under the first registrar go on");
    let verified = hotline.run(&["directory", "verify"]).await;
    assert_eq!(verified["registrars"]["keys"].as_array().map(Vec::len), Some(2));
    assert!(seen_by(hotline, &["directory", "verify"]).await.contains("2 of 2 registrars must sign"));
    embassy.run(&["sync"]).await;
    embassy.run(&["directory", "verify"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registrar_hands_over_and_is_one_no_more() {
    let stage = Stage::set(HOTLINE_AND_POLICE).await;
    let (hotline, one) = (stage.hotline(), &stage.town.registrar);
    let first = registrars(one).await.remove(0);
    fails(one, &["registrar", "dismiss", &first], CONFLICT, "G-119").await;
    fails(one, &["registrar", "threshold", "2"], CONFLICT, "G-119").await;
    let (next, stood) = candidate(&stage, "Next Registrar").await;
    one.run(&["registrar", "appoint", field(&stood, "request")]).await;
    fails(&next, &["registrar", "dismiss", "ffffffff"], NOT_FOUND, "G-114").await;
    one.run(&["registrar", "dismiss", &first[..12]]).await;
    assert_eq!(registrars(&next).await, [field(&stood, "key")]);
    fails(one, &["registrar", "suspend", POLICE], REFUSED, "R-107").await;
    fails(one, &["registrar", "list"], REFUSED, "R-107").await;
    // Its invites of before let nobody in any more; those of the new one do.
    let words = ["registrar", "invite", "--name", "Shelter", "--kind", "shelter", "--country", "DE"];
    let old = one.run(&words).await;
    let shelter = Actor::new(stage.folder.path(), "Shelter", "warn");
    fails(&shelter, &[&["join", field(&old, "invite")], &VAULT_MEMORY[..]].concat(), REFUSED, "R-107").await;
    let invite = next.run(&words).await;
    let house = Actor::new(stage.folder.path(), "Safe House", "warn");
    house.run(&[&["join", field(&invite, "invite")], &VAULT_MEMORY[..]].concat()).await;
    let pending = next.run(&["registrar", "pending"]).await;
    next.run(&["registrar", "admit", field(&pending, "id")]).await;
    assert_eq!(house.run(&["sync"]).await["connected"], true);
    assert_eq!(hotline.run(&["sync"]).await["connected"], true, "who has pinned the first registrar goes on");
    hotline.run(&["org", "show", "Shelter"]).await;
}
