//! A connection to the relay: everything that waits goes out, everything that waits there comes in.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use causeway_certs::directory::Suspended;
use causeway_certs::transport::{Dialer, Link, LinkError, RequestError, request};
use causeway_common::error::ErrorCode;
use causeway_common::ids::EnvelopeId;
use causeway_common::limits::{
    IDS_PER_REQUEST_MAX, PREKEYS_FULL, PREKEYS_REFILL_BELOW, PUSHES_IN_FLIGHT_MAX, REQUEST_TIMEOUT,
    WINDOW_PATIENCE,
};
use causeway_common::statements::RevokedDevice;
use causeway_common::wire::{
    AskOutcomes, DeviceState, Hello, Outcomes, PROTOCOL_VERSION, Push, STANDING_MEMBER, STANDING_STRANGER,
    STANDING_SUSPENDED, Subscribe, Welcome,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

pub use self::directory::fetch_directory;
pub(crate) use self::directory::fetch_or_give_back;
use self::receiving::{Inbound, Pushed};
use self::sending::Outbound;
use crate::engine::{Engine, EngineError};
use crate::registrars::Unfinished;
use crate::replica::ReplicaError;

mod directory;
mod receiving;
mod sending;

/// How often a session asks whether more has come meanwhile before it ends: a relay that always says yes does not keep it.
const LAST_LOOKS_MAX: u32 = 16;
/// Somebody who waits for what comes in gets what comes together: the next within this time of the last.
const LINGER: Duration = Duration::from_secs(1);
/// How often the relay is asked what became of packets that nobody has signed for.
const OUTCOMES_INTERVAL: Duration = Duration::from_secs(3);
/// A head is fetched this often though the directory has not changed: the age of the last one shows whether the relay still
/// signs what it shows.
const HEAD_INTERVAL: Duration = Duration::from_secs(6 * 60 * 60);
/// And this often while something waits for a fresher one: a clock may have been set meanwhile.
const HEAD_PAUSE: Duration = Duration::from_secs(60);
/// Prekeys are looked after this often, for those whose time is over.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(60 * 60);
/// And at most this often when packets use them up.
const UPKEEP_PAUSE: Duration = Duration::from_secs(60);

/// Why a session ended early. What had been answered is durable on both sides.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// A step of this device failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The relay cannot be reached, or the connection broke.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The relay broke the protocol.
    #[error("the relay does not follow the protocol")]
    Misbehaved,
    /// The registrar has not admitted this organisation yet.
    #[error("the registrar has not admitted this organisation yet")]
    NotAdmitted,
    /// No administrator has let this device into its organisation yet.
    #[error("no administrator has let this workstation in yet")]
    NotLinked,
    /// The registrar has not let this workstation come back for its organisation yet, or it has not taken its place.
    #[error("the registrar has not let this workstation come back yet")]
    NotReturned,
    /// This device was in its organisation's roster, and the relay knows it no more; with what the directory says of it, if
    /// this home has heard it.
    #[error("this workstation is no longer a device of its organisation")]
    Removed(Option<RevokedDevice>),
    /// The registrar has suspended this organisation, as the directory proves.
    #[error("the registrar has suspended this organisation")]
    Suspended(Suspended),
    /// Other registrars have to sign a statement before it counts.
    #[error("other registrars have to sign it too")]
    OtherRegistrars(Box<Unfinished>),
    /// The relay refuses something that a session cannot do without.
    #[error("the relay refused: {0:?}")]
    Refused(ErrorCode),
}

impl From<RequestError> for SessionError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Link(link) => Self::Link(link),
            RequestError::Refused { code, .. } => Self::Refused(code),
            _ => Self::Misbehaved,
        }
    }
}

impl From<ReplicaError> for SessionError {
    fn from(error: ReplicaError) -> Self {
        Self::Engine(error.into())
    }
}

/// What a session did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Packets of ours that the relay took.
    pub sent: u64,
    /// Packets of others that were stored.
    pub received: u64,
    /// Packets of others that stay at the relay, because it withholds the part of the directory that proves their
    /// senders.
    pub held: u64,
    /// The relay is going away, and asks to be connected to again after this pause.
    pub return_after: Option<Duration>,
}

impl Report {
    /// Both of two sessions, one after the other.
    #[must_use]
    pub fn followed_by(self, next: Self) -> Self {
        Self { sent: self.sent + next.sent, received: self.received + next.received, ..next }
    }
}

