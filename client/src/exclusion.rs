//! The registrar shuts an organisation out, and lets it in again.

use std::sync::Arc;

use causeway_certs::directory::Suspended;
use causeway_certs::transport::{Dialer, Link, RequestError, request};
use causeway_common::codec;
use causeway_common::error::ErrorCode;
use causeway_common::ids::OrgId;
use causeway_common::limits::REQUEST_TIMEOUT;
use causeway_common::statements::{Reinstatement, StatementKind, Suspension};
use causeway_common::time::Timestamp;
use causeway_common::wire::{Done, STANDING_REGISTRAR};

use crate::engine::{Engine, EngineError};
use crate::registrars;
use crate::session::{SessionError, fetch_directory, fetch_or_give_back, hello};

/// Somebody else may say something of the same organisation at the same moment; then the statement is made anew.
pub(crate) const ATTEMPTS: usize = 3;

/// Why an organisation is not shut out, or not let in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExclusionError {
    /// It is shut out already, for another reason.
    #[error("it is suspended already")]
    Already(Suspended),
    /// It is not shut out.
    #[error("it is not suspended")]
    NotSuspended,
    /// It is not in the directory.
    #[error("it is not in the directory")]
    Unknown,
    /// The relay cannot be reached or refuses.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl From<EngineError> for ExclusionError {
    fn from(error: EngineError) -> Self {
        Self::Session(error.into())
    }
}

/// The registrar's connection, with the directory as it is now. A relay that shows less than this home knows is given back
/// what it lost, which nobody else may have heard of, and its user is told by an error; the next call finds it whole.
pub async fn connect(engine: &Engine, dialer: &dyn Dialer) -> Result<Arc<dyn Link>, SessionError> {
    let link = dialer.dial().await?;
    if hello(&*link).await?.standing != STANDING_REGISTRAR {
        link.close(0);
        return Err(SessionError::Refused(ErrorCode::NotAuthorised));
    }
    let shown = fetch_or_give_back(engine, &*link).await;
    if !matches!(shown, Ok(None)) {
        link.close(0);
    }
    match shown? {
        None => Ok(link),
        Some(alarm) => Err(alarm.into()),
    }
}

/// Shuts an organisation out, at once. `since`: what it signed from then on is in doubt; none for now. Asking again after a
/// lost answer does no harm.
pub async fn suspend(
    engine: &Engine,
    link: &dyn Link,
    org: OrgId,
    reason: u8,
    since: Option<Timestamp>,
) -> Result<Suspended, ExclusionError> {
    let compromised_since = since.unwrap_or_else(|| engine.now());
    let payload = codec::encode(&Suspension { reason, compromised_since });
    for attempt in 1..=ATTEMPTS {
        if let Some(present) = standing(engine, org).await? {
            let same =
                present.reason == reason && since.is_none_or(|since| since == present.compromised_since);
            return if same { Ok(present) } else { Err(ExclusionError::Already(present)) };
        }
        append(engine, link, org, StatementKind::Suspension, payload.clone(), attempt).await?;
    }
    standing(engine, org).await?.ok_or(ExclusionError::Session(SessionError::Refused(ErrorCode::Conflict)))
}

/// Lets an organisation in again; `vetted` says how the registrar made sure. Asking again after a lost answer does no harm.
pub async fn reinstate(
    engine: &Engine,
    link: &dyn Link,
    org: OrgId,
    vetted: u8,
) -> Result<(), ExclusionError> {
    let payload = codec::encode(&Reinstatement { vetted });
    for attempt in 1..=ATTEMPTS {
        if standing(engine, org).await?.is_none() {
            let last = engine.replica.lock().await.last_statement(org);
            let done =
                last.is_some_and(|last| last.kind == StatementKind::Reinstatement && last.payload == payload);
            return if done { Ok(()) } else { Err(ExclusionError::NotSuspended) };
        }
        append(engine, link, org, StatementKind::Reinstatement, payload.clone(), attempt).await?;
    }
    match standing(engine, org).await? {
        None => Ok(()),
        Some(_) => Err(ExclusionError::Session(SessionError::Refused(ErrorCode::Conflict))),
    }
}

async fn standing(engine: &Engine, org: OrgId) -> Result<Option<Suspended>, ExclusionError> {
    let replica = engine.replica.lock().await;
    replica.directory.organisation(org).map(|org| org.suspended).ok_or(ExclusionError::Unknown)
}

/// Makes a statement, hands it in, and fetches what the directory has become. Where other registrars have to sign it too, that
/// is the error, with the text to pass on to them.
pub(crate) async fn append(
    engine: &Engine,
    link: &dyn Link,
    org: OrgId,
    kind: StatementKind,
    payload: Vec<u8>,
    attempt: usize,
) -> Result<(), SessionError> {
    hand_in(engine, link, org, kind, payload, attempt).await?;
    fetch_directory(engine, link).await
}

/// The same without fetching: whoever takes itself out of the registrars is a stranger from then on.
pub(crate) async fn hand_in(
    engine: &Engine,
    link: &dyn Link,
    org: OrgId,
    kind: StatementKind,
    payload: Vec<u8>,
    attempt: usize,
) -> Result<(), SessionError> {
    let replica = engine.replica.lock().await;
    let append = engine.identity.state(&replica.directory, org, kind, payload, engine.now());
    let needed = replica.directory.authority().map_or(1, |authority| authority.needed(kind));
    drop(replica);
    if needed > 1 {
        return Err(registrars::others_must_sign(&engine.identity, &append.statement, needed));
    }
    match request::<_, Done>(link, &append, REQUEST_TIMEOUT).await {
        Ok(_) => Ok(()),
        Err(RequestError::Refused { code: ErrorCode::Conflict, .. }) if attempt < ATTEMPTS => Ok(()),
        Err(error) => Err(error.into()),
    }
}
