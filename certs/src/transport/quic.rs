//! QUIC (RFC 9000) through quinn.
//!
//! The numbers are chosen for many idle connections: few stream slots, small windows, no datagrams. Whoever builds
//! the endpoint decides on what socket it runs, so the simulator uses this file as it is.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use aws_lc_rs::{hkdf, hmac};
use causeway_common::limits;
use causeway_common::time::Clock;
pub use quinn::Endpoint;
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{
    AsyncUdpSocket, Connection, ConnectionError, EndpointConfig, TimeSource, TokioRuntime, TransportConfig,
    VarInt,
};
use quinn_proto::HashedConnectionIdGenerator;
use rustls::pki_types::CertificateDer;
use tokio::io::AsyncWrite;

use super::{BoxFuture, Dialer, Handshake, Link, LinkError, Listener, RecvHalf, SendHalf};
use crate::keys::{PublicKey, SigningKey};
use crate::tls::{self, ShownKey};

/// Bytes in flight on one stream: a body of 1 MiB takes four round trips.
const STREAM_WINDOW: u32 = 256 * 1024;
/// Handshakes not finished before strangers must prove their address first.
const HALF_OPEN_BEFORE_RETRY: usize = 256;
/// Datagrams held for connections that are not accepted yet: there is no early data, so a few are enough.
const INCOMING_BUFFER_BYTES: u64 = 64 * 1024;
/// The same for all of them together.
const INCOMING_BUFFER_BYTES_TOTAL: u64 = 16 * 1024 * 1024;
/// Connections waiting to be accepted.
const INCOMING_MAX: usize = 2048;

fn transport(accept_bi: u32, accept_uni: u32, keep_alive: Option<Duration>) -> TransportConfig {
    let mut config = TransportConfig::default();
    config
        .max_concurrent_bidi_streams(accept_bi.into())
        .max_concurrent_uni_streams(accept_uni.into())
        .stream_receive_window(STREAM_WINDOW.into())
        .receive_window(limits::CONNECTION_WINDOW.into())
        .send_window(limits::CONNECTION_WINDOW.into())
        .max_idle_timeout(quinn::IdleTimeout::try_from(limits::IDLE_TIMEOUT).ok())
        .keep_alive_interval(keep_alive)
        .datagram_receive_buffer_size(None)
        .mtu_discovery_config(None)
        .allow_spin(false);
    config
}

/// The relay's QUIC configuration.
pub fn server_config(key: &SigningKey) -> Result<quinn::ServerConfig, LinkError> {
    server_config_showing(&shown(key)?)
}

fn shown(key: &SigningKey) -> Result<ShownKey, LinkError> {
    ShownKey::new(key).map_err(|e| LinkError::Broken(e.to_string()))
}

fn server_config_showing(shown: &ShownKey) -> Result<quinn::ServerConfig, LinkError> {
    let tls = tls::server_config_showing(shown).map_err(|e| LinkError::Broken(e.to_string()))?;
    let crypto = QuicServerConfig::try_from(tls).map_err(|e| LinkError::Broken(e.to_string()))?;
    let mut config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
    // A stranger gets one stream; a member's allowance is raised after Hello.
    config
        .transport_config(Arc::new(transport(1, 0, None)))
        .max_incoming(INCOMING_MAX)
        .incoming_buffer_size(INCOMING_BUFFER_BYTES)
        .incoming_buffer_size_total(INCOMING_BUFFER_BYTES_TOTAL);
    Ok(config)
}

/// A client's QUIC configuration, for one relay and one device.
pub fn client_config(pinned: PublicKey, key: &SigningKey) -> Result<quinn::ClientConfig, LinkError> {
    client_config_of(&[pinned], key)
}

/// The same for a relay that may show any of these keys: one that changes its key.
pub fn client_config_of(pinned: &[PublicKey], key: &SigningKey) -> Result<quinn::ClientConfig, LinkError> {
    let tls = tls::client_config(pinned, key).map_err(|e| LinkError::Broken(e.to_string()))?;
    let crypto = QuicClientConfig::try_from(tls).map_err(|e| LinkError::Broken(e.to_string()))?;
    let mut config = quinn::ClientConfig::new(Arc::new(crypto));
    config.transport_config(Arc::new(transport(0, limits::PUSH_STREAMS_MAX, Some(limits::KEEP_ALIVE))));
    Ok(config)
}

