//! The dictionary: a Markdown document with every kind, every field and every code. It is English with Russian beside
//! it, because people who write to each other in two languages look up the same codes.

use std::fmt::Write as _;

use super::super::rules::describe_rule;
use super::super::sections::SECTIONS;
use super::super::spec::{CodeList, Condition, Need, Travels};
use super::super::{Kind, labels};
use super::form::need_word;
use super::{Row, code_lists, elements, group, outline, standard, type_word};
use crate::lang::Lang;

/// The whole document.
pub fn dictionary() -> String {
    let mut out = String::from(BEGINNING);
    sections(&mut out);
    out.push_str("\n## Kinds\n\n| code | word | schema | priority | kept, days | travels as |\n|---|---|---|---|---|---|\n");
    for kind in every() {
        let spec = kind.spec();
        let travels = match spec.travels {
            Travels::Referral => "referral".to_owned(),
            Travels::Standing => "standing: nobody answers it".to_owned(),
            Travels::Step(Some(of)) => format!("answer to {of}"),
            Travels::Step(None) => "step of a referral".to_owned(),
        };
        let _ = writeln!(
            out,
            "| {} | `{}` | `{}` | {} | {} | {travels} |",
            spec.code, spec.name, spec.schema, spec.priority, spec.retention_days
        );
    }
    let mut seen = Vec::new();
    out.push_str("\n## The header of every kind\n\n");
    table(&mut out, Kind::all().next().map(outline).unwrap_or_default(), true, &mut seen, "header");
    for kind in every() {
        one_kind(&mut out, kind, &mut seen);
    }
    codes(&mut out);
    out
}

fn every() -> impl Iterator<Item = Kind> {
    Kind::all().chain(Kind::steps())
}

const BEGINNING: &str = "\
# Dictionary of referrals

Generated from the tables in `client/src/referral`; `causeway kind show KIND` shows the same in your language.

Need: `draft` must be there in a draft, `send` to be sent, `filled` is filled in by the program if a person did not,
`optional` never must. `nil` means that `{\"nil\":\"unknown\"}` (or `not_asked`, `refused`, `withheld`, `not_applicable`)
answers the field. Paths with `[]` mean every element of a list. Unknown fields and codes of open lists are kept. A code that is
not to be used any more says so in its list, with the version since which (`deprecated since`): whoever sends it is warned, and
whoever gets it reads what it always meant.

Codes of lists whose version is HTCDS are those of the Human Trafficking Case Data Standard 2.0 (HTCDS, IOM, CC BY 4.0) in
its own spelling; codes with `x_` are additions of this project. IOM does not endorse this project.

From general knowledge, to be checked before anybody relies on it: legal bases (CL-LB), age bands, marital status,
ISCED levels, the passive values of CL-PR, default retention, and the weights of indicators for children. The weights are
those for labour exploitation; those for sexual exploitation are not in this version.
";

fn sections(out: &mut String) {
    out.push_str("\n## Sections\n\n| code | section | раздел | sensitivity |\n|---|---|---|---|\n");
    for (code, level) in SECTIONS {
        let words = [Lang::En, Lang::Ru].map(|lang| labels::section(lang, *code));
        let _ = writeln!(out, "| {code} | {} | {} | {level} |", words[0], words[1]);
    }
}

fn one_kind(out: &mut String, kind: Kind, seen: &mut Vec<(Vec<&'static str>, String)>) {
    let spec = kind.spec();
    let _ = writeln!(out, "\n## {} {} — {}\n", spec.code, kind.label(Lang::En), kind.label(Lang::Ru));
    table(out, outline(kind), false, seen, spec.code);
    let own: Vec<String> = spec.rules.iter().map(describe_rule).collect();
    if !own.is_empty() {
        let _ = writeln!(
            out,
            "\nRules:\n\n{}",
            own.iter().map(|r| format!("- {r}\n")).collect::<String>().trim_end()
        );
    }
    if !spec.raised.is_empty() {
        let raised: Vec<String> = spec
            .raised
            .iter()
            .map(|(condition, priority)| format!("{priority} {}", super::super::rules::describe(condition)))
            .collect();
        if !matches!(spec.raised, [(Condition::Always, _)]) {
            let _ = writeln!(out, "\nPriority: {}; otherwise {}.", raised.join("; "), spec.priority);
        }
    }
}

/// A table of fields. A group that stood in the document already is not repeated.
fn table(
    out: &mut String,
    rows: Vec<Row>,
    header: bool,
    seen: &mut Vec<(Vec<&'static str>, String)>,
    place: &str,
) {
    const WORTH_SHARING: usize = 4;
    out.push_str("| path | field | поле | section | need | type | codes | standard |\n|---|---|---|---|---|---|---|---|\n");
    let mut skipped: Option<String> = None;
    for row in rows.into_iter().filter(|row| row.header == header) {
        let inside = |prefix: &String| {
            row.path.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.starts_with(['.', '[']))
        };
        if skipped.as_ref().is_some_and(inside) {
            continue;
        }
        skipped = None;
        let (holds, brackets) = elements(&row.field.holds);
        let names: Vec<&'static str> = group(holds).iter().map(|f| f.name).collect();
        let mut kind = type_word(holds).to_owned();
        if !brackets.is_empty() {
            kind.push_str(", list");
        }
        if names.len() >= WORTH_SHARING {
            match seen.iter().find(|(there, _)| *there == names) {
                Some((_, first)) => {
                    let _ = write!(kind, ", as {first}");
                    skipped = Some(row.path.clone());
                }
                None => seen.push((names, format!("{place} `{}`", row.path))),
            }
        }
        let lists: Vec<String> =
            code_lists(holds).iter().map(|list| format!("[{0}](#{1})", list.id, anchor(list.id))).collect();
        let nil = if row.field.nil && row.field.need != Need::Optional { ", nil" } else { "" };
        let words = [Lang::En, Lang::Ru].map(|lang| labels::field(lang, row.parent, row.field.name));
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} | {}{nil} | {kind} | {} | {} |",
            row.path,
            words[0],
            words[1],
            row.section,
            need_word(row.field.need),
            lists.join(", "),
            standard(holds)
        );
    }
}

fn anchor(id: &str) -> String {
    format!("list-{}", id.to_lowercase())
}

fn codes(out: &mut String) {
    out.push_str("\n## Code lists\n");
    labels::lists().for_each(|list| one_list(out, list));
}

fn one_list(out: &mut String, list: &CodeList) {
    let how = if list.open { "open: other codes are valid too" } else { "closed" };
    let _ = writeln!(
        out,
        "\n### list {}\n\n{} — {}. Version {}, {how}.\n\n| code | meaning | значение |\n|---|---|---|",
        list.id,
        labels::list(Lang::En, list),
        labels::list(Lang::Ru, list),
        list.version
    );
    for code in list.codes {
        let words = [Lang::En, Lang::Ru].map(|lang| labels::code(lang, list, code));
        let since = list.deprecated_since(code).map(|since| format!(" (deprecated since {since})"));
        let _ = writeln!(out, "| `{code}`{} | {} | {} |", since.unwrap_or_default(), words[0], words[1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_is_given_up_says_since_when() {
        let list = CodeList::open("colour", &["red", "rouge"]).deprecating(&[("rouge", "1.1")]);
        let mut out = String::new();
        one_list(&mut out, &list);
        assert!(
            out.contains("| `rouge` (deprecated since 1.1) | rouge |") && out.contains("| `red` |"),
            "{out}"
        );
    }
}
