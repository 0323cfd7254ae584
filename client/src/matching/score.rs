//! How alike two people are: points for what agrees, points off for what does not, and both as lists for whoever decides.
//!
//! The weights begin with those of Primero's matching and are set on an invented population, see `docs/matching.md`.

use std::collections::HashMap;
use std::sync::Arc;

use super::person::{Birth, Mark, Paper, Person, Sighting};

pub use self::name::Fit;
pub use self::weights::{WEIGHTS, Weights};

mod name;
mod weights;

/// How sure it is that two are the same person. A human decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "what is neither is not shown")]
pub enum Class {
    /// Worth a look.
    Possible,
    /// Hardly by chance.
    Likely,
}

impl Class {
    /// The word in documents and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
        }
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $word:literal,)*) => {
        /// What has been compared and how it came out. Its word is also the name of its text for people, `match-<word>`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason { $($(#[$doc])* $variant,)* }

        impl Reason {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word in records and on the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

reasons! {
    /// Family names have one skeleton, or nearly one.
    Family = "family",
    /// The same of given names.
    Given = "given",
    /// The same of patronymics.
    Patronymic = "patronymic",
    /// Names agree when family and given name change places.
    Swapped = "swapped",
    /// Both of one sex.
    Sex = "sex",
    /// Born on the same day.
    BirthDay = "birth-day",
    /// Birth dates that differ in one number.
    BirthTypo = "birth-typo",
    /// What is known of the births overlaps.
    BirthOverlap = "birth-overlap",
    /// The births are apart.
    BirthApart = "birth-apart",
    /// The same document.
    Document = "document",
    /// Numbers of documents that differ in one character.
    DocumentTypo = "document-typo",
    /// The same telephone number.
    Phone = "phone",
    /// The same e-mail address.
    Email = "email",
    /// The same place, at a time that is possible.
    Place = "place",
    /// Nobody travels so far in that time.
    TooFar = "too-far",
    /// The same place of birth.
    BirthPlace = "birth-place",
    /// The same mark at the same place.
    Mark = "mark",
    /// A nationality in common.
    Nationality = "nationality",
    /// A language in common.
    Language = "language",
    /// Parents of the same name.
    Parents = "parents",
}

/// What a comparison has come to.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Verdict {
    /// Points; more is more alike.
    pub points: f64,
    /// What agrees.
    pub agree: Vec<Reason>,
    /// What does not.
    pub disagree: Vec<Reason>,
    /// Whether something agrees that hardly two people have in common: a document, a telephone, or name and birth.
    has_anchor: bool,
}

impl Verdict {
    /// What people are shown; none: they are not.
    pub fn class(&self, weights: &Weights) -> Option<Class> {
        match self.points {
            points if points >= weights.likely && self.has_anchor => Some(Class::Likely),
            points if points >= weights.possible => Some(Class::Possible),
            _ => None,
        }
    }

    fn note(&mut self, points: f64, reason: Reason) {
        self.points += points;
        if points > 0.0 {
            self.agree.push(reason);
        } else if points < 0.0 {
            self.disagree.push(reason);
        }
    }
}

/// Similarities of words that have been computed for one comparison with many: namesakes share their words.
#[derive(Debug, Default)]
pub struct Memo(HashMap<(usize, usize), f64>);

/// Compares two people.
pub fn compare(one: &Person, other: &Person, weights: &Weights, memo: &mut Memo) -> Verdict {
    let mut verdict = Verdict::default();
    let fit = name::best(&one.spellings, &other.spellings, weights, memo);
    fit.tell(weights, &mut verdict);
    sex(one.sex, other.sex, weights, &mut verdict);
    birth(one.birth, other.birth, weights, &mut verdict);
    documents(&one.documents, &other.documents, weights, &mut verdict);
    if one.phones.iter().any(|phone| other.phones.contains(phone)) {
        verdict.note(weights.phone, Reason::Phone);
    }
    if one.emails.iter().any(|email| other.emails.contains(email)) {
        verdict.note(weights.email, Reason::Email);
    }
    places(&one.sightings, &other.sightings, weights, &mut verdict);
    if let (Some(a), Some(b)) = (&one.birth_place, &other.birth_place)
        && a == b
    {
        verdict.note(weights.birth_place, Reason::BirthPlace);
    }
    marks(&one.marks, &other.marks, weights, &mut verdict);
    in_common(
        &one.nationalities,
        &other.nationalities,
        weights.nationality,
        Reason::Nationality,
        &mut verdict,
    );
    in_common(&one.languages, &other.languages, weights.language, Reason::Language, &mut verdict);
    parents(one, other, weights, memo, &mut verdict);
    let shares = |reasons: &[Reason]| reasons.iter().any(|reason| verdict.agree.contains(reason));
    let names = shares(&[Reason::Family]) && shares(&[Reason::Given]);
    verdict.has_anchor = shares(&[Reason::Document, Reason::Phone, Reason::Email])
        || (names && shares(&[Reason::BirthDay, Reason::BirthTypo, Reason::DocumentTypo]))
        || (names && shares(&[Reason::Patronymic, Reason::Parents]) && shares(&[Reason::BirthOverlap]));
    verdict
}

fn sex(one: Option<u8>, other: Option<u8>, weights: &Weights, verdict: &mut Verdict) {
    if let (Some(one), Some(other)) = (one, other) {
        verdict.note(if one == other { weights.sex.0 } else { -weights.sex.1 }, Reason::Sex);
    }
}

fn birth(one: Option<Birth>, other: Option<Birth>, weights: &Weights, verdict: &mut Verdict) {
    use super::person::YEAR;
    let (Some(one), Some(other)) = (one, other) else { return };
    let estimate = one.is_estimate || other.is_estimate;
    let gap = one.gap(other);
    if one.is_day() && other.is_day() {
        if one.from == other.from {
            verdict.note(weights.birth, Reason::BirthDay);
        } else if one.is_slip_of(other) {
            verdict.note(weights.birth_typo, Reason::BirthTypo);
        } else {
            verdict.note(-weights.birth_apart, Reason::BirthApart);
        }
    } else if gap == 0 {
        // The wider one of them says how much the overlap means.
        let years = f64::from(one.width().max(other.width())) / f64::from(YEAR);
        let worth = weights.birth_overlap - (weights.birth_per_year * years);
        verdict.note(worth.max(weights.birth_overlap_least), Reason::BirthOverlap);
    } else {
        let years = f64::from(gap) / f64::from(YEAR);
        let (forgiven, least) =
            if estimate { (weights.estimate_off_years, weights.estimate_off) } else { (0.0, 0.0) };
        let off = ((years - forgiven) * weights.birth_apart_per_year).max(least).min(weights.birth_apart);
        verdict.note(-off, Reason::BirthApart);
    }
}

fn documents(one: &[Paper], other: &[Paper], weights: &Weights, verdict: &mut Verdict) {
    let pairs = || one.iter().flat_map(|a| other.iter().map(move |b| (a, b)));
    let may_be_one =
        |a: &Paper, b: &Paper| a.issuer.is_empty() || b.issuer.is_empty() || a.issuer == b.issuer;
    if pairs().any(|(a, b)| a.number == b.number && may_be_one(a, b)) {
        verdict.note(weights.document, Reason::Document);
    } else if pairs().any(|(a, b)| may_be_one(a, b) && is_slip(&a.number, &b.number)) {
        verdict.note(weights.document_typo, Reason::DocumentTypo);
    }
}

/// One wrong or two exchanged characters in a long number.
fn is_slip(one: &str, other: &str) -> bool {
    one.len() >= 7 && one.len() == other.len() && strsim::osa_distance(one, other) == 1
}

fn marks(one: &[Mark], other: &[Mark], weights: &Weights, verdict: &mut Verdict) {
    let same = |a: &Mark, b: &Mark| {
        a.kind == b.kind
            && a.body_part == b.body_part
            && (a.side.is_empty() || b.side.is_empty() || a.side == b.side)
    };
    if one.iter().any(|a| other.iter().any(|b| same(a, b))) {
        verdict.note(weights.mark, Reason::Mark);
    }
}

fn in_common(
    one: &[String],
    other: &[String],
    (agree, not): (f64, f64),
    reason: Reason,
    verdict: &mut Verdict,
) {
    if one.is_empty() || other.is_empty() {
        return;
    }
    verdict.note(if one.iter().any(|code| other.contains(code)) { agree } else { -not }, reason);
}

fn parents(one: &Person, other: &Person, weights: &Weights, memo: &mut Memo, verdict: &mut Verdict) {
    let mut best: Option<f64> = None;
    for parent in &one.parents {
        for match_with in &other.parents {
            if let (Some(a), Some(b)) = (&parent.given, &match_with.given) {
                let alike = memo.alike(a, b);
                best = Some(best.map_or(alike, |known| known.max(alike)));
            }
        }
    }
    match best {
        Some(alike) if alike >= weights.alike => verdict.note(weights.parents.0, Reason::Parents),
        Some(alike) if alike < weights.unlike => verdict.note(-weights.parents.1, Reason::Parents),
        _ => {}
    }
}

/// Kilometres within which two points are one place.
const SAME_PLACE_KM: f64 = 50.0;
/// Nobody travels faster, airports included.
const KM_PER_HOUR: f64 = 800.0;

fn places(one: &[Sighting], other: &[Sighting], weights: &Weights, verdict: &mut Verdict) {
    let pairs = || one.iter().flat_map(|a| other.iter().map(move |b| (a, b)));
    let near = |a: &Sighting, b: &Sighting| {
        let same_name = !a.place.is_empty()
            && a.place == b.place
            && (a.country.is_empty() || b.country.is_empty() || a.country == b.country);
        same_name || distance(a, b).is_some_and(|km| km <= SAME_PLACE_KM)
    };
    let too_far = |a: &Sighting, b: &Sighting| {
        let (Some(km), Some(one), Some(other)) = (distance(a, b), a.hour, b.hour) else { return false };
        km > SAME_PLACE_KM + KM_PER_HOUR * ((one - other).abs() + 1.0)
    };
    if pairs().any(|(a, b)| near(a, b)) {
        verdict.note(weights.place.0, Reason::Place);
    } else if pairs().any(|(a, b)| too_far(a, b)) {
        verdict.note(-weights.place.1, Reason::TooFar);
    }
}

/// Kilometres between two points on the globe.
fn distance(one: &Sighting, other: &Sighting) -> Option<f64> {
    const EARTH_KM: f64 = 6371.0;
    let ((lat_a, lon_a), (lat_b, lon_b)) = (one.point?, other.point?);
    let (lat_a, lat_b) = (lat_a.to_radians(), lat_b.to_radians());
    let lon = (lon_b - lon_a).to_radians();
    let half = |angle: f64| (angle / 2.0).sin().powi(2);
    let chord = half(lat_b - lat_a) + lat_a.cos() * lat_b.cos() * half(lon);
    Some(2.0 * EARTH_KM * chord.sqrt().clamp(0.0, 1.0).asin())
}

impl Memo {
    /// How alike two words are, from 0 to 1: the best of all forms, with and without the skeleton.
    pub(super) fn alike(&mut self, one: &Arc<super::person::Word>, other: &Arc<super::person::Word>) -> f64 {
        if Arc::ptr_eq(one, other) {
            return 1.0;
        }
        let key = (Arc::as_ptr(one).addr(), Arc::as_ptr(other).addr());
        *self.0.entry(key).or_insert_with(|| name::alike(one, other))
    }
}

#[cfg(test)]
mod tests;
