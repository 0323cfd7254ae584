//! What cannot be undone is asked once more, on a page that says what happens; and what a command has said is shown.

use askama::Template;
use axum::response::Response;

use super::picture::Picture;
use super::{Frame, Visitor, draw};
use crate::cli::failure::Failure;
use crate::cli::output::{Taken, harmless};

/// A question.
#[derive(Template)]
#[template(path = "web/ask.html")]
pub(crate) struct Ask {
    pub(crate) frame: Frame,
    pub(crate) title: String,
    /// What happens, a paragraph each.
    pub(crate) tells: Vec<String>,
    /// Digits to be compared; empty for none.
    pub(crate) digits: String,
    /// Where the answer goes.
    pub(crate) action: &'static str,
    /// What is meant.
    pub(crate) fields: Vec<(&'static str, String)>,
    /// What has to be chosen; no options for nothing.
    pub(crate) choice: Choice,
    /// On the button that does it.
    pub(crate) go: String,
    pub(crate) back: &'static str,
}

/// A list to choose from.
#[derive(Default)]
pub(crate) struct Choice {
    pub(crate) name: &'static str,
    pub(crate) label: String,
    pub(crate) options: Vec<(String, String)>,
}

impl Choice {
    /// Of words, with the texts whose names begin like this.
    pub(crate) fn of(
        visitor: &Visitor,
        name: &'static str,
        label: &str,
        begins: &str,
        words: &[&str],
    ) -> Self {
        let lang = visitor.lang;
        let option = |word: &&str| ((*word).to_owned(), lang.text(&format!("{begins}{word}")));
        Self { name, label: lang.text(label), options: words.iter().map(option).collect() }
    }
}

/// What a command has said, on a page of its own: a code is shown this once and stands nowhere else.
#[derive(Template)]
#[template(path = "web/told.html")]
pub(crate) struct Told {
    frame: Frame,
    title: String,
    lines: Vec<String>,
    token: String,
    picture: Option<Picture>,
    back: &'static str,
}

impl Told {
    /// A code to be handed over, and what to do with it.
    pub(crate) fn code(
        visitor: &Visitor,
        here: &'static str,
        title: &str,
        token: &str,
        lines: Vec<String>,
        back: &'static str,
    ) -> Result<Response, Failure> {
        let (frame, title) = (visitor.frame(here)?, visitor.lang.text(title));
        let picture = Picture::of(token);
        Ok(draw(&Self { frame, title, lines, token: token.to_owned(), picture, back }))
    }

    /// The words of a command.
    pub(crate) fn words(
        visitor: &Visitor,
        here: &'static str,
        title: &str,
        taken: &Taken,
        back: &'static str,
    ) -> Result<Response, Failure> {
        let (frame, title) = (visitor.frame(here)?, visitor.lang.text(title));
        Ok(draw(&Self { frame, title, lines: lines(taken), token: String::new(), picture: None, back }))
    }
}

/// What a command has said, line by line.
pub(crate) fn lines(taken: &Taken) -> Vec<String> {
    let said = taken.results.iter().map(|printed| &printed.words).chain(&taken.remarks);
    said.flat_map(|words| words.lines()).map(harmless).filter(|line| !line.trim().is_empty()).collect()
}
