//! Whole organisations against a relay over real QUIC on the loopback interface.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use causeway_client::engine::Draft;
use causeway_client::model::{PACKET_REFERRAL, StoredSection, Transport};
use causeway_client::records;
use causeway_client::referral::lifecycle::Action;
use causeway_client::session::Stay;
use causeway_client::vault::Changes;
use causeway_common::ids::PacketId;
use causeway_common::limits::PUSH_STREAMS_MAX;
use causeway_common::priority::Priority;
use causeway_tests::party::World;
use causeway_tests::steps::words;

fn referral(to: causeway_common::ids::OrgId, packet: u8, priority: Priority) -> Draft {
    let header = StoredSection { code: *b"HDR", bytes: br#"{"kind":"BIA"}"#.to_vec() };
    let risk = StoredSection { code: *b"RSK", bytes: br#"{"approach_note":"speak to her alone"}"#.to_vec() };
    Draft {
        packet: PacketId([packet; 32]),
        case: [packet; 32],
        packet_type: PACKET_REFERRAL,
        kind: "BIA".into(),
        to,
        priority,
        in_reply_to: None,
        sections: vec![header, risk],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_referral_is_delivered_opened_accepted_and_proven() {
    let world = World::start().await;
    let hotline = world.join("Hotline", "hotline", "RU").await;
    let police = world.join("Police", "police", "DE").await;
    police.sync(Stay::UntilCalm).await.unwrap();

    let draft = referral(police.org(), 1, Priority::P0);
    let mut changes = Changes::default();
    hotline.engine.thread_begun(&draft, hotline.engine.now(), &mut changes);
    hotline.engine.queue(vec![draft.clone()], changes).await.unwrap();
    assert_eq!(hotline.sync(Stay::UntilCalm).await.unwrap().sent, 1);
    assert_eq!(police.sync(Stay::UntilCalm).await.unwrap().received, 1);

    let received = records::received(&police.engine.vault, draft.packet).unwrap().unwrap();
    assert_eq!(received.from, hotline.org());
    assert_eq!(received.sections[1].bytes, draft.sections[1].bytes);

    police.engine.opened(draft.packet).await.unwrap();
    police.engine.take_step(draft.case, Action::Accept, words(Action::Accept, "")).await.unwrap();
    police.sync(Stay::UntilCalm).await.unwrap();
    hotline.sync(Stay::UntilCalm).await.unwrap();
    let sent = records::sent(&hotline.engine.vault, draft.packet, police.org()).unwrap().unwrap();
    assert_eq!(sent.transport, Transport::Opened);
    assert_eq!(sent.receipts.len(), 2);
    assert_eq!(records::thread(&hotline.engine.vault, &draft.case).unwrap().unwrap().work, "accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_queued_offline_arrives_once_with_urgent_first() {
    let world = World::start().await;
    let hotline = world.join("Hotline", "hotline", "RU").await;
    let police = world.join("Police", "police", "DE").await;
    police.sync(Stay::UntilCalm).await.unwrap();
    for packet in 1..30 {
        let priority = if packet == 29 { Priority::P0 } else { Priority::P3 };
        hotline
            .engine
            .queue(vec![referral(police.org(), packet, priority)], Changes::default())
            .await
            .unwrap();
    }
    hotline.sync(Stay::UntilCalm).await.unwrap();
    world.restart_relay().await;
    hotline.sync(Stay::UntilCalm).await.unwrap();
    police.sync(Stay::UntilCalm).await.unwrap();
    police.sync(Stay::UntilCalm).await.unwrap();
    let mut all = records::all_received(&police.engine.vault).unwrap();
    assert_eq!(all.len(), 29);
    all.sort_by_key(|r| r.received);
    let alarm = all.iter().position(|r| r.priority == Priority::P0).unwrap();
    assert!(alarm < PUSH_STREAMS_MAX as usize, "{alarm} others were under way at the same time");
}
