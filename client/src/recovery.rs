//! The root keys of an organisation: where they are, how they get onto paper, and what is signed with them.
//!
//! A root decides who the organisation is, and the one after it takes over when it is lost or stolen. Neither is needed from
//! day to day, so neither belongs on a workstation: both are made in the erasable key store, written down, and erased once
//! a person has shown that the paper is there. At every moment a key is in the key store or a person has confirmed its
//! sheet. Keys come back by being typed, for one command, and live in memory only ([`Engine::enter_roots`]).

use causeway_certs::directory::Organisation;
use causeway_certs::keys::{PublicKey, SigningKey};
use causeway_common::crash;
use causeway_common::ids::Digest;
use causeway_common::statements::{OrgGenesis, OrgRecord};
use causeway_common::{codec, limits};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use self::sheet::name;
use crate::engine::{Engine, EngineError};
use crate::identity::Identity;
use crate::records::{self, RecordError, Source, Step};
use crate::vault::{Changes, Tree, Vault, VaultError};

mod groups;
pub mod record;
pub mod returning;
pub mod shares;
pub mod sheet;

const CUSTODY: &[u8] = b"custody";
/// Under which the key store keeps a root, followed by its name.
const HELD: &[u8] = b"root";

/// What this home knows of root keys; none of it is secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Custody {
    /// Were made here.
    made: Vec<Digest>,
    /// A person here has shown that their sheet is there.
    written: Vec<Digest>,
    /// Is to follow the present next root; at most one.
    prepared: Vec<Digest>,
    /// Stood in the records of an earlier version, and were erased from them.
    stored: Vec<Digest>,
}

/// What a root key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there are no others")]
pub enum Part {
    /// Speaks for the organisation.
    Root,
    /// Takes over from it.
    Next,
    /// Will follow that one, with the next rotation.
    Prepared,
}

/// Where a root key is, as far as this home knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there are no others")]
pub enum Place {
    /// On this workstation: it has to be written down.
    Here,
    /// On paper: a person here has confirmed it.
    Paper,
    /// It was made here, is gone, and nobody has confirmed a sheet: most likely this home was restored from a backup.
    Lost,
    /// Another workstation's business.
    Elsewhere,
}

/// A root key of this organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Root {
    /// Its name.
    pub name: Digest,
    /// What it is for.
    pub part: Part,
    /// Where it is.
    pub place: Place,
    /// It once stood in this home's database, which does not forget.
    pub exposed: bool,
}

impl Engine {
    /// Takes root keys that a person has typed, for as long as this engine lives.
    pub fn enter_roots(&self, keys: Vec<SigningKey>) {
        self.entered().extend(keys);
    }
}

/// Stores a new identity: first its roots, where they can be erased, then the rest.
pub async fn store(
    vault: &Vault,
    identity: &Identity,
    rng: &mut (dyn rand_core::CryptoRng + Send),
) -> Result<(), VaultError> {
    let mut changes = Changes::default();
    records::put_identity(&mut changes, identity);
    let fresh: Vec<SigningKey> = identity.fresh_roots.0.iter().map(SigningKey::from_seed).collect();
    let typed = identity.returned().and_then(|returned| PublicKey::from_bytes(returned.root).ok());
    if !fresh.is_empty() || typed.is_some() {
        let secrets: Vec<_> = fresh.iter().map(|key| (held_id(name(key.public())), key.seed())).collect();
        vault.eks_put(&secrets, rng).await?;
        let made = fresh.iter().map(|key| name(key.public())).collect();
        let written = typed.map(name).into_iter().collect();
        put_custody(&mut changes, &Custody { made, written, ..Custody::default() });
    }
    vault.commit(changes, rng).await
}

/// The root keys that this home has anything to do with: those in force, and the one that is prepared.
pub async fn roots(engine: &Engine) -> Result<Vec<Root>, EngineError> {
    let custody = settle(engine).await?;
    let mut roots = Vec::new();
    let prepared = custody.prepared.iter().map(|name| (*name, Part::Prepared));
    for (name, part) in in_force(engine).await.into_iter().chain(prepared) {
        if roots.iter().any(|root: &Root| root.name == name) {
            continue;
        }
        let place = place(engine, &custody, name).await;
        roots.push(Root { name, part, place, exposed: custody.stored.contains(&name) });
    }
    Ok(roots)
}

/// Those of them that are on this workstation, to be written down.
pub async fn here(engine: &Engine) -> Result<Vec<(Root, SigningKey)>, EngineError> {
    let mut here = Vec::new();
    for root in roots(engine).await?.into_iter().filter(|root| root.place == Place::Here) {
        here.extend(held(engine, root.name).await.map(|key| (root, key)));
    }
    Ok(here)
}

