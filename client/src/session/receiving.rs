//! What the relay pushes: read, taken most urgent first, acknowledged.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use causeway_certs::transport::{Link, Patient, RecvHalf, RequestError, read_any, request};
use causeway_common::crash;
use causeway_common::ids::EnvelopeId;
use causeway_common::limits::{PUSHES_IN_FLIGHT_MAX, REQUEST_TIMEOUT};
use causeway_common::priority::Priority;
use causeway_common::signed::Signed;
use causeway_common::wire::{self, Acknowledge, Done, FrameType, GoAway, Push, Refuse};
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::{Event, SessionError, fetch_directory, graver, refill_prekeys};
use crate::engine::incoming::{ALARMS_AT_ONCE_MAX, TAKEN_AT_ONCE_MAX, Taken};
use crate::engine::{Engine, EngineError};
use crate::replica::ReplicaError;

/// A relay that restarts is back by then, whatever it asks for.
const GO_AWAY_MAX: Duration = Duration::from_secs(60);

/// A push that takes longer is still coming, and the session hears of it twice before it would end.
const STILL_COMING: Duration = Duration::from_secs(REQUEST_TIMEOUT.as_secs() / 2);

/// Batches under way: one is opened and stored while the keys of the one before are erased.
const BATCHES_MAX: usize = 2;

/// What the relay pushed.
pub(super) enum Pushed {
    Packet(Box<Push>),
    DirectoryChanged,
    /// With the pause that the relay asks for.
    GoAway(Duration),
    /// One of them is on its way, and takes long.
    Coming,
}

/// What has arrived and is not taken yet: at most [`PUSHES_IN_FLIGHT_MAX`].
#[derive(Default)]
pub(super) struct Inbound {
    arrived: Arrived,
    /// Taken, but the relay withholds what proves their senders: not acknowledged, so at most
    /// [`PUSHES_IN_FLIGHT_MAX`] too.
    held: Vec<Arc<Push>>,
    /// Their senders know a newer directory than we. They have been pushed and not acknowledged, so at most
    /// [`PUSHES_IN_FLIGHT_MAX`] as well.
    unproven: Vec<Arc<Push>>,
    /// The directory is being fetched for some of them.
    proving: bool,
    /// Batches under way, at most [`BATCHES_MAX`].
    batches: usize,
}

impl Inbound {
    pub(super) fn has_room(&self) -> bool {
        self.arrived.lock().len() + self.unproven.len() < PUSHES_IN_FLIGHT_MAX
    }

    pub(super) fn is_empty(&self) -> bool {
        self.arrived.lock().is_empty() && self.unproven.is_empty()
    }

    pub(super) fn arrive(&mut self, push: Push) {
        self.arrived.lock().push(Arc::new(push));
    }

    /// A batch to be taken, if something has arrived and there is room for one. What comes meanwhile can still join it.
    pub(super) fn next(&mut self) -> Option<Batch> {
        if self.batches == BATCHES_MAX || self.arrived.lock().is_empty() {
            return None;
        }
        self.batches += 1;
        Some(Batch { arrived: self.arrived.clone(), taken: Vec::new(), alarms: 0 })
    }

    pub(super) fn taken(&mut self, unproven: Vec<Arc<Push>>) {
        self.batches -= 1;
        self.unproven.extend(unproven);
    }

    /// What waits for a part of the directory, if it is not being fetched already.
    pub(super) fn next_unproven(&mut self) -> Option<Vec<Arc<Push>>> {
        if self.proving || self.unproven.is_empty() {
            return None;
        }
        self.proving = true;
        Some(std::mem::take(&mut self.unproven))
    }

    /// The relay does not give what proves these.
    pub(super) fn proven(&mut self, held: Vec<Arc<Push>>) {
        self.proving = false;
        let room = PUSHES_IN_FLIGHT_MAX - self.held.len().min(PUSHES_IN_FLIGHT_MAX);
        self.held.extend(held.into_iter().take(room));
    }

    pub(super) fn held(&self) -> u64 {
        self.held.len() as u64
    }

    /// The directory may have grown by what was missing.
    pub(super) fn try_held_again(&mut self) {
        self.arrived.lock().append(&mut self.held);
    }
}

/// What has arrived, shared with the batches that are under way.
#[derive(Clone, Default)]
struct Arrived(Arc<Mutex<Vec<Arc<Push>>>>);

impl Arrived {
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Push>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is taken together. It is put together while it is taken: each time the most urgent of what is there, in the order
/// of arrival, so that an alarm is opened next and waits for one transaction only. It ends the batch: an alarm does
/// not wait for the company of less urgent packets.
pub(super) struct Batch {
    arrived: Arrived,
    taken: Vec<Arc<Push>>,
    alarms: usize,
}

impl Iterator for Batch {
    type Item = Arc<Push>;

