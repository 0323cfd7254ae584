//! `causeway send`.

use std::path::{Path, PathBuf};

use causeway_common::ids::{OrgId, PacketId};
use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use clap::Args;
use serde_json::{Value, json};

use super::again;
use super::calls::in_calls;
use super::checks;
use super::enclosed::{self, Enclosed};
use super::exhibits;
use super::failure::Failure;
use super::head;
use super::home::Home;
use super::kind;
use super::matches;
use super::org;
use super::output::{harmless, print, remark, text};
use super::overriding;
use super::placing;
use super::sharing::{self, Basis, Share, along, record};
use super::standing;
use super::steps::find_thread;
use crate::activity;
use crate::api::once::Once;
use crate::attachments::kept::{self, Kept};
use crate::calls::{self, Call};
use crate::casebook::Case;
use crate::consents;
use crate::engine::Draft;
use crate::escalation::course;
use crate::formats::drafts;
use crate::matching::sweep;
use crate::model::{PACKET_REFERRAL, StoredSection, Thread};
use crate::records;
use crate::referral::access;
use crate::referral::{Document, Kind, Level, Problem, SectionCode, SendContext, carry_over, once_more};
use crate::vault::Changes;

/// Organisations that one command may address.
pub(super) const RECIPIENTS_MAX: usize = 32;
#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// A word of `causeway kind list`, for example border-alert.
    pub(super) kind: Kind,
    /// Who gets it: names or identifiers, separated by commas. Each gets an envelope of its own.
    #[arg(long, required = true, value_delimiter = ',')]
    pub(super) to: Vec<String>,
    /// File with the referral, JSON; `-` reads standard input.
    #[arg(long)]
    pub(super) file: Option<PathBuf>,
    /// One field, for example approach_note="speak to her alone".
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(super) set: Vec<String>,
    /// A file to send along, in the section whose readers may open it, for example PHO=photo.jpg.
    #[arg(long = "attach", value_name = "SECTION=FILE")]
    pub(super) attach: Vec<String>,
    /// P0, P1, P2 or P3; otherwise what the kind asks for.
    #[arg(long)]
    pub(super) priority: Option<Priority>,
    /// An exercise: marked as one everywhere and left out of statistics.
    #[arg(long)]
    pub(super) exercise: bool,
    /// Only say what is wrong and which checklists it meets; nothing is queued.
    #[arg(long)]
    pub(super) check: bool,
    /// Show who will see what and why, and send nothing.
    #[arg(long)]
    pub(super) preview: bool,
    /// Send without asking whether that is what you mean.
    #[arg(long)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) overriding: overriding::OverrideArgs,
    /// Begin with what a call or another referral says about the same person; number, or the beginning of it.
    #[arg(long, value_name = "ID")]
    pub(super) from: Option<String>,
    /// What the referral begins with, before fields are added.
    #[arg(skip)]
    pub(super) begun: Option<Document>,
    /// The referral of ours that it is sent in place of.
    #[arg(skip)]
    pub(super) instead_of: Option<Box<Thread>>,
    /// What is left of the draft that it begins with, once it is queued: in one step, or a crash between sends it twice.
    #[arg(skip)]
    pub(super) draft: Option<Box<drafts::Draft>>,
    /// The files that were attached to it.
    #[arg(skip)]
    pub(super) kept: Vec<Kept>,
    /// What remembers that a program has sent it, in the same step for the same reason.
    #[arg(skip)]
    pub(super) once: Option<Box<Once>>,
}

impl SendArgs {
    /// What sends a draft.
    pub(super) fn of_draft(
        document: Document,
        sent: drafts::Draft,
        to: Vec<String>,
        set: Vec<String>,
    ) -> Self {
        Self {
            kind: document.kind,
            to,
            file: None,
            set,
            attach: Vec::new(),
            priority: None,
            exercise: false,
            check: false,
            preview: false,
            yes: false,
            from: None,
            overriding: overriding::OverrideArgs::default(),
            instead_of: None,
            begun: Some(document),
            draft: Some(Box::new(sent)),
            kept: Vec::new(),
            once: None,
        }
    }
}

/// What a program of this machine sends.
pub(crate) struct Written {
    pub(crate) document: Document,
    pub(crate) to: Vec<String>,
    pub(crate) exercise: bool,
    /// Whether somebody has said that everything in it may be read by everybody who gets it.
    pub(crate) yes: bool,
    pub(crate) once: Once,
}

