//! `causeway retention` and `causeway hold-legal`: what is kept how long, and what a court wants kept.

use clap::{Args, Subcommand};
use serde_json::json;

use super::erase::{case_of, day_of, thread_of};
use super::failure::{Failure, exit};
use super::home::Home;
use super::output::{emit, harmless, print, remark, time};
use crate::retention::expiry::{self, Done, Fate, Stays, Term, WARN_BEFORE};
use crate::retention::holds::{self, Hold, REASON_CHARS_MAX};
use crate::retention::trusted_now;

#[derive(Debug, Subcommand)]
pub(crate) enum RetentionCommand {
    /// Erase what has come to the end of its time. `sync` does it once a day by itself.
    Run,
    /// What will be erased in the next 14 days, what stays although its time is over, and who is still to be looked for.
    Due,
    /// Say that a missing person is still looked for: you are asked again after 90 days.
    Renew {
        /// Number of the referral, or the beginning of it.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum HoldLegalCommand {
    /// Keep a referral, whatever its period says and whoever wants it erased.
    Set(SetArgs),
    /// All legal holds.
    List,
    /// The referral need not be kept any more.
    Release {
        /// Number of the referral, or the beginning of it.
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    /// Number of the referral, or the beginning of it.
    id: String,
    /// Who wants it kept, and why: a court and the number of its case, for example.
    #[arg(long)]
    reason: String,
    /// The day on which somebody has to look at it again, for example 2027-06-30. It is kept on until somebody releases it.
    #[arg(long)]
    until: jiff::civil::Date,
}

pub(crate) async fn retention(command: RetentionCommand, home: &Home) -> Result<(), Failure> {
    match command {
        RetentionCommand::Run => match expiry::run(&home.engine).await? {
            Some(done) => {
                say_done(done, home);
                Ok(())
            }
            None => Err(unknown_time(home)),
        },
        RetentionCommand::Due => due(home).await,
        RetentionCommand::Renew { id } => {
            let case = case_of(home, &id)?;
            expiry::renew(&home.engine, case).await?;
            home.note("renewed a search").await?;
            print(home.json, json!({ "id": id, "renewed": time(home.engine.now()) }), |_| {
                home.lang.text("retention-renewed")
            });
            Ok(())
        }
    }
}

fn say_done(done: Done, home: &Home) {
    let value = json!({ "erased": done.erased, "parts": done.parts, "stay": done.stay });
    print(home.json, value, |_| {
        let (erased, parts, stay) = (done.erased.to_string(), done.parts.to_string(), done.stay.to_string());
        home.lang.fill("retention-done", &[("erased", &erased), ("parts", &parts), ("stay", &stay)])
    });
}

fn unknown_time(home: &Home) -> Failure {
    let lang = home.lang;
    Failure::new("Z-106", exit::CONFLICT, lang.text("retention-no-time"), lang.text("retention-no-time-hint"))
}

async fn due(home: &Home) -> Result<(), Failure> {
    let now = trusted_now(&home.engine).await.ok_or_else(|| unknown_time(home))?;
    let terms = expiry::due(&home.engine.vault, now.plus(WARN_BEFORE))?;
    if terms.is_empty() && !home.json {
        emit(&home.lang.text("retention-due-none"));
    }
    for term in terms {
        let Some(thread) = thread_of(home, &term.case)? else { continue };
        let id = if thread.ours { hex::encode(thread.case) } else { thread.root.to_string() };
        let value = json!({
            "id": id,
            "kind": thread.kind,
            "peer": thread.peer.to_string(),
            "at": time(term.at),
            "what": what(&term),
            "stays": stays(&term),
        });
        let (day, peer) = (day_of(term.at), home.name_of(thread.peer).await);
        let gaps = [
            ("id", id.get(..12).unwrap_or(&id)),
            ("kind", thread.kind.as_str()),
            ("day", &day),
            ("peer", &peer),
        ];
        let line = home.lang.fill(&format!("retention-due-{}", words(&term)), &gaps);
        print(home.json, value, |_| line);
    }
    Ok(())
}

fn what(term: &Term) -> &'static str {
    match term.what {
        Fate::Erase => "erase",
        Fate::EraseFields(_) => "erase_fields",
        Fate::Renew => "renew",
    }
}

fn stays(term: &Term) -> Option<&'static str> {
    term.stays.map(|stays| match stays {
        Stays::Open => "open",
        Stays::Held => "held",
        Stays::Asked => "asked",
    })
}

