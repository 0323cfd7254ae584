//! `causeway registrar relay-key`, `causeway directory relay-key` and `causeway relay-key`: the relay changes its key.

use std::time::Duration;

use causeway_certs::directory::{Period, RelayKeys};
use causeway_certs::fingerprint;
use causeway_certs::keys::PublicKey;
use causeway_certs::relay_keys::{self as texts, Announcements, RelayKeyTextError};
use causeway_common::ids::Digest;
use causeway_common::time::Timestamp;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::failure::{Failure, exit};
use super::home::Home;
use super::output::{capital, print, text, time};
use crate::exclusion;
use crate::lang::Lang;
use crate::relay_keys::{self, AnnounceError, PassedOnError};

/// Time for everybody to hear of the new key: an organisation that is closed for two weeks is rare.
const OVERLAP: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// A change is told for so long.
const RECENT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

#[derive(Debug, Subcommand)]
pub(crate) enum RelayKeyCommand {
    /// Show the request of the relay's operator, to be compared before it is announced.
    Show {
        /// The request, all of it.
        request: String,
    },
    /// Announce the relay's next key, after comparing it. The relay changes to it by itself.
    Announce(AnnounceArgs),
    /// A text for whoever cannot reach the relay any more because it has another key.
    Text,
}

#[derive(Debug, Args)]
pub(crate) struct AnnounceArgs {
    /// The request, all of it.
    request: String,
    /// From when it is the relay's key, for example 2026-05-04T12:00:00Z; without it, in 14 days. Whoever does not sync until
    /// then needs `causeway relay-key`.
    #[arg(long, value_name = "TIME", conflicts_with = "compromised")]
    from: Option<String>,
    /// At once, because somebody else may have the present key: what that signs from now on counts nowhere.
    #[arg(long)]
    compromised: bool,
}

pub(crate) async fn run(command: RelayKeyCommand, home: &Home) -> Result<(), Failure> {
    match command {
        RelayKeyCommand::Show { request } => show(home, &request).await,
        RelayKeyCommand::Announce(args) => announce(home, &args).await,
        RelayKeyCommand::Text => pass_on(home).await,
    }
}

async fn keys(home: &Home) -> Result<RelayKeys, Failure> {
    let replica = home.engine.replica.lock().await;
    replica.relay_keys(&home.engine.identity).map_err(Failure::internal)
}

async fn show(home: &Home, request: &str) -> Result<(), Failure> {
    let present = keys(home).await?.in_force(home.engine.relay_now());
    let successor = texts::read_request(request, present.key)?;
    let mut result = value(successor.key.as_bytes(), texts::fingerprint(successor.key));
    result["by_present"] = successor.by_present.into();
    result["created"] = time(successor.created);
    print(home.json, result, |v| {
        let vouched = if successor.by_present {
            "The relay's present key vouches for it."
        } else {
            "NO KEY OF THE RELAY VOUCHES FOR IT: the operator says that the present one is lost or in other hands. Make sure in person who \
             asks; it can be announced with --compromised only."
        };
        format!(
            "The relay is to have a new key.\n    {}\n{vouched}\nOnly if the operator reads exactly this from their screen: causeway registrar \
             relay-key announce REQUEST",
            text(v, "fingerprint")
        )
    });
    Ok(())
}

fn value(key: &[u8; 32], hash: Digest) -> Value {
    json!({ "relay_key": hex::encode(key), "fingerprint": fingerprint::digits(hash) })
}

async fn announce(home: &Home, args: &AnnounceArgs) -> Result<(), Failure> {
    let now = home.engine.now();
    let from = match (&args.from, args.compromised) {
        (_, true) => None,
        (Some(text), false) => Some(future(text, now)?),
        (None, false) => Some(now.plus(OVERLAP)),
    };
    let present = keys(home).await?.in_force(home.engine.relay_now());
    let successor = texts::read_request(&args.request, present.key);
    let successor = match successor {
        // Announced before, and in force: asking again does no harm.
        Err(RelayKeyTextError::Unverified) => texts::read_request(&args.request, former(home).await?)?,
        read => read?,
    };
    if !successor.by_present && !args.compromised {
        return Err(Failure::new(
            "G-127",
            exit::REFUSED,
            "No key of the relay vouches for this one. Nothing was announced.",
            "Ask the operator to run `causeway-relay key prepare` on the relay itself. If its key is lost or in other hands, make sure in person who asks, then use --compromised.",
        ));
    }
    let link = exclusion::connect(&home.engine, &*home.dialer_to(Some(successor.key)).await?).await?;
    let announced = relay_keys::announce(&home.engine, &*link, successor.key, from).await;
    link.close(0);
    let period = announced?;
    home.note("announced the relay's next key").await?;
    let mut result = value(successor.key.as_bytes(), texts::fingerprint(successor.key));
    result["from"] = time(period.from);
    result["at_once"] = period.at_once.into();
    print(home.json, result, |v| {
        let away = "Whoever was away for all that time gets the text of `causeway registrar relay-key text`.";
        if period.at_once {
            format!(
                "The relay has its new key now, and the old one counts nowhere any more. Everybody hears of it at the next connection to the true relay. {away}"
            )
        } else {
            format!(
                "Announced: from {} on this is the relay's key. Everybody hears of it at the next `causeway sync`. {away}",
                text(v, "from")
            )
        }
    });
    Ok(())
}