/// How long a session stays.
#[derive(Clone, Copy, Debug)]
pub enum Stay {
    /// Until everything that waits on both sides has gone through.
    UntilCalm,
    /// Until the given time has passed, or earlier once something has come in, nothing more has followed it for
    /// a second, and nothing of ours is under way.
    For(Duration),
    /// Until the connection ends.
    Open,
}

/// Connects, and does everything there is to do.
pub async fn run(engine: &Arc<Engine>, dialer: &dyn Dialer, stay: Stay) -> Result<Report, SessionError> {
    let link = dialer.dial().await?;
    let welcome = hello(&*link).await?;
    engine.hear_relay_time(welcome.time);
    if welcome.standing != STANDING_MEMBER {
        // The rest of a session would see to it.
        if engine.erase_used_prekeys().await.is_err() {
            tracing::warn!("keys that have opened packets are not erased yet; the next session tries again");
        }
        let why = why_not_member(engine, &*link, welcome.standing).await;
        link.close(0);
        return Err(why);
    }
    let result = Session::new(Arc::clone(engine), Arc::clone(&link), stay).work().await;
    link.close(0);
    result
}

/// What stands between this organisation and the relay. That it is suspended is for the directory to say, not for the relay. One
/// that has forgotten that it was reinstated, or that it has this workstation now, hears it from here.
pub(crate) async fn why_not_member(engine: &Engine, link: &dyn Link, standing: u8) -> SessionError {
    if standing == STANDING_STRANGER {
        return why_not_known(engine).await;
    }
    match fetch_or_give_back(engine, link).await {
        Ok(None) => {}
        Ok(Some(alarm)) => return alarm.into(),
        Err(error) => return error,
    }
    if standing != STANDING_SUSPENDED {
        return why_not_known(engine).await;
    }
    let replica = engine.replica.lock().await;
    let own = replica.directory.organisation(engine.identity.org);
    own.and_then(|own| own.suspended).map_or(SessionError::Misbehaved, SessionError::Suspended)
}

/// Why the relay may know nothing of this device, as far as this home can tell.
async fn why_not_known(engine: &Engine) -> SessionError {
    let device = engine.identity.device();
    let replica = engine.replica.lock().await;
    let own = replica.directory.organisation(engine.identity.org);
    if let Some(revoked) = own.and_then(|own| own.revoked.get(&device)) {
        return SessionError::Removed(Some(revoked.clone()));
    }
    if own.is_some_and(|own| own.device(device).is_some()) {
        return SessionError::Removed(None);
    }
    if engine.identity.returned().is_some() {
        return SessionError::NotReturned;
    }
    if engine.identity.linked().is_some() { SessionError::NotLinked } else { SessionError::NotAdmitted }
}

/// Whether the relay knows this home no more: it was something there a moment ago, and has taken itself out.
pub(crate) async fn is_stranger(dialer: &dyn Dialer) -> Result<bool, SessionError> {
    let link = dialer.dial().await?;
    let welcome = hello(&*link).await;
    link.close(0);
    Ok(welcome?.standing == STANDING_STRANGER)
}

/// The login: the first answer is the proof that the relay knows us.
pub async fn hello(link: &dyn Link) -> Result<Welcome, SessionError> {
    let hello = Hello { versions: vec![PROTOCOL_VERSION] };
    let welcome: Welcome = request(link, &hello, REQUEST_TIMEOUT).await?;
    if welcome.version == PROTOCOL_VERSION { Ok(welcome) } else { Err(SessionError::Misbehaved) }
}

/// What a job has come to. Jobs run beside each other: a long transfer holds up no alarm, in or out.
enum Event {
    Taken(receiving::Handled),
    /// The same, after the directory has been fetched; what it does not prove even so is held.
    Proven(receiving::Handled),
    Acknowledged(u64),
    Refused,
    Sent(sending::Offered),
    /// Where to go on asking; none: all have been asked about.
    Asked(Option<EnvelopeId>),
    /// With what contradicts the directory we know, if anything does.
    DirectoryFetched(Option<ReplicaError>),
    /// How many packets wait at the relay.
    PrekeysRefilled(u64),
}

/// What is told at the end: the last alarm, but nothing is graver than two directories.
fn graver(before: Option<ReplicaError>, now: Option<ReplicaError>) -> Option<ReplicaError> {
    match before {
        Some(ReplicaError::Split) => before,
        _ => now.or(before),
    }
}

