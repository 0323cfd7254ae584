//! What there is to do, and what came of it: one card for each matter, in words and with what can be done about it here.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;

use super::row;
use super::words::{moment, zone};
use super::{Frame, Visitor, draw, failed, is_number, office, shown};
use crate::cli::failure::Failure;
use crate::cli::output::{harmless, text};
use crate::lang::Lang;

/// Tasks of one matter that are ended together: a reminder, a call, a supervisor and what each of them can lead to.
const TOGETHER_MAX: usize = 16;
/// Tasks for which somebody calls the other side.
const CALLS: [&str; 5] = ["call", "supervisor", "arrival", "bed-gone", "bed-over"];

#[derive(Template)]
#[template(path = "web/tasks.html")]
struct Tasks {
    frame: Frame,
    tasks: Vec<Task>,
    zone: String,
    staff: Vec<String>,
    error: String,
    /// What was typed with a task that does not end by it.
    typed: (String, Done),
}

struct Task {
    id: String,
    /// Others about the same deadline, which end with it.
    also: String,
    /// The referral that it is about; empty for a call.
    item: String,
    urgent: bool,
    urgency: String,
    /// What it is about: kind, number, reference.
    about: String,
    words: String,
    /// What to do where no button of this page does it.
    how: String,
    due: String,
    late: bool,
    phone: String,
    no_phone: bool,
    /// Who is next on the fallback list.
    next: String,
    /// Where a new referral begins that takes the place of this one.
    again: &'static str,
    exercise: bool,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Done {
    text: String,
    staff: String,
    also: String,
    /// The referral that goes to the next organisation.
    escalate: String,
}

pub(crate) async fn list(visitor: Visitor) -> Response {
    let page = page(&visitor, String::new(), Default::default()).await;
    shown(&visitor, page)
}

async fn page(visitor: &Visitor, error: String, typed: (String, Done)) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let listed = visitor.values(&["tasks", "list"]).await?;
    let mut matters: Vec<Vec<&Value>> = Vec::new();
    for v in listed.iter().filter(|v| v.is_object()) {
        let same = |other: &&mut Vec<&Value>| other.first().is_some_and(|first| is_one_matter(first, v));
        match matters.iter_mut().find(same) {
            Some(matter) => matter.push(v),
            None => matters.push(vec![v]),
        }
    }
    Ok(draw(&Tasks {
        tasks: matters.iter().filter_map(|matter| task(matter, lang)).collect(),
        frame: visitor.frame("tasks")?,
        zone: lang.fill("list-zone", &[("zone", &zone())]),
        staff: office::numbers(visitor)?,
        error,
        typed,
    }))
}

/// Whether two tasks are about one deadline of one case.
fn is_one_matter(a: &Value, b: &Value) -> bool {
    ["case", "deadline", "round"].iter().all(|field| a[field] == b[field])
}

/// One card: the gravest of the tasks about a matter says what to do.
fn task(matter: &[&Value], lang: Lang) -> Option<Task> {
    let v = *matter.iter().max_by_key(|v| v["level"].as_u64())?;
    let others = matter.iter().filter(|other| other["id"] != v["id"]).take(TOGETHER_MAX);
    let code = text(v, "task");
    let urgent = v["level"].as_u64().is_some_and(|level| level >= 2);
    let due = moment(text(v, "due"), lang);
    let deadline = lang.find(&format!("clock-{}", text(v, "deadline")), None);
    let deadline = deadline.unwrap_or_else(|| text(v, "deadline").to_owned());
    let with = harmless(text(v, "with"));
    let gaps = [("with", &*with), ("due", &*due), ("deadline", &*deadline)];
    let case = text(v, "case");
    let mut about = vec![v["kind"].as_str().map_or_else(String::new, |kind| row::kind(kind, lang))];
    about.push(row::number(case).to_owned());
    about.extend(v["case_ref"].as_str().map(harmless));
    about.retain(|part| !part.is_empty());
    let phone = harmless(v["phone"].as_str().unwrap_or_default());
    Some(Task {
        id: text(v, "id").to_owned(),
        also: others.map(|other| text(other, "id")).collect::<Vec<_>>().join(","),
        item: if v["referral"].is_null() { String::new() } else { case.to_owned() },
        urgent,
        urgency: row::urgency_words(true, lang),
        about: about.join(" · "),
        words: lang.find_filled(&format!("todo-{code}"), &gaps).unwrap_or_else(|| harmless(code)),
        how: lang.find_filled(&format!("todo-{code}.how"), &gaps).unwrap_or_default(),
        late: v["late"] == true,
        no_phone: phone.is_empty() && CALLS.contains(&code),
        phone,
        next: harmless(v["fallback"].as_str().unwrap_or_default()),
        again: match code {
            "alert-over" => "/alert",
            "recipient" | "next-shelter" | "bed-offered" => "/new",
            _ => "",
        },
        exercise: v["exercise"] == true,
        due,
    })
}

