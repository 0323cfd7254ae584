//! Padding that hides a packet's length: powers of two up to 256 KiB, then Padmé (Nikitin et al., PETS 2019).

use causeway_common::limits::{PADDED_BYTES_MAX, PADDED_BYTES_MIN};
use zeroize::Zeroizing;

/// Above this Padmé is used: it costs at most 12 %.
const POWERS_UP_TO: u64 = 256 * 1024;

/// The padded form: the content, 0x80, zeros. None if it would be larger than a body may be.
pub fn pad(content: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let target = usize::try_from(padded_len(content.len() as u64 + 1)).ok()?;
    if target > PADDED_BYTES_MAX {
        return None;
    }
    // Reserved at once: a buffer that grows would leave copies of the plaintext behind.
    let mut padded = Zeroizing::new(Vec::with_capacity(target));
    padded.extend_from_slice(content);
    padded.push(0x80);
    padded.resize(target, 0);
    Some(padded)
}

/// The content of a padded form, if it is one.
pub fn unpad(padded: &[u8]) -> Option<&[u8]> {
    let end = padded.iter().rposition(|byte| *byte != 0)?;
    (padded[end] == 0x80 && padded_len(end as u64 + 1) == padded.len() as u64).then(|| &padded[..end])
}

/// The length that content of `length` bytes (marker included) is padded to.
pub fn padded_len(length: u64) -> u64 {
    if length <= POWERS_UP_TO {
        length.next_power_of_two().max(PADDED_BYTES_MIN as u64)
    } else {
        padme(length)
    }
}

/// Padmé: keep as many leading bits as the length's exponent has bits. Integers only, so every platform agrees.
pub fn padme(length: u64) -> u64 {
    let Some(exponent) = length.checked_ilog2().filter(|e| *e > 0) else { return length };
    let kept_bits = exponent.ilog2() + 1;
    let mask = (1u64 << (exponent - kept_bits.min(exponent))) - 1;
    length.saturating_add(mask) & !mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_exact_and_unique() {
        for length in [0, 1, 4094, 4095, 4096, 100_000, 300_000] {
            let padded = pad(&vec![0; length]).unwrap();
            assert_eq!(unpad(&padded).unwrap().len(), length);
            let mut longer = padded.clone();
            longer.push(0);
            assert_eq!(unpad(&longer), None);
        }
        assert_eq!(pad(&[1; 4095]).unwrap().len(), 4096);
        assert_eq!(pad(&[1; 4096]).unwrap().len(), 8192);
        assert_eq!(pad(&vec![1; PADDED_BYTES_MAX]), None);
        assert_eq!(unpad(&[0; 4096]), None);
    }

    #[test]
    fn padme_is_that_of_the_paper() {
        assert_eq!(padme(300_000), 303_104);
        assert_eq!(padme(1_000_000), 1_015_808);
        for length in (1..5_000_000).step_by(4_999) {
            assert!(padme(length) >= length && padme(length) <= length + length / 8, "{length}");
        }
    }
}
