//! A workstation's folder: the vault, opened with the passphrase, and the way to the relay.

use std::io::IsTerminal as _;
use std::net::ToSocketAddrs as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use causeway_certs::transport::Dialer;
use causeway_certs::transport::quic::{self, QuicDialer};
use causeway_common::ids::OrgId;
use causeway_common::store::{SledKv, SledOptions, StoreError, files};
use causeway_common::time::SystemClock;
use etcetera::BaseStrategy as _;
use zeroize::Zeroizing;

use super::Global;
use super::failure::{Failure, exit};
use crate::activity;
use crate::engine::{Engine, Rng};
use crate::identity::Identity;
use crate::records;
use crate::vault::{Changes, Cost, Vault, VaultError};

/// Page cache of the vault's store.
const CACHE_BYTES: u64 = 32 << 20;
/// Longest passphrase file.
const PASSPHRASE_BYTES_MAX: u64 = 4 * 1024;

/// An unlocked home.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) engine: Arc<Engine>,
    pub(crate) json: bool,
}

pub(crate) fn vault_failure(error: VaultError) -> Failure {
    match error {
        VaultError::WrongPassphrase => Failure::new("V-103", exit::LOCKED, "The passphrase is not the right one. Nothing was changed.", "Try again; mind the keyboard layout. If it is lost, use the recovery code."),
        VaultError::Store(store) => store.into(),
        other => Failure::new("V-108", exit::INTEGRITY, format!("{other}."), "Do not delete anything. Restore from a backup, or ask for help with the code."),
    }
}

fn folder(global: &Global) -> Result<PathBuf, Failure> {
    match &global.home {
        Some(home) => Ok(home.clone()),
        None => etcetera::choose_base_strategy()
            .map(|strategy| strategy.data_dir().join("causeway"))
            .map_err(|_| Failure::invalid("There is no home folder on this machine.", "Say where with --home DIR.")),
    }
}

/// The operating system's random source.
pub(crate) fn system_rng() -> Rng {
    Box::new(rand::rng())
}

impl Home {
    /// Whether this home has been set up.
    pub(crate) fn exists(global: &Global) -> Result<bool, Failure> {
        Ok(folder(global)?.join("vault").exists())
    }

    /// Opens this home with its passphrase.
    pub(crate) async fn unlock(global: &Global) -> Result<Self, Failure> {
        let folder = folder(global)?;
        if !folder.join("vault").exists() {
            return Err(crate::engine::EngineError::NoIdentity.into());
        }
        let passphrase = passphrase(global, false)?;
        let vault = Vault::unlock(open_store(&folder)?, &folder, &passphrase).await?;
        Self::open(vault, &folder, global)
    }

    /// Makes a home around a new identity. Nothing of it is there if this fails.
    pub(crate) async fn create(
        global: &Global,
        found: impl FnOnce(&mut dyn rand_core::CryptoRng) -> Identity,
    ) -> Result<Self, Failure> {
        let folder = folder(global)?;
        if folder.join("vault").exists() {
            return Err(Failure::new("H-109", exit::CONFLICT, format!("There is a home in {} already.", folder.display()), "Use another folder with --home DIR."));
        }
        let passphrase = passphrase(global, true)?;
        files::create_private_dir(&folder)?;
        let mut rng = system_rng();
        let (vault, recovery) =
            Vault::create(open_store(&folder)?, &folder, &passphrase, Cost::standard(), &mut *rng).await?;
        let mut changes = Changes::default();
        records::put_identity(&mut changes, &found(&mut *rng));
        vault.commit(changes, &mut *rng).await?;
        eprintln!("Recovery code (write it on paper, keep it apart from this machine; it opens this home without the passphrase):\n\n    {}\n", recovery.as_str());
        Self::open(vault, &folder, global)
    }

    fn open(vault: Vault, folder: &Path, global: &Global) -> Result<Self, Failure> {
        let engine = Engine::open(vault, folder.join("staging"), Arc::new(SystemClock), system_rng())?;
        Ok(Self { engine: Arc::new(engine), json: global.json })
    }

    /// The way to this home's relay.
    pub(crate) async fn dialer(&self) -> Result<Box<dyn Dialer>, Failure> {
        let identity = &self.engine.identity;
        let address = identity.relay_address.clone();
        let resolved = tokio::task::spawn_blocking(move || address.to_socket_addrs().map(|mut a| a.next()))
            .await
            .map_err(Failure::internal)?;
        let Ok(Some(relay)) = resolved else {
            return Err(causeway_certs::transport::LinkError::Broken("its name does not resolve".into()).into());
        };
        let pinned = identity.relay().map_err(Failure::internal)?;
        let config = quic::client_config(pinned, &identity.tls_key())?;
        Ok(Box::new(QuicDialer::new(quic::client_endpoint(relay)?, config, relay)))
    }

    /// What people call an organisation here.
    pub(crate) async fn name_of(&self, org: OrgId) -> String {
        if org == self.engine.identity.org {
            return self.engine.identity.name.clone();
        }
        let replica = self.engine.replica.lock().await;
        replica.directory.organisation(org).map_or_else(|| org.short(), |o| o.name.clone())
    }

    /// Writes a line into the activity log.
    pub(crate) async fn note(&self, what: &str) -> Result<(), Failure> {
        let mut changes = Changes::default();
        activity::append(&self.engine.vault, &mut changes, self.engine.now(), what, None)?;
        Ok(self.engine.commit(changes).await?)
    }

    /// Packets that did not reach their recipient.
    pub(crate) fn failures(&self) -> Result<usize, Failure> {
        Ok(records::all_sent(&self.engine.vault)?.iter().filter(|s| s.transport.is_failure()).count())
    }

    /// Verifies every record of the vault; gives their number.
    pub(crate) fn check_vault(&self) -> Result<u64, Failure> {
        Ok(self.engine.vault.verify()?.records)
    }

    /// Verifies the activity log; gives the number of its entries.
    pub(crate) fn check_activity(&self) -> Result<u64, Failure> {
        Ok(activity::verify(&self.engine.vault)?)
    }
}

fn open_store(folder: &Path) -> Result<Arc<SledKv>, StoreError> {
    let options = SledOptions { cache_bytes: CACHE_BYTES, ..SledOptions::default() };
    Ok(Arc::new(SledKv::open(&folder.join("vault"), options)?))
}

fn passphrase(global: &Global, new: bool) -> Result<Zeroizing<String>, Failure> {
    if let Some(path) = &global.passphrase_file {
        let unreadable = |e: std::io::Error| Failure::invalid(format!("Cannot read the passphrase file: {e}."), "Check --passphrase-file.");
        if std::fs::metadata(path).map_err(unreadable)?.len() > PASSPHRASE_BYTES_MAX {
            return Err(Failure::invalid("The passphrase file is too long.", "It should hold one line."));
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(unreadable)?);
        return Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()));
    }
    if global.no_input || !std::io::stdin().is_terminal() {
        return Err(Failure::new("V-103", exit::LOCKED, "This home is locked, and there is no terminal to ask for the passphrase.", "Use --passphrase-file FILE."));
    }
    let ask = |prompt: &str| rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(Failure::internal);
    let first = ask("Passphrase: ")?;
    if new && *first != *ask("The same again: ")? {
        return Err(Failure::invalid("The two passphrases differ.", "Try again."));
    }
    Ok(first)
}
