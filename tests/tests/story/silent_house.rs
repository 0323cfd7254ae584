//! A house does not say whether it has a bed: its hours were known, the next house is asked and offers one.

use causeway_tests::process::actor::Actor;

use super::cases;
use super::support::{
    HOTLINE, HOUSE, SECOND_HOUSE, Stage, count, deadlines, minutes, named, only, opened, says_none_of,
    sections, sync, task, tasks, text,
};

const NIGHT_DESK: &str = "+37360000312";

/// The house has said when it works: from one o'clock in the afternoon, in its own time. It is eleven there.
async fn hours_known(house: &Actor, hotline: &Actor) {
    let week =
        ["mon=13:00-20:00", "tue=13:00-20:00", "wed=13:00-20:00"].into_iter().flat_map(|day| ["--day", day]);
    let zone = ["hours", "set", "--zone", "Europe/Chisinau", "--night-phone", NIGHT_DESK];
    house.run(&zone.into_iter().chain(week).collect::<Vec<_>>()).await;
    house.run(&["hours", "publish", "--to", HOTLINE.0]).await;
    sync(&[house, hotline]).await;
    assert_eq!(hotline.run(&["hours", "show", "--of", HOUSE.0]).await["open_now"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_that_is_silent_is_called_and_the_next_one_offers_the_bed() {
    let stage = Stage::set(&[HOTLINE, HOUSE, SECOND_HOUSE]).await;
    let (hotline, house, second) = (stage.org(HOTLINE), stage.org(HOUSE), stage.org(SECOND_HOUSE));
    hours_known(house, hotline).await;
    let file = stage.file("placement.json", &cases::edited("placement.json", &[], serde_json::json!({})));
    let words = [
        "send",
        "placement",
        "--to",
        HOUSE.0,
        "--file",
        &file,
        "--set",
        "fallback[0].name=House on the Hill",
    ];
    let (_, remarks) = hotline.sees(&[&words[..], &["--lang", "ru"]].concat()).await;
    assert!(remarks.contains(NIGHT_DESK), "nobody is there, and whom to call: {remarks}");
    sync(&[hotline, house]).await;
    let own = text(&only(hotline, &["sent", "list", "--kind", "SPR"]).await, "id");

    // One hour to be seen, three to be answered.
    stage.passes(minutes(31));
    sync(&[house, hotline]).await;
    assert_eq!(tasks(house).await, named(&[("remind", "C2", 0)]));
    stage.passes(minutes(30));
    sync(&[hotline, house]).await;
    assert_eq!(tasks(house).await, named(&[("remind", "C2", 0), ("overdue", "C2", 1)]));
    stage.passes(minutes(30));
    sync(&[hotline, house, second]).await;
    let call = task(hotline, "call").await;
    assert_eq!((&call["phone"], &call["fallback"]), (&NIGHT_DESK.into(), &SECOND_HOUSE.0.into()));
    assert!(second.list(&["inbox", "list"]).await.is_empty(), "nobody has said that it goes on by itself");

    hotline.run(&["escalate", text(&call, "case").get(..12).unwrap()]).await;
    sync(&[hotline, second]).await;
    let (id, shown) = opened(second, "SPR").await;
    assert_eq!(sections(&shown), ["CNS", "HDR", "MED", "OPS", "RSK", "TRA"]);
    says_none_of(&shown, &[cases::FAMILY, cases::GIVEN]);
    second.run(&["accept", &id, "--eta", "PT1H"]).await;
    second.run(&["answer", &id, "--file", &stage.file("offer.json", &cases::offer())]).await;
    sync(&[second, hotline]).await;
    let asked = hotline.list(&["sent", "list", "--kind", "SPR"]).await;
    let other = asked.iter().find(|item| item["id"] != *own).unwrap();
    let shown = hotline.run(&["sent", "show", &text(other, "id")]).await;
    assert_eq!((&shown["work"], &shown["answers"][0]["decision"]), (&"accepted".into(), &"offered".into()));

    // The first house is told that it is not asked any more, before it has looked.
    sync(&[hotline, house, hotline]).await;
    assert!(tasks(house).await.is_empty());
    let shown = hotline.run(&["sent", "show", &own]).await;
    assert_eq!((&shown["work"], deadlines(&shown)), (&"withdrawn".into(), Vec::new()));
    assert_eq!(count(&shown, "deadline_missed"), 1);
    let open: Vec<String> = tasks(hotline).await.into_iter().map(|(code, ..)| code).collect();
    assert!(!open.contains(&"call".to_owned()), "nobody has to call any more: {open:?}");
    assert_eq!(hotline.list(&["sent", "list", "--kind", "SPR"]).await.len(), 2, "it went on once");
}
