//! Writes what is made from the tables of referrals: `docs/dictionary.md` and `docs/schema/*.schema.json`.
//!
//! Its argument is the project's folder.

use std::path::Path;
use std::process::ExitCode;

use causeway_client::referral::publish::files;

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: schema FOLDER");
        return ExitCode::from(2);
    };
    for (path, text) in files() {
        let path = Path::new(&folder).join(path);
        let written =
            path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, text));
        if let Err(wrong) = written {
            eprintln!("{}: {wrong}", path.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
