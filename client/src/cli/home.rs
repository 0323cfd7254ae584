//! A workstation's folder: the vault, opened with the passphrase, and the way to the relay.

use std::io::IsTerminal as _;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use causeway_certs::keys::PublicKey;
use causeway_certs::transport::quic::{self, QuicDialer};
use causeway_certs::transport::{BoxFuture, Dialer, Link, LinkError};
use causeway_common::crash;
use causeway_common::ids::{Digest, OrgId};
use causeway_common::passphrase::CHARS_MIN;
use causeway_common::store::{SledKv, SledOptions, StoreError, files};
use causeway_common::time::SystemClock;
use clap::Args;
use etcetera::BaseStrategy as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::sync::watch;
use zeroize::Zeroizing;

use super::Global;
use super::failure::{Failure, exit, unreachable, why};
use super::output::remark;
use super::serve::browser;
use super::turn::Turns;
use crate::activity;
use crate::backup::is_staged;
use crate::daemon::connection::Connection;
use crate::daemon::socket;
use crate::engine::{Engine, Rng};
use crate::identity::Identity;
use crate::lang::Lang;
use crate::records;
use crate::recovery;
use crate::vault::{Changes, Cost, EKS_FILES, RecoveryCode, Vault, VaultError, security_keys};
use crate::web::{lockout, place};

/// Page cache of the vault's store.
const CACHE_BYTES: u64 = 32 << 20;
/// What a folder allows to others, and may not: writing, by its group or by anybody.
const WRITABLE_BY_OTHERS: u32 = 0o022;
/// What it allows then.
const OURS_ALONE: u32 = 0o700;
/// Code of a home without a vault.
pub(crate) const NO_VAULT: &str = "H-110";
/// Code of a passphrase that is not the right one.
pub(super) const WRONG: &str = "V-103";
/// What `causeway serve` keeps in a folder where there is no home yet.
const OF_THE_PAGES: [&str; 5] =
    [place::FILE, lockout::FILE, lockout::FILE_OF_CODES, socket::place::FILE, browser::PROFILE];
/// Longest passphrase file.
const PASSPHRASE_BYTES_MAX: u64 = 4 * 1024;

/// Memory that a guess at the passphrase takes, if nobody says otherwise.
const VAULT_MEMORY_MIB: u32 = 256;

/// How a new home is protected.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ProtectionArgs {
    /// Memory in MiB that each guess at the passphrase takes, 64 to 4096. Less only on a machine that has little; more
    /// makes a stolen disk harder to open and every command slower.
    #[arg(long, default_value_t = VAULT_MEMORY_MIB, value_parser = clap::value_parser!(u32).range(64..=4096))]
    vault_memory: u32,
}

impl Default for ProtectionArgs {
    fn default() -> Self {
        Self { vault_memory: VAULT_MEMORY_MIB }
    }
}

impl ProtectionArgs {
    fn cost(self) -> Cost {
        Cost::with_memory_mib(self.vault_memory).unwrap_or(Cost::standard())
    }
}

/// Dials the relay by the keys that are known when it does: one may have been announced since the last time.
#[derive(Debug)]
struct RelayDialer {
    engine: Arc<Engine>,
    endpoint: quic::Endpoint,
    relay: SocketAddr,
    also: Option<PublicKey>,
}

impl Dialer for RelayDialer {
    fn dial(&self) -> BoxFuture<'_, Result<Arc<dyn Link>, LinkError>> {
        Box::pin(async move {
            let mut pinned = self.engine.relay_keys_to_dial().await;
            pinned.extend(self.also);
            let config = quic::client_config_of(&pinned, &self.engine.identity.tls_key())?;
            QuicDialer::new(self.endpoint.clone(), config, self.relay).dial().await
        })
    }

    fn name(&self) -> &'static str {
        "quic"
    }
}

/// The passphrase of a home that is begun on a page, and the place into which its recovery code is put for whoever writes it down.
#[derive(Clone)]
pub(crate) struct Typed {
    pub(crate) passphrase: Zeroizing<String>,
    pub(crate) recovery: Arc<Mutex<Option<RecoveryCode>>>,
}
no_content_in_debug!(Typed);

/// An unlocked home.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) engine: Arc<Engine>,
    pub(crate) json: bool,
    pub(crate) lang: Lang,
    /// Nobody is there to be asked.
    pub(crate) no_input: bool,
    /// How the connection stands that is kept for this home, if one is: by the daemon.
    pub(crate) kept: Option<watch::Receiver<Connection>>,
    /// Turns of its commands.
    pub(crate) turns: Arc<Turns>,
}

