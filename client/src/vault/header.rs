//! The vault's header: the master key, wrapped once by the passphrase and once by the recovery code.
//!
//! Argon2id (RFC 9106) makes guessing expensive; a commitment beside each wrapped key tells a wrong passphrase from a
//! damaged header, and makes the wrapping key-committing. Costs outside the allowed range are refused, so that a
//! changed header can neither weaken the protection nor exhaust the machine.

use causeway_common::codec;
use causeway_common::passphrase::{self, Cost};
use chacha20poly1305::aead::{Aead as _, Key, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{VaultError, damaged};

/// Where the header stands in the store.
pub(super) const KEY: &[u8] = b"h";
const HEADER_BYTES_MAX: usize = 4 * 1024;
const VERSION: u16 = 1;

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    version: u16,
    vault_id: [u8; 32],
    passphrase: Slot,
    recovery: Slot,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Slot {
    cost: Cost,
    salt: [u8; 16],
    commitment: [u8; 32],
    nonce: Vec<u8>,
    wrapped: Vec<u8>,
}

/// Opens the vault without the passphrase: 128 bits, in letters and digits that cannot be mistaken for each other.
pub struct RecoveryCode(Zeroizing<String>);

impl RecoveryCode {
    /// Whether a text is a recovery code without a typo; of which vault is another matter. Costs nothing, so a form
    /// can say so before the vault is tried.
    pub fn is_well_formed(text: &str) -> bool {
        recovery_bytes(text).is_some()
    }

    /// The code, in groups of five.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is what stands on the paper: letters of either case, groups in any way.
    pub fn is_typed(&self, text: &str) -> bool {
        let typed = recovery_bytes(text).map(Zeroizing::new);
        let meant = recovery_bytes(&self.0).map(Zeroizing::new);
        typed.zip(meant).is_some_and(|(typed, meant)| bool::from(typed.ct_eq(&*meant)))
    }

    /// Whether a text is a recovery code, typed without a slip.
    pub fn is_one(text: &str) -> bool {
        recovery_bytes(text).map(Zeroizing::new).is_some()
    }
}

impl std::fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCode")
    }
}

/// A fresh master key and its header.
#[expect(clippy::type_complexity, reason = "three results of one ceremony")]
pub(super) fn create(
    passphrase: &str,
    cost: Cost,
    rng: &mut dyn rand_core::CryptoRng,
) -> Result<(Zeroizing<[u8; 32]>, Vec<u8>, RecoveryCode), VaultError> {
    if passphrase.chars().count() < passphrase::CHARS_MIN {
        return Err(VaultError::WeakPassphrase);
    }
    let mut master = Zeroizing::new([0; 32]);
    rng.fill_bytes(&mut *master);
    let mut vault_id = [0; 32];
    rng.fill_bytes(&mut vault_id);
    let mut code = Zeroizing::new([0; 16]);
    rng.fill_bytes(&mut *code);
    let header = Header {
        version: VERSION,
        vault_id,
        passphrase: wrap(&master, passphrase.as_bytes(), &vault_id, b"passphrase", cost, rng)?,
        recovery: wrap(&master, &*code, &vault_id, b"recovery", cost, rng)?,
    };
    Ok((master, codec::encode(&header), RecoveryCode(Zeroizing::new(recovery_text(&code)))))
}

/// The same header with another recovery code: the old one opens it no more.
pub(super) fn renew_recovery(
    header: &[u8],
    master: &[u8; 32],
    rng: &mut dyn rand_core::CryptoRng,
) -> Result<(Vec<u8>, RecoveryCode), VaultError> {
    let mut header = read(header)?;
    let mut code = Zeroizing::new([0; 16]);
    rng.fill_bytes(&mut *code);
    header.recovery = wrap(master, &*code, &header.vault_id, b"recovery", header.recovery.cost, rng)?;
    Ok((codec::encode(&header), RecoveryCode(Zeroizing::new(recovery_text(&code)))))
}

