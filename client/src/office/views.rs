//! Views of lists that a workstation has kept under a name: what of a list, and which filters.

use serde::{Deserialize, Serialize};

use super::{Draft, Kind, all};
use crate::records::RecordError;
use crate::vault::Vault;

/// Views that a workstation keeps: as many links as a page still shows in order.
pub(crate) const VIEWS_MAX: usize = 30;
/// Longest name of a view, in characters.
pub(crate) const NAME_CHARS_MAX: usize = 40;

/// What of a list is wanted. What is empty keeps nothing out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    /// all, unread, needs-answer, mine, unassigned or overdue.
    pub(crate) view: String,
    /// Code of a kind.
    pub(crate) kind: String,
    /// The other organisation, by its number.
    pub(crate) org: String,
    /// First and last day.
    pub(crate) since: String,
    pub(crate) until: String,
    pub(crate) tag: String,
}

impl Filter {
    /// Whether it keeps out more than one of the views of the program does.
    pub(crate) fn is_narrow(&self) -> bool {
        [&self.kind, &self.org, &self.since, &self.until, &self.tag].iter().any(|one| !one.is_empty())
    }
}

/// A view that was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct View {
    pub(crate) name: String,
    /// Whether it is one of what was sent.
    pub(crate) sent: bool,
    #[serde(flatten)]
    pub(crate) filter: Filter,
}

/// A view under a number of its own.
pub(crate) fn put(key: &[u8], view: &View, by: &str) -> Draft {
    Draft::saying(Kind::View, key, by, view)
}

/// What takes it away.
pub(crate) fn remove(key: &[u8], by: &str) -> Draft {
    Draft::taking_away(Kind::View, key, by)
}

/// All of them with their numbers, by name.
pub(crate) fn list(vault: &Vault) -> Result<Vec<(Vec<u8>, View)>, RecordError> {
    let entries = all(vault, None, Kind::View)?.into_iter();
    let mut found: Vec<(Vec<u8>, View)> =
        entries.filter_map(|entry| Some((entry.key.clone(), entry.read()?))).collect();
    found.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name));
    Ok(found)
}
