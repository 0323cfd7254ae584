//! Whether two referrals are about the same person: compared on this device, from what it may read, and nowhere else.
//!
//! A report about a missing person and an alert at a border spell one name in different ways. [`translit`](crate::translit) and [`skeleton`] make
//! spellings comparable, [`person`] takes out of a document what is compared, [`index`] finds who comes into question
//! without comparing with everybody, [`score`] says what agrees and what does not. [`told`] is what is kept of each case for that, [`sweep`] compares what is new,
//! [`finding`] is what is kept of it with what a person decides, [`telling`] what other organisations are told. Nothing is joined by
//! software. See `docs/matching.md`.

pub mod finding;
pub mod index;
pub mod person;
pub mod score;
pub mod skeleton;
pub mod sweep;
pub mod telling;
pub mod told;
