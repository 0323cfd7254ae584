//! How a kind of referral is described: fields, types, rules and defaults as data. A new kind is a new table.

use super::SectionCode;

/// Version of the project's own lists.
const OURS: &str = "1.0";
/// Version of the lists that are taken from the Human Trafficking Case Data Standard.
const HTCDS: &str = "HTCDS 2.0";

/// A list of codes.
#[derive(Debug)]
#[non_exhaustive]
pub struct CodeList {
    /// Its name.
    pub id: &'static str,
    /// Its version. Codes are added and deprecated, never used again for something else.
    pub version: &'static str,
    /// Whether other codes are valid too: they come from a newer version or from an organisation's own list.
    pub open: bool,
    /// The codes of this version.
    pub codes: &'static [&'static str],
    /// Codes that are not to be used any more, with the version since which. They are read for ever, and mean what they meant.
    pub deprecated: &'static [(&'static str, &'static str)],
}

impl CodeList {
    /// A list that steers what software does: a code outside of it cannot be sent.
    pub(super) const fn closed(id: &'static str, codes: &'static [&'static str]) -> Self {
        Self { id, version: OURS, open: false, codes, deprecated: &[] }
    }

    /// A list that describes: a code outside of it is sent and shown as it is.
    pub(super) const fn open(id: &'static str, codes: &'static [&'static str]) -> Self {
        Self { id, version: OURS, open: true, codes, deprecated: &[] }
    }

    /// An open list of the Human Trafficking Case Data Standard.
    pub(super) const fn htcds(id: &'static str, codes: &'static [&'static str]) -> Self {
        Self { id, version: HTCDS, open: true, codes, deprecated: &[] }
    }

    /// The same list, in which these codes are not to be used any more since these versions.
    pub(super) const fn deprecating(mut self, deprecated: &'static [(&'static str, &'static str)]) -> Self {
        self.deprecated = deprecated;
        self
    }

    /// Since which version a code is not to be used any more; none for a code that is.
    pub fn deprecated_since(&self, code: &str) -> Option<&'static str> {
        self.deprecated.iter().find(|(old, _)| *old == code).map(|(_, since)| *since)
    }

    /// A list of that standard on which software acts.
    pub(super) const fn htcds_closed(id: &'static str, codes: &'static [&'static str]) -> Self {
        Self { id, version: HTCDS, open: false, codes, deprecated: &[] }
    }
}

/// What a field may hold.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Type {
    /// Text of at most so many characters: a string, or an object with `lang` and `text`.
    Text(usize),
    /// One line of at most so many characters.
    Line(usize),
    /// One code.
    Code(&'static CodeList),
    /// A set of codes.
    Codes(&'static CodeList),
    /// One code of any of several lists; which of them depends on another field.
    CodeOf(&'static [&'static CodeList]),
    /// An indicator of trafficking of the ILO and the European Commission.
    Indicators,
    /// A name of a time zone, `Europe/Chisinau`.
    TimeZone,
    /// A time of day, `HH:MM`; `24:00` is the end of a day.
    Clock,
    /// A length of time without months and years, `P30D`.
    Duration,
    /// True or false.
    Flag,
    /// A whole number.
    Whole(i64, i64),
    /// Any number.
    Number(f64, f64),
    /// A number, or an estimate: an object with `min` and `max`.
    Range(f64, f64),
    /// A moment with an offset. A duration such as `PT40M` counts from the sending.
    Instant,
    /// A whole date. A duration such as `P90D` counts from the day of the sending.
    Date,
    /// A date of which parts may be unknown.
    PartialDate,
    /// A moment or a partial date.
    When,
    /// Two letters.
    Country,
    /// Two letters, or one of the codes of travel documents for people without a nationality.
    Nationality,
    /// Part of a country.
    Subdivision,
    /// A language tag.
    Language,
    /// A telephone number: a string, or an object with `number` and what is known about it.
    Phone,
    /// An electronic mail address.
    Email,
    /// A name that is unique in the world.
    Id,
    /// SHA-256.
    Hash,
    /// The number of a document, as it is printed; in a travel document of the alphabet of ICAO 9303.
    DocumentNumber,
    /// Who issued a document: three letters, or Germany's one.
    Issuer,
    /// A place of trade and transport, UN/LOCODE.
    Locode,
    /// An airport, three letters of IATA.
    Airport,
    /// A currency, three letters of ISO 4217.
    Currency,
    /// 0 not known, 1 male, 2 female, 9 not applicable.
    Sex,
    /// Fields of their own.
    Group(&'static [Field]),
    /// Fields of their own, or a text when nothing is known more exactly.
    GroupOrText(&'static [Field]),
    /// Between so many and so many of a type.
    List(&'static Self, usize, usize),
}

/// When a field must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// In a draft already.
    Draft,
    /// To be sent.
    Send,
    /// To be sent, but software fills it in if a person did not.
    Filled,
    /// Never.
    Optional,
}

/// One field.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// The section it travels in; none for the one of the group it stands in.
    pub section: Option<SectionCode>,
    /// When it must be there.
    pub need: Need,
    /// Whether `{"nil":"unknown"}` answers it although it is needed.
    pub nil: bool,
    /// What it may hold.
    pub holds: Type,
}

impl Field {
    /// The same, in a section of its own.
    pub(super) const fn of(mut self, section: SectionCode) -> Self {
        self.section = Some(section);
        self
    }

    /// The same, and may be answered with not knowing.
    pub(super) const fn or_nil(mut self) -> Self {
        self.nil = true;
        self
    }
}

const fn field(name: &'static str, need: Need, holds: Type) -> Field {
    Field { name, section: None, need, nil: matches!(need, Need::Optional | Need::Filled), holds }
}

pub(super) const fn draft(name: &'static str, holds: Type) -> Field {
    field(name, Need::Draft, holds)
}

pub(super) const fn must(name: &'static str, holds: Type) -> Field {
    field(name, Need::Send, holds)
}

pub(super) const fn filled(name: &'static str, holds: Type) -> Field {
    field(name, Need::Filled, holds)
}

pub(super) const fn may(name: &'static str, holds: Type) -> Field {
    field(name, Need::Optional, holds)
}

/// A question about a document. Paths may contain `[]`, every element of a list.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Condition {
    /// Always.
    Always,
    /// One of the codes stands at the path.
    Is(&'static str, &'static [&'static str]),
    /// Something stands at the path.
    Has(&'static str),
    /// A date whose year is known stands at the path.
    YearOf(&'static str),
    /// A moment within so many hours from now stands at the path.
    Within(&'static str, u64),
}

/// What fields demand of each other. Messages and hints are names of texts.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Rule {
    /// The path must be answered if one condition holds, unless the other does.
    Need {
        /// Path.
        path: &'static str,
        /// If this holds.
        when: Condition,
        /// Unless this holds.
        unless: &'static [Condition],
        /// What to do.
        hint: &'static str,
    },
    /// The path of an answer must be answered if one of the conditions holds for its question.
    Asked {
        /// Path.
        path: &'static str,
        /// If one of these holds for the question.
        when: &'static [Condition],
        /// What to do.
        hint: &'static str,
    },
    /// The path must not be answered, unless the condition holds.
    Absent {
        /// Path.
        path: &'static str,
        /// Unless this holds.
        unless: Condition,
        /// What to do.
        hint: &'static str,
    },
    /// Each thing at the path that has the one field must have the other.
    Beside {
        /// Path of the things.
        at: &'static str,
        /// If it has this.
        has: &'static str,
        /// It needs this.
        needs: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// Each thing at the path must have one of the fields.
    AnyOf {
        /// Path of the things.
        at: &'static str,
        /// Fields.
        of: &'static [&'static str],
        /// Unless this holds.
        unless: &'static [Condition],
    },
    /// The path must hold this code; otherwise the referral must not be sent at all.
    Only {
        /// Path.
        path: &'static str,
        /// The code.
        is: &'static str,
        /// What is wrong otherwise.
        message: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// One thing of a list must have all of these codes.
    Entry {
        /// Path of the things.
        at: &'static str,
        /// Fields and codes.
        with: &'static [(&'static str, &'static str)],
        /// What is wrong otherwise.
        message: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// A moment that must lie ahead, and not further than so many hours if there is a number.
    Ahead(&'static str, Option<u64>),
    /// A date that must not be past.
    NotPast(&'static str),
    /// A moment that may be past by so many hours and no more; of a list the last one, because journeys begin in the past.
    Recent(&'static str, u64),
    /// No two things at the path have the same text in the field.
    Unique {
        /// Path of the things.
        at: &'static str,
        /// The field.
        field: &'static str,
    },
    /// The moments of a list in each thing at the path: none lies ahead, and none before the one above it.
    InOrder {
        /// Path of the things.
        at: &'static str,
        /// The list.
        list: &'static str,
        /// The field of the moment.
        field: &'static str,
    },
    /// The number at the first path is not larger than the one at the second, in each thing at the path.
    Order {
        /// Path of the things.
        at: &'static str,
        /// Smaller.
        low: &'static str,
        /// Larger.
        high: &'static str,
    },
}

/// What software writes into a field that a person left out.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Fill {
    /// A code.
    Code(&'static str),
    /// A code that is always one of a set, whatever else a person has put into it.
    Among(&'static str),
    /// Not known, with the reason.
    Nil(&'static str),
    /// The moment so many hours after the sending.
    InHours(u64),
    /// The date so many days after the sending.
    InDays(u64),
    /// Source and information that cannot be judged.
    NotEvaluated,
    /// The desk that answers the number at the path.
    DeskOf(&'static str),
    /// The moment so many hours after the sending, if the condition holds.
    InHoursIf(Condition, u64),
}

/// How a kind travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Travels {
    /// A referral: it is sent, and an answer is due.
    Referral,
    /// Something that an organisation publishes to others and renews; nobody answers it.
    Standing,
    /// What a step of a referral carries; the code is that of the kind it answers, if it answers one only.
    Step(Option<&'static str>),
}

/// A kind of referral, or of what a step of one carries.
#[derive(Debug)]
#[non_exhaustive]
pub struct Spec {
    /// Word on the command line.
    pub name: &'static str,
    /// Code on the wire.
    pub code: &'static str,
    /// How it travels.
    pub travels: Travels,
    /// Schema of this version.
    pub schema: &'static str,
    /// Its fields beside the header.
    pub fields: &'static [Field],
    /// What they demand of each other.
    pub rules: &'static [Rule],
    /// What is filled in.
    pub fills: &'static [(&'static str, Fill)],
    /// Groups that describe a person, in which software answers whether she is a minor.
    pub persons: &'static [&'static str],
    /// Priority if nothing below holds.
    pub priority: causeway_common::priority::Priority,
    /// The first condition that holds decides.
    pub raised: &'static [(Condition, causeway_common::priority::Priority)],
    /// Days for which the recipient may keep it.
    pub retention_days: u64,
}
