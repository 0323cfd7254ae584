//! What is erased because its time is over, or because nobody needs it, counts as it did before. What a person wants gone does not.

use causeway_client::calls::{self, Call};
use causeway_client::engine::Engine;
use causeway_client::model::StoredSection;
use causeway_client::records;
use causeway_client::referral::lifecycle::Action;
use causeway_client::referral::values::day;
use causeway_client::retention::{self, Reason, expiry};
use causeway_client::stats::{self, Counted, Period, Table, kept};
use causeway_client::vault::Changes;
use causeway_common::ids::PacketId;
use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use causeway_tests::hostile::scene::{Scene, draft};
use causeway_tests::steps::words;

const ALERTS: u8 = 12;
const DAY_HOURS: u64 = 24;

/// Every table as it is shown, in JSON.
fn tables(engine: &Engine, quarter: Period, now: Timestamp) -> Vec<String> {
    let counted = Counted::of(&engine.vault).unwrap();
    Table::ALL
        .iter()
        .map(|table| stats::sheet(*table, &counted, quarter, now).to_json().to_string())
        .collect()
}

fn quarter_of(at: Timestamp) -> Period {
    Period::around(day(at), day(at)).unwrap()
}

#[tokio::test]
async fn the_tables_are_the_same_before_and_after_the_time_of_the_cases_is_over() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    hotline.sync().await.unwrap();
    for number in 1..=ALERTS {
        let mut alert = draft(police.org(), number, Priority::P1);
        alert.sections[0] = StoredSection {
            code: *b"HDR",
            bytes: br#"{"kind":"BIA","mode":"actual","where":{"border_point":{"bp_id":"KIV"}},"exploitation":["SEX"],
                "override":{"reason":"vital_interest"}}"#
                .to_vec(),
        };
        hotline.queue(alert).await;
    }
    // The first of them came of a call.
    let call = Call {
        id: [77; 32],
        taken: scene.clock_now(),
        changed: scene.clock_now(),
        document: br#"{"line":{"country":"MD"},"exploitation":["SEX"]}"#.to_vec(),
        referrals: vec![PacketId([1; 32])],
    };
    let mut changes = Changes::default();
    calls::put(&mut changes, &call);
    hotline.engine.commit(changes).await.unwrap();
    for actor in [&hotline, &police] {
        actor.sync().await.unwrap();
    }
    let quarter = quarter_of(scene.clock_now());
    for number in 1..=ALERTS {
        police.engine.take_step([number; 32], Action::Decline, words(Action::Decline, "")).await.unwrap();
    }
    for actor in [&police, &hotline] {
        actor.sync().await.unwrap();
    }
    let now = scene.clock_now();
    let before = [&hotline, &police].map(|actor| tables(&actor.engine, quarter, now));
    for (table, shown) in [(Table::Borders, "12"), (Table::Declines, "no_capacity"), (Table::Overrides, "12")]
    {
        let place = Table::ALL.iter().position(|one| *one == table).unwrap();
        assert!(before[1][place].contains(shown), "{}", before[1][place]);
    }
    let people = Table::ALL.iter().position(|one| *one == Table::Exploitation).unwrap();
    assert!(before[0][people].contains("12") && !before[0][people].contains("13"), "{}", before[0][people]);

    scene.clock.advance_hours(31 * DAY_HOURS);
    for (actor, before) in [&hotline, &police].into_iter().zip(&before) {
        actor.sync().await.unwrap();
        assert_eq!(expiry::run(&actor.engine).await.unwrap().unwrap().erased, usize::from(ALERTS));
        assert!(records::all_threads(&actor.engine.vault).unwrap().is_empty());
        assert_eq!(&tables(&actor.engine, quarter, now), before);
    }
    assert!(hotline.engine.erase_call(call.id, Reason::NotNeeded).await.unwrap());
    assert_eq!(tables(&hotline.engine, quarter, now), before[0], "the alert still counts with the call");
}

#[tokio::test]
async fn of_what_a_person_wants_gone_nothing_counts() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    hotline.sync().await.unwrap();
    let reasons = Reason::GIVEN.into_iter().chain([Reason::OtherSide, Reason::Unknown]);
    for (number, reason) in (1..).zip(reasons) {
        hotline.write(&police, number, Priority::P2).await;
        retention::erase(&hotline.engine, [number; 32], reason).await.unwrap();
        let stays = kept::is_kept(&hotline.engine.vault, &[number; 32]);
        assert_eq!(stays, reason == Reason::NotNeeded, "{reason:?}");
    }
}
