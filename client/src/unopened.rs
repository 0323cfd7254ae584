//! Packets that could not be opened: a small record of each, made in the step that refuses it, so that nobody waits for
//! something that has come without knowing it.
//!
//! Nothing in a packet names the envelope it replaces, and of one that does not open not even the packet's name is known.
//! So what is sealed again cannot be matched with its record: a person puts the record away. Only the same envelope,
//! brought again whole, settles it.

use std::collections::VecDeque;
use std::ops::Bound;

use causeway_common::codec;
use causeway_common::ids::{EnvelopeId, OrgId};
use causeway_common::priority::Priority;
use causeway_common::statements::{
    NACK_ERASED_PREKEY, NACK_NEWER_FORMAT, NACK_UNKNOWN_PREKEY, NACK_UNREADABLE,
};
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::records::{RecordError, Source};
use crate::vault::{Changes, Tree, Vault};

/// Records kept, the newest: more than a person looks at, and a relay that pushes garbage for ever fills no disk with
/// them (256 of some 150 bytes, sealed).
pub const UNOPENED_MAX: usize = 256;
const UNOPENED_BYTES_MAX: usize = 256;
/// How many records were dropped for newer ones.
const FORGOTTEN: &[u8] = b"unopened-forgotten";
const NOBODY: OrgId = OrgId([0; 32]);

/// A packet that this device has refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unopened {
    /// The envelope it came in.
    pub envelope: EnvelopeId,
    /// When the relay took it, by the relay's word alone.
    pub relayed: Timestamp,
    /// When it was refused here.
    pub refused: Timestamp,
    /// Its sender; zeros where nothing proves one.
    from: OrgId,
    /// Its class.
    pub priority: Priority,
    /// Length of its body.
    pub bytes: u64,
    /// Reason of the refusal, as the sender is told.
    pub reason: u8,
    /// Whether the reason is one for which the sender's program seals it again by itself.
    pub reseal_asked: bool,
}

impl Unopened {
    /// A record of a refusal.
    pub fn new(
        envelope: EnvelopeId,
        from: Option<OrgId>,
        priority: Priority,
        bytes: u64,
        times: [Timestamp; 2],
        reason: u8,
    ) -> Self {
        let [relayed, refused] = times;
        let reseal_asked = is_sealed_again(reason);
        let from = from.unwrap_or(NOBODY);
        Self { envelope, relayed, refused, from, priority, bytes, reason, reseal_asked }
    }

    /// The organisation that has sent it, where a signature proves one.
    pub fn sender(&self) -> Option<OrgId> {
        Some(self.from).filter(|from| *from != NOBODY)
    }

    /// The reason in a word.
    pub fn word(&self) -> &'static str {
        match self.reason {
            NACK_UNKNOWN_PREKEY => "unknown_key",
            NACK_ERASED_PREKEY => "used_key",
            NACK_UNREADABLE => "unreadable",
            NACK_NEWER_FORMAT => "newer_version",
            _ => "other",
        }
    }
}

/// Whether a refusal for this reason makes the sender's program seal the packet again.
pub fn is_sealed_again(reason: u8) -> bool {
    [NACK_UNKNOWN_PREKEY, NACK_ERASED_PREKEY].contains(&reason)
}

/// In the order of arrival.
fn id_of(number: u64, envelope: EnvelopeId) -> Vec<u8> {
    [&number.to_be_bytes()[..], &envelope.0].concat()
}

fn ids(vault: &Vault) -> Vec<Vec<u8>> {
    vault.ids(Tree::Unopened, (Bound::Unbounded, Bound::Unbounded), UNOPENED_MAX, |_| true)
}

/// What entering refusals has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entered {
    /// Refusals that were not on record.
    pub new: usize,
    /// Whether older records had to go for them before, and again now: nobody has looked for long.
    pub overflowing: bool,
}

/// Enters refusals into a step; an envelope that is on record already changes nothing. The oldest make room.
pub fn enter(vault: &Vault, changes: &mut Changes, refused: &[Unopened]) -> Result<Entered, RecordError> {
    if refused.is_empty() {
        return Ok(Entered::default());
    }
    let mut kept: VecDeque<Vec<u8>> =
        ids(vault).into_iter().filter(|id| changes.get(Tree::Unopened, id) != Some(None)).collect();
    let last = kept.back().and_then(|id| id.first_chunk::<8>()).copied().map_or(0, u64::from_be_bytes);
    let mut new = 0;
    for (number, one) in (last.saturating_add(1)..).zip(refused) {
        if kept.iter().any(|id| id.ends_with(&one.envelope.0)) {
            continue;
        }
        let id = id_of(number, one.envelope);
        changes.put(Tree::Unopened, &id, codec::encode(one));
        kept.push_back(id);
        new += 1;
    }
    let surplus = kept.len().saturating_sub(UNOPENED_MAX);
    let before = forgotten(vault)?;
    if surplus > 0 {
        kept.drain(..surplus).for_each(|id| changes.delete(Tree::Unopened, &id));
        let now = before.saturating_add(surplus as u64);
        changes.put(Tree::Identity, FORGOTTEN, codec::encode(&now));
    }
    Ok(Entered { new, overflowing: surplus > 0 && before > 0 })
}

