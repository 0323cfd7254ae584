//! The kinds of referrals of this version. To add one, write its table and enter it here.

mod border_alert;
mod header;
mod identity_check;
mod missing_person;
mod victim_handoff;

use super::spec::{Field, Rule, Spec};

pub(super) use header::{CONSENT, HEADER};
pub(super) use identity_check::{ANSWER, ANSWER_RULES};

/// All kinds.
pub(super) const KINDS: &[&Spec] =
    &[&missing_person::SPEC, &border_alert::SPEC, &victim_handoff::SPEC, &identity_check::SPEC];

/// What the header's fields demand of each other, in every kind.
pub(super) const HEADER_RULES: &[Rule] = header::RULES;

/// A field at the top of a document: the kind's own, or one of the header.
pub(super) fn field(spec: &'static Spec, name: &str) -> Option<&'static Field> {
    spec.fields.iter().chain(HEADER).find(|field| field.name == name)
}

/// All fields at the top of a document.
pub(super) fn fields(spec: &'static Spec) -> impl Iterator<Item = &'static Field> {
    let own = |field: &&Field| !spec.fields.iter().any(|f| f.name == field.name);
    spec.fields.iter().chain(HEADER.iter().filter(own))
}
