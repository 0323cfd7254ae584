//! What the relay answers, asked without sockets.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

#[path = "support/link.rs"]
mod link;
#[path = "support/rig.rs"]
mod rig;

use std::time::Duration;

use causeway_certs::directory::Connections;
use causeway_certs::keys::{PublicKey, SigningKey};
use causeway_certs::transport::{RecvHalf, RequestError, SendHalf, write_bytes, write_frame};
use causeway_common::codec;
use causeway_common::envelope::PrekeyKind;
use causeway_common::error::ErrorCode;
use causeway_common::framed::{self, Label};
use causeway_common::ids::{BlobId, DeviceId, EnvelopeId};
use causeway_common::limits;
use causeway_common::priority::Priority;
use causeway_common::statements::{Nack, Prekey, RELAY_ACCEPTED, RELAY_EXPIRED, RelayReceipt};
use causeway_common::store::{Kv, SledKv, SledOptions};
use causeway_common::wire::{
    Accepted, Acknowledge, AskOutcomes, BlobGet, BlobProgress, BlobPut, DeviceState, DirectoryPart,
    DirectorySince, Done, FetchRosters, Outcomes, Pending, PendingList, Prekeys, PublishPrekeys, Refuse,
    Rosters, STANDING_MEMBER, STANDING_PENDING, STANDING_REGISTRAR, STANDING_STRANGER, Submit, Subscribe,
    TakePrekeys, Welcome,
};
use causeway_relay::blobs::Blobs;
use causeway_relay::config::Limits;
use causeway_relay::service::{self, Session};
use rig::{Device, Org, Rig, code, envelope, hello, prekey, small, status};

fn stranger() -> PublicKey {
    SigningKey::from_seed(&[99; 32]).public()
}

async fn standing(rig: &Rig, peer: PublicKey) -> u8 {
    rig.ask::<_, Welcome>(peer, &hello()).await.unwrap().standing
}

async fn submit(rig: &Rig, from: &Org, envelope: &causeway_common::envelope::Envelope) -> Accepted {
    rig.ask(from.devices[0].peer(), &Submit { envelope: envelope.clone() }).await.unwrap()
}

async fn outcomes(rig: &Rig, by: &Org, id: EnvelopeId) -> Outcomes {
    rig.ask(by.devices[0].peer(), &AskOutcomes { envelopes: vec![id] }).await.unwrap()
}

async fn waiting(rig: &Rig, device: &Device) -> u64 {
    rig.ask::<_, DeviceState>(device.peer(), &Subscribe {}).await.unwrap().waiting
}

#[tokio::test]
async fn the_first_request_is_hello_and_strangers_may_do_nothing_else() {
    let rig = Rig::claimed().await;
    let session = Session::new(rig.registrar_tls.public());
    let early = rig::ask_on::<_, PendingList>(&rig.relay, &session, &Pending {}, &[]).await;
    assert_eq!(code(early), ErrorCode::NotAuthorised);
    rig::ask_on::<_, Welcome>(&rig.relay, &session, &hello(), &[]).await.unwrap();
    rig::ask_on::<_, PendingList>(&rig.relay, &session, &Pending {}, &[]).await.unwrap();
    let asked = rig.ask::<_, DirectoryPart>(stranger(), &DirectorySince { size: 0 }).await;
    assert_eq!(code(asked), ErrorCode::NotAuthorised);
    let asked = rig.ask::<_, Outcomes>(stranger(), &AskOutcomes { envelopes: vec![] }).await;
    assert_eq!(code(asked), ErrorCode::NotAuthorised);
}

#[tokio::test]
async fn a_claim_code_works_once_and_for_its_holder() {
    let mut rig = Rig::fresh();
    let claim = rig.claim().await;
    let mut guessed = claim.clone();
    guessed.invite_id[0] ^= 1;
    let registrar = rig.registrar_tls.public();
    assert_eq!(code(rig.ask::<_, Done>(registrar, &guessed).await), ErrorCode::InviteRefused);
    assert_eq!(code(rig.ask::<_, Done>(stranger(), &claim).await), ErrorCode::Unverified);
    rig.ask::<_, Done>(registrar, &claim).await.unwrap();
    rig.ask::<_, Done>(registrar, &claim).await.unwrap();
    assert_eq!(code(rig.ask::<_, Done>(stranger(), &claim).await), ErrorCode::InviteRefused);
    assert_eq!(standing(&rig, registrar).await, STANDING_REGISTRAR);
    rig.restart();
    assert!(rig.relay.has_registrar());
    rig.registrar = SigningKey::from_seed(&[50; 32]);
    rig.registrar_tls = SigningKey::from_seed(&[51; 32]);
    let second = causeway_common::wire::Claim { invite_id: claim.invite_id, genesis: rig.genesis() };
    assert_eq!(code(rig.ask::<_, Done>(rig.registrar_tls.public(), &second).await), ErrorCode::InviteRefused);
}

