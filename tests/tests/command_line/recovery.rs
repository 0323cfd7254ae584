//! Root keys on paper, as people and scripts handle them: printing, confirming, rotating, contradicting, coming back; and
//! every way in which that goes wrong.

use causeway_tests::process::Death;
use causeway_tests::process::actor::{Actor, VAULT_MEMORY};
use serde_json::{Value, json};

use super::support::{
    CONFLICT, HOTLINE_AND_POLICE, INTEGRITY, INVALID, LOCKED, NOT_FOUND, REFUSED, Stage, fails, sample,
    seen_by,
};

const POLICE: &str = "Border Police";

/// Prints what is on a workstation, and gives each part's sheet as a file.
async fn print(stage: &Stage, by: &Actor, more: &[&str]) -> Vec<(String, String)> {
    let printed = by.run(&[&["recovery", "sheet"], more].concat()).await;
    let sheets = printed["sheets"].as_array().unwrap();
    sheets
        .iter()
        .map(|sheet| {
            let groups: Vec<&str> =
                sheet["groups"].as_array().unwrap().iter().map(|g| g.as_str().unwrap()).collect();
            let name = format!("{} {}", by.name, sheet["key"].as_str().unwrap());
            let part = sheet["part"].as_str().unwrap().to_owned();
            (part, stage.file(&name, groups.join(" ").as_bytes()))
        })
        .collect()
}

async fn places(of: &Actor) -> Vec<String> {
    let keys = of.list(&["recovery", "keys"]).await;
    keys.iter()
        .map(|key| format!("{} {}", key["part"].as_str().unwrap(), key["place"].as_str().unwrap()))
        .collect()
}

/// The police's root and next root, on paper and nowhere else.
async fn write_down(stage: &Stage) -> (String, String) {
    let police = stage.police();
    let sheets = print(stage, police, &[]).await;
    let [(root, root_file), (next, next_file)] = &sheets[..] else { panic!("{sheets:?}") };
    assert_eq!((root.as_str(), next.as_str()), ("root", "next"));
    let done =
        police.run(&["recovery", "confirm", "--sheet-file", root_file, "--sheet-file", next_file]).await;
    assert_eq!((done["erased"].as_array().unwrap().len(), &done["left"]), (2, &0.into()));
    (root_file.clone(), next_file.clone())
}

