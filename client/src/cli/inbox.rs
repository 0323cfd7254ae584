//! `causeway inbox` and `causeway sent`.

use causeway_common::codec;
use causeway_common::ids::OrgId;
use causeway_common::limits::FRAME_BYTES_MAX;
use causeway_common::time::Timestamp;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::capacity::{self, Publications};
use super::colleagues::{lost_to_colleague, withheld_json, withheld_words};
use super::doubtful;
use super::erase;
use super::exhibits;
use super::failure::{Failure, exit};
use super::head;
use super::home::Home;
use super::org;
use super::output::{harmless, harmless_under, print, print_list, text, time};
use super::shared;
use super::standing::{self, Vetted};
use super::steps::{case_ref, find_thread, is_exercise, move_words, stamp};
use super::tasks;
use super::unopened;
use crate::attachments;
use crate::casebook::unless_expired;
use crate::catalogue::Line;
use crate::chain::{Incoming, restored_at};
use crate::doubts::{self, Doubt};
use crate::engine::threads::{own_party, update_of, work_of};
use crate::escalation;
use crate::formats::said;
use crate::lang::Lang;
use crate::model::{Received, Sent, StoredSection, Thread};
use crate::records;
use crate::referral::update::Update;
use crate::referral::{Kind, labels};
use crate::retention::placeholder;
use crate::seal::content::Grant;

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

#[derive(Debug, Default, Args)]
pub(crate) struct ListArgs {
    /// Only what nobody here has opened.
    #[arg(long)]
    pub(super) unread: bool,
    /// Only what waits for an answer.
    #[arg(long)]
    pub(super) needs_answer: bool,
    /// Only what should have been answered by now.
    #[arg(long)]
    pub(super) overdue: bool,
    /// Only this kind, for example border-alert or BIA.
    #[arg(long)]
    pub(super) kind: Option<String>,
    /// Only from (or to) this organisation.
    #[arg(long)]
    pub(super) from: Option<String>,
    /// Only so many.
    #[arg(long)]
    limit: Option<usize>,
    /// Leave out so many at the beginning.
    #[arg(long, default_value_t = 0)]
    skip: usize,
}

impl ListArgs {
    /// Those of a view of the pages.
    pub(crate) fn of_view(view: &str) -> Self {
        Self {
            unread: view == "unread",
            needs_answer: view == "needs-answer",
            overdue: view == "overdue",
            ..Self::default()
        }
    }

