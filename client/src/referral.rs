//! What packets mean: kinds, the life of a referral, updates to it.

pub mod lifecycle;
pub mod update;
