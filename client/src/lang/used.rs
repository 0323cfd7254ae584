//! Whether the texts and those who ask for them fit together.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fluent_syntax::ast;

use super::*;

/// Names that are put together have at least this much in common.
const BEGINNING: usize = 3;

/// All texts of a language.
fn resources(texts: &[&str]) -> Vec<FluentResource> {
    texts
        .iter()
        .map(|text| FluentResource::try_new((*text).to_owned()).map_err(|(_, e)| e).unwrap())
        .collect()
}

fn messages(resources: &[FluentResource]) -> impl Iterator<Item = &ast::Message<&str>> {
    resources.iter().flat_map(FluentResource::entries).filter_map(|entry| match entry {
        ast::Entry::Message(message) => Some(message),
        _ => None,
    })
}

/// The contents of the files below a folder that end like this.
fn files(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|of| of == ending) {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found
}

/// What stands between quotes in the product's source and in its pages.
fn quoted() -> Vec<String> {
    let is_product = |path: &PathBuf| {
        !path.ends_with("tests.rs") && !path.iter().any(|part| part == "tests" || part == "lang")
    };
    let source = files("src", "rs").into_iter().filter(|(path, _)| is_product(path));
    let source =
        source.map(|(_, text)| text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned());
    let pages = files("templates", "html").into_iter().map(|(_, text)| text);
    let all: Vec<String> = source.chain(pages).collect();
    all.iter().flat_map(|text| text.split('"')).map(str::to_owned).collect()
}

#[test]
fn every_text_that_a_page_asks_for_is_there() {
    let mut read = 0;
    for (path, text) in files("templates", "html") {
        for (n, _) in text.match_indices(".t(\"") {
            let id = text[n + 4..].split('"').next().unwrap();
            assert!(Lang::En.find(id, None).is_some(), "{}: {id} has no words", path.display());
            read += 1;
        }
    }
    assert!(read > 300, "{read}");
}

#[test]
fn every_text_is_asked_for_by_somebody() {
    let quoted = quoted();
    let whole: BTreeSet<&str> =
        quoted.iter().map(|name| name.split('.').next().unwrap_or_default()).collect();
    // `format!("draft-state-{state}")`, and beginnings that are handed on: "device-revoke-".
    let is_part = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let ends = ["-hint"];
    // What a list of languages would call each; two need no list.
    let later = ["lang-name"];
    let put_together: BTreeSet<(&str, &str)> = quoted
        .iter()
        .filter_map(|name| {
            let name = name.split('.').next().unwrap_or_default();
            match name.split_once('{') {
                Some((begins, rest)) => Some((begins, rest.rsplit_once('}')?.1)),
                None => Some((name, "")),
            }
        })
        .filter(|(begins, ends)| {
            begins.len() >= BEGINNING && begins.ends_with('-') && is_part(begins) && is_part(ends)
        })
        .collect();
    let english = resources(ENGLISH);
    let names: Vec<&str> = messages(&english).map(|message| message.id.name).collect();
    let is_used = |name: &str| {
        let stem = ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        later.contains(&name)
            || whole.contains(name)
            || whole.contains(stem)
            || put_together.iter().any(|(begins, ends)| name.starts_with(begins) && name.ends_with(ends))
    };
    let unused: Vec<&&str> = names.iter().filter(|name| !is_used(name)).collect();
    assert!(unused.is_empty(), "nobody asks for {unused:?}");
    assert!(names.len() > 2_000);
}

/// Forms that a number can ask for.
const FORMS: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

/// Each choice by a number in a pattern: the forms that it has, and the one that stands for all others.
fn choices(pattern: &ast::Pattern<&str>, out: &mut Vec<(BTreeSet<String>, String)>) {
    for element in &pattern.elements {
        let ast::PatternElement::Placeable { expression: ast::Expression::Select { variants, .. } } = element
        else {
            continue;
        };
        let (mut forms, mut other) = (BTreeSet::new(), String::new());
        for variant in variants {
            choices(&variant.value, out);
            if let ast::VariantKey::Identifier { name } = variant.key {
                forms.insert(name.to_owned());
                if variant.default {
                    name.clone_into(&mut other);
                }
            }
        }
        if forms.iter().all(|form| FORMS.contains(&form.as_str())) && forms.len() > 1 {
            out.push((forms, other));
        }
    }
}

#[test]
fn every_choice_by_a_number_has_all_forms_of_its_language() {
    for (texts, needed, rest) in
        [(ENGLISH, &["one"][..], &["other"][..]), (RUSSIAN, &["one", "few"], &["many", "other"])]
    {
        let resources = resources(texts);
        let mut read = 0;
        for message in messages(&resources) {
            let mut found = Vec::new();
            let patterns =
                message.value.iter().chain(message.attributes.iter().map(|attribute| &attribute.value));
            for pattern in patterns {
                choices(pattern, &mut found);
            }
            for (forms, other) in found {
                let has = needed.iter().all(|form| forms.contains(*form)) && rest.contains(&other.as_str());
                assert!(has, "{} lacks a form: {forms:?}, otherwise {other}", message.id.name);
                read += 1;
            }
        }
        assert!(read > 30, "{read}");
    }
}
