//! `causeway join` and `causeway sync`.

use std::sync::Arc;
use std::time::Duration;

use causeway_certs::keys::PublicKey;
use causeway_certs::transport::{BoxFuture, Dialer, Link, LinkError};
use causeway_certs::{fingerprint, invite};
use causeway_common::time::{Clock as _, SystemClock};
use clap::Args;
use serde_json::json;

use super::capacity;
use super::failure::{Failure, exit};
use super::head;
use super::home::{Home, ProtectionArgs};
use super::output::{print, remark, text};
use super::recovery::standing as recovering;
use super::retention;
use super::{Global, alarms, joining, matches, tasks};
use crate::doubts;
use crate::identity::Identity;
use crate::matching::{sweep, telling};
use crate::membership;
use crate::reconnect;
use crate::records;
use crate::session::{self, SessionError, Stay};

pub(crate) mod news;

use self::news::Known;

/// While waiting for admission the relay is asked this often.
pub(crate) const ADMISSION_INTERVAL: Duration = Duration::from_secs(2);
/// Longest a command waits: a working day.
const WAIT_MAX: u64 = 12 * 60 * 60;

#[derive(Debug, Args)]
pub(crate) struct JoinArgs {
    /// The invite, or the code that a colleague's `causeway device invite` has shown; all of it.
    pub(crate) invite: String,
    /// Name of this workstation, for your colleagues.
    #[arg(long)]
    pub(crate) device_name: Option<String>,
    /// Seconds to wait for the registrar, or for your administrator.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=WAIT_MAX))]
    pub(crate) wait: u64,
    #[command(flatten)]
    pub(crate) protection: ProtectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SyncArgs {
    /// Seconds to stay for what is still to come.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=WAIT_MAX))]
    wait: u64,
}

pub(crate) async fn join(args: JoinArgs, global: &Global) -> Result<(), Failure> {
    if causeway_certs::link::is_code(&args.invite) {
        return joining::join(&args, global).await;
    }
    let home = begin(&args, global).await?;
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
        "fingerprint": fingerprint::digits(home.fingerprint().await),
        "status": if admitted { "active" } else { "pending" },
    });
    print(home.json, result, |v| {
        let next = if admitted {
            "You are admitted and can send and receive. Your organisation's root keys are still on this workstation: put them on paper today, `causeway recovery sheet`.".to_owned()
        } else {
            "Read the fingerprint to the registrar by phone. Once you are admitted, run `causeway sync`."
                .to_owned()
        };
        format!("{}\nfingerprint {}\n{next}", text(v, "name"), text(v, "fingerprint"))
    });
    Ok(())
}

/// The home of this invite: a new one, or the one that an interrupted join has left. The relay gives the same answer
/// again.
async fn begin(args: &JoinArgs, global: &Global) -> Result<Home, Failure> {
    let (signed, read) = invite::from_text(&args.invite)?;
    if signed.signature.is_empty() {
        return Err(Failure::invalid(
            "This is a relay's claim code, not an organisation's invite.",
            "Only the registrar uses it: `causeway registrar claim CODE`.",
        ));
    }
    let home = match Home::unlock(global).await {
        Err(failure) if failure.exit == exit::NOT_FOUND => {
            let registrar =
                PublicKey::from_bytes(read.registrar_key).map_err(|_| invite::InviteError::Malformed)?;
            let verified = invite::verify(&signed, registrar, SystemClock.now())?;
            let found = |rng: &mut dyn rand_core::CryptoRng| {
                let now = SystemClock.now();
                let name = args.device_name.as_deref().unwrap_or(joining::UNNAMED);
                Identity::found_organisation(signed.clone(), &verified, name, now, rng)
            };
            let home = Home::create(global, args.protection, found).await?;
            home.note("created this organisation's keys").await?;
            home
        }
        other => other?,
    };
    let same = home.engine.identity.enrolment().is_some_and(|enrol| enrol.invite == signed);
    if same { Ok(home) } else { Err(home.is_taken()) }
}

/// Says on standard error why nothing happens for a while.
fn paused(pause: Duration, error: Option<&SessionError>) {
    let why = error
        .map_or_else(|| "The relay is restarting".to_owned(), |error| format!("No connection ({error})"));
    remark(&format!("{why}; trying again in {:.1} s. What you queued is safe.", pause.as_secs_f64()));
}

/// Says on standard error that the connection stands, if somebody is going to wait on it.
#[derive(Debug)]
struct Announcing {
    dialer: Box<dyn Dialer>,
    seconds: u64,
}

