//! Who gets a referral if nobody answers: decided on the whole document before it is sent, as for everybody else.
//!
//! What is kept after sending is a copy, which need not say whom she fears. So the decision travels in the signed list.

use causeway_common::ids::OrgId;
use serde_json::{Value, json};

use super::super::failure::{Failure, exit};
use super::super::home::Home;
use super::super::output::harmless;
use super::{Basis, Share, reason, work_out as shares_of};
use crate::escalation::fallback;
use crate::referral::Document;
use crate::referral::access::Verdict;

/// One entry of the list.
pub(crate) struct Next {
    /// As it was written.
    name: String,
    /// What it would get; none if no member, or more than one, is meant.
    share: Option<Share>,
}
no_content_in_debug!(Next);

/// Works out what each organisation of the list would get. Changes nothing.
pub(crate) async fn work_out(basis: &Basis<'_>, home: &Home) -> Result<Vec<Next>, Failure> {
    let listed = basis.document.fields.get("fallback").and_then(Value::as_array);
    // Whoever decided without consent decided about those who get it first; files lie at the relay for these only.
    let basis = Basis { overridden: None, files: &[], ..*basis };
    let mut entries = Vec::new();
    for entry in listed.into_iter().flatten() {
        let name = ["name", "org_id"].into_iter().find_map(|field| entry.get(field)?.as_str());
        entries.push((name.unwrap_or_default().to_owned(), fallback::member(&home.engine, entry).await));
    }
    // All at once: what this home knows of her is read out of every case.
    let members: Vec<OrgId> = entries.iter().filter_map(|(_, member)| *member).collect();
    let mut shares =
        if members.is_empty() { Vec::new() } else { shares_of(&basis, &members, home).await? }.into_iter();
    let next =
        |(name, member): (String, Option<OrgId>)| Next { name, share: member.and_then(|_| shares.next()) };
    Ok(entries.into_iter().map(next).collect())
}

/// Writes into the list who is meant and which sections may go there. Whoever is no member gets neither, and nothing goes
/// to it by itself.
pub(crate) fn sign(document: &mut Document, list: &[Next]) {
    let entries = document.fields.get_mut("fallback").and_then(Value::as_array_mut);
    for (entry, next) in entries.into_iter().flatten().zip(list) {
        let Some(entry) = entry.as_object_mut() else { continue };
        entry.remove("sections");
        if let Some(share) = &next.share {
            let goes = share.decisions.iter().filter(|decision| decision.verdict != Verdict::Refused);
            entry.insert("org_id".into(), share.recipient.org.as_str().into());
            entry.insert("sections".into(), goes.map(|decision| decision.section.to_string()).collect());
        }
    }
}

/// Refuses a list with an organisation on it to which nothing may go.
pub(crate) fn check(list: &[Next], home: &Home) -> Result<(), Failure> {
    let blocked = |next: &Next| {
        let share = next.share.as_ref()?;
        Some((harmless(&share.recipient.name), reason(share.blocked()?, home.lang)))
    };
    let Some((name, why)) = list.iter().find_map(blocked) else { return Ok(()) };
    let lang = home.lang;
    Err(Failure::new(
        "W-114",
        exit::REFUSED,
        lang.fill("along-refused", &[("org", &name), ("why", &why)]),
        lang.text("along-refused-hint"),
    ))
}

/// For scripts: every decision.
pub(crate) fn json(list: &[Next]) -> Value {
    list.iter()
        .map(|next| next.share.as_ref().map_or_else(|| json!({ "name": next.name, "to": null }), Share::json))
        .collect()
}

/// For people.
pub(crate) fn words(list: &[Next], home: &Home) -> String {
    if list.is_empty() {
        return String::new();
    }
    let mut out = format!("\n{}\n", home.lang.text("along-title"));
    for next in list {
        out.push_str(&next.share.as_ref().map_or_else(
            || format!("\n  ! {}\n", home.lang.fill("along-nobody", &[("name", &harmless(&next.name))])),
            |share| share.words(home.lang),
        ));
    }
    out
}
