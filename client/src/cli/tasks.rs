//! `causeway tasks` and `causeway escalate`: what to do because somebody has not answered.

use std::future::Future;
use std::time::Duration;

use causeway_common::ids::OrgId;
use causeway_common::priority::Priority;
use clap::Subcommand;
use serde_json::{Value, json};

use super::failure::{Failure, exit, hint};
use super::home::Home;
use super::member::news::Known;
use super::output::{harmless, print, print_list, remark, text, time};
use super::steps::{case_ref, find_thread, is_exercise, peer_name, stamp};
use crate::calls;
use crate::desks;
use crate::engine::Draft;
use crate::escalation::{self, fallback, tasks, tasks::Task};
use crate::lang::Lang;
use crate::model::Thread;
use crate::records;
use crate::referral::clocks::{Clock, Level};
use crate::referral::lifecycle::Role;
use crate::vault::Changes;

/// While a session is kept the deadlines are looked at this often.
pub(crate) const LOOK_INTERVAL: Duration = Duration::from_secs(15);
/// A supervisor confirms what was sent in a hurry within this time.
const CONFIRM_WITHIN: Duration = Duration::from_secs(60 * 60);
/// Longest text about what came of a task, in characters.
const OUTCOME_CHARS_MAX: usize = 2_000;
/// Tasks for which somebody calls the other side.
const CALLS: [&str; 5] = ["call", "supervisor", "arrival", "bed-gone", "bed-over"];
/// Tasks that a remark names; the rest is counted.
const NAMED_MAX: usize = 5;

#[derive(Debug, Subcommand)]
pub(crate) enum TasksCommand {
    /// What there is to do.
    List {
        /// What is done too.
        #[arg(long)]
        all: bool,
    },
    /// Say that a task is done, and what came of it.
    Done {
        /// Number of the task, or the beginning of it.
        id: String,
        /// What came of it: whom you reached, what was agreed.
        #[arg(long, default_value = "")]
        text: String,
        /// Number of the member of the staff who did it.
        #[arg(long, value_name = "NO")]
        staff: Option<String>,
    },
}

pub(crate) async fn run(command: TasksCommand, home: &Home) -> Result<(), Failure> {
    match command {
        TasksCommand::List { all } => list(all, home).await,
        TasksCommand::Done { id, text, staff } => done(&id, text, staff, home).await,
    }
}

async fn list(everything: bool, home: &Home) -> Result<(), Failure> {
    let mut values = Vec::new();
    let listed = if everything { tasks::all(&home.engine.vault)? } else { tasks::to_do(&home.engine)? };
    for task in in_order(listed, home)? {
        values.push(entry(&task, home).await?);
    }
    print_list(home.json, values, &home.lang.text("tasks-none"), |v| line(v, home.lang));
    Ok(())
}

/// What is open first, then by the priority of its referral, then what was due first: several tasks are looked at from above.
fn in_order(tasks: Vec<Task>, home: &Home) -> Result<Vec<Task>, Failure> {
    let mut placed = Vec::new();
    for task in tasks {
        let thread = records::thread(&home.engine.vault, &task.case)?;
        let priority = match thread {
            Some(thread) => (false, thread.priority),
            None if task.code == tasks::DANGER => (false, Priority::P0),
            // A task whose referral is not here any more can wait for everything else.
            None => (true, Priority::P3),
        };
        placed.push(((!task.is_open(), priority, task.due), task));
    }
    placed.sort_by_key(|(place, _)| *place);
    Ok(placed.into_iter().map(|(_, task)| task).collect())
}

