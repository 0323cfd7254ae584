//! `causeway inbox` and `causeway sent`.

use causeway_common::codec;
use causeway_common::limits::FRAME_BYTES_MAX;
use causeway_common::time::Timestamp;
use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::capacity::{self, Publications};
use super::colleagues::{lost_to_colleague, withheld_json, withheld_words};
use super::doubtful;
use super::erase;
use super::exhibits;
use super::failure::{Failure, exit};
use super::home::Home;
use super::office::notes;
use super::output::{harmless, harmless_under, print, text, time};
use super::shared;
use super::standing::Vetted;
use super::steps::{find_thread, move_words, stamp};
use super::unopened;
use crate::attachments;
use crate::casebook::unless_expired;
use crate::chain::{Incoming, restored_at};
use crate::doubts::Doubt;
use crate::engine::threads::{own_party, update_of, work_of};
use crate::formats::said;
use crate::lang::Lang;
use crate::model::{Received, Sent, StoredSection, Thread};
use crate::records;
use crate::referral::labels;
use crate::referral::update::Update;
use crate::seal::content::Grant;

mod listing;
mod sieve;

pub(crate) use self::listing::ListArgs;
pub(crate) use self::listing::{count, kept_apart, list, listed, listed_all};
use self::listing::{entry, transport_words};
pub(crate) use self::sieve::Sieve;

#[derive(Debug, Subcommand)]
pub(crate) enum InboxCommand {
    /// Referrals that others sent to this organisation.
    List(ListArgs),
    /// One referral, whole, or several. Tells the sender that it has been opened.
    Show {
        /// Number of the referral, or the beginning of it.
        #[arg(required = true, num_args = 1..=SHOWN_MAX)]
        id: Vec<String>,
    },
    /// Let a packet count that is in quarantine or questionable, after asking its sender by another way. Your decision goes
    /// into the activity log.
    Release {
        /// Number of the packet, or the beginning of it.
        id: String,
        /// How you have made sure.
        #[arg(long)]
        vetted: Vetted,
    },
    /// Put away the note of a packet that could not be opened, once you know what it was.
    Dismiss {
        /// Number of the note, or the beginning of it; `all` for every note.
        id: String,
    },
}

impl InboxCommand {
    /// Whether it takes a turn, see [`super::turn`].
    pub(super) fn decides(&self) -> bool {
        !matches!(self, Self::List(_) | Self::Show { .. })
    }
}

/// Referrals shown by one command: more than a person reads at once.
const SHOWN_MAX: usize = 64;

#[derive(Debug, Subcommand)]
pub(crate) enum SentCommand {
    /// Referrals that this organisation sent.
    List(ListArgs),
    /// One referral, whole, or several.
    Show {
        /// Number of the referral, or the beginning of it.
        #[arg(required = true, num_args = 1..=SHOWN_MAX)]
        id: Vec<String>,
    },
}

pub(crate) async fn inbox(command: InboxCommand, home: &Home) -> Result<(), Failure> {
    match command {
        InboxCommand::List(args) => {
            list(args, false, home).await?;
            unopened::list(home).await
        }
        InboxCommand::Dismiss { id } => unopened::dismiss(&id, home).await,
        InboxCommand::Show { id } => {
            // A wrong number among them: nothing has been opened yet.
            let meant: Vec<Meant> = id.iter().map(|id| Meant::by(id, home)).collect::<Result<_, _>>()?;
            for (meant, id) in meant.iter().zip(&id) {
                match meant {
                    Meant::Thread(thread) => {
                        home.engine.opened(thread.root).await?;
                        home.note("opened a referral").await?;
                        show(&find_thread(home, id)?, home).await?;
                    }
                    Meant::InDoubt(received, doubt) => doubtful::show(received, doubt, home).await?,
                }
            }
            Ok(())
        }
        InboxCommand::Release { id, vetted } => doubtful::release(&id, vetted, home).await,
    }
}

/// What a number stands for.
enum Meant {
    Thread(Box<Thread>),
    InDoubt(Box<Received>, Doubt),
}

