//! What the errors of the parts mean for people.

use causeway_certs::directory::StatementError;
use causeway_certs::invite::InviteError;
use causeway_certs::names::NameError;
use causeway_certs::transport::LinkError;
use causeway_common::error::ErrorCode;
use causeway_common::limits::NAME_CHARS_MAX;
use causeway_common::store::StoreError;

use super::super::device;
use super::super::output::harmless;
use super::super::standing;
use super::super::steps;
use super::{Failure, exit};
use crate::engine::EngineError;
use crate::engine::threads::StepError;
use crate::exclusion::ExclusionError;
use crate::lang::Lang;
use crate::membership::AdmitError;
use crate::records::RecordError;
use crate::replica::ReplicaError;
use crate::session::SessionError;
use crate::vault::VaultError;

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Locked(folder) => {
                let folder = folder.display().to_string();
                Self::said("S-109", exit::CONFLICT, "fail-store-locked", &[("folder", &folder)])
            }
            StoreError::Newer { found, known } => {
                let gaps = [("found", &*found.to_string()), ("known", &known.to_string())];
                Self::said("S-110", exit::OTHER, "fail-store-newer", &gaps)
            }
            StoreError::Corrupt(what) => {
                Self::said("S-108", exit::INTEGRITY, "fail-store-damaged", &[("what", &what)])
            }
            StoreError::TooLarge(bytes) => not_stored("fail-store-large", &[("bytes", &bytes.to_string())]),
            StoreError::Unavailable(what) => not_stored("fail-store-unavailable", &[("what", &what)]),
            other => not_stored("fail-store-unavailable", &[("what", &other.to_string())]),
        }
    }
}

fn not_stored(id: &str, gaps: &[(&str, &str)]) -> Failure {
    Failure { retryable: true, ..Failure::said("S-111", exit::OTHER, id, gaps) }
}

impl From<NameError> for Failure {
    fn from(error: NameError) -> Self {
        let id = match error {
            NameError::Country => "fail-name-country",
            NameError::Hidden => "fail-name-hidden",
            NameError::Kind => "fail-name-kind",
            _ => "fail-name-length",
        };
        Self::wrong(id, &[("max", &NAME_CHARS_MAX.to_string())])
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        crate::cli::home::vault_failure(error)
    }
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Vault(vault) => vault.into(),
            RecordError::Damaged(what) => {
                let gaps = [("what", &*what.to_string())];
                Self::said("S-108", exit::INTEGRITY, "fail-record-damaged", &gaps)
            }
        }
    }
}

impl From<ReplicaError> for Failure {
    fn from(error: ReplicaError) -> Self {
        let (id, gaps) = match error {
            ReplicaError::Shrunk { shown, known } => {
                ("fail-directory-shorter", vec![("shown", shown.to_string()), ("known", known.to_string())])
            }
            ReplicaError::Split => ("fail-directory-split", Vec::new()),
            ReplicaError::Illegal(StatementError::Newer) => ("fail-directory-newer", Vec::new()),
            ReplicaError::Illegal(what) => ("fail-directory-illegal", vec![("what", what.to_string())]),
            ReplicaError::Checkpoint(_) => ("fail-directory-unsigned", Vec::new()),
            ReplicaError::Withheld { given, named } => {
                ("fail-directory-withheld", vec![("given", given.to_string()), ("named", named.to_string())])
            }
            ReplicaError::NotAnnounced => ("fail-directory-not-announced", Vec::new()),
            ReplicaError::OtherRegistrar => ("fail-directory-other-registrar", Vec::new()),
            ReplicaError::Vault(what) => ("fail-directory-not-kept", vec![("what", what)]),
        };
        let gaps: Vec<(&str, &str)> = gaps.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Self::said("D-108", exit::INTEGRITY, id, &gaps)
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::NoIdentity => Self::said("H-104", exit::NOT_FOUND, "fail-no-identity", &[]),
            EngineError::Record(record) => record.into(),
            EngineError::Replica(replica) => replica.into(),
            EngineError::UnknownOrganisation(name) => {
                Self::said("D-104", exit::NOT_FOUND, "fail-unknown-org", &[("name", &harmless(&name))])
            }
            EngineError::Vault(vault) => vault.into(),
        }
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Engine(engine) => engine.into(),
            SessionError::Link(link) => link.into(),
            SessionError::Misbehaved => Self::said("N-108", exit::INTEGRITY, "fail-relay-misbehaved", &[]),
            SessionError::NotAdmitted => Self::said("N-107", exit::REFUSED, "fail-not-admitted", &[]),
            SessionError::NotLinked => Self::said("N-119", exit::REFUSED, "fail-not-linked", &[]),
            SessionError::NotReturned => Self::said("N-120", exit::REFUSED, "fail-not-returned", &[]),
            SessionError::Removed(revoked) => device::removed(revoked.as_ref()),
            SessionError::Suspended(suspended) => standing::own(Some(&suspended)),
            SessionError::OtherRegistrars(unfinished) => (*unfinished).into(),
            SessionError::Refused(code) => code.into(),
        }
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        if matches!(error, LinkError::Unauthenticated) {
            return Self::said("N-106", exit::INTEGRITY, "fail-relay-other", &[]);
        }
        unreachable(|lang| link_words(&error, lang))
    }
}

