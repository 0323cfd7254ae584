//! The devices of an organisation: since when each counts, and how one is taken out.

use std::sync::Arc;

use causeway_certs::directory::{Directory, Organisation};
use causeway_certs::keys::SigningKey;
use causeway_certs::transport::{Dialer, Link, RequestError, request};
use causeway_common::error::ErrorCode;
use causeway_common::ids::{DeviceId, Digest, OrgId};
use causeway_common::limits::REQUEST_TIMEOUT;
use causeway_common::statements::{
    REVOKED_COMPROMISED, ROLE_ADMINISTRATOR, RevokedDevice, RosterDevice, SignedRoster, StatementKind,
};
use causeway_common::time::Timestamp;
use causeway_common::wire::{Append, Done, STANDING_MEMBER};

use crate::engine::Engine;
use crate::linking::{LinkingError, administered};
use crate::proposals;
use crate::recovery::record::{administrator_key_of, administrators_of};
use crate::recovery::root;
use crate::replica::roster_named_by;
use crate::session::{SessionError, fetch_directory, hello, is_stranger, why_not_member};

/// A colleague may change the same roster at the same moment; then the statement is made anew.
const ATTEMPTS: usize = 3;

/// What has to be said to the directory next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Nothing: it says so already.
    Done,
    /// This.
    Append(Box<Append>),
    /// That this roster is in force, once enough administrators have signed it, or one of a colleague that says the same.
    Roster(Box<SignedRoster>),
    /// This very one.
    Proposed(Box<SignedRoster>),
}

impl Step {
    /// A roster that can be made, or nothing.
    pub(crate) fn of(roster: Option<SignedRoster>) -> Self {
        roster.map_or(Self::Done, |roster| Self::Roster(Box::new(roster)))
    }
}

/// What has become of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third way")]
pub enum Said {
    /// The directory says so.
    InForce,
    /// Other administrators have to sign the roster of this hash first: it is on its way to them.
    Proposed(Digest),
}

/// A member's connection, with the directory as it is now.
pub async fn connect(engine: &Engine, dialer: &dyn Dialer) -> Result<Arc<dyn Link>, SessionError> {
    let link = dialer.dial().await?;
    let ready = async {
        let welcome = hello(&*link).await?;
        engine.hear_relay_time(welcome.time);
        if welcome.standing != STANDING_MEMBER {
            return Err(why_not_member(engine, &*link, welcome.standing).await);
        }
        fetch_directory(engine, &*link).await
    };
    match ready.await {
        Ok(()) => Ok(link),
        Err(error) => {
            link.close(0);
            Err(error)
        }
    }
}

/// Makes a statement about this organisation out of what the directory says now, hands it in, and fetches what has become
/// of it; anew when somebody else was faster. A roster that more administrators have to sign goes to them instead.
pub(crate) async fn step(
    engine: &Engine,
    link: &dyn Link,
    make: impl Fn(&Directory, &Organisation, Timestamp) -> Result<Step, LinkingError>,
) -> Result<Said, LinkingError> {
    for attempt in 1..=ATTEMPTS {
        let replica = engine.replica.lock().await;
        let own = replica.directory.organisation(engine.identity.org).ok_or(SessionError::Misbehaved)?;
        let roster = match make(&replica.directory, own, engine.now())? {
            Step::Done => return Ok(Said::InForce),
            Step::Append(append) => Err(append),
            Step::Roster(roster) => Ok(proposals::joined(engine, own, *roster)?),
            Step::Proposed(roster) => Ok(*roster),
        };
        let append = match roster {
            Err(append) => append,
            Ok(roster) if roster.signatures.len() < usize::from(own.threshold) => {
                let proposal = proposals::made(engine, own, &roster)?;
                drop(replica);
                engine.propose(&proposal).await?;
                return Ok(Said::Proposed(proposals::digest(proposal.item())));
            }
            Ok(roster) => Box::new(engine.identity.name_roster(&replica.directory, roster, engine.now())),
        };
        drop(replica);
        match request::<_, Done>(link, &*append, REQUEST_TIMEOUT).await {
            Ok(_) if removes_itself(engine, &append) => return Ok(Said::InForce),
            Ok(_) => {
                fetch_directory(engine, link).await?;
                return Ok(Said::InForce);
            }
            Err(RequestError::Refused { code: ErrorCode::Conflict, .. }) if attempt < ATTEMPTS => {
                fetch_directory(engine, link).await?;
            }
            Err(error) => return Err(SessionError::from(error).into()),
        }
    }
    Err(SessionError::Refused(ErrorCode::Conflict).into())
}

/// Whoever takes out the device it works on is cut off with the answer.
fn removes_itself(engine: &Engine, append: &Append) -> bool {
    let lists_us = |body: &[u8]| {
        let roster = causeway_common::codec::decode::<causeway_common::statements::Roster>(
            body,
            causeway_common::limits::ROSTER_BYTES_MAX,
        );
        roster.is_ok_and(|roster| roster.devices.iter().any(|d| d.device == engine.identity.device()))
    };
    append.roster.iter().any(|roster| !lists_us(&roster.body))
}

/// What became of a revocation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Removal {
    /// What the roster says.
    pub revoked: RevokedDevice,
    /// The device's key still stands among the administrators: only the root can take it out.
    pub key_remains: bool,
    /// Whether it is out, or others have to sign that.
    pub said: Said,
}