pub(super) fn open_with_passphrase(
    header: &[u8],
    passphrase: &str,
) -> Result<Zeroizing<[u8; 32]>, VaultError> {
    let header = read(header)?;
    unwrap(&header.passphrase, passphrase.as_bytes(), &header.vault_id, b"passphrase")
}

pub(super) fn open_with_recovery(header: &[u8], code: &str) -> Result<Zeroizing<[u8; 32]>, VaultError> {
    let header = read(header)?;
    let code = Zeroizing::new(recovery_bytes(code).ok_or(VaultError::WrongPassphrase)?);
    unwrap(&header.recovery, &*code, &header.vault_id, b"recovery")
}

/// Which vault a header is of.
pub(super) fn vault_id(header: &[u8]) -> Result<[u8; 32], VaultError> {
    read(header).map(|header| header.vault_id)
}

/// Whether these are the bytes of a header whose protection is neither weakened nor exhausting. Tries no passphrase,
/// so it costs nothing.
pub fn check(header: &[u8]) -> Result<(), VaultError> {
    read(header).map(drop)
}

fn read(bytes: &[u8]) -> Result<Header, VaultError> {
    let header: Header =
        codec::decode(bytes, HEADER_BYTES_MAX).map_err(|_| damaged("its header does not read"))?;
    if header.version != VERSION || !header.passphrase.cost.is_allowed() || !header.recovery.cost.is_allowed()
    {
        return Err(damaged("its header asks for a protection that is not allowed"));
    }
    Ok(header)
}

struct SlotKeys {
    encryption: Zeroizing<[u8; 32]>,
    commitment: [u8; 32],
}

fn derive(secret: &[u8], salt: &[u8; 16], cost: Cost, info: &[u8]) -> Result<SlotKeys, VaultError> {
    let stretched = cost.stretch(secret, salt).map_err(|_| VaultError::Memory)?;
    let expand = Hkdf::<Sha256>::new(Some(b"causeway/v1 vault-slot"), &*stretched);
    let mut both = Zeroizing::new([0; 64]);
    expand.expand(info, &mut *both).map_err(|_| VaultError::Memory)?;
    let mut keys = SlotKeys { encryption: Zeroizing::new([0; 32]), commitment: [0; 32] };
    keys.encryption.copy_from_slice(&both[..32]);
    keys.commitment.copy_from_slice(&both[32..]);
    Ok(keys)
}

/// Everything about a slot that is not secret stands in the associated data.
fn associated(vault_id: &[u8; 32], name: &[u8], cost: Cost, salt: &[u8; 16]) -> Vec<u8> {
    [&VERSION.to_le_bytes()[..], vault_id, name, &codec::encode(&cost), salt].concat()
}

fn wrap(
    master: &[u8; 32],
    secret: &[u8],
    vault_id: &[u8; 32],
    name: &[u8],
    cost: Cost,
    rng: &mut dyn rand_core::CryptoRng,
) -> Result<Slot, VaultError> {
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    let mut nonce = [0; 24];
    rng.fill_bytes(&mut nonce);
    let keys = derive(secret, &salt, cost, name)?;
    let aad = associated(vault_id, name, cost, &salt);
    let wrapped = cipher(&keys.encryption)
        .encrypt(&XNonce::from(nonce), Payload { msg: master, aad: &aad })
        .map_err(|_| VaultError::Memory)?;
    Ok(Slot { cost, salt, commitment: keys.commitment, nonce: nonce.to_vec(), wrapped })
}

fn unwrap(
    slot: &Slot,
    secret: &[u8],
    vault_id: &[u8; 32],
    name: &[u8],
) -> Result<Zeroizing<[u8; 32]>, VaultError> {
    let keys = derive(secret, &slot.salt, slot.cost, name)?;
    if !bool::from(keys.commitment.ct_eq(&slot.commitment)) {
        return Err(VaultError::WrongPassphrase);
    }
    let nonce: [u8; 24] =
        slot.nonce.as_slice().try_into().map_err(|_| damaged("its header does not read"))?;
    let aad = associated(vault_id, name, slot.cost, &slot.salt);
    let opened = cipher(&keys.encryption)
        .decrypt(&XNonce::from(nonce), Payload { msg: &slot.wrapped, aad: &aad })
        .map(Zeroizing::new)
        .map_err(|_| damaged("its header was changed"))?;
    let mut master = Zeroizing::new([0; 32]);
    if opened.len() != master.len() {
        return Err(damaged("its header was changed"));
    }
    master.copy_from_slice(&opened);
    Ok(master)
}