async fn entry(task: &Task, home: &Home) -> Result<Value, Failure> {
    let thread = records::thread(&home.engine.vault, &task.case)?;
    let peer = match &thread {
        Some(thread) => home.name_of(thread.peer).await,
        None => "?".to_owned(),
    };
    let reference = thread.as_ref().map_or(Ok(Value::Null), |thread| case_ref(home, thread))?;
    let (kind, priority, exercise) = match &thread {
        Some(thread) => (Some(thread.kind.clone()), Some(thread.priority), is_exercise(home, thread)?),
        None => match calls::call(&home.engine.vault, &task.case)? {
            Some(call) => (Some(calls::KIND.to_owned()), Some(Priority::P0), call.to_case().is_exercise()),
            None => (None, None, false),
        },
    };
    let phone = match &thread {
        // Partners publish their hours at any time: the number may be known only now.
        Some(thread) if task.phone.is_empty() => escalation::phone(&home.engine, thread)?,
        _ => task.phone.clone(),
    };
    let fallback = task.fallback != OrgId([0; 32]);
    let next = if fallback { Value::from(home.name_of(task.fallback).await) } else { Value::Null };
    Ok(json!({
        "id": hex::encode(task.id),
        "task": task.code,
        "level": task.level,
        "deadline": task.clock,
        "round": task.round,
        "due": time(task.due),
        "late": task.is_late(home.engine.now()),
        "made": time(task.made),
        "referral": thread.as_ref().map(|thread| thread.root.to_string()),
        "case": hex::encode(task.case),
        "case_ref": reference,
        "exercise": exercise,
        "kind": kind,
        "priority": priority.map(|priority| priority.to_string()),
        "with": peer,
        "phone": Some(&phone).filter(|phone| !phone.is_empty()),
        "fallback": next,
        "done": time(task.done),
        "outcome": Some(&task.outcome).filter(|outcome| !outcome.is_empty()),
        "staff": Some(&task.staff).filter(|staff| !staff.is_empty()),
    }))
}

fn line(v: &Value, lang: Lang) -> String {
    let deadline = lang.find(&format!("clock-{}", text(v, "deadline")), None);
    let deadline = deadline.unwrap_or_else(|| text(v, "deadline").to_owned());
    let (with, due) = (harmless(text(v, "with")), text(v, "due").to_owned());
    let number = text(v, "case").get(..12).unwrap_or("-").to_owned();
    let gaps = [
        ("with", with.as_str()),
        ("due", due.as_str()),
        ("deadline", deadline.as_str()),
        ("id", number.as_str()),
    ];
    let mut out = format!(
        "{}{}  {}  {}{}  {}",
        stamp(v, lang),
        text(v, "id").get(..8).unwrap_or("-"),
        text(v, "priority"),
        text(v, "kind"),
        about(v, lang),
        lang.fill(&format!("task-{}", text(v, "task")), &gaps),
    );
    if v["late"] == true {
        out.push_str(&format!(" {}", lang.text("task-late")));
    }
    if let Some(phone) = v["phone"].as_str() {
        out.push_str(&format!(" {}", lang.fill("task-phone", &[("phone", &harmless(phone))])));
    } else if CALLS.contains(&text(v, "task")) {
        out.push_str(&format!(" {}", lang.text("task-no-phone")));
    }
    if let Some(next) = v["fallback"].as_str() {
        let id = text(v, "case").get(..12).unwrap_or("-").to_owned();
        out.push_str(&format!(" {}", lang.fill("task-fallback", &[("name", &harmless(next)), ("id", &id)])));
    }
    if let Some(outcome) = v["outcome"].as_str() {
        out.push_str(&format!(" — {}", harmless(outcome)));
    }
    out
}

/// The numbers by which the other side finds the referral.
fn about(v: &Value, lang: Lang) -> String {
    let Some(number) = v["referral"].as_str().and_then(|number| number.get(..12)) else {
        return String::new();
    };
    match v["case_ref"].as_str() {
        Some(reference) => format!("  {number} {}", lang.fill("task-case", &[("ref", &harmless(reference))])),
        None => format!("  {number}"),
    }
}

async fn done(id: &str, words: String, staff: Option<String>, home: &Home) -> Result<(), Failure> {
    let matching: Vec<Task> = tasks::all(&home.engine.vault)?
        .into_iter()
        .filter(|task| id.len() >= 4 && task.is_open() && hex::encode(task.id).starts_with(id))
        .collect();
    let Ok([mut task]) = <[Task; 1]>::try_from(matching) else { return Err(Failure::not_found(id)) };
    let lang = home.lang;
    if task.wants_outcome() && words.trim().is_empty() || words.chars().count() > OUTCOME_CHARS_MAX {
        let hint = lang.text("task-outcome-hint");
        return Err(Failure::new("L-112", exit::INVALID, lang.text("task-outcome"), hint));
    }
    let role = if task.level >= 3 || task.code == "confirm" { Role::Supervisor } else { Role::Agent };
    super::staff::check(home, role, staff.as_deref())?;
    task.done = home.engine.now();
    task.outcome = words;
    task.staff = staff.unwrap_or_default();
    let mut changes = Changes::default();
    tasks::put(&mut changes, &task);
    home.engine.commit(changes).await?;
    home.note("finished a task").await?;
    let value = entry(&task, home).await?;
    print(home.json, value, |_| lang.text("task-done"));
    Ok(())
}

