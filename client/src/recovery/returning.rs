//! An organisation that has no workstation left gets one again: with its present root on paper at once, with the next root
//! after the registrar has announced it and three days have passed in the open.
//!
//! The registrar gives an offer, the new workstation answers with a request that the root on paper has signed, two people
//! compare it, and the registrar's statements let the new workstation read the directory and hand in the organisation's next
//! roster. The registrar can neither make nor change a request.

use std::sync::Arc;

use causeway_certs::directory::Organisation;
use causeway_certs::keys::PublicKey;
use causeway_certs::recovery::{self as texts, Checked, Offer, RecoveryTextError};
use causeway_certs::transport::{Dialer, Link, RequestError, request};
use causeway_common::codec;
use causeway_common::error::ErrorCode;
use causeway_common::framed;
use causeway_common::ids::{Digest, OrgId};
use causeway_common::limits::{REQUEST_TIMEOUT, STATEMENT_BYTES_MAX};
use causeway_common::statements::{OrgRecord, RecordChange, RecoveryDone, Return, StatementKind};
use causeway_common::time::Timestamp;
use causeway_common::wire::{Append, Done, STANDING_MEMBER, STANDING_RETURNING, STANDING_SUSPENDED, Welcome};
use serde::{Deserialize, Serialize};

use crate::devices::{Step, step};
use crate::engine::{Engine, EngineError};
use crate::exclusion;
use crate::linking::LinkingError;
use crate::records::{self, RecordError};
use crate::session::{SessionError, fetch_directory, hello, why_not_member};
use crate::vault::{Changes, Tree};

/// Under which the registrar keeps a request, followed by the organisation.
const REQUESTED: &[u8] = b"recover";
/// Somebody else may say something of the same organisation at the same moment; then the statement is made anew.
const ATTEMPTS: usize = 3;

/// Why an organisation does not get back, or not yet. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReturningError {
    /// What was passed on does not hold.
    #[error(transparent)]
    Text(#[from] RecoveryTextError),
    /// The organisation is not in the directory.
    #[error("it is not in the directory")]
    Unknown,
    /// No request of it is known here.
    #[error("no request of this organisation has been taken here")]
    NoRequest,
    /// The organisation is shut out, and then its present root alone counts for nothing.
    #[error("it is suspended")]
    Suspended,
    /// The time that it stands in the open is not over.
    #[error("its time is not over")]
    TooEarly(Timestamp),
    /// The organisation, or somebody with its present root, has said otherwise.
    #[error("it was contradicted, or another recovery has been announced")]
    Contradicted,
    /// The directory does not say what was asked for.
    #[error("the directory does not say what this workstation has asked for")]
    OtherOrganisation,
    /// The relay cannot be reached or refuses.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The roster cannot be changed.
    #[error(transparent)]
    Linking(#[from] LinkingError),
}

impl From<EngineError> for ReturningError {
    fn from(error: EngineError) -> Self {
        Self::Session(error.into())
    }
}

impl From<RecordError> for ReturningError {
    fn from(error: RecordError) -> Self {
        EngineError::from(error).into()
    }
}

/// A request that the registrar has taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Requested {
    tls_key: [u8; 32],
    record: Digest,
    /// The root that the organisation will have.
    root: [u8; 32],
    administrators: Vec<[u8; 32]>,
}

impl Requested {
    fn is_in_force(&self, org: &Organisation) -> bool {
        let administrators: Vec<[u8; 32]> = org.administrators.iter().map(|key| *key.as_bytes()).collect();
        *org.root.as_bytes() == self.root && administrators == self.administrators
    }
}

/// How far an organisation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// The recovery stands in the open, and takes effect not before this.
    Announced(Timestamp),
    /// Its new workstation is let in.
    Done,
}

/// The registrar's offer to an organisation.
pub async fn offer(engine: &Engine, org: OrgId) -> Result<Offer, ReturningError> {
    let relay_key = engine.relay_key().await;
    let replica = engine.replica.lock().await;
    let found = replica.directory.organisation(org).ok_or(ReturningError::Unknown)?;
    let identity = &engine.identity;
    Ok(Offer {
        relay_address: identity.relay_address.clone(),
        relay_key,
        registrar_key: identity.registrar_key,
        org,
        name: found.name.clone(),
        country: found.country.clone(),
        root: *found.root.as_bytes(),
        next_root: found.next_root,
        record: found.next_record(),
        link: replica.directory.next_link(org),
    })
}

/// Checks a request, for the registrar to compare before [`begin`].
pub async fn look_at(engine: &Engine, text: &str) -> Result<Checked, ReturningError> {
    let org = texts::organisation_of(text)?;
    let replica = engine.replica.lock().await;
    let found = replica.directory.organisation(org).ok_or(ReturningError::Unknown)?;
    let checked = texts::check(text, found)?;
    if found.suspended.is_some() && !checked.request.change.is_empty() {
        return Err(ReturningError::Suspended);
    }
    Ok(checked)
}

