//! A member with a valid device that says what is not true.

use causeway_client::model::{PACKET_RECEIPTS, PACKET_REFERRAL, Transport};
use causeway_client::records;
use causeway_common::codec;
use causeway_common::envelope::Envelope;
use causeway_common::framed::Label;
use causeway_common::ids::PacketId;
use causeway_common::priority::Priority;
use causeway_common::signed::Signed;
use causeway_common::statements::{DeviceReceipt, RECEIPT_OPENED};
use causeway_common::wire::{Accepted, Submit};
use causeway_tests::hostile::rogue::{Forgery, Rogue};
use causeway_tests::hostile::scene::{Actor, Scene};

/// A hotline, the police, and an embassy that attacks them.
async fn three() -> (Scene, Actor, Actor, Actor) {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    let embassy = scene.resident("Embassy").await;
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    (scene, hotline, police, embassy)
}

type Lie = Box<dyn Fn(&mut Forgery)>;

#[tokio::test(start_paused = true)]
async fn who_claims_to_be_another_or_to_know_another_directory_is_refused_at_once() {
    let (_scene, hotline, police, embassy) = three().await;
    let hotlines = hotline.org();
    let lies: [(&str, Lie); 4] = [
        ("another organisation's name", Box::new(move |f| f.from = hotlines)),
        ("a directory that does not exist yet", Box::new(|f| f.log_size += 1_000)),
        ("another root of the directory", Box::new(|f| f.log_root.0[0] ^= 1)),
        ("a head that the relay did not sign", Box::new(|f| f.checkpoint[0] ^= 1)),
    ];
    let rogue = Rogue::connect(&embassy).await;
    for (number, (name, lie)) in (1..).zip(lies) {
        let mut forgery = rogue.honest(number).await;
        lie(&mut forgery);
        rogue.post(police.org(), &forgery).await;
        let report = police.sync().await.unwrap();
        assert_eq!((report.received, report.held, police.inbox().len()), (0, 0, 0), "{name}");
    }
    assert!(records::evidence(&police.engine.vault).unwrap().is_empty(), "a member cannot accuse the relay");
    let honest = rogue.honest(9).await;
    rogue.post(police.org(), &honest).await;
    police.sync().await.unwrap();
    assert_eq!(police.inbox_names(), [9], "the same without the lie is taken");
}

#[tokio::test(start_paused = true)]
async fn a_packet_that_was_delivered_cannot_be_sent_again() {
    let (_scene, hotline, police, embassy) = three().await;
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    let sent = hotline.sent(packet, &police);
    let envelope: Envelope = hotline.engine.envelope(&sent).unwrap();
    police.sync().await.unwrap();
    let rogue = Rogue::connect(&embassy).await;
    let _: Accepted = rogue.ask(&Submit { envelope: envelope.clone() }).await.unwrap();
    let mut renamed = envelope;
    renamed.outer.nonce[0] ^= 1;
    let _: Accepted = rogue.ask(&Submit { envelope: renamed }).await.unwrap();
    assert_eq!(police.sync().await.unwrap().received, 0);
    hotline.sync().await.unwrap();
    assert_eq!((police.inbox_names(), hotline.state(packet, &police).0), (vec![1], "delivered"));
}

#[tokio::test(start_paused = true)]
async fn nobody_changes_the_state_of_a_referral_between_two_others() {
    let (_scene, hotline, police, embassy) = three().await;
    hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    hotline.sync().await.unwrap();
    let thread = |of: &Actor| records::thread(&of.engine.vault, &[1; 32]).unwrap().unwrap();
    let before = (thread(&hotline), thread(&police));
    let rogue = Rogue::connect(&embassy).await;
    for (number, victim) in [(40, &hotline), (50, &police)] {
        for (offset, event) in [(0, "accept"), (1, "withdraw"), (2, "close")] {
            let mut update = rogue.honest(number + offset).await;
            update.case = [1; 32];
            update.in_reply_to = Some(PacketId([1; 32]));
            update.header = format!(
                r#"{{"kind":"CUP","schema":"relay/CUP/1.0","event":"{event}","state_before":"received","state_after":"accepted"}}"#
            )
            .into_bytes();
            rogue.post(victim.org(), &update).await;
        }
        let mut takeover = rogue.honest(number + 5).await;
        takeover.case = [1; 32];
        rogue.post(victim.org(), &takeover).await;
        victim.sync().await.unwrap();
    }
    assert!((thread(&hotline), thread(&police)) == before);
}

fn receipt(signer: &Actor, named: &Actor, packet: PacketId, of: &Actor, to: &Actor) -> Signed {
    let receipt = DeviceReceipt {
        packet,
        grant: of.sent(packet, to).grant,
        org: named.org(),
        device: named.engine.identity.device(),
        status: RECEIPT_OPENED,
        at: causeway_common::time::Timestamp(1),
    };
    signer.engine.identity.device_key().sign(Label::Receipt, codec::encode(&receipt))
}

#[tokio::test(start_paused = true)]
async fn only_a_recipient_signs_for_a_packet() {
    let (_scene, hotline, police, embassy) = three().await;
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    let receipts = vec![
        receipt(&embassy, &embassy, packet, &hotline, &police),
        receipt(&embassy, &police, packet, &hotline, &police),
        // Even a true one has to come from the organisation that signed it.
        receipt(&police, &police, packet, &hotline, &police),
    ];
    let rogue = Rogue::connect(&embassy).await;
    let mut forgery = rogue.honest(7).await;
    forgery.packet_type = PACKET_RECEIPTS;
    forgery.section = (*b"RCP", codec::encode(&receipts));
    rogue.post(hotline.org(), &forgery).await;
    assert_eq!(hotline.sync().await.unwrap().received, 1, "a packet of receipts is taken");
    assert_eq!(hotline.sent(packet, &police).transport, Transport::Relayed, "these prove nothing");
    police.sync().await.unwrap();
    hotline.sync().await.unwrap();
    assert_eq!(hotline.sent(packet, &police).transport, Transport::Delivered);
}

#[tokio::test(start_paused = true)]
async fn who_is_first_with_anothers_packet_name_suppresses_nothing_in_silence() {
    let (_scene, hotline, police, embassy) = three().await;
    let rogue = Rogue::connect(&embassy).await;
    let mut first = rogue.honest(1).await;
    (first.packet_type, first.case) = (PACKET_REFERRAL, [77; 32]);
    rogue.post(police.org(), &first).await;
    police.sync().await.unwrap();
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    hotline.sync().await.unwrap();
    assert_eq!(hotline.state(packet, &police), ("undecryptable", "refused-3".to_owned()));
    assert_eq!(police.inbox()[0].from, embassy.org());
    let notes = causeway_client::unopened::all(&police.engine.vault).unwrap();
    assert_eq!(notes.iter().map(|n| n.sender()).collect::<Vec<_>>(), [Some(hotline.org())], "whom to ask");
}
