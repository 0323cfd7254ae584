//! A world after its end: what stands on the disks, and what the oracle says of it.

use std::sync::Arc;

use causeway_common::ids::Digest;
use causeway_common::store::Kv;

use super::super::disk::Disk;
use super::super::hosts::{RELAY_NAME, RelayHost};
use super::super::office::Office;
use super::super::people::CANARY;
use super::super::plan::Plan;
use crate::oracle::{self, Broken, Promise, Rule, Scenario, Witness};

/// Failures that honest clocks never cause and wild ones may.
const CLOCK_FAILURES: [&str; 2] = ["expired", "clock_skew"];

/// Failures of packets whose recipient was away for days.
const DAYS_FAILURES: [&str; 3] = ["expired", "clock_skew", "no-word"];

/// What stands on the disks.
#[derive(Debug)]
pub struct Remains {
    relay: RelayHost,
    offices: Vec<Arc<Office>>,
    promises: Vec<Promise>,
}

impl Remains {
    pub(super) fn new(relay: RelayHost, offices: Vec<Arc<Office>>) -> Self {
        let promises = offices.iter().flat_map(|office| office.promises()).collect();
        Self { relay, offices, promises }
    }

    /// The devices, opened from their disks. Those that never had a home are left out, and the registrar.
    async fn witnesses(&self) -> Result<Vec<Witness>, String> {
        let mut witnesses = Vec::new();
        for office in self.offices.iter().filter(|office| office.part.org.is_some()) {
            let name = office.part.name.to_owned();
            if super::super::hosts::lock(&office.key).is_none() {
                continue;
            }
            let engine = office.open(u64::MAX).await.map_err(|e| format!("{name} does not open: {e}"))?;
            let (identity, vault) = (engine.identity.clone(), engine.vault.clone());
            let (presence, lives) = (office.presence(), office.lives());
            witnesses.push(Witness { name, identity, vault, presence, lives });
        }
        Ok(witnesses)
    }

    /// What was promised.
    pub fn promises(&self) -> &[Promise] {
        &self.promises
    }

    pub(super) fn disks(&self) -> impl Iterator<Item = &Disk> {
        std::iter::once(&self.relay.disk).chain(self.offices.iter().map(|office| &office.disk))
    }

    pub(super) fn judge(&self, plan: &Plan, healed: bool) -> Vec<Broken> {
        let damaged = |what: String| vec![Broken { rule: Rule::Damaged, what }];
        if let Err(error) = self.relay.open() {
            return damaged(format!("the relay does not open: {error}"));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            match self.witnesses().await {
                Ok(witnesses) => self.ask(&witnesses, plan, healed).await,
                Err(what) => damaged(what),
            }
        })
    }

    async fn ask(&self, witnesses: &[Witness], plan: &Plan, healed: bool) -> Vec<Broken> {
        let names = std::iter::once(RELAY_NAME).chain(plan.cast.iter().map(|part| part.name));
        let sealed: Vec<(&str, &dyn Kv)> =
            names.zip(self.disks()).map(|(name, disk)| (name, disk as _)).collect();
        let failures: &[&str] = match (plan.wild_clocks, plan.passes) {
            (true, _) => &CLOCK_FAILURES,
            (_, true) => &DAYS_FAILURES,
            _ => &[],
        };
        let sheets: Vec<Digest> =
            super::super::hosts::lock(&self.relay.common.sheets).keys().copied().collect();
        let scenario = Scenario {
            sealed: &sealed,
            witnesses,
            promises: &self.promises,
            canaries: &[CANARY],
            healed,
            failures,
            noted: &self.relay.disk.noted(),
            relay_restored: self.relay.is_restored(),
            fresh: plan.fresh,
            sheets: &sheets,
        };
        if plan.has_teams() { oracle::teams::judge(&scenario).await } else { oracle::judge(&scenario).await }
    }
}