impl Meant {
    fn by(id: &str, home: &Home) -> Result<Self, Failure> {
        match find_thread(home, id) {
            // What was erased is no packet in doubt.
            Err(failure) if failure.exit == exit::NOT_FOUND && failure.code != erase::GONE => {
                let (received, doubt) = doubtful::find(id, home)?;
                Ok(Self::InDoubt(Box::new(received), doubt))
            }
            found => Ok(Self::Thread(Box::new(found?))),
        }
    }
}

pub(crate) async fn sent(command: SentCommand, home: &Home) -> Result<(), Failure> {
    match command {
        SentCommand::List(args) => list(args, true, home).await,
        SentCommand::Show { id } => {
            for thread in id.iter().map(|id| find_thread(home, id)).collect::<Result<Vec<_>, _>>()? {
                show(&thread, home).await?;
            }
            Ok(())
        }
    }
}

/// Steps that this side may take now.
pub(crate) fn possible(thread: &Thread, home: &Home) -> Result<Vec<String>, Failure> {
    let work = work_of(thread, &home.engine.vault)?;
    Ok(work.moves(own_party(thread)).into_iter().map(|action| action.as_str().to_owned()).collect())
}

async fn show(thread: &Thread, home: &Home) -> Result<(), Failure> {
    let mut value = entry(thread, &Publications::among(std::slice::from_ref(thread), home)?, home).await?;
    let received = records::received(&home.engine.vault, thread.root)?;
    let sent = records::sent(&home.engine.vault, thread.root, thread.peer)?;
    let sections = received.as_ref().map(|r| &r.sections).or_else(|| sent.as_ref().map(|s| &s.sections));
    value["sections"] = sections_json(sections.map_or(&[], Vec::as_slice), home.engine.now());
    value["access"] = shared::of(thread, home).await?;
    value["given_by"] = received.as_ref().map(|r| r.given_by.as_str()).filter(|by| !by.is_empty()).into();
    value["withheld"] = withheld_json(received.as_ref().map_or(&[], |r| &r.withheld));
    value["attachments"] = attachments::list_here(&home.engine.staging, sections.map_or(&[], Vec::as_slice));
    let differing = exhibits::received(sections.map_or(&[], Vec::as_slice));
    value["exhibits_differ"] = exhibits::json(&differing, home.lang);
    value["answers"] = answers(thread, home)?;
    value["timeline"] = timeline(thread, home).await?;
    value["proofs"] = proofs(received.as_ref(), sent.as_ref(), home)?;
    let stated = crate::mrz::stated(&crate::casebook::document(sections.map_or(&[], Vec::as_slice)));
    value["mrz_checks"] = super::mrz::stated_json(&stated);
    value["doubts"] = doubtful::of_thread(thread, home)?;
    value["readable_by_revoked"] = doubtful::readable_by(thread.root, home)?;
    value["possible"] = possible(thread, home)?.into();
    value["notes"] = notes::values(thread, home)?.into();
    print(home.json, value, |v| {
        let stated = super::mrz::stated_words(&stated, home.lang);
        let fresh = capacity::freshness_words(&v["capacity"], home);
        let fresh = fresh.map_or_else(String::new, |words| format!("{words}\n"));
        let differ = exhibits::words(&differing, home.lang);
        format!("{fresh}{differ}{}{}{stated}", shared::words(&v["access"], home), people(v, home.lang))
    });
    Ok(())
}

pub(super) fn sections_json(sections: &[StoredSection], now: Timestamp) -> Value {
    let mut map = Map::new();
    for section in sections {
        let code = String::from_utf8_lossy(&section.code).into_owned();
        let content = serde_json::from_slice(&section.bytes).unwrap_or(Value::Null);
        map.insert(code, unless_expired(attachments::without_keys(content), now));
    }
    Value::Object(map)
}

/// What was answered to an identity check, by either side's record of the update that carried it.
fn answers(thread: &Thread, home: &Home) -> Result<Value, Failure> {
    let mut answers = Vec::new();
    for packet in thread.events.iter().map(|event| event.packet).filter(|packet| *packet != thread.root) {
        let theirs = records::received(&home.engine.vault, packet)?.map(|r| r.sections);
        let ours = records::sent(&home.engine.vault, packet, thread.peer)?.map(|s| s.sections);
        let sections = theirs.or(ours).unwrap_or_default();
        let update = sections.first().and_then(|header| Update::read(&header.bytes));
        answers.extend(update.map(|u| u.answer).filter(|answer| !answer.is_empty()).map(Value::Object));
    }
    Ok(Value::Array(answers))
}

