//! Devices that want to join their organisation. An organisation's device opens a ticket; whoever shows it leaves one
//! request, which that organisation's devices fetch. The relay knows neither the code behind the ticket nor what the
//! request says, and forgets both after a quarter of an hour, or when the device is in the roster.

use causeway_certs::keys::PublicKey;
use causeway_common::codec;
use causeway_common::error::ErrorCode;
use causeway_common::ids::OrgId;
use causeway_common::limits::{LINK_LIFE, LINK_REQUEST_BYTES_MAX, LINKS_PER_ORG_MAX};
use causeway_common::statements::Roster;
use causeway_common::store::{Txn, transact};
use causeway_common::time::Timestamp;
use causeway_common::wire::{LinkAsk, LinkRequests, LinkWaiting};
use serde::{Deserialize, Serialize};

use crate::{Refused, Relay, keyspace};

/// Tickets read from the store at a time.
const SCAN_RECORDS: usize = 256;
/// A stored ticket with its request.
const RECORD_BYTES_MAX: usize = LINK_REQUEST_BYTES_MAX + 64;
/// Length of a ticket, the end of its record's key.
const TICKET_BYTES: usize = 16;

/// A ticket that has been opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Link {
    expires: Timestamp,
    /// Connection key of whoever has left the request; zeros before.
    asked_by: [u8; 32],
    /// The request; empty before there is one.
    #[serde(with = "serde_bytes")]
    request: Vec<u8>,
}

/// A record that does not read is worth nothing, and is forgotten like one whose time is over.
fn read(bytes: &[u8]) -> Option<Link> {
    codec::decode(bytes, RECORD_BYTES_MAX).ok()
}

fn in_force(bytes: &[u8], now: Timestamp) -> Option<Link> {
    read(bytes).filter(|link| now <= link.expires)
}

/// Forgets the requests of devices that the new roster lists.
pub(crate) fn forget_admitted(txn: &mut dyn Txn, roster: &Roster) -> Result<(), Refused> {
    for (key, bytes) in txn.scan(&keyspace::links(roster.org), None, LINKS_PER_ORG_MAX)? {
        let listed = |link: Link| roster.devices.iter().any(|device| device.tls_key == link.asked_by);
        if read(&bytes).is_none_or(listed) {
            txn.delete(&key);
        }
    }
    Ok(())
}

impl Relay {
    /// An organisation expects a device. The same ticket again changes nothing.
    pub(crate) async fn open_link(&self, org: OrgId, ticket: [u8; 16]) -> Result<(), Refused> {
        let now = self.clock.now();
        transact(&*self.kv, move |txn| {
            let mut others = 0;
            for (key, bytes) in txn.scan(&keyspace::links(org), None, LINKS_PER_ORG_MAX)? {
                match in_force(&bytes, now) {
                    Some(_) if key == keyspace::link(org, ticket) => return Ok(()),
                    Some(_) => others += 1,
                    None => txn.delete(&key),
                }
            }
            if others >= LINKS_PER_ORG_MAX {
                return Err(Refused(ErrorCode::Quota));
            }
            let link = Link { expires: now.plus(LINK_LIFE), asked_by: [0; 32], request: Vec::new() };
            txn.put(&keyspace::link(org, ticket), &codec::encode(&link));
            Ok(())
        })
        .await?
    }

    /// Somebody leaves a request. The same request again, because its answer was lost, changes nothing; another one with
    /// the same ticket is refused, and so is a ticket that nobody has opened: both look the same.
    pub(crate) async fn ask_link(&self, caller: PublicKey, ask: LinkAsk) -> Result<(), Refused> {
        if ask.request.is_empty() {
            return Err(Refused(ErrorCode::Malformed));
        }
        if ask.request.len() > LINK_REQUEST_BYTES_MAX {
            return Err(Refused(ErrorCode::TooLarge));
        }
        let (now, asked_by) = (self.clock.now(), *caller.as_bytes());
        let key = keyspace::link(ask.org, ask.ticket);
        // A stranger who guesses costs a look, not a turn of the store.
        if self.kv.get(&key)?.and_then(|bytes| in_force(&bytes, now)).is_none() {
            return Err(Refused(ErrorCode::InviteRefused));
        }
        transact(&*self.kv, move |txn| {
            let open = txn.get(&key)?.and_then(|bytes| in_force(&bytes, now));
            let open = open.ok_or(Refused(ErrorCode::InviteRefused))?;
            if open.request.is_empty() {
                txn.put(&key, &codec::encode(&Link { asked_by, request: ask.request, ..open }));
                return Ok(());
            }
            let same = open.request == ask.request && open.asked_by == asked_by;
            if same { Ok(()) } else { Err(Refused(ErrorCode::InviteRefused)) }
        })
        .await?
    }

    /// Requests that wait for an organisation.
    pub(crate) fn link_requests(&self, org: OrgId) -> Result<LinkRequests, Refused> {
        let now = self.clock.now();
        let mut waiting = Vec::new();
        for (key, bytes) in self.kv.scan(&keyspace::links(org), None, LINKS_PER_ORG_MAX)? {
            let ticket = key.last_chunk::<TICKET_BYTES>().copied();
            if let Some((ticket, link)) = ticket.zip(in_force(&bytes, now))
                && !link.request.is_empty()
            {
                waiting.push(LinkWaiting { ticket, request: link.request });
            }
        }
        Ok(LinkRequests { waiting })
    }

    /// Forgets tickets whose time is over, with what was left under them.
    pub(crate) async fn forget_links(&self) -> Result<(), Refused> {
        let now = self.clock.now();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let links = self.kv.scan(keyspace::LINKS, after.as_deref(), SCAN_RECORDS)?;
            let Some(last) = links.last() else { return Ok(()) };
            after = Some(last.0.clone());
            let over: Vec<Vec<u8>> = links
                .into_iter()
                .filter(|(_, bytes)| in_force(bytes, now).is_none())
                .map(|(key, _)| key)
                .collect();
            if !over.is_empty() {
                transact(&*self.kv, move |txn| {
                    over.iter().for_each(|key| txn.delete(key));
                    Ok::<_, Refused>(())
                })
                .await??;
            }
        }
    }
}
