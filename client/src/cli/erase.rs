//! `causeway erase`: cases that go for good, here and on the other side.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::calls::in_calls;
use super::failure::{Failure, exit};
use super::home::Home;
use super::output::{emit, print, remark, time};
use super::recovery::line;
use super::steps::find_thread;
use crate::calls::{self, Call};
use crate::lang::Lang;
use crate::model::Thread;
use crate::records;
use crate::retention::requests::{self, GROUNDS};
use crate::retention::{self, Answer, EraseError, Erased, Placeholder, Reason, placeholder};
use crate::vault::CaseName;

mod proof;

/// Code of a number whose case has been erased.
pub(super) const GONE: &str = "Z-103";

/// Cases that one command erases.
const ERASED_MAX: usize = 64;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct EraseArgs {
    #[command(subcommand)]
    command: Option<EraseCommand>,
    /// Numbers of referrals or calls, or the beginnings of them.
    #[arg(required = true, num_args = 1..=ERASED_MAX)]
    ids: Vec<String>,
    /// Why: subject_request, consent_withdrawn, entered_in_error, unlawful or not_needed. With the first four the other side
    /// is asked to erase as well.
    #[arg(long, required = true, value_parser = reason)]
    reason: Option<Reason>,
    /// Do not ask whether you mean it.
    #[arg(long)]
    yes: bool,
    /// Do not ask the other side to erase as well.
    #[arg(long)]
    here_only: bool,
}

#[derive(Debug, Subcommand)]
enum EraseCommand {
    /// Erase a referral because the other side has asked for it, and confirm it.
    Confirm {
        /// Number of the referral, or the beginning of it.
        id: String,
        /// Do not ask whether you mean it.
        #[arg(long)]
        yes: bool,
    },
    /// Keep a referral that the other side wants erased, and say by which law.
    Refuse {
        /// Number of the referral, or the beginning of it.
        id: String,
        /// The legal ground: vital, legal_claim, public_task, substantial_public_interest, legal_obligation,
        /// child_protection or le_directive.
        #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(GROUNDS))]
        ground: String,
    },
    /// What has been erased, what the other side has answered, and what waits for your answer.
    List,
    /// What still proves that an erased referral was sent and received, and what had been agreed to.
    Proof {
        /// Number of the referral, or the beginning of it.
        id: String,
    },
}

fn reason(word: &str) -> Result<Reason, String> {
    let found = Reason::GIVEN.into_iter().find(|reason| reason.as_str() == word);
    found.ok_or_else(|| format!("one of {}", Reason::GIVEN.map(Reason::as_str).join(", ")))
}

pub(crate) async fn run(args: EraseArgs, home: &Home) -> Result<(), Failure> {
    match args.command {
        None => {
            let (mut threads, mut calls) = (Vec::new(), Vec::new());
            for id in &args.ids {
                match in_calls(home, id)? {
                    Some(call) => calls.push(call),
                    None => threads.push(find_thread(home, id)?),
                }
            }
            let reason = args.reason.unwrap_or(Reason::NotNeeded);
            agree_to(&threads, &calls, args.yes, home).await?;
            for call in calls {
                home.engine.erase_call(call.id, reason).await?;
                let id = hex::encode(call.id);
                let value =
                    json!({ "id": id, "kind": calls::KIND, "state": "erased", "reason": reason.as_str() });
                print(home.json, value, |_| home.lang.fill("erase-call-done", &[("id", short(&id))]));
            }
            for thread in threads {
                let erased = if reason.concerns_both() && !args.here_only {
                    requests::erase_on_both_sides(&home.engine, thread.case, reason).await
                } else {
                    retention::erase(&home.engine, thread.case, reason).await
                };
                report(&erased.map_err(|error| failure(error, home.lang))?, home).await;
            }
            Ok(())
        }
        Some(EraseCommand::Confirm { id, yes }) => {
            let thread = find_thread(home, &id)?;
            if !requests::is_about_all(&thread, &home.engine.vault)? {
                return Err(failure(EraseError::NotRequested, home.lang));
            }
            agree(std::slice::from_ref(&thread), yes, home).await?;
            let erased = requests::confirm(&home.engine, thread.case).await;
            report(&erased.map_err(|error| failure(error, home.lang))?, home).await;
            Ok(())
        }
        Some(EraseCommand::Refuse { id, ground }) => refuse(&id, &ground, home).await,
        Some(EraseCommand::List) => list(home).await,
        Some(EraseCommand::Proof { id }) => proof::show(&id, home).await,
    }
}

