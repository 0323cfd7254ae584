//! What one device does, its colleagues know.

use causeway_client::engine::threads::StepError;
use causeway_client::model::{PACKET_SHARED, Sent, StoredSection, Thread, Transport};
use causeway_client::records;
use causeway_client::referral::lifecycle::Action;
use causeway_client::vault::Changes;
use causeway_common::clearance::{EVERY_SECTION, bit};
use causeway_common::ids::PacketId;
use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use causeway_common::wire::{DeviceState, Submit, Subscribe};
use causeway_tests::hostile::liar::{Lies, Raw, Reply};
use causeway_tests::hostile::rogue::Rogue;
use causeway_tests::hostile::scene::{Actor, Scene, draft};
use causeway_tests::steps::words;

/// A hotline, and the police with two workstations.
pub(super) async fn scene() -> (Scene, Actor, Actor, Actor) {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    let patrol = scene.colleague(&police, 2, EVERY_SECTION).await;
    hotline.sync().await.unwrap();
    (scene, hotline, police, patrol)
}

/// The same, when both workstations have a referral.
async fn with_referral() -> (Scene, Actor, Actor, Actor, PacketId) {
    let (scene, hotline, police, patrol) = scene().await;
    let packet = hotline.write(&police, 1, Priority::P1).await;
    for actor in [&hotline, &police, &patrol, &hotline] {
        actor.sync().await.unwrap();
    }
    (scene, hotline, police, patrol, packet)
}

fn thread(of: &Actor) -> Thread {
    records::thread(&of.engine.vault, &[1; 32]).unwrap().unwrap()
}

fn story(of: &Actor) -> Vec<(String, String, bool)> {
    let steps = thread(of).events.into_iter().filter(|event| event.after != PacketId([0; 32]));
    steps.map(|event| (event.what, event.author, event.conflict || event.taken_back)).collect()
}

async fn act(of: &Actor, action: Action) -> Result<PacketId, StepError> {
    of.engine.take_step([1; 32], action, words(action, "words")).await
}

async fn sync_all(actors: &[&Actor]) {
    for _ in 0..2 {
        for actor in actors {
            actor.sync().await.unwrap();
        }
    }
}

fn step(what: &str, author: &str, lost: bool) -> (String, String, bool) {
    (what.to_owned(), author.to_owned(), lost)
}

/// Packets for colleagues in a device's outbox.
fn shared_by(of: &Actor) -> usize {
    let all = records::all_sent(&of.engine.vault).unwrap();
    all.iter().filter(|sent| sent.packet_type == PACKET_SHARED).count()
}

#[tokio::test(start_paused = true)]
async fn what_one_colleague_has_opened_and_accepted_nobody_opens_or_accepts_twice() {
    let (_scene, hotline, police, patrol, packet) = with_referral().await;
    police.engine.opened(packet).await.unwrap();
    act(&police, Action::Accept).await.unwrap();
    sync_all(&[&police, &patrol, &hotline]).await;

    let there = records::received(&patrol.engine.vault, packet).unwrap().unwrap();
    assert_ne!(there.opened, Timestamp(0));
    assert_eq!(
        (thread(&patrol).work.as_str(), story(&patrol)),
        ("accepted", vec![step("accept", "desk", false)])
    );
    assert!(matches!(act(&patrol, Action::Accept).await, Err(StepError::NotAllowed(_))));
    patrol.engine.opened(packet).await.unwrap();
    patrol.sync().await.unwrap();
    hotline.sync().await.unwrap();
    let opened = hotline.sent(packet, &police).receipts.len();
    assert_eq!(opened, 3, "two have it, one has opened it");

    act(&patrol, Action::Start).await.unwrap();
    sync_all(&[&patrol, &police, &hotline]).await;
    for actor in [&police, &patrol, &hotline] {
        assert_eq!(thread(actor).work, "in_progress");
    }
    assert_eq!([police.inbox().len(), patrol.inbox().len()], [1, 1], "what colleagues say is in no list");
    assert_eq!([shared_by(&police), shared_by(&patrol)], [0, 0], "and leaves nothing behind");
}

