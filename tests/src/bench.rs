//! Benchmarks. Each measures its own floor in the same run, on the same disk and the same processors, so that a ratio can be
//! judged on any machine.
//!
//! The relay and, where memory is measured, the devices are processes of their own: the program starts itself again in
//! one of the [`roles`]. Figures are medians; on a busy machine ratios mean more than rates.

use std::path::PathBuf;
use std::str::FromStr;

mod attachment;
mod casebook;
mod directory;
mod grown;
mod idle;
mod jetstream;
mod latency;
mod mailbox;
mod matching;
mod measure;
mod pages;
mod report;
mod roles;
mod sealing;
mod searching;
mod submit;
mod town;

pub use self::report::{Outcome, Target};

/// How to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// This program, which starts itself again as a relay or a device. Data stands beside it while a family runs: it
    /// is on a real drive where a temporary folder may be in memory.
    pub program: PathBuf,
    /// Small counts: shows that everything works, and says nothing about speed.
    pub quick: bool,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Family {
    /// Durable submissions beside the store alone, and beside another durable queue.
    Submit,
    /// An alarm from its sender's outbox into its recipient's vault.
    Latency,
    /// The relay's memory for devices that are connected and silent.
    Idle,
    /// A large attachment at all three parties.
    Attachment,
    /// A mailbox that is empty, full, and very full.
    Mailbox,
    /// The directory at a first start, and what it gains later.
    Directory,
    /// One packet for few devices and for many.
    Sealing,
    /// Searching many referrals.
    Searching,
    /// A new report compared with everybody who is known.
    Matching,
    /// A vault with many cases.
    Casebook,
    /// The staff's pages of a workstation with many cases.
    Pages,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Submit,
        Self::Latency,
        Self::Idle,
        Self::Attachment,
        Self::Mailbox,
        Self::Directory,
        Self::Sealing,
        Self::Searching,
        Self::Matching,
        Self::Casebook,
        Self::Pages,
    ];

    /// Its name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Latency => "latency",
            Self::Idle => "idle",
            Self::Attachment => "attachment",
            Self::Mailbox => "mailbox",
            Self::Directory => "directory",
            Self::Sealing => "sealing",
            Self::Searching => "searching",
            Self::Matching => "matching",
            Self::Casebook => "casebook",
            Self::Pages => "pages",
        }
    }
}

impl FromStr for Family {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|family| family.name() == name);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("there is no {name:?}; the families are {names}, the flags --json and --quick")
        })
    }
}

/// Runs one family.
///
/// # Panics
/// When something does not work, or a count is not what it should be.
pub async fn run(plan: &Plan, family: Family) -> Outcome {
    match family {
        Family::Submit => submit::run(plan).await,
        Family::Latency => latency::run(plan).await,
        Family::Idle => idle::run(plan).await,
        Family::Attachment => attachment::run(plan).await,
        Family::Mailbox => mailbox::run(plan).await,
        Family::Directory => directory::run(plan).await,
        Family::Sealing => sealing::run(plan),
        Family::Searching => searching::run(plan),
        Family::Matching => matching::run(plan),
        Family::Casebook => casebook::run(plan).await,
        Family::Pages => pages::run(plan).await,
    }
}

/// Runs families one after the other and prints what they come to, then a summary. Gives whether all targets hold; small
/// counts judge nothing.
///
/// # Panics
/// As [`run`].
pub fn run_all(plan: &Plan, families: &[Family], json: bool) -> bool {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut outcomes = Vec::new();
    for family in families {
        let outcome = runtime.block_on(run(plan, *family));
        report::print(&outcome, plan.quick, json);
        outcomes.push(outcome);
    }
    report::print_summary(&outcomes, plan.quick, json);
    plan.quick || outcomes.iter().all(Outcome::holds)
}

/// Acts as one of the processes that a family starts.
///
/// # Panics
/// When the role does not exist, or something in it fails.
pub fn play(words: &[String]) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(roles::play(words));
}
