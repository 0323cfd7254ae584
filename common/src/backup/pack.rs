//! Records, packed one behind the other into chunks whose ends depend on the records alone.
//!
//! A pack ends where a keyed hash of a record's key says so, with a chance that grows with the record's length. So a
//! change moves the ends around it and no others, and the next backup finds the rest where it was.

use super::crypt::Key;
use super::{BackupError, damaged};

/// No pack but the last is shorter.
const PACK_BYTES_MIN: usize = 16 * 1024;
/// Packs are this much longer than that, on average.
const PACK_BYTES_TARGET: u64 = 64 * 1024;
/// No pack of more than one record is longer.
const PACK_BYTES_MAX: usize = 1 << 20;
/// Longest record, key and value: those of a vault go up to 4 MiB.
pub(super) const RECORD_BYTES_MAX: usize = 5 << 20;
/// Longest chunk: one record of the largest size, and room for a pack.
pub(super) const CHUNK_BYTES_MAX: usize = RECORD_BYTES_MAX + PACK_BYTES_MAX;

/// A pack that is being filled.
#[derive(Debug, Default)]
pub(super) struct Packer {
    pack: Vec<u8>,
}

impl Packer {
    /// Adds a record; gives the packs that are finished by it.
    pub(super) fn push(&mut self, keys: &Key, key: &[u8], value: &[u8]) -> Result<Vec<Vec<u8>>, BackupError> {
        let length = 8 + key.len() + value.len();
        if length > RECORD_BYTES_MAX {
            return Err(BackupError::TooLarge(format!("a record of {length} bytes")));
        }
        let mut finished = Vec::new();
        if !self.pack.is_empty() && self.pack.len() + length > PACK_BYTES_MAX {
            finished.push(std::mem::take(&mut self.pack));
        }
        for part in [key, value] {
            self.pack.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
            self.pack.extend_from_slice(part);
        }
        let chance = (length as u64).saturating_mul(u64::MAX / PACK_BYTES_TARGET);
        if self.pack.len() >= PACK_BYTES_MIN && keys.cut(key) < chance {
            finished.push(std::mem::take(&mut self.pack));
        }
        Ok(finished)
    }

    /// The last pack, if anything is left.
    pub(super) fn finish(&mut self) -> Option<Vec<u8>> {
        (!self.pack.is_empty()).then(|| std::mem::take(&mut self.pack))
    }
}

/// What is done with each record: its key, its value.
type Each<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> Result<(), BackupError>;

/// The records of a pack.
pub(super) fn unpack(mut pack: &[u8], each: Each<'_>) -> Result<(), BackupError> {
    while !pack.is_empty() {
        let key = take(&mut pack)?;
        let value = take(&mut pack)?;
        each(key, value)?;
    }
    Ok(())
}

fn take<'a>(pack: &mut &'a [u8]) -> Result<&'a [u8], BackupError> {
    let part = pack
        .split_first_chunk::<4>()
        .and_then(|(length, rest)| rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?));
    let (part, rest) = part.ok_or_else(|| damaged("a chunk does not read"))?;
    *pack = rest;
    Ok(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packs(records: &[(Vec<u8>, Vec<u8>)]) -> Vec<Vec<u8>> {
        let (key, mut packer) = (Key::new(&[3; 32]), Packer::default());
        let mut packs: Vec<_> = records.iter().flat_map(|(k, v)| packer.push(&key, k, v).unwrap()).collect();
        packs.extend(packer.finish());
        packs
    }

    fn records(count: u32) -> Vec<(Vec<u8>, Vec<u8>)> {
        (0..count)
            .map(|n| (n.to_be_bytes().to_vec(), vec![n.to_le_bytes()[0]; 1_000 + n as usize % 3_000]))
            .collect()
    }

    #[test]
    fn one_more_record_in_the_middle_changes_few_packs_and_all_come_back() {
        let mut all = records(4_000);
        let before = packs(&all);
        assert!(before.len() > 50, "{} packs", before.len());
        all.insert(2_000, (vec![0, 0, 7, 208, 1], vec![9; 500]));
        let after = packs(&all);
        let new = after.iter().filter(|pack| !before.contains(pack)).count();
        assert!((1..=3).contains(&new), "{new} new packs");
        let mut back = Vec::new();
        for pack in &after {
            unpack(pack, &mut |k, v| {
                back.push((k.to_vec(), v.to_vec()));
                Ok(())
            })
            .unwrap();
        }
        assert_eq!(back, all);
    }

    #[test]
    fn the_longest_record_fits_a_longer_one_is_refused_and_half_a_pack_is_damaged() {
        let value = vec![0; RECORD_BYTES_MAX - 9];
        let packs = packs(&[(vec![1], vec![2]), (vec![2], value.clone())]);
        assert!(packs.iter().all(|pack| pack.len() <= CHUNK_BYTES_MAX));
        let refused = Packer::default().push(&Key::new(&[3; 32]), &[1, 2], &value);
        assert!(matches!(refused, Err(BackupError::TooLarge(_))));
        assert!(unpack(&packs[0][..packs[0].len() - 1], &mut |_, _| Ok(())).is_err());
    }
}
