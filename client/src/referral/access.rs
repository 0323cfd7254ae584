//! Need to know: which section of a referral may go to whom, in what form, and why.
//!
//! [`decide`] answers for one recipient, [`copy_for`] makes what it gets. A section that may not go is not in the copy.
//! Agreements and what a person withholds only ever take something away. The hard rules are asked last and by nobody
//! else's leave.

use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::Document;
use super::sections::{CNS, CON, DOC, EVI, HDR, IDN, LOC, MED, OPS, PHO, STA, SUS, SectionCode};
use super::values::{date, day};

mod consent;
mod copy;
mod cuts;
mod hard;
pub mod matrix;
mod overriding;
#[cfg(test)]
mod tests;

pub use consent::{Consent, is_about_child};
pub use copy::{LOCATION_HOURS, copy_for, guardian_pending, lost};
pub use hard::Protection;
pub use matrix::{Role, Way};
pub use overriding::{Override, OverrideFlaw, REVIEW_HOURS, Reason};

/// Who is to get it, as the directory knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "made by the command line and the pages")]
pub struct Recipient {
    /// Its number, 64 hexadecimal digits.
    pub org: String,
    /// Its name.
    pub name: String,
    /// Kind of organisation.
    pub kind: String,
    /// Two letters.
    pub country: String,
}

impl Recipient {
    fn is_called(&self, meant: &str) -> bool {
        let meant = meant.trim();
        meant == self.org || meant.to_lowercase() == self.name.to_lowercase()
    }
}

/// What has been agreed with an organisation. It only ever narrows what the matrix allows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "stored")]
pub struct Agreement {
    /// Its name, for example the number of the contract.
    pub id: String,
    /// Codes of kinds; empty for all.
    pub kinds: Vec<String>,
    /// Codes of sections beside the header; empty for all.
    pub sections: Vec<String>,
    /// First day, `2027-03-01`.
    pub from: String,
    /// Last day.
    pub until: String,
}
no_content_in_debug!(Agreement);

impl Agreement {
    /// Whether it is in force on the day of this moment.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        let today = day(now);
        date(&self.from).is_some_and(|from| from <= today)
            && date(&self.until).is_some_and(|until| today <= until)
    }

    fn covers(&self, kind: &str, now: Timestamp) -> bool {
        self.is_in_force(now) && (self.kinds.is_empty() || self.kinds.iter().any(|k| k == kind))
    }

    fn lists(&self, section: SectionCode) -> bool {
        section == HDR || self.sections.is_empty() || self.sections.contains(&section.to_string())
    }
}

/// A packet of somebody else from which this one is made.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "made by the command line and the pages")]
pub struct Origin {
    /// Who sent it, 64 hexadecimal digits.
    pub org: String,
    /// The name of the sender.
    pub name: String,
    /// What came in it.
    pub sections: Vec<SectionCode>,
    /// Whether it bears H1 or H2.
    pub restricted: bool,
    /// For whom its sender has approved which sections.
    pub approved: Vec<(String, Vec<SectionCode>)>,
}
no_content_in_debug!(Origin);

/// What has to be decided.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "made by the command line and the pages")]
pub struct Question<'a> {
    /// The whole document, completed.
    pub document: &'a Document,
    /// Who is to get it.
    pub recipient: &'a Recipient,
    /// All agreements with the recipient; none means that the matrix alone decides.
    pub agreements: &'a [Agreement],
    /// The decision of people to go without consent.
    pub overridden: Option<&'a Override>,
    /// Sections for which the consent was withdrawn.
    pub withdrawn: &'a [SectionCode],
    /// From which states she seeks protection, as far as other cases of hers say so.
    pub protection: &'a Protection,
    /// What it is made from.
    pub origins: &'a [Origin],
    /// Sections of files that travel along.
    pub files: &'a [SectionCode],
    /// Now.
    pub now: Timestamp,
}
impl std::fmt::Debug for Question<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Question").finish_non_exhaustive()
    }
}

/// What becomes of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whole, cut, or not at all")]
pub enum Verdict {
    /// It goes.
    Allowed,
    /// It goes, cut.
    Minimised,
    /// It does not go.
    Refused,
}

impl Verdict {
    /// The word for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Minimised => "minimised",
            Self::Refused => "refused",
        }
    }
}