/// The key before the present one; the present one if it is the first.
async fn former(home: &Home) -> Result<PublicKey, Failure> {
    let (keys, now) = (keys(home).await?, home.engine.relay_now());
    let present = keys.in_force(now);
    let before = keys.all().take_while(|period| *period != present).last();
    Ok(before.unwrap_or(present).key)
}

fn future(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let read = text.parse::<jiff::Timestamp>().ok();
    let from = read.and_then(|t| u64::try_from(t.as_millisecond()).ok()).map(Timestamp);
    from.filter(|from| *from > now).ok_or_else(|| {
        Failure::invalid(
            format!("{text:?} is no time to come. Nothing was announced."),
            "Write it like 2026-05-04T12:00:00Z; leave it out for 14 days from now.",
        )
    })
}

/// What anybody who reaches the relay gives to somebody who does not.
pub(crate) async fn pass_on(home: &Home) -> Result<(), Failure> {
    let announcements = Announcements::of(&home.engine.replica.lock().await.directory);
    if announcements.count() == 0 {
        return Err(Failure::no_directory());
    }
    let mut result = standing(home).await?;
    result["text"] = announcements.to_text().into();
    print(home.json, result, |v| {
        format!(
            "{}\n\nGive this to whoever is told that the relay is another one. It holds no secret, and nobody can change it unnoticed. There: causeway relay-key TEXT",
            text(v, "text")
        )
    });
    Ok(())
}

/// `causeway relay-key TEXT`.
pub(crate) async fn take(home: &Home, passed_on: &str) -> Result<(), Failure> {
    let keys = home.engine.take_announcements(passed_on).await?;
    home.note("took the announcements of the relay's key").await?;
    let period = keys.in_force(home.engine.now());
    let mut result = value(period.key.as_bytes(), texts::fingerprint(period.key));
    result["from"] = time(period.from);
    print(home.json, result, |v| {
        format!(
            "The registrar of your invite has signed this. The relay's key is:\n    {}\nNow: causeway sync",
            text(v, "fingerprint")
        )
    });
    Ok(())
}

/// The relay's key, and a change that is announced or has been made lately.
pub(crate) async fn standing(home: &Home) -> Result<Value, Failure> {
    let (keys, now) = (keys(home).await?, home.engine.relay_now());
    let present = keys.in_force(now);
    let recent = present.from.plus(RECENT) > now && present != keys.all().next().unwrap_or(present);
    let mut result = value(present.key.as_bytes(), texts::fingerprint(present.key));
    result["changed"] = if recent { time(present.from) } else { Value::Null };
    result["at_once"] = (recent && present.at_once).into();
    result["next"] = keys.announced(now).map_or(Value::Null, |next: Period| {
        let mut shown = value(next.key.as_bytes(), texts::fingerprint(next.key));
        shown["from"] = time(next.from);
        shown
    });
    Ok(result)
}

/// The same for people, on lines of its own; nothing where nothing changes.
pub(crate) fn words(standing: &Value, lang: Lang) -> String {
    let mut out = String::new();
    if !standing["next"].is_null() {
        let words = lang.fill("relay-key-next", &[("from", text(&standing["next"], "from"))]);
        out.push_str(&format!("\n{words}"));
    }
    if standing["at_once"] == true || !standing["changed"].is_null() {
        let id = if standing["at_once"] == true { "relay-key-at-once" } else { "relay-key-changed" };
        out.push_str(&format!("\n{}", lang.fill(id, &[("changed", text(standing, "changed"))])));
    }
    out
}

impl From<RelayKeyTextError> for Failure {
    fn from(error: RelayKeyTextError) -> Self {
        let message = format!("{}. Nothing was changed.", capital(&error.to_string()));
        match error {
            RelayKeyTextError::Mistyped => Self::new(
                "G-125",
                exit::INVALID,
                message,
                "Copy all of it, from `causeway:` to its last character.",
            ),
            _ => Self::new(
                "G-128",
                exit::INTEGRITY,
                message,
                "Do not use it. Ask the person who has given it to you, by another way; call the registrar, not through the relay.",
            ),
        }
    }
}

impl From<PassedOnError> for Failure {
    fn from(error: PassedOnError) -> Self {
        match error {
            PassedOnError::Text(error) => error.into(),
            PassedOnError::Engine(error) => error.into(),
            PassedOnError::Contradicts => Self::new(
                "G-128",
                exit::INTEGRITY,
                format!("{}. Nothing was changed.", capital(&error.to_string())),
                "Do not use it. Call the registrar, not through the relay.",
            ),
        }
    }
}

impl From<AnnounceError> for Failure {
    fn from(error: AnnounceError) -> Self {
        match error {
            AnnounceError::Session(session) => session.into(),
            AnnounceError::NotThere => Self::new(
                "G-137",
                exit::REFUSED,
                "The relay does not have this key, and would lock everybody out with it. Nothing was announced.",
                "Ask the operator to run `causeway-relay key prepare` on the relay that runs now, and for its request.",
            ),
            AnnounceError::ClockAhead => Self::new(
                "G-147",
                exit::REFUSED,
                "This machine's clock is hours ahead of the relay's. Nothing was announced.",
                "Set the clock right and run the command again; if it is right, the relay's is not: tell its operator.",
            ),
            AnnounceError::Before => Self::new(
                "G-157",
                exit::REFUSED,
                "The relay has had this key before. Nothing was announced.",
                "Ask the operator for a new one: `causeway-relay key prepare --anew`.",
            ),
        }
    }
}
