//! Heads of the directory log: C2SP tlog-checkpoints, signed notes with an Ed25519 line by the relay.
//!
//! An extension line carries the time of signing, so that a withheld newer head shows. Signature lines of other keys
//! (witnesses, later) are ignored.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use causeway_common::framed;
use causeway_common::ids::Digest;
use causeway_common::limits::CHECKPOINT_BYTES_MAX;
use causeway_common::time::Timestamp;

use crate::keys::{PublicKey, SigningKey};

/// A verified head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Number of statements.
    pub size: u64,
    /// RFC 6962 root over them.
    pub root: Digest,
    /// When the relay signed it.
    pub time: Timestamp,
}

/// Why a checkpoint is not accepted: the relay misbehaved, or the bytes rotted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Not a signed note of the expected form.
    #[error("malformed checkpoint")]
    Malformed,
    /// Signed by a former key of the relay, with a time at which that did not count any more.
    #[error(
        "the checkpoint is signed by a former key of the relay, which did not count any more at its time"
    )]
    Former,
    /// No valid signature of the pinned relay.
    #[error("the checkpoint is not signed by the pinned relay")]
    Unverified,
}

/// The log's name: it follows from the relay's key, so two relays never have the same.
pub fn origin(relay: PublicKey) -> String {
    format!("causeway.directory/{}", hex::encode(&relay.as_bytes()[..8]))
}

/// Signs a head.
pub fn sign(checkpoint: &Checkpoint, relay: &SigningKey) -> Vec<u8> {
    let origin = origin(relay.public());
    let text = format!(
        "{origin}\n{}\n{}\ntime {}\n",
        checkpoint.size,
        STANDARD.encode(checkpoint.root.0),
        checkpoint.time.0
    );
    let mut line = key_hash(&origin, relay.public()).to_vec();
    line.extend_from_slice(&relay.sign_raw(text.as_bytes()));
    format!("{text}\n\u{2014} {origin} {}\n", STANDARD.encode(line)).into_bytes()
}

/// Checks a head's signature by the pinned relay and reads it.
pub fn verify(note: &[u8], relay: PublicKey) -> Result<Checkpoint, CheckpointError> {
    if note.len() > CHECKPOINT_BYTES_MAX {
        return Err(CheckpointError::Malformed);
    }
    let note = std::str::from_utf8(note).map_err(|_| CheckpointError::Malformed)?;
    let split = note.rfind("\n\n").ok_or(CheckpointError::Malformed)?;
    let (text, lines) = (&note[..=split], &note[split + 2..]);
    let origin = origin(relay);
    if !lines.lines().any(|line| is_signature_of(line, &origin, relay, text)) {
        return Err(CheckpointError::Unverified);
    }
    parse(text, &origin).ok_or(CheckpointError::Malformed)
}

/// What a head says of itself, whoever has signed it: for one that was verified when it was taken, and to know whether there is
/// more to ask for.
pub fn read(note: &[u8]) -> Option<Checkpoint> {
    let note = std::str::from_utf8(note.get(..CHECKPOINT_BYTES_MAX.min(note.len()))?).ok()?;
    parse(note, note.lines().next()?)
}

fn is_signature_of(line: &str, origin: &str, relay: PublicKey, text: &str) -> bool {
    let Some(encoded) = line.strip_prefix("\u{2014} ").and_then(|rest| rest.strip_prefix(origin)) else {
        return false;
    };
    let Ok(bytes) = STANDARD.decode(encoded.trim_start()) else { return false };
    bytes
        .strip_prefix(&key_hash(origin, relay))
        .is_some_and(|signature| relay.verify_raw(text.as_bytes(), signature).is_ok())
}

fn parse(text: &str, origin: &str) -> Option<Checkpoint> {
    let mut lines = text.lines();
    if lines.next()? != origin {
        return None;
    }
    let size_text = lines.next()?;
    let size: u64 = size_text.parse().ok()?;
    if size.to_string() != size_text {
        return None;
    }
    let root: [u8; 32] = STANDARD.decode(lines.next()?).ok()?.try_into().ok()?;
    let time = lines.find_map(|line| line.strip_prefix("time "))?.parse().ok()?;
    Some(Checkpoint { size, root: Digest(root), time: Timestamp(time) })
}

/// C2SP signed-note key identifier for Ed25519.
fn key_hash(origin: &str, key: PublicKey) -> [u8; 4] {
    let hash = framed::sha256(&[origin.as_bytes(), b"\n\x01", key.as_bytes()].concat());
    [hash.0[0], hash.0[1], hash.0[2], hash.0[3]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pinned_relay_and_the_exact_text_verify() {
        let relay = SigningKey::from_seed(&[5; 32]);
        let head = Checkpoint { size: 7, root: Digest([9; 32]), time: Timestamp(42) };
        let note = sign(&head, &relay);
        assert_eq!(verify(&note, relay.public()), Ok(head));
        let other = SigningKey::from_seed(&[6; 32]).public();
        assert_eq!(verify(&note, other), Err(CheckpointError::Unverified));
        for i in 0..note.len() {
            let mut changed = note.clone();
            changed[i] ^= 1;
            assert_ne!(verify(&changed, relay.public()).ok(), Some(Checkpoint { size: 8, ..head }));
            if i < note.iter().rposition(|b| *b == b'\n').unwrap() - 100 {
                assert!(verify(&changed, relay.public()).is_err(), "byte {i}");
            }
        }
        let mut witnessed = note.clone();
        witnessed.extend_from_slice("\u{2014} witness AAAA\n".as_bytes());
        assert_eq!(verify(&witnessed, relay.public()), Ok(head));
    }
}
