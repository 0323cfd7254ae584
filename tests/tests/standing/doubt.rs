//! What comes from somebody who is suspended, or from a device that is gone, is judged by when it came.

use causeway_certs::audit::Pins;
use causeway_client::activity;
use causeway_client::audit;
use causeway_client::casebook::Case;
use causeway_client::doubts::{self, Doubt, Standing};
use causeway_client::engine::judgement::Cause;
use causeway_client::formats::Exported;
use causeway_client::formats::bundle::{self, Packet, Parts};
use causeway_client::lang::Lang;
use causeway_client::model::Transport;
use causeway_client::records;
use causeway_common::framed::Label;
use causeway_common::ids::PacketId;
use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use causeway_tests::hostile::liar::Lies;
use causeway_tests::hostile::scene::{Actor, Scene};

use super::support::{
    COMPROMISED, LOST, RETIRED, Spare, add_device, lose_device, reinstate, replace_device, suspend, thread,
    two,
};

const HOUR_MS: u64 = 3_600_000;

fn doubt(of: &Actor, packet: PacketId) -> Option<Doubt> {
    doubts::of(&of.engine.vault, packet).unwrap()
}

fn standing(of: &Actor, packet: PacketId) -> Option<(Standing, Cause)> {
    doubt(of, packet).map(|doubt| (doubt.standing, doubt.cause))
}

/// The hotline sends packet 1; an hour later it revokes the device that sent it.
async fn sent_and_revoked(reason: u8) -> (Scene, Actor, Actor, PacketId) {
    let (scene, hotline, police) = two().await;
    let packet = hotline.write(&police, 1, Priority::P1).await;
    assert_eq!(hotline.sync().await.unwrap().sent, 1);
    scene.clock.advance_hours(1);
    replace_device(&hotline, &Spare::new(1), reason, Timestamp(0)).await;
    (scene, hotline, police, packet)
}

