//! What an organisation may be called: text that looks like what it is.

use causeway_common::limits::NAME_CHARS_MAX;

/// Kinds of organisation that the directory knows.
pub const KINDS: [&str; 7] = ["ngo", "police", "embassy", "shelter", "hotline", "prosecutor", "clinic"];

/// Why a name, kind or country is refused. Whoever chose it must choose another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Not two capital letters.
    #[error("a country is two capital letters of ISO 3166-1, for example RU")]
    Country,
    /// Characters that are invisible, change direction or break lines.
    #[error("the name has a character that is invisible or changes the direction of text")]
    Hidden,
    /// Not one of [`KINDS`].
    #[error("the kind must be one of ngo, police, embassy, shelter, hotline, prosecutor, clinic")]
    Kind,
    /// Empty or too long.
    #[error("a name has 1 to {NAME_CHARS_MAX} characters and no space at its ends")]
    Length,
}

/// Checks a name for display.
pub fn check_name(name: &str) -> Result<(), NameError> {
    let length = name.chars().count();
    if length == 0 || length > NAME_CHARS_MAX || name.trim() != name {
        return Err(NameError::Length);
    }
    if name.chars().any(is_hidden) { Err(NameError::Hidden) } else { Ok(()) }
}

/// Checks an organisation kind.
pub fn check_kind(kind: &str) -> Result<(), NameError> {
    if KINDS.contains(&kind) { Ok(()) } else { Err(NameError::Kind) }
}

/// Checks the form of a country code.
pub fn check_country(country: &str) -> Result<(), NameError> {
    let letters = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
    if letters { Ok(()) } else { Err(NameError::Country) }
}

/// Controls, and the format characters that hide, join or turn text (Unicode general category Cf, the common ones).
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_mislead_are_refused() {
        assert_eq!(check_name("Коалиция «Ангел»"), Ok(()));
        assert_eq!(check_name("abc\u{202e}def"), Err(NameError::Hidden));
        assert_eq!(check_name("a\nb"), Err(NameError::Hidden));
        assert_eq!(check_name(" a"), Err(NameError::Length));
        assert_eq!(check_name(&"x".repeat(121)), Err(NameError::Length));
        assert_eq!(check_country("ru"), Err(NameError::Country));
        assert_eq!(check_kind("bank"), Err(NameError::Kind));
    }
}
