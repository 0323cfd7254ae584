//! The program that stays on a workstation: its home, open or locked, and the connection to the relay.
//!
//! Pages and commands never see whether a connection stands; they read the home and write into it, and what is to go out
//! goes out by itself. Locking drops the home: its keys are wiped, and nothing is sent or received until somebody unlocks it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use causeway_common::store::files;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, RwLock, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::cli::failure::Failure;
use crate::cli::home::{self, Home, Typed, system_rng};
use crate::cli::{Global, backup, joining, output};
use crate::lang::Lang;
use crate::vault::{Vault, VaultError, security_keys};

pub(crate) mod connection;
pub(crate) mod notices;
pub(crate) mod socket;

use self::connection::Connection;
use self::notices::Notices;

/// What works with a home that is locked ends within this: the longest is the writing of a large file in one piece.
const ENDING: Duration = Duration::from_secs(10);

/// A home that can be opened and locked.
pub(crate) struct Daemon {
    global: Global,
    folder: PathBuf,
    open: RwLock<Option<Arc<Open>>>,
    /// One guess at the passphrase at a time: each takes much memory.
    turn: Mutex<()>,
    notices: Notices,
    /// What stands in the folder is a home that somebody began and that came to nothing.
    unfinished: AtomicBool,
}

/// An open home and the connection that is kept for it.
pub(crate) struct Open {
    /// The home.
    pub(crate) home: Home,
    /// How the connection stands.
    pub(crate) connection: watch::Receiver<Connection>,
    keeping: JoinHandle<()>,
    announcing: JoinHandle<()>,
    checking: Arc<Checking>,
    /// It is locked: whoever still works with it ends.
    ended: CancellationToken,
}

/// Reads what opening has not read, beside everything else.
#[derive(Default)]
struct Checking {
    /// A record is not what was written: the home has to be opened anew, and says so then.
    is_damaged: AtomicBool,
    /// The home is locked: what has not been read by now is read the next time.
    is_over: AtomicBool,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Open {
    /// Ends what goes on by itself.
    fn stop(&self) {
        self.keeping.abort();
        self.announcing.abort();
        self.checking.is_over.store(true, Ordering::Release);
        self.ended.cancel();
    }

    /// Does something with the home for as long as it is open; none if it is locked before that is done.
    pub(crate) async fn unless_locked<T>(&self, doing: impl Future<Output = T>) -> Option<T> {
        self.ended.run_until_cancelled(doing).await
    }

    /// Hears that the home is locked.
    pub(crate) fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }
}

impl Daemon {
    /// Of the home that these flags name. It is locked, or not there yet: then it can be begun.
    ///
    /// # Errors
    /// Its folder cannot be made.
    pub(crate) fn new(global: Global, notices: Notices) -> Result<Self, Failure> {
        let folder = home::folder(&global)?;
        files::create_private_dir(&folder)?;
        home::shut(&folder, global.lang())?;
        Ok(Self {
            global,
            folder,
            open: RwLock::new(None),
            turn: Mutex::new(()),
            notices,
            unfinished: AtomicBool::new(false),
        })
    }

    /// One that is open, with a home of a test and no connection.
    #[cfg(test)]
    pub(crate) fn opened(folder: PathBuf, home: Home) -> Self {
        let global = Global::of_test(&folder);
        let (_, connection) = watch::channel(Connection::Connecting);
        let keeping = tokio::spawn(std::future::pending());
        let announcing = tokio::spawn(std::future::pending());
        let (checking, ended) = (Arc::default(), CancellationToken::new());
        let open = Open { home, connection, keeping, announcing, checking, ended };
        let open = RwLock::new(Some(Arc::new(open)));
        let notices = Notices { lang: Lang::En, hide_organisation: true };
        Self { global, folder, open, turn: Mutex::new(()), notices, unfinished: AtomicBool::new(false) }
    }

    /// The folder of the home.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether there is a home, as far as can be seen without opening it: one that turns out to be unfinished is none.
    pub(crate) fn has_home(&self) -> bool {
        self.folder.join("vault").exists() && !self.unfinished.load(Ordering::Acquire)
    }

