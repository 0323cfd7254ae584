//! Referrals that somebody has brought in and nobody has sent.

use causeway_common::framed;
use causeway_common::ids::OrgId;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::records::{self, RecordError, Source};
use crate::referral::{Document, Kind, Problem};
use crate::vault::{CaseName, Changes, Tree, Vault};

/// Format of what was written here.
const WRITTEN: &str = "written";

/// A draft as the vault keeps it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Its number: from the format and the name of the record, so that the same record is the same draft.
    pub id: [u8; 16],
    /// Kind code.
    pub kind: String,
    /// The document, JSON.
    pub document: String,
    /// What it came from: `pfif`, `csv` …
    pub format: String,
    /// Name of the record there.
    pub key: String,
    /// Hash of the document as it came: whether a record has changed since.
    pub digest: [u8; 32],
    /// When it was brought in; once somebody has written on it, when that was.
    pub created: Timestamp,
    /// Whom it is meant for: as it was typed; empty for nobody yet.
    pub to: String,
}
no_content_in_debug!(Draft);

impl Draft {
    /// A draft of a record. A record without a name is named by its content.
    pub fn new(document: &Document, format: &str, key: &str, created: Timestamp, to: &str) -> Self {
        let kind = document.kind.code().to_owned();
        let document = serde_json::Value::Object(document.fields.clone()).to_string();
        let digest = framed::sha256(document.as_bytes()).0;
        let named = if key.is_empty() { hex::encode(digest) } else { key.to_owned() };
        // Lengths apart, so that no two names make one.
        let name = framed::sha256(format!("{}:{format}{kind}{named}", format.len()).as_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&name.0[..16]);
        Self {
            id,
            kind,
            document,
            format: format.to_owned(),
            key: key.to_owned(),
            digest,
            created,
            to: to.to_owned(),
        }
    }

    /// What it says.
    pub fn read(&self) -> Result<Document, Vec<Problem>> {
        let kind = Kind::from_code(&self.kind).ok_or_else(Vec::new)?;
        Document::parse(kind, self.document.as_bytes())
    }

    /// Whether it has been sent. Nothing of it is left but its number, so that the same record is not sent twice.
    pub fn is_sent(&self) -> bool {
        self.document.is_empty()
    }

    /// What is left of it once it has been sent.
    #[must_use]
    pub fn sent(&self) -> Self {
        Self {
            document: String::new(),
            key: String::new(),
            to: String::new(),
            digest: [0; 32],
            ..self.clone()
        }
    }

    /// Under which name its key stands.
    pub(crate) fn own_case(&self) -> CaseName {
        framed::sha256(&[b"draft", &self.id[..]].concat()).0
    }

    /// A draft that somebody begins here, under a name that nothing else has.
    pub(crate) fn begun(document: &Document, named: [u8; 32], created: Timestamp, to: &str) -> Self {
        Self::new(document, WRITTEN, &hex::encode(named), created, to)
    }

    /// The same, saying something else now.
    #[must_use]
    pub(crate) fn saying(&self, document: &Document, to: &str, now: Timestamp) -> Self {
        let document = serde_json::Value::Object(document.fields.clone()).to_string();
        Self { document, to: to.to_owned(), created: now, ..self.clone() }
    }

    /// Which state of it this is: another one as soon as anything in it is.
    pub(crate) fn revision(&self) -> String {
        let bytes = format!("{}:{}{}", self.to.len(), self.to, self.document);
        hex::encode(&framed::sha256(bytes.as_bytes()).0[..8])
    }

    /// Whom it is meant for: numbers of organisations, or one as it was typed.
    pub(crate) fn recipients(&self) -> Vec<String> {
        let parts: Vec<&str> = self.to.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        if parts.iter().all(|part| part.parse::<OrgId>().is_ok()) {
            return parts.into_iter().map(str::to_owned).collect();
        }
        vec![self.to.clone()]
    }

    /// Number for people.
    pub fn number(&self) -> String {
        hex::encode(self.id)
    }
}

/// A draft by its number.
pub fn draft(from: &dyn Source, id: &[u8; 16]) -> Result<Option<Draft>, RecordError> {
    records::read(from, Tree::Drafts, id)
}

/// All drafts that wait, the oldest first.
pub fn all(vault: &Vault) -> Result<Vec<Draft>, RecordError> {
    let mut all = Vec::new();
    for (id, _) in vault.list(Tree::Drafts)? {
        all.extend(records::read::<Draft>(vault, Tree::Drafts, &id)?.filter(|draft| !draft.is_sent()));
    }
    all.sort_by_key(|draft| (draft.created, draft.id));
    Ok(all)
}

/// Stores a draft, under a key of its own.
pub fn put(changes: &mut Changes, draft: &Draft) {
    records::write_of(changes, Some(draft.own_case()), Tree::Drafts, &draft.id, draft);
}

/// Stores what is left of one that was sent. It says nothing, and outlives the key.
pub(crate) fn put_sent(changes: &mut Changes, left: &Draft) {
    records::write(changes, Tree::Drafts, &left.id, left);
}

/// Drops a draft.
pub fn drop(changes: &mut Changes, id: &[u8; 16]) {
    changes.delete(Tree::Drafts, id);
}
