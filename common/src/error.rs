//! Errors as they cross the wire: a code, who is at fault, whether trying again can help.

use serde::{Deserialize, Serialize};

/// What went wrong, as one peer tells another. The number is the wire form; numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "u16", into = "u16")]
#[non_exhaustive]
pub enum ErrorCode {
    /// Bytes that do not follow the protocol.
    Malformed,
    /// A frame of a type or version this side does not know.
    UnknownFrame,
    /// A signature, a hash or a chain that does not verify.
    Unverified,
    /// The caller's key is not in the directory, or may not do this.
    NotAuthorised,
    /// The invite has been used by somebody else, or has expired, or is not from this registrar.
    InviteRefused,
    /// No such organisation.
    UnknownRecipient,
    /// No such envelope, attachment, statement.
    NotFound,
    /// The same identifier with other content, or a statement that no longer fits the directory.
    Conflict,
    /// Larger than the limit.
    TooLarge,
    /// Over the organisation's rate or space; later it will work.
    Quota,
    /// The packet's expiry has passed.
    Expired,
    /// The expiry is further off than the priority allows.
    ExpiryTooFar,
    /// The relay cannot write safely right now (disk full, failing disk).
    StoreUnavailable,
    /// The relay is going away; reconnect.
    Draining,
    /// An error of ours.
    Internal,
    /// The registrar has suspended this organisation.
    Suspended,
    /// The relay came out of a backup, and takes nothing new for the directory until its members have had time to give back
    /// what it lost.
    Restored,
    /// A code of a newer version.
    Other(u16),
}

/// Who has to change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The other side broke the protocol.
    PeerMisbehaved,
    /// The request was understood and refused.
    Refused,
    /// A limit was reached.
    Limit,
    /// It came too late.
    Expired,
    /// The answering side is at fault.
    Ours,
}

impl ErrorCode {
    const TABLE: [(u16, Self, Fault, bool); 17] = [
        (1, Self::Malformed, Fault::PeerMisbehaved, false),
        (2, Self::UnknownFrame, Fault::PeerMisbehaved, false),
        (3, Self::Unverified, Fault::PeerMisbehaved, false),
        (4, Self::NotAuthorised, Fault::Refused, false),
        (5, Self::InviteRefused, Fault::Refused, false),
        (6, Self::UnknownRecipient, Fault::Refused, false),
        (7, Self::NotFound, Fault::Refused, false),
        (8, Self::Conflict, Fault::Refused, false),
        (9, Self::TooLarge, Fault::Limit, false),
        (10, Self::Quota, Fault::Limit, true),
        (11, Self::Expired, Fault::Expired, false),
        (12, Self::ExpiryTooFar, Fault::Refused, false),
        (13, Self::StoreUnavailable, Fault::Ours, true),
        (14, Self::Draining, Fault::Ours, true),
        (15, Self::Internal, Fault::Ours, true),
        (16, Self::Suspended, Fault::Refused, false),
        (17, Self::Restored, Fault::Ours, true),
    ];

    fn row(self) -> Option<(u16, Self, Fault, bool)> {
        Self::TABLE.into_iter().find(|row| row.1 == self)
    }

    /// Who has to change something.
    pub fn fault(self) -> Fault {
        self.row().map_or(Fault::Refused, |row| row.2)
    }

    /// Whether the same request may succeed later without anybody changing it.
    pub fn retryable(self) -> bool {
        self.row().is_some_and(|row| row.3)
    }
}

impl From<u16> for ErrorCode {
    fn from(number: u16) -> Self {
        Self::TABLE.into_iter().find(|row| row.0 == number).map_or(Self::Other(number), |row| row.1)
    }
}

impl From<ErrorCode> for u16 {
    fn from(code: ErrorCode) -> Self {
        match code {
            ErrorCode::Other(number) => number,
            known => known.row().map_or(0, |row| row.0),
        }
    }
}