    fn next(&mut self) -> Option<Arc<Push>> {
        let mut arrived = self.arrived.lock();
        let (place, next) = arrived.iter().enumerate().min_by_key(|(_, push)| push.outer.priority)?;
        let is_alarm = next.outer.priority == Priority::P0;
        let others = self.taken.len() - self.alarms;
        let has_room = if is_alarm {
            self.alarms < ALARMS_AT_ONCE_MAX
        } else {
            self.alarms == 0 && others < TAKEN_AT_ONCE_MAX
        };
        if !has_room {
            return None;
        }
        self.alarms += usize::from(is_alarm);
        let push = arrived.remove(place);
        self.taken.push(Arc::clone(&push));
        Some(push)
    }
}

/// What became of packets that were taken together.
#[derive(Default)]
pub(super) struct Handled {
    /// To be acknowledged.
    pub(super) stored: Vec<EnvelopeId>,
    /// To be refused.
    pub(super) refused: Vec<Signed>,
    /// Those that wait for a part of the directory.
    pub(super) unproven: Vec<Arc<Push>>,
    /// A sender has been shown another directory than we, or a larger one before.
    pub(super) alarm: Option<ReplicaError>,
}

impl Handled {
    fn sorted(pushes: Vec<Arc<Push>>, taken: Vec<Taken>) -> Self {
        let mut handled = Self::default();
        for (push, taken) in pushes.into_iter().zip(taken) {
            match taken {
                Taken::Stored(id) => handled.stored.push(id),
                Taken::Refused(nack) => handled.refused.push(nack),
                Taken::Split(nack) => {
                    handled.alarm = graver(handled.alarm.take(), Some(ReplicaError::Split));
                    handled.refused.push(nack);
                }
                Taken::WentBack(alarm) => {
                    handled.alarm = graver(handled.alarm.take(), Some(alarm));
                    handled.unproven.push(push);
                }
                Taken::NeedsDirectory => handled.unproven.push(push),
            }
        }
        handled
    }

