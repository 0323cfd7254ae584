//! Checks values against the tables.

use serde_json::{Map, Value};

use super::codes::NIL;
use super::indicators::INDICATOR;
use super::path::{is_absent, is_nil};
use super::problem::{DEPRECATED, LIMIT, MISSING, Problem, TYPE, UNKNOWN_CODE, VALUE, Words};
use super::spec::{CodeList, Field, Need, Type};
use super::standards::{self, NUMBER_CHARS_MAX};
use super::{Level, values};

/// Problems that are reported at once; nobody reads more.
const PROBLEMS_MAX: usize = 100;
/// Codes that a hint lists.
const CODES_SHOWN: usize = 30;

/// A check under way.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) level: Level,
    pub(super) found: Vec<Problem>,
    /// What somebody should know, and what keeps nothing back.
    pub(super) warned: Vec<Problem>,
}

impl Check {
    pub(super) fn new(level: Level) -> Self {
        Self { level, found: Vec::new(), warned: Vec::new() }
    }

    pub(super) fn report(&mut self, path: &str, code: &'static str, wrong: Words, right: Words) {
        if self.found.len() < PROBLEMS_MAX {
            self.found.push(Problem::new(path, code, wrong, right));
        }
    }

    /// Fields of a group. Fields that no table knows are left alone.
    pub(super) fn fields<'a>(
        &mut self,
        fields: impl Iterator<Item = &'a Field>,
        map: &Map<String, Value>,
        at: &str,
    ) {
        for field in fields {
            let path = if at.is_empty() { field.name.to_owned() } else { format!("{at}.{}", field.name) };
            match map.get(field.name) {
                Some(value) if !value.is_null() => self.field(field, value, &path),
                _ => self.absent(field, &path),
            }
        }
    }

    fn absent(&mut self, field: &Field, path: &str) {
        let needed = match field.need {
            Need::Draft => true,
            Need::Send | Need::Filled => self.level == Level::Send,
            Need::Optional => false,
        };
        if needed {
            let right = wanted(&field.holds);
            let right =
                if field.nil { Words::of("wanted-or-nil").with_words("wanted", right) } else { right };
            self.report(path, MISSING, Words::of("problem-missing"), right);
        }
    }

    fn field(&mut self, field: &Field, value: &Value, path: &str) {
        if !is_nil(value) {
            return self.value(&field.holds, value, path);
        }
        if !field.nil {
            self.report(path, MISSING, Words::of("problem-must-be-answered"), wanted(&field.holds));
        } else if !value["nil"].as_str().is_some_and(|code| NIL.codes.contains(&code)) {
            self.report(&format!("{path}.nil"), UNKNOWN_CODE, Words::of("problem-nil-reason"), one_of(&NIL));
        }
    }

    fn value(&mut self, holds: &Type, value: &Value, path: &str) {
        match (holds, value) {
            (Type::Group(fields) | Type::GroupOrText(fields), Value::Object(map)) => {
                self.fields(fields.iter(), map, path);
                self.mrz(map, path);
                self.crossing(map, path);
                self.document_number(fields, map, path);
            }
            (Type::GroupOrText(_), Value::String(text)) => {
                self.text(text, super::components::LONG, true, path)
            }
            (Type::List(each, min, max), Value::Array(list)) => self.list((each, *min, *max), list, path),
            (Type::Code(list), value) => self.code(list, value, path),
            (Type::Codes(list), Value::Array(codes)) => self.codes(list, codes, path),
            (Type::CodeOf(lists), value) => self.code_of(lists, value, path),
            (Type::Indicators, Value::Array(codes)) => self.codes(&INDICATOR, codes, path),
            (Type::Text(max), Value::Object(map)) => self.spoken(map, *max, path),
            (Type::Text(max), Value::String(text)) => self.text(text, *max, true, path),
            (Type::Line(max), Value::String(text)) => self.text(text, *max, false, path),
            (Type::DocumentNumber, Value::String(text)) => self.text(text, NUMBER_CHARS_MAX, false, path),
            (Type::Flag, Value::Bool(_)) => {}
            (Type::Whole(low, high), Value::Number(number)) => {
                let fits = number.as_i64().is_some_and(|n| (*low..=*high).contains(&n));
                self.unless(fits, holds, path);
            }
            (Type::Number(low, high) | Type::Range(low, high), Value::Number(number)) => {
                let fits = number.as_f64().is_some_and(|n| (*low..=*high).contains(&n));
                self.unless(fits, holds, path);
            }
            (Type::Range(low, high), Value::Object(map)) => {
                let bound = |name| map.get(name).and_then(Value::as_f64);
                let fits =
                    bound("min").zip(bound("max")).is_some_and(|(a, b)| *low <= a && a <= b && b <= *high);
                self.unless(fits, holds, path);
            }
            (Type::Sex, Value::Number(number)) => {
                self.unless(number.as_u64().is_some_and(|n| [0, 1, 2, 9].contains(&n)), holds, path);
            }
            (Type::Phone, Value::Object(map)) => self.phone(map, path),
            (Type::Phone, Value::String(text)) => self.number(text, path),
            (_, Value::String(text)) if is_word(holds) => self.unless(word(holds, text), holds, path),
            _ => self.report(path, TYPE, is_a(value), wanted(holds)),
        }
    }

    fn unless(&mut self, fits: bool, holds: &Type, path: &str) {
        if !fits {
            self.report(path, VALUE, Words::of("problem-value"), wanted(holds));
        }
    }

    fn text(&mut self, text: &str, max: usize, lines: bool, path: &str) {
        let count = text.chars().count();
        if count > max {
            let wrong = Words::of("problem-characters").with("number", count);
            self.report(path, LIMIT, wrong, Words::of("wanted-at-most").with("max", max));
        } else if text.trim().is_empty() {
            self.report(path, MISSING, Words::of("problem-empty"), Words::of("wanted-something"));
        } else if let Some(c) = text.chars().find(|c| c.is_control() && !(lines && *c == '\n')) {
            let wrong = Words::of("problem-control").with("character", c.escape_default());
            self.report(path, VALUE, wrong, Words::of("wanted-removed"));
        }
    }

    fn spoken(&mut self, map: &Map<String, Value>, max: usize, path: &str) {
        match map.get("text") {
            Some(Value::String(text)) => self.text(text, max, true, &format!("{path}.text")),
            _ => {
                let right = wanted(&Type::Text(max));
                self.report(&format!("{path}.text"), MISSING, Words::of("problem-missing"), right);
            }
        }
        for name in ["lang", "translated_from"] {
            if let Some(value) = map.get(name) {
                self.value(&Type::Language, value, &format!("{path}.{name}"));
            }
        }
    }

    fn list(&mut self, (each, min, max): (&Type, usize, usize), list: &[Value], path: &str) {
        if !(min..=max).contains(&list.len()) {
            let wrong = Words::of("problem-elements").with("number", list.len());
            self.report(path, LIMIT, wrong, Words::of("wanted-elements").with("min", min).with("max", max));
        }
        for (n, value) in list.iter().take(max).enumerate() {
            self.value(each, value, &format!("{path}[{n}]"));
        }
    }

    fn codes(&mut self, list: &CodeList, codes: &[Value], path: &str) {
        if codes.is_empty() || codes.len() > super::components::LIST_MAX {
            self.report(path, LIMIT, Words::of("problem-codes").with("number", codes.len()), one_of(list));
        }
        for (n, code) in codes.iter().take(super::components::LIST_MAX).enumerate() {
            self.code(list, code, &format!("{path}[{n}]"));
        }
    }

    /// A code: a string, a number where the codes are numbers, or an object that names its list.
    fn code(&mut self, list: &CodeList, value: &Value, path: &str) {
        let named = value.get("code").unwrap_or(value);
        let code = match named {
            Value::String(code) => code.clone(),
            Value::Number(number) if number.is_u64() => number.to_string(),
            Value::Bool(yes) if list.codes.contains(&"yes") => if *yes { "yes" } else { "no" }.to_owned(),
            _ => return self.report(path, TYPE, is_a(value), one_of(list)),
        };
        if code.is_empty() || code.len() > CODE_CHARS_MAX {
            self.report(path, VALUE, Words::of("problem-no-code"), one_of(list));
        } else if !list.open && self.level == Level::Send && !list.codes.contains(&code.as_str()) {
            let wrong = Words::of("problem-unknown-code").with("code", code).with("list", list.id);
            self.report(path, UNKNOWN_CODE, wrong, one_of(list));
        } else if code == "other" && value.is_object() && is_absent(value.get("text")) {
            let right = Words::of("wanted-other");
            self.report(&format!("{path}.text"), MISSING, Words::of("problem-missing"), right);
        } else if let Some(since) = list.deprecated_since(&code)
            && self.level == Level::Send
            && self.warned.len() < PROBLEMS_MAX
        {
            let wrong = Words::of("problem-deprecated").with("code", code).with("since", since);
            let right = Words::of("wanted-other-code").with("list", list.id);
            self.warned.push(Problem::new(path, DEPRECATED, wrong, right));
        }
    }

    /// A code of any of these lists.
    fn code_of(&mut self, lists: &[&CodeList], value: &Value, path: &str) {
        let code = value.get("code").unwrap_or(value).as_str();
        let of = |list: &&&CodeList| code.is_some_and(|code| list.codes.contains(&code));
        if let Some(list) = lists.iter().find(of).or_else(|| lists.first()) {
            self.code(list, value, path);
        }
    }

    fn phone(&mut self, map: &Map<String, Value>, path: &str) {
        let number = map.get("number");
        match number.and_then(Value::as_str) {
            Some(text) => self.number(text, &format!("{path}.number")),
            // Short and free numbers exist in one country only.
            None if number.is_none() && map.get("raw").is_some_and(Value::is_string) => {}
            None => {
                let right = wanted(&Type::Phone);
                self.report(&format!("{path}.number"), MISSING, Words::of("problem-missing"), right);
            }
        }
        if let Some(kind) = map.get("kind") {
            self.code(&super::codes::PHONE_KIND, kind, &format!("{path}.kind"));
        }
        if let Some(safe) = map.get("safe_to_call") {
            self.code(&super::codes::YES_NO_UNKNOWN, safe, &format!("{path}.safe_to_call"));
        }
    }

    fn number(&mut self, text: &str, path: &str) {
        if !values::phone(text) {
            self.report(path, VALUE, Words::of("problem-phone"), dialled(text));
        }
    }
}

