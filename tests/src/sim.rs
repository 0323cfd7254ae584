//! A simulated world: a whole relay and whole devices, with real QUIC and TLS, on a network, disks and clocks that a
//! seed breaks and mends. The same seed gives the same history, down to the datagrams.
//!
//! [`plan`] is what a seed decides, [`run`](run::run) lives through it and asks the [oracle](crate::oracle). [`disk`]
//! forgets what nobody was told is durable, [`socket`] loses, doubles and delays datagrams, [`history`] remembers.
//!
//! There are two kinds of world ([`cast`]): organisations with one device each, and organisations with several, in which
//! devices join, are removed and come out of backups, organisations are suspended, and the past is given.
//!
//! What still escapes the seed: the bytes of TLS key shares, connection identifiers and retry tokens come from the
//! operating system. Their lengths do not vary, and nothing is ordered by them.

mod administration;
mod backups;
pub mod cast;
pub mod disk;
pub mod founding;
pub mod history;
pub mod hosts;
mod joining;
pub mod office;
pub mod people;
pub mod plan;
mod roots;
pub mod run;
pub mod socket;
