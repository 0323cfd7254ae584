//! `causeway registrar`: claim, invite, pending, admit, suspend, reinstate, recover; and who the registrars are.

use causeway_certs::{fingerprint, invite, names};
use causeway_common::time::{Clock as _, SystemClock, Timestamp};
use clap::Subcommand;
use serde_json::json;

use super::Global;
use super::failure::{Failure, exit};
use super::home::{Home, ProtectionArgs};
use super::org;
use super::output::{harmless, print, print_list, remark, text, time};
use super::relay_key;
use super::standing::{self, Reason, Vetted};
use crate::exclusion;
use crate::identity::{Identity, Role};
use crate::membership;

mod alike;
mod recover;
mod registrars;

/// Code of a name that a member has, or seems to have.
pub(crate) const SAME_NAME: &str = "G-156";

#[derive(Debug, Subcommand)]
pub(crate) enum RegistrarCommand {
    /// Become the registrar of a fresh relay. The code is what the relay prints at its first start.
    Claim {
        /// The claim code.
        code: String,
        #[command(flatten)]
        protection: ProtectionArgs,
    },
    /// Invite an organisation. The invite works once and for seven days.
    Invite {
        /// Name under which it will be admitted.
        #[arg(long)]
        name: String,
        /// ngo, police, embassy, shelter, hotline, prosecutor or clinic.
        #[arg(long)]
        kind: String,
        /// Country, two capital letters.
        #[arg(long)]
        country: String,
        /// Although a member is called the same, or looks as if it were.
        #[arg(long)]
        same_name: bool,
    },
    /// Who waits for admission.
    Pending,
    /// Admit an organisation, after comparing its fingerprint by phone.
    Admit {
        /// Its identifier, or the beginning of it.
        id: String,
    },
    /// Shut an organisation out, at once: its connections are cut, nobody can send to it.
    Suspend {
        /// Identifier, the beginning of one, or the exact name.
        org: String,
        /// Why. Everybody can read it.
        #[arg(long, default_value = "rules")]
        reason: Reason,
        /// With --reason keys-known: since when somebody else may have its keys, for example 2026-05-04T12:00:00Z. What
        /// came from it since then becomes questionable everywhere.
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
    },
    /// Let a suspended organisation in again, after speaking to it.
    Reinstate {
        /// Identifier, the beginning of one, or the exact name.
        org: String,
        /// How you have made sure.
        #[arg(long)]
        vetted: Vetted,
    },
    /// Who the registrars of this directory are, and how many of them must sign.
    List,
    /// A text for a new registrar, beside you or after you; it is answered with a request.
    Nominate,
    /// Become a registrar of a directory that has one: makes a home, and shows the request. Run it again to see it again.
    Stand(registrars::StandArgs),
    /// Show a new registrar's request, to be compared before it is appointed.
    Show {
        /// The request, all of it.
        request: String,
    },
    /// Appoint a new registrar, after comparing its request.
    Appoint {
        /// The request, all of it.
        request: String,
        /// How many registrars must sign from now on; without it, as many as now.
        #[arg(long)]
        threshold: Option<u8>,
    },
    /// Take a registrar out; yourself too, when you have handed over.
    Dismiss {
        /// Its key from `causeway registrar list`, or the beginning of it.
        key: String,
        /// How many registrars must sign from now on; without it, as many as now.
        #[arg(long)]
        threshold: Option<u8>,
    },
    /// Demand that so many registrars sign a statement. One is always enough to suspend an organisation.
    Threshold {
        /// How many, from 1 to the number of registrars.
        signatures: u8,
    },
    /// Show what another registrar's statement says that needs your signature.
    Read {
        /// The text, all of it.
        text: String,
    },
    /// Sign another registrar's statement, after reading it. With the last signature it is in force.
    Sign {
        /// The text, all of it.
        text: String,
    },
    /// The relay gets a new key.
    #[command(subcommand)]
    RelayKey(relay_key::RelayKeyCommand),
    /// Bring back an organisation that has no workstation left.
    #[command(subcommand)]
    Recover(recover::RecoverCommand),
}

impl RegistrarCommand {
    /// Whether it makes a home, or goes on making one.
    pub(crate) fn makes_home(&self) -> bool {
        matches!(self, Self::Claim { .. } | Self::Stand(_))
    }
}

