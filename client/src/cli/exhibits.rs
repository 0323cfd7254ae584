//! Files that are about to travel, or that came, compared with what the document says of them.

use serde_json::{Value, json};

use super::enclosed::Enclosed;
use super::failure::Failure;
use super::output::harmless;
use crate::attachments::{self, TooLarge};
use crate::casebook;
use crate::lang::Lang;
use crate::model::StoredSection;
use crate::referral::exhibits::{Exhibit, differences, large_file, large_together};
use crate::referral::{Document, Problem};

/// What is wrong with the files that are to be attached: they are too large, or items of evidence say otherwise of them.
pub(super) fn differ(document: &Document, files: &[Enclosed]) -> Result<Vec<Problem>, Failure> {
    let large = too_large(files)?;
    // Nobody waits for the hash of a film that does not go along.
    if !large.is_empty() || !document.fields.contains_key("items") {
        return Ok(large);
    }
    let exhibits: Vec<Exhibit> = files.iter().map(Enclosed::exhibit).collect::<Result<_, _>>()?;
    Ok(differences(&document.fields, &exhibits))
}

/// The files that do not go along, before any of them is sealed.
fn too_large(files: &[Enclosed]) -> Result<Vec<Problem>, Failure> {
    let (mut found, mut before) = (Vec::new(), 0_u64);
    for file in files {
        let bytes = file.bytes()?;
        match attachments::fits(file.code.0, bytes, before) {
            Ok(()) if file.code.0 != *b"EVI" => before = before.saturating_add(bytes),
            Ok(()) => {}
            Err(TooLarge::File(most)) => found.push(large_file(&file.name(), bytes, most)),
            Err(TooLarge::Together) => {
                found.push(large_together(&file.name(), attachments::FILES_BYTES_MAX));
            }
        }
    }
    Ok(found)
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

    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::referral::SectionCode;

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
        let found = differ(&report, &[Enclosed::named(photos, scan.clone())]).unwrap();
        let words = [Lang::En, Lang::Ru].map(|lang| found[0].words(lang));
        assert!(words.iter().all(|words| words.contains("scan.png") && words.contains("F-102")), "{words:?}");
        assert!(words[0].contains("25 MB") && words[1].contains("25 МБ"), "{words:?}");
        assert_eq!(
            differ(&report, &[Enclosed::named(evidence, scan)]).unwrap(),
            [],
            "evidence goes as it is"
        );
        let many: Vec<_> =
            (0..5).map(|n| Enclosed::named(photos, file(&format!("{n}.png"), 24_000_000))).collect();
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
        let found = differ(&document, &[Enclosed::named(evidence, path.clone())]).unwrap();
        let words = found[0].words(Lang::En);
        assert!(words.contains(&said) && words.contains("chat.json"), "{words}");
        let is = hex::encode(Sha256::digest(b"another file at all"));
        assert!(words.contains(&is), "{words}");
        document
            .fields
            .insert("items".into(), serde_json::json!([{ "file": "chat.json", "hash_sha256": is }]));
        assert_eq!(differ(&document, &[Enclosed::named(evidence, path)]).unwrap(), []);
    }
}
