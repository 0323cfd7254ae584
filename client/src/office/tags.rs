//! Tags: words by which an organisation finds its cases again. Each tag of each case is an entry of its own, so of two colleagues
//! who tag one case at the same time neither loses anything. The other side never hears of them.

use super::{Draft, Entry, Kind, find, prefix};
use crate::records::{RecordError, Source};
use crate::referral::tidy::composed;
use crate::vault::CaseName;

/// Longest tag, in characters: more is a note.
pub(crate) const TAG_CHARS_MAX: usize = 40;
/// Tags that a case has at once: more of them find nothing.
pub(crate) const TAGS_MAX: usize = 20;

/// A tag as it is kept: small letters, one space between words. None if it cannot be one.
pub(crate) fn tidy(typed: &str) -> Option<String> {
    let words: Vec<&str> = typed.split_whitespace().collect();
    let tag = composed(&words.join(" ").to_lowercase());
    let is_fit = !tag.is_empty()
        && tag.chars().count() <= TAG_CHARS_MAX
        && !tag.chars().any(|c| c.is_control() || causeway_certs::names::is_hidden(c));
    is_fit.then_some(tag)
}

/// What gives a case a tag.
pub(crate) fn add(case: CaseName, tag: &str, by: &str) -> Draft {
    Draft::saying(Kind::Tag, tag.as_bytes(), by, &true).about(case)
}

/// What takes it away.
pub(crate) fn remove(case: CaseName, tag: &str, by: &str) -> Draft {
    Draft::taking_away(Kind::Tag, tag.as_bytes(), by).about(case)
}

/// The case and the tag of a record that is about a tag.
pub(crate) fn of_record(id: &[u8]) -> Option<(CaseName, &str)> {
    let (case, rest) = id.split_first_chunk::<32>()?;
    let tag = rest.strip_prefix(&[Kind::Tag as u8])?;
    // What a colleague's program has written is looked at like what somebody types.
    let tag = std::str::from_utf8(tag).ok().filter(|tag| tidy(tag).as_deref() == Some(*tag))?;
    Some((*case, tag))
}

/// The name of that record.
pub(crate) fn record(case: &CaseName, tag: &str) -> Vec<u8> {
    [&prefix(Some(*case), Kind::Tag), tag.as_bytes()].concat()
}

/// Whether a case has a tag.
pub(crate) fn holds(from: &dyn Source, case: CaseName, tag: &str) -> Result<bool, RecordError> {
    Ok(find(from, Some(case), Kind::Tag, tag.as_bytes())?.as_ref().is_some_and(Entry::is_there))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_the_same_however_it_is_typed_and_what_is_hidden_is_none() {
        assert_eq!(tidy("  Visa   RUN "), tidy("visa run"));
        assert_eq!(tidy("ВОКЗАЛ").as_deref(), Some("вокзал"));
        for none in ["", "   ", "a\u{202e}b", "a\u{7}b", &"x".repeat(TAG_CHARS_MAX + 1)] {
            assert_eq!(tidy(none), None, "{none:?}");
        }
        let id = record(&[7; 32], "visa run");
        assert_eq!(of_record(&id), Some(([7; 32], "visa run")));
        assert_eq!(of_record(&record(&[7; 32], "Visa")), None, "nobody here writes it so");
        assert_eq!(of_record(&id[..32]), None);
    }
}
