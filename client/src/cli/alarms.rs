//! What people are told of a relay that was caught at something: in words and for scripts.

use causeway_certs::checkpoint::Checkpoint;
use causeway_certs::evidence::{self, EvidenceError};
use serde_json::{Value, json};

use super::failure::Failure;
use super::home::Home;
use super::output::{text, time};
use crate::records;

/// Code of a directory that is shorter than it was.
const SHORTER: &str = "D-108";

/// How many pairs of heads contradict each other, whether the relay has gone back and is not there again, and what illegal
/// statement it has shown.
pub(crate) async fn of(home: &Home) -> Result<Value, Failure> {
    Ok(json!({
        "evidence": records::evidence(&home.engine.vault)?.len(),
        "went_back": went_back(home).await?,
        "illegal_statement": illegal(home).await?,
    }))
}

async fn went_back(home: &Home) -> Result<Value, Failure> {
    let head = |head: Checkpoint| json!({ "size": head.size, "time": time(head.time) });
    let last = home.engine.relay_went_back().await?;
    Ok(last.map_or(
        Value::Null,
        |it| json!({ "code": SHORTER, "before": head(it.before), "after": head(it.after) }),
    ))
}

async fn illegal(home: &Home) -> Result<Value, Failure> {
    let Some(kept) = records::illegal(&home.engine.vault)? else { return Ok(Value::Null) };
    let replica = home.engine.replica.lock().await;
    let keys = replica.relay_keys(&home.engine.identity).map_err(Failure::internal)?;
    let judged = evidence::judge_illegal(&replica.log_of(&kept), &keys);
    Ok(match judged {
        Ok(proven) => {
            json!({ "proven": true, "statement": proven.statement, "what": proven.error.to_string() })
        }
        // A newer version knows that it is allowed, or the head is over another history, which is kept as that.
        Err(EvidenceError::Legal | EvidenceError::Newer | EvidenceError::OtherStatements) => Value::Null,
        Err(error) => json!({ "proven": false, "what": error.to_string() }),
    })
}

/// The same in words, each on lines of its own; nothing of an honest relay.
pub(crate) fn words(v: &Value) -> String {
    [split_words(&v["evidence"]), illegal_words(&v["illegal_statement"]), went_back_words(&v["went_back"])]
        .concat()
}

fn split_words(count: &Value) -> String {
    if *count == 0 {
        return String::new();
    }
    format!(
        "\nALARM: the relay has signed directories that contradict each other ({count} times). It deceives this organisation or another one; what you receive is still sealed, but who is who is in doubt.\nWrite the evidence with `causeway directory evidence --out FILE`, call the registrar and your partners, not through the relay, and compare fingerprints again before you send anything."
    )
}

fn illegal_words(v: &Value) -> String {
    if v.is_null() {
        return String::new();
    }
    if v["proven"] != true {
        return format!(
            "\nALARM: the relay shows a directory with a statement in it that nobody may make, or that belongs to another history. This home has taken nothing of it, and cannot prove it to others ({}); your word and that of your partners counts. It also learns of no removal and no suspension meanwhile.\nSend nothing. Run `causeway sync` again, which asks for what is missing; if this stays, call the registrar and your partners, not through the relay.",
            text(v, "what")
        );
    }
    format!(
        "\nALARM: the relay has signed a directory with a statement in it that nobody may make. This home has taken nothing of it; it also learns of no removal and no suspension any more. Statement {}: {}. The file proves it to anybody.\nSend nothing. Write the evidence with `causeway directory evidence --out FILE` and call the registrar and your partners, not through the relay.",
        v["statement"],
        text(v, "what")
    )
}

fn went_back_words(v: &Value) -> String {
    if v.is_null() {
        return String::new();
    }
    let head = |field: &str| format!("{} entries at {}", v[field]["size"], text(&v[field], "time"));
    format!(
        "\nWarning: the relay went back: it signed a directory of {}, and after that one of {}. Either it was restored from a backup, or its clock was set back, or it hides entries, a removal or a suspension perhaps. Nothing that this home knows is lost. Run `causeway sync`: members give the relay back what it has lost. If this stays, write both heads with `causeway directory evidence --out FILE`, ask the operator whether the relay was restored, and the registrar, not through the relay, whether anybody was suspended or removed. [{}]",
        head("before"),
        head("after"),
        text(v, "code"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(evidence: u64, illegal: Value, went_back: Value) -> String {
        words(&json!({ "evidence": evidence, "illegal_statement": illegal, "went_back": went_back }))
    }

    #[test]
    fn each_thing_that_a_relay_was_caught_at_has_its_own_words_and_says_what_to_do() {
        assert_eq!(told(0, Value::Null, Value::Null), "");
        let head = |size: u64| json!({ "size": size, "time": "2026-09-21T12:00:00Z" });
        let back = json!({ "code": SHORTER, "before": head(9), "after": head(4) });
        let proven = json!({ "proven": true, "statement": 7, "what": "signed by a stranger" });
        let unproven = json!({ "proven": false, "what": "some are missing" });
        for (said, parts) in [
            (told(2, Value::Null, Value::Null), ["ALARM", "contradict each other (2 times)", "fingerprints"]),
            (
                told(0, proven, Value::Null),
                ["ALARM", "Statement 7: signed by a stranger", "proves it to anybody"],
            ),
            (
                told(0, unproven, Value::Null),
                ["ALARM", "cannot prove it to others (some are missing)", "your word"],
            ),
            (
                told(0, Value::Null, back),
                ["Warning", "9 entries at 2026-09-21T12:00:00Z, and after that one of 4", "backup"],
            ),
        ] {
            let is_kept = !said.contains("cannot prove");
            assert_eq!(said.contains("causeway directory evidence --out FILE"), is_kept, "{said}");
            for part in parts.into_iter().chain(["registrar"]) {
                assert!(said.contains(part), "{part}: {said}");
            }
        }
    }
}
