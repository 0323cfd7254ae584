//! Everybody answers: a call becomes an alert at the border, a bed, a passport, an arrival, and evidence for a court.

use causeway_tests::process::actor::Actor;
use causeway_tests::process::forms::Secrets;
use serde_json::Value;

use super::cases::{self, FAMILY, GIVEN, OF_THE_CALL};
use super::support::{
    EMBASSY, HOTLINE, HOUSE, POLICE, PROSECUTOR, Stage, count, deadlines, hours, minutes, only, opened,
    same_on_both_sides, says_none_of, sections, signed_first, sync, text,
};

/// Somebody who is a member like the others and has nothing to do with it.
const NEIGHBOUR: (&str, &str, &str) = ("Neighbours' Aid", "ngo", "MD");
/// What people write along the way.
const WORDS: [&str; 5] = [
    "We take her off the coach at kilometre nine.",
    "She sits with a constable in the tea room.",
    "Ответ согласован с консулом Ждановым.",
    "The driver waits behind the bakery.",
    "The investigator has both items.",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_call_leads_to_the_border_to_a_bed_to_a_passport_and_to_a_court() {
    let stage = Stage::set(&[HOTLINE, POLICE, HOUSE, EMBASSY, PROSECUTOR, NEIGHBOUR]).await;
    let night_shift = stage.colleague(stage.org(EMBASSY), "Ночная смена").await;
    let call = recorded(&stage).await;
    let alert = intercepted(&stage, &call).await;
    offered_a_bed(&stage, &alert).await;
    let handoff = expected(&stage, &alert).await;
    identified(&stage, &alert, &night_shift).await;
    arrived(&stage, &handoff).await;
    proven(&stage, &alert).await;

    let (hotline, neighbour) = (stage.org(HOTLINE), stage.org(NEIGHBOUR));
    let recipients = [POLICE, HOUSE, EMBASSY, PROSECUTOR].map(|org| stage.org(org));
    sync(&recipients).await;
    let ends = same_on_both_sides(hotline, &recipients).await;
    let ends: Vec<_> =
        ends.iter().map(|(kind, to, work)| (kind.as_str(), to.as_str(), work.as_str())).collect();
    let expected = [
        ("BIA", POLICE.0, "closed"),
        ("EVH", PROSECUTOR.0, "completed"),
        ("IDQ", EMBASSY.0, "completed"),
        ("SPR", HOUSE.0, "completed"),
        ("VHO", HOUSE.0, "completed"),
    ];
    assert_eq!(ends, expected);
    sync(&[neighbour]).await;
    assert!(neighbour.list(&["inbox", "list"]).await.is_empty());
    let late = hotline.list(&["sent", "list", "--overdue"]).await;
    assert!(late.is_empty(), "nobody was late: {late:?}");
    relay_knows_nothing(stage).await;
}

/// The hotline writes the call down while she speaks, and adds to it.
async fn recorded(stage: &Stage) -> String {
    let hotline = stage.org(HOTLINE);
    let call = hotline.run(&["call", "record", "--file", &stage.file("call.json", &cases::call())]).await;
    let id = text(&call, "id");
    let added = hotline.run(&["call", "add", &id, "--set", "persons[0].sex=2", "--set", "ring_s=9"]).await;
    assert_eq!((&added["missing"], &added["document"]["ring_s"]), (&serde_json::json!([]), &9.into()));
    assert_eq!(only(hotline, &["call", "list"]).await["id"], id);
    id
}

/// An alert that begins with the call is accepted within minutes.
async fn intercepted(stage: &Stage, call: &str) -> String {
    let (hotline, police) = (stage.org(HOTLINE), stage.org(POLICE));
    let file = stage.file("alert.json", &cases::alert());
    let sent =
        hotline.run(&["send", "border-alert", "--from", call, "--to", POLICE.0, "--file", &file]).await;
    sync(&[hotline, police]).await;
    let (inbox, _) = police.sees(&["inbox", "list", "--unread", "--lang", "en"]).await;
    assert!(inbox.contains("P0  BIA  Angel Hotline") && inbox.contains("to be seen by a person"), "{inbox}");
    stage.passes(minutes(3));
    let (id, shown) = opened(police, "BIA").await;
    let expected = ["CNS", "EXP", "HDR", "IDN", "OPS", "PHO", "RSK", "SUS", "TRA"];
    assert_eq!(sections(&shown).iter().filter(|code| **code != "PHO").count(), expected.len() - 1, "{shown}");
    assert!(sections(&shown).iter().all(|code| expected.contains(code)), "{:?}", sections(&shown));
    assert_eq!(shown["sections"]["IDN"]["persons"][0]["names"][0]["family"], FAMILY, "from the call");
    assert_eq!(shown["access"]["minimised"], serde_json::json!(["EXP"]));
    says_none_of(&shown, &OF_THE_CALL);
    police.run(&["accept", &id, "--eta", "PT10M", "--text", WORDS[0]]).await;
    sync(&[police, hotline]).await;
    let item = only(hotline, &["sent", "list", "--kind", "BIA"]).await;
    assert_eq!((&item["work"], &item["transport"]), (&"accepted".into(), &"opened".into()));
    assert_eq!(deadlines(&item), [("C5".to_owned(), None)], "somebody is on the way");
    let own = text(&item, "id");
    let shown = hotline.run(&["sent", "show", &own]).await;
    let accepted =
        shown["timeline"].as_array().unwrap().iter().find(|step| step["what"] == "accept").unwrap();
    assert!(text(accepted, "at") < text(&item, "respond_by"), "{accepted}");

    stage.passes(minutes(12));
    police.run(&["start", &id]).await;
    let outcome = "bia_result.outcome=intercepted_and_referred";
    police.run(&["complete", &id, "--text", WORDS[1], "--set", outcome]).await;
    sync(&[police, hotline]).await;
    hotline.run(&["close", &own, "--reason", "goal_reached"]).await;
    sync(&[hotline, police]).await;
    let led_to = hotline.run(&["call", "show", call]).await;
    assert_eq!(led_to["referrals"], serde_json::json!([sent["referral"]]));
    text(&sent, "referral")
}

/// A house says what is free, is asked without a name, and offers a bed.
async fn offered_a_bed(stage: &Stage, alert: &str) {
    let (hotline, house) = (stage.org(HOTLINE), stage.org(HOUSE));
    house
        .run(&[
            "send",
            "capacity",
            "--to",
            HOTLINE.0,
            "--file",
            &causeway_tests::process::sample("capacity.json"),
        ])
        .await;
    sync(&[house, hotline]).await;
    let (_, free) = opened(hotline, "SCP").await;
    assert_eq!(free["sections"]["OPS"]["capacity"][0]["available"], 2);
    let file = stage.file("placement.json", &cases::placement());
    hotline.run(&["send", "placement", "--from", alert, "--to", HOUSE.0, "--file", &file]).await;
    sync(&[hotline, house]).await;
    let (id, shown) = opened(house, "SPR").await;
    assert_eq!(sections(&shown), ["CNS", "HDR", "MED", "OPS", "RSK", "TRA"]);
    assert_eq!(shown["sections"]["HDR"]["adults"], 1, "counted, from the alert");
    says_none_of(&shown, &OF_THE_CALL);
    says_none_of(&shown, &[FAMILY, GIVEN, WORDS[0]]);
    house.run(&["accept", &id, "--eta", "PT1H"]).await;
    house.run(&["answer", &id, "--file", &stage.file("offer.json", &cases::offer())]).await;
    sync(&[house, hotline]).await;
    let item = only(hotline, &["sent", "list", "--kind", "SPR"]).await;
    let shown = hotline.run(&["sent", "show", &text(&item, "id")]).await;
    assert_eq!((&shown["work"], &shown["answers"][0]["decision"]), (&"accepted".into(), &"offered".into()));
    assert!(shown["answers"][0]["hold_until"].as_str().unwrap() > "2026-11-30T12", "{shown}");
}

/// The house is told who comes and takes it on.
async fn expected(stage: &Stage, alert: &str) -> String {
    let (hotline, house) = (stage.org(HOTLINE), stage.org(HOUSE));
    let file = stage.file("handoff.json", &cases::handoff());
    let sent =
        hotline.run(&["send", "victim-handoff", "--from", alert, "--to", HOUSE.0, "--file", &file]).await;
    sync(&[hotline, house]).await;
    let (id, shown) = opened(house, "VHO").await;
    assert_eq!(sections(&shown), ["CNS", "DOC", "HDR", "IDN", "LEG", "MED", "OPS", "RSK", "TRA"]);
    assert_eq!(shown["access"]["minimised"], serde_json::json!(["IDN", "DOC"]));
    assert!(shown["sections"]["IDN"].to_string().contains(GIVEN), "the name she uses");
    says_none_of(&shown, &[FAMILY, "AT0000456", WORDS[0], WORDS[1]]);
    says_none_of(&shown, &OF_THE_CALL);
    house.run(&["accept", &id, "--eta", "P2D", "--text", WORDS[3]]).await;
    house.run(&["start", &id]).await;
    sync(&[house, hotline]).await;
    text(&sent, "referral")
}

/// The embassy's night shift, which works in Russian, says who she is and that a document will be ready.
async fn identified(stage: &Stage, alert: &str, night_shift: &Actor) {
    let (hotline, embassy) = (stage.org(HOTLINE), stage.org(EMBASSY));
    let file = stage.file("check.json", &cases::check());
    hotline.run(&["send", "identity-check", "--from", alert, "--to", EMBASSY.0, "--file", &file]).await;
    sync(&[hotline, embassy, night_shift]).await;
    let (inbox, _) = night_shift.sees(&["inbox", "list", "--needs-answer", "--lang", "ru"]).await;
    assert!(inbox.contains("IDQ  Angel Hotline") && inbox.contains("срок"), "{inbox}");
    let (id, shown) = opened(night_shift, "IDQ").await;
    assert_eq!(sections(&shown), ["CNS", "DOC", "HDR", "IDN", "LEG", "OPS", "PHO", "RSK"]);
    assert_eq!(shown["sections"]["IDN"]["claimed"]["names"][0]["family"], FAMILY);
    says_none_of(&shown, &OF_THE_CALL);
    says_none_of(&shown, &[HOUSE.0, POLICE.0, "PossibleVictim", "ласточка", "TST 000", WORDS[0], WORDS[3]]);
    let refused =
        night_shift.attempt(&["answer", &id, "--lang", "ru"], &causeway_tests::process::Death::Never).await;
    assert_eq!(refused.status.code(), Some(5), "{}", refused.tail());
    night_shift.sees(&["accept", &id, "--eta", "сегодня", "--text", WORDS[2], "--lang", "ru"]).await;
    let answer = stage.file("answer.json", &cases::answer());
    night_shift.sees(&["answer", &id, "--file", &answer, "--lang", "ru"]).await;
    sync(&[night_shift, embassy, hotline]).await;
    let day_shift = embassy.run(&["inbox", "show", &id]).await;
    assert_eq!(day_shift["work"], "completed", "its colleague has answered");
    let item = only(hotline, &["sent", "list", "--kind", "IDQ"]).await;
    let shown = hotline.run(&["sent", "show", &text(&item, "id")]).await;
    let answer = &shown["answers"][0];
    assert_eq!(
        (&answer["result"], &answer["etd"]["will_issue"]),
        (&"confirmed".into(), &"yes".into()),
        "{shown}"
    );
    assert_eq!(answer["confirmed"]["names"][0]["family"], FAMILY);
}

/// She arrives. Both sides sign the same record, and the house says how she is.
async fn arrived(stage: &Stage, handoff: &str) {
    let (hotline, house) = (stage.org(HOTLINE), stage.org(HOUSE));
    for _ in 0..2 {
        // Whoever works on it reports, so that nobody has to ask.
        stage.passes(hours(11));
        house.run(&["progress", handoff, "--text", "On the way."]).await;
        sync(&[house, hotline]).await;
    }
    stage.passes(hours(11));
    house.run(&["note", "safe", handoff]).await;
    signed_first(house, handoff, "Arrivals hall").await;
    sync(&[house, hotline]).await;
    let own = text(&only(hotline, &["sent", "list", "--kind", "VHO"]).await, "id");
    let seen = hotline.run(&["handed-over", &own]).await;
    assert_eq!((&seen["record"]["place"], &seen["signed"]), (&"Arrivals hall".into(), &false.into()));
    assert_eq!(hotline.run(&["sent", "show", &own]).await["work"], "in_progress", "one signature is none");
    assert_eq!(hotline.run(&["handed-over", &own, "--sign"]).await["work"], "handed_over");
    sync(&[hotline, house]).await;
    let shown = house.run(&["inbox", "show", handoff]).await;
    assert_eq!((&shown["work"], count(&shown, "handed_over")), (&"handed_over".into(), 2), "{shown}");
    house.run(&["complete", handoff, "--text", "She sleeps.", "--set", "outcome.code=placed"]).await;
    // The bed is hers now and no longer one that is kept.
    let bed = text(&only(house, &["inbox", "list", "--kind", "SPR"]).await, "id");
    house.run(&["complete", &bed, "--set", "outcome.code=placed"]).await;
    sync(&[house, hotline]).await;
}

/// What she can prove goes to the prosecutor, hand to hand.
async fn proven(stage: &Stage, alert: &str) {
    let (hotline, prosecutor) = (stage.org(HOTLINE), stage.org(PROSECUTOR));
    let file = stage.file("evidence.json", &cases::evidence());
    hotline.run(&["send", "evidence", "--from", alert, "--to", PROSECUTOR.0, "--file", &file]).await;
    sync(&[hotline, prosecutor]).await;
    let (id, shown) = opened(prosecutor, "EVH").await;
    assert_eq!(sections(&shown), ["CNS", "EVI", "HDR", "IDN", "LEG", "MED", "RSK"]);
    assert_eq!(shown["sections"]["EVI"]["items"][1]["custody"][0]["seal"], "K-0442");
    assert_eq!(shown["sections"]["IDN"]["witness"]["names"][0]["family"], FAMILY, "from the alert");
    says_none_of(&shown, &OF_THE_CALL);
    says_none_of(&shown, &[HOUSE.0, "bakery", "drawn birch leaf", "+37360000311"]);
    prosecutor.run(&["accept", &id, "--eta", "P1D"]).await;
    prosecutor.run(&["start", &id]).await;
    sync(&[prosecutor, hotline]).await;
    let own = text(&only(hotline, &["sent", "list", "--kind", "EVH"]).await, "id");
    signed_first(hotline, &own, "Room 12").await;
    sync(&[hotline, prosecutor]).await;
    assert_eq!(prosecutor.run(&["handed-over", &id, "--sign"]).await["work"], "handed_over");
    prosecutor.run(&["complete", &id, "--text", WORDS[4], "--set", "outcome.code=goal_reached"]).await;
    sync(&[prosecutor, hotline]).await;
}

/// What the relay has on its disk holds no word of all this.
async fn relay_knows_nothing(stage: Stage) {
    let (folder, town) = stage.end().await;
    let mut secrets = Secrets::default();
    let documents = [
        ("call", cases::call()),
        ("alert", cases::alert()),
        ("placement", cases::placement()),
        ("offer", cases::offer()),
        ("handoff", cases::handoff()),
        ("check", cases::check()),
        ("answer", cases::answer()),
        ("evidence", cases::evidence()),
    ];
    documents.iter().for_each(|(name, document): &(&str, Value)| secrets.document(name, document));
    WORDS.iter().for_each(|words| secrets.text("what was typed", words));
    let (found, bytes) = secrets.find(&[&town.place.data]);
    assert!(found.is_empty(), "{found:?}");
    assert!(secrets.count().0 > 150 && bytes > 100_000, "{:?} in {bytes} bytes", secrets.count());
    let files = folder.path().join("alert.json");
    assert!(!secrets.find(&[&files]).0.is_empty(), "the search itself works");
}
