//! Errors for people: what happened, what it means, what to do now, a code. And an exit code for scripts.

use std::process::ExitCode;

use causeway_certs::directory::StatementError;
use causeway_certs::invite::InviteError;
use causeway_certs::transport::LinkError;
use causeway_common::error::ErrorCode;
use causeway_common::store::StoreError;

use super::device;
use super::output::{emit, harmless, remark};
use super::standing;
use crate::engine::EngineError;
use crate::engine::threads::StepError;
use crate::exclusion::ExclusionError;
use crate::membership::AdmitError;
use crate::records::RecordError;
use crate::replica::ReplicaError;
use crate::session::SessionError;
use crate::vault::VaultError;

/// What a person is told when something does not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// For the manual and for support: a letter for the part, a number.
    pub code: &'static str,
    /// What happened and what it means.
    pub message: String,
    /// What to do now.
    pub hint: String,
    /// Whether the same command may work later.
    pub retryable: bool,
    /// Exit code, see the manual.
    pub exit: u8,
    /// A text for somebody else, without which it does not go on.
    pub pass_on: Option<String>,
}

/// Exit codes.
pub(crate) mod exit {
    pub(crate) const OTHER: u8 = 1;
    pub(crate) const LOCKED: u8 = 3;
    pub(crate) const NOT_FOUND: u8 = 4;
    pub(crate) const INVALID: u8 = 5;
    pub(crate) const NETWORK: u8 = 6;
    pub(crate) const REFUSED: u8 = 7;
    pub(crate) const INTEGRITY: u8 = 8;
    pub(crate) const CONFLICT: u8 = 9;
    pub(crate) const INTERRUPTED: u8 = 130;
}

impl Failure {
    pub(crate) fn new(
        code: &'static str,
        exit: u8,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            code,
            message: message.into(),
            hint: hint.into(),
            retryable: exit == exit::NETWORK,
            exit,
            pass_on: None,
        }
    }

    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        Self::new(
            "X-100",
            exit::OTHER,
            format!("Something unexpected went wrong: {error}."),
            "Try again; if it stays, tell the people who run Causeway for you and give them the code.",
        )
    }

    pub(crate) fn interrupted() -> Self {
        Self {
            retryable: true,
            ..Self::new(
                "C-130",
                exit::INTERRUPTED,
                "Interrupted. What was confirmed before is safe.",
                "Run the command again to go on.",
            )
        }
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(
            "C-104",
            exit::NOT_FOUND,
            format!("There is nothing here with the number or name {what:?}."),
            "`causeway inbox list`, `causeway sent list` and `causeway org list` show what there is.",
        )
    }

    /// What was asked for, or may be, stands in sections that are for other devices of the organisation.
    pub(crate) fn withheld(what: &str, sections: &[[u8; 3]]) -> Self {
        let codes: Vec<_> = sections.iter().map(|code| harmless(&String::from_utf8_lossy(code))).collect();
        Self::new(
            "C-106",
            exit::NOT_FOUND,
            format!(
                "{what}: the sections {} of this referral are for other devices of your organisation; this device is not cleared for them.",
                codes.join(", ")
            ),
            "Ask a colleague at a device that is cleared, or your administrator to clear this one; nothing was changed.",
        )
    }

    pub(crate) fn no_directory() -> Self {
        Self::new(
            "D-114",
            exit::NOT_FOUND,
            "This home has not seen the directory yet.",
            "`causeway sync` fetches it.",
        )
    }

    pub(crate) fn invalid(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new("C-105", exit::INVALID, message, hint)
    }
}

/// Prints a failure and gives its exit code.
pub(crate) fn report(failure: &Failure, json: bool) -> ExitCode {
    if json {
        let error = serde_json::json!({ "error": {
            "code": failure.code,
            "message": failure.message,
            "hint": failure.hint,
            "retryable": failure.retryable,
            "pass_on": failure.pass_on,
        }});
        remark(&error.to_string());
    } else {
        if let Some(text) = &failure.pass_on {
            emit(text);
        }
        remark(&format!("{}\n{} [{}]", failure.message, failure.hint, failure.code));
    }
    ExitCode::from(failure.exit)
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Locked(folder) => Self::new(
                "S-109",
                exit::CONFLICT,
                format!("Another Causeway program is using {}.", folder.display()),
                "Wait until it has finished, or close it. Nothing is lost.",
            ),
            StoreError::Newer { .. } => Self::new(
                "S-110",
                exit::OTHER,
                format!("{error}."),
                "Your data is untouched. Update Causeway and try again.",
            ),
            StoreError::Corrupt(_) => Self::new(
                "S-108",
                exit::INTEGRITY,
                format!("{error}."),
                "Do not delete anything. Run `causeway doctor` and restore from a backup if it says so.",
            ),
            _ => Self {
                retryable: true,
                ..Self::new(
                    "S-111",
                    exit::OTHER,
                    format!("{error}. What was confirmed before is safe; this command changed nothing."),
                    "Free some space on the disk, then try again.",
                )
            },
        }
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
            RecordError::Damaged(_) => Self::new(
                "S-108",
                exit::INTEGRITY,
                format!("{error}."),
                "Run `causeway doctor`; the rest of your data stays readable.",
            ),
        }
    }
}