    /// Those of a list that are wanted, if so many stand before it.
    fn window<T>(&self, before: usize, list: Vec<T>) -> impl Iterator<Item = T> {
        let end = self.limit.map_or(usize::MAX, |limit| self.skip.saturating_add(limit));
        list.into_iter()
            .skip(self.skip.saturating_sub(before))
            .take(end.saturating_sub(before.max(self.skip)))
    }
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

async fn list(args: ListArgs, ours: bool, home: &Home) -> Result<(), Failure> {
    let from = match &args.from {
        Some(meant) => Some(org::find(home, meant).await?),
        None => None,
    };
    let wanted = wanted(&args, ours, from, home)?;
    let mut before = wanted.len();
    let shown: Vec<[u8; 32]> = args.window(0, wanted).collect();
    let mut values = listed_all(&shown, home).await?;
    if !ours {
        let apart = doubtful::kept_apart(&args, home).await?;
        let count = apart.len();
        values.extend(args.window(before, apart));
        before += count;
    }
    values.extend(args.window(before, left_of_erased(&args, ours, from, home).await?));
    let empty = home.lang.text(if ours { "list-sent-none" } else { "list-inbox-none" });
    print_list(home.json, values, &empty, |v| {
        if let Some(line) = v["line"].as_str() {
            return line.to_owned();
        }
        let other = if ours { text(v, "to_name") } else { text(v, "from_name") };
        // Both sides know the packet's number: on the telephone it is the one to say.
        let (id, packet) = (number12(text(v, "id")), number12(text(v, "referral")));
        let packet = if ours {
            format!(" ({})", home.lang.fill("list-packet", &[("number", packet)]))
        } else {
            String::new()
        };
        let reference = v["case_ref"].as_str().map_or_else(String::new, |r| format!("  {}", harmless(r)));
        format!(
            "{}{id}{packet}{reference}  {}  {}  {}  {} / {}  {}{}{}{}",
            stamp(v, home.lang),
            text(v, "priority"),
            text(v, "kind"),
            harmless(other),
            transport_words(v, home.lang),
            labels::code_of(home.lang, "state", text(v, "work")),
            text(v, "received"),
            tasks::words(v, home),
            capacity::freshness_words(&v["capacity"], home)
                .map_or_else(String::new, |words| format!("  {words}")),
            remarks(v, home.lang),
        )
    });
    Ok(())
}

/// As much of a number as a person reads out.
fn number12(number: &str) -> &str {
    number.get(..12).unwrap_or(number)
}

fn transport_words(v: &Value, lang: Lang) -> String {
    let word = text(v, "transport");
    lang.find(&format!("transport-{}", word.replace('_', "-")), None).unwrap_or_else(|| word.to_owned())
}

/// What is left of cases that have been erased. Nothing about them is unread or waits.
async fn left_of_erased(
    args: &ListArgs,
    ours: bool,
    from: Option<OrgId>,
    home: &Home,
) -> Result<Vec<Value>, Failure> {
    let mut values = Vec::new();
    if args.unread || args.needs_answer || args.overdue {
        return Ok(values);
    }
    let kind = args.kind.as_deref().map(|word| word.parse::<Kind>().map_or(word, |kind| kind.code()));
    let mut all = placeholder::all(&home.engine.vault)?;
    all.sort_by_key(|left| std::cmp::Reverse(left.erased));
    for left in all {
        let wanted = left.ours == ours
            && kind.is_none_or(|kind| kind == left.kind)
            && from.is_none_or(|org| org == left.peer);
        if wanted {
            let mut value = erase::entry(&left, home).await;
            if !home.json {
                value["line"] = erase::line_of(&left, home).await.into();
            }
            values.push(value);
        }
    }
    Ok(values)
}

/// What is unusual about a line of a list.
fn remarks(v: &Value, lang: Lang) -> String {
    let held = if !v["held"].is_null() {
        format!("  ({})", lang.text("list-held"))
    } else if !v["waits"].is_null() {
        format!("  ({})", lang.text("list-waits"))
    } else {
        String::new()
    };
    match text(v, "standing") {
        doubts::ACCEPTED => held,
        standing => {
            let words = lang.find(&format!("standing-{standing}"), None);
            format!("  {}{held}", words.unwrap_or_else(|| standing.to_uppercase()))
        }
    }
}

/// Packets that are kept apart because their sender is in doubt.
pub(crate) async fn kept_apart(home: &Home) -> Result<Vec<Value>, Failure> {
    doubtful::kept_apart(&ListArgs::default(), home).await
}

/// How many referrals a list has.
pub(crate) async fn count(args: &ListArgs, ours: bool, home: &Home) -> Result<usize, Failure> {
    let apart = if ours { 0 } else { doubtful::kept_apart(args, home).await?.len() };
    Ok(wanted(args, ours, None, home)?.len() + apart)
}

/// Names of the threads that these filters let through, the most urgent first, then the newest. Reads only those that may be late.
fn wanted(args: &ListArgs, ours: bool, from: Option<OrgId>, home: &Home) -> Result<Vec<[u8; 32]>, Failure> {
    // A word on the command line, or the code of a kind that this version does not know.
    let kind = args.kind.as_deref().map(|word| word.parse::<Kind>().map_or(word, |kind| kind.code()));
    let passes = |line: &&Line| {
        line.ours == ours
            && (!args.unread || line.unread)
            && (!args.needs_answer || line.is_unanswered())
            && (!args.overdue || !line.has_ended())
            && kind.is_none_or(|kind| kind == &*line.kind)
            && from.is_none_or(|org| org == line.peer)
    };
    let vault = &home.engine.vault;
    let mut cases: Vec<[u8; 32]> =
        records::catalogue(vault)?.lines().filter(passes).map(|line| line.case).collect();
    if args.overdue {
        let late = |case: &[u8; 32]| {
            let Some(thread) = records::thread(vault, case)? else { return Ok(false) };
            let clocks = escalation::clocks_of(&home.engine, &thread)?;
            Ok::<_, Failure>(escalation::overdue(&clocks).is_some())
        };
        let judged = cases.iter().map(late).collect::<Result<Vec<bool>, _>>()?;
        let mut judged = judged.into_iter();
        cases.retain(|_| judged.next().unwrap_or(false));
    }
    Ok(cases)
}

async fn entry(thread: &Thread, publications: &Publications, home: &Home) -> Result<Value, Failure> {
    let own = home.engine.identity.org;
    let (from, to) = if thread.ours { (own, thread.peer) } else { (thread.peer, own) };
    let (transport, failure) = transport(thread, home)?;
    let suspended = home.holds(thread).await?;
    let doubt = doubts::of(&home.engine.vault, thread.root)?;
    let is_queued = thread.ours && transport == "queued";
    let waits = if is_queued { head::first_contact(home, &[thread.peer]).await? } else { None };
    Ok(json!({
        "id": hex::encode(thread.number()),
        "referral": thread.root.to_string(),
        "case_ref": case_ref(home, thread)?,
        "exercise": is_exercise(home, thread)?,
        "kind": thread.kind,
        "from": from.to_string(),
        "from_name": home.name_of(from).await,
        "to": to.to_string(),
        "to_name": home.name_of(to).await,
        "priority": thread.priority.to_string(),
        "transport": transport,
        "failure": failure,
        "work": thread.work,
        "received": time(thread.begun),
        "respond_by": time(thread.respond_by),
        "deadlines": tasks::of_thread(thread, home)?,
        "held": standing::suspension(suspended.as_ref(), home.lang),
        "waits": waits,
        "standing": doubtful::standing(doubt.as_ref()),
        "capacity": publications.of(thread),
    }))
}

/// What a list says of one referral. Nobody has opened it by that.
pub(crate) async fn listed(thread: &Thread, home: &Home) -> Result<Value, Failure> {
    entry(thread, &Publications::read(home)?, home).await
}

/// The same of several.
pub(crate) async fn listed_all(cases: &[[u8; 32]], home: &Home) -> Result<Vec<Value>, Failure> {
    let publications = Publications::read(home)?;
    let mut values = Vec::with_capacity(cases.len());
    for case in cases {
        // One that has been erased in the meantime is left out.
        if let Some(thread) = records::thread(&home.engine.vault, case)? {
            values.push(entry(&thread, &publications, home).await?);
        }
    }
    Ok(values)
}

/// Steps that this side may take now.
pub(crate) fn possible(thread: &Thread, home: &Home) -> Result<Vec<String>, Failure> {
    let work = work_of(thread, &home.engine.vault)?;
    Ok(work.moves(own_party(thread)).into_iter().map(|action| action.as_str().to_owned()).collect())
}

fn transport(thread: &Thread, home: &Home) -> Result<(String, Value), Failure> {
    if thread.ours {
        let sent = records::sent(&home.engine.vault, thread.root, thread.peer)?;
        return Ok(sent.map_or_else(
            || ("queued".to_owned(), Value::Null),
            |s| {
                let failure = if s.failure.is_empty() { Value::Null } else { s.failure.into() };
                (s.transport.as_str().to_owned(), failure)
            },
        ));
    }
    let opened =
        records::received(&home.engine.vault, thread.root)?.is_some_and(|r| r.opened != Timestamp(0));
    Ok((if opened { "opened" } else { "delivered" }.to_owned(), Value::Null))
}

async fn show(thread: &Thread, home: &Home) -> Result<(), Failure> {
    let mut value = entry(thread, &Publications::read(home)?, home).await?;
    let received = records::received(&home.engine.vault, thread.root)?;
    let sent = records::sent(&home.engine.vault, thread.root, thread.peer)?;
    let sections = received.as_ref().map(|r| &r.sections).or_else(|| sent.as_ref().map(|s| &s.sections));
    value["sections"] = sections_json(sections.map_or(&[], Vec::as_slice), home.engine.now());
    value["access"] = shared::of(thread, home).await?;
    value["given_by"] = received.as_ref().map(|r| r.given_by.as_str()).filter(|by| !by.is_empty()).into();
    value["withheld"] = withheld_json(received.as_ref().map_or(&[], |r| &r.withheld));
    value["attachments"] = attachments::list(sections.map_or(&[], Vec::as_slice));
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
