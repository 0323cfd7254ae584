//! Requests and their answers. One stream, one request; who may ask what is decided here.

use causeway_certs::keys::PublicKey;
use causeway_certs::transport::{
    RecvHalf, RequestError, SendHalf, finish, read_any, write_bytes, write_frame,
};
use causeway_common::codec;
use causeway_common::error::ErrorCode;
use causeway_common::framed::{self, Label};
use causeway_common::ids::OrgId;
use causeway_common::limits::{BLOB_BYTES_MAX, BLOB_PIECE_BYTES_MAX, FRAME_BYTES_MAX};
use causeway_common::priority::Priority;
use causeway_common::statements::Nack;
use causeway_common::store::transact;
use causeway_common::time::Timestamp;
use causeway_common::wire::{
    self, Accepted, BlobGet, BlobProgress, BlobPut, Done, Frame, FrameType, Hello, PROTOCOL_VERSION, Prekeys,
    Refusal, Rosters, STANDING_MEMBER, STANDING_PENDING, STANDING_REGISTRAR, STANDING_STRANGER, Submit,
    TakePrekeys, Welcome,
};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use tokio::io::AsyncReadExt as _;

use crate::registry::Caller;
use crate::{Refused, Relay, keyspace};

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

/// What is kept of an attachment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct BlobRecord {
    size: u64,
    token_hash: [u8; 32],
    expiry_hours: u32,
}