struct Session {
    engine: Arc<Engine>,
    link: Arc<dyn Link>,
    stay: Stay,
    report: Report,
    begun: Instant,
    /// When the relay pushed something last, or said that something waits.
    heard_at: Instant,
    /// Packets that waited at the relay when it was asked last and have not come yet.
    expected: u64,
    /// Since when, and when last, something was on its way that is not whole yet.
    coming: Option<(Instant, Instant)>,
    /// Whether anything has happened since then: what waits has to be asked for again before the end.
    stirred: bool,
    last_looks: u32,
    /// The relay's directory contradicts the one we know: told at the end.
    alarm: Option<ReplicaError>,
    jobs: JoinSet<Result<Event, SessionError>>,
    inbound: Inbound,
    outbound: Outbound,
    asking: bool,
    asked_all: bool,
    ask_at: Instant,
    ask_after: Option<EnvelopeId>,
    fetching: bool,
    fetched_at: Instant,
    directory_changed: bool,
    refilling: bool,
    refilled_at: Instant,
    stored_since_refill: usize,
}

impl Session {
    fn new(engine: Arc<Engine>, link: Arc<dyn Link>, stay: Stay) -> Self {
        let now = Instant::now();
        Self {
            engine,
            link,
            stay,
            report: Report::default(),
            begun: now,
            heard_at: now,
            coming: None,
            expected: 0,
            stirred: false,
            last_looks: 0,
            alarm: None,
            jobs: JoinSet::new(),
            inbound: Inbound::default(),
            outbound: Outbound::default(),
            asking: false,
            asked_all: false,
            ask_at: now,
            ask_after: None,
            fetching: false,
            fetched_at: now,
            directory_changed: false,
            refilling: false,
            refilled_at: now,
            stored_since_refill: 0,
        }
    }

    async fn work(mut self) -> Result<Report, SessionError> {
        self.alarm = fetch_or_give_back(&self.engine, &*self.link).await?;
        self.expected = refill_prekeys(&self.engine, &*self.link).await?.waiting;
        // On a slow line that alone took longer than the silence after which a session ends.
        self.heard_at = Instant::now();
        let (pushes, mut pushed) = mpsc::channel(PUSHES_IN_FLIGHT_MAX);
        let mut reading = JoinSet::new();
        reading.spawn(receiving::read_pushes(Arc::clone(&self.link), pushes));
        let mut outbox = self.engine.outbox_news();
        loop {
            // Everything that is here is looked at before what goes next is chosen.
            while self.inbound.has_room()
                && let Ok(one) = pushed.try_recv()
            {
                self.arrive(one);
            }
            if outbox.has_changed().unwrap_or(false) {
                outbox.mark_unchanged();
                self.outbound.look_again();
            }
            self.start_jobs();
            if self.may_end() {
                self.report.held = self.inbound.held();
                return self.alarm.map_or(Ok(self.report), |alarm| Err(alarm.into()));
            }
            let wake = tokio::time::sleep_until(self.wake_at());
            tokio::select! {
                biased;
                Some(done) = self.jobs.join_next() => {
                    self.apply(done.map_err(|_| SessionError::Misbehaved)??);
                }
                next = pushed.recv(), if self.inbound.has_room() => match next {
                    Some(one) => self.arrive(one),
                    None => return Err(self.link.closed().await.into()),
                },
                Ok(()) = outbox.changed() => self.outbound.look_again(),
                () = wake => {}
            }
        }
    }

    fn arrive(&mut self, pushed: Pushed) {
        let now = Instant::now();
        if !matches!(pushed, Pushed::Coming) {
            (self.heard_at, self.stirred, self.coming) = (now, true, None);
        }
        match pushed {
            Pushed::Coming => self.coming = Some((self.coming.map_or(now, |(first, _)| first), now)),
            Pushed::Packet(push) => self.inbound.arrive(*push),
            Pushed::DirectoryChanged => self.directory_changed = true,
            Pushed::GoAway(pause) => self.report.return_after = Some(pause),
        }
    }

