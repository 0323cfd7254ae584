//! What roots sign in an organisation that is at work: who its administrators are, that the next root takes over, and that
//! nobody else does.

use causeway_certs::directory::{Directory, Organisation};
use causeway_certs::keys::{PublicKey, SigningKey};
use causeway_certs::transport::Dialer;
use causeway_common::codec;
use causeway_common::ids::{DeviceId, Digest, OrgId};
use causeway_common::limits::STATEMENT_BYTES_MAX;
use causeway_common::statements::{Admission, OrgRecord, RecordChange, Statement, StatementKind};

use super::sheet::name;
use super::{Part, Place, key, root, roots};
use crate::devices::{self, Step, connect, step};
use crate::engine::{Engine, EngineError};
use crate::linking::{LinkingError, codes};
use crate::session::SessionError;

/// Why a root's step cannot be taken. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecoveryError {
    /// A key that is not at hand has to sign.
    #[error("the key {0:?} has to sign, and it is not here")]
    Needs(Part, Digest),
    /// No key has been prepared and written down to follow the next root.
    #[error("no key that would follow is on paper yet")]
    NotPrepared,
    /// Nobody has announced a recovery of this organisation.
    #[error("no recovery is under way")]
    NoRecovery,
    /// No administrator has this key, or several begin like this.
    #[error("no administrator's key, or more than one, begins with {0}")]
    NotFound(String),
    /// More signatures than there are administrators at work, or none.
    #[error("{have} administrators have workstations")]
    TooMany {
        /// Administrators whose workstations are listed.
        have: usize,
    },
    /// Too few administrators would be left.
    #[error("too few administrators would be left")]
    LastAdministrator,
    /// As with other changes of the organisation.
    #[error(transparent)]
    Linking(#[from] LinkingError),
}

impl From<EngineError> for RecoveryError {
    fn from(error: EngineError) -> Self {
        Self::Linking(error.into())
    }
}

impl From<SessionError> for RecoveryError {
    fn from(error: SessionError) -> Self {
        Self::Linking(error.into())
    }
}

/// An administrator in the organisation's record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Administrator {
    /// The key that signs rosters.
    pub key: [u8; 32],
    /// Whose it is, as far as this home knows.
    pub name: Option<String>,
    /// Its device is this one.
    pub this: bool,
    /// It is the key of the organisation's first workstation.
    pub first: bool,
}

/// Hands over to the next root, whose successor is the key that was prepared. Gives the new fingerprint. Asking again after a
/// lost answer does no harm.
pub async fn rotate(engine: &Engine, dialer: &dyn Dialer) -> Result<Digest, RecoveryError> {
    let link = connect(engine, dialer).await?;
    let rotated = hand_over(engine, &*link).await;
    link.close(0);
    rotated?;
    let replica = engine.replica.lock().await;
    let own = replica.directory.organisation(engine.identity.org).ok_or(SessionError::Misbehaved)?;
    Ok(own.fingerprint())
}

async fn hand_over(engine: &Engine, link: &dyn causeway_certs::transport::Link) -> Result<(), RecoveryError> {
    let known = roots(engine).await?;
    let of = |part| known.iter().find(|root| root.part == part);
    let (Some(present), Some(next)) = (of(Part::Root), of(Part::Next)) else {
        return Err(SessionError::Misbehaved.into());
    };
    let following = of(Part::Prepared).filter(|root| root.place == Place::Paper);
    let following = following.ok_or(RecoveryError::NotPrepared)?.name;
    let mut keys = Vec::with_capacity(2);
    for wanted in [present, next] {
        let key = key(engine, wanted.name).await;
        keys.push(key.ok_or(RecoveryError::Needs(wanted.part, wanted.name))?);
    }
    let [root, next] = &keys[..] else { return Err(RecoveryError::NotPrepared) };
    let rotated = step(engine, link, |directory, own, now| {
        if own.next_root == following {
            return Ok(Step::Done);
        }
        let append = engine.identity.change_root(directory, (root, next), following, now);
        append.map(|append| Step::Append(Box::new(append))).ok_or(LinkingError::NotRoot)
    });
    rotated.await?;
    Ok(())
}

/// The present root says who is in force: an announced recovery ends. Asking again after a lost answer does no harm.
pub async fn contradict(engine: &Engine, dialer: &dyn Dialer) -> Result<(), RecoveryError> {
    let link = connect(engine, dialer).await?;
    let contradicted = object(engine, &*link).await;
    link.close(0);
    contradicted
}

async fn object(engine: &Engine, link: &dyn causeway_certs::transport::Link) -> Result<(), RecoveryError> {
    let replica = engine.replica.lock().await;
    let own = replica.directory.organisation(engine.identity.org).ok_or(SessionError::Misbehaved)?;
    if own.recovery.is_none() {
        return Err(RecoveryError::NoRecovery);
    }
    drop(replica);
    let root = present_root(engine).await?;
    let contradicted = step(engine, link, |directory, own, now| {
        if own.recovery.is_none() {
            return Ok(Step::Done);
        }
        let append = engine.identity.change_administrators(directory, administrators_of(own), &root, now);
        append.map(|append| Step::Append(Box::new(append))).ok_or(LinkingError::NotRoot)
    });
    contradicted.await?;
    Ok(())
}

/// Who stands in the organisation's record.
pub async fn administrators(engine: &Engine) -> Result<Vec<Administrator>, EngineError> {
    let replica = engine.replica.lock().await;
    let Some(own) = replica.directory.organisation(engine.identity.org) else { return Ok(Vec::new()) };
    let founder = founder(&replica.directory, own.id);
    let this = *engine.identity.administrator_key().as_bytes();
    let mut all = Vec::new();
    for key in administrators_of(own) {
        let name = if key == this {
            Some(engine.identity.device_name.clone())
        } else {
            codes::known_by_key(&engine.vault, key)?.map(|known| known.name)
        };
        all.push(Administrator { key, name, this: key == this, first: founder == Some(key) });
    }
    Ok(all)
}

