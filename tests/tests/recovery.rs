//! Root keys on paper: how they leave the workstation, what is signed with them later, and how an organisation comes back
//! that has lost everything else.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

mod recovery {
    mod paper;
    mod returning;
    mod rotation;
    mod support;
}
