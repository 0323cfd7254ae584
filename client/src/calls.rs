//! Calls that a hotline has taken (HIC). They stay in this home; what is sent is a referral that begins with one.

use std::collections::HashSet;

use causeway_common::ids::{OrgId, PacketId};
use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::casebook::Case;
use crate::model::{Thread, Transport};
use crate::records::{self, RecordError, Source};
use crate::referral::lifecycle::WorkState;
use crate::vault::{Changes, Tree, Vault};

/// Kind of the record of a call.
pub const KIND: &str = "HIC";

/// The other side of what has none.
pub const NOBODY: OrgId = OrgId([0; 32]);

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

    /// The call as a case without another side, for whatever looks over all cases.
    pub fn to_case(&self) -> Case {
        let document = self.fields();
        let stated = document.get("priority").and_then(Value::as_str).and_then(|text| text.parse().ok());
        let thread = Thread {
            case: self.id,
            root: PacketId(self.id),
            kind: KIND.to_owned(),
            peer: NOBODY,
            ours: true,
            priority: stated.unwrap_or(Priority::P3),
            begun: self.taken,
            respond_by: Timestamp(0),
            work: WorkState::Draft.as_str().to_owned(),
            events: Vec::new(),
            waiting: Vec::new(),
        };
        Case { thread, document, transport: Transport::Queued, steps: Vec::new() }
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

/// The calls that were not sent themselves: a record of a call that was sent is a case already.
pub fn unsent(vault: &Vault) -> Result<Vec<Call>, RecordError> {
    let sent = sent(vault)?;
    Ok(all(vault)?.into_iter().filter(|call| !is_one_of(&sent, call)).collect())
}

/// Whether a call was sent itself.
pub(crate) fn is_sent(vault: &Vault, call: &Call) -> Result<bool, RecordError> {
    Ok(!call.referrals.is_empty() && is_one_of(&sent(vault)?, call))
}

fn is_one_of(sent: &HashSet<PacketId>, call: &Call) -> bool {
    call.referrals.iter().any(|referral| sent.contains(referral))
}

/// Records of calls that were sent.
fn sent(vault: &Vault) -> Result<HashSet<PacketId>, RecordError> {
    let catalogue = records::catalogue(vault)?;
    Ok(catalogue.of_kinds(&[KIND]).map(|line| line.root).collect())
}

/// A case by its name, be it a referral or a call; none if it is not here any more.
pub fn case(vault: &Vault, name: &[u8; 32]) -> Result<Option<Case>, RecordError> {
    match records::thread(vault, name)? {
        Some(thread) => Case::of(vault, thread).map(Some),
        None => Ok(call(vault, name)?.map(|call| call.to_case())),
    }
}

/// For each referral that a call has led to, the call.
pub fn origins(vault: &Vault) -> Result<Vec<(PacketId, [u8; 32])>, RecordError> {
    let of = |call: Call| call.referrals.into_iter().map(move |referral| (referral, call.id));
    Ok(all(vault)?.into_iter().flat_map(of).collect())
}
