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
        Self::registrar(nomination, seeds)
    }

    /// A registrar's home with these keys.
    pub(super) fn registrar(known: &Nomination, seeds: Seeds) -> Self {
        Self {
            role: Role::Registrar,
            relay_address: known.relay_address.clone(),
            relay_key: known.relay_key,
            registrar_key: known.registrar_key,
            org: ITSELF,
            name: "Registrar".into(),
            country: String::new(),
            device_name: String::new(),
            roster: Digest([0; 32]),
            seeds,
            enrolment: Vec::new(),
            claim: Vec::new(),
            linked: None,
            returned: None,
            fresh_roots: FreshRoots::default(),
        }
    }

    /// The text that answers the nomination, the same every time.
    pub fn candidacy(&self) -> String {
        let nomination = Nomination {
            relay_address: self.relay_address.clone(),
            relay_key: self.relay_key,
            registrar_key: self.registrar_key,
        };
        Candidacy { nomination, keys: self.registrar_keys() }.to_text(&self.registrar_key())
    }

    /// The keys that the directory lists for a registrar's home.
    pub fn registrar_keys(&self) -> RegistrarKeys {
        let key = *self.registrar_key().public().as_bytes();
        RegistrarKeys { key, tls_key: *self.tls_key().public().as_bytes() }
    }
}
