//! Everything that the tables name has words in both languages, and what is made from the tables is what is checked in.

use super::super::spec::{Condition, Rule};
use super::super::{Kind, checklist, kinds, labels, publish};
use crate::lang::Lang;

fn every() -> impl Iterator<Item = Kind> {
    Kind::all().chain(Kind::steps())
}

#[test]
fn every_code_every_list_every_field_and_every_hint_has_words_in_both_languages() {
    let mut wanting: Vec<String> = Vec::new();
    for lang in Lang::ALL {
        let mut need = |id: String| {
            if lang.find(&id, None).is_none() {
                wanting.push(format!("{} {id}", lang.tag()));
            }
        };
        for list in labels::lists() {
            need(labels::list_id(list));
            list.codes.iter().for_each(|code| need(labels::code_id(list, code)));
        }
        for kind in every() {
            kinds::rules(kind.spec()).flat_map(words_of).for_each(|id| need(id.to_owned()));
        }
        checklist::text_ids().into_iter().for_each(&mut need);
        for kind in every() {
            for row in publish::outline(kind) {
                if labels::field_text(lang, row.parent, row.field.name, "").is_none() {
                    wanting.push(format!("{} {} {}", lang.tag(), kind.code(), row.path));
                }
            }
        }
    }
    assert!(wanting.is_empty(), "{wanting:#?}");
}

fn words_of(rule: &Rule) -> Vec<&'static str> {
    match rule {
        Rule::Need { hint, .. } | Rule::Absent { hint, .. } | Rule::Beside { hint, .. } => vec![hint],
        Rule::Asked { hint, .. } => vec![hint],
        Rule::Only { message, hint, .. } | Rule::Entry { message, hint, .. } => vec![message, hint],
        _ => Vec::new(),
    }
}

#[test]
fn kinds_and_sections_are_the_codes_of_their_lists() {
    let listed = |id: &str| labels::lists().find(|list| list.id == id).unwrap().codes.to_vec();
    let mut codes: Vec<&str> = every().map(Kind::code).collect();
    let mut there = listed("kind");
    codes.sort_unstable();
    there.sort_unstable();
    assert_eq!(codes, there);
    let sections: Vec<String> =
        super::super::sections::SECTIONS.iter().map(|(code, _)| code.to_string()).collect();
    assert_eq!(sections, listed("section"));
    let mut ids: Vec<&str> = labels::lists().map(|list| list.id).collect();
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all, "no two lists have one name");
}

#[test]
fn every_path_of_a_rule_or_a_filling_is_a_path_of_its_table() {
    for kind in every() {
        let rows: Vec<String> = publish::outline(kind).into_iter().map(|row| row.path).collect();
        let known = |path: &str| rows.iter().any(|row| row == path.trim_end_matches("[]"));
        for rule in kinds::rules(kind.spec()) {
            for path in paths_of(rule) {
                assert!(known(&path), "{kind}: {path}");
            }
        }
        if let super::super::spec::Travels::Step(Some(question)) = kind.spec().travels {
            let question = publish::outline(Kind::from_code(question).unwrap());
            let asked = kinds::rules(kind.spec()).filter_map(|rule| match rule {
                Rule::Asked { when, .. } => Some(when.iter().filter_map(asks)),
                _ => None,
            });
            for path in asked.flatten() {
                assert!(question.iter().any(|row| row.path == path), "{kind}: {path} in its question");
            }
        }
        assert!(kind.spec().fills.iter().all(|(path, _)| known(path)), "{kind}");
        assert!(kind.spec().persons.iter().all(|path| known(path)), "{kind}");
        for (condition, _) in kind.spec().raised {
            assert!(asks(condition).is_none_or(known), "{kind}: {condition:?}");
        }
    }
}

fn asks(condition: &Condition) -> Option<&'static str> {
    match condition {
        Condition::Always => None,
        Condition::Is(path, _)
        | Condition::Has(path)
        | Condition::YearOf(path)
        | Condition::Within(path, _) => Some(path),
    }
}

fn paths_of(rule: &Rule) -> Vec<String> {
    let inside = |at: &str, names: &[&str]| names.iter().map(|name| format!("{at}.{name}")).collect();
    let conditions = |all: &[Condition]| all.iter().filter_map(asks).map(str::to_owned).collect::<Vec<_>>();
    match rule {
        Rule::Need { path, when, unless, .. } => {
            [vec![(*path).to_owned()], conditions(&[*when]), conditions(unless)].concat()
        }
        Rule::Absent { path, unless, .. } => [vec![(*path).to_owned()], conditions(&[*unless])].concat(),
        Rule::Beside { at, has, needs, .. } => inside(at, &[has, needs]),
        Rule::AnyOf { at, of, unless } => [inside(at, of), conditions(unless)].concat(),
        Rule::Entry { at, with, .. } => inside(at, &with.iter().map(|(name, _)| *name).collect::<Vec<_>>()),
        Rule::Order { at, low, high } => inside(at, &[low, high]),
        Rule::Unique { at, field } => inside(at, &[field]),
        Rule::InOrder { at, list, field } => vec![format!("{at}.{list}[].{field}")],
        // Its conditions are about the question.
        Rule::Asked { path, .. }
        | Rule::Only { path, .. }
        | Rule::Ahead(path, _)
        | Rule::NotPast(path)
        | Rule::Recent(path, _) => {
            vec![(*path).to_owned()]
        }
    }
}

#[test]
fn the_dictionary_and_the_schemas_that_are_checked_in_are_those_of_the_tables() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for (path, text) in publish::files() {
        let there = std::fs::read_to_string(root.join(&path)).unwrap_or_default();
        assert!(there == text, "{path} is old: cargo run -p causeway-tests --bin schema -- .");
    }
}
