//! What docs/protocol.md says of itself is true: its rules are numbered without gaps, and every test and every vector
//! that it names exists where it says.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Crates whose tests the rules name.
const CRATES: [&str; 5] = ["common", "certs", "relay", "client", "tests"];
/// Where the table begins that turns the rules around.
const TABLE: &str = "\n## Rules, tests, vectors\n";

/// What one rule, or its row in the table, names.
#[derive(Debug, Default, PartialEq, Eq)]
struct Named {
    tests: BTreeSet<String>,
    vectors: BTreeSet<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn protocol() -> (String, String) {
    let text = fs::read_to_string(root().join("docs/protocol.md")).unwrap();
    let (rules, table) = text.split_once(TABLE).expect("the table of rules, tests and vectors is gone");
    (rules.to_owned(), table.to_owned())
}

/// The number in `P-012`, if this is one.
fn number(word: &str) -> Option<usize> {
    let digits = word.strip_prefix("P-")?;
    (digits.len() == 3).then(|| digits.parse().ok())?
}

/// Everything between backticks in `text`.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn named(text: &str) -> Named {
    let mut named = Named::default();
    for word in quoted(text) {
        if word.ends_with(".json") {
            named.vectors.insert(word.to_owned());
        } else if word.contains("::") {
            named.tests.insert(word.to_owned());
        }
    }
    named
}

/// Each rule's own lines that say what proves it, in the order of the document.
fn rules(text: &str) -> Vec<(usize, Named)> {
    let mut rules: Vec<(usize, String)> = Vec::new();
    for line in text.lines() {
        if let Some(found) = line.strip_prefix("**").and_then(|rest| number(rest.split_once(".**")?.0)) {
            rules.push((found, String::new()));
        } else if let Some((_, proof)) = rules.last_mut()
            && (line.starts_with("Proof: ") || line.starts_with("Vectors: "))
        {
            proof.push_str(line);
        }
    }
    rules.into_iter().map(|(number, proof)| (number, named(&proof))).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Every function that has `fn name(` in it, by the name the document would give it: crate, file, function.
fn functions() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for member in CRATES {
        let folder = root().join(member);
        let mut files = Vec::new();
        sources(&folder, &mut files);
        for file in files {
            let inside = file.strip_prefix(&folder).unwrap().with_extension("");
            let module = inside.iter().skip(1).map(|part| part.to_str().unwrap()).collect::<Vec<_>>();
            let text = fs::read_to_string(&file).unwrap();
            for piece in text.split("fn ").skip(1) {
                let end = piece.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(piece.len());
                if piece[end..].starts_with('(') {
                    all.insert([&[member], &module[..], &[&piece[..end]]].concat().join("::"));
                }
            }
        }
    }
    all
}

#[test]
fn every_rule_has_its_number_its_tests_and_its_vectors() {
    let (text, _) = protocol();
    let rules = rules(&text);
    let numbers: Vec<usize> = rules.iter().map(|(number, _)| *number).collect();
    assert!(numbers.len() > 50, "the rules were read");
    assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>(), "rules are numbered 1, 2, 3 and so on");

    let functions = functions();
    let mut wrong = Vec::new();
    for (number, named) in &rules {
        for test in named.tests.iter().filter(|test| !functions.contains(*test)) {
            let name = test.rsplit("::").next().unwrap();
            let moved: Vec<_> = functions.iter().filter(|f| f.ends_with(&format!("::{name}"))).collect();
            wrong.push(format!("P-{number:03}: there is no {test}; of that name there are {moved:?}"));
        }
        for vector in &named.vectors {
            if !root().join("tests/vectors").join(vector).is_file() {
                wrong.push(format!("P-{number:03}: there is no vector {vector}"));
            }
        }
    }
    assert!(wrong.is_empty(), "docs/protocol.md names what is not there:\n{}", wrong.join("\n"));
}

#[test]
fn rules_that_are_mentioned_exist() {
    let (text, table) = protocol();
    let count = rules(&text).len();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    for mentioned in words.filter_map(number) {
        assert!((1..=count).contains(&mentioned), "P-{mentioned:03} is mentioned and does not exist");
    }
    assert!(!table.contains("\n## "), "the table is the last section");
}

#[test]
fn the_table_says_the_same_as_the_rules() {
    let (text, table) = protocol();
    let row = |line: &str| {
        let number = number(line.strip_prefix("| ")?.split(' ').next()?)?;
        Some((number, named(line)))
    };
    let rows: BTreeMap<usize, Named> = table.lines().filter_map(row).collect();
    assert_eq!(rows, rules(&text).into_iter().collect());
}

#[test]
fn every_vector_belongs_to_a_rule() {
    let (text, _) = protocol();
    let used: BTreeSet<String> = rules(&text).into_iter().flat_map(|(_, named)| named.vectors).collect();
    let vectors = root().join("tests/vectors");
    for folder in fs::read_dir(&vectors).unwrap().map(|entry| entry.unwrap().path()).filter(|p| p.is_dir()) {
        for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = file.strip_prefix(&vectors).unwrap().to_str().unwrap().to_owned();
            assert!(!name.ends_with(".json") || used.contains(&name), "no rule names the vector {name}");
        }
    }
}
