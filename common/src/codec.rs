//! Structures to bytes and back: the only file that names bincode.
//!
//! The encoding is the fixed-integer subset of bincode 2: little-endian integers of their own width, lists and
//! strings as a u64 length and their content, structures as their fields in order, options as one byte. Signed,
//! hashed and sent structures use integers, fixed arrays of up to 32 bytes, lists, strings and structures of these;
//! no maps, no floats, no data-carrying enums. Anyone can write a reader in sixty lines.
//!
//! Decoding is strict: a size limit is checked before anything is allocated, every byte must be used, and encoding
//! the result must give the input again.
//!
//! Fields of bytes are marked `serde_bytes`: the encoding is that of a list, but they are copied in one piece.

use bincode::enc::write::Writer;
use bincode::error::EncodeError;
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
    bincode::serde::encode_to_vec(value, unlimited()).expect("plain structures always encode")
}

fn unlimited() -> impl bincode::config::Config {
    bincode::config::standard().with_little_endian().with_fixed_int_encoding()
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
    let mut rest = Compared(bytes);
    let same = bincode::serde::encode_into_writer(&value, &mut rest, unlimited()).is_ok();
    if same && rest.0.is_empty() { Ok(value) } else { Err(DecodeError::NotCanonical) }
}

/// Takes an encoding only as long as it repeats what is left here: comparing needs no second copy.
struct Compared<'a>(&'a [u8]);

impl Writer for &mut Compared<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0 = self.0.strip_prefix(bytes).ok_or(EncodeError::UnexpectedEnd)?;
        Ok(())
    }
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
        assert_eq!(decode::<serde_bytes::ByteBuf>(&bytes, 64), Err(DecodeError::Malformed));
    }

    #[test]
    fn bytes_in_one_piece_encode_like_a_list() {
        let list = vec![7u8, 0, 255];
        let piece = serde_bytes::ByteBuf::from(list.clone());
        assert_eq!(encode(&list), encode(&piece));
        assert_eq!(decode::<serde_bytes::ByteBuf>(&encode(&list), 64), Ok(piece));
    }

    #[test]
    fn another_encoding_of_the_same_value_is_refused() {
        /// Reads any byte as one value and writes it as another.
        #[derive(Debug, PartialEq)]
        struct Loose;
        impl Serialize for Loose {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_u8(1)
            }
        }
        impl<'de> serde::Deserialize<'de> for Loose {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                u8::deserialize(from).map(|_| Self)
            }
        }
        assert_eq!(decode::<Loose>(&[1], 64), Ok(Loose));
        assert_eq!(decode::<Loose>(&[2], 64), Err(DecodeError::NotCanonical));
    }
}
