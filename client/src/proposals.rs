//! Rosters that wait for more signatures, where an organisation demands those of several administrators.
//!
//! A proposal travels between the organisation's devices in packets of type 3, with the signatures that it has. Whoever adds
//! the last one hands it in. One that does not follow the roster in force is worth nothing any more: what it said has to be
//! proposed again.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Duration;

use causeway_certs::directory::Organisation;
use causeway_certs::roster;
use causeway_certs::transport::{Dialer, Link};
use causeway_common::codec;
use causeway_common::ids::{DeviceId, Digest};
use causeway_common::limits::{CLOCK_SKEW, ROSTER_BYTES_MAX};
use causeway_common::statements::{RevokedDevice, Roster, RosterDevice, SignedRoster};
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::devices::{Said, Step, connect, has_since, step};
use crate::engine::{Engine, EngineError};
use crate::identity::label_hash;
use crate::linking::codes::{self, KnownDevice};
use crate::linking::{LinkingError, administered};
use crate::records::{self, RecordError, Source};
use crate::session::SessionError;
use crate::shared::ProposedItem;
use crate::vault::{Changes, Tree, Vault};

const PROPOSAL: &[u8] = b"proposal";
/// Proposals kept; the oldest makes room. Of those that can still come true there is seldom more than one.
const PROPOSALS_MAX: usize = 16;
/// One that was overtaken is shown so long.
const OVERTAKEN_SHOWN: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A roster that needs more signatures.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    item: ProposedItem,
    at: Timestamp,
}

no_content_in_debug!(Proposal);

/// How a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there are no others")]
pub enum State {
    /// It waits for signatures.
    Waits,
    /// It is in force, or was.
    InForce,
    /// Another roster was faster.
    Overtaken,
}

/// What a proposal would change, and what it lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wanted {
    /// Its hash, which names it.
    pub digest: Digest,
    /// How it stands.
    pub state: State,
    /// Name of the device on which it was made.
    pub author: String,
    /// When it was made, or came here.
    pub at: Timestamp,
    /// Devices that it lets in, or lists otherwise than now.
    pub lets_in: Vec<(RosterDevice, Option<String>)>,
    /// Devices that it takes out, and why, as in [`RevokedDevice::reason`]; zero for no reason given.
    ///
    /// [`RevokedDevice::reason`]: causeway_common::statements::RevokedDevice::reason
    pub takes_out: Vec<(DeviceId, u8)>,
    /// Administrators who have signed.
    pub signed: usize,
    /// Administrators who must sign.
    pub needed: usize,
    /// This device's administrator has signed.
    pub by_us: bool,
}

/// The name of a proposal.
pub fn digest(proposal: &ProposedItem) -> Digest {
    roster::digest(&proposal.roster.body)
}

/// What waits for signatures, and what was overtaken lately; the newest first.
pub async fn wanted(engine: &Engine) -> Result<Vec<Wanted>, EngineError> {
    let replica = engine.replica.lock().await;
    let Some(own) = replica.directory.organisation(engine.identity.org) else { return Ok(Vec::new()) };
    let named = crate::devices::rosters_of(&replica.directory, own.id);
    let mut wanted = Vec::new();
    for proposal in all(&engine.vault)? {
        let Some(roster) = read(&proposal.item.roster) else { continue };
        let shown = look(engine, own, &named, proposal, &roster);
        let old = engine.now() > shown.at.plus(OVERTAKEN_SHOWN);
        if shown.state == State::Waits || shown.state == State::Overtaken && !old {
            wanted.push(shown);
        }
    }
    wanted.sort_by_key(|one| std::cmp::Reverse(one.at));
    Ok(wanted)
}

/// How many proposals this administrator could sign; none on other workstations.
pub async fn waiting_for_us(engine: &Engine) -> Result<usize, EngineError> {
    match administered(engine, |_| Ok(())).await {
        Ok(()) => {
            let all = wanted(engine).await?;
            Ok(all.iter().filter(|one| one.state == State::Waits && !one.by_us).count())
        }
        Err(_) => Ok(0),
    }
}