/// What has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// The matrix.
    Matrix,
    /// The consent, or that there is none.
    Consent,
    /// What the person withholds.
    Withheld,
    /// An agreement.
    Agreement,
    /// A decision of two people.
    Override,
    /// Danger to life now.
    Vital,
    /// Hard rule 1.
    HardAsylum,
    /// Hard rule 2.
    HardLocation,
    /// Hard rule 3: who has no role, a relay's operator for one, gets nothing.
    HardRelay,
    /// Hard rule 4.
    HardChild,
    /// Hard rule 5.
    HardOnward,
    /// Hard rule 6.
    HardInformant,
}

impl Rule {
    /// The word for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Matrix => "matrix",
            Self::Consent => "consent",
            Self::Withheld => "withheld",
            Self::Agreement => "agreement",
            Self::Override => "override",
            Self::Vital => "vital",
            Self::HardAsylum => "hard-1-asylum",
            Self::HardLocation => "hard-2-location",
            Self::HardRelay => "hard-3-relay",
            Self::HardChild => "hard-4-child",
            Self::HardOnward => "hard-5-onward",
            Self::HardInformant => "hard-6-informant",
        }
    }
}

/// What becomes of a section for one recipient, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decision {
    /// Which.
    pub section: SectionCode,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Why: name of a text.
    pub why: &'static str,
    /// What goes into the gaps of that text.
    pub gaps: Vec<(&'static str, String)>,
    /// What has decided.
    pub rule: Rule,
}

impl Decision {
    pub(super) fn refused(section: SectionCode, why: &'static str, rule: Rule) -> Self {
        Self { section, verdict: Verdict::Refused, why, gaps: Vec::new(), rule }
    }

    fn goes(section: SectionCode, verdict: Verdict, why: &'static str, rule: Rule) -> Self {
        Self { section, verdict, why, gaps: Vec::new(), rule }
    }

    fn with(mut self, gap: &'static str, text: impl Into<String>) -> Self {
        self.gaps.push((gap, text.into()));
        self
    }
}

/// Decides about every section of a document and of its files, the header first. If the header is refused nothing goes.
pub fn decide(question: &Question<'_>) -> Vec<Decision> {
    let mut sections: Vec<SectionCode> =
        question.document.clone().into_sections().into_iter().map(|section| section.code).collect();
    sections.extend(question.files.iter().filter(|code| !sections.contains(code)).collect::<Vec<_>>());
    let everything = |decision: Decision| {
        sections.iter().map(|code| Decision { section: *code, ..decision.clone() }).collect()
    };
    let Some(role) = Role::of(&question.recipient.kind, question.document.kind.code()) else {
        return everything(Decision::refused(HDR, "access-hard-relay", Rule::HardRelay));
    };
    let facts = Facts::of(question, role);
    if let Some(blocked) = facts.blocked(question) {
        return everything(blocked);
    }
    let mut decisions: Vec<Decision> = sections.iter().map(|code| facts.about(question, *code)).collect();
    hard::location(&mut decisions, role);
    hard::journey(question.document, &mut decisions, role);
    decisions
}

/// Whether a section may stand in what is made for an audience (hard rule 2). Whether a person agrees to a publication
/// is another question.
pub fn may_export(section: SectionCode, audience: Audience) -> bool {
    match audience {
        Audience::Public => ![LOC, CON, DOC, PHO, MED, SUS, EVI].contains(&section),
        Audience::Statistics => section == STA,
    }
}

/// For whom something is made that leaves the organisations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "with persons or without")]
pub enum Audience {
    /// Everybody.
    Public,
    /// Readers of numbers.
    Statistics,
}

/// What holds for all sections of a document for one recipient.
struct Facts {
    role: Role,
    /// The consent, if it counts.
    consent: Option<Consent>,
    /// Why it does not count.
    flaw: Option<&'static str>,
    withheld: Vec<Option<SectionCode>>,
    /// What opens cells that ask for a vital interest.
    vital: Option<Rule>,
    /// Whether a court or a law asks for it.
    ordered: bool,
    /// Whether it rests on consent alone.
    by_consent: bool,
}

