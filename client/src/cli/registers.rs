//! `causeway border`, `causeway country`, `causeway language`: what to write into a referral. No home is needed.

use clap::Subcommand;
use serde_json::{Value, json};

use super::Global;
use super::failure::Failure;
use super::output::{harmless, print_list, text};
use crate::lang::Lang;
use crate::registers::borders::{self, BorderPoint};
use crate::registers::{countries, languages};

/// Entries that are shown; whoever gets more asks more exactly.
const SHOWN_MAX: usize = 50;

#[derive(Debug, Subcommand)]
pub(crate) enum BorderCommand {
    /// Border points by name, number, country or airport code, in any spelling.
    Find {
        /// What is looked for.
        #[arg(required = true)]
        text: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum CountryCommand {
    /// Countries by name or code, in any spelling.
    Find {
        /// What is looked for.
        #[arg(required = true)]
        text: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum LanguageCommand {
    /// Languages by name or code, in any spelling.
    Find {
        /// What is looked for.
        #[arg(required = true)]
        text: Vec<String>,
    },
}

pub(crate) fn border(command: BorderCommand, global: &Global) -> Result<(), Failure> {
    let BorderCommand::Find { text: words } = command;
    let (words, lang) = (words.join(" "), global.lang());
    let found = borders::find(&words).into_iter().map(|point| border_json(point, lang));
    let none = lang.fill("registers-none-border", &[("text", &harmless(&words))]);
    print_list(global.json, found.take(SHOWN_MAX).collect(), &none, |v| {
        let mode = lang.text(&format!("border-mode-{}", text(v, "mode")));
        let countries = [text(v, "country_a"), text(v, "country_b")];
        let countries: Vec<&str> = countries.into_iter().filter(|code| *code != "-").collect();
        let local = if text(v, "shown") == text(v, "local") { "" } else { text(v, "local") };
        format!("{}  {}  {}  {mode}  {local}", text(v, "bp_id"), text(v, "shown"), countries.join("/"))
            .trim_end()
            .to_owned()
    });
    Ok(())
}

fn border_json(point: &BorderPoint, lang: Lang) -> Value {
    let mut value = point.to_json();
    value["en"] = point.en.clone().into();
    value["ru"] = point.ru.clone().into();
    value["local"] = point.local.clone().into();
    value["shown"] = point.name(lang).into();
    value
}

pub(crate) fn country(command: CountryCommand, global: &Global) -> Result<(), Failure> {
    let CountryCommand::Find { text: words } = command;
    let (words, lang) = (words.join(" "), global.lang());
    let found = countries::find(&words).into_iter().take(SHOWN_MAX);
    let values = found.map(
        |c| json!({ "code": c.alpha2, "alpha3": c.alpha3, "en": c.en, "ru": c.ru, "shown": c.name(lang) }),
    );
    let none = lang.fill("registers-none", &[("text", &harmless(&words))]);
    print_list(global.json, values.collect(), &none, |v| {
        format!("{}  {}  {}", text(v, "code"), text(v, "alpha3"), text(v, "shown"))
    });
    Ok(())
}

pub(crate) fn language(command: LanguageCommand, global: &Global) -> Result<(), Failure> {
    let LanguageCommand::Find { text: words } = command;
    let (words, lang) = (words.join(" "), global.lang());
    let found = languages::find(&words).into_iter().take(SHOWN_MAX);
    let values =
        found.map(|l| json!({ "code": l.code, "en": l.en, "ru": l.ru, "own": l.own, "shown": l.name(lang) }));
    let none = lang.fill("registers-none", &[("text", &harmless(&words))]);
    print_list(global.json, values.collect(), &none, |v| {
        format!("{}  {}  {}", text(v, "code"), text(v, "shown"), text(v, "own")).trim_end().to_owned()
    });
    Ok(())
}
