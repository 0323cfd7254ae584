//! The product's side of the exchange with other implementations: `tests/peers/check` calls it.
//!
//!     vectors make FILE...     seals a fresh packet into each file
//!     vectors check FILE...    opens packets of others
//!     vectors wrap FILE...     opens wraps of others
//!     vectors directory DIR... writes an exported directory, and what somebody has meddled with
#![allow(clippy::unwrap_used, reason = "a panic is a test's report")]

use std::path::Path;
use std::process::ExitCode;

use causeway_client::audit::write_directory;
use causeway_tests::log_book;
use causeway_tests::vectors::{Vector, check_wrap};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((command, files)) = arguments.split_first().filter(|(_, files)| !files.is_empty()) else {
        eprintln!("usage: vectors make|check|wrap FILE...; vectors directory DIR...");
        return ExitCode::from(2);
    };
    for file in files {
        let path = Path::new(file);
        let done = match command.as_str() {
            "make" => std::fs::write(path, Vector::make().text()).map_err(|error| error.to_string()),
            "check" => Vector::read(path).check(),
            "wrap" => check_wrap(path),
            "directory" => directories(path).map_err(|error| error.to_string()),
            other => Err(format!("there is no command {other}")),
        };
        if let Err(wrong) = done {
            eprintln!("{file}: {wrong}");
            return ExitCode::FAILURE;
        }
    }
    println!("{command}: {} files", files.len());
    ExitCode::SUCCESS
}

/// `right.json`, and a file for each way of meddling in `meddled`.
fn directories(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder.join("meddled"))?;
    std::fs::write(folder.join("right.json"), write_directory(&log_book::log()))?;
    for (what, log) in log_book::meddled() {
        let name = format!("meddled/{}.json", what.replace(' ', "-"));
        std::fs::write(folder.join(name), write_directory(&log))?;
    }
    Ok(())
}
