//! Structures to bytes and back: the only file that names bincode.
//!
//! The encoding is the fixed-integer subset of bincode 2: little-endian integers of their own width, lists and
//! strings as a u64 length and their content, structures as their fields in order, options as one byte. Signed,
//! hashed and sent structures use integers, fixed arrays of up to 32 bytes, lists, strings and structures of these;
//! no maps, no floats, no data-carrying enums. Anyone can write a reader in sixty lines.
//!
//! Decoding is strict: a size limit is checked before anything is allocated, every byte must be used, and encoding
//! the result must give the input again.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why bytes could not be decoded. All of these mean that whoever made the bytes misbehaved, or that they rotted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes are not the encoding of the expected structure.
    #[error("malformed bytes")]
    Malformed,
    /// There is more than one encoding of this value, and these bytes are not the one we accept.
    #[error("bytes are not in canonical form")]
    NotCanonical,
    /// The input is longer than allowed here.
    #[error("{size} bytes where at most {limit} are allowed")]
    TooLong {
        /// Length of the input.
        size: usize,
        /// The bound that was exceeded.
        limit: usize,
    },
    /// Bytes are left over after the structure.
    #[error("trailing bytes")]
    Trailing,
}

/// No structure of ours is larger than this once decoded: the largest is a submit frame (see `limits`).
const DECODED_BYTES_MAX: usize = 4 << 20;

fn config() -> impl bincode::config::Config {
    bincode::config::standard()
        .with_little_endian()
        .with_fixed_int_encoding()
        .with_limit::<DECODED_BYTES_MAX>()
}

/// The canonical bytes of `value`.
///
/// # Panics
/// Never for the structures of this project: they hold nothing that cannot be encoded.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    let unlimited = bincode::config::standard().with_little_endian().with_fixed_int_encoding();
    bincode::serde::encode_to_vec(value, unlimited).expect("plain structures always encode")
}

/// Decodes a `T` that must fill `bytes` exactly, in at most `limit` bytes, in canonical form.
pub fn decode<T: DeserializeOwned + Serialize>(bytes: &[u8], limit: usize) -> Result<T, DecodeError> {
    if bytes.len() > limit {
        return Err(DecodeError::TooLong { size: bytes.len(), limit });
    }
    let (value, used): (T, usize) =
        bincode::serde::decode_from_slice(bytes, config()).map_err(|_| DecodeError::Malformed)?;
    if used != bytes.len() {
        return Err(DecodeError::Trailing);
    }
    if encode(&value) != bytes {
        return Err(DecodeError::NotCanonical);
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_canonical_bytes_are_accepted() {
        let bytes = encode(&(7u16, vec![1u8, 2, 3]));
        assert_eq!(bytes, [7, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3]);
        assert_eq!(decode::<(u16, Vec<u8>)>(&bytes, 64).unwrap(), (7, vec![1, 2, 3]));
        assert_eq!(decode::<(u16, Vec<u8>)>(&bytes, 4), Err(DecodeError::TooLong { size: 13, limit: 4 }));
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(decode::<(u16, Vec<u8>)>(&longer, 64), Err(DecodeError::Trailing));
        assert_eq!(decode::<(u16, Vec<u8>)>(&bytes[..12], 64), Err(DecodeError::Malformed));
        assert_eq!(decode::<bool>(&[2], 64), Err(DecodeError::Malformed));
    }

    #[test]
    fn a_claimed_huge_length_is_refused_before_allocation() {
        let mut bytes = u64::MAX.to_le_bytes().to_vec();
        bytes.push(1);
        assert_eq!(decode::<Vec<u8>>(&bytes, 64), Err(DecodeError::Malformed));
    }
}
