//! `causeway-relay`: the command line.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use causeway_relay::config::Config;
use clap::{CommandFactory as _, Parser, Subcommand};

use crate::operate::Failure;

mod operate;

/// Stores and forwards sealed referrals that it cannot read.
#[derive(Debug, Parser)]
#[command(name = "causeway-relay", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the relay. An empty data folder is initialised first.
    Run {
        /// Folder for everything the relay keeps.
        #[arg(long)]
        data: PathBuf,
        /// Address and port to listen on (UDP), for example 0.0.0.0:4433.
        #[arg(long)]
        listen: Option<SocketAddr>,
        /// Configuration file; `config default` prints one.
        #[arg(long)]
        config: Option<PathBuf>,
        /// For tests of power and process failures: end without warning at a named step, the nth time.
        #[arg(long, hide = true, value_name = "STEP:N")]
        crash_at: Option<String>,
    },
    /// Look at configuration files.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Check a data folder while the relay is stopped: keys, store, directory.
    Doctor {
        /// Folder to check.
        #[arg(long)]
        data: PathBuf,
        /// Configuration file, if the relay runs with one.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// The relay's key, and the one that follows it.
    #[command(subcommand)]
    Key(operate::key::KeyCommand),
    /// Take, check and restore backups.
    #[command(subcommand)]
    Backup(operate::backup::BackupCommand),
    /// Ask a running relay for a sign of life. Exit code 0: it answers and is who it should be.
    Healthcheck {
        /// Folder of the relay, for its key.
        #[arg(long)]
        data: PathBuf,
        /// Where it listens.
        #[arg(long, default_value = "127.0.0.1:4433")]
        listen: SocketAddr,
    },
    /// Print completions for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print the default configuration with comments.
    Default,
    /// Check a file.
    Check {
        /// Which file.
        file: PathBuf,
    },
    /// Print what a file comes to, defaults included.
    Show {
        /// Which file.
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    let filter = causeway_common::process::log_filter("warn,causeway_relay=info");
    let filter = tracing_subscriber::EnvFilter::new(filter);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    let ended = causeway_common::process::keep_to_itself().map_err(Failure::from);
    match ended.and_then(|()| act(Cli::parse().command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("causeway-relay: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn act(command: Command) -> Result<(), Failure> {
    match command {
        Command::Run { data, listen, config, crash_at } => {
            let mut settings = settings(config)?;
            settings.listen = listen.unwrap_or(settings.listen);
            crash_at.as_deref().map_or(Ok(()), causeway_common::crash::arm)?;
            runtime()?.block_on(operate::run(&data, settings))
        }
        Command::Config(ConfigCommand::Default) => {
            print!("{}", Config::commented_default());
            Ok(())
        }
        Command::Config(ConfigCommand::Check { file }) => {
            Config::read(&file)?;
            println!("{} is fine.", file.display());
            Ok(())
        }
        Command::Config(ConfigCommand::Show { file }) => {
            print!("{}", toml::to_string_pretty(&Config::read(&file)?)?);
            Ok(())
        }
        Command::Doctor { data, config } => operate::doctor(&data, &settings(config)?),
        Command::Key(command) => operate::key::act(command),
        Command::Backup(command) => operate::backup::act(command),
        Command::Healthcheck { data, listen } => runtime()?.block_on(operate::healthcheck(&data, listen)),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "causeway-relay", &mut std::io::stdout());
            Ok(())
        }
        Command::Man => Ok(clap_mangen::Man::new(Cli::command()).render(&mut std::io::stdout())?),
    }
}

fn settings(file: Option<PathBuf>) -> Result<Config, Failure> {
    Ok(file.map_or_else(|| Ok(Config::default()), |file| Config::read(&file))?)
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}