/// Those that make their own homes.
pub(crate) async fn begin(command: RegistrarCommand, global: &Global) -> Result<(), Failure> {
    match command {
        RegistrarCommand::Claim { code, protection } => claim(&code, protection, global).await,
        RegistrarCommand::Stand(args) => registrars::stand(&args, global).await,
        _ => Ok(()),
    }
}

pub(crate) async fn run(command: RegistrarCommand, home: &Home) -> Result<(), Failure> {
    if home.engine.identity.role != Role::Registrar {
        return Err(Failure::said("G-103", exit::LOCKED, "fail-not-registrar", &[]));
    }
    match command {
        // See [`begin`].
        RegistrarCommand::Claim { .. } | RegistrarCommand::Stand(_) => Ok(()),
        RegistrarCommand::List => registrars::list(home).await,
        RegistrarCommand::Nominate => {
            registrars::nominate(home).await?;
            Ok(())
        }
        RegistrarCommand::Show { request } => registrars::show(home, &request).await,
        RegistrarCommand::Appoint { request, threshold } => {
            registrars::appoint(home, &request, threshold).await
        }
        RegistrarCommand::Dismiss { key, threshold } => registrars::dismiss(home, &key, threshold).await,
        RegistrarCommand::Threshold { signatures } => registrars::threshold(home, signatures).await,
        RegistrarCommand::Read { text } => registrars::read(home, &text).await,
        RegistrarCommand::Sign { text } => registrars::sign(home, &text).await,
        RegistrarCommand::Invite { name, kind, country, same_name } => {
            invite(home, &name, &kind, &country, same_name).await
        }
        RegistrarCommand::Pending => pending(home).await,
        RegistrarCommand::Admit { id } => admit(home, &id).await,
        RegistrarCommand::Suspend { org, reason, since } => {
            suspend(home, &org, reason, since.as_deref()).await
        }
        RegistrarCommand::RelayKey(command) => relay_key::run(command, home).await,
        RegistrarCommand::Recover(command) => recover::run(command, home).await,
        RegistrarCommand::Reinstate { org, vetted } => reinstate(home, &org, vetted).await,
    }
}

async fn claim(code: &str, protection: ProtectionArgs, global: &Global) -> Result<(), Failure> {
    let (signed, claim) = invite::from_text(code)?;
    if !signed.signature.is_empty() {
        return Err(Failure::invalid(
            "This is an organisation's invite, not a relay's claim code.",
            "Use `causeway join INVITE` to join with it.",
        ));
    }
    let found =
        |rng: &mut dyn rand_core::CryptoRng| Identity::found_registrar(&claim, SystemClock.now(), rng);
    // A claim that was interrupted goes on; the relay gives the same answer again.
    let home = match Home::unlock(global).await {
        Err(failure) if failure.exit == exit::NOT_FOUND => Home::create(global, protection, found).await?,
        other => other?,
    };
    if home.engine.identity.claim().is_none_or(|begun| begun.invite_id != claim.invite_id) {
        return Err(home.is_taken());
    }
    membership::claim(&home.engine, &*home.dialer().await?).await?;
    home.note("became registrar").await?;
    let key = hex::encode(home.engine.identity.registrar_key);
    print(global.json, json!({ "registrar_key": key }), |v| {
        format!(
            "You are the registrar of this relay (key {}…). Invite organisations with `causeway registrar invite`.",
            &text(v, "registrar_key")[..16]
        )
    });
    Ok(())
}

async fn invite(home: &Home, name: &str, kind: &str, country: &str, same_name: bool) -> Result<(), Failure> {
    names::check_name(name)?;
    names::check_kind(kind)?;
    names::check_country(country)?;
    // What a person fears is a country of the register: another code would be nobody's state.
    if !crate::referral::values::country(country) {
        return Err(names::NameError::Country.into());
    }
    if let Some(known) = called_alike(home, name).await.filter(|_| !same_name) {
        return Err(Failure::said(
            SAME_NAME,
            exit::REFUSED,
            "fail-same-name",
            &[("known", &harmless(&known))],
        ));
    }
    let (invite, expires) = home.engine.invite(name, kind, country).await;
    home.note("invited an organisation").await?;
    print(home.json, json!({ "invite": invite, "expires": time(expires) }), |v| {
        format!(
            "{}\n\nGive this to {name} by a way you trust. It works once, until {}.",
            text(v, "invite"),
            text(v, "expires")
        )
    });
    Ok(())
}

