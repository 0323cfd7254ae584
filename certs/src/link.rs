//! How a new device joins its organisation: a one-use code of 128 bits that a colleague passes on, the request that the
//! device authenticates with it, and what both sides compare before an administrator lets it in.
//!
//! The code never reaches the relay. What the relay knows is a ticket derived from it, under which the request waits;
//! what the administrator checks is a code of authentication derived from it by another way.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use causeway_common::codec;
use causeway_common::framed::{self, Label, frame};
use causeway_common::ids::{Digest, OrgId};
use causeway_common::limits::LINK_REQUEST_BYTES_MAX;
use causeway_common::signed::Signed;
use causeway_common::statements::LinkRequest;
use causeway_common::time::Timestamp;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use crate::keys::{PublicKey, SigningKey};
use crate::names;

/// What tells a device's code from an organisation's invite.
const PREFIX: &str = "causeway:device:";
/// A host name of 253, two names of 120 characters of 4 bytes, keys: less than this.
const CODE_BYTES_MAX: usize = 2048;
/// So many bytes of a hash follow the code, because people copy it.
const CHECK_BYTES: usize = 4;

/// Why a code or a request is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// Its time is over.
    #[error("the code has expired: it is good for 15 minutes")]
    Expired,
    /// Not the text of a code, or a letter of it is wrong.
    #[error("this is not the code as it was given out: a letter is wrong or a part is missing")]
    Mistyped,
    /// Not the bytes of a request.
    #[error("the request is malformed")]
    Malformed,
    /// Not made with the code, or changed after it was made.
    #[error("the request was not made with this code, or was changed on its way")]
    Unauthenticated,
    /// For another organisation than the code.
    #[error("the request is for another organisation")]
    OtherOrganisation,
}

/// The one-use code, with everything that a new device needs to know whom it joins.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "passed on from one program to another")]
pub struct LinkCode {
    /// The secret.
    pub secret: [u8; 16],
    /// Where the relay listens.
    pub relay_address: String,
    /// The relay's key, pinned from here on.
    pub relay_key: [u8; 32],
    /// The registrar's key, pinned from here on.
    pub registrar_key: [u8; 32],
    /// The organisation, pinned from here on.
    pub org: OrgId,
    /// The organisation's fingerprint: its present root is pinned too.
    pub root: Digest,
    /// What the organisation is called.
    pub name: String,
    /// Its country.
    pub country: String,
    /// What the administrator has called the device; may be empty.
    pub device_name: String,
    /// After this it is refused.
    pub expires: Timestamp,
}

impl std::fmt::Debug for LinkCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkCode").field("org", &self.org).finish_non_exhaustive()
    }
}

impl Drop for LinkCode {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

/// A request on its way: what the device has signed, and the proof that it knows the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Authenticated {
    /// A [`LinkRequest`], label `device-link`, signed by the device.
    request: Signed,
    /// HMAC-SHA-256 over all of that.
    mac: [u8; 32],
}

/// Whether a text is meant to be a device's code.
pub fn is_code(text: &str) -> bool {
    compact(text).starts_with(PREFIX)
}

fn compact(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

impl LinkCode {
    /// The text that people pass on.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(codec::encode(self));
        let check = framed::sha256(&bytes).0;
        bytes.extend_from_slice(&check[..CHECK_BYTES]);
        Zeroizing::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&*bytes)))
    }

    /// Reads the text; white space in it is ignored.
    pub fn from_text(text: &str) -> Result<Self, CodeError> {
        let compact = compact(text);
        let encoded = compact.strip_prefix(PREFIX).ok_or(CodeError::Mistyped)?;
        if encoded.len() > 2 * CODE_BYTES_MAX {
            return Err(CodeError::Mistyped);
        }
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(encoded).map_err(|_| CodeError::Mistyped)?);
        let (body, check) = bytes.split_last_chunk::<CHECK_BYTES>().ok_or(CodeError::Mistyped)?;
        if framed::sha256(body).0[..CHECK_BYTES] != *check {
            return Err(CodeError::Mistyped);
        }
        let code: Self = codec::decode(body, CODE_BYTES_MAX).map_err(|_| CodeError::Mistyped)?;
        names::check_name(&code.name).map_err(|_| CodeError::Mistyped)?;
        Ok(code)
    }

    /// What the relay knows the code by.
    pub fn ticket(&self) -> [u8; 16] {
        let mut ticket = [0; 16];
        ticket.copy_from_slice(&self.derive(Label::LinkTicket)[..16]);
        ticket
    }

    /// HKDF-SHA-256 of the secret, bound to everything that the code pins.
    fn derive(&self, label: Label) -> Zeroizing<[u8; 32]> {
        let pinned = [self.org.0, self.root.0, self.relay_key, self.registrar_key].concat();
        let mut out = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, &self.secret)
            .expand(&frame(label, &pinned), &mut *out)
            .expect("32 bytes are less than HKDF gives");
        out
    }

    fn mac(&self, request: &Signed) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.derive(Label::LinkMac))
            .expect("HMAC takes keys of every length");
        mac.update(&frame(Label::LinkMac, &codec::encode(request)));
        mac
    }

    /// Signs a request with the device's key, and authenticates it with this code.
    pub fn request(&self, request: &LinkRequest, device: &SigningKey) -> Vec<u8> {
        let request = device.sign(Label::DeviceLink, codec::encode(request));
        let mac = self.mac(&request).finalize().into_bytes().into();
        codec::encode(&Authenticated { request, mac })
    }

    /// Checks that a request was made with this code, unchanged, by whoever holds the device's key. Nothing of it is read
    /// before.
    pub fn open(&self, bytes: &[u8]) -> Result<LinkRequest, CodeError> {
        let read: Authenticated =
            codec::decode(bytes, LINK_REQUEST_BYTES_MAX).map_err(|_| CodeError::Malformed)?;
        self.mac(&read.request).verify_slice(&read.mac).map_err(|_| CodeError::Unauthenticated)?;
        let request: LinkRequest =
            codec::decode(&read.request.body, LINK_REQUEST_BYTES_MAX).map_err(|_| CodeError::Malformed)?;
        let keys =
            [request.signing_key, request.tls_key, request.administrator_key].map(PublicKey::from_bytes);
        let [Ok(device), Ok(tls), Ok(administrator)] = keys else { return Err(CodeError::Malformed) };
        device.verify(Label::DeviceLink, &read.request).map_err(|_| CodeError::Unauthenticated)?;
        if request.org != self.org {
            return Err(CodeError::OtherOrganisation);
        }
        if device == tls || device == administrator || tls == administrator {
            return Err(CodeError::Malformed);
        }
        names::check_name(&request.name).map_err(|_| CodeError::Malformed)?;
        Ok(request)
    }

    /// Whether its time is over.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now > self.expires
    }
}

