//! What is compared of a person, taken out of a document of any kind.
//!
//! A field that is not there, that is `{"nil":…}`, or that does not read, is not known: it neither agrees nor disagrees.
//! "Refused" is never read as "no".

use serde_json::{Map, Value};

pub use self::birth::{Birth, YEAR};
pub use self::name::{Lexicon, Spelling, Word};

mod birth;
mod name;

/// People compared of one document; the largest kinds name some 40.
pub const PEOPLE_MAX: usize = 64;
/// Spellings compared of one person; beyond them nothing new is to be expected.
const SPELLINGS_MAX: usize = 20;
/// Entries compared of every other list.
const LIST_MAX: usize = 20;

/// Where people stand in documents, and whether they are those whom a referral is about. `[]`: each of a list.
const PLACES: &[(&str, bool)] = &[
    ("person", true),
    ("persons[]", true),
    ("claimed", true),
    ("witness", true),
    ("dependants[]", true),
    ("companions[]", false),
    ("recruiter[]", false),
    ("agency[]", false),
    ("employer[]", false),
];

/// What else of a document says something of them.
const BESIDE: &[&str] =
    &["created", "documents", "travel_document", "last_seen", "where", "when", "situation_place", "start"];

/// Those of whom the rest of a document tells too.
const MAIN: &[&str] = &["person", "claimed"];

/// A person, as far as a document tells. Copies of words are shared, see [`Lexicon`].
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Person {
    /// Where in the document, for example `persons[0]`.
    pub at: String,
    /// Whether the referral is about this person; otherwise a companion or a recruiter.
    pub is_subject: bool,
    /// All spellings of the name.
    pub spellings: Vec<Spelling>,
    /// 1 male, 2 female (ISO/IEC 5218); none where it is not known or neither.
    pub sex: Option<u8>,
    /// When born.
    pub birth: Option<Birth>,
    /// Numbers of documents, and who has issued them.
    pub documents: Vec<Paper>,
    /// Telephone numbers, digits only, with the country's.
    pub phones: Vec<String>,
    /// E-mail addresses in small letters.
    pub emails: Vec<String>,
    /// Where and when she was seen, or is expected.
    pub sightings: Vec<Sighting>,
    /// Skeleton of the place of birth.
    pub birth_place: Option<String>,
    /// Scars, tattoos and the like.
    pub marks: Vec<Mark>,
    /// Nationalities, ISO 3166-1 with three letters.
    pub nationalities: Vec<String>,
    /// Languages that are spoken, ISO 639.
    pub languages: Vec<String>,
    /// Names of parents.
    pub parents: Vec<Spelling>,
}
no_content_in_debug!(Person, Paper, Sighting, Mark);

/// A document of identity or travel.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paper {
    /// Letters and digits of its number.
    pub number: String,
    /// Its issuer, with three letters where it is a country; empty if that is not known.
    pub issuer: String,
}

/// A place, and when.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Sighting {
    /// ISO 3166-1, empty if not known.
    pub country: String,
    /// Skeleton of the place's name, empty if not known.
    pub place: String,
    /// Degrees north and east.
    pub point: Option<(f64, f64)>,
    /// Hours since 1970.
    pub hour: Option<f64>,
}

/// A mark on the body.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mark {
    /// Code of what it is.
    pub kind: String,
    /// Code of where.
    pub body_part: String,
    /// Code of the side, empty if not known.
    pub side: String,
}

/// The people in a document. An age that says no day was true when the document was written.
pub fn people(document: &Map<String, Value>, lexicon: &mut Lexicon) -> Vec<Person> {
    let mut found = Vec::new();
    for (place, is_subject) in PLACES {
        for (at, object) in standing_at(document, place) {
            found.extend(person(at, object, *is_subject, document, lexicon));
        }
    }
    found.truncate(PEOPLE_MAX);
    found
}

/// The parts of a document out of which [`people`] takes them.
pub fn compared(document: &Map<String, Value>) -> Map<String, Value> {
    let places = PLACES.iter().map(|(place, _)| place.strip_suffix("[]").unwrap_or(place));
    let names = places.chain(BESIDE.iter().copied());
    names.filter_map(|name| Some((name.to_owned(), document.get(name)?.clone()))).collect()
}

