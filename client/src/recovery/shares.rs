//! A root key in shares: so many of them together give it back, fewer say nothing of it (Shamir, over the field of 256
//! elements, by the crate `blahaj`).
//!
//! Shares have no authentication of their own: one wrong share gives another secret. So each says on paper which key it is
//! of, which split, how many there are and how many are needed, with a checksum; and what comes out is checked against the
//! key's name.

use std::collections::BTreeMap;

use blahaj::{Share as Point, Sharks};
use causeway_certs::keys::SigningKey;
use causeway_common::framed;
use causeway_common::ids::Digest;
use zeroize::Zeroizing;

use super::groups;
use super::sheet::{SheetError, name};

/// Shares of one key: who is to be asked for them has to be remembered.
pub const SHARES_MAX: u8 = 9;
const SPLIT_BYTES: usize = 2;
const NAME_BYTES: usize = 4;
/// Number of the share and a byte for each of the seed's.
const POINT_BYTES: usize = 33;
const CHECK_BYTES: usize = 4;
const HEAD_BYTES: usize = 2 + SPLIT_BYTES + NAME_BYTES;
const SHARE_BYTES: usize = HEAD_BYTES + POINT_BYTES + CHECK_BYTES;
/// Groups of a share: 360 bits, 20 to a group.
pub const SHARE_GROUPS: usize = groups::count(SHARE_BYTES);
/// So many groups at its beginning hold what all shares of a split have in common.
pub const IN_COMMON: usize = groups::count(HEAD_BYTES);
/// Where the numbers of its groups begin: after those of a sheet, up to 32.
pub(super) const PLACE: usize = 32 - SHARE_GROUPS;
const PURPOSE: &[u8] = b"causeway/v1 recovery-share";

/// One share of a root key.
#[derive(Clone, PartialEq, Eq)]
pub struct Share {
    /// How many are needed.
    pub need: u8,
    /// How many were made.
    pub total: u8,
    /// Which time the key was split.
    split: [u8; SPLIT_BYTES],
    /// Beginning of the key's name.
    key: [u8; NAME_BYTES],
    point: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Share").field("need", &self.need).field("total", &self.total).finish_non_exhaustive()
    }
}

/// Splits a key. None if the numbers make no sense: at least two are needed, and no more than there are.
pub fn split(
    key: &SigningKey,
    total: u8,
    need: u8,
    rng: &mut dyn rand_core::CryptoRng,
) -> Option<Vec<Share>> {
    if need < 2 || need > total || total > SHARES_MAX {
        return None;
    }
    let mut which = [0; SPLIT_BYTES];
    rng.fill_bytes(&mut which);
    let seed = key.seed();
    let mut rng = rng;
    let points = Sharks(need).dealer_rng(&*seed, &mut rng).take(usize::from(total));
    let key = beginning(name(key.public()));
    // A point wipes itself.
    let share =
        |point: Point| Share { need, total, split: which, key, point: Zeroizing::new(Vec::from(&point)) };
    Some(points.map(share).collect())
}

impl Share {
    /// Its number, from 1.
    pub fn number(&self) -> u8 {
        self.point.first().copied().unwrap_or(0)
    }

    /// As much of the key's name as stands on it.
    pub fn key(&self) -> String {
        let text = hex::encode(self.key);
        let (first, second) = text.split_at(NAME_BYTES);
        format!("{first} {second}")
    }

    /// The groups of its paper.
    pub fn groups(&self) -> Vec<Zeroizing<String>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(SHARE_BYTES));
        bytes.extend_from_slice(&[self.need, self.total]);
        bytes.extend_from_slice(&self.split);
        bytes.extend_from_slice(&self.key);
        bytes.extend_from_slice(&self.point);
        let check = check(&bytes);
        bytes.extend_from_slice(&check);
        groups::write(&bytes, PLACE)
    }

    /// Reads the groups of one share.
    pub(super) fn read(words: &[&str]) -> Result<Self, SheetError> {
        let bytes = groups::read(words, PLACE, SHARE_BYTES)?;
        let (body, given) = bytes.split_last_chunk::<CHECK_BYTES>().ok_or(SheetError::Apart)?;
        if check(body) != *given {
            return Err(SheetError::Apart);
        }
        let ([need, total, a, b, k @ ..], point) =
            body.split_first_chunk::<HEAD_BYTES>().ok_or(SheetError::Apart)?;
        let share = Self {
            need: *need,
            total: *total,
            split: [*a, *b],
            key: *k,
            point: Zeroizing::new(point.to_vec()),
        };
        let makes_sense = (2..=share.total).contains(&share.need)
            && share.total <= SHARES_MAX
            && (1..=share.total).contains(&share.number());
        if makes_sense { Ok(share) } else { Err(SheetError::Apart) }
    }
}

