//! What is played: a border alert that overtakes routine reports, an identity check that is answered, a handoff that
//! is accepted and completed.

use std::path::Path;

use serde_json::{Value, json};

use super::{Actor, Failure, Stage};

const MISSING: &str = include_str!("../../../docs/samples/missing-person.json");
const ALERT: &str = include_str!("../../../docs/samples/border-alert.json");
const HANDOFF: &str = include_str!("../../../docs/samples/victim-handoff.json");
const CHECK: &str = include_str!("../../../docs/samples/identity-check.json");
const PHOTO: &[u8] = include_bytes!("../../../docs/samples/photo.jpg");

/// Routine reports that wait before the alert is sent.
const ROUTINE: usize = 3;

pub(crate) async fn tell(stage: &Stage) -> Result<Value, Failure> {
    let samples = stage.folder.join("samples");
    std::fs::create_dir_all(&samples).map_err(Failure::internal)?;
    let write = |name: &str, bytes: &[u8]| -> Result<String, Failure> {
        let path = samples.join(name);
        std::fs::write(&path, bytes).map_err(Failure::internal)?;
        Ok(path.display().to_string())
    };
    let (missing, alert) = (write("missing.json", MISSING.as_bytes())?, write("alert.json", ALERT.as_bytes())?);
    let (handoff, check) = (write("handoff.json", HANDOFF.as_bytes())?, write("check.json", CHECK.as_bytes())?);
    let photo = format!("PHO={}", write("photo.jpg", PHOTO)?);
    let (hotline, police, embassy) = (&stage.hotline, &stage.police, &stage.embassy);

    stage.say("\nThe hotline writes missing-person reports with a photograph, then an alert for the border.");
    for _ in 0..ROUTINE {
        let to = ["send", "missing-person", "--to", &police.name, "--file", &missing, "--attach", &photo];
        hotline.run(&to).await?;
    }
    hotline.run(&["send", "border-alert", "--to", &police.name, "--file", &alert]).await?;
    hotline.run(&["send", "identity-check", "--to", &embassy.name, "--file", &check]).await?;
    hotline.run(&["send", "victim-handoff", "--to", &police.name, "--file", &handoff]).await?;
    hotline.run(&["sync"]).await?;

    stage.say("The police liaison's inbox:");
    police.run(&["sync"]).await?;
    let inbox = police.run_list(&["inbox", "list"]).await?;
    inbox.iter().for_each(|item| stage.say(&line(item)));
    let first_is_alert = inbox.first().is_some_and(|item| item["kind"] == "BIA");
    work_through(police, &inbox, &samples).await?;

    stage.say("The embassy's inbox:");
    embassy.run(&["sync"]).await?;
    for item in embassy.run_list(&["inbox", "list"]).await? {
        stage.say(&line(&item));
        let id = item["id"].as_str().unwrap_or_default();
        embassy.run(&["inbox", "show", id]).await?;
        embassy.run(&["accept", id, "--eta", "today"]).await?;
        embassy.run(&["answer", id, "--set", "result=confirmed", "--set", "basis=[\"register_match\"]"]).await?;
    }
    embassy.run(&["sync"]).await?;
    police.run(&["sync"]).await?;
    hotline.run(&["sync"]).await?;
    summary(stage, first_is_alert).await
}

async fn work_through(police: &Actor, inbox: &[Value], samples: &Path) -> Result<(), Failure> {
    for item in inbox {
        let id = item["id"].as_str().unwrap_or_default();
        let shown = police.run(&["inbox", "show", id]).await?;
        police.run(&["accept", id, "--eta", "10 minutes", "--text", "On our way."]).await?;
        if let Some(file) = shown["attachments"].as_array().and_then(|a| a.first()) {
            let saved = samples.join("saved.jpg").display().to_string();
            let number = file["id"].as_str().unwrap_or_default();
            police.run(&["attachment", "save", id, number, "--out", &saved]).await?;
            if std::fs::read(&saved).map_err(Failure::internal)? != PHOTO {
                return Err(Failure::internal("the photograph is not the one that was sent"));
            }
        }
        if item["kind"] == "VHO" {
            police.run(&["start", id]).await?;
            police.run(&["handed-over", id, "--text", "She is with us."]).await?;
            police.run(&["complete", id, "--text", "Arrived safely."]).await?;
        }
    }
    police.run(&["sync"]).await.map(drop)
}

