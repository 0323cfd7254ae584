//! Packets that could not be opened, as `causeway inbox` shows them: apart from the referrals, with what they mean and what
//! happens now.

use causeway_common::statements::{
    NACK_ERASED_PREKEY, NACK_NEWER_FORMAT, NACK_UNKNOWN_PREKEY, NACK_UNREADABLE,
};
use serde_json::{Value, json};

use super::failure::Failure;
use super::home::Home;
use super::output::{emit, harmless, print, print_list, text, time};
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
        emit(&heading(all.len(), forgotten));
    }
    print_list(home.json, values, "", people);
    Ok(())
}

fn heading(count: usize, forgotten: u64) -> String {
    let mut out = match count {
        1 => "\n1 packet could not be opened. It may be a referral, an answer or only a receipt:".to_owned(),
        many => format!(
            "\n{many} packets could not be opened. Each may be a referral, an answer or only a receipt:"
        ),
    };
    if forgotten > 0 {
        out.push_str(&format!("\n({forgotten} older ones are not listed any more.)"));
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
        "meaning": meaning(one.reason),
        "now": now(one),
    })
}

/// What it means.
fn meaning(reason: u8) -> &'static str {
    match reason {
        NACK_UNKNOWN_PREKEY => {
            "It was sealed to a key that this device does not have, or not any more. That is usual after this home was restored from a backup."
        }
        NACK_ERASED_PREKEY => {
            "It was sealed to a key that another packet had used up. That is usual after the relay was restored from a backup."
        }
        NACK_NEWER_FORMAT => {
            "It was sealed by another version of Causeway than this one. Update this program."
        }
        NACK_UNREADABLE => "It was changed on the way, or the program that sealed it is faulty.",
        _ => "It did not open.",
    }
}

/// What happens now, and what to do.
fn now(one: &Unopened) -> &'static str {
    match (one.reseal_asked, one.sender()) {
        (true, _) => {
            "Its sender is told, and its program seals it again by itself, up to three times. What it sends then does not say which packet it replaces, so this note stays: dismiss it when everything you expect is here. If you miss something, ask by phone."
        }
        (false, Some(_)) => {
            "The sender is told that it did not reach you; its program does not try again by itself. Ask the sender by phone to send it again."
        }
        (false, None) => {
            "Nothing proves who sent it. Its sender is told that it did not reach you, and its program does not try again by itself. If you expect something, ask by phone."
        }
    }
}

fn people(v: &Value) -> String {
    let from = v["from_name"].as_str().map_or_else(|| "an unknown sender".to_owned(), harmless);
    format!(
        "{}  {}  from {from}  at the relay {}  {} bytes\n    {}\n    {}\n    causeway inbox dismiss {}",
        &text(v, "id")[..12],
        text(v, "priority"),
        text(v, "relayed"),
        v["bytes"],
        text(v, "meaning"),
        text(v, "now"),
        &text(v, "id")[..12],
    )
}

/// Puts a note away, or all of them.
pub(crate) async fn dismiss(id: &str, home: &Home) -> Result<(), Failure> {
    let all = unopened::all(&home.engine.vault)?;
    let everything = id == "all";
    if !everything && id.len() < NUMBER_CHARS_MIN {
        return Err(Failure::invalid(
            format!("A number has at least {NUMBER_CHARS_MIN} characters."),
            "Copy it from `causeway inbox list`.",
        ));
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
            return Err(Failure::invalid(
                format!("More than one note begins with {id:?}."),
                "Use more characters.",
            ));
        }
        _ => home.engine.dismiss_unopened(&meant).await?,
    }
    let left = unopened::count(&home.engine.vault);
    print(home.json, json!({ "dismissed": meant.len(), "left": left }), |_| {
        format!("{} note(s) put away, {left} left.", meant.len())
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
        let words: std::collections::BTreeSet<_> = reasons.iter().map(|reason| meaning(*reason)).collect();
        assert_eq!(words.len(), reasons.len());
        for reason in reasons {
            let by_itself = reason == NACK_UNKNOWN_PREKEY || reason == NACK_ERASED_PREKEY;
            assert_eq!(now(&one(None, reason)).contains("seals it again by itself"), by_itself, "{reason}");
        }
        assert_ne!(now(&one(None, NACK_UNREADABLE)), now(&one(Some(OrgId([1; 32])), NACK_UNREADABLE)));
    }
}
