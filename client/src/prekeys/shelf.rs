//! What is to be known of every prekey at each start of a session, without reading every record: a device that is busy has
//! thousands, because the marks of used ones are kept as long as a packet may come that was sealed to them.
//!
//! It cannot differ from the disk: an entry counts only while the vault names the revision that it was read from.

use std::collections::BTreeMap;

use causeway_common::codec;
use causeway_common::envelope::PrekeyKind;
use causeway_common::ids::PrekeyNumber;
use causeway_common::limits::{FRAME_BYTES_MAX, PREKEY_GRACE, PREKEY_LIFE};
use causeway_common::time::Timestamp;

use super::OwnPrekey;
use crate::records::RecordError;
use crate::vault::{Tree, Vault};

/// A prekey of ours without its keys, see [`OwnPrekey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Brief {
    pub(super) number: PrekeyNumber,
    pub(super) kind: PrekeyKind,
    pub(super) epoch: u32,
    pub(super) made: Timestamp,
    pub(super) used: bool,
}

impl From<&OwnPrekey> for Brief {
    fn from(own: &OwnPrekey) -> Self {
        let OwnPrekey { number, kind, epoch, made, used, .. } = *own;
        Self { number, kind, epoch, made, used }
    }
}

impl Brief {
    /// Whether nobody can need its seed any more: not even for a packet that has waited as long as one may. A last-resort
    /// key is given out until the next one is made, so its seed ends 39 days after it was made on a device that connects
    /// every week: [`causeway_common::limits::LAST_RESORT_ROTATION`] and [`PREKEY_GRACE`].
    pub(super) fn is_over(&self, all: &[Self], now: Timestamp) -> bool {
        let end = match self.retired(all) {
            Some(retired) => retired.plus(PREKEY_GRACE),
            None => self.made.plus(PREKEY_LIFE).plus(PREKEY_GRACE),
        };
        end < now
    }

    /// When the next last-resort key was made.
    fn retired(&self, all: &[Self]) -> Option<Timestamp> {
        if self.is_one_time() {
            return None;
        }
        all.iter().filter(|p| !p.is_one_time() && p.made > self.made).map(|p| p.made).min()
    }

    pub(super) fn is_one_time(&self) -> bool {
        self.kind == PrekeyKind::OneTime
    }
}

/// All prekeys of this device in brief, as far as they have been read since it opened.
#[derive(Debug, Default)]
pub struct Shelf {
    /// By identifier, with the revision it was read at.
    read: BTreeMap<Vec<u8>, (u64, Brief)>,
}

impl Shelf {
    /// All of them as they are now. Reads those that have been written since the last time.
    pub(super) fn look(&mut self, vault: &Vault) -> Result<Vec<Brief>, RecordError> {
        let mut before = std::mem::take(&mut self.read);
        for (id, revision) in vault.revisions(Tree::Prekeys) {
            let brief = match before.remove(&id) {
                Some((read_at, brief)) if read_at == revision => brief,
                _ => match vault.get(Tree::Prekeys, &id)? {
                    Some(bytes) => Brief::from(&codec::decode::<OwnPrekey>(&bytes, FRAME_BYTES_MAX)?),
                    // Removed in the meantime.
                    None => continue,
                },
            };
            self.read.insert(id, (revision, brief));
        }
        Ok(self.read.values().map(|(_, brief)| *brief).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn prekey(kind: PrekeyKind, day: u64) -> Brief {
        let made = Timestamp(0).plus(Duration::from_secs(day * 24 * 60 * 60));
        Brief { number: day, kind, epoch: 1, made, used: false }
    }

    #[test]
    fn a_last_resort_seed_lives_39_days_where_the_next_one_is_made_in_time_and_a_one_time_seed_62() {
        let first = prekey(PrekeyKind::LastResort, 0);
        let one_time = prekey(PrekeyKind::OneTime, 0);
        let all = [first, one_time, prekey(PrekeyKind::LastResort, 7), prekey(PrekeyKind::LastResort, 14)];
        let day = |day| prekey(PrekeyKind::OneTime, day).made;
        assert!(!first.is_over(&all, day(39)) && first.is_over(&all, day(40)));
        assert!(!one_time.is_over(&all, day(62)) && one_time.is_over(&all, day(63)));
        let alone = [first];
        assert!(!first.is_over(&alone, day(62)), "while the device is away it is the only one there is");
        assert!(!all[3].is_over(&all, day(46)), "the newest is not retired");
    }
}