/// Strikes the administrator whose key begins like this out of the record. What it has signed stays; it signs nothing more.
pub async fn strike(
    engine: &Engine,
    dialer: &dyn Dialer,
    beginning: &str,
) -> Result<Administrator, RecoveryError> {
    let link = connect(engine, dialer).await?;
    let struck = strike_out(engine, &*link, beginning).await;
    link.close(0);
    struck
}

async fn strike_out(
    engine: &Engine,
    link: &dyn causeway_certs::transport::Link,
    beginning: &str,
) -> Result<Administrator, RecoveryError> {
    let all = administrators(engine).await?;
    let matching: Vec<&Administrator> =
        all.iter().filter(|one| hex::encode(one.key).starts_with(beginning)).collect();
    let [one] = matching[..] else { return Err(RecoveryError::NotFound(beginning.to_owned())) };
    let threshold = {
        let replica = engine.replica.lock().await;
        replica.directory.organisation(engine.identity.org).map_or(1, |own| own.threshold)
    };
    if all.len() <= usize::from(threshold) {
        return Err(RecoveryError::LastAdministrator);
    }
    let root = present_root(engine).await?;
    devices::strike(engine, link, &root, one.key).await?;
    Ok(one.clone())
}

/// Says by the root how many administrators must sign who the organisation's devices are. Asking again after a lost answer does
/// no harm.
pub async fn demand(engine: &Engine, dialer: &dyn Dialer, threshold: u8) -> Result<(), RecoveryError> {
    let link = connect(engine, dialer).await?;
    let demanded = demand_on(engine, &*link, threshold).await;
    link.close(0);
    demanded
}

async fn demand_on(
    engine: &Engine,
    link: &dyn causeway_certs::transport::Link,
    threshold: u8,
) -> Result<(), RecoveryError> {
    let replica = engine.replica.lock().await;
    let own = replica.directory.organisation(engine.identity.org).ok_or(SessionError::Misbehaved)?;
    let listed = own.roster.as_ref().map_or(0, |roster| devices::administrators_in(&roster.devices));
    // A key without a workstation signs nothing: more than these would lock the organisation out.
    let have = listed.min(own.administrators.len());
    drop(replica);
    if !(1..=have).contains(&usize::from(threshold)) {
        return Err(RecoveryError::TooMany { have });
    }
    let root = present_root(engine).await?;
    let demanded = step(engine, link, |directory, own, now| {
        if own.threshold == threshold {
            return Ok(Step::Done);
        }
        let append = engine.identity.change_threshold(directory, threshold, &root, now);
        append.map(|append| Step::Append(Box::new(append))).ok_or(LinkingError::NotRoot)
    });
    demanded.await?;
    Ok(())
}

/// The key with which an organisation's first workstation signs rosters.
pub(crate) fn founder(directory: &Directory, org: OrgId) -> Option<[u8; 32]> {
    let admission = directory.statements_of(org).find(|s| s.kind == StatementKind::Admission)?;
    let admission: Admission = codec::decode(&admission.payload, STATEMENT_BYTES_MAX).ok()?;
    let record: OrgRecord = codec::decode(&admission.record.body, STATEMENT_BYTES_MAX).ok()?;
    record.administrators.first().copied()
}

/// Whether an organisation once had the root of this fingerprint: the next one may have taken over while a code that names
/// it was on its way.
pub(crate) fn had_root(directory: &Directory, org: OrgId, fingerprint: Digest) -> bool {
    let record_of = |statement: Statement| match statement.kind {
        StatementKind::Admission => {
            let admission: Admission = codec::decode(&statement.payload, STATEMENT_BYTES_MAX).ok()?;
            Some(admission.record)
        }
        StatementKind::RecordChange => {
            let change: RecordChange = codec::decode(&statement.payload, STATEMENT_BYTES_MAX).ok()?;
            Some(change.record)
        }
        _ => None,
    };
    directory.statements_of(org).filter_map(record_of).any(|record| {
        let read: Option<OrgRecord> = codec::decode(&record.body, STATEMENT_BYTES_MAX).ok();
        let root = read.and_then(|read| PublicKey::from_bytes(read.root).ok());
        root.is_some_and(|root| causeway_certs::fingerprint::fingerprint(org, root) == fingerprint)
    })
}

/// The key with which a device signs rosters, as far as this home knows it.
pub(crate) async fn administrator_key_of(
    engine: &Engine,
    device: DeviceId,
) -> Result<Option<[u8; 32]>, EngineError> {
    if let Some(known) = codes::known(&engine.vault, device)? {
        return Ok(Some(known.administrator_key));
    }
    let replica = engine.replica.lock().await;
    let own = replica.directory.organisation(engine.identity.org);
    let is_first = own.and_then(|own| own.device(device)).is_some_and(|listed| listed.added_sequence == 1);
    Ok(if is_first { founder(&replica.directory, engine.identity.org) } else { None })
}

pub(crate) fn administrators_of(own: &Organisation) -> Vec<[u8; 32]> {
    own.administrators.iter().map(|key| *key.as_bytes()).collect()
}

async fn present_root(engine: &Engine) -> Result<SigningKey, RecoveryError> {
    if let Some(root) = root(engine).await {
        return Ok(root);
    }
    let replica = engine.replica.lock().await;
    let own = replica.directory.organisation(engine.identity.org).ok_or(SessionError::Misbehaved)?;
    Err(RecoveryError::Needs(Part::Root, name(own.root)))
}