async fn timeline(thread: &Thread, home: &Home) -> Result<Value, Failure> {
    let mut steps = Vec::new();
    let mut record = None;
    for (place, event) in thread.events.iter().enumerate() {
        let update = update_of(thread, event.packet, &home.engine.vault)?;
        let mut step = json!({
            "by_device": event.author,
            "taken_back": event.taken_back,
            "explanation": lost_to_colleague(&thread.events[..place], event, thread.peer, home.lang),
            "at": time(event.at),
            "by": event.by.to_string(),
            "by_name": home.name_of(event.by).await,
            "what": event.what,
            "state": event.state,
            "text": event.text,
            "said": update.as_ref().map(said::codes),
            "conflict": event.conflict,
        });
        if let Some(update) = update {
            if !home.json {
                step["text"] = update.text.as_str().into();
                let rows = said::rows(&update, record.as_ref(), home.lang);
                step["rows"] = rows.into_iter().map(|(label, words)| format!("{label}: {words}")).collect();
            }
            record = said::record(&update).cloned().or(record);
        }
        steps.push(step);
    }
    Ok(Value::Array(steps))
}

fn proofs(received: Option<&Received>, sent: Option<&Sent>, home: &Home) -> Result<Value, Failure> {
    let chain = match received {
        Some(received) => Some(records::chain_from(&home.engine.vault, received.from_device)?),
        None => None,
    };
    let number =
        received.and_then(|r| codec::decode::<Grant>(&r.grant.body, FRAME_BYTES_MAX).ok()).map(|g| g.seq);
    Ok(json!({
        "sender_signature": received.map(|r| r.grant_digest.to_string()),
        "missing_before": chain.as_ref().zip(number).map(|(chain, number)| chain.missing_before(number)),
        "sender_restored": number.and_then(restored_at).map(time),
        "contradictions": chain.as_ref().map(Incoming::contradictions),
        "relay_receipt": sent.map(|s| !s.relay_receipt.is_empty()),
        "device_receipts": sent.map(|s| s.receipts.len()),
        "sealed": sent.map(|s| time(s.times[4])),
        "relayed": sent.map(|s| time(s.times[1])),
        "delivered": sent.map(|s| time(s.times[2])),
        "opened": sent.map(|s| time(s.times[3])),
    }))
}

