//! Where the pages are served: `http://<id>.localhost:<port>`, the same as long as the home exists, so that bookmarks last.
//!
//! The id is a secret. Browsers share cookies between all ports of a host, whatever their attributes: on `127.0.0.1` every other
//! program that answers on a port reads our cookie. A name that only this home knows is a host of its own. For the same reason the
//! pages never move to another port by themselves: who took ours may be showing a false page to whoever follows a bookmark, and a
//! person has to hear of it.

use std::io::{ErrorKind, Read as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use causeway_common::store::{StoreError, files};
use serde::{Deserialize, Serialize};
use tokio::net::TcpSocket;

/// The file in the home's folder.
pub(crate) const FILE: &str = "pages.json";
/// Of 32 characters each: 100 bits, which nobody guesses through a host name.
const ID_CHARS: usize = 20;
/// Base32 of RFC 4648 in lower case: what browsers make of a host name anyway.
const ALPHABET: [u8; 32] = *b"abcdefghijklmnopqrstuvwxyz234567";
/// An id, a port and the signs around them are about 50 bytes. More is no file of ours and is not read.
const LONGEST_FILE: u64 = 1024;
/// How many ports are tried until one is free on both loopback addresses. A port is seldom taken on one of them alone.
const PORTS_TRIED: usize = 16;
/// What anybody else than the owner may do with a file.
const OTHERS: u32 = 0o077;

/// Where the pages of this home are.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    /// The first part of the host name, known to this home alone.
    pub(crate) id: String,
    /// The port on the loopback addresses.
    pub(crate) port: u16,
}

no_content_in_debug!(Place);

/// Why there is no place for the pages.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceError {
    /// Somebody answers where our pages should be. What a bookmark shows may be false.
    #[error("another program uses port {0}, where the pages of this home belong")]
    Taken(u16),
    /// The operating system gives no port.
    #[error("no port of this machine can be listened on: {0}")]
    NoPort(std::io::Error),
    /// The file with the place is there and cannot be read.
    #[error("the file {FILE} cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// The place cannot be kept.
    #[error(transparent)]
    NotKept(#[from] StoreError),
}

/// The place, taken.
#[derive(Debug)]
pub(crate) struct Taken {
    /// Hears what comes to 127.0.0.1 and nothing else.
    pub(crate) listener: tokio::net::TcpListener,
    /// Browsers look for `*.localhost` on `::1` as well, some of them there first. It is held and not listened on: they are
    /// turned away at once and come to 127.0.0.1, and nobody else can answer in our name. Nothing where there is no IPv6.
    _held: Option<TcpSocket>,
}

impl Place {
    /// The place of the home in this folder; chosen now if there is none yet, or none that can be trusted.
    pub(crate) fn load_or_choose(
        folder: &Path,
        rng: &mut dyn rand_core::CryptoRng,
    ) -> Result<Self, PlaceError> {
        match load(&folder.join(FILE)).map_err(PlaceError::Unreadable)? {
            Some(place) => Ok(place),
            None => Self::choose(folder, rng),
        }
    }

    /// A new place, kept from now on. Bookmarks of the old one lead nowhere, and its id is worth nothing: what a person decides
    /// who has heard that another program has the port.
    pub(crate) fn choose(folder: &Path, rng: &mut dyn rand_core::CryptoRng) -> Result<Self, PlaceError> {
        let place = Self { id: random_id(rng), port: free_port()? };
        let bytes = serde_json::to_vec(&place).map_err(|error| PlaceError::NoPort(error.into()))?;
        files::write_durable(&folder.join(FILE), &bytes)?;
        Ok(place)
    }

    /// What the header `Host` of every request must be.
    pub(crate) fn host(&self) -> String {
        format!("{}.localhost:{}", self.id, self.port)
    }

    /// What the header `Origin` of our own pages is, and the beginning of their addresses.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.host())
    }

    /// Takes the place, for as long as what comes back lives.
    pub(crate) async fn bind(&self) -> Result<Taken, PlaceError> {
        let taken = |error: std::io::Error| match error.kind() {
            ErrorKind::AddrInUse => PlaceError::Taken(self.port),
            _ => PlaceError::NoPort(error),
        };
        let listener =
            tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await.map_err(taken)?;
        let held = match hold(self.port) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(PlaceError::Taken(self.port)),
            held => held.ok(),
        };
        Ok(Taken { listener, _held: held })
    }

    fn is_sound(&self) -> bool {
        self.port != 0 && self.id.len() == ID_CHARS && self.id.bytes().all(|byte| ALPHABET.contains(&byte))
    }
}

/// What the file says; nothing if it is not there, or damaged, or others may have read it: their knowing the id is the same as
/// there being none.
fn load(path: &Path) -> std::io::Result<Option<Place>> {
    let file = match std::fs::File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    if file.metadata()?.permissions().mode() & OTHERS != 0 {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(LONGEST_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST_FILE {
        return Ok(None);
    }
    Ok(serde_json::from_slice(&bytes).ok().filter(Place::is_sound))
}

fn random_id(rng: &mut dyn rand_core::CryptoRng) -> String {
    let mut bytes = [0; ID_CHARS];
    rng.fill_bytes(&mut bytes);
    // 256 is eight times 32: every character is as likely as any other.
    bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

/// A port that nobody uses now on either loopback address.
fn free_port() -> Result<u16, PlaceError> {
    // Those that were not free on the other address are kept until one is, so that none is offered twice.
    let mut refused = Vec::new();
    for _ in 0..PORTS_TRIED {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(PlaceError::NoPort)?;
        let port = listener.local_addr().map_err(PlaceError::NoPort)?.port();
        match hold(port) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => refused.push(listener),
            _ => return Ok(port),
        }
    }
    Err(PlaceError::NoPort(ErrorKind::AddrInUse.into()))
}

/// Keeps others from a port of `::1`. The address is not shared, as a listener's may be: nobody can listen beside it.
fn hold(port: u16) -> std::io::Result<TcpSocket> {
    let socket = TcpSocket::new_v6()?;
    socket.set_reuseaddr(false)?;
    socket.bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port)))?;
    Ok(socket)
}

#[cfg(test)]
mod tests;
