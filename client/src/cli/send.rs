//! `causeway send`.

use std::io::Read as _;
use std::path::PathBuf;

use causeway_common::ids::{OrgId, PacketId};
use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use clap::Args;
use serde_json::{Value, json};

use super::failure::{Failure, exit};
use super::head;
use super::home::Home;
use super::org;
use super::output::{print, remark, text};
use super::standing;
use crate::activity;
use crate::engine::Draft;
use crate::model::{PACKET_REFERRAL, StoredSection};
use crate::referral::{DOCUMENT_BYTES_MAX, Document, Kind, Level, Problem, SendContext};
use crate::vault::Changes;

/// Organisations that one command may address.
const RECIPIENTS_MAX: usize = 32;
#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// missing-person, border-alert, victim-handoff or identity-check.
    kind: Kind,
    /// Who gets it: names or identifiers, separated by commas. Each gets an envelope of its own.
    #[arg(long, required = true, value_delimiter = ',')]
    to: Vec<String>,
    /// File with the referral, JSON; `-` reads standard input.
    #[arg(long)]
    file: Option<PathBuf>,
    /// One field, for example approach_note="speak to her alone".
    #[arg(long = "set", value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// A file to send along, in the section whose readers may open it, for example PHO=photo.jpg.
    #[arg(long = "attach", value_name = "SECTION=FILE")]
    attach: Vec<String>,
    /// P0, P1, P2 or P3; otherwise what the kind asks for.
    #[arg(long)]
    priority: Option<Priority>,
    /// An exercise: marked as one everywhere and left out of statistics.
    #[arg(long)]
    exercise: bool,
}

pub(crate) async fn send(args: SendArgs, home: &Home) -> Result<(), Failure> {
    if args.to.len() > RECIPIENTS_MAX {
        return Err(Failure::invalid(
            format!("At most {RECIPIENTS_MAX} organisations at once."),
            "Send again to the others.",
        ));
    }
    let mut recipients = Vec::new();
    for meant in &args.to {
        let org = org::find(home, meant).await?;
        if org == home.engine.identity.org {
            return Err(Failure::invalid(
                "A referral cannot go to your own organisation. Nothing was queued.",
                "Name another organisation with --to.",
            ));
        }
        if let Some(suspended) = home.suspension_of(org).await {
            return Err(standing::recipient(&home.name_of(org).await, &suspended));
        }
        if !recipients.contains(&org) {
            recipients.push(org);
        }
    }
    let packet = PacketId(home.engine.random().await);
    let document = document(&args, packet, home)?;
    for to in &recipients {
        may_go_to(&document, *to, home).await?;
    }
    let (priority, respond_by) = (document.priority(), respond_by(&document));
    let sections: Vec<StoredSection> = document
        .into_sections()
        .into_iter()
        .map(|s| StoredSection { code: s.code.0, bytes: Value::Object(s.json).to_string().into_bytes() })
        .collect();
    let mut drafts = Vec::new();
    let mut changes = Changes::default();
    super::tasks::before_sending(home, &recipients, priority).await?;
    let waits = head::first_contact(home, &recipients).await?;
    for to in recipients {
        let draft = draft(&args, home, packet, priority, to, sections.clone()).await?;
        home.engine.thread_begun(&draft, respond_by, &mut changes);
        super::tasks::to_confirm(home, &draft, &mut changes);
        drafts.push(draft);
    }
    let listed: Vec<Value> = drafts
        .iter()
        .map(|d| json!({ "to": d.to.to_string(), "packet_id": d.packet.to_string(), "state": "queued" }))
        .collect();
    activity::append(&home.engine.vault, &mut changes, home.engine.now(), "queued a referral", Some(packet))?;
    home.engine.queue(drafts, changes).await?;
    if home.suspension_of(home.engine.identity.org).await.is_some() {
        remark(
            "The registrar has suspended this organisation: it stays in your outbox until you are reinstated.",
        );
    }
    let head = head::of(home).await?;
    let remarks = [head::words(&head).trim_start().to_owned(), waits.unwrap_or_default()];
    remarks.iter().filter(|words| !words.is_empty()).for_each(|words| remark(words));
    let result = json!({ "referral": packet.to_string(), "packets": listed, "head": head });
    print(home.json, result, |v| {
        let count = v["packets"].as_array().map_or(0, Vec::len);
        format!(
            "Queued for {count} organisation(s), number {}. `causeway sync` sends it.",
            &text(v, "referral")[..12]
        )
    });
    Ok(())
}