#[tokio::test(start_paused = true)]
async fn a_packet_of_a_retired_device_counts_if_the_relay_took_it_before() {
    let (_scene, _hotline, police, packet) = sent_and_revoked(RETIRED).await;
    assert_eq!(police.sync().await.unwrap().received, 1);
    assert_eq!(standing(&police, packet), None);
    assert_eq!(thread(&police, 1).unwrap().work, "received");

    let (_scene, _hotline, police, packet) = sent_and_revoked(RETIRED).await;
    let later = Lies::in_packets(|mut push| {
        push.accepted.0 += 2 * HOUR_MS;
        vec![push]
    });
    assert_eq!(police.sync_under(later).await.unwrap().received, 1);
    assert_eq!(standing(&police, packet), Some((Standing::Quarantined, Cause::DeviceRetired)));
    assert!(thread(&police, 1).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_court_can_verify_what_a_device_has_signed_that_is_retired_since() {
    let (_scene, _hotline, police, packet) = sent_and_revoked(RETIRED).await;
    assert_eq!(police.sync().await.unwrap().received, 1);
    let engine = &police.engine;
    let case = Case::of(&engine.vault, thread(&police, 1).unwrap()).unwrap();
    let from = Exported {
        case: &case,
        own: police.org(),
        own_name: "Police".into(),
        peer_name: "Hotline".into(),
        now: engine.now(),
        domain: "police.example.org".into(),
        lang: Lang::En,
        public: false,
    };
    let keys = (engine.relay_key().await, engine.identity.registrar_key);
    let log = audit::of_home(&engine.vault, &*engine.replica.lock().await, keys).unwrap().unwrap();
    let received = records::received(&engine.vault, packet).unwrap().unwrap();
    let parts = Parts {
        from: &from,
        packets: vec![Packet::Received(Box::new(received))],
        directory: audit::write_directory(&log),
        attached: Vec::new(),
        device: engine.identity.device(),
    };
    let key = engine.identity.device_key();
    let bytes = bundle::write(&parts, |body| key.sign(Label::Bundle, body)).unwrap();
    let verdict = bundle::verify(&bytes, &Pins::default());
    assert!(verdict.findings.is_empty(), "{:?}", verdict.findings);
    assert_eq!(verdict.proven, 1);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("case.zip");
    std::fs::write(&file, bytes).unwrap();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let venv = root.join("target/tools/venv/bin/python");
    let python = if venv.exists() { venv } else { "python3".into() };
    let ran = std::process::Command::new(python)
        .arg(root.join("tests/peers/verify_bundle.py"))
        .arg(&file)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
}

#[tokio::test(start_paused = true)]
async fn a_packet_of_a_lost_device_is_kept_apart_until_a_person_lets_it_count() {
    for (reason, cause) in [(LOST, Cause::DeviceLost), (COMPROMISED, Cause::DeviceCompromised)] {
        let (_scene, _hotline, police, packet) = sent_and_revoked(reason).await;
        assert_eq!(police.sync().await.unwrap().received, 1);
        assert_eq!(standing(&police, packet), Some((Standing::Quarantined, cause)));
        assert_eq!(doubts::undecided(&police.engine.vault).unwrap(), 1);
        let kept = records::received(&police.engine.vault, packet).unwrap().unwrap();
        assert_eq!(kept.sections.len(), 2, "it can be read");
        assert!(thread(&police, 1).is_none(), "and has changed nothing");

        let entries = activity::verify(&police.engine.vault).unwrap();
        assert!(police.engine.release(packet, 2).await.unwrap().is_some());
        assert_eq!(thread(&police, 1).unwrap().work, "received");
        let decided = doubt(&police, packet).unwrap();
        assert_eq!((decided.standing, decided.vetted), (Standing::Released, 2));
        assert_ne!(decided.decided, Timestamp(0));
        assert_eq!(activity::verify(&police.engine.vault).unwrap(), entries + 1);
        police.engine.release(packet, 2).await.unwrap();
        assert_eq!(activity::verify(&police.engine.vault).unwrap(), entries + 1, "decided once");
        assert_eq!(doubts::undecided(&police.engine.vault).unwrap(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_never_seen_the_former_roster_asks_for_it() {
    let scene = Scene::start().await;
    let police = scene.resident("Police").await;
    let hotline = scene.resident("Hotline").await;
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    scene.clock.advance_hours(1);
    replace_device(&hotline, &Spare::new(1), RETIRED, Timestamp(0)).await;
    let report = police.sync().await.unwrap();
    assert_eq!((report.received, report.held), (1, 0), "its first look at the hotline is after the change");
    assert_eq!((standing(&police, packet), police.inbox_names()), (None, vec![1]));
}

#[tokio::test(start_paused = true)]
async fn what_a_suspended_sender_had_sent_is_kept_apart_and_stays_so_when_it_is_back() {
    let (scene, hotline, police) = two().await;
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    suspend(&scene, &hotline, 4, None).await.unwrap();
    police.sync().await.unwrap();
    assert_eq!(standing(&police, packet), Some((Standing::Quarantined, Cause::SenderSuspended)));
    reinstate(&scene, &hotline, 1).await.unwrap();
    police.sync().await.unwrap();
    assert_eq!(standing(&police, packet), Some((Standing::Quarantined, Cause::SenderSuspended)));
    assert!(thread(&police, 1).is_none());
    police.engine.release(packet, 1).await.unwrap();
    assert!(thread(&police, 1).is_some());
    hotline.sync().await.unwrap();
    assert_eq!(hotline.state(packet, &police).0, "delivered", "that it arrived was never a secret");
}

#[tokio::test(start_paused = true)]
async fn receipts_of_a_suspended_organisation_prove_nothing_until_they_are_released() {
    let (scene, hotline, police) = two().await;
    let packet = police.write(&hotline, 1, Priority::P1).await;
    police.sync().await.unwrap();
    hotline.sync().await.unwrap();
    suspend(&scene, &hotline, 3, None).await.unwrap();
    police.sync().await.unwrap();
    assert_eq!(police.sent(packet, &hotline).transport, Transport::Relayed);
    let kept = police.inbox();
    let [receipts] = kept.as_slice() else { panic!("{}", kept.len()) };
    assert_eq!(receipts.kind, "RCP");
    assert_eq!(standing(&police, receipts.packet), Some((Standing::Quarantined, Cause::SenderSuspended)));
    police.engine.release(receipts.packet, 2).await.unwrap();
    assert_eq!(police.sent(packet, &hotline).transport, Transport::Delivered);
}

#[tokio::test(start_paused = true)]
async fn what_was_here_before_becomes_questionable_from_when_the_device_was_in_other_hands() {
    let (scene, hotline, mut police) = two().await;
    let mut packets = Vec::new();
    for number in 1..=3 {
        packets.push(hotline.write(&police, number, Priority::P1).await);
        hotline.sync().await.unwrap();
        police.sync().await.unwrap();
        scene.clock.advance_hours(1);
    }
    let second = records::received(&police.engine.vault, packets[1]).unwrap().unwrap().received;
    replace_device(&hotline, &Spare::new(1), COMPROMISED, second).await;
    police.sync().await.unwrap();
    let questionable = Some((Standing::Questionable, Cause::DeviceCompromised));
    let stand = |of: &Actor| packets.iter().map(|packet| standing(of, *packet)).collect::<Vec<_>>();
    assert_eq!(stand(&police), [None, questionable, questionable]);
    assert!(thread(&police, 3).is_some(), "what has been done is not undone");
    police.engine.release(packets[1], 2).await.unwrap();
    police.restart().await;
    police.sync().await.unwrap();
    let released = Some((Standing::Released, Cause::DeviceCompromised));
    assert_eq!(stand(&police), [None, released, questionable], "a person's decision stands");
}

#[tokio::test(start_paused = true)]
async fn a_sender_whose_keys_are_known_to_others_is_doubted_from_then_on() {
    let (scene, hotline, police) = two().await;
    let first = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    scene.clock.advance_hours(2);
    let second = hotline.write(&police, 2, Priority::P1).await;
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    let since = Timestamp(scene.clock_now().0 - HOUR_MS);
    suspend(&scene, &hotline, 3, Some(since)).await.unwrap();
    police.sync().await.unwrap();
    assert_eq!(standing(&police, first), None);
    assert_eq!(standing(&police, second), Some((Standing::Questionable, Cause::SenderCompromised)));
}

#[tokio::test(start_paused = true)]
async fn the_same_packet_from_a_device_that_is_there_ends_the_quarantine() {
    let (_scene, hotline, police, packet) = sent_and_revoked(LOST).await;
    police.sync().await.unwrap();
    assert_eq!(standing(&police, packet), Some((Standing::Quarantined, Cause::DeviceLost)));
    let spare = Spare::new(1);
    let rogue = spare.connect(&hotline).await;
    let mut again = rogue.honest(1).await;
    again.signer = Some(spare.signer());
    rogue.post(police.org(), &again).await;
    police.sync().await.unwrap();
    assert_eq!((standing(&police, packet), police.inbox_names()), (None, vec![1]));
    assert_eq!(thread(&police, 1).unwrap().work, "received");
    assert_eq!(police.inbox()[0].from_device, spare.id());
}

#[tokio::test(start_paused = true)]
async fn who_had_a_revoked_device_of_ours_could_read_what_was_sealed_before_its_sender_knew() {
    let (_scene, hotline, police) = two().await;
    let spare = Spare::new(1);
    add_device(&police, &spare).await;
    spare.publish(&police).await;
    police.sync().await.unwrap();
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    lose_device(&police, &spare).await;
    police.sync().await.unwrap();
    let readable = |of: &Actor, packet| doubts::readable_by(&of.engine.vault, packet).unwrap();
    assert_eq!(readable(&police, packet), [spare.id()]);
    assert_eq!(standing(&police, packet), None, "it is what its sender says all the same");
    let later = hotline.write(&police, 2, Priority::P1).await;
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    assert_eq!((readable(&police, later), police.inbox_names()), (vec![], vec![1, 2]));
}

#[tokio::test(start_paused = true)]
async fn what_a_retired_device_had_signed_for_is_delivered() {
    let (scene, hotline, police) = two().await;
    let packet = police.write(&hotline, 1, Priority::P1).await;
    police.sync().await.unwrap();
    hotline.sync().await.unwrap();
    scene.clock.advance_hours(1);
    replace_device(&hotline, &Spare::new(1), RETIRED, Timestamp(0)).await;
    police.sync().await.unwrap();
    assert_eq!((police.sent(packet, &hotline).transport, police.inbox().len()), (Transport::Delivered, 0));
}
