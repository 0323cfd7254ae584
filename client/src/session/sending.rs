//! What waits in the outbox: sealed, offered to the relay, marked as held there. A few packets share a transaction; several
//! such batches are under way at the same time, and there is always room for a more urgent one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use causeway_certs::transport::{Link, RequestError, request};
use causeway_common::crash;
use causeway_common::error::ErrorCode;
use causeway_common::ids::{DeviceId, Digest, OrgId};
use causeway_common::limits::{CLIENT_STREAMS_MAX, REQUEST_TIMEOUT};
use causeway_common::priority::Priority;
use causeway_common::signed::Signed;
use causeway_common::wire::{Accepted, Prekeys, Submit, TakePrekeys};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::directory::fetch_or_give_back;
use super::{Event, SessionError, hello};
use crate::attachments::{self, TransferError};
use crate::engine::Engine;
use crate::engine::outgoing::{OutgoingError, ROSTER_REFUSAL, TIME_REFUSALS};
use crate::model::{PACKET_SHARED, Sent, Transport};
use crate::prekeys;
use crate::records::Place;
use crate::shared::Shared;

/// Packets that share the transactions of sealing and of the relay's receipts.
const BATCH_MAX: usize = 8;
/// Batches under way, by their least urgent class: each class leaves room for the ones above it.
const BATCHES_MAX: [usize; 4] = [4, 3, 2, 2];
/// Requests of one batch at the same time. Those of all batches fit into the streams that the relay allows.
const REQUESTS_MAX: usize = 3;
const _: () = assert!(BATCHES_MAX[0] * REQUESTS_MAX < CLIENT_STREAMS_MAX as usize);
/// Pause before packets are tried again that could not go out for a reason that passes.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause that a relay may ask for.
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(60);

/// The longest pause before another look for keys of a colleague's device that had none: with the shorter ones before it, 14 looks
/// in the first hour, of the 20 that take one-time keys.
const KEYLESS_PAUSE_MAX: Duration = Duration::from_secs(10 * 60);

/// Which part of the outbox is under way, and what must wait.
#[derive(Default)]
pub(super) struct Outbound {
    under_way: HashSet<Place>,
    batches: usize,
    /// Organisations without prekeys or roster, suspended, or waiting for a fresh head, and until when they are left alone.
    held_orgs: HashMap<OrgId, Instant>,
    /// Packets whose attachments the relay has no room for, or that are for one colleague's device, which has no keys.
    held_packets: HashMap<Place, Instant>,
    held_all: Option<Instant>,
    /// Colleagues' devices that had no keys, until when they are left alone, and for how long.
    keyless: HashMap<DeviceId, (Instant, Duration)>,
    /// Something waits for a fresher head than the last one.
    waits_for_head: bool,
    /// At the last look there was nothing more to do.
    nothing: bool,
}

/// What became of a batch.
pub(super) struct Offered {
    /// Which packets it was.
    places: Vec<Place>,
    /// How many of them the relay holds now.
    pub(super) sent: u64,
    later: Vec<Later>,
}

/// Why a packet stays in the outbox for now.
enum Later {
    /// The recipient has no prekeys, or no roster is shown of it.
    Org(OrgId),
    /// The registrar has suspended the recipient: what is for it waits until it is reinstated, or taken back.
    Suspended(OrgId),
    /// Nothing was ever exchanged with the recipient, and the relay shows an old head: it may hide whose devices these are by
    /// now.
    OldHead(OrgId),
    /// The relay has no room for its attachments, or its recipient's key has to be compared first.
    Packet(Place, Duration),
    /// The colleague's device that it is for has left no keys.
    Keyless(DeviceId, Place),
    /// The relay takes nothing now.
    All(Duration),
}

impl Outbound {
    /// Something has joined the outbox.
    pub(super) fn look_again(&mut self) {
        self.nothing = false;
    }

    /// The next batch, if there is one and room for it.
    pub(super) fn next(&mut self, engine: &Engine, now: Instant) -> Option<Vec<Place>> {
        self.release(now);
        if self.nothing || self.held_all.is_some() {
            return None;
        }
        let room = |class: &Priority| self.batches < BATCHES_MAX[usize::from(u8::from(*class))];
        let least = Priority::ALL.into_iter().rfind(room)?;
        let free = |place: &Place| {
            !self.under_way.contains(place)
                && !self.held_orgs.contains_key(&place.to)
                && !self.held_packets.contains_key(place)
        };
        let mut places = engine.to_send(least, BATCH_MAX, free);
        let class = places.first().map(|place| place.priority);
        places.retain(|place| Some(place.priority) == class);
        if places.is_empty() {
            self.nothing = true;
            return None;
        }
        self.batches += 1;
        self.under_way.extend(&places);
        Some(places)
    }

