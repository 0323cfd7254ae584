//! A connection to the relay: everything that waits goes out, everything that waits there comes in.

use std::sync::Arc;
use std::time::Duration;

use causeway_certs::transport::{Dialer, Link, LinkError, RecvHalf, RequestError, read_any, request};
use causeway_common::error::ErrorCode;
use causeway_common::limits::{
    IDS_PER_REQUEST_MAX, PUSHES_IN_FLIGHT_MAX, REQUEST_TIMEOUT, ROSTERS_PER_ANSWER_MAX,
};
use causeway_common::wire::{
    self, Accepted, Acknowledge, AskOutcomes, DeviceState, DirectoryPart, DirectorySince, Done, FetchRosters,
    FrameType, Hello, Outcomes, PROTOCOL_VERSION, Prekeys, Push, Refuse, Rosters, STANDING_MEMBER, Submit,
    Subscribe, TakePrekeys, Welcome,
};
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::attachments::{self, TransferError};
use crate::engine::incoming::Taken;
use crate::engine::outgoing::OutgoingError;
use crate::engine::{Engine, EngineError};
use crate::model::{Sent, Transport};
use crate::replica::ReplicaError;
use crate::vault::Changes;

/// Packets submitted at the same time.
const SUBMITS_IN_FLIGHT_MAX: usize = 8;
/// After this long without anything new, a session that does not wait ends.
const CALM: Duration = Duration::from_millis(300);
/// How often the relay is asked what became of packets that nobody has signed for.
const OUTCOMES_INTERVAL: Duration = Duration::from_secs(3);
/// Pause before a packet is tried again that could not go out for a reason that passes.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// Stored packets acknowledged together: a quarter of the window, so that the relay goes on pushing meanwhile.
const ACKNOWLEDGED_AT_ONCE: usize = PUSHES_IN_FLIGHT_MAX / 4;

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
}

/// How long a session stays.
#[derive(Clone, Copy, Debug)]
pub enum Stay {
    /// Until everything that waits on both sides has gone through.
    UntilCalm,
    /// Until the given time has passed, or earlier once something has come in and nothing of ours is under way.
    For(Duration),
    /// Until the connection ends.
    Open,
}

/// Connects, and does everything there is to do.
pub async fn run(engine: &Arc<Engine>, dialer: &dyn Dialer, stay: Stay) -> Result<Report, SessionError> {
    let link = dialer.dial().await?;
    let welcome = hello(&*link).await?;
    if welcome.standing != STANDING_MEMBER {
        link.close(0);
        return Err(SessionError::NotAdmitted);
    }
    let mut session = Session {
        engine: Arc::clone(engine),
        link: Arc::clone(&link),
        report: Report::default(),
        go_away: false,
    };
    let result = session.work(stay).await;
    link.close(0);
    result.map(|()| session.report)
}

/// The login: the first answer is the proof that the relay knows us.
pub async fn hello(link: &dyn Link) -> Result<Welcome, SessionError> {
    let hello = Hello { versions: vec![PROTOCOL_VERSION] };
    let welcome: Welcome = request(link, &hello, REQUEST_TIMEOUT).await?;
    if welcome.version == PROTOCOL_VERSION { Ok(welcome) } else { Err(SessionError::Misbehaved) }
}

/// Fetches and checks what the directory has gained. Durable when it returns.
pub async fn fetch_directory(engine: &Engine, link: &dyn Link) -> Result<(), SessionError> {
    let mut replica = engine.replica.lock().await;
    let mut next = replica.clone();
    let mut changes = Changes::default();
    loop {
        let since = DirectorySince { size: next.directory.size() };
        let part: DirectoryPart = request(link, &since, REQUEST_TIMEOUT).await?;
        if !next.take(&part, &engine.identity, &mut changes)? {
            break;
        }
    }
    for digests in next.directory.missing_rosters().chunks(ROSTERS_PER_ANSWER_MAX) {
        let wanted = FetchRosters { digests: digests.to_vec() };
        let got: Rosters = request(link, &wanted, REQUEST_TIMEOUT).await?;
        next.take_rosters(&got.rosters, &mut changes);
    }
    if !changes.is_empty() {
        engine.commit(changes).await?;
    }
    *replica = next;
    Ok(())
}

