//! `causeway template`: texts that an organisation uses again.

use clap::Subcommand;
use serde_json::json;

use super::super::failure::Failure;
use super::super::home::Home;
use super::super::output::{harmless, harmless_under, print, print_list, text};
use super::{TextArgs, author, keep};
use crate::office::texts::{self, NAME_CHARS_MAX};

#[derive(Debug, Subcommand)]
pub(crate) enum TemplateCommand {
    /// Keep a text under a short name, or replace it. All workstations of your organisation get it.
    Add {
        /// What it is called, for example "We need a date".
        name: String,
        #[command(flatten)]
        text: TextArgs,
    },
    /// All texts.
    List,
    /// Take a text away, on all workstations.
    Remove {
        /// What it is called.
        name: String,
    },
}

pub(crate) async fn run(command: TemplateCommand, home: &Home) -> Result<(), Failure> {
    match command {
        TemplateCommand::Add { name, text } => add(&name, text.read()?, home).await,
        TemplateCommand::List => list(home),
        TemplateCommand::Remove { name } => remove(&name, home).await,
    }
}

async fn add(name: &str, text: String, home: &Home) -> Result<(), Failure> {
    let name = crate::referral::tidy::composed(name.trim());
    let is_fit = !name.is_empty()
        && name.chars().count() <= NAME_CHARS_MAX
        && !name.chars().any(|c| c.is_control() || causeway_certs::names::is_hidden(c));
    if !is_fit {
        return Err(Failure::wrong("fail-template-name", &[("max", &NAME_CHARS_MAX.to_string())]));
    }
    let by = author(home, None)?;
    keep(home, texts::put(&name, &text, &by), None, "changed the templates").await?;
    print(home.json, json!({ "name": name }), |_| home.lang.fill("template-kept", &[("name", &name)]));
    Ok(())
}

fn list(home: &Home) -> Result<(), Failure> {
    let all = texts::list(&home.engine.vault)?;
    let values = all.into_iter().map(|(name, text)| json!({ "name": name, "text": text })).collect();
    print_list(home.json, values, &home.lang.text("template-none"), |v| {
        format!("{}: {}", harmless(text(v, "name")), harmless_under(text(v, "text"), "    "))
    });
    Ok(())
}

async fn remove(name: &str, home: &Home) -> Result<(), Failure> {
    if !texts::list(&home.engine.vault)?.iter().any(|(known, _)| known == name) {
        return Err(Failure::not_found(name));
    }
    let by = author(home, None)?;
    keep(home, texts::remove(name, &by), None, "changed the templates").await?;
    print(home.json, json!({ "name": name }), |_| {
        home.lang.fill("template-removed", &[("name", &harmless(name))])
    });
    Ok(())
}
