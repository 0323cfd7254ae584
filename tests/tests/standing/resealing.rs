//! The recipient's roster changes under a packet that nobody has signed for: its sender seals it again by itself.

use std::sync::Arc;

use causeway_client::backup;
use causeway_client::vault::MemoryEks;
use causeway_common::backup::Folder;
use causeway_common::error::ErrorCode;
use causeway_common::limits::RESEALS_MAX;
use causeway_common::priority::Priority;
use causeway_common::store::MemoryKv;
use causeway_common::time::Timestamp;
use causeway_common::wire::{DeviceState, Refusal, Submit, Subscribe};
use causeway_tests::hostile::liar::{Lies, Reply};
use causeway_tests::hostile::scene::rng;

use super::support::{LOST, Spare, replace_device, two};

#[tokio::test(start_paused = true)]
async fn a_packet_for_a_device_that_is_gone_is_sealed_again_to_the_one_that_is_there() {
    let (_scene, mut hotline, police) = two().await;
    let spare = Spare::new(1);
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    let first = hotline.sent(packet, &police);
    assert_eq!(first.transport.as_str(), "relayed");
    replace_device(&police, &spare, LOST, Timestamp(0)).await;
    spare.publish(&police).await;

    assert_eq!(hotline.sync().await.unwrap().sent, 1);
    hotline.restart().await;
    assert_eq!(hotline.sync().await.unwrap().sent, 0, "once is enough");
    let again = hotline.sent(packet, &police);
    assert_eq!((again.transport.as_str(), again.reseals), ("relayed", 1));
    assert_ne!(again.envelope_id, first.envelope_id);
    assert_eq!(again.sequence, first.sequence, "it keeps its place in the chain");

    let rogue = spare.connect(&police).await;
    let state: DeviceState = rogue.ask(&Subscribe {}).await.unwrap();
    assert_eq!(state.waiting, 1);
    let pushed = rogue.overhear(1).await.remove(0);
    assert_eq!(pushed.wrap.device, spare.id());
    let opened = spare.open(&pushed, &police, &hotline);
    assert_eq!((opened.packet, opened.case_ref), (packet, [1; 32]));
}

#[tokio::test(start_paused = true)]
async fn a_packet_that_waits_for_keys_of_the_new_device_is_not_lost() {
    let (_scene, hotline, police) = two().await;
    let spare = Spare::new(1);
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    replace_device(&police, &spare, LOST, Timestamp(0)).await;
    assert_eq!(hotline.sync().await.unwrap().sent, 0);
    assert_eq!(hotline.state(packet, &police), ("queued", String::new()));
    spare.publish(&police).await;
    assert_eq!(hotline.sync().await.unwrap().sent, 1);
    assert_eq!(hotline.state(packet, &police), ("relayed", String::new()));
}

#[tokio::test(start_paused = true)]
async fn an_envelope_that_the_relay_refuses_for_a_device_that_is_gone_is_sealed_again() {
    let (_scene, hotline, police) = two().await;
    let spare = Spare::new(1);
    let packet = hotline.write(&police, 1, Priority::P1).await;
    let deaf = Lies::instead(|q| q.read::<Submit>().map(|_| Reply::Cut));
    hotline.sync_under(deaf).await.unwrap_err();
    assert_eq!(hotline.state(packet, &police).0, "submitted");
    replace_device(&police, &spare, LOST, Timestamp(0)).await;
    spare.publish(&police).await;
    assert_eq!(hotline.sync().await.unwrap().sent, 1);
    let sent = hotline.sent(packet, &police);
    assert_eq!((sent.transport.as_str(), sent.reseals), ("relayed", 1));
    let pushed = spare.connect(&police).await.overhear(1).await.remove(0);
    assert_eq!(spare.open(&pushed, &police, &hotline).packet, packet);
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_always_says_so_does_not_make_us_seal_for_ever() {
    let (_scene, hotline, police) = two().await;
    let packet = hotline.write(&police, 1, Priority::P1).await;
    let refusal = Refusal { code: ErrorCode::UnknownRecipient, retry_after_ms: 0 };
    let lie = Lies::instead(move |q| q.read::<Submit>().map(|_| Reply::with(&refusal)));
    hotline.sync_under(lie).await.unwrap();
    assert_eq!(hotline.sent(packet, &police).reseals, RESEALS_MAX);
    assert_eq!(hotline.state(packet, &police), ("rejected_by_relay", "unknown_recipient".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_packet_whose_receipt_came_to_a_lost_disk_is_signed_for_again() {
    let (scene, mut hotline, police) = two().await;
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (out, staging) = (folder.path().join("backups"), folder.path().join("staging"));
    let now = hotline.engine.now();
    backup::create(&hotline.engine.vault, &staging, &out, 1, now, &mut rng(7)).await.unwrap();
    police.sync().await.unwrap();
    hotline.sync().await.unwrap();
    assert_eq!(hotline.state(packet, &police).0, "delivered");

    scene.clock.advance_hours(1);
    let (kv, eks) = (MemoryKv::new(), MemoryEks::default());
    let backups = Folder::open(&out).unwrap();
    let (master, key) = backup::open(&backups, "a passphrase for tests").unwrap();
    let store = Arc::new(kv.clone());
    let now = hotline.engine.now();
    backup::restore(&backups, (&master, &key), None, store, eks.clone(), &staging, now, &mut rng(8))
        .await
        .unwrap();
    (hotline.kv, hotline.eks) = (kv, eks);
    hotline.restart().await;
    assert_eq!(hotline.state(packet, &police).0, "relayed");
    for _ in 0..2 {
        hotline.sync().await.unwrap();
        police.sync().await.unwrap();
    }
    hotline.sync().await.unwrap();
    assert_eq!(hotline.state(packet, &police), ("delivered", String::new()));
    assert_eq!((police.inbox_names(), hotline.engine.unsettled(None, 9).len()), (vec![1], 0));
}
