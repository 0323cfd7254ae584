//! The language both sides of Causeway speak.
//!
//! Everything here is plain data and pure functions: identifiers, the byte rules of what is signed and hashed,
//! the envelope a relay may see, the frames on the wire, every limit. Time and randomness come in as arguments.
//! [`time::SystemClock`] alone reads a clock, and only the outermost parts of both programs name it.
//! The parts that touch a disk are [`store`] and [`backup`], because the relay's store and the client's vault keep their
//! promise of durability through the same few hundred lines. [`process`] and [`crash`] are about the process that both
//! programs run in.
//!
//! Dependencies point one way: `common ← certs ← {relay, client} ← tests`.

pub mod backup;
pub mod clearance;
pub mod codec;
pub mod crash;
pub mod envelope;
pub mod error;
pub mod framed;
pub mod ids;
pub mod limits;
pub mod passphrase;
pub mod priority;
pub mod process;
pub mod signed;
pub mod statements;
pub mod store;
pub mod time;
pub mod wire;