impl From<ReplicaError> for Failure {
    fn from(error: ReplicaError) -> Self {
        let (message, hint) = match error {
            ReplicaError::Shrunk { .. } => (
                format!(
                    "{error}. Nothing is lost: this home keeps what it knows, and the syncs of members give it back to the relay."
                ),
                "Run `causeway sync` again (a registrar asks a member to): if the message goes, the relay was restored from a backup and has healed, and you go on as always. If it stays, the relay hides entries: write both heads with `causeway directory evidence --out FILE` and call the registrar, not through the relay.",
            ),
            ReplicaError::Split => (
                format!("{error}."),
                "Send nothing. Write the evidence with `causeway directory evidence --out FILE` and call the registrar and your partners, not through the relay.",
            ),
            ReplicaError::Illegal(StatementError::Newer) => (
                format!("{error}. Nothing was taken of what the relay shows."),
                "Install the newer version of Causeway on this computer, then run `causeway sync`. If there is none, call the registrar, not through the relay.",
            ),
            ReplicaError::Illegal(_) => (
                format!(
                    "{error}. Nothing was taken of what the relay shows; this home keeps it as evidence."
                ),
                "Send nothing. Write the evidence with `causeway directory evidence --out FILE` and call the registrar and your partners, not through the relay.",
            ),
            _ => (
                format!("{error}."),
                "Do not send anything until the registrar has explained it. Call them; do not use the relay for that.",
            ),
        };
        Self::new("D-108", exit::INTEGRITY, message, hint)
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::NoIdentity => Self::new(
                "H-104",
                exit::NOT_FOUND,
                "This home belongs to no organisation yet.",
                "Ask the registrar for an invite and run `causeway join INVITE`.",
            ),
            EngineError::Record(record) => record.into(),
            EngineError::Replica(replica) => replica.into(),
            EngineError::UnknownOrganisation(name) => Self::new(
                "D-104",
                exit::NOT_FOUND,
                format!("No organisation in the directory is called {name:?}."),
                "`causeway org list` shows all; `causeway sync` fetches new ones.",
            ),
            EngineError::Vault(vault) => vault.into(),
        }
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Engine(engine) => engine.into(),
            SessionError::Link(link) => link.into(),
            SessionError::Misbehaved => Self::new(
                "N-108",
                exit::INTEGRITY,
                "The relay's answer does not follow the protocol; it was not believed. Nothing of yours is lost.",
                "Tell the people who run the relay; check that both sides run a recent version.",
            ),
            SessionError::NotAdmitted => Self::new(
                "N-107",
                exit::REFUSED,
                "The registrar has not admitted this organisation yet. What you queued stays in your outbox.",
                "Compare the fingerprint with the registrar by phone; once admitted, `causeway sync` sends everything.",
            ),
            SessionError::NotLinked => Self::new(
                "N-119",
                exit::REFUSED,
                "Your administrator has not let this workstation in yet, or the fifteen minutes of its code are over. What you queued stays in your outbox.",
                "Compare the pictures with your administrator and have this workstation let in (`causeway device admit`), or ask for a new code and run `causeway join` with it here.",
            ),
            SessionError::NotReturned => Self::new(
                "N-120",
                exit::REFUSED,
                "This workstation has asked to come back for its organisation, and the registrar has not finished that yet. What you queued stays in your outbox.",
                "Once the registrar has finished it, run `causeway recovery restore` with the same offer again.",
            ),
            SessionError::Removed(revoked) => device::removed(revoked.as_ref()),
            SessionError::Suspended(suspended) => standing::own(Some(&suspended)),
            SessionError::OtherRegistrars(unfinished) => (*unfinished).into(),
            SessionError::Refused(code) => code.into(),
        }
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Unauthenticated => Self::new(
                "N-106",
                exit::INTEGRITY,
                "The server at the relay's address is not the relay you joined. Nothing was sent to it.",
                "Somebody may be standing in between, or the relay has got a new key while this workstation was away. Check the clock of this machine, then call the registrar. If the relay has a new key: ask the registrar for `causeway registrar relay-key text`, or a colleague for `causeway directory relay-key`, and run `causeway relay-key TEXT` here.",
            ),
            other => Self {
                retryable: true,
                ..Self::new(
                    "N-102",
                    exit::NETWORK,
                    format!("The relay cannot be reached: {other}. What you queued is safe in your outbox."),
                    "Check the internet connection and try `causeway sync` again in a minute. For an emergency, call the other side by phone.",
                )
            },
        }
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        let (message, hint) = match code {
            // Of the recipient's suspension the outbox speaks.
            ErrorCode::Suspended => return standing::own(None),
            ErrorCode::InviteRefused => (
                "The relay does not accept this invite: it has been used, has expired, or is not from this registrar.",
                "Ask the registrar for a new invite.",
            ),
            ErrorCode::UnknownFrame => (
                "The relay does not know this request: it runs an older version. Nothing was changed.",
                "Ask the people who run the relay to update it; everything else goes on as before.",
            ),
            ErrorCode::NotAuthorised => {
                ("This home may not do that at the relay.", "Check that you use the right home (`--home`).")
            }
            ErrorCode::Quota => (
                "Your organisation has used up what the relay allows for now. Everything stays queued.",
                "Try again in a few minutes.",
            ),
            ErrorCode::StoreUnavailable => (
                "The relay cannot store anything safely right now. Everything stays queued.",
                "Try again in a few minutes; tell the people who run the relay.",
            ),
            ErrorCode::Restored => (
                "The relay came out of a backup, and takes nothing new for the directory until its members had time to give back what it lost. Nothing was changed; packets go on as before.",
                "Try again later; it waits for an hour, unless its operator has set another time. If somebody has to be shut out at once, ask the people who run the relay to stop it until then, and call your partners.",
            ),
            ErrorCode::Conflict => ("Somebody else changed the same thing first.", "Run the command again."),
            _ => (
                "The relay refused.",
                "Try again; if it stays, give the code to the people who run the relay.",
            ),
        };
        let exit = if code.retryable() { exit::NETWORK } else { exit::REFUSED };
        Self {
            retryable: code.retryable(),
            ..Self::new("R-107", exit, format!("{message} ({code:?})"), hint)
        }
    }
}

