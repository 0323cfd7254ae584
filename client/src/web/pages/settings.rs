//! Settings of this workstation and of the organisation: each runs the command that the terminal has for it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::{Frame, Visitor, ask, draw, shown};
use crate::cli::failure::Failure;
use crate::web::Shared;

pub(crate) mod backup;
pub(crate) mod devices;
pub(crate) mod hours;
pub(crate) mod keys;
pub(crate) mod roster;
pub(crate) mod staff;
pub(crate) mod templates;

#[derive(Template)]
#[template(path = "web/settings.html")]
struct Settings {
    frame: Frame,
    lock: String,
    retention: Vec<String>,
}

#[derive(Template)]
#[template(path = "web/diagnostics.html")]
struct Diagnostics {
    frame: Frame,
    data: Vec<String>,
    status: Vec<String>,
}

pub(crate) async fn show(State(site): State<Shared>, visitor: Visitor) -> Response {
    let minutes = site.idle.lock().await.minutes();
    let page = page(&visitor, minutes).await;
    shown(&visitor, page)
}

async fn page(visitor: &Visitor, minutes: u64) -> Result<Response, Failure> {
    let minutes = usize::try_from(minutes).unwrap_or(usize::MAX);
    // Before the relay has said what time it is there is nothing to count: that is said instead.
    let retention = match visitor.run(&["retention", "due"]).await {
        Ok(taken) => ask::lines(&taken),
        Err(failure) => vec![failure.message],
    };
    Ok(draw(&Settings {
        frame: visitor.frame("settings")?,
        lock: visitor.lang.count("settings-lock-after", minutes),
        retention,
    }))
}

/// What `doctor` and `status` say.
pub(crate) async fn diagnostics(visitor: Visitor) -> Response {
    let page = diagnosed(&visitor).await;
    shown(&visitor, page)
}

async fn diagnosed(visitor: &Visitor) -> Result<Response, Failure> {
    let data = said(visitor, "doctor").await;
    let status = said(visitor, "status").await;
    Ok(draw(&Diagnostics { frame: visitor.frame("settings")?, data, status }))
}

/// What a command says; of one that fails, why: whoever looks for what is wrong has to see that.
async fn said(visitor: &Visitor, command: &str) -> Vec<String> {
    match visitor.run(&[command]).await {
        Ok(taken) => ask::lines(&taken),
        Err(failure) => vec![failure.in_a_line()],
    }
}
