//! `causeway join` and `causeway sync`.

use std::sync::Arc;
use std::time::Duration;

use causeway_certs::keys::PublicKey;
use causeway_certs::transport::{BoxFuture, Dialer, Link, LinkError};
use causeway_certs::{fingerprint, invite};
use causeway_common::time::{Clock as _, SystemClock};
use clap::Args;
use serde_json::json;
use tokio::sync::watch;

use super::capacity;
use super::failure::{Failure, exit, link_words};
use super::head;
use super::home::{Home, ProtectionArgs};
use super::output::{number, print, remark, text};
use super::recovery::standing as recovering;
use super::retention;
use super::{Global, alarms, joining, matches, tasks};
use crate::daemon::connection::Connection;
use crate::doubts;
use crate::identity::Identity;
use crate::lang::Lang;
use crate::matching::{sweep, telling};
use crate::membership;
use crate::reconnect;
use crate::records;
use crate::session::{self, Report, SessionError, Stay};

mod kept;
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
        let next = home.lang.text(if admitted { "join-admitted" } else { "join-pending" });
        let digits = home.lang.fill("join-fingerprint", &[("digits", text(v, "fingerprint"))]);
        format!("{}\n{digits}\n{next}", text(v, "name"))
    });
    Ok(())
}

/// The home of this invite: a new one, or the one that an interrupted join has left. The relay gives the same answer
/// again.
async fn begin(args: &JoinArgs, global: &Global) -> Result<Home, Failure> {
    let (signed, read) = invite::from_text(&args.invite)?;
    if signed.signature.is_empty() {
        return Err(Failure::wrong("fail-claim-code", &[]));
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
fn paused(pause: Duration, error: Option<&SessionError>, lang: Lang) {
    let seconds = format!("{:.1}", pause.as_secs_f64());
    let words = match error {
        None => lang.fill("sync-restarting", &[("seconds", &seconds)]),
        Some(error) => {
            let why = match error {
                SessionError::Link(link) => link_words(link, lang),
                other => other.to_string(),
            };
            lang.fill("sync-no-connection", &[("why", &why), ("seconds", &seconds)])
        }
    };
    remark(&words);
}

/// Says on standard error that the connection stands, if somebody is going to wait on it.
#[derive(Debug)]
struct Announcing {
    dialer: Box<dyn Dialer>,
    seconds: u64,
    lang: Lang,
}

impl Dialer for Announcing {
    fn dial(&self) -> BoxFuture<'_, Result<Arc<dyn Link>, LinkError>> {
        Box::pin(async move {
            let link = self.dialer.dial().await?;
            if self.seconds > 0 {
                let seconds = [("seconds", &*self.seconds.to_string())];
                remark(&self.lang.fill("sync-connected", &seconds));
            }
            Ok(link)
        })
    }

    fn name(&self) -> &'static str {
        self.dialer.name()
    }
}

/// How what waits reaches the relay.
enum Way {
    /// Over a connection of this command.
    Dialled(Announcing),
    /// Over the one that the daemon keeps.
    Kept(watch::Receiver<Connection>),
}

impl Way {
    async fn of(home: &Home, seconds: u64) -> Result<Self, Failure> {
        Ok(match &home.kept {
            Some(connection) => Self::Kept(connection.clone()),
            None => Self::Dialled(Announcing { dialer: home.dialer().await?, seconds, lang: home.lang }),
        })
    }

    async fn until_calm(&self, home: &Home) -> Result<Report, Failure> {
        match self {
            Self::Dialled(dialer) => Ok(session::run(&home.engine, dialer, Stay::UntilCalm).await?),
            Self::Kept(connection) => kept::sync(home, connection.clone(), 0).await,
        }
    }

    async fn stay(&self, home: &Home, seconds: u64) -> Result<Report, Failure> {
        match self {
            Self::Dialled(dialer) => {
                let paused = |pause, error: Option<&SessionError>| paused(pause, error, home.lang);
                let time = Duration::from_secs(seconds);
                Ok(reconnect::stay(&home.engine, dialer, time, paused).await?)
            }
            Self::Kept(connection) => kept::sync(home, connection.clone(), seconds).await,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Dialled(dialer) => dialer.name(),
            // Whatever it keeps is made by [`Home::dialer`], too.
            Self::Kept(_) => "quic",
        }
    }
}

pub(crate) async fn sync(args: SyncArgs, home: &Home) -> Result<(), Failure> {
    let mut news = Known::read(home)?;
    let way = Way::of(home, args.wait).await?;
    let report = match args.wait {
        0 => way.until_calm(home).await,
        seconds => tasks::while_watching(home, &mut news, way.stay(home, seconds)).await,
    };
    // Whoever cannot reach the relay needs to know most of all whom to call.
    let mut report = match report {
        Ok(report) => report,
        Err(error) => {
            // What came before the connection broke has come all the same.
            news.tell(home).await?;
            tasks::remark_overdue(home);
            return Err(error);
        }
    };
    sweep::compare_new(&home.engine).await?;
    let told = telling::advance_all(&home.engine).await? > 0;
    if tasks::look(home).await? || told {
        // What follows from a deadline, or from an owner's agreement, goes out at once.
        report = report.followed_by(way.until_calm(home).await?);
    }
    let alike = matches::waiting(home)?;
    let waiting = records::pending_count(&home.engine.vault);
    let (held, doubtful) = (home.held_count().await?, doubts::undecided(&home.engine.vault)?);
    let recovery = recovering::of_own(home).await;
    let alarm = recovering::alarm(&recovery, home.lang);
    let head = head::of(home).await?;
    let old = head::words(&head, home.lang);
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
        "transport": way.name(),
    });
    print(home.json, result, |_| {
        let counts = [report.sent.to_string(), report.received.to_string(), waiting.to_string()];
        let gaps = [("sent", counts[0].as_str()), ("received", &counts[1]), ("waiting", &counts[2])];
        let counts = home.lang.fill("sync-counts", &gaps);
        [vec![counts], lines].concat().join("\n")
    });
    tasks::remark_open(home)?;
    capacity::remark_old(home)?;
    if !home.json {
        let caught = alarms::words(&alarms::of(home).await?, home.lang);
        let warnings = [alarm, old, caught];
        warnings.iter().filter(|words| !words.is_empty()).for_each(|words| remark(words.trim_start()));
        let remarks = [
            ("sync-held", held),
            ("sync-unproven", number(report.held)),
            ("sync-doubtful", doubtful),
            ("sync-unopened", crate::unopened::count(&home.engine.vault)),
            ("sync-failed", records::failed_count(&home.engine.vault)),
        ];
        for (id, count) in remarks.into_iter().filter(|(_, count)| *count > 0) {
            remark(&home.lang.count(id, count));
        }
        if alike > 0 {
            remark(&matches::waiting_words(alike, home));
        }
    }
    retention::after_sync(home).await
}
