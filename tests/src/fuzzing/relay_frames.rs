//! A relay that is asked anything, in any order, by anyone: strangers, applicants, members, the registrar.

use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};

use causeway_certs::keys::{PublicKey, SigningKey};
use causeway_certs::transport::{RecvHalf, SendHalf, read_any};
use causeway_common::codec;
use causeway_common::envelope::PrekeyKind;
use causeway_common::error::ErrorCode;
use causeway_common::framed::{self, Label};
use causeway_common::ids::{BlobId, EnvelopeId};
use causeway_common::priority::Priority;
use causeway_common::statements::{NACK_UNREADABLE, Nack};
use causeway_common::store::{Kv as _, MemoryKv, Record};
use causeway_common::wire::{
    self, Acknowledge, AskOutcomes, BlobGet, BlobPut, DirectorySince, FetchRosters, FrameType, Pending,
    PublishPrekeys, Refuse, Submit, Subscribe, TakePrekeys, encode_frame,
};
use causeway_relay::blobs::{Blobs, MemoryBlobs};
use causeway_relay::config::Limits;
use causeway_relay::service::{self, Session};
use causeway_relay::{Parts, Relay};
use tokio::io::{AsyncReadExt as _, AsyncWrite};

use super::rig::{self, Device, Org, Rig, START, TestClock, prekey, small, status};
use super::{Input, paused_runtime};

/// Requests in one run.
const REQUESTS_MAX: usize = 24;
const BLOB: &[u8] = &[5; 3000];
const TOKEN: [u8; 32] = [6; 32];

/// A relay's data, its keys, and requests that fit.
struct Known {
    kv: MemoryKv,
    clock: TestClock,
    relay_key: [u8; 32],
    callers: Vec<PublicKey>,
    requests: Vec<Vec<u8>>,
    stranger: PublicKey,
}

fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        paused_runtime().block_on(async {
            let rig = Rig::claimed().await;
            let orgs = [rig.org(1, &[10, 11]).await, rig.org(2, &[20]).await];
            let waiting = rig.applicant(3, vec![Device::new(30)]);
            let _: wire::Done = rig.ask(waiting.devices[0].peer(), &waiting.enrol).await.unwrap();
            let new = rig.applicant(4, vec![Device::new(40)]);
            let stranger = SigningKey::from_seed(&[99; 32]).public();
            let devices = [&orgs[0].devices[0], &orgs[0].devices[1], &orgs[1].devices[0]];
            let mut callers: Vec<PublicKey> = devices.iter().map(|d| d.peer()).collect();
            callers.extend([
                rig.registrar_tls.public(),
                waiting.devices[0].peer(),
                new.devices[0].peer(),
                stranger,
            ]);
            let requests = requests(&rig, &orgs, &waiting, &new);
            let relay_key = *rig.relay_key.seed();
            Known { kv: rig.kv.snapshot(), clock: rig.clock.clone(), relay_key, callers, requests, stranger }
        })
    })
}

/// One request of each kind that the relay would grant to somebody.
fn requests(rig: &Rig, orgs: &[Org; 2], waiting: &Org, new: &Org) -> Vec<Vec<u8>> {
    let device = &orgs[0].devices[0];
    let envelopes = [small(&orgs[0], Priority::P0, 1), small(&orgs[1], Priority::P3, 2)];
    let ids: Vec<EnvelopeId> = envelopes.iter().map(causeway_common::envelope::Envelope::id).collect();
    let numbered = |n| prekey(&orgs[0], device, n, PrekeyKind::OneTime, 1);
    let mut keys: Vec<_> = (1..4).map(numbered).collect();
    keys.push(prekey(&orgs[0], device, 9, PrekeyKind::LastResort, 1));
    let nack =
        Nack { envelope: ids[0], device: device.id(), reason: NACK_UNREADABLE, counter: 1, time: START };
    let nack = device.signing.sign(Label::Nack, codec::encode(&nack));
    let blob = BlobId(framed::sha256(BLOB).0);
    let put = |offset| BlobPut {
        blob,
        size: BLOB.len() as u64,
        token_hash: framed::sha256(&TOKEN),
        expiry_hours: START.hours_rounded_up() + 48,
        offset,
    };
    vec![
        encode_frame(&rig::hello()),
        encode_frame(&Submit { envelope: envelopes[0].clone() }),
        encode_frame(&Submit { envelope: envelopes[1].clone() }),
        encode_frame(&Subscribe {}),
        encode_frame(&Acknowledge { envelopes: ids.clone() }),
        encode_frame(&AskOutcomes { envelopes: ids }),
        encode_frame(&Refuse { nack }),
        encode_frame(&PublishPrekeys { status: status(device, 1), prekeys: keys.clone() }),
        encode_frame(&PublishPrekeys { status: status(device, 5), prekeys: vec![] }),
        encode_frame(&TakePrekeys { org: orgs[0].id }),
        [encode_frame(&put(0)), BLOB[..1000].to_vec()].concat(),
        [encode_frame(&put(1000)), BLOB[1000..].to_vec()].concat(),
        encode_frame(&put(u64::MAX)),
        encode_frame(&BlobGet { blob, token: TOKEN, offset: 0 }),
        encode_frame(&DirectorySince { size: 0 }),
        encode_frame(&FetchRosters {
            digests: vec![causeway_certs::roster::digest(&orgs[0].enrol.roster.body)],
        }),
        encode_frame(&Pending {}),
        encode_frame(&waiting.enrol),
        encode_frame(&rig.admission(waiting)),
        encode_frame(&new.enrol),
        encode_frame(&rig.admission(new)),
        encode_frame(&wire::Claim { invite_id: [9; 16], genesis: rig.genesis() }),
    ]
}

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    // Outside of the runtime below: it has one of its own.
    known();
    paused_runtime().block_on(converse(&mut input));
}

