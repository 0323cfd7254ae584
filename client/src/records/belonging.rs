//! Which case a packet belongs to, and so under whose key it is sealed.

use std::collections::HashMap;
use std::hash::BuildHasher;

use causeway_common::codec;
use causeway_common::limits::PADDED_BYTES_MAX;

use super::{RECORD_BYTES_MAX, RecordError};
use crate::model::{PACKET_RECEIPTS, PACKET_SHARED, Received, Sent, StoredSection};
use crate::retention::requests;
use crate::seal::content::Manifest;
use crate::shared::Shared;
use crate::vault::{CaseName, Changes, Tree, Vault};

/// Packets that belong to no case have this name in its place.
const NO_CASE: CaseName = [0; 32];

/// The case of a packet of ours. Receipts say nothing of a case. What is said about the erasing of one has to outlive it, and
/// says nothing of a person.
pub(super) fn of_sent(sent: &Sent) -> Option<CaseName> {
    match sent.packet_type {
        PACKET_RECEIPTS => None,
        PACKET_SHARED => of_shared(&sent.sections),
        _ if requests::outlive(&sent.sections) => None,
        _ => Some(sent.case).filter(|case| *case != NO_CASE),
    }
}

/// The case of a packet of somebody else.
pub(super) fn of_received(received: &Received) -> Option<CaseName> {
    if received.kind == crate::shared::KIND {
        return of_shared(&received.sections);
    }
    Some(received.case).filter(|case| *case != NO_CASE)
}

/// What devices of one organisation tell each other concerns one case at most, see [`Shared::absorb`].
fn of_shared(sections: &[StoredSection]) -> Option<CaseName> {
    Shared::read(sections)?.case()
}

/// The case that a manifest names.
pub(crate) fn of_manifest(manifest: &[u8]) -> Option<CaseName> {
    let manifest: Manifest = codec::decode(manifest, PADDED_BYTES_MAX).ok()?;
    Some(manifest.case_ref).filter(|case| *case != NO_CASE)
}

/// Puts records of a backup under the keys of their cases: those that the backup names, and the packets and threads of one
/// that was made before cases had keys.
pub(crate) fn assign_cases(
    changes: &mut Changes,
    known: &HashMap<(Tree, Vec<u8>), CaseName, impl BuildHasher>,
) {
    for tree in [Tree::Outbox, Tree::Inbox, Tree::Referrals] {
        let ids: Vec<Vec<u8>> =
            changes.ids(tree).filter(|(_, written)| *written).map(|(id, _)| id.to_vec()).collect();
        for id in ids {
            let value = changes.get(tree, &id).flatten().map(<[u8]>::to_vec).unwrap_or_default();
            if let Some(case) = case_in(tree, &id, &value) {
                changes.assign(tree, &id, case);
            }
        }
    }
    known.iter().for_each(|((tree, id), case)| changes.assign(*tree, id, *case));
}

/// The case of a record, by its content.
fn case_in(tree: Tree, id: &[u8], value: &[u8]) -> Option<CaseName> {
    match tree {
        Tree::Outbox => of_sent(&codec::decode(value, RECORD_BYTES_MAX).ok()?),
        Tree::Inbox => of_received(&codec::decode(value, RECORD_BYTES_MAX).ok()?),
        Tree::Referrals => id.try_into().ok(),
        _ => None,
    }
}

/// Records of a case that were written before cases had keys, and have not been written since.
pub(crate) fn older_than_keys(vault: &Vault, case: CaseName) -> Result<Vec<(Tree, Vec<u8>)>, RecordError> {
    let mut all = Vec::new();
    for tree in [Tree::Outbox, Tree::Inbox, Tree::Referrals] {
        for id in vault.ids_without_case(tree) {
            let value = vault.get(tree, &id)?;
            if value.and_then(|value| case_in(tree, &id, &value)) == Some(case) {
                all.push((tree, id));
            }
        }
    }
    Ok(all)
}
