//! A directory that has grown large, and whoever serves it.

use std::collections::HashMap;
use std::sync::Arc;

use causeway_certs::checkpoint::{self, Checkpoint};
use causeway_certs::directory::Directory;
use causeway_certs::keys::SigningKey;
use causeway_certs::roster;
use causeway_certs::transport::{Listener, RecvHalf, SendHalf, finish, read_any, write_frame};
use causeway_common::ids::Digest;
use causeway_common::limits::STATEMENTS_PER_ANSWER_MAX;
use causeway_common::statements::{Reinstatement, SignedRoster, StatementKind, Suspension};
use causeway_common::time::{Clock as _, SystemClock, Timestamp};
use causeway_common::wire::{self, DirectoryPart, DirectorySince, FetchRosters, FrameType, Rosters};
use rand_chacha::ChaCha20Rng;
use tokio::sync::RwLock;

use super::town;
use crate::charter::{self, Charter};

/// Devices of each organisation.
pub(super) const DEVICES: usize = 5;

/// The log, everybody's keys, and what a relay answers from.
#[derive(Debug)]
pub(super) struct Grown {
    pub(super) registrar: SigningKey,
    pub(super) directory: Directory,
    pub(super) rosters: HashMap<Digest, SignedRoster>,
    relay: SigningKey,
    charters: Vec<Charter>,
    /// Organisations from the first on that have changed their roster.
    changed: usize,
    now: Timestamp,
    rng: ChaCha20Rng,
}

impl Grown {
    pub(super) fn new(relay: SigningKey) -> Self {
        let mut rng = town::fresh_rng();
        let registrar = SigningKey::generate(&mut rng);
        let tls = SigningKey::generate(&mut rng);
        let mut directory = Directory::new();
        directory.append(&charter::directory_genesis(&registrar, &tls, &relay)).unwrap();
        let (rosters, charters, now) = (HashMap::new(), Vec::new(), SystemClock.now());
        Self { registrar, directory, rosters, relay, charters, changed: 0, now, rng }
    }

    pub(super) fn admit(&mut self, count: usize) {
        for _ in 0..count {
            let name = format!("Organisation {}", self.charters.len());
            let charter = Charter::draw(&name, DEVICES, self.now, &mut self.rng);
            let leaf = charter.admission(&self.registrar, self.now);
            self.append(&leaf, Some(charter.signed_roster()));
            self.charters.push(charter);
        }
    }

    /// What happens in a directory of some size: in ten statements, six workstations are replaced, two organisations are
    /// admitted, one is suspended and reinstated. Gives how many signatures a reader has to verify for it.
    pub(super) fn happen(&mut self, statements: usize) -> usize {
        let mut signatures = 0;
        for number in 0..statements {
            signatures += match number % 10 {
                0 => self.stand(StatementKind::Suspension),
                1 => self.stand(StatementKind::Reinstatement),
                2 | 3 => {
                    self.admit(1);
                    4
                }
                _ => self.replace_a_device(),
            };
        }
        signatures
    }

    /// The next organisation to change its roster is shut out, or let in again.
    fn stand(&mut self, kind: StatementKind) -> usize {
        let (charter, now) = (&self.charters[self.changed], self.now);
        let leaf = if kind == StatementKind::Suspension {
            let payload = Suspension { reason: 1, compromised_since: now };
            charter.step(&self.directory, kind, &self.registrar, now, &payload)
        } else {
            charter.step(&self.directory, kind, &self.registrar, now, &Reinstatement { vetted: 1 })
        };
        self.append(&leaf, None);
        1
    }

    fn replace_a_device(&mut self) -> usize {
        let charter = &mut self.charters[self.changed];
        self.changed += 1;
        let leaf = charter.replace(0, &self.directory, self.now, &mut self.rng);
        let roster = charter.signed_roster();
        self.append(&leaf, Some(roster));
        2
    }

    fn append(&mut self, leaf: &[u8], roster: Option<SignedRoster>) {
        self.directory.append(leaf).unwrap();
        if let Some(signed) = roster {
            self.directory.supply_roster(&signed).unwrap();
            self.rosters.insert(roster::digest(&signed.body), signed);
        }
    }

    fn since(&self, size: u64) -> DirectoryPart {
        let leaves = self.directory.leaves_from(size).iter().take(STATEMENTS_PER_ANSWER_MAX).cloned();
        let head =
            Checkpoint { size: self.directory.size(), root: self.directory.root(), time: SystemClock.now() };
        DirectoryPart { leaves: leaves.collect(), checkpoint: checkpoint::sign(&head, &self.relay) }
    }

    fn rosters(&self, digests: &[Digest]) -> Rosters {
        Rosters { rosters: digests.iter().filter_map(|d| self.rosters.get(d).cloned()).collect() }
    }
}

/// Answers what one client asks about the directory, until it is gone.
pub(super) async fn serve(grown: Arc<RwLock<Grown>>, listener: impl Listener) {
    let link = listener.accept().await.unwrap().await.unwrap();
    while let Ok((send, recv)) = link.accept_bi().await {
        answer(&*grown.read().await, send, recv).await;
    }
}

async fn answer(grown: &Grown, mut send: SendHalf, mut recv: RecvHalf) {
    let (frame, payload) = read_any(&mut recv).await.unwrap();
    match frame {
        FrameType::DirectorySince => {
            let asked: DirectorySince = wire::decode_payload(&payload).unwrap();
            write_frame(&mut send, &grown.since(asked.size)).await.unwrap();
        }
        FrameType::FetchRosters => {
            let asked: FetchRosters = wire::decode_payload(&payload).unwrap();
            write_frame(&mut send, &grown.rosters(&asked.digests)).await.unwrap();
        }
        other => panic!("asked for {other:?}"),
    }
    finish(&mut send).await.unwrap();
}
