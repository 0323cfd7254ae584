//! `causeway registrar list`, `nominate`, `stand`, `show`, `appoint`, `dismiss`, `threshold`, `read` and `sign`: who the
//! registrars are, and what several of them must sign.

use causeway_certs::directory::Directory;
use causeway_certs::fingerprint;
use causeway_certs::keys::PublicKey;
use causeway_certs::registrars::{Candidacy, Nomination, RegistrarTextError};
use causeway_certs::relay_keys;
use causeway_common::codec;
use causeway_common::ids::OrgId;
use causeway_common::limits::STATEMENT_BYTES_MAX;
use causeway_common::statements::{Admission, OrgGenesis, Registrars, RelayKey, Statement, StatementKind};
use clap::Args;
use serde_json::{Value, json};

use crate::cli::Global;
use crate::cli::failure::{Failure, exit};
use crate::cli::home::{Home, ProtectionArgs};
use crate::cli::joining::{comparison, comparison_words};
use crate::cli::output::{capital, harmless, print, print_list, text, time};
use crate::exclusion;
use crate::identity::Identity;
use crate::registrars::{self, RegistrarError, Unfinished, Waiting};

/// Characters of a key that people see.
const SHORT: usize = 12;
/// Fewer could be meant for several.
const SHORT_MIN: usize = 4;

#[derive(Debug, Args)]
pub(crate) struct StandArgs {
    /// What the present registrar has given you.
    nomination: String,
    #[command(flatten)]
    protection: ProtectionArgs,
}

pub(super) async fn list(home: &Home) -> Result<(), Failure> {
    exclusion::connect(&home.engine, &*home.dialer().await?).await?.close(0);
    let (all, threshold) = registrars::present(&home.engine).await?;
    let this = home.engine.identity.registrar_keys();
    let list = all.iter().map(|keys| {
        json!({ "key": hex::encode(keys.key), "this": *keys == this, "threshold": threshold, "registrars": all.len() })
    });
    print_list(home.json, list.collect(), "This directory has no registrar.", |v| {
        let this = if v["this"] == true { " (this one)" } else { "" };
        let key = text(v, "key").get(..SHORT).unwrap_or_default();
        format!("{key}{this}; {} of {} must sign", v["threshold"], v["registrars"])
    });
    Ok(())
}

pub(super) async fn nominate(home: &Home) -> Result<(), Failure> {
    exclusion::connect(&home.engine, &*home.dialer().await?).await?.close(0);
    let nomination = registrars::nomination(&home.engine).await?.to_text();
    print(home.json, json!({ "nomination": nomination }), |v| {
        format!(
            "{}\n\nGive this to the new registrar by a way you trust. On their machine: causeway registrar stand TEXT\nThen here, with the request that it shows: causeway registrar show REQUEST",
            text(v, "nomination")
        )
    });
    Ok(())
}

/// The new registrar's side. The same text again shows the same request.
pub(super) async fn stand(args: &StandArgs, global: &Global) -> Result<(), Failure> {
    let nomination = Nomination::from_text(&args.nomination).map_err(RegistrarError::from)?;
    let found = |rng: &mut dyn rand_core::CryptoRng| Identity::nominated(&nomination, rng);
    let home = match Home::unlock(global).await {
        Err(failure) if failure.exit == exit::NOT_FOUND => {
            let home = Home::create(global, args.protection, found).await?;
            home.note("created this registrar's keys").await?;
            home
        }
        other => other?,
    };
    let identity = &home.engine.identity;
    let request = identity.candidacy().filter(|_| identity.nominated_with() == Some(&nomination));
    let Some(request) = request else { return Err(home.is_taken()) };
    let compared = Candidacy::comparison(&request).ok_or(RegistrarTextError::Mistyped);
    let mut result = comparison(compared.map_err(RegistrarError::from)?);
    result["request"] = request.as_str().into();
    result["key"] = hex::encode(identity.registrar_keys().key).into();
    print(home.json, result, |v| {
        format!(
            "{}\n\nGive this to the registrar who has nominated you, and compare, in person or by a call in which you know the voice:\n{}\nYou are a registrar once the directory says so: `causeway registrar list`.",
            text(v, "request"),
            comparison_words(v)
        )
    });
    Ok(())
}

pub(super) async fn show(home: &Home, request: &str) -> Result<(), Failure> {
    let (candidacy, compared) = registrars::look_at(&home.engine, request).await?;
    let mut result = comparison(compared);
    result["key"] = hex::encode(candidacy.keys.key).into();
    print(home.json, result, |v| {
        format!(
            "Somebody wants to be a registrar, key {}.\n{}\nOnly if the person you have chosen reads exactly this from their screen: causeway registrar appoint REQUEST",
            text(v, "key").get(..SHORT).unwrap_or_default(),
            comparison_words(v)
        )
    });
    Ok(())
}

