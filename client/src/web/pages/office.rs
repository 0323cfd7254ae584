//! What colleagues keep in common, on the pages: what is said about a referral and to whom, who has it, who is on duty.

use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;

use super::row::Row;
use super::texts::put_in;
use super::words::{When, when, zone};
use super::{Visitor, failed, is_number, item, shown};
use crate::cli::failure::Failure;
use crate::cli::office::notes::label;
use crate::cli::output::{harmless, text};
use crate::lang::Lang;
use crate::staff;

/// Notes of shifts that stand on the board at once.
const HANDOVERS_MAX: usize = 3;

/// What somebody has said about a referral, and who can see it.
pub(crate) struct Said {
    /// shared, org or me.
    pub(crate) class: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) label: String,
    pub(crate) who: String,
    pub(crate) at: When,
    pub(crate) text: String,
}

impl Said {
    /// Steps that carry words, and notes, the oldest first.
    pub(crate) fn all(v: &Value, row: &Row, lang: Lang) -> Vec<Self> {
        let list = |field: &str| v[field].as_array().into_iter().flatten();
        let other = &row.other;
        let mut all: Vec<(&str, Self)> = list("timeline")
            .filter(|step| step["text"].as_str().is_some_and(|text| !text.is_empty()))
            .map(|step| (text(step, "at"), Self::shared(step, other, lang)))
            .collect();
        all.extend(list("notes").map(|note| (text(note, "at"), Self::note(note, lang))));
        all.sort_by_key(|(at, _)| at.parse::<jiff::Timestamp>().unwrap_or_default());
        all.into_iter().map(|(_, said)| said).collect()
    }

    fn shared(step: &Value, other: &str, lang: Lang) -> Self {
        Self {
            class: "shared",
            icon: "two-ticks",
            label: lang.fill("note-label-shared", &[("with", other)]),
            who: harmless(text(step, "by_name")),
            at: when(text(step, "at"), lang),
            text: harmless(text(step, "text")),
        }
    }

    fn note(note: &Value, lang: Lang) -> Self {
        let visible = text(note, "visible");
        let (class, icon) = if visible == "me" { ("me", "lock") } else { ("org", "person") };
        Self {
            class,
            icon,
            label: label(visible, lang),
            who: harmless(text(note, "by")),
            at: when(text(note, "at"), lang),
            text: harmless(text(note, "text")),
        }
    }
}

/// A note that somebody has typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Note {
    pub(crate) text: String,
    visible: String,
    /// A text of the organisation, and whether it is to be put in.
    pub(crate) template: String,
    insert: String,
}

impl Note {
    /// Whether it is for this workstation alone.
    pub(crate) fn for_me(&self) -> bool {
        self.visible == "me"
    }
}

pub(crate) async fn note(visitor: Visitor, Path(id): Path<String>, Form(typed): Form<Note>) -> Response {
    if !is_number(&id) {
        return failed(&visitor, Failure::not_found(&harmless(&id)));
    }
    if typed.insert == "yes" {
        let mut typed = typed;
        let page = match put_in(&visitor, &typed.template, &mut typed.text) {
            Ok(()) => item::page(&visitor, &id, false, (typed, String::new())).await,
            Err(failure) => Err(failure),
        };
        return shown(&visitor, page);
    }
    // What nobody has chosen is for nobody to guess.
    let visible = format!("--visible={}", typed.visible);
    let text = format!("--text={}", typed.text);
    match visitor.run(&["notes", "add", &id, &visible, &text]).await {
        Ok(_) => Redirect::to(&format!("/item/{id}#talk")).into_response(),
        Err(failure) => {
            let error = format!("{} {}", failure.message, failure.hint);
            match item::page(&visitor, &id, false, (typed, error)).await {
                Ok(page) => page,
                Err(_) => failed(&visitor, failure),
            }
        }
    }
}

/// Who can be given a referral.
pub(crate) struct Assigning {
    pub(crate) staff: Vec<String>,
    /// Whether whoever sits here has it already.
    pub(crate) mine: bool,
}

impl Assigning {
    pub(crate) fn of(visitor: &Visitor, row: &Row) -> Result<Self, Failure> {
        let me = staff::me(&visitor.home.engine.vault)?;
        Ok(Self { staff: numbers(visitor)?, mine: me.is_some_and(|me| me == row.assigned) })
    }
}

