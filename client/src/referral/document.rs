//! A referral as people write it: one JSON object whose fields are those of its kind and of the header.

use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use serde_json::{Map, Value};

use super::check::{Check, wanted};
use super::path::{put, steps, type_at};
use super::problem::{KIND, LIMIT, NOT_JSON, PATH, Problem, Words};
use super::rules::holds;
use super::spec::{Field, Type};
use super::split::{ATTACHMENTS, Section, split};
use super::{Kind, Level, kinds, parse, tidy};

/// Longest document, in bytes: what fits beside the padding and the attachments' entries.
pub const DOCUMENT_BYTES_MAX: usize = 512 * 1024;

/// A referral that is being written.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Document {
    /// Its kind.
    pub kind: Kind,
    /// Its fields, of the header too.
    pub fields: Map<String, Value>,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Document {
    /// Nothing yet.
    pub fn empty(kind: Kind) -> Self {
        Self { kind, fields: Map::new() }
    }

    /// Reads a document. Whether it is complete is a question for [`Document::validate`].
    pub fn parse(kind: Kind, bytes: &[u8]) -> Result<Self, Vec<Problem>> {
        if bytes.len() > DOCUMENT_BYTES_MAX {
            return Err(vec![too_large(bytes.len())]);
        }
        let fields = parse::object(bytes).map_err(|error| {
            let place = format!("line {} column {}", error.line(), error.column());
            let wrong = Words::of("problem-not-json").with("error", error);
            vec![Problem::new(place, NOT_JSON, wrong, Words::of("wanted-json"))]
        })?;
        let mut document = Self { kind, fields };
        tidy::document(kind.spec(), &mut document.fields);
        match document.reserved() {
            problems if problems.is_empty() => Ok(document),
            problems => Err(problems),
        }
    }

    /// Fields at its top that no table knows. From a file they are kept: a later version may know them. A program that works with this very
    /// version has misspelt them.
    pub(crate) fn unknown(&self) -> impl Iterator<Item = &str> {
        let spec = self.kind.spec();
        self.fields.keys().map(String::as_str).filter(move |name| kinds::field(spec, name).is_none())
    }

    fn reserved(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let kind = self.fields.get("kind").filter(|v| !v.is_null());
        if let Some(kind) = kind.filter(|v| v.as_str() != Some(self.kind.code())) {
            let wrong = Words::of("problem-kind").with("kind", kind).with("wanted", self.kind);
            let right = Words::of("wanted-kind").with("code", self.kind.code());
            problems.push(Problem::new("kind", KIND, wrong, right));
        }
        if self.fields.contains_key(ATTACHMENTS) {
            let (wrong, right) = (Words::of("problem-attachments"), Words::of("wanted-attach"));
            problems.push(Problem::new(ATTACHMENTS, PATH, wrong, right));
        }
        problems
    }

    /// Sets one field. The text is read as what the field holds. A field that no table knows cannot be set: it comes in files,
    /// and is kept.
    pub fn set(&mut self, path: &str, text: &str) -> Result<(), Problem> {
        let mut changed = self.clone();
        assign(&mut changed.fields, |name| kinds::field(self.kind.spec(), name), path, text)?;
        self.take(changed)
    }

    /// The same for what stands in a table: a field that this version does not know is kept, as JSON if it is JSON.
    pub fn set_from_file(&mut self, path: &str, text: &str) -> Result<(), Problem> {
        let mut changed = self.clone();
        let known = |name: &str| kinds::field(self.kind.spec(), name);
        let cell = Cell { path, text, kept: true };
        cell.put(&mut changed.fields, known)?;
        self.take(changed)
    }

    fn take(&mut self, changed: Self) -> Result<(), Problem> {
        if let Some(problem) = changed.reserved().into_iter().next() {
            return Err(problem);
        }
        *self = changed;
        Ok(())
    }

    /// Everything that is wrong, in the order of the tables.
    pub fn validate(&self, level: Level, now: Timestamp) -> Vec<Problem> {
        let spec = self.kind.spec();
        let mut check = Check::new(level);
        check.found.extend(self.reserved());
        let size = serde_json::to_vec(&self.fields).map_or(usize::MAX, |bytes| bytes.len());
        if size > DOCUMENT_BYTES_MAX {
            check.found.push(too_large(size));
        }
        check.fields(kinds::fields(spec), &self.fields, "");
        for path in spec.persons {
            check.births(path, &self.fields, now);
        }
        if level == Level::Send {
            for rule in kinds::rules(spec) {
                check.rule(rule, &self.fields, now);
            }
        }
        check.found
    }

    /// The priority: what the document says, otherwise what its kind and its content ask for.
    pub fn priority(&self) -> Priority {
        self.stated_priority().unwrap_or_else(|| self.kind.spec().priority)
    }

    pub(super) fn stated_priority(&self) -> Option<Priority> {
        self.fields.get("priority").and_then(Value::as_str).and_then(|text| text.parse().ok())
    }

    /// What kind and content ask for.
    pub(super) fn own_priority(&self, now: Timestamp) -> Priority {
        let spec = self.kind.spec();
        let raised = spec.raised.iter().find(|(condition, _)| holds(condition, &self.fields, now));
        raised.map_or(spec.priority, |(_, priority)| *priority)
    }

    /// The sections in which the document travels. The header comes first; nothing is left out.
    pub fn into_sections(self) -> Vec<Section> {
        split(self.kind.spec(), &self.fields)
    }
}