pub(super) async fn appoint(home: &Home, request: &str, threshold: Option<u8>) -> Result<(), Failure> {
    let link = exclusion::connect(&home.engine, &*home.dialer().await?).await?;
    let appointed = registrars::appoint(&home.engine, &*link, request, threshold).await;
    link.close(0);
    let now = appointed?;
    home.note("appointed a registrar").await?;
    done(home, "appointed", &now);
    Ok(())
}

pub(super) async fn dismiss(home: &Home, key: &str, threshold: Option<u8>) -> Result<(), Failure> {
    if key.len() < SHORT_MIN {
        return Err(RegistrarError::NotFound(key.to_owned()).into());
    }
    let key = key.to_ascii_lowercase();
    let dialer = home.dialer().await?;
    let link = exclusion::connect(&home.engine, &*dialer).await?;
    let dismissed = registrars::dismiss(&home.engine, &*dialer, &*link, &key, threshold).await;
    link.close(0);
    let now = dismissed?;
    home.note("took out a registrar").await?;
    done(home, "dismissed", &now);
    Ok(())
}

pub(super) async fn threshold(home: &Home, signatures: u8) -> Result<(), Failure> {
    let link = exclusion::connect(&home.engine, &*home.dialer().await?).await?;
    let demanded = registrars::demand(&home.engine, &*link, signatures).await;
    link.close(0);
    let now = demanded?;
    home.note(&format!("demanded the signatures of {signatures} registrars")).await?;
    done(home, "changed", &now);
    Ok(())
}

fn done(home: &Home, status: &str, now: &Registrars) {
    let result = json!({ "status": status, "registrars": now.registrars.len(), "threshold": now.threshold });
    print(home.json, result, |v| {
        format!(
            "Done. {} of {} registrars must sign from now on; one is enough to suspend an organisation. Everybody sees it at the next `causeway sync`.",
            v["threshold"], v["registrars"]
        )
    });
}

/// Shows what a statement says that another registrar has passed on.
pub(super) async fn read(home: &Home, passed_on: &str) -> Result<(), Failure> {
    exclusion::connect(&home.engine, &*home.dialer().await?).await?.close(0);
    let waiting = registrars::read(&home.engine, passed_on).await?;
    let result = value(home, &waiting).await;
    print(home.json, result, |v| {
        format!(
            "{}\n{} of {} signatures. Only after you have spoken to the registrar who has made it, and made sure yourself: causeway registrar sign TEXT",
            text(v, "words"),
            v["signed"],
            v["needed"]
        )
    });
    Ok(())
}

pub(super) async fn sign(home: &Home, passed_on: &str) -> Result<(), Failure> {
    let link = exclusion::connect(&home.engine, &*home.dialer().await?).await?;
    // What it says, before the directory has moved on.
    let shown = match registrars::read(&home.engine, passed_on).await {
        Ok(waiting) => value(home, &waiting).await,
        Err(error) => {
            link.close(0);
            return Err(error.into());
        }
    };
    let signed = registrars::sign(&home.engine, &*link, passed_on).await;
    link.close(0);
    home.note("signed another registrar's statement").await?;
    let mut result = shown;
    result["signed"] = signed?.signed.into();
    result["status"] = "in_force".into();
    print(home.json, result, |v| format!("{}\nSigned by {}: it is in force.", text(v, "words"), v["signed"]));
    Ok(())
}

async fn value(home: &Home, waiting: &Waiting) -> Value {
    let replica = home.engine.replica.lock().await;
    let Statement { kind, org, time: at, signer, .. } = &waiting.statement;
    json!({
        "kind": kind_word(*kind),
        "words": words(&waiting.statement, &replica.directory),
        "organisation": org.to_string(),
        "by": hex::encode(signer),
        "time": time(*at),
        "signed": waiting.signed,
        "needed": waiting.needed,
        "signed_here": waiting.by_us,
    })
}

fn kind_word(kind: StatementKind) -> &'static str {
    match kind {
        StatementKind::Admission => "admission",
        StatementKind::Suspension => "suspension",
        StatementKind::Reinstatement => "reinstatement",
        StatementKind::Recovery => "recovery",
        StatementKind::RecoveryDone => "recovery_done",
        StatementKind::Return => "return",
        StatementKind::Registrars => "registrars",
        StatementKind::RelayKey => "relay_key",
        _ => "other",
    }
}

/// What a statement says, for the person who is to sign it.
fn words(statement: &Statement, directory: &Directory) -> String {
    let name = |org: OrgId| {
        directory
            .organisation(org)
            .map_or_else(|| "an unknown organisation".into(), |org| harmless(&org.name))
    };
    let org = name(statement.org);
    match statement.kind {
        StatementKind::Admission => {
            admission(statement).unwrap_or_else(|| "Admit an organisation that does not read.".into())
        }
        StatementKind::Suspension => format!("Suspend {org}."),
        StatementKind::Reinstatement => format!("Let {org} in again."),
        StatementKind::Recovery => {
            format!("Announce that the next root of {org} takes over in three days.")
        }
        StatementKind::RecoveryDone => format!("End the recovery of {org}: its next root takes over."),
        StatementKind::Return => format!("Let a new workstation come back for {org}."),
        StatementKind::Registrars => registrars_words(statement, directory),
        StatementKind::RelayKey => {
            relay_key(statement).unwrap_or_else(|| "Announce a key of the relay that does not read.".into())
        }
        _ => "Something that this version does not know: do not sign it.".into(),
    }
}

