//! `causeway mrz`: reads the lines at the bottom of a document. Nothing is kept, and no home is needed.

use std::io::Read as _;

use causeway_common::time::{Clock as _, SystemClock};
use clap::Args;
use serde_json::{Value, json};

use super::Global;
use super::failure::{Failure, exit};
use super::output::{emit, harmless, print};
use crate::lang::Lang;
use crate::mrz::{self, Digit, Fault, INPUT_CHARS_MAX, Named, Slip, Stated, Zone, ZoneDate};

#[derive(Debug, Args)]
pub(crate) struct MrzArgs {
    /// The lines, each in quotation marks; all in one will do. `-` reads them from standard input.
    #[arg(required = true, num_args = 1..=3, value_name = "LINE")]
    lines: Vec<String>,
    /// Print the document for a referral, to be put under `documents`.
    #[arg(long)]
    doc: bool,
}

pub(crate) fn run(args: &MrzArgs, global: &Global) -> Result<(), Failure> {
    let lang = global.lang();
    let text = match args.lines.as_slice() {
        [only] if only == "-" => standard_input(lang)?,
        lines => lines.join("\n"),
    };
    let zone = mrz::read(&text, SystemClock.now()).map_err(|fault| unreadable(&fault, lang))?;
    if args.doc {
        emit(&zone.to_document().to_string());
    } else {
        print(global.json, zone.to_json(), |_| people(&zone, lang));
    }
    let failed = zone.check.failed();
    if failed.is_empty() { Ok(()) } else { Err(failure(&zone, &failed, lang)) }
}

fn standard_input(lang: Lang) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    // Four bytes for each character, and one to see that there are too many.
    let most = u64::try_from(4 * INPUT_CHARS_MAX + 1).unwrap_or(u64::MAX);
    std::io::stdin().lock().take(most).read_to_end(&mut bytes).map_err(Failure::internal)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if text.trim().is_empty() { Err(unreadable(&Fault::Empty, lang)) } else { Ok(text) }
}

fn unreadable(fault: &Fault, lang: Lang) -> Failure {
    Failure::new("M-121", exit::INVALID, fault.text(lang), Fault::hint(lang))
}

fn failure(zone: &Zone, failed: &[Digit], lang: Lang) -> Failure {
    let digits: Vec<String> = failed.iter().map(|digit| digit_name(*digit, lang)).collect();
    let slips: Vec<String> = zone.slips().iter().map(|slip| slip_words(slip, lang)).collect();
    let why = if slips.is_empty() {
        lang.text("mrz-fail-no-slip")
    } else {
        lang.fill("mrz-fail-slips", &[("slips", &slips.join("; "))])
    };
    let message = format!("{} {why}", lang.fill("mrz-fail", &[("digits", &digits.join(", "))]));
    Failure::new("M-106", exit::INVALID, message, lang.text("mrz-fail-hint"))
}

/// What the digits of lines in a referral say, computed here, for people.
pub(crate) fn stated_words(stated: &[Stated], lang: Lang) -> String {
    let words = |stated: &Stated| {
        let says = match stated.check.map(|check| check.failed()) {
            None => lang.text("mrz-stated-unreadable"),
            Some(failed) if failed.is_empty() => lang.text("mrz-consistent"),
            Some(failed) => {
                let digits: Vec<String> = failed.iter().map(|digit| digit_name(*digit, lang)).collect();
                lang.fill("mrz-fail", &[("digits", &digits.join(", "))])
            }
        };
        format!("\n{}.mrz: {says}", harmless(&stated.path))
    };
    stated.iter().map(words).collect()
}

/// The same for scripts.
pub(crate) fn stated_json(stated: &[Stated]) -> Value {
    let one = |stated: &Stated| json!({ "path": stated.path, "mrz_check": stated.check.map(|check| check.to_json()) });
    stated.iter().map(one).collect()
}

fn slip_words(slip: &Slip, lang: Lang) -> String {
    let gaps = [
        ("line", &*slip.line.to_string()),
        ("position", &slip.position.to_string()),
        ("found", &slip.found),
        ("instead", &slip.instead),
    ];
    lang.fill("mrz-slip", &gaps)
}

fn digit_name(digit: Digit, lang: Lang) -> String {
    lang.text(&format!("mrz-digit-{}", digit.as_str()))
}

