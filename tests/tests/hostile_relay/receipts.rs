//! Receipts, refusals and statements that prove nothing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use causeway_certs::keys::SigningKey;
use causeway_client::records;
use causeway_client::session::SessionError;
use causeway_common::codec;
use causeway_common::framed::Label;
use causeway_common::ids::EnvelopeId;
use causeway_common::priority::Priority;
use causeway_common::signed::Signed;
use causeway_common::statements::{
    NACK_ERASED_PREKEY, NACK_UNREADABLE, Nack, RELAY_ACCEPTED, RELAY_EXPIRED, RelayReceipt,
};
use causeway_common::time::{Clock as _, Timestamp};
use causeway_common::wire::{Accepted, Outcomes};
use causeway_tests::hostile::liar::{Lies, Reply};
use causeway_tests::hostile::scene::{Actor, Scene, relay_key};

fn changed(receipt: &Signed, key: &SigningKey, change: impl Fn(&mut RelayReceipt)) -> Signed {
    let mut read: RelayReceipt = codec::decode(&receipt.body, 4096).unwrap();
    change(&mut read);
    key.sign(Label::RelayAck, codec::encode(&read))
}

type Forge = fn(&Signed) -> Signed;

#[tokio::test(start_paused = true)]
async fn no_other_receipt_than_the_relays_for_exactly_this_envelope_counts() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let forgeries: [(&str, Forge); 5] = [
        ("another key", |r| changed(r, &SigningKey::from_seed(&[77; 32]), |_| {})),
        ("another envelope", |r| changed(r, &relay_key(), |r| r.envelope.0[0] ^= 1)),
        ("another digest", |r| changed(r, &relay_key(), |r| r.digest.0[0] ^= 1)),
        ("another outcome", |r| changed(r, &relay_key(), |r| r.outcome = RELAY_EXPIRED)),
        ("another purpose", |r| relay_key().sign(Label::Receipt, r.body.clone())),
    ];
    for (number, (name, forge)) in (1..).zip(forgeries) {
        let packet = hotline.write(&police, number, Priority::P1).await;
        let lie = Lies::in_answers(move |a: &mut Accepted| a.receipt = forge(&a.receipt));
        let error = hotline.sync_under(lie).await.unwrap_err();
        assert!(matches!(error, SessionError::Misbehaved), "{name}: {error}");
        let sent = hotline.sent(packet, &police);
        assert_eq!((sent.transport.as_str(), sent.relay_receipt.len()), ("submitted", 0), "{name}");
        let offered = sent.envelope;
        hotline.sync().await.unwrap();
        let sent = hotline.sent(packet, &police);
        assert_eq!((sent.transport.as_str(), sent.envelope), ("relayed", offered), "{name}: the same bytes");
    }
    police.sync().await.unwrap();
    assert_eq!(police.inbox_names(), [1, 2, 3, 4, 5]);
}

/// A relay that signs for a packet and drops it.
fn dropping(
    envelope: impl Fn(EnvelopeId, causeway_common::ids::Digest) -> RelayReceipt + Send + Sync + 'static,
) -> Lies {
    Lies::instead(move |question| {
        let submit = question.read::<causeway_common::wire::Submit>()?.envelope;
        let receipt = envelope(submit.id(), submit.digest());
        Some(Reply::with(&Accepted { receipt: relay_key().sign(Label::RelayAck, codec::encode(&receipt)) }))
    })
}

#[tokio::test(start_paused = true)]
async fn a_packet_that_is_signed_for_and_dropped_is_never_delivered_and_its_sender_is_told_in_time() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let packet = hotline.write(&police, 1, Priority::P0).await;
    let now = scene.clock.now();
    let drops = dropping(move |envelope, digest| RelayReceipt {
        outcome: RELAY_ACCEPTED,
        envelope,
        digest,
        time: now,
        devices: vec![],
    });
    hotline.sync_under(drops).await.unwrap();
    assert_eq!(hotline.state(packet, &police).0, "relayed");
    // It goes on saying that all is well.
    let well = || {
        Lies::in_answers(|o: &mut Outcomes| {
            *o = Outcomes { expired: vec![], refused: vec![], unknown: vec![], settled: vec![] }
        })
    };
    hotline.sync_under(well()).await.unwrap();
    police.sync().await.unwrap();
    assert_eq!(hotline.state(packet, &police).0, "relayed");
    let life = Priority::P0.time_to_live().as_secs() / 3600;
    scene.clock.advance_hours(life + 4);
    hotline.sync_under(well()).await.unwrap();
    assert_eq!(hotline.state(packet, &police), ("expired_undelivered", "no-word".to_owned()));
    // The referral is over with it: its deadlines end, and somebody else has to be asked.
    let thread = || records::all_threads(&hotline.engine.vault).unwrap().pop().unwrap();
    assert_eq!(thread().work, "expired");
    hotline.sync_under(well()).await.unwrap();
    let expiries = thread().events.iter().filter(|event| event.what == "expire").count();
    assert_eq!((thread().work.as_str(), expiries), ("expired", 1), "once");
}

