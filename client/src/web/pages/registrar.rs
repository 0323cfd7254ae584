//! The registrar's pages: who is invited, who waits, who is out.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use causeway_certs::names::KINDS;
use serde::Deserialize;
use serde_json::Value;

use super::ask::{Ask, Choice, Told};
use super::organisations::{self, Organisation, kind};
use super::words::moment;
use super::{Frame, Visitor, draw, failed, is_number, shown};
use crate::cli::failure::Failure;
use crate::cli::output::{harmless, text};
use crate::cli::registrar::SAME_NAME;
use crate::lang::Lang;
use crate::registers::countries;

const HERE: &str = "/registrar";
const REASONS: [&str; 4] = ["own-wish", "keys-lost", "keys-known", "rules"];
const VETTED: [&str; 4] = ["in-person", "phone", "letter", "other"];

#[derive(Template)]
#[template(path = "web/registrar.html")]
struct Registrar {
    frame: Frame,
    kinds: Vec<(&'static str, String)>,
    countries: Vec<(&'static str, &'static str)>,
    waiting: Vec<Applicant>,
    /// Why nobody knows who waits; empty if it is known.
    unknown: String,
    all: Vec<Organisation>,
    error: String,
    /// A member is called alike: whoever means it says so.
    alike: bool,
    typed: Typed,
}

struct Applicant {
    id: String,
    name: String,
    kind: String,
    country: String,
    fingerprint: String,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    id: String,
    name: String,
    kind: String,
    country: String,
    reason: String,
    vetted: String,
    sure: String,
    same_name: String,
}

pub(crate) async fn show(visitor: Visitor) -> Response {
    let page = page(&visitor, String::new(), false, Typed::default()).await;
    shown(&visitor, page)
}

async fn page(visitor: &Visitor, error: String, alike: bool, typed: Typed) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let frame = visitor.frame("registrar")?;
    // Without a connection the rest of the page is still of use; without being the registrar, nothing of it.
    let (waiting, unknown) = match visitor.values(&["registrar", "pending"]).await {
        Ok(listed) => (applicants(&listed, lang), String::new()),
        Err(failure) if frame.registrar => (Vec::new(), format!("{} {}", failure.message, failure.hint)),
        Err(failure) => return Err(failure),
    };
    let mut countries: Vec<_> =
        countries::all().iter().map(|country| (country.alpha2.as_str(), country.name(lang))).collect();
    countries.sort_by_key(|(_, name)| *name);
    Ok(draw(&Registrar {
        frame,
        kinds: KINDS.map(|word| (word, kind(word, lang))).into(),
        countries,
        waiting,
        unknown,
        all: organisations::all(visitor).await?,
        error,
        alike,
        typed,
    }))
}

fn applicants(listed: &[Value], lang: Lang) -> Vec<Applicant> {
    let listed = listed.iter().filter(|v| v.is_object());
    let one = |v: &Value| Applicant {
        id: text(v, "id").to_owned(),
        name: harmless(text(v, "name")),
        kind: kind(text(v, "kind"), lang),
        country: countries::name(text(v, "country"), lang).to_owned(),
        fingerprint: text(v, "fingerprint").to_owned(),
    };
    listed.map(one).collect()
}

/// Makes an invite, which is shown in the answer to this very request and nowhere else.
pub(crate) async fn invite(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    match invited(&visitor, &typed).await {
        Ok(page) => page,
        Err(failure) => {
            let error = format!("{} {}", failure.message, failure.hint);
            let alike = failure.code == SAME_NAME;
            page(&visitor, error, alike, typed).await.unwrap_or_else(|_| failed(&visitor, failure))
        }
    }
}

async fn invited(visitor: &Visitor, typed: &Typed) -> Result<Response, Failure> {
    let (name, kind) = (format!("--name={}", typed.name.trim()), format!("--kind={}", typed.kind));
    let country = format!("--country={}", typed.country);
    let mut words = vec!["registrar", "invite", &name, &kind, &country];
    if typed.same_name == "yes" {
        words.push("--same-name");
    }
    let v = visitor.values(&words).await?.pop().unwrap_or_default();
    let until = moment(text(&v, "expires"), visitor.lang);
    let gaps = [("name", &*harmless(typed.name.trim())), ("until", &until)];
    let lines = vec![visitor.lang.fill("registrar-invited", &gaps)];
    Told::code(visitor, "registrar", "registrar-invite", text(&v, "invite"), lines, HERE)
}

