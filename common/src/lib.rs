//! The language both sides of Causeway speak.
//!
//! Everything here is plain data and pure functions: identifiers, the byte rules of what is signed and hashed,
//! the envelope a relay may see, the frames on the wire, every limit. Time and randomness come in as arguments.
//! The one part that touches a disk is [`store`], because the relay's store and the client's vault keep their
//! promise of durability through the same few hundred lines.
//!
//! Dependencies point one way: `common ← certs ← {relay, client} ← tests`.

pub mod codec;
pub mod envelope;
pub mod error;
pub mod framed;
pub mod ids;
pub mod limits;
pub mod priority;
pub mod signed;
pub mod statements;
pub mod store;
pub mod time;
pub mod wire;
