//! A relay with its registrar and organisations, all of them admitted and in each other's directories.

use std::path::Path;

use super::actor::{Actor, VAULT_MEMORY};
use super::relay::{Place, Relay};

/// Everybody.
#[derive(Debug)]
pub struct Town {
    /// Where the relay lives.
    pub place: Place,
    /// Who admits organisations.
    pub registrar: Actor,
    /// Organisations.
    pub orgs: Vec<Actor>,
    /// Their identifiers, in the same order.
    pub ids: Vec<String>,
}

impl Town {
    /// Founds everything below `folder`, with the relay at `place`.
    ///
    /// # Panics
    /// When any step fails.
    pub async fn found(folder: &Path, mut place: Place, orgs: &[(&str, &str, &str)]) -> (Self, Relay) {
        let relay = place.up().await;
        let mut registrar = Actor::new(folder, "Registrar", &place.level);
        registrar.clock.clone_from(&place.clock);
        let claim = relay.ready["claim"].as_str().unwrap();
        registrar.run(&[&["registrar", "claim", claim], &VAULT_MEMORY[..]].concat()).await;
        let mut town = Self { place, registrar, orgs: Vec::new(), ids: Vec::new() };
        for (name, kind, country) in orgs {
            town.join(folder, name, kind, country).await;
        }
        // Whoever joined early does not know those who came later.
        for org in &town.orgs {
            org.run(&["sync"]).await;
        }
        (town, relay)
    }

    /// Brings in one more organisation, which has not left any prekeys yet.
    ///
    /// # Panics
    /// When any step fails.
    pub async fn join(&mut self, folder: &Path, name: &str, kind: &str, country: &str) {
        let invited = ["registrar", "invite", "--name", name, "--kind", kind, "--country", country];
        let invite = self.registrar.run(&invited).await;
        let mut org = Actor::new(folder, name, &self.place.level);
        org.clock.clone_from(&self.place.clock);
        let joined =
            org.run(&[&["join", invite["invite"].as_str().unwrap()], &VAULT_MEMORY[..]].concat()).await;
        let pending = self.registrar.list(&["registrar", "pending"]).await;
        assert_eq!(pending.len(), 1, "{name} waits for admission");
        assert_eq!(pending[0]["fingerprint"], joined["fingerprint"], "both see the same fingerprint");
        let id = pending[0]["id"].as_str().unwrap().to_owned();
        self.registrar.run(&["registrar", "admit", &id]).await;
        self.orgs.push(org);
        self.ids.push(id);
    }
}