/// What the relay pushed.
enum Pushed {
    Packet(Box<Push>),
    DirectoryChanged,
    GoAway,
}

struct Session {
    engine: Arc<Engine>,
    link: Arc<dyn Link>,
    report: Report,
    go_away: bool,
}

impl Session {
    async fn work(&mut self, stay: Stay) -> Result<(), SessionError> {
        fetch_directory(&self.engine, &*self.link).await?;
        let state: DeviceState = request(&*self.link, &Subscribe {}, REQUEST_TIMEOUT).await?;
        self.publish_prekeys(&state).await?;
        let mut expected = state.waiting;
        let (pushes, mut pushed) = mpsc::channel(PUSHES_IN_FLIGHT_MAX);
        let reader = tokio::spawn(read_pushes(Arc::clone(&self.link), pushes));
        let begun = Instant::now();
        let mut outcomes_at = begun;
        let mut retry_at = begun;
        let ended = loop {
            if Instant::now() >= retry_at && self.send_pending().await? {
                retry_at = Instant::now() + RETRY_PAUSE;
            }
            if Instant::now() >= outcomes_at {
                self.ask_outcomes().await?;
                outcomes_at = Instant::now() + OUTCOMES_INTERVAL;
            }
            if self.go_away || self.may_end(stay, begun, expected)? {
                break Ok(());
            }
            let wake = tokio::time::sleep(self.pause(stay, begun, expected));
            tokio::select! {
                () = wake => {
                    if matches!(stay, Stay::UntilCalm) && expected > 0 {
                        expected -= expected.min(1);
                    }
                }
                next = pushed.recv() => {
                    let Some(first) = next else { break Err(self.link.closed().await.into()) };
                    let taken = self.take_arrived(first, &mut pushed).await?;
                    expected = expected.saturating_sub(taken);
                    retry_at = Instant::now();
                }
            }
        };
        reader.abort();
        ended
    }

    fn pause(&self, stay: Stay, begun: Instant, expected: u64) -> Duration {
        match stay {
            Stay::UntilCalm if expected > 0 => REQUEST_TIMEOUT,
            Stay::UntilCalm => CALM,
            Stay::For(time) => time.saturating_sub(begun.elapsed()).min(RETRY_PAUSE).max(CALM / 10),
            Stay::Open => RETRY_PAUSE,
        }
    }

    fn may_end(&self, stay: Stay, begun: Instant, expected: u64) -> Result<bool, SessionError> {
        Ok(match stay {
            Stay::UntilCalm => expected == 0 && begun.elapsed() >= CALM,
            Stay::For(time) => {
                let done = self.report.received > 0 && expected == 0 && begun.elapsed() >= CALM;
                begun.elapsed() >= time || (done && self.engine.awaiting()?.is_empty())
            }
            Stay::Open => false,
        })
    }

    async fn publish_prekeys(&self, state: &DeviceState) -> Result<(), SessionError> {
        if let Some(publish) = self.engine.refill_prekeys(state).await? {
            let _: DeviceState = request(&*self.link, &publish, REQUEST_TIMEOUT).await?;
        }
        Ok(())
    }

    /// Sends what is in the outbox. `true`: something must be tried again later.
    async fn send_pending(&mut self) -> Result<bool, SessionError> {
        let mut under_way = JoinSet::new();
        let mut again = false;
        for sent in self.engine.to_send()? {
            if under_way.len() >= SUBMITS_IN_FLIGHT_MAX {
                again |= self.finish_one(under_way.join_next().await)?;
            }
            let (engine, link) = (Arc::clone(&self.engine), Arc::clone(&self.link));
            let sealed = if sent.transport == Transport::Queued {
                match seal_now(&engine, &*link, sent).await {
                    Ok(sealed) => sealed,
                    Err(SendError::Later) => {
                        again = true;
                        continue;
                    }
                    Err(SendError::Session(error)) => return Err(error),
                }
            } else {
                sent
            };
            under_way.spawn(async move { submit(&engine, &*link, sealed).await });
        }
        while !under_way.is_empty() {
            again |= self.finish_one(under_way.join_next().await)?;
        }
        Ok(again)
    }

