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
    let lang = home.lang;
    match command {
        OrgCommand::List => {
            let replica = home.engine.replica.lock().await;
            let list = replica.directory.organisations().map(|o| entry(o, home)).collect::<Result<_, _>>()?;
            print_list(home.json, list, &lang.text("org-none"), |v| {
                let suspended = v["suspended"]["words"].as_str();
                let suspended = suspended.map(|words| lang.fill("org-suspended", &[("words", words)]));
                let recovery = recovered(v, "org-recovery", lang);
                let remarks = [suspended, recovery].into_iter().flatten();
                format!(
                    "{}  {} ({}, {}), {}{}",
                    &text(v, "id")[..12],
                    text(v, "name"),
                    text(v, "kind"),
                    text(v, "country"),
                    checked(home, v),
                    remarks.map(|words| format!("  {words}")).collect::<String>(),
                )
            });
        }
        OrgCommand::Show { org } => {
            let id = find(home, &org).await?;
            let replica = home.engine.replica.lock().await;
            let found =
                replica.directory.organisation(id).map(|o| entry(o, home)).transpose()?.unwrap_or_default();
            print(home.json, found, |v| {
                let devices = v["devices"].to_string();
                let status = match v["suspended"]["words"].as_str() {
                    Some(words) => lang.fill("org-status-suspended", &[("words", words)]),
                    None => lang.text("org-status-active"),
                };
                let gaps = [
                    ("name", text(v, "name")),
                    ("kind", text(v, "kind")),
                    ("country", text(v, "country")),
                    ("id", text(v, "id")),
                    ("status", &status),
                    ("fingerprint", text(v, "fingerprint")),
                    ("devices", &devices),
                    ("admitted", text(v, "admitted")),
                ];
                let shown = lang.fill("org-shown", &gaps);
                let lines = [Some(shown), recovered(v, "org-shown-recovery", lang), Some(checked(home, v))];
                lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
            });
        }
        OrgCommand::Check(args) => checks::check(args, home).await?,
    }
    Ok(())
}

fn recovered(entry: &Value, id: &str, lang: Lang) -> Option<String> {
    let words = recovering::words(entry, lang);
    (!words.is_empty()).then(|| lang.fill(id, &[("words", &words)]))
}

/// Who of us has compared whose fingerprint, in words.
pub(crate) fn checked(home: &Home, entry: &Value) -> String {
    if text(entry, "id") == home.engine.identity.org.to_string() {
        return home.lang.text("org-own");
    }
    checks::words(&entry["checked"], home.lang)
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
