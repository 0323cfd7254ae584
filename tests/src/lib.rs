//! What needs two of the other crates: scenarios, faults, conformance suites.
#![allow(clippy::unwrap_used, reason = "everything here runs inside tests, where a panic is the report")]

pub mod attacker;
pub mod bench;
pub mod charter;
pub mod fuzzing;
pub mod hostile;
pub mod log_book;
pub mod oracle;
pub mod party;
pub mod people;
pub mod power_cut;
pub mod process;
pub mod sim;
pub mod small_world;
pub mod steps;
pub mod store_suite;
pub mod vectors;

/// Connections in memory, which the relay's own tests use too.
#[path = "../../relay/tests/support/link.rs"]
mod link;
/// A relay without a network, which its own tests use too.
#[path = "../../relay/tests/support/rig.rs"]
mod rig;
