//! Who works here, by number.

use askama::Template;
use axum::Form;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;

use super::super::ask::{Ask, Choice};
use super::super::words::moment;
use super::super::{Frame, Visitor, draw, failed, shown};
use crate::cli::failure::Failure;
use crate::cli::output::{harmless, text};
use crate::lang::Lang;

const ROLES: [&str; 3] = ["agent", "supervisor", "duty"];
const HERE: &str = "/settings/staff";

#[derive(Template)]
#[template(path = "web/staff.html")]
struct Staff {
    frame: Frame,
    all: Vec<Member>,
    /// Who sits at this workstation, in words.
    me: String,
    roles: Vec<(&'static str, String)>,
    error: String,
}

struct Member {
    number: String,
    role: String,
    since: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    number: String,
    role: String,
    accept: String,
    sure: String,
}

pub(crate) async fn list(visitor: Visitor) -> Response {
    let page = page(&visitor, String::new()).await;
    shown(&visitor, page)
}

async fn page(visitor: &Visitor, error: String) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let listed = visitor.values(&["staff", "list"]).await?;
    let me = visitor.run(&["staff", "me"]).await?;
    Ok(draw(&Staff {
        frame: visitor.frame("settings")?,
        all: listed.iter().filter(|v| v.is_object()).map(|v| member(v, lang)).collect(),
        me: me.results.into_iter().map(|printed| harmless(&printed.words)).collect(),
        roles: ROLES.map(|role| (role, lang.text(&format!("role-{role}")))).into(),
        error,
    }))
}

fn member(v: &Value, lang: Lang) -> Member {
    Member {
        number: harmless(text(v, "number")),
        role: lang.text(&format!("role-{}", text(v, "role"))),
        since: moment(text(v, "since"), lang),
    }
}

pub(crate) async fn add(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    let role = format!("--role={}", typed.role);
    changed(visitor, &["staff", "add", &role, "--", typed.number.trim()]).await
}

/// Who sits at this workstation.
pub(crate) async fn me(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    changed(visitor, &["staff", "me", "--", typed.number.trim()]).await
}

/// Who takes a referral on.
pub(crate) async fn policy(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    let accept = format!("--accept={}", typed.accept);
    changed(visitor, &["staff", "policy", &accept]).await
}

/// Takes somebody off the list, who then takes no step any more: asked again.
pub(crate) async fn remove(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    if typed.sure == "yes" {
        return changed(visitor, &["staff", "remove", "--", typed.number.trim()]).await;
    }
    let lang = visitor.lang;
    let page = visitor.frame("settings").map(|frame| {
        draw(&Ask {
            frame,
            title: lang.text("staff-remove"),
            tells: vec![lang.fill("staff-remove-tells", &[("number", &harmless(&typed.number))])],
            digits: String::new(),
            action: "/settings/staff/remove",
            fields: vec![("number", typed.number)],
            choice: Choice::default(),
            go: lang.text("staff-remove"),
            back: HERE,
        })
    });
    shown(&visitor, page)
}

async fn changed(visitor: Visitor, words: &[&str]) -> Response {
    match visitor.run(words).await {
        Ok(_) => Redirect::to(HERE).into_response(),
        Err(failure) => {
            let error = format!("{} {}", failure.message, failure.hint);
            page(&visitor, error).await.unwrap_or_else(|_| failed(&visitor, failure))
        }
    }
}