    /// Makes a home with an invite or a colleague's code, and opens it. Gives what is to be compared, as `causeway join` says it.
    ///
    /// # Errors
    /// Those of `causeway join`. A home that was begun is there, and locked.
    pub(crate) async fn begin(
        &self,
        invite: &str,
        device_name: &str,
        typed: Typed,
        lang: Lang,
    ) -> Result<Value, Failure> {
        let turn = self.turn.lock().await;
        if self.has_home() {
            return Err(home::taken(None));
        }
        let (passphrase, recovery) = (typed.passphrase.clone(), Arc::clone(&typed.recovery));
        let taken = {
            let (invite, device_name) = (invite.to_owned(), device_name.to_owned());
            let (global, runtime) = (self.global.clone(), Handle::current());
            let joining = tokio::task::spawn_blocking(move || {
                let join = joining::join_typed(&invite, &device_name, typed, lang, &global);
                runtime.block_on(output::take(join))
            });
            let (done, taken) = joining.await.map_err(Failure::internal)?;
            if recovery.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
                self.unfinished.store(false, Ordering::Release);
            }
            done.map(|()| taken)?
        };
        drop(turn);
        self.unlock(&passphrase).await?;
        Ok(taken.results.into_iter().next().map_or(Value::Null, |printed| printed.value))
    }

    /// Brings a home back out of a folder of backups, and opens it. Gives what `causeway backup restore` says.
    ///
    /// # Errors
    /// Those of `causeway backup restore`. What was begun is no home, and the next attempt begins anew.
    pub(crate) async fn restore(
        &self,
        from: &Path,
        secret: &Zeroizing<String>,
        lang: Lang,
    ) -> Result<Value, Failure> {
        let turn = self.turn.lock().await;
        if self.has_home() {
            return Err(home::taken(None));
        }
        let taken = {
            let (from, secret) = (from.to_owned(), secret.clone());
            let (global, runtime) = (self.global.clone(), Handle::current());
            let restoring = tokio::task::spawn_blocking(move || {
                runtime.block_on(output::take(backup::restore_typed(from, secret, lang, &global)))
            });
            let (done, taken) = restoring.await.map_err(Failure::internal)?;
            self.unfinished.store(done.is_err(), Ordering::Release);
            done.map(|()| taken)?
        };
        drop(turn);
        self.unlock(secret).await?;
        Ok(taken.results.into_iter().next().map_or(Value::Null, |printed| printed.value))
    }

    /// The home, if it is open.
    pub(crate) async fn home(&self) -> Option<Arc<Open>> {
        let open = self.open.read().await.clone()?;
        if open.checking.is_damaged.load(Ordering::Acquire) {
            open.stop();
            *self.open.write().await = None;
            return None;
        }
        Some(open)
    }

    /// Opens the home and begins to keep its connection. One that is open already is opened by the right secret only, too.
    ///
    /// # Errors
    /// Wrong secret, damage, or another program has the home.
    pub(crate) async fn unlock(&self, secret: &str) -> Result<(), Failure> {
        let _turn = self.turn.lock().await;
        if let Some(open) = self.home().await {
            return self.check(&open.home.engine.vault, secret);
        }
        if !self.has_home() {
            return Err(crate::engine::EngineError::NoIdentity.into());
        }
        let opened = Home::unlock_with(&self.folder, secret, &self.global).await;
        let is_unfinished = opened.as_ref().is_err_and(|failure| failure.code == home::NO_VAULT);
        self.unfinished.store(is_unfinished, Ordering::Release);
        let mut home = opened?;
        let (told, connection) = watch::channel(Connection::Connecting);
        // Before the connection: what is here already was announced when it came.
        let announcing = tokio::spawn(self.notices.tell(home.read_in(home.lang))?);
        let keeping = tokio::spawn(connection::keep(home.read_in(home.lang), self.folder.clone(), told));
        home.kept = Some(connection.clone());
        let checking = Checking::begin(&home.engine.vault);
        let ended = CancellationToken::new();
        let open = Open { home, connection, keeping, announcing, checking, ended };
        *self.open.write().await = Some(Arc::new(open));
        Ok(())
    }

    /// Somebody comes with a second window: the secret must be right there as well.
    fn check(&self, vault: &Vault, secret: &str) -> Result<(), Failure> {
        let is_right = if security_keys::is_one(secret) {
            vault.is_security_key(&self.folder, secret)?
        } else {
            vault.is_secret(secret)?
        };
        if is_right { Ok(()) } else { Err(VaultError::WrongPassphrase.into()) }
    }

    /// Locks the home: what is being done with it ends, and its keys are wiped before this returns, or a few seconds later if
    /// somebody writes to the disk just then. What was handed to the store is durable all the same.
    pub(crate) async fn lock(&self) {
        let Some(open) = self.open.write().await.take() else { return };
        open.stop();
        // Whoever unlocks it meanwhile waits: two cannot have the store.
        let _turn = self.turn.lock().await;
        let (vault, runtime) = (open.home.engine.vault.clone(), Handle::current());
        let mut closed = vault.watch();
        let keep = move || runtime.block_on(vault.keep_snapshot(&mut *system_rng()));
        match tokio::task::spawn_blocking(keep).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!("the next opening will take longer: {error}"),
            Err(error) => tracing::warn!("the next opening will take longer: {error}"),
        }
        drop(open);
        let gone = async { while closed.changed().await.is_ok() {} };
        if timeout(ENDING, gone).await.is_err() {
            tracing::warn!("something still works with the home that was locked");
        }
    }
}

impl Checking {
    /// Goes on until it is over, or the vault has been read, or is found to be damaged.
    fn begin(vault: &Vault) -> Arc<Self> {
        let checking = Arc::new(Self::default());
        if vault.is_unchecked() {
            let (vault, told, runtime) = (vault.clone(), Arc::clone(&checking), Handle::current());
            drop(tokio::task::spawn_blocking(move || {
                let go_on = || !told.is_over.load(Ordering::Acquire);
                let Err(error) = vault.check_in_passing(go_on) else { return };
                tracing::error!("the home is locked: {error}");
                // Before it is said: the next opening must read everything.
                if let Err(error) = runtime.block_on(vault.drop_snapshot(&mut *system_rng())) {
                    tracing::error!("the snapshot of the vault stays: {error}");
                }
                told.is_damaged.store(true, Ordering::Release);
            }));
        }
        checking
    }
}