async fn org(by: &Actor, name: &str) -> Value {
    by.run(&["sync"]).await;
    by.run(&["org", "show", name]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_go_onto_paper_and_the_paper_rotates_them() {
    let stage = Stage::set(HOTLINE_AND_POLICE).await;
    let (hotline, police) = (stage.hotline(), stage.police());
    assert_eq!(places(police).await, ["root workstation", "next workstation"]);
    assert!(seen_by(police, &["status"]).await.contains("T-101"));
    assert!(seen_by(police, &["doctor"]).await.contains("T-101"));
    let paper = seen_by(police, &["recovery", "sheet"]).await;
    assert!(
        paper.contains("# Causeway recovery sheet: the root key, key ") && paper.contains("Border Police"),
        "{paper}"
    );

    fails(police, &["recovery", "confirm"], LOCKED, "T-106").await;
    let foreign = print(&stage, hotline, &[]).await.remove(0).1;
    fails(police, &["recovery", "confirm", "--sheet-file", &foreign], INVALID, "T-115").await;
    let slip = stage.file("slip", std::fs::read_to_string(&foreign).unwrap().replacen(' ', "", 1).as_bytes());
    fails(police, &["recovery", "confirm", "--sheet-file", &slip], INVALID, "T-105").await;
    assert_eq!(places(police).await, ["root workstation", "next workstation"], "nothing was erased");
    let (root, next) = write_down(&stage).await;
    assert_eq!(places(police).await, ["root paper", "next paper"]);
    fails(police, &["recovery", "sheet"], NOT_FOUND, "T-134").await;
    fails(police, &["recovery", "confirm"], NOT_FOUND, "T-134").await;
    assert!(!seen_by(police, &["status"]).await.contains("T-1"), "nothing to warn of");
    fails(&stage.town.registrar, &["recovery", "sheet"], LOCKED, "E-103").await;

    let before = org(hotline, POLICE).await;
    let alert = sample("border-alert.json");
    let send = ["send", "border-alert", "--to", POLICE, "--file", &alert];
    let first = hotline.run(&send).await;
    hotline.run(&["sync"]).await;
    hotline.run(&["org", "check", POLICE, "--by", "Olga", "--how", "phone"]).await;
    fails(police, &["recovery", "rotate", "--sheet-file", &root, "--sheet-file", &next], NOT_FOUND, "T-104")
        .await;
    let following = print(&stage, police, &["--new"]).await.remove(0);
    assert_eq!(following.0, "prepared");
    police.run(&["recovery", "confirm", "--sheet-file", &following.1]).await;
    fails(police, &["recovery", "rotate"], LOCKED, "T-103").await;
    fails(police, &["recovery", "rotate", "--sheet-file", &root], LOCKED, "T-103").await;
    let rotated = police.run(&["recovery", "rotate", "--sheet-file", &root, "--sheet-file", &next]).await;
    assert_ne!(rotated["fingerprint"], before["fingerprint"]);
    assert_eq!(police.run(&["org", "show", POLICE]).await["fingerprint"], rotated["fingerprint"]);
    let seen = org(hotline, POLICE).await;
    assert_eq!((&seen["fingerprint"], &seen["checked"]["current"]), (&rotated["fingerprint"], &false.into()));
    assert_eq!(seen["recovered"], Value::Null);
    // Nothing about a person goes to the new key until it is compared; what must be said at once is said.
    fails(hotline, &send, INTEGRITY, "D-129").await;
    let case = first["referral"].as_str().unwrap();
    fails(hotline, &["note", "correction", case, "--text", "She is at gate 4"], INTEGRITY, "D-129").await;
    hotline.run(&["org", "check", POLICE, "--by", "Olga", "--how", "phone"]).await;
    hotline.run(&send).await;
    assert_eq!(places(police).await, ["root paper", "next paper"]);
    // The old root's sheet is worth nothing.
    print(&stage, police, &["--new"]).await;
    fails(police, &["recovery", "strike", "ffff", "--sheet-file", &root], NOT_FOUND, "T-124").await;
    let own = police.run(&["recovery", "administrators"]).await;
    assert_eq!((&own["this"], &own["first"]), (&true.into(), &true.into()));
    let key = own["key"].as_str().unwrap();
    fails(police, &["recovery", "strike", key, "--sheet-file", &next], CONFLICT, "T-109").await;
    fails(police, &["recovery", "contradict", "--sheet-file", &next], NOT_FOUND, "T-114").await;
}

/// A new workstation answers an offer with a request.
async fn request(stage: &Stage, desk: &Actor, sheet: &str) -> (String, Value) {
    let offer = stage.town.registrar.run(&["registrar", "recover", "offer", POLICE]).await;
    let offer = offer["offer"].as_str().unwrap().to_owned();
    let words = restore(&offer, &["--sheet-file", sheet, "--device-name", "New desk"]);
    let asked = desk.run(&words).await;
    assert_eq!(asked["status"], "pending");
    (offer, asked)
}

fn restore<'a>(offer: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["recovery", "restore", offer], more, &VAULT_MEMORY].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_that_nobody_asked_for_is_seen_by_everybody_and_contradicted() {
    let stage = Stage::set(HOTLINE_AND_POLICE).await;
    let (hotline, police, registrar) = (stage.hotline(), stage.police(), &stage.town.registrar);
    let (root, next) = write_down(&stage).await;
    fails(hotline, &["registrar", "recover", "offer", POLICE], LOCKED, "G-103").await;
    fails(registrar, &["registrar", "recover", "finish", POLICE], NOT_FOUND, "T-144").await;
    let thief = Actor::new(stage.folder.path(), "Thief", "warn");
    let foreign = print(&stage, hotline, &[]).await.remove(0).1;
    let offer = registrar.run(&["registrar", "recover", "offer", POLICE]).await;
    let offer = offer["offer"].as_str().unwrap();
    fails(&thief, &restore(offer, &["--sheet-file", &foreign]), INVALID, "T-115").await;
    fails(&thief, &restore(offer, &[]), LOCKED, "T-106").await;
    fails(&thief, &restore(&offer[..80], &["--sheet-file", &next]), INVALID, "T-135").await;
    assert!(!thief.home.exists(), "no home was made");
    let (offer, asked) = request(&stage, &thief, &next).await;
    assert_eq!(asked["at_once"], false);
    fails(&thief, &["sync"], REFUSED, "N-120").await;
    fails(police, &restore(&offer, &["--sheet-file", &next]), CONFLICT, "H-109").await;

    let text = asked["request"].as_str().unwrap();
    let shown = registrar.run(&["registrar", "recover", "show", text]).await;
    for field in ["comparison", "emoji", "fingerprint", "at_once"] {
        assert_eq!(shown[field], asked[field], "both screens show the same {field}");
    }
    let begun = registrar.run(&["registrar", "recover", "begin", text]).await;
    assert_eq!((&begun["status"], &begun["name"]), (&"announced".into(), &POLICE.into()));
    assert_eq!(registrar.run(&["registrar", "recover", "begin", text]).await["ready"], begun["ready"]);
    let seen = org(hotline, POLICE).await;
    assert_eq!(seen["recovery"], json!({ "ready": begun["ready"], "fingerprint": asked["fingerprint"] }));
    assert!(seen_by(hotline, &["org", "list"]).await.contains("RECOVERY"));
    assert_eq!(police.run(&["sync"]).await["recovery"]["ready"], begun["ready"]);
    assert_eq!(police.run(&["status"]).await["recovery"]["ready"], begun["ready"]);
    assert!(seen_by(police, &["status"]).await.contains("T-121"));
    fails(registrar, &["registrar", "recover", "finish", POLICE], REFUSED, "T-127").await;

    fails(police, &["recovery", "contradict"], LOCKED, "T-103").await;
    police.run(&["recovery", "contradict", "--sheet-file", &root]).await;
    fails(registrar, &["registrar", "recover", "finish", POLICE], CONFLICT, "T-129").await;
    fails(registrar, &["registrar", "recover", "begin", text], CONFLICT, "T-119").await;
    let seen = org(hotline, POLICE).await;
    assert_eq!((&seen["recovery"], &seen["recovered"]), (&Value::Null, &Value::Null));
    assert_eq!(thief.run(&restore(&offer, &[])).await["status"], "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_laptop_is_lost_and_the_organisation_is_back_the_same_day() {
    let stage = Stage::set(HOTLINE_AND_POLICE).await;
    let (hotline, police, registrar) = (stage.hotline(), stage.police(), &stage.town.registrar);
    let (root, _) = write_down(&stage).await;
    std::fs::remove_dir_all(&police.home).unwrap();
    let alert = sample("border-alert.json");
    hotline.run(&["send", "border-alert", "--to", POLICE, "--file", &alert]).await;
    assert_eq!(hotline.run(&["sync"]).await["sent"], 1);

    let desk = Actor::new(stage.folder.path(), "New Desk", "warn");
    let (offer, asked) = request(&stage, &desk, &root).await;
    assert_eq!(asked["at_once"], true);
    let begun = registrar.run(&["registrar", "recover", "begin", asked["request"].as_str().unwrap()]).await;
    assert_eq!((&begun["status"], &begun["ready"]), (&"returned".into(), &Value::Null));
    assert_eq!(registrar.run(&["registrar", "recover", "finish", POLICE]).await["status"], "returned");
    let back = desk.run(&restore(&offer, &[])).await;
    assert_eq!((&back["status"], &back["id"]), (&"active".into(), &asked["id"]));
    assert_eq!(desk.run(&restore(&offer, &[])).await["status"], "active", "asking again does no harm");
    assert_eq!(places(&desk).await, ["root paper", "next elsewhere"]);

    hotline.run(&["sync"]).await;
    hotline.run(&["sync"]).await;
    assert_eq!(desk.run(&["sync"]).await["received"], 1, "what nobody had fetched was sealed again");
    let devices = hotline.list(&["device", "list", "--org", POLICE, "--all"]).await;
    let statuses: Vec<&Value> = devices.iter().map(|device| &device["status"]).collect();
    assert_eq!(statuses.len(), 2, "{devices:?}");
    assert!(statuses.contains(&&"revoked".into()), "{devices:?}");
    assert_eq!(desk.run(&["device", "invite"]).await["roles"], json!(["staff"]), "it is the administrator");
}

/// Prints a key of the police in shares, and gives each as a file.
async fn split(stage: &Stage, key: &str, name: &str) -> Vec<String> {
    let words = ["recovery", "split", key, "--shares", "3", "--need", "2"];
    let printed = stage.police().run(&words).await;
    let shares = printed["shares"].as_array().unwrap();
    assert_eq!((shares.len(), &printed["part"]), (3, &key.into()));
    let file = |share: &Value| {
        let groups: Vec<&str> =
            share["groups"].as_array().unwrap().iter().map(|g| g.as_str().unwrap()).collect();
        stage.file(&format!("{name} {}", share["number"]), groups.join("\n").as_bytes())
    };
    shares.iter().map(file).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_three_people_have_the_root_and_one_has_nothing() {
    let stage = Stage::set(HOTLINE_AND_POLICE).await;
    let police = stage.police();
    let words = ["recovery", "split", "root", "--shares", "2", "--need", "3"];
    fails(police, &words, INVALID, "C-105").await;
    fails(police, &["recovery", "split", "prepared", "--shares", "3", "--need", "2"], NOT_FOUND, "T-134")
        .await;
    let paper = seen_by(police, &["recovery", "split", "root", "--shares", "3", "--need", "2"]).await;
    assert!(paper.contains("# Causeway recovery share 3 of 3: the root key, key "), "{paper}");
    let ours = split(&stage, "root", "root").await;
    let (again, next) = (split(&stage, "root", "again").await, split(&stage, "next", "next").await);
    let confirm = |one: &str, two: &str| {
        ["recovery", "confirm", "--sheet-file", one, "--sheet-file", two].map(str::to_owned)
    };
    let cases = [
        (confirm(&ours[0], &ours[0]), "T-126"),
        (confirm(&ours[0], &again[1]), "T-128"),
        (confirm(&ours[0], &next[1]), "T-128"),
    ];
    for (words, code) in &cases {
        fails(police, &words.each_ref().map(String::as_str), INVALID, code).await;
    }
    let slip =
        stage.file("slip", std::fs::read_to_string(&ours[0]).unwrap().replacen('\n', "", 1).as_bytes());
    let words = confirm(&slip, &ours[1]);
    fails(police, &words.each_ref().map(String::as_str), INVALID, "T-105").await;
    assert_eq!(places(police).await, ["root workstation", "next workstation"], "nothing was erased");
    let words = confirm(&ours[2], &ours[0]);
    let done = police.run(&words.each_ref().map(String::as_str)).await;
    assert_eq!((&done["erased"][0]["part"], &done["left"]), (&"root".into(), &1.into()));

    let nobody = Actor::new(stage.folder.path(), "Nobody", "warn");
    fails(&nobody, &["recovery", "combine", "--sheet-file", &ours[1]], INVALID, "T-126").await;
    let words = ["recovery", "combine", "--sheet-file", &ours[1], "--sheet-file", &ours[2]];
    let sheet = nobody.run(&words).await;
    assert_eq!(sheet["key"], done["erased"][0]["key"]);
    assert_eq!(sheet["groups"].as_array().unwrap().len(), 14);
    // Shares do wherever a sheet does.
    let words = ["recovery", "strike", "ffff", "--sheet-file", &ours[0], "--sheet-file", &ours[1]];
    fails(police, &words, NOT_FOUND, "T-124").await;
    fails(police, &["recovery", "strike", "ffff", "--sheet-file", &ours[0]], INVALID, "T-126").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_it_ends_a_key_is_on_the_workstation_or_on_confirmed_paper() {
    let stage = Stage::set(&HOTLINE_AND_POLICE[1..]).await;
    let police = &stage.town.orgs[0];
    let sheets = print(&stage, police, &[]).await;
    let confirm = ["recovery", "confirm", "--sheet-file", &sheets[0].1];
    let dies = async |words: &[&str], place: &str| {
        let ran = police.attempt(words, &Death::At(place.into())).await;
        assert!(!ran.status.success(), "{place}: {words:?} ends in order: {}", ran.tail());
    };
    dies(&confirm, "store.before-flush:1").await;
    assert_eq!(places(police).await, ["root workstation", "next workstation"], "nothing was confirmed");
    dies(&confirm, "recovery.before-erase:1").await;
    // The next look erases it, and dies before the old key store is gone, and the one after that in the middle.
    dies(&["recovery", "keys"], "keys.before-erase:1").await;
    dies(&["recovery", "keys"], "keys.erased-half:1").await;
    assert_eq!(places(police).await, ["root paper", "next workstation"]);
    fails(police, &confirm, INVALID, "T-115").await;
    let left = print(&stage, police, &[]).await;
    assert_eq!(left, sheets[1..], "the other is still here, and the same");
}