/// Sends a referral to the next organisation on its list.
pub(crate) async fn escalate(id: &str, home: &Home) -> Result<(), Failure> {
    let thread = find_thread(home, id)?;
    let lang = home.lang;
    let none = || {
        Failure::new(
            "L-113",
            exit::REFUSED,
            lang.text("escalate-none"),
            hint("escalate-none-hint", &[], lang),
        )
    };
    let next = fallback::next(&home.engine, &thread).await?.ok_or_else(none)?;
    if !fallback::forward(&home.engine, &thread, next, home.engine.relay_now()).await? {
        return Err(none());
    }
    home.note("sent a referral to the next organisation").await?;
    let name = home.name_of(next).await;
    let result = json!({ "referral": thread.root.to_string(), "to": next.to_string(), "to_name": name });
    print(home.json, result, |_| lang.fill("escalate-done", &[("name", &harmless(&name))]));
    Ok(())
}

/// Says before something urgent is sent that nobody is there to read it, and whom to call.
pub(crate) async fn before_sending(home: &Home, to: &[OrgId], priority: Priority) -> Result<(), Failure> {
    for org in to {
        let hours = desks::of(&home.engine.vault, *org)?;
        let name = harmless(&home.name_of(*org).await);
        let warning = desks::warning(home.lang, &name, &hours, priority, home.engine.now());
        if let Some(warning) = warning {
            remark(&warning);
        }
    }
    Ok(())
}

/// What is sent in a hurry, and evidence, is confirmed by a supervisor afterwards.
pub(crate) fn to_confirm(home: &Home, draft: &Draft, changes: &mut Changes) {
    let urgent = matches!(draft.priority, Priority::P0 | Priority::P1);
    if urgent || draft.kind == "EVH" {
        let now = home.engine.now();
        tasks::put(changes, &Task::to_confirm(draft.case, now, now.plus(CONFIRM_WITHIN)));
    }
}

/// Looks at all deadlines. True: something has to be sent.
pub(crate) async fn look(home: &Home) -> Result<bool, Failure> {
    let ticked = escalation::tick(&home.engine).await?;
    if !home.json {
        for task in in_order(ticked.tasks, home)?.into_iter().take(NAMED_MAX) {
            remark(&line(&entry(&task, home).await?, home.lang));
        }
    }
    Ok(ticked.steps + ticked.forwarded + ticked.published > 0)
}

/// Looks at all deadlines again and again while something else goes on, and says what has come.
pub(crate) async fn while_watching<T>(home: &Home, news: &mut Known, work: impl Future<Output = T>) -> T {
    let watching = async {
        loop {
            tokio::time::sleep(LOOK_INTERVAL).await;
            for failure in [news.tell(home).await.err(), look(home).await.err()].into_iter().flatten() {
                let failure = failure.in_lang(home.lang);
                remark(&format!("{} [{}]", failure.message, failure.code));
            }
        }
    };
    tokio::select! {
        done = work => done,
        never = watching => never,
    }
}

/// How many tasks are open.
pub(crate) fn open(home: &Home) -> Result<usize, Failure> {
    Ok(tasks::to_do(&home.engine)?.len())
}

/// Says how much there is to do.
pub(crate) fn remark_open(home: &Home) -> Result<(), Failure> {
    let open = open(home)?;
    if open > 0 && !home.json {
        remark(&home.lang.count("tasks-open", open));
    }
    Ok(())
}

/// Referrals of which a deadline is over, the most urgent first and then what was due first, each with that deadline.
fn overdue(home: &Home) -> Result<Vec<(Thread, Clock)>, Failure> {
    let mut late = Vec::new();
    for thread in records::threads_where(&home.engine.vault, |line| !line.ended)? {
        let clocks = escalation::clocks_of(&home.engine, &thread)?;
        late.extend(escalation::overdue(&clocks).copied().map(|clock| (thread, clock)));
    }
    late.sort_by_key(|(thread, clock)| (thread.priority, clock.due));
    Ok(late)
}

