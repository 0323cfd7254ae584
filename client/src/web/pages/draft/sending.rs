//! The end of a draft: all answers and who will see which, sending, and the receipt.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;

use super::files;
use super::lines::{self, Wrong};
use super::{Drafted, drafted};
use crate::catalogue::Line;
use crate::cli::failure::Failure;
use crate::cli::inbox::listed;
use crate::cli::output::{harmless, text};
use crate::formats::print;
use crate::lang::Lang;
use crate::records;
use crate::referral::{SectionCode, drafting, labels};
use crate::web::Shared;
use crate::web::pages::alert::{Reader, errors, reader};
use crate::web::pages::files::Listed;
use crate::web::pages::row::Row;
use crate::web::pages::{Frame, Visitor, draw, is_number, shown};

#[derive(Template)]
#[template(path = "web/answers.html")]
struct Answers {
    frame: Frame,
    id: String,
    revision: String,
    kind: String,
    parts: Vec<Part>,
    lacking: Vec<Lacking>,
    errors: Vec<String>,
    readers: Vec<Reader>,
    files: Vec<Enclosed>,
    exercise: bool,
    changed: bool,
}

/// The answers of a section, and where they are changed.
struct Part {
    title: String,
    address: String,
    rows: Vec<(String, String)>,
}

/// A file, and who gets it.
struct Enclosed {
    file: Listed,
    goes: String,
    stays: String,
}

/// What is still missing, and where it is written.
struct Lacking {
    address: String,
    words: String,
}

#[derive(Template)]
#[template(path = "web/receipt.html")]
struct Receipt {
    frame: Frame,
    number: String,
    reference: String,
    kind: String,
    rows: Vec<Row>,
}

#[derive(Default, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    revision: String,
    #[serde(default)]
    exercise: String,
}

pub(crate) async fn check(visitor: Visitor, Path(id): Path<String>) -> Response {
    let page = async {
        let draft = drafted(&visitor, &id).await?;
        page(&visitor, &draft, Vec::new(), &Typed::default(), false).await
    };
    let page = page.await;
    shown(&visitor, page)
}

/// Sends what somebody has read: nothing else that stands there meanwhile.
pub(crate) async fn send(
    visitor: Visitor,
    State(site): State<Shared>,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let sent = sent(&visitor, &site, &id, &typed).await;
    shown(&visitor, sent)
}

