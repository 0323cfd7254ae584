//! Answers that no page has given: an address that leads nowhere, a request that does not read, one that takes too long. The frameworks below
//! answer them with nothing, or in English; whoever looks gets a page that says what to do.

use askama::Template;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::pages::{draw, language};
use crate::lang::Lang;

/// Each status that somebody may meet: its code and the name of its words.
const ODD: [(StatusCode, &str, &str); 8] = [
    (StatusCode::NOT_FOUND, "G-150", "odd-nowhere"),
    (StatusCode::METHOD_NOT_ALLOWED, "G-151", "odd-method"),
    (StatusCode::REQUEST_TIMEOUT, "G-152", "odd-long"),
    (StatusCode::PAYLOAD_TOO_LARGE, "G-153", "odd-large"),
    (StatusCode::BAD_REQUEST, "G-154", "odd-unread"),
    (StatusCode::UNSUPPORTED_MEDIA_TYPE, "G-154", "odd-unread"),
    (StatusCode::UNPROCESSABLE_ENTITY, "G-154", "odd-unread"),
    (StatusCode::INTERNAL_SERVER_ERROR, "G-155", "odd-broken"),
];

#[derive(Template)]
#[template(path = "web/odd.html")]
struct Odd {
    lang: Lang,
    message: String,
    hint: String,
    code: &'static str,
}

impl Odd {
    fn t(&self, id: &str) -> String {
        self.lang.text(id)
    }
}

/// Gives whoever looks a page in place of a bare answer. Scripts, which ask for something else, get the answer as it is.
pub(super) async fn as_page(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let says = |name, what: &str| {
        headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(what))
    };
    let (looks, lang) = (says(header::ACCEPT, "text/html"), language(headers));
    let answer = next.run(request).await;
    let is_page = answer
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.to_str().is_ok_and(|kind| kind.starts_with("text/html")));
    match ODD.iter().find(|(status, ..)| *status == answer.status()) {
        Some((_, code, words)) if looks && !is_page => page(&answer, code, words, lang),
        _ => answer,
    }
}

fn page(answer: &Response, code: &'static str, words: &str, lang: Lang) -> Response {
    let hint = lang.text(&format!("{words}.hint"));
    let mut page =
        (answer.status(), draw(&Odd { lang, message: lang.text(words), hint, code })).into_response();
    if let Some(allowed) = answer.headers().get(header::ALLOW) {
        page.headers_mut().insert(header::ALLOW, allowed.clone());
    }
    page
}
