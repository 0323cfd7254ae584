//! A relay that speaks the protocol and lies in one chosen way: everything between a device and the true relay passes
//! through here, frame by frame, after the handshake. So it can do whatever a relay with the right key can do.

use std::collections::VecDeque;
use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use causeway_certs::keys::PublicKey;
use causeway_certs::transport::{BoxFuture, Dialer, Link, LinkError, RecvHalf, SendHalf};
use causeway_common::wire::{self, FRAME_HEADER_BYTES, Frame, FrameType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use super::scene::DoorDialer;

/// Bytes between the device and the liar, on one stream: any frame fits.
const WINDOW: usize = 4 << 20;
/// Pushes between the liar and the device.
const PUSHES_MAX: usize = 64;

/// A frame as it passes, with what follows it on its stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw {
    /// Its type.
    pub frame: FrameType,
    /// Its payload.
    pub payload: Vec<u8>,
    /// Raw bytes after it.
    pub rest: Vec<u8>,
}

impl Raw {
    /// A frame with nothing after it.
    pub fn of<F: Frame>(frame: &F) -> Self {
        Self::parse(&wire::encode_frame(frame))
    }

    /// Its content, if it is of this type.
    pub fn read<F: Frame>(&self) -> Option<F> {
        (self.frame == F::TYPE).then(|| wire::decode_payload(&self.payload).unwrap())
    }

    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let length = u32::try_from(self.payload.len()).unwrap().to_le_bytes();
        [&[self.frame as u8][..], &length, &self.payload, &self.rest].concat()
    }

    pub(super) fn parse(bytes: &[u8]) -> Self {
        let (header, rest) = bytes.split_at(FRAME_HEADER_BYTES);
        let length = u32::from_le_bytes(header[1..].try_into().unwrap()) as usize;
        let (payload, rest) = rest.split_at(length);
        let frame = FrameType::from_number(header[0]).unwrap();
        Self { frame, payload: payload.to_vec(), rest: rest.to_vec() }
    }
}

/// What the device gets for a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A frame.
    Frame(Raw),
    /// Bytes that need not be a frame.
    Bytes(Vec<u8>),
    /// A frame, once somebody says so.
    Late(Raw, Arc<Notify>),
    /// Nothing, ever, on an open stream.
    Silence,
    /// The end of the stream.
    Cut,
}

impl Reply {
    /// The relay's own answer to something else.
    pub fn with<F: Frame>(frame: &F) -> Self {
        Self::Frame(Raw::of(frame))
    }
}

type OnRequest = Box<dyn Fn(&Raw) -> Option<Reply> + Send + Sync>;
type OnAnswer = Box<dyn Fn(&Raw, Raw) -> Reply + Send + Sync>;
type OnPush = Box<dyn Fn(Raw) -> Vec<Raw> + Send + Sync>;

/// What is changed on the way.
pub struct Lies {
    per_kib: Duration,
    on_request: OnRequest,
    on_answer: OnAnswer,
    on_push: OnPush,
}

impl Debug for Lies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lies")
    }
}

impl Default for Lies {
    fn default() -> Self {
        Self {
            per_kib: Duration::ZERO,
            on_request: Box::new(|_| None),
            on_answer: Box::new(|_, answer| Reply::Frame(answer)),
            on_push: Box::new(|push| vec![push]),
        }
    }
}

impl Lies {
    fn passes_in(&self, bytes: usize) -> Duration {
        self.per_kib * u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
    }

    async fn write(&self, to: &mut DuplexStream, bytes: &[u8]) -> std::io::Result<()> {
        if self.per_kib.is_zero() {
            return to.write_all(bytes).await;
        }
        for piece in bytes.chunks(1024) {
            tokio::time::sleep(self.per_kib).await;
            to.write_all(piece).await?;
        }
        Ok(())
    }

    /// Answers some requests without asking the true relay.
    #[must_use]
    pub fn instead(lie: impl Fn(&Raw) -> Option<Reply> + Send + Sync + 'static) -> Self {
        Self { on_request: Box::new(lie), ..Self::default() }
    }

