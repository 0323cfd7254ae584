//! The lines of a section's form: what a sheet says, with labels, hints, choices, what stands there and what is wrong with it.

use serde_json::Value;

use crate::cli::output::{harmless, text};
use crate::lang::Lang;
use crate::referral::drafting::{self, Item, Shape};
use crate::referral::problem::{BLOCKED, LIMIT, MISSING, RULE};
use crate::referral::publish;
use crate::referral::spec::{CodeList, Need, Type};
use crate::referral::{Document, labels};

/// Choices that are shown beside each other; more of them go into a list.
const RADIOS_MAX: usize = 4;
/// Characters that fit into one line of a page; a longer text gets several.
const LINE_CHARS_MAX: usize = 120;
/// Longest text of a page; what a field may hold is said by the check.
const TYPED_CHARS_MAX: usize = 32_000;
/// Reason why there is no answer, if somebody says no more than that.
const UNKNOWN: &str = "unknown";

/// One line of a form.
pub(crate) enum Line {
    Open { id: String, label: String, hint: String, error: String, nil: Option<Nil> },
    Entry { id: String, label: String, error: String, remove: String },
    Close,
    Field(Box<Field>),
    More { path: String, words: String },
    Nobody { path: String, chosen: bool },
}

/// Whether not knowing is the answer.
pub(crate) struct Nil {
    pub(crate) path: String,
    pub(crate) value: String,
    pub(crate) chosen: bool,
}

pub(crate) struct Field {
    pub(crate) id: String,
    pub(crate) path: String,
    pub(crate) label: String,
    pub(crate) hint: String,
    pub(crate) error: String,
    pub(crate) needed: bool,
    pub(crate) nil: Option<Nil>,
    pub(crate) control: Control,
}

pub(crate) enum Control {
    Line { value: String, class: &'static str, kind: &'static str, max: usize },
    Long { value: String, max: usize },
    Select(Vec<Choice>),
    Radios(Vec<Choice>),
    Checks(Vec<Choice>),
}

pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) words: String,
    pub(crate) chosen: bool,
}

/// What is wrong: the id of the line to which it belongs, its label, the words.
pub(crate) struct Wrong {
    pub(crate) id: String,
    pub(crate) words: String,
}

/// The lines of a sheet, and what of `lacks` is wrong in them.
pub(crate) fn lines(
    document: &Document,
    items: &[Item],
    lacks: &[&Value],
    lang: Lang,
) -> (Vec<Line>, Vec<Wrong>) {
    let mut errors: Vec<(usize, String)> = Vec::new();
    let mut wrong = Vec::new();
    for lacking in lacks {
        let words = words_of(lacking, lang);
        let path = text(lacking, "path");
        let place = belongs(path, items);
        let label = place.and_then(|n| items.get(n)).map(|item| label(item, lang));
        let id = place.and_then(|n| items.get(n)).map_or_else(|| "main".to_owned(), |item| id(&item.path));
        let label = label.unwrap_or_else(|| harmless(path));
        wrong.push(Wrong { id, words: format!("{label}: {words}") });
        errors.extend(place.map(|place| (place, words)));
    }
    let error = |at: usize| {
        let mine = errors.iter().filter(|(place, _)| *place == at).map(|(_, words)| words.as_str());
        mine.collect::<Vec<_>>().join(" ")
    };
    let lines = items.iter().enumerate().map(|(n, item)| line(document, item, error(n), lang)).collect();
    (lines, wrong)
}

/// What is wrong, as the page says it: what would be right stands beside each field as a hint already, unless a rule asks for it.
fn words_of(lacking: &Value, lang: Lang) -> String {
    let wrong = harmless(text(lacking, "wrong"));
    let rule = matches!(text(lacking, "code"), LIMIT | RULE | BLOCKED);
    match text(lacking, "code") {
        MISSING => lang.text("draft-missing"),
        _ if rule => format!("{wrong} {}", harmless(text(lacking, "right"))),
        _ => wrong,
    }
}

/// The line of a path: its own, or that of what it stands in.
fn belongs(path: &str, items: &[Item]) -> Option<usize> {
    let mut path = path;
    loop {
        let own = items.iter().position(|item| item.path == path && !matches!(item.shape, Shape::Close));
        if own.is_some() {
            return own;
        }
        path = path.get(..path.rfind(['.', '['])?)?;
    }
}

/// The id of a path: a name without signs.
pub(crate) fn id(path: &str) -> String {
    path.replace(['[', '.'], "-").replace(']', "")
}

fn label(item: &Item, lang: Lang) -> String {
    let label = labels::field(lang, item.parent, item.name);
    match item.shape {
        Shape::Entry(number, _) | Shape::Field(_, Some(number)) => format!("{label} {number}"),
        _ => label,
    }
}