#[tokio::test]
async fn an_organisation_waits_is_admitted_and_survives_a_restart() {
    let mut rig = Rig::claimed().await;
    let org = rig.applicant(1, vec![Device::new(10)]);
    let peer = org.devices[0].peer();
    assert_eq!(standing(&rig, peer).await, STANDING_STRANGER);
    assert_eq!(code(rig.ask::<_, Done>(stranger(), &org.enrol).await), ErrorCode::Unverified);
    rig.ask::<_, Done>(peer, &org.enrol).await.unwrap();
    rig.ask::<_, Done>(peer, &org.enrol).await.unwrap();
    rig.restart();
    assert_eq!(standing(&rig, peer).await, STANDING_PENDING);
    let registrar = rig.registrar_tls.public();
    let list: PendingList = rig.ask(registrar, &Pending {}).await.unwrap();
    assert_eq!(list.waiting, std::slice::from_ref(&org.enrol));
    assert_eq!(code(rig.ask::<_, Done>(peer, &rig.admission(&org)).await), ErrorCode::NotAuthorised);
    rig.ask::<_, Done>(registrar, &rig.admission(&org)).await.unwrap();
    rig.ask::<_, Done>(registrar, &rig.admission(&org)).await.unwrap();
    rig.restart();
    assert_eq!(standing(&rig, peer).await, STANDING_MEMBER);
    assert!(rig.ask::<_, PendingList>(registrar, &Pending {}).await.unwrap().waiting.is_empty());
    let part: DirectoryPart = rig.ask(peer, &DirectorySince { size: 0 }).await.unwrap();
    let mut directory = rig::replay(&part.leaves);
    let head = causeway_certs::checkpoint::verify(&part.checkpoint, rig.relay_key.public()).unwrap();
    assert_eq!((head.size, head.root), (directory.size(), directory.root()));
    let digests = directory.missing_rosters();
    let rosters: Rosters = rig.ask(peer, &FetchRosters { digests }).await.unwrap();
    directory.supply_roster(&rosters.rosters[0]).unwrap();
    let found = Connections::of(&directory).device(peer);
    assert_eq!(found, Some((org.id, org.devices[0].id())));
}

#[tokio::test]
async fn an_invite_is_for_one_organisation() {
    let rig = Rig::claimed().await;
    let first = rig.applicant(1, vec![Device::new(10)]);
    let mut second = rig.applicant(2, vec![Device::new(20)]);
    rig.ask::<_, Done>(first.devices[0].peer(), &first.enrol).await.unwrap();
    second.enrol.invite = first.enrol.invite.clone();
    let peer = second.devices[0].peer();
    assert_eq!(code(rig.ask::<_, Done>(peer, &second.enrol).await), ErrorCode::Unverified);
    let late = rig.applicant(3, vec![Device::new(30)]);
    rig.clock.advance(8 * 24);
    assert_eq!(code(rig.ask::<_, Done>(late.devices[0].peer(), &late.enrol).await), ErrorCode::InviteRefused);
}

#[tokio::test]
async fn nobody_may_list_the_device_or_the_key_of_another_organisation() {
    let rig = Rig::claimed().await;
    rig.org(1, &[10]).await;
    let own_key = Device { tls: SigningKey::from_seed(&[77; 32]), ..Device::new(10) };
    let thief = rig.applicant(2, vec![own_key]);
    let taken = rig.ask::<_, Done>(thief.devices[0].peer(), &thief.enrol).await;
    assert_eq!(code(taken), ErrorCode::Conflict, "another's device beside a key of one's own");
    let their_key = Device { signing: SigningKey::from_seed(&[78; 32]), ..Device::new(10) };
    let thief = rig.applicant(3, vec![Device::new(30), their_key]);
    let taken = rig.ask::<_, Done>(thief.devices[0].peer(), &thief.enrol).await;
    assert_eq!(code(taken), ErrorCode::Conflict, "another's connection key");
    let registrars = Device { tls: SigningKey::from_seed(&rig.registrar_tls.seed()), ..Device::new(40) };
    let thief = rig.applicant(4, vec![Device::new(41), registrars]);
    assert_eq!(code(rig.ask::<_, Done>(thief.devices[0].peer(), &thief.enrol).await), ErrorCode::Conflict);
    // Both applied before either was admitted: the second admission is refused.
    let (one, two) = (rig.applicant(5, vec![Device::new(50)]), rig.applicant(6, vec![Device::new(50)]));
    for org in [&one, &two] {
        rig.ask::<_, Done>(org.devices[0].peer(), &org.enrol).await.unwrap();
    }
    let registrar = rig.registrar_tls.public();
    rig.ask::<_, Done>(registrar, &rig.admission(&one)).await.unwrap();
    assert_eq!(code(rig.ask::<_, Done>(registrar, &rig.admission(&two)).await), ErrorCode::Conflict);
}