    fn finish_one(
        &mut self,
        joined: Option<Result<Result<bool, SessionError>, tokio::task::JoinError>>,
    ) -> Result<bool, SessionError> {
        match joined {
            Some(Ok(Ok(true))) => {
                self.report.sent += 1;
                Ok(false)
            }
            Some(Ok(Ok(false))) => Ok(true),
            Some(Ok(Err(error))) => Err(error),
            Some(Err(_)) => Err(SessionError::Misbehaved),
            None => Ok(false),
        }
    }

    async fn ask_outcomes(&self) -> Result<(), SessionError> {
        for envelopes in self.engine.awaiting()?.chunks(IDS_PER_REQUEST_MAX) {
            let ask = AskOutcomes { envelopes: envelopes.to_vec() };
            let outcomes: Outcomes = request(&*self.link, &ask, REQUEST_TIMEOUT).await?;
            self.engine.take_outcomes(&outcomes).await?;
        }
        Ok(())
    }

    /// Stores everything that has arrived and acknowledges it, a few at a time. What arrives meanwhile joins in: the
    /// most urgent goes next, so that an alarm waits for one packet at most.
    async fn take_arrived(
        &mut self,
        first: Pushed,
        pushed: &mut mpsc::Receiver<Pushed>,
    ) -> Result<u64, SessionError> {
        let mut arrived = Vec::new();
        let mut next = Some(first);
        let mut stored = Vec::new();
        let mut count = 0;
        loop {
            while let Some(one) = next.take() {
                match one {
                    Pushed::Packet(push) => arrived.push(push),
                    Pushed::DirectoryChanged => fetch_directory(&self.engine, &*self.link).await?,
                    Pushed::GoAway => self.go_away = true,
                }
                if arrived.len() < PUSHES_IN_FLIGHT_MAX {
                    next = pushed.try_recv().ok();
                }
            }
            let most_urgent = (0..arrived.len()).min_by_key(|i| arrived[*i].outer.priority);
            if let Some(push) = most_urgent.map(|i| arrived.remove(i)) {
                match self.take_one(&push).await? {
                    Taken::Stored(id) => stored.push(id),
                    Taken::Refused(nack) => {
                        let _: Done = request(&*self.link, &Refuse { nack }, REQUEST_TIMEOUT).await?;
                    }
                    Taken::NeedsDirectory => {}
                }
            }
            if !stored.is_empty() && (stored.len() == ACKNOWLEDGED_AT_ONCE || arrived.is_empty()) {
                count += stored.len() as u64;
                let envelopes = std::mem::take(&mut stored);
                let _: Done = request(&*self.link, &Acknowledge { envelopes }, REQUEST_TIMEOUT).await?;
            }
            next = pushed.try_recv().ok();
            if arrived.is_empty() && next.is_none() {
                self.report.received += count;
                return Ok(count);
            }
        }
    }

    async fn take_one(&self, push: &Push) -> Result<Taken, SessionError> {
        let taken = self.engine.take(push).await?;
        if !matches!(taken, Taken::NeedsDirectory) {
            return Ok(taken);
        }
        fetch_directory(&self.engine, &*self.link).await?;
        Ok(self.engine.take(push).await?)
    }
}

enum SendError {
    Later,
    Session(SessionError),
}

impl<E: Into<SessionError>> From<E> for SendError {
    fn from(error: E) -> Self {
        Self::Session(error.into())
    }
}

