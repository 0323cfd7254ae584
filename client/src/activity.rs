//! The activity log: what was done on this workstation, each entry bound to the one before by its hash.

use causeway_common::codec;
use causeway_common::framed;
use causeway_common::ids::{Digest, PacketId};
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::vault::{Changes, Tree, Vault, VaultError};

/// How the damage of the log is named.
const BROKEN: &str = "the activity log is broken before entry ";
/// Longest description, in bytes; descriptions name what was done, never about whom.
const WHAT_BYTES_MAX: usize = 200;
const ENTRY_BYTES_MAX: usize = 1024;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// 1, 2, 3 …
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub what: String,
    /// The packet it was about; zeros for none.
    pub packet: PacketId,
    /// Hash of the entry before.
    pub previous: Digest,
}

fn key(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

/// Adds an entry to the changes of the step that it describes, after those that the step has made already.
pub fn append(
    vault: &Vault,
    changes: &mut Changes,
    at: Timestamp,
    what: &str,
    packet: Option<PacketId>,
) -> Result<(), VaultError> {
    let (mut number, mut previous) = match vault.last(Tree::Activity)? {
        Some((_, bytes)) => (read(&bytes)?.number.saturating_add(1), framed::sha256(&bytes)),
        None => (1, Digest([0; 32])),
    };
    while let Some(Some(bytes)) = changes.get(Tree::Activity, &key(number)) {
        (number, previous) = (number.saturating_add(1), framed::sha256(bytes));
    }
    let what = what.chars().take(WHAT_BYTES_MAX / 4).collect();
    let packet = packet.unwrap_or(PacketId([0; 32]));
    let entry = Entry { number, at, what, packet, previous };
    changes.put(Tree::Activity, &key(number), codec::encode(&entry));
    Ok(())
}

/// Gives the entries of a commit the numbers that follow when it is written: others may have been written since they were made.
pub(crate) fn renumber(before: &Vault, changes: &mut Changes) -> Result<(), VaultError> {
    let made: Vec<(Vec<u8>, Entry)> = changes
        .of(Tree::Activity)
        .map(|(id, bytes)| Ok((id.to_vec(), read(bytes)?)))
        .collect::<Result<_, VaultError>>()?;
    made.iter().for_each(|(id, _)| changes.forget(Tree::Activity, id));
    made.into_iter().try_for_each(|(_, entry)| {
        let packet = (entry.packet.0 != [0; 32]).then_some(entry.packet);
        append(before, changes, entry.at, &entry.what, packet)
    })
}

/// Before which entry the log does not hold together, if that is the damage.
pub(crate) fn broken_before(damage: &str) -> Option<&str> {
    damage.strip_prefix(BROKEN)
}

/// Checks the whole chain; gives the number of entries.
pub fn verify(vault: &Vault) -> Result<u64, VaultError> {
    let mut previous = Digest([0; 32]);
    let mut count = 0;
    for (_, bytes) in vault.list(Tree::Activity)? {
        let entry = read(&bytes)?;
        count += 1;
        if entry.number != count || entry.previous != previous {
            return Err(VaultError::Damaged(format!("{BROKEN}{count}")));
        }
        previous = framed::sha256(&bytes);
    }
    Ok(count)
}

/// Entries before a number, the newest first.
pub fn before(vault: &Vault, number: u64, limit: usize) -> Result<Vec<Entry>, VaultError> {
    let listed = vault.list(Tree::Activity)?;
    let entries = listed.iter().rev().map(|(_, bytes)| read(bytes));
    let wanted = entries.filter(|entry| entry.as_ref().map_or(true, |entry| entry.number < number));
    wanted.take(limit).collect()
}

fn read(bytes: &[u8]) -> Result<Entry, VaultError> {
    codec::decode(bytes, ENTRY_BYTES_MAX)
        .map_err(|_| VaultError::Damaged("an entry of the activity log does not read".into()))
}
