//! Where everything stands (ICAO Doc 9303 parts 4 to 7).

use super::Verdict;

/// The layouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the layouts of the standard")]
pub enum Format {
    /// Cards: three lines of 30.
    Td1,
    /// Cards: two lines of 36.
    Td2,
    /// Passports: two lines of 44.
    Td3,
    /// Large visas: two lines of 44.
    MrvA,
    /// Small visas: two lines of 36.
    MrvB,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Td1, Self::Td2, Self::Td3, Self::MrvA, Self::MrvB];

    /// Its name in the standard, without hyphen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Td1 => "TD1",
            Self::Td2 => "TD2",
            Self::Td3 => "TD3",
            Self::MrvA => "MRVA",
            Self::MrvB => "MRVB",
        }
    }

    /// Characters of a line.
    pub fn width(self) -> usize {
        match self {
            Self::Td1 => 30,
            Self::Td2 | Self::MrvB => 36,
            Self::Td3 | Self::MrvA => 44,
        }
    }

    /// The line with the names, counted from zero.
    pub(super) fn name_line(self) -> usize {
        if self == Self::Td1 { 2 } else { 0 }
    }

    pub(super) fn layout(self) -> &'static Layout {
        match self {
            Self::Td1 => &TD1,
            Self::Td2 => &TD2,
            Self::Td3 => &TD3,
            Self::MrvA => &MRV_A,
            Self::MrvB => &MRV_B,
        }
    }
}

/// The check digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the digits of the standard")]
pub enum Digit {
    /// Of the number.
    Number,
    /// Of the birth.
    Birth,
    /// Of the expiry.
    Expiry,
    /// Of the optional field.
    Optional,
    /// Of all together.
    Composite,
}

impl Digit {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Number, Self::Birth, Self::Expiry, Self::Optional, Self::Composite];

    /// The word in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Number => "num",
            Self::Birth => "dob",
            Self::Expiry => "exp",
            Self::Optional => "opt",
            Self::Composite => "composite",
        }
    }

    pub(super) fn index(self) -> usize {
        match self {
            Self::Number => 0,
            Self::Birth => 1,
            Self::Expiry => 2,
            Self::Optional => 3,
            Self::Composite => 4,
        }
    }
}

/// Part of a line; both counted from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) line: usize,
    pub(super) from: usize,
    pub(super) to: usize,
}

impl Span {
    pub(super) fn of(self, lines: &[String]) -> &str {
        lines.get(self.line).and_then(|line| line.get(self.from..self.to)).unwrap_or("")
    }
}

const fn span(line: usize, from: usize, to: usize) -> Span {
    Span { line, from, to }
}

/// One layout.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) kind: Span,
    pub(super) issuer: Span,
    pub(super) name: Span,
    number: Span,
    pub(super) nationality: Span,
    pub(super) birth: Span,
    pub(super) sex: Span,
    pub(super) expiry: Span,
    optional: &'static [Span],
    /// A number that is too long goes on in the first optional field.
    long_numbers: bool,
    digits: &'static [(Digit, Span, &'static [Span])],
}

const TD1: Layout = Layout {
    kind: span(0, 0, 2),
    issuer: span(0, 2, 5),
    name: span(2, 0, 30),
    number: span(0, 5, 14),
    nationality: span(1, 15, 18),
    birth: span(1, 0, 6),
    sex: span(1, 7, 8),
    expiry: span(1, 8, 14),
    optional: &[span(0, 15, 30), span(1, 18, 29)],
    long_numbers: true,
    digits: &[
        (Digit::Number, span(0, 14, 15), &[span(0, 5, 14)]),
        (Digit::Birth, span(1, 6, 7), &[span(1, 0, 6)]),
        (Digit::Expiry, span(1, 14, 15), &[span(1, 8, 14)]),
        (
            Digit::Composite,
            span(1, 29, 30),
            &[span(0, 5, 30), span(1, 0, 7), span(1, 8, 15), span(1, 18, 29)],
        ),
    ],
};