fn line(document: &Document, item: &Item, error: String, lang: Lang) -> Line {
    let stands = drafting::stands(document, &item.path);
    let nil = item.nil.then(|| nil(&item.path, stands));
    let (id, label, path) = (id(&item.path), label(item, lang), item.path.clone());
    match item.shape {
        Shape::Open => {
            let hint = labels::hint(lang, item.parent, item.name).unwrap_or_default();
            Line::Open { id, label, hint, error, nil }
        }
        Shape::Entry(_, removable) => {
            Line::Entry { id, label, error, remove: if removable { path } else { String::new() } }
        }
        Shape::Close => Line::Close,
        Shape::More => Line::More { path, words: lang.fill("draft-more", &[("what", &label)]) },
        Shape::Nobody => {
            let chosen = stands.and_then(Value::as_array).is_some_and(Vec::is_empty);
            Line::Nobody { path, chosen }
        }
        Shape::Field(holds, number) => {
            let shown = stands.map_or_else(Vec::new, |value| drafting::shown(holds, value));
            Line::Field(Box::new(Field {
                hint: if number.is_some_and(|n| n > 1) { String::new() } else { hint(item, holds, lang) },
                needed: matches!(item.need, Need::Send | Need::Draft) && number.is_none_or(|n| n == 1),
                nil: nil.filter(|_| number.is_none()),
                control: control(holds, &shown, item.need, lang),
                id,
                path,
                label,
                error,
            }))
        }
    }
}

fn nil(path: &str, stands: Option<&Value>) -> Nil {
    let reason = stands.filter(|value| value.as_object().is_some_and(|map| map.len() == 1));
    let reason = reason.and_then(|value| value["nil"].as_str());
    Nil {
        path: format!("{path}{}", drafting::NIL),
        value: harmless(reason.unwrap_or(UNKNOWN)),
        chosen: reason.is_some(),
    }
}

/// What helps to fill it in: what the dictionary says of the field, and how such a value is written.
fn hint(item: &Item, holds: &Type, lang: Lang) -> String {
    let own = labels::hint(lang, item.parent, item.name);
    let kind = lang.find(&format!("draft-hint-{}", publish::type_word(holds)), None);
    [own, kind].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn control(holds: &Type, shown: &[String], need: Need, lang: Lang) -> Control {
    let first = || shown.first().cloned().unwrap_or_default();
    match holds {
        Type::Code(list) => one_of(choices(&[list], shown, lang), need),
        Type::CodeOf(lists) => one_of(choices(lists, shown, lang), need),
        Type::Sex => one_of(named("sex", shown, lang), need),
        Type::Flag => one_of(flags(shown, lang), need),
        Type::Codes(list) => Control::Checks(choices(&[list], shown, lang)),
        Type::Indicators => Control::Checks(named("ILO-2009", shown, lang)),
        Type::Text(max) if *max > LINE_CHARS_MAX => {
            Control::Long { value: first(), max: (*max).min(TYPED_CHARS_MAX) }
        }
        Type::Text(max) | Type::Line(max) => {
            let class = if *max <= 40 { "w-m" } else { "" };
            Control::Line { value: first(), class, kind: "text", max: *max }
        }
        Type::Phone => Control::Line { value: first(), class: "w-m", kind: "tel", max: 40 },
        Type::GroupOrText(_) => Control::Long { value: first(), max: TYPED_CHARS_MAX },
        Type::Email => Control::Line { value: first(), class: "", kind: "text", max: 254 },
        Type::DocumentNumber | Type::Instant | Type::When | Type::TimeZone => {
            Control::Line { value: first(), class: "w-m", kind: "text", max: 60 }
        }
        _ => Control::Line { value: first(), class: "w-s", kind: "text", max: 60 },
    }
}

fn one_of(choices: Vec<Choice>, need: Need) -> Control {
    // What is chosen among a few cannot be taken back; where nothing has to be said, it must be possible.
    if choices.len() <= RADIOS_MAX && matches!(need, Need::Send | Need::Draft) {
        return Control::Radios(choices);
    }
    Control::Select(choices)
}

fn flags(shown: &[String], lang: Lang) -> Vec<Choice> {
    let one = |value: &str, id: &str| Choice {
        value: value.to_owned(),
        words: lang.text(id),
        chosen: shown.iter().any(|shown| shown == value),
    };
    vec![one("true", "draft-yes"), one("false", "draft-no")]
}

/// The codes of a list by its name.
pub(crate) fn named(list: &str, shown: &[String], lang: Lang) -> Vec<Choice> {
    match labels::lists().find(|known| known.id.eq_ignore_ascii_case(list)) {
        Some(list) => choices(&[list], shown, lang),
        None => Vec::new(),
    }
}

/// The codes that are offered, and those that stand there and are not: from a newer version, or not to be used any more.
fn choices(lists: &[&CodeList], shown: &[String], lang: Lang) -> Vec<Choice> {
    let mut all: Vec<Choice> = Vec::new();
    for list in lists {
        for code in list.codes.iter().filter(|code| list.deprecated_since(code).is_none()) {
            let chosen = shown.iter().any(|shown| shown == code);
            if !all.iter().any(|choice| choice.value == *code) {
                all.push(Choice { value: (*code).to_owned(), words: labels::code(lang, list, code), chosen });
            }
        }
    }
    for other in shown.iter().filter(|shown| !shown.is_empty()) {
        if !all.iter().any(|choice| choice.value == *other) {
            let words = lists.first().map_or_else(|| other.clone(), |list| labels::code(lang, list, other));
            all.push(Choice { value: other.clone(), words: harmless(&words), chosen: true });
        }
    }
    all
}
