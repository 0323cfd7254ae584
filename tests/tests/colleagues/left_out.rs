//! A device without keys at the relay is left out of what is sealed to its organisation, and hears it from its colleagues.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use causeway_client::last_resort;
use causeway_client::model::{PACKET_SHARED, Sent, Transport};
use causeway_client::records;
use causeway_client::session::{self, Stay};
use causeway_client::shared::{ReceiptedItem, Shared};
use causeway_client::vault::Changes;
use causeway_common::clearance::EVERY_SECTION;
use causeway_common::ids::PacketId;
use causeway_common::limits::TAKES_PER_TARGET_PER_HOUR;
use causeway_common::priority::Priority;
use causeway_common::statements::{RECEIPT_DELIVERED, RECEIPT_OPENED};
use causeway_common::time::Timestamp;
use causeway_common::wire::{Prekeys, TakePrekeys};
use causeway_tests::hostile::liar::{Lies, LyingDialer, Raw};
use causeway_tests::hostile::rogue::Rogue;
use causeway_tests::hostile::scene::Actor;

use super::sharing::scene;

async fn sync_all(actors: &[&Actor]) {
    for actor in actors {
        actor.sync().await.unwrap();
    }
}

/// Packets for colleagues in a device's outbox.
fn shared_by(of: &Actor) -> Vec<Sent> {
    let all = records::all_sent(&of.engine.vault).unwrap();
    all.into_iter().filter(|sent| sent.packet_type == PACKET_SHARED).collect()
}

fn transport(of: &Actor, packet: PacketId, to: &Actor) -> Transport {
    of.sent(packet, to).transport
}

