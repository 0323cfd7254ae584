//! The attachments of a draft: brought in by a form, sealed as they come, listed, looked at and taken off again.

use std::io;

use askama::Template;
use axum::body::Bytes;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{Multipart, Path};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc};

use super::{Drafted, drafted};
use crate::attachments::{FILE_BYTES_MAX, FILES_BYTES_MAX, names};
use crate::cli::drafts::files;
use crate::cli::failure::Failure;
use crate::cli::output::{harmless, text};
use crate::lang::Lang;
use crate::referral::{SectionCode, labels};
use crate::web::pages::alert::errors;
use crate::web::pages::files::{Listed, picture, size_words};
use crate::web::pages::{Frame, Visitor, draw, is_number, shown, status_of};

/// What staff attach, by the section whose readers may open it. A terminal attaches to every section.
pub(super) const SECTIONS: [&str; 3] = ["PHO", "DOC", "EVI"];
/// Longest name of a section.
const CODE_BYTES: usize = 3;
/// Pieces that wait to be sealed: the browser waits for the disk.
const PIECES: usize = 4;
/// Files that are brought in at the same time, by whoever: a picture stands in memory while it is cleaned, twice 25 MB each.
const AT_ONCE: usize = 2;
static ROOM: Semaphore = Semaphore::const_new(AT_ONCE);

#[derive(Template)]
#[template(path = "web/draft_files.html")]
struct Files {
    frame: Frame,
    id: String,
    files: Vec<Listed>,
    sections: Vec<(&'static str, String, String)>,
    bounds: String,
    errors: Vec<String>,
}

/// What a file of a draft is shown with.
pub(super) fn listed(draft: &Drafted, lang: Lang) -> Vec<Listed> {
    draft.files.iter().map(|file| one(&draft.id, file, lang)).collect()
}

fn one(draft: &str, file: &Value, lang: Lang) -> Listed {
    let address = format!("/draft/{draft}/files/{}", text(file, "id"));
    let size = file["size"].as_u64().unwrap_or(0);
    let mut words = vec![
        format!("{}.", labels::code_of(lang, "section", text(file, "section"))),
        lang.text(&format!("attached-{}", text(file, "treated"))),
    ];
    if file["named_anew"] == true {
        words.push(lang.text("files-named-anew"));
    }
    let words = words.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" ");
    Listed { words, ..Listed::at(&address, text(file, "id"), text(file, "name"), size, lang) }
}

pub(crate) async fn list(visitor: Visitor, Path(id): Path<String>) -> Response {
    let page = page(&visitor, &id, Vec::new()).await;
    shown(&visitor, page)
}

async fn page(visitor: &Visitor, id: &str, errors: Vec<String>) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let draft = drafted(visitor, id).await?;
    let sections = SECTIONS.map(|code| {
        let word = code.to_lowercase();
        (code, lang.text(&format!("files-as-{word}")), lang.text(&format!("files-as-{word}-means")))
    });
    let gaps = [("each", &*size_words(FILE_BYTES_MAX, lang)), ("all", &*size_words(FILES_BYTES_MAX, lang))];
    Ok(draw(&Files {
        frame: visitor.frame("drafts")?,
        files: listed(&draft, lang),
        sections: sections.to_vec(),
        bounds: lang.fill("files-bounds", &gaps),
        id: draft.id,
        errors,
    }))
}

/// Takes what a form brings. What has been kept before something is refused stays.
pub(crate) async fn add(
    visitor: Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    let plain = headers.get(header::ACCEPT).is_some_and(|wanted| wanted == "text/plain");
    let failure = match taken(&visitor, &id, form).await {
        Ok(()) if plain => return StatusCode::NO_CONTENT.into_response(),
        Ok(()) => return Redirect::to(&format!("/draft/{id}/files")).into_response(),
        Err(failure) => failure,
    };
    let status = status_of(&failure);
    let words = errors(failure, visitor.lang);
    if plain {
        return (status, words.join(" ")).into_response();
    }
    match page(&visitor, &id, words).await {
        Ok(page) => (status, page).into_response(),
        failed => shown(&visitor, failed),
    }
}

