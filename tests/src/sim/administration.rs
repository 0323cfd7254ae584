//! What administrators and the registrar do: let in, take out, give the past, shut out. Each goes on until it is done, or
//! until it turns out to be impossible, whatever crashes in between.

use std::sync::Arc;
use std::time::Duration;

use causeway_certs::transport::quic::QuicDialer;
use causeway_client::engine::history::HistoryError;
use causeway_client::engine::{Engine, EngineError};
use causeway_client::exclusion::{self, ExclusionError};
use causeway_client::linking::{self, LinkingError, Wish};
use causeway_client::session::SessionError;
use causeway_client::{devices, doubts};
use causeway_common::ids::DeviceId;
use causeway_common::time::Timestamp;

use super::hosts::lock;
use super::joining::{PAUSE, Paper};
use super::office::Office;
use super::plan::{Act, TROUBLE_MS};

/// Looks at the requests that wait before an administrator gives up on a code.
const IN_VAIN_MAX: u32 = 20;
/// Ways of making sure, numbered as in a reinstatement: by voice.
const BY_VOICE: u8 = 1;

/// What an attempt came to.
pub(super) enum Came {
    /// To its end, in these words.
    ToAnEnd(String),
    /// It has to be tried again, because of this.
    ToNothing(String),
}

impl Office {
    /// Tries until it is done or cannot be done.
    pub(super) async fn pursue(&self, engine: &Arc<Engine>, dialer: &QuicDialer, act: Act) -> String {
        let mut before = String::new();
        loop {
            let came = match act {
                Act::LetIn { host } => self.let_in(engine, dialer, host).await,
                Act::Revoke { host, reason } => self.revoke(engine, dialer, host, reason).await,
                Act::Give { host } => match self.device_of(host) {
                    Some(device) => self.give(engine, device).await,
                    None => Came::ToAnEnd("has nobody to give the past to".into()),
                },
                Act::WriteDown => match self.write_down(engine).await {
                    Ok(()) => Came::ToAnEnd("roots are on paper".into()),
                    Err(error) => Came::ToNothing(error.to_string()),
                },
                Act::Rotate => self.rotate(engine, dialer).await,
                Act::BringBack { org } | Act::LetBack { org } => {
                    let is_begun = matches!(act, Act::BringBack { .. });
                    self.bring_back(engine, dialer, org, is_begun).await
                }
                _ => self.state(engine, dialer, act).await,
            };
            match came {
                Came::ToAnEnd(words) => return format!("{act:?}: {words}"),
                Came::ToNothing(why) => {
                    if why != before {
                        self.tell(&format!("{act:?}, and again: {why}"));
                    }
                    before = why;
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn device_of(&self, host: usize) -> Option<DeviceId> {
        lock(&self.common.devices).get(&host).copied()
    }

    async fn let_in(&self, engine: &Engine, dialer: &QuicDialer, host: usize) -> Came {
        let paper = lock(&self.common.papers).get(&host).cloned();
        let Some(paper) = paper else {
            let part = self.common.cast[host - 1];
            let wish = Wish { roles: part.roles, clearance: part.clearance, name: String::new() };
            return match linking::invite(engine, dialer, wish).await {
                Ok(code) => {
                    lock(&self.common.papers).insert(host, Paper::with(code));
                    Came::ToNothing("a code is handed over".into())
                }
                Err(error) => came_to(&error),
            };
        };
        let Some((device, shown)) = paper.asks else { return Came::ToNothing("nobody has asked yet".into()) };
        let waiting = match linking::pending(engine, dialer).await {
            Ok(waiting) => waiting,
            Err(error) => return came_to(&error),
        };
        let asked = waiting.iter().find(|one| one.comparison == shown);
        let admitted = match asked.map(|one| &one.judged) {
            Some(Ok(request)) => linking::admit(engine, dialer, &request.device.to_string()).await.map(drop),
            _ if is_listed(engine, device).await => Ok(()),
            Some(Err(error)) => {
                lock(&self.common.papers).remove(&host);
                return Came::ToNothing(format!("not with this code: {error}"));
            }
            None => {
                let mut papers = lock(&self.common.papers);
                if let Some(paper) = papers.get_mut(&host) {
                    paper.in_vain += 1;
                    if paper.in_vain > IN_VAIN_MAX {
                        papers.remove(&host);
                    }
                }
                return Came::ToNothing("no request waits".into());
            }
        };
        match admitted {
            Ok(()) => {
                if let Some(paper) = lock(&self.common.papers).get_mut(&host) {
                    paper.is_in = true;
                }
                Came::ToAnEnd("is in".into())
            }
            Err(error) => came_to(&error),
        }
    }

    async fn revoke(&self, engine: &Engine, dialer: &QuicDialer, host: usize, reason: u8) -> Came {
        let Some(device) = self.device_of(host) else { return Came::ToAnEnd("nobody is there".into()) };
        match devices::revoke(engine, dialer, device, reason, None).await {
            Ok(removal) => Came::ToAnEnd(format!("is out; its key remains: {}", removal.key_remains)),
            Err(error) => came_to(&error),
        }
    }

    async fn give(&self, engine: &Engine, device: DeviceId) -> Came {
        let mut history = match engine.begin_history(device, Timestamp(0), false).await {
            Ok(history) => history,
            Err(HistoryError::Engine(error)) => return Came::ToNothing(error.to_string()),
            Err(error) => return Came::ToAnEnd(error.to_string()),
        };
        while history.left() > 0 {
            match engine.give_next(&mut history).await {
                Ok(0) => tokio::time::sleep(PAUSE).await,
                Ok(_) => {}
                Err(error) => return Came::ToNothing(error.to_string()),
            }
        }
        Came::ToAnEnd(format!("{} given", history.given()))
    }

    async fn state(&self, engine: &Engine, dialer: &QuicDialer, act: Act) -> Came {
        let link = match exclusion::connect(engine, dialer).await {
            Ok(link) => link,
            Err(error) => return Came::ToNothing(error.to_string()),
        };
        let stated = match act {
            Act::Suspend { org, reason } => {
                exclusion::suspend(engine, &*link, self.orgs[org], reason, None).await.map(drop)
            }
            Act::Reinstate { org } => exclusion::reinstate(engine, &*link, self.orgs[org], BY_VOICE).await,
            _ => Ok(()),
        };
        link.close(0);
        match stated {
            Ok(()) => Came::ToAnEnd("stated".into()),
            Err(error @ ExclusionError::Session(_)) => Came::ToNothing(error.to_string()),
            Err(error) => Came::ToAnEnd(error.to_string()),
        }
    }

    /// When the trouble is over, people ask about what is in doubt, and give colleagues what they lack.
    pub(super) async fn care(self: Arc<Self>, engine: Arc<Engine>) {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if self.common.time.ms() < TROUBLE_MS {
                continue;
            }
            if let Err(error) = self.release_all(&engine).await {
                self.tell(&format!("could not: {error}"));
            }
            let order = lock(&self.orders).first().copied();
            if let Some(device) = order
                && let Came::ToAnEnd(words) = self.give(&engine, device).await
            {
                self.tell(&format!("gives {} the past: {words}", device.short()));
                lock(&self.orders).remove(0);
            }
        }
    }

    async fn release_all(&self, engine: &Engine) -> Result<(), EngineError> {
        for doubt in doubts::all(&engine.vault)? {
            if doubt.standing == doubts::Standing::Quarantined {
                engine.release(doubt.packet, BY_VOICE).await?;
                self.tell(&format!("releases {}", crate::oracle::short(doubt.packet)));
            }
        }
        Ok(())
    }
}

async fn is_listed(engine: &Engine, device: DeviceId) -> bool {
    let replica = engine.replica.lock().await;
    let own = replica.directory.organisation(engine.identity.org);
    own.is_some_and(|own| own.device(device).is_some())
}

/// What cannot be done does not become possible by trying.
pub(super) fn came_to(error: &LinkingError) -> Came {
    match error {
        LinkingError::Session(SessionError::Removed(_)) => Came::ToAnEnd(error.to_string()),
        LinkingError::Session(_) | LinkingError::Code(_) | LinkingError::Used => {
            Came::ToNothing(error.to_string())
        }
        _ => Came::ToAnEnd(error.to_string()),
    }
}
