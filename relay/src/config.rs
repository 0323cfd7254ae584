//! The relay's configuration file. Every setting has a default; an unknown one is an error.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Settings of a relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Address and port to listen on (UDP).
    pub listen: SocketAddr,
    /// Address that invites name, `host:port`; empty means `listen`.
    pub public_address: String,
    /// Bytes of memory for the store's cache.
    pub cache_bytes: u64,
    /// What organisations may use.
    pub limits: Limits,
}

/// What organisations may use, so that the misbehaviour of one is nobody else's outage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Packets an organisation may submit per second, once its burst is used up.
    pub submits_per_second: NonZeroU32,
    /// Packets it may submit at once: a backlog after an outage.
    pub submits_burst: NonZeroU32,
    /// Kibibytes of packets and attachments per second.
    pub kib_per_second: NonZeroU32,
    /// Kibibytes at once: four attachments of the largest size.
    pub kib_burst: NonZeroU32,
    /// Bytes on the disk for the attachments of all organisations together.
    pub attachment_bytes: u64,
    /// Connections at the same time, at about 30 KiB of memory each.
    pub connections: usize,
    /// Seconds after a restoration from a backup in which members may give back what the relay lost of the directory, and nothing
    /// new is taken for it.
    pub give_back_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        const fn number(number: u32) -> NonZeroU32 {
            match NonZeroU32::new(number) {
                Some(number) => number,
                None => NonZeroU32::MIN,
            }
        }
        Self {
            submits_per_second: number(200),
            submits_burst: number(50_000),
            kib_per_second: number(100 * 1024),
            kib_burst: number(4 * 1_258_291),
            attachment_bytes: 256 << 30,
            connections: 20_000,
            give_back_seconds: 60 * 60,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([0, 0, 0, 0], 4433)),
            public_address: String::new(),
            cache_bytes: 256 << 20,
            limits: Limits::default(),
        }
    }
}

/// Why a configuration cannot be used. The operator must mend it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration: {0}")]
    Read(#[from] std::io::Error),
    /// It does not parse, or has a setting that does not exist.
    #[error("the configuration is not right: {0}")]
    Parse(#[from] toml::de::Error),
}

impl Config {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(&std::fs::read_to_string(path)?)
    }

    /// Reads the text of a file.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        Ok(toml::from_str(text)?)
    }

    /// The default settings as a file, with comments.
    pub fn commented_default() -> String {
        let Self { listen, public_address, cache_bytes, limits } = Self::default();
        format!(
            "# Causeway relay. Every line may be left out; these are the defaults.\n\n\
             # Address and port to listen on (UDP).\nlisten = \"{listen}\"\n\n\
             # Address that invites name, host:port. Empty: the address above.\n\
             public_address = \"{public_address}\"\n\n\
             # Bytes of memory for the store's cache.\ncache_bytes = {cache_bytes}\n\n\
             [limits]\n\
             # Packets an organisation may submit per second, and at once after an outage.\n\
             submits_per_second = {}\nsubmits_burst = {}\n\n\
             # Kibibytes of packets and attachments per second, and at once.\n\
             kib_per_second = {}\nkib_burst = {}\n\n\
             # Bytes on the disk for the attachments of all organisations together.\n\
             attachment_bytes = {}\n\n\
             # Connections at the same time, about 30 KiB of memory each.\n\
             connections = {}\n\n\
             # Seconds after a restoration in which members give back what was lost of the directory, and nothing new is taken.\n\
             give_back_seconds = {}\n",
            limits.submits_per_second,
            limits.submits_burst,
            limits.kib_per_second,
            limits.kib_burst,
            limits.attachment_bytes,
            limits.connections,
            limits.give_back_seconds,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_default_is_the_default_and_typos_are_errors() {
        assert_eq!(toml::from_str::<Config>(&Config::commented_default()).unwrap(), Config::default());
        assert!(toml::from_str::<Config>("lisen = \"127.0.0.1:1\"").is_err());
        assert!(toml::from_str::<Config>("[limits]\nsubmits_burst = 0").is_err());
    }
}
