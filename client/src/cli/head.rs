//! What people are told of an old head: in words and for scripts.

use causeway_common::ids::OrgId;
use causeway_common::priority::Priority;
use serde_json::{Value, json};

use super::failure::Failure;
use super::home::Home;
use super::output::{text, time};
use crate::head_age::HeadAge;
use crate::model::{PACKET_REFERRAL, Transport};
use crate::records;

/// Code of the warning that the relay shows an old head.
const OLD: &str = "D-131";
/// Code of the remark that a first packet waits for a fresher one.
const FIRST_CONTACT: &str = "D-132";

/// The last head for scripts; null before the first.
pub(crate) async fn of(home: &Home) -> Result<Value, Failure> {
    let Some(head) = home.engine.head_age().await else { return Ok(Value::Null) };
    Ok(json!({
        "signed": time(head.signed),
        "age": head.age.as_secs(),
        "code": code(head),
        "first_contacts_waiting": waiting(home).await?,
    }))
}

fn code(head: HeadAge) -> Option<&'static str> {
    match (head.is_old(), head.forbids_first_contact()) {
        (_, true) => Some(FIRST_CONTACT),
        (true, false) => Some(OLD),
        (false, false) => None,
    }
}

/// The same in words, on a line of its own; nothing as long as the head is fresh.
pub(crate) fn words(v: &Value) -> String {
    if v["code"].is_null() {
        return String::new();
    }
    let hours = v["age"].as_u64().unwrap_or_default() / (60 * 60);
    let waits = match v["first_contacts_waiting"].as_u64() {
        None | Some(0) => String::new(),
        Some(count) => format!(
            " {count} packet(s) for organisations that you have never exchanged anything with wait for it."
        ),
    };
    let rule = if v["code"] == FIRST_CONTACT {
        format!(
            " Until there is a fresh one, nothing goes out to an organisation that you have never exchanged anything with; it stays queued.{waits}"
        )
    } else {
        String::new()
    };
    format!(
        "\nWarning: the newest directory that the relay has shown was signed {hours} hours ago ({}). If you have not connected since, run `causeway sync`. \
         If it stays old after that, the relay may be hiding that a device or an organisation no longer counts, or a clock is wrong: check the date of this \
         computer, then call the registrar, not through the relay, and ask whether anybody was suspended or removed. A partner's file \
         (`causeway directory export`) shows what the partner was shown: `causeway directory evidence --out OUT --with FILE` compares it.{rule} [{}]",
        text(v, "signed"),
        text(v, "code"),
    )
}

/// Why what is for these organisations waits, if it does.
pub(crate) async fn first_contact(home: &Home, to: &[OrgId]) -> Result<Option<String>, Failure> {
    let mut names = Vec::new();
    for org in to {
        if home.engine.waits_for_head(*org).await? {
            names.push(home.name_of(*org).await);
        }
    }
    let words = || {
        format!(
            "What is for {} stays queued until the relay shows a fresh directory: you have never exchanged anything with them, and the last one is \
             more than three days old. `causeway sync` fetches one and sends it. If it is urgent, call them. [{FIRST_CONTACT}]",
            names.join(", ")
        )
    };
    Ok((!names.is_empty()).then(words))
}

/// Referrals that wait for a fresher head.
async fn waiting(home: &Home) -> Result<usize, Failure> {
    let vault = &home.engine.vault;
    let mut count = 0;
    for place in records::pending(vault, Priority::P3, usize::MAX, |_| true) {
        let sent = records::sent(vault, place.packet, place.to)?;
        let is_queued =
            sent.is_some_and(|s| s.packet_type == PACKET_REFERRAL && s.transport == Transport::Queued);
        count += usize::from(is_queued && home.engine.waits_for_head(place.to).await?);
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_head_is_no_news_and_an_old_one_says_what_it_may_mean_and_what_to_do() {
        let told = |code: Value, waiting: u64| {
            words(&json!({
                "signed": "2026-09-21T12:00:00Z", "age": 30 * 60 * 60, "code": code,
                "first_contacts_waiting": waiting,
            }))
        };
        assert_eq!((told(Value::Null, 0), words(&Value::Null)), (String::new(), String::new()));
        let old = told(OLD.into(), 0);
        for part in ["30 hours ago", "2026-09-21", "hiding", "clock", "registrar", "[D-131]"] {
            assert!(old.contains(part), "{part}: {old}");
        }
        let blocking = told(FIRST_CONTACT.into(), 2);
        for part in ["nothing goes out", "stays queued", " 2 packet(s)", "[D-132]"] {
            assert!(blocking.contains(part) && !old.contains(part), "{part}: {blocking}");
        }
        assert!(!told(FIRST_CONTACT.into(), 0).contains("packet(s)"));
    }
}