pub(crate) async fn done(visitor: Visitor, Path(id): Path<String>, Form(done): Form<Done>) -> Response {
    match finish(&visitor, &id, &done).await {
        Ok(()) => Redirect::to("/tasks").into_response(),
        Err(failure) => {
            let failure = failure.in_lang(visitor.lang);
            let error = failure.in_a_line();
            match page(&visitor, error, (id, done)).await {
                Ok(page) => (StatusCode::UNPROCESSABLE_ENTITY, page).into_response(),
                Err(_) => failed(&visitor, failure),
            }
        }
    }
}

async fn finish(visitor: &Visitor, id: &str, done: &Done) -> Result<(), Failure> {
    let also = done.also.split(',').filter(|other| !other.is_empty()).take(TOGETHER_MAX);
    let all: Vec<&str> = std::iter::once(id).chain(also).collect();
    let named = all.iter().copied().chain((!done.escalate.is_empty()).then_some(&*done.escalate));
    if let Some(unknown) = named.into_iter().find(|id| !is_number(id)) {
        return Err(Failure::not_found(&harmless(unknown)));
    }
    if !done.escalate.is_empty() {
        return visitor.run(&["escalate", &done.escalate]).await.map(drop);
    }
    let text = match done.text.trim() {
        "" => String::new(),
        text => format!("--text={text}"),
    };
    let staff = format!("--staff={}", done.staff.trim());
    for id in all {
        let mut words = vec!["tasks", "done", id];
        words.extend((!text.is_empty()).then_some(&*text));
        words.extend((!done.staff.trim().is_empty()).then_some(&*staff));
        visitor.run(&words).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(code: &str, level: u64, id: &str) -> Value {
        json!({
            "id": id, "task": code, "level": level, "deadline": "C3", "round": 1, "case": "99887766554433", "kind": "BIA",
            "referral": "f564aabbccddee00", "case_ref": "MD-2026-f564aa", "with": "Border Police", "late": false,
            "due": "2026-12-01T08:00:00.123Z", "phone": null, "fallback": null, "exercise": false,
        })
    }

    #[test]
    fn every_task_is_said_in_words_without_commands_codes_and_times_of_machines() {
        let codes = [
            "remind",
            "overdue",
            "call",
            "supervisor",
            "recipient",
            "arrival",
            "alert-over",
            "danger",
            "confirm",
            "reassign",
            "next-shelter",
            "bed-offered",
            "bed-gone",
            "bed-over",
        ];
        for lang in Lang::ALL {
            for code in codes {
                let v = one(code, 2, "aa");
                let shown = task(&[&v], lang).unwrap();
                let all = format!("{} {} {} {}", shown.about, shown.words, shown.how, shown.due);
                for raw in ["causeway", "todo-", "C3", "BIA", ".123Z", "T08:00"] {
                    assert!(!all.contains(raw), "{code} {raw}: {all}");
                }
                assert_ne!(shown.words, code);
            }
        }
    }

    #[test]
    fn one_deadline_is_one_card_and_its_tasks_end_together() {
        let all = [one("remind", 0, "aa11"), one("call", 2, "bb22"), one("supervisor", 3, "cc33")];
        let shown = task(&all.iter().collect::<Vec<_>>(), Lang::En).unwrap();
        assert_eq!((&*shown.id, &*shown.also), ("cc33", "aa11,bb22"));
        assert!(is_one_matter(&all[0], &all[1]) && shown.no_phone && shown.urgent);
        let mut later = one("call", 2, "dd44");
        later["round"] = 2.into();
        assert!(!is_one_matter(&all[1], &later));
    }
}