pub(crate) fn vault_failure(error: VaultError) -> Failure {
    match error {
        VaultError::WrongPassphrase => Failure::said(WRONG, exit::LOCKED, "fail-passphrase-wrong", &[]),
        VaultError::Missing => Failure::said(NO_VAULT, exit::NOT_FOUND, "fail-unfinished", &[]),
        VaultError::WeakPassphrase => {
            Failure::wrong("fail-passphrase-weak", &[("chars", &CHARS_MIN.to_string())])
        }
        VaultError::Store(store) => store.into(),
        VaultError::Memory => Failure::said("V-108", exit::INTEGRITY, "fail-vault-memory", &[]),
        VaultError::SecurityKeys => Failure::said("V-109", exit::INTEGRITY, "fail-security-keys", &[]),
        VaultError::Damaged(what) => match activity::broken_before(&what) {
            Some(number) => Failure::said("V-108", exit::INTEGRITY, "fail-log-broken", &[("number", number)]),
            None => Failure::said("V-108", exit::INTEGRITY, "fail-vault-damaged", &[("what", &what)]),
        },
    }
}

pub(crate) fn folder(global: &Global) -> Result<PathBuf, Failure> {
    match &global.home {
        Some(home) => Ok(home.clone()),
        None => etcetera::choose_base_strategy()
            .map(|strategy| strategy.data_dir().join("causeway"))
            .map_err(|_| Failure::wrong("fail-no-folder", &[])),
    }
}

/// Keeps others out of the folder of a home: whoever may write into it may put a socket, a hook or an older vault there. A folder that was
/// copied from another machine or made by hand is often open to all; shutting it does what its owner wants, and asking first would only be
/// one more question. Where that does not work (it is somebody else's, or on a disk that knows no owners) nothing is begun.
///
/// # Errors
/// It stays open.
pub(crate) fn shut(folder: &Path, lang: Lang) -> Result<(), Failure> {
    let is_open = || folder.metadata().is_ok_and(|of| of.mode() & WRITABLE_BY_OTHERS != 0);
    if !is_open() {
        return Ok(());
    }
    let (name, wanted) = (folder.display().to_string(), std::fs::Permissions::from_mode(OURS_ALONE));
    if std::fs::set_permissions(folder, wanted).is_err() || is_open() {
        return Err(Failure::said("G-149", exit::REFUSED, "home-open", &[("folder", &name)]));
    }
    remark(&lang.fill("home-shut", &[("folder", &name)]));
    Ok(())
}

/// The operating system's random source.
pub(crate) fn system_rng() -> Rng {
    Box::new(StdRng::from_rng(&mut rand::rng()))
}

impl Home {
    /// Opens this home with its passphrase.
    pub(crate) async fn unlock(global: &Global) -> Result<Self, Failure> {
        let folder = folder(global)?;
        if !folder.join("vault").exists() {
            return Err(crate::engine::EngineError::NoIdentity.into());
        }
        shut(&folder, global.lang())?;
        Self::unlock_with(&folder, &passphrase(global, false)?, global).await
    }

    /// Opens the home in a folder with a passphrase, or the recovery code, that somebody has typed elsewhere.
    pub(crate) async fn unlock_with(folder: &Path, secret: &str, global: &Global) -> Result<Self, Failure> {
        let vault = unlock(folder, secret).await?;
        let home = Self::open(vault, folder, global)?;
        // What was cut off is brought to its end before anything is called erased.
        home.engine.finish_erasing().await?;
        Ok(home)
    }

    /// The same home for somebody who reads another language, and who is asked nothing on a terminal.
    pub(crate) fn read_in(&self, lang: Lang) -> Self {
        Self {
            engine: Arc::clone(&self.engine),
            json: false,
            lang,
            no_input: true,
            kept: self.kept.clone(),
            turns: Arc::clone(&self.turns),
        }
    }

    /// This home belongs to somebody else than the one who is meant.
    pub(crate) fn is_taken(&self) -> Failure {
        taken(Some(&self.engine.identity.name))
    }

