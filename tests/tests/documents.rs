//! What the documents say of the sources, and what the sources must therefore be.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Files below `folder` with this ending.
fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
}

#[test]
fn one_file_names_each_crate_behind_guard_rails() {
    let mut sources = Vec::new();
    for member in ["common", "certs", "relay", "client"] {
        files(&root().join(member).join("src"), "rs", &mut sources);
    }
    let behind_rails = [
        ("bincode", "common/src/codec.rs"),
        ("sled", "common/src/store/sled.rs"),
        ("hpke", "client/src/seal/hybrid.rs"),
    ];
    for (name, home) in behind_rails {
        let uses =
            [format!("use {name}::"), format!(" {name}::"), format!("({name}::"), format!("<{name}::")];
        let naming: Vec<_> = sources
            .iter()
            .filter(|path| {
                let text = fs::read_to_string(path).unwrap();
                let mut code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                code.any(|line| uses.iter().any(|u| line.contains(u.as_str()) || line.starts_with(u.trim())))
            })
            .map(|path| path.strip_prefix(root()).unwrap().to_str().unwrap())
            .collect();
        assert_eq!(naming, [home], "{name} stands in one file");
    }
}

#[test]
fn dependencies_point_one_way() {
    let allowed: [(&str, &[&str]); 4] = [
        ("common", &[]),
        ("certs", &["causeway-common"]),
        ("relay", &["causeway-common", "causeway-certs"]),
        ("client", &["causeway-common", "causeway-certs"]),
    ];
    for (member, may) in allowed {
        let manifest = read(&format!("{member}/Cargo.toml"));
        let normal = manifest.split("[dev-dependencies]").next().unwrap();
        for line in normal.lines().filter(|line| line.starts_with("causeway-")) {
            let name = line.split(['.', ' ', '=']).next().unwrap();
            assert!(may.contains(&name), "{member} must not depend on {name}");
        }
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut documents: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
        .iter()
        .map(|name| root().join(name))
        .collect();
    files(&root().join("docs"), "md", &mut documents);
    let mut dead = Vec::new();
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap();
            let elsewhere = target.is_empty() || target.contains("://");
            if !elsewhere && !document.parent().unwrap().join(target).exists() {
                dead.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

#[test]
fn the_operator_finds_every_setting() {
    let source = read("relay/src/config.rs");
    let operations = read("docs/operations.md");
    let fields = source.lines().filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(": "));
    let is_name = |name: &&str| name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let settings: BTreeSet<&str> = fields.map(|(name, _)| name).filter(is_name).collect();
    assert!(settings.contains("listen") && settings.contains("attachment_bytes"), "the settings were read");
    for setting in settings {
        assert!(
            operations.contains(&format!("`{setting}`")),
            "docs/operations.md does not explain {setting}"
        );
    }
}

/// Codes of the client with the files that give them, tests left out.
fn codes() -> BTreeMap<String, BTreeSet<String>> {
    let mut sources = Vec::new();
    files(&root().join("client/src"), "rs", &mut sources);
    let mut codes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let is_test = |source: &&PathBuf| source.iter().any(|part| part == "tests" || part == "tests.rs");
    for source in sources.iter().filter(|source| !is_test(source)) {
        let text = fs::read_to_string(source).unwrap();
        let product = text.split("#[cfg(test)]").next().unwrap();
        let name = source.strip_prefix(root().join("client/src")).unwrap().with_extension("");
        for code in product.split('"').filter(|word| is_code(word)) {
            codes.entry(code.to_owned()).or_default().insert(name.to_str().unwrap().to_owned());
        }
    }
    assert!(codes.contains_key("N-102"), "the codes were read");
    codes
}

#[test]
fn both_guides_explain_every_error_code_once() {
    let codes = codes();
    for guide in ["docs/guide/en/README.md", "docs/guide/ru/README.md"] {
        let text = read(guide);
        for code in codes.keys() {
            let of_it = |line: &&str| {
                line.starts_with('|')
                    && line.split('|').nth(1).is_some_and(|cell| cell.contains(&format!("`{code}`")))
            };
            let rows = text.lines().filter(of_it).count();
            assert_eq!(rows, 1, "{guide}: rows of {code}");
        }
    }
}

/// Whoever reads a code out over the telephone means one thing.
#[test]
fn a_code_belongs_to_one_part_of_the_program() {
    for (code, files) in codes() {
        // A part is a file with its folder; what all parts say stands in `cli/failure`.
        let mut parts: BTreeSet<String> =
            files.iter().map(|file| file.split('/').take(2).collect::<Vec<_>>().join("/")).collect();
        parts.remove("cli/failure");
        assert!(parts.len() <= 1, "{code} is given by {parts:?}");
    }
}

/// `N-102` and the like.
fn is_code(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() == 5
        && bytes[0].is_ascii_uppercase()
        && bytes[1] == b'-'
        && bytes[2..].iter().all(u8::is_ascii_digit)
}
