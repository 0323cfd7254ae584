//! The organisation's workstations: who is there, who asks to join, and who is taken out.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;

use super::super::ask::{Ask, Choice, Told};
use super::super::words::moment;
use super::super::{Frame, Visitor, draw, is_number, shown};
use crate::cli::failure::Failure;
use crate::cli::output::{harmless, text};
use crate::lang::Lang;
use crate::referral::labels;

const REASONS: [&str; 3] = ["lost", "compromised", "retired"];
const HERE: &str = "/settings/devices";

#[derive(Template)]
#[template(path = "web/devices.html")]
struct Devices {
    frame: Frame,
    devices: Vec<Device>,
}

struct Device {
    id: String,
    name: String,
    this: bool,
    roles: String,
    reads: String,
    since: String,
}

#[derive(Template)]
#[template(path = "web/joining.html")]
struct Joining {
    frame: Frame,
    waiting: Vec<Request>,
}

/// A workstation that asks to join.
struct Request {
    id: String,
    name: String,
    roles: String,
    /// Pictures with their names.
    pictures: Vec<(String, String)>,
    digits: String,
    /// Why it must not be let in; empty if nothing is wrong.
    problem: String,
}

#[derive(Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    sure: String,
}

pub(crate) async fn list(visitor: Visitor) -> Response {
    let page = listed(&visitor).await;
    shown(&visitor, page)
}

async fn listed(visitor: &Visitor) -> Result<Response, Failure> {
    let listed = visitor.values(&["device", "list"]).await?;
    let devices = listed.iter().filter(|v| v.is_object()).map(|v| device(v, visitor.lang)).collect();
    Ok(draw(&Devices { frame: visitor.frame("settings")?, devices }))
}

fn device(v: &Value, lang: Lang) -> Device {
    Device {
        id: text(v, "id").to_owned(),
        name: v["name"].as_str().map_or_else(|| lang.text("device-unnamed"), harmless),
        this: v["this"] == true,
        roles: roles(&v["roles"], lang),
        reads: reads(&v["clearance"], lang),
        since: moment(text(v, "since"), lang),
    }
}

fn roles(list: &Value, lang: Lang) -> String {
    let words = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    let named =
        words.map(|word| lang.find(&format!("device-role-{word}"), None).unwrap_or_else(|| harmless(word)));
    named.collect::<Vec<_>>().join(", ")
}

fn reads(list: &Value, lang: Lang) -> String {
    let words: Vec<&str> = list.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if words == ["all"] {
        return lang.text("device-reads-all");
    }
    words.iter().map(|code| labels::code_of(lang, "section", code)).collect::<Vec<_>>().join(", ")
}

/// Makes a code for a colleague's workstation. It is shown once, in the answer to this very request.
pub(crate) async fn invite(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    let page = invited(&visitor, &typed).await;
    shown(&visitor, page)
}

async fn invited(visitor: &Visitor, typed: &Typed) -> Result<Response, Failure> {
    let (role, name) = (format!("--role={}", typed.role), format!("--name={}", typed.name.trim()));
    let v = visitor.values(&["device", "invite", &role, &name]).await?.pop().unwrap_or_default();
    let until = moment(text(&v, "expires"), visitor.lang);
    let lines =
        ["device-invited", "device-invited-then"].map(|id| visitor.lang.fill(id, &[("until", &until)]));
    Told::code(
        visitor,
        "settings",
        "device-invite",
        text(&v, "invite"),
        lines.into(),
        "/settings/devices/joining",
    )
}

/// Who asks to join, with what both screens must show.
pub(crate) async fn joining(visitor: Visitor) -> Response {
    let page = waiting(&visitor).await;
    shown(&visitor, page)
}

async fn waiting(visitor: &Visitor) -> Result<Response, Failure> {
    let listed = visitor.values(&["device", "pending"]).await?;
    let waiting = listed.iter().filter(|v| v.is_object()).map(|v| request(v, visitor.lang)).collect();
    Ok(draw(&Joining { frame: visitor.frame("settings")?, waiting }))
}

fn request(v: &Value, lang: Lang) -> Request {
    let pictures = v["emoji"].as_array().into_iter().flatten();
    Request {
        id: text(v, "id").to_owned(),
        name: harmless(text(v, "name")),
        roles: roles(&v["roles"], lang),
        pictures: pictures
            .map(|one| (text(one, "emoji").to_owned(), text(one, lang.tag()).to_owned()))
            .collect(),
        digits: text(v, "comparison").to_owned(),
        problem: v["problem"]["message"].as_str().map(harmless).unwrap_or_default(),
    }
}

/// Lets a workstation in. Whoever has not said that both screens show the same is shown them again.
pub(crate) async fn admit(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    if typed.sure != "yes" {
        return Redirect::to("/settings/devices/joining").into_response();
    }
    let done = change(&visitor, &typed.id, &["device", "admit", &typed.id]).await;
    shown(&visitor, done)
}

/// Asks before a workstation is taken out.
pub(crate) async fn ask(visitor: Visitor, Path(id): Path<String>) -> Response {
    let page = asked(&visitor, id).await;
    shown(&visitor, page)
}

async fn asked(visitor: &Visitor, id: String) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let listed = visitor.values(&["device", "list"]).await?;
    let meant =
        listed.iter().find(|v| text(v, "id") == id).ok_or_else(|| Failure::not_found(&harmless(&id)))?;
    let device = device(meant, lang);
    let which = lang.fill("device-revoke-which", &[("name", &device.name), ("since", &device.since)]);
    let mut tells = vec![which, lang.text("device-revoke-tells")];
    if device.this {
        tells.push(lang.text("device-revoke-this"));
    }
    Ok(draw(&Ask {
        frame: visitor.frame("settings")?,
        title: lang.text("device-revoke"),
        tells,
        digits: String::new(),
        action: "/settings/devices/revoke",
        fields: vec![("id", id)],
        choice: Choice::of(visitor, "reason", "device-revoke-why", "device-revoke-", &REASONS),
        go: lang.text("device-revoke"),
        back: HERE,
    }))
}

pub(crate) async fn revoke(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    if typed.sure != "yes" || !REASONS.contains(&typed.reason.as_str()) {
        return ask(visitor, Path(typed.id)).await;
    }
    let reason = format!("--reason={}", typed.reason);
    let done = change(&visitor, &typed.id, &["device", "revoke", &typed.id, &reason]).await;
    shown(&visitor, done)
}

/// Changes the list; where others have to sign first, or something remains to be done, that is said.
async fn change(visitor: &Visitor, id: &str, words: &[&str]) -> Result<Response, Failure> {
    if !is_number(id) {
        return Err(Failure::not_found(&harmless(id)));
    }
    let taken = visitor.run(words).await?;
    let waits = taken.results.iter().any(|printed| printed.value["proposal"].is_string());
    if waits || !taken.remarks.is_empty() {
        return Told::words(visitor, "settings", "settings-devices", &taken, HERE);
    }
    Ok(Redirect::to(HERE).into_response())
}
