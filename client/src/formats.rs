//! Formats of others: what goes out of the vault as a file, and what comes in as drafts. Pure: bytes and documents, no files, no
//! clock.

pub mod bundle;
pub mod cap;
mod case;
pub mod csv;
pub mod drafts;
pub mod fhir;
mod fields;
mod finding;
pub mod htcds;
pub mod json;
pub mod label;
pub mod limits;
pub mod pfif;
pub mod print;
pub mod said;
pub mod table;
#[cfg(test)]
mod testing;
mod times;
pub mod xlsx;
mod xml;

pub use case::{Exported, may_be_published, public_part, section_part};
pub use finding::{Finding, Row};