macro_rules! two_lines {
    ($width:literal, $optional:expr, $long:literal, [$($more:expr),*]) => {
        Layout {
            kind: span(0, 0, 2),
            issuer: span(0, 2, 5),
            name: span(0, 5, $width),
            number: span(1, 0, 9),
            nationality: span(1, 10, 13),
            birth: span(1, 13, 19),
            sex: span(1, 20, 21),
            expiry: span(1, 21, 27),
            optional: &[$optional],
            long_numbers: $long,
            digits: &[
                (Digit::Number, span(1, 9, 10), &[span(1, 0, 9)]),
                (Digit::Birth, span(1, 19, 20), &[span(1, 13, 19)]),
                (Digit::Expiry, span(1, 27, 28), &[span(1, 21, 27)]),
                $($more),*
            ],
        }
    };
}

const TD2: Layout = two_lines!(
    36,
    span(1, 28, 35),
    true,
    [(Digit::Composite, span(1, 35, 36), &[span(1, 0, 10), span(1, 13, 20), span(1, 21, 35)])]
);
const TD3: Layout = two_lines!(
    44,
    span(1, 28, 42),
    false,
    [
        (Digit::Optional, span(1, 42, 43), &[span(1, 28, 42)]),
        (Digit::Composite, span(1, 43, 44), &[span(1, 0, 10), span(1, 13, 20), span(1, 21, 43)])
    ]
);
const MRV_A: Layout = two_lines!(44, span(1, 28, 44), false, []);
const MRV_B: Layout = two_lines!(36, span(1, 28, 36), false, []);

/// The number of the document, and what is left in the optional fields.
#[derive(Debug)]
pub(super) struct Number {
    pub(super) text: String,
    pub(super) optional: Vec<String>,
}

/// Reads the number.
pub(super) fn number(layout: &Layout, lines: &[String]) -> Number {
    let mut text = layout.number.of(lines).to_owned();
    let mut optional: Vec<&str> = layout.optional.iter().map(|span| span.of(lines)).collect();
    if let Some(rest) = rest_of_number(layout, lines) {
        text.push_str(rest.of(lines));
        if let Some(first) = optional.first_mut() {
            // Behind the rest of the number stand its check digit and a fill.
            *first = first.get(rest.to - rest.from + 1..).unwrap_or("");
        }
    }
    let optional = optional.into_iter().map(super::plain).collect();
    Number { text: super::plain(&text), optional }
}

/// Of a number that is too long for its field: where it goes on.
fn rest_of_number(layout: &Layout, lines: &[String]) -> Option<Span> {
    let (_, cell, _) = layout.digits.iter().find(|(digit, ..)| *digit == Digit::Number)?;
    let optional = *layout.optional.first()?;
    let long = layout.long_numbers && cell.of(lines) == "<" && !layout.number.of(lines).contains('<');
    let used = optional.of(lines).split('<').next().map_or(0, str::len);
    (long && used >= 2).then_some(Span { to: optional.from + used - 1, ..optional })
}

/// A check digit of these lines: where it stands and what it covers.
#[derive(Debug)]
pub(super) struct Covered {
    pub(super) digit: Digit,
    pub(super) cell: Span,
    pub(super) spans: Vec<Span>,
}

impl Covered {
    pub(super) fn verdict(&self, lines: &[String]) -> Verdict {
        let text: String = self.spans.iter().map(|span| span.of(lines)).collect();
        let cell = self.cell.of(lines);
        if cell == "<" && self.digit != Digit::Composite && text.bytes().all(|b| b == b'<') {
            return Verdict::Na;
        }
        let right = ::mrz::check_digit(&text).ok().and_then(|value| char::from_digit(value, 10));
        if right.is_some_and(|right| cell.starts_with(right)) { Verdict::Ok } else { Verdict::Fail }
    }
}

/// The check digits of these lines.
pub(super) fn digits(layout: &'static Layout, lines: &[String]) -> Vec<Covered> {
    let rest = rest_of_number(layout, lines);
    let digit = |(digit, cell, spans): &(Digit, Span, &[Span])| {
        let mut covered = Covered { digit: *digit, cell: *cell, spans: spans.to_vec() };
        if let (Digit::Number, Some(rest)) = (digit, rest) {
            covered.cell = span(rest.line, rest.to, rest.to + 1);
            covered.spans.push(rest);
        }
        covered
    };
    layout.digits.iter().map(digit).collect()
}