/// A member that people would take for one of this name.
async fn called_alike(home: &Home, name: &str) -> Option<String> {
    let replica = home.engine.replica.lock().await;
    replica.directory.organisations().map(|org| &org.name).find(|known| alike::is_alike(known, name)).cloned()
}

async fn pending(home: &Home) -> Result<(), Failure> {
    let (applications, damaged) = membership::pending(&home.engine, &*home.dialer().await?).await?;
    if damaged > 0 {
        remark(&format!("{damaged} application(s) do not hold together and are not shown."));
    }
    let list = applications
        .iter()
        .map(|a| {
            json!({
                "id": a.applicant.id.to_string(),
                "name": a.applicant.genesis.name,
                "kind": a.applicant.genesis.kind,
                "country": a.applicant.genesis.country,
                "fingerprint": fingerprint::digits(a.fingerprint),
            })
        })
        .collect();
    print_list(home.json, list, "Nobody waits for admission.", |v| {
        format!(
            "{}  {} ({}, {})\n    fingerprint {}\n    Compare it by phone, then: causeway registrar admit {}",
            &text(v, "id")[..12],
            text(v, "name"),
            text(v, "kind"),
            text(v, "country"),
            text(v, "fingerprint"),
            &text(v, "id")[..12]
        )
    });
    Ok(())
}

async fn admit(home: &Home, id: &str) -> Result<(), Failure> {
    let org = membership::admit(&home.engine, &*home.dialer().await?, id).await?;
    home.note("admitted an organisation").await?;
    print(home.json, json!({ "id": org.to_string(), "status": "active" }), |_| {
        "Admitted. It can send and receive from now on.".into()
    });
    Ok(())
}

async fn suspend(home: &Home, meant: &str, reason: Reason, since: Option<&str>) -> Result<(), Failure> {
    let since = match since {
        Some(text) => Some(in_doubt_since(text, reason, home.engine.now())?),
        None => None,
    };
    let link = exclusion::connect(&home.engine, &*home.dialer().await?).await?;
    let org = org::find(home, meant).await?;
    let suspended = exclusion::suspend(&home.engine, &*link, org, reason.number(), since).await;
    link.close(0);
    let suspended = suspended?;
    home.note("suspended an organisation").await?;
    let name = home.name_of(org).await;
    let result = json!({
        "id": org.to_string(),
        "name": name,
        "status": "suspended",
        "suspended": standing::suspension(Some(&suspended), home.lang),
    });
    print(home.json, result, |v| {
        format!(
            "{name} is suspended {}. Its connections are cut. Tell it by phone; partners see it at their next `causeway sync`.",
            text(&v["suspended"], "words")
        )
    });
    Ok(())
}

/// When doubt begins: not later than now, and only where keys are in other hands.
fn in_doubt_since(text: &str, reason: Reason, now: Timestamp) -> Result<Timestamp, Failure> {
    if reason != Reason::KeysKnown {
        return Err(Failure::invalid(
            "--since says since when somebody else may have the keys; it belongs to --reason keys-known. Nothing was changed.",
            "Leave it out, or add --reason keys-known.",
        ));
    }
    past(text, now)
}

/// A moment that has been.
pub(crate) fn past(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let read = text.parse::<jiff::Timestamp>().ok();
    let since = read.and_then(|t| u64::try_from(t.as_millisecond()).ok()).map(Timestamp);
    since.filter(|since| *since <= now).ok_or_else(|| {
        Failure::invalid(
            format!("{text:?} is no time in the past. Nothing was changed."),
            "Write it like 2026-05-04T12:00:00Z.",
        )
    })
}

async fn reinstate(home: &Home, meant: &str, vetted: Vetted) -> Result<(), Failure> {
    let link = exclusion::connect(&home.engine, &*home.dialer().await?).await?;
    let org = org::find(home, meant).await?;
    let reinstated = exclusion::reinstate(&home.engine, &*link, org, vetted.number()).await;
    link.close(0);
    reinstated?;
    home.note("reinstated an organisation").await?;
    let name = home.name_of(org).await;
    print(home.json, json!({ "id": org.to_string(), "name": name, "status": "active" }), |_| {
        format!(
            "{name} is let in again. What waited for it and in its outbox goes on with the next `causeway sync`."
        )
    });
    Ok(())
}
