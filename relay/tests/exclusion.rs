//! Who is shut out is out at once: a device that was revoked, an organisation that was suspended.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

#[path = "support/link.rs"]
mod link;
#[path = "support/rig.rs"]
mod rig;

use std::sync::Arc;
use std::time::Duration;

use causeway_certs::keys::SigningKey;
use causeway_certs::transport::{Link as _, read_answer, request, write_frame};
use causeway_common::envelope::PrekeyKind;
use causeway_common::error::ErrorCode;
use causeway_common::priority::Priority;
use causeway_common::statements::{Reinstatement, Return, RosterChange, StatementKind, Suspension};
use causeway_common::store::Kv as _;
use causeway_common::wire::{
    Accepted, Acknowledge, Append, AskOutcomes, DeviceState, DirectoryPart, DirectorySince, Done, Outcomes,
    Prekeys, PublishPrekeys, STANDING_MEMBER, STANDING_RETURNING, STANDING_STRANGER, STANDING_SUSPENDED,
    Submit, Subscribe, TakePrekeys, Welcome,
};
use causeway_relay::server;
use link::{Door, End};
use rig::{Org, Rig, code, envelope, hello, prekey, status};
use tokio::time::timeout;

/// Longer than anything takes that is not stuck; the clock is a test's own.
const SOON: Duration = Duration::from_millis(100);

async fn standing(rig: &Rig, peer: causeway_certs::keys::PublicKey) -> u8 {
    rig.ask::<_, Welcome>(peer, &hello()).await.unwrap().standing
}

fn suspend(rig: &Rig, org: &Org, signer: &SigningKey) -> Append {
    let payload = Suspension { reason: 4, compromised_since: rig::START };
    Append::new(rig.next(StatementKind::Suspension, org.id, &payload, signer), None)
}

fn reinstate(rig: &Rig, org: &Org) -> Append {
    let payload = Reinstatement { vetted: 1 };
    let statement = rig.next(StatementKind::Reinstatement, org.id, &payload, &rig.registrar);
    Append::new(statement, None)
}

#[tokio::test]
async fn a_suspended_organisation_reads_why_and_does_nothing_else() {
    let rig = Rig::claimed().await;
    let (hotline, police) = (rig.org(1, &[10]).await, rig.org(2, &[20]).await);
    let registrar = rig.registrar_tls.public();
    let (bad, good) = (police.devices[0].peer(), hotline.devices[0].peer());
    let by_itself = suspend(&rig, &police, &police.admin);
    assert_eq!(code(rig.ask::<_, Done>(good, &by_itself).await), ErrorCode::Conflict, "not the registrar");
    let waits = envelope(&police, Priority::P0, 1, 5_000);
    let _: Accepted = rig.ask(good, &Submit { envelope: waits }).await.unwrap();
    let _: Done = rig.ask(registrar, &suspend(&rig, &police, &rig.registrar)).await.unwrap();

    assert_eq!(standing(&rig, bad).await, STANDING_SUSPENDED);
    let part: DirectoryPart = rig.ask(bad, &DirectorySince { size: 0 }).await.unwrap();
    assert_eq!(part.leaves.len(), 4);
    let to_hotline = Submit { envelope: envelope(&hotline, Priority::P0, 2, 5_000) };
    assert_eq!(code(rig.ask::<_, Accepted>(bad, &to_hotline).await), ErrorCode::Suspended);
    assert_eq!(code(rig.ask::<_, DeviceState>(bad, &Subscribe {}).await), ErrorCode::Suspended);
    let wanted = TakePrekeys { org: hotline.id };
    assert_eq!(code(rig.ask::<_, Prekeys>(bad, &wanted).await), ErrorCode::Suspended);
    let foreign = rig.without(&hotline, &[]);
    assert_eq!(code(rig.ask::<_, Done>(bad, &foreign).await), ErrorCode::Suspended, "another's statement");
    let own = rig.without(&police, &[]);
    let _: Done = rig.ask(bad, &own).await.unwrap();

    let to_police = Submit { envelope: envelope(&police, Priority::P0, 3, 5_000) };
    assert_eq!(
        code(rig.ask::<_, Accepted>(good, &to_police).await),
        ErrorCode::Suspended,
        "nobody writes to it"
    );
    let wanted = TakePrekeys { org: police.id };
    assert_eq!(code(rig.ask::<_, Prekeys>(good, &wanted).await), ErrorCode::Suspended);

    let _: Done = rig.ask(registrar, &reinstate(&rig, &police)).await.unwrap();
    assert_eq!(standing(&rig, bad).await, STANDING_MEMBER);
    let state: DeviceState = rig.ask(bad, &Subscribe {}).await.unwrap();
    assert_eq!(state.waiting, 1, "what came before waits for it");
    let _: Accepted = rig.ask(good, &to_police).await.unwrap();
}