async fn taken(visitor: &Visitor, id: &str, mut form: Multipart) -> Result<(), Failure> {
    if !is_number(id) {
        return Err(Failure::not_found(&harmless(id)));
    }
    let _room = ROOM.acquire().await.map_err(Failure::internal)?;
    let (mut section, mut kept) = (None, 0_usize);
    while let Some(field) = form.next_field().await.map_err(cut_off)? {
        match field.name() {
            Some("as") => section = section_of(field).await?,
            Some("file") => {
                let name = field.file_name().unwrap_or_default().to_owned();
                // A form in which nobody has chosen a file has one without a name.
                if name.is_empty() {
                    continue;
                }
                let known = match section {
                    Some(section) => keep(visitor, id, section, &name, field).await,
                    None => Err(Failure::wrong("files-as-what", &[])),
                };
                if let Err(failure) = known {
                    // A browser listens only when it has said everything.
                    while let Ok(Some(mut rest)) = form.next_field().await {
                        while let Ok(Some(_)) = rest.chunk().await {}
                    }
                    return Err(failure);
                }
                kept += 1;
            }
            _ => {}
        }
    }
    if kept == 0 { Err(Failure::wrong("files-none-chosen", &[])) } else { Ok(()) }
}

/// The section that was chosen, of those that can be.
async fn section_of(mut field: Field<'_>) -> Result<Option<SectionCode>, Failure> {
    let mut typed: Vec<u8> = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(cut_off)? {
        typed.extend(piece.iter().take(CODE_BYTES + 1 - typed.len().min(CODE_BYTES + 1)));
    }
    let known = SECTIONS.iter().find(|code| code.as_bytes() == typed.as_slice());
    Ok(known.and_then(|code| code.as_bytes().try_into().ok()).map(SectionCode))
}

/// Seals a file while it comes in.
async fn keep(
    visitor: &Visitor,
    id: &str,
    section: SectionCode,
    name: &str,
    mut field: Field<'_>,
) -> Result<(), Failure> {
    let (give, take) = mpsc::channel(PIECES);
    let (draft, name) = (id.to_owned(), names::neutral(name));
    let keeping = visitor.apart(async move |home| {
        files::keep(
            &draft,
            section,
            &name,
            Box::new(Incoming { take, piece: Bytes::new(), ended: false }),
            home,
        )
        .await
    });
    let giving = async move {
        let mut cut = None;
        loop {
            match field.chunk().await {
                // Whoever has taken enough takes no more; the rest is let go.
                Ok(Some(piece)) => drop(give.send(Piece::Bytes(piece)).await),
                Ok(None) => break drop(give.send(Piece::End).await),
                Err(error) => break cut = Some(cut_off(error)),
            }
        }
        drop(give);
        cut
    };
    let (kept, cut) = tokio::join!(keeping, giving);
    let kept = kept?;
    match cut {
        Some(failure) => Err(failure),
        None => kept.map(drop),
    }
}

/// What comes in of a file.
enum Piece {
    Bytes(Bytes),
    End,
}

/// A file as it comes in. One that has no end was cut off.
struct Incoming {
    take: mpsc::Receiver<Piece>,
    piece: Bytes,
    ended: bool,
}

impl io::Read for Incoming {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.ended {
            match self.take.blocking_recv() {
                Some(Piece::Bytes(piece)) => self.piece = piece,
                Some(Piece::End) => self.ended = true,
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let count = out.len().min(self.piece.len());
        out[..count].copy_from_slice(&self.piece.split_to(count));
        Ok(count)
    }
}

/// The form has ended in the middle, or is longer than any.
fn cut_off(error: MultipartError) -> Failure {
    let id = if error.status() == StatusCode::PAYLOAD_TOO_LARGE { "files-too-long" } else { "files-cut-off" };
    Failure::wrong(id, &[])
}

pub(crate) async fn preview(visitor: Visitor, Path((id, file)): Path<(String, String)>) -> Response {
    let drawn = async {
        let file = found(&visitor, &id, &file)?;
        picture(file.open(&visitor.home.engine.staging)?, &file.name).await
    };
    let drawn = drawn.await;
    shown(&visitor, drawn)
}

fn found(visitor: &Visitor, id: &str, file: &str) -> Result<crate::attachments::kept::Kept, Failure> {
    if !is_number(id) || !is_number(file) {
        return Err(Failure::not_found(&harmless(file)));
    }
    files::find(id, file, &visitor.home)
}

pub(crate) async fn remove(visitor: Visitor, Path((id, file)): Path<(String, String)>) -> Response {
    let removed = async {
        if !is_number(&id) || !is_number(&file) {
            return Err(Failure::not_found(&harmless(&file)));
        }
        visitor.run(&["drafts", "detach", &id, &file]).await?;
        Ok(Redirect::to(&format!("/draft/{id}/files")).into_response())
    };
    let removed = removed.await;
    shown(&visitor, removed)
}
