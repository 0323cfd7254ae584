//! Seals, sends, receives, keeps and shows.

/// What people have written is printed nowhere.
macro_rules! no_content_in_debug {
    ($($name:ident),*) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        })*
    };
}

pub mod activity;
mod api;
pub mod attachments;
pub mod audit;
pub mod backup;
pub mod beds;
mod caller;
pub mod calls;
pub mod casebook;
pub mod catalogue;
pub mod chain;
pub mod checks;
pub mod cli;
pub mod consents;
mod daemon;
pub mod demo;
pub mod desks;
pub mod devices;
pub mod doubts;
pub mod engine;
pub mod escalation;
mod events;
pub mod exclusion;
pub mod formats;
pub mod head_age;
pub mod identity;
pub mod lang;
pub mod last_resort;
pub mod linking;
pub mod matching;
pub mod membership;
pub mod model;
pub mod mrz;
pub mod office;
pub mod prekeys;
mod preview;
pub mod proposals;
pub mod reconnect;
pub mod records;
pub mod recovery;
pub mod referral;
pub mod registers;
pub mod registrars;
pub mod relay_keys;
pub mod replica;
pub mod retention;
pub mod seal;
pub mod search;
pub mod session;
pub mod shared;
pub mod staff;
pub mod stats;
pub mod translit;
pub mod unopened;
pub mod vault;
mod web;
pub mod went_back;

/// A reproducible random source for tests.
#[cfg(test)]
pub(crate) fn test_rng(seed: u8) -> rand_chacha::ChaCha20Rng {
    use rand_chacha::rand_core::SeedableRng as _;
    rand_chacha::ChaCha20Rng::from_seed([seed; 32])
}

/// An organisation for tests.
#[cfg(test)]
pub(crate) fn test_identity() -> identity::Identity {
    use causeway_certs::{invite, keys::SigningKey};
    use causeway_common::statements::Invite;
    use causeway_common::time::Timestamp;

    let registrar = SigningKey::from_seed(&[1; 32]);
    let invite = Invite {
        invite_id: [1; 16],
        relay_address: "relay.example:4433".into(),
        relay_key: *SigningKey::from_seed(&[2; 32]).public().as_bytes(),
        registrar_key: *registrar.public().as_bytes(),
        name: "Border Police".into(),
        kind: "police".into(),
        country: "DE".into(),
        expires: Timestamp(u64::MAX),
    };
    let signed = invite::sign(&invite, &registrar);
    identity::Identity::found_organisation(signed, &invite, "desk", Timestamp(1), &mut test_rng(3))
}