/// A referral as a person reads it.
pub(super) fn people(v: &Value, lang: Lang) -> String {
    let mut out = doubtful::warnings(v, lang);
    if let Some(words) = v["held"]["words"].as_str() {
        out.push_str(&format!("{}\n", lang.fill("shown-held", &[("words", words)])));
    }
    if let Some(words) = v["waits"].as_str() {
        out.push_str(&format!("{}\n", lang.fill("shown-waits", &[("words", words)])));
    }
    out.push_str(&head_words(v, lang));
    if let Some(colleague) = v["given_by"].as_str() {
        let words = lang.fill("shown-given-by", &[("colleague", &harmless(colleague))]);
        out.push_str(&format!("{words}\n"));
    }
    for (code, content) in v["sections"].as_object().into_iter().flatten() {
        let content = serde_json::to_string_pretty(content).unwrap_or_default();
        out.push_str(&format!("\n[{}]\n{}\n", harmless(code), harmless(&content)));
    }
    out.push_str(&withheld_words(v, lang));
    for answer in v["answers"].as_array().into_iter().flatten() {
        let content = serde_json::to_string_pretty(answer).unwrap_or_default();
        out.push_str(&format!("\n[{}]\n{}\n", lang.text("shown-answer"), harmless(&content)));
    }
    for file in v["attachments"].as_array().into_iter().flatten() {
        let (name, size) = (harmless(text(file, "name")), file["size"].to_string());
        let gaps = [("id", text(file, "id")), ("name", name.as_str()), ("size", size.as_str())];
        out.push_str(&format!("\n{}", lang.fill("shown-attachment", &gaps)));
    }
    out.push_str(&sender_words(&v["proofs"], lang));
    out.push_str(&timeline_words(v, lang));
    out.push_str(&notes::words(&v["notes"], lang));
    let possible: Vec<String> = v["possible"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(|step| move_words(step, lang))
        .collect();
    if !possible.is_empty() {
        out.push_str(&lang.fill("timeline-possible", &[("steps", &possible.join(", "))]));
    }
    out
}

/// What is wrong with what comes from the sender's machine.
fn sender_words(proofs: &Value, lang: Lang) -> String {
    let some = |field: &str| proofs[field].as_u64().is_some_and(|count| count > 0);
    let mut found = Vec::new();
    if some("missing_before") {
        found.push(lang.text("shown-missing-before"));
    }
    if let Some(at) = proofs["sender_restored"].as_str() {
        found.push(lang.fill("shown-sender-restored", &[("at", at)]));
    }
    if some("contradictions") {
        found.push(lang.text("shown-contradictions"));
    }
    found.iter().map(|words| format!("\n{words}\n")).collect()
}

/// Who has sent what to whom, by which numbers it is found, and how far it is.
fn head_words(v: &Value, lang: Lang) -> String {
    let (from, to) = (harmless(text(v, "from_name")), harmless(text(v, "to_name")));
    let head = [("priority", text(v, "priority")), ("kind", text(v, "kind")), ("from", &from), ("to", &to)];
    let mut lines = vec![format!("{}{}", stamp(v, lang), lang.fill("shown-head", &head))];
    lines.push(lang.fill("shown-number", &[("number", text(v, "id"))]));
    if text(v, "referral") != text(v, "id") {
        lines.push(lang.fill("shown-packet", &[("number", text(v, "referral"))]));
    }
    if let Some(reference) = v["case_ref"].as_str() {
        lines.push(lang.fill("shown-case-ref", &[("ref", &harmless(reference))]));
    }
    let work = labels::code_of(lang, "state", text(v, "work"));
    lines.push(lang.fill("shown-state", &[("transport", &transport_words(v, lang)), ("work", &work)]));
    if let Some(to) = v["assigned"].as_str() {
        lines.push(lang.fill("list-assigned", &[("number", &harmless(to))]));
    }
    lines.join("\n") + "\n"
}

/// Before the further lines of what somebody said in a step: no line of the program begins like that.
const SAID_UNDER: &str = "        | ";

/// What happened, each step with everything that it says.
fn timeline_words(v: &Value, lang: Lang) -> String {
    let mut out = format!("\n{}\n", lang.text("timeline-head"));
    for step in v["timeline"].as_array().into_iter().flatten() {
        let device = step["by_device"].as_str().filter(|name| !name.is_empty());
        let line = format!(
            "  {}  {}{}  {}  {}",
            text(step, "at"),
            text(step, "by_name"),
            device.map(|name| format!(" ({name})")).unwrap_or_default(),
            said::did(text(step, "what"), lang),
            text(step, "text")
        );
        out.push_str(harmless_under(line.trim_end_matches(" -"), SAID_UNDER).trim_end());
        if let Some(words) = step["explanation"].as_str() {
            out.push_str(&format!("  ({})", harmless(words)));
        } else if step["conflict"] == true {
            out.push_str(&format!("  ({})", lang.text("timeline-no-effect")));
        }
        for row in step["rows"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            out.push_str(&format!("\n      {}", harmless_under(row, SAID_UNDER)));
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_step_says_and_the_number_that_both_sides_see_are_shown() {
        let shown = json!({
            "id": "aa11", "referral": "bb22", "case_ref": "MD-2026-bb22", "work": "accepted", "transport": "opened",
            "timeline": [{ "what": "located", "text": "", "by_name": "Border Police", "rows": ["Alive: no"] }],
            "possible": ["close"],
        });
        let words = people(&shown, Lang::En);
        assert!(words.contains("PERSON FOUND") && words.contains("\n      Alive: no\n"), "{words}");
        for number in ["aa11", "bb22", "MD-2026-bb22"] {
            assert!(words.contains(number), "{number}: {words}");
        }
        let russian = people(&shown, Lang::Ru);
        assert!(russian.contains("ЧЕЛОВЕК НАЙДЕН") && russian.contains("прочитано / Принято"), "{russian}");
        assert!(!russian.contains("timeline") && !russian.contains("possible now"), "{russian}");
    }
}