/// Sends what a program has written. Checked like every referral.
pub(crate) async fn send_written(written: Written, home: &Home) -> Result<(), Failure> {
    let args = SendArgs {
        kind: written.document.kind,
        to: written.to,
        file: None,
        set: Vec::new(),
        attach: Vec::new(),
        priority: None,
        exercise: written.exercise,
        check: false,
        preview: false,
        yes: written.yes,
        from: None,
        overriding: overriding::OverrideArgs::default(),
        instead_of: None,
        begun: Some(written.document),
        draft: None,
        kept: Vec::new(),
        once: Some(Box::new(written.once)),
    };
    send(args, home).await
}

pub(crate) async fn send(args: SendArgs, home: &Home) -> Result<(), Failure> {
    let recipients = recipients(&args, home).await?;
    let files = enclosed::all(&args.attach, &args.kept)?;
    let packet = PacketId(home.engine.random().await);
    let call = args.from.as_deref().map(|id| in_calls(home, id)).transpose()?.flatten();
    let (mut document, made_from) = document(&args, packet, call.as_ref(), home)?;
    let mut found = document.validate(Level::Send, home.engine.now());
    found.extend(exhibits::differ(&document, &files)?);
    if args.check {
        return kind::report(&document, &found, home.json, home.lang);
    }
    if !found.is_empty() {
        return Err(kind::refused(&found, home.lang));
    }
    let overridden = overriding::of(&args.overriding, &document, home)?;
    if let Some(overridden) = &overridden {
        document.fields.insert("override".into(), overridden.to_json());
    }
    // Whoever writes that a guardian has still to be found is believed, and gets the task.
    let needs_guardian = access::needs_guardian(&document, home.engine.now())
        || document.fields.get("guardian_pending") == Some(&Value::Bool(true));
    if needs_guardian {
        access::guardian_pending(&mut document);
    }
    let names = names_of(&made_from, home).await?;
    let origins = consents::origins(&home.engine.vault, &made_from, |org| {
        names.iter().find(|(id, _)| *id == org).map_or_else(|| org.short(), |(_, name)| name.clone())
    })?;
    let sections: Vec<SectionCode> = files.iter().map(|file| file.code).collect();
    let basis =
        Basis { document: &document, overridden: overridden.as_ref(), origins: &origins, files: &sections };
    let mut shares = sharing::work_out(&basis, &recipients, home).await?;
    let list = along::work_out(&basis, home).await?;
    let unknown = record::withheld_from_nobody(&document, home).await;
    // Danger to life now leaves no time for a second person. It is a decision all the same, and somebody looks at it.
    let overridden = match overridden {
        None if sharing::rests_on_danger(&shares) => Some(overriding::by_danger(home)),
        decided => decided,
    };
    if let Some(overridden) = &overridden {
        document.fields.insert("override".into(), overridden.to_json());
    }
    along::sign(&mut document, &list);
    sharing::make_copies(&document, &mut shares, home);
    let words = || {
        [
            sharing::words(&document, &shares, home),
            along::words(&list, home),
            record::withheld_words(&unknown, home),
        ]
        .concat()
    };
    if args.preview {
        let result = json!({
            "access": sharing::json(&shares),
            "fallback": along::json(&list),
            "withheld_from_nobody": unknown,
            "queued": false,
        });
        print(home.json, result, |_| words());
        return Ok(());
    }
    sharing::check(&shares, home)?;
    along::check(&list, home)?;
    let asks = !home.no_input && !home.json;
    if !asks && !args.yes {
        record::must_be_known(&unknown, home)?;
    }
    if asks {
        remark(&words());
        if !args.yes && !sharing::agreed(home)? {
            print(home.json, json!({ "queued": false }), |_| home.lang.text("access-not-sent"));
            return Ok(());
        }
    } else {
        sharing::remarks(&shares, home).iter().for_each(|words| remark(words));
    }
    let mut changes = Changes::default();
    if let Some(mut call) = call {
        call.led_to(packet, home.engine.now());
        calls::put(&mut changes, &call);
    }
    if let Some(draft) = &args.draft {
        drafts::put_sent(&mut changes, draft);
        args.kept.iter().for_each(|file| kept::drop(&mut changes, file));
    }
    if let Some(earlier) = &args.instead_of {
        again::settle(&mut changes, earlier, packet, home)?;
    }
    consents::protection::put(&mut changes, packet, &document.fields);
    overriding::remember(&mut changes, packet, overridden.as_ref(), needs_guardian, home);
    queue(&args, packet, &document, shares, &files, changes, home).await
}

