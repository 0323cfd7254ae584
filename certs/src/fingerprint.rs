//! What two people compare by voice: twelve groups of five digits that stand for an organisation and its root.

use causeway_common::framed::{self, Label};
use causeway_common::ids::{Digest, OrgId};

use crate::keys::PublicKey;

/// The hash behind the digits: over the organisation's identifier and its present root key.
pub fn fingerprint(org: OrgId, root: PublicKey) -> Digest {
    framed::hash(Label::Fingerprint, &[org.0, *root.as_bytes()].concat())
}

/// The twelve groups (about 199 bits), separated by spaces.
pub fn digits(fingerprint: Digest) -> String {
    let mut number = fingerprint.0;
    let mut groups: Vec<String> = (0..12).map(|_| format!("{:05}", divide(&mut number, 100_000))).collect();
    groups.reverse();
    groups.join(" ")
}

/// Divides a big-endian number in place and gives the remainder.
fn divide(number: &mut [u8; 32], divisor: u32) -> u32 {
    let mut remainder = 0;
    for byte in number {
        let value = (remainder << 8) | u32::from(*byte);
        *byte = u8::try_from(value / divisor).unwrap_or(u8::MAX);
        remainder = value % divisor;
    }
    remainder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_the_number_modulo_ten_to_the_sixty() {
        let mut bytes = [0; 32];
        bytes[24..].copy_from_slice(&1_234_567_890_123u64.to_be_bytes());
        assert!(digits(Digest(bytes)).ends_with("00123 45678 90123"));
        assert_eq!(digits(Digest([0xff; 32])).len(), 71);
    }
}
