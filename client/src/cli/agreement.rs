//! `causeway agreement`: what organisations have agreed to tell each other. It only ever narrows what the matrix allows.

use clap::{Args, Subcommand};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::failure::Failure;
use super::home::Home;
use super::org;
use super::output::{harmless, print, print_list, text};
use crate::consents::{self, AGREEMENT_ID_MAX};
use crate::referral::access::Agreement;
use crate::referral::sections::SECTIONS;
use crate::referral::{Kind, values};
use crate::vault::Changes;

#[derive(Debug, Subcommand)]
pub(crate) enum AgreementCommand {
    /// Enter what is agreed with an organisation, in the place of an agreement of the same name.
    Set(SetArgs),
    /// All agreements.
    List,
    /// Take an agreement out. Without any the matrix alone decides what an organisation gets.
    Remove {
        /// Identifier, the beginning of one, or the exact name.
        org: String,
        /// Name of the agreement.
        #[arg(long)]
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    /// Identifier, the beginning of one, or the exact name.
    org: String,
    /// Name of the agreement, for example the number of the contract.
    #[arg(long)]
    id: String,
    /// Kinds of referrals, separated by commas; otherwise all.
    #[arg(long, value_delimiter = ',')]
    kinds: Vec<Kind>,
    /// Codes of sections beside the header, separated by commas; otherwise all.
    #[arg(long, value_delimiter = ',')]
    sections: Vec<String>,
    /// First day, for example 2027-03-01; otherwise today.
    #[arg(long)]
    from: Option<Date>,
    /// Last day.
    #[arg(long)]
    until: Date,
}

pub(crate) async fn agreement(command: AgreementCommand, home: &Home) -> Result<(), Failure> {
    match command {
        AgreementCommand::Set(args) => set(args, home).await,
        AgreementCommand::List => list(home).await,
        AgreementCommand::Remove { org, id } => remove(&org, &id, home).await,
    }
}

async fn set(args: SetArgs, home: &Home) -> Result<(), Failure> {
    let lang = home.lang;
    let org = org::find(home, &args.org).await?;
    let id = args.id.trim();
    if id.is_empty() || id.len() > AGREEMENT_ID_MAX || id.chars().any(char::is_control) {
        return Err(Failure::invalid(lang.text("agreement-bad-id"), lang.text("agreement-nothing")));
    }
    let sections = sections(&args.sections, home)?;
    let from = args.from.unwrap_or_else(|| values::day(home.engine.now()));
    if args.until < from {
        return Err(Failure::invalid(lang.text("agreement-over"), lang.text("agreement-nothing")));
    }
    let agreement = Agreement {
        id: id.to_owned(),
        kinds: args.kinds.iter().map(|kind| kind.code().to_owned()).collect(),
        sections,
        from: from.to_string(),
        until: args.until.to_string(),
    };
    let mut changes = Changes::default();
    consents::put_agreement(&mut changes, org, &agreement);
    home.engine.commit(changes).await?;
    home.note("entered an agreement").await?;
    let value = entry(org, &agreement, home).await;
    print(home.json, value, |v| home.lang.fill("agreement-set", &[("id", text(v, "id"))]));
    Ok(())
}

/// Codes of sections that exist.
pub(super) fn sections(typed: &[String], home: &Home) -> Result<Vec<String>, Failure> {
    let known = |code: &str| SECTIONS.iter().any(|(section, _)| section.to_string() == code);
    let codes: Vec<String> = typed.iter().map(|code| code.trim().to_uppercase()).collect();
    match codes.iter().find(|code| !known(code)) {
        None => Ok(codes),
        Some(code) => {
            let all: Vec<String> = SECTIONS.iter().map(|(section, _)| section.to_string()).collect();
            Err(Failure::invalid(
                home.lang.fill("agreement-bad-section", &[("code", &harmless(code))]),
                home.lang.fill("agreement-sections", &[("codes", &all.join(", "))]),
            ))
        }
    }
}

async fn entry(org: causeway_common::ids::OrgId, agreement: &Agreement, home: &Home) -> Value {
    json!({
        "org": org.to_string(),
        "name": home.name_of(org).await,
        "id": agreement.id,
        "kinds": agreement.kinds,
        "sections": agreement.sections,
        "from": agreement.from,
        "until": agreement.until,
        "in_force": agreement.is_in_force(home.engine.now()),
    })
}

async fn list(home: &Home) -> Result<(), Failure> {
    let mut values = Vec::new();
    for (org, agreement) in consents::agreements(&home.engine.vault)? {
        values.push(entry(org, &agreement, home).await);
    }
    let lang = home.lang;
    print_list(home.json, values, &lang.text("agreement-none"), |v| {
        let codes = |field: &str| {
            let list: Vec<&str> =
                v[field].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            if list.is_empty() { lang.text("agreement-all") } else { list.join(", ") }
        };
        let line = lang.fill(
            "agreement-line",
            &[
                ("name", &harmless(text(v, "name"))),
                ("id", &harmless(text(v, "id"))),
                ("kinds", &codes("kinds")),
                ("sections", &codes("sections")),
                ("from", text(v, "from")),
                ("until", text(v, "until")),
            ],
        );
        if v["in_force"] == true { line } else { format!("{line}  {}", lang.text("agreement-not-in-force")) }
    });
    Ok(())
}

async fn remove(meant: &str, id: &str, home: &Home) -> Result<(), Failure> {
    let org = org::find(home, meant).await?;
    let mut changes = Changes::default();
    if !consents::remove_agreement(&home.engine.vault, &mut changes, org, id.trim()) {
        return Err(Failure::not_found(id));
    }
    home.engine.commit(changes).await?;
    home.note("removed an agreement").await?;
    print(home.json, json!({ "removed": id }), |_| home.lang.fill("agreement-removed", &[("id", id)]));
    Ok(())
}
