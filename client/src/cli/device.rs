//! `causeway device`: invite, pending, admit, list, revoke, refresh-keys.

use causeway_common::statements::{
    REVOKED_COMPROMISED, REVOKED_LOST, REVOKED_RETIRED, ROLE_ADMINISTRATOR, ROLE_STAFF, RevokedDevice,
};
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::failure::Failure;
use super::home::Home;
use super::joining::{comparison, comparison_words};
use super::output::{print, print_list, remark, text, time};
use super::recovery::{SheetArgs, with_root};
use super::{linking, registrar};
use crate::devices::{self, Said};
use crate::identity::Role;
use crate::linking::{self as links, LinkingError, Wish};

use self::listing::{clearance_bits, cleared, find, gone, list, reason_word, roles, words};

mod history;
mod listing;
mod refresh;
mod signing;

#[derive(Debug, Subcommand)]
pub(crate) enum DeviceCommand {
    /// All devices of this organisation.
    List {
        /// Of another organisation: identifier, the beginning of one, or the exact name.
        #[arg(long)]
        org: Option<String>,
        /// Also those that no longer count.
        #[arg(long)]
        all: bool,
    },
    /// Invite a colleague's workstation. The code works once and for fifteen minutes.
    Invite {
        /// What the device is for.
        #[arg(long, default_value = "staff")]
        role: DeviceRole,
        /// Sections it may read, for example IDN,CON,RSK; without it, all.
        #[arg(long, value_delimiter = ',', value_name = "SECTION")]
        clearance: Vec<String>,
        /// What to call it.
        #[arg(long, default_value = "")]
        name: String,
    },
    /// Which workstations ask to join.
    Pending,
    /// Let a workstation in, after comparing what both screens show.
    Admit {
        /// Its identifier from `causeway device pending`, or the beginning of it.
        id: String,
        #[command(flatten)]
        sheets: SheetArgs,
    },
    /// Take a device out, at once: its connections are cut, and nothing is sealed to it any more.
    Revoke {
        /// Its identifier, the beginning of one, or its name.
        device: String,
        /// Why.
        #[arg(long)]
        reason: Reason,
        /// With --reason compromised: since when somebody else may have it, for example 2026-05-04T12:00:00Z. What came
        /// from it since then becomes questionable everywhere.
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
    },
    /// Withdraw all keys that others seal to on this workstation, and make new ones: after somebody may have had a copy of
    /// its data. What is on its way is fetched first; what comes under the old keys is sealed again by its sender.
    RefreshKeys,
    /// Changes of the devices that wait for more administrators' signatures.
    Proposals,
    /// Sign such a change, after asking the colleague who has made it. With the last signature it is in force.
    Sign {
        /// Its identifier from `causeway device proposals`, or the beginning of it.
        id: String,
    },
    /// Give a colleague's device what came and went before it was there, as far as it is cleared for it. Goes on where it
    /// was interrupted.
    History(history::HistoryArgs),
}

/// What a device may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DeviceRole {
    /// Sends and receives.
    Staff,
    /// Also lets devices in and takes them out.
    Administrator,
}

impl DeviceRole {
    fn bits(self) -> u32 {
        match self {
            Self::Staff => ROLE_STAFF,
            Self::Administrator => ROLE_STAFF | ROLE_ADMINISTRATOR,
        }
    }
}

/// Why a device is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reason {
    /// Nobody knows where it is.
    Lost,
    /// Somebody else may have its keys.
    Compromised,
    /// It is taken out of use, and nobody else has had it.
    Retired,
}

impl Reason {
    fn number(self) -> u8 {
        match self {
            Self::Retired => REVOKED_RETIRED,
            Self::Lost => REVOKED_LOST,
            Self::Compromised => REVOKED_COMPROMISED,
        }
    }
}

