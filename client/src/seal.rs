//! End-to-end sealing: what turns a referral into an envelope that a relay can carry and not read.
//!
//! Layers, from the outside in: a wrap per device ([`hybrid`], HPKE with X-Wing) holds the body's key and section
//! keys; the body ([`caead`], committing chunked encryption) is bound to the outer header and padded ([`pad`]); inside
//! stand a manifest with commitments to every section and a grant signed by the sending device over everything that
//! must not be exchanged ([`content`]). [`packet`] seals, [`open`] opens and refuses ([`refusal`]); [`attachment`]
//! seals and opens files of any size; [`kept`] proves what was opened long ago.

pub mod attachment;
pub mod caead;
pub mod content;
pub mod hybrid;
pub mod kept;
pub mod open;
pub mod packet;
pub mod pad;
pub mod refusal;

#[cfg(test)]
mod tests;