/// The registrar takes a request, after two people have compared it: with the present root it takes effect at once, with the
/// next root it is announced. The same again does no harm.
pub async fn begin(engine: &Engine, link: &dyn Link, text: &str) -> Result<Progress, ReturningError> {
    let checked = look_at(engine, text).await?;
    let org = checked.request.org;
    let record = &checked.request.record;
    let read: OrgRecord = codec::decode(&record.body, STATEMENT_BYTES_MAX)
        .map_err(|_| ReturningError::Text(RecoveryTextError::Mistyped))?;
    let requested = Requested {
        tls_key: checked.request.tls_key,
        record: framed::sha256(&record.body),
        root: read.root,
        administrators: read.administrators,
    };
    let mut changes = Changes::default();
    records::write(&mut changes, Tree::Identity, &requested_key(org), &requested);
    engine.commit(changes).await?;
    if let Some(change) = checked.request.change.first() {
        let append = Append::new(change.clone(), None);
        match request::<_, Done>(link, &append, REQUEST_TIMEOUT).await {
            Ok(_) => {}
            // Its place in the log is taken.
            Err(RequestError::Refused { code: ErrorCode::Conflict, .. }) => {
                return Err(RecoveryTextError::Outdated.into());
            }
            Err(error) => return Err(SessionError::from(error).into()),
        }
        fetch_directory(engine, link).await?;
        return finish(engine, link, org).await;
    }
    let payload = codec::encode(&RecordChange { record: record.clone() });
    for attempt in 1..=ATTEMPTS {
        if let Some(ready) = announced(engine, org, &requested).await? {
            return Ok(Progress::Announced(ready));
        }
        exclusion::append(engine, link, org, StatementKind::Recovery, payload.clone(), attempt).await?;
    }
    announced(engine, org, &requested).await?.map(Progress::Announced).ok_or(ReturningError::Contradicted)
}

/// Since when a recovery that was asked for like this may take effect.
async fn announced(
    engine: &Engine,
    org: OrgId,
    requested: &Requested,
) -> Result<Option<Timestamp>, ReturningError> {
    let replica = engine.replica.lock().await;
    let found = replica.directory.organisation(org).ok_or(ReturningError::Unknown)?;
    let recovery = found.recovery.as_ref().filter(|recovery| recovery.digest() == requested.record);
    Ok(recovery.map(|recovery| recovery.ready))
}

/// The registrar ends a recovery whose time is over, and lets the new workstation in. The same again does no harm.
pub async fn finish(engine: &Engine, link: &dyn Link, org: OrgId) -> Result<Progress, ReturningError> {
    let requested: Option<Requested> = records::read(&engine.vault, Tree::Identity, &requested_key(org))?;
    let requested = requested.ok_or(ReturningError::NoRequest)?;
    let done = codec::encode(&RecoveryDone { record: requested.record });
    let tls_key = PublicKey::from_bytes(requested.tls_key).map_err(|_| ReturningError::NoRequest)?;
    let expected = codec::encode(&Return { tls_key: requested.tls_key });
    // One statement for the record, one for the workstation, and each may have to be made anew.
    for attempt in 1..=2 * ATTEMPTS {
        let attempt = attempt.div_ceil(2);
        if let Some(ready) = announced(engine, org, &requested).await? {
            if engine.now() < ready {
                return Err(ReturningError::TooEarly(ready));
            }
            exclusion::append(engine, link, org, StatementKind::RecoveryDone, done.clone(), attempt).await?;
            continue;
        }
        let replica = engine.replica.lock().await;
        let found = replica.directory.organisation(org).ok_or(ReturningError::Unknown)?;
        let listed = found.roster.iter().flat_map(|roster| &roster.devices);
        let is_back = listed.into_iter().any(|device| device.tls_key == requested.tls_key);
        if is_back {
            return Ok(Progress::Done);
        }
        // Also after it was let in: whoever has the root may have changed it before the new workstation came.
        if !requested.is_in_force(found) {
            return Err(ReturningError::Contradicted);
        }
        if found.returning == Some(tls_key) {
            return Ok(Progress::Done);
        }
        drop(replica);
        exclusion::append(engine, link, org, StatementKind::Return, expected.clone(), attempt).await?;
    }
    Err(ReturningError::Contradicted)
}

fn requested_key(org: OrgId) -> Vec<u8> {
    [REQUESTED, &org.0[..]].concat()
}

/// The new workstation looks whether it has been let in, and takes its place: the organisation's next roster lists it alone.
/// `false`: not yet. Asking again does no harm.
pub async fn come_back(engine: &Engine, dialer: &dyn Dialer) -> Result<bool, ReturningError> {
    let link: Arc<dyn Link> = dialer.dial().await.map_err(SessionError::from)?;
    let back = take_place(engine, &*link).await;
    link.close(0);
    back
}

async fn take_place(engine: &Engine, link: &dyn Link) -> Result<bool, ReturningError> {
    let Welcome { standing, time, .. } = hello(link).await?;
    engine.hear_relay_time(time);
    match standing {
        STANDING_MEMBER | STANDING_RETURNING => fetch_directory(engine, link).await?,
        STANDING_SUSPENDED => return Err(why_not_member(engine, link, standing).await.into()),
        _ => return Ok(false),
    }
    let identity = &engine.identity;
    let root = identity.returned().map(|returned| returned.root).ok_or(ReturningError::OtherOrganisation)?;
    let replica = engine.replica.lock().await;
    let own = replica.directory.organisation(identity.org).ok_or(ReturningError::OtherOrganisation)?;
    let believed = *own.root.as_bytes() == root && identity.is_administrator(own);
    drop(replica);
    if !believed {
        return Err(ReturningError::OtherOrganisation);
    }
    if standing == STANDING_RETURNING {
        step(engine, link, |directory, own, now| {
            if own.device(identity.device()).is_some() {
                return Ok(Step::Done);
            }
            let (devices, revoked) = identity.alone(own, now);
            Ok(Step::of(identity.next_roster(directory, devices, revoked, now)))
        })
        .await?;
    }
    let replica = engine.replica.lock().await;
    let own = replica.directory.organisation(identity.org);
    Ok(own.is_some_and(|own| own.device(identity.device()).is_some()))
}
