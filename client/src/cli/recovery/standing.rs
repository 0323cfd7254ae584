//! What `status`, `doctor` and `org` say of root keys and recoveries.

use causeway_certs::directory::Organisation;
use causeway_certs::fingerprint;
use serde_json::{Value, json};

use super::key_value;
use crate::cli::failure::Failure;
use crate::cli::home::Home;
use crate::cli::output::{text, time};
use crate::identity::Role;
use crate::recovery;

/// Code of the warning that root keys are still on this workstation.
const ROOT_HERE: &str = "T-101";
/// Code of the warning that a root key is lost.
const ROOT_LOST: &str = "T-102";
/// Code of the alarm that somebody recovers this organisation.
const RECOVERING: &str = "T-121";
/// Code of the warning that a root key was once where nothing is forgotten.
const ROOT_EXPOSED: &str = "T-111";

/// The root keys for scripts; an empty list for a registrar.
pub(crate) async fn keys(home: &Home) -> Result<Value, Failure> {
    if home.engine.identity.role == Role::Registrar {
        return Ok(json!([]));
    }
    Ok(recovery::roots(&home.engine).await?.iter().map(key_value).collect())
}

/// A recovery that has been announced, for scripts; null for none.
pub(crate) fn announced(org: &Organisation) -> Value {
    org.recovery.as_ref().map_or(Value::Null, |recovery| {
        json!({
            "ready": time(recovery.ready),
            "fingerprint": fingerprint::digits(fingerprint::fingerprint(org.id, recovery.root)),
        })
    })
}

/// What partners are told: that an organisation's root has changed with the registrar's help, or is about to.
pub(crate) fn words(entry: &Value) -> String {
    let mut out = String::new();
    if let Some(at) = entry["recovered"].as_str() {
        let and = if entry["checked"]["current"] == true { "" } else { ": compare its fingerprint" };
        out.push_str(&format!("recovered with the registrar's help on {at}{and}"));
    }
    if let Some(ready) = entry["recovery"]["ready"].as_str() {
        let and = if out.is_empty() { "" } else { "; " };
        out.push_str(&format!(
            "{and}a recovery takes effect after {ready}: call it and ask whether it knows"
        ));
    }
    out
}

/// A recovery of this home's own organisation, for scripts; null for none.
pub(crate) async fn of_own(home: &Home) -> Value {
    let replica = home.engine.replica.lock().await;
    replica.directory.organisation(home.engine.identity.org).map_or(Value::Null, announced)
}

/// What people are told of it, on a line of its own.
pub(crate) fn alarm(own: &Value) -> String {
    own["ready"].as_str().map_or_else(String::new, |ready| {
        format!(
            "\nALARM: the registrar has announced that your organisation gets another root key, which takes effect after {ready}. If you have not asked for that, somebody takes your organisation over: call the registrar at once, and run `causeway recovery contradict` with your root's sheet. [{RECOVERING}]"
        )
    })
}

/// What people are told of their own keys, on lines of its own; nothing if all is well.
pub(crate) fn warnings(keys: &Value, own: &Value) -> String {
    let mut out = alarm(own);
    let any =
        |field: &str, wanted: &str| keys.as_array().into_iter().flatten().any(|key| key[field] == wanted);
    if any("place", "workstation") {
        out.push_str(&format!(
            "\nWarning: root keys of your organisation are on this workstation only. Who steals it can take your organisation over, and if it is lost, nobody can bring it back. Run `causeway recovery sheet` and put them on paper. [{ROOT_HERE}]"
        ));
    }
    if any("place", "lost") {
        out.push_str(&format!(
            "\nWarning: a root key of your organisation is lost: it was never put on paper, and this home was restored without it. See `causeway recovery keys`, and talk to the registrar. [{ROOT_LOST}]"
        ));
    }
    if keys
        .as_array()
        .into_iter()
        .flatten()
        .any(|key| key["exposed"] == true && text(key, "part") != "prepared")
    {
        out.push_str(&format!(
            "\nWarning: an earlier version kept a root key in this home's database, which does not forget. Rotate until none of `causeway recovery keys` is marked: `causeway recovery sheet --new`, `confirm`, `rotate`. [{ROOT_EXPOSED}]"
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(place: &str, exposed: bool) -> Value {
        json!([{ "part": "root", "place": place, "exposed": exposed }])
    }

    #[test]
    fn people_hear_of_keys_that_are_not_where_they_belong_and_of_nothing_else() {
        let told = |keys: Value| warnings(&keys, &Value::Null);
        assert_eq!(told(key("paper", false)) + &told(key("elsewhere", false)) + &told(json!([])), "");
        assert!(told(key("workstation", false)).contains(ROOT_HERE));
        assert!(told(key("lost", false)).contains(ROOT_LOST));
        assert!(told(key("paper", true)).contains(ROOT_EXPOSED));
        let alarm = warnings(&json!([]), &json!({ "ready": "2026-05-04T12:00:00Z" }));
        assert!(alarm.contains("ALARM") && alarm.contains("2026-05-04") && alarm.contains(RECOVERING));
    }

    #[test]
    fn partners_hear_that_the_registrar_has_helped() {
        let none = json!({ "recovered": null, "recovery": null });
        assert_eq!(words(&none), "");
        let both =
            json!({ "recovered": "2026-05-04T12:00:00Z", "recovery": { "ready": "2026-06-01T00:00:00Z" } });
        let told = words(&both);
        assert!(
            told.contains("on 2026-05-04") && told.contains("; a recovery takes effect after 2026-06-01")
        );
        assert!(told.contains("compare"));
        let checked = json!({ "recovered": "2026-05-04T12:00:00Z", "checked": { "current": true } });
        assert!(words(&checked).contains("on 2026-05-04") && !words(&checked).contains("compare"));
    }
}
