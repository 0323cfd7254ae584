//! `causeway capacity set`: what people have counted.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use super::super::failure::{Failure, exit};
use super::super::home::Home;
use super::super::kind;
use super::super::output::{harmless, print, remark, text, time};
use super::super::send;
use crate::beds::publication::{self, SECTIONS};
use crate::beds::{self, Count, house, publication_kind, shelter_of};
use crate::lang::Lang;
use crate::referral::{Document, Level, Problem};
use crate::vault::Changes;

#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    /// Code of the house; not needed if there is only one.
    #[arg(long)]
    shelter: Option<String>,
    /// How many there are and how many of them are free, for example bed:women=8/3; later only what is free, bed:women=3.
    #[arg(long = "places", value_name = "UNIT:GROUP=MAX/FREE")]
    places: Vec<String>,
    /// File with everything else that partners should know, JSON; see docs/samples/capacity.json.
    #[arg(long)]
    file: Option<PathBuf>,
    /// One field, for example region=MD-CU or duty_contact.phone=+37360000311.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    set: Vec<String>,
}

/// Fields that say when something was counted, and what software keeps: each count says them anew.
const OF_ONE_COUNT: [&str; 2] = ["updated", "valid_until"];

pub(super) async fn set(args: SetArgs, home: &Home) -> Result<(), Failure> {
    let cases = beds::cases(&home.engine.vault)?;
    let counts = beds::counts(&home.engine.vault, &cases)?;
    let (houses, _) = super::standing(home, &cases)?;
    let before = match (&args.shelter, houses.as_slice()) {
        (Some(code), known) => known.iter().find(|house| house.count.shelter == *code),
        (None, [only]) if named_in_file(&args).is_none_or(|code| code == only.count.shelter) => Some(only),
        (None, _) => None,
    };
    let fields = written(&args, before, home)?;
    let Some(shelter) = shelter_of(&fields).map(str::to_owned) else {
        let known: Vec<String> = houses.iter().map(|house| harmless(&house.count.shelter)).collect();
        let hint = home.lang.fill("capacity-which-hint", &[("known", &known.join(", "))]);
        return Err(Failure::new("Y-106", exit::INVALID, home.lang.text("capacity-which"), hint));
    };
    check(&shelter, &fields, home)?;
    let is_new = !counts.iter().any(|count| count.shelter == shelter);
    if is_new && counts.len() >= beds::HOUSES_MAX {
        return Err(Failure::invalid(
            home.lang.text("capacity-too-many"),
            home.lang.text("capacity-too-many-hint"),
        ));
    }
    let count = counted(&shelter, fields, home)?;
    let mut changes = Changes::default();
    beds::put(&mut changes, &count);
    home.engine.commit(changes).await?;
    home.note("counted the beds").await?;
    if publication::published(&cases).contains_key(&shelter) {
        remark(&home.lang.text("capacity-tell"));
    }
    let capacity = count.fields.get("capacity").cloned().unwrap_or_default();
    let until = time(count.valid_until());
    let result = json!({
        "shelter_code": shelter, "counted": time(count.at), "valid_until": until, "capacity": capacity,
    });
    print(home.json, result, |v| {
        home.lang.fill("capacity-set", &[("shelter", &shelter), ("until", text(v, "valid_until"))])
    });
    Ok(())
}

/// The code that a file names, so that a file of another house does not change the only one that is known.
fn named_in_file(args: &SetArgs) -> Option<String> {
    let bytes = kind::read(args.file.as_deref()?).ok()?;
    let fields: Map<String, Value> = serde_json::from_slice(&bytes).ok()?;
    shelter_of(&fields).map(str::to_owned)
}