#[tokio::test]
async fn a_workstation_that_comes_back_reads_the_directory_hands_in_its_roster_and_does_nothing_else() {
    let rig = Rig::claimed().await;
    let (hotline, police) = (rig.org(1, &[10]).await, rig.org(2, &[20]).await);
    let registrar = rig.registrar_tls.public();
    let (good, lost, back) = (hotline.devices[0].peer(), &police.devices[0], rig::Device::new(21));
    assert_eq!(standing(&rig, back.peer()).await, STANDING_STRANGER);
    let roster = rig.second_roster(&police, &[lost.id()], &[&back]);
    assert_eq!(code(rig.ask::<_, Done>(back.peer(), &roster).await), ErrorCode::NotAuthorised, "not yet");
    let payload = Return { tls_key: *back.peer().as_bytes() };
    let statement = rig.next(StatementKind::Return, police.id, &payload, &rig.registrar);
    let _: Done = rig.ask(registrar, &Append::new(statement, None)).await.unwrap();

    assert_eq!(standing(&rig, back.peer()).await, STANDING_RETURNING);
    let part: DirectoryPart = rig.ask(back.peer(), &DirectorySince { size: 0 }).await.unwrap();
    assert_eq!(part.leaves.len(), 4);
    assert_eq!(code(rig.ask::<_, DeviceState>(back.peer(), &Subscribe {}).await), ErrorCode::NotAuthorised);
    let wanted = TakePrekeys { org: hotline.id };
    assert_eq!(code(rig.ask::<_, Prekeys>(back.peer(), &wanted).await), ErrorCode::NotAuthorised);
    let foreign = rig.without(&hotline, &[]);
    assert_eq!(code(rig.ask::<_, Done>(back.peer(), &foreign).await), ErrorCode::NotAuthorised, "another's");

    let roster = rig.second_roster(&police, &[lost.id()], &[&back]);
    let _: Done = rig.ask(back.peer(), &roster).await.unwrap();
    assert_eq!(standing(&rig, back.peer()).await, STANDING_MEMBER);
    assert_eq!(standing(&rig, lost.peer()).await, STANDING_STRANGER, "the lost one is out");
    assert_eq!(standing(&rig, good).await, STANDING_MEMBER);
}

