//! What people are told of a relay that was caught at something: in words and for scripts.

use causeway_certs::checkpoint::Checkpoint;
use causeway_certs::evidence::{self, EvidenceError};
use serde_json::{Value, json};

use super::failure::Failure;
use super::home::Home;
use super::output::{counted, text, time};
use crate::lang::Lang;
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
pub(crate) fn words(v: &Value, lang: Lang) -> String {
    let parts = [
        split_words(v, lang),
        illegal_words(&v["illegal_statement"], lang),
        went_back_words(&v["went_back"], lang),
    ];
    parts.into_iter().flatten().map(|words| format!("\n{words}")).collect()
}

fn split_words(v: &Value, lang: Lang) -> Option<String> {
    let count = counted(v, "evidence");
    (count > 0).then(|| lang.count("alarm-split", count))
}

fn illegal_words(v: &Value, lang: Lang) -> Option<String> {
    if v.is_null() {
        return None;
    }
    if v["proven"] != true {
        return Some(lang.fill("alarm-illegal-unproven", &[("what", text(v, "what"))]));
    }
    let gaps = [("statement", &*v["statement"].to_string()), ("what", text(v, "what"))];
    Some(lang.fill("alarm-illegal", &gaps))
}

fn went_back_words(v: &Value, lang: Lang) -> Option<String> {
    if v.is_null() {
        return None;
    }
    let head = |field: &str| {
        let head = &v[field];
        lang.fill("alarm-head", &[("size", &head["size"].to_string()), ("at", text(head, "time"))])
    };
    let gaps = [("before", &*head("before")), ("after", &head("after"))];
    Some(format!("{} [{}]", lang.fill("alarm-went-back", &gaps), text(v, "code")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(evidence: u64, illegal: Value, went_back: Value) -> String {
        let v = json!({ "evidence": evidence, "illegal_statement": illegal, "went_back": went_back });
        let russian = words(&v, Lang::Ru);
        assert!(!russian.contains("relay") && !russian.contains("went back"), "{russian}");
        words(&v, Lang::En)
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
