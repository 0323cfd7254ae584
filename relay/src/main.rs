//! `causeway-relay`: command line, configuration, signals; nothing else.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use causeway_certs::transport::quic::{self, PersistentKeys, QuicListener};
use causeway_common::store::{Kv, SledKv, SledOptions, StoreError};
use causeway_common::time::SystemClock;
use causeway_relay::blobs::Blobs;
use causeway_relay::config::Config;
use causeway_relay::secrets::Secrets;
use causeway_relay::{Parts, Relay, server};
use clap::{CommandFactory as _, Parser, Subcommand};

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
    },
    /// Look at configuration files.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Check a data folder while the relay is stopped.
    Doctor {
        /// Folder to check.
        #[arg(long)]
        data: PathBuf,
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

/// What the operator is told, and the exit code.
#[derive(Debug)]
struct Failure(u8, String);

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(1, error.to_string())
    }
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_env("CAUSEWAY_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match act(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(code, message)) => {
            eprintln!("causeway-relay: {message}");
            ExitCode::from(code)
        }
    }
}

fn act(command: Command) -> Result<(), Failure> {
    match command {
        Command::Run { data, listen, config } => {
            let mut settings = config.map_or_else(|| Ok(Config::default()), |file| Config::read(&file))?;
            settings.listen = listen.unwrap_or(settings.listen);
            tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(data, settings))
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
        Command::Doctor { data } => doctor(data),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "causeway-relay", &mut std::io::stdout());
            Ok(())
        }
        Command::Man => Ok(clap_mangen::Man::new(Cli::command()).render(&mut std::io::stdout())?),
    }
}

fn open(data: &std::path::Path, settings: &Config) -> Result<(Arc<Relay>, Secrets), Failure> {
    let options = SledOptions { cache_bytes: settings.cache_bytes, ..SledOptions::default() };
    let kv = SledKv::open(&data.join("store"), options).map_err(|error| match error {
        StoreError::Locked(_) => Failure(
            9,
            format!(
                "another causeway-relay is running on {}; stop it first, or use another --data",
                data.display()
            ),
        ),
        other => other.into(),
    })?;
    let secrets = Secrets::open(&data.join("relay.key"))?;
    let parts = Parts {
        kv: Arc::new(kv),
        blobs: Blobs::in_folder(&data.join("blobs"))?,
        key: secrets.signing_key(),
        clock: Arc::new(SystemClock),
    };
    Ok((Relay::open_limited(parts, settings.limits.clone())?, secrets))
}

async fn run(data: PathBuf, settings: Config) -> Result<(), Failure> {
    let (relay, secrets) = open(&data, &settings)?;
    let key = secrets.signing_key();
    let keys = PersistentKeys { reset: secrets.reset_key(), token: secrets.token_key() };
    let endpoint = quic::listen(settings.listen, &key, keys)
        .map_err(|error| Failure(1, format!("cannot listen on {}: {error}", settings.listen)))?;
    let address = endpoint.local_addr()?;
    let public =
        if settings.public_address.is_empty() { address.to_string() } else { settings.public_address };
    let mut ready = serde_json::json!({
        "ready": true,
        "listen": address.to_string(),
        "relay_key": hex::encode(key.public().as_bytes()),
    });
    if !relay.has_registrar() {
        let mut secret = [0; 16];
        getrandom::fill(&mut secret).map_err(|e| Failure(1, e.to_string()))?;
        ready["claim"] = relay.claim_code(&public, secret).await?.into();
    }
    println!("{ready}");
    // Outside systemd there is nobody to tell.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    tracing::info!("ready");
    server::serve(relay, Arc::new(QuicListener::new(endpoint)), shutdown_signal()).await;
    tracing::info!("stopped");
    Ok(())
}

/// Resolves at SIGTERM or SIGINT.
async fn shutdown_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
}

fn doctor(data: PathBuf) -> Result<(), Failure> {
    if !data.join("store").exists() {
        return Err(Failure(4, format!("there is no relay in {}", data.display())));
    }
    let kv = SledKv::open(&data.join("store"), SledOptions::default())?;
    let usage = kv.usage()?;
    drop(kv);
    let (relay, _) = open(&data, &Config::default())?;
    println!("The directory replays. {} records, {} bytes on disk.", usage.records, usage.file_bytes);
    if !relay.has_registrar() {
        println!("No registrar yet: start the relay and use the claim code it prints.");
    }
    Ok(())
}
