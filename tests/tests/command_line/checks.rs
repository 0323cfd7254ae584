//! That somebody has compared a fingerprint is recorded and told.

use super::support::{HOTLINE_AND_POLICE, INTEGRITY, INVALID, NOT_FOUND, Stage, USAGE, fails, seen_by};
use causeway_tests::process::Death;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_records_whom_they_have_checked_and_everybody_here_sees_it() {
    let stage = Stage::set(HOTLINE_AND_POLICE).await;
    let (hotline, police) = (stage.hotline(), stage.police());
    let shown = hotline.run(&["org", "show", "Border Police"]).await;
    assert_eq!(shown["checked"], Value::Null);
    let seen = seen_by(hotline, &["org", "show", "Border Police"]).await;
    assert!(seen.contains("not checked yet: compare the fingerprint"), "{seen}");
    let entries = hotline.run(&["doctor"]).await["activity_entries"].as_u64().unwrap();

    let by = ["org", "check", "Border Police", "--by", "Olga Petrova", "--how", "phone"];
    let fingerprint = shown["fingerprint"].as_str().unwrap();
    assert_eq!(police.run(&["org", "show", "Border Police"]).await["fingerprint"], fingerprint);
    let wrong = fingerprint.replace('1', "2").replace('3', "4");
    fails(hotline, &[&by[..], &["--fingerprint", &wrong]].concat(), INTEGRITY, "D-128").await;
    let strange = ["org", "check", "Border Police", "--by", "Ol\u{202e}ga", "--how", "phone"];
    fails(hotline, &strange, INVALID, "C-105").await;
    let long = "x".repeat(501);
    fails(hotline, &[&by[..], &["--note", &long]].concat(), INVALID, "C-105").await;
    let own = ["org", "check", "Angel Hotline", "--by", "Olga", "--how", "letter"];
    fails(hotline, &own, INVALID, "C-105").await;
    let nobody = ["org", "check", "Nobody", "--by", "Olga", "--how", "letter"];
    fails(hotline, &nobody, NOT_FOUND, "D-104").await;
    let guessed = ["org", "check", "Border Police", "--by", "Olga", "--how", "hearsay"];
    assert_eq!(hotline.attempt(&guessed, &Death::Never).await.status.code(), Some(USAGE));
    assert_eq!(hotline.run(&["org", "show", "Border Police"]).await["checked"], Value::Null);

    let spaced = fingerprint.replace(' ', "  ");
    let noted = [&by[..], &["--note", "number from the ministry's list", "--fingerprint", &spaced]].concat();
    hotline.run(&noted).await;
    let checked = &hotline.run(&["org", "show", "Border Police"]).await["checked"];
    for (field, value) in
        [("by", "Olga Petrova"), ("how", "phone"), ("note", "number from the ministry's list")]
    {
        assert_eq!(checked[field], value);
    }
    assert_eq!(checked["current"], true);
    let day = checked["at"].as_str().unwrap().split('T').next().unwrap();
    let words = format!("checked by Olga Petrova on {day} by telephone");
    for command in [&["org", "list"][..], &["org", "show", "Border Police"]] {
        let seen = seen_by(hotline, command).await;
        assert!(seen.contains(&words), "{seen}");
    }
    assert_eq!(hotline.run(&["doctor"]).await["activity_entries"], entries + 1, "in the activity log too");
    let again = ["org", "check", "Border Police", "--by", "Igor", "--how", "in-person"];
    hotline.run(&again).await;
    let listed = hotline.list(&["org", "list"]).await;
    let one = listed.iter().find(|org| org["name"] == "Border Police").unwrap();
    assert_eq!((&one["checked"]["by"], &one["checked"]["how"]), (&"Igor".into(), &"in-person".into()));
    let at_police = police.run(&["org", "show", "Angel Hotline"]).await;
    assert_eq!(at_police["checked"], Value::Null, "a check is for those who made it");
}
