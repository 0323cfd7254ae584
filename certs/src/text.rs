//! Texts that people pass on by hand: a prefix, and the base64url form of an encoding and the beginning of its hash, because
//! people copy it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use causeway_common::{codec, framed};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// So many bytes of the hash follow.
const CHECK_BYTES: usize = 4;

/// The text of a value.
pub(crate) fn write<T: Serialize>(prefix: &str, value: &T) -> String {
    let mut bytes = codec::encode(value);
    let check = framed::sha256(&bytes).0;
    bytes.extend_from_slice(&check[..CHECK_BYTES]);
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The value of a text of at most so many bytes; white space is ignored. None if a letter is wrong or a part is missing.
pub(crate) fn read<T: Serialize + DeserializeOwned>(prefix: &str, text: &str, bytes_max: usize) -> Option<T> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let encoded = compact.strip_prefix(prefix)?;
    if encoded.len() > 2 * bytes_max {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    let (body, check) = bytes.split_last_chunk::<CHECK_BYTES>()?;
    if framed::sha256(body).0[..CHECK_BYTES] != *check {
        return None;
    }
    codec::decode(body, bytes_max).ok()
}
