//! The work axis of a referral, as a table: who may take which step from where.

use std::str::FromStr;

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
        /// Another case may be about the same person.
        PossibleMatch = "possible_match",
        /// The recipient's device holds it.
        Deliver = "delivered",
        /// Somebody at the recipient looked at it.
        Open = "opened",
        /// The relay gave up.
        Expire = "expire",
        /// The person takes her consent back.
        ConsentWithdrawn = "consent_withdrawn",
        /// Ask the other side to erase what it has.
        EraseRequest = "erase_request",
        /// Say that it is erased, or on what ground it is kept.
        EraseDone = "erase_done",
        /// Let the other side hand on what came with H1 or H2.
        OnwardApproved = "onward_approved",
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

/// The step is not possible from here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not possible while the referral is {}; possible now: {}", action.as_str(), state.as_str(), list(possible))]
pub struct NotAllowed {
    /// The present state.
    pub state: WorkState,
    /// The step that was asked for.
    pub action: Action,
    /// What this side can do instead.
    pub possible: Vec<Action>,
}

fn list(actions: &[Action]) -> String {
    if actions.is_empty() {
        return "nothing".into();
    }
    actions.iter().map(|a| a.as_str()).collect::<Vec<_>>().join(", ")
}

/// The table. A row: from any of these, by this side, with this step, to there.
const TABLE: &[(&[WorkState], Party, Action, WorkState)] = {
    use Action as A;
    use Party::{Recipient as R, Sender as S, System as Y};
    use WorkState::*;
    &[
        (&[Sent], Y, A::Deliver, Received),
        (&[Sent], Y, A::Expire, Expired),
        (&[Sent, Received], Y, A::Open, Seen),
        (&[Sent, Received, Seen], S, A::Withdraw, Withdrawn),
        (&[Received, Seen], R, A::Ask, InfoRequested),
        (&[InfoRequested], S, A::Answer, Seen),
        (&[Received, Seen], R, A::Accept, Accepted),
        (&[Received, Seen, InfoRequested], R, A::Decline, Declined),
        (&[Accepted], R, A::Start, InProgress),
        (&[Accepted, InProgress], R, A::Hold, OnHold),
        (&[OnHold], R, A::Resume, InProgress),
        (&[Accepted], R, A::Decline, Declined),
        (&[Accepted, InProgress], R, A::HandedOver, HandedOver),
        (&[Accepted, InProgress, HandedOver], R, A::Complete, Completed),
        (&[InProgress], R, A::Fail, Failed),
        (&[InfoRequested, Accepted, InProgress, OnHold], S, A::Withdraw, WithdrawRequested),
        (&[WithdrawRequested], R, A::CancelConfirm, Withdrawn),
        (&[WithdrawRequested], R, A::CancelRefuse, InProgress),
        (&[Completed], S, A::Close, Closed),
        (&[Completed], S, A::Object, InProgress),
    ]
};

/// Steps that say something about what both sides hold, at any time, and leave the work where it is.
const BESIDE: &[(Party, Action)] = &[
    (Party::Sender, Action::PossibleMatch),
    (Party::Recipient, Action::PossibleMatch),
    (Party::Sender, Action::ConsentWithdrawn),
    (Party::Sender, Action::EraseRequest),
    (Party::Recipient, Action::EraseDone),
    (Party::Sender, Action::OnwardApproved),
];

/// Takes a step.
pub fn step(state: WorkState, action: Action, by: Party) -> Result<WorkState, NotAllowed> {
    if BESIDE.contains(&(by, action)) {
        return Ok(state);
    }
    TABLE
        .iter()
        .find(|(from, party, step, _)| *party == by && *step == action && from.contains(&state))
        .map(|row| row.3)
        .ok_or_else(|| NotAllowed { state, action, possible: possible(state, by) })
}

/// What a side can do now.
pub fn possible(state: WorkState, by: Party) -> Vec<Action> {
    TABLE.iter().filter(|(from, party, ..)| *party == by && from.contains(&state)).map(|row| row.2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_allowed_and_everything_else_is_refused() {
        let mut allowed = 0;
        for state in WorkState::ALL {
            for action in Action::ALL {
                for party in [Party::Sender, Party::Recipient, Party::System] {
                    if BESIDE.contains(&(party, *action)) {
                        assert_eq!(step(*state, *action, party), Ok(*state), "{state:?} {action:?}");
                        continue;
                    }
                    let in_table =
                        TABLE.iter().any(|(f, p, a, _)| f.contains(state) && *p == party && a == action);
                    assert_eq!(
                        step(*state, *action, party).is_ok(),
                        in_table,
                        "{state:?} {action:?} {party:?}"
                    );
                    allowed += usize::from(in_table);
                }
            }
        }
        assert_eq!(allowed, TABLE.iter().map(|row| row.0.len()).sum::<usize>());
    }

    #[test]
    fn a_refusal_says_what_is_possible() {
        let refused = step(WorkState::Seen, Action::Complete, Party::Recipient).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "`complete` is not possible while the referral is seen; possible now: info_request, accept, decline"
        );
    }
}
