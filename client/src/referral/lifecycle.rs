//! The work axis of a referral, as a table: who may take which step from where, and what the step must carry.
//!
//! [`table::ROWS`] is the table. The steps, the checks, the deadlines, the tests and docs/lifecycle.md all come from it.

use std::str::FromStr;

pub use self::table::{Carry, Clocked, Origin, ROWS, Role, Row, To};

pub mod carry;
pub mod mapping;
#[cfg(test)]
mod paper;
mod table;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word in documents and on the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                Self::ALL.iter().copied().find(|v| v.as_str() == word).ok_or(UnknownWord)
            }
        }
    };
}

/// A word that names no state or step of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a word of a newer version, or a misspelt one")]
pub struct UnknownWord;

words! {
    /// Where the work on a referral stands, between one sender and one recipient.
    WorkState {
        /// Not sent yet.
        Draft = "draft",
        /// On its way.
        Sent = "sent",
        /// At the recipient, not looked at.
        Received = "received",
        /// Looked at.
        Seen = "seen",
        /// The recipient asked something.
        InfoRequested = "info_requested",
        /// The recipient takes it on.
        Accepted = "accepted",
        /// Being worked on.
        InProgress = "in_progress",
        /// Waiting for something.
        OnHold = "on_hold",
        /// The person or thing has changed hands.
        HandedOver = "handed_over",
        /// Done.
        Completed = "completed",
        /// Done, and the sender agrees.
        Closed = "closed",
        /// Not taken on.
        Declined = "declined",
        /// The sender wants it back.
        WithdrawRequested = "withdraw_requested",
        /// Taken back.
        Withdrawn = "withdrawn",
        /// Nobody fetched it in time.
        Expired = "expired",
        /// Did not succeed.
        Failed = "failed",
        /// Should never have been sent.
        EnteredInError = "entered_in_error",
    }
}

words! {
    /// A step.
    Action {
        /// Take it on.
        Accept = "accept",
        /// Do not take it on.
        Decline = "decline",
        /// Ask something.
        Ask = "info_request",
        /// Answer a question.
        Answer = "info_reply",
        /// Begin to work.
        Start = "start",
        /// Wait.
        Hold = "hold",
        /// Go on.
        Resume = "resume",
        /// The person or thing has changed hands.
        HandedOver = "handed_over",
        /// Done.
        Complete = "complete",
        /// Did not succeed.
        Fail = "fail",
        /// Agree that it is done.
        Close = "close",
        /// Object to its being done.
        Object = "object",
        /// Take it back.
        Withdraw = "withdraw",
        /// Agree to its being taken back.
        CancelConfirm = "cancel_confirm",
        /// Refuse to give it back.
        CancelRefuse = "cancel_refuse",
        /// Begin to write it.
        Create = "create",
        /// Send it.
        Send = "send",
        /// Throw a draft away.
        Discard = "discard",
        /// Send it to somebody else, in a packet of its own that names this one.
        ReRefer = "re_refer",
        /// Give back what was accepted, before work on it has begun.
        DeclineLate = "decline_late",
        /// Work on it once more.
        Reopen = "reopen",
        /// It should never have been sent: recipients erase it.
        Error = "error",
        /// The person has withdrawn consent.
        ConsentWithdrawn = "consent_withdrawn",
        /// Ask for erasure.
        EraseRequest = "erase_request",
        /// Confirm erasure, or say why something is kept.
        EraseDone = "erase_done",
        /// A member of the staff has a conflict of interest and steps back.
        Recuse = "recuse",
        /// Give it to another member of the staff.
        Reassign = "reassign",
        /// Report progress.
        Progress = "progress",
        /// Announce that it takes longer.
        DelayNotice = "delay_notice",
        /// Software: a deadline has passed.
        DeadlineMissed = "deadline_missed",
        /// It may be about somebody who is in another case too.
        PossibleMatch = "possible_match",
        /// The person has been found.
        Located = "located",
        /// The person is safe.
        Safe = "safe",
        /// The person has died.
        Deceased = "deceased",
        /// Something in it was wrong.
        Correction = "correction",
        /// The originator agrees that it is given on.
        OnwardApproved = "onward_approved",
        /// Keep what the other side wants erased, by law.
        EraseRefuse = "erase_refuse",
        /// A key that protected it may be known to others.
        KeyCompromise = "key_compromise_note",
        /// The recipient's device holds it.
        Deliver = "delivered",
        /// Somebody at the recipient looked at it.
        Open = "opened",
        /// The relay gave up.
        Expire = "expire",
    }
}

/// Whose step it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "two sides and the software between them")]
pub enum Party {
    /// The organisation that sent the referral.
    Sender,
    /// The organisation that got it.
    Recipient,
    /// Software, on proof.
    System,
}

impl WorkState {
    /// Whether nothing is expected of anybody any more. What is closed can still be reopened.
    pub const fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Closed
                | Self::Declined
                | Self::Withdrawn
                | Self::Expired
                | Self::Failed
                | Self::EnteredInError
        )
    }
}

