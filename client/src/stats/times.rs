//! How long the stages of referrals take. Neither a time nor a share is given for fewer than [`super::FEW`] referrals, and never of how
//! many they are.

use std::collections::BTreeMap;
use std::time::Duration;

use causeway_common::time::Timestamp;

use super::counts::{Axis, Label};
use super::facts::Facts;
use super::flows::kind;
use super::sheet::{Cell, Sheet};
use super::{FEW, Table};
use crate::casebook::Case;
use crate::model::Event;
use crate::referral::deadlines::{Deadlines, deadlines};

/// Shares are rounded to this many per cent: one late referral among eleven is nobody's business.
const ROUNDED: u64 = 5;

/// Stages in their order, each with what ends it and how long it may take.
pub(super) const STAGES: [&str; 4] = ["delivered", "seen", "answered", "started"];

#[derive(Default)]
struct Taken {
    minutes: Vec<u64>,
    in_time: u64,
}

/// Median minutes and share within the deadline, by kind and stage. Without anybody's calendar: days are days.
pub(super) fn sheet(cases: &[&Facts]) -> Sheet {
    let mut taken: BTreeMap<(Label, usize), Taken> = BTreeMap::new();
    for case in cases {
        for (stage, time) in case.stages.iter().enumerate() {
            let Some((minutes, in_time)) = time else { continue };
            let all = taken.entry((kind(case), stage)).or_default();
            all.minutes.push(*minutes);
            all.in_time += u64::from(*in_time);
        }
    }
    let mut rows: Vec<Label> = taken.keys().map(|(kind, _)| kind.clone()).collect();
    rows.dedup();
    let columns = STAGES.iter().flat_map(|stage| {
        [format!("{stage}_median"), format!("{stage}_in_time")].map(|code| Label::new(Axis::Code, code))
    });
    let row = |kind: &Label| {
        let stage = |n: usize| cells(taken.get(&(kind.clone(), n)));
        (0..STAGES.len()).flat_map(stage).collect()
    };
    let cells = rows.iter().map(row).collect();
    Sheet { table: Table::Times, columns: columns.collect(), cells, rows, totals: false, withheld: false }
}

fn cells(taken: Option<&Taken>) -> [Cell; 2] {
    let count = taken.map_or(0, |taken| u64::try_from(taken.minutes.len()).unwrap_or(u64::MAX));
    let Some(taken) = taken.filter(|_| count >= FEW) else { return [Cell::Few(FEW), Cell::Few(FEW)] };
    let mut minutes = taken.minutes.clone();
    minutes.sort_unstable();
    let median = minutes.get(minutes.len() / 2).copied().unwrap_or(0);
    let share = taken.in_time * 100 / count;
    [Cell::Minutes(median), Cell::Percent((share + ROUNDED / 2) / ROUNDED * ROUNDED)]
}

fn allowed(table: &Deadlines, stage: usize) -> Duration {
    [table.delivered, table.seen, table.answered, table.started].get(stage).copied().unwrap_or(Duration::MAX)
}

/// The minutes of each stage that is over, and whether it was in time.
pub(super) fn stages(case: &Case) -> [Option<(u64, bool)>; STAGES.len()] {
    let table = deadlines(case.thread.priority);
    let mut times = [None; STAGES.len()];
    for (stage, (place, time)) in times.iter_mut().zip(lengths(case)).enumerate() {
        *place = time.map(|time| (time.as_secs() / 60, time <= allowed(&table, stage)));
    }
    times
}

fn lengths(case: &Case) -> [Option<Duration>; STAGES.len()] {
    let event = |words: &[&str]| {
        let fits =
            |event: &&Event| words.contains(&event.what.as_str()) && !event.conflict && !event.taken_back;
        case.thread.events.iter().find(fits).map(|event| event.at)
    };
    let sent = Some(case.thread.begun);
    // What has come to us was delivered when it began here.
    let delivered = event(&["delivered"]).or_else(|| sent.filter(|_| !case.thread.ours));
    let (seen, answered) = (event(&["opened"]), event(&["accept", "decline", "info_request"]));
    let between = |from: Option<Timestamp>, to: Option<Timestamp>| Some(to?.since(from?));
    [
        between(sent, delivered.filter(|_| case.thread.ours)),
        between(delivered, seen),
        between(delivered, answered),
        between(event(&["accept"]), event(&["start"])),
    ]
}
