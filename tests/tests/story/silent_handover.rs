//! The house that was to receive her does not sign: nobody else gets her, somebody calls, and the plan of the journey has an
//! alarm of its own.

use super::cases;
use super::support::{
    HOTLINE, HOUSE, SECOND_HOUSE, Stage, count, deadlines, hours, only, opened, signed_first, sync, task,
    tasks, text,
};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn an_arrival_that_nobody_signs_for_is_an_alarm_and_goes_to_nobody_else() {
    let stage = Stage::set(&[HOTLINE, HOUSE, SECOND_HOUSE]).await;
    let (hotline, house, second) = (stage.org(HOTLINE), stage.org(HOUSE), stage.org(SECOND_HOUSE));
    let mut handoff = cases::edited(
        "victim-handoff.json",
        &[],
        json!({
            "auto_fallback": true, "fallback": [{ "name": SECOND_HOUSE.0 }],
        }),
    );
    handoff["consent"]["scope"][0]["role"] = "SHL".into();
    let file = stage.file("handoff.json", &handoff);
    hotline.run(&["send", "victim-handoff", "--to", HOUSE.0, "--file", &file]).await;
    sync(&[hotline, house]).await;
    let own = text(&only(hotline, &["sent", "list"]).await, "id");
    let (id, _) = opened(house, "VHO").await;
    house.run(&["accept", &id, "--eta", "P2D"]).await;
    house.run(&["start", &id]).await;
    sync(&[house, hotline]).await;
    signed_first(hotline, &own, "Arrivals hall").await;
    sync(&[hotline, house]).await;
    assert_eq!(house.run(&["handed-over", &id]).await["signed"], false, "it is there to be signed");

    // Twelve hours without a word of progress, then half as many more, then twice as many.
    stage.passes(hours(13));
    sync(&[hotline, house]).await;
    assert!(tasks(house).await.contains(&("overdue".into(), "C6".into(), 1)));
    stage.passes(hours(6));
    sync(&[hotline, house]).await;
    let call = task(hotline, "call").await;
    assert_eq!((&call["deadline"], &call["fallback"]), (&"C6".into(), &serde_json::Value::Null));
    stage.passes(hours(6));
    sync(&[hotline, house]).await;
    assert_eq!(task(hotline, "supervisor").await["deadline"], "C6");

    // She was to land after two days and eight hours. Two hours later somebody must have said that she is there.
    stage.passes(hours(34));
    let (_, remarks) = hotline.sees(&["sync", "--lang", "ru"]).await;
    assert!(remarks.contains("ПРИБЫТИЕ НЕ ПОДТВЕРЖДЕНО: House by the River"), "{remarks}");
    assert_eq!(task(hotline, "arrival").await["level"], 3);
    sync(&[house, second]).await;
    assert_eq!(
        count(&house.run(&["inbox", "show", &id]).await, "deadline_missed"),
        2,
        "of progress and of arrival"
    );
    assert!(second.list(&["inbox", "list"]).await.is_empty(), "who has accepted is not passed over");
    assert_eq!(hotline.list(&["sent", "list"]).await.len(), 1);

    // The signature is still good, and ends it on both sides.
    assert_eq!(house.run(&["handed-over", &id, "--sign"]).await["work"], "handed_over");
    sync(&[house, hotline, house]).await;
    let (here, there) =
        (hotline.run(&["sent", "show", &own]).await, house.run(&["inbox", "show", &id]).await);
    for shown in [&here, &there] {
        assert_eq!(
            (&shown["work"], deadlines(shown)),
            (&"handed_over".into(), vec![("C7".to_owned(), None)])
        );
    }
    assert!(tasks(house).await.is_empty(), "{:?}", tasks(house).await);
    let open: Vec<String> = tasks(hotline).await.into_iter().map(|(code, ..)| code).collect();
    assert_eq!(open, ["arrival", "confirm", "supervisor"], "people say what was done");
    house.run(&["complete", &id, "--text", "She is here.", "--set", "outcome.code=placed"]).await;
    sync(&[house, hotline]).await;
    assert_eq!(deadlines(&hotline.run(&["sent", "show", &own]).await), []);
}
