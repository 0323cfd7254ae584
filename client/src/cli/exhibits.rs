//! Files that are about to travel, or that came, compared with what the document says of them.

use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::failure::Failure;
use super::output::harmless;
use crate::attachments::{self, TooLarge};
use crate::caller;
use crate::casebook;
use crate::lang::Lang;
use crate::model::StoredSection;
use crate::referral::exhibits::{Exhibit, differences, large_file, large_together};
use crate::referral::{Document, Problem, SectionCode};

/// Bytes read at once: a film does not fit into memory.
const PIECE_BYTES: usize = 64 * 1024;

/// What is wrong with the files that are to be attached: they are too large, or items of evidence say otherwise of them.
pub(super) fn differ(document: &Document, files: &[(SectionCode, PathBuf)]) -> Result<Vec<Problem>, Failure> {
    let large = too_large(files)?;
    // Nobody waits for the hash of a film that does not go along.
    if !large.is_empty() || !document.fields.contains_key("items") {
        return Ok(large);
    }
    let exhibits: Vec<Exhibit> = files.iter().map(|(_, path)| exhibit(path)).collect::<Result<_, _>>()?;
    Ok(differences(&document.fields, &exhibits))
}

/// The files that do not go along, before any of them is sealed.
fn too_large(files: &[(SectionCode, PathBuf)]) -> Result<Vec<Problem>, Failure> {
    let (mut found, mut before) = (Vec::new(), 0_u64);
    for (code, path) in files {
        let bytes = caller::open(path)
            .and_then(|file| file.metadata())
            .map_err(|e| Failure::unreadable(path, &e))?
            .len();
        match attachments::fits(code.0, bytes, before) {
            Ok(()) if code.0 != *b"EVI" => before = before.saturating_add(bytes),
            Ok(()) => {}
            Err(TooLarge::File(most)) => found.push(large_file(&name_of(path), bytes, most)),
            Err(TooLarge::Together) => {
                found.push(large_together(&name_of(path), attachments::FILES_BYTES_MAX));
            }
        }
    }
    Ok(found)
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn exhibit(path: &Path) -> Result<Exhibit, Failure> {
    let unread = |e: std::io::Error| Failure::unreadable(path, &e);
    let mut file = BufReader::new(caller::open(path).map_err(unread)?);
    let (mut hash, mut size, mut piece) = (Sha256::new(), 0_u64, vec![0; PIECE_BYTES]);
    loop {
        let read = file.read(&mut piece).map_err(unread)?;
        if read == 0 {
            break;
        }
        hash.update(&piece[..read]);
        size = size.saturating_add(read as u64);
    }
    Ok(Exhibit { name: name_of(path), sha256: hex::encode(hash.finalize()), size })
}

/// The same of files that came with a referral, or went.
pub(super) fn received(sections: &[StoredSection]) -> Vec<Problem> {
    let files: Vec<Exhibit> = attachments::entries(sections)
        .into_iter()
        .map(|entry| Exhibit { name: entry.name, sha256: entry.sha256, size: entry.size })
        .collect();
    differences(&casebook::document(sections), &files)
}

pub(super) fn json(differing: &[Problem], lang: Lang) -> Value {
    differing.iter().map(|p| json!({ "path": p.path, "message": p.message(lang) })).collect()
}

/// What whoever is to rely on the files must know before that.
pub(super) fn words(differing: &[Problem], lang: Lang) -> String {
    if differing.is_empty() {
        return String::new();
    }
    let each = differing.iter().map(|p| format!("  {} {}\n", p.path, harmless(&p.message(lang))));
    format!("{}\n{}", lang.text("exhibits-differ"), each.collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_file_that_is_too_large_is_named_before_anything_is_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: u64| {
            let path = folder.path().join(name);
            File::create(&path).unwrap().set_len(bytes).unwrap();
            path
        };
        let (photos, evidence) = (SectionCode(*b"PHO"), SectionCode(*b"EVI"));
        let scan = file("scan.png", 25_000_001);
        let report = Document::empty("MPR".parse().unwrap());
        let found = differ(&report, &[(photos, scan.clone())]).unwrap();
        let words = [Lang::En, Lang::Ru].map(|lang| found[0].words(lang));
        assert!(words.iter().all(|words| words.contains("scan.png") && words.contains("F-102")), "{words:?}");
        assert!(words[0].contains("25 MB") && words[1].contains("25 МБ"), "{words:?}");
        assert_eq!(differ(&report, &[(evidence, scan)]).unwrap(), [], "evidence goes as it is");
        let many: Vec<_> = (0..5).map(|n| (photos, file(&format!("{n}.png"), 24_000_000))).collect();
        assert_eq!(differ(&report, &many[..4]).unwrap(), []);
        let found = differ(&report, &many).unwrap();
        assert!(found.len() == 1 && found[0].words(Lang::Ru).contains("100 МБ"), "{found:?}");
    }

    #[test]
    fn another_file_under_the_name_of_an_item_is_named_with_both_hashes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chat.json");
        std::fs::write(&path, "another file at all").unwrap();
        let mut document = Document::empty("EVH".parse().unwrap());
        let said = "9f".repeat(32);
        document
            .fields
            .insert("items".into(), serde_json::json!([{ "file": "chat.json", "hash_sha256": said }]));
        let evidence = SectionCode(*b"EVI");
        let found = differ(&document, &[(evidence, path.clone())]).unwrap();
        let words = found[0].words(Lang::En);
        assert!(words.contains(&said) && words.contains("chat.json"), "{words}");
        let is = hex::encode(Sha256::digest(b"another file at all"));
        assert!(words.contains(&is), "{words}");
        document
            .fields
            .insert("items".into(), serde_json::json!([{ "file": "chat.json", "hash_sha256": is }]));
        assert_eq!(differ(&document, &[(evidence, path)]).unwrap(), []);
    }
}
