//! What software adds to a document when it is sent: the header, and what follows from the rest.

use std::time::Duration;

use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::check::Check;
use super::crossing;
use super::deadlines::respond_by;
use super::document::Document;
use super::kinds;
use super::path::{each, is_absent, is_nil, values};
use super::problem::{RULE, VALUE, Words};
use super::rules::{holds, hours_long};
use super::spec::{Field, Fill, Spec, Travels, Type};
use super::values::{date, day, duration, instant, partial_date, written};
use super::{Kind, Level, pseudonym, tidy};

/// Age from which a person is no child.
const ADULT_YEARS: i64 = 18;

/// Nobody is known to have lived longer, but for one.
const LIFE_YEARS_MAX: i64 = 120;
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Who sends, when, and with which numbers.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by the command line and the pages")]
pub struct SendContext {
    /// Now.
    pub now: Timestamp,
    /// Pseudonymous number of the person or device that sends.
    pub author: String,
    /// Name of the organisation.
    pub organisation: String,
    /// Its country.
    pub country: String,
    /// Whether this is an exercise.
    pub exercise: bool,
    /// Priority that a person chose.
    pub priority: Option<Priority>,
    /// Case number of the sender.
    pub case_ref: String,
    /// Number of the packet.
    pub packet_id: String,
}

impl Document {
    /// Fills in what the table says and a person left out, then the header.
    pub fn complete(&mut self, context: &SendContext) {
        let spec = self.kind.spec();
        let now = context.now;
        make_absolute(spec, &mut self.fields, now);
        tidy::document(spec, &mut self.fields);
        let mut whole = Value::Object(std::mem::take(&mut self.fields));
        for path in spec.persons {
            each(&mut whole, path, &mut |person| describe(person, now));
        }
        describe_names(&mut whole);
        each(&mut whole, "consent", &mut consent_ends);
        crossing::describe(&mut whole);
        pseudonym::number(spec, &mut whole, &context.packet_id);
        if let Value::Object(fields) = whole {
            self.fields = fields;
        }
        fill(spec, &mut self.fields, now);
        let priority =
            context.priority.or_else(|| self.stated_priority()).unwrap_or_else(|| self.own_priority(now));
        self.always(context, priority);
        self.otherwise(context, priority);
    }

    /// Fields that say how this packet was made; nobody else can know them.
    fn always(&mut self, context: &SendContext, priority: Priority) {
        let mut write = |name: &str, value: Value| drop(self.fields.insert(name.into(), value));
        let mut author = json!({ "staff_no": context.author });
        for (name, text) in [("organisation", &context.organisation), ("country", &context.country)] {
            if !text.is_empty() {
                author[name] = text.as_str().into();
            }
        }
        write("kind", self.kind.code().into());
        write("schema", self.kind.spec().schema.into());
        write("packet_id", context.packet_id.as_str().into());
        write("created", written(context.now).into());
        write("author", author);
        // A priority that nobody can read is left for the check to report.
        if context.priority.is_some() || is_absent(self.fields.get("priority")) {
            self.fields.insert("priority".into(), priority.to_string().into());
        }
        if context.exercise {
            self.fields.insert("mode".into(), "exercise".into());
        }
    }

    fn otherwise(&mut self, context: &SendContext, priority: Priority) {
        let consent = self.fields.get("consent").and_then(|c| c.get("consent_id")).cloned();
        let languages = languages(&self.fields);
        let until = day_after(context.now, self.kind.spec().retention_days);
        let referral = self.kind.spec().travels == Travels::Referral;
        let mut unless_there = |name: &str, value: Value| {
            if is_absent(self.fields.get(name)) {
                self.fields.insert(name.into(), value);
            }
        };
        unless_there("mode", "actual".into());
        unless_there("case_ref", context.case_ref.as_str().into());
        if referral {
            unless_there("respond_by", written(respond_by(priority, context.now)).into());
            unless_there("ownership", "shared".into());
            unless_there("mode_of_acceptance", "each".into());
            unless_there("auto_fallback", false.into());
        }
        unless_there("languages", languages.into());
        unless_there("handling", json!(["H1", "H2"]));
        unless_there("consent_ref", consent.filter(Value::is_string).unwrap_or_else(|| "none".into()));
        unless_there("retention_until", until.to_string().into());
    }
}

/// Fills in what the table says of what a step carries: times from now, and defaults.
pub(super) fn complete_step(spec: &'static Spec, fields: &mut Map<String, Value>, now: Timestamp) {
    make_absolute(spec, fields, now);
    tidy::document(spec, fields);
    fill(spec, fields, now);
}

fn fill(spec: &'static Spec, fields: &mut Map<String, Value>, now: Timestamp) {
    for (name, fill) in spec.fills {
        if let Fill::Among(code) = fill {
            put_among(fields.entry(*name).or_insert(Value::Null), code);
        } else if is_absent(fields.get(*name))
            && let Some(value) = filled(*fill, fields, now)
        {
            fields.insert((*name).into(), value);
        }
    }
}

