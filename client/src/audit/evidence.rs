//! The file with what a relay has signed and should not have.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use causeway_certs::audit::Log;
use causeway_certs::directory::{Authority, RelayKeys};
use causeway_certs::evidence::{self, Contradiction, IllegalLog, Kind, Prefix};
use causeway_certs::keys::PublicKey;
use causeway_certs::relay_keys::Announcements;
use causeway_common::ids::Digest;
use causeway_common::limits::{CHECKPOINT_BYTES_MAX, FRAME_BYTES_MAX};
use serde::{Deserialize, Serialize};

use super::{EVIDENCE, FileError, SCHEMA_VERSION, all, base64, key, malformed, text, texts};
use crate::identity::Identity;
use crate::records::{self, Evidence, RecordError};
use crate::replica::Replica;
use crate::vault::Vault;

/// Pairs of heads in one file; a home keeps 16 of each of two kinds.
const CONTRADICTIONS_MAX: usize = 64;

/// Evidence against a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "plain data")]
pub struct Accusation {
    /// The relay's key.
    pub relay_key: [u8; 32],
    /// What the registrar has said of it, if the relay has had several keys.
    pub announcements: Option<Announcements>,
    /// Pairs of heads that it has signed.
    pub contradictions: Vec<Contradiction>,
    /// A head over a statement that nobody may make.
    pub illegal: Option<IllegalLog>,
}

impl Accusation {
    /// The keys that the file calls the relay's, and who says so if it is not the file itself. None: it contradicts itself.
    pub fn keys(&self) -> Option<(RelayKeys, Option<Authority>)> {
        let named = PublicKey::from_bytes(self.relay_key).ok()?;
        let Some(announcements) = &self.announcements else { return Some((RelayKeys::new(named), None)) };
        let run_by = announcements.replay().ok()?;
        run_by.relay.has(named).then(|| (run_by.relay.clone(), Some(run_by)))
    }