    /// Packets whose fate is known.
    pub(super) fn count(&self) -> u64 {
        (self.stored.len() + self.refused.len()) as u64
    }
}

/// Takes packets. What the relay has to be asked or told about them is for other jobs: an alarm waits for the disk, not
/// for a slow relay.
pub(super) async fn take(engine: Arc<Engine>, mut batch: Batch) -> Result<Event, SessionError> {
    let taken = engine.take(&mut batch).await?;
    Ok(Event::Taken(Handled::sorted(batch.taken, taken)))
}

/// Fetches the directory that the senders of these packets know, and takes them again.
pub(super) async fn prove(
    engine: Arc<Engine>,
    link: Arc<dyn Link>,
    unproven: Vec<Arc<Push>>,
) -> Result<Event, SessionError> {
    match fetch_directory(&engine, &*link).await {
        // It shows less than we know already, so it does not show what is missing; the session tells.
        Err(SessionError::Engine(EngineError::Replica(ReplicaError::Shrunk { .. }))) => {}
        fetched => fetched?,
    }
    let taken = engine.take_after_fetch(unproven.iter().cloned()).await?;
    Ok(Event::Proven(Handled::sorted(unproven, taken)))
}

/// Tells the relay what cannot be taken, and why. The key of such a packet may be one that a relay out of a backup has given
/// twice: what it still has of those is withdrawn first, because the sender will take another one.
pub(super) async fn refuse(
    engine: Arc<Engine>,
    link: Arc<dyn Link>,
    nacks: Vec<Signed>,
) -> Result<Event, SessionError> {
    refill_prekeys(&engine, &*link).await?;
    for nack in nacks {
        match request::<_, Done>(&*link, &Refuse { nack }, REQUEST_TIMEOUT).await {
            // What became of one packet is no reason to leave the others.
            Ok(_) | Err(RequestError::Refused { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Event::Refused)
}

/// Lets the relay drop what is durable here.
pub(super) async fn acknowledge(
    link: Arc<dyn Link>,
    envelopes: Vec<EnvelopeId>,
) -> Result<Event, SessionError> {
    let count = envelopes.len() as u64;
    crash::at("inbox.before-acknowledge");
    let _: Done = request(&*link, &Acknowledge { envelopes }, REQUEST_TIMEOUT).await?;
    crash::at("inbox.acknowledged");
    Ok(Event::Acknowledged(count))
}

/// Reads pushes as they come, one stream each and all at once: a long packet does not hold up an alarm behind it. The
/// transport lets the relay open no more streams than we can take.
pub(super) async fn read_pushes(link: Arc<dyn Link>, pushes: mpsc::Sender<Pushed>) {
    let mut reading = JoinSet::new();
    while let Ok(stream) = link.accept_uni().await {
        while reading.try_join_next().is_some() {}
        let (pushes, link) = (pushes.clone(), Arc::clone(&link));
        reading.spawn(async move {
            match whole_push(stream, &pushes).await {
                Ok(Some(pushed)) => drop(pushes.send(pushed).await),
                // Garbage, or a frame of a newer version, is no reason to end the connection.
                Ok(None) => {}
                // The relay believes that we have it. It comes again over the next connection.
                Err(NotWhole) => link.close(0),
            }
        });
    }
}

/// A push ended before its end, or does not come any further.
struct NotWhole;

/// Reads a push, and says from time to time that it is coming: nobody should leave before it is here.
async fn whole_push(stream: RecvHalf, pushes: &mpsc::Sender<Pushed>) -> Result<Option<Pushed>, NotWhole> {
    let mut reading = pin!(read_push(stream));
    loop {
        match tokio::time::timeout(STILL_COMING, &mut reading).await {
            Ok(read) => return read,
            Err(_) => drop(pushes.try_send(Pushed::Coming)),
        }
    }
}

/// None: it is not for us to understand.
async fn read_push(stream: RecvHalf) -> Result<Option<Pushed>, NotWhole> {
    let mut stream: RecvHalf = Box::new(Patient::new(stream, REQUEST_TIMEOUT));
    let (frame, payload) = match read_any(&mut stream).await {
        Ok(read) => read,
        Err(RequestError::Link(_)) => return Err(NotWhole),
        Err(_) => return Ok(None),
    };
    // To the end: leaving a stream before it has ended would tell the relay to stop sending.
    match stream.read(&mut [0]).await {
        Ok(0) => {}
        Ok(_) => return Ok(None),
        Err(_) => return Err(NotWhole),
    }
    Ok(match frame {
        FrameType::Push => wire::decode_payload(&payload).ok().map(|push| Pushed::Packet(Box::new(push))),
        FrameType::DirectoryChanged => Some(Pushed::DirectoryChanged),
        FrameType::GoAway => wire::decode_payload(&payload).ok().map(|away: GoAway| {
            Pushed::GoAway(Duration::from_millis(away.reconnect_after_ms).min(GO_AWAY_MAX))
        }),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use causeway_common::envelope::{ENVELOPE_VERSION, Outer, PrekeyKind, Wrap};
    use causeway_common::framed::SUITE;
    use causeway_common::ids::{DeviceId, OrgId};
    use causeway_common::time::Timestamp;

    use super::*;

    fn push(priority: Priority) -> Push {
        let outer = Outer {
            version: ENVELOPE_VERSION,
            suite: SUITE,
            nonce: [0; 32],
            recipient: OrgId([1; 32]),
            expiry_hours: 1,
            priority,
            size_class: 0,
        };
        let (enc, ct) = (Vec::new(), Vec::new());
        let wrap = Wrap { device: DeviceId([2; 32]), prekey: 1, kind: PrekeyKind::LastResort, enc, ct };
        Push { outer, body: Vec::new(), wrap, accepted: Timestamp(0) }
    }

    fn inbound(arrived: impl IntoIterator<Item = Priority>) -> Inbound {
        let mut inbound = Inbound::default();
        arrived.into_iter().for_each(|priority| inbound.arrive(push(priority)));
        inbound
    }

    fn rest(batch: &mut Batch) -> Vec<Priority> {
        batch.map(|push| push.outer.priority).collect()
    }

    #[test]
    fn an_alarm_joins_the_batch_under_way_as_the_next_one_and_ends_it() {
        use Priority::{P0, P1, P2};
        let mut inbound = inbound([P2, P2, P2]);
        let mut batch = inbound.next().unwrap();
        assert_eq!(batch.next().unwrap().outer.priority, P2);
        [P1, P0, P0].into_iter().for_each(|priority| inbound.arrive(push(priority)));
        assert_eq!(rest(&mut batch), [P0, P0]);
        assert_eq!(batch.taken.len(), 3);
        assert_eq!(rest(&mut inbound.next().unwrap()), [P1, P2, P2]);
    }

    #[test]
    fn a_full_batch_still_has_room_for_alarms_but_not_for_any_number() {
        let mut inbound = inbound([Priority::P3; TAKEN_AT_ONCE_MAX + 1]);
        let mut batch = inbound.next().unwrap();
        assert_eq!(rest(&mut batch), [Priority::P3; TAKEN_AT_ONCE_MAX]);
        (0..=ALARMS_AT_ONCE_MAX).for_each(|_| inbound.arrive(push(Priority::P0)));
        assert_eq!(rest(&mut batch), [Priority::P0; ALARMS_AT_ONCE_MAX]);
        assert_eq!(rest(&mut inbound.next().unwrap()), [Priority::P0]);
    }

    #[test]
    fn two_batches_are_under_way_and_no_more() {
        let mut inbound = inbound([Priority::P2; 3]);
        let batches = [inbound.next(), inbound.next()];
        assert!(batches.iter().all(Option::is_some) && inbound.next().is_none());
        inbound.taken(Vec::new());
        assert!(inbound.next().is_some(), "what nobody has taken is still there");
    }
}
