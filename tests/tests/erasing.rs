//! What is erased is gone: for somebody who has the disk and the passphrase, for the colleagues, for the other side, and
//! for everything that comes late.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

#[path = "erasing/both_sides.rs"]
mod both_sides;
#[path = "erasing/canary.rs"]
mod canary;
#[path = "erasing/cut_off.rs"]
mod cut_off;
#[path = "erasing/late.rs"]
mod late;
#[path = "erasing/old_home.rs"]
mod old_home;
#[path = "erasing/statistics.rs"]
mod statistics;
#[path = "erasing/time.rs"]
mod time;
