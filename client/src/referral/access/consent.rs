//! A consent record (2.4.2 of the data dictionary), read as what it allows. What is unclear in it allows nothing.

use causeway_common::time::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::{Map, Value};

use super::super::Document;
use super::super::path::is_nil;
use super::super::sections::SectionCode;
use super::super::values::{date, day, instant};
use super::matrix::Role;
use super::{Recipient, cuts};

/// A consent lasts this long unless it says less.
const MONTHS: i32 = 12;
/// What it says of police lasts no longer than this.
const POLICE_DAYS: i32 = 90;
/// Clocks of the one who writes it down and of the one who sends differ by no more, in milliseconds.
const SKEW_MS: i64 = 10 * 60 * 1000;
/// What somebody may have agreed to for each kind of referral. (K)
const PURPOSES: &[(&str, &[&str])] = &[
    ("MPR", &["missing_search", "assistance", "investigation", "return"]),
    ("BIA", &["assistance", "investigation", "return", "missing_search", "shelter"]),
    ("VHO", &["return", "shelter", "assistance", "medical", "legal_aid", "witness_protection"]),
    ("IDQ", &["identity_check", "return"]),
    ("HIC", &["assistance", "shelter", "return", "medical", "legal_aid", "missing_search", "investigation"]),
    ("SPR", &["shelter", "assistance", "medical"]),
    ("EVH", &["investigation", "prosecution", "witness_protection", "legal_aid"]),
];
/// Purposes that open nothing in a referral about a person.
const OTHER_PURPOSES: [&str; 3] = ["statistics", "research", "media"];

/// The purpose that covers a publication.
const PUBLISHING: &str = "media";

/// Fields of an entry that may name an organisation from which something is withheld.
const NAMED: [&str; 3] = ["org", "org_id", "person"];

/// What is agreed to, by whom, until when.
#[derive(Clone, Default)]
pub struct Consent {
    record: Map<String, Value>,
    kind: &'static str,
    child: bool,
}
no_content_in_debug!(Consent);

impl Consent {
    /// The consent in a document; none if there is none.
    pub fn of(document: &Document, now: Timestamp) -> Option<Self> {
        let record = document.fields.get("consent")?.as_object().filter(|map| !map.is_empty())?.clone();
        Some(Self { record, kind: document.kind.code(), child: is_about_child(document, now) })
    }

