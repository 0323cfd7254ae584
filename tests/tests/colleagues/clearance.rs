//! A device reads the sections that its roster clears it for, and no other.

use causeway_client::model::{Received, StoredSection};
use causeway_client::prekeys;
use causeway_client::seal::open::{OpenedPacket, unseal};
use causeway_common::clearance::{EVERY_SECTION, bit};
use causeway_common::ids::PacketId;
use causeway_common::priority::Priority;
use causeway_common::wire::Push;
use causeway_tests::hostile::rogue::Rogue;
use causeway_tests::hostile::scene::{Actor, Scene, draft};

const DIAGNOSIS: &[u8] = br#"{"note":"diabetes"}"#;

fn without_medical() -> u32 {
    EVERY_SECTION & !bit(*b"MED").unwrap()
}

/// A hotline, and the police with two workstations, of which the second is not cleared for medical sections.
async fn scene() -> (Scene, Actor, Actor, Actor) {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    let patrol = scene.colleague(&police, 2, without_medical()).await;
    hotline.sync().await.unwrap();
    (scene, hotline, police, patrol)
}

async fn write_medical(from: &Actor, to: &Actor, number: u8) -> PacketId {
    let mut draft = draft(to.org(), number, Priority::P1);
    draft.sections.push(StoredSection { code: *b"MED", bytes: DIAGNOSIS.to_vec() });
    let packet = draft.packet;
    from.queue(draft).await;
    from.sync().await.unwrap();
    packet
}

fn codes(received: &Received) -> Vec<[u8; 3]> {
    received.sections.iter().map(|section| section.code).collect()
}

fn received(of: &Actor) -> Received {
    let [received] = of.inbox().try_into().unwrap_or_else(|all: Vec<_>| panic!("{}", all.len()));
    received
}

/// What was pushed to this device, opened with the keys in its own store and nothing of the product's judgement.
async fn opened_by_hand(of: &Actor, sender: &Actor, push: &Push) -> OpenedPacket {
    let vault = &of.engine.vault;
    let prekey = prekeys::own(vault, push.wrap.prekey).unwrap().unwrap();
    let seed = vault.eks_get(&prekeys::seed_id(prekey.number)).await.unwrap();
    let (org, device) = (of.org(), of.engine.identity.device());
    let unsealed = unseal(&push.outer, &push.body, &push.wrap, org, device, &prekey.public, &seed).unwrap();
    unsealed.verify(&sender.engine.identity.device_key().public()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_device_is_given_the_keys_of_exactly_the_sections_it_is_cleared_for() {
    let (_scene, hotline, police, patrol) = scene().await;
    write_medical(&hotline, &police, 1).await;

    let pushed = Rogue::connect(&patrol).await.overhear(1).await.remove(0);
    let by_hand = opened_by_hand(&patrol, &hotline, &pushed).await;
    assert_eq!(by_hand.withheld, [*b"MED"], "the key is not in its wrap");
    assert!(by_hand.sections.iter().all(|section| *section.bytes != DIAGNOSIS));

    police.sync().await.unwrap();
    patrol.sync().await.unwrap();
    assert_eq!(
        (codes(&received(&police)), received(&police).withheld.len()),
        (vec![*b"HDR", *b"RSK", *b"MED"], 0)
    );
    assert_eq!(
        (codes(&received(&patrol)), received(&patrol).withheld),
        (vec![*b"HDR", *b"RSK"], vec![*b"MED"])
    );
    assert!(received(&patrol).sections.iter().all(|section| section.bytes != DIAGNOSIS));
}

#[tokio::test(start_paused = true)]
async fn receipts_are_for_every_device_whatever_it_is_cleared_for() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    let clerk = scene.colleague(&police, 2, 0).await;
    let packet = clerk.write(&hotline, 1, Priority::P1).await;
    clerk.sync().await.unwrap();
    hotline.sync().await.unwrap();
    clerk.sync().await.unwrap();
    assert_eq!(clerk.state(packet, &hotline).0, "delivered");
}

#[tokio::test(start_paused = true)]
async fn a_sender_who_seals_too_much_does_not_widen_what_a_device_is_for() {
    let (_scene, hotline, police, patrol) = scene().await;
    let rogue = Rogue::connect(&hotline).await;
    let mut generous = rogue.honest(1).await;
    generous.section = (*b"MED", DIAGNOSIS.to_vec());
    rogue.post(police.org(), &generous).await;
    police.sync().await.unwrap();
    patrol.sync().await.unwrap();
    assert_eq!(codes(&received(&police)), [*b"HDR", *b"MED"]);
    assert_eq!((codes(&received(&patrol)), received(&patrol).withheld), (vec![*b"HDR"], vec![*b"MED"]));
}

#[tokio::test(start_paused = true)]
async fn a_clearance_that_is_taken_away_counts_from_the_senders_next_look() {
    let (_scene, hotline, police, patrol) = scene().await;
    police.list(&patrol.engine.identity, without_medical() & !bit(*b"RSK").unwrap()).await;
    hotline.sync().await.unwrap();
    write_medical(&hotline, &police, 1).await;
    patrol.sync().await.unwrap();
    assert_eq!(
        (codes(&received(&patrol)), received(&patrol).withheld),
        (vec![*b"HDR"], vec![*b"RSK", *b"MED"])
    );
}