#[tokio::test]
async fn nothing_waits_for_a_revoked_device_and_its_keys_are_given_to_nobody() {
    let mut rig = Rig::claimed().await;
    let (hotline, police) = (rig.org(1, &[10]).await, rig.org(2, &[20, 21]).await);
    let (lost, kept) = (&police.devices[0], &police.devices[1]);
    let good = hotline.devices[0].peer();
    for device in [lost, kept] {
        let prekeys = (0..3).map(|n| prekey(&police, device, n, PrekeyKind::OneTime, 1)).collect();
        let publish = PublishPrekeys { status: status(device, 1), prekeys };
        let _: DeviceState = rig.ask(device.peer(), &publish).await.unwrap();
    }
    for (seed, length) in [(1, 5_000), (2, 300 * 1024)] {
        let sent = envelope(&police, Priority::P1, seed, length);
        let _: Accepted = rig.ask(good, &Submit { envelope: sent }).await.unwrap();
    }
    let _: Done = rig.ask(kept.peer(), &rig.without(&police, &[lost.id()])).await.unwrap();
    assert_eq!(standing(&rig, lost.peer()).await, STANDING_STRANGER);
    let names_it = |(key, _): &(Vec<u8>, Vec<u8>)| {
        // The count of what waits is kept, and is nothing.
        key[0] != b'w' && key.windows(32).any(|part| part == lost.id().0)
    };
    assert_eq!(rig.stored().iter().filter(|record| names_it(record)).count(), 0);
    let state: DeviceState = rig.ask(kept.peer(), &Subscribe {}).await.unwrap();
    assert_eq!((state.waiting, state.one_time.len()), (2, 3), "the other one has everything");
    let taken: Prekeys = rig.ask(good, &TakePrekeys { org: police.id }).await.unwrap();
    assert_eq!(taken.prekeys.len(), 1);
    let kept_one = envelope(&police, Priority::P1, 1, 5_000).id();
    let _: Done = rig.ask(kept.peer(), &Acknowledge { envelopes: vec![kept_one] }).await.unwrap();
    let asked = AskOutcomes { envelopes: vec![kept_one] };
    let outcomes: Outcomes = rig.ask(good, &asked).await.unwrap();
    assert_eq!((outcomes.settled, outcomes.unknown), (vec![kept_one], vec![]), "the one that stays has it");
    let late = Submit { envelope: envelope(&police, Priority::P1, 3, 5_000) };
    assert_eq!(
        code(rig.ask::<_, Accepted>(good, &late).await),
        ErrorCode::UnknownRecipient,
        "sealed to both"
    );
    let stores = (Arc::new(rig.kv.clone()) as _, causeway_relay::blobs::Blobs::Memory(rig.files.clone()));
    rig.reopen(stores);
    assert_eq!(standing(&rig, lost.peer()).await, STANDING_STRANGER, "after a restart too");
}

/// A bundle of receipts is settled when everybody has it, and the sender then forgets it: not if nobody does.
#[tokio::test]
async fn what_was_waiting_for_the_revoked_device_alone_is_unknown_and_not_settled() {
    let rig = Rig::claimed().await;
    let (hotline, police) = (rig.org(1, &[10]).await, rig.org(2, &[20, 21]).await);
    let (lost, kept) = (&police.devices[0], &police.devices[1]);
    let sent = envelope(&police, Priority::P1, 1, 5_000);
    let _: Accepted = rig.ask(hotline.devices[0].peer(), &Submit { envelope: sent.clone() }).await.unwrap();
    let _: Done = rig.ask(kept.peer(), &Acknowledge { envelopes: vec![sent.id()] }).await.unwrap();
    let _: Done = rig.ask(kept.peer(), &rig.without(&police, &[lost.id()])).await.unwrap();
    let asked = AskOutcomes { envelopes: vec![sent.id()] };
    let outcomes: Outcomes = rig.ask(hotline.devices[0].peer(), &asked).await.unwrap();
    assert_eq!((outcomes.settled, outcomes.unknown), (vec![], vec![sent.id()]));
}

/// It would have a roster that nobody can ever give, and its packets would be held for ever at everybody's.
#[tokio::test]
async fn nobody_names_the_roster_of_another_as_its_own() {
    let rig = Rig::claimed().await;
    let (thief, victim) = (rig.org(1, &[10]).await, rig.org(2, &[20]).await);
    let roster = victim.enrol.roster.clone();
    let change = RosterChange { roster: causeway_certs::roster::digest(&roster.body) };
    let statement = rig.next(StatementKind::RosterChange, thief.id, &change, &thief.admin);
    let named = Append::new(statement, Some(roster));
    let peer = thief.devices[0].peer();
    assert_eq!(code(rig.ask::<_, Done>(peer, &named).await), ErrorCode::Unverified);
    assert_eq!(standing(&rig, peer).await, STANDING_MEMBER, "and nothing has changed");
    let part: DirectoryPart = rig.ask(peer, &DirectorySince { size: 0 }).await.unwrap();
    assert_eq!(part.leaves.len(), 3);
}