impl From<AdmitError> for Failure {
    fn from(error: AdmitError) -> Self {
        match error {
            AdmitError::Session(session) => session.into(),
            AdmitError::NotFound(id) => Self::new(
                "G-104",
                exit::NOT_FOUND,
                format!("No application, or more than one, matches {id:?}."),
                "`causeway registrar pending` lists who waits.",
            ),
            AdmitError::Tampered(_) => Self::new(
                "G-108",
                exit::INTEGRITY,
                format!("{error}."),
                "Do not admit it. Ask the organisation to join again with a new invite.",
            ),
        }
    }
}

impl From<ExclusionError> for Failure {
    fn from(error: ExclusionError) -> Self {
        match error {
            ExclusionError::Session(session) => session.into(),
            ExclusionError::Unknown => Self::not_found("?"),
            ExclusionError::Already(suspended) => Self::new(
                "G-109",
                exit::CONFLICT,
                format!(
                    "This organisation is suspended already, {}. Nothing was changed.",
                    standing::since_and_why(&suspended)
                ),
                "Leave it suspended. Reinstating it to give another reason would let packets through to keys that may be in other hands; tell the members the reason by another way.",
            ),
            ExclusionError::NotSuspended => Self::new(
                "G-107",
                exit::REFUSED,
                "This organisation is not suspended. Nothing was changed.",
                "`causeway org list` shows who is.",
            ),
        }
    }
}

impl From<StepError> for Failure {
    fn from(error: StepError) -> Self {
        match error {
            StepError::Engine(engine) => engine.into(),
            StepError::NotFound => Self::not_found("?"),
            StepError::NotAllowed(refused) => Self::new(
                "L-107",
                exit::REFUSED,
                format!("{refused}."),
                "`causeway inbox show ID` shows what has happened so far.",
            ),
            StepError::TooLong { .. } => Self::new(
                "C-105",
                exit::INVALID,
                format!("{error}."),
                "Shorten it, or attach a file to a new referral. Nothing was sent.",
            ),
            other => Self::new(
                "L-108",
                exit::INVALID,
                format!("{other}."),
                "Add what is missing and try again. Nothing was sent.",
            ),
        }
    }
}

impl From<InviteError> for Failure {
    fn from(error: InviteError) -> Self {
        let exit = if error == InviteError::Expired { exit::REFUSED } else { exit::INVALID };
        Self::new("G-105", exit, format!("{error}."), "Nothing has been changed on this workstation.")
    }
}
