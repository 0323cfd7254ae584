//! Root keys: they go onto paper, one hands over to the next, and by them an organisation that has lost its workstation gets
//! another one, with the registrar's help. Each goes on until it is done, whatever crashes in between; paper does not.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use causeway_certs::keys::SigningKey;
use causeway_certs::recovery::{Offer, RecoveryTextError};
use causeway_certs::transport::quic::QuicDialer;
use causeway_client::engine::{Engine, EngineError};
use causeway_client::identity::Identity;
use causeway_client::recovery::record::{self, RecoveryError};
use causeway_client::recovery::returning::{self, Progress, ReturningError};
use causeway_client::recovery::sheet::name;
use causeway_client::vault::{Cost, MemoryEks, Vault};
use causeway_client::{exclusion, recovery};
use causeway_common::ids::Digest;
use causeway_common::store::MemoryKv;
use causeway_common::time::Clock as _;

use super::administration::{Came, came_to};
use super::backups::PASSPHRASE;
use super::hosts::{dialer, lock};
use super::joining::{ATTEMPT, PAUSE, unless_disk_was_full};
use super::office::Office;

/// What the registrar and an organisation that comes back pass to each other.
#[derive(Clone, Debug, Default)]
pub(super) struct Case {
    offer: Option<Offer>,
    request: Option<String>,
    /// The new workstation has taken its place.
    is_back: bool,
}

impl Office {
    /// Everything that is still on the workstation goes onto paper.
    pub(super) async fn write_down(&self, engine: &Engine) -> Result<(), EngineError> {
        let here = recovery::here(engine).await?;
        let names: Vec<Digest> = here.iter().map(|(root, _)| root.name).collect();
        let keys = here.iter().map(|(root, key)| (root.name, *key.seed()));
        lock(&self.common.sheets).extend(keys);
        recovery::confirm(engine, &names).await
    }

    pub(super) async fn rotate(&self, engine: &Engine, dialer: &QuicDialer) -> Came {
        match self.hand_over(engine, dialer).await {
            Ok(()) => Came::ToAnEnd("handed over".into()),
            Err(RecoveryError::Linking(error)) => came_to(&error),
            Err(error) => Came::ToAnEnd(error.to_string()),
        }
    }

    async fn hand_over(&self, engine: &Engine, dialer: &QuicDialer) -> Result<(), RecoveryError> {
        let replica = engine.replica.lock().await;
        let own = replica.directory.organisation(engine.identity.org);
        let in_force = own.map(|own| (name(own.root), own.next_root));
        drop(replica);
        let Some((root, next)) = in_force else { return Ok(()) };
        if *lock(&self.heir).get_or_insert(next) == root {
            return Ok(());
        }
        recovery::prepare(engine).await?;
        self.write_down(engine).await?;
        let typed = lock(&self.common.sheets).values().map(SigningKey::from_seed).collect();
        engine.enter_roots(typed);
        record::rotate(engine, dialer).await.map(drop)
    }

    /// The registrar brings an organisation back: offers, takes the request, waits, lets the new workstation in; or goes on to
    /// other things as soon as that stands in the open.
    pub(super) async fn bring_back(
        &self,
        engine: &Engine,
        dialer: &QuicDialer,
        org: usize,
        is_begun: bool,
    ) -> Came {
        let link = match exclusion::connect(engine, dialer).await {
            Ok(link) => link,
            Err(error) => return Came::ToNothing(error.to_string()),
        };
        let case = lock(&self.common.cases).entry(org).or_default().clone();
        let back = match (case.offer, case.request) {
            (None, _) => returning::offer(engine, self.orgs[org]).await.map(Some),
            (Some(offer), None) if self.is_without_sheets(&offer, org) => {
                link.close(0);
                lock(&self.common.cases).remove(&org);
                return Came::ToAnEnd(
                    "nobody has a sheet, and the workstation with the roots is lost".into(),
                );
            }
            (Some(_), None) => Ok(None),
            (Some(_), Some(request)) => {
                let begun = match returning::begin(engine, &*link, &request).await {
                    Ok(Progress::Announced(_)) if is_begun => {
                        link.close(0);
                        return Came::ToAnEnd("stands in the open".into());
                    }
                    // Begun before: what it says is in force, or announced.
                    Ok(Progress::Announced(_)) | Err(ReturningError::Text(RecoveryTextError::Outdated)) => {
                        returning::finish(engine, &*link, self.orgs[org]).await
                    }
                    begun => begun,
                };
                link.close(0);
                return self.goes_on(org, begun);
            }
        };
        link.close(0);
        match back {
            Ok(Some(offer)) => {
                lock(&self.common.cases).entry(org).or_default().offer = Some(offer);
                Came::ToNothing("an offer is passed on".into())
            }
            Ok(None) => Came::ToNothing("nobody has asked yet".into()),
            Err(error) => Came::ToNothing(error.to_string()),
        }
    }

