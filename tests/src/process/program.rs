//! Where the programs under test stand.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Folders whose code ends up in both programs.
const SOURCES: [&str; 2] = ["common/src", "certs/src"];

/// A program of this build.
///
/// # Panics
/// When it has not been built, or not since the code was changed.
pub fn program(name: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    // Tests stand in a folder below the programs.
    let mut target = here.parent().unwrap();
    if target.ends_with("deps") {
        target = target.parent().unwrap();
    }
    let program = target.join(name);
    let built = std::fs::metadata(&program).and_then(|m| m.modified());
    let built =
        built.unwrap_or_else(|_| panic!("{} is not there: run `cargo build` first", program.display()));
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let own = if name == "causeway-relay" { "relay/src" } else { "client/src" };
    for source in SOURCES.into_iter().chain([own]) {
        let newest = newest(&project.join(source));
        assert!(newest <= Some(built), "{name} is older than {source}: run `cargo build` first");
    }
    program
}

/// When anything below a folder was changed last; none if it is not there, as where only the build was copied to.
fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = std::fs::read_dir(folder).ok()?.map(|entry| entry.unwrap().path());
    entries
        .filter_map(|path| if path.is_dir() { newest(&path) } else { path.metadata().ok()?.modified().ok() })
        .max()
}