/// There is no connection, for a reason in these words.
pub(crate) fn unreachable(why: impl Fn(Lang) -> String) -> Failure {
    Failure::in_each("N-102", exit::NETWORK, |lang| {
        let message = lang.fill("fail-relay-unreachable", &[("why", &why(lang))]);
        (message, super::hint("fail-relay-unreachable.hint", &[], lang))
    })
}

/// Why a connection is not there, or not any more, as a part of a sentence.
pub(crate) fn link_words(error: &LinkError, lang: Lang) -> String {
    match error {
        LinkError::Closed(code) => lang.fill("link-closed", &[("code", &code.to_string())]),
        LinkError::TimedOut => lang.text("link-timed-out"),
        LinkError::Unauthenticated => lang.text("link-other-key"),
        LinkError::Broken(what) => lang.fill("link-broken", &[("what", what)]),
        other => other.to_string(),
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        let id = match code {
            // Of the recipient's suspension the outbox speaks.
            ErrorCode::Suspended => return standing::own(None),
            ErrorCode::InviteRefused => "fail-refused-invite",
            ErrorCode::UnknownFrame => "fail-refused-unknown",
            ErrorCode::NotAuthorised => "fail-refused-forbidden",
            ErrorCode::Quota => "fail-refused-quota",
            ErrorCode::StoreUnavailable => "fail-refused-store",
            ErrorCode::Restored => "fail-refused-restored",
            ErrorCode::Conflict => "fail-refused-conflict",
            _ => "fail-refused",
        };
        let exit = if code.retryable() { exit::NETWORK } else { exit::REFUSED };
        Self {
            retryable: code.retryable(),
            ..Self::said("R-107", exit, id, &[("code", &format!("{code:?}"))])
        }
    }
}

impl From<AdmitError> for Failure {
    fn from(error: AdmitError) -> Self {
        match error {
            AdmitError::Session(session) => session.into(),
            AdmitError::NotFound(id) => {
                Self::said("G-104", exit::NOT_FOUND, "fail-application-none", &[("id", &harmless(&id))])
            }
            AdmitError::Tampered(what) => {
                let gaps = [("what", &*what.to_string())];
                Self::said("G-108", exit::INTEGRITY, "fail-application-tampered", &gaps)
            }
        }
    }
}

impl From<ExclusionError> for Failure {
    fn from(error: ExclusionError) -> Self {
        match error {
            ExclusionError::Session(session) => session.into(),
            ExclusionError::Unknown => Self::not_found("?"),
            ExclusionError::Already(suspended) => Self::in_each("G-109", exit::CONFLICT, |lang| {
                let since = standing::since_and_why(&suspended, lang);
                let message = lang.fill("fail-suspended-already", &[("since", &since)]);
                (message, lang.text("fail-suspended-already.hint"))
            }),
            ExclusionError::NotSuspended => Self::said("G-107", exit::REFUSED, "fail-not-suspended", &[]),
        }
    }
}

impl From<StepError> for Failure {
    fn from(error: StepError) -> Self {
        let code = match &error {
            StepError::NotFound => return Self::not_found("?"),
            StepError::NotAllowed(_) => ("L-107", exit::REFUSED),
            StepError::TooLate => ("L-109", exit::REFUSED),
            StepError::ReadOnly => ("L-110", exit::REFUSED),
            StepError::TooLong { .. } => ("C-105", exit::INVALID),
            StepError::Engine(_) | StepError::Incomplete(_) => ("L-108", exit::INVALID),
        };
        match error {
            StepError::Engine(engine) => engine.into(),
            other => Self::in_each(code.0, code.1, |lang| steps::refused(&other, lang)),
        }
    }
}

impl From<InviteError> for Failure {
    fn from(error: InviteError) -> Self {
        match error {
            InviteError::Expired => Self::said("G-105", exit::REFUSED, "fail-invite-expired", &[]),
            InviteError::Malformed => Self::said("G-105", exit::INVALID, "fail-invite-malformed", &[]),
            _ => Self::said("G-105", exit::INVALID, "fail-invite-unverified", &[]),
        }
    }
}