/// The person whom an answer to an identity check, or an update, tells of: `confirmed` or `found`.
pub fn told(at: &str, object: &Map<String, Value>, lexicon: &mut Lexicon) -> Option<Person> {
    person(at.to_owned(), object, true, &Map::new(), lexicon)
}

fn standing_at<'a>(document: &'a Map<String, Value>, place: &str) -> Vec<(String, &'a Map<String, Value>)> {
    let Some(name) = place.strip_suffix("[]") else {
        return document.get(place).and_then(object).map(|o| (place.to_owned(), o)).into_iter().collect();
    };
    let listed = list(document, name).enumerate();
    listed.filter_map(|(n, value)| Some((format!("{name}[{n}]"), object(value)?))).take(PEOPLE_MAX).collect()
}

fn person(
    at: String,
    object: &Map<String, Value>,
    is_subject: bool,
    document: &Map<String, Value>,
    lexicon: &mut Lexicon,
) -> Option<Person> {
    let mut person = Person {
        documents: papers(&at, object, document),
        at,
        is_subject,
        spellings: name::spellings(object, lexicon),
        sex: object
            .get("sex")
            .and_then(Value::as_u64)
            .and_then(|sex| u8::try_from(sex).ok())
            .filter(|sex| matches!(sex, 1 | 2)),
        birth: birth::of(object, text(document, "created")),
        phones: list(object, "phones").filter_map(phone).collect(),
        emails: list(object, "emails").filter_map(email).collect(),
        sightings: sightings(object, document, is_subject),
        birth_place: object.get("birth_place").and_then(place_name),
        marks: object.get("physical").and_then(self::object).map(marks).unwrap_or_default(),
        nationalities: nationalities(object),
        languages: list(object, "languages").filter_map(language).collect(),
        parents: list(object, "parents")
            .filter_map(self::object)
            .flat_map(|p| name::spellings(p, lexicon))
            .take(LIST_MAX)
            .collect(),
    };
    person.spellings.truncate(SPELLINGS_MAX);
    contact(object, &mut person);
    person.says_anything().then_some(person)
}

impl Person {
    /// Whether anything is known by which a person could be found again.
    fn says_anything(&self) -> bool {
        !self.spellings.is_empty()
            || !self.documents.is_empty()
            || !self.phones.is_empty()
            || !self.emails.is_empty()
    }
}

/// Documents of a person; kinds with one person say of hers outside the person too, and name the travel document.
fn papers(at: &str, object: &Map<String, Value>, document: &Map<String, Value>) -> Vec<Paper> {
    let beside =
        list(document, "documents").chain(document.get("travel_document")).filter(|_| MAIN.contains(&at));
    list(object, "documents").chain(beside).filter_map(paper).collect()
}

/// A safe contact, if it is her own.
fn contact(object: &Map<String, Value>, person: &mut Person) {
    let Some(contact) = object.get("contact").and_then(self::object) else { return };
    if matches!(text(contact, "owner"), Some("subject") | None) {
        person.phones.extend(contact.get("phone").and_then(phone));
        person.emails.extend(contact.get("email").and_then(email));
    }
}

fn paper(value: &Value) -> Option<Paper> {
    let fields = object(value)?;
    let number: String = text(fields, "number")?
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect();
    // Shorter ones are no numbers of documents: "none", "?".
    let is_number = number.len() >= 5 && number.bytes().any(|b| b.is_ascii_digit());
    let issuer = text(fields, "issuer").map(country).unwrap_or_default();
    is_number.then_some(Paper { number, issuer })
}

/// Digits with the country's: 8 before ten digits is how Russia writes +7 at home.
fn phone(value: &Value) -> Option<String> {
    let written = match value {
        Value::String(written) => written.as_str(),
        Value::Object(fields) => {
            ["e164", "number", "phone", "raw"].iter().find_map(|name| text(fields, name))?
        }
        _ => return None,
    };
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    let has_country = written.trim_start().starts_with('+');
    let digits = match digits.strip_prefix('8') {
        Some(rest) if !has_country && rest.len() == 10 => format!("7{rest}"),
        _ => digits,
    };
    (digits.len() >= 7).then_some(digits)
}

fn email(value: &Value) -> Option<String> {
    let address = value.as_str()?.trim().to_lowercase();
    address.contains('@').then_some(address)
}

