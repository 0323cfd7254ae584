//! What stays of a case that was erased, so that it still counts: its [`Facts`] and nothing else (dictionary 2.9: the
//! statistical part without limit).

use std::collections::{BTreeSet, HashMap};

use causeway_common::ids::OrgId;

use super::facts::{Facts, Tag, tag};
use crate::calls;
use crate::casebook::Case;
use crate::records::{self, RecordError};
use crate::vault::{CaseName, Changes, Tree, Vault};

/// Before the tag of the case; the number is that of the layout of [`Facts`].
const FACTS: &[u8] = b"f1";

fn key(case: &Tag) -> Vec<u8> {
    [FACTS, case].concat()
}

/// Keeps what is counted of a case, beyond its key.
pub(crate) fn put(changes: &mut Changes, facts: &Facts) {
    records::write(changes, Tree::Retention, &key(&facts.case), facts);
}

/// Whether something of this case, or call, is kept.
pub fn is_kept(vault: &Vault, case: &CaseName) -> bool {
    vault.holds(Tree::Retention, &key(&tag(case)))
}

/// Everything that is counted: what is here, and what is left of what was.
pub struct Counted {
    pub(super) facts: Vec<Facts>,
    /// For the first packet of what came of a call, the call.
    pub(super) calls: HashMap<Tag, Tag>,
    pub(super) partners: HashMap<OrgId, String>,
}
no_content_in_debug!(Counted);

impl Counted {
    /// Of this home. A case that is here again after a restoration counts once, as it is now.
    pub fn of(vault: &Vault) -> Result<Self, RecordError> {
        let mut facts: Vec<Facts> = calls::all(vault)?.iter().map(Facts::of_call).collect();
        for case in Case::each(vault) {
            facts.push(Facts::of(&case?));
        }
        let here: BTreeSet<Tag> = facts.iter().map(|facts| facts.case).collect();
        for id in records::ids_with_prefix(vault, Tree::Retention, FACTS) {
            let left: Option<Facts> = records::read(vault, Tree::Retention, &id)?;
            facts.extend(left.filter(|left| !here.contains(&left.case)));
        }
        Ok(Self::new(facts))
    }

    /// Calls come first: what came of one counts with it. Then in an order that erasing does not change, so that of what went to
    /// several the same one counts afterwards.
    pub(super) fn new(mut facts: Vec<Facts>) -> Self {
        facts.sort_by_key(|facts| (!facts.stays_here, facts.case));
        let came_of = |call: &Facts| call.led_to.iter().map(|root| (*root, call.root)).collect::<Vec<_>>();
        let calls = facts.iter().flat_map(came_of).collect();
        Self { facts, calls, partners: HashMap::new() }
    }

    /// The other organisations, without a name yet.
    pub fn partners(&self) -> BTreeSet<OrgId> {
        self.facts.iter().filter(|facts| !facts.stays_here).map(|facts| facts.partner).collect()
    }

    /// What an organisation is called.
    pub fn call_partner(&mut self, partner: OrgId, name: String) {
        self.partners.insert(partner, name);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use causeway_common::store::MemoryKv;
    use serde_json::json;

    use super::*;
    use crate::casebook::tests::case;
    use crate::vault::{Cost, MemoryEks};

    #[tokio::test]
    async fn a_case_that_is_here_again_counts_once() {
        let (kv, mut rng) = (Arc::new(MemoryKv::new()), crate::test_rng(3));
        let made = Vault::create(kv, MemoryEks::default(), "a passphrase of words", Cost::least(), &mut rng);
        let vault = made.await.unwrap().0;
        let here = case("BIA", json!({}));
        let mut gone = case("BIA", json!({}));
        gone.thread.case = [2; 32];
        let mut changes = Changes::default();
        records::put_thread(&mut changes, &here.thread);
        put(&mut changes, &Facts::of(&here));
        put(&mut changes, &Facts::of(&gone));
        vault.commit(changes, &mut crate::test_rng(4)).await.unwrap();
        assert!(is_kept(&vault, &gone.thread.case));
        assert_eq!(Counted::of(&vault).unwrap().facts.len(), 2);
    }
}