/// Numbers of the staff.
pub(crate) fn numbers(visitor: &Visitor) -> Result<Vec<String>, Failure> {
    let all = staff::all(&visitor.home.engine.vault)?;
    Ok(all.into_iter().map(|member| harmless(&member.number)).collect())
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(crate) struct Whom {
    /// me, nobody, or number.
    to: String,
    number: String,
}

pub(crate) async fn assign(visitor: Visitor, Path(id): Path<String>, Form(whom): Form<Whom>) -> Response {
    if !is_number(&id) {
        return failed(&visitor, Failure::not_found(&harmless(&id)));
    }
    let to = match whom.to.as_str() {
        "me" => "--me".to_owned(),
        "nobody" => "--nobody".to_owned(),
        _ => format!("--to={}", whom.number),
    };
    match visitor.run(&["assign", &id, &to]).await {
        Ok(_) => Redirect::to(&format!("/item/{id}")).into_response(),
        Err(failure) => failed(&visitor, failure),
    }
}

/// Paper leaves the house: that it was made stands in the log.
pub(crate) async fn print(visitor: Visitor, Path(id): Path<String>) -> Response {
    if !is_number(&id) {
        return failed(&visitor, Failure::not_found(&harmless(&id)));
    }
    match visitor.run(&["log", "printed", &id]).await {
        Ok(_) => Redirect::to(&format!("/print/{id}")).into_response(),
        Err(failure) => failed(&visitor, failure),
    }
}

/// Who is on duty, on top of the board.
pub(crate) struct Duty {
    pub(crate) now: String,
    pub(crate) until: When,
    pub(crate) next: String,
    pub(crate) zone: String,
}

impl Duty {
    /// Of what `roster show` says; none if there is no roster.
    pub(crate) fn of(v: &Value, lang: Lang) -> Option<Self> {
        let who = |shift: &Value| shift["who"].as_str().map_or_else(|| lang.text("duty-no-one"), harmless);
        (!v["rotation"].is_null()).then(|| Self {
            now: who(&v["now"]),
            until: when(text(&v["now"], "until"), lang),
            next: who(&v["next"]),
            zone: format!("({})", zone()),
        })
    }
}

/// What one shift has left for the next.
pub(crate) struct Handover {
    pub(crate) id: String,
    pub(crate) who: String,
    pub(crate) at: When,
    pub(crate) text: String,
    /// Who has read it, and when.
    pub(crate) read: String,
}

impl Handover {
    /// Of what `roster show` says, the newest first.
    pub(crate) fn all(v: &Value, lang: Lang) -> Vec<Self> {
        let notes = v["handovers"].as_array().into_iter().flatten();
        notes.map(|note| Self::of(note, lang)).collect()
    }

    /// Those that nobody has read.
    pub(crate) fn unread(v: &Value, lang: Lang) -> Vec<Self> {
        let notes = v["handovers"].as_array().into_iter().flatten().filter(|note| note["read_by"].is_null());
        notes.take(HANDOVERS_MAX).map(|note| Self::of(note, lang)).collect()
    }

    fn of(note: &Value, lang: Lang) -> Self {
        let read = match note["read_by"].as_str() {
            Some(by) => {
                let at = when(text(note, "read_at"), lang).words;
                lang.fill("handover-read-by", &[("by", &harmless(by)), ("at", &at)])
            }
            None => lang.text("handover-unread"),
        };
        Self {
            id: text(note, "id").to_owned(),
            who: harmless(text(note, "by")),
            at: when(text(note, "at"), lang),
            text: harmless(text(note, "text")),
            read,
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Which {
    id: String,
}

/// Somebody has read what the last shift has left.
pub(crate) async fn read(visitor: Visitor, Form(which): Form<Which>) -> Response {
    back_to_board(&visitor, &["roster", "read", "--", &which.id]).await
}

/// Under whose number the alarm can be silenced.
pub(crate) struct Snoozing {
    /// Of whoever sits here; empty if nobody has said.
    pub(crate) me: String,
    pub(crate) staff: Vec<String>,
}

impl Snoozing {
    pub(crate) fn of(visitor: &Visitor) -> Result<Self, Failure> {
        let me = staff::me(&visitor.home.engine.vault)?.unwrap_or_default();
        Ok(Self { me: harmless(&me), staff: numbers(visitor)? })
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Silencer {
    by: String,
}

pub(crate) async fn snooze(visitor: Visitor, Form(typed): Form<Silencer>) -> Response {
    let by = format!("--staff={}", typed.by.trim());
    let words: &[&str] = if typed.by.trim().is_empty() { &[] } else { &[&by] };
    back_to_board(&visitor, &[&["alarm", "snooze"], words].concat()).await
}

async fn back_to_board(visitor: &Visitor, words: &[&str]) -> Response {
    let done = visitor.run(words).await;
    shown(visitor, done.map(|_| Redirect::to("/board").into_response()))
}
