//! What the words and shapes mean, and what to do when nothing goes.

use askama::Template;
use axum::response::Response;

use super::row::{Mark, way, work};
use super::{Frame, Visitor, draw, shown};

const WAYS: [&str; 7] =
    ["queued", "relayed", "delivered", "opened", "expired_undelivered", "expired_unopened", "undecryptable"];
const WORKS: [&str; 6] = ["received", "accepted", "info_requested", "on_hold", "completed", "declined"];

#[derive(Template)]
#[template(path = "web/help.html")]
struct Help {
    frame: Frame,
    ways: Vec<Mark>,
    works: Vec<Mark>,
}

pub(crate) async fn show(visitor: Visitor) -> Response {
    let lang = visitor.lang;
    let page = visitor.frame("help").map(|frame| {
        draw(&Help {
            frame,
            ways: WAYS.iter().map(|state| way(state, lang)).collect(),
            works: WORKS.iter().map(|state| work(state, lang)).collect(),
        })
    });
    shown(&visitor, page)
}
