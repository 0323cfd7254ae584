//! A new device is given what came and went before it was there.

use causeway_client::engine::Draft;
use causeway_client::engine::history::{GIVEN_AT_ONCE, HistoryError};
use causeway_client::model::{PACKET_SHARED, Received, Sent, StoredSection, Thread, Transport};
use causeway_client::records;
use causeway_client::referral::lifecycle::Action;
use causeway_client::seal::packet::HEADER_SECTION;
use causeway_client::shared::{GivenItem, KIND, Shared};
use causeway_client::vault::Changes;
use causeway_common::clearance::{EVERY_SECTION, bit};
use causeway_common::ids::{DeviceId, PacketId};
use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use causeway_tests::hostile::rogue::Rogue;
use causeway_tests::hostile::scene::{Actor, Scene, draft};
use causeway_tests::steps::words;

const NOT_MEDICAL: u32 = EVERY_SECTION & !0x100;

fn thread(of: &Actor, number: u8) -> Thread {
    records::thread(&of.engine.vault, &[number; 32]).unwrap().unwrap()
}

fn story(of: &Actor, number: u8) -> Vec<(String, bool)> {
    thread(of, number).events.into_iter().map(|event| (event.what, event.conflict)).collect()
}

async fn act(of: &Actor, number: u8, action: Action) {
    of.engine.take_step([number; 32], action, words(action, "words")).await.unwrap();
}

/// Gives everything that is left, and lets the other fetch it.
async fn give(from: &Actor, to: &Actor, since: Timestamp) -> u64 {
    let mut history = from.engine.begin_history(to.engine.identity.device(), since, false).await.unwrap();
    while history.left() > 0 {
        from.engine.give_next(&mut history).await.unwrap();
        from.sync().await.unwrap();
        to.sync().await.unwrap();
    }
    history.given()
}

#[tokio::test(start_paused = true)]
async fn a_new_device_gets_the_past_it_is_cleared_for_and_works_on_from_there() {
    assert_eq!(NOT_MEDICAL, EVERY_SECTION & !bit(*b"MED").unwrap());
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    hotline.sync().await.unwrap();
    let mut theirs = draft(police.org(), 1, Priority::P1);
    theirs.sections.push(StoredSection { code: *b"MED", bytes: b"{}".to_vec() });
    let came = theirs.packet;
    hotline.queue(theirs).await;
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    police.engine.opened(came).await.unwrap();
    act(&police, 1, Action::Ask).await;
    police.sync().await.unwrap();
    hotline.sync().await.unwrap();
    act(&hotline, 1, Action::Answer).await;
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    act(&police, 1, Action::Accept).await;
    let went = police.write(&hotline, 2, Priority::P1).await;
    police.sync().await.unwrap();
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    let receipts = hotline.sent(came, &police).receipts.len();

    let patrol = scene.colleague(&police, 2, NOT_MEDICAL).await;
    assert!(patrol.inbox().is_empty());
    let given = give(&police, &patrol, Timestamp(0)).await;
    assert_eq!(given, 5, "two referrals and three steps");
    let there = records::received(&patrol.engine.vault, came).unwrap().unwrap();
    let here = records::received(&police.engine.vault, came).unwrap().unwrap();
    assert_eq!((there.given_by.as_str(), here.given_by.as_str()), ("desk", ""));
    assert_eq!(
        (&there.grant, there.grant_digest, there.opened),
        (&here.grant, here.grant_digest, here.opened)
    );
    assert_eq!(there.sections.iter().map(|s| s.code).collect::<Vec<_>>(), [*b"HDR", *b"RSK"]);
    assert_eq!(there.withheld, [*b"MED"]);
    assert_eq!(story(&patrol, 1), story(&police, 1));
    assert_eq!(thread(&patrol, 1).work, "accepted");
    let sent = patrol.sent(went, &hotline);
    assert_eq!(
        (sent.transport, sent.author.as_str(), sent.receipts.len()),
        (Transport::Delivered, "desk", 1)
    );

    act(&patrol, 1, Action::Start).await;
    patrol.sync().await.unwrap();
    hotline.sync().await.unwrap();
    assert_eq!(thread(&hotline, 1).work, "in_progress");
    assert_eq!(hotline.sent(came, &police).receipts.len(), receipts, "what is given is not receipted");
}