#[tokio::test(start_paused = true)]
async fn what_was_given_up_and_arrives_all_the_same_goes_on() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let packet = hotline.write(&police, 1, Priority::P0).await;
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    // The receipt stays at the relay, and nobody says a word.
    let well = || {
        Lies::in_answers(|o: &mut Outcomes| {
            *o = Outcomes { expired: vec![], refused: vec![], unknown: vec![], settled: vec![] }
        })
        .and_in_packets(|_| Vec::new())
    };
    scene.clock.advance_hours(Priority::P0.time_to_live().as_secs() / 3600 + 4);
    hotline.sync_under(well()).await.unwrap();
    let thread = || records::all_threads(&hotline.engine.vault).unwrap().pop().unwrap();
    assert_eq!(
        (hotline.state(packet, &police).0, thread().work.as_str()),
        ("expired_undelivered", "expired")
    );
    hotline.sync().await.unwrap();
    assert_eq!((hotline.state(packet, &police).0, thread().work.as_str()), ("delivered", "received"));
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_owns_up_to_a_loss_gets_the_same_bytes_again() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let packet = hotline.write(&police, 1, Priority::P1).await;
    let now = scene.clock.now();
    let drops = dropping(move |envelope, digest| RelayReceipt {
        outcome: RELAY_ACCEPTED,
        envelope,
        digest,
        time: now,
        devices: vec![],
    });
    hotline.sync_under(drops).await.unwrap();
    let offered = hotline.sent(packet, &police).envelope;
    hotline.sync().await.unwrap();
    assert_eq!(hotline.sent(packet, &police).envelope, offered);
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    assert_eq!(police.inbox_names(), [1]);
    police.sync().await.unwrap();
    hotline.sync().await.unwrap();
    assert_eq!(hotline.state(packet, &police).0, "delivered");
}

/// What a lying relay answers to a question about outcomes: whatever it can make.
fn outcomes(expired: Vec<Signed>, refused: Vec<Signed>) -> Lies {
    Lies::in_answers(move |o: &mut Outcomes| {
        *o =
            Outcomes { expired: expired.clone(), refused: refused.clone(), unknown: vec![], settled: vec![] };
    })
}

fn expiry(key: &SigningKey, envelope: EnvelopeId, time: Timestamp) -> Signed {
    let digest = causeway_common::ids::Digest([0; 32]);
    let receipt = RelayReceipt { outcome: RELAY_EXPIRED, envelope, digest, time, devices: vec![] };
    key.sign(Label::RelayAck, codec::encode(&receipt))
}

fn nack(signer: &SigningKey, named: &Actor, envelope: EnvelopeId, reason: u8) -> Signed {
    let device = named.engine.identity.device();
    let nack = Nack { envelope, device, reason, counter: 0, time: Timestamp(1) };
    signer.sign(Label::Nack, codec::encode(&nack))
}

