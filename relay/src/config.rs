//! The relay's configuration file. Every setting has a default; an unknown one is an error.

use std::net::SocketAddr;
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
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([0, 0, 0, 0], 4433)),
            public_address: String::new(),
            cache_bytes: 256 << 20,
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
        Ok(toml::from_str(&std::fs::read_to_string(path)?)?)
    }

    /// The default settings as a file, with comments.
    pub fn commented_default() -> String {
        let config = Self::default();
        format!(
            "# Causeway relay. Every line may be left out; these are the defaults.\n\n\
             # Address and port to listen on (UDP).\nlisten = \"{}\"\n\n\
             # Address that invites name, host:port. Empty: the address above.\npublic_address = \"\"\n\n\
             # Bytes of memory for the store's cache.\ncache_bytes = {}\n",
            config.listen, config.cache_bytes
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
    }
}
