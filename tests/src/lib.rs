//! What needs two of the other crates: scenarios, faults, conformance suites.
#![allow(clippy::unwrap_used, reason = "everything here runs inside tests, where a panic is the report")]

pub mod party;
pub mod store_suite;
