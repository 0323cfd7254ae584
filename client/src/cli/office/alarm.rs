//! `causeway alarm snooze`: the sound of this workstation is silent for some minutes, under somebody's number.

use causeway_common::time::Timestamp;
use clap::Subcommand;
use serde_json::json;

use super::super::failure::Failure;
use super::super::home::Home;
use super::super::output::{print, time};
use super::author;
use crate::office::duty::{self, SNOOZE, Snooze};
use crate::records;
use crate::vault::Changes;

#[derive(Debug, Subcommand)]
pub(crate) enum AlarmCommand {
    /// Silence it for five minutes. What waits goes on waiting, and what comes meanwhile sounds.
    Snooze {
        /// Your number; otherwise that of whoever sits here. Without one nothing is silenced.
        #[arg(long, value_name = "NO")]
        staff: Option<String>,
    },
}

pub(crate) async fn run(command: AlarmCommand, home: &Home) -> Result<(), Failure> {
    let AlarmCommand::Snooze { staff } = command;
    let by = author(home, staff.as_deref())?;
    if by.is_empty() {
        return Err(Failure::wrong("fail-office-no-me", &[]));
    }
    let snooze = Snooze { by: by.clone(), until: home.engine.now().plus(SNOOZE), seen: newest_urgent(home)? };
    let mut changes = Changes::default();
    duty::put_snooze(&mut changes, &snooze);
    home.engine.commit(changes).await?;
    home.note("silenced the alarm").await?;
    print(home.json, json!({ "by": by, "until": time(snooze.until) }), |_| {
        home.lang.fill("alarm-snoozed", &[("by", &by)])
    });
    Ok(())
}

/// When the last urgent referral came that nobody has answered.
pub(crate) fn newest_urgent(home: &Home) -> Result<Timestamp, Failure> {
    let catalogue = records::catalogue(&home.engine.vault)?;
    let urgent = catalogue.lines().filter(|line| line.sounds()).map(|line| line.begun);
    Ok(urgent.max().unwrap_or(Timestamp(0)))
}
