//! Backups of relays and workstations, with real processes: taken under traffic, cut off, damaged, restored. Nothing that
//! was acknowledged before is missing, nothing is there twice, and no key and no number is used again.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

mod backup {
    mod killed;
    mod relay;
    mod workstation;
}
