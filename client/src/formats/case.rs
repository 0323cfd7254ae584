//! What every export knows: the case, who the two sides are, when and for whom.

use causeway_common::ids::OrgId;
use causeway_common::time::Timestamp;
use serde_json::{Map, Value};

use super::fields::text;
use super::finding::Finding;
use crate::casebook::Case;
use crate::lang::Lang;
use crate::referral::access::Consent;
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
/// And of what a register of missing people has said of her itself: never a place, a telephone, or what its notes say.
const PUBLIC_OF_REGISTER: [&str; 6] =
    ["person_record_id", "source_name", "source_date", "source_url", "description", "profile_urls"];
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

/// Why a referral may not be published, in whatever format: the report must say that it is public, and the person must agree to
/// that by a consent that counts, for a time that is not over.
pub fn may_be_published(kind: Kind, fields: &Map<String, Value>, now: Timestamp) -> Result<(), Finding> {
    if text(fields, "publication").as_deref() != Some("public") {
        return Err(Finding::new("formats-not-public", "publication"));
    }
    let document = Document { kind, fields: fields.clone() };
    let consent = Consent::of(&document, now);
    let agreed = consent.is_some_and(|consent| consent.flaw(now).is_none() && consent.publishes(now));
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
    match part.get_mut("pfif") {
        Some(Value::Object(told)) => told.retain(|name, _| PUBLIC_OF_REGISTER.contains(&name.as_str())),
        _ => drop(part.remove("pfif")),
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
        let [mpr, bia] = ["MPR", "BIA"].map(|code| Kind::from_code(code).unwrap());
        let mut fields = sample("MPR");
        assert_eq!(may_be_published(mpr, &fields, NOW).unwrap_err().code(), "formats-not-public");
        fields.insert("publication".into(), "public".into());
        fields.insert(
            "consent".into(),
            json!({
                "given_by": "caregiver", "capacity": "full", "obtained": "2026-09-01T10:00:00Z",
                "scope": [{ "purpose": ["tracing"], "sections": ["IDN"] }],
            }),
        );
        assert_eq!(may_be_published(mpr, &fields, NOW).unwrap_err().code(), "formats-no-consent");
        fields["consent"]["scope"][0]["purpose"] = json!(["media"]);
        assert!(may_be_published(mpr, &fields, NOW).is_ok());
        for (path, value) in [
            ("withdrawn", json!({ "at": "2026-09-02T10:00:00Z" })),
            ("valid_until", json!("2026-09-02")),
            ("obtained", json!("2020-09-02T10:00:00Z")),
            ("capacity", json!("minor")),
            ("withhold", json!([{ "person": { "lang": "ru", "text": "Отчим" }, "reason": "fear" }])),
            ("withhold", json!([{ "role": "EMB", "sections": [] }])),
            ("scope", json!([{ "purpose": ["media"], "sections": ["EXP"] }])),
            ("scope", json!([{ "purpose": ["media"], "sections": ["IDN"], "until": "2026-09-02" }])),
        ] {
            let mut other = fields.clone();
            other["consent"][path] = value.clone();
            assert!(may_be_published(mpr, &other, NOW).is_err(), "{path}: {value}");
        }
        let mut child = fields.clone();
        child["person"].as_object_mut().unwrap().remove("dob");
        child["person"]["age"] = json!({ "min": 14, "max": 14 });
        child["consent"]["given_by"] = "subject".into();
        assert!(may_be_published(mpr, &child, NOW).is_err(), "a child alone agrees to nothing");
        let public = public_part(&fields);
        assert!(public.keys().all(|name| PUBLIC.contains(&name.as_str())));
        assert!(public["person"].as_object().unwrap().contains_key("names"));
        for never in
            ["consent", "inquirer", "circumstances", "danger", "last_seen", "police_report", "override"]
        {
            assert!(!public.contains_key(never), "{never}");
        }
        assert_eq!(may_be_published(bia, &sample("BIA"), NOW).unwrap_err().code(), "formats-not-public");
    }
}