/// Takes a device out, at once. `since`: what it signed from then on is in doubt; none for now. Asking again after a lost
/// answer does no harm.
pub async fn revoke(
    engine: &Engine,
    dialer: &dyn Dialer,
    device: DeviceId,
    reason: u8,
    since: Option<Timestamp>,
) -> Result<Removal, LinkingError> {
    let link = connect(engine, dialer).await?;
    let removed = take_out(engine, &*link, device, reason, since).await;
    link.close(0);
    match removed {
        // The relay lets go of whoever has taken itself out, sometimes before the answer is there.
        Err(LinkingError::Session(SessionError::Link(_)))
            if device == engine.identity.device() && is_stranger(dialer).await? =>
        {
            let now = engine.now();
            let compromised_since = since.unwrap_or(now);
            let revoked = RevokedDevice { device, reason, compromised_since, at: now };
            Ok(Removal { revoked, key_remains: true, said: Said::InForce })
        }
        removed => removed,
    }
}

async fn take_out(
    engine: &Engine,
    link: &dyn Link,
    device: DeviceId,
    reason: u8,
    since: Option<Timestamp>,
) -> Result<Removal, LinkingError> {
    let now = engine.now();
    let was_administrator = administered(engine, |own| {
        Ok(own.device(device).is_some_and(|listed| listed.roles & ROLE_ADMINISTRATOR != 0))
    })
    .await?;
    let known = administrator_key_of(engine, device).await?;
    let wanted = RevokedDevice { device, reason, compromised_since: since.unwrap_or(now), at: now };
    let said = step(engine, link, |directory, own, now| {
        if own.revoked.contains_key(&device) {
            return Ok(Step::Done);
        }
        let roster = own.roster.as_ref().ok_or(SessionError::Misbehaved)?;
        let (gone, devices): (Vec<_>, Vec<_>) =
            roster.devices.iter().cloned().partition(|listed| listed.device == device);
        if gone.is_empty() {
            return Err(LinkingError::NotFound(device.short()));
        }
        if administrators_in(&devices) < usize::from(own.threshold.max(1)) {
            return Err(LinkingError::LastAdministrator);
        }
        let revoked = roster.revoked.iter().cloned().chain([wanted.clone()]).collect();
        Ok(Step::of(engine.identity.next_roster(directory, devices, revoked, now)))
    })
    .await?;
    let key_remains = match known {
        _ if said != Said::InForce => was_administrator,
        _ if device == engine.identity.device() => true,
        Some(key) => !demote(engine, link, key).await?,
        None => was_administrator,
    };
    let replica = engine.replica.lock().await;
    let own = replica.directory.organisation(engine.identity.org);
    let revoked = own.and_then(|own| own.revoked.get(&device)).cloned().unwrap_or(wanted);
    Ok(Removal { revoked, key_remains, said })
}

/// How many of these devices are administrators'.
pub(crate) fn administrators_in(devices: &[RosterDevice]) -> usize {
    devices.iter().filter(|listed| listed.roles & ROLE_ADMINISTRATOR != 0).count()
}

/// Takes the key of a device that is gone out of the organisation's record. `false`: it stands there, and this device cannot.
async fn demote(engine: &Engine, link: &dyn Link, key: [u8; 32]) -> Result<bool, LinkingError> {
    let (stands, enough_remain) = administered(engine, |own| {
        let stands = own.administrators.iter().any(|administrator| *administrator.as_bytes() == key);
        Ok((stands, own.administrators.len() > usize::from(own.threshold)))
    })
    .await?;
    let Some(root) = root(engine).await.filter(|_| stands && enough_remain) else { return Ok(!stands) };
    strike(engine, link, &root, key).await?;
    Ok(true)
}

/// Strikes a key out of the organisation's record, by its root.
pub(crate) async fn strike(
    engine: &Engine,
    link: &dyn Link,
    root: &SigningKey,
    key: [u8; 32],
) -> Result<(), LinkingError> {
    step(engine, link, |directory, own, now| {
        let mut keys = administrators_of(own);
        if !keys.contains(&key) {
            return Ok(Step::Done);
        }
        keys.retain(|administrator| *administrator != key);
        let append = engine.identity.change_administrators(directory, keys, root, now);
        append.map(|append| Step::Append(Box::new(append))).ok_or(LinkingError::NotRoot)
    })
    .await
    .map(drop)
}

/// Administrators' keys in an organisation's record that belong to no workstation in its roster: one that was removed, or one that was
/// to be let in when the connection broke. The relay lets nobody in with such a key, but it still signs rosters.
pub fn stray_administrators(own: &Organisation) -> usize {
    own.roster
        .as_ref()
        .map_or(0, |roster| own.administrators.len().saturating_sub(administrators_in(&roster.devices)))
}

/// Whether a revocation for this reason begins a doubt at a time of its own.
pub fn has_since(reason: u8) -> bool {
    reason == REVOKED_COMPROMISED
}

/// Hashes of the rosters that the directory has named for an organisation, first to last.
pub(crate) fn rosters_of(directory: &Directory, org: OrgId) -> Vec<Digest> {
    directory.statements_of(org).filter_map(|statement| roster_named_by(&statement).ok().flatten()).collect()
}

/// When each roster of an organisation was named in the directory, first to last.
pub fn roster_times(directory: &Directory, org: OrgId) -> Vec<Timestamp> {
    directory
        .statements_of(org)
        .filter(|s| matches!(s.kind, StatementKind::Admission | StatementKind::RosterChange))
        .map(|s| s.time)
        .collect()
}