    /// Whether it holds nothing to judge.
    pub fn is_empty(&self) -> bool {
        self.contradictions.is_empty() && self.illegal.is_none()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EvidenceForm {
    schema_version: u32,
    r#type: String,
    relay_key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    announcements: Option<String>,
    contradictions: Vec<ContradictionForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    illegal: Option<IllegalForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContradictionForm {
    ours: String,
    theirs: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prefix: Option<PrefixForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PrefixForm {
    root: String,
    proof: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IllegalForm {
    checkpoint: String,
    leaves: Vec<String>,
}

/// The text of an evidence file.
pub fn write_evidence(accusation: &Accusation) -> String {
    let one = |said: &Contradiction| ContradictionForm {
        ours: STANDARD.encode(&said.ours),
        theirs: STANDARD.encode(&said.theirs),
        prefix: said.prefix.as_ref().map(|prefix| PrefixForm {
            root: STANDARD.encode(prefix.root.0),
            proof: STANDARD.encode(&prefix.proof),
        }),
    };
    let illegal = |said: &IllegalLog| IllegalForm {
        checkpoint: STANDARD.encode(&said.head),
        leaves: texts(&said.leaves),
    };
    text(&EvidenceForm {
        schema_version: SCHEMA_VERSION,
        r#type: EVIDENCE.into(),
        relay_key: hex::encode(accusation.relay_key),
        announcements: accusation.announcements.as_ref().map(Announcements::to_text),
        contradictions: accusation.contradictions.iter().map(one).collect(),
        illegal: accusation.illegal.as_ref().map(illegal),
    })
}

pub(super) fn read(form: &EvidenceForm) -> Result<Accusation, FileError> {
    if form.contradictions.len() > CONTRADICTIONS_MAX {
        return Err(malformed("too many contradictions"));
    }
    let prefix = |form: &PrefixForm| -> Result<Prefix, FileError> {
        let root = base64(&form.root, "root", 32)?.try_into().map_err(|_| malformed("root"))?;
        Ok(Prefix { root: Digest(root), proof: base64(&form.proof, "proof", CHECKPOINT_BYTES_MAX)? })
    };
    let one = |form: &ContradictionForm| -> Result<Contradiction, FileError> {
        Ok(Contradiction {
            ours: base64(&form.ours, "ours", CHECKPOINT_BYTES_MAX)?,
            theirs: base64(&form.theirs, "theirs", CHECKPOINT_BYTES_MAX)?,
            prefix: form.prefix.as_ref().map(prefix).transpose()?,
        })
    };
    let illegal = |form: &IllegalForm| -> Result<IllegalLog, FileError> {
        Ok(IllegalLog {
            head: base64(&form.checkpoint, "checkpoint", CHECKPOINT_BYTES_MAX)?,
            // A statement may be illegal because it is too long: it is as long as an answer can be.
            leaves: all(&form.leaves, "leaves", FRAME_BYTES_MAX)?,
        })
    };
    let announcements = form.announcements.as_deref().map(Announcements::from_text).transpose();
    Ok(Accusation {
        relay_key: key(&form.relay_key, "relay_key")?,
        announcements: announcements.map_err(|error| FileError::Malformed(error.to_string()))?,
        contradictions: form.contradictions.iter().map(one).collect::<Result<_, _>>()?,
        illegal: form.illegal.as_ref().map(illegal).transpose()?,
    })
}

/// The evidence that a home has kept, and what the directory of another member adds to it: that one's heads against ours,
/// and proof for heads that alone prove nothing. `relay_key` is the one that people can compare now.
pub fn evidence_of(
    vault: &Vault,
    replica: &Replica,
    identity: &Identity,
    relay_key: [u8; 32],
    other: Option<&Log>,
) -> Result<Accusation, RecordError> {
    let mut said = Accusation { relay_key, announcements: None, contradictions: Vec::new(), illegal: None };
    let Ok(keys) = replica.relay_keys(identity) else { return Ok(said) };
    // It names every member: what proves nothing stays here.
    let illegal = records::illegal(vault)?.map(|kept| replica.log_of(&kept));
    said.illegal = illegal.filter(|log| evidence::judge_illegal(log, &keys).is_ok());
    said.announcements = keys.have_changed().then(|| replica.announcements());
    let ours = replica.directory.leaves_from(0);
    let theirs = other.map_or(&[][..], |log| &log.leaves);
    // The graver of what the one and the other directory make of them.
    let proven = |a: &[u8], b: &[u8]| {
        let with = |leaves| evidence::complete(a.to_vec(), b.to_vec(), &keys, leaves);
        let mut candidates = vec![with(ours), with(theirs)];
        let pair = Evidence { ours: a.to_vec(), theirs: b.to_vec() };
        if let Ok(prefix @ Some(_)) = records::prefix_of(vault, &pair) {
            candidates.push(Contradiction { prefix, ..candidates[0].clone() });
        }
        let best = candidates
            .into_iter()
            .map(|one| (evidence::judge(&one, &keys).ok(), one))
            .min_by_key(|(proven, _)| proven.map_or((true, None), |p| (false, Some(p.kind))));
        best.map(|(proven, one)| (one, proven.is_some()))
    };
    let kept = [records::evidence(vault)?, records::went_back(vault)?].concat();
    let known = kept.iter().filter_map(|kept| proven(&kept.ours, &kept.theirs)).map(|(one, _)| one);
    said.contradictions.extend(known);
    // What two kept heads do not prove, one of them and ours may.
    let is_split = |one: &Contradiction| evidence::judge(one, &keys).is_ok_and(|p| p.kind == Kind::Split);
    for head in kept.iter().flat_map(|kept| [&kept.ours, &kept.theirs]) {
        let names = |one: &Contradiction| one.ours == *head || one.theirs == *head;
        if !said.contradictions.iter().any(|one| names(one) && is_split(one))
            && let Some((one, _)) = proven(&replica.checkpoint, head)
            && is_split(&one)
        {
            said.contradictions.push(one);
        }
    }
    let heads = other.iter().flat_map(|log| &log.heads);
    for (one, holds) in heads.filter_map(|head| proven(&replica.checkpoint, head)) {
        if holds && !said.contradictions.contains(&one) {
            said.contradictions.push(one);
        }
    }
    said.contradictions.truncate(CONTRADICTIONS_MAX);
    Ok(said)
}