#[tokio::test(start_paused = true)]
async fn a_receipt_that_was_not_sealed_to_the_sender_comes_by_its_colleague() {
    // The colleague knows of the packet before its receipt comes, or not.
    for knows in [true, false] {
        let (scene, hotline, police, patrol) = scene().await;
        let packet = police.write(&hotline, 1, Priority::P1).await;
        police.sync().await.unwrap();
        if knows {
            patrol.sync().await.unwrap();
        }
        scene.forget_keys(&police).await;
        hotline.sync().await.unwrap();
        patrol.sync().await.unwrap();
        assert_eq!(transport(&patrol, packet, &hotline), Transport::Delivered);
        assert_eq!(shared_by(&patrol).len(), 1, "it waits for the keys of its colleague");
        police.sync().await.unwrap();
        assert_eq!(transport(&police, packet, &hotline), Transport::Relayed, "nobody else tells");
        sync_all(&[&patrol, &police]).await;
        let (one, other) = (police.sent(packet, &hotline), patrol.sent(packet, &hotline));
        assert_eq!((one.transport, one.receipts), (Transport::Delivered, other.receipts), "{knows}");
        sync_all(&[&patrol, &police]).await;
        assert_eq!([shared_by(&patrol).len(), shared_by(&police).len()], [0, 0], "{knows}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_every_colleague_was_given_is_passed_on_to_nobody() {
    let (scene, hotline, police, patrol) = scene().await;
    let packet = police.write(&hotline, 1, Priority::P1).await;
    sync_all(&[&police, &patrol, &hotline]).await;
    let before = scene.envelopes();
    sync_all(&[&police, &patrol, &police, &patrol]).await;
    assert_eq!([shared_by(&police).len(), shared_by(&patrol).len(), scene.envelopes() - before], [0, 0, 0]);
    assert_eq!(transport(&patrol, packet, &hotline), Transport::Delivered);
}

#[tokio::test(start_paused = true)]
async fn what_a_colleague_says_waits_for_who_has_no_keys_and_holds_up_nobody() {
    let (scene, hotline, police, patrol) = scene().await;
    let third = scene.colleague(&police, 3, EVERY_SECTION).await;
    let packet = hotline.write(&police, 1, Priority::P1).await;
    sync_all(&[&hotline, &police, &patrol, &third]).await;
    scene.forget_keys(&third).await;
    police.engine.opened(packet).await.unwrap();
    let answer = police.write(&hotline, 2, Priority::P1).await;
    sync_all(&[&police, &patrol]).await;
    let opened = |of: &Actor| records::received(&of.engine.vault, packet).unwrap().unwrap().opened;
    let knows = |of: &Actor| records::sent(&of.engine.vault, answer, hotline.org()).unwrap().is_some();
    assert!(opened(&patrol) != Timestamp(0) && knows(&patrol), "who has keys does not wait");
    third.sync().await.unwrap();
    assert!(opened(&third) == Timestamp(0) && !knows(&third));
    sync_all(&[&police, &third]).await;
    assert!(opened(&third) != Timestamp(0) && knows(&third));
    let there = third.sent(answer, &hotline);
    assert_eq!(there.sections, police.sent(answer, &hotline).sections);
}

#[tokio::test(start_paused = true)]
async fn only_so_much_waits_for_who_has_no_keys_and_in_nobodys_way() {
    let (scene, hotline, police, patrol) = scene().await;
    let third = scene.colleague(&police, 3, EVERY_SECTION).await;
    scene.forget_keys(&third).await;
    police.write(&hotline, 1, Priority::P1).await;
    police.sync().await.unwrap();
    let kept = shared_by(&police).into_iter().find(|sent| sent.transport == Transport::Queued).unwrap();
    let mut changes = Changes::default();
    for number in 1..128 {
        records::put_sent(&mut changes, &Sent { packet: PacketId([number; 32]), ..kept.clone() });
    }
    police.engine.commit(changes).await.unwrap();
    let packet = police.write(&hotline, 2, Priority::P1).await;
    let mut history =
        police.engine.begin_history(patrol.engine.identity.device(), Timestamp(0), false).await.unwrap();
    while history.left() > 0 {
        assert!(police.engine.give_next(&mut history).await.unwrap() > 0, "there is room to give the past");
    }
    sync_all(&[&police, &patrol]).await;
    let queued = |sent: &Sent| sent.transport == Transport::Queued;
    assert_eq!(shared_by(&police).into_iter().filter(queued).count(), 128);
    assert_eq!(transport(&patrol, packet, &hotline), Transport::ByColleague, "who has keys does not wait");
}

#[tokio::test(start_paused = true)]
async fn who_looks_in_vain_for_a_colleagues_keys_takes_few_of_the_others_and_accuses_nobody() {
    let (scene, hotline, police, patrol) = scene().await;
    let third = scene.colleague(&police, 3, EVERY_SECTION).await;
    let packet = hotline.write(&police, 1, Priority::P1).await;
    sync_all(&[&hotline, &police, &patrol, &third]).await;
    police.write(&hotline, 2, Priority::P1).await;
    scene.forget_keys(&third).await;
    scene.clock.advance_hours(3);
    police.sync().await.unwrap();
    let looks = Arc::new(AtomicU32::new(0));
    let counted = Lies::instead({
        let (looks, own) = (Arc::clone(&looks), police.org());
        move |question: &Raw| {
            let asked = question.read::<TakePrekeys>().is_some_and(|asked| asked.org == own);
            looks.fetch_add(u32::from(asked), Ordering::SeqCst);
            None
        }
    });
    let hour = Stay::For(Duration::from_secs(60 * 60));
    session::run(&police.engine, &LyingDialer::new(police.dialer(), counted), hour).await.unwrap();
    let looks = looks.load(Ordering::SeqCst);
    assert!((10..TAKES_PER_TARGET_PER_HOUR).contains(&looks), "{looks}");

    // As many as it may.
    let rogue = Rogue::connect(&police).await;
    for _ in 0..=TAKES_PER_TARGET_PER_HOUR {
        let _: Prekeys = rogue.ask(&TakePrekeys { org: police.org() }).await.unwrap();
    }
    police.engine.opened(packet).await.unwrap();
    sync_all(&[&police, &patrol]).await;
    scene.clock.advance_hours(2);
    patrol.sync().await.unwrap();
    let opened = records::received(&patrol.engine.vault, packet).unwrap().unwrap().opened;
    assert_ne!(opened, Timestamp(0), "it came under the last-resort key");
    assert_eq!(last_resort::warning(&patrol.engine.vault, scene.clock_now()).unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_colleague_proves_nothing_that_the_recipient_has_not_signed() {
    let (scene, hotline, police, patrol) = scene().await;
    let packet = police.write(&hotline, 1, Priority::P1).await;
    sync_all(&[&police, &patrol]).await;
    scene.forget_keys(&police).await;
    sync_all(&[&hotline, &patrol]).await;
    let passed = &shared_by(&patrol)[0];
    let item = Shared::read(&passed.sections).unwrap().receipted().remove(0);
    assert_eq!(item.receipts.len(), 1);
    police.sync().await.unwrap();
    let receipt = item.receipts[0].clone();
    let altered = |place: usize| {
        let mut receipt = receipt.clone();
        receipt.body[place] ^= RECEIPT_DELIVERED ^ RECEIPT_OPENED;
        ReceiptedItem { receipts: vec![receipt], ..item.clone() }
    };
    let lies = [
        // The packet's name, the organisation, the device, the state, the time.
        altered(0),
        altered(64),
        altered(96),
        altered(128),
        altered(129),
        ReceiptedItem { org: police.org(), ..item.clone() },
        ReceiptedItem { device: patrol.engine.identity.device(), ..item.clone() },
    ];
    for (number, lie) in lies.iter().enumerate() {
        say(&patrol, &police, lie).await;
        assert_eq!(transport(&police, packet, &hotline), Transport::Relayed, "{number}");
    }
    say(&patrol, &police, &item).await;
    assert_eq!(transport(&police, packet, &hotline), Transport::Delivered);
}

#[tokio::test(start_paused = true)]
async fn a_receipt_that_is_passed_on_is_judged_by_how_its_signer_stands() {
    let (scene, hotline, police, patrol) = scene().await;
    let second = scene.colleague(&hotline, 4, EVERY_SECTION).await;
    sync_all(&[&police, &patrol]).await;
    let packet = police.write(&hotline, 1, Priority::P1).await;
    sync_all(&[&police, &patrol]).await;
    scene.forget_keys(&police).await;
    sync_all(&[&second, &patrol]).await;
    let item = Shared::read(&shared_by(&patrol)[0].sections).unwrap().receipted().remove(0);
    assert_eq!(item.device, second.engine.identity.device());
    scene.clock.advance_hours(1);
    hotline.retire(&second.engine.identity).await;
    police.sync().await.unwrap();
    // What the relay took after the device had been retired is in doubt.
    say(&patrol, &police, &ReceiptedItem { relayed: scene.clock_now(), ..item.clone() }).await;
    assert_eq!(transport(&police, packet, &hotline), Transport::Relayed);
    say(&patrol, &police, &item).await;
    assert_eq!(transport(&police, packet, &hotline), Transport::Delivered, "what it took before counts");
}

/// Says it as a colleague does, who need not be right.
async fn say(by: &Actor, to: &Actor, item: &ReceiptedItem) {
    let rogue = Rogue::connect(by).await;
    let mut forged = rogue.honest(9).await;
    forged.packet_type = PACKET_SHARED;
    let mut shared = Shared::by("desk 2");
    shared.say_receipted(item);
    forged.header = shared.to_section().bytes;
    rogue.post(to.org(), &forged).await;
    to.sync().await.unwrap();
}
