//! Who is in the network, and who of us has compared whose fingerprint.

use askama::Template;
use axum::response::Response;

use super::{Frame, Visitor, draw, shown};
use crate::cli::failure::Failure;
use crate::cli::output::{harmless, text};
use crate::registers::countries;

#[derive(Template)]
#[template(path = "web/organisations.html")]
struct Organisations {
    frame: Frame,
    all: Vec<Organisation>,
}

struct Organisation {
    name: String,
    kind: String,
    country: String,
    fingerprint: String,
    standing: String,
    suspended: bool,
}

pub(crate) async fn list(visitor: Visitor) -> Response {
    let page = page(&visitor).await;
    shown(&visitor, page)
}

async fn page(visitor: &Visitor) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let listed = visitor.values(&["org", "list"]).await?;
    let all = listed.iter().filter(|v| v.is_object()).map(|v| {
        let suspended = v["suspended"]["words"].as_str();
        let kind = text(v, "kind");
        Organisation {
            name: harmless(text(v, "name")),
            kind: lang.find(&format!("org-kind-{kind}"), None).unwrap_or_else(|| kind.to_owned()),
            country: countries::name(text(v, "country"), lang).to_owned(),
            fingerprint: text(v, "fingerprint").to_owned(),
            standing: suspended.map_or_else(|| lang.text("org-registered"), harmless),
            suspended: suspended.is_some(),
        }
    });
    Ok(draw(&Organisations { all: all.collect(), frame: visitor.frame("organisations")? }))
}
