//! The duty board: what needs an answer, what is being worked on, what has just ended.

use askama::Template;
use axum::response::Response;

use super::row::Row;
use super::{Frame, Visitor, draw, shown};
use crate::cli::failure::Failure;

/// Cards of what has ended; the rest stands in the inbox.
const ENDED_MAX: usize = 20;
const OPEN: [&str; 2] = ["received", "seen"];
const ENDED: [&str; 8] =
    ["completed", "closed", "declined", "withdrawn", "expired", "failed", "entered_in_error", "erased"];

#[derive(Template)]
#[template(path = "web/board.html")]
struct Board {
    frame: Frame,
    blocks: Vec<Block>,
}

struct Block {
    id: &'static str,
    title: String,
    empty: String,
    rows: Vec<Row>,
}

pub(crate) async fn show(visitor: Visitor) -> Response {
    let page = page(&visitor).await;
    shown(&visitor, page)
}

async fn page(visitor: &Visitor) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let listed = visitor.values(&["inbox", "list"]).await?;
    let rows: Vec<Row> = listed.iter().filter_map(|v| Row::of(v, false, lang)).collect();
    let (mut answer, mut others): (Vec<Row>, Vec<Row>) =
        rows.into_iter().partition(|row| OPEN.contains(&row.state.as_str()));
    // What is due first stands first; what has no deadline, last.
    answer.sort_by_key(|row| (row.due_at.is_empty(), row.priority.clone(), row.due_at.clone()));
    let mut ended: Vec<Row> = others.extract_if(.., |row| ENDED.contains(&row.state.as_str())).collect();
    ended.truncate(ENDED_MAX);
    let block = |id: &'static str, rows| Block {
        id,
        title: lang.text(&format!("board-{id}")),
        empty: lang.text(&format!("board-{id}-none")),
        rows,
    };
    let blocks = vec![block("answer", answer), block("working", others), block("ended", ended)];
    Ok(draw(&Board { frame: visitor.frame("board")?, blocks }))
}
