//! A new report compared with everybody who is known: what the index saves, and what it takes.

use std::convert::Infallible;

use causeway_client::matching::index::{Index, keys};
use causeway_client::matching::person::{Lexicon, Person, people};
use causeway_client::matching::score::{Memo, WEIGHTS, compare};
use tokio::time::Instant;

use super::Plan;
use super::measure::{Samples, memory};
use super::report::{Outcome, Target};
use crate::people as invented;

/// Alerts that are compared.
const ALERTS: usize = 500;
/// Of them, how many are compared with everybody, to see what that takes.
const WITH_EVERYBODY: usize = 10;

pub(super) fn run(plan: &Plan) -> Outcome {
    let size = if plan.quick { 2_000 } else { 100_000 };
    let mut outcome = Outcome::new("matching");
    let set = invented::draw(7, size);
    let before = memory("self").resident;
    let (mut index, mut lexicon) = (Index::default(), Lexicon::default());
    let begun = Instant::now();
    for (number, report) in set.reports.iter().enumerate() {
        index.enter(u32::try_from(number).unwrap(), &keys(&people(report, &mut lexicon)));
    }
    let built = begun.elapsed();
    let after = memory("self").resident;
    let known: Vec<Vec<Person>> = set.reports.iter().map(|report| people(report, &mut lexicon)).collect();
    let read = |owner: u32| Ok::<_, Infallible>(known.get(owner as usize).map(Vec::as_slice));
    let mut alone = Samples::default();
    let mut candidates = 0;
    let alerts: Vec<Person> =
        set.alerts.iter().take(ALERTS).flat_map(|(alert, _)| people(alert, &mut lexicon)).collect();
    for alert in &alerts {
        let begun = Instant::now();
        let hits = index.find(alert, &WEIGHTS, read).unwrap().len();
        alone.push(begun.elapsed());
        assert!(hits <= size);
        candidates += index.candidates(alert).len();
    }
    let everybody = with_everybody(&known, &alerts);
    outcome.count("people", known.iter().map(Vec::len).sum());
    outcome.count("alerts", alerts.len());
    outcome.floor("with_everybody_ms", everybody);
    outcome.measured("index_built_ms", built.as_secs_f64() * 1e3);
    outcome.measured("kib_per_person", (after - before).max(1.0) / size as f64);
    outcome.measured("candidates_per_alert", candidates as f64 / alerts.len() as f64);
    outcome.measured("alert_ms", alone.median_ms());
    outcome.measured("alert_ms_99", alone.quantile_ms(0.99));
    outcome.targets.push(Target::at_most("alert_ms_99_of_100000", alone.quantile_ms(0.99), 50.0));
    outcome.targets.push(Target::at_most("index_to_everybody", alone.median_ms() / everybody, 0.1));
    outcome.note("invented people, half of them seen again; one alert compared with all reports, in memory");
    outcome
}

/// Median milliseconds of an alert that is compared with everybody.
fn with_everybody(known: &[Vec<Person>], alerts: &[Person]) -> f64 {
    let mut samples = Samples::default();
    for alert in alerts.iter().take(WITH_EVERYBODY) {
        let mut memo = Memo::default();
        let begun = Instant::now();
        let shown = known
            .iter()
            .flatten()
            .filter(|other| compare(alert, other, &WEIGHTS, &mut memo).class(&WEIGHTS).is_some());
        assert!(shown.count() < usize::MAX);
        samples.push(begun.elapsed());
    }
    samples.median_ms()
}
