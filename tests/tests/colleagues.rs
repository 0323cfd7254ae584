//! Several devices of one organisation: what each of them reads, and what they share.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

mod colleagues {
    mod clearance;
    mod history;
    mod left_out;
    mod proposals;
    mod sharing;
}