#[tokio::test(start_paused = true)]
async fn a_step_that_has_not_left_yields_to_a_colleagues_and_its_author_sees_why() {
    let (_scene, hotline, police, patrol, _) = with_referral().await;
    act(&police, Action::Accept).await.unwrap();
    let declined = act(&patrol, Action::Decline).await.unwrap();
    police.sync().await.unwrap();
    assert_eq!(patrol.sent(declined, &hotline).transport, Transport::Queued);
    hear_only(&patrol).await;
    assert_eq!(patrol.sent(declined, &hotline).transport, Transport::Withdrawn);
    assert_eq!(story(&patrol), [step("accept", "desk", false), step("decline", "", true)]);
    assert_eq!(thread(&patrol).work, "accepted");
    sync_all(&[&patrol, &hotline, &police]).await;
    assert_eq!(story(&hotline), [step("accept", "", false)], "it was not sent");
    assert_eq!(story(&police), [step("accept", "", false)]);
    act(&patrol, Action::Decline).await.unwrap();
    sync_all(&[&patrol, &hotline, &police]).await;
    assert_eq!(thread(&hotline).work, "declined", "who means it all the same does it again");
}

/// Takes what waits at the relay and sends nothing.
async fn hear_only(actor: &Actor) {
    let rogue = Rogue::connect(actor).await;
    let pushed = rogue.overhear(1).await;
    actor.engine.take(pushed).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn steps_that_crossed_come_to_one_order_at_all_three() {
    let (_scene, hotline, police, patrol, _) = with_referral().await;
    act(&police, Action::Accept).await.unwrap();
    act(&patrol, Action::Accept).await.unwrap();
    let (one, other) = tokio::join!(police.sync(), patrol.sync());
    assert!(one.is_ok() && other.is_ok());
    sync_all(&[&hotline, &police, &patrol]).await;
    let packets = |of: &Actor| -> Vec<_> {
        let steps = thread(of).events.into_iter().filter(|e| e.after != PacketId([0; 32]) && !e.taken_back);
        steps.map(|event| (event.packet, event.conflict)).collect()
    };
    for actor in [&police, &patrol, &hotline] {
        assert_eq!(thread(actor).work, "accepted");
        assert_eq!(packets(actor), packets(&hotline));
    }
}

#[tokio::test(start_paused = true)]
async fn what_one_device_sends_all_see_and_any_of_them_gets_the_answer() {
    let (_scene, hotline, police, patrol) = scene().await;
    let packet = police.write(&hotline, 1, Priority::P1).await;
    // The receipt and the answer are there before the colleague hears of the referral.
    police.sync().await.unwrap();
    hotline.sync().await.unwrap();
    act(&hotline, Action::Ask).await.unwrap();
    hotline.sync().await.unwrap();
    sync_all(&[&patrol, &police]).await;
    let there = patrol.sent(packet, &hotline);
    assert_eq!(
        (there.transport, there.author.as_str(), there.sections.len()),
        (Transport::Delivered, "desk", 2)
    );
    assert_eq!((thread(&patrol).work.as_str(), thread(&patrol).ours), ("info_requested", true));
    act(&patrol, Action::Answer).await.unwrap();
    sync_all(&[&patrol, &hotline, &police]).await;
    for actor in [&police, &patrol, &hotline] {
        assert_eq!(thread(actor).work, "seen", "{}", actor.engine.identity.device_name);
    }
    assert_eq!(story(&police)[1], step("info_reply", "desk 2", false));
    assert!(patrol.inbox().iter().all(|received| received.from == hotline.org()));
}

#[tokio::test(start_paused = true)]
async fn who_may_read_nothing_but_the_header_has_not_opened_it_for_anybody() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    let door = scene.colleague(&police, 2, 0).await;
    hotline.sync().await.unwrap();
    let packet = hotline.write(&police, 1, Priority::P1).await;
    sync_all(&[&hotline, &police, &door]).await;
    door.engine.opened(packet).await.unwrap();
    sync_all(&[&door, &police, &hotline]).await;
    let opened = |of: &Actor| records::received(&of.engine.vault, packet).unwrap().unwrap().opened;
    assert_eq!((opened(&door), opened(&police)), (Timestamp(0), Timestamp(0)));
    assert_eq!(hotline.sent(packet, &police).transport, Transport::Delivered);

    police.engine.opened(packet).await.unwrap();
    sync_all(&[&police, &door, &hotline]).await;
    assert_ne!(opened(&door), Timestamp(0), "and a colleague who has read it opens it for all");
    assert_eq!(hotline.sent(packet, &police).transport, Transport::Opened);
}

