//! A decision to send without consent, as it is given on the command line and remembered.

use causeway_common::ids::PacketId;
use causeway_common::time::Timestamp;
use clap::Args;

use super::failure::{Failure, exit};
use super::home::Home;
use crate::consents::{self, Review};
use crate::referral::access::{self, Override, REVIEW_HOURS, Reason};
use crate::referral::{Document, values};
use crate::staff;
use crate::vault::Changes;

/// Within so many hours somebody is appointed who stands for a child (P1: within the day's shift).
const GUARDIAN_HOURS: u64 = 8;

#[derive(Debug, Default, Args)]
pub(crate) struct OverrideArgs {
    /// Send without consent, because of: vital_interest, child_protection, court_order or legal_obligation.
    #[arg(long = "override", value_name = "REASON", requires_all = ["override_text", "decided_by"])]
    reason: Option<Reason>,
    /// Why, in words. Whoever receives it reads them.
    #[arg(long, value_name = "TEXT", requires = "reason")]
    override_text: Option<String>,
    /// Number of the person who decides.
    #[arg(long, value_name = "NUMBER", requires = "reason")]
    decided_by: Option<String>,
    /// Number of another person who agrees. Only P0 goes without.
    #[arg(long, value_name = "NUMBER", requires = "reason")]
    second_person: Option<String>,
    /// When somebody looks at the decision again: a moment, or a duration such as PT24H. At most 72 hours.
    #[arg(long, value_name = "TIME", requires = "reason")]
    review_by: Option<String>,
}

/// The decision that was given, checked.
pub(super) fn of(args: &OverrideArgs, document: &Document, home: &Home) -> Result<Option<Override>, Failure> {
    let Some(reason) = args.reason else { return Ok(None) };
    let now = home.engine.now();
    let said = args.review_by.as_deref();
    let review_by = match said {
        None => now.plus(hours(REVIEW_HOURS)),
        Some(text) => {
            values::moment_or_later(text, now).ok_or_else(|| flaw("access-override-review", home))?
        }
    };
    let overridden = Override {
        reason,
        text: args.override_text.clone().unwrap_or_default(),
        decided_by: args.decided_by.clone().unwrap_or_default(),
        second_person: args.second_person.clone().unwrap_or_default(),
        at: now,
        review_by,
    };
    let about_child = access::is_about_child(document, now);
    overridden.check(document.priority(), about_child).map_err(|found| flaw(found.text(), home))?;
    for person in [&overridden.decided_by, &overridden.second_person] {
        if !person.trim().is_empty() && !may_be_one_of_us(person, home)? {
            return Err(flaw("access-override-unlisted", home));
        }
    }
    Ok(Some(overridden))
}

/// Whether a number can be that of somebody who works here: once people are listed, only theirs are.
pub(super) fn may_be_one_of_us(number: &str, home: &Home) -> Result<bool, Failure> {
    let listed = staff::all(&home.engine.vault)?;
    Ok(listed.is_empty() || listed.iter().any(|member| member.number == number.trim()))
}

fn flaw(text: &str, home: &Home) -> Failure {
    Failure::new("W-111", exit::INVALID, home.lang.text(text), home.lang.text("access-override-hint"))
}

/// What the legal basis says of itself where a life is in danger now.
pub(super) fn by_danger(home: &Home) -> Override {
    let now = home.engine.now();
    Override {
        reason: Reason::VitalInterest,
        text: "legal_basis=vital, priority=P0".into(),
        decided_by: home.engine.identity.device().short(),
        second_person: String::new(),
        at: now,
        review_by: now.plus(hours(REVIEW_HOURS)),
    }
}

/// A decision in the file would be one that nobody has checked.
pub(super) fn must_not_be_typed(document: &Document, home: &Home) -> Result<(), Failure> {
    if document.fields.contains_key("override") {
        return Err(flaw("access-override-typed", home));
    }
    Ok(())
}

/// Enters what somebody has to look at again.
pub(super) fn remember(
    changes: &mut Changes,
    packet: PacketId,
    overridden: Option<&Override>,
    needs_guardian: bool,
    home: &Home,
) {
    let now = home.engine.now();
    let blank = Review {
        packet,
        what: "guardian".into(),
        reason: String::new(),
        text: String::new(),
        decided_by: String::new(),
        second_person: String::new(),
        at: now,
        review_by: now.plus(hours(GUARDIAN_HOURS)),
        settled: Timestamp(0),
        settled_by: String::new(),
        outcome: String::new(),
    };
    if let Some(over) = overridden {
        let review = Review {
            what: "override".into(),
            reason: over.reason.code().into(),
            text: over.text.clone(),
            decided_by: over.decided_by.clone(),
            second_person: over.second_person.clone(),
            review_by: over.review_by,
            ..blank.clone()
        };
        consents::put_review(changes, &review);
    }
    if needs_guardian {
        consents::put_review(changes, &blank);
    }
}

fn hours(count: u64) -> std::time::Duration {
    std::time::Duration::from_secs(count * 60 * 60)
}
