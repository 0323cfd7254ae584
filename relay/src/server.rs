//! Accepts connections, serves them, and goes away in order.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use causeway_certs::transport::{Handshake, Link, LinkError, Listener, Patient, RecvHalf, SendHalf};
use causeway_common::limits::{CLIENT_STREAMS_MAX, HANDSHAKE_TIMEOUT, REQUEST_TIMEOUT};
use causeway_common::store::{StoreError, transact};
use causeway_common::wire::{DirectoryChanged, GoAway};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::hub::Follower;
use crate::registry::Caller;
use crate::seats::{Seat, Standing};
use crate::service::{self, Effect, Session};
use crate::{Relay, delivery, sweep};

/// Handshakes under way at the same time. From half of this on the listener asks strangers to prove their address.
const HANDSHAKES_MAX: usize = 512;
/// A stranger may stay this long after Hello: enough to redeem an invite.
const STRANGER_STAY: Duration = Duration::from_secs(15);
/// Who waits for admission may stay this long, then connects again.
const WAITING_STAY: Duration = Duration::from_secs(10 * 60);
/// Requests under way may finish within this time when the relay goes away.
const DRAIN: Duration = Duration::from_secs(10);
/// After that, clients may read the last answers and close by themselves within this time.
const GOODBYE: Duration = Duration::from_secs(1);
/// Clients come back within this time after a drain, each at its own moment.
const RECONNECT_SPREAD_MS: u64 = 10_000;
/// And not before this time.
const RECONNECT_MIN_MS: u64 = 500;
/// Stream priority of notices: before every packet.
const NOTICE_PRIORITY: i32 = 3;
/// Close code of an orderly end.
const CLOSE_GOODBYE: u32 = 0;
/// Close code for who may not stay: a stranger whose time is over, a device that left its roster.
const CLOSE_STRANGER: u32 = 1;
/// Close code when there is no seat left.
const CLOSE_FULL: u32 = 2;

/// Serves until `shutdown` resolves, then drains: no new connections, everybody told when to come back, requests
/// under way finished, everything closed.
pub async fn serve(relay: Arc<Relay>, listener: Arc<dyn Listener>, shutdown: impl Future<Output = ()>) {
    if let Err(error) = sweep::remove_scraps(&relay).await {
        tracing::warn!(code = ?error.0, "left-over files are not removed; the next start tries again");
    }
    let (connections, drain) = (TaskTracker::new(), CancellationToken::new());
    let mut sweeping = JoinSet::new();
    sweeping.spawn({
        let relay = Arc::clone(&relay);
        async move { sweep::run(&relay).await }
    });
    tokio::select! {
        biased;
        () = shutdown => {}
        () = accept(&relay, &*listener, &connections, &drain) => {}
    }
    listener.stop_accepting();
    drain.cancel();
    connections.close();
    // What has not finished by then is cut; nothing unanswered was promised.
    let _ = tokio::time::timeout(DRAIN + 2 * GOODBYE, connections.wait()).await;
    sweeping.shutdown().await;
    flush(&relay).await;
    listener.close(2 * GOODBYE).await;
}

/// Accepts until the listener is closed. Handshakes run elsewhere, each under a deadline.
async fn accept(
    relay: &Arc<Relay>,
    listener: &dyn Listener,
    connections: &TaskTracker,
    drain: &CancellationToken,
) {
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    while let Some(handshake) = listener.accept().await {
        let Ok(permit) = Arc::clone(&handshakes).try_acquire_owned() else {
            // Over the limit: dropping the handshake refuses it.
            continue;
        };
        let (relay, drain) = (Arc::clone(relay), drain.clone());
        connections.spawn(async move {
            let link = establish(handshake).await;
            drop(permit);
            if let Some(link) = link {
                run(relay, link, drain).await;
            }
        });
    }
}

async fn establish(handshake: Handshake) -> Option<Arc<dyn Link>> {
    match tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake).await {
        Ok(Ok(link)) => Some(link),
        Ok(Err(_)) | Err(_) => None,
    }
}

