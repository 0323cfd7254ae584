//! Calls that a hotline has taken (HIC). They stay in this home; what is sent is a referral that begins with one.

use causeway_common::ids::PacketId;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::records::{self, RecordError, Source};
use crate::vault::{Changes, Tree, Vault};

/// Kind of the record of a call.
pub const KIND: &str = "HIC";

/// Referrals that one call leads to; more belong to a case of their own.
pub const REFERRALS_MAX: usize = 100;

/// A call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Its number.
    pub id: [u8; 32],
    /// When it was recorded.
    pub taken: Timestamp,
    /// When it was last added to.
    pub changed: Timestamp,
    /// What was said: the document of its kind, JSON.
    #[serde(with = "serde_bytes")]
    pub document: Vec<u8>,
    /// Referrals that it has led to.
    pub referrals: Vec<PacketId>,
}
no_content_in_debug!(Call);

impl Call {
    /// The fields of its document; none if it does not read.
    pub fn fields(&self) -> Map<String, Value> {
        serde_json::from_slice(&self.document).unwrap_or_default()
    }

    /// Puts the document in the place of the one before.
    pub fn rewrite(&mut self, fields: Map<String, Value>, now: Timestamp) {
        self.document = Value::Object(fields).to_string().into_bytes();
        self.changed = now;
    }

    /// Remembers that a referral came of it.
    pub fn led_to(&mut self, referral: PacketId, now: Timestamp) {
        if self.referrals.len() < REFERRALS_MAX && !self.referrals.contains(&referral) {
            self.referrals.push(referral);
            self.changed = now;
        }
    }
}

/// Stores a call.
pub fn put(changes: &mut Changes, call: &Call) {
    records::write_of(changes, Some(call.id), Tree::Calls, &call.id, call);
}

/// A call.
pub fn call(from: &dyn Source, id: &[u8; 32]) -> Result<Option<Call>, RecordError> {
    records::read(from, Tree::Calls, id)
}

/// All calls, the newest first.
pub fn all(vault: &Vault) -> Result<Vec<Call>, RecordError> {
    let mut calls: Vec<Call> = records::read_all(vault, Tree::Calls)?;
    calls.sort_by_key(|call| std::cmp::Reverse((call.taken, call.id)));
    Ok(calls)
}