/// Puts what was typed for a path into an object whose fields `known` describes.
pub(super) fn assign(
    object: &mut Map<String, Value>,
    known: impl Fn(&str) -> Option<&'static Field>,
    path: &str,
    text: &str,
) -> Result<(), Problem> {
    Cell { path, text, kept: false }.put(object, known)
}

/// A path and what is to stand there.
struct Cell<'a> {
    path: &'a str,
    text: &'a str,
    /// Whether it is kept where no table knows the field. Whoever types a name that nobody reads believes that it is said.
    kept: bool,
}

impl Cell<'_> {
    fn put(
        &self,
        object: &mut Map<String, Value>,
        known: impl Fn(&str) -> Option<&'static Field>,
    ) -> Result<(), Problem> {
        let wrong = |why: Words| {
            let example = Words::of("wanted-path");
            Problem::new(self.path, PATH, Words::of("problem-path").with_words("why", why), example)
        };
        let steps = steps(self.path).map_err(wrong)?;
        let Some((super::path::Step::Name(first), rest)) = steps.split_first() else {
            return Err(wrong(Words::of("path-begins")));
        };
        if self.text.len() > DOCUMENT_BYTES_MAX {
            return Err(too_large(self.text.len()));
        }
        let holds = known(first).and_then(|field| type_at(field, rest));
        if holds.is_none() && !self.kept {
            return Err(wrong(Words::of("path-unknown")));
        }
        let mut value = read(holds, self.text).map_err(|unread| Problem {
            right: holds.map_or_else(|| Words::of("wanted-path"), wanted),
            ..Problem::new(self.path, PATH, unread, Words::of("wanted-path"))
        })?;
        if let Some(holds) = holds {
            tidy::tidy(holds, &mut value);
        }
        put(object.entry(first.as_str()).or_insert(Value::Null), rest, value).map_err(wrong)
    }
}

fn too_large(bytes: usize) -> Problem {
    let wrong = Words::of("problem-too-large").with("bytes", bytes).with("max", DOCUMENT_BYTES_MAX);
    Problem::new("", LIMIT, wrong, Words::of("wanted-smaller"))
}

/// Characters of what was typed that a problem repeats.
const SHOWN_CHARS: usize = 40;

/// Reads what was typed for a field.
pub(super) fn read(holds: Option<&Type>, text: &str) -> Result<Value, Words> {
    let json = parse::value(text).ok();
    let object = |json: Option<Value>| json.filter(Value::is_object);
    let Some(holds) = holds else { return Ok(json.unwrap_or_else(|| text.into())) };
    let value = match holds {
        Type::Flag | Type::Whole(..) | Type::Number(..) | Type::Range(..) | Type::Sex | Type::Group(_) => {
            json
        }
        Type::List(..) => json.or_else(|| Some(text.into())),
        Type::Codes(_) | Type::Indicators => match json {
            Some(value @ (Value::Array(_) | Value::Object(_))) => Some(value),
            Some(Value::String(code)) => Some(vec![code].into()),
            _ => Some(text.split(',').map(|code| Value::from(code.trim())).collect()),
        },
        _ => match json {
            Some(Value::String(inner)) => Some(inner.into()),
            json => object(json).or_else(|| Some(text.into())),
        },
    };
    let shown = || text.chars().take(SHOWN_CHARS).collect::<String>();
    value.ok_or_else(|| Words::of("problem-unread").with("text", shown()))
}