    fn start_jobs(&mut self) {
        let now = Instant::now();
        // What has arrived is taken even when the session is about to end: it would only come again.
        if let Some(batch) = self.inbound.next() {
            self.start(|engine, _| receiving::take(engine, batch));
        }
        if let Some(unproven) = self.inbound.next_unproven() {
            self.start(|engine, link| receiving::prove(engine, link, unproven));
        }
        if self.is_ending() {
            return;
        }
        while let Some(places) = self.outbound.next(&self.engine, now) {
            let keyless = self.outbound.keyless(now);
            self.start(|engine, link| sending::offer(engine, link, places, keyless));
        }
        if !self.asking && now >= self.ask_at && !self.engine.unsettled(None, 1).is_empty() {
            let after = self.ask_after;
            self.asking = true;
            self.start(|engine, link| ask_outcomes(engine, link, after));
        }
        let due = self.directory_changed || now >= self.head_at();
        if due && !self.fetching {
            (self.directory_changed, self.fetching) = (false, true);
            self.start(|engine, link| async move {
                fetch_or_give_back(&engine, &*link).await.map(Event::DirectoryFetched)
            });
        }
        // A relay that says of packets that they wait, and never gives them, does not keep the session for ever.
        let may_look = matches!(self.stay, Stay::UntilCalm) && self.last_looks <= LAST_LOOKS_MAX;
        let last_look = may_look && self.is_quiet() && self.stirred;
        self.last_looks += u32::from(last_look);
        if (now >= self.refill_at() || last_look) && !self.refilling {
            (self.refilling, self.stored_since_refill, self.stirred) = (true, 0, false);
            self.start(|engine, link| async move {
                refill_prekeys(&engine, &*link).await.map(|state| Event::PrekeysRefilled(state.waiting))
            });
        }
    }

    fn start<F>(&mut self, job: impl FnOnce(Arc<Engine>, Arc<dyn Link>) -> F)
    where
        F: Future<Output = Result<Event, SessionError>> + Send + 'static,
    {
        self.jobs.spawn(job(Arc::clone(&self.engine), Arc::clone(&self.link)));
    }

    fn apply(&mut self, event: Event) {
        let now = Instant::now();
        // What an answer about outcomes sets going is an event of its own.
        self.stirred |= !matches!(event, Event::PrekeysRefilled(_) | Event::Asked(_));
        match event {
            Event::Taken(handled) => {
                let unproven = self.handled(handled);
                self.inbound.taken(unproven);
            }
            Event::Proven(handled) => {
                let held = self.handled(handled);
                self.expected = self.expected.saturating_sub(held.len() as u64);
                self.inbound.proven(held);
            }
            Event::Acknowledged(count) => self.report.received += count,
            Event::Refused => {}
            Event::Sent(offered) => {
                self.report.sent += offered.sent;
                self.outbound.offered(offered, now);
            }
            Event::Asked(after) => {
                // The first round asks about everything; later ones a part at a time.
                (self.asking, self.ask_after) = (false, after);
                self.asked_all |= after.is_none();
                if self.asked_all {
                    self.ask_at = now + OUTCOMES_INTERVAL;
                }
            }
            Event::DirectoryFetched(alarm) => {
                (self.fetching, self.fetched_at) = (false, now);
                self.outbound.directory_changed();
                self.alarm = graver(self.alarm.take(), alarm);
                self.inbound.try_held_again();
            }
            Event::PrekeysRefilled(waiting) => {
                (self.refilling, self.refilled_at) = (false, now);
                self.expected = waiting.saturating_sub(self.inbound.held());
                if self.expected > 0 {
                    self.heard_at = now;
                }
            }
        }
    }

    /// Answers for what was taken; gives back what the directory does not prove.
    fn handled(&mut self, handled: receiving::Handled) -> Vec<Arc<Push>> {
        self.expected = self.expected.saturating_sub(handled.count());
        self.stored_since_refill += handled.stored.len();
        self.alarm = graver(self.alarm.take(), handled.alarm);
        if !handled.stored.is_empty() {
            self.start(|_, link| receiving::acknowledge(link, handled.stored));
        }
        if !handled.refused.is_empty() {
            self.start(|engine, link| receiving::refuse(engine, link, handled.refused));
        }
        handled.unproven
    }

    fn refill_at(&self) -> Instant {
        let used_up = self.stored_since_refill >= PREKEYS_FULL - PREKEYS_REFILL_BELOW;
        self.refilled_at + if used_up { UPKEEP_PAUSE } else { UPKEEP_INTERVAL }
    }

    fn head_at(&self) -> Instant {
        self.fetched_at + if self.outbound.waits_for_head() { HEAD_PAUSE } else { HEAD_INTERVAL }
    }

