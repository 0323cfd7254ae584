//! Files of a draft: attached while it is written, sealed on this workstation until it is sent.

use std::io::Read;
use std::path::Path;

use causeway_common::limits::ATTACHMENTS_PER_PACKET_MAX;
use serde_json::{Value, json};

use crate::attachments::TransferError;
use crate::attachments::kept::{self, Kept};
use crate::caller;
use crate::cli::attachments::not_attached;
use crate::cli::enclosed;
use crate::cli::failure::Failure;
use crate::cli::home::Home;
use crate::cli::output::{harmless, print, text};
use crate::engine::drafting::FileError;
use crate::lang::Lang;
use crate::referral::SectionCode;

/// Attaches files that somebody has named, each with its section.
pub(super) async fn attach(id: &str, files: &[String], home: &Home) -> Result<(), Failure> {
    let number = super::find(id, home)?.number();
    for words in files {
        let (section, path) = enclosed::section_and_file(words)?;
        let unread = |io| not_attached(TransferError::Unread(io), &path);
        enclosed::is_there(&path).map_err(unread)?;
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let plain = Box::new(caller::open(&path).map_err(unread)?);
        let file = keep(&number, section, &name, plain, home).await?;
        print(home.json, json(&file), |v| words_of(v, home.lang));
    }
    Ok(())
}

/// Takes a file off a draft.
pub(super) async fn detach(id: &str, attachment: &str, home: &Home) -> Result<(), Failure> {
    let file = find(id, attachment, home)?;
    home.engine.drop_draft_file(&file).await?;
    print(home.json, json!({ "id": file.number(), "removed": true }), |_| home.lang.text("drafts-detached"));
    Ok(())
}

/// A file of a draft by its number, or the beginning of it.
pub(crate) fn find(id: &str, attachment: &str, home: &Home) -> Result<Kept, Failure> {
    let draft = super::find(id, home)?;
    let files = kept::all(&home.engine.vault, &draft.id)?;
    let found =
        files.into_iter().find(|file| !attachment.is_empty() && file.number().starts_with(attachment));
    found.ok_or_else(|| Failure::not_found(&harmless(attachment)))
}

/// Keeps what comes out of `plain` as a file of a draft. Whoever is told that it is kept finds it after a power cut.
pub(crate) async fn keep(
    id: &str,
    section: SectionCode,
    name: &str,
    plain: Box<dyn Read + Send>,
    home: &Home,
) -> Result<Kept, Failure> {
    let draft = super::find(id, home)?;
    let refused = |error| not_attached(error, Path::new(name));
    let others = kept::all(&home.engine.vault, &draft.id)?;
    if others.len() >= ATTACHMENTS_PER_PACKET_MAX {
        return Err(refused(TransferError::TooMany));
    }
    let (before, now) = (kept::counted(&others), home.engine.now());
    let (staging, of, named) = (home.engine.staging.clone(), draft.id, name.to_owned());
    let mut rng = home.engine.fork_rng().await;
    let sealing = tokio::task::spawn_blocking(move || {
        kept::seal(&staging, (&of, section.0, &named), plain, before, now, &mut rng)
    });
    let file = sealing.await.map_err(Failure::internal)?.map_err(refused)?;
    let kept = match home.engine.keep_draft_file(&draft.id, &file).await {
        Ok(true) => return Ok(file),
        Ok(false) => Failure::not_found(id),
        Err(FileError::File(error)) => refused(error),
        Err(FileError::Engine(error)) => error.into(),
        Err(FileError::Record(error)) => error.into(),
    };
    file.forget(&home.engine.staging);
    Err(kept)
}

/// The files of a draft for people and scripts: no keys.
pub(super) fn list(draft: &[u8; 16], home: &Home) -> Result<Value, Failure> {
    Ok(kept::all(&home.engine.vault, draft)?.iter().map(json).collect())
}

fn json(file: &Kept) -> Value {
    json!({
        "id": file.number(),
        "section": SectionCode(file.section).to_string(),
        "name": file.name,
        "media_type": file.media_type(),
        "size": file.size,
        "sha256": file.sha256(),
        "treated": file.treated.as_str(),
        "named_anew": file.goes_without_name(),
    })
}

/// One of them in a line.
pub(super) fn words_of(v: &Value, lang: Lang) -> String {
    let treated = lang.text(&format!("attached-{}", text(v, "treated")));
    let size = v["size"].to_string();
    let gaps = [
        ("id", text(v, "id")),
        ("section", text(v, "section")),
        ("name", text(v, "name")),
        ("size", size.as_str()),
        ("treated", treated.as_str()),
    ];
    lang.fill("drafts-attached", &gaps)
}
