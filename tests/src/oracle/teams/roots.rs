//! Nobody is locked out: of every organisation somebody has its roots, and an administrator's device is there.

use std::collections::BTreeSet;

use causeway_client::recovery::sheet::name;
use causeway_common::ids::OrgId;

use super::super::Rule;
use super::{Court, Found};

/// Under which the erasable key store keeps a root, followed by its name.
const HELD: &[u8] = b"root";

impl Court<'_> {
    /// The root and the next of every organisation are on paper, or on a device that is there, whose key store was not lost with
    /// its disk.
    pub(super) async fn roots(&self) -> Found {
        let mut found = Vec::new();
        let orgs: BTreeSet<OrgId> = self.seats.iter().map(|seat| seat.org).collect();
        for org in orgs {
            let Some(known) = self.seats[self.longest].replica.directory.organisation(org) else { continue };
            let there: Vec<_> =
                self.seats.iter().filter(|seat| seat.org == org && self.is_listed(seat)).collect();
            let names: Vec<&str> = there.iter().map(|seat| seat.name()).collect();
            if !there.iter().any(|seat| seat.witness.identity.is_administrator(known)) {
                found.push((Rule::LockedOut, format!("{names:?} have no administrator")));
            }
            for root in [name(known.root), known.next_root] {
                let mut is_held = self.scenario.sheets.contains(&root);
                for seat in self.seats.iter().filter(|seat| seat.org == org) {
                    let held = seat.witness.vault.eks_get(&[HELD, &root.0[..]].concat()).await;
                    is_held |= held.is_some() || seat.is_restored();
                }
                if !is_held {
                    found.push((Rule::LockedOut, format!("nobody of {names:?} has root {}", root.short())));
                }
            }
        }
        found
    }
}