pub(super) fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::<XChaCha20Poly1305>::from(*key))
}

/// Crockford's alphabet: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 128 bits and a checksum of 22 bits make thirty letters.
const CODE_BYTES: usize = 16;
const CODE_LETTERS: usize = 30;

fn recovery_text(code: &[u8; CODE_BYTES]) -> String {
    let check = Sha256::digest(code);
    let bits: Vec<u8> = code.iter().chain(check.iter().take(3)).copied().collect();
    let letter = |i: usize| {
        let value = (0..5).fold(0, |acc, b| (acc << 1) | bit(&bits, i * 5 + b));
        char::from(ALPHABET[value])
    };
    let letters: Vec<char> = (0..CODE_LETTERS).map(letter).collect();
    letters.chunks(5).map(String::from_iter).collect::<Vec<_>>().join("-")
}

fn bit(bytes: &[u8], index: usize) -> usize {
    usize::from(bytes[index / 8] >> (7 - index % 8) & 1)
}

fn recovery_bytes(text: &str) -> Option<[u8; CODE_BYTES]> {
    let values: Option<Vec<usize>> = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match c.to_ascii_uppercase() {
            'O' => Some(0),
            'I' | 'L' => Some(1),
            other => ALPHABET.iter().position(|a| char::from(*a) == other),
        })
        .collect();
    let values = values.filter(|v| v.len() == CODE_LETTERS)?;
    let mut bytes = [0u8; 19];
    for index in 0..CODE_LETTERS * 5 {
        if values[index / 5] >> (4 - index % 5) & 1 == 1 {
            bytes[index / 8] |= 1 << (7 - index % 8);
        }
    }
    let code: [u8; CODE_BYTES] = *bytes.first_chunk()?;
    (recovery_text(&code).replace('-', "") == text_of(&values)).then_some(code)
}

fn text_of(values: &[usize]) -> String {
    values.iter().map(|v| char::from(ALPHABET[*v])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_codes_survive_handwriting_and_typos_are_noticed() {
        let text = recovery_text(&[0xa5; 16]);
        assert_eq!(text.len(), 35);
        assert_eq!(recovery_bytes(&text.to_lowercase().replace('-', " ")), Some([0xa5; 16]));
        let mut typo = text.clone().into_bytes();
        typo[3] = if typo[3] == b'7' { b'8' } else { b'7' };
        assert_eq!(recovery_bytes(std::str::from_utf8(&typo).unwrap()), None);
        assert_eq!(recovery_bytes("short"), None);
    }

    #[test]
    fn only_the_right_secret_opens_and_a_changed_header_is_told_apart() {
        let mut rng = crate::test_rng(1);
        let (master, header, code) = create("correct horse battery", Cost::least(), &mut rng).unwrap();
        assert_eq!(*open_with_passphrase(&header, "correct horse battery").unwrap(), *master);
        assert_eq!(*open_with_recovery(&header, code.as_str()).unwrap(), *master);
        assert_eq!(open_with_passphrase(&header, "wrong horse battery"), Err(VaultError::WrongPassphrase));
        let mut changed: Header = read(&header).unwrap();
        changed.passphrase.wrapped[3] ^= 1;
        let changed = codec::encode(&changed);
        assert!(matches!(
            open_with_passphrase(&changed, "correct horse battery"),
            Err(VaultError::Damaged(_))
        ));
        let mut cheap: Header = read(&header).unwrap();
        cheap.passphrase.cost = codec::decode(&codec::encode(&[1024u32, 3]), 8).unwrap();
        assert!(matches!(open_with_passphrase(&codec::encode(&cheap), "x"), Err(VaultError::Damaged(_))));
        assert_eq!(create("short", Cost::least(), &mut rng).err(), Some(VaultError::WeakPassphrase));
    }
}