fn people(zone: &Zone, lang: Lang) -> String {
    let title = if zone.is_internal_passport() { "internal" } else { zone.format.as_str() };
    let mut lines = vec![lang.text(&format!("mrz-title-{title}"))];
    let mut field = |name: &str, value: String| {
        if !value.is_empty() {
            lines.push(format!("  {}: {value}", lang.text(&format!("mrz-field-{name}"))));
        }
    };
    field("kind", zone.kind.clone());
    field("issuer", named(&zone.issuer, lang));
    if zone.is_internal_passport() {
        field("name-raw", zone.name_raw.clone());
    }
    field("family", zone.family.clone());
    field("given", zone.given.clone());
    // It lacks a digit that stands elsewhere, and its order is not that of the page.
    field(if zone.is_internal_passport() { "number-raw" } else { "number" }, zone.number.clone());
    field("nationality", named(&zone.nationality, lang));
    field("birth", date(&zone.birth, lang));
    field("sex", lang.text(&format!("mrz-sex-{}", zone.sex)));
    field("expiry", date(&zone.expiry, lang));
    field("optional", zone.optional.join(", "));
    let verdict = |digit: Digit| {
        let verdict = lang.text(&format!("mrz-verdict-{}", zone.check.of(digit).as_str()));
        format!("{} – {verdict}", digit_name(digit, lang))
    };
    lines.push(format!("  {}: {}", lang.text("mrz-digits"), Digit::ALL.map(verdict).join("; ")));
    lines.extend(zone.notes.iter().map(|note| note.text(lang)));
    if zone.check.failed().is_empty() {
        lines.push(lang.text("mrz-consistent"));
    }
    lines.push(lang.text("mrz-uncovered"));
    lines.extend(blind_words(zone, lang));
    lines.join("\n")
}

/// What no digit would notice in the number.
fn blind_words(zone: &Zone, lang: Lang) -> Vec<String> {
    let blind = zone.blind();
    if blind.is_empty() {
        return Vec::new();
    }
    let one = |blind: &mrz::Blind| {
        let also: Vec<String> = blind.also.chars().map(String::from).collect();
        let gaps = [
            ("line", &*blind.line.to_string()),
            ("position", &blind.position.to_string()),
            ("found", &blind.found.to_string()),
            ("also", &also.join(", ")),
        ];
        format!("  {}", lang.fill("mrz-blind-one", &gaps))
    };
    std::iter::once(lang.text("mrz-blind")).chain(blind.iter().map(one)).collect()
}

fn named(code: &str, lang: Lang) -> String {
    Named::of(code).map_or_else(|| code.to_owned(), |named| format!("{code}, {}", named.name(lang)))
}

fn date(date: &ZoneDate, lang: Lang) -> String {
    match date {
        ZoneDate { impossible: true, raw, .. } => lang.fill("mrz-date-impossible", &[("raw", raw)]),
        ZoneDate { date, .. } if date.is_empty() => lang.text("mrz-date-none"),
        ZoneDate { date, or_else, .. } if !or_else.is_empty() => {
            lang.fill("mrz-date-or", &[("date", date), ("other", or_else)])
        }
        ZoneDate { date, .. } => date.clone(),
    }
}

#[cfg(test)]
mod tests {
    use causeway_common::time::Timestamp;

    use super::*;

    #[test]
    fn the_number_field_of_an_internal_passport_is_not_called_its_number() {
        let second = "4600000007RUS8503127M<<<<<<<0050101500001<00";
        let lines = |kind: &str| format!("{kind}RUSIVANOV<<ALEKSEQ<IVANOVI3<<<<<<<<<<<<<<<\n{second}");
        let now = Timestamp(1_795_514_400_000);
        let zone = mrz::read(&lines("PN"), now).unwrap();
        let words = [(Lang::En, "  Number: ", "Number field"), (Lang::Ru, "  Номер: ", "Поле номера")];
        for (lang, wrong, right) in words {
            let shown = people(&zone, lang);
            assert!(!shown.contains(wrong) && shown.contains(right), "{shown}");
        }
        let abroad = mrz::read(&lines("P<"), now).unwrap();
        assert!(people(&abroad, Lang::En).contains("  Number: 460000000"));
    }
}