    /// Makes a home around a new identity. If this fails there is no identity, and the next attempt begins anew.
    pub(crate) async fn create(
        global: &Global,
        protection: ProtectionArgs,
        found: impl FnOnce(&mut dyn rand_core::CryptoRng) -> Identity,
    ) -> Result<Self, Failure> {
        let folder = folder(global)?;
        shut(&folder, global.lang())?;
        let begun = folder.join("vault").exists();
        let passphrase = passphrase(global, !begun)?;
        if begun {
            clear_unfinished(&folder, &passphrase).await?;
        }
        // Before anything is made: a home that comes to nothing leaves nothing.
        if passphrase.chars().count() < CHARS_MIN {
            return Err(VaultError::WeakPassphrase.into());
        }
        files::create_private_dir(&folder)?;
        let mut rng = system_rng();
        let (vault, code) =
            Vault::create(open_store(&folder)?, folder.as_path(), &passphrase, protection.cost(), &mut *rng)
                .await?;
        if global.typed.is_some() {
            // Before the home counts as made: whatever ends the program from here on, somebody is told.
            let mut changes = Changes::default();
            records::put_code_unwritten(&mut changes);
            vault.commit(changes, &mut *rng).await?;
        }
        recovery::store(&vault, &found(&mut *rng), &mut *rng).await?;
        match &global.typed {
            Some(typed) => *typed.recovery.lock().unwrap_or_else(PoisonError::into_inner) = Some(code),
            None => {
                let words = global.lang().fill("home-recovery-code", &[("code", code.as_str())]);
                remark(&format!("{words}\n"));
            }
        }
        Self::open(vault, &folder, global)
    }

    fn open(vault: Vault, folder: &Path, global: &Global) -> Result<Self, Failure> {
        let engine = Engine::open(vault, folder.join("staging"), Arc::new(SystemClock), system_rng())?;
        let no_input = global.no_input || !std::io::stdin().is_terminal();
        let (json, lang) = (global.json, global.lang());
        Ok(Self { engine: Arc::new(engine), json, lang, no_input, kept: None, turns: Arc::default() })
    }

    /// The way to this home's relay.
    pub(crate) async fn dialer(&self) -> Result<Box<dyn Dialer>, Failure> {
        self.dialer_to(None).await
    }

    /// The same if the relay may show this key too.
    pub(crate) async fn dialer_to(&self, also: Option<PublicKey>) -> Result<Box<dyn Dialer>, Failure> {
        let identity = &self.engine.identity;
        let address = identity.relay_address.clone();
        let resolved = tokio::task::spawn_blocking(move || address.to_socket_addrs().map(|mut a| a.next()))
            .await
            .map_err(Failure::internal)?;
        let Ok(Some(relay)) = resolved else {
            return Err(unreachable(|lang| lang.text("link-no-name")));
        };
        let endpoint = quic::client_endpoint(relay)?;
        Ok(Box::new(RelayDialer { engine: Arc::clone(&self.engine), endpoint, relay, also }))
    }

    /// What people call an organisation here.
    pub(crate) async fn name_of(&self, org: OrgId) -> String {
        if org == self.engine.identity.org {
            return self.engine.identity.name.clone();
        }
        let replica = self.engine.replica.lock().await;
        replica.directory.organisation(org).map_or_else(|| org.short(), |o| o.name.clone())
    }

    /// The fingerprint of this organisation: the directory's, or before admission the one that it has applied with.
    pub(crate) async fn fingerprint(&self) -> Digest {
        let identity = &self.engine.identity;
        let replica = self.engine.replica.lock().await;
        let own = replica.directory.organisation(identity.org);
        own.map_or_else(|| identity.fingerprint(), |own| own.fingerprint())
    }

    /// Makes another recovery code, which is still to be written down.
    pub(crate) async fn another_recovery_code(&self) -> Result<RecoveryCode, Failure> {
        let mut changes = Changes::default();
        records::put_code_unwritten(&mut changes);
        activity::append(
            &self.engine.vault,
            &mut changes,
            self.engine.now(),
            "made another recovery code",
            None,
        )?;
        self.engine.commit(changes).await?;
        Ok(self.engine.vault.renew_recovery(&mut *system_rng()).await?)
    }

    /// Somebody has the recovery code on paper.
    pub(crate) async fn recovery_code_is_written(&self) -> Result<(), Failure> {
        let mut changes = Changes::default();
        records::drop_code_unwritten(&mut changes);
        Ok(self.engine.commit(changes).await?)
    }

