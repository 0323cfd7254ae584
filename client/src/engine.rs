//! What a device does with packets, apart from the network: queue, seal, open, remember, answer.
//!
//! Every step ends in one durable transaction of the vault before anything that depends on it leaves the device.
//! Time and randomness come from outside, so that the simulator can replay any history.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use causeway_certs::keys::SigningKey;
use causeway_common::crash;
use causeway_common::ids::{DeviceId, OrgId, PacketId};
use causeway_common::priority::Priority;
use causeway_common::time::{Clock, Timestamp};
use causeway_common::wire::{DeviceState, PublishPrekeys};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::sync::{Mutex, MutexGuard, watch};
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::attachments::{self, TransferError};
use crate::escalation::Looked;
use crate::identity::Identity;
use crate::last_resort;
use crate::matching::sweep::Book;
use crate::model::{Sent, StoredSection, Transport};
use crate::prekeys;
use crate::records::{self, RecordError};
use crate::replica::{Replica, ReplicaError};
use crate::vault::{Changes, Tree, Vault, VaultError};

pub(crate) mod drafting;
mod erasing;
pub mod history;
pub mod incoming;
pub mod judgement;
mod office;
pub mod outgoing;
mod passing;
mod receipts;
mod recipients;
mod refused;
mod shared;
mod standing;
pub mod threads;
mod unreached;

