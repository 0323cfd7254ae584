//! How long cases are kept, and what is left of one that is erased.
//!
//! Erasing destroys the key of a case ([`crate::vault::Vault::erase_cases`]). A placeholder stays: numbers, dates, the kind, the
//! hash of what was signed, and the reason; nothing about a person. By it a packet that comes late is known to belong to
//! what is gone: it is signed for and not stored.

use causeway_common::time::Timestamp;

use crate::engine::{Engine, EngineError};
use crate::records::RecordError;
use crate::vault::CaseName;

mod called;
pub mod expiry;
pub mod holds;
pub mod placeholder;
pub mod proofs;
pub mod requests;
pub mod rules;

pub use self::holds::Hold;
pub use self::placeholder::{Answer, Placeholder};

/// Why a case is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Its time is over.
    Expired,
    /// The person has asked for it.
    SubjectRequest,
    /// The person has withdrawn the consent.
    ConsentWithdrawn,
    /// It should never have been sent.
    EnteredInError,
    /// It should never have been kept.
    Unlawful,
    /// Nobody needs it any more.
    NotNeeded,
    /// The other side has asked for it.
    OtherSide,
    /// A word of a newer version.
    Unknown,
}

impl Reason {
    /// Those that a person can give.
    pub const GIVEN: [Self; 5] =
        [Self::SubjectRequest, Self::ConsentWithdrawn, Self::EnteredInError, Self::Unlawful, Self::NotNeeded];
    const ALL: [(Self, &str); 7] = [
        (Self::Expired, "expired"),
        (Self::SubjectRequest, "subject_request"),
        (Self::ConsentWithdrawn, "consent_withdrawn"),
        (Self::EnteredInError, "entered_in_error"),
        (Self::Unlawful, "unlawful"),
        (Self::NotNeeded, "not_needed"),
        (Self::OtherSide, "other_side"),
    ];

    /// Its code.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(reason, _)| *reason == self).map_or("unknown", |(_, word)| word)
    }

    /// The reason with this code; [`Self::Unknown`] for every other word.
    pub fn of_word(word: &str) -> Self {
        Self::ALL.iter().find(|(_, known)| *known == word).map_or(Self::Unknown, |(reason, _)| *reason)
    }

    /// Whether what is erased still counts in statistics. The dictionary keeps codes for them without limit (2.9). It says nothing
    /// of what somebody wants gone or should never have been here: of that nothing stays.
    pub fn leaves_facts(self) -> bool {
        matches!(self, Self::Expired | Self::NotNeeded)
    }

    /// Whether the other side has to erase it as well.
    pub fn concerns_both(self) -> bool {
        matches!(self, Self::SubjectRequest | Self::ConsentWithdrawn | Self::EnteredInError | Self::Unlawful)
    }
}

/// Why a case is not erased.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EraseError {
    /// The device failed. The case is there as before, or erased when the home is opened the next time.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// It has been erased before.
    #[error("the case has been erased before")]
    Erased(Box<Placeholder>),
    /// A legal hold forbids it.
    #[error("a legal hold forbids erasing the case")]
    Held(Box<Hold>),
    /// There is no such case.
    #[error("there is no case with this number")]
    NotFound,
    /// Nobody has asked for it.
    #[error("the other side has not asked for the case to be erased")]
    NotRequested,
}

impl From<RecordError> for EraseError {
    fn from(error: RecordError) -> Self {
        Self::Engine(error.into())
    }
}

/// What became of a case that was erased.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Erased {
    /// What is left of it.
    pub placeholder: Placeholder,
    /// Something of it was written before cases had keys: who has the passphrase may still find it in the database's file.
    pub older: bool,
}

/// Erases a case on this device, and tells the colleagues' devices to erase it too. Durable when it returns. The other
/// side is not told: see [`requests::erase_on_both_sides`].
pub async fn erase(engine: &Engine, case: CaseName, reason: Reason) -> Result<Erased, EraseError> {
    let mut erased = engine.erase(&[(case, reason)], None).await?;
    erased.pop().ok_or(EraseError::NotFound)
}

/// The time by which cases expire: by our own clock or by the last signed head of the relay, whichever is earlier, so that one
/// clock that leaps erases nothing. None: the relay has never been heard, and nothing expires.
pub async fn trusted_now(engine: &Engine) -> Option<Timestamp> {
    let head = engine.replica.lock().await.head_time()?;
    Some(engine.now().min(head))
}
