//! Regular work: what has expired, who has not been seen for long.

use std::time::Duration;

use causeway_common::ids::BlobId;
use causeway_common::time::Timestamp;

use crate::blobs::Kind;
use crate::{Refused, Relay, keyspace};

/// Expiry is counted in hours; a sender hears of it within this time.
const INTERVAL: Duration = Duration::from_secs(30);
/// Attachments dropped per round.
const BLOBS_PER_ROUND: usize = 64;

/// Runs until it is dropped.
pub(crate) async fn run(relay: &Relay) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = round(relay).await {
            tracing::warn!(code = ?error.0, "regular work did not finish; it is tried again");
        }
    }
}

/// Removes files that a crash has left without a record. Only before the relay serves: a file that is being written
/// has no record yet.
pub(crate) async fn remove_scraps(relay: &Relay) -> Result<(), Refused> {
    let mut scraps = Vec::new();
    for name in relay.blobs.names().await? {
        let wanted = match Kind::of(&name) {
            Kind::Body(id) => relay.needs_file(id)?,
            Kind::Blob(id) => relay.kv.get(&keyspace::blob(id))?.is_some(),
            Kind::Scrap => false,
        };
        if !wanted {
            scraps.push(name);
        }
    }
    relay.blobs.remove(scraps).await
}

/// One round.
pub(crate) async fn round(relay: &Relay) -> Result<(), Refused> {
    relay.quotas.tidy();
    // A new key is shown from its moment on, even if there is nothing to sign.
    relay.key();
    // One part that fails holds up no other.
    let cleared = relay.clear_departed().await;
    let links = relay.forget_links().await;
    let restored = relay.forget_restoration().await;
    let now = relay.expiry_now().await?;
    let expired = relay.expire(now).await;
    let blobs = expire_blobs(relay, now).await;
    cleared.and(links).and(restored).and(expired).and(blobs)
}

async fn expire_blobs(relay: &Relay, now: Timestamp) -> Result<(), Refused> {
    for (key, _) in relay.kv.scan(keyspace::BLOB_EXPIRIES, None, BLOBS_PER_ROUND)? {
        let Some((hours, blob)) = parse(&key) else { continue };
        if Timestamp::from_hours(hours) > now {
            break;
        }
        relay.forget_blob(hours, blob).await?;
    }
    Ok(())
}

fn parse(key: &[u8]) -> Option<(u32, BlobId)> {
    let (hours, id) = key.strip_prefix(keyspace::BLOB_EXPIRIES)?.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*hours), BlobId(id.try_into().ok()?)))
}
