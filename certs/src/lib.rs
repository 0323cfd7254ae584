//! Who is who in Causeway: keys, the directory of organisations and devices, and the connections that prove them.
//!
//! The directory is an append-only Merkle log of signed statements. The relay only puts them in order; every client
//! replays all of it through [`directory::Directory`], which refuses an illegal step. Connections are TLS 1.3 with
//! raw public keys at both ends ([`tls`]), behind one trait ([`transport`]) so that protocol code never sees QUIC.

pub mod audit;
pub mod checkpoint;
pub mod directory;
pub mod emoji;
pub mod evidence;
pub mod fingerprint;
pub mod invite;
pub mod keys;
pub mod link;
pub mod names;
pub mod recovery;
pub mod registrars;
pub mod relay_keys;
pub mod roster;
pub mod tls;
pub mod transport;

mod text;
