//! `causeway registrar`: claim, invite, pending, admit.

use causeway_certs::{fingerprint, invite, names};
use causeway_common::time::{Clock as _, SystemClock};
use clap::Subcommand;
use serde_json::json;

use super::Global;
use super::failure::{Failure, exit};
use super::home::Home;
use super::output::{print, print_list, text, time};
use crate::identity::{Identity, Role};
use crate::membership;

#[derive(Debug, Subcommand)]
pub(crate) enum RegistrarCommand {
    /// Become the registrar of a fresh relay. The code is what the relay prints at its first start.
    Claim {
        /// The claim code.
        code: String,
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
    },
    /// Who waits for admission.
    Pending,
    /// Admit an organisation, after comparing its fingerprint by phone.
    Admit {
        /// Its identifier, or the beginning of it.
        id: String,
    },
}

pub(crate) async fn run(command: RegistrarCommand, global: &Global) -> Result<(), Failure> {
    if let RegistrarCommand::Claim { code } = command {
        return claim(&code, global).await;
    }
    let home = Home::unlock(global).await?;
    if home.engine.identity.role != Role::Registrar {
        return Err(Failure::new("G-103", exit::LOCKED, "This home is not the registrar's.", "Use the registrar's home with `--home`."));
    }
    match command {
        RegistrarCommand::Claim { .. } => Ok(()),
        RegistrarCommand::Invite { name, kind, country } => invite(&home, &name, &kind, &country).await,
        RegistrarCommand::Pending => pending(&home).await,
        RegistrarCommand::Admit { id } => admit(&home, &id).await,
    }
}

async fn claim(code: &str, global: &Global) -> Result<(), Failure> {
    let (signed, claim) = invite::from_text(code)?;
    if !signed.signature.is_empty() {
        return Err(Failure::invalid("This is an organisation's invite, not a relay's claim code.", "Use `causeway join INVITE` to join with it."));
    }
    let found = |rng: &mut dyn rand_core::CryptoRng| Identity::found_registrar(&claim, SystemClock.now(), rng);
    let home = Home::create(global, found).await?;
    membership::claim(&home.engine, &*home.dialer().await?).await?;
    home.note("became registrar").await?;
    let key = hex::encode(home.engine.identity.registrar_key);
    print(global.json, json!({ "registrar_key": key }), |v| {
        format!("You are the registrar of this relay (key {}…). Invite organisations with `causeway registrar invite`.", &text(v, "registrar_key")[..16])
    });
    Ok(())
}

async fn invite(home: &Home, name: &str, kind: &str, country: &str) -> Result<(), Failure> {
    let refused = |error: names::NameError| Failure::invalid(format!("{error}."), "Nothing was created; correct it and try again.");
    names::check_name(name).map_err(refused)?;
    names::check_kind(kind).map_err(refused)?;
    names::check_country(country).map_err(refused)?;
    let (invite, expires) = home.engine.invite(name, kind, country).await;
    home.note("invited an organisation").await?;
    print(home.json, json!({ "invite": invite, "expires": time(expires) }), |v| {
        format!("{}\n\nGive this to {name} by a way you trust. It works once, until {}.", text(v, "invite"), text(v, "expires"))
    });
    Ok(())
}

async fn pending(home: &Home) -> Result<(), Failure> {
    let (applications, damaged) = membership::pending(&home.engine, &*home.dialer().await?).await?;
    if damaged > 0 {
        eprintln!("{damaged} application(s) do not hold together and are not shown.");
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
