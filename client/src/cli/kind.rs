//! `causeway kind`: what the kinds of referrals may hold, and whether a file holds it. It needs no home.

use std::path::{Path, PathBuf};

use causeway_common::time::{Clock as _, SystemClock, Timestamp};
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::Global;
use super::failure::{Failure, exit};
use super::output::{emit, harmless, print, print_list, remark};
use crate::caller;
use crate::lang::Lang;
use crate::referral::checklist::{Checklist, checklists};
use crate::referral::indicators::{Profile, Screening, screen};
use crate::referral::{
    DOCUMENT_BYTES_MAX, Document, Kind, Level, Problem, SendContext, labels, publish, spec,
};

#[derive(Debug, Subcommand)]
pub(crate) enum KindCommand {
    /// All kinds.
    List,
    /// The fields of a kind.
    Show(ShowArgs),
    /// The codes of a list, with what they mean.
    Codes {
        /// Its name, for example CL-DR; without one, all lists.
        list: Option<String>,
    },
    /// Say what is wrong with a file, without sending it.
    Check(CheckArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Word or code of the kind, for example missing-person or MPR.
    kind: String,
    /// Only the paths, for --set.
    #[arg(long, conflicts_with_all = ["schema", "form"])]
    paths: bool,
    /// Its JSON Schema.
    #[arg(long, conflicts_with = "form")]
    schema: bool,
    /// Its form, for pages, JSON.
    #[arg(long)]
    form: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Word or code of the kind.
    kind: String,
    /// File with the referral, JSON; `-` reads standard input.
    #[arg(long)]
    file: Option<PathBuf>,
    /// One field, for example approach_note="speak to her alone".
    #[arg(long = "set", value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Only what must be right in a draft.
    #[arg(long)]
    draft: bool,
}

pub(crate) fn run(command: KindCommand, global: &Global) -> Result<(), Failure> {
    let lang = global.lang();
    match command {
        KindCommand::List => list(global.json, lang),
        KindCommand::Show(args) => show(&args, global.json, lang)?,
        KindCommand::Codes { list: None } => lists(global.json, lang),
        KindCommand::Codes { list: Some(list) } => codes(&list, global.json, lang)?,
        KindCommand::Check(args) => check(&args, global.json, lang)?,
    }
    Ok(())
}

fn every() -> impl Iterator<Item = Kind> {
    Kind::all().chain(Kind::steps())
}

fn find(word: &str, lang: Lang) -> Result<Kind, Failure> {
    every().find(|kind| kind.name() == word || kind.code() == word).ok_or_else(|| {
        let names: Vec<&str> = every().map(Kind::name).collect();
        Failure::invalid(lang.fill("kind-unknown", &[("word", word)]), names.join(", "))
    })
}

fn list(json: bool, lang: Lang) {
    let rows = every().map(|kind| {
        let spec = kind.spec();
        json!({
            "kind": kind.code(),
            "name": kind.name(),
            "label": kind.label(lang),
            "priority": spec.priority.to_string(),
            "retention_days": spec.retention_days,
            "expects_answer": kind.expects_answer(),
            "sent": !matches!(spec.travels, spec::Travels::Step(_)),
        })
    });
    print_list(json, rows.collect(), "", |v| {
        format!("{}  {:<16} {}", word(v, "kind"), word(v, "name"), word(v, "label"))
    });
}

fn word<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn show(args: &ShowArgs, json: bool, lang: Lang) -> Result<(), Failure> {
    let kind = find(&args.kind, lang)?;
    if args.schema || args.form {
        let whole = if args.schema { publish::json_schema(kind) } else { publish::form(kind, lang) };
        emit(&format!("{whole:#}"));
        return Ok(());
    }
    let rows: Vec<Value> = publish::outline(kind)
        .iter()
        .map(|row| {
            json!({
                "path": row.path,
                "label": labels::field(lang, row.parent, row.field.name),
                "section": row.section.to_string(),
                "type": publish::type_word(&row.field.holds),
                "need": publish::need_word(row.field.need),
                "nil": row.field.nil,
                "header": row.header,
            })
        })
        .collect();
    if args.paths {
        print_list(json, rows, "", |v| word(v, "path").to_owned());
        return Ok(());
    }
    if !json {
        emit(&format!("{} {} ({})", kind.code(), kind.label(lang), kind.name()));
    }
    print_list(json, rows, "", |v| {
        let need = if word(v, "need") == "optional" {
            String::new()
        } else {
            lang.text(&format!("need-{}", word(v, "need")))
        };
        format!(
            "  {:<48} {} {:<13} {}{}",
            word(v, "path"),
            word(v, "section"),
            word(v, "type"),
            word(v, "label"),
            need
        )
    });
    Ok(())
}

fn lists(json: bool, lang: Lang) {
    let rows = labels::lists().map(|list| {
        json!({
            "list": list.id,
            "label": labels::list(lang, list),
            "version": list.version,
            "open": list.open,
            "codes": list.codes.len(),
        })
    });
    print_list(json, rows.collect(), "", |v| format!("{:<20} {}", word(v, "list"), word(v, "label")));
}

fn codes(name: &str, json: bool, lang: Lang) -> Result<(), Failure> {
    let list = labels::lists().find(|list| list.id == name).ok_or_else(|| {
        Failure::invalid(lang.fill("kind-unknown-list", &[("word", name)]), "causeway kind codes")
    })?;
    if !json {
        emit(&format!("{} ({}, {})", labels::list(lang, list), list.id, list.version));
    }
    let rows = list.codes.iter().map(|code| {
        json!({
            "list": list.id,
            "code": code,
            "label": labels::code(lang, list, code),
            "deprecated_since": list.deprecated_since(code),
        })
    });
    print_list(json, rows.collect(), "", |v| {
        let since = v["deprecated_since"].as_str();
        let since = since.map(|since| format!(" ({})", lang.fill("code-deprecated", &[("since", since)])));
        format!("  {:<28} {}{}", word(v, "code"), word(v, "label"), since.unwrap_or_default())
    });
    Ok(())
}

fn check(args: &CheckArgs, json: bool, lang: Lang) -> Result<(), Failure> {
    let kind = find(&args.kind, lang)?;
    let level = if args.draft { Level::Draft } else { Level::Send };
    let now = SystemClock.now();
    let mut document = match args.file.as_deref().map(read).transpose()? {
        Some(bytes) => Document::parse(kind, &bytes).map_err(|found| refused(&found, lang))?,
        None => Document::empty(kind),
    };
    for assignment in &args.set {
        let (path, value) = pair(assignment)?;
        document.set(path, value).map_err(|problem| refused(&[problem], lang))?;
    }
    if Kind::steps().any(|step| step == kind) {
        kind.complete_step(&mut document.fields, now);
    } else {
        document.complete(&nobody(now));
    }
    report(&document, &document.validate(level, now), json, lang)
}

/// The author is somebody who does not send yet.
fn nobody(now: Timestamp) -> SendContext {
    SendContext {
        now,
        author: "-".into(),
        organisation: String::new(),
        country: String::new(),
        exercise: false,
        priority: None,
        case_ref: "-".into(),
        packet_id: "0".repeat(64),
    }
}

pub(super) fn pair(assignment: &str) -> Result<(&str, &str), Failure> {
    assignment
        .split_once('=')
        .ok_or_else(|| Failure::wrong("fail-not-path", &[("given", &harmless(assignment))]))
}

/// A document's file, or standard input for `-`, up to the longest that there can be.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |e: std::io::Error| Failure::unreadable(path, &e);
    caller::read(path, DOCUMENT_BYTES_MAX as u64 + 1).map(|bytes| bytes.to_vec()).map_err(unreadable)
}