fn admission(statement: &Statement) -> Option<String> {
    let admission: Admission = codec::decode(&statement.payload, STATEMENT_BYTES_MAX).ok()?;
    let genesis: OrgGenesis = codec::decode(&admission.genesis.body, STATEMENT_BYTES_MAX).ok()?;
    let root = PublicKey::from_bytes(genesis.root).ok()?;
    Some(format!(
        "Admit {} ({}, {}).\n    fingerprint {}\n    Compare it by phone with the organisation yourself.",
        harmless(&genesis.name),
        harmless(&genesis.kind),
        harmless(&genesis.country),
        fingerprint::digits(fingerprint::fingerprint(statement.org, root))
    ))
}

fn relay_key(statement: &Statement) -> Option<String> {
    let next: RelayKey = codec::decode(&statement.payload, STATEMENT_BYTES_MAX).ok()?;
    let digits = fingerprint::digits(relay_keys::fingerprint(PublicKey::from_bytes(next.relay).ok()?));
    let from = time(next.from);
    let when = match from.as_str() {
        Some(from) => format!("from {from} on"),
        None => "at once, because somebody else may have the present one".to_owned(),
    };
    Some(format!(
        "Announce a new key of the relay, {when}.\n    fingerprint {digits}\n    Compare it by phone with the operator yourself."
    ))
}

fn registrars_words(statement: &Statement, directory: &Directory) -> String {
    let next: Option<Registrars> = codec::decode(&statement.payload, STATEMENT_BYTES_MAX).ok();
    let Some((next, authority)) = next.zip(directory.authority()) else {
        return "Change the registrars, in a way that does not read.".into();
    };
    let present = registrars::keys_of(authority);
    let short = |key: &[u8; 32]| hex::encode(key)[..SHORT].to_owned();
    let new = next.registrars.iter().filter(|keys| !present.contains(keys));
    let gone = present.iter().filter(|keys| !next.registrars.contains(keys));
    let new = new.map(|keys| {
        format!(
            "\n    appoint {}: compare its key with the person's `causeway registrar stand`",
            short(&keys.key)
        )
    });
    let gone = gone.map(|keys| format!("\n    dismiss {}", short(&keys.key)));
    let all: String = new.chain(gone).collect();
    format!(
        "Change the registrars: {} of {} must sign from now on.{all}",
        next.threshold,
        next.registrars.len()
    )
}

impl From<Unfinished> for Failure {
    fn from(unfinished: Unfinished) -> Self {
        let Unfinished { signed, needed, text } = unfinished;
        Self {
            pass_on: Some(text),
            ..Self::new(
                "G-113",
                exit::LOCKED,
                format!(
                    "{needed} registrars have to sign this, and {signed} of them has: nothing is in force yet."
                ),
                "Pass the text on to another registrar by a way you trust. There: `causeway registrar read TEXT`, then `causeway registrar sign TEXT`. After that, run this command again if it had more to do.",
            )
        }
    }
}

impl From<RegistrarError> for Failure {
    fn from(error: RegistrarError) -> Self {
        let (code, exit, hint) = match &error {
            RegistrarError::Session(_) => ("", 0, ""),
            RegistrarError::Text(RegistrarTextError::Mistyped) => {
                ("G-115", exit::INVALID, "Copy all of it, from `causeway:` to its last character.")
            }
            RegistrarError::Text(_) | RegistrarError::NotRegistrars => (
                "G-118",
                exit::INTEGRITY,
                "Do not sign or appoint anything with it. Ask the person who has given it to you, by another way; if it happens again, tell the other registrars.",
            ),
            RegistrarError::NotFound(_) => (
                "G-114",
                exit::NOT_FOUND,
                "`causeway registrar list` shows them; use at least four characters.",
            ),
            RegistrarError::Number { .. } => (
                "G-119",
                exit::CONFLICT,
                "A directory has from one to five registrars, and at most all of them can be demanded: use --threshold, or appoint somebody first.",
            ),
            RegistrarError::Outdated => (
                "G-129",
                exit::CONFLICT,
                "If it is in force already, all is well: look. Otherwise the registrar who has made it does it again.",
            ),
        };
        match error {
            RegistrarError::Session(session) => session.into(),
            other => {
                Self::new(code, exit, format!("{}. Nothing was changed.", capital(&other.to_string())), hint)
            }
        }
    }
}
