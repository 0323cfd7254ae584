//! Sections: who may read what is decided per section, so every field belongs to one.

/// Three letters that name a section.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "three letters on the wire")]
pub struct SectionCode(pub [u8; 3]);

impl std::fmt::Display for SectionCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl std::fmt::Debug for SectionCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

macro_rules! sections {
    ($($(#[$doc:meta])* $name:ident $level:literal,)*) => {
        $($(#[$doc])* pub const $name: SectionCode = SectionCode(*{
            const TEXT: &str = stringify!($name);
            match TEXT.as_bytes().first_chunk::<3>() { Some(three) => three, None => b"???" }
        });)*

        /// All sections in the order in which they travel, with their sensitivity: 1 internal, 2 personal,
        /// 3 sensitive, 4 dangerous to life if it leaks.
        pub const SECTIONS: &[(SectionCode, u8)] = &[$(($name, $level)),*];
    };
}

sections! {
    /// Inner header.
    HDR 2,
    /// Identity.
    IDN 2,
    /// Photographs and description.
    PHO 3,
    /// Identity and travel documents.
    DOC 2,
    /// How to reach the person.
    CON 3,
    /// Where the person is now.
    LOC 4,
    /// Travel, route, border.
    TRA 4,
    /// What happened to the person.
    EXP 3,
    /// Health.
    MED 3,
    /// Status, proceedings.
    LEG 3,
    /// Suspects.
    SUS 3,
    /// Evidence.
    EVI 3,
    /// Family and the person who asks.
    FAM 3,
    /// Risks and safety.
    RSK 4,
    /// Consent.
    CNS 2,
    /// Duty desk, tasks, costs.
    OPS 1,
    /// Facts without a person, for statistics.
    STA 1,
}

/// Where a field goes that no table knows: a sensitive section, because nobody can say that it is harmless.
pub const UNKNOWN_FIELDS: SectionCode = EXP;

#[cfg(test)]
mod tests {
    use causeway_common::clearance::SECTION_CODES;

    #[test]
    fn clearances_name_the_sections_of_this_table_in_its_order() {
        let codes: Vec<[u8; 3]> = super::SECTIONS.iter().map(|(code, _)| code.0).collect();
        assert_eq!(codes, SECTION_CODES);
    }
}
