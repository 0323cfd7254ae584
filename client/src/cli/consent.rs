//! `causeway consent`: what a person has agreed to, taking it back, and what has become of it at everybody who had it.

use causeway_common::ids::PacketId;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::agreement;
use super::erase;
use super::failure::{Failure, exit};
use super::home::Home;
use super::org;
use super::output::{harmless, print, print_list, text, time};
use super::overriding;
use super::steps::find_thread;
use crate::casebook::Case;
use crate::consents::{self, ONWARD, Review, WITHDRAWAL, Withdrawal};
use crate::engine::threads::Words;
use crate::records;
use crate::referral::access::Consent;
use crate::referral::lifecycle::Action;
use crate::referral::sections::SECTIONS;
use crate::referral::{Document, Kind};
use crate::retention::requests::{self, GROUNDS};
use crate::vault::Changes;

/// Longest text of a withdrawal, a ground or an outcome, in characters.
const TEXT_CHARS_MAX: usize = 2_000;
/// Who may take a consent back.
const GIVERS: [&str; 5] = ["subject", "guardian", "court_representative", "caregiver", "other"];

#[derive(Debug, Subcommand)]
pub(crate) enum ConsentCommand {
    /// The consent that a referral rests on, and what has become of it.
    Show {
        /// Number of the referral, or the beginning of it.
        id: String,
    },
    /// A person takes her consent back: everybody who got her case from here is told, and has 72 hours to erase it.
    Withdraw(WithdrawArgs),
    /// Withdrawals that are not confirmed yet: by others, and by us.
    Pending {
        /// Those that are settled too.
        #[arg(long)]
        all: bool,
    },
    /// Say that what came is erased, or on what legal ground it is kept.
    Confirm {
        /// Number of the referral, or the beginning of it.
        id: String,
        /// The legal ground on which it is kept: vital, legal_claim, public_task, substantial_public_interest,
        /// legal_obligation, child_protection or le_directive.
        #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(GROUNDS))]
        keep_ground: Option<String>,
        /// Erase without a question.
        #[arg(long)]
        yes: bool,
    },
    /// Decisions to go without consent, and children for whom nobody is appointed yet.
    Reviews {
        /// Those that are settled too.
        #[arg(long)]
        all: bool,
    },
    /// Say what came of looking at such a decision again, or who was appointed.
    Settle(SettleArgs),
    /// Let somebody hand on what you have sent with H1 or H2.
    Approve {
        /// Number of the referral that you have sent, or the beginning of it.
        id: String,
        /// Who may get it from there.
        #[arg(long)]
        to: String,
        /// Which sections, separated by commas.
        #[arg(long, required = true, value_delimiter = ',')]
        sections: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct WithdrawArgs {
    /// Numbers of referrals, or the beginnings of them.
    #[arg(required = true, num_args = 1..=32)]
    id: Vec<String>,
    /// Who takes it back.
    #[arg(long, value_parser = GIVERS)]
    by: String,
    /// Only for these sections, separated by commas; otherwise for all.
    #[arg(long, value_delimiter = ',')]
    sections: Vec<String>,
    /// What the recipients should know about it.
    #[arg(long, default_value = "")]
    text: String,
}

#[derive(Debug, Args)]
pub(crate) struct SettleArgs {
    /// Number of the referral, or the beginning of it.
    id: String,
    /// Number of the person who has looked at it.
    #[arg(long, value_name = "NUMBER")]
    by: String,
    /// What came of it.
    #[arg(long)]
    text: String,
}

pub(crate) async fn consent(command: ConsentCommand, home: &Home) -> Result<(), Failure> {
    match command {
        ConsentCommand::Show { id } => show(&id, home).await,
        ConsentCommand::Withdraw(args) => withdraw(args, home).await,
        ConsentCommand::Pending { all } => pending(all, home).await,
        ConsentCommand::Confirm { id, keep_ground, yes } => confirm(&id, keep_ground, yes, home).await,
        ConsentCommand::Reviews { all } => reviews(all, home),
        ConsentCommand::Settle(args) => settle(args, home).await,
        ConsentCommand::Approve { id, to, sections } => approve(&id, &to, &sections, home).await,
    }
}

async fn show(id: &str, home: &Home) -> Result<(), Failure> {
    let case = Case::of(&home.engine.vault, find_thread(home, id)?)?;
    let mut withdrawals = Vec::new();
    for withdrawal in consents::withdrawals_of(&case) {
        withdrawals.push(entry(&withdrawal, home).await);
    }
    let now = home.engine.now();
    let flaw = Kind::from_code(&case.thread.kind).and_then(|kind| {
        let mut document = Document::empty(kind);
        document.fields = case.document.clone();
        Consent::of(&document, now)?.flaw(now)
    });
    let ended = consents::ended(&home.engine.vault, consents::consent_ref(&case.document))?;
    let result = json!({
        "referral": case.thread.root.to_string(),
        "consent_ref": case.document.get("consent_ref"),
        "legal_basis": case.document.get("legal_basis"),
        "override": case.document.get("override"),
        "consent": case.document.get("consent"),
        "flaw": flaw,
        "withdrawn_for": ended.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "withdrawals": withdrawals,
    });
    let lang = home.lang;
    print(home.json, result, |v| {
        let mut out = match &v["consent"] {
            Value::Null => lang.text("consent-none"),
            record => harmless(&serde_json::to_string_pretty(record).unwrap_or_default()),
        };
        if let Some(flaw) = v["flaw"].as_str() {
            out.push_str(&format!("\n! {}", lang.text(flaw)));
        }
        for withdrawal in v["withdrawals"].as_array().into_iter().flatten() {
            out.push_str(&format!("\n{}", line(withdrawal, home)));
        }
        out
    });
    Ok(())
}

/// Tells everybody who got something of this person from here, and lets no later packet rest on the consent.
async fn withdraw(args: WithdrawArgs, home: &Home) -> Result<(), Failure> {
    let text = bounded(&args.text, home)?;
    let sections = agreement::sections(&args.sections, home)?;
    let vault = &home.engine.vault;
    let (mut told, mut references, mut queued) = (Vec::new(), Vec::new(), Vec::new());
    for id in &args.id {
        let case = Case::of(vault, find_thread(home, id)?)?;
        for past in consents::past_recipients(vault, &case)? {
            let reference = consents::consent_ref(&past.document).to_owned();
            if !told.contains(&past.thread.case) {
                told.push(past.thread.case);
                queued.push((past.thread, reference.clone()));
            }
            references.push(reference);
        }
        references.push(consents::consent_ref(&case.document).to_owned());
    }
    if queued.is_empty() {
        return Err(Failure::new(
            "W-112",
            exit::NOT_FOUND,
            home.lang.text("consent-nobody-told"),
            home.lang.text("consent-nobody-told-hint"),
        ));
    }
    references.retain(|reference| !reference.is_empty());
    references.sort_unstable();
    references.dedup();
    // First the block, then the messages: if something stops in between, no packet goes out on this consent any more.
    let mut changes = Changes::default();
    references.iter().for_each(|r| consents::put_ended(&mut changes, r, &sections, home.engine.now()));
    if !changes.is_empty() {
        home.engine.commit(changes).await?;
    }
    let mut packets = Vec::new();
    for (thread, reference) in queued {
        let said = json!({ "consent_ref": reference, "by": args.by, "sections": sections });
        let words = words(text, WITHDRAWAL, said);
        let packet = home.engine.take_step(thread.case, Action::ConsentWithdrawn, words).await?;
        // What has never left is taken back whole: there is nobody to tell.
        let told = records::sent(vault, packet, thread.peer)?.is_some();
        packets.push(json!({
            "to": thread.peer.to_string(),
            "name": home.name_of(thread.peer).await,
            "referral": thread.root.to_string(),
            "packet_id": packet.to_string(),
            "state": if told { "queued" } else { "withdrawn" },
        }));
    }
    home.note("withdrew a consent").await?;
    let result = json!({ "consent_refs": references, "sections": sections, "packets": packets });
    print(home.json, result, |v| {
        let say = |state: &str, id: &str| {
            let packets = v["packets"].as_array().into_iter().flatten().filter(|p| p["state"] == state);
            let names: Vec<String> = packets.map(|p| harmless(self::text(p, "name"))).collect();
            (!names.is_empty()).then(|| home.lang.fill(id, &[("names", &names.join(", "))]))
        };
        let lines = [say("queued", "consent-withdrawn-told"), say("withdrawn", "consent-withdrawn-unsent")];
        lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

fn words(text: &str, field: &str, said: Value) -> Words {
    let mut fields = Map::new();
    fields.insert(field.to_owned(), said);
    Words { text: text.to_owned(), fields, ..Words::default() }
}

fn bounded<'a>(text: &'a str, home: &Home) -> Result<&'a str, Failure> {
    if text.chars().count() > TEXT_CHARS_MAX {
        let max = TEXT_CHARS_MAX.to_string();
        return Err(Failure::invalid(
            home.lang.fill("consent-text-long", &[("max", &max)]),
            home.lang.text("consent-text-long-hint"),
        ));
    }
    Ok(text)
}

async fn entry(withdrawal: &Withdrawal, home: &Home) -> Value {
    let now = home.engine.now();
    let answer = withdrawal.answer.as_ref();
    let state = match answer {
        _ if withdrawal.is_overdue(now) => "overdue",
        None => "pending",
        Some(answer) if answer.ground.is_empty() => "erased",
        Some(_) => "kept",
    };
    json!({
        "referral": withdrawal.thread.root.to_string(),
        "id": hex::encode(withdrawal.thread.case),
        "for_us": withdrawal.is_for_us(),
        "with": withdrawal.thread.peer.to_string(),
        "name": home.name_of(withdrawal.thread.peer).await,
        "consent_ref": withdrawal.consent_ref,
        "by": withdrawal.by,
        "sections": withdrawal.sections,
        "text": withdrawal.text,
        // What cannot be read is doubted.
        "may_withdraw": consents::may_withdraw(&home.engine.vault, withdrawal).unwrap_or(false),
        "at": time(withdrawal.at),
        "due": time(withdrawal.due()),
        "state": state,
        "answered": answer.map(|answer| time(answer.at)),
        "ground": answer.map(|answer| answer.ground.as_str()).filter(|ground| !ground.is_empty()),
    })
}

fn line(v: &Value, home: &Home) -> String {
    let (lang, state) = (home.lang, text(v, "state"));
    let id = match (v["for_us"] == true, state) {
        (true, "pending" | "overdue") => "consent-task",
        (false, "pending") => "consent-waits",
        (false, "overdue") => "consent-overdue",
        (_, "erased") => "consent-erased",
        _ => "consent-kept",
    };
    let number = if v["for_us"] == true { text(v, "referral") } else { text(v, "id") };
    let sections: Vec<&str> =
        v["sections"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let gaps = [
        ("id", number.get(..12).unwrap_or(number)),
        ("name", text(v, "name")),
        ("at", text(v, "at")),
        ("due", text(v, "due")),
        ("ground", text(v, "ground")),
        // The catalogues have words of their own for a consent that is withdrawn as a whole.
        ("sections", &if sections.is_empty() { "all".to_owned() } else { sections.join(", ") }),
    ];
    let mut line = lang.fill(id, &gaps);
    if v["may_withdraw"] == false {
        line.push_str(&format!(" {}", lang.text("consent-doubted")));
    }
    harmless(&line)
}

/// The withdrawals of one case, for those who open it.
pub(super) async fn of_case(case: &Case, home: &Home) -> Value {
    let mut all = Vec::new();
    for withdrawal in consents::withdrawals_of(case) {
        all.push(entry(&withdrawal, home).await);
    }
    Value::Array(all)
}

/// The lines about them, each on its own.
pub(super) fn lines(withdrawals: &Value, home: &Home) -> String {
    let entries = withdrawals.as_array().into_iter().flatten();
    entries.map(|entry| format!("! {}\n", line(entry, home))).collect()
}

async fn pending(all: bool, home: &Home) -> Result<(), Failure> {
    let mut values = Vec::new();
    for withdrawal in consents::withdrawals(&home.engine.vault)? {
        if all || withdrawal.answer.is_none() {
            values.push(entry(&withdrawal, home).await);
        }
    }
    print_list(home.json, values, &home.lang.text("consent-none-pending"), |v| line(v, home));
    Ok(())
}

/// Says what has become of what came.
async fn confirm(id: &str, keep_ground: Option<String>, yes: bool, home: &Home) -> Result<(), Failure> {
    let lang = home.lang;
    let thread = find_thread(home, id)?;
    let case = Case::of(&home.engine.vault, thread)?;
    let open: Vec<Withdrawal> =
        consents::withdrawals_of(&case).into_iter().filter(|w| w.is_for_us() && w.answer.is_none()).collect();
    if open.is_empty() {
        return Err(Failure::new(
            "W-113",
            exit::REFUSED,
            lang.text("consent-nothing-to-confirm"),
            lang.text("consent-nothing-to-confirm-hint"),
        ));
    }
    if keep_ground.is_none() {
        erase::agree(std::slice::from_ref(&case.thread), yes, home).await?;
    }
    let (engine, name) = (&home.engine, case.thread.case);
    let failure = |error| erase::failure(error, lang);
    let mut changes = Changes::default();
    for withdrawal in &open {
        // Who has only seen a consent does not end it for everybody.
        if consents::may_withdraw(&engine.vault, withdrawal)? {
            consents::put_ended(&mut changes, &withdrawal.consent_ref, &withdrawal.sections, withdrawal.at);
        }
    }
    engine.commit(changes).await?;
    let told = pass_on(&open, keep_ground.is_none(), home).await?;
    let parts: Option<Vec<[u8; 3]>> =
        open.iter().map(Withdrawal::parts).collect::<Option<Vec<_>>>().map(|all| all.concat());
    // Nobody is told that something is erased before it is.
    match (&keep_ground, parts) {
        (Some(ground), _) => drop(requests::refuse(engine, name, ground).await.map_err(failure)?),
        (None, None) => drop(requests::confirm(engine, name).await.map_err(failure)?),
        (None, Some(parts)) => {
            engine.erase_sections(name, &parts).await.map_err(failure)?;
            engine.take_step(name, Action::EraseDone, Words::default()).await?;
        }
    }
    let erased = keep_ground.is_none();
    home.note("answered a withdrawal of consent").await?;
    let result = json!({
        "referral": case.thread.root.to_string(),
        "erased": erased,
        "passed_on": told,
    });
    print(home.json, result, |_| {
        let said = lang.text(if erased { "consent-confirmed-erased" } else { "consent-confirmed-kept" });
        if told.is_empty() {
            return said;
        }
        format!("{said}\n{}", lang.fill("consent-passed-on", &[("names", &harmless(&told.join(", ")))]))
    });
    Ok(())
}

/// Tells those who have it from here. Nobody hears from us that something is erased while they do not know that it is
/// withdrawn. Gives their names.
async fn pass_on(open: &[Withdrawal], erases: bool, home: &Home) -> Result<Vec<String>, Failure> {
    let engine = &home.engine;
    let mut told = Vec::new();
    for withdrawal in open {
        for past in consents::handed_on(&engine.vault, withdrawal)? {
            let reference = consents::consent_ref(&past.document);
            let said = json!({
                "consent_ref": reference, "by": withdrawal.by, "sections": withdrawal.sections,
            });
            let words = words(&withdrawal.text, WITHDRAWAL, said);
            engine.take_step(past.thread.case, Action::ConsentWithdrawn, words).await?;
            if erases {
                // The thread stays: it says who has not answered yet.
                let everything = || SECTIONS.iter().map(|(code, _)| code.0).collect();
                engine
                    .erase_sections(past.thread.case, &withdrawal.parts().unwrap_or_else(everything))
                    .await
                    .map_err(|error| erase::failure(error, home.lang))?;
            }
            told.push(home.name_of(past.thread.peer).await);
        }
    }
    Ok(told)
}

fn reviews(all: bool, home: &Home) -> Result<(), Failure> {
    let now = home.engine.now();
    let shown = consents::reviews(&home.engine.vault)?.into_iter().filter(|r| all || r.settled.0 == 0);
    let values = shown.map(|review| {
        json!({
            "referral": review.packet.to_string(),
            "what": review.what,
            "reason": review.reason,
            "text": review.text,
            "decided_by": review.decided_by,
            "second_person": review.second_person,
            "at": time(review.at),
            "review_by": time(review.review_by),
            "overdue": review.is_overdue(now),
            "settled": time(review.settled),
            "settled_by": review.settled_by,
            "outcome": review.outcome,
        })
    });
    print_list(home.json, values.collect(), &home.lang.text("consent-no-reviews"), |v| review_line(v, home));
    Ok(())
}

fn review_line(v: &Value, home: &Home) -> String {
    let lang = home.lang;
    let number = text(v, "referral");
    let reason = lang.text(&format!("override-reason-{}", text(v, "reason").replace('_', "-")));
    let gaps = [
        ("id", number.get(..12).unwrap_or(number)),
        ("reason", &reason),
        ("text", text(v, "text")),
        ("by", text(v, "decided_by")),
        ("due", text(v, "review_by")),
    ];
    let id = if text(v, "what") == "guardian" { "consent-guardian-wanted" } else { "consent-review" };
    let mut line = lang.fill(id, &gaps);
    if v["overdue"] == true {
        line.push_str(&format!("  {}", lang.text("consent-review-overdue")));
    }
    if let Some(outcome) = v["outcome"].as_str().filter(|outcome| !outcome.is_empty()) {
        line.push_str(&format!("  → {outcome}"));
    }
    harmless(&line)
}

async fn settle(args: SettleArgs, home: &Home) -> Result<(), Failure> {
    let outcome = bounded(&args.text, home)?.trim();
    let by = args.by.trim();
    if outcome.is_empty() || by.is_empty() {
        return Err(Failure::invalid(
            home.lang.text("consent-settle-empty"),
            home.lang.text("consent-settle-hint"),
        ));
    }
    let packet = find_thread(home, &args.id)?.root;
    let open = open_reviews(packet, home)?;
    if open.is_empty() {
        return Err(Failure::not_found(&args.id));
    }
    may_look_again(by, &open, home)?;
    let mut changes = Changes::default();
    for review in &open {
        let settled = Review {
            settled: home.engine.now(),
            settled_by: by.to_owned(),
            outcome: outcome.to_owned(),
            ..review.clone()
        };
        consents::put_review(&mut changes, &settled);
    }
    home.engine.commit(changes).await?;
    home.note("looked at a decision again").await?;
    let result = json!({ "referral": packet.to_string(), "settled": open.len() });
    print(home.json, result, |_| home.lang.text("consent-settled"));
    Ok(())
}

/// Nobody looks again at what they have decided themselves; once people are listed, one of them does.
fn may_look_again(by: &str, open: &[Review], home: &Home) -> Result<(), Failure> {
    let has_decided = |review: &Review| {
        [&review.decided_by, &review.second_person].into_iter().any(|p| p.to_lowercase() == by.to_lowercase())
    };
    let words = match (open.iter().any(has_decided), overriding::may_be_one_of_us(by, home)?) {
        (false, true) => return Ok(()),
        (true, _) => "consent-settle-own",
        (_, false) => "consent-settle-unlisted",
    };
    let lang = home.lang;
    Err(Failure::new("W-117", exit::REFUSED, lang.text(words), lang.text("consent-settle-other-hint")))
}

fn open_reviews(packet: PacketId, home: &Home) -> Result<Vec<Review>, Failure> {
    let all = consents::reviews(&home.engine.vault)?;
    Ok(all.into_iter().filter(|review| review.packet == packet && review.settled.0 == 0).collect())
}

/// The originator's word that something may go on, to one organisation, section by section.
async fn approve(id: &str, to: &str, sections: &[String], home: &Home) -> Result<(), Failure> {
    let sections = agreement::sections(sections, home)?;
    let thread = find_thread(home, id)?;
    let org = org::find(home, to).await?;
    let said = json!({ "org_id": org.to_string(), "sections": sections });
    let words = words("", ONWARD, said);
    let packet = home.engine.take_step(thread.case, Action::OnwardApproved, words).await?;
    home.note("approved that a referral goes on").await?;
    let result = json!({
        "referral": thread.root.to_string(),
        "to": org.to_string(),
        "sections": sections,
        "packet_id": packet.to_string(),
    });
    let name = harmless(&home.name_of(thread.peer).await);
    print(home.json, result, |_| home.lang.fill("consent-approved", &[("name", &name)]));
    Ok(())
}

/// For `causeway status`: how much waits for whom.
pub(super) fn status(home: &Home) -> Result<Value, Failure> {
    let now = home.engine.now();
    let open: Vec<Withdrawal> =
        consents::withdrawals(&home.engine.vault)?.into_iter().filter(|w| w.answer.is_none()).collect();
    let reviews = consents::reviews(&home.engine.vault)?;
    let waiting = reviews.iter().filter(|review| review.settled.0 == 0).count();
    Ok(json!({
        "to_confirm": open.iter().filter(|w| w.is_for_us()).count(),
        "unconfirmed": open.iter().filter(|w| !w.is_for_us()).count(),
        "overdue": open.iter().filter(|w| w.is_overdue(now)).count(),
        "reviews": waiting,
        "reviews_overdue": reviews.iter().filter(|review| review.is_overdue(now)).count(),
    }))
}

/// What people are told about it.
pub(super) fn status_words(v: &Value, home: &Home) -> String {
    let fields = [
        ("to_confirm", "consent-status-to-confirm"),
        ("unconfirmed", "consent-status-unconfirmed"),
        ("overdue", "consent-status-overdue"),
        ("reviews", "consent-status-reviews"),
        ("reviews_overdue", "consent-status-reviews-overdue"),
    ];
    let counted = fields.into_iter().filter_map(|(field, id)| {
        let count = usize::try_from(v[field].as_u64()?).ok().filter(|count| *count > 0)?;
        Some(format!("\n{}", home.lang.count(id, count)))
    });
    counted.collect()
}
