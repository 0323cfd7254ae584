//! The machine readable zone of passports, cards and visas (ICAO Doc 9303 parts 4 to 7): TD1, TD2, TD3, MRV-A, MRV-B.
//!
//! The lines are read as they stand, never repaired: what looks like a slip is said and left to the person who has the document.
//! Check digits show that a line was read or typed consistently. They do not show that a document is genuine.

use causeway_common::time::Timestamp;
use serde_json::{Value, json};

mod codes;
mod dates;
mod document;
mod input;
mod layout;
mod slips;
#[cfg(test)]
mod tests;

pub use codes::Named;
pub use dates::ZoneDate;
pub use document::Stated;
pub use input::{Fault, INPUT_CHARS_MAX, Note};
pub use layout::{Digit, Format};
pub use slips::{Blind, SLIPS_MAX, Slip};

use layout::{Layout, Span};

/// What a check digit says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a digit fits, does not fit, or is not there")]
pub enum Verdict {
    /// It fits what it covers.
    Ok,
    /// It does not.
    Fail,
    /// This format has no such digit, or what it would cover is empty.
    Na,
}

impl Verdict {
    /// The word in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Fail => "fail",
            Self::Na => "na",
        }
    }
}

/// What all check digits say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the digits of the standard")]
pub struct MrzCheck {
    /// Of the document's number.
    pub number: Verdict,
    /// Of the date of birth.
    pub birth: Verdict,
    /// Of the date of expiry.
    pub expiry: Verdict,
    /// Of the optional field.
    pub optional: Verdict,
    /// Of all of them together.
    pub composite: Verdict,
}

impl MrzCheck {
    /// The verdict of one digit.
    pub fn of(&self, digit: Digit) -> Verdict {
        match digit {
            Digit::Number => self.number,
            Digit::Birth => self.birth,
            Digit::Expiry => self.expiry,
            Digit::Optional => self.optional,
            Digit::Composite => self.composite,
        }
    }

    /// The digits that do not fit.
    pub fn failed(&self) -> Vec<Digit> {
        Digit::ALL.into_iter().filter(|digit| self.of(*digit) == Verdict::Fail).collect()
    }

    /// As it stands in a referral (`mrz_check`).
    pub fn to_json(&self) -> Value {
        let verdicts = Digit::ALL.map(|digit| (digit.as_str().to_owned(), self.of(digit).as_str().into()));
        Value::Object(verdicts.into_iter().collect())
    }
}

/// A zone, read.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Zone {
    /// Its layout.
    pub format: Format,
    /// Its lines.
    pub lines: Vec<String>,
    /// Type of document, one or two characters.
    pub kind: String,
    /// Who issued it, three letters or fewer.
    pub issuer: String,
    /// Family names. Empty in a Russian internal passport, whose letters stand for others.
    pub family: String,
    /// Given names; empty as above.
    pub given: String,
    /// The name field as it stands.
    pub name_raw: String,
    /// The names did not fit: the last position holds a letter.
    pub truncated: bool,
    /// Number of the document, long ones put together.
    pub number: String,
    /// Nationality, three letters or fewer.
    pub nationality: String,
    /// Birth.
    pub birth: ZoneDate,
    /// ISO/IEC 5218: 0 not stated, 1 male, 2 female. X is read as not stated.
    pub sex: u8,
    /// Expiry.
    pub expiry: ZoneDate,
    /// What stands in the optional fields beside a long number.
    pub optional: Vec<String>,
    /// What the check digits say.
    pub check: MrzCheck,
    /// What was done to the input, and what else a reader should know.
    pub notes: Vec<Note>,
}
no_content_in_debug!(Zone);

