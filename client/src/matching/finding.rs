//! What is kept of a comparison: which two cases, what agrees, and what a person has decided.
//!
//! No datum of either person is in it: the cases have them. Each device of an organisation keeps its own.

use std::collections::BTreeSet;

use causeway_common::framed;
use causeway_common::ids::PacketId;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::records::{self, RecordError, Source};
use crate::vault::{CaseName, Changes, Tree, Vault};

/// Under which a pair is kept, before both names.
const PAIR: &[u8] = b"pair";
/// Under which a decision about another organisation's message is kept, before its number.
const NOTICE: &[u8] = b"note";

/// What has become of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a person decides, or has not")]
pub enum State {
    /// Nobody has decided.
    Open,
    /// A person holds that it is one person.
    Confirmed,
    /// A person holds that it is not, or that nothing follows from it.
    Dismissed,
}

impl State {
    /// The word in records and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Confirmed => "confirmed",
            Self::Dismissed => "dismissed",
        }
    }
}

/// One of the two cases.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "stored")]
pub struct Side {
    /// Its thread.
    pub case: [u8; 32],
    /// The packet that began it.
    pub root: PacketId,
    /// Where in its document the person stands.
    pub person: String,
}

/// What a person has said.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "stored")]
pub struct Decision {
    /// `open`, `confirmed` or `dismissed`.
    pub state: String,
    /// Which device, that is who.
    pub by: String,
    /// When; zero for not yet.
    pub at: Timestamp,
    /// What was written with it. It stays here.
    pub text: String,
}

/// Two cases that may be about one person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "stored")]
pub struct Finding {
    /// Random number. It is the only name of this finding that another organisation ever hears, and tells nothing.
    pub number: [u8; 16],
    /// The older of the two, as this device has them.
    pub first: Side,
    /// The newer one.
    pub second: Side,
    /// `likely` or `possible`.
    pub class: String,
    /// Words of [`super::score::Reason`] that agree.
    pub agree: Vec<String>,
    /// Words that do not.
    pub disagree: Vec<String>,
    /// When it was found.
    pub found: Timestamp,
    /// What a person has said.
    pub decision: Decision,
}
no_content_in_debug!(Side, Decision, Finding);

impl Decision {
    /// Nobody has decided.
    pub fn open() -> Self {
        Self { state: State::Open.as_str().into(), ..Self::default() }
    }

    /// Whether it is in this state.
    pub fn is(&self, state: State) -> bool {
        self.state == state.as_str()
    }
}

impl Finding {
    /// Its number, as people write it.
    pub fn id(&self) -> String {
        hex::encode(self.number)
    }

    /// Under which name its key stands.
    fn own_case(&self) -> CaseName {
        framed::sha256(&self.key()).0
    }

    fn key(&self) -> Vec<u8> {
        pair_key(self.first.root, self.second.root)
    }
}

fn pair_key(one: PacketId, other: PacketId) -> Vec<u8> {
    let (low, high) = if one.0 <= other.0 { (one, other) } else { (other, one) };
    [PAIR, &low.0[..], &high.0[..]].concat()
}

/// The finding about two packets.
pub fn of_pair(from: &dyn Source, one: PacketId, other: PacketId) -> Result<Option<Finding>, RecordError> {
    records::read(from, Tree::Matches, &pair_key(one, other))
}

/// All findings.
pub fn all(vault: &Vault) -> Result<Vec<Finding>, RecordError> {
    let ids = records::ids_with_prefix(vault, Tree::Matches, PAIR);
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        all.extend(records::read::<Finding>(vault, Tree::Matches, &id)?);
    }
    Ok(all)
}

/// Stores a finding. It is about two cases and goes with either of them: it has a key of its own.
pub fn put(changes: &mut Changes, finding: &Finding) {
    records::write_of(changes, Some(finding.own_case()), Tree::Matches, &finding.key(), finding);
}

/// Takes the findings about these cases away, and gives the names of the keys that are to be destroyed.
pub(crate) fn forget(
    vault: &Vault,
    changes: &mut Changes,
    cases: &BTreeSet<CaseName>,
) -> Result<Vec<CaseName>, RecordError> {
    let mut keys = Vec::new();
    for finding in all(vault)? {
        if cases.contains(&finding.first.case) || cases.contains(&finding.second.case) {
            changes.delete(Tree::Matches, &finding.key());
            keys.push(finding.own_case());
        }
    }
    Ok(keys)
}

/// What a person has said to a message of another organisation.
pub fn said_to(from: &dyn Source, number: &str) -> Result<Option<Decision>, RecordError> {
    records::read(from, Tree::Matches, &[NOTICE, number.as_bytes()].concat())
}

/// Stores it, with the case that the message came in.
pub fn put_said_to(changes: &mut Changes, case: CaseName, number: &str, decision: &Decision) {
    records::write_of(changes, Some(case), Tree::Matches, &[NOTICE, number.as_bytes()].concat(), decision);
}
