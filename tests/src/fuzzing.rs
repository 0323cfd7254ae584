//! What the fuzzers run: one function per target, each fed arbitrary bytes, each with an opinion on the outcome.
//!
//! A target's first byte picks what the rest goes to. Where arbitrary bytes would end at the first check, the input is
//! read as instructions instead: how to change something valid, what to sign again, what to ask next ([`Input`]). The
//! same functions run without a fuzzer over the kept inputs, in `tests/fuzz_corpus.rs`.

pub mod audit;
pub mod decoders;
pub mod documents;
pub mod formats;
pub mod input;
pub mod lookups;
pub mod relay_frames;
pub mod seal;
pub mod session;
pub mod vault;

use crate::rig;

pub use self::input::Input;

/// A target.
pub type Target = fn(&[u8]);

/// All targets by name. The name is that of the fuzz binary and of the folder with its kept inputs.
pub const TARGETS: [(&str, Target); 9] = [
    ("audit", audit::run),
    ("decoders", decoders::run),
    ("documents", documents::run),
    ("formats", formats::run),
    ("lookups", lookups::run),
    ("relay_frames", relay_frames::run),
    ("seal", seal::run),
    ("session", session::run),
    ("vault", vault::run),
];

/// A runtime on which waits of minutes take no time and every run goes the same way.
fn paused_runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}