/// Asks on a terminal; a script has to say so itself.
pub(super) async fn agree(threads: &[Thread], yes: bool, home: &Home) -> Result<(), Failure> {
    agree_to(threads, &[], yes, home).await
}

async fn agree_to(threads: &[Thread], calls: &[Call], yes: bool, home: &Home) -> Result<(), Failure> {
    let lang = home.lang;
    if yes {
        return Ok(());
    }
    if home.no_input {
        return Err(Failure::new(
            "Z-101",
            exit::INVALID,
            lang.text("erase-needs-yes"),
            lang.text("erase-needs-yes-hint"),
        ));
    }
    for thread in threads {
        let peer = home.name_of(thread.peer).await;
        let id = short(&number(thread)).to_owned();
        remark(&lang.fill("erase-what", &[("id", &id), ("kind", &thread.kind), ("peer", &peer)]));
    }
    for call in calls {
        remark(
            &lang.fill(
                "erase-what-call",
                &[("id", short(&hex::encode(call.id))), ("day", &day_of(call.taken))],
            ),
        );
    }
    remark(&lang.text("erase-sure"));
    let typed = line()?.map(|line| line.trim().to_lowercase()).unwrap_or_default();
    if [lang.text("erase-yes").as_str(), "yes"].contains(&typed.as_str()) {
        return Ok(());
    }
    Err(Failure::new("Z-102", exit::INVALID, lang.text("erase-not"), lang.text("erase-not-hint")))
}

fn number(thread: &Thread) -> String {
    if thread.ours { hex::encode(thread.case) } else { thread.root.to_string() }
}

fn short(number: &str) -> &str {
    number.get(..12).unwrap_or(number)
}

async fn report(erased: &Erased, home: &Home) {
    let lang = home.lang;
    let left = &erased.placeholder;
    let mut value = entry(left, home).await;
    value["older_copies"] = erased.older.into();
    let id = left.number();
    let peer = home.name_of(left.peer).await;
    print(home.json, value, |_| {
        let asked = if left.asked.0 == 0 { "erase-done" } else { "erase-done-asked" };
        lang.fill(asked, &[("id", short(&id)), ("peer", &peer)])
    });
    if erased.older && !home.json {
        remark(&lang.text("erase-older"));
    }
}

async fn refuse(id: &str, ground: &str, home: &Home) -> Result<(), Failure> {
    let thread = find_thread(home, id)?;
    let refused = requests::refuse(&home.engine, thread.case, ground).await;
    let packet = refused.map_err(|error| failure(error, home.lang))?;
    home.note("refused to erase a referral").await?;
    let result = json!({ "id": number(&thread), "ground": ground, "packet_id": packet.to_string(), "state": "queued" });
    print(home.json, result, |_| home.lang.fill("erase-refused", &[("ground", ground)]));
    Ok(())
}

async fn list(home: &Home) -> Result<(), Failure> {
    let lang = home.lang;
    let vault = &home.engine.vault;
    let (questions, orders) = (requests::open_questions(vault)?, requests::orders(vault)?);
    let mut left = placeholder::all(vault)?;
    left.sort_by_key(|placeholder| placeholder.erased);
    if !home.json && questions.is_empty() && orders.is_empty() && left.is_empty() {
        emit(&lang.text("erase-list-empty"));
    }
    for thread in questions {
        let (id, peer) = (number(&thread), home.name_of(thread.peer).await);
        let asked = requests::open_question(&thread).map(|event| event.at).unwrap_or_default();
        let value = json!({ "id": id, "kind": thread.kind, "state": "asked_of_us", "peer": thread.peer.to_string(), "asked": time(asked) });
        print(home.json, value, |_| {
            lang.fill("erase-question", &[("id", short(&id)), ("kind", &thread.kind), ("peer", &peer)])
        });
    }
    for order in orders {
        let id = hex::encode(order.case);
        let value = json!({ "id": id, "state": "held_here", "author": order.author, "reason": order.reason });
        print(home.json, value, |_| {
            lang.fill("erase-order-held", &[("id", short(&id)), ("author", &order.author)])
        });
    }
    for placeholder in left {
        let value = entry(&placeholder, home).await;
        let words = line_of(&placeholder, home).await;
        print(home.json, value, |_| words);
    }
    Ok(())
}

