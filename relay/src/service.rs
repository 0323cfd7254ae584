//! Requests and their answers. One stream, one request; who may ask what is decided here.

use std::sync::atomic::{AtomicBool, Ordering};

use causeway_certs::keys::PublicKey;
use causeway_certs::transport::{
    LinkError, RecvHalf, RequestError, SendHalf, finish, write_bytes, write_frame,
};
use causeway_common::crash;
use causeway_common::error::ErrorCode;
use causeway_common::framed::{self, Label};
use causeway_common::ids::{DeviceId, OrgId};
use causeway_common::statements::Nack;
use causeway_common::wire::{
    self, Accepted, Done, FRAME_HEADER_BYTES, Frame, FrameType, Hello, PROTOCOL_VERSION, Prekeys, Refusal,
    Rosters, STANDING_MEMBER, STANDING_PENDING, STANDING_REGISTRAR, STANDING_RETURNING, STANDING_STRANGER,
    STANDING_SUSPENDED, Submit, TakePrekeys, Welcome,
};
use tokio::io::AsyncReadExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::registry::Caller;
use crate::{Refused, Relay};

/// Attachments a connection moves at the same time; each holds one piece of 1 MiB.
const TRANSFERS_PER_CONNECTION: usize = 4;
/// Requests up to this length need no room: those of strangers, and most of the others.
const SHORT_REQUEST_BYTES: usize = 64 * 1024;
/// When a client may try again after a refusal that will pass.
const RETRY_AFTER_MS: u64 = 2_000;

/// What a request asks of its connection, beyond its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// The login has succeeded.
    Greeted,
    /// Push what waits from now on.
    Subscribe,
}

/// What a connection is allowed, shared by its streams.
#[derive(Debug)]
pub struct Session {
    peer: PublicKey,
    greeted: AtomicBool,
    draining: AtomicBool,
    transfers: Semaphore,
}

impl Session {
    /// A connection of whoever has proven this key.
    pub fn new(peer: PublicKey) -> Self {
        Self {
            peer,
            greeted: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            transfers: Semaphore::new(TRANSFERS_PER_CONNECTION),
        }
    }

    /// Hello has been said.
    pub fn greet(&self) {
        self.greeted.store(true, Ordering::Relaxed);
    }

    /// Refuse what is begun from now on: the relay is going away.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    fn admit(&self, frame: FrameType, draining: bool) -> Result<(), Refused> {
        if draining {
            return Err(Refused(ErrorCode::Draining));
        }
        if frame != FrameType::Hello && !self.greeted.load(Ordering::Relaxed) {
            return Err(Refused(ErrorCode::NotAuthorised));
        }
        Ok(())
    }
}

/// Answers one request. Errors of the connection end the stream; refusals are answers.
pub async fn serve(
    relay: &Relay,
    session: &Session,
    send: &mut SendHalf,
    recv: &mut RecvHalf,
) -> Result<Effect, RequestError> {
    let draining = session.draining.load(Ordering::Relaxed);
    let caller = relay.caller(session.peer);
    let (frame, payload, _room) = match read_request(relay, caller, recv).await? {
        Ok(request) => request,
        Err(refused) => {
            refuse(send, refused).await?;
            return Ok(Effect::None);
        }
    };
    let request = Request { relay, session, caller, payload };
    let answered = match session.admit(frame, draining) {
        Err(refused) => Err(refused.into()),
        Ok(()) => request.respond(frame, send, recv).await,
    };
    let effect = match answered {
        Ok(effect) => effect,
        Err(Failed::Refused(refused)) => {
            refuse(send, refused).await?;
            return Ok(Effect::None);
        }
        Err(Failed::Link(error)) => return Err(error.into()),
    };
    finish(send).await?;
    Ok(effect)
}

/// Reads a request. What does not follow the protocol is refused; the connection lives on.
async fn read_request(
    relay: &Relay,
    caller: Caller,
    recv: &mut RecvHalf,
) -> Result<Result<(FrameType, Vec<u8>, Option<OwnedSemaphorePermit>), Refused>, RequestError> {
    let broken = |error: std::io::Error| LinkError::Broken(error.kind().to_string());
    let mut header = [0; FRAME_HEADER_BYTES];
    recv.read_exact(&mut header).await.map_err(broken)?;
    let Some(frame) = FrameType::from_number(header[0]) else {
        return Ok(Err(Refused(ErrorCode::UnknownFrame)));
    };
    let length = u32::from_le_bytes([header[1], header[2], header[3], header[4]]) as usize;
    if length > frame.limit() {
        return Ok(Err(Refused(ErrorCode::TooLarge)));
    }
    let room = match room_for(relay, caller, length).await {
        Ok(room) => room,
        Err(refused) => return Ok(Err(refused)),
    };
    let mut payload = vec![0; length];
    recv.read_exact(&mut payload).await.map_err(broken)?;
    Ok(Ok((frame, payload, room)))
}

