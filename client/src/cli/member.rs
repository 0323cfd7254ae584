//! `causeway join` and `causeway sync`.

use std::time::Duration;

use causeway_certs::{fingerprint, invite};
use causeway_certs::keys::PublicKey;
use causeway_common::time::{Clock as _, SystemClock};
use clap::Args;
use serde_json::json;

use super::Global;
use super::failure::Failure;
use super::home::Home;
use super::output::{print, text};
use crate::identity::Identity;
use crate::membership;
use crate::session::{self, Stay};

/// While waiting for admission the relay is asked this often.
const ADMISSION_INTERVAL: Duration = Duration::from_secs(2);
/// Longest a command waits: a working day.
const WAIT_MAX: u64 = 12 * 60 * 60;

#[derive(Debug, Args)]
pub(crate) struct JoinArgs {
    /// The invite, all of it.
    invite: String,
    /// Name of this workstation, for your colleagues.
    #[arg(long, default_value = "workstation")]
    device_name: String,
    /// Seconds to wait for the registrar.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=WAIT_MAX))]
    wait: u64,
}

#[derive(Debug, Args)]
pub(crate) struct SyncArgs {
    /// Seconds to stay for what is still to come.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=WAIT_MAX))]
    wait: u64,
}

pub(crate) async fn join(args: JoinArgs, global: &Global) -> Result<(), Failure> {
    let home = if Home::exists(global)? {
        // A join that was interrupted goes on; the relay gives the same answer again.
        Home::unlock(global).await?
    } else {
        found(&args, global).await?
    };
    let dialer = home.dialer().await?;
    membership::enrol(&home.engine, &*dialer).await?;
    let mut admitted = false;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(args.wait);
    loop {
        admitted = admitted || membership::is_admitted(&home.engine, &*dialer).await?;
        if admitted || tokio::time::Instant::now() >= deadline {
            break;
        }
        tokio::time::sleep(ADMISSION_INTERVAL.min(Duration::from_secs(args.wait))).await;
    }
    if admitted {
        // Leaves the first prekeys at the relay, so that others can write at once.
        session::run(&home.engine, &*dialer, Stay::UntilCalm).await?;
    }
    let identity = &home.engine.identity;
    let result = json!({
        "id": identity.org.to_string(),
        "name": identity.name,
        "fingerprint": fingerprint::digits(identity.fingerprint()),
        "status": if admitted { "active" } else { "pending" },
    });
    print(home.json, result, |v| {
        let next = if admitted {
            "You are admitted and can send and receive.".to_owned()
        } else {
            "Read the fingerprint to the registrar by phone. Once you are admitted, run `causeway sync`.".to_owned()
        };
        format!("{}\nfingerprint {}\n{next}", text(v, "name"), text(v, "fingerprint"))
    });
    Ok(())
}

async fn found(args: &JoinArgs, global: &Global) -> Result<Home, Failure> {
    let (signed, read) = invite::from_text(&args.invite)?;
    if signed.signature.is_empty() {
        return Err(Failure::invalid("This is a relay's claim code, not an organisation's invite.", "Only the registrar uses it: `causeway registrar claim CODE`."));
    }
    let registrar = PublicKey::from_bytes(read.registrar_key).map_err(|_| invite::InviteError::Malformed)?;
    let verified = invite::verify(&signed, registrar, SystemClock.now())?;
    let found = |rng: &mut dyn rand_core::CryptoRng| {
        Identity::found_organisation(signed.clone(), &verified, &args.device_name, SystemClock.now(), rng)
    };
    let home = Home::create(global, found).await?;
    home.note("created this organisation's keys").await?;
    Ok(home)
}

pub(crate) async fn sync(args: SyncArgs, home: &Home) -> Result<(), Failure> {
    let stay = if args.wait == 0 { Stay::UntilCalm } else { Stay::For(Duration::from_secs(args.wait)) };
    let dialer = home.dialer().await?;
    let report = session::run(&home.engine, &*dialer, stay).await?;
    let waiting = home.engine.to_send()?.len();
    let result = json!({
        "sent": report.sent,
        "received": report.received,
        "waiting": waiting,
        "connected": true,
        "transport": dialer.name(),
    });
    print(home.json, result, |_| {
        format!("{} sent, {} received, {waiting} still waiting.", report.sent, report.received)
    });
    let failures = home.failures()?;
    if failures > 0 && !home.json {
        eprintln!("{failures} packet(s) did not reach their recipient: see `causeway sent list`, and call by phone.");
    }
    Ok(())
}
