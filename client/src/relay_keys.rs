//! The relay's keys, as this home knows them: from its directory, or from a text that people have passed on because it could
//! not reach the relay any more.

use causeway_certs::checkpoint::CheckpointError;
use causeway_certs::directory::{Directory, ITSELF, Period, RelayKeys};
use causeway_certs::keys::PublicKey;
use causeway_certs::relay_keys::{ANNOUNCEMENTS_BYTES_MAX, Announcements, RelayKeyTextError};
use causeway_certs::transport::Link;
use causeway_common::codec;
use causeway_common::error::ErrorCode;
use causeway_common::statements::{RelayKey, StatementKind};
use causeway_common::time::Timestamp;

use crate::engine::{Engine, EngineError};
use crate::exclusion::{self, ATTEMPTS};
use crate::identity::Identity;
use crate::replica::{Replica, ReplicaError};
use crate::session::SessionError;
use crate::vault::{Changes, Tree, Vault, VaultError};

const PASSED_ON: &[u8] = b"relay-keys";

/// Announcements that have been passed on and that the directory here does not hold yet.
#[derive(Clone, Debug)]
pub(crate) struct PassedOn {
    announcements: Announcements,
    keys: RelayKeys,
}

/// Why a text with announcements is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PassedOnError {
    /// It does not hold.
    #[error(transparent)]
    Text(#[from] RelayKeyTextError),
    /// It says something else than the directory here.
    #[error("the text contradicts the directory that this home knows")]
    Contradicts,
    /// The vault does not take it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// What the vault holds of them. It was verified when it was put there.
pub(crate) fn passed_on(vault: &Vault) -> Result<Option<PassedOn>, VaultError> {
    let Some(bytes) = vault.get(Tree::Directory, PASSED_ON)? else { return Ok(None) };
    let announcements: Option<Announcements> = codec::decode(&bytes, ANNOUNCEMENTS_BYTES_MAX).ok();
    Ok(announcements.and_then(|announcements| {
        let keys = announcements.replay().ok()?.relay.clone();
        Some(PassedOn { announcements, keys })
    }))
}

/// How many statements a directory makes about itself.
fn count(directory: &Directory) -> u64 {
    directory.authority().map_or(0, |_| directory.next_link(ITSELF).0 - 1)
}

impl Replica {
    /// The relay's keys.
    pub fn relay_keys(&self, identity: &Identity) -> Result<RelayKeys, CheckpointError> {
        if let Some(passed_on) = self.knows_more() {
            return Ok(passed_on.keys.clone());
        }
        match self.directory.authority() {
            Some(run_by) => Ok(run_by.relay.clone()),
            None => identity.relay().map(RelayKeys::new).map_err(|_| CheckpointError::Unverified),
        }
    }

    /// The announcements that say so; none while nothing is known of the directory.
    pub fn announcements(&self) -> Announcements {
        self.knows_more().map_or_else(|| Announcements::of(&self.directory), |it| it.announcements.clone())
    }

    /// What people have passed on, if the directory here does not say as much.
    fn knows_more(&self) -> Option<&PassedOn> {
        self.passed_on.as_ref().filter(|passed_on| passed_on.announcements.count() > count(&self.directory))
    }

    /// The directory is here to its end: it must have the relay's key that this home has joined with, and say what it was told
    /// about the relay by other ways.
    pub(crate) fn holds_what_was_passed_on(
        &mut self,
        identity: &Identity,
        changes: &mut Changes,
    ) -> Result<(), ReplicaError> {
        let pinned = identity.relay().map_err(|_| CheckpointError::Unverified)?;
        if self.directory.authority().is_some_and(|run_by| !run_by.relay.has(pinned)) {
            return Err(CheckpointError::Unverified.into());
        }
        if let Some(passed_on) = &self.passed_on {
            if !Announcements::of(&self.directory).continue_those(&passed_on.announcements) {
                return Err(ReplicaError::NotAnnounced);
            }
            changes.delete(Tree::Directory, PASSED_ON);
            self.passed_on = None;
        }
        Ok(())
    }
}

impl Engine {
    /// The keys that the relay may show now.
    pub async fn relay_keys_to_dial(&self) -> Vec<PublicKey> {
        let keys = self.replica.lock().await.relay_keys(&self.identity);
        keys.map(|keys| keys.to_dial(self.now())).unwrap_or_default()
    }

    /// The relay's present key, for those who join now.
    pub async fn relay_key(&self) -> [u8; 32] {
        let keys = self.replica.lock().await.relay_keys(&self.identity);
        keys.map_or(self.identity.relay_key, |keys| *keys.in_force(self.relay_now()).key.as_bytes())
    }

    /// Takes announcements from a text that people have passed on: from then on the relay is known by the keys that they name. The
    /// next fetch must find them in the directory.
    pub async fn take_announcements(&self, text: &str) -> Result<RelayKeys, PassedOnError> {
        let announcements = Announcements::from_text(text)?;
        let keys = announcements.verify(&self.identity.registrar_key)?;
        let mut replica = self.replica.lock().await;
        let known = Announcements::of(&replica.directory);
        if known.continue_those(&announcements) {
            return Ok(replica.relay_keys(&self.identity).unwrap_or(keys));
        }
        if !announcements.continue_those(&known) {
            return Err(PassedOnError::Contradicts);
        }
        let mut changes = Changes::default();
        changes.put(Tree::Directory, PASSED_ON, codec::encode(&announcements));
        self.commit(changes).await?;
        replica.passed_on = Some(PassedOn { announcements, keys: keys.clone() });
        Ok(keys)
    }
}

/// Why a key is not announced.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnnounceError {
    /// It has been the relay's before, or another way of it has been announced.
    #[error("the relay has had this key before")]
    Before,
    /// The statement would be of a time that has not come for the relay.
    #[error("this clock is ahead of the relay's")]
    ClockAhead,
    /// The relay does not hold it.
    #[error("the relay does not have this key")]
    NotThere,
    /// The relay cannot be reached or refuses.
    #[error(transparent)]
    Session(#[from] SessionError),
}

/// The registrar announces the relay's next key; `from` none: at once. Asking again after a lost answer does no harm.
pub async fn announce(
    engine: &Engine,
    link: &dyn Link,
    key: PublicKey,
    from: Option<Timestamp>,
) -> Result<Period, AnnounceError> {
    let payload = codec::encode(&RelayKey { relay: *key.as_bytes(), from: from.unwrap_or(Timestamp(0)) });
    let same = |last: &Period| {
        last.key == key && from.map_or(last.at_once, |from| !last.at_once && last.from == from)
    };
    for attempt in 1..=ATTEMPTS {
        let keys = announced(engine).await?;
        let (last, now) = (keys.last(), engine.now());
        if same(&last) {
            return Ok(last);
        }
        let stays = |period: &Period| *period != last || keys.in_force(now) == last;
        if keys.all().filter(stays).any(|period| period.key == key) {
            return Err(AnnounceError::Before);
        }
        let appended =
            exclusion::append(engine, link, ITSELF, StatementKind::RelayKey, payload.clone(), attempt).await;
        appended.map_err(|error| match error {
            SessionError::Refused(ErrorCode::NotFound) => AnnounceError::NotThere,
            SessionError::Refused(ErrorCode::ExpiryTooFar) => AnnounceError::ClockAhead,
            other => other.into(),
        })?;
    }
    let last = announced(engine).await?.last();
    if same(&last) { Ok(last) } else { Err(SessionError::Refused(ErrorCode::Conflict).into()) }
}

async fn announced(engine: &Engine) -> Result<RelayKeys, AnnounceError> {
    let replica = engine.replica.lock().await;
    let run_by = replica.directory.authority().ok_or(SessionError::Misbehaved)?;
    Ok(run_by.relay.clone())
}