/// Answers one request. Errors of the connection end the stream; refusals are answers.
pub async fn serve(
    relay: &Relay,
    peer: PublicKey,
    send: &mut SendHalf,
    recv: &mut RecvHalf,
) -> Result<Effect, RequestError> {
    let (frame, payload) = match read_any(recv).await {
        Ok(request) => request,
        Err(RequestError::Misbehaved) => {
            refuse(send, Refused(ErrorCode::UnknownFrame)).await?;
            return Ok(Effect::None);
        }
        Err(error) => return Err(error),
    };
    let request = Request { relay, peer, caller: relay.caller(peer), payload };
    let answered = match frame {
        FrameType::BlobPut => request.blob_put(send, recv).await,
        FrameType::BlobGet => request.blob_get(send).await,
        _ => match request.answer(frame).await {
            Ok((bytes, effect)) => write_bytes(send, &bytes).await.map(|()| effect).map_err(Failed::Link),
            Err(refused) => Err(Failed::Refused(refused)),
        },
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

async fn refuse(send: &mut SendHalf, refused: Refused) -> Result<(), RequestError> {
    let retry_after_ms = if refused.0.retryable() { RETRY_AFTER_MS } else { 0 };
    write_frame(send, &Refusal { code: refused.0, retry_after_ms }).await?;
    Ok(finish(send).await?)
}

/// Why a request got no regular answer.
enum Failed {
    Refused(Refused),
    Link(causeway_certs::transport::LinkError),
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

struct Request<'a> {
    relay: &'a Relay,
    peer: PublicKey,
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

    fn member(&self) -> Result<(OrgId, causeway_common::ids::DeviceId), Refused> {
        match self.caller {
            Caller::Member { org, device } => Ok((org, device)),
            _ => Err(Refused(ErrorCode::NotAuthorised)),
        }
    }

    fn known(&self) -> Result<(), Refused> {
        if self.caller == Caller::Stranger && !self.relay.is_pending(self.peer) {
            Err(Refused(ErrorCode::NotAuthorised))
        } else {
            Ok(())
        }
    }

    async fn answer(self, frame: FrameType) -> Answer {
        match frame {
            FrameType::Hello => self.hello(),
            FrameType::Claim => self.relay.claim(self.read()?).await.and_then(|()| answer(&Done {})),
            FrameType::Enrol => {
                self.relay.enrol(self.peer, self.read()?).await.and_then(|()| answer(&Done {}))
            }
            FrameType::DirectorySince | FrameType::FetchRosters => self.directory(frame),
            FrameType::Pending | FrameType::Append => self.registry(frame).await,
            FrameType::PublishPrekeys | FrameType::TakePrekeys => self.prekeys(frame).await,
            FrameType::Submit
            | FrameType::Acknowledge
            | FrameType::Refuse
            | FrameType::AskOutcomes
            | FrameType::Subscribe => self.mail(frame).await,
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
            Caller::Registrar => STANDING_REGISTRAR,
            Caller::Stranger if self.relay.is_pending(self.peer) => STANDING_PENDING,
            Caller::Stranger => STANDING_STRANGER,
        };
        let welcome = Welcome {
            version: PROTOCOL_VERSION,
            standing,
            time: self.relay.clock.now(),
            checkpoint: self.relay.checkpoint(),
        };
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
            if self.caller != Caller::Registrar {
                return Err(Refused(ErrorCode::NotAuthorised));
            }
            return answer(&self.relay.pending()?);
        }
        if self.caller == Caller::Stranger {
            return Err(Refused(ErrorCode::NotAuthorised));
        }
        self.relay.append(self.read()?).await?;
        answer(&Done {})
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
                answer(&Accepted { receipt: self.relay.submit(submit.envelope).await? })
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
                let state = self.relay.device_state(device)?;
                Ok((wire::encode_frame(&state), Effect::Subscribe))
            }
        }
    }

    /// Takes bytes of an attachment, piece by piece, each durable before the next is read.
    async fn blob_put(&self, send: &mut SendHalf, recv: &mut RecvHalf) -> Result<Effect, Failed> {
        let (org, _) = self.member()?;
        let put: BlobPut = self.read()?;
        self.check_blob(&put)?;
        let (mut held, mut whole) = self.relay.blobs.held(put.blob).await?;
        if put.offset != u64::MAX && !whole {
            if put.offset != held {
                return Err(Refused(ErrorCode::Conflict).into());
            }
            while held < put.size {
                let wanted = (put.size - held).min(BLOB_PIECE_BYTES_MAX as u64);
                let mut piece = Vec::new();
                let read = (&mut *recv).take(wanted).read_to_end(&mut piece).await;
                if read.is_err() || piece.is_empty() {
                    break;
                }
                self.relay.quotas.bytes(org, piece.len())?;
                held += piece.len() as u64;
                self.relay.blobs.append(put.blob, piece).await?;
            }
            if held == put.size {
                whole = self.relay.blobs.finish(put.blob).await?;
                if !whole {
                    return Err(Refused(ErrorCode::Unverified).into());
                }
            }
        }
        if whole {
            self.record_blob(&put).await?;
        }
        let progress = BlobProgress { held, size: put.size };
        write_frame(send, &progress).await.map_err(Failed::Link)?;
        Ok(Effect::None)
    }

    fn check_blob(&self, put: &BlobPut) -> Result<(), Refused> {
        let longest = self.relay.clock.now().plus(Priority::P3.time_to_live());
        if put.size > BLOB_BYTES_MAX {
            return Err(Refused(ErrorCode::TooLarge));
        }
        if put.expiry_hours > longest.hours_rounded_up().saturating_add(2) {
            return Err(Refused(ErrorCode::ExpiryTooFar));
        }
        if Timestamp::from_hours(put.expiry_hours) <= self.relay.clock.now() {
            return Err(Refused(ErrorCode::Expired));
        }
        Ok(())
    }

    async fn record_blob(&self, put: &BlobPut) -> Result<(), Refused> {
        let record =
            BlobRecord { size: put.size, token_hash: put.token_hash.0, expiry_hours: put.expiry_hours };
        let blob = put.blob;
        transact(&*self.relay.kv, move |txn| {
            if txn.get(&keyspace::blob(blob))?.is_none() {
                txn.put(&keyspace::blob(blob), &codec::encode(&record));
                txn.put(&keyspace::blob_expiry(record.expiry_hours, blob), b"");
            }
            Ok(())
        })
        .await?
    }

    /// Gives bytes of an attachment to whoever shows its token.
    async fn blob_get(&self, send: &mut SendHalf) -> Result<Effect, Failed> {
        self.member()?;
        let get: BlobGet = self.read()?;
        let record = self.relay.kv.get(&keyspace::blob(get.blob)).map_err(Refused::from)?;
        let record: BlobRecord = record
            .and_then(|bytes| codec::decode(&bytes, FRAME_BYTES_MAX).ok())
            .ok_or(Refused(ErrorCode::NotFound))?;
        if !bool::from(framed::sha256(&get.token).0.ct_eq(&record.token_hash)) {
            return Err(Refused(ErrorCode::NotFound).into());
        }
        let progress = BlobProgress { held: record.size, size: record.size };
        write_frame(send, &progress).await.map_err(Failed::Link)?;
        let mut offset = get.offset;
        while offset < record.size {
            let piece = self.relay.blobs.piece(get.blob, offset).await?;
            if piece.is_empty() {
                break;
            }
            offset += piece.len() as u64;
            write_bytes(send, &piece).await.map_err(Failed::Link)?;
        }
        Ok(Effect::None)
    }
}
