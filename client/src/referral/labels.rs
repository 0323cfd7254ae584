//! What codes, fields, sections and kinds are called, for people. The words stand in `client/locales`; names of texts
//! are made from the names in the tables, so a new field needs a word and no code.

use super::SectionCode;
use super::codes::{LISTS, SECTION};
use super::spec::CodeList;
use crate::lang::Lang;

/// What a code is called. A code that this version does not know is shown as it is.
pub fn code(lang: Lang, list: &CodeList, code: &str) -> String {
    lang.find(&code_id(list, code), None).unwrap_or_else(|| code.to_owned())
}

/// What a code is called, by the name of its list.
pub fn code_of(lang: Lang, list: &str, code: &str) -> String {
    lists().find(|l| l.id == list).map_or_else(|| code.to_owned(), |list| self::code(lang, list, code))
}

/// What a list is called.
pub fn list(lang: Lang, list: &CodeList) -> String {
    lang.find(&list_id(list), None).unwrap_or_else(|| list.id.to_owned())
}

/// What a section is called.
pub fn section(lang: Lang, section: SectionCode) -> String {
    code(lang, &SECTION, &section.to_string())
}

/// What a field is called: its own word inside the field around it if there is one, otherwise the word for its name.
pub fn field(lang: Lang, parent: &str, name: &str) -> String {
    field_text(lang, parent, name, "").unwrap_or_else(|| name.to_owned())
}

/// A sentence that helps to fill a field in, if there is one.
pub fn hint(lang: Lang, parent: &str, name: &str) -> Option<String> {
    field_text(lang, parent, name, ".hint")
}

/// All code lists of this version.
pub fn lists() -> impl Iterator<Item = &'static CodeList> {
    LISTS.iter().copied().chain([&super::indicators::INDICATOR])
}

/// The word for a field, or another text of it, inside the field around it or for its name alone.
pub(crate) fn field_text(lang: Lang, parent: &str, name: &str, attribute: &str) -> Option<String> {
    let inside = format!("field-{}-{}{attribute}", plain(parent), plain(name));
    lang.find(&inside, None).or_else(|| lang.find(&format!("field-{}{attribute}", plain(name)), None))
}

pub(in crate::referral) fn list_id(list: &CodeList) -> String {
    format!("list-{}", plain(list.id))
}

pub(in crate::referral) fn code_id(list: &CodeList, code: &str) -> String {
    // Names of texts begin with a letter, and codes need not.
    let digit = if code.starts_with(|c: char| c.is_ascii_digit()) { "n" } else { "" };
    format!("list-{}.{digit}{}", plain(list.id), plain(code))
}

/// Names of texts have letters, digits, `-` and `_` only.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' }).collect()
}