/// Keys that outlive the relay's process.
#[derive(Clone, Copy)]
pub struct PersistentKeys<'a> {
    /// Lets clients of the process before learn at once that it is gone (RFC 9000, section 10.3).
    pub reset: &'a [u8; 32],
    /// Keeps address-validation tokens valid.
    pub token: &'a [u8; 32],
}

impl std::fmt::Debug for PersistentKeys<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersistentKeys")
    }
}

/// What an endpoint stands on where the operating system gives neither sockets nor randomness: in the simulator.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Where datagrams come and go.
    pub socket: Arc<dyn AsyncUdpSocket>,
    /// What the endpoint's choices come from: the same seed, the same choices.
    pub seed: [u8; 32],
}

/// Opens the relay's endpoint on a UDP socket.
pub fn listen(
    address: SocketAddr,
    key: &SigningKey,
    keys: PersistentKeys<'_>,
) -> Result<Endpoint, LinkError> {
    listen_showing(address, &shown(key)?, keys)
}

/// The same with a key that can become another.
pub fn listen_showing(
    address: SocketAddr,
    shown: &ShownKey,
    keys: PersistentKeys<'_>,
) -> Result<Endpoint, LinkError> {
    let (endpoint, config) = relay_configs(shown, keys)?;
    let socket = std::net::UdpSocket::bind(address).map_err(broken)?;
    Endpoint::new(endpoint, Some(config), socket, Arc::new(TokioRuntime)).map_err(broken)
}

/// The same on a ground that is given, and by a clock that is given: address-validation tokens carry the time.
pub fn listen_on(
    ground: Ground,
    clock: Arc<dyn Clock>,
    key: &SigningKey,
    keys: PersistentKeys<'_>,
) -> Result<Endpoint, LinkError> {
    let (mut endpoint, mut config) = relay_configs(&shown(key)?, keys)?;
    config.time_source(Arc::new(TokenTime(clock)));
    endpoint.rng_seed(Some(ground.seed));
    let runtime = Arc::new(TokioRuntime);
    Endpoint::new_with_abstract_socket(endpoint, Some(config), ground.socket, runtime).map_err(broken)
}

struct TokenTime(Arc<dyn Clock>);

impl TimeSource for TokenTime {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.0.now().0)
    }
}

fn relay_configs(
    shown: &ShownKey,
    keys: PersistentKeys<'_>,
) -> Result<(EndpointConfig, quinn::ServerConfig), LinkError> {
    let mut config = server_config_showing(shown)?;
    let token_key = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(keys.token);
    config.token_key(Arc::new(token_key));
    let mut endpoint = EndpointConfig::new(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, keys.reset)));
    let (id_key, _) = keys.reset.split_first_chunk().unwrap_or((&[0; 8], &[]));
    let id_key = u64::from_le_bytes(*id_key);
    endpoint.cid_generator(move || Box::new(HashedConnectionIdGenerator::from_key(id_key)));
    Ok((endpoint, config))
}

/// Opens a client's endpoint for reaching `relay`: any free port of the same address family.
pub fn client_endpoint(relay: SocketAddr) -> Result<Endpoint, LinkError> {
    let any: SocketAddr = if relay.is_ipv4() {
        (std::net::Ipv4Addr::UNSPECIFIED, 0).into()
    } else {
        (std::net::Ipv6Addr::UNSPECIFIED, 0).into()
    };
    Endpoint::client(any).map_err(broken)
}

/// A client's endpoint on a ground that is given.
pub fn client_endpoint_on(ground: Ground) -> Result<Endpoint, LinkError> {
    let mut config = EndpointConfig::default();
    config.rng_seed(Some(ground.seed));
    Endpoint::new_with_abstract_socket(config, None, ground.socket, Arc::new(TokioRuntime)).map_err(broken)
}

fn broken(error: io::Error) -> LinkError {
    LinkError::Broken(error.to_string())
}

/// A listening endpoint.
#[derive(Clone, Debug)]
pub struct QuicListener {
    endpoint: Endpoint,
    half_open: Arc<AtomicUsize>,
}

impl QuicListener {
    /// Listens on an endpoint that was built with [`server_config`].
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, half_open: Arc::default() }
    }
}