    /// Changes answers; sees the question too.
    #[must_use]
    pub fn answering(lie: impl Fn(&Raw, Raw) -> Reply + Send + Sync + 'static) -> Self {
        Self { on_answer: Box::new(lie), ..Self::default() }
    }

    /// Changes the answers of one type.
    #[must_use]
    pub fn in_answers<A: Frame>(lie: impl Fn(&mut A) + Send + Sync + 'static) -> Self {
        Self::answering(move |_, answer| match answer.read::<A>() {
            Some(mut read) => {
                lie(&mut read);
                Reply::with(&read)
            }
            None => Reply::Frame(answer),
        })
    }

    /// Gives, for each push of the relay, those the device sees.
    #[must_use]
    pub fn pushing(lie: impl Fn(Raw) -> Vec<Raw> + Send + Sync + 'static) -> Self {
        Self { on_push: Box::new(lie), ..Self::default() }
    }

    /// The same for envelopes only; takes and gives whole pushes.
    #[must_use]
    pub fn in_packets(lie: impl Fn(wire::Push) -> Vec<wire::Push> + Send + Sync + 'static) -> Self {
        Self::pushing(move |raw| match raw.read::<wire::Push>() {
            Some(push) => lie(push).iter().map(Raw::of).collect(),
            None => vec![raw],
        })
    }

    /// Lies about envelopes as well.
    #[must_use]
    pub fn and_in_packets(self, lie: impl Fn(wire::Push) -> Vec<wire::Push> + Send + Sync + 'static) -> Self {
        Self { on_push: Self::in_packets(lie).on_push, ..self }
    }

    /// And about whatever is pushed.
    #[must_use]
    pub fn and_pushing(self, lie: impl Fn(Raw) -> Vec<Raw> + Send + Sync + 'static) -> Self {
        Self { on_push: Box::new(lie), ..self }
    }

    /// The same on a line on which a kibibyte takes this long, either way.
    #[must_use]
    pub fn on_a_slow_line(self, per_kib: Duration) -> Self {
        Self { per_kib, ..self }
    }

    /// Holds envelopes back until `count` are there, then lets `lie` rearrange them.
    #[must_use]
    pub fn with_packets(count: usize, lie: impl Fn(&mut Vec<wire::Push>) + Send + Sync + 'static) -> Self {
        let held = Mutex::new(Vec::new());
        Self::in_packets(move |push| {
            let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
            held.push(push);
            if held.len() < count {
                return Vec::new();
            }
            let mut all = std::mem::take(&mut *held);
            // In an order of their own, whatever order they came in.
            all.sort_by_key(|push| push.outer.nonce);
            lie(&mut all);
            all
        })
    }
}

/// Dials the true relay and puts the lies in between.
#[derive(Debug)]
pub struct LyingDialer {
    inner: DoorDialer,
    lies: Arc<Lies>,
}

impl LyingDialer {
    /// The way to the relay, with lies on it.
    pub fn new(inner: DoorDialer, lies: Lies) -> Self {
        Self { inner, lies: Arc::new(lies) }
    }
}

impl Dialer for LyingDialer {
    fn dial(&self) -> BoxFuture<'_, Result<Arc<dyn Link>, LinkError>> {
        Box::pin(async move {
            let inner = self.inner.dial().await?;
            let (pushes, pushed) = mpsc::channel(PUSHES_MAX);
            let mut tasks = JoinSet::new();
            tasks.spawn(pass_pushes(Arc::clone(&inner), Arc::clone(&self.lies), pushes));
            let link = LyingLink {
                inner,
                lies: Arc::clone(&self.lies),
                pushed: tokio::sync::Mutex::new(pushed),
                tasks: Mutex::new(tasks),
            };
            Ok(Arc::new(link) as Arc<dyn Link>)
        })
    }

    fn name(&self) -> &'static str {
        "lies"
    }
}

