//! What may be wrong where a digit does not fit, and what may be wrong although all of them do.

use serde_json::{Value, json};

use super::Verdict;
use super::layout::{Covered, Digit, Layout, Span, digits};

/// Slips that are shown at once.
pub const SLIPS_MAX: usize = 8;

/// Characters that people and cameras take for each other. Each group in both directions.
const LOOK_ALIKE: &[&str] = &[
    "O0", "O0Q", "D0", "I1", "L1", "I1L", "B8", "S5", "Z2", "G6", "T7", "A4", "U0", "Y7", "B3", "17", "38",
    "56", "69", "49", "UV", "VY", "MN", "KX", "K<", "C<", "E<", "S<", "CG", "PR", "EF",
];

/// One character that would have to be another, or two that would have to change places.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Slip {
    /// Line, from one.
    pub line: usize,
    /// Position, from one.
    pub position: usize,
    /// What stands there.
    pub found: String,
    /// What would fit.
    pub instead: String,
}

impl Slip {
    pub(super) fn to_json(&self) -> Value {
        json!({ "line": self.line, "position": self.position, "found": self.found, "instead": self.instead })
    }
}

/// A character of the number that a check digit cannot tell from others.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Blind {
    /// Line, from one.
    pub line: usize,
    /// Position, from one.
    pub position: usize,
    /// What stands there.
    pub found: char,
    /// What could stand there without any digit noticing.
    pub also: String,
}
no_content_in_debug!(Slip, Blind);

impl Blind {
    pub(super) fn to_json(&self) -> Value {
        json!({ "line": self.line, "position": self.position, "found": self.found, "also": self.also })
    }
}

/// Single slips after which the fewest digits fail, fewer than now.
pub(super) fn explain(layout: &'static Layout, lines: &[String]) -> Vec<Slip> {
    let now = failures(layout, lines);
    if now == 0 {
        return Vec::new();
    }
    let covered = digits(layout, lines);
    let failing = covered.iter().filter(|covered| covered.verdict(lines) == Verdict::Fail);
    let mut cells: Vec<(usize, usize)> = failing.flat_map(cells_of).collect();
    cells.sort_unstable();
    cells.dedup();
    let mut found: Vec<(usize, Slip)> = Vec::new();
    for (line, at) in cells {
        for (width, instead) in alternatives(lines, line, at) {
            let changed = with(lines, line, at, &instead);
            let left = failures(layout, &changed);
            if left < now {
                let was = lines.get(line).and_then(|text| text.get(at..at + width)).unwrap_or("").to_owned();
                found.push((left, Slip { line: line + 1, position: at + 1, found: was, instead }));
            }
        }
    }
    let least = found.iter().map(|(left, _)| *left).min().unwrap_or(0);
    found.into_iter().filter(|(left, _)| *left == least).map(|(_, slip)| slip).take(SLIPS_MAX).collect()
}

/// The number's characters with those that are equal to them modulo ten.
pub(super) fn blind(layout: &'static Layout, lines: &[String]) -> Vec<Blind> {
    let covered = digits(layout, lines);
    let number = covered.iter().filter(|covered| covered.digit == Digit::Number);
    let spans = number.flat_map(|covered| covered.spans.iter().copied());
    spans
        .flat_map(|span| (span.from..span.to).map(move |at| (span.line, at)))
        .filter_map(|(line, at)| {
            let found = lines.get(line)?.chars().nth(at).filter(|c| *c != '<')?;
            let also = ::mrz::collisions(found).into_iter().collect();
            Some(Blind { line: line + 1, position: at + 1, found, also })
        })
        .collect()
}

fn failures(layout: &'static Layout, lines: &[String]) -> usize {
    digits(layout, lines).iter().filter(|covered| covered.verdict(lines) == Verdict::Fail).count()
}

fn cells_of(covered: &Covered) -> impl Iterator<Item = (usize, usize)> {
    let spans = covered.spans.iter().chain(std::iter::once(&covered.cell));
    let cells = |span: &Span| {
        let line = span.line;
        (span.from..span.to).map(move |at| (line, at))
    };
    spans.flat_map(cells)
}

/// What may be meant by the character there, and by the two that begin there.
fn alternatives(lines: &[String], line: usize, at: usize) -> Vec<(usize, String)> {
    let text = lines.get(line).map_or("", String::as_str);
    let mut chars = text.chars().skip(at);
    let Some(here) = chars.next() else { return Vec::new() };
    let groups = LOOK_ALIKE.iter().filter(|group| group.contains(here));
    let mut all: Vec<(usize, String)> =
        groups.flat_map(|group| group.chars()).filter(|c| *c != here).map(|c| (1, c.to_string())).collect();
    if let Some(next) = chars.next().filter(|next| *next != here && *next != '<' && here != '<') {
        all.push((2, format!("{next}{here}")));
    }
    all.sort();
    all.dedup();
    all
}

fn with(lines: &[String], line: usize, at: usize, instead: &str) -> Vec<String> {
    let mut lines = lines.to_vec();
    if let Some(text) = lines.get_mut(line)
        && text.is_char_boundary(at)
        && text.is_char_boundary(at + instead.len())
        && at + instead.len() <= text.len()
    {
        text.replace_range(at..at + instead.len(), instead);
    }
    lines
}