#[tokio::test(start_paused = true)]
async fn a_partner_who_sends_a_packet_back_under_our_name_for_it_changes_nothing() {
    let (_scene, hotline, police, patrol, _) = with_referral().await;
    let accepted = act(&police, Action::Accept).await.unwrap();
    sync_all(&[&police, &patrol, &hotline]).await;
    let rogue = Rogue::connect(&hotline).await;
    let mut echo = rogue.honest(9).await;
    (echo.packet, echo.case) = (accepted, [1; 32]);
    echo.in_reply_to = Some(PacketId([1; 32]));
    echo.header = br#"{"kind":"CUP","event":"withdraw"}"#.to_vec();
    let envelope = rogue.post(police.org(), &echo).await;
    let refused = [police.sync().await.unwrap().received, patrol.sync().await.unwrap().received];
    assert_eq!(refused, [0, 0], "{:?}", envelope.id());
    for actor in [&police, &patrol] {
        assert_eq!(thread(actor).work, "accepted");
        assert_eq!(records::received(&actor.engine.vault, accepted).unwrap(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_comes_first_the_end_is_the_same_and_twice_is_once() {
    let (_scene, hotline, police, patrol) = scene().await;
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    police.engine.opened(packet).await.unwrap();
    act(&police, Action::Accept).await.unwrap();
    police.sync().await.unwrap();
    act(&police, Action::Start).await.unwrap();
    police.sync().await.unwrap();
    let rogue = Rogue::connect(&patrol).await;
    let state: DeviceState = rogue.ask(&Subscribe {}).await.unwrap();
    let waiting = usize::try_from(state.waiting).unwrap();
    let mut pushed = Rogue::connect(&patrol).await.overhear(waiting).await;
    pushed.reverse();
    for push in &pushed {
        patrol.engine.take([push.clone()]).await.unwrap();
    }
    patrol.engine.take(pushed).await.unwrap();
    sync_all(&[&patrol, &police]).await;
    assert_eq!(thread(&patrol).work, "in_progress");
    assert_eq!(story(&patrol), [step("accept", "desk", false), step("start", "desk", false)]);
    let there = records::received(&patrol.engine.vault, packet).unwrap().unwrap();
    assert_ne!(there.opened, Timestamp(0), "opened before it came");
}

#[tokio::test(start_paused = true)]
async fn who_is_alone_tells_nobody_and_who_has_no_colleague_left_stops_telling() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    let packet = hotline.write(&police, 1, Priority::P1).await;
    sync_all(&[&hotline, &police]).await;
    police.engine.opened(packet).await.unwrap();
    act(&police, Action::Accept).await.unwrap();
    assert_eq!(shared_by(&police), 0);
    let before = scene.envelopes();
    police.sync().await.unwrap();
    assert_eq!(scene.envelopes() - before, 2, "the receipt and the step");

    let patrol = scene.colleague(&police, 2, EVERY_SECTION).await;
    police.engine.take_step([1; 32], Action::Start, words(Action::Start, "")).await.unwrap();
    scene.clock.advance_hours(1);
    police.sync().await.unwrap();
    assert_eq!(shared_by(&police), 1, "for the colleague, who has not fetched it");
    police.retire(&patrol.engine.identity).await;
    police.sync().await.unwrap();
    assert_eq!((shared_by(&police), police.engine.unsent()), (0, 0), "there is nobody left to tell");
}

#[tokio::test(start_paused = true)]
async fn a_device_that_was_off_hears_it_later_and_only_what_it_is_cleared_for() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    let patrol = scene.colleague(&police, 2, EVERY_SECTION & !bit(*b"MED").unwrap()).await;
    let mut draft = draft(hotline.org(), 1, Priority::P1);
    draft.sections.push(StoredSection { code: *b"MED", bytes: b"{}".to_vec() });
    let packet = draft.packet;
    police.queue(draft).await;
    police.sync().await.unwrap();
    scene.clock.advance_hours(24 * 9);
    patrol.sync().await.unwrap();
    let codes = |of: &Actor| of.sent(packet, &hotline).sections.iter().map(|s| s.code).collect::<Vec<_>>();
    assert_eq!(codes(&patrol), [*b"HDR", *b"RSK"]);
    assert_eq!(codes(&police), [*b"HDR", *b"RSK", *b"MED"]);
}

#[tokio::test(start_paused = true)]
async fn nobody_else_speaks_for_a_colleague() {
    let (_scene, hotline, police, patrol, packet) = with_referral().await;
    act(&police, Action::Accept).await.unwrap();
    police.sync().await.unwrap();
    let waiting = Rogue::connect(&patrol).await.overhear(1).await.remove(0);
    assert_eq!(waiting.outer.recipient, police.org());
    let rogue = Rogue::connect(&hotline).await;
    let mut forged = rogue.honest(9).await;
    forged.packet_type = PACKET_SHARED;
    let mut shared = causeway_client::shared::Shared::by("desk");
    let at = Timestamp(1);
    shared.say_opened(&causeway_client::shared::OpenedItem { packet, at });
    forged.header = shared.to_section().bytes;
    rogue.post(police.org(), &forged).await;
    patrol.sync().await.unwrap();
    let there = records::received(&patrol.engine.vault, packet).unwrap().unwrap();
    assert_eq!((there.opened, patrol.inbox().len()), (Timestamp(0), 1));
}

#[tokio::test(start_paused = true)]
async fn a_receipt_that_is_here_before_a_colleague_says_that_the_packet_was_sealed_again_counts() {
    let (_scene, hotline, police, patrol) = scene().await;
    let packet = patrol.write(&hotline, 1, Priority::P1).await;
    // Sealed before, said so, and now sealed again with another grant.
    let queued = patrol.sent(packet, &hotline);
    let mut changes = Changes::default();
    records::put_sent(&mut changes, &Sent { reseals: 1, ..queued.clone() });
    patrol.engine.commit(changes).await.unwrap();
    let mut changes = Changes::default();
    let known = Sent { transport: Transport::ByColleague, author: "desk 2".into(), ..queued };
    records::put_sent(&mut changes, &known);
    police.engine.commit(changes).await.unwrap();

    patrol.sync().await.unwrap();
    hotline.sync().await.unwrap();
    // The receipt is as urgent as the referral, what colleagues say is not.
    police.sync().await.unwrap();
    let there = police.sent(packet, &hotline);
    assert_eq!((there.transport, there.reseals, there.receipts.len()), (Transport::Delivered, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_its_recipient_signed_for_before_the_relay_was_heard_is_shared_all_the_same() {
    let (_scene, hotline, police, patrol) = scene().await;
    let packet = patrol.write(&hotline, 1, Priority::P1).await;
    let lost = |question: &Raw, answer| match question.read::<Submit>() {
        Some(_) => Reply::Cut,
        None => Reply::Frame(answer),
    };
    patrol.sync_under(Lies::answering(lost)).await.unwrap_err();
    assert_eq!(patrol.sent(packet, &hotline).transport, Transport::Submitted);
    hotline.sync().await.unwrap();
    hear_only(&patrol).await;
    assert_eq!(patrol.sent(packet, &hotline).transport, Transport::Delivered);
    sync_all(&[&patrol, &police]).await;
    assert_eq!(police.sent(packet, &hotline).transport, Transport::Delivered);
    assert_eq!(thread(&police).work, thread(&patrol).work);
}