impl Listener for QuicListener {
    fn accept(&self) -> BoxFuture<'_, Option<Handshake>> {
        Box::pin(async move {
            loop {
                let incoming = self.endpoint.accept().await?;
                let crowded = self.half_open.load(Ordering::Relaxed) >= HALF_OPEN_BEFORE_RETRY;
                if crowded && !incoming.remote_address_validated() && incoming.may_retry() {
                    // The stranger comes back with a token from its true address, or not at all.
                    let _ = incoming.retry();
                    continue;
                }
                let guard = HalfOpen::enter(&self.half_open);
                let handshake: Handshake = Box::pin(async move {
                    let connection = incoming.await.map_err(link_error)?;
                    drop(guard);
                    Ok(Arc::new(QuicLink::new(connection)?) as Arc<dyn Link>)
                });
                return Some(handshake);
            }
        })
    }

    fn stop_accepting(&self) {
        self.endpoint.set_server_config(None);
    }

    fn close(&self, patience: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.endpoint.close(VarInt::from_u32(0), b"");
            // Whoever has not heard by then finds out from its idle timeout.
            let _ = tokio::time::timeout(patience, self.endpoint.wait_idle()).await;
        })
    }
}

/// Counts a handshake from its first packet until it ends, however it ends.
#[derive(Debug)]
struct HalfOpen(Arc<AtomicUsize>);

impl HalfOpen {
    fn enter(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for HalfOpen {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Dials one relay.
#[derive(Clone, Debug)]
pub struct QuicDialer {
    endpoint: Endpoint,
    config: quinn::ClientConfig,
    relay: SocketAddr,
}

impl QuicDialer {
    /// Dials `relay` from `endpoint`, with the configuration that pins it.
    pub fn new(endpoint: Endpoint, config: quinn::ClientConfig, relay: SocketAddr) -> Self {
        Self { endpoint, config, relay }
    }
}

impl Dialer for QuicDialer {
    fn dial(&self) -> BoxFuture<'_, Result<Arc<dyn Link>, LinkError>> {
        Box::pin(async move {
            let connecting = self
                .endpoint
                .connect_with(self.config.clone(), self.relay, "relay.invalid")
                .map_err(|e| LinkError::Broken(e.to_string()))?;
            let connection = tokio::time::timeout(limits::HANDSHAKE_TIMEOUT, connecting)
                .await
                .map_err(|_| LinkError::TimedOut)?
                .map_err(link_error)?;
            Ok(Arc::new(QuicLink::new(connection)?) as Arc<dyn Link>)
        })
    }

    fn name(&self) -> &'static str {
        "quic"
    }
}

#[derive(Debug)]
struct QuicLink {
    connection: Connection,
    peer: PublicKey,
}

impl QuicLink {
    fn new(connection: Connection) -> Result<Self, LinkError> {
        let shown = connection.peer_identity().ok_or(LinkError::Unauthenticated)?;
        let keys =
            shown.downcast::<Vec<CertificateDer<'static>>>().map_err(|_| LinkError::Unauthenticated)?;
        let spki = keys.first().ok_or(LinkError::Unauthenticated)?;
        let peer = PublicKey::from_spki(spki).map_err(|_| LinkError::Unauthenticated)?;
        Ok(Self { connection, peer })
    }
}

impl Link for QuicLink {
    fn peer(&self) -> PublicKey {
        self.peer
    }

    fn open_bi(&self) -> BoxFuture<'_, Result<(SendHalf, RecvHalf), LinkError>> {
        Box::pin(async move { self.connection.open_bi().await.map(boxed).map_err(link_error) })
    }

    fn accept_bi(&self) -> BoxFuture<'_, Result<(SendHalf, RecvHalf), LinkError>> {
        Box::pin(async move { self.connection.accept_bi().await.map(boxed).map_err(link_error) })
    }

    fn open_uni(&self, priority: i32) -> BoxFuture<'_, Result<SendHalf, LinkError>> {
        Box::pin(async move {
            let send = self.connection.open_uni().await.map_err(link_error)?;
            // Only a stream that is already gone has no priority; writing to it will say so.
            let _ = send.set_priority(priority);
            let arrived = Box::pin(send.stopped());
            Ok(Box::new(PushHalf { send, finished: false, arrived }) as SendHalf)
        })
    }

    fn accept_uni(&self) -> BoxFuture<'_, Result<RecvHalf, LinkError>> {
        Box::pin(async move {
            self.connection.accept_uni().await.map(|r| Box::new(r) as RecvHalf).map_err(link_error)
        })
    }

    fn close(&self, code: u32) {
        self.connection.close(VarInt::from_u32(code), b"");
    }

    fn closed(&self) -> BoxFuture<'_, LinkError> {
        Box::pin(async move { link_error(self.connection.closed().await) })
    }

    fn allow_streams(&self, count: u32) {
        self.connection.set_max_concurrent_bi_streams(count.into());
    }
}