async fn summary(stage: &Stage, first_is_alert: bool) -> Result<Value, Failure> {
    let mut referrals = Vec::new();
    let (mut sent, mut delivered, mut lost) = (0u64, 0u64, 0u64);
    for item in stage.hotline.run_list(&["sent", "list"]).await? {
        let shown = stage.hotline.run(&["sent", "show", item["id"].as_str().unwrap_or_default()]).await?;
        let transport = shown["transport"].as_str().unwrap_or_default();
        sent += 1;
        if ["delivered", "opened"].contains(&transport) {
            delivered += 1;
        } else {
            lost += 1;
        }
        referrals.push(json!({
            "kind": shown["kind"],
            "to": shown["to_name"],
            "priority": shown["priority"],
            "delivered_ms": delivered_ms(&shown),
            "transport": transport,
            "work": shown["work"],
            "timeline": shown["timeline"],
        }));
    }
    let mut held = 0u64;
    for actor in [&stage.police, &stage.embassy] {
        held += actor.run_list(&["inbox", "list"]).await?.len() as u64;
    }
    Ok(json!({
        "schema_version": 1,
        "referrals": referrals,
        "alert_first": first_is_alert,
        "totals": { "sent": sent, "delivered": delivered, "lost": lost, "duplicated": held.saturating_sub(sent) },
    }))
}

/// From the relay's acceptance to the recipient's durable inbox, in milliseconds.
fn delivered_ms(shown: &Value) -> Value {
    let time = |field: &str| shown["proofs"][field].as_str().and_then(|t| t.parse::<jiff::Timestamp>().ok());
    match (time("relayed"), time("delivered")) {
        (Some(relayed), Some(delivered)) => {
            json!((delivered.as_millisecond() - relayed.as_millisecond()).max(0))
        }
        _ => Value::Null,
    }
}

fn line(item: &Value) -> String {
    let field = |name: &str| item[name].as_str().unwrap_or("?").to_owned();
    format!("  {} {} from {}", field("priority"), field("kind"), field("from_name"))
}

/// Looks through everything the relay has on its disk for words of the cases.
pub(crate) fn relay_view(folder: &Path) -> Result<Value, Failure> {
    let mut words: Vec<Vec<u8>> = Vec::new();
    for sample in [MISSING, ALERT, HANDOFF, CHECK] {
        let value: Value = serde_json::from_str(sample).map_err(Failure::internal)?;
        collect_words(&value, &mut words);
    }
    let (mut files, mut bytes, mut found) = (0u64, 0u64, 0u64);
    let mut folders = vec![folder.join("relay")];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).map_err(Failure::internal)? {
            let path = entry.map_err(Failure::internal)?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let content = std::fs::read(&path).map_err(Failure::internal)?;
            files += 1;
            bytes += content.len() as u64;
            found += words.iter().filter(|w| content.windows(w.len()).any(|c| c == w.as_slice())).count() as u64;
        }
    }
    Ok(json!({ "files": files, "bytes": bytes, "case_words_searched": words.len(), "case_words_found": found,
        "sees": ["recipient organisation", "priority", "expiry in hours", "padded size", "time"] }))
}

/// Texts of a sample that are long enough not to be there by chance.
fn collect_words(value: &Value, words: &mut Vec<Vec<u8>>) {
    const SHORTEST: usize = 8;
    match value {
        Value::String(text) if text.len() >= SHORTEST => words.push(text.as_bytes().to_vec()),
        Value::Array(list) => list.iter().for_each(|v| collect_words(v, words)),
        Value::Object(map) => map.values().for_each(|v| collect_words(v, words)),
        _ => {}
    }
}
