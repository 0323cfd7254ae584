//! What the operator's commands do: everything that needs a disk, a socket or a signal.

use std::fmt;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use causeway_certs::keys::{PublicKey, SigningKey};
use causeway_certs::transport::quic::{self, PersistentKeys, QuicDialer, QuicListener};
use causeway_certs::transport::{Dialer as _, request};
use causeway_common::crash::{self, UnknownPlace};
use causeway_common::store::{Kv as _, SledKv, SledOptions, Snapshots, StoreError};
use causeway_common::time::SystemClock;
use causeway_common::wire::{Hello, PROTOCOL_VERSION, Welcome};
use causeway_relay::blobs::Blobs;
use causeway_relay::config::{Config, ConfigError};
use causeway_relay::control::Control;
use causeway_relay::key_files::{KEY_FILE, KeyFiles, NEXT_KEY_FILE};
use causeway_relay::keys::NextKey as _;
use causeway_relay::secrets::{Secrets, SecretsError};
use causeway_relay::{LEAP_TOLD_FROM, OpenError, Parts, Relay, server};
use zeroize::Zeroizing;

pub(crate) mod backup;
pub(crate) mod key;

/// How long a healthy relay takes for an answer, at most.
const HEALTHY: Duration = Duration::from_secs(5);

/// What the operator is told, and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    fn new(code: u8, message: impl fmt::Display) -> Self {
        Self { code, message: message.to_string() }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        self.code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let code = if matches!(error, ConfigError::Read(_)) { 4 } else { 5 };
        Self::new(code, error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(code_of(&error), error)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let code = if let OpenError::Store(error) = &error { code_of(error) } else { 8 };
        Self::new(code, error)
    }
}

impl From<SecretsError> for Failure {
    fn from(error: SecretsError) -> Self {
        let code = if matches!(error, SecretsError::Damaged(_)) { 8 } else { 3 };
        Self::new(code, error)
    }
}

impl From<UnknownPlace> for Failure {
    fn from(error: UnknownPlace) -> Self {
        Self::new(2, error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(1, error)
    }
}

impl From<toml::ser::Error> for Failure {
    fn from(error: toml::ser::Error) -> Self {
        Self::new(1, error)
    }
}

fn code_of(error: &StoreError) -> u8 {
    match error {
        StoreError::Corrupt(_) => 8,
        StoreError::Locked(_) => 9,
        _ => 1,
    }
}

fn open(data: &Path, settings: &Config) -> Result<(Arc<Relay>, Secrets, Arc<Snapshots>), Failure> {
    if data.join(backup::UNFINISHED).exists() {
        return Err(Failure::new(
            8,
            format!("{} was not restored to its end; empty it and restore again", data.display()),
        ));
    }
    let options = SledOptions { cache_bytes: settings.cache_bytes, at_step: Some(crash::at) };
    let kv = SledKv::open(&data.join("store"), options).map_err(|error| match error {
        StoreError::Locked(_) => Failure::new(
            9,
            format!(
                "another causeway-relay is running on {}; stop it first, or use another --data",
                data.display()
            ),
        ),
        other => other.into(),
    })?;
    let files = KeyFiles::of(data);
    let secrets = files.open()?;
    if files.stands_in() {
        tracing::warn!(
            "there is no {KEY_FILE}: this relay is known by {NEXT_KEY_FILE} until the directory says that it is its key"
        );
    }
    let snapshots = Arc::new(Snapshots::over(Arc::new(kv)));
    let parts = Parts {
        kv: Arc::clone(&snapshots) as _,
        blobs: Blobs::in_folder(&data.join("blobs"))?,
        key: secrets.signing_key(),
        clock: Arc::new(SystemClock),
    };
    Ok((Relay::open_with_next(parts, Box::new(files), settings.limits.clone())?, secrets, snapshots))
}

/// Runs the relay until a signal.
pub(crate) async fn run(data: &Path, settings: Config) -> Result<(), Failure> {
    let (relay, secrets, snapshots) = open(data, &settings)?;
    let keys = PersistentKeys { reset: secrets.reset_key(), token: secrets.token_key() };
    let endpoint = quic::listen_showing(settings.listen, relay.shown_key(), keys)
        .map_err(|error| Failure::new(1, format!("cannot listen on {}: {error}", settings.listen)))?;
    let address = endpoint.local_addr()?;
    let shutdown = shutdown_signal()?;
    let claim = claim_code(&relay, &settings.public_address, address).await?;
    announce(address, &relay.key(), claim)?;
    if let Some(wait) = relay.waits_for_what_it_lost() {
        tracing::warn!(
            minutes = wait.as_secs().div_ceil(60),
            "restored from a backup: nothing new is taken for the directory until members had this time to give back what was lost"
        );
    }
    let control = control(data, snapshots);
    let serving = server::serve(relay, Arc::new(QuicListener::new(endpoint)), shutdown);
    tokio::pin!(serving);
    match control {
        Some(control) => tokio::select! {
            () = &mut serving => {}
            () = control.serve() => {}
        },
        None => serving.await,
    }
    tracing::info!("stopped");
    Ok(())
}

/// The way to take backups while the relay runs. Without it, it has to be stopped for them; it serves all the same.
fn control(data: &Path, snapshots: Arc<Snapshots>) -> Option<Control> {
    match Control::open(data, snapshots) {
        Ok(control) => Some(control),
        Err(error) => {
            tracing::warn!("no backup can be taken while the relay runs: {error}");
            None
        }
    }
}

/// The code that makes somebody the registrar, while there is none.
async fn claim_code(relay: &Relay, public: &str, address: SocketAddr) -> Result<Option<String>, Failure> {
    if relay.has_registrar() {
        return Ok(None);
    }
    if public.is_empty() && address.ip().is_unspecified() {
        tracing::warn!(
            "the claim code and all invites will name {address}, which nobody can reach; set public_address"
        );
    }
    let address = if public.is_empty() { address.to_string() } else { public.to_owned() };
    let mut secret = Zeroizing::new([0; 16]);
    getrandom::fill(&mut *secret).map_err(|error| Failure::new(1, error))?;
    relay
        .claim_code(&address, *secret)
        .await
        .map(Some)
        .map_err(|error| Failure::new(1, format!("the claim code cannot be stored: {error}")))
}

/// Says that the relay is ready: one line of JSON for scripts, a word to systemd.
fn announce(address: SocketAddr, key: &SigningKey, claim: Option<String>) -> Result<(), Failure> {
    let mut ready = serde_json::json!({
        "schema_version": 1,
        "ready": true,
        "listen": address.to_string(),
        "relay_key": hex::encode(key.public().as_bytes()),
    });
    if let Some(claim) = claim {
        ready["claim"] = claim.into();
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{ready}").and_then(|()| out.flush())?;
    // Outside systemd there is nobody to tell.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    tracing::info!("ready");
    Ok(())
}

/// Resolves at SIGTERM or SIGINT. A second SIGINT ends the process at once.
fn shutdown_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        tokio::spawn(async move {
            interrupt.recv().await;
            // Nothing acknowledged depends on what is cut off here.
            std::process::exit(130);
        });
    })
}