/// The same envelope has come again and opened: its record goes. Gives whether there was one.
pub fn settle(vault: &Vault, changes: &mut Changes, envelope: EnvelopeId) -> bool {
    let all = (Bound::Unbounded, Bound::Unbounded);
    let ids = vault.ids(Tree::Unopened, all, 1, |id| id.ends_with(&envelope.0));
    ids.iter().for_each(|id| changes.delete(Tree::Unopened, id));
    !ids.is_empty()
}

/// A person has seen these. With the last of them the count of dropped ones begins anew.
pub fn dismiss(vault: &Vault, changes: &mut Changes, envelopes: &[EnvelopeId]) {
    let (seen, left): (Vec<_>, Vec<_>) =
        ids(vault).into_iter().partition(|id| envelopes.iter().any(|envelope| id.ends_with(&envelope.0)));
    seen.iter().for_each(|id| changes.delete(Tree::Unopened, id));
    if left.is_empty() {
        changes.delete(Tree::Identity, FORGOTTEN);
    }
}

/// All records, the oldest first.
pub fn all(vault: &Vault) -> Result<Vec<Unopened>, RecordError> {
    let mut all = Vec::new();
    for (_, bytes) in vault.list(Tree::Unopened)? {
        all.push(codec::decode(&bytes, UNOPENED_BYTES_MAX)?);
    }
    Ok(all)
}

/// How many records there are. Reads none.
pub fn count(vault: &Vault) -> usize {
    vault.count(Tree::Unopened)
}

/// How many more there were, since a person has put away the last of them.
pub fn forgotten(from: &dyn Source) -> Result<u64, RecordError> {
    match from.get(Tree::Identity, FORGOTTEN)? {
        Some(bytes) => Ok(codec::decode(&bytes, 8)?),
        None => Ok(0),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use causeway_common::store::MemoryKv;

    use super::*;
    use crate::vault::{Cost, MemoryEks};

    async fn vault() -> Vault {
        let (kv, mut rng) = (Arc::new(MemoryKv::new()), crate::test_rng(3));
        let made = Vault::create(kv, MemoryEks::default(), "a passphrase of words", Cost::least(), &mut rng);
        made.await.unwrap().0
    }

    fn refused(number: u64) -> Unopened {
        let mut envelope = EnvelopeId([0; 32]);
        envelope.0[..8].copy_from_slice(&number.to_le_bytes());
        let times = [Timestamp(number), Timestamp(number + 1)];
        Unopened::new(envelope, None, Priority::P1, 4_168, times, NACK_UNKNOWN_PREKEY)
    }

    async fn step(vault: &Vault, refused: &[Unopened]) -> Entered {
        let mut changes = Changes::default();
        let entered = enter(vault, &mut changes, refused).unwrap();
        vault.commit(changes, &mut crate::test_rng(4)).await.unwrap();
        entered
    }

    #[tokio::test]
    async fn the_newest_are_kept_in_order_and_the_others_counted() {
        let vault = vault().await;
        let max = UNOPENED_MAX as u64;
        for first in (0..max).step_by(8) {
            let batch: Vec<Unopened> = (first..first + 8).map(refused).collect();
            assert_eq!(step(&vault, &batch).await, Entered { new: 8, overflowing: false });
        }
        assert_eq!(step(&vault, &[refused(7)]).await, Entered::default(), "it is on record");
        assert_eq!((count(&vault), forgotten(&vault).unwrap()), (UNOPENED_MAX, 0));

        let more = [refused(max), refused(max), refused(max + 1)];
        assert_eq!(step(&vault, &more).await, Entered { new: 2, overflowing: false }, "the first that go");
        assert_eq!(step(&vault, &[refused(max + 2)]).await, Entered { new: 1, overflowing: true });
        let kept: Vec<Unopened> = all(&vault).unwrap();
        assert_eq!(kept, (3..max + 3).map(refused).collect::<Vec<_>>());
        assert_eq!(forgotten(&vault).unwrap(), 3);
    }

    #[tokio::test]
    async fn a_record_goes_when_its_envelope_opens_or_a_person_has_seen_it() {
        let vault = vault().await;
        step(&vault, &[refused(1), refused(2), refused(3)]).await;
        let mut changes = Changes::default();
        assert!(settle(&vault, &mut changes, refused(2).envelope));
        assert!(!settle(&vault, &mut changes, refused(9).envelope));
        vault.commit(changes, &mut crate::test_rng(5)).await.unwrap();
        assert_eq!(all(&vault).unwrap(), [refused(1), refused(3)]);

        let mut changes = Changes::default();
        changes.put(Tree::Identity, FORGOTTEN, codec::encode(&5_u64));
        dismiss(&vault, &mut changes, &[refused(1).envelope]);
        vault.commit(changes, &mut crate::test_rng(6)).await.unwrap();
        assert_eq!((all(&vault).unwrap(), forgotten(&vault).unwrap()), (vec![refused(3)], 5));
        let mut changes = Changes::default();
        dismiss(&vault, &mut changes, &[refused(3).envelope]);
        vault.commit(changes, &mut crate::test_rng(7)).await.unwrap();
        assert_eq!((count(&vault), forgotten(&vault).unwrap()), (0, 0));
    }

    #[test]
    fn a_sender_is_named_only_where_one_is_proven() {
        assert_eq!(refused(1).sender(), None);
        let times = [Timestamp(1); 2];
        let proven =
            Unopened::new(refused(1).envelope, Some(OrgId([7; 32])), Priority::P0, 1, times, NACK_UNREADABLE);
        assert_eq!((proven.sender(), proven.reseal_asked), (Some(OrgId([7; 32])), false));
    }
}