impl Facts {
    fn of(question: &Question<'_>, role: Role) -> Self {
        let Question { document, recipient, overridden, now, .. } = *question;
        let consent = Consent::of(document, now);
        let withheld = consent.as_ref().map_or_else(Vec::new, |c| c.withholds(recipient, role));
        let flaw = consent.as_ref().and_then(|c| c.flaw(now));
        let urgent = document.priority() == Priority::P0;
        let child = is_about_child(document, now);
        let by_people = overridden.map(|over| over.reason);
        let vital = match by_people {
            Some(Reason::VitalInterest) => Some(Rule::Override),
            Some(Reason::ChildProtection) if child => Some(Rule::Override),
            _ if urgent && consent::rests_on(document, &["vital"]) => Some(Rule::Vital),
            _ if urgent && child && consent::rests_on(document, &["child_protection"]) => Some(Rule::Vital),
            _ => None,
        };
        Self {
            role,
            consent: consent.filter(|_| flaw.is_none()),
            flaw,
            withheld,
            vital,
            ordered: matches!(by_people, Some(Reason::CourtOrder | Reason::LegalObligation)),
            by_consent: consent::rests_on(document, &["consent"]) && overridden.is_none(),
        }
    }

    /// What keeps the whole packet back.
    fn blocked(&self, question: &Question<'_>) -> Option<Decision> {
        let Question { document, recipient, agreements, now, .. } = *question;
        let refused = |why, rule| Decision::refused(HDR, why, rule);
        let mut protection = Protection::of(&document.fields);
        protection.add(question.protection.clone());
        if protection.forbids(self.role, &recipient.country) {
            return Some(
                refused("access-hard-asylum", Rule::HardAsylum).with("country", recipient.country.clone()),
            );
        }
        if self.withheld.iter().any(|section| section.is_none_or(|code| code == HDR)) {
            return Some(refused("access-withheld-all", Rule::Withheld));
        }
        if let Some(flaw) = self.flaw.filter(|_| self.by_consent) {
            let rule = if flaw == "access-consent-child" { Rule::HardChild } else { Rule::Consent };
            return Some(refused(flaw, rule));
        }
        if question.withdrawn.contains(&HDR) {
            return Some(refused("access-consent-withdrawn", Rule::Consent));
        }
        let kind = document.kind.code();
        if !agreements.is_empty() && !agreements.iter().any(|a| a.covers(kind, now)) {
            return Some(refused("access-agreement-kind", Rule::Agreement).with("kind", kind));
        }
        None
    }

    fn about(&self, question: &Question<'_>, section: SectionCode) -> Decision {
        if let Some(refused) = self.refuses(question, section) {
            return refused;
        }
        let decision = self.opens(question, section);
        if decision.verdict == Verdict::Refused {
            return decision;
        }
        let cut = |why, rule| Decision::goes(section, Verdict::Minimised, why, rule);
        if hard::informant(question.document, section, self.role, self.consent.as_ref()) {
            return cut("access-hard-informant", Rule::HardInformant);
        }
        if section == CNS && copy::tells_contact(question.document) && !self.covers_contact(question) {
            return cut("access-contact", Rule::Matrix);
        }
        decision
    }

    /// What takes a section away whatever opens it.
    fn refuses(&self, question: &Question<'_>, section: SectionCode) -> Option<Decision> {
        let Question { document, agreements, now, .. } = *question;
        let refused = |why, rule| Some(Decision::refused(section, why, rule));
        let cell = matrix::cell_for(self.role, section, document.kind.code());
        if cell.way == Way::Never {
            let why = if cell.note > 0 { "access-only-evidence" } else { "access-never" };
            return refused(why, Rule::Matrix);
        }
        let agreed = |a: &Agreement| a.covers(document.kind.code(), now) && a.lists(section);
        if !agreements.is_empty() && !agreements.iter().any(agreed) {
            return refused("access-agreement-section", Rule::Agreement);
        }
        if self.withheld.contains(&Some(section)) {
            return refused("access-withheld", Rule::Withheld);
        }
        if question.withdrawn.contains(&section) {
            return refused("access-consent-withdrawn", Rule::Consent);
        }
        if section == LOC && self.role == Role::Shl && copy::names_another(document, question.recipient) {
            return refused("access-location-other", Rule::HardLocation);
        }
        // The header and the record of consent say how to handle the rest; every packet has its own.
        let own = section == HDR || section == CNS;
        hard::onward(question, section).filter(|_| !own).map(|originator| {
            Decision::refused(section, "access-hard-onward", Rule::HardOnward).with("org", originator)
        })
    }

