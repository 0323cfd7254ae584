//! Organisations as the rules about need to know see them.

use causeway_certs::directory::Organisation;
use causeway_common::ids::OrgId;

use super::{Engine, EngineError};
use crate::checks::Check;
use crate::model::{PACKET_REFERRAL, Sent};
use crate::records::{self, Source};
use crate::referral::access::Recipient;

impl Engine {
    /// What the directory says of an organisation; none if it is no member.
    pub(crate) async fn recipient(&self, org: OrgId) -> Option<Recipient> {
        let replica = self.replica.lock().await;
        let found = replica.directory.organisation(org)?;
        Some(Recipient {
            org: org.to_string(),
            name: found.name.clone(),
            kind: found.kind.clone(),
            country: found.country.clone(),
        })
    }

    /// The comparison with an organisation's key that holds no longer: it has another key since. Until somebody compares again,
    /// nobody knows whose it is.
    pub(crate) async fn outdated_check(&self, org: OrgId) -> Result<Option<Check>, EngineError> {
        let replica = self.replica.lock().await;
        let found = replica.directory.organisation(org);
        Ok(found.map(|org| outdated(org, &self.vault)).transpose()?.flatten())
    }

    /// Whether a packet waits until somebody has compared its recipient's key again: it was written for whoever had the key
    /// that was compared. Steps are not held up, for a withdrawal or a refusal must arrive.
    pub(crate) async fn waits_for_check(&self, sent: &Sent) -> Result<bool, EngineError> {
        Ok(is_whole_referral(sent) && self.outdated_check(sent.to).await?.is_some())
    }
}

pub(super) fn outdated(org: &Organisation, from: &dyn Source) -> Result<Option<Check>, EngineError> {
    Ok(records::check(from, org.id)?.filter(|check| !check.is_current(org)))
}

pub(super) fn is_whole_referral(sent: &Sent) -> bool {
    sent.packet_type == PACKET_REFERRAL && sent.in_reply_to.0 == [0; 32]
}
