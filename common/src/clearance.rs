//! Clearances: which sections of a packet a device may read, as its roster says.
//!
//! A clearance is a set of section codes: bit `n` stands for the `n`-th row of the section table in the data dictionary,
//! counted from 0. The table only ever grows at its end, so a bit never changes its meaning.

/// Section codes in the order of the data dictionary: the place of a code is its bit.
pub const SECTION_CODES: [[u8; 3]; 17] = [
    *b"HDR", *b"IDN", *b"PHO", *b"DOC", *b"CON", *b"LOC", *b"TRA", *b"EXP", *b"MED", *b"LEG", *b"SUS",
    *b"EVI", *b"FAM", *b"RSK", *b"CNS", *b"OPS", *b"STA",
];

/// A bundle of receipts: it holds nothing about a person, and every device reads it, whatever it is cleared for.
pub const RECEIPTS_SECTION: [u8; 3] = *b"RCP";

/// Every section of the table.
pub const EVERY_SECTION: u32 = (1 << SECTION_CODES.len()) - 1;
/// The header, which every device reads.
const HEADER: usize = 0;

/// The bit of a section; none for a code that the table does not have.
pub fn bit(code: [u8; 3]) -> Option<u32> {
    SECTION_CODES.iter().position(|known| *known == code).map(|place| 1 << place)
}

/// Whether a device with this clearance may read a section. A section that the table does not have (it is newer than this
/// program) is for devices only that may read everything: nobody can say that it is harmless.
pub fn may_read(clearance: u32, code: [u8; 3]) -> bool {
    if code == SECTION_CODES[HEADER] || code == RECEIPTS_SECTION {
        return true;
    }
    let needed = bit(code).unwrap_or(EVERY_SECTION);
    clearance & needed == needed
}

/// The clearance for exactly these sections; the first code that the table does not have, if there is one.
pub fn of_sections(codes: impl IntoIterator<Item = [u8; 3]>) -> Result<u32, [u8; 3]> {
    codes.into_iter().try_fold(1 << HEADER, |clearance, code| Ok(clearance | bit(code).ok_or(code)?))
}

/// The sections that a device with this clearance may read, in the order of the table.
pub fn sections_of(clearance: u32) -> impl Iterator<Item = [u8; 3]> {
    SECTION_CODES.into_iter().filter(move |code| may_read(clearance, *code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clearance_is_for_exactly_its_sections() {
        let desk = of_sections([*b"IDN", *b"LOC"]).unwrap();
        assert_eq!(desk, 0b10_0011);
        assert_eq!(sections_of(desk).collect::<Vec<_>>(), [*b"HDR", *b"IDN", *b"LOC"]);
        assert!(may_read(desk, *b"RCP") && may_read(0, *b"HDR"));
        assert!(!may_read(desk, *b"MED") && !may_read(0, *b"STA"));
        assert_eq!(of_sections([*b"IDN", *b"???"]), Err(*b"???"));
    }

    #[test]
    fn a_section_of_a_newer_version_is_for_those_who_may_read_everything() {
        assert!(may_read(u32::MAX, *b"NEW") && may_read(EVERY_SECTION, *b"NEW"));
        for missing in 0..SECTION_CODES.len() {
            assert!(!may_read(EVERY_SECTION & !(1 << missing), *b"NEW"));
        }
    }
}
