//! `causeway org` and `causeway device`.

use causeway_certs::directory::Organisation;
use causeway_certs::fingerprint;
use causeway_common::ids::OrgId;
use clap::Subcommand;
use serde_json::{Value, json};

use super::failure::Failure;
use super::home::Home;
use super::output::{print, print_list, text, time};

#[derive(Debug, Subcommand)]
pub(crate) enum OrgCommand {
    /// All organisations.
    List,
    /// One organisation.
    Show {
        /// Identifier, the beginning of one, or the exact name.
        org: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeviceCommand {
    /// All devices of this organisation.
    List,
}

fn entry(org: &Organisation) -> Value {
    json!({
        "id": org.id.to_string(),
        "name": org.name,
        "kind": org.kind,
        "country": org.country,
        "status": "active",
        "checked": null,
        "fingerprint": fingerprint::digits(org.fingerprint()),
        "devices": org.roster.as_ref().map_or(0, |r| r.devices.len()),
        "admitted": time(org.admitted),
    })
}

pub(crate) async fn org(command: OrgCommand, home: &Home) -> Result<(), Failure> {
    match command {
        OrgCommand::List => {
            let replica = home.engine.replica.lock().await;
            let list = replica.directory.organisations().map(entry).collect();
            print_list(home.json, list, "The directory is empty. `causeway sync` fetches it.", |v| {
                format!("{}  {} ({}, {})", &text(v, "id")[..12], text(v, "name"), text(v, "kind"), text(v, "country"))
            });
        }
        OrgCommand::Show { org } => {
            let id = find(home, &org).await?;
            let replica = home.engine.replica.lock().await;
            let found = replica.directory.organisation(id).map(entry).unwrap_or_default();
            print(home.json, found, |v| {
                format!(
                    "{} ({}, {})\nidentifier  {}\nfingerprint {}\ndevices     {}\nadmitted    {}\nNobody here has compared the fingerprint with them yet.",
                    text(v, "name"),
                    text(v, "kind"),
                    text(v, "country"),
                    text(v, "id"),
                    text(v, "fingerprint"),
                    v["devices"],
                    text(v, "admitted"),
                )
            });
        }
    }
    Ok(())
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
        _ => Err(Failure::invalid(format!("More than one organisation is meant by {meant:?}."), "Use the identifier from `causeway org list`.")),
    }
}

pub(crate) async fn device(command: DeviceCommand, home: &Home) -> Result<(), Failure> {
    let DeviceCommand::List = command;
    let replica = home.engine.replica.lock().await;
    let own = home.engine.identity.device();
    let roster = replica.directory.organisation(home.engine.identity.org).and_then(|o| o.roster.as_ref());
    let list = roster
        .into_iter()
        .flat_map(|r| &r.devices)
        .map(|d| {
            let this = d.device == own;
            let name = if this { Value::from(home.engine.identity.device_name.as_str()) } else { Value::Null };
            json!({ "id": d.device.to_string(), "this": this, "name": name, "expires": time(d.expires) })
        })
        .collect();
    print_list(home.json, list, "No roster yet: the registrar has not admitted this organisation.", |v| {
        let this = if v["this"] == true { " (this one)" } else { "" };
        format!("{}  {}{this}, until {}", &text(v, "id")[..12], text(v, "name"), text(v, "expires"))
    });
    Ok(())
}