/// What the user of a removed device is told. `None`: only the relay's silence says so.
pub(crate) fn removed(revoked: Option<&RevokedDevice>) -> Failure {
    Failure::in_each("N-118", super::failure::exit::REFUSED, |lang| {
        let what = match revoked {
            Some(revoked) => {
                let at = time(revoked.at);
                let at = at.as_str().map_or_else(|| lang.text("removed-some-time"), str::to_owned);
                let reason = lang.text(&format!("removed-{}", reason_word(revoked.reason)));
                lang.fill("removed-by", &[("reason", &reason), ("at", &at)])
            }
            None => lang.text("removed-perhaps"),
        };
        (lang.fill("fail-removed", &[("what", &what)]), lang.text("fail-removed.hint"))
    })
}

pub(crate) async fn run(command: DeviceCommand, home: &Home) -> Result<(), Failure> {
    if home.engine.identity.role == Role::Registrar && !matches!(command, DeviceCommand::List { .. }) {
        return Err(LinkingError::NotAdministrator.into());
    }
    match command {
        DeviceCommand::List { org, all } => list(home, org.as_deref(), all).await,
        DeviceCommand::Invite { role, clearance, name } => invite(home, role, &clearance, name).await,
        DeviceCommand::History(args) => history::give(args, home).await,
        DeviceCommand::Pending => pending(home).await,
        DeviceCommand::RefreshKeys => refresh::keys(home).await,
        DeviceCommand::Proposals => signing::list(home).await,
        DeviceCommand::Sign { id } => signing::sign(home, &id).await,
        DeviceCommand::Admit { id, sheets } => admit(home, &id, &sheets).await,
        DeviceCommand::Revoke { device, reason, since } => {
            revoke(home, &device, reason, since.as_deref()).await
        }
    }
}

async fn invite(home: &Home, role: DeviceRole, clearance: &[String], name: String) -> Result<(), Failure> {
    if !name.is_empty() {
        linking::check_device_name(&name)?;
    }
    let clearance = clearance_bits(clearance)?;
    let wish = Wish { roles: role.bits(), clearance, name };
    let code = links::invite(&home.engine, &*home.dialer().await?, wish).await?;
    home.note("invited a device").await?;
    let invite = code.to_text();
    let result = json!({
        "invite": &*invite,
        "expires": time(code.expires),
        "roles": roles(role.bits()),
        "clearance": cleared(clearance),
    });
    if !home.json {
        linking::show_picture(&invite);
    }
    print(home.json, result, |v| {
        format!(
            "{}\n\nWhoever has this code can ask to join as one of your workstations, once, until {}. Hand it over in person, or \
             by a call in which you know the voice. On the other machine: causeway join CODE\nThen here: causeway device pending",
            text(v, "invite"),
            text(v, "expires")
        )
    });
    Ok(())
}

async fn pending(home: &Home) -> Result<(), Failure> {
    let waiting = links::pending(&home.engine, &*home.dialer().await?).await?;
    let list = waiting
        .iter()
        .map(|one| {
            let mut entry = comparison(one.comparison);
            match &one.judged {
                Ok(request) => {
                    entry["id"] = request.device.to_string().into();
                    entry["name"] = request.asked.name.as_str().into();
                    entry["roles"] = roles(request.invitation.roles);
                    entry["clearance"] = cleared(request.invitation.clearance);
                    entry["expires"] = time(request.invitation.code.expires);
                    entry["problem"] = Value::Null;
                }
                Err(error) => {
                    entry["id"] = one.comparison.to_string().into();
                    let told = linking::failure(error).in_lang(home.lang);
                    entry["problem"] = json!({ "code": told.code, "message": told.message });
                }
            }
            entry
        })
        .collect();
    print_list(home.json, list, "No workstation asks to join.", |v| {
        let id = &text(v, "id")[..12];
        if let Some(problem) = v["problem"]["message"].as_str() {
            return format!("{id}  DO NOT LET IN: {problem} [{}]", text(&v["problem"], "code"));
        }
        format!(
            "{id}  {} ({}; reads {}), until {}\n{}\n    Only if the other screen shows exactly the same: causeway device admit {id}",
            text(v, "name"),
            words(&v["roles"]),
            words(&v["clearance"]),
            text(v, "expires"),
            comparison_words(v),
        )
    });
    Ok(())
}