/// Asks before somebody is let in: the fingerprint first.
pub(crate) async fn ask_admit(visitor: Visitor, Path(id): Path<String>) -> Response {
    let page = admission(&visitor, &id).await;
    shown(&visitor, page)
}

async fn admission(visitor: &Visitor, id: &str) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let waiting = applicants(&visitor.values(&["registrar", "pending"]).await?, lang);
    let one =
        waiting.into_iter().find(|one| one.id == id).ok_or_else(|| Failure::not_found(&harmless(id)))?;
    let gaps = [("name", &*one.name), ("kind", &one.kind), ("country", &one.country)];
    Ok(draw(&Ask {
        frame: visitor.frame("registrar")?,
        title: lang.text("registrar-admit"),
        tells: vec![lang.fill("registrar-admit-who", &gaps), lang.text("registrar-admit-tells")],
        digits: one.fingerprint,
        action: "/registrar/admit",
        fields: vec![("id", one.id)],
        choice: Choice::default(),
        go: lang.text("registrar-admit-go"),
        back: HERE,
    }))
}

pub(crate) async fn admit(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    if typed.sure != "yes" {
        return ask_admit(visitor, Path(typed.id)).await;
    }
    done(visitor, &typed.id, &["registrar", "admit", &typed.id]).await
}

/// Asks before an organisation is shut out, and why; or let in again, and how that was made sure.
pub(crate) async fn ask_standing(visitor: Visitor, Path((step, id)): Path<(String, String)>) -> Response {
    let page = standing(&visitor, &step, &id).await;
    shown(&visitor, page)
}

async fn standing(visitor: &Visitor, step: &str, id: &str) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let all = organisations::all(visitor).await?;
    let one = all.into_iter().find(|one| one.id == id).ok_or_else(|| Failure::not_found(&harmless(id)))?;
    let (title, tells, action, choice) = match step {
        "suspend" => (
            "registrar-suspend",
            "registrar-suspend-tells",
            "/registrar/suspend",
            Choice::of(visitor, "reason", "step-reason", "suspend-", &REASONS),
        ),
        "reinstate" => (
            "registrar-reinstate",
            "registrar-reinstate-tells",
            "/registrar/reinstate",
            Choice::of(visitor, "vetted", "registrar-vetted", "vetted-", &VETTED),
        ),
        _ => return Err(Failure::not_found(&harmless(step))),
    };
    Ok(draw(&Ask {
        frame: visitor.frame("registrar")?,
        title: lang.text(title),
        tells: vec![lang.fill(tells, &[("name", &one.name)])],
        digits: String::new(),
        action,
        fields: vec![("id", one.id)],
        choice,
        go: lang.text(title),
        back: HERE,
    }))
}

pub(crate) async fn suspend(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    if typed.sure != "yes" || !REASONS.contains(&typed.reason.as_str()) {
        return ask_standing(visitor, Path(("suspend".to_owned(), typed.id))).await;
    }
    let reason = format!("--reason={}", typed.reason);
    done(visitor, &typed.id, &["registrar", "suspend", &typed.id, &reason]).await
}

pub(crate) async fn reinstate(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    if typed.sure != "yes" || !VETTED.contains(&typed.vetted.as_str()) {
        return ask_standing(visitor, Path(("reinstate".to_owned(), typed.id))).await;
    }
    let vetted = format!("--vetted={}", typed.vetted);
    done(visitor, &typed.id, &["registrar", "reinstate", &typed.id, &vetted]).await
}

/// Runs a command about an organisation. Where other registrars have to sign first, it fails and says so.
async fn done(visitor: Visitor, id: &str, words: &[&str]) -> Response {
    if !is_number(id) {
        return failed(&visitor, Failure::not_found(&harmless(id)));
    }
    let done = visitor.run(words).await;
    shown(&visitor, done.map(|_| Redirect::to(HERE).into_response()))
}
