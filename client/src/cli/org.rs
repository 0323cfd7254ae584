//! `causeway org`.

use causeway_certs::directory::Organisation;
use causeway_certs::fingerprint;
use causeway_common::ids::OrgId;
use clap::Subcommand;
use serde_json::{Value, json};

use super::checks;
use super::failure::Failure;
use super::home::Home;
use super::output::{harmless, print, print_list, text, time};
use super::recovery::standing as recovering;
use super::standing;
use crate::lang::Lang;
use crate::records;

#[derive(Debug, Subcommand)]
pub(crate) enum OrgCommand {
    /// All organisations.
    List,
    /// One organisation.
    Show {
        /// Identifier, the beginning of one, or the exact name.
        org: String,
    },
    /// Record that you have compared an organisation's fingerprint with the organisation itself.
    Check(checks::CheckArgs),
}

fn entry(org: &Organisation, home: &Home) -> Result<Value, Failure> {
    let check = records::check(&home.engine.vault, org.id)?;
    let mut entry = what_the_directory_says(org, home.lang);
    entry["checked"] = checks::value(org, check.as_ref());
    entry["devices"] = org.roster.as_ref().map_or(0, |r| r.devices.len()).into();
    Ok(entry)
}

/// An organisation for scripts, apart from what depends on who looks at it.
pub(crate) fn what_the_directory_says(org: &Organisation, lang: Lang) -> Value {
    json!({
        "id": org.id.to_string(),
        "name": org.name,
        "kind": org.kind,
        "country": org.country,
        "status": standing::status(org),
        "suspended": standing::suspension(org.suspended.as_ref(), lang),
        "fingerprint": fingerprint::digits(org.fingerprint()),
        "admitted": time(org.admitted),
        "recovered": org.recovered.map_or(Value::Null, time),
        "recovery": recovering::announced(org),
    })
}

pub(crate) async fn org(command: OrgCommand, home: &Home) -> Result<(), Failure> {
    match command {
        OrgCommand::List => {
            let replica = home.engine.replica.lock().await;
            let list = replica.directory.organisations().map(|o| entry(o, home)).collect::<Result<_, _>>()?;
            print_list(home.json, list, "The directory is empty. `causeway sync` fetches it.", |v| {
                let suspended = v["suspended"]["words"].as_str();
                format!(
                    "{}  {} ({}, {}), {}{}{}",
                    &text(v, "id")[..12],
                    text(v, "name"),
                    text(v, "kind"),
                    text(v, "country"),
                    checked(home, v),
                    suspended.map_or_else(String::new, |words| format!("  SUSPENDED {words}")),
                    recovered(v, "  RECOVERY: ", home.lang),
                )
            });
        }
        OrgCommand::Show { org } => {
            let id = find(home, &org).await?;
            let replica = home.engine.replica.lock().await;
            let found =
                replica.directory.organisation(id).map(|o| entry(o, home)).transpose()?.unwrap_or_default();
            print(home.json, found, |v| {
                format!(
                    "{} ({}, {})\nidentifier  {}\nstatus      {}\nfingerprint {}\ndevices     {}\nadmitted    {}{}\n{}",
                    text(v, "name"),
                    text(v, "kind"),
                    text(v, "country"),
                    text(v, "id"),
                    v["suspended"]["words"]
                        .as_str()
                        .map_or_else(|| "active".to_owned(), |words| format!("suspended {words}")),
                    text(v, "fingerprint"),
                    v["devices"],
                    text(v, "admitted"),
                    recovered(v, "\nrecovery    ", home.lang),
                    checked(home, v),
                )
            });
        }
        OrgCommand::Check(args) => checks::check(args, home).await?,
    }
    Ok(())
}

fn recovered(entry: &Value, before: &str, lang: Lang) -> String {
    let words = recovering::words(entry, lang);
    if words.is_empty() { words } else { format!("{before}{words}") }
}

fn checked(home: &Home, entry: &Value) -> String {
    if text(entry, "id") == home.engine.identity.org.to_string() {
        return "your own organisation".to_owned();
    }
    checks::words(&entry["checked"])
}

/// The organisation that a person means: identifier, unique beginning of one, or exact name.
pub(crate) async fn find(home: &Home, meant: &str) -> Result<OrgId, Failure> {
    let replica = home.engine.replica.lock().await;
    let named: Vec<OrgId> =
        replica.directory.organisations().filter(|o| o.name == meant).map(|o| o.id).collect();
    let prefixed: Vec<OrgId> = replica
        .directory
        .organisations()
        .filter(|o| meant.len() >= 4 && o.id.to_string().starts_with(meant))
        .map(|o| o.id)
        .collect();
    match (named.as_slice(), prefixed.as_slice()) {
        ([one], _) | ([], [one]) => Ok(*one),
        ([], []) => Err(crate::engine::EngineError::UnknownOrganisation(meant.to_owned()).into()),
        _ => Err(Failure::wrong("fail-several-orgs", &[("name", &harmless(meant))])),
    }
}
