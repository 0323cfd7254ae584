//! Which role may normally see what: the matrix of the data dictionary (2.2.1), as data.

use super::super::sections::*;

/// What an organisation does for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Hotline.
    Hot,
    /// Case work.
    Ngo,
    /// Shelter.
    Shl,
    /// Police.
    Pol,
    /// Police at a border.
    Brd,
    /// Embassy.
    Emb,
    /// Prosecutor, court.
    Pro,
    /// Clinic.
    Mdc,
    /// Analyst.
    Ana,
    /// Operator of a relay.
    Rly,
}

impl Role {
    /// All of them, in the order of the matrix.
    pub const ALL: [Self; 10] = [
        Self::Hot,
        Self::Ngo,
        Self::Shl,
        Self::Pol,
        Self::Brd,
        Self::Emb,
        Self::Pro,
        Self::Mdc,
        Self::Ana,
        Self::Rly,
    ];

    /// Its code in consents and headers.
    pub fn code(self) -> &'static str {
        match self {
            Self::Hot => "HOT",
            Self::Ngo => "NGO",
            Self::Shl => "SHL",
            Self::Pol => "POL",
            Self::Brd => "BRD",
            Self::Emb => "EMB",
            Self::Pro => "PRO",
            Self::Mdc => "MDC",
            Self::Ana => "ANA",
            Self::Rly => "RLY",
        }
    }

    /// The role of an organisation of this kind for a referral of this kind. Police who are sent a border alert are its
    /// border desk. A kind that nobody knows has no role, and a role is what everything depends on.
    pub fn of(organisation: &str, referral: &str) -> Option<Self> {
        Some(match organisation {
            "hotline" => Self::Hot,
            "ngo" => Self::Ngo,
            "shelter" => Self::Shl,
            "police" if referral == "BIA" => Self::Brd,
            "police" => Self::Pol,
            "embassy" => Self::Emb,
            "prosecutor" => Self::Pro,
            "clinic" => Self::Mdc,
            _ => return None,
        })
    }

    /// Whether what a consent says of the role `named` is said of this one. A border desk is police.
    pub(super) fn is_named(self, named: &str) -> bool {
        named == self.code() || (self == Self::Brd && named == Self::Pol.code())
    }

    /// The role that somebody means who writes a code in any spelling, or a kind of organisation.
    pub fn meant(text: &str) -> Option<Self> {
        let text = text.trim();
        let by_code = Self::ALL.into_iter().find(|role| role.code().eq_ignore_ascii_case(text));
        by_code.or_else(|| match text.to_lowercase().as_str() {
            "border_guard" | "border guard" => Some(Self::Brd),
            kind => Self::of(kind, ""),
        })
    }

    /// Whether something that is kept from the role that this text means is kept from this one. Police are kept out as a whole:
    /// the same desk has one role or the other, as the referral is.
    pub(super) fn is_meant(self, text: &str) -> bool {
        Self::meant(text).is_some_and(|meant| meant == self || (meant.is_police() && self.is_police()))
    }

    /// Whether it is police.
    pub(super) fn is_police(self) -> bool {
        matches!(self, Self::Pol | Self::Brd)
    }

    /// Whether it acts for a state that can be ordered by a court or bound by a law to have something.
    pub(super) fn is_authority(self) -> bool {
        matches!(self, Self::Pol | Self::Brd | Self::Pro)
    }

    /// Whether a state learns what it learns.
    pub(crate) fn is_of_a_state(self) -> bool {
        self == Self::Emb || self.is_authority()
    }

    /// Whether it may read beside her name which shelter has her case too: those who take people there, but not police, who are
    /// told a place for some hours only.
    pub(crate) fn may_know_shelters(self) -> bool {
        self == Self::Hot || (self.travels() && !self.is_police())
    }

    /// Whether it is one that goes to where the person is. Only these may have her identity and her location in one packet.
    pub(super) fn travels(self) -> bool {
        matches!(self, Self::Ngo | Self::Shl | Self::Pol | Self::Brd | Self::Mdc)
    }
}

/// How a section may go to a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Way {
    /// By default.
    Default,
    /// With a consent that names the role and the section.
    Consent,
    /// With such a consent, or for a vital interest or to protect a child.
    ConsentOrVital,
    /// Only for a vital interest or to protect a child.
    Vital,
    /// By default, and cut to what a note says.
    Minimised,
    /// Never.
    Never,
}

/// A cell of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cell {
    /// How.
    pub way: Way,
    /// Number of the note that restricts it; 0 for none.
    pub note: u8,
}

impl Cell {
    const NEVER: Self = Self { way: Way::Never, note: 0 };

    fn parse(text: &str) -> Self {
        let (way, note) = match text.char_indices().next_back() {
            Some((at, digit)) if digit.is_ascii_digit() => (&text[..at], digit.to_digit(10).unwrap_or(0)),
            _ => (text, 0),
        };
        let way = match way {
            "R" => Way::Default,
            "C" => Way::Consent,
            "C/V" => Way::ConsentOrVital,
            "V" => Way::Vital,
            "m" => Way::Minimised,
            _ => Way::Never,
        };
        Self { way, note: u8::try_from(note).unwrap_or(0) }
    }
}