    pub(super) fn offered(&mut self, offered: Offered, now: Instant) {
        self.batches -= 1;
        self.nothing = false;
        self.under_way.retain(|place| !offered.places.contains(place));
        for later in offered.later {
            match later {
                Later::Org(org) => drop(self.held_orgs.insert(org, now + RETRY_PAUSE)),
                Later::Suspended(org) => drop(self.held_orgs.insert(org, now + RETRY_PAUSE_MAX)),
                Later::OldHead(org) => {
                    self.waits_for_head = true;
                    self.held_orgs.insert(org, now + RETRY_PAUSE_MAX);
                }
                Later::Packet(place, pause) => drop(self.held_packets.insert(place, now + pause)),
                Later::Keyless(device, place) => self.hold_keyless(device, place, now),
                Later::All(pause) => self.held_all = self.held_all.max(Some(now + pause)),
            }
        }
    }

    /// Each look whether it has keys by now takes one of every other colleague, so there are fewer and fewer looks.
    fn hold_keyless(&mut self, device: DeviceId, place: Place, now: Instant) {
        let (until, pause) = self.keyless.entry(device).or_insert((now, RETRY_PAUSE));
        if *until <= now {
            *until = now + *pause;
            *pause = (2 * *pause).min(KEYLESS_PAUSE_MAX);
        }
        self.held_packets.insert(place, *until);
    }

    /// Colleagues' devices that are not asked for at present.
    pub(super) fn keyless(&self, now: Instant) -> HashSet<DeviceId> {
        self.keyless.iter().filter(|(_, (until, _))| *until > now).map(|(device, _)| *device).collect()
    }

    /// Somebody may have been reinstated, or have left a new roster: then a colleague's device need not be waited for.
    pub(super) fn directory_changed(&mut self) {
        self.held_orgs.clear();
        self.held_packets.clear();
        self.keyless.clear();
        (self.nothing, self.waits_for_head) = (false, false);
    }

    /// Whether something waits for a fresher head than the last one.
    pub(super) fn waits_for_head(&self) -> bool {
        self.waits_for_head
    }

    /// When something that is held may be tried again.
    pub(super) fn held_until(&self) -> Option<Instant> {
        let held = self.held_orgs.values().chain(self.held_packets.values()).chain(&self.held_all);
        held.min().copied()
    }

    fn release(&mut self, now: Instant) {
        if self.held_until().is_some_and(|until| until <= now) {
            self.held_orgs.retain(|_, until| *until > now);
            self.held_packets.retain(|_, until| *until > now);
            self.held_all = self.held_all.filter(|until| *until > now);
            self.nothing = false;
        }
    }
}

/// Brings a batch to the relay: prekeys, one transaction that remembers the envelopes, the envelopes, and a transaction
/// for the receipts that have come.
pub(super) async fn offer(
    engine: Arc<Engine>,
    link: Arc<dyn Link>,
    places: Vec<Place>,
    keyless: HashSet<DeviceId>,
) -> Result<Event, SessionError> {
    let mut offered = Offered { places, sent: 0, later: Vec::new() };
    let listed = engine.listed_colleagues().await;
    let (mut queued, mut sealed) = (Vec::new(), Vec::new());
    for place in &offered.places {
        if engine.is_suspended(place.to).await {
            offered.later.push(Later::Suspended(place.to));
            continue;
        }
        match engine.waiting(place)? {
            Some(sent) if sent.transport == Transport::Queued => match only_for(&sent) {
                _ if engine.waits_for_head(place.to).await? => {
                    offered.later.push(Later::OldHead(place.to));
                }
                _ if engine.waits_for_check(&sent).await? => {
                    offered.later.push(Later::Packet(*place, RETRY_PAUSE_MAX));
                }
                Some(device) if keyless.contains(&device) && listed.contains(&device) => {
                    offered.later.push(Later::Keyless(device, *place));
                }
                _ => queued.push(sent),
            },
            Some(sent) => sealed.push(sent),
            None => {}
        }
    }
    // As they are before keys are asked for: the answer may be about an older roster than the one that we know by then.
    let mut rosters = BTreeMap::new();
    for sent in &queued {
        rosters.insert(sent.to, roster_of(&engine, sent.to).await);
    }
    let ready = take_prekeys(&engine, &link, queued, &listed, &mut offered).await?;
    if !ready.is_empty() {
        sealed.extend(seal(&engine, &link, ready, &rosters, &mut offered).await?);
        crash::at("outbox.sealed");
    }
    submit_all(&engine, &link, sealed, &mut offered).await?;
    Ok(Event::Sent(offered))
}