/// Puts each recipient's copy into the outbox, and says so.
async fn queue(
    args: &SendArgs,
    packet: PacketId,
    document: &Document,
    shares: Vec<Share>,
    files: &[Enclosed],
    mut changes: Changes,
    home: &Home,
) -> Result<(), Failure> {
    let recipients: Vec<OrgId> = shares.iter().map(|share| share.org).collect();
    super::tasks::before_sending(home, &recipients, document.priority()).await?;
    placing::before_asking(document, &recipients, home).await?;
    let waits = head::first_contact(home, &recipients).await?;
    let access = sharing::json(&shares);
    let mut drafts = Vec::new();
    for share in shares {
        let draft = draft(args, home, packet, document.priority(), share, files).await?;
        home.engine.thread_begun(&draft, respond_by(document), &mut changes);
        course::expect_arrival(&mut changes, draft.case, &document.fields, home.engine.now());
        super::tasks::to_confirm(home, &draft, &mut changes);
        drafts.push(draft);
    }
    let mut listed = Vec::new();
    for d in &drafts {
        listed.push(json!({
            "to": d.to.to_string(),
            "to_name": home.name_of(d.to).await,
            "id": hex::encode(d.case),
            "packet_id": d.packet.to_string(),
            "state": "queued",
        }));
    }
    if let Some(once) = &args.once {
        once.put(&mut changes, &packet.to_string(), &listed, home.engine.now());
    }
    activity::append(&home.engine.vault, &mut changes, home.engine.now(), "queued a referral", Some(packet))?;
    home.engine.queue(drafts, changes).await?;
    let alike = matches::waiting_words(sweep::compare_new(&home.engine).await?, home);
    if home.suspension_of(home.engine.identity.org).await.is_some() {
        remark(&home.lang.text("send-own-suspended"));
    }
    let head = head::of(home).await?;
    let remarks = [head::words(&head, home.lang).trim_start().to_owned(), waits.unwrap_or_default(), alike];
    remarks.iter().filter(|words| !words.is_empty()).for_each(|words| remark(words));
    let result = json!({ "referral": packet.to_string(), "packets": listed, "head": head, "access": access });
    print(home.json, result, |v| {
        let packets = v["packets"].as_array().map_or(&[][..], Vec::as_slice);
        let number = [("number", &text(v, "referral")[..12])];
        let head = home.lang.count_with("send-queued", packets.len(), &number);
        // One packet for several: what one of them does has a number of its own here.
        let each = packets.iter().filter(|_| packets.len() > 1);
        let each = each.map(|p| format!("\n  {}  {}", &text(p, "id")[..12], harmless(text(p, "to_name"))));
        head + &each.collect::<String>()
    });
    Ok(())
}

/// The organisations that are meant, each once.
async fn recipients(args: &SendArgs, home: &Home) -> Result<Vec<OrgId>, Failure> {
    if args.to.len() > RECIPIENTS_MAX {
        return Err(Failure::wrong("send-too-many", &[("max", &RECIPIENTS_MAX.to_string())]));
    }
    let mut recipients = Vec::new();
    for meant in &args.to {
        let org = org::find(home, meant).await?;
        if org == home.engine.identity.org {
            return Err(Failure::wrong("send-to-self", &[]));
        }
        if let Some(suspended) = home.suspension_of(org).await {
            return Err(standing::recipient(&home.name_of(org).await, &suspended));
        }
        checks::must_be_current(org, home).await?;
        if !recipients.contains(&org) {
            recipients.push(org);
        }
    }
    Ok(recipients)
}

/// Names of those who have sent what this one is made from.
async fn names_of(packets: &[PacketId], home: &Home) -> Result<Vec<(OrgId, String)>, Failure> {
    let mut names = Vec::new();
    for packet in packets {
        if let Some(received) = records::received(&home.engine.vault, *packet)? {
            names.push((received.from, home.name_of(received.from).await));
        }
    }
    Ok(names)
}

