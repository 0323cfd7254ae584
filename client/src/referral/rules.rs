//! What fields demand of each other.

use std::collections::HashSet;
use std::time::Duration;

use causeway_common::time::Timestamp;
use serde_json::{Map, Value};

use super::check::Check;
use super::path::{is_absent, is_nil, values};
use super::problem::{BLOCKED, MISSING, RULE, Words};
use super::spec::{Condition, Rule};
use super::values::{date, day, instant, partial_date};
use crate::lang::Lang;

/// Whether a condition holds for a document.
pub(super) fn holds(condition: &Condition, map: &Map<String, Value>, now: Timestamp) -> bool {
    match condition {
        Condition::Always => true,
        Condition::Is(path, codes) => values(map, path).iter().any(|(_, v)| is_one_of(v, codes)),
        Condition::Has(path) => values(map, path).iter().any(|(_, v)| !is_absent(Some(v)) && !is_nil(v)),
        Condition::YearOf(path) => values(map, path).iter().any(|(_, v)| {
            let span = v.as_str().and_then(partial_date);
            span.is_some_and(|(a, b)| a.is_some() && a.map(|d| d.year()) == b.map(|d| d.year()))
        }),
        Condition::Within(path, hours) => {
            let (from, to) = (millis(now), millis(now.plus(hours_long(*hours))));
            let moments = values(map, path);
            moments.iter().filter_map(|(_, v)| instant(v.as_str()?)).any(|at| (from..=to).contains(&at))
        }
    }
}

/// A code, a flag, or a set that contains the code.
fn is_one_of(value: &Value, codes: &[&str]) -> bool {
    match value.get("code").unwrap_or(value) {
        Value::String(code) => codes.contains(&code.as_str()),
        Value::Bool(yes) => {
            codes.contains(if *yes { &"true" } else { &"false" })
                || codes.contains(if *yes { &"yes" } else { &"no" })
        }
        Value::Number(number) => codes.contains(&number.to_string().as_str()),
        Value::Array(list) => list.iter().any(|v| v.as_str().is_some_and(|code| codes.contains(&code))),
        _ => false,
    }
}

pub(super) fn hours_long(hours: u64) -> Duration {
    Duration::from_secs(hours.saturating_mul(60 * 60))
}

/// A moment that was written down with another clock may lie so much ahead.
const CLOCKS_DIFFER: Duration = Duration::from_secs(10 * 60);

fn millis(at: Timestamp) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX)
}

impl Check {
    /// Applies a rule. What a table already reported as missing is not reported again.
    pub(super) fn rule(&mut self, rule: &Rule, map: &Map<String, Value>, now: Timestamp) {
        let any = |conditions: &[Condition]| conditions.iter().any(|c| holds(c, map, now));
        match rule {
            Rule::Need { path, when, unless, hint } => {
                if holds(when, map, now) && !any(unless) {
                    self.needed(path, map, hint);
                }
            }
            // Only whoever has the question can say.
            Rule::Asked { .. } => {}
            Rule::Absent { path, unless, hint } => {
                if !any(&[*unless]) {
                    for (at, _) in values(map, path).iter().filter(|(_, v)| !is_absent(Some(v))) {
                        self.report(at, RULE, Words::of("problem-not-here"), Words::of(hint));
                    }
                }
            }
            Rule::Beside { at, has, needs, hint } => {
                for (path, thing) in values(map, at) {
                    if !is_absent(thing.get(has)) && is_absent(thing.get(needs)) {
                        self.missing(&format!("{path}.{needs}"), hint);
                    }
                }
            }
            Rule::AnyOf { at, of, unless } if !any(unless) => self.any_of(at, of, map),
            Rule::AnyOf { .. } => {}
            Rule::Only { path, is, message, hint } => {
                for (at, value) in values(map, path) {
                    if !is_absent(Some(value)) && !is_one_of(value, &[is]) {
                        self.report(&at, BLOCKED, blocked(message), Words::of(hint));
                    }
                }
            }
            Rule::Entry { at, with, message, hint } => {
                let fits =
                    |v: &Value| with.iter().all(|(f, code)| v.get(f).is_some_and(|v| is_one_of(v, &[code])));
                let entries = values(map, at);
                let path = at.trim_end_matches("[]");
                let inside = format!("{path}[");
                // An entry that is wrong in itself is reported already, and may be the one that is meant.
                let reported = self.found.iter().any(|p| p.path.starts_with(&inside));
                if !reported && !entries.is_empty() && !entries.iter().any(|(_, v)| fits(v)) {
                    self.report(path, BLOCKED, blocked(message), Words::of(hint));
                }
            }
            Rule::Ahead(path, hours) => self.ahead(path, *hours, map, now),
            Rule::Recent(path, hours) => self.recent(path, *hours, map, now),
            Rule::Unique { at, field } => self.unique(at, field, map),
            Rule::InOrder { at, list, field } => {
                for (path, thing) in values(map, at) {
                    let each = thing.get(list).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                    self.in_order(&format!("{path}.{list}"), each, field, now);
                }
            }
            Rule::NotPast(path) => {
                for (at, value) in values(map, path) {
                    if value.as_str().and_then(date).is_some_and(|date| date < day(now)) {
                        self.report(&at, RULE, Words::of("problem-past"), Words::of("wanted-day-ahead"));
                    }
                }
            }
            Rule::Order { at, low, high } => {
                for (path, value) in values(map, at) {
                    let number = |name: &str| value.get(name).and_then(Value::as_f64);
                    if number(low).zip(number(high)).is_some_and(|(low, high)| low > high) {
                        let wrong = Words::of("problem-order").with("low", low).with("high", high);
                        self.report(&path, RULE, wrong, Words::of("wanted-order"));
                    }
                }
            }
        }
    }