/// Opens everything a relay needs, as a start would, and says what is there.
pub(crate) fn doctor(data: &Path, settings: &Config) -> Result<(), Failure> {
    if !data.join("store").exists() {
        return Err(Failure::new(4, format!("there is no relay in {}", data.display())));
    }
    let (relay, secrets, snapshots) = open(data, settings)?;
    drop(snapshots);
    drop(secrets);
    println!("The relay's key is {}.", hex::encode(relay.key().public().as_bytes()));
    if let Some(next) = KeyFiles::of(data).prepared() {
        println!("The next one is prepared: {}.", hex::encode(next.public().as_bytes()));
    }
    println!("The directory replays: {} statements.", relay.directory_size());
    let behind = relay.expiry_behind().map_err(|refused| Failure::new(1, format!("{:?}", refused.0)))?;
    if behind >= LEAP_TOLD_FROM {
        let hours = behind.as_secs() / 3600;
        println!(
            "This machine's clock has leaped {hours} hours ahead, or the relay was off for as long. Nothing expires \
             early by that. If the clock is wrong, set it right."
        );
    }
    drop(relay);
    let usage = SledKv::open(&data.join("store"), SledOptions::default())?.usage()?;
    println!("The store opens: {} records, {} bytes on the disk.", usage.records, usage.file_bytes);
    if !data.join("store").join("db").exists() {
        return Err(Failure::new(8, "the store has no database file"));
    }
    Ok(())
}

/// Says Hello as a stranger; the relay's key is checked by the handshake.
pub(crate) async fn healthcheck(data: &Path, listen: SocketAddr) -> Result<(), Failure> {
    let unhealthy =
        |error: &dyn fmt::Display| Failure::new(6, format!("no healthy relay on {listen}: {error}"));
    let pinned: Vec<PublicKey> =
        KeyFiles::of(data).read()?.iter().map(|secrets| secrets.signing_key().public()).collect();
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed).map_err(|error| Failure::new(1, error))?;
    let config = quic::client_config_of(&pinned, &SigningKey::from_seed(&seed)).map_err(|e| unhealthy(&e))?;
    let endpoint = quic::client_endpoint(listen).map_err(|e| unhealthy(&e))?;
    let dialer = QuicDialer::new(endpoint.clone(), config, listen);
    let answer = async {
        let link = dialer.dial().await.map_err(|e| unhealthy(&e))?;
        let hello = Hello { versions: vec![PROTOCOL_VERSION] };
        let welcome = request::<_, Welcome>(&*link, &hello, HEALTHY).await.map_err(|e| unhealthy(&e))?;
        link.close(0);
        Ok::<_, Failure>(welcome)
    };
    let welcome =
        tokio::time::timeout(HEALTHY, answer).await.map_err(|_| unhealthy(&"no answer in time"))??;
    // The close frame is on its way; a relay that does not see it drops the stranger soon.
    let _ = tokio::time::timeout(HEALTHY, endpoint.wait_idle()).await;
    println!("The relay on {listen} answers (protocol version {}).", welcome.version);
    Ok(())
}
