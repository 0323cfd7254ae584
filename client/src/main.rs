//! `causeway`: the program of staff, administrators and registrars.

use std::process::ExitCode;

fn main() -> ExitCode {
    causeway_client::cli::main()
}