    /// What a question demands of its answer.
    pub(super) fn asked(
        &mut self,
        rule: &Rule,
        question: &Map<String, Value>,
        answer: &Map<String, Value>,
        now: Timestamp,
    ) {
        if let Rule::Asked { path, when, hint } = rule
            && when.iter().any(|condition| holds(condition, question, now))
        {
            self.needed(path, answer, hint);
        }
    }

    /// The group around a missing field may be missing itself; then its own table speaks.
    fn needed(&mut self, path: &str, map: &Map<String, Value>, hint: &'static str) {
        let (parent, name) =
            path.rsplit_once('.').map_or((None, path), |(parent, name)| (Some(parent), name));
        let Some(parent) = parent else {
            if is_absent(map.get(name)) {
                self.missing(path, hint);
            }
            return;
        };
        for (at, group) in values(map, parent) {
            let empty = group.get(name).is_some_and(|v| v.as_array().is_some_and(Vec::is_empty));
            if group.is_object() && (empty || is_absent(group.get(name))) && !is_nil(group) {
                self.missing(&format!("{at}.{name}"), hint);
            }
        }
    }

    fn missing(&mut self, path: &str, hint: &'static str) {
        if !self.found.iter().any(|p| p.path == path) {
            self.report(path, MISSING, Words::of("problem-missing"), Words::of(hint));
        }
    }

    fn any_of(&mut self, at: &str, of: &[&str], map: &Map<String, Value>) {
        for (path, group) in values(map, at) {
            if group.is_object() && !is_nil(group) && of.iter().all(|name| is_absent(group.get(*name))) {
                let right = Words::of("wanted-any-of").with("fields", of.join(", "));
                self.report(&path, MISSING, Words::of("problem-not-enough"), right);
            }
        }
    }

    fn recent(&mut self, path: &str, hours: u64, map: &Map<String, Value>, now: Timestamp) {
        let Some((at, value)) = values(map, path).pop() else { return };
        let Some(moment) = value.as_str().and_then(instant) else { return };
        let tolerated = i64::try_from(hours_long(hours).as_millis()).unwrap_or(i64::MAX);
        if moment < millis(now).saturating_sub(tolerated) {
            self.report(&at, RULE, Words::of("problem-past"), Words::of("wanted-time-recent"));
        }
    }

    fn unique(&mut self, at: &str, field: &str, map: &Map<String, Value>) {
        let mut known = HashSet::new();
        for (path, thing) in values(map, at) {
            let text = thing.get(field).and_then(Value::as_str).map(str::trim);
            if text.is_some_and(|text| !known.insert(text.to_owned())) {
                let path = format!("{path}.{field}");
                self.report(&path, RULE, Words::of("problem-twice"), Words::of("wanted-unique"));
            }
        }
    }

