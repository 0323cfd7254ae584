//! The command line as people and scripts use it: the shapes they lean on, and whatever can be wrong with what they give.
//! Every mistake has its message, code and exit code, and loses nothing.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

mod command_line {
    mod again;
    mod auditors;
    mod bad_documents;
    mod bad_homes;
    mod bad_invites;
    mod beds;
    mod checks;
    mod consent;
    mod demo;
    mod devices;
    mod lookups;
    mod matches;
    mod no_network;
    mod policy;
    mod reach;
    mod recovery;
    mod registrars;
    mod relay_key;
    mod sharing;
    mod signing;
    mod story;
    mod support;
    mod suspension;
    mod unopened;
}
