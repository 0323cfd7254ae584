//! What `status`, `doctor` and `org` say of root keys and recoveries.

use causeway_certs::directory::Organisation;
use causeway_certs::fingerprint;
use serde_json::{Value, json};

use super::key_value;
use crate::cli::failure::Failure;
use crate::cli::home::Home;
use crate::cli::output::{text, time};
use crate::identity::Role;
use crate::lang::Lang;
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
pub(crate) fn words(entry: &Value, lang: Lang) -> String {
    let mut parts = Vec::new();
    if let Some(at) = entry["recovered"].as_str() {
        let is_compared = entry["checked"]["current"] == true;
        let id = if is_compared { "roots-recovered" } else { "roots-recovered-compare" };
        parts.push(lang.fill(id, &[("at", at)]));
    }
    if let Some(ready) = entry["recovery"]["ready"].as_str() {
        parts.push(lang.fill("roots-announced", &[("ready", ready)]));
    }
    parts.join("; ")
}

/// A recovery of this home's own organisation, for scripts; null for none.
pub(crate) async fn of_own(home: &Home) -> Value {
    let replica = home.engine.replica.lock().await;
    replica.directory.organisation(home.engine.identity.org).map_or(Value::Null, announced)
}

/// What people are told of it, on a line of its own.
pub(crate) fn alarm(own: &Value, lang: Lang) -> String {
    own["ready"].as_str().map_or_else(String::new, |ready| {
        format!("\n{} [{RECOVERING}]", lang.fill("roots-recovering", &[("ready", ready)]))
    })
}

/// What people are told of their own keys, on lines of its own; nothing if all is well.
pub(crate) fn warnings(keys: &Value, own: &Value, lang: Lang) -> String {
    let mut out = alarm(own, lang);
    let any = |is: &dyn Fn(&Value) -> bool| keys.as_array().into_iter().flatten().any(is);
    let mut warn = |is: bool, id: &str, code: &str| {
        if is {
            out.push_str(&format!("\n{} [{code}]", lang.text(id)));
        }
    };
    warn(any(&|key| key["place"] == "workstation"), "roots-here", ROOT_HERE);
    warn(any(&|key| key["place"] == "lost"), "roots-lost", ROOT_LOST);
    let is_exposed = |key: &Value| key["exposed"] == true && text(key, "part") != "prepared";
    warn(any(&is_exposed), "roots-exposed", ROOT_EXPOSED);
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
        let told = |keys: Value| warnings(&keys, &Value::Null, Lang::En);
        assert_eq!(told(key("paper", false)) + &told(key("elsewhere", false)) + &told(json!([])), "");
        assert!(told(key("workstation", false)).contains(ROOT_HERE));
        assert!(told(key("lost", false)).contains(ROOT_LOST));
        assert!(told(key("paper", true)).contains(ROOT_EXPOSED));
        let own = json!({ "ready": "2026-05-04T12:00:00Z" });
        assert!(warnings(&json!([]), &own, Lang::Ru).starts_with("\nТРЕВОГА"));
        let alarm = warnings(&json!([]), &own, Lang::En);
        assert!(alarm.contains("ALARM") && alarm.contains("2026-05-04") && alarm.contains(RECOVERING));
    }

    #[test]
    fn partners_hear_that_the_registrar_has_helped() {
        let none = json!({ "recovered": null, "recovery": null });
        assert_eq!(words(&none, Lang::En), "");
        let both =
            json!({ "recovered": "2026-05-04T12:00:00Z", "recovery": { "ready": "2026-06-01T00:00:00Z" } });
        let told = words(&both, Lang::En);
        assert!(
            told.contains("on 2026-05-04") && told.contains("; a recovery takes effect after 2026-06-01")
        );
        assert!(told.contains("compare"));
        let checked = json!({ "recovered": "2026-05-04T12:00:00Z", "checked": { "current": true } });
        let told = words(&checked, Lang::En);
        assert!(told.contains("on 2026-05-04") && !told.contains("compare"));
    }
}