async fn draft(
    args: &SendArgs,
    home: &Home,
    packet: PacketId,
    priority: Priority,
    share: Share,
    files: &[Enclosed],
) -> Result<Draft, Failure> {
    let taken: Vec<&Enclosed> = files.iter().filter(|file| share.takes_file(file.code)).collect();
    let sections = share.copy.into_iter().map(|section| StoredSection {
        code: section.code.0,
        bytes: Value::Object(section.json).to_string().into_bytes(),
    });
    let mut draft = Draft {
        packet,
        case: home.engine.random().await,
        packet_type: PACKET_REFERRAL,
        kind: args.kind.code().to_owned(),
        to: share.org,
        priority,
        in_reply_to: None,
        sections: sections.collect(),
    };
    for file in taken {
        if !draft.sections.iter().any(|s| s.code == file.code.0) {
            draft.sections.push(StoredSection { code: file.code.0, bytes: b"{}".to_vec() });
        }
        file.attach(&mut draft, home).await?;
    }
    Ok(draft)
}

/// Fields that say what became of a document when it was sent; whoever sends it again writes them anew.
const OF_A_COPY: [&str; 3] = ["sections", "recipients", "location_expires"];

/// What people have written: a file, and fields. `refused` tells what is wrong with it.
pub(super) fn written(
    mut document: Document,
    file: Option<&Path>,
    set: &[String],
    refused: impl Fn(&[Problem]) -> Failure,
) -> Result<Document, Failure> {
    if let Some(path) = file {
        let read = Document::parse(document.kind, &kind::read(path)?).map_err(|p| refused(&p))?;
        document.fields.extend(read.fields);
    }
    for assignment in set {
        let (path, value) = kind::pair(assignment)?;
        document.set(path, value).map_err(|p| refused(&[p]))?;
    }
    Ok(document)
}

/// What the call or the referral of this number says that a new one of this kind begins with.
fn begun(args: &SendArgs, call: Option<&Call>, home: &Home) -> Result<Document, Failure> {
    if let Some(call) = call {
        return Ok(carry_over(calls::KIND, &call.fields(), args.kind));
    }
    match (&args.begun, &args.from) {
        (Some(begun), _) => Ok(begun.clone()),
        (None, Some(id)) => {
            let case = Case::of(&home.engine.vault, find_thread(home, id)?)?;
            if case.thread.ours && case.thread.kind == args.kind.code() {
                return Ok(once_more(args.kind, &case.document));
            }
            Ok(carry_over(&case.thread.kind, &case.document, args.kind))
        }
        (None, None) => Ok(Document::empty(args.kind)),
    }
}

/// The document, and the packets that it says it is made from.
fn document(
    args: &SendArgs,
    packet: PacketId,
    call: Option<&Call>,
    home: &Home,
) -> Result<(Document, Vec<PacketId>), Failure> {
    let refused = |found: &[Problem]| kind::refused(found, home.lang);
    let mut begun = begun(args, call, home)?;
    record::numbers_itself(&mut begun);
    let begun_with = consents::named(&begun.fields);
    let mut document = written(begun, args.file.as_deref(), &args.set, refused)?;
    overriding::must_not_be_typed(&document, home)?;
    record::must_fit(&document, home)?;
    OF_A_COPY.iter().for_each(|field| drop(document.fields.remove(*field)));
    // What it was begun with stays named, whatever was typed over it: its sender has a say in where it goes.
    begun_with.iter().for_each(|packet| name_origin(&mut document, *packet));
    let made_from = consents::named(&document.fields);
    let identity = &home.engine.identity;
    let now = home.engine.now();
    if let Some(earlier) = &args.instead_of {
        again::name(&mut document, earlier, home)?;
    }
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
    Ok((document, made_from))
}

/// Lists a packet among those that a document is made from.
fn name_origin(document: &mut Document, packet: PacketId) {
    if consents::named(&document.fields).contains(&packet) {
        return;
    }
    let list = document.fields.entry("references").or_insert_with(|| json!([]));
    if !list.is_array() {
        *list = json!([]);
    }
    if let Some(list) = list.as_array_mut() {
        list.insert(0, json!({ "packet_id": packet.to_string(), "rel": "same_subject" }));
    }
}

/// A case number of ours: `<country>-<year>-<six hexadecimal digits>`.
pub(super) fn case_ref(country: &str, now: Timestamp, packet: PacketId) -> String {
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
