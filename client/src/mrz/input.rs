//! From what people type to the lines of a zone.

use serde_json::{Value, json};

use super::layout::Format;
use crate::lang::Lang;
use crate::translit::look_alike;

/// Longest text that is read: far more than a zone has.
pub const INPUT_CHARS_MAX: usize = 1_000;

/// Why a text is no zone. Lines and positions are counted from one, positions without spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing is there.
    Empty,
    /// Too long to be a zone.
    TooLong,
    /// Too many lines.
    Lines {
        /// How many there are.
        found: usize,
    },
    /// A line is too short or too long.
    Length {
        /// Which.
        line: usize,
        /// What it has.
        found: usize,
        /// What it could have.
        expected: Vec<usize>,
    },
    /// Something that stands in no zone.
    Character {
        /// In which line.
        line: usize,
        /// Where in it.
        position: usize,
        /// What stands there.
        found: char,
        /// What may be meant.
        instead: Option<char>,
    },
}

impl Fault {
    /// For people: what is wrong.
    pub fn text(&self, lang: Lang) -> String {
        let number = |n: &usize| n.to_string();
        match self {
            Self::Empty => lang.text("mrz-fault-empty"),
            Self::TooLong => lang.fill("mrz-fault-too-long", &[("max", &INPUT_CHARS_MAX.to_string())]),
            Self::Lines { found } => lang.fill("mrz-fault-lines", &[("found", &number(found))]),
            Self::Length { line, found, expected } => {
                let list: Vec<String> = expected.iter().map(number).collect();
                let gaps =
                    [("line", &*number(line)), ("found", &number(found)), ("expected", &list.join(" / "))];
                lang.fill("mrz-fault-length", &gaps)
            }
            Self::Character { line, position, found, instead } => {
                let gaps = [
                    ("line", &*number(line)),
                    ("position", &number(position)),
                    ("found", &crate::cli::output::harmless(&found.to_string())),
                    ("instead", &instead.map(String::from).unwrap_or_default()),
                ];
                let id = if instead.is_some() { "mrz-fault-look-alike" } else { "mrz-fault-character" };
                lang.fill(id, &gaps)
            }
        }
    }

    /// For people: what to do.
    pub fn hint(lang: Lang) -> String {
        lang.text("mrz-fault-hint")
    }
}

/// What was done to the input, and what else a reader should know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The end of a line of names was filled with `<`.
    Filled,
    /// Too many `<` at the end of a line of names were cut off.
    Cut,
    /// X for the sex, read as not stated.
    SexX,
    /// Something else than M, F, X or `<` for the sex, read as not stated.
    SexUnknown,
    /// The names did not fit and were cut off by the issuer.
    Truncated,
    /// A Russian internal passport: its name field is in letters of its own.
    InternalPassport,
}

impl Note {
    pub(super) fn id(&self) -> &'static str {
        match self {
            Self::Filled => "filled",
            Self::Cut => "cut",
            Self::SexX => "sex-x",
            Self::SexUnknown => "sex-unknown",
            Self::Truncated => "truncated",
            Self::InternalPassport => "internal-passport",
        }
    }

    /// For people.
    pub fn text(&self, lang: Lang) -> String {
        lang.text(&format!("mrz-note-{}", self.id()))
    }

    pub(super) fn to_json(&self) -> Value {
        json!(self.id())
    }
}

/// Lines of a known layout.
#[derive(Debug)]
pub(super) struct Clean {
    pub(super) format: Format,
    pub(super) lines: Vec<String>,
    pub(super) notes: Vec<Note>,
}

pub(super) fn clean(text: &str) -> Result<Clean, Fault> {
    if text.chars().nth(INPUT_CHARS_MAX).is_some() {
        return Err(Fault::TooLong);
    }
    let mut lines = Vec::new();
    for line in text.lines().map(spelt).filter(|line| !line.is_empty()) {
        characters(&line, lines.len() + 1)?;
        lines.push(line);
    }
    if let [only] = lines.as_slice() {
        lines = split(only)?;
    }
    let format = format(&lines)?;
    let mut notes = Vec::new();
    for (n, line) in lines.iter_mut().enumerate() {
        if n == format.name_line() {
            notes.extend(fit(line, format.width()));
        }
        if line.len() != format.width() {
            return Err(Fault::Length { line: n + 1, found: line.len(), expected: vec![format.width()] });
        }
    }
    Ok(Clean { format, lines, notes })
}

/// In capital letters, without spaces, with one sign for the fill.
fn spelt(line: &str) -> String {
    let line = line.replace("&lt;", "<").replace(['«', '≪'], "<<").replace(['‹', '＜', '〈'], "<");
    line.chars().filter(|c| !c.is_whitespace() && *c != '\u{feff}').flat_map(char::to_uppercase).collect()
}

fn characters(line: &str, number: usize) -> Result<(), Fault> {
    let odd =
        line.chars().enumerate().find(|(_, c)| !(c.is_ascii_uppercase() || c.is_ascii_digit() || *c == '<'));
    odd.map_or(Ok(()), |(n, found)| {
        Err(Fault::Character { line: number, position: n + 1, found, instead: look_alike(found) })
    })
}

/// A zone that was typed in one line.
fn split(line: &str) -> Result<Vec<String>, Fault> {
    let width = match line.len() {
        88 => 44,
        72 => 36,
        90 => 30,
        found => return Err(Fault::Length { line: 1, found, expected: vec![88, 72, 90] }),
    };
    let chars: Vec<char> = line.chars().collect();
    Ok(chars.chunks(width).map(|chunk| chunk.iter().collect()).collect())
}

fn format(lines: &[String]) -> Result<Format, Fault> {
    let (first, second) = match lines {
        [] => return Err(Fault::Empty),
        [_, _, _] => return Ok(Format::Td1),
        [first, second] => (first, second),
        _ => return Err(Fault::Lines { found: lines.len() }),
    };
    let width = match (first.len(), second.len()) {
        (_, width @ (44 | 36)) | (width @ (44 | 36), _) => width,
        (_, found) => return Err(Fault::Length { line: 2, found, expected: vec![44, 36] }),
    };
    Ok(match (first.starts_with('V'), width) {
        (true, 44) => Format::MrvA,
        (true, _) => Format::MrvB,
        (false, 44) => Format::Td3,
        (false, _) => Format::Td2,
    })
}

/// Nobody counts the fill at the end of a name, and no digit covers it.
fn fit(line: &mut String, width: usize) -> Option<Note> {
    if line.len() < width && line.ends_with('<') {
        line.extend(std::iter::repeat_n('<', width - line.len()));
        return Some(Note::Filled);
    }
    let too_much = line.get(width..).filter(|rest| !rest.is_empty())?;
    if too_much.bytes().all(|b| b == b'<') {
        line.truncate(width);
        return Some(Note::Cut);
    }
    None
}
