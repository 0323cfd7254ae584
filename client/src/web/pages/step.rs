//! A step of a referral: what it needs, asked on a page of its own, and taken.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::lock::in_language;
use super::row::Row;
use super::texts::{names, put_in};
use super::{Frame, Visitor, draw, failed, shown};
use crate::cli::failure::Failure;
use crate::cli::inbox::listed;
use crate::cli::output::harmless;
use crate::cli::steps::{command_of, find_thread};
use crate::engine::threads::{own_party, work_of};
use crate::lang::Lang;
use crate::model::Thread;
use crate::referral::labels;
use crate::referral::lifecycle::{Action, Carry, Row as Transition};

/// Times that people choose from; anything else is said in the text.
const SOON: [&str; 8] = ["PT15M", "PT30M", "PT1H", "PT2H", "PT4H", "PT8H", "P1D", "P3D"];
/// Reasons of steps that have no list of their own.
const REASONS: &str = "step-reason";
/// For a hold: no longer than the program lets one last.
const LATER: [&str; 6] = ["PT4H", "PT12H", "P1D", "P3D", "P7D", "P30D"];

#[derive(Template)]
#[template(path = "web/step.html")]
struct Ask {
    frame: Frame,
    row: Row,
    step: String,
    title: String,
    tells: String,
    reasons: Vec<(String, String)>,
    times: Vec<(String, String)>,
    times_name: &'static str,
    times_label: String,
    times_needed: bool,
    text_needed: bool,
    staff_needed: bool,
    error: String,
    templates: Vec<String>,
    typed: Typed,
}

/// What somebody has typed.
#[derive(Clone, Default, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    eta: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    staff: String,
    /// A text of the organisation, and whether it is to be put in.
    #[serde(default)]
    template: String,
    #[serde(default)]
    insert: String,
    /// A language that somebody would rather see, in the middle of writing.
    #[serde(default)]
    lang: String,
}

pub(crate) async fn ask(visitor: Visitor, Path((id, step)): Path<(String, String)>) -> Response {
    let page = page(&visitor, &id, &step, String::new(), Typed::default()).await;
    shown(&visitor, page)
}

pub(crate) async fn take(
    visitor: Visitor,
    Path((id, step)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Response {
    if let Ok(lang) = typed.lang.parse() {
        let visitor = visitor.speaking(lang);
        return in_language(shown(&visitor, page(&visitor, &id, &step, String::new(), typed).await), lang);
    }
    if typed.insert == "yes" {
        let mut typed = typed;
        let page = match put_in(&visitor, &typed.template, &mut typed.text) {
            Ok(()) => page(&visitor, &id, &step, String::new(), typed).await,
            Err(failure) => Err(failure),
        };
        return shown(&visitor, page);
    }
    match taken(&visitor, &id, &step, &typed).await {
        Ok(()) => Redirect::to(&format!("/item/{id}")).into_response(),
        Err(failure) => {
            let failure = failure.in_lang(visitor.lang);
            let error = failure.in_a_line();
            match page(&visitor, &id, &step, error, typed).await {
                Ok(page) => page,
                Err(_) => failed(&visitor, failure),
            }
        }
    }
}

async fn taken(visitor: &Visitor, id: &str, step: &str, typed: &Typed) -> Result<(), Failure> {
    let (_, transition) = transition(visitor, id, step)?;
    let mut words = vec![command_of(step).to_owned(), id.to_owned()];
    for (flag, value) in [
        ("reason", &typed.reason),
        ("text", &typed.text),
        ("eta", &typed.eta),
        ("until", &typed.until),
        ("staff", &typed.staff),
    ] {
        let holds = transition.action == Action::Hold;
        if !value.trim().is_empty() && (flag != "until" || holds) {
            words.push(format!("--{flag}={}", value.trim()));
        }
    }
    if transition.carries.contains(&Carry::Questions) && !typed.text.trim().is_empty() {
        words.push(format!("--set=questions[0].text={}", typed.text.trim()));
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    visitor.run(&words).await.map(drop)
}

/// What the table asks of a step that is possible now.
pub(crate) fn transition(
    visitor: &Visitor,
    id: &str,
    step: &str,
) -> Result<(Thread, &'static Transition), Failure> {
    if !super::is_number(id) {
        return Err(Failure::not_found(&harmless(id)));
    }
    let thread = find_thread(&visitor.home, id)?;
    let work = work_of(&thread, &visitor.home.engine.vault)?;
    let action: Action = step.parse().map_err(|_| Failure::not_found(&harmless(step)))?;
    let row = work.row(action, own_party(&thread)).ok_or_else(|| Failure::wrong("fail-step-over", &[]))?;
    Ok((thread, row))
}

async fn page(
    visitor: &Visitor,
    id: &str,
    step: &str,
    error: String,
    typed: Typed,
) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let (thread, transition) = transition(visitor, id, step)?;
    let ours = thread.ours;
    // Not as the item's own page shows it: whoever asks for a step has not read what it is about.
    let v = listed(&thread, &visitor.home).await?;
    let row = Row::of(&v, ours, lang).ok_or_else(|| Failure::not_found(id))?;
    let carries = transition.carries;
    let reasons = carries.iter().find_map(|carry| match carry {
        Carry::ReasonOf(list) => Some(reasons(list, lang)),
        Carry::Reason => Some(reasons(REASONS, lang)),
        _ => None,
    });
    let hold = transition.action == Action::Hold;
    let times = if hold { &LATER[..] } else { &SOON[..] };
    let urgent = carries.contains(&Carry::EtaIfUrgent) && row.urgent;
    let named = lang.find(&format!("do-{}", step.replace('_', "-")), None);
    let asks_time = hold || urgent || carries.iter().any(|c| matches!(c, Carry::Eta | Carry::EtaIfUrgent));
    Ok(draw(&Ask {
        frame: visitor.frame(if ours { "sent" } else { "inbox" })?,
        title: named.unwrap_or_else(|| labels::code_of(lang, "event", step)),
        tells: lang.fill("step-tells", &[("with", &row.other)]),
        reasons: reasons.unwrap_or_default(),
        times: if asks_time { choices(times, lang) } else { Vec::new() },
        times_name: if hold { "until" } else { "eta" },
        times_label: lang.text(if hold { "step-until" } else { "step-eta" }),
        times_needed: hold || urgent || carries.contains(&Carry::Eta),
        text_needed: carries
            .iter()
            .any(|c| matches!(c, Carry::Text | Carry::Questions | Carry::Outcome | Carry::Reply)),
        staff_needed: carries.contains(&Carry::Staff) || !staff_is_empty(visitor),
        step: step.to_owned(),
        templates: names(visitor)?,
        row,
        error,
        typed,
    }))
}

fn staff_is_empty(visitor: &Visitor) -> bool {
    visitor.home.engine.vault.count(crate::vault::Tree::Staff) == 0
}

fn reasons(list: &str, lang: Lang) -> Vec<(String, String)> {
    let list = labels::lists().find(|known| known.id == list);
    let codes = list.into_iter().flat_map(|list| list.codes.iter().map(move |code| (list, *code)));
    codes.map(|(list, code)| (code.to_owned(), labels::code(lang, list, code))).collect()
}

fn choices(times: &[&str], lang: Lang) -> Vec<(String, String)> {
    times
        .iter()
        .map(|time| ((*time).to_owned(), lang.text(&format!("time-{}", time.to_lowercase()))))
        .collect()
}
