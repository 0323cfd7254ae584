//! Checks values against the tables.

use serde_json::{Map, Value};

use super::codes::NIL;
use super::path::{is_absent, is_nil};
use super::problem::{LIMIT, MISSING, Problem, TYPE, UNKNOWN_CODE, VALUE};
use super::spec::{CodeList, Field, Need, Type};
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
}

impl Check {
    pub(super) fn new(level: Level) -> Self {
        Self { level, found: Vec::new() }
    }

    pub(super) fn report(
        &mut self,
        path: &str,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        if self.found.len() < PROBLEMS_MAX {
            self.found.push(Problem::new(path, code, message, hint));
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
            let or = if field.nil { " If nobody knows: {\"nil\":\"unknown\"}." } else { "" };
            self.report(path, MISSING, "is missing.", format!("{}{or}", wanted(&field.holds)));
        }
    }

    fn field(&mut self, field: &Field, value: &Value, path: &str) {
        if !is_nil(value) {
            return self.value(&field.holds, value, path);
        }
        if !field.nil {
            self.report(path, MISSING, "must be answered.", wanted(&field.holds));
        } else if !value["nil"].as_str().is_some_and(|code| NIL.codes.contains(&code)) {
            self.report(&format!("{path}.nil"), UNKNOWN_CODE, "is not a reason of ours.", one_of(&NIL));
        }
    }

    fn value(&mut self, holds: &Type, value: &Value, path: &str) {
        match (holds, value) {
            (Type::Group(fields) | Type::GroupOrText(fields), Value::Object(map)) => {
                self.fields(fields.iter(), map, path);
                self.mrz(map, path);
            }
            (Type::GroupOrText(_), Value::String(text)) => {
                self.text(text, super::components::LONG, true, path)
            }
            (Type::List(each, min, max), Value::Array(list)) => self.list((each, *min, *max), list, path),
            (Type::Code(list), value) => self.code(list, value, path),
            (Type::Codes(list), Value::Array(codes)) => self.codes(list, codes, path),
            (Type::Text(max), Value::Object(map)) => self.spoken(map, *max, path),
            (Type::Text(max), Value::String(text)) => self.text(text, *max, true, path),
            (Type::Line(max), Value::String(text)) => self.text(text, *max, false, path),
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
            (_, Value::String(text)) if is_word(holds) => self.unless(word(holds, text), holds, path),
            _ => self.report(path, TYPE, format!("is {}.", kind_of(value)), wanted(holds)),
        }
    }

    fn unless(&mut self, fits: bool, holds: &Type, path: &str) {
        if !fits {
            self.report(path, VALUE, "has a value that it cannot have.", wanted(holds));
        }
    }

    fn text(&mut self, text: &str, max: usize, lines: bool, path: &str) {
        let count = text.chars().count();
        if count > max {
            self.report(
                path,
                LIMIT,
                format!("has {count} characters."),
                format!("At most {max} are possible."),
            );
        } else if text.trim().is_empty() {
            self.report(path, MISSING, "is empty.", "Leave the field out, or write something.");
        } else if let Some(c) = text.chars().find(|c| c.is_control() && !(lines && *c == '\n')) {
            let shown = c.escape_default();
            self.report(path, VALUE, format!("contains the control character {shown}."), "Remove it.");
        }
    }

    fn spoken(&mut self, map: &Map<String, Value>, max: usize, path: &str) {
        match map.get("text") {
            Some(Value::String(text)) => self.text(text, max, true, &format!("{path}.text")),
            _ => self.report(&format!("{path}.text"), MISSING, "is missing.", wanted(&Type::Text(max))),
        }
        for name in ["lang", "translated_from"] {
            if let Some(value) = map.get(name) {
                self.value(&Type::Language, value, &format!("{path}.{name}"));
            }
        }
    }

    fn list(&mut self, (each, min, max): (&Type, usize, usize), list: &[Value], path: &str) {
        if !(min..=max).contains(&list.len()) {
            let message = format!("has {} elements.", list.len());
            self.report(path, LIMIT, message, format!("{min} to {max} are possible."));
        }
        for (n, value) in list.iter().take(max).enumerate() {
            self.value(each, value, &format!("{path}[{n}]"));
        }
    }

    fn codes(&mut self, list: &CodeList, codes: &[Value], path: &str) {
        if codes.is_empty() || codes.len() > super::components::LIST_MAX {
            self.report(path, LIMIT, format!("has {} codes.", codes.len()), one_of(list));
        }
        for (n, code) in codes.iter().take(super::components::LIST_MAX).enumerate() {
            self.code(list, code, &format!("{path}[{n}]"));
        }
    }