    /// No new work is begun; what is under way comes to its end.
    fn is_ending(&self) -> bool {
        self.report.return_after.is_some()
            || matches!(self.stay, Stay::For(time) if self.begun.elapsed() >= time)
    }

    /// Nothing is under way here, and everything that the relay said was waiting has come or does not come.
    fn is_quiet(&self) -> bool {
        let overdue = || self.heard_at.elapsed() >= REQUEST_TIMEOUT;
        let has_nothing = self.jobs.is_empty() && self.inbound.is_empty() && !self.is_coming();
        has_nothing && (self.expected == 0 || overdue())
    }

    /// Nobody leaves while a push is coming; a relay that lets pushes drip, and gives none whole, keeps nobody for ever.
    fn is_coming(&self) -> bool {
        let still = |(first, last): &(Instant, Instant)| {
            last.elapsed() < REQUEST_TIMEOUT && first.elapsed() < WINDOW_PATIENCE
        };
        self.coming.as_ref().is_some_and(still)
    }

    /// By counting, not by waiting: a session that has nothing to do costs no time, and a slow relay is not left early.
    fn may_end(&self) -> bool {
        if self.is_ending() {
            return self.jobs.is_empty() && self.inbound.is_empty();
        }
        self.is_quiet()
            && match self.stay {
                Stay::UntilCalm => !self.stirred || self.last_looks > LAST_LOOKS_MAX,
                Stay::For(_) => {
                    self.report.received > 0
                        && self.heard_at.elapsed() >= LINGER
                        && self.engine.awaiting(None, 1).is_empty()
                }
                Stay::Open => false,
            }
    }

    /// When there is something to do even if nothing happens until then.
    fn wake_at(&self) -> Instant {
        let now = Instant::now();
        let end = match self.stay {
            Stay::UntilCalm => Some(self.heard_at + REQUEST_TIMEOUT),
            Stay::For(time) => Some(self.begun + time),
            Stay::Open => None,
        };
        let lingered = matches!(self.stay, Stay::For(_)).then(|| self.heard_at + LINGER);
        let head = Some(self.head_at());
        let coming = self.coming.map(|(_, last)| last + REQUEST_TIMEOUT);
        let times = [end, lingered, coming, Some(self.ask_at), self.outbound.held_until(), head];
        let soonest = times.into_iter().flatten().chain([self.refill_at()]).filter(|at| *at > now).min();
        soonest.unwrap_or(now + UPKEEP_INTERVAL)
    }
}

/// Tells the relay to push, and gives it new prekeys if it needs some.
async fn refill_prekeys(engine: &Engine, link: &dyn Link) -> Result<DeviceState, SessionError> {
    // One at a time: what the relay says is compared with what it has been given since.
    let _turn = engine.refill_turn.lock().await;
    let state: DeviceState = request(link, &Subscribe {}, REQUEST_TIMEOUT).await?;
    if let Some(publish) = engine.refill_prekeys(&state).await? {
        let _: DeviceState = request(link, &publish, REQUEST_TIMEOUT).await?;
        engine.prekeys_published().await?;
    }
    Ok(state)
}

/// Asks what became of some of the packets that nobody has signed for.
async fn ask_outcomes(
    engine: Arc<Engine>,
    link: Arc<dyn Link>,
    after: Option<EnvelopeId>,
) -> Result<Event, SessionError> {
    let envelopes = engine.unsettled(after, IDS_PER_REQUEST_MAX);
    let next = envelopes.last().copied().filter(|_| envelopes.len() == IDS_PER_REQUEST_MAX);
    if !envelopes.is_empty() {
        let outcomes: Outcomes =
            request(&*link, &AskOutcomes { envelopes: envelopes.clone() }, REQUEST_TIMEOUT).await?;
        engine.take_outcomes(&envelopes, &outcomes).await?;
    }
    Ok(Event::Asked(next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_takes_the_place_of_two_directories() {
        let (split, shrunk) = (Some(ReplicaError::Split), Some(ReplicaError::Shrunk { shown: 1, known: 2 }));
        for (before, now, told) in [
            (&split, &shrunk, &split),
            (&shrunk, &split, &split),
            (&split, &None, &split),
            (&shrunk, &None, &shrunk),
            (&None, &shrunk, &shrunk),
        ] {
            assert_eq!(graver(before.clone(), now.clone()), *told);
        }
    }
}
