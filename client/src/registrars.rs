//! Who the registrars are, and what several of them must sign.
//!
//! A new registrar answers a nomination, two people compare the answer, and the present registrars name it in the directory.
//! Where the directory demands several registrars, a statement goes from one to the next as text, and whoever signs it last
//! hands it in.

use causeway_certs::directory::{Authority, ITSELF, StatementError, countersigned};
use causeway_certs::registrars::{self as texts, Candidacy, Nomination, RegistrarTextError};
use causeway_certs::transport::{Dialer, Link, RequestError, request};
use causeway_common::codec;
use causeway_common::error::ErrorCode;
use causeway_common::ids::Digest;
use causeway_common::limits::{REGISTRARS_MAX, REQUEST_TIMEOUT, STATEMENT_BYTES_MAX};
use causeway_common::signed::Signed;
use causeway_common::statements::{RegistrarKeys, Registrars, Statement, StatementKind};
use causeway_common::wire::{Append, Done};

use crate::engine::{Engine, EngineError};
use crate::exclusion::{self, ATTEMPTS};
use crate::identity::Identity;
use crate::session::{SessionError, fetch_directory, is_stranger};

/// A statement that other registrars have to sign before it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unfinished {
    /// To pass on to another registrar.
    pub text: String,
    /// How many have signed.
    pub signed: usize,
    /// How many must.
    pub needed: usize,
}

/// Why the registrars cannot be changed, or a statement not be signed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrarError {
    /// What was passed on does not hold.
    #[error(transparent)]
    Text(#[from] RegistrarTextError),
    /// No registrar's key, or more than one, begins like this.
    #[error("no registrar's key, or more than one, begins with {0}")]
    NotFound(String),
    /// More than a directory can have, or fewer than must sign.
    #[error("there would be {have} registrars, and {needed} would have to sign")]
    Number {
        /// Registrars there would be.
        have: usize,
        /// How many would have to sign.
        needed: usize,
    },
    /// The directory has gone on since the statement was made.
    #[error("the directory has changed since the statement was made")]
    Outdated,
    /// Signed by somebody who is no registrar, or nothing that registrars sign.
    #[error("it is signed by somebody who is no registrar of this directory")]
    NotRegistrars,
    /// The relay cannot be reached or refuses.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl From<EngineError> for RegistrarError {
    fn from(error: EngineError) -> Self {
        Self::Session(error.into())
    }
}

/// What this home, the first of several that must sign, passes on.
pub(crate) fn others_must_sign(identity: &Identity, statement: &Signed, needed: usize) -> SessionError {
    let Ok(statement) = codec::decode::<Statement>(&statement.body, STATEMENT_BYTES_MAX) else {
        return SessionError::Misbehaved;
    };
    let joint = countersigned::begin(&statement, &identity.registrar_key());
    let text = texts::statement_to_text(&joint);
    SessionError::OtherRegistrars(Box::new(Unfinished { text, signed: 1, needed }))
}

/// What a new registrar has to know.
pub async fn nomination(engine: &Engine) -> Result<Nomination, RegistrarError> {
    let identity = &engine.identity;
    let relay_key = engine.relay_key().await;
    let replica = engine.replica.lock().await;
    // Who has never seen the directory has nominated nobody.
    let authority = replica.directory.authority().ok_or(RegistrarTextError::Other)?;
    Ok(Nomination {
        relay_address: identity.relay_address.clone(),
        relay_key,
        registrar_key: *identity.registrar_key().public().as_bytes(),
        directory: authority.founding(),
    })
}

/// Checks the answer to a nomination of this home, and gives what two people compare before [`appoint`].
pub async fn look_at(engine: &Engine, text: &str) -> Result<(Candidacy, Digest), RegistrarError> {
    let (candidacy, _, compared) = Candidacy::from_text(text, &nomination(engine).await?)?;
    Ok((candidacy, compared))
}

/// Names a new registrar, after two people have compared. `threshold`: how many must sign from now on; none leaves it as it is.
/// Asking again after a lost answer does no harm.
pub async fn appoint(
    engine: &Engine,
    link: &dyn Link,
    text: &str,
    threshold: Option<u8>,
) -> Result<Registrars, RegistrarError> {
    let (candidacy, signed, _) = Candidacy::from_text(text, &nomination(engine).await?)?;
    let keys = candidacy.keys;
    change(engine, link, threshold, |registrars| {
        if registrars.contains(&keys) {
            return Vec::new();
        }
        registrars.push(keys);
        vec![signed.clone()]
    })
    .await
}

/// Takes the registrar out whose key begins like this; one's own too.
pub async fn dismiss(
    engine: &Engine,
    dialer: &dyn Dialer,
    link: &dyn Link,
    beginning: &str,
    threshold: Option<u8>,
) -> Result<Registrars, RegistrarError> {
    let begins = |keys: &&RegistrarKeys| hex::encode(keys.key).starts_with(beginning);
    let present = present(engine).await?.0;
    let matching: Vec<&RegistrarKeys> = present.iter().filter(begins).collect();
    let [one] = matching[..] else { return Err(RegistrarError::NotFound(beginning.to_owned())) };
    let changed = change(engine, link, threshold, |registrars| {
        registrars.retain(|keys| keys.key != one.key);
        Vec::new()
    });
    match changed.await {
        // The relay lets go of whoever has taken itself out, sometimes before the answer is there.
        Err(RegistrarError::Session(SessionError::Link(_)))
            if *one == engine.identity.registrar_keys() && is_stranger(dialer).await? =>
        {
            let (mut registrars, demanded) = (present.clone(), self::present(engine).await?.1);
            registrars.retain(|keys| keys.key != one.key);
            let threshold = threshold.unwrap_or(demanded);
            Ok(Registrars { registrars, threshold, candidacies: Vec::new() })
        }
        changed => changed,
    }
}