/// Some referrals must not go to some organisations, whoever asks for it.
async fn may_go_to(document: &Document, to: OrgId, home: &Home) -> Result<(), Failure> {
    let replica = home.engine.replica.lock().await;
    let refused =
        replica.directory.organisation(to).and_then(|org| document.refuses(&org.kind, &org.country));
    refused.map_or(Ok(()), |problem| Err(problems(&[problem])))
}

async fn draft(
    args: &SendArgs,
    home: &Home,
    packet: PacketId,
    priority: Priority,
    to: OrgId,
    sections: Vec<StoredSection>,
) -> Result<Draft, Failure> {
    let mut draft = Draft {
        packet,
        case: home.engine.random().await,
        packet_type: PACKET_REFERRAL,
        kind: args.kind.code().to_owned(),
        to,
        priority,
        in_reply_to: None,
        sections,
    };
    for attachment in &args.attach {
        let parsed = attachment
            .split_once('=')
            .and_then(|(code, file)| Some((code.as_bytes().try_into().ok()?, file)));
        let Some((code, file)) = parsed else {
            return Err(Failure::invalid(
                format!("{attachment:?} is not SECTION=FILE."),
                "For example: --attach PHO=photo.jpg",
            ));
        };
        if !draft.sections.iter().any(|s| s.code == code) {
            draft.sections.push(StoredSection { code, bytes: b"{}".to_vec() });
        }
        home.engine.attach(&mut draft, code, std::path::Path::new(file)).await?;
    }
    Ok(draft)
}

fn document(args: &SendArgs, packet: PacketId, home: &Home) -> Result<Document, Failure> {
    let mut document = match &args.file {
        Some(path) => Document::parse(args.kind, &read(path)?).map_err(|p| problems(&p))?,
        None => Document::empty(args.kind),
    };
    for assignment in &args.set {
        let Some((path, value)) = assignment.split_once('=') else {
            return Err(Failure::invalid(
                format!("{assignment:?} is not PATH=VALUE."),
                "For example: --set approach_note=\"speak to her alone\"",
            ));
        };
        document.set(path, value).map_err(|p| problems(&[p]))?;
    }
    let identity = &home.engine.identity;
    let now = home.engine.now();
    document.complete(&SendContext {
        now,
        author: identity.device().short(),
        organisation: identity.name.clone(),
        country: identity.country.clone(),
        exercise: args.exercise,
        priority: args.priority,
        case_ref: case_ref(&identity.country, now, packet),
        packet_id: packet.to_string(),
    });
    let found = document.validate(Level::Send, now);
    if found.is_empty() { Ok(document) } else { Err(problems(&found)) }
}

/// A case number of ours: `<country>-<year>-<six hexadecimal digits>`.
fn case_ref(country: &str, now: Timestamp, packet: PacketId) -> String {
    let millis = i64::try_from(now.0).unwrap_or(0);
    let year = jiff::Timestamp::from_millisecond(millis)
        .map_or(1970, |t| jiff::tz::Offset::UTC.to_datetime(t).year());
    format!("{country}-{year}-{}", &packet.to_string()[..6])
}

fn respond_by(document: &Document) -> Timestamp {
    let text = document.fields.get("respond_by").and_then(Value::as_str);
    text.and_then(|t| t.parse::<jiff::Timestamp>().ok())
        .and_then(|t| u64::try_from(t.as_millisecond()).ok())
        .map_or(Timestamp(0), Timestamp)
}

fn read(path: &std::path::Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |e: std::io::Error| {
        Failure::invalid(format!("Cannot read {}: {e}.", path.display()), "Check the file name.")
    };
    let mut bytes = Vec::new();
    if path == std::path::Path::new("-") {
        std::io::stdin()
            .lock()
            .take(DOCUMENT_BYTES_MAX as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
    } else {
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(DOCUMENT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    Ok(bytes)
}

/// What is wrong with a document, line by line.
pub(super) fn problems(found: &[Problem]) -> Failure {
    let lines: Vec<String> = found.iter().map(|problem| format!("  {problem}")).collect();
    Failure::new(
        "V-105",
        exit::INVALID,
        format!("It cannot be sent like this. Nothing was queued.\n{}", lines.join("\n")),
        "Correct the fields named above; docs/samples has complete examples.",
    )
}