/// Takes prekeys and seals; the envelope is durable here before it is offered.
async fn seal_now(engine: &Engine, link: &dyn Link, sent: Sent) -> Result<Sent, SendError> {
    let taken: Prekeys = match request(link, &TakePrekeys { org: sent.to }, REQUEST_TIMEOUT).await {
        Ok(taken) => taken,
        Err(RequestError::Refused { code, .. }) if code.retryable() => return Err(SendError::Later),
        Err(RequestError::Refused { code, .. }) => {
            engine.rejected(&sent, code_word(code)).await.map_err(SessionError::from)?;
            return Err(SendError::Later);
        }
        Err(error) => return Err(SendError::Session(error.into())),
    };
    match engine.seal(sent.clone(), &taken).await {
        Ok(sealed) => Ok(sealed),
        Err(OutgoingError::Engine(error)) => Err(SendError::Session(error.into())),
        Err(OutgoingError::NoPrekeys) => Err(SendError::Later),
        Err(OutgoingError::Prekeys(_)) => {
            engine.rejected(&sent, "foreign-keys").await.map_err(SessionError::from)?;
            Err(SendError::Later)
        }
        Err(_) => {
            engine.rejected(&sent, "cannot-seal").await.map_err(SessionError::from)?;
            Err(SendError::Later)
        }
    }
}

/// Offers a sealed packet. `true`: the relay holds it.
async fn submit(engine: &Engine, link: &dyn Link, sent: Sent) -> Result<bool, SessionError> {
    let Some(envelope) = engine.envelope(&sent) else {
        engine.rejected(&sent, "damaged-envelope").await?;
        return Ok(false);
    };
    // The packet goes last: whoever reads it can fetch its attachments at once.
    match attachments::upload_all(link, &engine.staging, &sent.sections, sent.expires).await {
        Ok(()) => {}
        Err(TransferError::Request(RequestError::Link(error))) => return Err(error.into()),
        Err(TransferError::Request(RequestError::Refused { code, .. })) if code.retryable() => {
            return Ok(false);
        }
        Err(_) => {
            engine.rejected(&sent, "attachment").await?;
            return Ok(false);
        }
    }
    match request::<_, Accepted>(link, &Submit { envelope }, REQUEST_TIMEOUT).await {
        Ok(accepted) => match engine.relayed(&sent, accepted.receipt).await {
            Ok(()) => Ok(true),
            Err(OutgoingError::Engine(error)) => Err(error.into()),
            Err(_) => Err(SessionError::Misbehaved),
        },
        Err(RequestError::Refused { code, .. }) if code.retryable() => Ok(false),
        Err(RequestError::Refused { code, .. }) => {
            engine.rejected(&sent, code_word(code)).await?;
            Ok(false)
        }
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

/// Reads pushes as they come, one stream each and all at once: a long packet does not hold up an alarm behind it. The
/// transport lets the relay open no more streams than we can take.
async fn read_pushes(link: Arc<dyn Link>, pushes: mpsc::Sender<Pushed>) {
    let mut reading = JoinSet::new();
    while let Ok(mut stream) = link.accept_uni().await {
        while reading.try_join_next().is_some() {}
        let pushes = pushes.clone();
        reading.spawn(async move {
            if let Some(pushed) = read_push(&mut stream).await {
                let _ = pushes.send(pushed).await;
            }
        });
    }
}

async fn read_push(stream: &mut RecvHalf) -> Option<Pushed> {
    let whole = async {
        let read = read_any(stream).await.ok()?;
        // To the end: leaving a stream before it has ended would tell the relay to stop sending.
        (stream.read(&mut [0]).await.ok()? == 0).then_some(read)
    };
    let (frame, payload) = tokio::time::timeout(REQUEST_TIMEOUT, whole).await.ok()??;
    match frame {
        FrameType::Push => wire::decode_payload(&payload).ok().map(|push| Pushed::Packet(Box::new(push))),
        FrameType::DirectoryChanged => Some(Pushed::DirectoryChanged),
        FrameType::GoAway => Some(Pushed::GoAway),
        // A frame of a newer version is no reason to end the connection.
        _ => None,
    }
}
