//! The staff's pages in a real browser (Chromium without a window), with real daemons and a real relay between them.
//!
//! Each test has browsers of its own, with profiles of their own. `tests/run` installs Chromium, its driver and axe-core.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

mod browser {
    mod attachments;
    mod colours;
    mod doors;
    mod drafts;
    mod driver;
    mod keyboard;
    mod language;
    mod live;
    mod looks;
    mod no_script;
    mod other_site;
    mod paper;
    mod restoring;
    mod security_key;
    mod stage;
    mod three;
    mod walk;
}
