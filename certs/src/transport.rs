//! Authenticated connections, without saying over what.
//!
//! Protocol code sees a [`Link`]: streams both ways, the key the other side has proven. [`quic`] is the first
//! implementation; TLS over TCP can stand beside it without a change anywhere else.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use causeway_common::error::ErrorCode;
use causeway_common::limits;
use causeway_common::wire::{self, FRAME_HEADER_BYTES, Frame, FrameType, Refusal};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::keys::PublicKey;

mod patience;
pub mod quic;

pub use self::patience::Patient;

/// A future that can be stored.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// The writing half of a stream. `shutdown` finishes it; dropping it unfinished resets it.
pub type SendHalf = Box<dyn AsyncWrite + Send + Unpin>;
/// The reading half of a stream.
pub type RecvHalf = Box<dyn AsyncRead + Send + Unpin>;

/// Why a connection or a stream ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The other side closed it, with this code.
    #[error("the other side closed the connection (code {0})")]
    Closed(u64),
    /// Nothing came back in time.
    #[error("the other side does not answer")]
    TimedOut,
    /// The other side is not who it should be, or did not accept us.
    #[error("the other side's key is not the expected one")]
    Unauthenticated,
    /// Anything else that broke the connection.
    #[error("the connection broke: {0}")]
    Broken(String),
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The connection failed; the request may or may not have been carried out.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The other side broke the protocol.
    #[error("the other side's answer does not follow the protocol")]
    Misbehaved,
    /// The other side refused.
    #[error("the relay refused: {code:?}")]
    Refused {
        /// Why.
        code: ErrorCode,
        /// When trying again makes sense.
        retry_after: Duration,
    },
}

/// An authenticated connection. Every method is cancel-safe: dropping its future loses no stream.
pub trait Link: Debug + Send + Sync {
    /// The key the other side has proven.
    fn peer(&self) -> PublicKey;
    /// Opens a request stream.
    fn open_bi(&self) -> BoxFuture<'_, Result<(SendHalf, RecvHalf), LinkError>>;
    /// The next request stream of the other side.
    fn accept_bi(&self) -> BoxFuture<'_, Result<(SendHalf, RecvHalf), LinkError>>;
    /// Opens a push stream; higher priorities are sent first.
    fn open_uni(&self, priority: i32) -> BoxFuture<'_, Result<SendHalf, LinkError>>;
    /// The next push stream of the other side.
    fn accept_uni(&self) -> BoxFuture<'_, Result<RecvHalf, LinkError>>;
    /// Ends the connection at once.
    fn close(&self, code: u32);
    /// Resolves when the connection has ended.
    fn closed(&self) -> BoxFuture<'_, LinkError>;
    /// Allows the other side this many request streams at the same time.
    fn allow_streams(&self, count: u32);
}

/// A connection under way.
pub type Handshake = BoxFuture<'static, Result<Arc<dyn Link>, LinkError>>;

/// Where connections come in.
pub trait Listener: Debug + Send + Sync {
    /// The next connection; none once the listener is closed. Finish the handshake elsewhere, under a deadline.
    fn accept(&self) -> BoxFuture<'_, Option<Handshake>>;
    /// Refuses new connections; those there live on.
    fn stop_accepting(&self);
    /// Closes everything and waits until the other sides have been told, at most `patience`.
    fn close(&self, patience: Duration) -> BoxFuture<'_, ()>;
}

/// How connections are made.
pub trait Dialer: Debug + Send + Sync {
    /// Connects to the relay.
    fn dial(&self) -> BoxFuture<'_, Result<Arc<dyn Link>, LinkError>>;
    /// The name of the transport for people: `quic` or `tcp`.
    fn name(&self) -> &'static str;
}

/// Sends a request and reads its answer. Gives up when nothing moves for `patience`; the request itself may take as long as it
/// does on the slowest line, [`limits::request_passes_within`], and the answer [`limits::WINDOW_PATIENCE`] longer.
pub async fn request<Q: Frame, A: Frame>(
    link: &dyn Link,
    question: &Q,
    patience: Duration,
) -> Result<A, RequestError> {
    let opened = tokio::time::timeout(patience, link.open_bi()).await;
    let (send, recv) = opened.map_err(|_| LinkError::TimedOut)??;
    let frame = wire::encode_frame(question);
    let mut send: SendHalf = Box::new(Patient::new(send, patience));
    write_bytes(&mut send, &frame).await?;
    finish(&mut send).await?;
    // What was written is in the window, and has yet to pass the line.
    let passing = limits::request_passes_within(frame.len());
    let mut recv: RecvHalf = Box::new(Patient::new(recv, patience + passing));
    // The longest answer passes the slowest line in that time; one that drips holds nobody for ever.
    let answer = read_answer(&mut recv);
    let in_all = patience + passing + limits::WINDOW_PATIENCE;
    tokio::time::timeout(in_all, answer).await.map_err(|_| LinkError::TimedOut)?
}

/// Writes one frame.
pub async fn write_frame<F: Frame>(send: &mut SendHalf, frame: &F) -> Result<(), LinkError> {
    write_bytes(send, &wire::encode_frame(frame)).await
}

/// Writes raw bytes after a frame.
pub async fn write_bytes(send: &mut SendHalf, bytes: &[u8]) -> Result<(), LinkError> {
    send.write_all(bytes).await.map_err(broken)
}

/// Says that nothing more will be written.
pub async fn finish(send: &mut SendHalf) -> Result<(), LinkError> {
    send.shutdown().await.map_err(broken)
}

/// Reads any frame: its type and its payload, which is no longer than the type allows.
pub async fn read_any(recv: &mut RecvHalf) -> Result<(FrameType, Vec<u8>), RequestError> {
    let mut header = [0; FRAME_HEADER_BYTES];
    recv.read_exact(&mut header).await.map_err(broken)?;
    let frame = FrameType::from_number(header[0]).ok_or(RequestError::Misbehaved)?;
    let length = u32::from_le_bytes([header[1], header[2], header[3], header[4]]) as usize;
    if length > frame.limit() {
        return Err(RequestError::Misbehaved);
    }
    let mut payload = vec![0; length];
    recv.read_exact(&mut payload).await.map_err(broken)?;
    Ok((frame, payload))
}

/// Reads the frame that answers a request: the one expected, or a refusal.
pub async fn read_answer<A: Frame>(recv: &mut RecvHalf) -> Result<A, RequestError> {
    let (frame, payload) = read_any(recv).await?;
    if frame == FrameType::Refusal {
        let refusal: Refusal = wire::decode_payload(&payload).map_err(|_| RequestError::Misbehaved)?;
        let retry_after = Duration::from_millis(refusal.retry_after_ms);
        return Err(RequestError::Refused { code: refusal.code, retry_after });
    }
    if frame != A::TYPE {
        return Err(RequestError::Misbehaved);
    }
    wire::decode_payload(&payload).map_err(|_| RequestError::Misbehaved)
}

fn broken(error: std::io::Error) -> LinkError {
    if error.kind() == std::io::ErrorKind::TimedOut {
        return LinkError::TimedOut;
    }
    LinkError::Broken(error.kind().to_string())
}
