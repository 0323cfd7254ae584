//! Who takes weeks of the duty in turn, who stands in, and what shifts tell each other.

use askama::Template;
use axum::Form;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;

use super::super::office::{Duty, Handover, numbers};
use super::super::words::{moment, zone};
use super::super::{Frame, Visitor, draw, failed, shown};
use crate::cli::failure::Failure;
use crate::cli::output::{harmless, text};
use crate::lang::Lang;
use crate::office::roster::NOBODY;

const HERE: &str = "/settings/roster";

#[derive(Template)]
#[template(path = "web/roster.html")]
struct Roster {
    frame: Frame,
    duty: Option<Duty>,
    /// The rotation in words; empty: there is none.
    weeks: String,
    overrides: Vec<Over>,
    handovers: Vec<Handover>,
    staff: Vec<String>,
    zone: String,
    typed: Typed,
    error: String,
}

struct Over {
    id: String,
    to: String,
    from: String,
    until: String,
    by: String,
}

/// What somebody has typed.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    members: String,
    zone: String,
    begins: String,
    at: String,
    to: String,
    from: String,
    until: String,
    text: String,
    id: String,
}

impl Typed {
    /// With the rotation as it is, so that a change of it begins there.
    fn of(v: &Value) -> Self {
        let field = |name: &str| v["rotation"][name].as_str().unwrap_or_default().to_owned();
        let members = v["rotation"]["members"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let members = members.collect::<Vec<_>>().join(" ");
        Self { members, zone: field("zone"), begins: field("begins"), at: field("at"), ..Self::default() }
    }
}

pub(crate) async fn show(visitor: Visitor) -> Response {
    let page = page(&visitor, None, String::new()).await;
    shown(&visitor, page)
}

async fn page(visitor: &Visitor, typed: Option<Typed>, error: String) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let v = visitor.values(&["roster", "show"]).await?.pop().unwrap_or_default();
    let overrides = v["overrides"].as_array().into_iter().flatten().map(|over| Over::of(over, lang));
    Ok(draw(&Roster {
        frame: visitor.frame("settings")?,
        duty: Duty::of(&v, lang),
        weeks: weeks(&v["rotation"], lang),
        overrides: overrides.collect(),
        handovers: Handover::all(&v, lang),
        staff: numbers(visitor)?,
        zone: lang.fill("list-zone", &[("zone", &zone())]),
        typed: typed.unwrap_or_else(|| Typed::of(&v)),
        error,
    }))
}

impl Over {
    fn of(v: &Value, lang: Lang) -> Self {
        Self {
            id: text(v, "id").to_owned(),
            to: v["to"].as_str().map_or_else(|| lang.text("duty-no-one"), harmless),
            from: moment(text(v, "from"), lang),
            until: moment(text(v, "until"), lang),
            by: harmless(text(v, "by")),
        }
    }
}

fn weeks(rotation: &Value, lang: Lang) -> String {
    if rotation.is_null() {
        return String::new();
    }
    let members = rotation["members"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let members = members.map(harmless).collect::<Vec<_>>().join(", ");
    let field = |name: &str| text(rotation, name);
    let gaps =
        [("members", &*members), ("begins", field("begins")), ("at", field("at")), ("zone", field("zone"))];
    lang.fill("roster-weeks", &gaps)
}

pub(crate) async fn set(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    let flags = [
        format!("--zone={}", typed.zone.trim()),
        format!("--begins={}", typed.begins.trim()),
        format!("--at={}", typed.at.trim()),
    ];
    let members = typed.members.split([',', ' ']).filter(|member| !member.is_empty());
    let mut words = vec!["roster", "set"];
    words.extend(flags.iter().map(String::as_str));
    words.push("--");
    words.extend(members);
    changed(&visitor, &words, typed.clone()).await
}

pub(crate) async fn stand_in(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    let who = match typed.to.trim() {
        NOBODY => "--nobody".to_owned(),
        number => format!("--to={number}"),
    };
    let (from, until) = (format!("--from={}", typed.from), format!("--until={}", typed.until));
    changed(&visitor, &["roster", "override", &who, &from, &until], typed).await
}

/// Takes back that somebody stands in.
pub(crate) async fn clear(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    let which = if typed.id.is_empty() { "--rotation" } else { typed.id.as_str() };
    changed(&visitor, &["roster", "clear", which], Typed::default()).await
}

pub(crate) async fn hand_over(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    let text = format!("--text={}", typed.text);
    changed(&visitor, &["roster", "handover", &text], typed.clone()).await
}

async fn changed(visitor: &Visitor, words: &[&str], typed: Typed) -> Response {
    match visitor.run(words).await {
        Ok(_) => Redirect::to(HERE).into_response(),
        Err(failure) => {
            let error = format!("{} {}", failure.message, failure.hint);
            page(visitor, Some(typed), error).await.unwrap_or_else(|_| failed(visitor, failure))
        }
    }
}
