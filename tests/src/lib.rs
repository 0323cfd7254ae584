//! What needs two of the other crates: scenarios, faults, conformance suites.

pub mod store_suite;