/// Puts a code into a set. Anything that is no set is left for the check to report.
fn put_among(set: &mut Value, code: &str) {
    if set.is_null() || is_nil(set) {
        *set = Value::Array(Vec::new());
    }
    let is_it = |value: &Value| value.get("code").unwrap_or(value) == code;
    if let Value::Array(codes) = set
        && !codes.iter().any(is_it)
    {
        codes.insert(0, code.into());
    }
}

fn make_absolute(spec: &'static Spec, fields: &mut Map<String, Value>, now: Timestamp) {
    for (name, value) in fields {
        if let Some(field) = kinds::field(spec, name) {
            absolute(&field.holds, value, now);
        }
    }
}

/// Times from now become times of the clock, and days of the calendar.
fn absolute(holds: &Type, value: &mut Value, now: Timestamp) {
    match (holds, value) {
        (Type::Group(fields) | Type::GroupOrText(fields), Value::Object(map)) => {
            for (name, value) in map {
                if let Some(field) = fields.iter().find(|f: &&Field| f.name == name) {
                    absolute(&field.holds, value, now);
                }
            }
        }
        (Type::List(inner, ..), Value::Array(list)) => list.iter_mut().for_each(|v| absolute(inner, v, now)),
        (Type::Instant | Type::When, value) => {
            if let Some(length) = value.as_str().and_then(duration) {
                *value = written(now.plus(length)).into();
            }
        }
        (Type::Date, value) => {
            if let Some(length) = value.as_str().and_then(duration) {
                *value = day(now.plus(length)).to_string().into();
            }
        }
        _ => {}
    }
}

fn filled(fill: Fill, whole: &Map<String, Value>, now: Timestamp) -> Option<Value> {
    Some(match fill {
        Fill::Code(code) => code.into(),
        Fill::Among(code) => vec![code].into(),
        Fill::Nil(reason) => json!({ "nil": reason }),
        Fill::InHours(hours) => written(now.plus(hours_long(hours))).into(),
        Fill::InHoursIf(condition, hours) => {
            holds(&condition, whole, now).then(|| written(now.plus(hours_long(hours))).into())?
        }
        Fill::InDays(days) => day_after(now, days).to_string().into(),
        Fill::NotEvaluated => json!({ "source": "X", "information": "4" }),
        Fill::DeskOf(path) => {
            let phone = whole.get(path).filter(|v| !v.is_null() && !is_nil(v))?;
            json!({ "phone": phone })
        }
    })
}

/// A consent ends a year after it was given, and after ninety days if it lets police or prosecutors read.
fn consent_ends(consent: &mut Value) {
    const DAYS: i64 = 365;
    const DAYS_OF_AUTHORITIES: i64 = 90;
    let to_authorities = consent.get("scope").and_then(Value::as_array).is_some_and(|scopes| {
        scopes.iter().any(|s| ["POL", "BRD", "PRO"].map(Value::from).contains(&s["role"]))
    });
    let days = if to_authorities { DAYS_OF_AUTHORITIES } else { DAYS };
    let obtained = consent.get("obtained").and_then(Value::as_str).and_then(|at| at.get(..10)).and_then(date);
    let ends = obtained.and_then(|day| day.checked_add(jiff::Span::new().days(days)).ok());
    if let (Some(ends), Some(map)) = (ends, consent.as_object_mut())
        && is_absent(map.get("valid_until"))
    {
        map.insert("valid_until".into(), ends.to_string().into());
    }
}

/// Whether the date until which a document is kept is the one that software fills in. It counts from the sending, when nobody
/// knows yet when the case will have come to its end: it is an expectation, and no decision of a person.
pub(crate) fn is_retention_filled_in(kind: &str, fields: &Map<String, Value>) -> bool {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let days = kind.parse::<Kind>().map(|kind| kind.spec().retention_days);
    let created = text("created").and_then(instant).and_then(|at| u64::try_from(at).ok()).map(Timestamp);
    match (days, created, text("retention_until")) {
        (Ok(days), Some(created), Some(until)) => day_after(created, days).to_string() == until,
        _ => false,
    }
}

fn day_after(now: Timestamp, days: u64) -> Date {
    day(now.plus(Duration::from_secs(days.saturating_mul(24 * 60 * 60))))
}

/// What follows from what is known of a person: whether she counts as a child.
fn describe(person: &mut Value, now: Timestamp) {
    let Some(map) = person.as_object_mut() else { return };
    // A word does not make an adult of somebody who is known to be a child.
    if let Some(minor) = minor(map, day(now)).filter(|minor| *minor == "yes" || is_absent(map.get("minor"))) {
        map.insert("minor".into(), minor.into());
    }
}

