//! What is played: a call to the hotline becomes a border alert, which overtakes routine reports and is accepted; a shelter
//! that has offered a bed takes the person over, both sides sign; an embassy confirms who she is; evidence goes to a prosecutor.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Actor, Failure, Stage};

const MISSING: &str = include_str!("../../../docs/samples/missing-person.json");
const ALERT: &str = include_str!("../../../docs/samples/border-alert.json");
const HANDOFF: &str = include_str!("../../../docs/samples/victim-handoff.json");
const CALL: &str = include_str!("../../../docs/samples/hotline-record.json");
const CAPACITY: &str = include_str!("../../../docs/samples/capacity.json");
const PLACEMENT: &str = include_str!("../../../docs/samples/placement.json");
const OFFER: &str = include_str!("../../../docs/samples/placement-answer.json");
const EVIDENCE: &str = include_str!("../../../docs/samples/evidence.json");
const CHECK: &str = include_str!("../../../docs/samples/identity-check.json");
const ANSWER: &str = include_str!("../../../docs/samples/identity-answer.json");
const PHOTO: &[u8] = include_bytes!("../../../docs/samples/photo.jpg");

/// Routine reports that wait before the alert is written.
const ROUTINE: usize = 3;

/// The invented cases, as files.
struct Samples {
    folder: PathBuf,
}