/// Longest code.
const CODE_CHARS_MAX: usize = 100;

/// How a number that was written for one country is written for the world, as far as the digits tell.
fn dialled(text: &str) -> Words {
    /// Shorter numbers, such as 112, exist in one country only.
    const SHORT_DIGITS_MAX: usize = 6;
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let suggestion = match (text.trim().starts_with('+'), digits.as_str()) {
        // A digit of another script would be lost.
        _ if text.chars().any(|c| c.is_alphanumeric() && !c.is_ascii_digit()) || digits.is_empty() => {
            return wanted(&Type::Phone);
        }
        (true, digits) => format!("+{digits}"),
        (false, digits) if digits.len() <= SHORT_DIGITS_MAX => {
            return Words::of("wanted-short-number").with("number", digits);
        }
        (false, digits) if digits.starts_with("00") => format!("+{}", &digits[2..]),
        // Russia and Kazakhstan dial 8 before a number at home.
        (false, digits) if digits.len() == 11 && digits.starts_with('8') => format!("+7{}", &digits[1..]),
        (false, digits) if digits.starts_with('0') => {
            return Words::of("wanted-country-code").with("number", &digits[1..]);
        }
        (false, digits) => return Words::of("wanted-country-code").with("number", digits),
    };
    if values::phone(&suggestion) {
        Words::of("wanted-number").with("number", suggestion)
    } else {
        wanted(&Type::Phone)
    }
}