/// Room for a request of so many bytes, as soon as there is some. Only devices make long requests.
async fn room_for(
    relay: &Relay,
    caller: Caller,
    bytes: usize,
) -> Result<Option<OwnedSemaphorePermit>, Refused> {
    if bytes <= SHORT_REQUEST_BYTES {
        return Ok(None);
    }
    let Caller::Member { org, .. } = caller else { return Err(Refused(ErrorCode::NotAuthorised)) };
    let kibibytes = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
    let room = relay.seats.room(org).acquire_many_owned(kibibytes).await;
    room.map(Some).map_err(|_| Refused(ErrorCode::Draining))
}

async fn refuse(send: &mut SendHalf, refused: Refused) -> Result<(), RequestError> {
    let retry_after_ms = if refused.0.retryable() { RETRY_AFTER_MS } else { 0 };
    write_frame(send, &Refusal { code: refused.0, retry_after_ms }).await?;
    Ok(finish(send).await?)
}

/// Why a request got no regular answer.
pub(crate) enum Failed {
    /// An answer.
    Refused(Refused),
    /// The connection broke.
    Link(LinkError),
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

struct Request<'a> {
    relay: &'a Relay,
    session: &'a Session,
    caller: Caller,
    payload: Vec<u8>,
}

type Answer = Result<(Vec<u8>, Effect), Refused>;

fn answer<F: Frame>(frame: &F) -> Answer {
    Ok((wire::encode_frame(frame), Effect::None))
}

