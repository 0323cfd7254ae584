//! `causeway device history`.

use causeway_common::time::Timestamp;
use clap::Args;
use serde_json::json;

use super::listing::find;
use crate::cli::failure::{Failure, exit};
use crate::cli::home::Home;
use crate::cli::output::{print, remark};
use crate::engine::history::HistoryError;
use crate::session::{self, Stay};

#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// Its identifier, the beginning of one, or its name; see `causeway device list`.
    device: String,
    /// Only what came or went since then, for example 2026-05-04 or 2026-05-04T12:00:00Z.
    #[arg(long, value_name = "DATE")]
    since: Option<String>,
    /// Begin anew: after the device has been cleared for more, or has lost what it was given.
    #[arg(long)]
    again: bool,
}

pub(crate) async fn give(args: HistoryArgs, home: &Home) -> Result<(), Failure> {
    let since = args.since.as_deref().map_or(Ok(Timestamp(0)), since)?;
    let device = find(home, &args.device).await?;
    let mut history = home.engine.begin_history(device, since, args.again).await?;
    home.note("gave past referrals to a device").await?;
    let total = history.given() + history.left() as u64;
    let dialer = home.dialer().await?;
    while history.left() > 0 {
        let given = home.engine.give_next(&mut history).await?;
        if !home.json {
            remark(&format!("{} of {total} packets are on their way.", history.given()));
        }
        let report = session::run(&home.engine, &*dialer, Stay::UntilCalm).await?;
        if given == 0 && report.sent == 0 {
            // The outbox is full, and the relay takes nothing: what has been given is not lost.
            break;
        }
    }
    let result = json!({
        "device": device.to_string(),
        "given": history.given(),
        "left": history.left(),
        "total": total,
    });
    print(home.json, result, |v| match history.left() {
        0 => format!(
            "All {total} packets are sealed to the device {}. It gets them when it connects.",
            &args.device
        ),
        left => format!(
            "{} of {total} packets are given, {left} are left: run the command again once `causeway sync` has sent what waits.",
            v["given"]
        ),
    });
    Ok(())
}

/// A moment, or the beginning of a day (UTC).
fn since(text: &str) -> Result<Timestamp, Failure> {
    let moment = text.parse::<jiff::Timestamp>();
    let moment = moment.or_else(|_| format!("{text}T00:00:00Z").parse::<jiff::Timestamp>());
    let read = moment.ok().and_then(|moment| u64::try_from(moment.as_millisecond()).ok());
    read.map(Timestamp).ok_or_else(|| {
        Failure::invalid(
            format!("{text:?} is not a date. Nothing was given."),
            "For example: --since 2026-05-04, or --since 2026-05-04T12:00:00Z",
        )
    })
}

impl From<HistoryError> for Failure {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Engine(error) => error.into(),
            HistoryError::NotAdministrator => Self::new(
                "G-106",
                exit::REFUSED,
                "Only an administrator's device gives past referrals to another device; nothing was given.",
                "Run the command at your administrator's workstation.",
            ),
            HistoryError::UnknownDevice => Self::new(
                "C-107",
                exit::NOT_FOUND,
                "No other device of your organisation has this number; nothing was given.",
                "`causeway sync`, then look with `causeway device list`.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_and_what_is_no_date_is_refused() {
        assert_eq!(since("1970-01-02"), Ok(Timestamp(86_400_000)));
        assert_eq!(since("1970-01-01T00:00:01Z"), Ok(Timestamp(1_000)));
        assert_eq!(since("yesterday").unwrap_err().code, "C-105");
    }
}