fn look(
    engine: &Engine,
    own: &Organisation,
    named: &[Digest],
    mut proposal: Proposal,
    roster: &Roster,
) -> Wanted {
    roster::keep_valid(&mut proposal.item.roster, &own.administrators);
    let (item, digest) = (&proposal.item, digest(&proposal.item));
    let state = if named.contains(&digest) {
        State::InForce
    } else if (roster.sequence, roster.previous) == own.next_roster() {
        State::Waits
    } else {
        State::Overtaken
    };
    let name_of = |device: DeviceId| {
        item.newcomers.iter().find(|(newcomer, ..)| *newcomer == device).map(|(_, name, _)| name.clone())
    };
    let changed = roster.devices.iter().filter(|listed| own.device(listed.device) != Some(listed));
    let stays = |device: DeviceId| roster.devices.iter().any(|listed| listed.device == device);
    let present = own.roster.iter().flat_map(|roster| &roster.devices).map(|listed| listed.device);
    let mut takes_out: BTreeMap<DeviceId, u8> =
        present.filter(|device| !stays(*device)).map(|device| (device, 0)).collect();
    let revoked = roster.revoked.iter().filter(|gone| !own.revoked.contains_key(&gone.device));
    takes_out.extend(revoked.map(|gone| (gone.device, gone.reason)));
    let us = *engine.identity.administrator_key().as_bytes();
    Wanted {
        digest,
        state,
        author: item.author.clone(),
        at: proposal.at,
        lets_in: changed.map(|listed| (listed.clone(), name_of(listed.device))).collect(),
        takes_out: takes_out.into_iter().collect(),
        signed: item.roster.signatures.len(),
        needed: usize::from(own.threshold),
        by_us: item.roster.signatures.iter().any(|signature| signature.key == us),
    }
}

/// Adds this administrator's signature to the proposal whose name begins like this, and hands it in if that was the last one
/// it needed; otherwise it goes on to the colleagues. Asking again after a lost answer does no harm.
pub async fn sign(
    engine: &Engine,
    dialer: &dyn Dialer,
    beginning: &str,
) -> Result<(Wanted, Said), LinkingError> {
    let link = connect(engine, dialer).await?;
    let signed = sign_on(engine, &*link, beginning).await;
    link.close(0);
    signed
}

async fn sign_on(engine: &Engine, link: &dyn Link, beginning: &str) -> Result<(Wanted, Said), LinkingError> {
    administered(engine, |_| Ok(())).await?;
    let begins = |one: &Wanted| one.digest.to_string().starts_with(beginning);
    let all = wanted(engine).await?;
    let matching: Vec<&Wanted> = all.iter().filter(|one| begins(one)).collect();
    let [one] = matching[..] else { return Err(LinkingError::NotFound(beginning.to_owned())) };
    if one.state == State::Overtaken {
        return Err(LinkingError::Overtaken);
    }
    let kept = of(&engine.vault, one.digest)?;
    let mut item = kept.ok_or_else(|| LinkingError::NotFound(beginning.to_owned()))?.item;
    engine.identity.countersign(&mut item.roster);
    let mut changes = Changes::default();
    for (device, name, administrator_key) in &item.newcomers {
        if codes::known(&engine.vault, *device)?.is_none() {
            let known = KnownDevice { name: name.clone(), administrator_key: *administrator_key };
            codes::put_known(&mut changes, *device, &known);
        }
    }
    engine.commit(changes).await?;
    let said = step(engine, link, |_, own, _| {
        let mut roster = item.roster.clone();
        roster::keep_valid(&mut roster, &own.administrators);
        let follows = read(&roster).is_some_and(|next| (next.sequence, next.previous) == own.next_roster());
        match follows {
            _ if own.roster_digest == one.digest => Ok(Step::Done),
            true => Ok(Step::Proposed(Box::new(roster))),
            false => Err(LinkingError::Overtaken),
        }
    })
    .await?;
    Ok((one.clone(), said))
}

/// A roster that says what proposals say already, which wait: the one of them that most have signed, with this administrator's
/// signature added. Two who take out the same stolen workstation have signed together. Otherwise the roster as it is.
pub(crate) fn joined(
    engine: &Engine,
    own: &Organisation,
    roster: SignedRoster,
) -> Result<SignedRoster, LinkingError> {
    let body = read(&roster).ok_or(SessionError::Misbehaved)?;
    let waiting = all(&engine.vault)?.into_iter().map(|proposal| proposal.item.roster);
    let same = waiting.filter(|waiting| read(waiting).is_some_and(|other| says_the_same(&other, &body, own)));
    let signed = same.map(|mut waiting| {
        roster::keep_valid(&mut waiting, &own.administrators);
        engine.identity.countersign(&mut waiting);
        waiting
    });
    Ok(signed.max_by_key(|waiting| waiting.signatures.len()).unwrap_or(roster))
}

/// A proposal of this device. What is known here of those that it lets in goes with it; one that was proposed before keeps
/// what was known then.
pub(crate) fn made(
    engine: &Engine,
    own: &Organisation,
    roster: &SignedRoster,
) -> Result<Proposal, LinkingError> {
    if let Some(mut before) = of(&engine.vault, roster::digest(&roster.body))? {
        before.item.roster = roster.clone();
        return Ok(before);
    }
    let body = read(roster).ok_or(SessionError::Misbehaved)?;
    let mut newcomers = Vec::new();
    for listed in &body.devices {
        let is_new = own.device(listed.device).is_none();
        if let Some(known) = codes::known(&engine.vault, listed.device)?.filter(|_| is_new) {
            newcomers.push((listed.device, known.name, known.administrator_key));
        }
    }
    let author = engine.identity.device_name.clone();
    let item = ProposedItem { roster: roster.clone(), author, newcomers };
    Ok(Proposal { item, at: engine.now() })
}