impl Request<'_> {
    fn read<F: Frame>(&self) -> Result<F, Refused> {
        wire::decode_payload(&self.payload).map_err(|_| Refused(ErrorCode::Malformed))
    }

    fn member(&self) -> Result<(OrgId, DeviceId), Refused> {
        match self.caller {
            Caller::Member { org, device } => Ok((org, device)),
            Caller::Suspended { .. } => Err(Refused(ErrorCode::Suspended)),
            _ => Err(Refused(ErrorCode::NotAuthorised)),
        }
    }

    fn known(&self) -> Result<(), Refused> {
        if self.caller == Caller::Stranger && !self.relay.is_pending(self.session.peer) {
            Err(Refused(ErrorCode::NotAuthorised))
        } else {
            Ok(())
        }
    }

    async fn respond(
        self,
        frame: FrameType,
        send: &mut SendHalf,
        recv: &mut RecvHalf,
    ) -> Result<Effect, Failed> {
        if matches!(frame, FrameType::BlobPut | FrameType::BlobGet) {
            return self.transfer(frame, send, recv).await;
        }
        let (bytes, effect) = self.answer(frame).await?;
        crash::at("relay.before-answer");
        write_bytes(send, &bytes).await.map_err(Failed::Link)?;
        crash::at("relay.answered");
        Ok(effect)
    }

    async fn transfer(
        &self,
        frame: FrameType,
        send: &mut SendHalf,
        recv: &mut RecvHalf,
    ) -> Result<Effect, Failed> {
        let (org, _) = self.member()?;
        // Never closed; were it, going on without a turn would do no harm.
        let _turn = self.session.transfers.acquire().await;
        if frame == FrameType::BlobPut {
            self.relay.blob_put(org, self.read()?, send, recv).await?;
        } else {
            self.relay.blob_get(&self.read()?, send).await?;
        }
        Ok(Effect::None)
    }

    async fn answer(&self, frame: FrameType) -> Answer {
        match frame {
            FrameType::Hello => self.hello(),
            FrameType::Claim => {
                self.relay.claim(self.session.peer, self.read()?).await.and_then(|()| answer(&Done {}))
            }
            FrameType::Enrol => {
                self.relay.enrol(self.session.peer, self.read()?).await.and_then(|()| answer(&Done {}))
            }
            FrameType::DirectorySince | FrameType::FetchRosters => self.directory(frame),
            FrameType::Pending | FrameType::Append => self.registry(frame).await,
            FrameType::PublishPrekeys | FrameType::TakePrekeys => self.prekeys(frame).await,
            FrameType::Submit
            | FrameType::Acknowledge
            | FrameType::Refuse
            | FrameType::AskOutcomes
            | FrameType::Subscribe => self.mail(frame).await,
            FrameType::LinkOpen | FrameType::LinkAsk | FrameType::LinkList => self.links(frame).await,
            _ => Err(Refused(ErrorCode::UnknownFrame)),
        }
    }

    fn hello(&self) -> Answer {
        let hello: Hello = self.read()?;
        if !hello.versions.contains(&PROTOCOL_VERSION) {
            return Err(Refused(ErrorCode::UnknownFrame));
        }
        let standing = match self.caller {
            Caller::Member { .. } => STANDING_MEMBER,
            Caller::Suspended { .. } => STANDING_SUSPENDED,
            Caller::Returning { .. } => STANDING_RETURNING,
            Caller::Registrar => STANDING_REGISTRAR,
            Caller::Stranger if self.relay.is_pending(self.session.peer) => STANDING_PENDING,
            Caller::Stranger => STANDING_STRANGER,
        };
        let welcome = Welcome {
            version: PROTOCOL_VERSION,
            standing,
            time: self.relay.clock.now(),
            checkpoint: self.relay.checkpoint(),
        };
        self.session.greet();
        Ok((wire::encode_frame(&welcome), Effect::Greeted))
    }

    fn directory(&self, frame: FrameType) -> Answer {
        self.known()?;
        if frame == FrameType::DirectorySince {
            let since: wire::DirectorySince = self.read()?;
            return answer(&self.relay.directory_since(since.size));
        }
        let wanted: wire::FetchRosters = self.read()?;
        answer(&Rosters { rosters: self.relay.rosters(&wanted.digests)? })
    }

    async fn registry(&self, frame: FrameType) -> Answer {
        if frame == FrameType::Pending {
            let wire::Pending {} = self.read()?;
            if self.caller != Caller::Registrar {
                return Err(Refused(ErrorCode::NotAuthorised));
            }
            return answer(&self.relay.pending()?);
        }
        if self.caller == Caller::Stranger {
            return Err(Refused(ErrorCode::NotAuthorised));
        }
        self.relay.append(self.caller, self.read()?).await?;
        answer(&Done {})
    }

    /// A device that is in no roster yet asks for itself; everything else is its organisation's business.
    async fn links(&self, frame: FrameType) -> Answer {
        match frame {
            FrameType::LinkAsk => {
                self.relay.ask_link(self.session.peer, self.read()?).await.and_then(|()| answer(&Done {}))
            }
            FrameType::LinkOpen => {
                let (org, _) = self.member()?;
                let open: wire::LinkOpen = self.read()?;
                self.relay.open_link(org, open.ticket).await.and_then(|()| answer(&Done {}))
            }
            _ => {
                let (org, _) = self.member()?;
                let wire::LinkList {} = self.read()?;
                answer(&self.relay.link_requests(org)?)
            }
        }
    }

    async fn prekeys(&self, frame: FrameType) -> Answer {
        let (org, device) = self.member()?;
        if frame == FrameType::PublishPrekeys {
            return answer(&self.relay.publish(org, device, self.read()?).await?);
        }
        let wanted: TakePrekeys = self.read()?;
        let taken: Prekeys = self.relay.take(org, device, wanted.org).await?;
        answer(&taken)
    }

    async fn mail(&self, frame: FrameType) -> Answer {
        let (org, device) = self.member()?;
        match frame {
            FrameType::Submit => {
                let submit: Submit = self.read()?;
                self.relay.quotas.submit(org, self.payload.len())?;
                // The request is the envelope and nothing else: its bytes are those that the receipt names.
                let digest = framed::sha256(&self.payload);
                answer(&Accepted { receipt: self.relay.submit(submit.envelope, digest).await? })
            }
            FrameType::Acknowledge => {
                let done: wire::Acknowledge = self.read()?;
                self.relay.acknowledge(device, done.envelopes).await?;
                answer(&Done {})
            }
            FrameType::Refuse => {
                let refuse: wire::Refuse = self.read()?;
                let key = self.relay.signing_key(org, device)?;
                let nack: Nack = crate::prekeys::open(&refuse.nack, Label::Nack, key)?;
                if nack.device != device {
                    return Err(Refused(ErrorCode::Unverified));
                }
                self.relay.refuse(device, &nack, refuse.nack).await?;
                answer(&Done {})
            }
            FrameType::AskOutcomes => {
                let ask: wire::AskOutcomes = self.read()?;
                answer(&self.relay.outcomes(ask.envelopes).await?)
            }
            _ => {
                let wire::Subscribe {} = self.read()?;
                let state = self.relay.device_state(device)?;
                Ok((wire::encode_frame(&state), Effect::Subscribe))
            }
        }
    }
}
