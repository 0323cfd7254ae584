//! Becoming somebody: claiming the registry, redeeming an invite, admitting organisations.

use causeway_certs::directory::{self, Applicant, StatementError};
use causeway_certs::transport::{Dialer, request};
use causeway_common::codec;
use causeway_common::error::ErrorCode;
use causeway_common::ids::{Digest, OrgId};
use causeway_common::limits::REQUEST_TIMEOUT;
use causeway_common::statements::StatementKind;
use causeway_common::wire::{
    Done, Enrol, Pending, PendingList, STANDING_MEMBER, STANDING_REGISTRAR, STANDING_SUSPENDED,
};

use crate::engine::Engine;
use crate::exclusion;
use crate::identity::Identity;
use crate::session::{SessionError, fetch_directory, fetch_or_give_back, hello, why_not_member};

/// Why an organisation cannot be admitted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdmitError {
    /// Nobody with this identifier waits.
    #[error("no application matches {0}")]
    NotFound(String),
    /// The application does not hold together: the relay, or somebody on the way, changed it.
    #[error("the application was tampered with and must not be admitted: {0}")]
    Tampered(#[from] StatementError),
    /// The relay cannot be reached or refuses.
    #[error(transparent)]
    Session(#[from] SessionError),
}

/// An application for admission, checked.
#[derive(Clone, Debug)]
pub struct Application {
    /// What it says.
    pub applicant: Applicant,
    /// What the two people compare.
    pub fingerprint: Digest,
    enrol: Enrol,
}

/// Makes this home the registrar of its relay. Asking again after a lost answer does no harm.
pub async fn claim(engine: &Engine, dialer: &dyn Dialer) -> Result<(), SessionError> {
    let claim = engine.identity.claim().ok_or(SessionError::Refused(ErrorCode::InviteRefused))?;
    let link = dialer.dial().await?;
    hello(&*link).await?;
    let claimed = request::<_, Done>(&*link, &claim, REQUEST_TIMEOUT).await;
    link.close(0);
    claimed?;
    Ok(())
}

/// Redeems the invite. Asking again after a lost answer does no harm.
pub async fn enrol(engine: &Engine, dialer: &dyn Dialer) -> Result<(), SessionError> {
    let enrolment = engine.identity.enrolment().ok_or(SessionError::Refused(ErrorCode::InviteRefused))?;
    let link = dialer.dial().await?;
    let welcome = hello(&*link).await?;
    if ![STANDING_MEMBER, STANDING_SUSPENDED].contains(&welcome.standing) {
        let enrolled = request::<_, Done>(&*link, enrolment, REQUEST_TIMEOUT).await;
        link.close(0);
        enrolled?;
    } else {
        link.close(0);
    }
    Ok(())
}

/// Whether the registrar has admitted this organisation, as the relay's own directory proves.
pub async fn is_admitted(engine: &Engine, dialer: &dyn Dialer) -> Result<bool, SessionError> {
    let link = dialer.dial().await?;
    let welcome = hello(&*link).await?;
    if welcome.standing == STANDING_SUSPENDED {
        let why = why_not_member(engine, &*link, welcome.standing).await;
        link.close(0);
        return Err(why);
    }
    let admitted = welcome.standing == STANDING_MEMBER;
    if admitted {
        fetch_directory(engine, &*link).await?;
    }
    link.close(0);
    let replica = engine.replica.lock().await;
    Ok(admitted && replica.directory.organisation(engine.identity.org).is_some())
}

/// Who waits for admission. Applications that do not hold together are left out, and counted.
pub async fn pending(
    engine: &Engine,
    dialer: &dyn Dialer,
) -> Result<(Vec<Application>, usize), SessionError> {
    let link = dialer.dial().await?;
    if hello(&*link).await?.standing != STANDING_REGISTRAR {
        link.close(0);
        return Err(SessionError::Refused(ErrorCode::NotAuthorised));
    }
    if let Some(alarm) = fetch_or_give_back(engine, &*link).await? {
        link.close(0);
        return Err(alarm.into());
    }
    let list: PendingList = request(&*link, &Pending {}, REQUEST_TIMEOUT).await?;
    link.close(0);
    let total = list.waiting.len();
    let applications: Vec<Application> = list.waiting.into_iter().filter_map(application).collect();
    let damaged = total - applications.len();
    Ok((applications, damaged))
}

fn application(enrol: Enrol) -> Option<Application> {
    let applicant = directory::check_applicant(&enrol.genesis, &enrol.record, &enrol.roster).ok()?;
    let root = causeway_certs::keys::PublicKey::from_bytes(applicant.genesis.root).ok()?;
    let fingerprint = causeway_certs::fingerprint::fingerprint(applicant.id, root);
    Some(Application { applicant, fingerprint, enrol })
}

/// Admits the one application whose identifier starts with `prefix`, after the two people have compared its
/// fingerprint.
pub async fn admit(engine: &Engine, dialer: &dyn Dialer, prefix: &str) -> Result<OrgId, AdmitError> {
    let (applications, _) = pending(engine, dialer).await?;
    let mut matching = applications.into_iter().filter(|a| a.applicant.id.to_string().starts_with(prefix));
    let (Some(application), None) = (matching.next(), matching.next()) else {
        return Err(AdmitError::NotFound(prefix.to_owned()));
    };
    let link = exclusion::connect(engine, dialer).await?;
    let (org, payload) = (application.applicant.id, codec::encode(&Identity::admission(&application.enrol)));
    // Nobody else says anything of an organisation that is not there: a conflict is final.
    let admitted =
        exclusion::append(engine, &*link, org, StatementKind::Admission, payload, exclusion::ATTEMPTS).await;
    link.close(0);
    admitted?;
    Ok(org)
}
