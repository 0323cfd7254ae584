//! Who is shut out, whose devices have gone, and what that does to packets: nothing is lost, nothing is doubled, and nothing
//! in doubt counts before a person says so.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

mod standing {
    mod doubt;
    mod resealing;
    mod support;
    mod suspension;
}