/// Says what is wrong with a document, which checklists it meets, and what its indicators add up to. An error if
/// something is wrong.
pub(super) fn report(document: &Document, found: &[Problem], json: bool, lang: Lang) -> Result<(), Failure> {
    let lists = checklists(document);
    let screened = screening(document);
    let warnings = document.kind.warnings(&document.fields);
    let result = json!({
        "kind": document.kind.code(),
        "problems": found.iter().map(|p| problem_json(p, lang)).collect::<Vec<_>>(),
        "warnings": warnings.iter().map(|p| problem_json(p, lang)).collect::<Vec<_>>(),
        "checklists": lists.iter().map(checklist_json).collect::<Vec<_>>(),
        "screening": screened.as_ref().map(screening_json),
    });
    print(json, result, |_| {
        let mut lines: Vec<String> = lists.iter().flat_map(|list| checklist_lines(list, lang)).collect();
        lines.extend(screened.iter().flat_map(|screened| screening_lines(screened, lang)));
        lines.splice(0..0, warnings.iter().map(|p| format!("! {}", harmless(&p.words(lang)))));
        if found.is_empty() {
            lines.insert(0, lang.text("check-nothing-wrong"));
        }
        lines.join("\n")
    });
    if found.is_empty() { Ok(()) } else { Err(refused(found, lang)) }
}

/// Tells whoever sends something what it says in words that are given up.
pub(super) fn warn(kind: Kind, fields: &Map<String, Value>, lang: Lang) {
    kind.warnings(fields).iter().for_each(|problem| remark(&harmless(&problem.words(lang))));
}

fn problem_json(problem: &Problem, lang: Lang) -> Value {
    json!({
        "path": problem.path,
        "code": problem.code,
        "message": problem.message(lang),
        "hint": problem.hint(lang),
    })
}

fn checklist_json(list: &Checklist) -> Value {
    let lines = list.lines.iter().map(|(id, met)| json!({ "id": id, "met": met }));
    json!({ "id": list.id, "met": list.is_met(), "lines": lines.collect::<Vec<_>>() })
}

fn checklist_lines(list: &Checklist, lang: Lang) -> Vec<String> {
    let mark = |met: bool| if met { "[x]" } else { "[ ]" };
    let head = format!("{} {}", mark(list.is_met()), lang.text(&format!("check-{}", list.id)));
    let lines = list
        .lines
        .iter()
        .map(|(id, met)| format!("    {} {}", mark(*met), lang.text(&format!("check-{id}"))));
    std::iter::once(head).chain(lines).collect()
}

