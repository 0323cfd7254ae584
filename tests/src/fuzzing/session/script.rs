//! A connection whose other end follows a script.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use causeway_certs::keys::PublicKey;
use causeway_certs::transport::{BoxFuture, Dialer, Link, LinkError, RecvHalf, SendHalf};
use causeway_common::wire::{
    self, DirectoryChanged, FRAME_HEADER_BYTES, FrameType, GoAway, Refusal, encode_frame,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::super::Input;
use super::recorded::{Known, known};
use crate::hostile::scene::relay_key;

/// Bytes in flight on one stream: any frame fits.
const WINDOW: usize = 4 << 20;

/// What the relay does, request after request. When the script is over, it does what is right.
#[derive(Debug)]
pub(super) struct Script {
    bytes: Vec<u8>,
    asked: BTreeMap<u8, usize>,
    /// Says each time that packets wait.
    insists: bool,
}

enum Reply {
    Bytes(Vec<u8>),
    Silence,
}

impl Script {
    pub(super) fn new(bytes: &[u8], insists: bool) -> Self {
        Self { bytes: bytes.to_vec(), asked: BTreeMap::new(), insists }
    }

    fn next(&mut self, question: &[u8]) -> Reply {
        let bytes = std::mem::take(&mut self.bytes);
        let mut input = Input::new(&bytes);
        let times = self.asked.entry(question.first().copied().unwrap_or(0)).or_default();
        *times += 1;
        let insisting = self.insists && question.first() == Some(&(FrameType::Subscribe as u8));
        let reply = reply(&mut input, question, if insisting { 0 } else { *times - 1 }, known());
        self.bytes = input.rest().to_vec();
        reply
    }
}

fn reply(input: &mut Input<'_>, question: &[u8], times: usize, known: &Known) -> Reply {
    let mut right = right_answer(question, times, known);
    match input.u8() {
        // Most of what a script says comes after what goes well.
        0..160 => {}
        160..190 if right.len() > FRAME_HEADER_BYTES => {
            let mut payload = right.split_off(FRAME_HEADER_BYTES);
            input.change(&mut payload);
            right[1..].copy_from_slice(&u32::try_from(payload.len()).unwrap().to_le_bytes());
            right.extend(payload);
        }
        190..205 => input.change(&mut right),
        205..220 => {
            let all: Vec<&(Vec<u8>, Vec<u8>)> = known.answers.values().flatten().collect();
            right.clone_from(&input.pick(&all).1);
        }
        220..235 => {
            let code = input.u16().into();
            right = encode_frame(&Refusal { code, retry_after_ms: input.number() });
        }
        235..243 => right = input.bytes().to_vec(),
        243..249 => right.clear(),
        249.. => return Reply::Silence,
        _ => {}
    }
    Reply::Bytes(right)
}

/// What the true relay answered: when it was asked a question of this type as often before, or else the last time.
fn right_answer(question: &[u8], times: usize, known: &Known) -> Vec<u8> {
    let Some(frame) = question.first() else { return Vec::new() };
    let answers = known.answers.get(frame).map(Vec::as_slice).unwrap_or_default();
    if *frame == FrameType::Subscribe as u8 && times > 0 {
        // What waited has been given.
        let first = &answers[0].1[FRAME_HEADER_BYTES..];
        let state: wire::DeviceState = wire::decode_payload(first).unwrap();
        return encode_frame(&wire::DeviceState { waiting: 0, ..state });
    }
    match answers.get(times).or_else(|| answers.last()) {
        Some((_, answer)) => answer.clone(),
        None if *frame == FrameType::Refuse as u8 => encode_frame(&wire::Done {}),
        None => Vec::new(),
    }
}

/// A push without a packet in it.
pub(super) fn odd_push(input: &mut Input<'_>) -> Vec<u8> {
    match input.u8() % 3 {
        0 => encode_frame(&GoAway { reconnect_after_ms: input.number() }),
        1 => encode_frame(&DirectoryChanged { size: input.number() }),
        _ => encode_frame(&wire::Done {}),
    }
}

/// Dials the script.
#[derive(Debug)]
pub(super) struct ScriptDialer {
    script: Arc<Mutex<Script>>,
    pushes: Vec<Vec<u8>>,
}

impl ScriptDialer {
    pub(super) fn new(script: Script, pushes: Vec<Vec<u8>>) -> Self {
        Self { script: Arc::new(Mutex::new(script)), pushes }
    }
}

impl Dialer for ScriptDialer {
    fn dial(&self) -> BoxFuture<'_, Result<Arc<dyn Link>, LinkError>> {
        let link = ScriptLink {
            script: Arc::clone(&self.script),
            pushes: Mutex::new(self.pushes.clone().into()),
            tasks: Mutex::default(),
            closed: watch::Sender::new(false),
        };
        Box::pin(async move { Ok(Arc::new(link) as Arc<dyn Link>) })
    }

    fn name(&self) -> &'static str {
        "script"
    }
}

#[derive(Debug)]
struct ScriptLink {
    script: Arc<Mutex<Script>>,
    pushes: Mutex<VecDeque<Vec<u8>>>,
    tasks: Mutex<JoinSet<()>>,
    closed: watch::Sender<bool>,
}

async fn answer(script: Arc<Mutex<Script>>, mut device: DuplexStream) {
    let mut question = Vec::new();
    if device.read_to_end(&mut question).await.is_err() {
        return;
    }
    let reply = script.lock().unwrap_or_else(PoisonError::into_inner).next(&question);
    match reply {
        Reply::Bytes(bytes) => {
            // The device may have given up.
            let _ = device.write_all(&bytes).await;
            let _ = device.shutdown().await;
        }
        Reply::Silence => std::future::pending().await,
    }
}

impl Link for ScriptLink {
    fn peer(&self) -> PublicKey {
        relay_key().public()
    }

    fn open_bi(&self) -> BoxFuture<'_, Result<(SendHalf, RecvHalf), LinkError>> {
        let (near, far) = tokio::io::duplex(WINDOW);
        let (recv, send) = tokio::io::split(near);
        let answering = answer(Arc::clone(&self.script), far);
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(answering);
        Box::pin(async move { Ok((Box::new(send) as SendHalf, Box::new(recv) as RecvHalf)) })
    }

    fn accept_bi(&self) -> BoxFuture<'_, Result<(SendHalf, RecvHalf), LinkError>> {
        Box::pin(async { Err(self.closed().await) })
    }

    fn open_uni(&self, _priority: i32) -> BoxFuture<'_, Result<SendHalf, LinkError>> {
        Box::pin(async { Err(self.closed().await) })
    }

    fn accept_uni(&self) -> BoxFuture<'_, Result<RecvHalf, LinkError>> {
        Box::pin(async {
            let next = self.pushes.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            match next {
                Some(bytes) => Ok(Box::new(std::io::Cursor::new(bytes)) as RecvHalf),
                None => Err(self.closed().await),
            }
        })
    }

    fn close(&self, _code: u32) {
        self.closed.send_replace(true);
    }

    fn closed(&self) -> BoxFuture<'_, LinkError> {
        let mut closed = self.closed.subscribe();
        Box::pin(async move {
            // The sender lives as long as the link.
            let _ = closed.wait_for(|closed| *closed).await;
            LinkError::Closed(0)
        })
    }

    fn allow_streams(&self, _count: u32) {}
}
