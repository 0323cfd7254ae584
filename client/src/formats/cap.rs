//! CAP 1.2, the Common Alerting Protocol of OASIS: border alerts out, alerts of others in.
//!
//! An alert names nobody. It says that there is one, how urgent it is, where and when; the rest is in the sealed packet.

mod read;
mod write;

pub use read::rows;
pub use write::export;

/// The namespace of version 1.2.
const NAMESPACE: &str = "urn:oasis:names:tc:emergency:cap:1.2";
/// What every alert of ours is about.
const EVENT: &str = "Suspected trafficking in persons at border crossing";
/// Profile of ours, in `code`.
const PROFILE: &str = "relay-profile:border-alert:1";

#[cfg(test)]
pub(crate) mod schema;
#[cfg(test)]
mod tests;
