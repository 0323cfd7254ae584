//! What the desktop announces: that an urgent referral has come, and from which organisation. Never a person, never a word of what
//! stands in it: it is seen on a locked screen, too.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use causeway_common::ids::OrgId;
use notify_rust::{Notification, Urgency};

use crate::cli::failure::Failure;
use crate::cli::home::Home;
use crate::cli::output::harmless;
use crate::lang::Lang;
use crate::records::{self, RecordError};
use crate::vault::CaseName;

/// What comes together is announced together.
const CALM: Duration = Duration::from_millis(300);
/// A desktop that does not answer within this time is none.
const PATIENCE: Duration = Duration::from_secs(5);
/// The program's name to the desktop.
const PROGRAM: &str = "Causeway";

/// How it is announced.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Notices {
    pub(crate) lang: Lang,
    /// The organisation is left out.
    pub(crate) hide_organisation: bool,
}

impl Notices {
    /// Announces what comes from now on, each referral once, for as long as it is let.
    ///
    /// # Errors
    /// The home does not read.
    pub(crate) fn tell(self, home: Home) -> Result<impl Future<Output = ()>, Failure> {
        let mut known: HashSet<CaseName> = urgent(&home)?.into_iter().map(|(case, _)| case).collect();
        let mut commits = home.engine.vault.watch();
        Ok(async move {
            while commits.changed().await.is_ok() {
                tokio::time::sleep(CALM).await;
                commits.mark_unchanged();
                // What does not read now is said where somebody looks at it.
                let Ok(urgent) = urgent(&home) else { continue };
                for words in self.words(fresh(urgent, &mut known), &home).await {
                    show(&words).await;
                }
            }
        })
    }

    /// One line for each organisation.
    async fn words(self, fresh: BTreeMap<OrgId, usize>, home: &Home) -> Vec<String> {
        if self.hide_organisation {
            let all: usize = fresh.values().sum();
            return (all > 0).then(|| self.lang.count("notice-urgent", all)).into_iter().collect();
        }
        let mut lines = Vec::new();
        for (org, count) in fresh {
            let name = harmless(&home.name_of(org).await);
            lines.push(self.lang.count_with("notice-urgent-from", count, &[("org", &name)]));
        }
        lines
    }
}

/// Urgent referrals of others that nobody has answered, and who sent each.
fn urgent(home: &Home) -> Result<Vec<(CaseName, OrgId)>, RecordError> {
    let catalogue = records::catalogue(&home.engine.vault)?;
    Ok(catalogue.open().filter(|line| line.sounds()).map(|line| (line.case, line.peer)).collect())
}

/// How many of them are not known yet, by organisation. They are from now on.
fn fresh(urgent: Vec<(CaseName, OrgId)>, known: &mut HashSet<CaseName>) -> BTreeMap<OrgId, usize> {
    let mut fresh = BTreeMap::new();
    for (_, peer) in urgent.into_iter().filter(|(case, _)| known.insert(*case)) {
        *fresh.entry(peer).or_default() += 1;
    }
    fresh
}

/// Shows a line on the desktop; without one it is a line of the log.
async fn show(words: &str) {
    let mut notice = Notification::new();
    notice.appname(PROGRAM).summary(PROGRAM).body(words).urgency(Urgency::Critical);
    match tokio::time::timeout(PATIENCE, notice.show_async()).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::info!("the desktop announces nothing: {error}"),
        Err(_) => tracing::info!("the desktop does not answer"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_referral_is_announced_once() {
        let by = |(case, peer)| ([case; 32], OrgId([peer; 32]));
        let mut known = HashSet::from([[1; 32]]);
        let found = fresh([(1, 9), (2, 9), (3, 8), (4, 9)].map(by).to_vec(), &mut known);
        assert_eq!(found, BTreeMap::from([(OrgId([8; 32]), 1), (OrgId([9; 32]), 2)]));
        assert!(fresh([(1, 9), (4, 9)].map(by).to_vec(), &mut known).is_empty());
    }
}
