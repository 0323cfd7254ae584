//! A prosecutor does not take the evidence. Who is next on the list gets what her consent lets it see, and no more.

use super::cases;
use super::support::{
    HOTLINE, POLICE, PROSECUTOR, Stage, deadlines, hours, only, opened, says_none_of, sections, signed_first,
    sync, task, tasks, text,
};
use serde_json::json;

const SECOND_PROSECUTOR: (&str, &str, &str) = ("Regional Prosecutor", "prosecutor", "MD");

#[tokio::test(flavor = "multi_thread")]
async fn evidence_that_nobody_takes_goes_to_the_next_prosecutor_and_not_to_police_whom_she_has_not_named() {
    let stage = Stage::set(&[HOTLINE, PROSECUTOR, SECOND_PROSECUTOR, POLICE]).await;
    let (hotline, prosecutor) = (stage.org(HOTLINE), stage.org(PROSECUTOR));
    let (second, police) = (stage.org(SECOND_PROSECUTOR), stage.org(POLICE));
    let more =
        json!({ "auto_fallback": true, "fallback": [{ "name": SECOND_PROSECUTOR.0 }, { "name": POLICE.0 }] });
    let file = stage.file("evidence.json", &cases::edited("evidence.json", &[], more));
    hotline.run(&["send", "evidence", "--to", PROSECUTOR.0, "--file", &file]).await;
    sync(&[hotline, prosecutor]).await;
    let own = text(&only(hotline, &["sent", "list"]).await, "id");
    // It has been looked at, and nothing follows.
    opened(prosecutor, "EVH").await;
    sync(&[prosecutor, hotline]).await;
    assert_eq!(only(hotline, &["sent", "list"]).await["work"], "seen");
    assert_eq!(deadlines(&only(hotline, &["sent", "list"]).await), [("C3".to_owned(), None)]);

    stage.passes(hours(13));
    sync(&[prosecutor]).await;
    assert_eq!(task(prosecutor, "remind").await["deadline"], "C3");
    stage.passes(hours(12));
    sync(&[hotline, prosecutor]).await;
    assert_eq!(task(prosecutor, "overdue").await["deadline"], "C3");
    stage.passes(hours(12));
    sync(&[hotline, second, police]).await;
    assert_eq!(task(hotline, "call").await["fallback"], SECOND_PROSECUTOR.0);
    let (id, shown) = opened(second, "EVH").await;
    assert_eq!(sections(&shown), ["CNS", "EVI", "HDR", "IDN", "LEG", "MED", "RSK"]);
    assert_eq!(shown["sections"]["EVI"]["items"].as_array().unwrap().len(), 2, "with its custody");
    assert!(police.list(&["inbox", "list"]).await.is_empty());
    stage.passes(hours(12));
    sync(&[hotline]).await;
    assert_eq!(task(hotline, "supervisor").await["deadline"], "C3");

    // A person sends it on to the police all the same: her consent does not name them.
    hotline.run(&["escalate", &own]).await;
    sync(&[hotline, police]).await;
    let (_, shown) = opened(police, "EVH").await;
    assert!(
        sections(&shown).iter().all(|code| ["CNS", "HDR", "OPS"].contains(code)),
        "{:?}",
        sections(&shown)
    );
    says_none_of(&shown, &["E-1", "K-0441", "two men by name", "article 165"]);

    second.run(&["accept", &id]).await;
    second.run(&["start", &id]).await;
    signed_first(second, &id, "Room 4").await;
    sync(&[second, hotline]).await;
    let sent = hotline.list(&["sent", "list"]).await;
    let other = text(sent.iter().find(|item| item["to_name"] == SECOND_PROSECUTOR.0).unwrap(), "id");
    assert_eq!(hotline.run(&["handed-over", &other, "--sign"]).await["work"], "handed_over");
    sync(&[hotline, second]).await;
    assert_eq!(only(second, &["inbox", "list"]).await["work"], "handed_over");
    assert!(tasks(second).await.is_empty());
}
