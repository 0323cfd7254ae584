//! Where the socket of a home is, and who may speak there: this user, and nobody else.

use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::serve::Listener;
use causeway_common::framed;
use tokio::net::unix::SocketAddr;
use tokio::net::{UnixListener, UnixStream};

/// The socket in the home's folder.
pub(crate) const FILE: &str = "daemon.sock";
/// The longest name of a socket: 108 bytes in `sockaddr_un` of Linux, and one of them is the zero at its end.
const NAME_BYTES_MAX: usize = 107;
/// Hexadecimal digits of the home's path in the name of a socket elsewhere: 64 bits tell one user's homes apart.
const DIGITS: usize = 16;
/// A daemon that lets nobody in for as long as this has stopped, or is beset: its system keeps a queue of those who wait, and that is full.
const LET_IN: Duration = super::asking::BEGUN;
/// How often it is tried meanwhile.
const LET_IN_AGAIN: Duration = Duration::from_millis(100);
/// After a failure that is not the caller's (no more files may be opened), it is tried again this much later.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SocketError {
    /// No name is short enough.
    #[error("the name {} is longer than {NAME_BYTES_MAX} bytes, and XDG_RUNTIME_DIR names no folder of this user", .0.display())]
    TooLong(PathBuf),
    /// A daemon answers there.
    #[error("another daemon answers at {}", .0.display())]
    Taken(PathBuf),
    /// The operating system refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The socket, bound. It goes with it.
#[derive(Debug)]
pub(crate) struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    /// Of the home in this folder. What a crash has left is replaced.
    pub(crate) async fn bind(folder: &Path) -> Result<Self, SocketError> {
        let path = of_home(folder)?;
        // Whoever does not let us in at once is there all the same.
        match UnixStream::connect(&path).await {
            Ok(_) => return Err(SocketError::Taken(path)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(SocketError::Taken(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                // Only a socket that nobody listens to is in nobody's way.
                let is_socket = path.symlink_metadata()?.file_type().is_socket();
                if !is_socket || error.kind() != io::ErrorKind::ConnectionRefused {
                    return Err(error.into());
                }
                std::fs::remove_file(&path)?;
            }
        }
        // Between these two the folder keeps others out.
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self { listener, path })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // What stays is replaced at the next start.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Listener for Socket {
    type Io = UnixStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (UnixStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) if is_of_this_user(&stream) => return (stream, address),
                Ok(_) => tracing::warn!("another user has knocked at the socket"),
                Err(error) => {
                    tracing::warn!("the socket does not answer: {error}");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A daemon of this home, if there is one.
///
/// # Errors
/// There is one, and it lets nobody in.
pub(crate) async fn connect(folder: &Path) -> io::Result<Option<UnixStream>> {
    let Ok(path) = of_home(folder) else { return Ok(None) };
    let begun = tokio::time::Instant::now();
    loop {
        match UnixStream::connect(&path).await {
            // Nobody else is told what is typed here.
            Ok(stream) => return Ok(is_of_this_user(&stream).then_some(stream)),
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) if begun.elapsed() > LET_IN => return Err(error),
            Err(_) => tokio::time::sleep(LET_IN_AGAIN).await,
        }
    }
}

fn is_of_this_user(stream: &UnixStream) -> bool {
    is_own(stream.peer_cred().ok().map(|peer| peer.uid()), rustix::process::getuid().as_raw())
}

/// Whether the other end runs as this user. One of whom the system says nothing does not.
fn is_own(peer: Option<u32>, own: u32) -> bool {
    peer == Some(own)
}

/// Where it is: in the home's folder, or, if that name is too long for a socket, in the user's runtime folder.
fn of_home(folder: &Path) -> Result<PathBuf, SocketError> {
    let folder = folder.canonicalize()?;
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| is_private(folder));
    choose(&folder, runtime.as_deref())
}

fn choose(home: &Path, runtime: Option<&Path>) -> Result<PathBuf, SocketError> {
    let fits = |path: &PathBuf| path.as_os_str().len() <= NAME_BYTES_MAX;
    let beside = home.join(FILE);
    if fits(&beside) {
        return Ok(beside);
    }
    let name = framed::sha256(home.as_os_str().as_bytes()).to_string();
    let name = format!("causeway-{}.sock", &name[..DIGITS.min(name.len())]);
    runtime.map(|folder| folder.join(name)).filter(fits).ok_or(SocketError::TooLong(beside))
}

/// Whether a folder is this user's, and nobody else comes in.
fn is_private(folder: &Path) -> bool {
    folder.metadata().is_ok_and(|of| {
        of.is_dir() && of.uid() == rustix::process::getuid().as_raw() && of.mode() & 0o077 == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_user_and_nobody_in_particular_are_refused() {
        assert!(is_own(Some(1000), 1000));
        assert!(!is_own(Some(1001), 1000));
        assert!(!is_own(Some(0), 1000), "root has other ways");
        assert!(!is_own(None, 1000));
    }

    #[test]
    fn a_long_name_gives_way_to_the_runtime_folder_and_each_home_keeps_its_own() {
        let (short, long) = (PathBuf::from("/home/a/causeway"), PathBuf::from("/").join("x".repeat(107)));
        let runtime = Path::new("/run/user/1000");
        assert_eq!(choose(&short, Some(runtime)).unwrap(), Path::new("/home/a/causeway/daemon.sock"));
        let elsewhere = choose(&long, Some(runtime)).unwrap();
        assert!(elsewhere.starts_with(runtime) && elsewhere.as_os_str().len() < NAME_BYTES_MAX);
        assert_ne!(elsewhere, choose(&PathBuf::from("/").join("y".repeat(107)), Some(runtime)).unwrap());
        assert!(matches!(choose(&long, None), Err(SocketError::TooLong(_))));
        assert!(matches!(choose(&long, Some(&long)), Err(SocketError::TooLong(_))));
        // The longest that fits does.
        let room = NAME_BYTES_MAX - FILE.len() - 2;
        assert!(choose(&PathBuf::from("/").join("z".repeat(room)), None).is_ok());
        assert!(choose(&PathBuf::from("/").join("z".repeat(room + 1)), None).is_err());
    }

    #[tokio::test]
    async fn what_a_crash_has_left_is_replaced_and_a_living_daemon_or_another_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists() && connect(folder.path()).await.unwrap().is_none());
        let mut socket = Socket::bind(folder.path()).await.unwrap();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
        assert!(matches!(Socket::bind(folder.path()).await, Err(SocketError::Taken(_))));
        let (asking, _) = tokio::join!(connect(folder.path()), socket.accept());
        assert!(asking.unwrap().is_some());
        drop(socket);
        assert!(!path.exists(), "it goes with the daemon");
        std::fs::write(&path, "somebody's").unwrap();
        assert!(matches!(Socket::bind(folder.path()).await, Err(SocketError::Io(_))));
        assert_eq!(std::fs::read(&path).unwrap(), b"somebody's");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_lets_nobody_in_is_there_and_is_not_waited_for_without_end() {
        let folder = tempfile::tempdir().unwrap();
        // A listener whose queue is full: it has stopped.
        let stopped = tokio::net::UnixSocket::new_stream().unwrap();
        stopped.bind(folder.path().join(FILE)).unwrap();
        let _stopped = stopped.listen(0).unwrap();
        let mut waiting = Vec::new();
        while let Ok(stream) = UnixStream::connect(folder.path().join(FILE)).await {
            waiting.push(stream);
        }
        assert!(connect(folder.path()).await.is_err());
        assert!(matches!(Socket::bind(folder.path()).await, Err(SocketError::Taken(_))));
    }
}
