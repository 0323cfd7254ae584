//! A decision to go without consent (2.4.3 of the data dictionary): who, why, and when somebody looks at it again.

use std::str::FromStr;
use std::time::Duration;

use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use serde_json::{Value, json};

use super::super::values::written;

/// Within so many hours somebody looks at the decision again.
pub const REVIEW_HOURS: u64 = 72;
/// Longest number of a person, in characters.
const STAFF_CHARS_MAX: usize = 40;
/// Longest reason in words, in characters.
const TEXT_CHARS_MAX: usize = 2_000;

/// Why somebody goes without consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// A life.
    VitalInterest,
    /// A child.
    ChildProtection,
    /// A court has ordered it.
    CourtOrder,
    /// A law demands it.
    LegalObligation,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::VitalInterest, Self::ChildProtection, Self::CourtOrder, Self::LegalObligation];

    /// The code.
    pub fn code(self) -> &'static str {
        match self {
            Self::VitalInterest => "vital_interest",
            Self::ChildProtection => "child_protection",
            Self::CourtOrder => "court_order",
            Self::LegalObligation => "legal_obligation",
        }
    }
}

/// No reason of this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("reasons are vital_interest, child_protection, court_order and legal_obligation")]
pub struct UnknownReason;

impl FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(word: &str) -> Result<Self, UnknownReason> {
        Self::ALL.into_iter().find(|reason| reason.code() == word).ok_or(UnknownReason)
    }
}

/// The decision.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "made by the command line and the pages")]
pub struct Override {
    /// Why.
    pub reason: Reason,
    /// Why, in words.
    pub text: String,
    /// Number of the person who decides.
    pub decided_by: String,
    /// Number of another person who agrees; empty only where there is no time (P0).
    pub second_person: String,
    /// When.
    pub at: Timestamp,
    /// When somebody looks at it again, at the latest.
    pub review_by: Timestamp,
}
no_content_in_debug!(Override);

/// What is missing in a decision. Each is the name of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OverrideFlaw {
    /// Nobody stands for it.
    Nobody,
    /// No reason in words, or too long a one.
    Text,
    /// One person alone, and there is time for two.
    Alone,
    /// The same person twice.
    SamePerson,
    /// The review is past or too far away.
    Review,
    /// There is no child.
    NoChild,
}

impl OverrideFlaw {
    /// Name of the text.
    pub fn text(self) -> &'static str {
        match self {
            Self::Nobody => "access-override-nobody",
            Self::Text => "access-override-text",
            Self::Alone => "access-override-alone",
            Self::SamePerson => "access-override-same",
            Self::Review => "access-override-review",
            Self::NoChild => "access-override-no-child",
        }
    }
}

impl Override {
    /// Whether it is one: two different people, except where minutes count, and a review within 72 hours.
    pub fn check(&self, priority: Priority, about_child: bool) -> Result<(), OverrideFlaw> {
        let person = |text: &str| (1..=STAFF_CHARS_MAX).contains(&text.trim().chars().count());
        let (one, other) = (self.decided_by.trim(), self.second_person.trim());
        if !person(one) {
            return Err(OverrideFlaw::Nobody);
        }
        if !(1..=TEXT_CHARS_MAX).contains(&self.text.trim().chars().count()) {
            return Err(OverrideFlaw::Text);
        }
        if other.is_empty() && priority != Priority::P0 {
            return Err(OverrideFlaw::Alone);
        }
        if one.to_lowercase() == other.to_lowercase() {
            return Err(OverrideFlaw::SamePerson);
        }
        if !other.is_empty() && !person(other) {
            return Err(OverrideFlaw::Nobody);
        }
        let latest = self.at.plus(Duration::from_secs(REVIEW_HOURS * 60 * 60));
        if self.review_by <= self.at || self.review_by > latest {
            return Err(OverrideFlaw::Review);
        }
        if self.reason == Reason::ChildProtection && !about_child {
            return Err(OverrideFlaw::NoChild);
        }
        Ok(())
    }

    /// As it stands in a referral.
    pub fn to_json(&self) -> Value {
        let mut json = json!({
            "reason": self.reason.code(),
            "text": self.text.trim(),
            "decided_by": { "staff_no": self.decided_by.trim() },
            "at": written(self.at),
            "review_by": written(self.review_by),
        });
        if !self.second_person.trim().is_empty() {
            json["second_person"] = json!({ "staff_no": self.second_person.trim() });
        }
        json
    }
}
