//! Parties that do not keep the rules: a relay that lies, members that attack, and a scene in memory to watch it in.
//!
//! [`scene`] is a relay with its organisations over connections in memory, under a clock that tests move. [`liar`] stands
//! between a device and the relay and changes what passes, as a relay could that holds the right key. [`rogue`] is a
//! member with a valid device that speaks in raw frames.

pub mod liar;
pub mod rogue;
pub mod scene;
