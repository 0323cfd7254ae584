//! Whole cases as people play them, with a relay and commands in processes of their own and a clock that is set ahead: from a
//! call to a court, and again with each party silent in its turn.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

mod story {
    mod answered;
    mod calls;
    mod cases;
    mod kinds;
    mod on_duty;
    mod samples;
    mod silent_border;
    mod silent_embassy;
    mod silent_handover;
    mod silent_house;
    mod silent_prosecutor;
    mod support;
}
