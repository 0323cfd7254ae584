//! `causeway tasks` and `causeway escalate`: what to do because somebody has not answered.

use std::future::Future;
use std::time::Duration;

use causeway_common::ids::OrgId;
use causeway_common::priority::Priority;
use clap::Subcommand;
use serde_json::{Value, json};

use super::failure::{Failure, exit};
use super::home::Home;
use super::output::{harmless, print, print_list, remark, text, time};
use super::steps::find_thread;
use crate::desks;
use crate::engine::Draft;
use crate::escalation::{self, fallback, tasks, tasks::Task};
use crate::model::Thread;
use crate::records;
use crate::referral::clocks::{Clock, Level};
use crate::referral::lifecycle::Role;
use crate::vault::Changes;

/// While a session is kept the deadlines are looked at this often.
const LOOK_INTERVAL: Duration = Duration::from_secs(15);
/// A supervisor confirms what was sent in a hurry within this time.
const CONFIRM_WITHIN: Duration = Duration::from_secs(60 * 60);
/// Longest text about what came of a task, in characters.
const OUTCOME_CHARS_MAX: usize = 2_000;
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
    for task in listed {
        values.push(entry(&task, home).await?);
    }
    print_list(home.json, values, &home.lang.text("tasks-none"), |v| line(v, home));
    Ok(())
}

async fn entry(task: &Task, home: &Home) -> Result<Value, Failure> {
    let thread = records::thread(&home.engine.vault, &task.case)?;
    let peer = match &thread {
        Some(thread) => home.name_of(thread.peer).await,
        None => "?".to_owned(),
    };
    let fallback = task.fallback != OrgId([0; 32]);
    let next = if fallback { Value::from(home.name_of(task.fallback).await) } else { Value::Null };
    Ok(json!({
        "id": hex::encode(task.id),
        "task": task.code,
        "level": task.level,
        "deadline": task.clock,
        "due": time(task.due),
        "late": task.is_late(home.engine.now()),
        "made": time(task.made),
        "referral": thread.as_ref().map(|thread| thread.root.to_string()),
        "case": hex::encode(task.case),
        "kind": thread.as_ref().map(|thread| thread.kind.clone()),
        "priority": thread.as_ref().map(|thread| thread.priority.to_string()),
        "with": peer,
        "phone": Some(&task.phone).filter(|phone| !phone.is_empty()),
        "fallback": next,
        "done": time(task.done),
        "outcome": Some(&task.outcome).filter(|outcome| !outcome.is_empty()),
        "staff": Some(&task.staff).filter(|staff| !staff.is_empty()),
    }))
}

fn line(v: &Value, home: &Home) -> String {
    let lang = home.lang;
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
        "{}  {}  {}  {}",
        text(v, "id").get(..8).unwrap_or("-"),
        text(v, "priority"),
        text(v, "kind"),
        lang.fill(&format!("task-{}", text(v, "task")), &gaps),
    );
    if v["late"] == true {
        out.push_str(&format!(" {}", lang.text("task-late")));
    }
    if let Some(phone) = v["phone"].as_str() {
        out.push_str(&format!(" {}", lang.fill("task-phone", &[("phone", &harmless(phone))])));
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
    let none =
        || Failure::new("L-113", exit::REFUSED, lang.text("escalate-none"), lang.text("escalate-none-hint"));
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
        for task in ticked.tasks.iter().take(NAMED_MAX) {
            remark(&line(&entry(task, home).await?, home));
        }
    }
    Ok(ticked.steps + ticked.forwarded + ticked.published > 0)
}

/// Looks at all deadlines again and again while something else goes on.
pub(crate) async fn while_watching<T>(home: &Home, work: impl Future<Output = T>) -> T {
    let watching = async {
        loop {
            tokio::time::sleep(LOOK_INTERVAL).await;
            if let Err(failure) = look(home).await {
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

/// Says whom to call, by what is known without the relay.
pub(crate) fn remark_overdue(home: &Home) {
    let Ok(threads) = records::all_threads(&home.engine.vault) else { return };
    let mut late = 0;
    for thread in threads.iter().filter(|thread| thread.ours) {
        let clocks = escalation::clocks_of(&home.engine, thread).unwrap_or_default();
        let Some(clock) = escalation::overdue(&clocks) else { continue };
        late += 1;
        if late <= NAMED_MAX && !home.json {
            let phone = escalation::phone(&home.engine, thread).unwrap_or_default();
            let id = thread.root.to_string();
            let gaps = [("id", &id[..12]), ("deadline", clock.id.as_str()), ("phone", phone.as_str())];
            remark(&home.lang.fill("overdue-offline", &gaps));
        }
    }
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