#[derive(Debug)]
struct LyingLink {
    inner: Arc<dyn Link>,
    lies: Arc<Lies>,
    pushed: tokio::sync::Mutex<mpsc::Receiver<Vec<u8>>>,
    tasks: Mutex<JoinSet<()>>,
}

async fn pass_pushes(inner: Arc<dyn Link>, lies: Arc<Lies>, pushes: mpsc::Sender<Vec<u8>>) {
    while let Ok(mut stream) = inner.accept_uni().await {
        let mut bytes = Vec::new();
        if stream.read_to_end(&mut bytes).await.is_err() {
            continue;
        }
        let mut shown: VecDeque<Raw> = (lies.on_push)(Raw::parse(&bytes)).into();
        while let Some(raw) = shown.pop_front() {
            if pushes.send(raw.bytes()).await.is_err() {
                return;
            }
        }
    }
}

async fn pass_request(inner: Arc<dyn Link>, lies: Arc<Lies>, mut device: DuplexStream) {
    let mut bytes = Vec::new();
    if device.read_to_end(&mut bytes).await.is_err() || bytes.len() < FRAME_HEADER_BYTES {
        return;
    }
    tokio::time::sleep(lies.passes_in(bytes.len())).await;
    let question = Raw::parse(&bytes);
    let reply = match (lies.on_request)(&question) {
        Some(reply) => reply,
        None => match ask(&*inner, &bytes).await {
            Some(answer) => (lies.on_answer)(&question, answer),
            None => Reply::Cut,
        },
    };
    let bytes = match reply {
        Reply::Frame(raw) => raw.bytes(),
        Reply::Bytes(bytes) => bytes,
        Reply::Late(raw, at) => {
            at.notified().await;
            raw.bytes()
        }
        Reply::Silence => std::future::pending().await,
        Reply::Cut => return,
    };
    // The device may have given up.
    let _ = lies.write(&mut device, &bytes).await;
    let _ = device.shutdown().await;
}

async fn ask(inner: &dyn Link, question: &[u8]) -> Option<Raw> {
    let (mut send, mut recv) = inner.open_bi().await.ok()?;
    send.write_all(question).await.ok()?;
    send.shutdown().await.ok()?;
    let mut answer = Vec::new();
    recv.read_to_end(&mut answer).await.ok()?;
    (answer.len() >= FRAME_HEADER_BYTES).then(|| Raw::parse(&answer))
}

impl Link for LyingLink {
    fn peer(&self) -> PublicKey {
        self.inner.peer()
    }

    fn open_bi(&self) -> BoxFuture<'_, Result<(SendHalf, RecvHalf), LinkError>> {
        Box::pin(async move {
            let (near, far) = tokio::io::duplex(WINDOW);
            let (recv, send) = tokio::io::split(near);
            let passing = pass_request(Arc::clone(&self.inner), Arc::clone(&self.lies), far);
            self.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(passing);
            Ok((Box::new(send) as SendHalf, Box::new(recv) as RecvHalf))
        })
    }

    fn accept_bi(&self) -> BoxFuture<'_, Result<(SendHalf, RecvHalf), LinkError>> {
        self.inner.accept_bi()
    }

    fn open_uni(&self, priority: i32) -> BoxFuture<'_, Result<SendHalf, LinkError>> {
        self.inner.open_uni(priority)
    }

    fn accept_uni(&self) -> BoxFuture<'_, Result<RecvHalf, LinkError>> {
        Box::pin(async move {
            let next = self.pushed.lock().await.recv().await;
            let Some(bytes) = next else { return Err(self.inner.closed().await) };
            let (near, mut far) = tokio::io::duplex(WINDOW);
            let lies = Arc::clone(&self.lies);
            let writing = async move { drop(lies.write(&mut far, &bytes).await) };
            self.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(writing);
            Ok(Box::new(near) as RecvHalf)
        })
    }

    fn close(&self, code: u32) {
        self.inner.close(code);
    }

    fn closed(&self) -> BoxFuture<'_, LinkError> {
        self.inner.closed()
    }

    fn allow_streams(&self, count: u32) {
        self.inner.allow_streams(count);
    }
}