/// Puts shares together. They have to be of one split of one key, and enough; each may be there more than once.
pub fn combine(shares: &[Share]) -> Result<SigningKey, SheetError> {
    let first = shares.first().ok_or(SheetError::TooFew { have: 0, need: 2 })?;
    if shares.iter().any(|share| share.key != first.key) {
        return Err(SheetError::OtherKeys);
    }
    let same =
        |share: &Share| (share.split, share.need, share.total) == (first.split, first.need, first.total);
    if !shares.iter().all(same) {
        return Err(SheetError::OtherSplit);
    }
    let mut points = BTreeMap::new();
    for share in shares {
        let before = points.insert(share.number(), &share.point);
        if before.is_some_and(|before| *before != share.point) {
            return Err(SheetError::OtherSplit);
        }
    }
    if points.len() < usize::from(first.need) {
        return Err(SheetError::TooFew { have: points.len(), need: first.need.into() });
    }
    let points: Result<Vec<Point>, _> =
        points.values().map(|point| Point::try_from(point.as_slice())).collect();
    let points = points.map_err(|_| SheetError::Apart)?;
    let seed = Sharks(first.need).recover(&points).map(Zeroizing::new).map_err(|_| SheetError::Apart)?;
    let seed: &[u8; 32] = seed.as_slice().try_into().map_err(|_| SheetError::Apart)?;
    let key = SigningKey::from_seed(seed);
    if beginning(name(key.public())) == first.key { Ok(key) } else { Err(SheetError::OtherSplit) }
}

/// The same for shares of several keys.
pub(super) fn combine_all(shares: &[Share]) -> Result<Vec<SigningKey>, SheetError> {
    let mut by_key: BTreeMap<[u8; NAME_BYTES], Vec<Share>> = BTreeMap::new();
    for share in shares {
        by_key.entry(share.key).or_default().push(share.clone());
    }
    let several = by_key.len() > 1;
    let keys = by_key.values().map(|of_one| combine(of_one)).collect();
    // A share too few of each: most likely a stranger has got among them.
    if several && matches!(keys, Err(SheetError::TooFew { .. })) { Err(SheetError::OtherKeys) } else { keys }
}

/// The same as lines for paper, with what it is.
pub fn paper(share: &Share, heading: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::new());
    for line in heading.lines() {
        out.push_str(&format!("# {line}\n"));
    }
    out.push_str(&groups::lines(&share.groups()));
    out
}

fn beginning(name: Digest) -> [u8; NAME_BYTES] {
    let Digest([a, b, c, d, ..]) = name;
    [a, b, c, d]
}

fn check(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let mut all = Zeroizing::new(PURPOSE.to_vec());
    all.extend_from_slice(bytes);
    let Digest([a, b, c, d, ..]) = framed::sha256(&all);
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_rng;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32])
    }

    fn shares(of: &SigningKey, seed: u8) -> Vec<Share> {
        split(of, 5, 3, &mut test_rng(seed)).unwrap()
    }

    fn pick(shares: &[Share], which: &[usize]) -> Vec<Share> {
        which.iter().map(|at| shares[*at].clone()).collect()
    }

    #[test]
    fn enough_shares_give_the_key_in_any_order_and_fewer_do_not() {
        let all = shares(&key(7), 1);
        for which in [&[0, 1, 2][..], &[4, 2, 0], &[1, 3, 4], &[0, 1, 2, 3, 4], &[3, 3, 1, 0]] {
            assert_eq!(combine(&pick(&all, which)).unwrap().public(), key(7).public(), "{which:?}");
        }
        for (which, have) in [(&[0, 1][..], 2), (&[2, 2, 2], 1)] {
            let error = combine(&pick(&all, which)).map(|key| key.public()).unwrap_err();
            assert_eq!(error, SheetError::TooFew { have, need: 3 });
        }
        assert!(combine(&[]).is_err());
        assert!(
            split(&key(7), 3, 1, &mut test_rng(1)).is_none()
                && split(&key(7), 2, 3, &mut test_rng(1)).is_none()
        );
        assert!(split(&key(7), SHARES_MAX + 1, 2, &mut test_rng(1)).is_none());
        assert!(split(&key(7), SHARES_MAX, SHARES_MAX, &mut test_rng(1)).is_some());
    }

    #[test]
    fn a_share_comes_back_from_its_paper_and_a_slip_is_named() {
        for share in shares(&key(7), 2) {
            let groups = share.groups();
            let mut words: Vec<&str> = groups.iter().map(|group| group.as_str()).collect();
            assert_eq!((words.len(), SHARE_GROUPS), (18, 18));
            assert!(Share::read(&words).unwrap() == share);
            words[7] = "AAAAA";
            assert_eq!(Share::read(&words).unwrap_err(), SheetError::Group(8));
        }
        let [one, two] = [1, 2].map(|seed| shares(&key(7), seed)[0].groups());
        let mut words: Vec<&str> = one.iter().map(|group| group.as_str()).collect();
        words[9] = &two[9];
        assert_eq!(Share::read(&words).unwrap_err(), SheetError::Apart);
    }

    #[test]
    fn shares_that_do_not_belong_together_are_named_as_what_they_are() {
        let (ours, again, other) = (shares(&key(7), 1), shares(&key(7), 2), shares(&key(8), 3));
        let error = |shares: Vec<Share>| combine(&shares).map(|key| key.public()).unwrap_err();
        let with = |mut shares: Vec<Share>, one: &Share| {
            shares.push(one.clone());
            shares
        };
        assert_eq!(error(with(pick(&ours, &[0, 1]), &other[2])), SheetError::OtherKeys);
        assert_eq!(error(with(pick(&ours, &[0, 1]), &again[2])), SheetError::OtherSplit);
        // Somebody has made a share up: every checksum is right, and what comes out is another key.
        let mut forged = ours[2].clone();
        forged.point[5] ^= 1;
        assert_eq!(error(with(pick(&ours, &[0, 1]), &forged)), SheetError::OtherSplit);
        assert_eq!(error(with(pick(&ours, &[0, 1, 2]), &forged)), SheetError::OtherSplit);
    }
}