/// What was known before, as it stands now, and over it what was typed.
fn written(
    args: &SetArgs,
    before: Option<&house::House>,
    home: &Home,
) -> Result<Map<String, Value>, Failure> {
    let Some(kind) = publication_kind() else { return Ok(Map::new()) };
    let mut document = Document::empty(kind);
    if let Some(house) = before {
        document.fields.clone_from(&house.count.fields);
        document.fields.retain(|name, _| !OF_ONE_COUNT.contains(&name.as_str()));
        let line = |line: &house::Line| json!({ "unit": line.unit, "group": line.group, "maximum": line.maximum, "available": line.free });
        document.fields.insert("capacity".into(), house.lines.iter().map(line).collect());
    }
    if let Some(code) = &args.shelter {
        document.fields.insert("shelter_code".into(), code.as_str().into());
    }
    let refused = |found: &[Problem]| kind::refused(found, home.lang);
    let mut document = send::written(document, args.file.as_deref(), &args.set, refused)?;
    for typed in &args.places {
        place(&mut document.fields, typed, home.lang)?;
    }
    Ok(document.fields)
}

/// Enters one line of what was counted.
fn place(fields: &mut Map<String, Value>, typed: &str, lang: Lang) -> Result<(), Failure> {
    let refused = || {
        Failure::new(
            "Y-107",
            exit::INVALID,
            lang.fill("capacity-places", &[("typed", &harmless(typed))]),
            lang.text("capacity-places-hint"),
        )
    };
    let (name, numbers) = typed.split_once('=').ok_or_else(refused)?;
    let (unit, group) = name.split_once(':').ok_or_else(refused)?;
    let number = |text: &str| text.trim().parse::<u16>().map_err(|_| refused());
    let (maximum, free) = match numbers.split_once('/') {
        Some((maximum, free)) => (Some(number(maximum)?), number(free)?),
        None => (None, number(numbers)?),
    };
    let lines = fields.entry("capacity").or_insert_with(|| Value::Array(Vec::new()));
    let lines = lines.as_array_mut().ok_or_else(refused)?;
    let known = lines.iter_mut().find(|line| line["unit"] == unit && line["group"] == group);
    match (known, maximum) {
        (Some(line), maximum) => {
            line["available"] = free.into();
            if let Some(maximum) = maximum {
                line["maximum"] = maximum.into();
            }
        }
        (None, Some(maximum)) => {
            lines.push(json!({ "unit": unit, "group": group, "maximum": maximum, "available": free }));
        }
        (None, None) => return Err(refused()),
    }
    Ok(())
}

/// Refuses what must not be published: a code that may be an address, and every field that no publication has.
fn check(shelter: &str, fields: &Map<String, Value>, home: &Home) -> Result<(), Failure> {
    let lang = home.lang;
    if !beds::is_code(shelter) {
        let hint = lang.text("capacity-code-hint");
        return Err(Failure::new("Y-108", exit::INVALID, lang.text("capacity-code"), hint));
    }
    let Some(kind) = publication_kind() else { return Ok(()) };
    let known = kind.spec();
    let travels = |name: &str| {
        let field = crate::referral::field_of(known, name)?;
        field.section.filter(|section| SECTIONS.contains(section))
    };
    if let Some(name) = fields.keys().find(|name| travels(name).is_none()) {
        let message = lang.fill("capacity-field", &[("field", &harmless(name))]);
        return Err(Failure::new("Y-109", exit::REFUSED, message, lang.text("capacity-field-hint")));
    }
    Ok(())
}

/// The count, complete and checked as what would be published of it.
fn counted(shelter: &str, fields: Map<String, Value>, home: &Home) -> Result<Count, Failure> {
    let now = home.engine.now();
    let count = Count::made(shelter, fields, now);
    let Some(kind) = publication_kind() else { return Ok(count) };
    let mut document = Document { kind, fields: count.fields.clone() };
    // What is promised follows from the answers, whatever a file says.
    for line in document.fields.get_mut("capacity").and_then(Value::as_array_mut).into_iter().flatten() {
        line.as_object_mut().map(|line| line.remove("reserved"));
    }
    let kept: Vec<String> = document.fields.keys().cloned().collect();
    publication::complete(&home.engine, &mut document);
    let found = document.validate(Level::Send, now);
    if !found.is_empty() {
        return Err(kind::refused(&found, home.lang));
    }
    document.fields.retain(|name, _| kept.contains(name) || OF_ONE_COUNT.contains(&name.as_str()));
    Ok(Count::made(shelter, document.fields, now))
}
