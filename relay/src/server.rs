//! Accepts connections, serves them, and goes away in order.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use causeway_certs::transport::{Handshake, Link, Listener, finish, write_frame};
use causeway_common::limits::{CLIENT_STREAMS_MAX, HANDSHAKE_TIMEOUT, PUSH_TIMEOUT};
use causeway_common::wire::GoAway;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::registry::Caller;
use crate::service::{self, Effect};
use crate::{Relay, delivery, sweep};

/// Handshakes under way at the same time.
const HANDSHAKES_MAX: usize = 512;
/// A stranger may stay this long: enough to redeem an invite, or to wait a little for admission.
const STRANGER_STAY: Duration = Duration::from_secs(15);
/// Requests under way may finish within this time when the relay goes away.
const DRAIN: Duration = Duration::from_secs(10);
/// Clients come back within this time after a drain, each at its own moment.
const RECONNECT_SPREAD_MS: u64 = 10_000;
/// One request, attachments included: 1 GiB at 1 MiB/s.
const STREAM_TIMEOUT: Duration = Duration::from_secs(1_100);
/// Close code of an orderly end.
const CLOSE_GOODBYE: u32 = 0;
/// Close code for a stranger whose time is over.
const CLOSE_STRANGER: u32 = 1;

/// Serves until `shutdown` resolves, then drains: no new connections, everybody told when to come back, requests
/// under way finished, everything closed.
pub async fn serve(relay: Arc<Relay>, listener: Arc<dyn Listener>, shutdown: impl Future<Output = ()>) {
    let tasks = TaskTracker::new();
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    let (draining, drain) = watch::channel(false);
    let stop = CancellationToken::new();
    let sweeping = tasks.spawn({
        let (relay, stop) = (Arc::clone(&relay), stop.clone());
        async move {
            // It ends only by being told to.
            let _ = stop.run_until_cancelled(sweep::run(&relay)).await;
        }
    });
    tokio::pin!(shutdown);
    loop {
        let handshake = tokio::select! {
            () = &mut shutdown => break,
            handshake = listener.accept() => handshake,
        };
        let Some(handshake) = handshake else { break };
        let Ok(permit) = Arc::clone(&handshakes).try_acquire_owned() else {
            // Over the limit: dropping the handshake refuses it.
            continue;
        };
        let connection = Connection { relay: Arc::clone(&relay), drain: drain.clone(), stop: stop.clone() };
        tasks.spawn(async move {
            let link = establish(handshake).await;
            drop(permit);
            if let Some(link) = link {
                connection.run(link).await;
            }
        });
    }
    listener.stop_accepting();
    draining.send_replace(true);
    tasks.close();
    stop.cancel();
    // What has not finished by then is cut; nothing unanswered was promised.
    let _ = tokio::time::timeout(DRAIN, tasks.wait()).await;
    sweeping.abort();
    listener.close(Duration::from_secs(2)).await;
}

async fn establish(handshake: Handshake) -> Option<Arc<dyn Link>> {
    match tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake).await {
        Ok(Ok(link)) => Some(link),
        Ok(Err(_)) | Err(_) => None,
    }
}

/// One connection and what it needs.
struct Connection {
    relay: Arc<Relay>,
    drain: watch::Receiver<bool>,
    stop: CancellationToken,
}

impl Connection {
    async fn run(mut self, link: Arc<dyn Link>) {
        let streams = TaskTracker::new();
        let (effects, mut effect) = tokio::sync::mpsc::channel(1);
        let mut pushing = None;
        let mut greeted = false;
        let stranger_leaves = tokio::time::sleep(STRANGER_STAY);
        tokio::pin!(stranger_leaves);
        loop {
            tokio::select! {
                stream = link.accept_bi() => {
                    let Ok((mut send, mut recv)) = stream else { break };
                    let (relay, peer, effects) = (Arc::clone(&self.relay), link.peer(), effects.clone());
                    streams.spawn(async move {
                        let served = service::serve(&relay, peer, &mut send, &mut recv);
                        if let Ok(Ok(effect)) = tokio::time::timeout(STREAM_TIMEOUT, served).await
                            && effect != Effect::None
                        {
                            // The connection may have ended meanwhile.
                            let _ = effects.send(effect).await;
                        }
                    });
                }
                Some(effect) = effect.recv() => {
                    let Caller::Member { device, .. } = self.relay.caller(link.peer()) else {
                        greeted |= self.relay.caller(link.peer()) == Caller::Registrar;
                        continue;
                    };
                    greeted = true;
                    link.allow_streams(CLIENT_STREAMS_MAX);
                    if effect == Effect::Subscribe && pushing.is_none() {
                        let (relay, link) = (Arc::clone(&self.relay), Arc::clone(&link));
                        pushing = Some(tokio::spawn(async move {
                            let _ = delivery::run(&relay, &*link, device).await;
                            // A device that takes no pushes must not look connected.
                            link.close(CLOSE_GOODBYE);
                        }));
                    }
                }
                () = &mut stranger_leaves, if !greeted => {
                    link.close(CLOSE_STRANGER);
                    break;
                }
                () = until_draining(&mut self.drain) => {
                    say_goodbye(&*link).await;
                    break;
                }
            }
        }
        streams.close();
        let finished = tokio::time::timeout(DRAIN, streams.wait());
        if self.stop.is_cancelled() {
            let _ = finished.await;
        }
        if let Some(pushing) = pushing {
            pushing.abort();
        }
        link.close(CLOSE_GOODBYE);
    }
}

/// Resolves when the relay goes away.
async fn until_draining(drain: &mut watch::Receiver<bool>) {
    // A lost sender means the same.
    let _ = drain.wait_for(|draining| *draining).await;
}

/// Tells a client when to come back: its own moment, spread by its key, so that not all come at once.
async fn say_goodbye(link: &dyn Link) {
    let key = link.peer();
    let spread = u64::from_le_bytes(*key.as_bytes().first_chunk().unwrap_or(&[0; 8])) % RECONNECT_SPREAD_MS;
    let goodbye = async {
        let mut stream = link.open_uni(i32::MAX).await?;
        write_frame(&mut stream, &GoAway { reconnect_after_ms: 500 + spread }).await?;
        finish(&mut stream).await
    };
    // A client that does not take it finds out when the connection closes.
    let _ = tokio::time::timeout(PUSH_TIMEOUT.min(DRAIN), goodbye).await;
}