    /// Why it counts for nothing: the words of a text, or none if it counts.
    pub fn flaw(&self, now: Timestamp) -> Option<&'static str> {
        let there = |name: &str| self.record.get(name).filter(|v| !v.is_null() && !is_nil(v));
        if there("withdrawn").is_some() {
            return Some("access-consent-withdrawn");
        }
        let obtained = self.obtained();
        let begins = i64::try_from(now.0).unwrap_or(i64::MAX).saturating_add(SKEW_MS);
        if obtained.is_none_or(|(at, _)| at > begins) {
            return Some("access-consent-undated");
        }
        let until = there("valid_until").and_then(Value::as_str).map(date);
        if until.is_some_and(|until| until.is_none_or(|until| until < day(now))) || self.is_old(now) {
            return Some("access-consent-expired");
        }
        let by = self.text("given_by");
        let represented = matches!(by, "guardian" | "court_representative");
        match self.text("capacity") {
            _ if self.child && !represented => Some("access-consent-child"),
            "full" if self.child || by == "subject" || represented => None,
            // Somebody who is missing cannot be asked; her people ask for her.
            "full" if self.kind == "MPR" && matches!(by, "caregiver" | "other") => None,
            "minor" | "impaired" | "impaired_temporarily" if represented => None,
            _ => Some("access-consent-giver"),
        }
    }

    /// Whether it names a recipient for this section, for what the referral is about, and still does.
    pub fn covers(&self, to: &Recipient, role: Role, section: SectionCode, now: Timestamp) -> bool {
        self.entries(to, role, now).any(|entry| lists(entry, &section.to_string()))
    }

    /// Whether it names a recipient at all.
    pub fn names(&self, to: &Recipient, role: Role, now: Timestamp) -> bool {
        self.entries(to, role, now).next().is_some()
    }

    /// Sections that must not go to a recipient; an empty list in an entry means all of them.
    pub fn withholds(&self, to: &Recipient, role: Role) -> Vec<Option<SectionCode>> {
        let mut withheld = Vec::new();
        for entry in self.list("withhold") {
            let of_role = entry.get("role").and_then(words).is_some_and(|r| role.is_meant(r));
            let of_name = NAMED
                .into_iter()
                .any(|field| entry.get(field).and_then(words).is_some_and(|meant| to.is_called(meant)));
            if !of_role && !of_name {
                continue;
            }
            let sections = entry.get("sections").and_then(Value::as_array).filter(|list| !list.is_empty());
            match sections {
                None => withheld.push(None),
                Some(list) => withheld.extend(list.iter().filter_map(|v| code(v.as_str()?)).map(Some)),
            }
        }
        withheld
    }

    /// Organisations that must not have something, as they stand there.
    pub fn withheld_from(&self) -> Vec<&str> {
        self.list("withhold").filter_map(|entry| entry.get("org").and_then(words)).collect()
    }

    /// Roles that must not have something and that nobody has, as they stand there: slips of the pen.
    pub fn withheld_from_no_role(&self) -> Vec<&str> {
        let roles = self.list("withhold").filter_map(|entry| entry.get("role").and_then(words));
        roles.filter(|role| Role::meant(role).is_none()).collect()
    }

    /// People who must not be told something: who receives it reads that, and people see it before they send.
    pub fn not_to_be_told(&self) -> Vec<&str> {
        self.list("withhold").filter_map(|entry| entry.get("person").and_then(words)).collect()
    }

    /// Whether whoever called or asks agrees to be named to this role.
    pub fn caller_agrees(&self, role: Role) -> bool {
        let roles = self.record.get("caller_agrees").and_then(Value::as_array);
        roles.is_some_and(|roles| roles.iter().filter_map(Value::as_str).any(|named| role.is_named(named)))
    }

    /// Whether it lets her name be published, to everybody. Whoever must not be told reads it too, so if there is anybody it does not.
    pub fn publishes(&self, now: Timestamp) -> bool {
        let today = day(now);
        let covers = |entry: &Map<String, Value>| {
            let purposes = entry.get("purpose").and_then(Value::as_array).into_iter().flatten();
            purposes.filter_map(Value::as_str).any(|purpose| purpose == PUBLISHING)
                && lists(entry, "IDN")
                && not_over(entry, today)
        };
        let mut hides = self.list("withhold").map(|entry| {
            entry.get("person").is_some() || lists(entry, "IDN") || lists(entry, "HDR") || is_whole(entry)
        });
        self.list("scope").any(covers) && !hides.any(|hides| hides)
    }

    /// Scopes that name a recipient and are not over.
    fn entries(
        &self,
        to: &Recipient,
        role: Role,
        now: Timestamp,
    ) -> impl Iterator<Item = &Map<String, Value>> {
        let today = day(now);
        self.list("scope").filter(move |entry| {
            let named = entry.get("role").and_then(Value::as_str);
            let org = entry.get("org_id").and_then(Value::as_str);
            let meant = (named.is_some() || org.is_some())
                && named.is_none_or(|named| role.is_named(named))
                && org.is_none_or(|org| org == to.org);
            meant && self.is_for_this(entry) && self.lasts(entry, role, today)
        })
    }

    fn is_for_this(&self, entry: &Map<String, Value>) -> bool {
        let fits = PURPOSES.iter().find(|(kind, _)| *kind == self.kind).map(|row| row.1);
        let purposes = entry.get("purpose").map_or(&[][..], |v| match v {
            Value::Array(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        });
        purposes.iter().filter_map(Value::as_str).any(|purpose| {
            fits.map_or_else(|| !OTHER_PURPOSES.contains(&purpose), |fits| fits.contains(&purpose))
        })
    }

    fn lasts(&self, entry: &Map<String, Value>, role: Role, today: Date) -> bool {
        let said = not_over(entry, today);
        let police = self.obtained().and_then(|(_, day)| day.checked_add(POLICE_DAYS.days()).ok());
        said && (!role.is_police() || police.is_some_and(|last| today <= last))
    }

    fn is_old(&self, now: Timestamp) -> bool {
        let last = self.obtained().and_then(|(_, day)| day.checked_add(MONTHS.months()).ok());
        last.is_none_or(|last| last < day(now))
    }

    fn obtained(&self) -> Option<(i64, Date)> {
        let at = instant(self.text("obtained"))?;
        Some((at, day(Timestamp(u64::try_from(at).ok()?))))
    }

    fn text(&self, name: &str) -> &str {
        self.record.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn list(&self, name: &str) -> impl Iterator<Item = &Map<String, Value>> {
        self.record.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
    }
}

/// Whether it is about a child, or about somebody who may be one. Who travels with a parent has a guardian in her, if the
/// parent is in the document.
pub fn is_about_child(document: &Document, now: Timestamp) -> bool {
    let today = day(now);
    let persons = persons(document);
    let is_caller =
        |person: &Map<String, Value>| person.get("role").and_then(Value::as_str) == Some("informant");
    let has_parent = persons.iter().any(|person| may_be_parent(person) && !may_be_child(person, today));
    // A caller is asked for her age by nobody: of her it says something only if it says something.
    let counts = |person: &Map<String, Value>| {
        let is_silent = !person.contains_key("minor") && cuts::ages(person, today).is_none();
        !(has_parent && with_parent(person) || is_caller(person) && is_silent)
    };
    persons.into_iter().any(|person| counts(person) && may_be_child(person, today))
        || asks_for_child(document)
}

/// Whoever is helped too may be the parent of a child; not one who brings people, or is suspected, or only calls or saw it.
fn may_be_parent(person: &Map<String, Value>) -> bool {
    const HELPED: [&str; 3] = ["missing", "possible_victim", "victim"];
    let role = person.get("role").and_then(Value::as_str);
    !with_parent(person) && role.is_none_or(|role| HELPED.contains(&role))
}

fn with_parent(person: &Map<String, Value>) -> bool {
    person.get("role").and_then(Value::as_str) == Some("child_of_victim")
        || person.get("relation").and_then(Value::as_str) == Some("child")
}

/// What is known of her age weighs more than a word about it.
fn may_be_child(person: &Map<String, Value>, today: Date) -> bool {
    let ages = cuts::ages(person, today);
    match person.get("minor").and_then(Value::as_str) {
        _ if ages.is_some_and(|(_, oldest)| oldest < ADULT_YEARS) => true,
        Some("no") => false,
        Some(_) => true,
        None => ages.is_none_or(|(youngest, _)| youngest < ADULT_YEARS),
    }
}

/// Whether a bed is asked for children without an adult. Such a question names nobody.
fn asks_for_child(document: &Document) -> bool {
    let field = |name: &str| document.fields.get(name);
    let group = field("group").and_then(Value::as_str);
    let children = field("children").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    document.kind.code() == "SPR"
        && (matches!(group, Some("girls" | "boys"))
            || (children && field("adults").and_then(Value::as_u64).is_none_or(|adults| adults == 0)))
}

/// Age from which a person is no child.
const ADULT_YEARS: i64 = 18;

/// The people a referral is about.
fn persons(document: &Document) -> Vec<&Map<String, Value>> {
    let paths = document.kind.spec().persons.iter();
    let found = paths.flat_map(|path| super::super::path::values(&document.fields, path));
    found.filter_map(|(_, value)| value.as_object()).collect()
}

/// Whether somebody stands for a child: a guardian is named, or the consent was given by one.
pub(super) fn has_guardian(document: &Document) -> bool {
    let there = |value: Option<&Value>| value.is_some_and(|v| !v.is_null() && !is_nil(v));
    let block = document.fields.get("minor_block").and_then(|block| block.get("guardian"));
    let by = document.fields.get("consent").and_then(|c| c.get("given_by")).and_then(Value::as_str);
    let asks = document.fields.get("inquirer").and_then(|i| i.get("relation")).and_then(Value::as_str);
    there(block)
        || there(document.fields.get("guardian"))
        || matches!(by, Some("guardian" | "court_representative"))
        || matches!(asks, Some("mother" | "father" | "guardian"))
}

/// Whether an entry holds on this day. A date that does not read is over.
fn not_over(entry: &Map<String, Value>, today: Date) -> bool {
    let until = entry.get("until").filter(|v| !v.is_null() && !is_nil(v));
    until.is_none_or(|v| v.as_str().and_then(date).is_some_and(|until| today <= until))
}

/// Whether an entry names no sections: then it means all.
fn is_whole(entry: &Map<String, Value>) -> bool {
    entry.get("sections").and_then(Value::as_array).is_none_or(Vec::is_empty)
}

fn lists(entry: &Map<String, Value>, section: &str) -> bool {
    let sections = entry.get("sections").and_then(Value::as_array);
    sections.is_some_and(|list| list.iter().any(|v| v.as_str() == Some(section)))
}

/// A text, also one with its language.
fn words(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("text").and_then(Value::as_str))
}

pub(super) fn code(text: &str) -> Option<SectionCode> {
    text.as_bytes().try_into().ok().map(SectionCode)
}

/// Whether a header says on what a referral rests.
pub(super) fn rests_on(document: &Document, bases: &[&str]) -> bool {
    document.fields.get("legal_basis").and_then(Value::as_str).is_some_and(|basis| bases.contains(&basis))
}
