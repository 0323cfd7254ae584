//! What every export knows: the case, who the two sides are, when and for whom.

use causeway_common::ids::OrgId;
use causeway_common::time::Timestamp;
use serde_json::{Map, Value};

use crate::casebook::Case;
use crate::lang::Lang;
use crate::referral::{Document, Kind, merge};

/// Sections of which nothing is ever published, whatever anybody has agreed to.
const NEVER_PUBLIC: [&[u8; 3]; 7] = [b"LOC", b"CON", b"DOC", b"PHO", b"MED", b"SUS", b"EVI"];

/// A case on its way out.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by the command line and the pages")]
pub struct Exported<'a> {
    /// The case.
    pub case: &'a Case,
    /// This organisation.
    pub own: OrgId,
    /// Its name.
    pub own_name: String,
    /// What the other one is called here.
    pub peer_name: String,
    /// Now.
    pub now: Timestamp,
    /// Domain in whose name records get their numbers.
    pub domain: String,
    /// Language of headings and labels.
    pub lang: Lang,
}

impl Exported<'_> {
    /// Fields of the referral.
    pub(super) fn fields(&self) -> &Map<String, Value> {
        &self.case.document
    }

    /// Who sent the referral, and whom it was sent to.
    pub(super) fn sides(&self) -> (OrgId, OrgId) {
        let peer = self.case.thread.peer;
        if self.case.thread.ours { (self.own, peer) } else { (peer, self.own) }
    }

    /// What they are called.
    pub(super) fn names(&self) -> (&str, &str) {
        if self.case.thread.ours {
            (&self.own_name, &self.peer_name)
        } else {
            (&self.peer_name, &self.own_name)
        }
    }

    /// Number of the case as its sender gave it; otherwise the number of its first packet.
    pub(super) fn case_ref(&self) -> String {
        super::fields::text(self.fields(), "case_ref").unwrap_or_else(|| self.case.thread.root.to_string())
    }
}

/// The part of a document that may be published: the sections named above are not in it.
pub fn public_part(kind: &str, fields: &Map<String, Value>) -> Map<String, Value> {
    let may = |code: &str| !NEVER_PUBLIC.iter().any(|never| never.as_slice() == code.as_bytes());
    Kind::from_code(kind).map_or_else(Map::new, |kind| section_part(kind, fields, may))
}

/// What a document says in some of its sections.
pub fn section_part(
    kind: Kind,
    fields: &Map<String, Value>,
    keep: impl Fn(&str) -> bool,
) -> Map<String, Value> {
    let mut fields = fields.clone();
    // Whose key opens an attachment depends on its section, so entries are not put anywhere else.
    let files = fields.remove("attachments");
    let document = Document { kind, fields };
    let sections = document.into_sections().into_iter().filter(|section| keep(&section.code.to_string()));
    let mut part = merge(sections);
    part.extend(files.filter(|_| keep("EVI") && keep("PHO")).map(|files| ("attachments".to_owned(), files)));
    part
}