/// Note 2: a prosecutor gets it only in an evidence handover. Note 5: police get it only there, and with consent.
const ONLY_EVIDENCE: [u8; 2] = [2, 5];
/// The kind of an evidence handover.
const EVIDENCE: &str = "EVH";

/// The matrix. A row is a section, a column a role in the order of [`Role::ALL`]. The digit behind a letter is the note.
/// Note 9 is one of ours: the dictionary says `m` there and not what is left.
const MATRIX: &[(SectionCode, [&str; 10])] = &[
    (HDR, ["R", "R", "R", "R", "R", "R", "R", "R", "-", "-"]),
    (IDN, ["R", "R", "m1", "C/V", "C/V", "C", "R2", "m1", "-", "-"]),
    (PHO, ["R", "C", "m9", "C/V", "C/V", "C", "C", "-", "-", "-"]),
    (DOC, ["R", "C", "m1", "C/V", "C/V", "C", "C", "-", "-", "-"]),
    (CON, ["R", "C", "R", "C", "-", "-", "C", "C", "-", "-"]),
    (LOC, ["R", "C", "R", "V3", "V3", "-", "-", "m9", "-", "-"]),
    (TRA, ["R", "R", "R", "C/V", "R", "C", "-", "-", "-", "-"]),
    (EXP, ["R", "C", "m4", "C", "m4", "-", "R2", "m4", "-", "-"]),
    (MED, ["C", "C", "R", "C5", "m6", "-", "C", "R", "-", "-"]),
    (LEG, ["R", "C", "C", "C", "m9", "C", "R2", "-", "-", "-"]),
    (SUS, ["R", "-", "m7", "R", "R", "-", "R", "-", "-", "-"]),
    (EVI, ["C", "-", "-", "R", "-", "-", "R", "-", "-", "-"]),
    (FAM, ["R", "C", "C", "C", "-", "C", "C", "-", "-", "-"]),
    (RSK, ["R", "R", "R", "C/V", "V", "m8", "C", "C", "-", "-"]),
    (CNS, ["R", "R", "R", "R", "R", "R", "R", "R", "-", "-"]),
    (OPS, ["R", "R", "R", "R", "R", "R", "-", "R", "-", "-"]),
    (STA, ["R", "R", "R", "-", "-", "-", "-", "-", "R", "-"]),
];

/// What the matrix says, as it is written there. What it does not know goes to nobody.
pub fn cell(role: Role, section: SectionCode) -> Cell {
    let column = Role::ALL.iter().position(|r| *r == role);
    let row = MATRIX.iter().find(|(code, _)| *code == section);
    row.zip(column).and_then(|((_, row), column)| row.get(column)).map_or(Cell::NEVER, |c| Cell::parse(c))
}

/// The same for a referral of this kind.
pub(super) fn cell_for(role: Role, section: SectionCode, referral: &str) -> Cell {
    let cell = cell(role, section);
    if ONLY_EVIDENCE.contains(&cell.note) && referral != EVIDENCE {
        return Cell { way: Way::Never, ..cell };
    }
    cell
}

/// The matrix as a table in Markdown, for the documentation.
pub fn markdown() -> String {
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.code()).collect();
    let mut out = format!("| | {} |\n|---|{}\n", roles.join(" | "), "---|".repeat(roles.len()));
    for (section, row) in MATRIX {
        let cells: Vec<String> = row.iter().map(|cell| written(cell)).collect();
        out.push_str(&format!("| {section} | {} |\n", cells.join(" | ")));
    }
    out
}

fn written(cell: &str) -> String {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digit = |c: char| c.to_digit(10).and_then(|n| RAISED.get(usize::try_from(n).ok()?).copied());
    cell.chars().map(|c| if c == '-' { '—' } else { digit(c).unwrap_or(c) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_has_a_row_and_every_cell_reads() {
        assert_eq!(
            MATRIX.iter().map(|(code, _)| *code).collect::<Vec<_>>(),
            SECTIONS.iter().map(|(code, _)| *code).collect::<Vec<_>>()
        );
        for (section, row) in MATRIX {
            for cell in row {
                let read = Cell::parse(cell);
                assert_eq!(read.way == Way::Never, *cell == "-", "{section} {cell}");
            }
        }
    }

    #[test]
    fn the_documentation_shows_this_matrix() {
        let page = include_str!("../../../../docs/need-to-know.md");
        assert!(page.contains(&markdown()), "put this into docs/need-to-know.md:\n\n{}", markdown());
    }

    #[test]
    fn nobody_without_a_role_has_one() {
        assert_eq!(Role::of("police", "BIA"), Some(Role::Brd));
        assert_eq!(Role::of("police", "MPR"), Some(Role::Pol));
        assert_eq!(Role::of("relay", "MPR"), None);
        assert_eq!(Role::of("registrar", "BIA"), None);
        assert_eq!(cell(Role::Hot, SectionCode(*b"XYZ")), Cell::NEVER);
        assert_eq!(cell_for(Role::Pol, MED, "MPR").way, Way::Never);
        assert_eq!(cell_for(Role::Pol, MED, "EVH").way, Way::Consent);
        assert_eq!(cell_for(Role::Pro, IDN, "VHO").way, Way::Never);
    }
}
