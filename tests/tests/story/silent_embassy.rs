//! An embassy does not say who she is. The one of the country that she fears is passed over, whatever the list says; then the
//! hotline itself is the one that owes an answer.

use super::cases;
use super::support::{
    EMBASSY, HOTLINE, Stage, count, deadlines, hours, named, only, opened, says_none_of, sections, sync,
    task, tasks, text,
};
use causeway_tests::process::Death;
use serde_json::json;

/// On the list by mistake: she fears this country.
const FEARED: (&str, &str, &str) = ("Consulate of Elsewhere", "embassy", "TR");
const GENERAL: (&str, &str, &str) = ("Consulate General", "embassy", "RU");

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_check_goes_past_the_embassy_that_she_fears_and_a_question_back_has_its_deadline() {
    let stage = Stage::set(&[HOTLINE, EMBASSY, FEARED, GENERAL]).await;
    let (hotline, embassy) = (stage.org(HOTLINE), stage.org(EMBASSY));
    let (feared, general) = (stage.org(FEARED), stage.org(GENERAL));
    let with_list = |list: &[&str]| {
        let list: Vec<_> = list.iter().map(|name| json!({ "name": name })).collect();
        let more = json!({ "persecution_fear_countries": ["TR"], "auto_fallback": true, "fallback": list });
        stage.file("check.json", &cases::edited("identity-check.json", &[], more))
    };
    let file = with_list(&[FEARED.0, GENERAL.0]);
    let send = ["send", "identity-check", "--to", EMBASSY.0, "--file", &file];
    let ran = hotline.attempt(&send, &Death::Never).await;
    assert_eq!((ran.status.code(), &ran.error()["code"]), (Some(7), &"W-114".into()));
    let file = with_list(&[GENERAL.0]);
    hotline.run(&["send", "identity-check", "--to", EMBASSY.0, "--file", &file]).await;
    sync(&[hotline, embassy]).await;
    let own = text(&only(hotline, &["sent", "list"]).await, "id");

    // Eight hours to be seen, a day to be answered; it is Monday.
    stage.passes(hours(5));
    sync(&[embassy, hotline]).await;
    assert_eq!((tasks(embassy).await, tasks(hotline).await), (named(&[("remind", "C2", 0)]), Vec::new()));
    stage.passes(hours(4));
    sync(&[hotline, embassy]).await;
    assert_eq!(tasks(embassy).await, named(&[("remind", "C2", 0), ("overdue", "C2", 1)]));
    assert_eq!(only(hotline, &["sent", "list", "--overdue"]).await["id"], own);

    // In the morning they would be there again: nobody has looked.
    stage.passes(hours(16));
    sync(&[hotline, feared, general, embassy]).await;
    assert!(feared.list(&["inbox", "list"]).await.is_empty(), "she fears it");
    assert_eq!(task(hotline, "call").await["fallback"], GENERAL.0);
    let (id, shown) = opened(general, "IDQ").await;
    assert_eq!(sections(&shown), ["CNS", "DOC", "FAM", "HDR", "IDN", "LEG", "OPS", "PHO", "RSK"]);
    assert_eq!(shown["sections"]["RSK"].as_object().unwrap().len(), 1, "whom not to tell, and nothing else");
    says_none_of(&shown, &cases::OF_THE_CALL);
    asked_back(&stage, &own).await;

    general.run(&["accept", &id]).await;
    general.run(&["answer", &id, "--file", &stage.file("answer.json", &cases::answer())]).await;
    sync(&[general, hotline, embassy, hotline]).await;
    let checks = hotline.list(&["sent", "list"]).await;
    let other = checks.iter().find(|item| item["id"] != *own).unwrap();
    assert_eq!((&other["work"], deadlines(other)), (&"completed".into(), Vec::new()));
    let first = hotline.run(&["sent", "show", &own]).await;
    assert_eq!(first["work"], "withdrawn", "the embassy need not look any more");
    assert!(tasks(embassy).await.is_empty(), "nobody waits for it");
}

/// The embassy wakes up and asks: now it is the hotline that is waited for.
async fn asked_back(stage: &Stage, own: &str) {
    let (hotline, embassy) = (stage.org(HOTLINE), stage.org(EMBASSY));
    let (id, _) = opened(embassy, "IDQ").await;
    embassy.run(&["ask", &id, "--reason", "photo_needed", "--text", "Is there a newer photograph?"]).await;
    sync(&[embassy, hotline, embassy]).await;
    assert!(tasks(embassy).await.is_empty(), "it has answered by asking");
    let shown = hotline.run(&["sent", "show", own]).await;
    assert_eq!(shown["work"], "info_requested");
    let running = shown["deadlines"].as_array().unwrap();
    assert!(running.iter().any(|clock| clock["deadline"] == "C3" && clock["paused"] == true), "{shown}");

    // A day to answer. The sender's own hours count for its own answer.
    stage.passes(hours(25));
    sync(&[embassy, hotline, embassy]).await;
    assert!(tasks(hotline).await.contains(&("overdue".into(), "C4".into(), 1)), "{:?}", tasks(hotline).await);
    let (seen, _) = hotline.sees(&["tasks", "list", "--lang", "ru"]).await;
    assert!(seen.contains("Вас ждёт Consular Section"), "{seen}");
    assert_eq!(
        count(&hotline.run(&["sent", "show", own]).await, "deadline_missed"),
        3,
        "C2 and C3 here, C4 there"
    );
    stage.passes(hours(12));
    sync(&[embassy, hotline]).await;
    assert_eq!(task(embassy, "call").await["phone"], "+37322000100", "the desk that the question named");
    hotline.run(&["answer", own, "--text", "No; she has none."]).await;
    sync(&[hotline, embassy]).await;
    let open = tasks(embassy).await;
    assert!(
        open.contains(&("overdue".into(), "C3".into(), 1)),
        "what was late before is late again: {open:?}"
    );
    assert!(open.iter().all(|(_, clock, _)| clock != "C4"), "{open:?}");
    assert!(tasks(hotline).await.iter().all(|(_, clock, _)| clock != "C4"));
    let shown = hotline.run(&["sent", "show", own]).await;
    assert!(
        deadlines(&shown).iter().any(|(clock, _)| clock == "C3"),
        "the embassy is waited for again: {shown}"
    );
}