impl Proposal {
    /// As colleagues are told of it.
    pub(crate) fn item(&self) -> &ProposedItem {
        &self.item
    }

    /// What a colleague's device says of it, with the signatures that were here already; none if it is worth nothing: nobody
    /// entitled has signed it, another roster has been faster, or we know as much.
    pub(crate) fn taken(
        from: &dyn Source,
        mut item: ProposedItem,
        own: &Organisation,
        at: Timestamp,
    ) -> Result<Option<Self>, RecordError> {
        roster::keep_valid(&mut item.roster, &own.administrators);
        let Ok(body) = roster::verify(&item.roster, own.id, &own.administrators, 1) else { return Ok(None) };
        if body.sequence < own.next_roster().0 {
            return Ok(None);
        }
        let is_named = |(device, name, _): &(DeviceId, String, [u8; 32])| {
            body.devices.iter().any(|d| d.device == *device && d.label_hash == label_hash(name))
        };
        item.newcomers.retain(is_named);
        let Some(mut before) = of(from, digest(&item))? else { return Ok(Some(Self { item, at })) };
        let known = before.item.roster.signatures.len();
        before.item.roster.signatures.append(&mut item.roster.signatures);
        roster::keep_valid(&mut before.item.roster, &own.administrators);
        Ok((before.item.roster.signatures.len() > known).then_some(before))
    }
}

/// Whether a roster that waits differs from the one that we would make now in nothing but when it was made: in times that are
/// new with it, and lie no further on than ours, by clocks that differ.
fn says_the_same(waiting: &Roster, ours: &Roster, own: &Organisation) -> bool {
    let before = |theirs: Timestamp, ours: Timestamp| theirs <= ours.plus(CLOCK_SKEW);
    let same_device = |(theirs, ours_of): (&RosterDevice, &RosterDevice)| {
        let is_new = ours_of.added_sequence == ours.sequence && before(theirs.expires, ours_of.expires);
        theirs == ours_of || is_new && RosterDevice { expires: ours_of.expires, ..theirs.clone() } == *ours_of
    };
    let same_gone = |(theirs, ours_of): (&RevokedDevice, &RevokedDevice)| {
        let since = |one: &RevokedDevice| has_since(one.reason).then_some(one.compromised_since);
        let is_new = !own.revoked.contains_key(&ours_of.device)
            && before(theirs.at, ours_of.at)
            && before(theirs.compromised_since, ours_of.compromised_since);
        let says = |one: &RevokedDevice| (one.device, one.reason, since(one));
        theirs == ours_of || is_new && says(theirs) == says(ours_of)
    };
    (waiting.org, waiting.sequence, waiting.previous) == (ours.org, ours.sequence, ours.previous)
        && before(waiting.valid_from, ours.valid_from)
        && before(waiting.valid_until, ours.valid_until)
        && (waiting.devices.len(), waiting.revoked.len()) == (ours.devices.len(), ours.revoked.len())
        && waiting.devices.iter().zip(&ours.devices).all(same_device)
        && waiting.revoked.iter().zip(&ours.revoked).all(same_gone)
}

fn read(roster: &SignedRoster) -> Option<Roster> {
    codec::decode(&roster.body, ROSTER_BYTES_MAX).ok()
}

fn key(digest: Digest) -> Vec<u8> {
    [PROPOSAL, &digest.0[..]].concat()
}

fn of(from: &dyn Source, digest: Digest) -> Result<Option<Proposal>, RecordError> {
    records::read(from, Tree::Identity, &key(digest))
}

fn all(vault: &Vault) -> Result<Vec<Proposal>, RecordError> {
    let range = (Bound::Included(PROPOSAL), Bound::Unbounded);
    let ids = vault.ids(Tree::Identity, range, usize::MAX, |id| id.starts_with(PROPOSAL));
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        all.extend(records::read::<Proposal>(vault, Tree::Identity, &id)?);
    }
    Ok(all)
}

/// Keeps it. The oldest makes room.
pub(crate) fn put(vault: &Vault, changes: &mut Changes, proposal: &Proposal) -> Result<(), RecordError> {
    let digest = digest(&proposal.item);
    let mut others = all(vault)?;
    others.retain(|other| self::digest(&other.item) != digest);
    others.sort_by_key(|other| std::cmp::Reverse(other.at));
    for old in others.iter().skip(PROPOSALS_MAX - 1) {
        changes.delete(Tree::Identity, &key(self::digest(&old.item)));
    }
    records::write(changes, Tree::Identity, &key(digest), proposal);
    Ok(())
}