/// Of what is for one colleague's device, one packet shows whether that has keys; the others follow if it has. A device that is
/// listed no more never has any: what is for it is looked at and dropped.
async fn take_prekeys(
    engine: &Arc<Engine>,
    link: &Arc<dyn Link>,
    queued: Vec<Sent>,
    listed: &HashSet<DeviceId>,
    offered: &mut Offered,
) -> Result<Vec<(Sent, Prekeys)>, SessionError> {
    let mut looked_for = HashSet::new();
    let (first, others): (Vec<Sent>, Vec<Sent>) = queued.into_iter().partition(|sent| {
        only_for(sent).filter(|device| listed.contains(device)).is_none_or(|device| looked_for.insert(device))
    });
    let mut ready = ask_for_prekeys(engine, link, first, offered).await?;
    let has_keys = |device| ready.iter().any(|(_, taken)| prekeys::gives(taken, device));
    let (others, later): (Vec<Sent>, Vec<Sent>) =
        others.into_iter().partition(|sent| only_for(sent).is_some_and(has_keys));
    let later = later.iter().filter_map(|sent| Some(Later::Keyless(only_for(sent)?, Place::of(sent))));
    offered.later.extend(later);
    ready.extend(ask_for_prekeys(engine, link, others, offered).await?);
    // In the order of the queue, whatever the order of the answers: it is the order of the chain.
    ready.sort_by_key(|(sent, _)| Place::of(sent));
    Ok(ready)
}

/// The colleague's device that a packet is for, if it is for one only.
fn only_for(sent: &Sent) -> Option<DeviceId> {
    if sent.packet_type == PACKET_SHARED { Shared::read(&sent.sections)?.only() } else { None }
}

