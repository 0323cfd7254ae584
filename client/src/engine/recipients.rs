//! Organisations as the rules about need to know see them.

use causeway_common::ids::OrgId;

use super::Engine;
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
}