/// A person has shown that the sheets of these keys are there: remembers that, then erases the keys. What a crash
/// interrupts in between, the next look finishes.
pub async fn confirm(engine: &Engine, names: &[Digest]) -> Result<(), EngineError> {
    let mut step = Step::new(&engine.vault);
    let mut custody = custody(&step)?;
    let stored: Vec<Digest> = engine.identity.stored_roots().iter().map(|key| name(key.public())).collect();
    enter(&mut custody.written, names.iter().copied());
    enter(&mut custody.stored, stored.into_iter().filter(|stored| names.contains(stored)));
    if let Some(identity) = records::identity(&step)?.filter(|identity| !identity.stored_roots().is_empty()) {
        let kept = identity.without_stored_roots(|key| names.contains(&name(key)));
        records::put_identity(&mut step.changes, &kept);
    }
    put_custody(&mut step.changes, &custody);
    engine.commit(step.changes).await?;
    crash::at("recovery.before-erase");
    settle(engine).await?;
    Ok(())
}

/// Makes the key that will follow the next root, or gives the one that was made before. It has to be on paper before it can
/// be named.
pub async fn prepare(engine: &Engine) -> Result<Digest, EngineError> {
    let known = roots(engine).await?;
    let prepared = known.iter().find(|root| root.part == Part::Prepared);
    if let Some(root) = prepared.filter(|root| matches!(root.place, Place::Here | Place::Paper)) {
        return Ok(root.name);
    }
    let key = SigningKey::from_seed(&Zeroizing::new(engine.random().await));
    let name = name(key.public());
    let mut step = Step::new(&engine.vault);
    let mut custody = custody(&step)?;
    custody.prepared = vec![name];
    enter(&mut custody.made, [name]);
    put_custody(&mut step.changes, &custody);
    engine.commit(step.changes).await?;
    engine.keep_secrets(&[(held_id(name), key.seed())]).await?;
    Ok(name)
}

/// The key of this name: typed by a person, or still here.
pub(crate) async fn key(engine: &Engine, wanted: Digest) -> Option<SigningKey> {
    let typed = engine.entered().iter().find(|key| name(key.public()) == wanted).map(SigningKey::seed);
    match typed {
        Some(seed) => Some(SigningKey::from_seed(&seed)),
        None => held(engine, wanted).await,
    }
}

/// The organisation's present root, if it is at hand.
pub(crate) async fn root(engine: &Engine) -> Option<SigningKey> {
    let own = engine.replica.lock().await.directory.organisation(engine.identity.org).map(|own| own.root)?;
    key(engine, name(own)).await
}

async fn held(engine: &Engine, wanted: Digest) -> Option<SigningKey> {
    if let Some(seed) = engine.vault.eks_get(&held_id(wanted)).await {
        return Some(SigningKey::from_seed(&seed));
    }
    engine.identity.stored_roots().into_iter().find(|key| name(key.public()) == wanted)
}

async fn place(engine: &Engine, custody: &Custody, name: Digest) -> Place {
    if custody.written.contains(&name) {
        return Place::Paper;
    }
    match held(engine, name).await {
        Some(_) => Place::Here,
        None if custody.made.contains(&name) => Place::Lost,
        None => Place::Elsewhere,
    }
}

/// Erases what is on paper and was not erased yet.
async fn settle(engine: &Engine) -> Result<Custody, EngineError> {
    let custody = custody(&engine.vault)?;
    let ids: Vec<_> = custody.written.iter().map(|name| held_id(*name)).collect();
    engine.erase_secrets(&ids).await?;
    Ok(custody)
}

/// Names of the root and the next: as the directory says, or as this home has applied.
async fn in_force(engine: &Engine) -> Vec<(Digest, Part)> {
    let replica = engine.replica.lock().await;
    let known = replica.directory.organisation(engine.identity.org).map(|own| (own.root, own.next_root));
    let pair = known.or_else(|| applied(&engine.identity));
    pair.map(|(root, next)| vec![(name(root), Part::Root), (next, Part::Next)]).unwrap_or_default()
}

fn applied(identity: &Identity) -> Option<(PublicKey, Digest)> {
    let enrol = identity.enrolment()?;
    let founding: OrgGenesis = codec::decode(&enrol.genesis.body, limits::STATEMENT_BYTES_MAX).ok()?;
    let record: OrgRecord = codec::decode(&enrol.record.body, limits::STATEMENT_BYTES_MAX).ok()?;
    Some((PublicKey::from_bytes(founding.root).ok()?, record.next_root))
}

/// Whether a root that people type is one of this organisation's, and which.
pub fn part_of(own: &Organisation, key: PublicKey) -> Option<Part> {
    if key == own.root {
        return Some(Part::Root);
    }
    (name(key) == own.next_root).then_some(Part::Next)
}

fn custody(from: &dyn Source) -> Result<Custody, RecordError> {
    Ok(records::read(from, Tree::Identity, CUSTODY)?.unwrap_or_default())
}

fn put_custody(changes: &mut Changes, custody: &Custody) {
    records::write(changes, Tree::Identity, CUSTODY, custody);
}

fn enter(list: &mut Vec<Digest>, names: impl IntoIterator<Item = Digest>) {
    for name in names {
        if !list.contains(&name) {
            list.push(name);
        }
    }
}

fn held_id(name: Digest) -> Vec<u8> {
    [HELD, &name.0[..]].concat()
}

#[cfg(test)]
mod tests;