    /// Writes a line into the activity log.
    pub(crate) async fn note(&self, what: &str) -> Result<(), Failure> {
        let mut changes = Changes::default();
        activity::append(&self.engine.vault, &mut changes, self.engine.now(), what, None)?;
        Ok(self.engine.commit(changes).await?)
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

/// Opens the vault. The recovery code may stand in for the passphrase.
async fn unlock(folder: &Path, secret: &str) -> Result<Vault, Failure> {
    let store = open_store(folder)?;
    if security_keys::is_one(secret) {
        return Ok(Vault::unlock_with_security_key(store, folder, secret).await?);
    }
    match Vault::unlock(Arc::clone(&store) as _, folder, secret).await {
        Err(VaultError::WrongPassphrase) if RecoveryCode::is_one(secret) => {
            Ok(Vault::unlock_with_recovery(store, folder, secret).await?)
        }
        other => Ok(other?),
    }
}

/// Removes what an interrupted start has left: a vault without an identity holds nothing, and nobody has been shown its
/// recovery code.
async fn clear_unfinished(folder: &Path, passphrase: &str) -> Result<(), Failure> {
    match unlock(folder, passphrase).await {
        Ok(vault) if records::identity(&vault)?.is_some() => {
            return Err(taken(None));
        }
        Ok(_) => {}
        Err(failure) if failure.code == NO_VAULT => {}
        Err(failure) => return Err(failure),
    }
    for part in EKS_FILES.into_iter().chain(["vault"]) {
        let path = folder.join(part);
        let removed =
            if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        if let Err(error) = removed.or_else(ignore_missing) {
            return Err(Failure::internal(format!("{} cannot be removed: {error}", path.display())));
        }
    }
    Ok(())
}

/// Makes room for a home that is restored: nothing may be there but what an earlier attempt has left.
pub(crate) async fn make_room(folder: &Path, secret: &str) -> Result<(), Failure> {
    if folder.join("vault").exists() {
        match clear_unfinished(folder, secret).await {
            Err(failure) if failure.code == WRONG => return Err(taken(None)),
            cleared => cleared?,
        }
    }
    let staging = folder.join("staging");
    let other = |name: &std::ffi::OsString| name != "staging" && !OF_THE_PAGES.iter().any(|own| name == own);
    if names(folder).iter().any(other) || !names(&staging).iter().all(|n| is_staged(&n.to_string_lossy())) {
        return Err(causeway_common::backup::BackupError::NotEmpty(folder.into()).into());
    }
    std::fs::remove_dir_all(&staging).or_else(ignore_missing).map_err(Failure::internal)?;
    Ok(files::create_private_dir(folder)?)
}

fn names(folder: &Path) -> Vec<std::ffi::OsString> {
    std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.file_name()))
        .collect()
}

/// Somebody has this home.
pub(crate) fn taken(name: Option<&str>) -> Failure {
    match name {
        Some(name) => Failure::said("H-109", exit::CONFLICT, "fail-taken", &[("name", name)]),
        None => Failure::said("H-109", exit::CONFLICT, "fail-taken-somebody", &[]),
    }
}

fn ignore_missing(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Opens the store of a vault, or makes an empty one.
pub(crate) fn open_store(folder: &Path) -> Result<Arc<SledKv>, StoreError> {
    let options = SledOptions { cache_bytes: CACHE_BYTES, at_step: Some(crash::at) };
    Ok(Arc::new(SledKv::open(&folder.join("vault"), options)?))
}

/// The passphrase, or what stands in for it: from the file, or from the person at the terminal.
pub(crate) fn passphrase(global: &Global, new: bool) -> Result<Zeroizing<String>, Failure> {
    if let Some(typed) = &global.typed {
        return Ok(typed.passphrase.clone());
    }
    if let Some(path) = &global.passphrase_file {
        let unreadable = |e: std::io::Error| {
            Failure::wrong_in_each(|lang| {
                let message = lang.fill("fail-passphrase-file", &[("why", &why(&e, lang))]);
                (message, lang.text("fail-passphrase-file.hint"))
            })
        };
        if std::fs::metadata(path).map_err(unreadable)?.len() > PASSPHRASE_BYTES_MAX {
            return Err(Failure::wrong("fail-passphrase-file-long", &[]));
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(unreadable)?);
        return Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()));
    }
    if global.no_input || !std::io::stdin().is_terminal() {
        return Err(Failure::said("V-103", exit::LOCKED, "fail-locked", &[]));
    }
    let ask = |prompt: &str| {
        let prompt = format!("{} ", global.lang().text(prompt));
        rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(Failure::internal)
    };
    let first = ask("home-ask-passphrase")?;
    if new && *first != *ask("home-ask-again")? {
        return Err(Failure::wrong("fail-passphrases-differ", &[]));
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_others_may_write_is_shut_and_one_that_they_may_read_stays() {
        let folder = tempfile::tempdir().unwrap();
        for (mode, then) in [(0o777, 0o700), (0o720, 0o700), (0o702, 0o700), (0o755, 0o755), (0o700, 0o700)] {
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            shut(folder.path(), Lang::En).unwrap();
            assert_eq!(folder.path().metadata().unwrap().mode() & 0o777, then, "{mode:o}");
        }
        shut(&folder.path().join("none"), Lang::En).unwrap();
    }
}
