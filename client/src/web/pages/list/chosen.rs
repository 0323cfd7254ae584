//! What is done with several referrals of a list at once: each by the command that does it with one.

use axum::Form;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use super::{Asked, PAGE, Said, page};
use crate::cli::export::EXPORTED_MAX;
use crate::cli::failure::Failure;
use crate::web::pages::draft::section::{Typed, first};
use crate::web::pages::{Visitor, is_number, shown};

/// Chosen referrals of one request: all of a page.
const CHOSEN_MAX: usize = if PAGE < EXPORTED_MAX { PAGE } else { EXPORTED_MAX };

pub(crate) async fn act(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    let done = acted(&visitor, &typed).await;
    shown(&visitor, done)
}

async fn acted(visitor: &Visitor, typed: &Typed) -> Result<Response, Failure> {
    let ids: Vec<&str> =
        typed.iter().filter(|(name, id)| name == "id" && is_number(id)).map(|(_, id)| id.as_str()).collect();
    let lang = visitor.lang;
    let (asked, ours) = (Asked::typed(typed), first(typed, "list") == "sent");
    let error = match ids.len() {
        0 => lang.text("chosen-none"),
        many if many > CHOSEN_MAX => lang.fill("chosen-many", &[("most", &CHOSEN_MAX.to_string())]),
        _ => String::new(),
    };
    if !error.is_empty() {
        return page(visitor, &asked, ours, Said { error, ..Said::default() }).await;
    }
    if first(typed, "do") == "export" {
        return exported(visitor, &ids).await;
    }
    let said = each(visitor, &ids, typed).await;
    page(visitor, &asked, ours, said).await
}

/// Does it with one after the other. What was done stays done.
async fn each(visitor: &Visitor, ids: &[&str], typed: &Typed) -> Said {
    for (done, id) in ids.iter().enumerate() {
        let words = command(id, typed);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let Err(failure) = visitor.run(&words).await else { continue };
        let failure = failure.in_lang(visitor.lang);
        let why = failure.in_a_line();
        let error = match done {
            0 => why,
            done => format!("{} {why}", visitor.lang.count("chosen-done-before", done)),
        };
        return Said { error, ..Said::default() };
    }
    Said { done: visitor.lang.count("chosen-done", ids.len()), ..Said::default() }
}

/// The command that does it with one referral.
fn command(id: &str, typed: &Typed) -> Vec<String> {
    let word = first(typed, "word");
    let (begin, rest): (&[&str], Vec<String>) = match first(typed, "do") {
        "me" => (&["assign"], vec![id.to_owned(), "--me".to_owned()]),
        "nobody" => (&["assign"], vec![id.to_owned(), "--nobody".to_owned()]),
        "tag" => (&["tag", "add"], vec![id.to_owned(), "--".to_owned(), word.to_owned()]),
        "untag" => (&["tag", "remove"], vec![id.to_owned(), "--".to_owned(), word.to_owned()]),
        _ => (&["assign"], vec![id.to_owned(), format!("--to={}", first(typed, "number"))]),
    };
    begin.iter().map(|word| (*word).to_owned()).chain(rest).collect()
}

/// All of them in one file, each on a line.
async fn exported(visitor: &Visitor, ids: &[&str]) -> Result<Response, Failure> {
    let words: Vec<&str> =
        ["export"].into_iter().chain(ids.iter().copied()).chain(["--format=json", "--out=-"]).collect();
    let taken = visitor.run(&words).await?;
    let lines: String = taken.results.into_iter().map(|printed| printed.words + "\n").collect();
    let head = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"referrals.jsonl\"")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox")),
    ];
    Ok((head, lines).into_response())
}