/// Waits until all that was handed to the store is on the disk.
async fn flush(relay: &Relay) {
    if transact(&*relay.kv, |_| Ok::<_, StoreError>(())).await.is_err() {
        tracing::warn!("the store did not confirm its last sync; nothing acknowledged depends on it");
    }
}

/// One connection, from handshake to end.
async fn run(relay: Arc<Relay>, link: Arc<dyn Link>, drain: CancellationToken) {
    let standing = Standing::from(relay.caller(link.peer()));
    let Some(seat) = relay.seats.take(standing, &link) else {
        link.close(CLOSE_FULL);
        return;
    };
    let (tell, effects) = mpsc::channel(1);
    let directory = relay.hub.directory();
    let mut connection = Connection {
        session: Arc::new(Session::new(link.peer())),
        requests: TaskTracker::new(),
        tell,
        effects,
        directory,
        directory_told: true,
        notices: JoinSet::new(),
        pushing: JoinSet::new(),
        welcomed: false,
        leave_at: Instant::now() + HANDSHAKE_TIMEOUT,
        seat: Some(seat),
        relay,
        link,
    };
    let code = connection.serve(drain).await;
    connection.end(code);
}

struct Connection {
    relay: Arc<Relay>,
    link: Arc<dyn Link>,
    session: Arc<Session>,
    seat: Option<Seat>,
    requests: TaskTracker,
    tell: mpsc::Sender<Effect>,
    effects: mpsc::Receiver<Effect>,
    directory: Follower,
    /// Whether the caller knows, or is being told, how large the directory is.
    directory_told: bool,
    notices: JoinSet<Result<(), LinkError>>,
    pushing: JoinSet<LinkError>,
    /// Whether Hello has been answered.
    welcomed: bool,
    /// When the connection must have earned a longer stay.
    leave_at: Instant,
}

impl Connection {
    /// Gives the code to close with.
    async fn serve(&mut self, drain: CancellationToken) -> u32 {
        loop {
            let may_stay = self.welcomed && self.is_known();
            tokio::select! {
                biased;
                Some(effect) = self.effects.recv() => {
                    if !self.apply(effect) {
                        return CLOSE_FULL;
                    }
                }
                () = self.directory.changed() => {
                    if !self.directory_changed() {
                        return CLOSE_STRANGER;
                    }
                }
                Some(sent) = self.notices.join_next(), if !self.notices.is_empty() => {
                    if !matches!(sent, Ok(Ok(()))) {
                        return CLOSE_GOODBYE;
                    }
                    self.tell_of_directory();
                }
                Some(_) = self.pushing.join_next(), if !self.pushing.is_empty() => return CLOSE_GOODBYE,
                () = tokio::time::sleep_until(self.leave_at), if !may_stay => return CLOSE_STRANGER,
                () = drain.cancelled() => return Box::pin(self.drain()).await,
                // Last: a caller who keeps us busy with requests holds up nothing else.
                stream = self.link.accept_bi() => match stream {
                    Ok(stream) => self.begin(stream),
                    Err(_) => return CLOSE_GOODBYE,
                },
            }
        }
    }

    /// Answers a request beside the others; the transport bounds how many there are.
    fn begin(&self, (send, recv): (SendHalf, RecvHalf)) {
        let mut send: SendHalf = Box::new(Patient::new(send, REQUEST_TIMEOUT));
        let mut recv: RecvHalf = Box::new(Patient::new(recv, REQUEST_TIMEOUT));
        let (relay, session, tell) = (Arc::clone(&self.relay), Arc::clone(&self.session), self.tell.clone());
        self.requests.spawn(async move {
            let effect = service::serve(&relay, &session, &mut send, &mut recv).await;
            if let Ok(effect @ (Effect::Greeted | Effect::Subscribe)) = effect {
                // The connection may have ended meanwhile.
                let _ = tell.send(effect).await;
            }
        });
    }