/// What the ticked indicators add up to; none if none is ticked.
fn screening(document: &Document) -> Option<Screening> {
    let ticked = document.fields.get("indicators").and_then(Value::as_array)?;
    let persons =
        ["person", "persons", "claimed", "witness"].iter().filter_map(|name| document.fields.get(*name));
    let persons: Vec<&Value> =
        persons.flat_map(|p| p.as_array().map_or_else(|| vec![p], |list| list.iter().collect())).collect();
    let child = persons.iter().any(|p| p["minor"] == "yes" || p["minor"] == "presumed");
    let profile = if child { Profile::ChildLabour } else { Profile::AdultLabour };
    Some(screen(ticked.iter().filter_map(Value::as_str), profile))
}

fn screening_json(screening: &Screening) -> Value {
    json!({
        "profile": if screening.profile == Profile::ChildLabour { "child" } else { "adult" },
        "positive": screening.positive.iter().map(|d| d.code()).collect::<Vec<_>>(),
        "possible": screening.possible,
        "reinforced": screening.reinforced,
        "unknown": screening.unknown,
        "legal_determination": false,
    })
}

fn screening_lines(screening: &Screening, lang: Lang) -> Vec<String> {
    let profile =
        if screening.profile == Profile::ChildLabour { "screening-child" } else { "screening-adult" };
    let result = if screening.possible { "screening-possible" } else { "screening-not-enough" };
    let mut lines = vec![lang.text(profile), format!("    {}", lang.text(result))];
    for dimension in &screening.positive {
        lines.push(format!(
            "    {} {}",
            dimension.code(),
            lang.text(&format!("screening-{}", dimension.code()))
        ));
    }
    if !screening.unknown.is_empty() {
        lines.push(format!(
            "    {}",
            lang.fill("screening-unknown", &[("codes", &screening.unknown.join(", "))])
        ));
    }
    lines.push(format!("    {}", lang.text("screening-no-determination")));
    lines
}

/// What is wrong with a document that was to be sent, line by line.
pub(super) fn refused(found: &[Problem], lang: Lang) -> Failure {
    refused_as("check-refused", found, lang)
}

/// The same under a heading of this name.
pub(super) fn refused_as(heading: &str, found: &[Problem], lang: Lang) -> Failure {
    let lines: Vec<String> = found.iter().map(|problem| format!("  {}", problem.words(lang))).collect();
    Failure::new(
        "V-105",
        exit::INVALID,
        format!("{}\n{}", lang.text(heading), lines.join("\n")),
        lang.text(&format!("{heading}.hint")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(kind: &str, text: &str, set: &[(&str, &str)]) -> Document {
        let mut document = Document::parse(find(kind, Lang::En).unwrap(), text.as_bytes()).unwrap();
        set.iter().for_each(|(path, value)| document.set(path, value).unwrap());
        document.complete(&nobody(Timestamp(1_795_514_400_000)));
        document
    }

    #[test]
    fn kinds_are_found_by_word_and_code_and_a_wrong_word_names_them_all() {
        assert_eq!(find("EVH", Lang::En).unwrap(), find("evidence", Lang::Ru).unwrap());
        assert_eq!(find("case-update", Lang::En).unwrap().code(), "CUP");
        let failure = find("evidense", Lang::Ru).unwrap_err();
        assert!(failure.message.contains("Вида «evidense» нет") && failure.hint.contains("evidence"));
    }

    #[test]
    fn a_check_shows_lists_and_a_hint_that_is_no_finding() {
        let text = include_str!("../../../docs/samples/missing-person.json");
        let report =
            document("missing-person", text, &[("indicators", "D1-01,D1-02,D4-01,D4-02,D5-01,D5-02")]);
        let screened = screening(&report).unwrap();
        assert!(screened.possible && screening_json(&screened)["legal_determination"] == false);
        let russian = screening_lines(&screened, Lang::Ru).join("\n");
        assert!(russian.contains("возможную торговлю людьми") && russian.contains("а не юридический вывод"));
        let lines = checklist_lines(&checklists(&report)[0], Lang::En);
        assert!(lines[0].starts_with("[ ] Ready for an INTERPOL yellow notice"), "{lines:?}");
        assert!(lines[1..].iter().filter(|line| line.contains("[ ]")).count() == 1);
        let child =
            document("missing-person", text, &[("person.dob", "2012"), ("indicators", "D4-01,D4-02")]);
        assert!(screening(&child).unwrap().possible, "a child needs no means");
    }

    #[test]
    fn what_is_wrong_is_said_in_the_language_of_the_reader() {
        let alert = document("border-alert", "{}", &[("callback", "022 000111")]);
        let found = alert.validate(Level::Send, Timestamp(1_795_514_400_000));
        let failure = refused(&found, Lang::Ru);
        assert_eq!((failure.code, failure.exit), ("V-105", exit::INVALID));
        assert!(
            failure.message.contains("callback: — по этому номеру")
                && failure.message.contains("alert_type: не заполнено")
        );
    }
}
