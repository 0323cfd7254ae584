//! A registrar beside, or after, the one who founded the directory.

use causeway_certs::directory::ITSELF;
use causeway_certs::registrars::{Candidacy, Nomination};
use causeway_common::ids::Digest;
use causeway_common::statements::RegistrarKeys;

use super::{FreshRoots, Identity, Role, Seeds, fresh_seeds};

impl Identity {
    /// A registrar-to-be, with keys of its own. It is one once the directory says so.
    pub fn nominated(nomination: &Nomination, rng: &mut dyn rand_core::CryptoRng) -> Self {
        let mut seeds = fresh_seeds(rng);
        rng.fill_bytes(&mut seeds.root);
        let known = (nomination.relay_address.clone(), nomination.relay_key, nomination.registrar_key);
        Self { nominated: Some(Box::new(nomination.clone())), ..Self::registrar(known, seeds) }
    }

    /// A registrar's home with these keys: where the relay listens, its key and the registrar's are pinned.
    pub(super) fn registrar(
        (relay_address, relay_key, registrar_key): (String, [u8; 32], [u8; 32]),
        seeds: Seeds,
    ) -> Self {
        Self {
            role: Role::Registrar,
            relay_address,
            relay_key,
            registrar_key,
            org: ITSELF,
            name: "Registrar".into(),
            country: String::new(),
            device_name: String::new(),
            roster: Digest([0; 32]),
            seeds,
            enrolment: Vec::new(),
            claim: Vec::new(),
            linked: None,
            nominated: None,
            returned: None,
            fresh_roots: FreshRoots::default(),
        }
    }

    /// What it was nominated with; none for who has founded the directory, or was nominated before that was kept.
    pub fn nominated_with(&self) -> Option<&Nomination> {
        self.nominated.as_deref()
    }

    /// The text that answers the nomination, the same every time; none if nobody has nominated it.
    pub fn candidacy(&self) -> Option<String> {
        let nomination = self.nominated.as_deref()?.clone();
        Some(Candidacy { nomination, keys: self.registrar_keys() }.to_text(&self.registrar_key()))
    }

    /// The keys that the directory lists for a registrar's home.
    pub fn registrar_keys(&self) -> RegistrarKeys {
        let key = *self.registrar_key().public().as_bytes();
        RegistrarKeys { key, tls_key: *self.tls_key().public().as_bytes() }
    }
}