/// Name of the text for a line.
fn words(term: &Term) -> &'static str {
    match (term.what, term.stays) {
        (Fate::Renew, _) => "renew",
        (_, Some(Stays::Open)) => "open",
        (_, Some(Stays::Held)) => "held",
        (_, Some(Stays::Asked)) => "asked",
        (Fate::Erase, None) => "erase",
        (Fate::EraseFields(_), None) => "fields",
    }
}

pub(crate) async fn hold_legal(command: HoldLegalCommand, home: &Home) -> Result<(), Failure> {
    match command {
        HoldLegalCommand::Set(args) => set(args, home).await,
        HoldLegalCommand::List => list(home).await,
        HoldLegalCommand::Release { id } => {
            let case = case_of(home, &id)?;
            let lang = home.lang;
            if holds::of(&home.engine.vault, &case)?.is_none() {
                return Err(Failure::new(
                    "Z-107",
                    exit::NOT_FOUND,
                    lang.text("hold-none"),
                    lang.text("hold-none-hint"),
                ));
            }
            holds::release(&home.engine, &case).await?;
            print(home.json, json!({ "id": id, "released": true }), |_| lang.text("hold-released"));
            Ok(())
        }
    }
}

async fn set(args: SetArgs, home: &Home) -> Result<(), Failure> {
    let lang = home.lang;
    if args.reason.trim().is_empty() || args.reason.chars().count() > REASON_CHARS_MAX {
        let most = REASON_CHARS_MAX.to_string();
        return Err(Failure::invalid(
            lang.fill("hold-reason", &[("most", &most)]),
            lang.text("hold-reason-hint"),
        ));
    }
    let until = expiry::start_of_day(args.until).filter(|until| *until > home.engine.now());
    let until = until.ok_or_else(|| Failure::invalid(lang.text("hold-past"), lang.text("hold-past-hint")))?;
    let hold = holds::set(&home.engine, case_of(home, &args.id)?, &args.reason, until).await?;
    print(home.json, json!({ "id": args.id, "until": time(hold.until) }), |_| {
        lang.fill("hold-set", &[("day", &day_of(hold.until))])
    });
    Ok(())
}

async fn list(home: &Home) -> Result<(), Failure> {
    let mut all = holds::all(&home.engine.vault)?;
    all.sort_by_key(|hold| hold.until);
    if all.is_empty() && !home.json {
        emit(&home.lang.text("hold-list-none"));
    }
    for hold in all {
        let overdue = hold.is_overdue(home.engine.now());
        let id = thread_of(home, &hold.case)?.map_or_else(
            || hex::encode(hold.case),
            |t| if t.ours { hex::encode(t.case) } else { t.root.to_string() },
        );
        let value = json!({
            "id": id,
            "reason": hold.reason,
            "set": time(hold.set),
            "until": time(hold.until),
            "overdue": overdue,
        });
        let name = if overdue { "hold-line-overdue" } else { "hold-line" };
        let (day, reason) = (day_of(hold.until), harmless(&hold.reason));
        let gaps = [("id", id.get(..12).unwrap_or(&id)), ("day", &day), ("reason", &reason)];
        print(home.json, value, |_| home.lang.fill(name, &gaps));
    }
    Ok(())
}

/// What `sync` says besides: expires what is due, and names what waits for a person. Silent if there is nothing.
pub(super) async fn after_sync(home: &Home) -> Result<(), Failure> {
    let done = expiry::run_if_time(&home.engine).await?.unwrap_or_default();
    if home.json {
        return Ok(());
    }
    let lang = home.lang;
    if done.erased + done.parts > 0 {
        remark(&lang.count("retention-sync-erased", done.erased + done.parts));
    }
    let questions = super::erase::questions(home)?;
    if questions > 0 {
        remark(&lang.count("retention-sync-questions", questions));
    }
    let overdue: Vec<Hold> = holds::all(&home.engine.vault)?;
    let overdue = overdue.iter().filter(|hold| hold.is_overdue(home.engine.now())).count();
    if overdue > 0 {
        remark(&lang.count("retention-sync-holds", overdue));
    }
    Ok(())
}
