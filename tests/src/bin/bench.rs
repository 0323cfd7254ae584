//! The benchmarks: `bench [--json] [--quick] [FAMILY…]`. Without a name, all families run.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::process::ExitCode;

use causeway_tests::bench::{self, Family, Plan};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == "role") {
        bench::play(&words[1..]);
        return ExitCode::SUCCESS;
    }
    let flag = |name: &str| words.iter().any(|word| word == name);
    let named: Result<Vec<Family>, String> = words
        .iter()
        .filter(|word| !["--json", "--quick"].contains(&word.as_str()))
        .map(|w| w.parse())
        .collect();
    let families = match named {
        Ok(named) if named.is_empty() => Family::ALL.to_vec(),
        Ok(named) => named,
        Err(unknown) => {
            eprintln!("bench: {unknown}");
            return ExitCode::from(2);
        }
    };
    let plan = Plan { program: std::env::current_exe().unwrap(), quick: flag("--quick") };
    if bench::run_all(&plan, &families, flag("--json")) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
