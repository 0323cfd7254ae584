//! Connections of browsers and of other programs of this machine: each is bounded, and so is their number.
//!
//! Any user of the machine can open connections to a port of 127.0.0.1 without a word. They must not take what the connection
//! to the relay needs: an alarm that does not arrive because of them is worse than a page that does not.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

/// A browser has six to one place, and one for what is pushed to it; several windows and a few programs, ten times over. A
/// process may have 1024 descriptors, of which two such doors take an eighth each.
const CONNECTIONS: usize = 128;
/// A browser sends the head of a request at once; a person who types one by hand has time as well.
const HEAD: Duration = Duration::from_secs(10);

/// Answers whoever comes, until the future is dropped.
pub(crate) async fn serve<L: Listener>(mut listener: L, router: Router) -> Infallible {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        // The rest waits in the queue of the system.
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return std::future::pending().await };
        let (stream, _) = listener.accept().await;
        let service = router.clone().map_request(|request: Request<Incoming>| request.map(Body::new));
        connections.spawn(async move {
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(HEAD);
            let served = server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
            // Whoever breaks off has broken off.
            drop(served.await);
            drop(place);
        });
    }
}
