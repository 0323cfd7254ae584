//! Connections in memory, so that waits of minutes take no time.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "shared by tests that each use a part")]

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use causeway_certs::keys::PublicKey;
use causeway_certs::transport::{
    BoxFuture, Handshake, Link, LinkError, Listener, RecvHalf, SendHalf, read_any,
};
use causeway_common::limits::PUSH_STREAMS_MAX;
use causeway_common::wire::FrameType;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

/// Bytes in flight on one stream.
const WINDOW: usize = 256 * 1024;

type Streams<T> = (mpsc::Sender<T>, Mutex<mpsc::Receiver<T>>);

/// One end of a connection.
pub struct End {
    peer: PublicKey,
    bi: Streams<(SendHalf, RecvHalf)>,
    uni: Streams<RecvHalf>,
    credit: Arc<Semaphore>,
    closed: Arc<watch::Sender<Option<u64>>>,
}

impl std::fmt::Debug for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("End")
    }
}

/// Two ends: the relay's, which sees `client`, and the client's.
pub fn pair(client: PublicKey, relay: PublicKey) -> (Arc<End>, Arc<End>) {
    let closed = Arc::new(watch::Sender::new(None));
    let credit = Arc::new(Semaphore::new(PUSH_STREAMS_MAX as usize));
    let (to_relay, at_relay) = mpsc::channel(16);
    let (to_client, at_client) = mpsc::channel(16);
    let (uni_to_relay, uni_at_relay) = mpsc::channel(16);
    let (uni_to_client, uni_at_client) = mpsc::channel(16);
    let end = |peer, bi, uni| {
        Arc::new(End { peer, bi, uni, credit: Arc::clone(&credit), closed: Arc::clone(&closed) })
    };
    let relays = end(client, (to_client, Mutex::new(at_relay)), (uni_to_client, Mutex::new(uni_at_relay)));
    let clients = end(relay, (to_relay, Mutex::new(at_client)), (uni_to_relay, Mutex::new(uni_at_client)));
    (relays, clients)
}

impl End {
    fn gone(&self) -> LinkError {
        LinkError::Closed(self.closed.borrow().unwrap_or(0))
    }

    async fn unless_closed<T>(&self, work: impl Future<Output = Option<T>>) -> Result<T, LinkError> {
        tokio::select! {
            biased;
            error = self.closed() => Err(error),
            done = work => done.ok_or_else(|| self.gone()),
        }
    }

    /// The next push: its type and payload.
    pub async fn pushed(&self) -> Result<(FrameType, Vec<u8>), LinkError> {
        let mut stream = self.accept_uni().await?;
        let frame = self.unless_closed(async { read_any(&mut stream).await.ok() }).await?;
        Ok(frame)
    }

    /// Whether it is closed, and with what code.
    pub fn close_code(&self) -> Option<u64> {
        *self.closed.borrow()
    }
}

impl Link for End {
    fn peer(&self) -> PublicKey {
        self.peer
    }

    fn open_bi(&self) -> BoxFuture<'_, Result<(SendHalf, RecvHalf), LinkError>> {
        Box::pin(async move {
            let (near, far) = tokio::io::duplex(WINDOW);
            let (near_recv, near_send) = tokio::io::split(near);
            let (far_recv, far_send) = tokio::io::split(far);
            let far: (SendHalf, RecvHalf) = (Box::new(far_send), Box::new(far_recv));
            self.unless_closed(async { self.bi.0.send(far).await.ok() }).await?;
            Ok((Box::new(near_send) as SendHalf, Box::new(near_recv) as RecvHalf))
        })
    }

    fn accept_bi(&self) -> BoxFuture<'_, Result<(SendHalf, RecvHalf), LinkError>> {
        Box::pin(self.unless_closed(async { self.bi.1.lock().await.recv().await }))
    }

    fn open_uni(&self, _priority: i32) -> BoxFuture<'_, Result<SendHalf, LinkError>> {
        Box::pin(async move {
            let credit = Arc::clone(&self.credit).acquire_owned();
            let credit = self.unless_closed(async { credit.await.ok() }).await?;
            let (near, far) = tokio::io::duplex(WINDOW);
            let (unread, read) = oneshot::channel();
            let far: RecvHalf = Box::new(Counted { inner: far, _credit: credit, _unread: unread });
            self.unless_closed(async { self.uni.0.send(far).await.ok() }).await?;
            Ok(Box::new(Pushing { inner: near, read }) as SendHalf)
        })
    }

    fn accept_uni(&self) -> BoxFuture<'_, Result<RecvHalf, LinkError>> {
        Box::pin(self.unless_closed(async { self.uni.1.lock().await.recv().await }))
    }

    fn close(&self, code: u32) {
        self.closed.send_if_modified(|closed| {
            let first = closed.is_none();
            closed.get_or_insert(u64::from(code));
            first
        });
    }

    fn closed(&self) -> BoxFuture<'_, LinkError> {
        let mut closed = self.closed.subscribe();
        Box::pin(async move {
            let code = closed.wait_for(Option::is_some).await.map_or(0, |code| code.unwrap_or(0));
            LinkError::Closed(code)
        })
    }

    fn allow_streams(&self, _count: u32) {}
}

/// A stream that gives its credit back when it has been read.
struct Counted {
    inner: tokio::io::DuplexStream,
    _credit: OwnedSemaphorePermit,
    _unread: oneshot::Sender<()>,
}

/// A push, whose end is when it has been read: the network is as slow as the reader.
struct Pushing {
    inner: tokio::io::DuplexStream,
    read: oneshot::Receiver<()>,
}

impl AsyncWrite for Pushing {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        // The reader sees the end before it lets go.
        ready!(Pin::new(&mut self.inner).poll_shutdown(cx))?;
        let _ = ready!(Pin::new(&mut self.read).poll(cx));
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

/// Where a test's connections come in.
#[derive(Debug)]
pub struct Door {
    incoming: Streams<Arc<End>>,
    open: watch::Sender<bool>,
}

impl Door {
    pub fn new() -> Arc<Self> {
        let (send, recv) = mpsc::channel(64);
        Arc::new(Self { incoming: (send, Mutex::new(recv)), open: watch::Sender::new(true) })
    }

    /// Connects with this key.
    pub async fn connect(&self, client: PublicKey, relay: PublicKey) -> Arc<End> {
        let (relays, clients) = pair(client, relay);
        self.incoming.0.send(relays).await.unwrap();
        clients
    }

    pub fn is_open(&self) -> bool {
        *self.open.borrow()
    }
}

impl Listener for Door {
    fn accept(&self) -> BoxFuture<'_, Option<Handshake>> {
        Box::pin(async move {
            let end = self.incoming.1.lock().await.recv().await?;
            Some(Box::pin(async move { Ok(end as Arc<dyn Link>) }) as Handshake)
        })
    }

    fn stop_accepting(&self) {
        self.open.send_replace(false);
    }

    fn close(&self, _patience: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}