async fn admit(home: &Home, id: &str, sheets: &SheetArgs) -> Result<(), Failure> {
    if id.len() < 4 {
        return Err(LinkingError::NotFound(id.to_owned()).into());
    }
    let dialer = home.dialer().await?;
    // An administrator needs the root's signature.
    let admitted = with_root(sheets, home, async || links::admit(&home.engine, &*dialer, id).await).await?;
    let (device, said) = (admitted.device, admitted.said);
    let done = if said == Said::InForce { "let in" } else { "proposed" };
    home.note(&format!("{done} device {}", device.short())).await?;
    signing::send(home, said).await?;
    let mut result = json!({ "id": device.to_string(), "name": admitted.name, "status": "active" });
    waiting(&mut result, said);
    print(home.json, result, |v| {
        if let Said::Proposed(proposal) = said {
            return signing::waits(proposal);
        }
        format!(
            "{} is a device of your organisation. It receives what is sent from now on, once it has run `causeway sync`.",
            text(v, "name")
        )
    });
    Ok(())
}

async fn revoke(home: &Home, meant: &str, reason: Reason, since: Option<&str>) -> Result<(), Failure> {
    let since = match since {
        Some(_) if reason != Reason::Compromised => {
            return Err(Failure::invalid(
                "--since says since when somebody else may have the device; it belongs to --reason compromised. Nothing was changed.",
                "Leave it out, or add --reason compromised.",
            ));
        }
        Some(text) => Some(registrar::past(text, home.engine.now())?),
        None => None,
    };
    let dialer = home.dialer().await?;
    devices::connect(&home.engine, &*dialer).await?.close(0);
    let device = find(home, meant).await?;
    let removal = devices::revoke(&home.engine, &*dialer, device, reason.number(), since).await?;
    let done = if removal.said == Said::InForce { "removed" } else { "proposed to remove" };
    home.note(&format!("{done} device {}", device.short())).await?;
    signing::send(home, removal.said).await?;
    let mut result = gone(home, &removal.revoked)?;
    waiting(&mut result, removal.said);
    result["administrator_key_remains"] = removal.key_remains.into();
    if removal.key_remains && removal.said == Said::InForce {
        remark(
            "It was an administrator's, and its key still stands among your administrators: your organisation's root has to strike \
             it out. Fetch the root's recovery sheet and run `causeway recovery administrators`, then `causeway recovery strike KEY`. \
             Until then the relay lets nobody in with it, but whoever has the key and the relay's help can sign for you: call the \
             registrar if the device is in other hands.",
        );
    }
    print(home.json, result, |v| {
        if let Said::Proposed(proposal) = removal.said {
            return format!(
                "{}\nUNTIL THEN THE DEVICE IS STILL IN. If it is in other hands and nobody else can be reached, call the registrar: it can suspend your organisation at once.",
                signing::waits(proposal)
            );
        }
        format!(
            "{} is removed ({}). Its connections are cut, and what waited for it at the relay is erased. Partners see it at their \
             next `causeway sync`. What it has stored stays on it: if it was lost, tell the people whose cases it held.",
            v["name"].as_str().unwrap_or_else(|| &text(v, "id")[..12]),
            text(v, "reason"),
        )
    });
    Ok(())
}

/// Says for scripts that others have to sign first.
fn waiting(result: &mut Value, said: Said) {
    result["proposal"] = Value::Null;
    if let Said::Proposed(proposal) = said {
        result["status"] = "waits_for_signatures".into();
        result["proposal"] = proposal.to_string().into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_number_and_a_word() {
        for reason in Reason::value_variants() {
            let word = reason.to_possible_value().map(|value| value.get_name().to_owned());
            assert_eq!(word.as_deref(), Some(reason_word(reason.number())));
        }
        assert_eq!(reason_word(9), "other");
    }
}
