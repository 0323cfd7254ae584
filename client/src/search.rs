//! Finding referrals by what stands in them. The index is in memory only, and is made anew from the opened vault; see
//! docs/decisions/0035-search-index-in-memory.md.

mod fields;
pub mod fold;
mod index;
mod query;
mod snippet;
#[cfg(test)]
mod tests;

pub use fields::{FIELDS_MAX, Field, entry};
pub use index::{Hit, Index, WORDS_MAX};
pub use query::{Query, TERMS_MAX};
pub use snippet::{SNIPPET_CHARS, Snippet, snippet};

/// A referral to be found: what it is, and the texts in it.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Entry {
    /// Code of its kind.
    pub kind: String,
    /// The other organisation, by its name.
    pub partner: String,
    /// Work state.
    pub state: String,
    /// Whether it was invented to practise.
    pub exercise: bool,
    /// Countries that it names (ISO 3166-1, two letters), sorted.
    pub countries: Vec<String>,
    /// Its texts.
    pub fields: Vec<Field>,
}
no_content_in_debug!(Entry);
