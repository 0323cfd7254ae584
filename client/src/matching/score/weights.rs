//! The weights, as data. To change them, run the evaluation in `tests/tests/matching.rs` and enter its figures into
//! `docs/matching.md`.

/// Points for what agrees, and points off for what does not. Pairs: agreeing, not agreeing.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a table")]
pub struct Weights {
    /// Family names.
    pub family: (f64, f64),
    /// Added for each halving of the share of people who have the family name.
    pub rarity: f64,
    /// Given names.
    pub given: (f64, f64),
    /// Patronymics.
    pub patronymic: (f64, f64),
    /// From this similarity on two words are one name in two spellings.
    pub alike: f64,
    /// Below this one they are two names.
    pub unlike: f64,
    /// Taken off when names agree only in exchanged places.
    pub swapped: f64,
    /// Sex. Half of all people agree by chance, so it says much less when it agrees.
    pub sex: (f64, f64),
    /// The same day of birth.
    pub birth: f64,
    /// Days of birth that differ in one number.
    pub birth_typo: f64,
    /// Births that overlap, if nothing is known more exactly than a day.
    pub birth_overlap: f64,
    /// Less for each year that the wider one spans.
    pub birth_per_year: f64,
    /// But not less than this.
    pub birth_overlap_least: f64,
    /// Births that are apart, at most.
    pub birth_apart: f64,
    /// For each year that they are apart.
    pub birth_apart_per_year: f64,
    /// Years by which an estimated age may be wrong.
    pub estimate_off_years: f64,
    /// An estimated age that is wrong, though not by more.
    pub estimate_off: f64,
    /// The same document.
    pub document: f64,
    /// A document with one character different.
    pub document_typo: f64,
    /// The same telephone.
    pub phone: f64,
    /// The same address.
    pub email: f64,
    /// Place and time.
    pub place: (f64, f64),
    /// Place of birth.
    pub birth_place: f64,
    /// The same mark.
    pub mark: f64,
    /// Nationality.
    pub nationality: (f64, f64),
    /// Language.
    pub language: (f64, f64),
    /// A parent's given name.
    pub parents: (f64, f64),
    /// Shown as likely from here on.
    pub likely: f64,
    /// Shown as possible from here on.
    pub possible: f64,
}

/// The weights in use.
pub const WEIGHTS: Weights = Weights {
    family: (12.5, 4.0),
    rarity: 1.0,
    given: (7.5, 8.0),
    patronymic: (4.0, 8.4),
    alike: 0.993,
    unlike: 0.778,
    swapped: 1.0,
    sex: (1.5, 10.0),
    birth: 20.0,
    birth_typo: 5.3,
    birth_overlap: 7.5,
    birth_per_year: 0.55,
    birth_overlap_least: 1.0,
    birth_apart: 12.0,
    birth_apart_per_year: 3.0,
    estimate_off_years: 1.5,
    estimate_off: 1.25,
    document: 25.0,
    document_typo: 15.0,
    phone: 14.0,
    email: 14.0,
    place: (4.0, 5.0),
    birth_place: 5.0,
    mark: 10.0,
    nationality: (0.5, 3.75),
    language: (0.45, 0.8),
    parents: (4.5, 10.0),
    likely: 34.0,
    possible: 21.4,
};
