//! A colleague's workstation joins while the world lives: people pass a code on and compare what both screens show.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use causeway_certs::link::{self, LinkCode};
use causeway_certs::transport::quic::QuicDialer;
use causeway_client::engine::{Engine, EngineError};
use causeway_client::identity::Identity;
use causeway_client::linking::{self, LinkingError};
use causeway_client::records;
use causeway_client::session::SessionError;
use causeway_client::vault::{Changes, Cost, MemoryEks, Vault};
use causeway_common::ids::{DeviceId, Digest};
use causeway_common::store::MemoryKv;
use causeway_common::time::Clock as _;

use super::backups::PASSPHRASE;
use super::hosts::{dialer, lock};
use super::office::Office;

/// Pause between two looks.
pub(super) const PAUSE: Duration = Duration::from_millis(700);
/// Starts of one host are fewer than this.
pub(super) const ATTEMPT: u64 = 1_000;

/// A code on its way to the person whom it invites, and what that person reads out.
#[derive(Clone, Debug)]
pub(super) struct Paper {
    /// The code.
    pub(super) code: LinkCode,
    /// Who asks with it, and what its screen shows.
    pub(super) asks: Option<(DeviceId, Digest)>,
    /// The administrator was told that the device is in.
    pub(super) is_in: bool,
    /// How often the administrator has looked in vain.
    pub(super) in_vain: u32,
}

impl Paper {
    pub(super) fn with(code: LinkCode) -> Self {
        Self { code, asks: None, is_in: false, in_vain: 0 }
    }
}

/// A home that was begun; none, after a pause, if its disk was full.
pub(super) async fn unless_disk_was_full(
    begun: Result<Engine, EngineError>,
) -> Result<Option<Arc<Engine>>, EngineError> {
    match begun {
        Err(error) if error.to_string().contains("no space left on device") => {
            tokio::time::sleep(PAUSE).await;
            Ok(None)
        }
        begun => begun.map(|engine| Some(Arc::new(engine))),
    }
}

impl Office {
    /// Gets in, by one code or the next. Goes on where a crash has stopped it.
    pub(super) async fn enter(
        &self,
        relay: IpAddr,
        start: u64,
    ) -> turmoil::Result<(Arc<Engine>, QuicDialer)> {
        for attempt in 0.. {
            let begun = self.home(start, attempt).await;
            let Some(engine) = unless_disk_was_full(begun).await? else { continue };
            let dialer =
                dialer(&self.common, &engine, relay, self.host, start + ATTEMPT * (1 + attempt)).await?;
            if self.is_let_in(&engine, &dialer).await {
                return Ok((engine, dialer));
            }
            // The next code is for a new home.
            lock(&self.common.papers).remove(&self.host);
            *lock(&self.key) = None;
        }
        Err("never let in".into())
    }

    /// The home that has been begun, or a new one as soon as somebody hands over a code.
    async fn home(&self, start: u64, attempt: u64) -> Result<Engine, EngineError> {
        if attempt == 0
            && let Ok(engine) = self.open(start).await
        {
            return Ok(engine);
        }
        let code = loop {
            let paper = lock(&self.common.papers).get(&self.host).cloned();
            match paper {
                Some(paper) if paper.asks.is_none() => break paper.code,
                // Its home was lost before it was whole: somebody has to be asked for another code.
                Some(_) => drop(lock(&self.common.papers).remove(&self.host)),
                None => {}
            }
            tokio::time::sleep(PAUSE).await;
        };
        self.disk.replace(&MemoryKv::new());
        let eks = MemoryEks::default();
        *lock(&self.eks) = eks.clone();
        let mut rng = self.dice(start + ATTEMPT * (1 + attempt));
        let store = Arc::new(self.disk.clone());
        let (vault, _) = Vault::create(store, eks, PASSPHRASE, Cost::least(), &mut rng).await?;
        let identity = Identity::link(&code, self.part.name, self.clock.now(), &mut rng);
        let mut changes = Changes::default();
        records::put_identity(&mut changes, &identity);
        vault.commit(changes, &mut rng).await?;
        *lock(&self.key) = Some(vault.clone());
        let clock = Arc::new(self.clock.clone());
        Engine::open(vault, PathBuf::from("nowhere"), clock, Box::new(rng))
    }

    /// Asks until it is in. `false`: the code is good for nothing any more, and nobody says that it has let this device in.
    async fn is_let_in(&self, engine: &Engine, dialer: &QuicDialer) -> bool {
        let Some(linked) = engine.identity.linked() else { return true };
        let shown = (engine.identity.device(), link::comparison(&linked.request));
        loop {
            let asked = linking::ask(engine, dialer).await;
            let refused = matches!(&asked, Err(LinkingError::Code(_) | LinkingError::CodeRefused));
            self.tell(&format!("asks to join: {:?}", asked.as_ref().map_err(ToString::to_string)));
            match linking::is_admitted(engine, dialer).await {
                Ok(true) => return true,
                // It was in, and is not any more.
                Err(LinkingError::Session(SessionError::Removed(_) | SessionError::Suspended(_))) => {
                    return true;
                }
                _ => {}
            }
            if !self.is_awaited(&linked.code, asked.is_ok().then_some(shown), refused) {
                return false;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Reads out what this screen shows, and looks whether the code may still be good for something.
    fn is_awaited(&self, code: &LinkCode, shown: Option<(DeviceId, Digest)>, refused: bool) -> bool {
        let mut papers = lock(&self.common.papers);
        let Some(paper) = papers.get_mut(&self.host).filter(|paper| paper.code == *code) else {
            return false;
        };
        paper.asks = shown.or(paper.asks);
        paper.is_in || !refused
    }
}