pub(crate) use self::erasing::Word;
pub(crate) use self::office::OfficeError;

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
    /// What it knows of its prekeys without reading them.
    prekeys: Mutex<prekeys::Shelf>,
    /// Whoever gives the relay prekeys, from its question on to its answer.
    pub(crate) refill_turn: Mutex<()>,
    /// The relay's time, and when it was heard: expiry is measured by its clock, however wrong ours is.
    relay_time: std::sync::Mutex<Option<(Timestamp, Instant)>>,
    /// What looks at the deadlines have found.
    pub(crate) looked: Mutex<Looked>,
    /// Who is in which case, for comparing: whoever compares holds it.
    pub(crate) book: Mutex<Book>,
    outbox: watch::Sender<u64>,
    inbox: watch::Sender<u64>,
    /// Root keys that a person has typed for this command.
    entered: std::sync::Mutex<Vec<SigningKey>>,
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
        vault.keep_log(Box::new(crate::events::Writer::new(Arc::clone(&clock))));
        Ok(Self {
            vault,
            identity,
            replica: Mutex::new(replica),
            clock,
            staging,
            rng: Mutex::new(rng),
            turn: Mutex::default(),
            prekeys: Mutex::default(),
            refill_turn: Mutex::default(),
            relay_time: std::sync::Mutex::default(),
            looked: Mutex::default(),
            book: Mutex::default(),
            outbox: watch::Sender::new(0),
            inbox: watch::Sender::new(0),
            entered: std::sync::Mutex::default(),
        })
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The relay says what time it is.
    pub fn hear_relay_time(&self, time: Timestamp) {
        *self.relay_time.lock().unwrap_or_else(PoisonError::into_inner) = Some((time, Instant::now()));
    }

    /// Now by the relay's clock, if this process has heard it.
    pub fn relay_time(&self) -> Option<Timestamp> {
        let heard = *self.relay_time.lock().unwrap_or_else(PoisonError::into_inner);
        heard.map(|(time, at)| time.plus(at.elapsed()))
    }

    /// Now by the relay's clock, as far as it is known. Steps of our own clock do not move it.
    pub fn relay_now(&self) -> Timestamp {
        self.relay_time().unwrap_or_else(|| self.now())
    }

    /// 32 fresh random bytes.
    pub async fn random(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.rng.lock().await.fill_bytes(&mut bytes);
        bytes
    }

    /// Until this is dropped nobody else reads records in order to change them.
    pub(crate) async fn take_turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Writes changes of this device alone.
    pub async fn commit(&self, changes: Changes) -> Result<(), EngineError> {
        let (out, inward) = (changes.writes_to(Tree::Pending), changes.writes_to(Tree::Inbox));
        self.vault.commit(changes, &mut self.fork_rng().await).await?;
        if out {
            self.outbox.send_modify(|count| *count += 1);
        }
        if inward {
            self.inbox.send_modify(|count| *count += 1);
        }
        Ok(())
    }

    pub(crate) fn entered(&self) -> std::sync::MutexGuard<'_, Vec<SigningKey>> {
        self.entered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps secrets that can be erased. Durable when it returns.
    pub(crate) async fn keep_secrets(
        &self,
        secrets: &[(Vec<u8>, Zeroizing<[u8; 32]>)],
    ) -> Result<(), EngineError> {
        Ok(self.vault.eks_put(secrets, &mut self.fork_rng().await).await?)
    }

    /// Erases them, whatever of them is there.
    pub(crate) async fn erase_secrets(&self, ids: &[Vec<u8>]) -> Result<(), EngineError> {
        Ok(self.vault.eks_erase(ids, &mut self.fork_rng().await).await?)
    }

    /// Devices of this organisation, as its directory lists them.
    pub(crate) async fn listed_colleagues(&self) -> HashSet<DeviceId> {
        let replica = self.replica.lock().await;
        let own = replica.directory.organisation(self.identity.org).and_then(|own| own.roster.as_ref());
        own.into_iter().flat_map(|roster| &roster.devices).map(|listed| listed.device).collect()
    }

    /// Changes whenever something has joined the outbox.
    pub fn outbox_news(&self) -> watch::Receiver<u64> {
        self.outbox.subscribe()
    }

    /// Changes whenever something durable has joined the inbox.
    pub fn inbox_news(&self) -> watch::Receiver<u64> {
        self.inbox.subscribe()
    }

    /// A random source of its own for a step that waits for the disk: the others need not wait for it.
    pub(crate) async fn fork_rng(&self) -> StdRng {
        StdRng::from_seed(self.random().await)
    }

    /// What has to be done about our prekeys, see [`crate::prekeys::refill`].
    pub async fn refill_prekeys(
        &self,
        at_relay: &DeviceState,
    ) -> Result<Option<PublishPrekeys>, EngineError> {
        let log_size = self.replica.lock().await.directory.size();
        let (mut rng, now) = (self.fork_rng().await, self.now());
        let mut shelf = self.prekeys.lock().await;
        let refilled =
            prekeys::refill(&self.vault, &mut shelf, &self.identity, at_relay, log_size, now, &mut rng);
        let refill = refilled.await?;
        drop(shelf);
        let _turn = self.turn.lock().await;
        let mut step = records::Step::new(&self.vault);
        last_resort::weigh(&mut step, refill.held, refill.publish.is_some(), now)?;
        self.commit_step(step).await?;
        Ok(refill.publish)
    }

    /// Erases what opened packets that are here, see [`crate::prekeys::erase_used`].
    pub(crate) async fn erase_used_prekeys(&self) -> Result<(), EngineError> {
        let mut rng = self.fork_rng().await;
        let mut shelf = self.prekeys.lock().await;
        Ok(prekeys::erase_used(&self.vault, &mut shelf, &mut rng).await?)
    }

    /// Withdraws all our prekeys, see [`crate::prekeys::refresh`].
    pub async fn refresh_prekeys(&self) -> Result<usize, EngineError> {
        let mut rng = self.fork_rng().await;
        // Neither a packet that is being opened nor a refill may write what it has read before.
        let _shelf = self.prekeys.lock().await;
        let _turn = self.turn.lock().await;
        Ok(prekeys::refresh(&self.vault, &mut rng).await?)
    }

    /// The relay has answered that it holds what [`Self::refill_prekeys`] gave.
    pub async fn prekeys_published(&self) -> Result<(), EngineError> {
        Ok(prekeys::published(&self.vault, &mut self.fork_rng().await).await?)
    }

    /// Seals a file as an attachment of a packet that is about to be queued.
    pub async fn attach(
        &self,
        draft: &mut Draft,
        code: [u8; 3],
        file: &std::path::Path,
    ) -> Result<Option<attachments::Remark>, TransferError> {
        let mut rng = self.rng.lock().await;
        attachments::stage(&self.staging, draft.packet, &mut draft.sections, code, file, &mut **rng)
    }

    /// An invite, signed by this registrar.
    pub async fn invite(&self, name: &str, kind: &str, country: &str) -> (String, Timestamp) {
        let relay = self.relay_key().await;
        let mut rng = self.rng.lock().await;
        self.identity.known_by(relay).invite(name, kind, country, self.now(), &mut **rng)
    }

    /// Puts packets into the outbox. Durable when it returns: from here on they will arrive, or their sender will
    /// be told.
    pub async fn queue(&self, drafts: Vec<Draft>, mut also: Changes) -> Result<(), EngineError> {
        self.queue_into(drafts, &mut also);
        self.commit(also).await?;
        crash::at("outbox.queued");
        Ok(())
    }

    /// The same as part of a step.
    fn queue_into(&self, drafts: Vec<Draft>, changes: &mut Changes) {
        let now = self.now();
        for draft in drafts {
            records::put_sent(changes, &queued(draft, now));
        }
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
        times: [now, zero, zero, zero, zero],
        author: String::new(),
    }
}
