//! That a person has compared an organisation's fingerprint with the organisation: who, when, how, and which root key
//! the fingerprint stood for.
//!
//! The directory says what the registrar believes. A check says what somebody here has heard with their own ears.

use causeway_certs::directory::Organisation;
use causeway_certs::names;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Longest note, in characters.
pub(crate) const NOTE_CHARS_MAX: usize = 500;

/// How two people compared a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
#[expect(clippy::exhaustive_enums, reason = "stored")]
pub enum How {
    /// Face to face.
    InPerson,
    /// By telephone, at a number known from elsewhere.
    Phone,
    /// By a letter.
    Letter,
    /// By a call in which they saw each other.
    Video,
}

impl How {
    /// All ways.
    pub const ALL: [Self; 4] = [Self::InPerson, Self::Phone, Self::Letter, Self::Video];

    /// The word on the command line and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::InPerson => "in-person",
            Self::Phone => "phone",
            Self::Letter => "letter",
            Self::Video => "video",
        }
    }

    /// The way in a sentence.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::InPerson => "in person",
            Self::Phone => "by telephone",
            Self::Letter => "by letter",
            Self::Video => "by video call",
        }
    }
}

impl From<How> for u8 {
    fn from(how: How) -> Self {
        match how {
            How::InPerson => 1,
            How::Phone => 2,
            How::Letter => 3,
            How::Video => 4,
        }
    }
}

impl TryFrom<u8> for How {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        Self::ALL.into_iter().find(|how| u8::from(*how) == number).ok_or("unknown way of checking")
    }
}

/// Why a check is not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The name of who checked.
    #[error("{0}")]
    By(#[from] names::NameError),
    /// The note.
    #[error("a note has at most {NOTE_CHARS_MAX} characters, and no control characters")]
    Note,
}

/// A check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "stored")]
pub struct Check {
    /// The root key that the fingerprint stood for.
    pub root: [u8; 32],
    /// Who checked.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// How.
    pub how: How,
    /// Anything else worth knowing; may be empty.
    pub note: String,
}

impl Check {
    /// A check of an organisation as the directory has it now.
    pub fn of(org: &Organisation, by: &str, how: How, note: &str, at: Timestamp) -> Result<Self, CheckError> {
        names::check_name(by)?;
        if note.chars().count() > NOTE_CHARS_MAX || note.chars().any(char::is_control) {
            return Err(CheckError::Note);
        }
        Ok(Self { root: *org.root.as_bytes(), by: by.to_owned(), at, how, note: note.to_owned() })
    }

    /// Whether the organisation still has the key that was checked.
    pub fn is_current(&self, org: &Organisation) -> bool {
        self.root == *org.root.as_bytes()
    }
}