    /// Whether no root of an organisation was on paper when its only workstation came out of a backup: a backup has none.
    fn is_without_sheets(&self, offer: &Offer, org: usize) -> bool {
        let (sheets, lost) = (lock(&self.common.sheets), lock(&self.common.lost_roots));
        let root = causeway_certs::keys::PublicKey::from_bytes(offer.root).ok().map(name);
        let known = root.into_iter().chain([offer.next_root]);
        lost.contains(&org) && !known.into_iter().any(|name| sheets.contains_key(&name))
    }

    fn goes_on(&self, org: usize, begun: Result<Progress, ReturningError>) -> Came {
        match begun {
            // Until then somebody with the root may undo it.
            Ok(Progress::Done) if !lock(&self.common.cases).get(&org).is_some_and(|case| case.is_back) => {
                Came::ToNothing("is let in".into())
            }
            Ok(Progress::Done) => Came::ToAnEnd("is back".into()),
            Ok(_) => Came::ToNothing("announced".into()),
            Err(
                error
                @ (ReturningError::TooEarly(_) | ReturningError::Session(_) | ReturningError::Suspended),
            ) => Came::ToNothing(error.to_string()),
            // Its root has changed meanwhile.
            Err(error) => {
                lock(&self.common.cases).insert(org, Case::default());
                Came::ToNothing(format!("from the beginning: {error}"))
            }
        }
    }

    /// The new workstation takes its organisation's place. Goes on where a crash has stopped it.
    pub(super) async fn come_back(
        &self,
        relay: IpAddr,
        start: u64,
    ) -> turmoil::Result<(Arc<Engine>, QuicDialer)> {
        for attempt in 0.. {
            let begun = self.new_workstation(start, attempt).await;
            let Some(engine) = unless_disk_was_full(begun).await? else { continue };
            let dialer =
                dialer(&self.common, &engine, relay, self.host, start + ATTEMPT * (1 + attempt)).await?;
            if self.is_back(&engine, &dialer).await {
                self.tell("is back");
                if let Some(org) = self.part.org {
                    lock(&self.common.cases).entry(org).or_default().is_back = true;
                }
                return Ok((engine, dialer));
            }
            *lock(&self.key) = None;
        }
        Err("never back".into())
    }

    /// The home that has been begun, or a new one as soon as there is an offer.
    async fn new_workstation(&self, start: u64, attempt: u64) -> Result<Engine, EngineError> {
        if attempt == 0
            && let Ok(engine) = self.open(start).await
        {
            return Ok(engine);
        }
        let (offer, root) = loop {
            if let Some(found) = self.offered() {
                break found;
            }
            tokio::time::sleep(PAUSE).await;
        };
        self.disk.replace(&MemoryKv::new());
        let eks = MemoryEks::default();
        *lock(&self.eks) = eks.clone();
        let mut rng = self.dice(start + ATTEMPT * (1 + attempt));
        let store = Arc::new(self.disk.clone());
        let (vault, _) = Vault::create(store, eks, PASSPHRASE, Cost::least(), &mut rng).await?;
        let identity = Identity::come_back(&offer, &root, self.part.name, self.clock.now(), &mut rng);
        recovery::store(&vault, &identity, &mut rng).await?;
        *lock(&self.key) = Some(vault.clone());
        Engine::open(vault, PathBuf::from("nowhere"), Arc::new(self.clock.clone()), Box::new(rng))
    }

    /// The registrar's offer, and the sheet that is found first: of the root in some seeds, of the next in others.
    fn offered(&self) -> Option<(Offer, SigningKey)> {
        let cases = lock(&self.common.cases);
        let offer = cases.get(&self.part.org?)?.offer.clone()?;
        let sheets = lock(&self.common.sheets);
        let root = causeway_certs::keys::PublicKey::from_bytes(offer.root).ok().map(name)?;
        let wanted = if self.common.seed.is_multiple_of(2) {
            [root, offer.next_root]
        } else {
            [offer.next_root, root]
        };
        let seed = wanted.iter().find_map(|name| sheets.get(name))?;
        Some((offer, SigningKey::from_seed(seed)))
    }

    /// Hands its request in until it is back. `false`: its offer is good for nothing any more.
    async fn is_back(&self, engine: &Engine, dialer: &QuicDialer) -> bool {
        let (Some(returned), Some(org)) = (engine.identity.returned(), self.part.org) else { return true };
        loop {
            if matches!(returning::come_back(engine, dialer).await, Ok(true)) {
                return true;
            }
            {
                let mut cases = lock(&self.common.cases);
                let case = cases.entry(org).or_default();
                if case.offer.as_ref() != Some(&returned.offer) {
                    return false;
                }
                case.request = Some(returned.request.clone());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