/// The step is not possible from here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not possible while the referral is {}; possible now: {}", action.as_str(), state.as_str(), list(possible))]
pub struct NotAllowed {
    /// The present state.
    pub state: WorkState,
    /// The step that was asked for.
    pub action: Action,
    /// What this side can do instead to get on.
    pub possible: Vec<Action>,
}

fn list(actions: &[Action]) -> String {
    if actions.is_empty() {
        return "nothing".into();
    }
    actions.iter().map(|a| a.as_str()).collect::<Vec<_>>().join(", ")
}

/// The row of the table that allows a step in a referral of an ordinary kind.
pub fn row(state: WorkState, action: Action, by: Party) -> Option<&'static Row> {
    rows(state, by, false).find(|row| row.action == action)
}

/// Takes a step of an ordinary kind. An answer leads back to where it was asked from by [`Work`] only; here to `seen`.
pub fn step(state: WorkState, action: Action, by: Party) -> Result<WorkState, NotAllowed> {
    Work::begun(state, "").take(action, by, None)
}

/// What a side can do now, notes that change no state included.
pub fn possible(state: WorkState, by: Party) -> Vec<Action> {
    distinct(rows(state, by, false))
}

/// What of that changes the state.
pub fn moves(state: WorkState, by: Party) -> Vec<Action> {
    distinct(rows(state, by, false).filter(|row| row.to != To::Same))
}

fn rows(state: WorkState, by: Party, two_signatures: bool) -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(move |row| {
        let kind = match row.to {
            To::Signed => two_signatures,
            To::State(WorkState::HandedOver) => !two_signatures,
            To::Thread => false,
            _ => true,
        };
        kind && row.by == by && row.from.contains(state)
    })
}

fn distinct(rows: impl Iterator<Item = &'static Row>) -> Vec<Action> {
    let mut found = Vec::new();
    for row in rows {
        if !found.contains(&row.action) {
            found.push(row.action);
        }
    }
    found
}

/// Kinds in which a person or a thing changes hands only when both sides have signed the same record.
pub const TWO_SIGNATURES: &[&str] = &["VHO", "EVH"];

/// Where the work stands, with what has to be remembered to know what comes next.
///
/// Two things are remembered beside the state, because they are no states that people would name: where a question was asked
/// from, and whose signature under a handover record waits for the other one. Both sides compute them from the same steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    state: WorkState,
    two_signatures: bool,
    asked_from: WorkState,
    signed: Option<(Party, [u8; 32])>,
}

impl Work {
    /// A referral of this kind in this state.
    pub fn begun(state: WorkState, kind: &str) -> Self {
        let two_signatures = TWO_SIGNATURES.contains(&kind);
        Self { state, two_signatures, asked_from: WorkState::Seen, signed: None }
    }

    /// The state.
    pub fn state(&self) -> WorkState {
        self.state
    }

    /// Whose signature waits for the other side's, and under which record.
    pub fn signed(&self) -> Option<(Party, [u8; 32])> {
        self.signed
    }

    /// What a side can do now to get on.
    pub fn moves(&self, by: Party) -> Vec<Action> {
        distinct(rows(self.state, by, self.two_signatures).filter(|row| row.to != To::Same))
    }

    /// The row that allows a step.
    pub fn row(&self, action: Action, by: Party) -> Option<&'static Row> {
        rows(self.state, by, self.two_signatures).find(|row| row.action == action)
    }

    /// Takes a step; `record` is the hash of the handover record in it.
    pub fn take(
        &mut self,
        action: Action,
        by: Party,
        record: Option<[u8; 32]>,
    ) -> Result<WorkState, NotAllowed> {
        let Some(row) = self.row(action, by) else {
            return Err(NotAllowed { state: self.state, action, possible: self.moves(by) });
        };
        let next = match row.to {
            To::State(state) => state,
            To::Same | To::Thread => self.state,
            To::Back => std::mem::replace(&mut self.asked_from, WorkState::Seen),
            To::Signed => self.sign(by, record),
        };
        if next == WorkState::InfoRequested {
            self.asked_from = if self.state == WorkState::InProgress { self.state } else { WorkState::Seen };
        }
        if next != self.state {
            // What was signed was signed for the situation that has just ended.
            self.signed = None;
        }
        self.state = next;
        Ok(next)
    }

    /// The first signature waits; the same record signed by the other side is a handover; another record takes the place of
    /// the first, and has to be signed in its turn. A step without a record signs nothing.
    fn sign(&mut self, by: Party, record: Option<[u8; 32]>) -> WorkState {
        let Some(record) = record else { return self.state };
        if self.signed.is_some_and(|(first, signed)| first != by && signed == record) {
            return WorkState::HandedOver;
        }
        self.signed = Some((by, record));
        self.state
    }
}

#[cfg(test)]
mod tests;