/// How many referrals are overdue.
pub(crate) fn overdue_count(home: &Home) -> Result<usize, Failure> {
    Ok(overdue(home)?.len())
}

/// Says whom to call, by what is known without the relay.
pub(crate) fn remark_overdue(home: &Home) {
    let Ok(mut late) = overdue(home) else { return };
    late.retain(|(thread, _)| thread.ours);
    if home.json {
        return;
    }
    for (thread, clock) in late.iter().take(NAMED_MAX) {
        let reference = case_ref(home, thread).unwrap_or_default();
        let v = json!({
            "referral": thread.root.to_string(),
            "case_ref": reference,
            "priority": thread.priority.to_string(),
            "kind": thread.kind,
            "with": peer_name(home, thread.peer),
            "due": time(clock.due),
            "deadline": clock.id.as_str(),
            "phone": Some(escalation::phone(&home.engine, thread).unwrap_or_default()).filter(|p| !p.is_empty()),
        });
        remark(&offline_line(&v, home.lang));
    }
    if late.len() > NAMED_MAX {
        remark(&home.lang.count("overdue-more", late.len() - NAMED_MAX));
    }
}

/// Whom to call about what, while nothing can be sent.
fn offline_line(v: &Value, lang: Lang) -> String {
    let deadline = lang.text(&format!("clock-{}", text(v, "deadline")));
    let (about, with) = (about(v, lang), harmless(text(v, "with")));
    let gaps = [
        ("priority", text(v, "priority")),
        ("kind", text(v, "kind")),
        ("about", about.trim_start()),
        ("due", text(v, "due")),
        ("deadline", &deadline),
        ("with", &with),
    ];
    let call = match v["phone"].as_str() {
        Some(phone) => lang.fill("task-phone", &[("phone", &harmless(phone))]),
        None => lang.text("task-no-phone"),
    };
    format!("{} {call}", lang.fill("overdue-offline", &gaps))
}

/// What a list says about the deadlines of a thread.
pub(crate) fn of_thread(thread: &Thread, home: &Home) -> Result<Value, Failure> {
    let clocks = escalation::clocks_of(&home.engine, thread)?;
    let entry = |clock: &Clock| {
        json!({
            "deadline": clock.id.as_str(),
            "due": time(clock.due),
            "paused": clock.paused,
            "more_time": clock.delayed,
            "level": clock.level.number(),
            "overdue": clock.level >= Level::L1,
        })
    };
    Ok(clocks.iter().map(entry).collect())
}

/// The same in words: what is late, otherwise what is due next.
pub(crate) fn words(v: &Value, home: &Home) -> String {
    let all = || v["deadlines"].as_array().into_iter().flatten();
    let late = all().find(|clock| clock["overdue"] == true);
    let next =
        all().filter(|clock| clock["paused"] == false).min_by_key(|clock| text(clock, "due").to_owned());
    let Some((id, clock)) = late.map(|c| ("due-late", c)).or_else(|| next.map(|c| ("due-next", c))) else {
        return String::new();
    };
    let deadline = home.lang.text(&format!("clock-{}", text(clock, "deadline")));
    let due = text(clock, "due").to_owned();
    format!("  {}", home.lang.fill(id, &[("deadline", &deadline), ("due", &due)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_to_call_has_the_numbers_of_the_case_and_learns_where_a_phone_is() {
        let mut v = json!({
            "id": "1234567890", "task": "call", "deadline": "C5", "due": "2026-12-01T08:00:00Z", "with": "Border Police",
            "referral": "f564aabbccddee00", "case": "99887766554433", "case_ref": "MD-2026-f564aa", "priority": "P0",
            "kind": "BIA",
        });
        for lang in Lang::ALL {
            for words in [line(&v, lang), offline_line(&v, lang)] {
                for part in
                    ["P0", "BIA", "f564aabbccdd", "MD-2026-f564aa", "Border Police", &lang.text("clock-C5")]
                {
                    assert!(words.contains(part), "{part}: {words}");
                }
                assert!(words.contains(&lang.text("task-no-phone")) && !words.contains("C5"), "{words}");
            }
        }
        v["phone"] = "+37322000000".into();
        for words in [line(&v, Lang::En), offline_line(&v, Lang::En)] {
            assert!(
                words.contains("+37322000000") && !words.contains(&Lang::En.text("task-no-phone")),
                "{words}"
            );
        }
    }
}
