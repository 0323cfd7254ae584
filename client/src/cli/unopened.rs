//! Packets that could not be opened, as `causeway inbox` shows them: apart from the referrals, with what they mean and what
//! happens now.

use causeway_common::statements::{
    NACK_ERASED_PREKEY, NACK_NEWER_FORMAT, NACK_UNKNOWN_PREKEY, NACK_UNREADABLE,
};
use serde_json::{Value, json};

use super::failure::Failure;
use super::home::Home;
use super::output::{emit, harmless, number, print, print_list, text, time};
use crate::lang::Lang;
use crate::unopened::{self, Unopened};

/// Shortest beginning of a number.
const NUMBER_CHARS_MIN: usize = 4;

/// Lists them, if there are any.
pub(crate) async fn list(home: &Home) -> Result<(), Failure> {
    let all = unopened::all(&home.engine.vault)?;
    if all.is_empty() {
        return Ok(());
    }
    let forgotten = unopened::forgotten(&home.engine.vault)?;
    let mut values = Vec::with_capacity(all.len());
    for one in &all {
        values.push(entry(one, home).await);
    }
    if !home.json {
        emit(&heading(all.len(), forgotten, home.lang));
    }
    print_list(home.json, values, "", |v| people(v, home.lang));
    Ok(())
}

fn heading(count: usize, forgotten: u64, lang: Lang) -> String {
    let mut out = format!("\n{}", lang.count("unopened-head", count));
    if forgotten > 0 {
        out.push_str(&format!("\n{}", lang.count("unopened-forgotten", number(forgotten))));
    }
    out
}

async fn entry(one: &Unopened, home: &Home) -> Value {
    let from_name = match one.sender() {
        Some(org) => Value::from(home.name_of(org).await),
        None => Value::Null,
    };
    json!({
        "notice": "unopened",
        "id": one.envelope.to_string(),
        "from": one.sender().map(|org| org.to_string()),
        "from_name": from_name,
        "priority": one.priority.to_string(),
        "bytes": one.bytes,
        "relayed": time(one.relayed),
        "refused": time(one.refused),
        "reason": one.reason,
        "reason_word": one.word(),
        "reseal_asked": one.reseal_asked,
        "meaning": home.lang.text(meaning(one.reason)),
        "now": home.lang.text(now(one)),
    })
}

/// The name of the words for what it means.
fn meaning(reason: u8) -> &'static str {
    match reason {
        NACK_UNKNOWN_PREKEY => "unopened-unknown-key",
        NACK_ERASED_PREKEY => "unopened-erased-key",
        NACK_NEWER_FORMAT => "unopened-newer",
        NACK_UNREADABLE => "unopened-unreadable",
        _ => "unopened-other",
    }
}

/// The name of the words for what happens now, and what to do.
fn now(one: &Unopened) -> &'static str {
    match (one.reseal_asked, one.sender()) {
        (true, _) => "unopened-resealed",
        (false, Some(_)) => "unopened-told",
        (false, None) => "unopened-unproven",
    }
}

fn people(v: &Value, lang: Lang) -> String {
    let from = v["from_name"].as_str().map_or_else(|| lang.text("unopened-unknown-sender"), harmless);
    let number = &text(v, "id")[..12];
    let bytes = v["bytes"].to_string();
    let gaps = [
        ("number", number),
        ("priority", text(v, "priority")),
        ("from", &from),
        ("relayed", text(v, "relayed")),
        ("bytes", &bytes),
    ];
    format!(
        "{}\n    {}\n    {}\n    causeway inbox dismiss {number}",
        lang.fill("unopened-line", &gaps),
        text(v, "meaning"),
        text(v, "now"),
    )
}

/// Puts a note away, or all of them.
pub(crate) async fn dismiss(id: &str, home: &Home) -> Result<(), Failure> {
    let all = unopened::all(&home.engine.vault)?;
    let everything = id == "all";
    if !everything && id.len() < NUMBER_CHARS_MIN {
        return Err(Failure::wrong("inbox-number-short", &[("min", &NUMBER_CHARS_MIN.to_string())]));
    }
    let meant: Vec<_> = all
        .iter()
        .map(|one| one.envelope)
        .filter(|envelope| everything || envelope.to_string().starts_with(id))
        .collect();
    match meant.len() {
        0 if everything => {}
        0 => return Err(Failure::not_found(id)),
        2.. if !everything => {
            return Err(Failure::wrong("unopened-ambiguous", &[("number", &harmless(id))]));
        }
        _ => home.engine.dismiss_unopened(&meant).await?,
    }
    let left = unopened::count(&home.engine.vault);
    print(home.json, json!({ "dismissed": meant.len(), "left": left }), |_| {
        home.lang.count_with("unopened-dismissed", meant.len(), &[("left", &left.to_string())])
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use causeway_common::ids::{EnvelopeId, OrgId};
    use causeway_common::priority::Priority;
    use causeway_common::time::Timestamp;

    use super::*;

    fn one(from: Option<OrgId>, reason: u8) -> Unopened {
        Unopened::new(EnvelopeId([3; 32]), from, Priority::P0, 4_168, [Timestamp(1); 2], reason)
    }

    #[test]
    fn each_reason_has_words_of_its_own_and_says_truly_whether_it_is_sealed_again() {
        let reasons = [NACK_UNKNOWN_PREKEY, NACK_ERASED_PREKEY, NACK_UNREADABLE, NACK_NEWER_FORMAT, 99];
        let words: std::collections::BTreeSet<_> =
            Lang::ALL.iter().flat_map(|lang| reasons.map(|reason| lang.text(meaning(reason)))).collect();
        assert_eq!(words.len(), 2 * reasons.len());
        for reason in reasons {
            let by_itself = reason == NACK_UNKNOWN_PREKEY || reason == NACK_ERASED_PREKEY;
            let now = Lang::En.text(now(&one(None, reason)));
            assert_eq!(now.contains("seals it again by itself"), by_itself, "{reason}");
        }
        assert_ne!(now(&one(None, NACK_UNREADABLE)), now(&one(Some(OrgId([1; 32])), NACK_UNREADABLE)));
    }
}
