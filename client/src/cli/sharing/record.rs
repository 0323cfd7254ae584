//! What is asked of a record of consent before it is sent: that it is the one which the header names, and that what she
//! withholds is withheld from somebody.

use super::super::failure::{Failure, exit};
use super::super::home::Home;
use super::super::output::harmless;
use crate::referral::Document;
use crate::referral::access::Consent;

/// Takes the number of a consent out of the header of what was carried over, if the record is there or there was no consent: a
/// new record may be written over it.
pub(crate) fn numbers_itself(begun: &mut Document) {
    let had_none = begun.fields.get("consent_ref").is_some_and(|reference| reference == "none");
    if had_none || begun.fields.contains_key("consent") {
        begun.fields.remove("consent_ref");
    }
}

/// Refuses a header that names another consent than the record beside it: a withdrawal is looked up by that number.
pub(crate) fn must_fit(document: &Document, home: &Home) -> Result<(), Failure> {
    let stated = document.fields.get("consent_ref").and_then(serde_json::Value::as_str);
    let recorded = document.fields.get("consent").and_then(|consent| consent.get("consent_id"));
    let recorded = recorded.and_then(serde_json::Value::as_str);
    if stated.zip(recorded).is_none_or(|(stated, recorded)| stated == recorded) {
        return Ok(());
    }
    Err(Failure::new(
        "W-115",
        exit::REFUSED,
        home.lang.text("record-other-number"),
        home.lang.text("record-other-number-hint"),
    ))
}

/// Organisations from which she withholds something and that nobody in the directory is called, and roles that nobody has.
pub(crate) async fn withheld_from_nobody(document: &Document, home: &Home) -> Vec<String> {
    let Some(consent) = Consent::of(document, home.engine.now()) else { return Vec::new() };
    let replica = home.engine.replica.lock().await;
    let is_known = |meant: &&str| {
        let meant = meant.trim().to_lowercase();
        let mut all = replica.directory.organisations();
        all.any(|org| org.name.to_lowercase() == meant || org.id.to_string() == meant)
    };
    let orgs = consent.withheld_from().into_iter().filter(|meant| !is_known(meant));
    orgs.chain(consent.withheld_from_no_role()).map(str::to_owned).collect()
}

/// What the sender has to know about them; empty if there is nobody.
pub(crate) fn withheld_words(unknown: &[String], home: &Home) -> String {
    if unknown.is_empty() {
        return String::new();
    }
    format!(
        "\n! {}\n",
        home.lang.fill("record-withheld-from-nobody", &[("orgs", &harmless(&unknown.join("; ")))])
    )
}

/// Where nobody can be asked, somebody has to say beforehand that it is meant.
pub(crate) fn must_be_known(unknown: &[String], home: &Home) -> Result<(), Failure> {
    if unknown.is_empty() {
        return Ok(());
    }
    let orgs = harmless(&unknown.join("; "));
    Err(Failure::new(
        "W-116",
        exit::REFUSED,
        home.lang.fill("record-withheld-from-nobody", &[("orgs", &orgs)]),
        home.lang.text("record-withheld-hint"),
    ))
}
