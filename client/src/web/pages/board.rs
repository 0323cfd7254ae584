//! The duty board: what needs an answer, what is being worked on, what has just ended.

use std::time::Duration;

use askama::Template;
use axum::response::Response;

use super::office::{Duty, Handover, Snoozing};
use super::row::Row;
use super::{Frame, Visitor, draw, shown};
use crate::catalogue::Line;
use crate::cli::failure::Failure;
use crate::cli::inbox::{kept_apart, listed_all};
use crate::records;

/// Cards of a block: what nobody answers in time is at the top, and 3 · 20 cards of some 800 bytes stay below 60 KB with the
/// frame. How many more there are is said, and all of them stand in the inbox.
const CARDS_MAX: usize = 20;
/// What has ended is shown for a day.
const ENDED_FOR: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Template)]
#[template(path = "web/board.html")]
struct Board {
    frame: Frame,
    duty: Option<Duty>,
    handovers: Vec<Handover>,
    snooze: Snoozing,
    blocks: Vec<Block>,
}

struct Block {
    id: &'static str,
    title: String,
    empty: String,
    count: usize,
    rows: Vec<Row>,
    /// Of how many there is no card.
    more: String,
    /// Where those stand.
    address: &'static str,
}

pub(crate) async fn show(visitor: Visitor) -> Response {
    let page = page(&visitor).await;
    shown(&visitor, page)
}

async fn page(visitor: &Visitor) -> Result<Response, Failure> {
    // All blocks of one moment: what comes meanwhile stands in the next.
    let now = visitor.home.engine.now();
    let (open, ended): (Vec<Line>, Vec<Line>) = {
        let catalogue = records::catalogue(&visitor.home.engine.vault)?;
        let has_just_ended = |line: &&Line| !line.ours && line.ended && line.last.plus(ENDED_FOR) > now;
        let open = catalogue.open().filter(|line| !line.ours).cloned().collect();
        (open, catalogue.lines().filter(has_just_ended).cloned().collect())
    };
    let (waiting, others): (Vec<Line>, Vec<Line>) = open.into_iter().partition(Line::waits);
    let blocks = vec![
        answer_block(visitor, waiting).await?,
        working_block(visitor, others).await?,
        ended_block(visitor, ended).await?,
    ];
    let roster = visitor.values(&["roster", "show"]).await?.pop().unwrap_or_default();
    Ok(draw(&Board {
        duty: Duty::of(&roster, visitor.lang),
        handovers: Handover::unread(&roster, visitor.lang),
        snooze: Snoozing::of(visitor)?,
        frame: visitor.frame("board")?,
        blocks,
    }))
}

/// What is due first stands first; what has no deadline, last.
async fn answer_block(visitor: &Visitor, mut lines: Vec<Line>) -> Result<Block, Failure> {
    lines.sort_by_key(|line| (line.priority, line.respond_by.0 == 0, line.respond_by, line.begun));
    let mut block = block(visitor, "answer", lines, "/inbox?view=needs-answer").await?;
    block.rows.sort_by_key(|row| (row.due_at.is_empty(), row.priority.clone(), row.due_at.clone()));
    Ok(block)
}

/// The rest of what has not ended, and what is kept apart because its sender is in doubt.
async fn working_block(visitor: &Visitor, lines: Vec<Line>) -> Result<Block, Failure> {
    let mut block = block(visitor, "working", lines, "/inbox").await?;
    let apart = kept_apart(&visitor.home).await?;
    let apart = apart.iter().take(CARDS_MAX).filter_map(|v| Row::of(v, false, visitor.lang));
    let apart: Vec<Row> = apart.collect();
    block.count += apart.len();
    block.rows.splice(0..0, apart);
    Ok(block)
}

async fn ended_block(visitor: &Visitor, mut lines: Vec<Line>) -> Result<Block, Failure> {
    lines.sort_by_key(|line| std::cmp::Reverse(line.last));
    block(visitor, "ended", lines, "/inbox").await
}

async fn block(
    visitor: &Visitor,
    id: &'static str,
    lines: Vec<Line>,
    address: &'static str,
) -> Result<Block, Failure> {
    let lang = visitor.lang;
    let cases: Vec<[u8; 32]> = lines.iter().take(CARDS_MAX).map(|line| line.case).collect();
    let values = listed_all(&cases, &visitor.home).await?;
    let rows = values.iter().filter_map(|v| Row::of(v, false, lang)).collect();
    let more = lines.len().saturating_sub(CARDS_MAX);
    Ok(Block {
        id,
        title: lang.text(&format!("board-{id}")),
        empty: lang.text(&format!("board-{id}-none")),
        count: lines.len(),
        rows,
        more: if more == 0 { String::new() } else { lang.count("board-more", more) },
        address,
    })
}
