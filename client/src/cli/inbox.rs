//! `causeway inbox` and `causeway sent`.

use causeway_common::ids::OrgId;
use causeway_common::time::Timestamp;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::home::Home;
use super::org;
use super::output::{harmless, print, print_list, text, time};
use super::steps::find_thread;
use crate::attachments;
use crate::model::{Received, Sent, StoredSection, Thread};
use crate::records;
use crate::referral::lifecycle::{Party, possible};

#[derive(Debug, Subcommand)]
pub(crate) enum InboxCommand {
    /// Referrals that others sent to this organisation.
    List(ListArgs),
    /// One referral, whole. Tells the sender that it has been opened.
    Show {
        /// Number of the referral, or the beginning of it.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SentCommand {
    /// Referrals that this organisation sent.
    List(ListArgs),
    /// One referral, whole.
    Show {
        /// Number of the referral, or the beginning of it.
        id: String,
    },
}

#[derive(Debug, Default, Args)]
pub(crate) struct ListArgs {
    /// Only what nobody here has opened.
    #[arg(long)]
    unread: bool,
    /// Only what waits for an answer.
    #[arg(long)]
    needs_answer: bool,
    /// Only what should have been answered by now.
    #[arg(long)]
    overdue: bool,
    /// Only this kind, for example border-alert or BIA.
    #[arg(long)]
    kind: Option<String>,
    /// Only from (or to) this organisation.
    #[arg(long)]
    from: Option<String>,
}

pub(crate) async fn inbox(command: InboxCommand, home: &Home) -> Result<(), Failure> {
    match command {
        InboxCommand::List(args) => list(args, false, home).await,
        InboxCommand::Show { id } => {
            let thread = find_thread(home, &id)?;
            home.engine.opened(thread.root).await?;
            home.note("opened a referral").await?;
            show(&find_thread(home, &id)?, home).await
        }
    }
}

pub(crate) async fn sent(command: SentCommand, home: &Home) -> Result<(), Failure> {
    match command {
        SentCommand::List(args) => list(args, true, home).await,
        SentCommand::Show { id } => show(&find_thread(home, &id)?, home).await,
    }
}

async fn list(args: ListArgs, ours: bool, home: &Home) -> Result<(), Failure> {
    let from = match &args.from {
        Some(meant) => Some(org::find(home, meant).await?),
        None => None,
    };
    let mut threads: Vec<Thread> =
        records::all_threads(&home.engine.vault)?.into_iter().filter(|t| t.ours == ours).collect();
    threads.sort_by_key(|t| (t.priority, std::cmp::Reverse(t.begun)));
    let mut values = Vec::new();
    for thread in threads {
        if matches(&args, from, &thread, home)? {
            values.push(entry(&thread, home).await?);
        }
    }
    let empty = if ours { "Nothing has been sent yet." } else { "The inbox is empty." };
    print_list(home.json, values, empty, |v| {
        let other = if ours { text(v, "to_name") } else { text(v, "from_name") };
        format!(
            "{}  {}  {}  {}  {} / {}  {}",
            &text(v, "id")[..12],
            text(v, "priority"),
            text(v, "kind"),
            harmless(other),
            text(v, "transport"),
            text(v, "work"),
            text(v, "received"),
        )
    });
    Ok(())
}

fn matches(args: &ListArgs, from: Option<OrgId>, thread: &Thread, home: &Home) -> Result<bool, Failure> {
    let waits = ["received", "seen"].contains(&thread.work.as_str());
    let due = thread.respond_by != Timestamp(0) && thread.respond_by < home.engine.now();
    let unread = args.unread
        && records::received(&home.engine.vault, thread.root)?.is_none_or(|r| r.opened != Timestamp(0));
    let kind = args.kind.as_deref().map(|k| k.parse::<crate::referral::Kind>().map_or(k.to_owned(), |k| k.code().to_owned()));
    Ok(!unread
        && !(args.needs_answer && !waits)
        && !(args.overdue && !(waits && due))
        && kind.is_none_or(|kind| kind == thread.kind)
        && from.is_none_or(|org| org == thread.peer))
}

async fn entry(thread: &Thread, home: &Home) -> Result<Value, Failure> {
    let own = home.engine.identity.org;
    let (from, to) = if thread.ours { (own, thread.peer) } else { (thread.peer, own) };
    let (transport, failure) = transport(thread, home)?;
    Ok(json!({
        "id": number(thread),
        "referral": thread.root.to_string(),
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
    }))
}

/// The number a person uses: the packet's for what came in, the thread's for what went out, because one packet can
/// go to several organisations.
fn number(thread: &Thread) -> String {
    if thread.ours { hex::encode(thread.case) } else { thread.root.to_string() }
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
    let opened = records::received(&home.engine.vault, thread.root)?.is_some_and(|r| r.opened != Timestamp(0));
    Ok((if opened { "opened" } else { "delivered" }.to_owned(), Value::Null))
}

async fn show(thread: &Thread, home: &Home) -> Result<(), Failure> {
    let mut value = entry(thread, home).await?;
    let received = records::received(&home.engine.vault, thread.root)?;
    let sent = records::sent(&home.engine.vault, thread.root, thread.peer)?;
    let sections = received.as_ref().map(|r| &r.sections).or(sent.as_ref().map(|s| &s.sections));
    value["sections"] = sections_json(sections.map_or(&[], Vec::as_slice));
    value["attachments"] = attachments::list(sections.map_or(&[], Vec::as_slice));
    value["timeline"] = timeline(thread, home).await;
    value["proofs"] = proofs(received.as_ref(), sent.as_ref());
    let party = if thread.ours { Party::Sender } else { Party::Recipient };
    let state = crate::engine::threads::state_of(thread);
    value["possible"] = possible(state, party).into_iter().map(|a| Value::from(a.as_str())).collect();
    print(home.json, value, people);
    Ok(())
}

fn sections_json(sections: &[StoredSection]) -> Value {
    let mut map = Map::new();
    for section in sections {
        let code = String::from_utf8_lossy(&section.code).into_owned();
        let content = serde_json::from_slice(&section.bytes).unwrap_or(Value::Null);
        map.insert(code, attachments::without_keys(content));
    }
    Value::Object(map)
}

async fn timeline(thread: &Thread, home: &Home) -> Value {
    let mut steps = Vec::new();
    for event in &thread.events {
        steps.push(json!({
            "at": time(event.at),
            "by": event.by.to_string(),
            "by_name": home.name_of(event.by).await,
            "what": event.what,
            "state": event.state,
            "text": event.text,
        }));
    }
    Value::Array(steps)
}

fn proofs(received: Option<&Received>, sent: Option<&Sent>) -> Value {
    json!({
        "sender_signature": received.map(|r| r.grant_digest.to_string()),
        "missing_before": received.map(|r| r.missing_before),
        "relay_receipt": sent.map(|s| !s.relay_receipt.is_empty()),
        "device_receipts": sent.map(|s| s.receipts.len()),
        "relayed": sent.map(|s| time(s.times[1])),
        "delivered": sent.map(|s| time(s.times[2])),
        "opened": sent.map(|s| time(s.times[3])),
    })
}

fn people(v: &Value) -> String {
    let mut out = format!(
        "{} {} from {} to {}\nnumber {}\nstate {} / {}\n",
        text(v, "priority"),
        text(v, "kind"),
        harmless(text(v, "from_name")),
        harmless(text(v, "to_name")),
        text(v, "id"),
        text(v, "transport"),
        text(v, "work"),
    );
    for (code, content) in v["sections"].as_object().into_iter().flatten() {
        let content = serde_json::to_string_pretty(content).unwrap_or_default();
        out.push_str(&format!("\n[{}]\n{}\n", harmless(code), harmless(&content)));
    }
    for file in v["attachments"].as_array().into_iter().flatten() {
        out.push_str(&format!("\nattachment {}  {} ({} bytes)", text(file, "id"), harmless(text(file, "name")), file["size"]));
    }
    out.push_str("\ntimeline\n");
    for step in v["timeline"].as_array().into_iter().flatten() {
        let line = format!("  {}  {}  {}  {}", text(step, "at"), text(step, "by_name"), text(step, "what"), text(step, "text"));
        out.push_str(harmless(line.trim_end_matches(" -")).trim_end());
        out.push('\n');
    }
    let possible: Vec<&str> = v["possible"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if !possible.is_empty() {
        out.push_str(&format!("possible now: {}", possible.join(", ")));
    }
    out
}