    /// What lets it go.
    fn opens(&self, question: &Question<'_>, section: SectionCode) -> Decision {
        let allowed = |why, rule| Decision::goes(section, Verdict::Allowed, why, rule);
        let cell = matrix::cell_for(self.role, section, question.document.kind.code());
        let covered = self.covered(question, section);
        let vital = |rule| match (section, rule) {
            (LOC, rule) => allowed("access-location-expires", rule).with("hours", LOCATION_HOURS.to_string()),
            (_, Rule::Vital) => allowed("access-vital", rule),
            (_, rule) => allowed("access-override", rule),
        };
        let ordered = self.ordered && self.role.is_authority();
        match (cell.way, self.vital) {
            (Way::Never, _) => Decision::refused(section, "access-never", Rule::Matrix),
            (Way::Default | Way::Minimised, _) if !self.is_named(question, section) => {
                Decision::refused(section, "access-not-named", Rule::Consent)
            }
            (Way::Default, _) => allowed("access-default", Rule::Matrix),
            (Way::Minimised, _) => Decision::goes(section, Verdict::Minimised, note(cell.note), Rule::Matrix),
            (Way::Consent | Way::ConsentOrVital, _) if covered => allowed("access-consent", Rule::Consent),
            (Way::ConsentOrVital | Way::Vital, Some(rule)) => vital(rule),
            (Way::Consent | Way::ConsentOrVital, _) if ordered => allowed("access-ordered", Rule::Override),
            (Way::Vital, None) => Decision::refused(section, "access-vital-only", Rule::Matrix),
            (Way::ConsentOrVital, None) => {
                Decision::refused(section, self.flaw_or("access-no-consent-vital"), self.rule())
            }
            (Way::Consent, _) => Decision::refused(section, self.flaw_or("access-no-consent"), self.rule()),
        }
    }

    fn flaw_or(&self, otherwise: &'static str) -> &'static str {
        self.flaw.unwrap_or(otherwise)
    }

    fn rule(&self) -> Rule {
        if self.flaw == Some("access-consent-child") { Rule::HardChild } else { Rule::Consent }
    }

    fn covered(&self, question: &Question<'_>, section: SectionCode) -> bool {
        let Question { recipient, now, .. } = *question;
        self.consent.as_ref().is_some_and(|c| c.covers(recipient, self.role, section, now))
    }

    /// What rests on consent goes only to those whom the consent names, apart from what is about no person.
    fn is_named(&self, question: &Question<'_>, section: SectionCode) -> bool {
        let Question { recipient, now, .. } = *question;
        [HDR, CNS, OPS, STA].contains(&section)
            || !self.by_consent
            || self.consent.as_ref().is_some_and(|c| c.names(recipient, self.role, now))
    }

    /// Whether the way to reach her may be read by this recipient: it stands in the record of consent too.
    fn covers_contact(&self, question: &Question<'_>) -> bool {
        self.refuses(question, CON).is_none() && self.opens(question, CON).verdict == Verdict::Allowed
    }
}

/// The text of a note of the matrix.
fn note(number: u8) -> &'static str {
    match number {
        1 => "access-note-guest",
        4 => "access-note-suspicion",
        6 => "access-note-urgent",
        7 => "access-note-guard",
        8 => "access-note-silence",
        _ => "access-note-least",
    }
}

/// Why an organisation must not even hear that there is a case about this person (hard rule 1, and what she withholds);
/// none if it may.
pub fn must_not_hear(
    document: &Document,
    protection: &Protection,
    recipient: &Recipient,
    now: Timestamp,
) -> Option<Rule> {
    let role = Role::of(&recipient.kind, document.kind.code())?;
    let mut known = Protection::of(&document.fields);
    known.add(protection.clone());
    if known.forbids(role, &recipient.country) {
        return Some(Rule::HardAsylum);
    }
    let withheld = Consent::of(document, now).map_or_else(Vec::new, |c| c.withholds(recipient, role));
    // Who must not have her name must not learn that she is somewhere.
    let hides = |section: &Option<SectionCode>| section.is_none_or(|code| code == HDR || code == IDN);
    withheld.iter().any(hides).then_some(Rule::Withheld)
}

/// What stands in a document about children, for the task to appoint somebody.
pub fn needs_guardian(document: &Document, now: Timestamp) -> bool {
    is_about_child(document, now) && !consent::has_guardian(document)
}

/// Whether a file may travel in a section of this verdict.
pub fn may_attach(decision: &Decision, role: Role) -> bool {
    match decision.verdict {
        Verdict::Allowed => true,
        Verdict::Minimised => cuts::keeps_files(role, decision.section),
        Verdict::Refused => false,
    }
}