    /// A code: a string, a number where the codes are numbers, or an object that names its list.
    fn code(&mut self, list: &CodeList, value: &Value, path: &str) {
        const CODE_CHARS_MAX: usize = 100;
        let named = value.get("code").unwrap_or(value);
        let code = match named {
            Value::String(code) => code.clone(),
            Value::Number(number) if number.is_u64() => number.to_string(),
            Value::Bool(yes) if list.codes.contains(&"yes") => if *yes { "yes" } else { "no" }.to_owned(),
            _ => return self.report(path, TYPE, format!("is {}.", kind_of(value)), one_of(list)),
        };
        if code.is_empty() || code.len() > CODE_CHARS_MAX {
            self.report(path, VALUE, "is not a code.", one_of(list));
        } else if !list.open && self.level == Level::Send && !list.codes.contains(&code.as_str()) {
            self.report(path, UNKNOWN_CODE, format!("{code:?} is not a code of {}.", list.id), one_of(list));
        } else if code == "other" && value.is_object() && is_absent(value.get("text")) {
            self.report(&format!("{path}.text"), MISSING, "is missing.", "Say what `other` means here.");
        }
    }

    fn phone(&mut self, map: &Map<String, Value>, path: &str) {
        let number = map.get("number");
        match number.and_then(Value::as_str) {
            Some(text) => self.unless(values::phone(text), &Type::Phone, &format!("{path}.number")),
            // Short and free numbers exist in one country only.
            None if number.is_none() && map.get("raw").is_some_and(Value::is_string) => {}
            None => self.report(&format!("{path}.number"), MISSING, "is missing.", wanted(&Type::Phone)),
        }
        if let Some(kind) = map.get("kind") {
            self.code(&super::codes::PHONE_KIND, kind, &format!("{path}.kind"));
        }
    }
}

fn is_word(holds: &Type) -> bool {
    use Type::{
        Country, Date, Email, Hash, Id, Instant, Language, Nationality, PartialDate, Phone, Subdivision, When,
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
            | Phone
            | Email
            | Id
            | Hash
    )
}

/// Whether a word is one of its type.
fn word(holds: &Type, text: &str) -> bool {
    match holds {
        Type::Instant => values::instant(text).is_some() || values::duration(text).is_some(),
        Type::Date => values::date(text).is_some(),
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
        Type::Phone => values::phone(text),
        Type::Email => values::email(text),
        Type::Id => values::id(text),
        Type::Hash => values::hash(text),
        _ => false,
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn one_of(list: &CodeList) -> String {
    let shown = list.codes.iter().take(CODES_SHOWN).copied().collect::<Vec<_>>().join(", ");
    let more = if list.open || list.codes.len() > CODES_SHOWN { ", …" } else { "" };
    format!("One of: {shown}{more}.")
}

/// What would be right, as a sentence.
pub(super) fn wanted(holds: &Type) -> String {
    match holds {
        Type::Text(max) | Type::Line(max) => {
            format!("A text of at most {max} characters, in quotation marks.")
        }
        Type::Code(list) => one_of(list),
        Type::Codes(list) => format!("A list of codes, for example [{:?}]. {}", list.codes[0], one_of(list)),
        Type::Flag => "true or false.".into(),
        Type::Whole(low, high) => format!("A whole number, {low} to {high}."),
        Type::Number(low, high) => format!("A number, {low} to {high}."),
        Type::Range(low, high) => format!("A number, {low} to {high}, or {{\"min\":…,\"max\":…}}."),
        Type::Instant => "A time with offset, 2027-03-01T18:30:00+02:00, or a time from now, PT40M.".into(),
        Type::Date => "A date, 2027-03-01.".into(),
        Type::PartialDate => "A date as far as it is known: 2001-05-17, 2001-05, 2001, 200X.".into(),
        Type::When => {
            "A time with offset, 2027-03-01T18:30:00+02:00, or a date as far as it is known, 2027-03.".into()
        }
        Type::Country => "Two capital letters of ISO 3166, for example MD.".into(),
        Type::Nationality => "Two capital letters of ISO 3166, for example MD; XXA for stateless.".into(),
        Type::Subdivision => "Country and part of ISO 3166-2, for example MD-CU.".into(),
        Type::Language => "A language tag, for example ru or ro-MD.".into(),
        Type::Phone => {
            "A number with + and country code, +37322000111; {\"raw\":\"…\"} for short numbers.".into()
        }
        Type::Email => "An address such as desk@example.org.".into(),
        Type::Id => "A UUID in small letters, or 64 hexadecimal digits.".into(),
        Type::Hash => "64 hexadecimal digits in small letters.".into(),
        Type::Sex => "0 not known, 1 male, 2 female, 9 not applicable.".into(),
        Type::Group(fields) => format!("An object with {}.", names(fields)),
        Type::GroupOrText(fields) => format!("An object with {}; or a text.", names(fields)),
        Type::List(each, ..) => format!("A list. Each element: {}", wanted(each)),
    }
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