async fn sent(visitor: &Visitor, site: &Shared, id: &str, typed: &Typed) -> Result<Response, Failure> {
    let form = ["draft", id, &typed.revision, &typed.exercise].map(str::to_owned);
    // A second click comes when the draft is gone.
    let going = match site.looked_at.once(&form).await {
        Ok(going) => going,
        Err(place) => return Ok(Redirect::to(&place).into_response()),
    };
    let draft = drafted(visitor, id).await?;
    if typed.revision != draft.whole_revision() {
        let page = page(visitor, &draft, Vec::new(), typed, true).await?;
        return Ok((StatusCode::CONFLICT, page).into_response());
    }
    let (sender, number) = (visitor.speaking(visitor.lang), draft.id.clone());
    let is_exercise = typed.exercise == "yes";
    match going.carry_out(async move { sent_to(&sender, &number, is_exercise).await }).await {
        Ok(place) => Ok(Redirect::to(&place).into_response()),
        Err(failure) => {
            let errors = errors(failure, visitor.lang);
            let page = page(visitor, &draft, errors, typed, false).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

/// Sends a draft; gives where its receipt is shown.
async fn sent_to(visitor: &Visitor, draft: &str, is_exercise: bool) -> Result<String, Failure> {
    let mut words = vec!["drafts", "send", draft, "--yes"];
    if is_exercise {
        words.push("--exercise");
    }
    let values = visitor.values(&words).await?;
    let id = values.iter().find_map(|v| v["referral"].as_str()).unwrap_or_default();
    Ok(format!("/receipt/{id}"))
}

async fn page(
    visitor: &Visitor,
    draft: &Drafted,
    mut failed: Vec<String>,
    typed: &Typed,
    changed: bool,
) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let lacking = lacking(draft, lang);
    let (mut readers, mut shares) = (Vec::new(), Vec::new());
    if lacking.is_empty() {
        match visitor.values(&["drafts", "send", &draft.id, "--preview"]).await {
            Ok(values) => {
                shares = values.iter().flat_map(|v| v["access"].as_array()).flatten().cloned().collect();
                readers = shares.iter().map(|share| reader(share, lang)).collect();
            }
            Err(failure) if failed.is_empty() => failed = errors(failure, lang),
            Err(_) => {}
        }
    }
    Ok(draw(&Answers {
        frame: visitor.frame("drafts")?,
        id: draft.id.clone(),
        revision: draft.whole_revision(),
        kind: draft.document.kind.label(lang),
        parts: parts(draft, lang),
        files: enclosed(draft, &shares, lang),
        lacking,
        errors: failed,
        readers,
        exercise: typed.exercise == "yes",
        changed,
    }))
}

fn parts(draft: &Drafted, lang: Lang) -> Vec<Part> {
    let kind = draft.document.kind;
    let sheets = drafting::sheets(kind);
    let address = |code: SectionCode| {
        let known = sheets.contains(&code);
        if known { format!("/draft/{}/{}", draft.id, code.to_string().to_lowercase()) } else { String::new() }
    };
    let sections = draft.document.clone().into_sections().into_iter();
    let parts = sections.map(|section| Part {
        title: labels::section(lang, section.code),
        address: address(section.code),
        rows: print::rows_of(kind, &section.json.into(), lang)
            .into_iter()
            .map(|(label, words)| (harmless(&label), harmless(&words)))
            .collect(),
    });
    parts.filter(|part| !part.rows.is_empty()).collect()
}

/// The files, with the organisations that get each and those that do not.
fn enclosed(draft: &Drafted, shares: &[Value], lang: Lang) -> Vec<Enclosed> {
    let named = |section: &str, kept_back: bool, words: &str| {
        let of = shares.iter().filter(|share| {
            let stays = share["files_kept_back"]
                .as_array()
                .is_some_and(|codes| codes.iter().any(|code| code == section));
            stays == kept_back
        });
        let names: Vec<String> = of.map(|share| harmless(text(share, "name"))).collect();
        if names.is_empty() { String::new() } else { lang.fill(words, &[("names", &names.join(", "))]) }
    };
    let files = files::listed(draft, lang).into_iter().zip(&draft.files);
    files
        .map(|(file, v)| Enclosed {
            file,
            goes: named(text(v, "section"), false, "files-go-to"),
            stays: named(text(v, "section"), true, "files-stay"),
        })
        .collect()
}

/// Everything that is missing, each with the way to its place.
fn lacking(draft: &Drafted, lang: Lang) -> Vec<Lacking> {
    let mut all = Vec::new();
    if draft.to.is_empty() {
        all.push(Lacking { address: format!("/draft/{}/to", draft.id), words: lang.text("draft-to-nobody") });
    }
    let sheets = drafting::sheets(draft.document.kind);
    for section in &sheets {
        let items = drafting::sheet(&draft.document, *section, "");
        let (_, wrong) = lines::lines(&draft.document, &items, &draft.lacking(*section), lang);
        all.extend(wrong.into_iter().map(|Wrong { id, words }| Lacking {
            address: format!("/draft/{}/{}?wrong=yes#{id}", draft.id, section.to_string().to_lowercase()),
            words: format!("{}: {words}", labels::section(lang, *section)),
        }));
    }
    // What stands in no section that people write.
    let known =
        |lacking: &&Value| sheets.iter().any(|section| lacking["section"] == section.to_string().as_str());
    let others: Vec<_> = draft.lacks.iter().filter(|lacking| !known(lacking)).collect();
    let (_, wrong) = lines::lines(&draft.document, &[], &others, lang);
    all.extend(
        wrong
            .into_iter()
            .map(|wrong| Lacking { address: format!("/draft/{}", draft.id), words: wrong.words }),
    );
    all
}

/// What was sent: its number, who has to answer by when.
pub(crate) async fn receipt(visitor: Visitor, Path(id): Path<String>) -> Response {
    let page = async {
        let lang = visitor.lang;
        if !is_number(&id) {
            return Err(Failure::not_found(&harmless(&id)));
        }
        let is_meant = |line: &Line| line.ours && line.root.to_string() == id;
        let mut rows = Vec::new();
        for thread in records::threads_where(&visitor.home.engine.vault, is_meant)? {
            rows.extend(Row::of(&listed(&thread, &visitor.home).await?, true, lang));
        }
        let first = rows.first().ok_or_else(|| Failure::not_found(&id))?;
        Ok(draw(&Receipt {
            frame: visitor.frame("sent")?,
            number: id.get(..12).unwrap_or(&id).to_owned(),
            reference: first.reference.clone(),
            kind: first.kind.clone(),
            rows,
        }))
    };
    let page = page.await;
    shown(&visitor, page)
}