    fn in_order(&mut self, path: &str, list: &[Value], field: &str, now: Timestamp) {
        let mut before = i64::MIN;
        for (n, thing) in list.iter().enumerate() {
            let Some(moment) = thing.get(field).and_then(Value::as_str).and_then(instant) else { continue };
            let at = format!("{path}[{n}].{field}");
            if moment > millis(now.plus(CLOCKS_DIFFER)) {
                self.report(&at, RULE, Words::of("problem-ahead"), Words::of("wanted-time-past"));
            } else if moment < before {
                self.report(&at, RULE, Words::of("problem-disorder"), Words::of("wanted-in-order"));
            }
            before = before.max(moment);
        }
    }

    fn ahead(&mut self, path: &str, hours: Option<u64>, map: &Map<String, Value>, now: Timestamp) {
        for (at, value) in values(map, path) {
            let Some(moment) = value.as_str().and_then(instant) else { continue };
            if moment <= millis(now) {
                self.report(&at, RULE, Words::of("problem-past"), Words::of("wanted-time-ahead"));
            } else if hours.is_some_and(|hours| moment > millis(now.plus(hours_long(hours)))) {
                let right = Words::of("wanted-within-hours").with("hours", hours.unwrap_or(0));
                self.report(&at, RULE, Words::of("problem-too-far"), right);
            }
        }
    }
}

fn blocked(message: &'static str) -> Words {
    Words::of("problem-blocked").with_words("why", Words::of(message))
}

/// A rule as a sentence, for the dictionary.
pub(super) fn describe_rule(rule: &Rule) -> String {
    let say = |id: &'static str| Words::of(id).say(Lang::En);
    let unless = |conditions: &[Condition]| {
        let each: Vec<String> = conditions.iter().map(describe).collect();
        if each.is_empty() { String::new() } else { format!(", but not {}", each.join(", ")) }
    };
    match rule {
        Rule::Need { path, when: Condition::Always, unless: but, hint } => {
            format!("`{path}` is needed{}. {}", unless(but), say(hint))
        }
        Rule::Need { path, when, unless: but, hint } => {
            format!("`{path}` is needed {}{}. {}", describe(when), unless(but), say(hint))
        }
        Rule::Asked { path, when, hint } => {
            let each: Vec<String> = when.iter().map(describe).collect();
            format!("`{path}` is needed {} in the question. {}", each.join(", or "), say(hint))
        }
        Rule::Absent { path, unless, hint } => {
            format!("`{path}` is possible only {}. {}", describe(unless), say(hint))
        }
        Rule::Beside { at, has, needs, hint } => {
            format!("`{at}`: with `{has}` also `{needs}`. {}", say(hint))
        }
        Rule::AnyOf { at, of, unless: but } => {
            format!("`{at}`: at least one of `{}`{}.", of.join("`, `"), unless(but))
        }
        Rule::Only { path, is, message, hint } => {
            format!("Not sent unless `{path}` is `{is}`: otherwise {}. {}", say(message), say(hint))
        }
        Rule::Entry { at, with, message, hint } => {
            let pairs: Vec<String> = with.iter().map(|(field, code)| format!("`{field}` `{code}`")).collect();
            format!(
                "Not sent unless one of `{at}` has {}: otherwise {}. {}",
                pairs.join(" and "),
                say(message),
                say(hint)
            )
        }
        Rule::Ahead(path, None) => format!("`{path}` lies ahead."),
        Rule::Ahead(path, Some(hours)) => format!("`{path}` lies ahead, at most {hours} hours."),
        Rule::Recent(path, hours) => {
            format!("`{path}` is not past by more than {hours} hours; of a list the last.")
        }
        Rule::Unique { at, field } => format!("`{at}`: no two have the same `{field}`."),
        Rule::InOrder { at, list, field } => {
            format!("`{at}`: each `{field}` of `{list}` is past, and not before the one above it.")
        }
        Rule::NotPast(path) => format!("`{path}` is not past."),
        Rule::Order { at, low, high } => format!("`{at}`: `{low}` is not larger than `{high}`."),
    }
}

/// A condition as the end of a sentence.
pub(super) fn describe(condition: &Condition) -> String {
    match condition {
        Condition::Always => "always".into(),
        Condition::Is(path, codes) => format!("if `{path}` is `{}`", codes.join("` or `")),
        Condition::Has(path) => format!("if there is `{path}`"),
        Condition::YearOf(path) => format!("if the year of `{path}` is known"),
        Condition::Within(path, hours) => format!("if `{path}` is within {hours} hours"),
    }
}
