//! A head over a statement that nobody may make where it stands.
//!
//! Whether a statement is legal follows from everything before it, so the proof holds every statement up to the head. A relay
//! that has signed such a head has put the statement into its log itself: it refuses what does not replay.

use super::EvidenceError;
use crate::audit::root_over;
use crate::checkpoint::Checkpoint;
use crate::directory::{Directory, RelayKeys, StatementError};
use crate::keys::PublicKey;

/// A head that is said to cover an illegal statement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "whoever reads a file builds it")]
pub struct IllegalLog {
    /// The head, as the relay signed it.
    pub head: Vec<u8>,
    /// All statements that it counts.
    pub leaves: Vec<Vec<u8>>,
}

/// A head that is proven to cover one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProvenIllegal {
    /// The head.
    pub head: Checkpoint,
    /// Which of the relay's keys has signed it.
    pub signer: PublicKey,
    /// Number of the statement, from 1.
    pub statement: u64,
    /// Why it may not stand there.
    pub error: StatementError,
}

/// Judges a head and its statements.
///
/// A kind of statement that this version does not know is none of its proofs: a newer version may know that it is allowed.
pub fn judge_illegal(said: &IllegalLog, keys: &RelayKeys) -> Result<ProvenIllegal, EvidenceError> {
    let head = keys.verify_head(&said.head)?;
    let (signer, _) = keys.signer_of_head(&said.head)?;
    let given = said.leaves.len() as u64;
    if given != head.size {
        return Err(EvidenceError::Incomplete { named: head.size, given });
    }
    if root_over(&said.leaves) != head.root {
        return Err(EvidenceError::OtherStatements);
    }
    let mut directory = Directory::new();
    let refused = said.leaves.iter().find_map(|leaf| directory.append(leaf).err());
    match refused {
        None => Err(EvidenceError::Legal),
        Some(StatementError::Newer) => Err(EvidenceError::Newer),
        Some(error) => Ok(ProvenIllegal { head, signer, statement: directory.size() + 1, error }),
    }
}

#[cfg(test)]
mod tests {
    use causeway_common::codec;
    use causeway_common::ids::OrgId;
    use causeway_common::statements::{DirectoryGenesis, RelayKey, Statement, StatementKind};
    use causeway_common::time::Timestamp;

    use super::*;
    use crate::checkpoint::{self, CheckpointError};
    use crate::directory::{ITSELF, leaf, sign_statement};
    use crate::keys::SigningKey;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32])
    }

    fn keys() -> RelayKeys {
        RelayKeys::new(key(3).public())
    }

    fn bytes(seed: u8) -> [u8; 32] {
        *key(seed).public().as_bytes()
    }

    /// The registrar 1 founds a directory at the relay 3; then `by` says this of it.
    fn log(kind: StatementKind, payload: Vec<u8>, by: u8) -> Vec<Vec<u8>> {
        let genesis =
            DirectoryGenesis { registrar: bytes(1), registrar_tls: bytes(2), relay: bytes(3), threshold: 1 };
        let mut directory = Directory::new();
        let said = [(StatementKind::Genesis, codec::encode(&genesis), 1), (kind, payload, by)];
        let mut leaves = Vec::new();
        for (kind, payload, by) in said {
            let (sequence, previous) = directory.next_link(ITSELF);
            let (org, time, signer) = (OrgId([0; 32]), Timestamp(9), bytes(by));
            let statement = Statement { kind, org, sequence, previous, time, signer, payload };
            leaves.push(leaf(&sign_statement(&statement, &key(by))));
            let _ = directory.append(&leaves[leaves.len() - 1]);
        }
        leaves
    }

    fn next_key() -> Vec<u8> {
        codec::encode(&RelayKey { relay: bytes(50), from: Timestamp(100) })
    }

    fn under_a_head(leaves: Vec<Vec<u8>>) -> IllegalLog {
        let head = Checkpoint { size: leaves.len() as u64, root: root_over(&leaves), time: Timestamp(10) };
        IllegalLog { head: checkpoint::sign(&head, &key(3)), leaves }
    }

    #[test]
    fn a_relay_that_signs_what_a_stranger_says_is_convicted() {
        let said = under_a_head(log(StatementKind::RelayKey, next_key(), 99));
        let proven = judge_illegal(&said, &keys()).unwrap();
        assert_eq!((proven.statement, proven.error), (2, StatementError::NotEntitled));
        assert_eq!((proven.head.size, proven.signer), (2, key(3).public()));
        let mut garbage = said.leaves;
        garbage[1] = vec![1, 2, 3];
        assert_eq!(judge_illegal(&under_a_head(garbage), &keys()).unwrap().error, StatementError::Malformed);
    }

    #[test]
    fn nobody_else_is() {
        let legal = under_a_head(log(StatementKind::RelayKey, next_key(), 1));
        assert_eq!(judge_illegal(&legal, &keys()), Err(EvidenceError::Legal));
        let newer = under_a_head(log(StatementKind::Other(99), Vec::new(), 1));
        assert_eq!(judge_illegal(&newer, &keys()), Err(EvidenceError::Newer), "a later version may allow it");

        let right = under_a_head(log(StatementKind::RelayKey, next_key(), 99));
        let with = |change: &dyn Fn(&mut IllegalLog)| {
            let mut said = right.clone();
            change(&mut said);
            judge_illegal(&said, &keys())
        };
        let incomplete = |given| Err(EvidenceError::Incomplete { named: 2, given });
        assert_eq!(with(&|said| drop(said.leaves.pop())), incomplete(1));
        assert_eq!(with(&|said| said.leaves.push(said.leaves[1].clone())), incomplete(3));
        let last = right.leaves[1].len() - 1;
        assert_eq!(with(&|said| said.leaves[1][last] ^= 1), Err(EvidenceError::OtherStatements));
        assert_eq!(with(&|said| said.leaves.swap(0, 1)), Err(EvidenceError::OtherStatements));
        let head = Checkpoint { size: 2, root: root_over(&right.leaves), time: Timestamp(10) };
        let by_another = with(&|said| said.head = checkpoint::sign(&head, &key(4)));
        assert_eq!(by_another, Err(EvidenceError::Head(CheckpointError::Unverified)));
        let mut ended = keys();
        ended.follow(key(50).public(), Timestamp(5), Timestamp(10)).unwrap();
        assert_eq!(judge_illegal(&right, &ended), Err(EvidenceError::Head(CheckpointError::Former)));
    }
}