fn language(value: &Value) -> Option<String> {
    let tag = match value {
        Value::String(tag) => tag.as_str(),
        Value::Object(fields) if text(fields, "level") != Some("none") => text(fields, "lang")?,
        _ => return None,
    };
    tag.split('-').next().filter(|code| (2..=3).contains(&code.len())).map(str::to_lowercase)
}

fn nationalities(object: &Map<String, Value>) -> Vec<String> {
    let code = |value: &Value| match value {
        Value::String(code) => Some(country(code)),
        Value::Object(fields) => text(fields, "country").map(country),
        _ => None,
    };
    // Specials of ICAO: unspecified is no nationality.
    list(object, "nationalities").filter_map(code).filter(|code| code != "XXX").collect()
}

/// A country's code with three letters, which passports have; others stay as they are.
fn country(code: &str) -> String {
    let code = code.to_uppercase();
    rust_iso3166::from_alpha2(&code).map_or(code, |country| country.alpha3.to_owned())
}

fn marks(physical: &Map<String, Value>) -> Vec<Mark> {
    let mark = |value: &Value| {
        let fields = object(value)?;
        let code = |name| text(fields, name).unwrap_or_default().to_owned();
        let mark = Mark { kind: code("type"), body_part: code("body_part"), side: code("side") };
        (!mark.kind.is_empty() && !mark.body_part.is_empty()).then_some(mark)
    };
    list(physical, "marks").filter_map(mark).collect()
}

/// Where she was seen last, or will be; the residence is where she may be known.
fn sightings(person: &Map<String, Value>, document: &Map<String, Value>, is_subject: bool) -> Vec<Sighting> {
    let mut all = Vec::new();
    if let Some(seen) = document.get("last_seen").and_then(object).filter(|_| is_subject) {
        all.extend(seen.get("place").and_then(|place| sighting(place, text(seen, "at"))));
    }
    if let Some(place) = document.get("where") {
        let eta = document.get("when").and_then(object).and_then(|when| text(when, "eta"));
        all.extend(sighting(place, eta));
    }
    all.extend(document.get("situation_place").and_then(|place| sighting(place, text(document, "start"))));
    all.extend(person.get("residence").and_then(|place| sighting(place, None)));
    all
}

fn sighting(place: &Value, at: Option<&str>) -> Option<Sighting> {
    let fields = object(place);
    let country = fields.and_then(|f| text(f, "country")).unwrap_or_default().to_uppercase();
    let point = fields.and_then(|f| object(f.get("geo")?)).and_then(|geo| {
        let degrees = |name: &str| geo.get(name).and_then(Value::as_f64);
        Some((degrees("lat")?, degrees("lon")?))
    });
    let name = place_name(place).unwrap_or_default();
    let says = !country.is_empty() || !name.is_empty() || point.is_some();
    says.then(|| Sighting { country, place: name, point, hour: at.and_then(birth::hour) })
}

fn place_name(place: &Value) -> Option<String> {
    let fields = match place {
        Value::String(text) => return named(text),
        other => object(other)?,
    };
    let border = || fields.get("border_point").and_then(object).and_then(|b| text(b, "name"));
    named(text(fields, "place").or_else(border)?)
}

fn named(text: &str) -> Option<String> {
    let latin = crate::translit::variants(text, None).into_iter().next()?;
    Some(super::skeleton::skeleton(&latin)).filter(|skeleton| !skeleton.trim().is_empty())
}

/// An object that is an answer: `{"nil":…}` is none.
pub(super) fn object(value: &Value) -> Option<&Map<String, Value>> {
    value.as_object().filter(|fields| !fields.contains_key("nil"))
}

/// A text that says something.
pub(super) fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let said = match fields.get(name)? {
        Value::String(said) => said.trim(),
        // A text with its language.
        Value::Object(inner) => inner.get("text").and_then(Value::as_str)?.trim(),
        _ => return None,
    };
    let says_nothing = ["", "?", "-", "unknown", "refused", "withheld", "not_asked", "not_applicable"];
    (!says_nothing.contains(&said)).then_some(said)
}

fn list<'a>(fields: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a Value> {
    fields.get(name).and_then(Value::as_array).into_iter().flatten().take(LIST_MAX)
}

#[cfg(test)]
mod tests;