#[tokio::test(start_paused = true)]
async fn giving_goes_on_where_it_was_interrupted_and_twice_is_once() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let mut police = scene.resident("Police").await;
    hotline.sync().await.unwrap();
    let all = u8::try_from(GIVEN_AT_ONCE + 4).unwrap();
    for number in 1..=all {
        hotline.write(&police, number, Priority::P2).await;
    }
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    let patrol = scene.colleague(&police, 2, EVERY_SECTION).await;
    let device = patrol.engine.identity.device();
    let mut history = police.engine.begin_history(device, Timestamp(0), false).await.unwrap();
    assert_eq!(history.left(), usize::from(all));
    assert_eq!(police.engine.give_next(&mut history).await.unwrap(), GIVEN_AT_ONCE);
    police.restart().await;

    let history = police.engine.begin_history(device, Timestamp(0), false).await.unwrap();
    assert_eq!((history.given(), history.left()), (GIVEN_AT_ONCE as u64, 4));
    assert_eq!(give(&police, &patrol, Timestamp(0)).await, u64::from(all));
    assert_eq!(patrol.inbox_names(), (1..=all).collect::<Vec<_>>());
    assert_eq!(give(&police, &patrol, Timestamp(0)).await, u64::from(all), "nothing is left");

    let tablet = scene.colleague(&police, 3, EVERY_SECTION).await;
    let later = Timestamp(scene.clock_now().0 + 1);
    assert_eq!(give(&police, &tablet, later).await, 0);
    assert_eq!(
        give(&police, &tablet, Timestamp(0)).await,
        u64::from(all),
        "from further back it begins anew"
    );
    assert_eq!((tablet.inbox().len(), patrol.inbox().len()), (usize::from(all), usize::from(all)));
}

#[tokio::test(start_paused = true)]
async fn what_the_sender_has_not_signed_is_not_taken_from_a_colleague() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    hotline.sync().await.unwrap();
    let packets =
        [hotline.write(&police, 1, Priority::P1).await, hotline.write(&police, 2, Priority::P1).await];
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    let mut altered = records::received(&police.engine.vault, packets[0]).unwrap().unwrap();
    altered.sections[1].bytes = br#"{"note":"another case"}"#.to_vec();
    let mut changes = Changes::default();
    records::put_received(&mut changes, &altered);
    police.engine.commit(changes).await.unwrap();

    let patrol = scene.colleague(&police, 2, EVERY_SECTION).await;
    assert_eq!(give(&police, &patrol, Timestamp(0)).await, 2);
    assert_eq!(patrol.inbox_names(), [2]);
}

#[tokio::test(start_paused = true)]
async fn what_a_device_sent_that_is_gone_since_is_proven_by_the_roster_of_its_time() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    let former = scene.colleague(&hotline, 2, EVERY_SECTION).await;
    let packet = former.write(&police, 1, Priority::P1).await;
    former.sync().await.unwrap();
    police.sync().await.unwrap();
    scene.clock.advance_hours(1);
    hotline.retire(&former.engine.identity).await;
    let patrol = scene.colleague(&police, 3, EVERY_SECTION).await;
    give(&police, &patrol, Timestamp(0)).await;
    let there = records::received(&patrol.engine.vault, packet).unwrap().unwrap();
    assert_eq!((there.from_device, there.given_by.as_str()), (former.engine.identity.device(), "desk"));
}

#[tokio::test(start_paused = true)]
async fn only_an_administrator_gives_history_and_only_to_a_colleague() {
    let scene = Scene::start().await;
    let police = scene.resident("Police").await;
    let patrol = scene.colleague(&police, 2, EVERY_SECTION).await;
    let (own, other) = (police.engine.identity.device(), patrol.engine.identity.device());
    let refused = patrol.engine.begin_history(own, Timestamp(0), false).await;
    assert!(matches!(refused, Err(HistoryError::NotAdministrator)));
    for device in [own, DeviceId([9; 32])] {
        let refused = police.engine.begin_history(device, Timestamp(0), false).await;
        assert!(matches!(refused, Err(HistoryError::UnknownDevice)));
    }
    assert!(police.engine.begin_history(other, Timestamp(0), false).await.is_ok());
}

/// A referral with a medical section, from one to the other.
async fn write_medical(from: &Actor, to: &Actor) -> PacketId {
    let mut draft = draft(to.org(), 1, Priority::P1);
    draft.sections.push(StoredSection { code: *b"MED", bytes: b"{}".to_vec() });
    let packet = draft.packet;
    from.queue(draft).await;
    from.sync().await.unwrap();
    packet
}

/// Has its owner read less of a packet than there is.
async fn withhold_medical(from: &Actor, packet: PacketId) {
    let mut received = records::received(&from.engine.vault, packet).unwrap().unwrap();
    received.sections.retain(|section| section.code != *b"MED");
    received.withheld.push(*b"MED");
    let mut changes = Changes::default();
    records::put_received(&mut changes, &received);
    from.engine.commit(changes).await.unwrap();
}

fn codes(of: &Actor, packet: PacketId) -> Vec<[u8; 3]> {
    let received = records::received(&of.engine.vault, packet).unwrap().unwrap();
    received.sections.iter().map(|section| section.code).collect()
}