/// Reads a zone from what somebody has typed or pasted: in one line or several, with spaces, in small letters. `now` decides the
/// century of dates.
///
/// # Errors
/// What is wrong where, if these are no lines of a known layout.
pub fn read(text: &str, now: Timestamp) -> Result<Zone, Fault> {
    let clean = input::clean(text)?;
    let layout = clean.format.layout();
    let at = |span: Span| span.of(&clean.lines).to_owned();
    let field = |span: Span| plain(span.of(&clean.lines));
    let today = crate::referral::values::day(now);
    let kind = field(layout.kind);
    let internal = kind == "PN" && field(layout.issuer) == "RUS";
    let name_raw = at(layout.name);
    let (family, given) = if internal { Default::default() } else { names(&name_raw) };
    let mut notes = clean.notes;
    let sex = sex(&at(layout.sex), &mut notes);
    let truncated = !internal && !name_raw.ends_with('<');
    notes.extend(internal.then_some(Note::InternalPassport));
    notes.extend(truncated.then_some(Note::Truncated));
    let number = layout::number(layout, &clean.lines);
    Ok(Zone {
        format: clean.format,
        check: check_lines(layout, &clean.lines),
        kind,
        issuer: field(layout.issuer),
        family,
        given,
        truncated,
        number: number.text,
        nationality: field(layout.nationality),
        birth: ZoneDate::birth(&at(layout.birth), today),
        sex,
        expiry: ZoneDate::expiry(&at(layout.expiry), today),
        optional: number.optional.into_iter().filter(|text| !text.is_empty()).collect(),
        name_raw,
        lines: clean.lines,
        notes,
    })
}

/// The check digits of lines that stand in a document; none if these are not the lines of a known layout. Whatever the document
/// itself says about them is not looked at.
pub fn check(lines: &[impl AsRef<str>]) -> Option<MrzCheck> {
    let text: Vec<&str> = lines.iter().map(AsRef::as_ref).collect();
    let clean = input::clean(&text.join("\n")).ok()?;
    Some(check_lines(clean.format.layout(), &clean.lines))
}

/// The lines in a referral, wherever they stand, and what their digits say. What the referral says about them is not looked at.
pub fn stated(document: &serde_json::Map<String, Value>) -> Vec<Stated> {
    document::stated(document)
}

impl Zone {
    /// Whether it is of a Russian internal passport, whose name field is not in ICAO's letters.
    pub fn is_internal_passport(&self) -> bool {
        self.notes.contains(&Note::InternalPassport)
    }

    /// Single slips of reading or typing that would explain the failing digits, at most [`SLIPS_MAX`].
    pub fn slips(&self) -> Vec<Slip> {
        slips::explain(self.format.layout(), &self.lines)
    }

    /// For each character of the number: the others that its check digit cannot tell from it.
    pub fn blind(&self) -> Vec<Blind> {
        slips::blind(self.format.layout(), &self.lines)
    }

    /// The document for a referral (C-DOC), with the lines and what the digits say.
    pub fn to_document(&self) -> Value {
        document::document(self)
    }

    /// Everything, for scripts.
    pub fn to_json(&self) -> Value {
        let blind: Vec<Value> = self.blind().iter().map(Blind::to_json).collect();
        let slips: Vec<Value> = self.slips().iter().map(Slip::to_json).collect();
        json!({
            "format": self.format.as_str(),
            "lines": self.lines,
            "kind": self.kind,
            "issuer": self.issuer,
            "family": self.family,
            "given": self.given,
            "name_raw": self.name_raw,
            "truncated": self.truncated,
            "internal_passport": self.is_internal_passport(),
            "number": self.number,
            "nationality": self.nationality,
            "birth": self.birth.to_json(),
            "sex": self.sex,
            "expiry": self.expiry.to_json(),
            "optional": self.optional,
            "mrz_check": self.check.to_json(),
            "slips": slips,
            "blind": blind,
            "notes": self.notes.iter().map(Note::to_json).collect::<Vec<_>>(),
        })
    }
}

/// A field without its fill, the fill inside as spaces.
fn plain(field: &str) -> String {
    field.trim_matches('<').replace('<', " ")
}

fn names(field: &str) -> (String, String) {
    let (family, given) = field.trim_end_matches('<').split_once("<<").unwrap_or((field, ""));
    (plain(family), plain(given))
}

fn sex(cell: &str, notes: &mut Vec<Note>) -> u8 {
    match cell {
        "M" => 1,
        "F" => 2,
        "<" => 0,
        "X" => {
            notes.push(Note::SexX);
            0
        }
        _ => {
            notes.push(Note::SexUnknown);
            0
        }
    }
}

fn check_lines(layout: &'static Layout, lines: &[String]) -> MrzCheck {
    let mut check = [Verdict::Na; 5];
    for covered in layout::digits(layout, lines) {
        check[covered.digit.index()] = covered.verdict(lines);
    }
    let [number, birth, expiry, optional, composite] = check;
    MrzCheck { number, birth, expiry, optional, composite }
}
