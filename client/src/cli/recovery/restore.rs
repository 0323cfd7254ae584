//! `causeway recovery restore`: the organisation comes back on a new workstation.

use std::time::Duration;

use causeway_certs::fingerprint;
use causeway_certs::keys::{PublicKey, SigningKey};
use causeway_certs::recovery::{self as texts, Offer, RecoveryTextError};
use causeway_common::time::{Clock as _, SystemClock};
use clap::Args;

use super::capital;
use super::input::{SheetArgs, another, ask_for_any};
use crate::cli::failure::{Failure, exit};
use crate::cli::home::{Home, ProtectionArgs, system_rng};
use crate::cli::joining::{UNNAMED, comparison, comparison_words};
use crate::cli::output::{print, text, time};
use crate::cli::{Global, linking};
use crate::identity::Identity;
use crate::recovery::returning::{self, ReturningError};
use crate::recovery::{self, sheet};
use crate::session::{self, Stay};

/// While waiting for the registrar the relay is asked this often.
const INTERVAL: Duration = Duration::from_secs(2);
/// Longest a command waits: a working day.
const WAIT_MAX: u64 = 12 * 60 * 60;

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The registrar's offer, all of it.
    offer: String,
    /// Name of this workstation, for your colleagues.
    #[arg(long)]
    device_name: Option<String>,
    /// Seconds to wait for the registrar.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=WAIT_MAX))]
    wait: u64,
    #[command(flatten)]
    sheets: SheetArgs,
    #[command(flatten)]
    protection: ProtectionArgs,
}

pub(crate) async fn restore(args: RestoreArgs, global: &Global) -> Result<(), Failure> {
    let offer = Offer::from_text(&args.offer)?;
    let home = begin(&offer, &args, global).await?;
    let dialer = home.dialer().await?;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(args.wait);
    let mut back = returning::come_back(&home.engine, &*dialer).await?;
    while !back && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(INTERVAL).await;
        back = returning::come_back(&home.engine, &*dialer).await?;
    }
    if back {
        home.note("came back for the organisation").await?;
        // Leaves the first prekeys at the relay, so that others can write at once.
        session::run(&home.engine, &*dialer, Stay::UntilCalm).await?;
    }
    show(&home, back)
}

fn show(home: &Home, back: bool) -> Result<(), Failure> {
    let identity = &home.engine.identity;
    let returned = identity.returned().ok_or_else(|| home.is_taken())?;
    let root = PublicKey::from_bytes(returned.root).map_err(Failure::internal)?;
    let at_once = returned.root == returned.offer.root;
    let mut result = texts::comparison(&returned.request).map(comparison).unwrap_or_default();
    result["id"] = identity.device().to_string().into();
    result["organisation"] = identity.org.to_string().into();
    result["name"] = identity.name.as_str().into();
    result["request"] = returned.request.as_str().into();
    result["at_once"] = at_once.into();
    result["fingerprint"] = fingerprint::digits(fingerprint::fingerprint(identity.org, root)).into();
    result["status"] = if back { "active" } else { "pending" }.into();
    print(home.json, result, |v| {
        if back {
            return format!(
                "{} is back, with this workstation as its only one; all others are struck out as lost. Fingerprint\n    {}\nInvite your colleagues' workstations again (`causeway device invite`), and run `causeway recovery sheet`: keys that are still here belong on paper.",
                text(v, "name"),
                text(v, "fingerprint"),
            );
        }
        let then = if at_once {
            "It takes effect when the registrar has taken it."
        } else {
            "It takes effect three days after the registrar has announced it."
        };
        format!(
            "{}\n\nGive this request to the registrar by a way you trust, and compare in person or by a call in which you know the voice:\n{}\n{then} Then run the same command here again.",
            text(v, "request"),
            comparison_words(v),
        )
    });
    Ok(())
}

/// The home of this offer: a new one, or the one that an earlier attempt has left.
async fn begin(offer: &Offer, args: &RestoreArgs, global: &Global) -> Result<Home, Failure> {
    let name = args.device_name.as_deref().unwrap_or(UNNAMED);
    linking::check_device_name(name)?;
    let now = SystemClock.now();
    let home = match Home::unlock(global).await {
        Err(failure) if failure.exit == exit::NOT_FOUND => {
            let root = sheet_for(offer, args, global)?;
            let found =
                |rng: &mut dyn rand_core::CryptoRng| Identity::come_back(offer, &root, name, now, rng);
            let home = Home::create(global, args.protection, found).await?;
            home.note("created this workstation's keys, to come back").await?;
            return Ok(home);
        }
        other => other?,
    };
    let Some(returned) = home.engine.identity.returned() else { return Err(home.is_taken()) };
    if returned.offer == *offer {
        return Ok(home);
    }
    // Another offer in a home that was begun with one which came to nothing.
    if returned.offer.org != offer.org || returning::come_back(&home.engine, &*home.dialer().await?).await? {
        return Err(home.is_taken());
    }
    let root = sheet_for(offer, args, global)?;
    let rng = &mut *system_rng();
    let identity = Identity::come_back(offer, &root, name, now, rng);
    recovery::store(&home.engine.vault, &identity, rng).await?;
    home.note("created this workstation's keys anew, for another offer").await?;
    drop(home);
    Home::unlock(global).await
}