#[tokio::test(start_paused = true)]
async fn statements_that_prove_nothing_change_nothing() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let embassy = scene.resident("Embassy").await;
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    let sent = hotline.sent(packet, &police);
    let (id, other) = (sent.envelope_id, EnvelopeId([5; 32]));
    let (relay, foreign) = (relay_key(), embassy.engine.identity.device_key());
    let (device, expires) =
        (police.engine.identity.device_key(), sent.expires.plus(Duration::from_secs(7200)));
    let lies = [
        ("expiry by another key", vec![expiry(&foreign, id, expires)], vec![]),
        ("expiry of another envelope", vec![expiry(&relay, other, expires)], vec![]),
        ("expiry of other bytes", vec![expiry(&relay, id, expires)], vec![]),
        ("a receipt of acceptance as an expiry", sent.relay_receipt.clone(), vec![]),
        ("refusal signed by the relay", vec![], vec![nack(&relay, &police, id, NACK_UNREADABLE)]),
        ("refusal by another organisation", vec![], vec![nack(&foreign, &embassy, id, NACK_UNREADABLE)]),
        ("refusal in the device's name", vec![], vec![nack(&foreign, &police, id, NACK_UNREADABLE)]),
        ("refusal of another envelope", vec![], vec![nack(&device, &police, other, NACK_UNREADABLE)]),
        (
            "bytes",
            vec![Signed { body: vec![1], signature: vec![2] }],
            vec![Signed { body: vec![], signature: vec![] }],
        ),
    ];
    for (name, expired, refused) in lies {
        hotline.sync_under(outcomes(expired, refused)).await.unwrap();
        assert_eq!(hotline.state(packet, &police), ("relayed", String::new()), "{name}");
    }
    police.sync().await.unwrap();
    hotline.sync().await.unwrap();
    assert_eq!(hotline.state(packet, &police).0, "delivered");
}

#[tokio::test(start_paused = true)]
async fn an_expiry_before_its_time_contradicts_itself() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    let early =
        changed(&hotline.sent(packet, &police).relay_receipt[0], &relay_key(), |r| r.outcome = RELAY_EXPIRED);
    hotline.sync_under(outcomes(vec![early], vec![])).await.unwrap();
    assert_eq!(hotline.state(packet, &police), ("relayed", String::new()));
}

/// The relay is honest here, and nobody fetches the receipts while they live. Neither side ends in a falsehood.
#[tokio::test(start_paused = true)]
async fn receipts_whose_time_was_over_are_sealed_again_and_what_was_acknowledged_is_not_lost() {
    const TO_LIVE: u64 = 72;
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    for _ in 0..TO_LIVE + 8 {
        scene.clock.advance_hours(1);
        // The relay looks at its clock every 30 seconds.
        tokio::time::sleep(Duration::from_secs(31)).await;
    }
    hotline.sync().await.unwrap();
    assert_eq!(hotline.state(packet, &police), ("relayed", String::new()), "its receipt may be on its way");
    police.sync().await.unwrap();
    hotline.sync().await.unwrap();
    assert_eq!(hotline.state(packet, &police), ("delivered", String::new()));
}

#[tokio::test(start_paused = true)]
async fn receipts_that_came_and_are_sealed_again_are_no_contradiction() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    let bundle = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&bundle);
    let watching = Lies::instead(move |question| {
        let envelope = question.read::<causeway_common::wire::Submit>()?.envelope;
        *seen.lock().unwrap() = Some((envelope.id(), envelope.digest()));
        None
    });
    police.sync_under(watching).await.unwrap();
    hotline.sync().await.unwrap();
    assert_eq!(hotline.state(packet, &police).0, "delivered");
    let (envelope, digest) = bundle.lock().unwrap().unwrap();
    scene.clock.advance_hours(Priority::P1.time_to_live().as_secs() / 3600 + 4);
    let receipt =
        RelayReceipt { outcome: RELAY_EXPIRED, envelope, digest, time: scene.clock.now(), devices: vec![] };
    let expired = relay_key().sign(Label::RelayAck, codec::encode(&receipt));
    police.sync_under(outcomes(vec![expired], vec![])).await.unwrap();
    police.sync().await.unwrap();
    assert_eq!(hotline.sync().await.unwrap().received, 1, "the bundle comes again");
    let device = police.engine.identity.device();
    let chain = records::chain_from(&hotline.engine.vault, device).unwrap();
    assert_eq!((chain.last(), chain.contradictions()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn one_refusal_repeated_counts_once_and_an_old_one_not_at_all() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    let sent = hotline.sent(packet, &police);
    let true_nack = nack(&police.engine.identity.device_key(), &police, sent.envelope_id, NACK_ERASED_PREKEY);
    // Four of them in one answer, and again for the envelope that takes the first one's place.
    for _ in 0..3 {
        let _ = hotline.sync_under(outcomes(vec![], vec![true_nack.clone(); 4])).await;
    }
    let again = hotline.sent(packet, &police);
    assert_eq!((again.reseals, again.failure.as_str()), (1, ""));
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    assert_eq!(police.inbox_names(), [1]);
}
