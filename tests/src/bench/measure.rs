//! Medians, memory, and what the machine does without us.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use causeway_common::store::{Kv, StoreError, Txn, transact};
use tokio::time::Instant;

/// What a durable write of a floor carries.
const FLOOR_BYTES: usize = 2_048;

/// Durations of the same thing done again and again.
#[derive(Debug, Default)]
pub(super) struct Samples(Vec<Duration>);

impl Samples {
    pub(super) fn push(&mut self, sample: Duration) {
        self.0.push(sample);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn median_ms(&self) -> f64 {
        self.quantile_ms(0.5)
    }

    /// The sample that `part` of all are not longer than.
    pub(super) fn quantile_ms(&self, part: f64) -> f64 {
        let values: Vec<f64> = self.0.iter().map(|sample| sample.as_secs_f64() * 1e3).collect();
        quantile(values, part)
    }
}

impl Extend<Duration> for Samples {
    fn extend<T: IntoIterator<Item = Duration>>(&mut self, samples: T) {
        self.0.extend(samples);
    }
}

pub(super) fn median(values: Vec<f64>) -> f64 {
    quantile(values, 0.5)
}

/// For what is measured in steps that are not small: their errors even out.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index into few values")]
fn quantile(mut values: Vec<f64>, part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let index = (values.len().saturating_sub(1) as f64 * part).round() as usize;
    values.get(index).copied().unwrap_or(f64::NAN)
}

/// A durable transaction with nobody else to share its sync.
pub(super) async fn store_sync(kv: &dyn Kv, number: usize) -> Duration {
    let begun = Instant::now();
    let write = move |txn: &mut dyn Txn| {
        txn.put(&number.to_be_bytes(), &[7; FLOOR_BYTES]);
        Ok::<_, StoreError>(())
    };
    transact(kv, write).await.unwrap().unwrap();
    begun.elapsed()
}

/// Bare appends to a file, each synced.
pub(super) fn bare_syncs(folder: &Path, count: usize) -> Samples {
    let mut file = fs::File::create(folder.join("bare")).unwrap();
    let mut samples = Samples::default();
    for _ in 0..count {
        let begun = Instant::now();
        file.write_all(&[7; FLOOR_BYTES]).unwrap();
        file.sync_data().unwrap();
        samples.push(begun.elapsed());
    }
    samples
}

/// Memory of a process, in KiB.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    pub(super) resident: f64,
    /// The most since the last [`forget_peak`].
    pub(super) peak: f64,
}

/// Memory of a process by its number, or `self`.
pub(super) fn memory(process: &str) -> Memory {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    Memory { resident: field("VmRSS:"), peak: field("VmHWM:") }
}

/// Milliseconds of processor time that this process has used in all of its threads, to 10 ms.
pub(super) fn processor_ms() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    // The second field is a name in brackets; user and system time are the 14th and 15th, in hundredths of a second.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11..13].iter().map(|field| field.parse::<f64>().unwrap()).sum();
    ticks * 10.0
}

/// Lets the peak begin again at what is in use now.
pub(super) fn forget_peak(process: &str) {
    fs::write(format!("/proc/{process}/clear_refs"), "5").unwrap();
}