/// How names are written, of whomever they are: nobody types it.
fn describe_names(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for name in map.get_mut("names").and_then(Value::as_array_mut).into_iter().flatten() {
                describe_name(name);
            }
            map.values_mut().for_each(describe_names);
        }
        Value::Array(list) => list.iter_mut().for_each(describe_names),
        _ => {}
    }
}

fn describe_name(name: &mut Value) {
    let Some(name) = name.as_object_mut() else { return };
    let script = script(name);
    for (field, value) in [("type", "as_heard".into()), ("script", script.into()), ("derived", false.into())]
    {
        if is_absent(name.get(field)) {
            name.insert(field.into(), value);
        }
    }
}

/// Whoever may be a child counts as one.
fn minor(person: &Map<String, Value>, today: Date) -> Option<&'static str> {
    let (youngest, oldest) = match person.get("dob").and_then(Value::as_str).and_then(partial_date) {
        Some((earliest, latest)) => {
            (years(latest, today).unwrap_or(0), years(earliest, today).unwrap_or(i64::MAX))
        }
        None => {
            let age = person.get("age").filter(|v| v.is_object() && !is_nil(v));
            let bound = |name| age.and_then(|a| a.get(name)).and_then(Value::as_i64);
            match (bound("min"), bound("max")) {
                (Some(min), Some(max)) => (min, max),
                _ if person.contains_key("dob") || person.contains_key("age") => (0, i64::MAX),
                _ => return None,
            }
        }
    };
    Some(match (youngest >= ADULT_YEARS, oldest < ADULT_YEARS) {
        (true, _) => "no",
        (false, true) => "yes",
        (false, false) => "presumed",
    })
}

impl Check {
    /// A birth lies in the past, within the longest life; and whoever may be a child by it is not called grown up.
    /// Nothing is said at time zero: an import knows no time, and what it drafts is checked when it is sent.
    pub(super) fn births(&mut self, path: &str, map: &Map<String, Value>, now: Timestamp) {
        if now == Timestamp(0) {
            return;
        }
        let today = day(now);
        for (at, person) in values(map, path) {
            let Some(born) = person.get("dob").and_then(Value::as_str).and_then(partial_date) else {
                continue;
            };
            let oldest = years(born.1, today).is_some_and(|years| years > LIFE_YEARS_MAX);
            // Somebody born today may be a day further east.
            if oldest || born.0.is_some_and(|earliest| earliest > day(now.plus(A_DAY))) {
                let right = Words::of("wanted-birth").with("years", LIFE_YEARS_MAX);
                self.report(&format!("{at}.dob"), VALUE, Words::of("problem-birth"), right);
                continue;
            }
            let said = person.get("minor").map(|said| said.get("code").unwrap_or(said));
            let child = years(born.1, today)
                .is_some_and(|_| person.as_object().is_some_and(|p| minor(p, today) == Some("yes")));
            if self.level == Level::Send && child && said.and_then(Value::as_str) == Some("no") {
                self.report(
                    &format!("{at}.minor"),
                    RULE,
                    Words::of("problem-minor"),
                    Words::of("wanted-minor"),
                );
            }
        }
    }
}

fn years(birth: Option<Date>, today: Date) -> Option<i64> {
    let birth = birth?;
    let had_birthday = (today.month(), today.day()) >= (birth.month(), birth.day());
    Some(i64::from(today.year()) - i64::from(birth.year()) - i64::from(!had_birthday))
}

/// The script of a name (ISO 15924), by its first letter.
fn script(name: &Map<String, Value>) -> &'static str {
    let texts = ["family", "given", "full", "patronymic"].into_iter().filter_map(|f| name.get(f)?.as_str());
    let letter = texts.flat_map(str::chars).find(|c| c.is_alphabetic());
    match letter.map(u32::from) {
        Some(0x41..=0x24f | 0x1e00..=0x1eff) => "Latn",
        Some(0x370..=0x3ff) => "Grek",
        Some(0x400..=0x52f) => "Cyrl",
        Some(0x530..=0x58f) => "Armn",
        Some(0x590..=0x5ff) => "Hebr",
        Some(0x600..=0x6ff | 0x750..=0x77f) => "Arab",
        Some(0x10a0..=0x10ff) => "Geor",
        Some(0x4e00..=0x9fff) => "Hani",
        Some(0xac00..=0xd7af) => "Hang",
        _ => "Zyyy",
    }
}

/// Languages of the texts, as far as the texts say; otherwise undetermined.
fn languages(fields: &Map<String, Value>) -> Vec<Value> {
    const LANGUAGES_MAX: usize = 20;
    let mut found: Vec<Value> = Vec::new();
    for text in fields.values().filter(|v| v.get("text").is_some()) {
        if let Some(lang) = text.get("lang").filter(|l| l.is_string() && !found.contains(l))
            && found.len() < LANGUAGES_MAX
        {
            found.push(lang.clone());
        }
    }
    if found.is_empty() {
        found.push("und".into());
    }
    found
}
