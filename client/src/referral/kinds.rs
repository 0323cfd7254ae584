//! The kinds of referrals of this version. To add one, write its table and enter it here.

mod border_alert;
mod capacity;
mod case_update;
mod duty_hours;
mod evidence;
mod header;
mod hotline_record;
mod identity_check;
mod missing_person;
mod placement;
mod victim_handoff;

use super::spec::{Field, Rule, Spec, Travels};

pub(super) use case_update::SPEC as CASE_UPDATE;
pub(super) use header::{CONSENT, HEADER};

/// Kinds that are sent.
pub(super) const KINDS: &[&Spec] = &[
    &missing_person::SPEC,
    &border_alert::SPEC,
    &victim_handoff::SPEC,
    &identity_check::SPEC,
    &hotline_record::SPEC,
    &capacity::SPEC,
    &placement::SPEC,
    &evidence::SPEC,
    &duty_hours::SPEC,
];

/// What steps carry: updates and answers.
pub(super) const STEPS: &[&Spec] =
    &[&identity_check::ANSWER_SPEC, &placement::ANSWER_SPEC, &case_update::SPEC];

/// A field at the top of a document: the kind's own, or one of the header.
pub(super) fn field(spec: &'static Spec, name: &str) -> Option<&'static Field> {
    fields(spec).find(|field| field.name == name)
}

/// All fields at the top of a document. What a step carries has no header of its own.
pub(super) fn fields(spec: &'static Spec) -> impl Iterator<Item = &'static Field> {
    let own = |field: &&Field| !spec.fields.iter().any(|f| f.name == field.name);
    spec.fields.iter().chain(header_of(spec, HEADER).iter().filter(own))
}

/// What they demand of each other.
pub(super) fn rules(spec: &'static Spec) -> impl Iterator<Item = &'static Rule> {
    let due = if spec.travels == Travels::Referral { header::REFERRAL_RULES } else { &[] };
    spec.rules.iter().chain(header_of(spec, header::RULES)).chain(due)
}

fn header_of<T>(spec: &Spec, header: &'static [T]) -> &'static [T] {
    if matches!(spec.travels, Travels::Step(_)) { &[] } else { header }
}