/// One of the two sheets: the next root's, or the present root's.
fn sheet_for(offer: &Offer, args: &RestoreArgs, global: &Global) -> Result<SigningKey, Failure> {
    let mut keys = args.sheets.read()?;
    if keys.is_empty() && !global.no_input && std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        keys.push(ask_for_any("the root's sheet, or the next root's")?);
    }
    let Some(first) = keys.first() else {
        return Err(Failure::new(
            "T-106",
            exit::LOCKED,
            "A recovery sheet of the organisation is needed, and nobody is here to type it. Nothing was changed.",
            "Run it at a terminal, or give a sheet as it was printed with `--sheet-file`.",
        ));
    };
    let wrong = another(first);
    let is_root = |key: &SigningKey| *key.public().as_bytes() == offer.root;
    let is_next = |key: &SigningKey| sheet::name(key.public()) == offer.next_root;
    // With the present root it goes at once.
    let at = keys.iter().position(is_root).or_else(|| keys.iter().position(is_next)).ok_or(wrong)?;
    Ok(keys.swap_remove(at))
}

impl From<RecoveryTextError> for Failure {
    fn from(error: RecoveryTextError) -> Self {
        match error {
            RecoveryTextError::Mistyped => Self::new(
                "T-135",
                exit::INVALID,
                format!("{}. Nothing was changed.", capital(&error.to_string())),
                "Copy all of it, from `causeway:recovery` to its last character. The registrar's offer is for the new workstation, the request that it shows is for the registrar.",
            ),
            RecoveryTextError::Outdated => Self::new(
                "T-119",
                exit::CONFLICT,
                format!("{}. Nothing was changed.", capital(&error.to_string())),
                "Make a new offer (`causeway registrar recover offer ORG`); the workstation answers it with a new request.",
            ),
            _ => Self::new(
                "T-108",
                exit::INTEGRITY,
                format!("{}. It must not be taken; nothing was changed.", capital(&error.to_string())),
                "Call the organisation. If it knows nothing of a recovery, somebody is trying to take it over.",
            ),
        }
    }
}

impl From<ReturningError> for Failure {
    fn from(error: ReturningError) -> Self {
        match error {
            ReturningError::Text(text) => text.into(),
            ReturningError::Session(session) => session.into(),
            ReturningError::Linking(linking) => linking.into(),
            ReturningError::Unknown | ReturningError::NoRequest => Self::new(
                "T-144",
                exit::NOT_FOUND,
                format!("{}. Nothing was changed.", capital(&error.to_string())),
                "Begin with `causeway registrar recover offer ORG`, and take the organisation's request with `causeway registrar recover begin`.",
            ),
            ReturningError::Suspended => Self::new(
                "T-117",
                exit::REFUSED,
                "This organisation is suspended, and then its present root alone counts for nothing. Nothing was changed.",
                "If you are sure of it, reinstate it first and make a new offer; if its root may be in other hands, it comes back with its next root's sheet.",
            ),
            ReturningError::TooEarly(ready) => Self::new(
                "T-127",
                exit::REFUSED,
                format!(
                    "The recovery takes effect not before {}: until then the organisation can contradict it. Nothing was changed.",
                    time(ready).as_str().unwrap_or("its time"),
                ),
                "Run it again then. Meanwhile call the organisation at a number that you know from elsewhere.",
            ),
            ReturningError::Contradicted => Self::new(
                "T-129",
                exit::CONFLICT,
                "The organisation has contradicted this recovery, or has changed its record since. Nothing was changed.",
                "Call it at a number that you know from elsewhere: somebody there still has its root. Perhaps somebody else was taken for it.",
            ),
            ReturningError::OtherOrganisation => Self::new(
                "T-118",
                exit::INTEGRITY,
                "The directory does not say what this workstation has asked for. It was not believed, and nothing was sent.",
                "Call the registrar, not through the relay; do not use this workstation meanwhile.",
            ),
        }
    }
}
