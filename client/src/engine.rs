//! What a device does with packets, apart from the network: queue, seal, open, remember, answer.
//!
//! Every step ends in one durable transaction of the vault before anything that depends on it leaves the device.
//! Time and randomness come from outside, so that the simulator can replay any history.

use std::path::PathBuf;
use std::sync::Arc;

use causeway_common::ids::{OrgId, PacketId};
use causeway_common::priority::Priority;
use causeway_common::time::{Clock, Timestamp};
use causeway_common::wire::{DeviceState, PublishPrekeys};
use tokio::sync::Mutex;

use crate::attachments::{self, TransferError};
use crate::identity::Identity;
use crate::model::{Sent, StoredSection, Transport};
use crate::prekeys;
use crate::records::{self, RecordError};
use crate::replica::{Replica, ReplicaError};
use crate::vault::{Changes, Vault, VaultError};

pub mod incoming;
pub mod outgoing;
pub mod threads;

/// A random source that can be kept.
pub type Rng = Box<dyn rand_core::CryptoRng + Send>;

/// Why a step could not be taken. Nothing is lost: the step can be taken again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The home has no identity yet.
    #[error("this home belongs to no organisation yet; join with an invite first")]
    NoIdentity,
    /// A stored record does not read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The directory does not replay.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    /// No such organisation.
    #[error("no organisation in the directory is called {0:?}")]
    UnknownOrganisation(String),
    /// The vault does not take it.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// A device at work.
pub struct Engine {
    /// Everything it keeps.
    pub vault: Vault,
    /// Who it is.
    pub identity: Identity,
    /// The directory it knows.
    pub replica: Mutex<Replica>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Folder of sealed attachments on their way out.
    pub staging: PathBuf,
    rng: Mutex<Rng>,
    /// Steps that read records, change them and write them back take turns.
    turn: Mutex<()>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("identity", &self.identity).finish_non_exhaustive()
    }
}

/// A packet to be sent.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its name; the same for every recipient.
    pub packet: PacketId,
    /// Its thread.
    pub case: [u8; 32],
    /// Referral or receipts, see [`crate::model`].
    pub packet_type: u16,
    /// Kind code.
    pub kind: String,
    /// Recipient.
    pub to: OrgId,
    /// Queue order.
    pub priority: Priority,
    /// The packet it answers.
    pub in_reply_to: Option<PacketId>,
    /// The content, header first.
    pub sections: Vec<StoredSection>,
}

impl Engine {
    /// A device with the identity that its vault holds.
    pub fn open(
        vault: Vault,
        staging: PathBuf,
        clock: Arc<dyn Clock>,
        rng: Rng,
    ) -> Result<Self, EngineError> {
        let identity = records::identity(&vault)?.ok_or(EngineError::NoIdentity)?;
        let replica = Replica::load(&vault)?;
        Ok(Self {
            vault,
            identity,
            replica: Mutex::new(replica),
            clock,
            staging,
            rng: Mutex::new(rng),
            turn: Mutex::default(),
        })
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// 32 fresh random bytes.
    pub async fn random(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.rng.lock().await.fill_bytes(&mut bytes);
        bytes
    }

    /// Writes changes of this device alone.
    pub async fn commit(&self, changes: Changes) -> Result<(), EngineError> {
        Ok(self.vault.commit(changes, &mut **self.rng.lock().await).await?)
    }

    /// What has to be done about our prekeys, see [`crate::prekeys::refill`].
    pub async fn refill_prekeys(
        &self,
        at_relay: &DeviceState,
    ) -> Result<Option<PublishPrekeys>, EngineError> {
        let log_size = self.replica.lock().await.directory.size();
        let mut rng = self.rng.lock().await;
        let now = self.now();
        Ok(prekeys::refill(&self.vault, &self.identity, at_relay, log_size, now, &mut **rng).await?)
    }

    /// Seals a file as an attachment of a packet that is about to be queued.
    pub async fn attach(
        &self,
        draft: &mut Draft,
        code: [u8; 3],
        file: &std::path::Path,
    ) -> Result<(), TransferError> {
        let mut rng = self.rng.lock().await;
        attachments::stage(&self.staging, draft.packet, &mut draft.sections, code, file, &mut **rng)
    }

    /// An invite, signed by this registrar.
    pub async fn invite(&self, name: &str, kind: &str, country: &str) -> (String, Timestamp) {
        let mut rng = self.rng.lock().await;
        self.identity.invite(name, kind, country, self.now(), &mut **rng)
    }

    /// Puts packets into the outbox. Durable when it returns: from here on they will arrive, or their sender will
    /// be told.
    pub async fn queue(&self, drafts: Vec<Draft>, mut also: Changes) -> Result<(), EngineError> {
        let now = self.now();
        for draft in drafts {
            records::put_sent(&mut also, &queued(draft, now));
        }
        self.commit(also).await
    }
}

fn queued(draft: Draft, now: Timestamp) -> Sent {
    let zero = Timestamp(0);
    Sent {
        packet: draft.packet,
        case: draft.case,
        packet_type: draft.packet_type,
        kind: draft.kind,
        to: draft.to,
        priority: draft.priority,
        created: now,
        expires: now.plus(draft.priority.time_to_live()),
        in_reply_to: draft.in_reply_to.unwrap_or(PacketId([0; 32])),
        sections: draft.sections,
        transport: Transport::Queued,
        failure: String::new(),
        reseals: 0,
        envelope: Vec::new(),
        envelope_id: causeway_common::ids::EnvelopeId([0; 32]),
        grant: causeway_common::ids::Digest([0; 32]),
        sequence: 0,
        previous: causeway_common::ids::Digest([0; 32]),
        relay_receipt: Vec::new(),
        receipts: Vec::new(),
        times: [now, zero, zero, zero],
    }
}