/// The sending half of a push. `shutdown` ends when the other side's stack has all of it, so that whoever pushes knows
/// how much is under way: what waits behind a slow network is not here to be overtaken.
struct PushHalf {
    send: quinn::SendStream,
    finished: bool,
    arrived: BoxFuture<'static, Result<Option<VarInt>, quinn::StoppedError>>,
}

impl AsyncWrite for PushHalf {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write(Pin::new(&mut self.send), cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.send).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.finished {
            self.send.finish()?;
            self.finished = true;
        }
        match ready!(self.arrived.as_mut().poll(cx)) {
            Ok(None) => Poll::Ready(Ok(())),
            Ok(Some(_)) => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            Err(error) => Poll::Ready(Err(error.into())),
        }
    }
}

fn boxed((send, recv): (quinn::SendStream, quinn::RecvStream)) -> (SendHalf, RecvHalf) {
    (Box::new(send), Box::new(recv))
}

fn link_error(error: ConnectionError) -> LinkError {
    match error {
        ConnectionError::TimedOut => LinkError::TimedOut,
        ConnectionError::ApplicationClosed(close) => LinkError::Closed(close.error_code.into_inner()),
        ConnectionError::LocallyClosed => LinkError::Closed(0),
        // TLS alerts arrive as 0x100 + alert; all of those we can meet say that a key was not accepted.
        ConnectionError::TransportError(e) if (0x100..0x200).contains(&u64::from(e.code)) => {
            LinkError::Unauthenticated
        }
        ConnectionError::ConnectionClosed(c) if (0x100..0x200).contains(&u64::from(c.error_code)) => {
            LinkError::Unauthenticated
        }
        other => LinkError::Broken(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use causeway_common::wire::{Hello, Welcome};

    use super::super::{finish, read_answer, request, write_frame};
    use super::*;
    use causeway_common::time::Timestamp;

    fn listener(key: &SigningKey) -> (QuicListener, SocketAddr) {
        let endpoint = Endpoint::server(server_config(key).unwrap(), "127.0.0.1:0".parse().unwrap()).unwrap();
        let address = endpoint.local_addr().unwrap();
        (QuicListener::new(endpoint), address)
    }

    fn dialer(pin: PublicKey, key: &SigningKey, relay: SocketAddr) -> QuicDialer {
        let endpoint = Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
        QuicDialer::new(endpoint, client_config(pin, key).unwrap(), relay)
    }

    #[tokio::test]
    async fn both_sides_prove_their_keys_and_exchange_frames() {
        let relay = SigningKey::from_seed(&[1; 32]);
        let device = SigningKey::from_seed(&[2; 32]);
        let (listener, address) = listener(&relay);
        let device_public = device.public();
        let serving = tokio::spawn(async move {
            let link = listener.accept().await.unwrap().await.unwrap();
            assert_eq!(link.peer(), device_public);
            let (mut send, mut recv) = link.accept_bi().await.unwrap();
            let hello: Hello = read_answer(&mut recv).await.unwrap();
            let welcome =
                Welcome { version: hello.versions[0], standing: 0, time: Timestamp(1), checkpoint: vec![] };
            write_frame(&mut send, &welcome).await.unwrap();
            finish(&mut send).await.unwrap();
            link.closed().await
        });
        let link = dialer(relay.public(), &device, address).dial().await.unwrap();
        let welcome: Welcome =
            request(&*link, &Hello { versions: vec![1] }, Duration::from_secs(5)).await.unwrap();
        assert_eq!(welcome.version, 1);
        link.close(7);
        assert_eq!(serving.await.unwrap(), LinkError::Closed(7));
    }

    #[tokio::test]
    async fn another_relay_key_is_refused() {
        let relay = SigningKey::from_seed(&[1; 32]);
        let (listener, address) = listener(&relay);
        let serving = tokio::spawn(async move { listener.accept().await.unwrap().await.unwrap_err() });
        let wrong = SigningKey::from_seed(&[3; 32]).public();
        let error = dialer(wrong, &SigningKey::from_seed(&[2; 32]), address).dial().await.unwrap_err();
        assert_eq!(error, LinkError::Unauthenticated);
        serving.await.unwrap();
    }
}