fn is_word(holds: &Type) -> bool {
    use Type::{
        Airport, Clock, Country, Currency, Date, Duration, Email, Hash, Id, Instant, Issuer, Language,
        Locode, Nationality, PartialDate, Subdivision, TimeZone, When,
    };
    matches!(
        holds,
        Instant
            | Date
            | PartialDate
            | When
            | Country
            | Nationality
            | Subdivision
            | Language
            | TimeZone
            | Clock
            | Duration
            | Email
            | Id
            | Hash
            | Issuer
            | Locode
            | Airport
            | Currency
    )
}

/// Whether a word is one of its type.
fn word(holds: &Type, text: &str) -> bool {
    match holds {
        Type::Instant => values::instant(text).is_some() || values::duration(text).is_some(),
        Type::Date => values::date(text).is_some() || values::duration(text).is_some(),
        Type::PartialDate => values::partial_date(text).is_some(),
        Type::When => {
            values::instant(text).is_some()
                || values::duration(text).is_some()
                || values::partial_date(text).is_some()
        }
        Type::Country => values::country(text),
        Type::Nationality => values::nationality(text),
        Type::Subdivision => values::subdivision(text),
        Type::Language => values::language(text),
        Type::TimeZone => values::time_zone(text),
        Type::Clock => values::clock(text),
        Type::Duration => values::duration(text).is_some(),
        Type::Email => values::email(text),
        Type::Id => values::id(text),
        Type::Hash => values::hash(text),
        Type::Issuer => standards::issuer(text),
        Type::Locode => standards::locode(text),
        Type::Airport => standards::airport(text),
        Type::Currency => standards::currency(text),
        _ => false,
    }
}

