//! Identifiers: 32-byte hashes or random values that are told apart by their type.
//!
//! All of them print as lower-case hexadecimal, in full with `Display`, and their first eight digits with `Debug`,
//! so that a log line never carries enough of one to be looked up elsewhere.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The text is not the hexadecimal form of a 32-byte identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an identifier is 64 hexadecimal digits")]
pub struct ParseIdError;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// The raw bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// The first eight hexadecimal digits: enough for a person to tell two apart, not enough to look one up.
            pub fn short(&self) -> String {
                hex::encode(&self.0[..4])
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({}…)"), self.short())
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let mut bytes = [0; 32];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| ParseIdError)?;
                Ok(Self(bytes))
            }
        }

        impl From<[u8; 32]> for $name {
            fn from(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }
        }
    };
}

id! {
    /// A registered organisation: the hash of its genesis statement. It survives every later change of keys.
    OrgId
}
id! {
    /// One workstation of an organisation: the hash of its device signing key.
    DeviceId
}
id! {
    /// A packet as its sender and its recipients know it; random, the same for every recipient organisation.
    PacketId
}
id! {
    /// One sealed envelope as the relay knows it: the hash of its outer header and its body.
    EnvelopeId
}
id! {
    /// A stored attachment: the SHA-256 of its ciphertext.
    BlobId
}
id! {
    /// The SHA-256 of framed bytes that stand for something else: a statement, a roster, a manifest, a tree head.
    Digest
}

/// Number of a prekey: random, unique within its device.
pub type PrekeyNumber = u64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips_and_debug_is_short() {
        let id = OrgId([0xab; 32]);
        assert_eq!(id.to_string().parse::<OrgId>().unwrap(), id);
        assert_eq!(format!("{id:?}"), "OrgId(abababab…)");
        assert_eq!("ab".parse::<OrgId>(), Err(ParseIdError));
    }
}