/// What people compare: a hash over the whole request.
pub fn comparison(request: &[u8]) -> Digest {
    framed::hash(Label::LinkCompare, request)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> LinkCode {
        LinkCode {
            secret: [1; 16],
            relay_address: "relay.example:4433".into(),
            relay_key: [2; 32],
            registrar_key: [3; 32],
            org: OrgId([4; 32]),
            root: Digest([5; 32]),
            name: "Angel Hotline".into(),
            country: "RU".into(),
            device_name: "desk two".into(),
            expires: Timestamp(100),
        }
    }

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32])
    }

    fn asked() -> LinkRequest {
        let public = |seed| *key(seed).public().as_bytes();
        LinkRequest {
            org: OrgId([4; 32]),
            signing_key: public(11),
            tls_key: public(12),
            administrator_key: public(13),
            name: "desk two".into(),
            created: Timestamp(7),
        }
    }

    #[test]
    fn the_text_of_a_code_round_trips_and_every_slip_is_noticed() {
        let text = code().to_text();
        assert!(is_code(&text) && !is_code("causeway:AAAA"));
        let wrapped = format!(" {}\n  {} ", &text[..50], &text[50..]);
        assert_eq!(LinkCode::from_text(&wrapped), Ok(code()));
        for at in PREFIX.len()..text.len() {
            let mut slip = text.as_bytes().to_vec();
            slip[at] = if slip[at] == b'A' { b'B' } else { b'A' };
            let slip = String::from_utf8(slip).unwrap();
            assert_eq!(LinkCode::from_text(&slip), Err(CodeError::Mistyped), "letter {at}");
        }
        for part in ["", "hello", &text[..text.len() - 3], &text[..20]] {
            assert_eq!(LinkCode::from_text(part), Err(CodeError::Mistyped));
        }
        assert!(!code().is_expired(Timestamp(100)) && code().is_expired(Timestamp(101)));
    }

    #[test]
    fn a_request_is_believed_only_as_it_was_made_and_only_with_its_code() {
        let bytes = code().request(&asked(), &key(11));
        assert!(bytes.len() <= LINK_REQUEST_BYTES_MAX);
        assert_eq!(code().open(&bytes), Ok(asked()));
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(code().open(&changed).is_err(), "byte {at}");
            assert_ne!(comparison(&changed), comparison(&bytes), "byte {at}");
        }
        let others: [fn(&mut LinkCode); 5] = [
            |c| c.secret[0] ^= 1,
            |c| c.org.0[0] ^= 1,
            |c| c.root.0[0] ^= 1,
            |c| c.relay_key[0] ^= 1,
            |c| c.registrar_key[0] ^= 1,
        ];
        for other in others {
            let mut another = code();
            other(&mut another);
            assert_eq!(another.open(&bytes), Err(CodeError::Unauthenticated));
            assert_ne!(another.ticket(), code().ticket());
        }
    }

    #[test]
    fn who_has_the_code_still_needs_the_key_and_asks_for_one_organisation() {
        let by_another = code().request(&asked(), &key(14));
        assert_eq!(code().open(&by_another), Err(CodeError::Unauthenticated));
        let elsewhere = LinkRequest { org: OrgId([9; 32]), ..asked() };
        assert_eq!(code().open(&code().request(&elsewhere, &key(11))), Err(CodeError::OtherOrganisation));
        let one_key = LinkRequest { tls_key: asked().signing_key, ..asked() };
        assert_eq!(code().open(&code().request(&one_key, &key(11))), Err(CodeError::Malformed));
        let hidden = LinkRequest { name: "desk\u{202e}two".into(), ..asked() };
        assert_eq!(code().open(&code().request(&hidden, &key(11))), Err(CodeError::Malformed));
    }

    #[test]
    fn the_longest_names_fit() {
        let long = "я".repeat(120);
        let mut named = code();
        (named.name, named.device_name) = (long.clone(), long);
        assert!(LinkCode::from_text(&named.to_text()).is_ok());
        let request = LinkRequest { name: "\u{10348}".repeat(120), ..asked() };
        let bytes = code().request(&request, &key(11));
        assert!(bytes.len() <= LINK_REQUEST_BYTES_MAX && code().open(&bytes).is_ok(), "{}", bytes.len());
    }
}