async fn ask_for_prekeys(
    engine: &Arc<Engine>,
    link: &Arc<dyn Link>,
    queued: Vec<Sent>,
    offered: &mut Offered,
) -> Result<Vec<(Sent, Prekeys)>, SessionError> {
    let mut ready = Vec::with_capacity(queued.len());
    let mut queued = queued.into_iter();
    let mut asking = JoinSet::new();
    loop {
        while asking.len() < REQUESTS_MAX
            && let Some(sent) = queued.next()
        {
            let link = Arc::clone(link);
            asking.spawn(async move {
                let taken = request(&*link, &TakePrekeys { org: sent.to }, REQUEST_TIMEOUT).await;
                (sent, taken)
            });
        }
        let Some(asked) = asking.join_next().await else { break };
        let (sent, taken) = asked.map_err(|_| SessionError::Misbehaved)?;
        match taken {
            Ok(taken) => ready.push((sent, taken)),
            Err(RequestError::Refused { code, retry_after }) if code.retryable() => {
                offered.later.push(Later::All(retry_after.clamp(RETRY_PAUSE, RETRY_PAUSE_MAX)));
            }
            Err(RequestError::Refused { code: ErrorCode::Suspended, .. }) => {
                offered.later.push(Later::Suspended(sent.to));
            }
            Err(RequestError::Refused { code, .. }) => engine.rejected(&sent, code_word(code)).await?,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(ready)
}

/// The envelopes are durable here before they are offered.
async fn seal(
    engine: &Engine,
    link: &Arc<dyn Link>,
    ready: Vec<(Sent, Prekeys)>,
    rosters: &BTreeMap<OrgId, Option<Digest>>,
    offered: &mut Offered,
) -> Result<Vec<Sent>, SessionError> {
    let mut sealed = Vec::with_capacity(ready.len());
    for (sent, result) in engine.seal(ready).await? {
        match result {
            Ok(()) => sealed.push(sent),
            Err(OutgoingError::NoPrekeys | OutgoingError::NoRoster) => {
                // What waits for one colleague's keys does not hold up what is for the others.
                offered.later.push(match only_for(&sent) {
                    Some(device) => Later::Keyless(device, Place::of(&sent)),
                    None => Later::Org(sent.to),
                });
            }
            Err(OutgoingError::KeyChanged) => {
                offered.later.push(Later::Packet(Place::of(&sent), RETRY_PAUSE_MAX));
            }
            Err(OutgoingError::Prekeys(_))
                if has_new_roster(engine, &**link, sent.to, rosters[&sent.to]).await? =>
            {
                offered.later.push(Later::Org(sent.to));
            }
            Err(OutgoingError::Prekeys(_)) => engine.rejected(&sent, "foreign-keys").await?,
            Err(_) => engine.rejected(&sent, "cannot-seal").await?,
        }
    }
    Ok(sealed)
}

/// Whether the keys that do not fit the recipient's roster as we know it may be those of another one: it has a new one now, or
/// they were taken of the one that it had. Each time it must be another one, so this comes to an end.
async fn has_new_roster(
    engine: &Engine,
    link: &dyn Link,
    org: OrgId,
    before: Option<Digest>,
) -> Result<bool, SessionError> {
    if roster_of(engine, org).await == before {
        fetch_or_give_back(engine, link).await?;
    }
    Ok(roster_of(engine, org).await != before)
}

async fn roster_of(engine: &Engine, org: OrgId) -> Option<Digest> {
    let replica = engine.replica.lock().await;
    replica.directory.organisation(org).map(|org| org.roster_digest)
}

/// What a submission came to.
enum Submitted {
    Held(Signed),
    Later(Later),
    Rejected(&'static str),
}

async fn submit_all(
    engine: &Arc<Engine>,
    link: &Arc<dyn Link>,
    sealed: Vec<Sent>,
    offered: &mut Offered,
) -> Result<(), SessionError> {
    let mut sealed = sealed.into_iter();
    let mut submitting = JoinSet::new();
    loop {
        while submitting.len() < REQUESTS_MAX
            && let Some(sent) = sealed.next()
        {
            let (engine, link) = (Arc::clone(engine), Arc::clone(link));
            submitting.spawn(async move {
                let result = submit(&engine, &*link, &sent).await;
                (sent, result)
            });
        }
        let Some(first) = submitting.join_next().await else { return Ok(()) };
        // What has come meanwhile shares its transaction.
        let mut held = Vec::new();
        let mut next = Some(first);
        while let Some(done) = next {
            let (sent, result) = done.map_err(|_| SessionError::Misbehaved)?;
            match result? {
                Submitted::Held(receipt) => held.push((sent, receipt)),
                Submitted::Later(later) => offered.later.push(later),
                Submitted::Rejected(code) => {
                    if TIME_REFUSALS.contains(&code) {
                        // One of the two clocks has been set since we connected.
                        engine.hear_relay_time(hello(&**link).await?.time);
                    }
                    if code == ROSTER_REFUSAL {
                        // A device has left the recipient's roster since we looked.
                        fetch_or_give_back(engine, &**link).await?;
                    }
                    engine.rejected(&sent, code).await?;
                }
            }
            next = submitting.try_join_next();
        }
        crash::at("outbox.answered");
        match engine.relayed(&held).await {
            Ok(()) => {
                crash::at("outbox.receipted");
                offered.sent += held.len() as u64;
            }
            Err(OutgoingError::Engine(error)) => return Err(error.into()),
            Err(_) => return Err(SessionError::Misbehaved),
        }
    }
}

async fn submit(engine: &Engine, link: &dyn Link, sent: &Sent) -> Result<Submitted, SessionError> {
    let Some(envelope) = engine.envelope(sent) else { return Ok(Submitted::Rejected("damaged-envelope")) };
    let pause = |asked: Duration| asked.clamp(RETRY_PAUSE, RETRY_PAUSE_MAX);
    // The packet goes last: whoever reads it can fetch its attachments at once.
    match attachments::upload_all(link, &engine.staging, &sent.sections, sent.expires).await {
        Ok(()) => {}
        Err(TransferError::Request(error @ (RequestError::Link(_) | RequestError::Misbehaved))) => {
            return Err(error.into());
        }
        Err(TransferError::Request(RequestError::Refused { code, retry_after })) if code.retryable() => {
            return Ok(Submitted::Later(Later::Packet(Place::of(sent), pause(retry_after))));
        }
        Err(TransferError::Request(RequestError::Refused { code: ErrorCode::Suspended, .. })) => {
            return Ok(Submitted::Later(Later::Suspended(sent.to)));
        }
        Err(_) => return Ok(Submitted::Rejected("attachment")),
    }
    crash::at("outbox.uploaded");
    match request::<_, Accepted>(link, &Submit { envelope }, REQUEST_TIMEOUT).await {
        Ok(accepted) => Ok(Submitted::Held(accepted.receipt)),
        Err(RequestError::Refused { code, retry_after }) if code.retryable() => {
            Ok(Submitted::Later(Later::All(pause(retry_after))))
        }
        Err(RequestError::Refused { code: ErrorCode::Suspended, .. }) => {
            Ok(Submitted::Later(Later::Suspended(sent.to)))
        }
        Err(RequestError::Refused { code, .. }) => Ok(Submitted::Rejected(code_word(code))),
        Err(error) => Err(error.into()),
    }
}

/// A refusal as a word for lists and scripts.
fn code_word(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::UnknownRecipient => "unknown_recipient",
        ErrorCode::NotAuthorised => "sender_revoked",
        ErrorCode::TooLarge => "too_large",
        ErrorCode::Expired => "expired",
        ErrorCode::ExpiryTooFar => "clock_skew",
        ErrorCode::Conflict => "conflict",
        _ => "refused",
    }
}