/// The statement is durable, the mail is still there: as after a crash between the two.
#[tokio::test]
async fn a_revocation_that_was_cut_off_is_finished_by_the_next_start() {
    let rig = Rig::claimed().await;
    let (hotline, police) = (rig.org(1, &[10]).await, rig.org(2, &[20, 21]).await);
    let sent = envelope(&police, Priority::P1, 1, 5_000);
    let _: Accepted = rig.ask(hotline.devices[0].peer(), &Submit { envelope: sent }).await.unwrap();
    let before = rig.stored();
    let lost = police.devices[0].id();
    let _: Done = rig.ask(police.devices[1].peer(), &rig.without(&police, &[lost])).await.unwrap();
    let gone = [b"g".as_slice(), &lost.0].concat();
    causeway_common::store::transact(&rig.kv, move |txn| {
        before.iter().filter(|(key, _)| b"mqwv".contains(&key[0])).for_each(|(k, v)| txn.put(k, v));
        txn.put(&gone, b"");
        Ok::<_, causeway_common::store::StoreError>(())
    })
    .await
    .unwrap()
    .unwrap();
    let queued = |rig: &Rig| {
        rig.stored().iter().filter(|(key, _)| key.starts_with(&[b"m", &lost.0[..]].concat())).count()
    };
    assert_eq!(queued(&rig), 1);
    rig.relay.sweep().await.unwrap();
    assert_eq!(queued(&rig), 0);
    assert!(rig.kv.get(&[b"g".as_slice(), &lost.0].concat()).unwrap().is_none(), "and it is done");
}

/// A thief's connection is open, takes nothing, and reads no notice.
#[tokio::test(start_paused = true)]
async fn an_open_connection_is_cut_even_if_it_does_not_listen() {
    let rig = Rig::claimed().await;
    let police = rig.org(2, &[20, 21]).await;
    let door = Door::new();
    let relay = Arc::clone(&rig.relay);
    tokio::spawn(server::serve(relay, Arc::clone(&door) as _, std::future::pending::<()>()));
    let thief: Arc<End> = door.connect(police.devices[0].peer(), rig.relay_key.public()).await;
    let _: Welcome = request(&*thief, &hello(), SOON).await.unwrap();
    let _: DeviceState = request(&*thief, &Subscribe {}, SOON).await.unwrap();
    // A first notice that it never reads.
    let _: Done = rig.ask(police.devices[1].peer(), &rig.without(&police, &[])).await.unwrap();
    tokio::time::sleep(SOON).await;
    let change = second_without(&rig, &police);
    let _: Done = rig.ask(police.devices[1].peer(), &change).await.unwrap();
    assert!(timeout(SOON, thief.closed()).await.is_ok(), "it is cut off");
    let asked = async {
        let (mut send, mut recv) = thief.open_bi().await?;
        write_frame(&mut send, &Subscribe {}).await?;
        read_answer::<DeviceState>(&mut recv)
            .await
            .map(drop)
            .map_err(|_| causeway_certs::transport::LinkError::TimedOut)
    };
    assert!(timeout(SOON, asked).await.is_ok_and(|answer| answer.is_err()), "and asks in vain");
}

/// The third roster: after one that changed nothing, the first device is gone.
fn second_without(rig: &Rig, police: &Org) -> Append {
    use causeway_certs::roster;
    use causeway_common::codec;
    use causeway_common::statements::Roster;
    let second = rig.without(police, &[]);
    let third = rig.without(police, &[police.devices[0].id()]);
    let mut roster: Roster = codec::decode(&third.roster[0].body, 1 << 20).unwrap();
    (roster.sequence, roster.previous) = (3, roster::digest(&second.roster[0].body));
    let roster = roster::sign(&roster, &police.admin);
    let change = RosterChange { roster: roster::digest(&roster.body) };
    let statement = rig.next(StatementKind::RosterChange, police.id, &change, &police.admin);
    Append::new(statement, Some(roster))
}
