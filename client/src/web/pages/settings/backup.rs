//! Backups of this workstation.

use askama::Template;
use axum::Form;
use axum::response::Response;
use serde::Deserialize;

use super::super::ask::{Ask, Choice, Told};
use super::super::words::moment;
use super::super::{Frame, Visitor, draw, shown};
use crate::cli::backup;
use crate::cli::failure::Failure;
use crate::cli::output::harmless;

#[derive(Template)]
#[template(path = "web/backup.html")]
struct Backup {
    frame: Frame,
    last: String,
    old: bool,
    typed: String,
}

#[derive(Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    folder: String,
    #[serde(default)]
    sure: String,
}

pub(crate) async fn show(visitor: Visitor) -> Response {
    let page = page(&visitor).await;
    shown(&visitor, page)
}

async fn page(visitor: &Visitor) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let standing = backup::status(&visitor.home).await?;
    let last = match standing["taken"].as_str() {
        Some(taken) => lang.fill("settings-backup-last", &[("at", &moment(taken, lang))]),
        None => lang.text("settings-backup-none"),
    };
    let old = standing["old"] == true;
    Ok(draw(&Backup { frame: visitor.frame("settings")?, last, old, typed: String::new() }))
}

/// Asks where it goes, and makes it.
pub(crate) async fn create(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    let page = created(&visitor, &typed).await;
    shown(&visitor, page)
}

async fn created(visitor: &Visitor, typed: &Typed) -> Result<Response, Failure> {
    let (lang, folder) = (visitor.lang, typed.folder.trim());
    // The program's own folder is wherever it was started: a path that begins there would be a surprise.
    if !std::path::Path::new(folder).is_absolute() {
        return Err(Failure::wrong("fail-backup-relative", &[("folder", &harmless(folder))]));
    }
    if typed.sure == "yes" {
        let out = format!("--out={folder}");
        let taken = visitor.run(&["backup", "create", &out]).await?;
        return Told::words(visitor, "settings", "settings-backup", &taken, "/settings/backup");
    }
    Ok(draw(&Ask {
        frame: visitor.frame("settings")?,
        title: lang.text("settings-backup-make"),
        tells: vec![
            lang.fill("settings-backup-where", &[("folder", &harmless(folder))]),
            lang.text("settings-backup-tells"),
        ],
        digits: String::new(),
        action: "/settings/backup",
        fields: vec![("folder", folder.to_owned())],
        choice: Choice::default(),
        go: lang.text("settings-backup-make"),
        back: "/settings/backup",
    }))
}
