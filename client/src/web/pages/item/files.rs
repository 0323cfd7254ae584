//! Files that came with a referral, or went with one of ours: saved, and looked at.

use std::time::Duration;

use axum::extract::Path;
use axum::response::Response;
use causeway_common::ids::PacketId;
use serde_json::Value;

use super::value;
use crate::attachments::{self, Entry, fetched};
use crate::cli::failure::{Failure, exit};
use crate::cli::output::{harmless, text};
use crate::cli::steps::find_thread;
use crate::lang::Lang;
use crate::records;
use crate::session;
use crate::web::pages::files::{Listed, download, picture};
use crate::web::pages::{Visitor, is_number, shown};

/// How long somebody waits for a file that is still at the relay. It goes on arriving; whoever asks again finds more of it. Less than the
/// bound for an answer, so that it can be said.
const FETCH_PATIENCE: Duration = Duration::from_secs(20);
/// It is still arriving.
const ARRIVING: &str = "A-110";

/// The files of a referral, as its command lists them.
pub(super) fn listed(v: &Value, id: &str, lang: Lang) -> Vec<Listed> {
    let list = v["attachments"].as_array().into_iter().flatten();
    list.map(|file| {
        let address = format!("/item/{id}/file/{}", text(file, "id"));
        let size = file["size"].as_u64().unwrap_or(0);
        let checked = file["checked"] == true;
        Listed {
            checked: Some(checked),
            words: lang.text(if checked { "file-checked" } else { "file-at-relay" }),
            save: address.clone(),
            sha256: harmless(text(file, "sha256")),
            ..Listed::at(&address, text(file, "id"), text(file, "name"), size, lang)
        }
    })
    .collect()
}

/// The file, under its name.
pub(crate) async fn save(visitor: Visitor, Path((id, file)): Path<(String, String)>) -> Response {
    let saved = async {
        let (packet, entry) = present(&visitor, &id, &file).await?;
        visitor.home.note("saved an attachment").await?;
        let plain = fetched::open(&visitor.home.engine.staging, packet, &entry)?;
        Ok(download(&entry.name, entry.size, plain, visitor.open().ended()))
    };
    let saved = saved.await;
    shown(&visitor, saved)
}

/// Its small picture.
pub(crate) async fn preview(visitor: Visitor, Path((id, file)): Path<(String, String)>) -> Response {
    let drawn = async {
        let (packet, entry) = present(&visitor, &id, &file).await?;
        picture(fetched::open(&visitor.home.engine.staging, packet, &entry)?, &entry.name).await
    };
    let drawn = drawn.await;
    shown(&visitor, drawn)
}

/// A file of a referral, whole and verified on this workstation.
async fn present(visitor: &Visitor, id: &str, file: &str) -> Result<(PacketId, Entry), Failure> {
    let missing = || Failure::not_found(&harmless(file));
    if !is_number(file) {
        return Err(missing());
    }
    // As the page of the item: who looks at its files has opened it.
    value(visitor, id).await?;
    let thread = find_thread(&visitor.home, id)?;
    let vault = &visitor.home.engine.vault;
    let sections = match records::received(vault, thread.root)? {
        Some(received) => received.sections,
        None => records::sent(vault, thread.root, thread.peer)?.ok_or_else(missing)?.sections,
    };
    let entry = attachments::entries(&sections).into_iter().find(|entry| entry.id == file);
    let entry = entry.ok_or_else(missing)?;
    if fetched::is_here(&visitor.home.engine.staging, &entry) {
        return Ok((thread.root, entry));
    }
    let (packet, wanted) = (thread.root, entry.clone());
    let fetching = visitor.apart(async move |home| {
        let link = home.dialer().await?.dial().await?;
        session::hello(&*link).await?;
        let staging = &home.engine.staging;
        let fetched = fetched::fetch_and_check(&*link, staging, packet, &wanted).await;
        link.close(0);
        Ok::<_, Failure>(fetched?)
    });
    let arrived = tokio::time::timeout(FETCH_PATIENCE, fetching).await;
    arrived.map_err(|_| Failure::said(ARRIVING, exit::OTHER, "file-arriving", &[]))???;
    Ok((packet, entry))
}
