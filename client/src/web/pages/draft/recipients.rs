//! Whom a draft is for: organisations to choose from, with what is known of them.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Form, Path};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde_json::Value;

use super::lines::Choice;
use super::section::{Typed, first};
use super::{Drafted, drafted};
use crate::cli::failure::Failure;
use crate::cli::org::checked;
use crate::cli::output::{harmless, text};
use crate::lang::Lang;
use crate::registers::countries;
use crate::web::pages::{Frame, Visitor, draw, shown};

#[derive(Template)]
#[template(path = "web/recipients.html")]
struct Recipients {
    frame: Frame,
    id: String,
    revision: String,
    all: Vec<Organisation>,
    /// Chosen ones that the filter leaves out.
    beside: Vec<String>,
    kinds: Vec<Choice>,
    countries: Vec<Choice>,
    error: String,
}

struct Organisation {
    id: String,
    name: String,
    kind: String,
    country: String,
    trust: String,
    suspended: String,
    chosen: bool,
}

pub(crate) async fn choose(visitor: Visitor, Path(id): Path<String>) -> Response {
    let page = async {
        let draft = drafted(&visitor, &id).await?;
        let chosen = draft.to.clone();
        page(&visitor, &draft, &chosen, &Typed::new(), String::new()).await
    };
    let page = page.await;
    shown(&visitor, page)
}

pub(crate) async fn keep(visitor: Visitor, Path(id): Path<String>, Form(typed): Form<Typed>) -> Response {
    let kept = kept(&visitor, &id, &typed).await;
    shown(&visitor, kept)
}

async fn kept(visitor: &Visitor, id: &str, typed: &Typed) -> Result<Response, Failure> {
    let draft = drafted(visitor, id).await?;
    let chosen: Vec<String> =
        typed.iter().filter(|(name, _)| name == "to").map(|(_, value)| value.clone()).collect();
    if first(typed, "go") == "filter" {
        return page(visitor, &draft, &chosen, typed, String::new()).await;
    }
    let refused = |error: String| async {
        let page = page(visitor, &draft, &chosen, typed, error).await?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    if chosen.is_empty() {
        return refused(visitor.lang.text("draft-to-nobody")).await;
    }
    // Only what the page has offered: a list in one value would be several.
    let to = chosen.iter().map(|id| id.replace(',', "")).collect::<Vec<_>>().join(",");
    let (to, revision) = (format!("--to={to}"), format!("--revision={}", first(typed, "revision")));
    match visitor.values(&["drafts", "set", &draft.id, &to, &revision]).await {
        Ok(_) => Ok(Redirect::to(&format!("/draft/{}", draft.id)).into_response()),
        Err(failure) => {
            let failure = failure.in_lang(visitor.lang);
            refused(failure.in_a_line()).await
        }
    }
}

async fn page(
    visitor: &Visitor,
    draft: &Drafted,
    chosen: &[String],
    typed: &Typed,
    error: String,
) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let ours = visitor.home.engine.identity.org.to_string();
    let listed = visitor.values(&["org", "list"]).await?;
    let others: Vec<&Value> = listed.iter().filter(|v| v.is_object() && text(v, "id") != ours).collect();
    let (kind, country) = (first(typed, "kind"), first(typed, "country"));
    let fits = |v: &Value| {
        (kind.is_empty() || text(v, "kind") == kind) && (country.is_empty() || text(v, "country") == country)
    };
    let is_chosen = |id: &str| chosen.iter().any(|chosen| chosen == id);
    let all: Vec<Organisation> = others
        .iter()
        .filter(|v| fits(v))
        .map(|v| organisation(v, is_chosen(text(v, "id")), visitor))
        .collect();
    let beside = others.iter().filter(|v| !fits(v) && is_chosen(text(v, "id")));
    Ok(draw(&Recipients {
        frame: visitor.frame("drafts")?,
        id: draft.id.clone(),
        revision: draft.revision.clone(),
        beside: beside.map(|v| text(v, "id").to_owned()).collect(),
        kinds: filter(&others, "kind", kind, |code| kind_words(code, lang)),
        countries: filter(&others, "country", country, |code| countries::name(code, lang).to_owned()),
        all,
        error,
    }))
}

fn organisation(v: &Value, chosen: bool, visitor: &Visitor) -> Organisation {
    let lang = visitor.lang;
    Organisation {
        id: text(v, "id").to_owned(),
        name: harmless(text(v, "name")),
        kind: kind_words(text(v, "kind"), lang),
        country: countries::name(text(v, "country"), lang).to_owned(),
        trust: harmless(&checked(&visitor.home, v)),
        suspended: harmless(v["suspended"]["words"].as_str().unwrap_or_default()),
        chosen,
    }
}

fn kind_words(kind: &str, lang: Lang) -> String {
    lang.find(&format!("org-kind-{kind}"), None).unwrap_or_else(|| harmless(kind))
}

/// What there is to choose from among the organisations that there are.
fn filter(others: &[&Value], field: &str, chosen: &str, words: impl Fn(&str) -> String) -> Vec<Choice> {
    let all: BTreeMap<&str, String> =
        others.iter().map(|v| (text(v, field), words(text(v, field)))).collect();
    all.into_iter()
        .map(|(value, words)| Choice { value: value.to_owned(), words, chosen: value == chosen })
        .collect()
}