fn is_a(value: &Value) -> Words {
    Words::of(match value {
        Value::Null => "problem-is-nothing",
        Value::Bool(_) => "problem-is-flag",
        Value::Number(_) => "problem-is-number",
        Value::String(_) => "problem-is-text",
        Value::Array(_) => "problem-is-list",
        Value::Object(_) => "problem-is-object",
    })
}

fn one_of(list: &CodeList) -> Words {
    let shown = list.codes.iter().take(CODES_SHOWN).copied().collect::<Vec<_>>().join(", ");
    let more = if list.open || list.codes.len() > CODES_SHOWN { ", …" } else { "" };
    Words::of("wanted-one-of").with("codes", format!("{shown}{more}")).with("list", list.id)
}

/// What would be right, as a sentence.
pub(super) fn wanted(holds: &Type) -> Words {
    match holds {
        Type::Text(max) | Type::Line(max) => Words::of("wanted-text").with("max", max),
        Type::Code(list) => one_of(list),
        Type::Codes(list) => codes_of(list),
        Type::CodeOf(lists) => {
            let ids: Vec<&str> = lists.iter().map(|list| list.id).collect();
            Words::of("wanted-code-of").with("lists", ids.join(", "))
        }
        Type::Indicators => codes_of(&INDICATOR),
        Type::Whole(low, high) => Words::of("wanted-whole").with("low", low).with("high", high),
        Type::Number(low, high) => Words::of("wanted-any-number").with("low", low).with("high", high),
        Type::Range(low, high) => Words::of("wanted-range").with("low", low).with("high", high),
        Type::Group(fields) => Words::of("wanted-group").with("fields", names(fields)),
        Type::GroupOrText(fields) => Words::of("wanted-group-or-text").with("fields", names(fields)),
        Type::List(each, ..) => Words::of("wanted-list").with_words("each", wanted(each)),
        Type::Flag => Words::of("wanted-flag"),
        Type::Instant => Words::of("wanted-instant"),
        Type::Date => Words::of("wanted-date"),
        Type::PartialDate => Words::of("wanted-partial-date"),
        Type::When => Words::of("wanted-when"),
        Type::TimeZone => Words::of("wanted-time-zone"),
        Type::Clock => Words::of("wanted-clock"),
        Type::Duration => Words::of("wanted-duration"),
        Type::Country => Words::of("wanted-country"),
        Type::Nationality => Words::of("wanted-nationality"),
        Type::Subdivision => Words::of("wanted-subdivision"),
        Type::Language => Words::of("wanted-language"),
        Type::Phone => Words::of("wanted-phone"),
        Type::Email => Words::of("wanted-email"),
        Type::Id => Words::of("wanted-id"),
        Type::Hash => Words::of("wanted-hash"),
        Type::DocumentNumber => Words::of("wanted-document-number").with("max", NUMBER_CHARS_MAX),
        Type::Issuer => Words::of("wanted-issuer"),
        Type::Locode => Words::of("wanted-locode"),
        Type::Airport => Words::of("wanted-airport"),
        Type::Currency => Words::of("wanted-currency"),
        Type::Sex => Words::of("wanted-sex"),
    }
}

fn codes_of(list: &CodeList) -> Words {
    let example = list.codes.first().copied().unwrap_or_default();
    Words::of("wanted-codes").with("example", example).with_words("codes", one_of(list))
}

fn names(fields: &[Field]) -> String {
    const SHOWN: usize = 8;
    let needed = fields.iter().filter(|f| f.need != Need::Optional);
    let other = fields.iter().filter(|f| f.need == Need::Optional);
    let mut names: Vec<&str> = needed.chain(other).map(|f| f.name).collect();
    let more = if names.len() > SHOWN { ", …" } else { "" };
    names.truncate(SHOWN);
    format!("{}{more}", names.join(", "))
}