#[tokio::test]
async fn the_same_envelope_gets_the_same_receipt_and_other_bytes_a_conflict() {
    let mut rig = Rig::claimed().await;
    let (from, to) = (rig.org(1, &[10]).await, rig.org(2, &[20, 21]).await);
    for (seed, body) in [(1, limits::BODY_BYTES_MIN), (2, 600 * 1024)] {
        let sent = envelope(&to, Priority::P2, seed, body);
        let accepted = submit(&rig, &from, &sent).await;
        let key = rig.relay_key.public();
        key.verify(Label::RelayAck, &accepted.receipt).unwrap();
        let receipt: RelayReceipt = codec::decode(&accepted.receipt.body, 4096).unwrap();
        assert_eq!(
            (receipt.outcome, receipt.envelope, receipt.digest),
            (RELAY_ACCEPTED, sent.id(), sent.digest())
        );
        rig.clock.advance(1);
        rig.restart();
        assert_eq!(submit(&rig, &from, &sent).await, accepted);
        let mut other = sent.clone();
        other.wraps[0].ct[0] ^= 1;
        let answer = rig.ask::<_, Accepted>(from.devices[0].peer(), &Submit { envelope: other }).await;
        assert_eq!(code(answer), ErrorCode::Conflict);
    }
    assert_eq!(waiting(&rig, &to.devices[0]).await, 2);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_its_reason() {
    let rig = Rig::claimed().await;
    let (from, to) = (rig.org(1, &[10]).await, rig.org(2, &[20]).await);
    let peer = from.devices[0].peer();
    let ask = async |change: &dyn Fn(&mut causeway_common::envelope::Envelope)| {
        let mut envelope = small(&to, Priority::P0, 1);
        change(&mut envelope);
        code(rig.ask::<_, Accepted>(peer, &Submit { envelope }).await)
    };
    assert_eq!(ask(&|e| e.body.truncate(100)).await, ErrorCode::Malformed);
    assert_eq!(ask(&|e| e.outer.recipient.0[0] ^= 1).await, ErrorCode::UnknownRecipient);
    assert_eq!(ask(&|e| e.wraps[0].device = from.devices[0].id()).await, ErrorCode::UnknownRecipient);
    assert_eq!(ask(&|e| e.outer.expiry_hours -= 7).await, ErrorCode::Expired);
    assert_eq!(ask(&|e| e.outer.expiry_hours += 3).await, ErrorCode::ExpiryTooFar);
    assert_eq!(waiting(&rig, &to.devices[0]).await, 0);
}

#[tokio::test]
async fn the_body_goes_with_the_last_acknowledgement_and_the_record_stays() {
    let rig = Rig::claimed().await;
    let (from, to) = (rig.org(1, &[10]).await, rig.org(2, &[20, 21]).await);
    let sent = envelope(&to, Priority::P2, 1, 300 * 1024);
    let accepted = submit(&rig, &from, &sent).await;
    let acknowledge = Acknowledge { envelopes: vec![sent.id()] };
    for device in &to.devices {
        assert_eq!(waiting(&rig, device).await, 1);
        assert!(rig.files.names().iter().any(|name| name.ends_with(".body")));
        rig.ask::<_, Done>(device.peer(), &acknowledge).await.unwrap();
        rig.ask::<_, Done>(device.peer(), &acknowledge).await.unwrap();
        assert_eq!(waiting(&rig, device).await, 0);
    }
    assert!(rig.files.names().is_empty());
    assert_eq!(submit(&rig, &from, &sent).await, accepted);
    assert_eq!(waiting(&rig, &to.devices[0]).await, 0, "an old envelope is not delivered again");
    assert!(outcomes(&rig, &from, sent.id()).await.unknown.is_empty());
    assert_eq!(outcomes(&rig, &from, EnvelopeId([7; 32])).await.unknown, [EnvelopeId([7; 32])]);
}

#[tokio::test]
async fn a_full_disk_acknowledges_nothing() {
    let rig = Rig::claimed().await;
    let (from, to) = (rig.org(1, &[10]).await, rig.org(2, &[20]).await);
    let sent = small(&to, Priority::P1, 1);
    rig.kv.set_full(true);
    let answer = rig.ask::<_, Accepted>(from.devices[0].peer(), &Submit { envelope: sent.clone() }).await;
    assert_eq!(code(answer), ErrorCode::StoreUnavailable);
    rig.kv.set_full(false);
    submit(&rig, &from, &sent).await;
    assert_eq!(waiting(&rig, &to.devices[0]).await, 1);
    rig.kv.set_full(true);
    let acknowledge = Acknowledge { envelopes: vec![sent.id()] };
    let answer = rig.ask::<_, Done>(to.devices[0].peer(), &acknowledge).await;
    assert_eq!(code(answer), ErrorCode::StoreUnavailable);
}

#[tokio::test]
async fn expiry_is_a_signed_statement_for_the_sender() {
    let rig = Rig::claimed().await;
    let (from, to) = (rig.org(1, &[10]).await, rig.org(2, &[20, 21]).await);
    let sent = envelope(&to, Priority::P0, 1, 300 * 1024);
    submit(&rig, &from, &sent).await;
    let fetched = to.devices.iter().find(|d| d.id() == sent.wraps[0].device).unwrap();
    rig.ask::<_, Done>(fetched.peer(), &Acknowledge { envelopes: vec![sent.id()] }).await.unwrap();
    rig.relay.sweep().await.unwrap();
    assert!(outcomes(&rig, &from, sent.id()).await.expired.is_empty());
    rig.let_pass(8).await;
    let outcome = outcomes(&rig, &from, sent.id()).await;
    rig.relay_key.public().verify(Label::RelayAck, &outcome.expired[0]).unwrap();
    let receipt: RelayReceipt = codec::decode(&outcome.expired[0].body, 4096).unwrap();
    assert_eq!((receipt.outcome, receipt.digest), (RELAY_EXPIRED, sent.digest()));
    assert_eq!(receipt.devices, [sent.wraps[1].device], "those that never fetched it");
    assert!(rig.files.names().is_empty());
    for device in &to.devices {
        assert_eq!(waiting(&rig, device).await, 0);
    }
    rig.let_pass(31 * 24).await;
    assert_eq!(outcomes(&rig, &from, sent.id()).await.unknown, [sent.id()], "forgotten in the end");
}

/// A dead battery, a wrong time server: the mail of those who are offline outlasts it.
#[tokio::test]
async fn a_clock_that_leaps_throws_nothing_away() {
    let rig = Rig::claimed().await;
    let (from, to) = (rig.org(1, &[10]).await, rig.org(2, &[20]).await);
    let sent = envelope(&to, Priority::P2, 1, 300 * 1024);
    submit(&rig, &from, &sent).await;
    let hours_left = u64::from(sent.outer.expiry_hours) - rig::START.0 / 3_600_000;
    rig.relay.sweep().await.unwrap();
    rig.clock.advance(365 * 24);
    for _ in 0..24 * 120 {
        rig.relay.sweep().await.unwrap();
    }
    assert!(outcomes(&rig, &from, sent.id()).await.expired.is_empty(), "a day in the wrong year");
    assert_eq!(waiting(&rig, &to.devices[0]).await, 1);
    rig.let_pass(hours_left / 2 - 2).await;
    assert!(outcomes(&rig, &from, sent.id()).await.expired.is_empty(), "half of what it had left");
    assert!(rig.relay.expiry_behind().unwrap() > Duration::from_secs(300 * 24 * 3_600));
    rig.let_pass(hours_left / 2 + 2).await;
    assert_eq!(outcomes(&rig, &from, sent.id()).await.expired.len(), 1, "nobody is left in silence for ever");
}

#[tokio::test]
async fn a_refusal_reaches_the_sender_and_only_a_recipient_can_make_one() {
    let rig = Rig::claimed().await;
    let (from, to) = (rig.org(1, &[10]).await, rig.org(2, &[20]).await);
    let sent = small(&to, Priority::P1, 1);
    submit(&rig, &from, &sent).await;
    let nack = |device: &Device, signer: &Device| {
        let nack = Nack { envelope: sent.id(), device: device.id(), reason: 1, counter: 1, time: rig::START };
        Refuse { nack: signer.signing.sign(Label::Nack, codec::encode(&nack)) }
    };
    let (sender, recipient) = (&from.devices[0], &to.devices[0]);
    let forged = rig.ask::<_, Done>(recipient.peer(), &nack(recipient, sender)).await;
    assert_eq!(code(forged), ErrorCode::Unverified);
    rig.ask::<_, Done>(sender.peer(), &nack(sender, sender)).await.unwrap();
    assert!(outcomes(&rig, &from, sent.id()).await.refused.is_empty(), "no copy of its own to refuse");
    rig.ask::<_, Done>(recipient.peer(), &nack(recipient, recipient)).await.unwrap();
    assert_eq!(outcomes(&rig, &from, sent.id()).await.refused, [nack(recipient, recipient).nack]);
    assert_eq!(waiting(&rig, recipient).await, 0);
}

#[tokio::test]
async fn what_only_devices_have_refused_that_are_gone_is_forgotten() {
    let rig = Rig::claimed().await;
    let (from, to) = (rig.org(1, &[10]).await, rig.org(2, &[20, 21]).await);
    let sent = small(&to, Priority::P1, 1);
    submit(&rig, &from, &sent).await;
    let (stays, leaves) = (&to.devices[0], &to.devices[1]);
    let nack = Nack { envelope: sent.id(), device: leaves.id(), reason: 2, counter: 1, time: rig::START };
    let nack = Refuse { nack: leaves.signing.sign(Label::Nack, codec::encode(&nack)) };
    rig.ask::<_, Done>(leaves.peer(), &nack).await.unwrap();
    rig.ask::<_, Done>(stays.peer(), &rig.without(&to, &[leaves.id()])).await.unwrap();
    let said = outcomes(&rig, &from, sent.id()).await;
    assert_eq!((said.unknown.len(), said.refused.len()), (0, 1), "its colleague has not taken it yet");
    let taken = Acknowledge { envelopes: vec![sent.id()] };
    rig.ask::<_, Done>(stays.peer(), &taken).await.unwrap();
    let said = outcomes(&rig, &from, sent.id()).await;
    assert_eq!((said.unknown, said.refused, said.settled), (vec![sent.id()], vec![], vec![]));
    let offered = rig.ask::<_, Accepted>(from.devices[0].peer(), &Submit { envelope: sent }).await;
    assert_eq!(code(offered), ErrorCode::UnknownRecipient, "it is to be sealed for those who are there");
}

async fn publish(rig: &Rig, org: &Org, numbers: std::ops::Range<u64>, epoch_min: u32) -> DeviceState {
    let device = &org.devices[0];
    let mut prekeys: Vec<_> =
        numbers.map(|n| prekey(org, device, n, PrekeyKind::OneTime, epoch_min)).collect();
    prekeys.push(prekey(org, device, u64::MAX, PrekeyKind::LastResort, epoch_min));
    rig.ask(device.peer(), &PublishPrekeys { status: status(device, epoch_min), prekeys }).await.unwrap()
}

async fn take(rig: &Rig, by: &Device, of: &Org) -> Option<Prekey> {
    let taken: Prekeys = rig.ask(by.peer(), &TakePrekeys { org: of.id }).await.unwrap();
    assert_eq!(taken.prekeys.len(), taken.statuses.len());
    let prekey = taken.prekeys.first()?;
    of.devices[0].signing.public().verify(Label::Prekey, prekey).unwrap();
    Some(codec::decode(&prekey.body, 4096).unwrap())
}

#[tokio::test]
async fn every_one_time_key_is_given_once_and_the_last_ones_are_kept_for_others() {
    let rig = Rig::claimed().await;
    let target = rig.org(1, &[10]).await;
    let greedy = rig.org(2, &[20]).await;
    let modest = rig.org(3, &[30]).await;
    assert!(take(&rig, &modest.devices[0], &target).await.is_none(), "no keys yet");
    assert_eq!(publish(&rig, &target, 0..30, 0).await.one_time.len(), 30);
    let mut seen = std::collections::HashSet::new();
    for _ in 0..10 {
        let taken = take(&rig, &greedy.devices[0], &target).await.unwrap();
        assert_eq!(taken.kind, PrekeyKind::OneTime);
        assert!(seen.insert(taken.number));
    }
    let taken = take(&rig, &greedy.devices[0], &target).await.unwrap();
    assert_eq!(taken.kind, PrekeyKind::LastResort, "twenty are kept back");
    let other = rig.org(4, &[40]).await;
    let taken = take(&rig, &other.devices[0], &target).await.unwrap();
    assert_eq!(taken.kind, PrekeyKind::OneTime, "for those who took none today");
    assert!(seen.insert(taken.number));
    let state = rig.ask::<_, DeviceState>(target.devices[0].peer(), &Subscribe {}).await.unwrap();
    assert_eq!(state.one_time.len(), 19);
}

#[tokio::test]
async fn withdrawn_and_expired_keys_are_not_given() {
    let rig = Rig::claimed().await;
    let (target, taker) = (rig.org(1, &[10]).await, rig.org(2, &[20]).await);
    publish(&rig, &target, 0..30, 0).await;
    assert_eq!(publish(&rig, &target, 100..125, 1).await.one_time, (100..125).collect::<Vec<_>>());
    assert!(take(&rig, &taker.devices[0], &target).await.unwrap().number >= 100);
    rig.clock.advance(31 * 24);
    assert!(take(&rig, &taker.devices[0], &target).await.is_none());
    assert!(publish(&rig, &target, 200..225, 1).await.one_time.is_empty(), "they are as old as the others");
}

#[tokio::test]
async fn only_the_device_itself_publishes_its_keys() {
    let rig = Rig::claimed().await;
    let (org, other) = (rig.org(1, &[10]).await, rig.org(2, &[20]).await);
    let device = &org.devices[0];
    let foreign = prekey(&other, &other.devices[0], 1, PrekeyKind::OneTime, 0);
    let request = PublishPrekeys { status: status(device, 0), prekeys: vec![foreign] };
    assert_eq!(code(rig.ask::<_, DeviceState>(device.peer(), &request).await), ErrorCode::Unverified);
    let request = PublishPrekeys { status: status(&other.devices[0], 0), prekeys: vec![] };
    assert_eq!(code(rig.ask::<_, DeviceState>(device.peer(), &request).await), ErrorCode::Unverified);
}

fn blob(bytes: &[u8], token: &[u8; 32]) -> BlobPut {
    BlobPut {
        blob: BlobId(framed::sha256(bytes).0),
        size: bytes.len() as u64,
        token_hash: framed::sha256(token),
        expiry_hours: rig::START.hours_rounded_up() + 24,
        offset: 0,
    }
}

#[tokio::test]
async fn an_attachment_is_resumed_checked_and_opened_by_its_token() {
    let mut rig = Rig::claimed().await;
    let (from, to) = (rig.org(1, &[10]).await, rig.org(2, &[20]).await);
    let bytes: Vec<u8> = (0..3_000_000u32).map(|n| n.to_le_bytes()[1]).collect();
    let (up, down) = (from.devices[0].peer(), to.devices[0].peer());
    let put = blob(&bytes, &[5; 32]);
    let (progress, _) = rig.ask_with::<_, BlobProgress>(up, &put, &bytes[..1_500_000]).await.unwrap();
    assert_eq!(progress.held, 1_500_000);
    rig.restart();
    let get = BlobGet { blob: put.blob, token: [5; 32], offset: 0 };
    let early = rig.ask::<_, BlobProgress>(down, &get).await;
    assert_eq!(code(early), ErrorCode::NotFound, "not whole yet");
    let asks = BlobPut { offset: u64::MAX, ..put.clone() };
    assert_eq!(rig.ask::<_, BlobProgress>(up, &asks).await.unwrap().held, 1_500_000);
    let wrong = BlobPut { offset: 7, ..put.clone() };
    assert_eq!(code(rig.ask::<_, BlobProgress>(up, &wrong).await), ErrorCode::Conflict);
    let rest = BlobPut { offset: 1_500_000, ..put.clone() };
    let (progress, _) = rig.ask_with::<_, BlobProgress>(up, &rest, &bytes[1_500_000..]).await.unwrap();
    assert_eq!(progress, BlobProgress { held: 3_000_000, size: 3_000_000 });
    let get = BlobGet { offset: 1_000, ..get };
    let (progress, got) = rig.ask_with::<_, BlobProgress>(down, &get, &[]).await.unwrap();
    assert_eq!(progress.size, 3_000_000);
    assert!(got == bytes[1_000..]);
    let guessed = BlobGet { token: [6; 32], ..get.clone() };
    assert_eq!(code(rig.ask::<_, BlobProgress>(down, &guessed).await), ErrorCode::NotFound);
    rig.let_pass(25).await;
    assert_eq!(code(rig.ask::<_, BlobProgress>(down, &get).await), ErrorCode::NotFound);
    assert!(rig.files.names().is_empty());
}

#[tokio::test]
async fn an_attachment_whose_last_step_a_stop_has_prevented_is_whole_once_its_sender_asks() {
    let mut rig = Rig::claimed().await;
    let (from, to) = (rig.org(1, &[10]).await, rig.org(2, &[20]).await);
    let (up, down) = (from.devices[0].peer(), to.devices[0].peer());
    let put = blob(b"photo", &[5; 32]);
    rig.ask_with::<_, BlobProgress>(up, &put, b"photo").await.unwrap();
    rig.files.unfinish(put.blob);
    rig.restart();
    let get = BlobGet { blob: put.blob, token: [5; 32], offset: 0 };
    assert_eq!(code(rig.ask::<_, BlobProgress>(down, &get).await), ErrorCode::NotFound);
    let asks = BlobPut { offset: u64::MAX, ..put };
    assert_eq!(rig.ask::<_, BlobProgress>(up, &asks).await.unwrap().held, 5);
    let (_, got) = rig.ask_with::<_, BlobProgress>(down, &get, &[]).await.unwrap();
    assert_eq!(got, b"photo");
}

#[tokio::test]
async fn an_attachment_that_is_not_what_its_name_says_is_thrown_away() {
    let rig = Rig::claimed().await;
    let from = rig.org(1, &[10]).await;
    let peer = from.devices[0].peer();
    let put = blob(b"the right bytes", &[5; 32]);
    let answer = rig.ask_with::<_, BlobProgress>(peer, &put, b"the wrong bytes").await;
    assert_eq!(code(answer), ErrorCode::Unverified);
    let (progress, _) = rig.ask_with::<_, BlobProgress>(peer, &put, b"the right bytes").await.unwrap();
    assert_eq!(progress.held, 15);
    let huge = BlobPut { blob: BlobId([1; 32]), size: limits::BLOB_BYTES_MAX + 1, ..put.clone() };
    assert_eq!(code(rig.ask::<_, BlobProgress>(peer, &huge).await), ErrorCode::TooLarge);
    let claimed = BlobPut { token_hash: framed::sha256(&[6; 32]), ..put };
    assert_eq!(code(rig.ask::<_, BlobProgress>(peer, &claimed).await), ErrorCode::Conflict);
}

#[tokio::test]
async fn nothing_stored_says_who_sent() {
    let rig = Rig::claimed().await;
    let (from, to) = (rig.org(1, &[10]).await, rig.org(2, &[20]).await);
    let before = rig.stored();
    submit(&rig, &from, &small(&to, Priority::P1, 1)).await;
    rig.ask_with::<_, BlobProgress>(from.devices[0].peer(), &blob(b"photo", &[5; 32]), b"photo")
        .await
        .unwrap();
    let new: Vec<_> = rig.stored().into_iter().filter(|record| !before.contains(record)).collect();
    assert!(new.len() >= 6, "something was stored");
    let device: DeviceId = from.devices[0].id();
    let names: [&[u8; 32]; 4] = [
        from.id.as_bytes(),
        device.as_bytes(),
        from.devices[0].tls.public().as_bytes(),
        from.devices[0].signing.public().as_bytes(),
    ]
    .map(|name| Box::leak(Box::new(*name)) as &[u8; 32]);
    for (key, value) in new {
        for name in names {
            let in_it = |bytes: &[u8]| bytes.windows(32).any(|window| window == name);
            assert!(!in_it(&key) && !in_it(&value));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_upload_ends_the_one_whose_connection_is_dead() {
    let rig = Rig::claimed().await;
    let from = rig.org(1, &[10]).await;
    let peer = from.devices[0].peer();
    let put = blob(b"twelve bytes", &[5; 32]);
    // The first stream sends a part and then nothing, but does not end.
    let (relay, first) = (std::sync::Arc::clone(&rig.relay), put.clone());
    let (near, far) = tokio::io::duplex(1 << 16);
    let (recv, send) = tokio::io::split(far);
    let (mut send, mut recv): (SendHalf, RecvHalf) = (Box::new(send), Box::new(recv));
    let session = Session::new(peer);
    session.greet();
    let stuck = tokio::spawn(async move { service::serve(&relay, &session, &mut send, &mut recv).await });
    let mut near: SendHalf = Box::new(near);
    write_frame(&mut near, &first).await.unwrap();
    write_bytes(&mut near, b"twel").await.unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    let asks = BlobPut { offset: u64::MAX, ..put.clone() };
    let held = rig.ask::<_, BlobProgress>(peer, &asks).await.unwrap().held;
    let rest = BlobPut { offset: held, ..put };
    let bytes = &b"twelve bytes"[usize::try_from(held).unwrap()..];
    let (progress, _) = rig.ask_with::<_, BlobProgress>(peer, &rest, bytes).await.unwrap();
    assert_eq!(progress, BlobProgress { held: 12, size: 12 });
    stuck.await.unwrap().unwrap();
}

#[tokio::test]
async fn attachments_have_their_space_and_give_it_back() {
    let limits = Limits { attachment_bytes: 20, ..Limits::default() };
    let rig = Rig::claimed_with(limits).await;
    let from = rig.org(1, &[10]).await;
    let peer = from.devices[0].peer();
    let (first, second) = (blob(b"twelve bytes", &[5; 32]), blob(b"nine byte", &[5; 32]));
    rig.ask_with::<_, BlobProgress>(peer, &first, b"twelve bytes").await.unwrap();
    let full = rig.ask_with::<_, BlobProgress>(peer, &second, b"nine byte").await;
    assert_eq!(code(full), ErrorCode::Quota);
    rig.ask_with::<_, BlobProgress>(peer, &first, b"").await.unwrap();
    rig.let_pass(25).await;
    let later = BlobPut { expiry_hours: second.expiry_hours + 25, ..second };
    let (progress, _) = rig.ask_with::<_, BlobProgress>(peer, &later, b"nine byte").await.unwrap();
    assert_eq!(progress.held, 9);
}

#[tokio::test]
async fn one_organisation_over_its_rate_is_told_to_wait_and_the_others_are_not() {
    let one = std::num::NonZeroU32::MIN;
    let rig =
        Rig::claimed_with(Limits { submits_burst: one, submits_per_second: one, ..Limits::default() }).await;
    let (from, to) = (rig.org(1, &[10]).await, rig.org(2, &[20]).await);
    submit(&rig, &from, &small(&to, Priority::P1, 1)).await;
    let over = Submit { envelope: small(&to, Priority::P1, 2) };
    match rig.ask::<_, Accepted>(from.devices[0].peer(), &over).await {
        Err(RequestError::Refused { code, retry_after }) => {
            assert_eq!((code, code.retryable()), (ErrorCode::Quota, true));
            assert!(!retry_after.is_zero());
        }
        other => panic!("{other:?}"),
    }
    submit(&rig, &to, &small(&from, Priority::P1, 3)).await;
}

#[tokio::test]
async fn on_a_real_disk_what_was_accepted_is_there_after_a_restart_and_scraps_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let (store, files) = (folder.path().join("store"), folder.path().join("blobs"));
    let open = || {
        let kv = SledKv::open(&store, SledOptions::default()).unwrap();
        (std::sync::Arc::new(kv) as std::sync::Arc<dyn Kv>, Blobs::in_folder(&files).unwrap())
    };
    let mut rig = Rig::on(open()).await;
    let (from, to) = (rig.org(1, &[10]).await, rig.org(2, &[20]).await);
    let long = envelope(&to, Priority::P2, 1, 700 * 1024);
    let receipt = submit(&rig, &from, &long).await;
    submit(&rig, &from, &small(&to, Priority::P2, 2)).await;
    let bytes = vec![7; 2_500_000];
    let put = blob(&bytes, &[5; 32]);
    let peer = from.devices[0].peer();
    rig.ask_with::<_, BlobProgress>(peer, &put, &bytes[..2_000_000]).await.unwrap();
    let ending = |ending: &str| {
        let names = std::fs::read_dir(&files).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(ending)).count()
    };
    assert_eq!((ending(".body"), ending(".part")), (1, 1));
    for scrap in [format!("{}.body", "ab".repeat(32)), "cd".repeat(32), "half.new".into()] {
        std::fs::write(files.join(scrap), b"scrap").unwrap();
    }
    rig.let_go();
    rig.reopen(open());
    rig.serve_for_a_moment().await;
    assert_eq!((ending(".body"), ending(".part"), ending(".new"), ending("")), (1, 1, 0, 2));
    assert_eq!(submit(&rig, &from, &long).await, receipt);
    assert_eq!(waiting(&rig, &to.devices[0]).await, 2);
    let rest = BlobPut { offset: 2_000_000, ..put.clone() };
    let (progress, _) = rig.ask_with::<_, BlobProgress>(peer, &rest, &bytes[2_000_000..]).await.unwrap();
    assert_eq!(progress.held, 2_500_000);
    let get = BlobGet { blob: put.blob, token: [5; 32], offset: 1_200_000 };
    let (_, got) = rig.ask_with::<_, BlobProgress>(to.devices[0].peer(), &get, &[]).await.unwrap();
    assert!(got == bytes[1_200_000..]);
    rig.ask::<_, Done>(to.devices[0].peer(), &Acknowledge { envelopes: vec![long.id()] }).await.unwrap();
    assert_eq!(ending(".body"), 0);
}