    /// `false`: no seat for what the caller has become.
    fn apply(&mut self, effect: Effect) -> bool {
        if !self.sit() {
            return false;
        }
        if effect == Effect::Greeted && !self.welcomed {
            self.welcomed = true;
            self.leave_at = Instant::now() + STRANGER_STAY;
        }
        match self.standing() {
            Standing::Member { device, .. } if effect == Effect::Subscribe && self.pushing.is_empty() => {
                let (relay, link) = (Arc::clone(&self.relay), Arc::clone(&self.link));
                self.pushing.spawn(delivery::run(relay, link, device));
            }
            Standing::Waiting => self.leave_at = Instant::now() + WAITING_STAY,
            _ => {}
        }
        true
    }

    /// Tells the caller, and lets go of a device that is no longer listed. `false`: it has to leave.
    fn directory_changed(&mut self) -> bool {
        let was_known = self.is_known();
        if !self.sit() || (was_known && !self.is_known()) {
            return false;
        }
        self.directory_told = false;
        self.tell_of_directory();
        true
    }

    /// One notice at a time: a caller who does not read the last one gets no more, and is let go of all the same.
    fn tell_of_directory(&mut self) {
        if self.directory_told || !self.notices.is_empty() {
            return;
        }
        self.directory_told = true;
        let size = self.directory.size();
        if self.welcomed && self.standing() != Standing::Stranger {
            let link = Arc::clone(&self.link);
            self.notices.spawn(async move {
                delivery::send(&*link, NOTICE_PRIORITY, &DirectoryChanged { size }).await
            });
        }
    }

    /// Takes the seat that fits what the caller is now.
    fn sit(&mut self) -> bool {
        let peer = self.link.peer();
        let standing = match self.relay.caller(peer) {
            Caller::Stranger if self.relay.is_pending(peer) => Standing::Waiting,
            caller => Standing::from(caller),
        };
        if standing != self.standing() {
            let Some(seat) = self.relay.seats.take(standing, &self.link) else { return false };
            if let Some(before) = self.seat.replace(seat) {
                self.relay.seats.leave(before, &self.link);
            }
        }
        match standing {
            Standing::Member { .. } | Standing::Registrar => self.link.allow_streams(CLIENT_STREAMS_MAX),
            Standing::Stranger | Standing::Waiting => {}
        }
        true
    }

    fn standing(&self) -> Standing {
        self.seat.as_ref().map_or(Standing::Stranger, Seat::standing)
    }

    fn is_known(&self) -> bool {
        matches!(self.standing(), Standing::Member { .. } | Standing::Registrar)
    }

    /// Says when to come back, finishes what is under way, refuses what comes now.
    async fn drain(&mut self) -> u32 {
        self.session.drain();
        self.pushing.abort_all();
        let (link, requests) = (Arc::clone(&self.link), self.requests.clone());
        requests.close();
        let finish = async {
            // A client that does not take it finds out when the connection closes.
            let _ = delivery::send(&*link, NOTICE_PRIORITY, &goodbye(&*link)).await;
            requests.wait().await;
            let _ = tokio::time::timeout(GOODBYE, link.closed()).await;
        };
        let refuse = async {
            while let Ok(stream) = self.link.accept_bi().await {
                self.begin(stream);
            }
        };
        tokio::select! {
            biased;
            _ = tokio::time::timeout(DRAIN, finish) => {}
            () = refuse => {}
        }
        CLOSE_GOODBYE
    }

    fn end(mut self, code: u32) {
        self.link.close(code);
        if let Some(seat) = self.seat.take() {
            self.relay.seats.leave(seat, &self.link);
        }
    }
}

/// When this client should come back: its own moment, spread by its key, so that not all come at once.
fn goodbye(link: &dyn Link) -> GoAway {
    let key = link.peer();
    let spread = u64::from_le_bytes(*key.as_bytes().first_chunk().unwrap_or(&[0; 8])) % RECONNECT_SPREAD_MS;
    GoAway { reconnect_after_ms: RECONNECT_MIN_MS + spread }
}