/// What is left of a case, for lists.
pub(super) async fn entry(left: &Placeholder, home: &Home) -> Value {
    let (answer, ground) = match left.answer() {
        None => (Value::Null, Value::Null),
        Some(Answer::Done) => ("done".into(), Value::Null),
        Some(Answer::Refused(ground)) => ("refused".into(), ground.into()),
    };
    let state = if home.engine.vault.is_erasing() { "erasing" } else { "erased" };
    json!({
        "id": left.number(),
        "referral": left.root.to_string(),
        "kind": left.kind,
        "state": state,
        "work": state,
        "ours": left.ours,
        "peer": left.peer.to_string(),
        "peer_name": home.name_of(left.peer).await,
        "begun": time(left.begun),
        "erased": time(left.erased),
        "reason": left.reason,
        "author": left.author,
        "grant": left.grant.to_string(),
        "asked": time(left.asked),
        "answered": time(left.answered),
        "answer": answer,
        "ground": ground,
        "late": left.late,
    })
}

/// The same for people.
pub(super) async fn line_of(left: &Placeholder, home: &Home) -> String {
    let lang = home.lang;
    let (id, peer) = (left.number(), home.name_of(left.peer).await);
    let day = day_of(left.erased);
    let reason = lang.text(&format!("erase-reason-{}", left.reason.replace('_', "-")));
    let gaps =
        [("id", short(&id)), ("kind", &left.kind), ("peer", &peer), ("day", &day), ("reason", &reason)];
    let line = lang.fill("erase-line", &gaps);
    let answer = match left.answer() {
        Some(Answer::Done) => lang.fill("erase-answer-done", &[("peer", &peer)]),
        Some(Answer::Refused(ground)) => {
            lang.fill("erase-answer-refused", &[("peer", &peer), ("ground", &ground)])
        }
        None if left.asked.0 != 0 => lang.fill("erase-answer-none", &[("peer", &peer)]),
        None => return line,
    };
    format!("{line}  {answer}")
}

pub(super) fn day_of(at: causeway_common::time::Timestamp) -> String {
    time(at).as_str().and_then(|text| text.get(..10)).unwrap_or("-").to_owned()
}

/// What is left of a case that a person names; none if nothing that was erased has this number.
pub(super) fn find_left(home: &Home, id: &str) -> Result<Option<Placeholder>, Failure> {
    let named =
        |left: &Placeholder| left.root.to_string().starts_with(id) || hex::encode(left.case).starts_with(id);
    Ok(placeholder::all(&home.engine.vault)?.into_iter().find(named))
}

/// What a person is told who names a case that has been erased.
pub(super) fn is_erased(left: &Placeholder, lang: Lang) -> Failure {
    let reason = lang.text(&format!("erase-reason-{}", left.reason.replace('_', "-")));
    let day = day_of(left.erased);
    Failure::new(
        GONE,
        exit::NOT_FOUND,
        lang.fill("erase-is-erased", &[("day", &day), ("reason", &reason)]),
        lang.text("erase-is-erased-hint"),
    )
}

pub(super) fn failure(error: EraseError, lang: Lang) -> Failure {
    match error {
        EraseError::Engine(error) => error.into(),
        EraseError::Erased(left) => is_erased(&left, lang),
        EraseError::Held(hold) => Failure::new(
            "Z-104",
            exit::CONFLICT,
            lang.fill("erase-held", &[("reason", &hold.reason), ("day", &day_of(hold.until))]),
            lang.text("erase-held-hint"),
        ),
        EraseError::NotRequested => Failure::new(
            "Z-105",
            exit::CONFLICT,
            lang.text("erase-not-asked"),
            lang.text("erase-not-asked-hint"),
        ),
        EraseError::NotFound => Failure::not_found("-"),
    }
}

/// How many cases the other side wants erased and nobody here has answered.
pub(super) fn questions(home: &Home) -> Result<usize, Failure> {
    Ok(requests::open_questions(&home.engine.vault)?.len())
}

/// The case of a number, for commands about retention.
pub(super) fn case_of(home: &Home, id: &str) -> Result<CaseName, Failure> {
    Ok(find_thread(home, id)?.case)
}

/// A thread that is still there, by its case.
pub(super) fn thread_of(home: &Home, case: &CaseName) -> Result<Option<Thread>, Failure> {
    Ok(records::thread(&home.engine.vault, case)?)
}