impl Samples {
    fn write(folder: PathBuf) -> Result<Self, Failure> {
        std::fs::create_dir_all(&folder).map_err(Failure::internal)?;
        let texts = [
            ("missing", MISSING),
            ("alert", ALERT),
            ("handoff", HANDOFF),
            ("check", CHECK),
            ("answer", ANSWER),
            ("call", CALL),
            ("capacity", CAPACITY),
            ("placement", PLACEMENT),
            ("offer", OFFER),
            ("evidence", EVIDENCE),
        ];
        for (name, text) in texts {
            std::fs::write(folder.join(name), text).map_err(Failure::internal)?;
        }
        std::fs::write(folder.join("photo.jpg"), PHOTO).map_err(Failure::internal)?;
        Ok(Self { folder })
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

pub(crate) async fn tell(stage: &Stage) -> Result<Value, Failure> {
    let samples = Samples::write(stage.folder.join("samples"))?;
    let (hotline, police, embassy) = (&stage.hotline, &stage.police, &stage.embassy);
    stage.say(&format!(
        "\nSomebody calls the hotline. It writes the call down, sends {ROUTINE} missing-person reports with a photograph that were\nwaiting, an identity check, and last an alert for the border, which begins with the call. Police and embassy are on duty."
    ));
    let (police_duty, embassy_duty) = tokio::try_join!(police.on_duty(), embassy.on_duty())?;
    write_referrals(stage, &samples).await?;
    hotline.run(&["sync", "--wait", "4"]).await?;
    tokio::try_join!(police_duty.end(), embassy_duty.end())?;

    let (police_inbox, embassy_inbox) =
        tokio::try_join!(inbox_of(police, ROUTINE + 1), inbox_of(embassy, 1))?;
    for (whose, inbox) in [("police liaison", &police_inbox), ("embassy", &embassy_inbox)] {
        stage.say(&format!("\nThe {whose}'s inbox:"));
        inbox.iter().for_each(|item| stage.say(&line(item)));
    }
    tokio::try_join!(
        work_through(police, &police_inbox, &samples),
        identify(embassy, &embassy_inbox, &samples)
    )?;
    hotline.run(&["sync"]).await?;
    stage.say("\nShe is safe at the border. A shelter has published what is free, and is asked for a bed; it offers one.");
    placed(stage, &samples).await?;
    stage.say("She is handed over to the shelter: both sides sign the same record. The evidence goes to the prosecutor.");
    handed_over(stage, &samples).await?;
    let mut summary = summary(stage).await?;
    summary["alert_overtook_routine"] = alert_came_first(&police_inbox).into();
    summary["possible_matches"] = hotline.run_list(&["matches", "list"]).await?.len().into();
    Ok(summary)
}

async fn write_referrals(stage: &Stage, samples: &Samples) -> Result<(), Failure> {
    let (hotline, police, embassy) = (&stage.hotline, &stage.police, &stage.embassy);
    let photo = format!("PHO={}", samples.path("photo.jpg"));
    let missing = samples.path("missing");
    for _ in 0..ROUTINE {
        let report = ["send", "missing-person", "--to", &police.name, "--file", &missing, "--attach", &photo];
        hotline.run(&[&report[..], &["--priority", "P2"]].concat()).await?;
    }
    let check = samples.path("check");
    hotline.run(&["send", "identity-check", "--to", &embassy.name, "--file", &check]).await?;
    let call = hotline.run(&["call", "record", "--file", &samples.path("call")]).await?;
    let (call, alert) = (text(&call, "id"), samples.path("alert"));
    hotline.run(&["send", "border-alert", "--from", &call, "--to", &police.name, "--file", &alert]).await?;
    Ok(())
}

/// The shelter counts and says what is free, is asked, and offers a bed until a moment.
async fn placed(stage: &Stage, samples: &Samples) -> Result<(), Failure> {
    let (hotline, shelter) = (&stage.hotline, &stage.shelter);
    let capacity = samples.path("capacity");
    shelter.run(&["capacity", "set", "--file", &capacity]).await?;
    shelter.run(&["capacity", "publish", "--to", &hotline.name]).await?;
    shelter.run(&["sync"]).await?;
    hotline.run(&["sync"]).await?;
    let placement = samples.path("placement");
    hotline.run(&["send", "placement", "--to", &shelter.name, "--file", &placement]).await?;
    hotline.run(&["sync"]).await?;
    let asked = opened(shelter, &inbox_of(shelter, 1).await?).await?;
    for item in &asked {
        let id = text(item, "id");
        shelter.run(&["answer", &id, "--file", &samples.path("offer")]).await?;
    }
    shelter.run(&["sync"]).await?;
    hotline.run(&["sync"]).await.map(drop)
}

/// The person goes to the shelter, the evidence to the prosecutor; each time both sides sign the same record.
async fn handed_over(stage: &Stage, samples: &Samples) -> Result<(), Failure> {
    let (hotline, shelter, prosecutor) = (&stage.hotline, &stage.shelter, &stage.prosecutor);
    let (handoff, evidence) = (samples.path("handoff"), samples.path("evidence"));
    let asked = hotline.run_list(&["sent", "list", "--kind", "SPR"]).await?;
    let asked = asked.first().map(|item| text(item, "id")).unwrap_or_default();
    let goes = ["send", "victim-handoff", "--from", &asked, "--to", &shelter.name, "--file", &handoff];
    hotline.run(&goes).await?;
    hotline.run(&["send", "evidence", "--to", &prosecutor.name, "--file", &evidence]).await?;
    hotline.run(&["sync"]).await?;
    tokio::try_join!(taken_over(shelter, "VHO", 2), taken_over(prosecutor, "EVH", 1))?;
    hotline.run(&["sync"]).await?;
    for kind in ["VHO", "EVH"] {
        for item in hotline.run_list(&["sent", "list", "--kind", kind]).await? {
            hotline.run(&["handed-over", &text(&item, "id"), "--sign"]).await?;
        }
    }
    hotline.run(&["sync"]).await?;
    tokio::try_join!(completed(shelter, "VHO"), completed(prosecutor, "EVH"))?;
    completed(shelter, "SPR").await?;
    hotline.run(&["sync"]).await.map(drop)
}

/// Accepts what has come, begins to work on it, and is the first to sign.
async fn taken_over(actor: &Actor, kind: &str, expected: usize) -> Result<(), Failure> {
    let inbox = inbox_of(actor, expected).await?;
    for item in opened(actor, &inbox).await?.iter().filter(|item| item["kind"] == kind) {
        let id = text(item, "id");
        actor.run(&["accept", &id, "--eta", "today"]).await?;
        actor.run(&["start", &id]).await?;
        let record =
            ["place=Gate 4", "person_present=yes", "condition=well", "by.staff_no=12", "to.staff_no=7"];
        let record: Vec<String> = record.iter().map(|field| format!("handover.{field}")).collect();
        let mut signs = vec!["handed-over", &id, "--text", "With us."];
        signs.extend(record.iter().flat_map(|field| ["--set", field]));
        actor.run(&signs).await?;
    }
    actor.run(&["sync"]).await.map(drop)
}

async fn completed(actor: &Actor, kind: &str) -> Result<(), Failure> {
    actor.run(&["sync"]).await?;
    for item in actor.run_list(&["inbox", "list", "--kind", kind]).await? {
        actor.run(&["complete", &text(&item, "id"), "--text", "Arrived safely."]).await?;
    }
    actor.run(&["sync"]).await.map(drop)
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

/// Everything that this actor was sent.
async fn inbox_of(actor: &Actor, expected: usize) -> Result<Vec<Value>, Failure> {
    const ROUNDS: usize = 5;
    for _ in 0..ROUNDS {
        let inbox = actor.run_list(&["inbox", "list"]).await?;
        if inbox.len() >= expected {
            return Ok(inbox);
        }
        actor.run(&["sync"]).await?;
    }
    Err(Failure::internal(format!("{} did not get everything", actor.name)))
}

/// Whether the alert, which was written last, came in before the reports that had been written before it.
fn alert_came_first(inbox: &[Value]) -> bool {
    let time = |item: &Value| item["received"].as_str().and_then(|t| t.parse::<jiff::Timestamp>().ok());
    let first = |kind: &str| inbox.iter().filter(|i| i["kind"] == kind).filter_map(time).min();
    matches!((first("BIA"), first("MPR")), (Some(alert), Some(report)) if alert <= report)
}

/// Opens everything in an inbox; gives it whole.
async fn opened(actor: &Actor, inbox: &[Value]) -> Result<Vec<Value>, Failure> {
    let ids = inbox.iter().filter_map(|item| item["id"].as_str());
    actor.run_list(&["inbox", "show"].into_iter().chain(ids).collect::<Vec<_>>()).await
}

/// The police liaison reads everything, looks at one photograph, and goes to the border.
async fn work_through(police: &Actor, inbox: &[Value], samples: &Samples) -> Result<(), Failure> {
    let mut photo_saved = false;
    for item in opened(police, inbox).await? {
        let id = item["id"].as_str().unwrap_or_default();
        let file = item["attachments"].as_array().and_then(|a| a.first());
        if let Some(file) = file.filter(|_| !photo_saved) {
            let saved = samples.path("saved.jpg");
            let number = file["id"].as_str().unwrap_or_default();
            police.run(&["attachment", "save", id, number, "--out", &saved]).await?;
            if std::fs::read(&saved).map_err(Failure::internal)? != PHOTO {
                return Err(Failure::internal("the photograph is not the one that was sent"));
            }
            photo_saved = true;
        }
        if item["kind"] == "BIA" {
            police.run(&["accept", id, "--eta", "10 minutes", "--text", "On our way."]).await?;
            let outcome = "bia_result.outcome=intercepted_and_referred";
            police.run(&["complete", id, "--text", "She is with us.", "--set", outcome]).await?;
        }
    }
    if !photo_saved {
        return Err(Failure::internal("no report brought its photograph"));
    }
    police.run(&["sync"]).await.map(drop)
}

/// The embassy confirms who somebody is.
async fn identify(embassy: &Actor, inbox: &[Value], samples: &Samples) -> Result<(), Failure> {
    for item in opened(embassy, inbox).await? {
        let id = item["id"].as_str().unwrap_or_default();
        embassy.run(&["accept", id, "--eta", "today"]).await?;
        embassy.run(&["answer", id, "--file", &samples.path("answer")]).await?;
    }
    embassy.run(&["sync"]).await.map(drop)
}

async fn summary(stage: &Stage) -> Result<Value, Failure> {
    let mut arrived = Vec::new();
    for actor in [&stage.police, &stage.embassy, &stage.shelter, &stage.prosecutor] {
        for item in actor.run_list(&["inbox", "list"]).await? {
            arrived.push((item["referral"].as_str().unwrap_or_default().to_owned(), item["to"].to_string()));
        }
    }
    let once: BTreeSet<_> = arrived.iter().cloned().collect();
    let (mut referrals, mut delivered, mut lost) = (Vec::new(), 0u64, 0u64);
    let sent = stage.hotline.run_list(&["sent", "list"]).await?;
    let ids = sent.iter().filter_map(|item| item["id"].as_str());
    let show: Vec<_> = ["sent", "show"].into_iter().chain(ids).collect();
    for shown in stage.hotline.run_list(&show).await? {
        let name = (shown["referral"].as_str().unwrap_or_default().to_owned(), shown["to"].to_string());
        let receipted = ["delivered", "opened"].contains(&shown["transport"].as_str().unwrap_or_default());
        delivered += u64::from(receipted);
        lost += u64::from(!receipted || !once.contains(&name));
        referrals.push(json!({
            "kind": shown["kind"],
            "to": shown["to_name"],
            "priority": shown["priority"],
            "delivered_ms": delivered_ms(&shown),
            "transport": shown["transport"],
            "work": shown["work"],
            "timeline": shown["timeline"],
        }));
    }
    Ok(json!({
        "schema_version": 1,
        "totals": {
            "sent": referrals.len(),
            "delivered": delivered,
            "lost": lost,
            "duplicated": arrived.len() - once.len(),
        },
        "referrals": referrals,
    }))
}

/// From the moment the sender sealed it until it was durable in the recipient's inbox, in milliseconds: both clocks are
/// this machine's.
fn delivered_ms(shown: &Value) -> Value {
    let time = |field: &str| shown["proofs"][field].as_str().and_then(|t| t.parse::<jiff::Timestamp>().ok());
    match (time("sealed"), time("delivered")) {
        (Some(sealed), Some(delivered)) => {
            let millis = delivered.as_millisecond() - sealed.as_millisecond();
            json!(f64::from(i32::try_from(millis.max(0)).unwrap_or(i32::MAX)))
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
    let mut words: Words = BTreeMap::new();
    for sample in [MISSING, ALERT, HANDOFF, CHECK, CALL, PLACEMENT, EVIDENCE] {
        let value: Value = serde_json::from_str(sample).map_err(Failure::internal)?;
        collect_words(&value, &mut words);
    }
    let searched: usize = words.values().map(Vec::len).sum();
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
            found += count_found(&words, &content);
        }
    }
    Ok(json!({ "files": files, "bytes": bytes, "case_words_searched": searched, "case_words_found": found }))
}

/// Words to look for, by how they begin.
type Words = BTreeMap<[u8; SHORTEST], Vec<Vec<u8>>>;

/// Shorter texts may be somewhere by chance.
const SHORTEST: usize = 8;

/// In how many places of a file some word stands.
fn count_found(words: &Words, content: &[u8]) -> u64 {
    let stands_at = |at: usize| {
        let Some(begins) = content[at..].first_chunk::<SHORTEST>() else { return false };
        words.get(begins).into_iter().flatten().any(|word| content[at..].starts_with(word))
    };
    (0..content.len()).filter(|at| stands_at(*at)).count() as u64
}

/// Texts of a sample that are long enough.
fn collect_words(value: &Value, words: &mut Words) {
    match value {
        Value::String(text) => {
            if let Some(begins) = text.as_bytes().first_chunk::<SHORTEST>() {
                words.entry(*begins).or_default().push(text.as_bytes().to_vec());
            }
        }
        Value::Array(list) => list.iter().for_each(|v| collect_words(v, words)),
        Value::Object(map) => map.values().for_each(|v| collect_words(v, words)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_a_case_is_found_wherever_it_stands() {
        let mut words = Words::new();
        collect_words(&json!({ "name": "Elena Popescu", "age": 17, "short": "RU" }), &mut words);
        assert_eq!(words.values().flatten().count(), 1);
        assert_eq!(count_found(&words, b"Elena Popescu"), 1);
        assert_eq!(count_found(&words, b"\0\0Elena Popescu, Elena Popescu"), 2);
        assert_eq!(count_found(&words, b"Elena Pope"), 0);
        assert_eq!(count_found(&words, b""), 0);
    }
}
