//! What people are told of an old head: in words and for scripts.

use causeway_common::ids::OrgId;
use causeway_common::priority::Priority;
use serde_json::{Value, json};

use super::failure::Failure;
use super::home::Home;
use super::output::{number, text, time};
use crate::head_age::HeadAge;
use crate::lang::Lang;
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
pub(crate) fn words(v: &Value, lang: Lang) -> String {
    if v["code"].is_null() {
        return String::new();
    }
    let hours = v["age"].as_u64().unwrap_or_default() / (60 * 60);
    let mut parts = vec![lang.count_with("head-old", number(hours), &[("signed", text(v, "signed"))])];
    if v["code"] == FIRST_CONTACT {
        parts.push(lang.text("head-first-contact"));
        if let Some(count @ 1..) = v["first_contacts_waiting"].as_u64() {
            parts.push(lang.count("head-waiting", number(count)));
        }
    }
    format!("\n{} [{}]", parts.join(" "), text(v, "code"))
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
        let words = home.lang.fill("head-waits", &[("names", &names.join(", "))]);
        format!("{words} [{FIRST_CONTACT}]")
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
        let shown = |code: Value, waiting: u64| {
            json!({
                "signed": "2026-09-21T12:00:00Z", "age": 30 * 60 * 60, "code": code,
                "first_contacts_waiting": waiting,
            })
        };
        let told = |code: Value, waiting: u64| words(&shown(code, waiting), Lang::En);
        assert_eq!((told(Value::Null, 0), words(&Value::Null, Lang::En)), (String::new(), String::new()));
        let russian = words(&shown(FIRST_CONTACT.into(), 2), Lang::Ru);
        for part in ["часов назад: 30", "2026-09-21", "скрывает", "ждут 2 пакета", "[D-132]"]
        {
            assert!(russian.contains(part), "{part}: {russian}");
        }
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