fn open(kv: &MemoryKv, files: &MemoryBlobs, clock: &TestClock) -> Arc<Relay> {
    let parts = Parts {
        kv: Arc::new(kv.clone()),
        blobs: Blobs::Memory(files.clone()),
        key: SigningKey::from_seed(&known().relay_key),
        clock: Arc::new(clock.clone()),
    };
    Relay::open_limited(parts, Limits::default()).expect("what a relay has stored opens")
}

async fn converse(input: &mut Input<'_>) {
    let known = known();
    let (kv, files, clock) = (known.kv.snapshot(), MemoryBlobs::default(), known.clock.apart());
    let mut relay = open(&kv, &files, &clock);
    let mut sessions: Vec<Session> = known.callers.iter().map(|key| greeted(*key)).collect();
    for _ in 0..REQUESTS_MAX {
        if input.is_empty() {
            break;
        }
        match input.u8() {
            0..4 => clock.advance(u64::from(input.u8())),
            4..8 => drop(relay.sweep().await),
            8..12 => relay = open(&kv, &files, &clock),
            12..16 => sessions.iter().for_each(Session::drain),
            16..20 => sessions = known.callers.iter().map(|key| Session::new(*key)).collect(),
            _ => {
                let at = input.below(known.callers.len());
                let request = request(input);
                let before = (known.callers[at] == known.stranger).then(|| all(&kv));
                let answer = ask(&relay, &sessions[at], request.clone()).await;
                check_answer(&request, &answer).await;
                if let Some(before) = before {
                    check_stranger(&before, &all(&kv), &request, &answer);
                }
            }
        }
    }
    // Whatever was asked: the relay starts again on what it has stored, and its regular work goes on.
    let relay = open(&kv, &files, &clock);
    relay.sweep().await.expect("the relay's regular work goes on");
}

fn greeted(key: PublicKey) -> Session {
    let session = Session::new(key);
    session.greet();
    session
}

/// Any bytes, or a fitting request: as it is, with changes that leave its length true, or with changes anywhere.
fn request(input: &mut Input<'_>) -> Vec<u8> {
    let mut request = input.pick(&known().requests).clone();
    match input.u8() % 8 {
        0..4 => {}
        4..6 => {
            let mut payload = request.split_off(wire::FRAME_HEADER_BYTES);
            input.change(&mut payload);
            request[1..].copy_from_slice(&u32::try_from(payload.len()).unwrap().to_le_bytes());
            request.extend(payload);
        }
        6 => input.change(&mut request),
        _ => request = input.bytes().to_vec(),
    }
    request
}

fn all(kv: &MemoryKv) -> Vec<Record> {
    kv.scan(b"", None, usize::MAX).unwrap()
}

async fn ask(relay: &Relay, session: &Session, request: Vec<u8>) -> Vec<u8> {
    let sink = Sink::default();
    let (mut send, mut recv): (SendHalf, RecvHalf) =
        (Box::new(sink.clone()), Box::new(std::io::Cursor::new(request)));
    let _ = service::serve(relay, session, &mut send, &mut recv).await;
    sink.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// An answer is one frame of the protocol, and more than that only where a blob was asked for.
async fn check_answer(request: &[u8], answer: &[u8]) {
    if answer.is_empty() {
        return;
    }
    let mut recv: RecvHalf = Box::new(std::io::Cursor::new(answer.to_vec()));
    let (frame, payload) = read_any(&mut recv).await.expect("an answer is a frame");
    let mut rest = Vec::new();
    recv.read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty() || request[0] == FrameType::BlobGet as u8);
    if frame == FrameType::Refusal {
        let refusal: wire::Refusal = wire::decode_payload(&payload).unwrap();
        assert!(!matches!(refusal.code, ErrorCode::Internal | ErrorCode::Other(_)), "{:?}", refusal.code);
    }
}

/// Strangers get a greeting or a refusal, and leave nothing behind.
fn check_stranger(before: &[Record], after: &[Record], request: &[u8], answer: &[u8]) {
    assert!(before == after, "a stranger has changed the store");
    let greeting = [FrameType::Hello as u8, FrameType::Welcome as u8];
    let refused = answer.first().is_none_or(|frame| *frame == FrameType::Refusal as u8);
    assert!(refused || [request[0], answer[0]] == greeting);
}

/// Takes what is written, at once.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl AsyncWrite for Sink {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
