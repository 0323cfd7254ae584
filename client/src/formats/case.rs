//! What every export knows: the case, who the two sides are, when and for whom.

use causeway_common::ids::OrgId;
use causeway_common::time::Timestamp;
use serde_json::{Map, Value};

use super::fields::{at, codes, text};
use super::finding::Finding;
use super::times;
use crate::casebook::Case;
use crate::lang::Lang;
use crate::referral::{Document, Kind, merge};

/// All that is ever published of a referral, whatever anybody has agreed to: that somebody is looked for, whom to call, and
/// what a register of missing people was given in words that were meant for it.
const PUBLIC: [&str; 11] = [
    "kind",
    "mode",
    "case_ref",
    "created",
    "duty_contact",
    "languages",
    "report_type",
    "publication",
    "search_until",
    "person",
    "pfif",
];
/// And of the person.
const PUBLIC_OF_PERSON: [&str; 4] = ["names", "sex", "dob", "age"];
/// Purposes that cover a publication.
const PUBLISHING: [&str; 2] = ["media", "publication"];

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
    /// Whether everybody may read it: then nothing says who told whom, and how far it has come.
    pub public: bool,
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
        text(self.fields(), "case_ref").unwrap_or_else(|| self.case.thread.root.to_string())
    }
}

/// Why a referral may not be published, in whatever format: both the report and the person must say so, and the person for a
/// time that is not over.
pub fn may_be_published(fields: &Map<String, Value>, now: Timestamp) -> Result<(), Finding> {
    if text(fields, "publication").as_deref() != Some("public") {
        return Err(Finding::new("formats-not-public", "publication"));
    }
    let today = times::pfif(now);
    let over = |until: Option<String>| until.is_some_and(|day| day.as_str() < &today[..10]);
    let withdrawn = at(fields, "consent.withdrawn").is_some_and(|v| !v.is_null());
    let scopes = at(fields, "consent.scope").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let covers = |scope: &Value| {
        let Some(scope) = scope.as_object() else { return false };
        let purposes = codes(scope, "purpose");
        PUBLISHING.iter().any(|purpose| purposes.iter().any(|p| p == purpose)) && !over(text(scope, "until"))
    };
    let agreed = scopes.iter().any(covers) && !withdrawn && !over(text(fields, "consent.valid_until"));
    if agreed { Ok(()) } else { Err(Finding::new("formats-no-consent", "consent.scope")) }
}

/// The part of a document that is published once [`may_be_published`] allows it.
pub fn public_part(fields: &Map<String, Value>) -> Map<String, Value> {
    let mut part = fields.clone();
    part.retain(|name, _| PUBLIC.contains(&name.as_str()));
    match part.get_mut("person") {
        Some(Value::Object(person)) => person.retain(|name, _| PUBLIC_OF_PERSON.contains(&name.as_str())),
        _ => drop(part.remove("person")),
    }
    part
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::formats::testing::{NOW, sample};

    #[test]
    fn nothing_is_published_that_nobody_agreed_to_and_never_more_than_a_register_needs() {
        let mut fields = sample("MPR");
        assert_eq!(may_be_published(&fields, NOW).unwrap_err().code(), "formats-not-public");
        fields.insert("publication".into(), "public".into());
        fields.insert("consent".into(), json!({ "scope": [{ "purpose": ["tracing"] }] }));
        assert_eq!(may_be_published(&fields, NOW).unwrap_err().code(), "formats-no-consent");
        fields["consent"]["scope"][0]["purpose"] = json!(["media"]);
        assert!(may_be_published(&fields, NOW).is_ok());
        let public = public_part(&fields);
        assert!(public.keys().all(|name| PUBLIC.contains(&name.as_str())));
        assert!(public["person"].as_object().unwrap().contains_key("names"));
        for never in
            ["consent", "inquirer", "circumstances", "danger", "last_seen", "police_report", "override"]
        {
            assert!(!public.contains_key(never), "{never}");
        }
        assert_eq!(may_be_published(&sample("BIA"), NOW).unwrap_err().code(), "formats-not-public");
    }
}
