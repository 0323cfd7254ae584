//! Texts that people of one organisation use again, each under a short name.

use serde::{Deserialize, Serialize};

use super::{Draft, Kind, all};
use crate::records::RecordError;
use crate::vault::Vault;

/// Longest name, in characters.
pub(crate) const NAME_CHARS_MAX: usize = 60;

#[derive(Serialize, Deserialize)]
struct Said {
    text: String,
}

/// A text under a name; it replaces what stands there.
pub(crate) fn put(name: &str, text: &str, by: &str) -> Draft {
    Draft::saying(Kind::Text, name.as_bytes(), by, &Said { text: text.to_owned() })
}

/// What takes it away.
pub(crate) fn remove(name: &str, by: &str) -> Draft {
    Draft::taking_away(Kind::Text, name.as_bytes(), by)
}

/// All of them, name and text, by name.
pub(crate) fn list(vault: &Vault) -> Result<Vec<(String, String)>, RecordError> {
    let mut found = Vec::new();
    for entry in all(vault, None, Kind::Text)? {
        let name = String::from_utf8(entry.key.clone()).ok();
        found.extend(name.zip(entry.read().map(|Said { text }| text)));
    }
    found.sort();
    Ok(found)
}