/// Says how many registrars must sign.
pub async fn demand(engine: &Engine, link: &dyn Link, threshold: u8) -> Result<Registrars, RegistrarError> {
    change(engine, link, Some(threshold), |_| Vec::new()).await
}

/// All registrars, and how many must sign.
pub async fn present(engine: &Engine) -> Result<(Vec<RegistrarKeys>, u8), RegistrarError> {
    let replica = engine.replica.lock().await;
    let authority = replica.directory.authority().ok_or(SessionError::Misbehaved)?;
    Ok((keys_of(authority), authority.threshold))
}

/// The registrars that a directory names.
pub fn keys_of(authority: &Authority) -> Vec<RegistrarKeys> {
    let keys = authority.registrars.iter();
    keys.map(|one| RegistrarKeys { key: *one.key.as_bytes(), tls_key: *one.tls.as_bytes() }).collect()
}

/// `make` changes the registrars and gives the candidacy of who is new.
async fn change(
    engine: &Engine,
    link: &dyn Link,
    threshold: Option<u8>,
    make: impl Fn(&mut Vec<RegistrarKeys>) -> Vec<Signed>,
) -> Result<Registrars, RegistrarError> {
    for attempt in 1..=ATTEMPTS {
        let (before, demanded) = present(engine).await?;
        let mut registrars = before.clone();
        let candidacies = make(&mut registrars);
        registrars.sort_unstable_by_key(|keys| keys.key);
        let next = Registrars { registrars, threshold: threshold.unwrap_or(demanded), candidacies };
        let (have, needed) = (next.registrars.len(), usize::from(next.threshold));
        if have > REGISTRARS_MAX || !(1..=have).contains(&needed) {
            return Err(RegistrarError::Number { have, needed });
        }
        if next.registrars == before && next.threshold == demanded {
            return Ok(next);
        }
        let payload = codec::encode(&next);
        if !holds(&next, &engine.identity) {
            exclusion::hand_in(engine, link, ITSELF, StatementKind::Registrars, payload, ATTEMPTS).await?;
            return Ok(next);
        }
        exclusion::append(engine, link, ITSELF, StatementKind::Registrars, payload, attempt).await?;
    }
    Err(SessionError::Refused(ErrorCode::Conflict).into())
}

fn holds(registrars: &Registrars, identity: &Identity) -> bool {
    registrars.registrars.contains(&identity.registrar_keys())
}

/// A statement that waits for signatures, as far as it can be judged here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waiting {
    /// What it says.
    pub statement: Statement,
    /// How many registrars have signed it.
    pub signed: usize,
    /// How many must.
    pub needed: usize,
    /// This home has signed it.
    pub by_us: bool,
}

/// Reads a statement that another registrar has passed on. Only registrars may have signed it, and it must follow what the
/// directory says.
pub async fn read(engine: &Engine, text: &str) -> Result<Waiting, RegistrarError> {
    let (_, statement, signers) = texts::statement_from_text(text)?;
    let replica = engine.replica.lock().await;
    let authority = replica.directory.authority().ok_or(SessionError::Misbehaved)?;
    let is_own_word = matches!(statement.kind, StatementKind::RosterChange | StatementKind::RecordChange);
    if is_own_word || !signers.iter().all(|signer| authority.is_registrar(signer)) {
        return Err(RegistrarError::NotRegistrars);
    }
    if (statement.sequence, statement.previous) != replica.directory.next_link(statement.org) {
        return Err(RegistrarError::Outdated);
    }
    let us = engine.identity.registrar_keys().key;
    let (signed, needed) = (signers.len(), authority.needed(statement.kind));
    Ok(Waiting { by_us: signers.contains(&us), statement, signed, needed })
}

/// Signs a statement that another registrar has passed on, and hands it in if that was the last signature it needed. If it was
/// not, that is the error, with the text to pass on.
pub async fn sign(engine: &Engine, link: &dyn Link, text: &str) -> Result<Waiting, RegistrarError> {
    let waiting = read(engine, text).await?;
    let (mut joint, ..) = texts::statement_from_text(text)?;
    let key = engine.identity.registrar_key();
    countersigned::add(&mut joint, &key);
    let (signed, needed) = (joint.signatures.len(), waiting.needed);
    if signed < needed {
        let text = texts::statement_to_text(&joint);
        return Err(SessionError::OtherRegistrars(Box::new(Unfinished { text, signed, needed })).into());
    }
    let statement = countersigned::finish(&joint, &key)
        .map_err(|_: StatementError| RegistrarError::Text(RegistrarTextError::Mistyped))?;
    match request::<_, Done>(link, &Append::new(statement, None), REQUEST_TIMEOUT).await {
        Ok(_) => {}
        Err(RequestError::Refused { code: ErrorCode::Conflict, .. }) => return Err(RegistrarError::Outdated),
        Err(error) => return Err(SessionError::from(error).into()),
    }
    fetch_directory(engine, link).await?;
    Ok(Waiting { signed, by_us: true, ..waiting })
}
