//! Who is in the network, and who of us has compared whose fingerprint.

use askama::Template;
use axum::response::Response;
use serde_json::Value;

use super::words::day;
use super::{Frame, Visitor, draw, shown};
use crate::cli::failure::Failure;
use crate::cli::output::{harmless, text};
use crate::lang::Lang;
use crate::registers::countries;

#[derive(Template)]
#[template(path = "web/organisations.html")]
struct Organisations {
    frame: Frame,
    all: Vec<Organisation>,
    total: String,
}

/// An organisation as its entry of `org list` gives it.
pub(crate) struct Organisation {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) country: String,
    /// Groups of digits.
    pub(crate) fingerprint: String,
    pub(crate) trust: Trust,
    /// Out of the network for now, and why; empty otherwise.
    pub(crate) suspended: String,
}

/// What we know of a key: words, and never a bare tick that somebody could put into a name.
pub(crate) struct Trust {
    /// Tone and shape.
    pub(crate) class: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) words: String,
    /// The key is another one than we have compared.
    pub(crate) changed: bool,
    /// It is us.
    pub(crate) own: bool,
}

pub(crate) async fn list(visitor: Visitor) -> Response {
    let page = page(&visitor).await;
    shown(&visitor, page)
}

async fn page(visitor: &Visitor) -> Result<Response, Failure> {
    let all = all(visitor).await?;
    let total = visitor.lang.count("organisations-total", all.len());
    Ok(draw(&Organisations { all, total, frame: visitor.frame("organisations")? }))
}

/// All of them, sorted by name.
pub(crate) async fn all(visitor: &Visitor) -> Result<Vec<Organisation>, Failure> {
    let own = visitor.home.engine.identity.org.to_string();
    let listed = visitor.values(&["org", "list"]).await?;
    let listed = listed.iter().filter(|v| v.is_object());
    let mut all: Vec<_> = listed.map(|v| Organisation::of(v, &own, visitor.lang)).collect();
    all.sort_by_cached_key(|one| one.name.to_lowercase());
    Ok(all)
}

impl Organisation {
    pub(crate) fn of(v: &Value, own: &str, lang: Lang) -> Self {
        Self {
            id: text(v, "id").to_owned(),
            name: harmless(text(v, "name")),
            kind: kind(text(v, "kind"), lang),
            country: countries::name(text(v, "country"), lang).to_owned(),
            fingerprint: text(v, "fingerprint").to_owned(),
            trust: trust(v, own, lang),
            suspended: v["suspended"]["words"].as_str().map(harmless).unwrap_or_default(),
        }
    }
}

/// What a type is called; one of a newer version by its word.
pub(crate) fn kind(word: &str, lang: Lang) -> String {
    lang.find(&format!("org-kind-{word}"), None).unwrap_or_else(|| harmless(word))
}

fn trust(v: &Value, own: &str, lang: Lang) -> Trust {
    let checked = &v["checked"];
    if text(v, "id") == own {
        return Trust {
            class: "closed",
            icon: "person",
            words: lang.text("trust-own"),
            changed: false,
            own: true,
        };
    }
    let Some(by) = checked["by"].as_str() else {
        let words = lang.text("trust-unchecked");
        return Trust { class: "waiting", icon: "question", words, changed: false, own: false };
    };
    let how = lang.find(&format!("check-how-{}", text(checked, "how")), None).unwrap_or_default();
    let gaps = [("by", &*harmless(by)), ("day", &day(text(checked, "at"), lang)), ("how", &how)];
    let changed = checked["current"] != true;
    Trust {
        class: if changed { "failed" } else { "accepted" },
        icon: if changed { "x-circle" } else { "hand" },
        words: lang.fill(if changed { "trust-changed" } else { "trust-checked" }, &gaps),
        changed,
        own: false,
    }
}