impl Dialer for Announcing {
    fn dial(&self) -> BoxFuture<'_, Result<Arc<dyn Link>, LinkError>> {
        Box::pin(async move {
            let link = self.dialer.dial().await?;
            if self.seconds > 0 {
                remark(&format!("Connected; waiting up to {} s for what is still to come.", self.seconds));
            }
            Ok(link)
        })
    }

    fn name(&self) -> &'static str {
        self.dialer.name()
    }
}

pub(crate) async fn sync(args: SyncArgs, home: &Home) -> Result<(), Failure> {
    let dialer = Announcing { dialer: home.dialer().await?, seconds: args.wait };
    let mut news = Known::read(home)?;
    let report = match args.wait {
        0 => session::run(&home.engine, &dialer, Stay::UntilCalm).await,
        seconds => {
            let stay = reconnect::stay(&home.engine, &dialer, Duration::from_secs(seconds), paused);
            tasks::while_watching(home, &mut news, stay).await
        }
    };
    // Whoever cannot reach the relay needs to know most of all whom to call.
    let mut report = match report {
        Ok(report) => report,
        Err(error) => {
            // What came before the connection broke has come all the same.
            news.tell(home).await?;
            tasks::remark_overdue(home);
            return Err(error.into());
        }
    };
    sweep::compare_new(&home.engine).await?;
    let told = telling::advance_all(&home.engine).await? > 0;
    if tasks::look(home).await? || told {
        // What follows from a deadline, or from an owner's agreement, goes out at once.
        report = report.followed_by(session::run(&home.engine, &dialer, Stay::UntilCalm).await?);
    }
    let alike = matches::waiting(home)?;
    let waiting = records::pending_count(&home.engine.vault);
    let (held, doubtful) = (home.held_count().await?, doubts::undecided(&home.engine.vault)?);
    let recovery = recovering::of_own(home).await;
    let alarm = recovering::alarm(&recovery);
    let head = head::of(home).await?;
    let old = head::words(&head);
    let lines = news.lines(home).await?;
    let result = json!({
        "news": news.told(),
        "sent": report.sent,
        "received": report.received,
        "waiting": waiting,
        "held": held,
        "unproven": report.held,
        "doubtful": doubtful,
        "possible_matches": alike,
        "recovery": recovery,
        "head": head,
        "connected": true,
        "transport": dialer.name(),
    });
    print(home.json, result, |_| {
        let counts = [report.sent.to_string(), report.received.to_string(), waiting.to_string()];
        let gaps = [("sent", counts[0].as_str()), ("received", &counts[1]), ("waiting", &counts[2])];
        let counts = home.lang.fill("sync-counts", &gaps);
        [vec![counts], lines].concat().join("\n")
    });
    tasks::remark_open(home)?;
    capacity::remark_old(home)?;
    if !alarm.is_empty() && !home.json {
        remark(&alarm);
    }
    if !old.is_empty() && !home.json {
        remark(old.trim_start());
    }
    if !home.json {
        let caught = alarms::words(&alarms::of(home).await?);
        if !caught.is_empty() {
            remark(caught.trim_start());
        }
    }
    if held > 0 && !home.json {
        remark(&format!(
            "{held} packet(s) are held: the registrar has suspended their recipient. `causeway sent list` shows them; they go out once it is reinstated, or `causeway withdraw` takes them back."
        ));
    }
    if report.held > 0 && !home.json {
        remark(&format!(
            "{} packet(s) from others wait at the relay, because it withholds the part of the directory that proves their senders. Run `causeway sync` again. If they stay, ask a partner for `causeway directory export --out FILE` and compare it with `causeway directory evidence --out OUT --with FILE`; then call the registrar, not through the relay.",
            report.held
        ));
    }
    if alike > 0 && !home.json {
        remark(&matches::waiting_words(alike, home));
    }
    if doubtful > 0 && !home.json {
        remark(&format!(
            "{doubtful} packet(s) from others are in doubt: see `causeway inbox list`, and call their senders before you act on them."
        ));
    }
    let unopened = crate::unopened::count(&home.engine.vault);
    if unopened > 0 && !home.json {
        remark(&format!("{unopened} packet(s) from others could not be opened: see `causeway inbox list`."));
    }
    let failures = records::failed_count(&home.engine.vault);
    if failures > 0 && !home.json {
        remark(&format!(
            "{failures} packet(s) did not reach their recipient: see `causeway sent list`, and call by phone."
        ));
    }
    retention::after_sync(home).await
}