#[tokio::test(start_paused = true)]
async fn a_colleagues_partial_copy_gives_way_to_the_senders_own() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    let patrol = scene.colleague(&police, 2, EVERY_SECTION).await;
    hotline.sync().await.unwrap();
    let packet = write_medical(&hotline, &police).await;
    police.sync().await.unwrap();
    withhold_medical(&police, packet).await;
    let device = patrol.engine.identity.device();
    let mut history = police.engine.begin_history(device, Timestamp(0), false).await.unwrap();
    police.engine.give_next(&mut history).await.unwrap();
    police.sync().await.unwrap();

    let mut pushed = Rogue::connect(&patrol).await.overhear(2).await;
    pushed.sort_by_key(|push| push.outer.priority != Priority::P3);
    let direct = pushed.split_off(1);
    patrol.engine.take(pushed).await.unwrap();
    assert_eq!(codes(&patrol, packet), [*b"HDR", *b"RSK"]);
    patrol.engine.opened(packet).await.unwrap();
    patrol.engine.take(direct).await.unwrap();
    assert_eq!(codes(&patrol, packet), [*b"HDR", *b"RSK", *b"MED"]);
    let there = records::received(&patrol.engine.vault, packet).unwrap().unwrap();
    assert_eq!(there.given_by, "");
    assert_ne!(there.opened, Timestamp(0), "what was done with the copy stays");
}

#[tokio::test(start_paused = true)]
async fn a_larger_copy_takes_the_place_of_a_smaller_one_and_never_the_reverse() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    hotline.sync().await.unwrap();
    let packet = write_medical(&hotline, &police).await;
    police.sync().await.unwrap();
    let patrol = scene.colleague(&police, 2, NOT_MEDICAL).await;
    assert_eq!(give(&police, &patrol, Timestamp(0)).await, 1);
    assert_eq!(codes(&patrol, packet), [*b"HDR", *b"RSK"]);

    police.list(&patrol.engine.identity, EVERY_SECTION).await;
    police.sync().await.unwrap();
    give_again(&police, &patrol).await;
    assert_eq!(codes(&patrol, packet), [*b"HDR", *b"RSK", *b"MED"]);
    withhold_medical(&police, packet).await;
    give_again(&police, &patrol).await;
    assert_eq!(codes(&patrol, packet), [*b"HDR", *b"RSK", *b"MED"]);
    assert_eq!(story(&patrol, 1), story(&police, 1));
}

async fn give_again(from: &Actor, to: &Actor) {
    let device = to.engine.identity.device();
    let mut history = from.engine.begin_history(device, Timestamp(0), true).await.unwrap();
    from.engine.give_next(&mut history).await.unwrap();
    from.sync().await.unwrap();
    to.sync().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_a_device_gives_that_is_no_administrators_is_not_taken() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    let patrol = scene.colleague(&police, 2, EVERY_SECTION).await;
    hotline.sync().await.unwrap();
    hotline.write(&police, 1, Priority::P1).await;
    for actor in [&hotline, &police, &patrol] {
        actor.sync().await.unwrap();
    }
    let tablet = scene.colleague(&police, 3, EVERY_SECTION).await;
    for (giver, takes) in [(&patrol, false), (&police, true)] {
        giver.sync().await.unwrap();
        giver.queue(given(giver, &tablet, giver.inbox().remove(0))).await;
        giver.sync().await.unwrap();
        tablet.sync().await.unwrap();
        assert_eq!(!tablet.inbox().is_empty(), takes, "{}", giver.engine.identity.device_name);
    }
}

/// A packet that is given by hand, without being asked who may.
fn given(by: &Actor, to: &Actor, received: Received) -> Draft {
    let mut shared = Shared::by("desk").only_for(to.engine.identity.device());
    let (header, content): (Vec<_>, Vec<_>) =
        received.sections.into_iter().partition(|section| section.code == HEADER_SECTION);
    shared.say_given(&GivenItem {
        packet: received.packet,
        kind: received.kind,
        priority: received.priority,
        relayed: received.relayed,
        received: received.received,
        opened: received.opened,
        withheld: received.withheld,
        grant: received.grant,
        manifest: received.manifest,
        header: header[0].bytes.clone(),
    });
    let name = by.engine.identity.device().0;
    Draft {
        packet: PacketId(name),
        case: [0; 32],
        packet_type: PACKET_SHARED,
        kind: KIND.into(),
        to: by.org(),
        priority: Priority::P3,
        in_reply_to: None,
        sections: std::iter::once(shared.to_section()).chain(content).collect(),
    }
}

#[tokio::test(start_paused = true)]
async fn what_becomes_known_after_the_past_was_given_is_given_by_the_next_run_however_old_it_is() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    hotline.sync().await.unwrap();
    let packet = police.write(&hotline, 1, Priority::P1).await;
    let before = police.sent(packet, &hotline);
    scene.clock.advance_hours(1);
    hotline.write(&police, 2, Priority::P1).await;
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    let patrol = scene.colleague(&police, 2, EVERY_SECTION).await;
    let given = give(&police, &patrol, Timestamp(0)).await;
    assert_eq!(give(&police, &patrol, Timestamp(0)).await, given, "nothing is left");

    // A third device sent this long ago, and says so now.
    let mut changes = Changes::default();
    let (author, transport) = ("desk 3".into(), Transport::ByColleague);
    let late = PacketId([9; 32]);
    records::put_sent(&mut changes, &Sent { packet: late, case: [9; 32], author, transport, ..before });
    police.engine.commit(changes).await.unwrap();
    assert_eq!(give(&police, &patrol, Timestamp(0)).await, given + 1);
    assert_eq!(patrol.sent(late, &hotline).author, "desk 3");
}
