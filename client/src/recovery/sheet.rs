//! A recovery sheet: one root key of an organisation, on paper.

use causeway_certs::keys::{PublicKey, SigningKey};
use causeway_common::framed;
use causeway_common::ids::Digest;
use zeroize::Zeroizing;

use super::groups::{self, Slip};
use super::shares::{self, SHARE_GROUPS, Share};

const SEED_BYTES: usize = 32;
/// So much of a hash follows the seed, against slips that every group by itself has let through.
const CHECK_BYTES: usize = 3;
const SHEET_BYTES: usize = SEED_BYTES + CHECK_BYTES;
/// Groups of a sheet: 280 bits, 20 to a group.
pub const SHEET_GROUPS: usize = groups::count(SHEET_BYTES);
/// Where the numbers of its groups begin, apart from those of other papers.
const PLACE: usize = 0;
/// What the check is a hash of, before the seed.
const PURPOSE: &[u8] = b"causeway/v1 recovery-sheet";

/// Why what was typed is no sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SheetError {
    /// A letter of this group is wrong, or it stands in the wrong place.
    #[error("group {0} is not as it was given out: a letter is wrong, or groups have changed places")]
    Group(usize),
    /// Groups are missing.
    #[error("this paper has {of} groups, and {have} of them are here")]
    Unfinished {
        /// That are here.
        have: usize,
        /// That stand on it.
        of: usize,
    },
    /// Shares are missing.
    #[error("{need} shares are needed, and {have} of them are here")]
    TooFew {
        /// Different ones that are here.
        have: usize,
        /// That are needed.
        need: usize,
    },
    /// Shares of different keys.
    #[error("these are shares of different keys")]
    OtherKeys,
    /// Shares of one key that was split more than once, or one that somebody has made up.
    #[error("these shares are not of one split of the key, or one of them is false")]
    OtherSplit,
    /// Every group is one of a sheet, and together they are none.
    #[error("these groups do not belong together")]
    Apart,
}

impl From<Slip> for SheetError {
    fn from(Slip(number): Slip) -> Self {
        Self::Group(number)
    }
}

/// The name of a root key, on paper and in the directory: the SHA-256 of its public half.
pub fn name(root: PublicKey) -> Digest {
    framed::sha256(root.as_bytes())
}

/// As much of a name as people read.
pub fn short(name: Digest) -> String {
    let text = name.to_string();
    let (first, second) = (text.get(..4).unwrap_or_default(), text.get(4..8).unwrap_or_default());
    format!("{first} {second}")
}

/// The groups of a key's sheet.
pub fn groups_of(root: &SigningKey) -> Vec<Zeroizing<String>> {
    let seed = root.seed();
    let mut bytes = Zeroizing::new(Vec::with_capacity(SHEET_BYTES));
    bytes.extend_from_slice(&*seed);
    bytes.extend_from_slice(&check(&seed));
    groups::write(&bytes, PLACE)
}

/// The same as lines for paper, with what they are.
pub fn paper(root: &SigningKey, heading: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::new());
    for line in heading.lines() {
        out.push_str(&format!("# {line}\n"));
    }
    out.push_str(&groups::lines(&groups_of(root)));
    out
}

/// Whether this is the group of that number (from 1) among these, as a person may have typed it.
pub fn is_group(groups: &[Zeroizing<String>], number: usize, typed: &str) -> bool {
    let typed: Zeroizing<String> = Zeroizing::new(groups::split(typed).collect());
    let wanted = number.checked_sub(1).and_then(|at| groups.get(at));
    wanted.is_some_and(|wanted| groups::are_same(wanted, &typed))
}

/// Reads the sheets and shares in a text, one behind the other. Shares of one key are put together.
pub fn read(text: &str) -> Result<Vec<SigningKey>, SheetError> {
    let words: Vec<&str> = groups::split(text).collect();
    let (mut keys, mut found) = (Vec::new(), Vec::new());
    let mut rest = &words[..];
    loop {
        let is_share = rest.first().is_some_and(|word| groups::read_one(word, shares::PLACE).is_some());
        let of = if is_share { SHARE_GROUPS } else { SHEET_GROUPS };
        let Some((paper, after)) = rest.split_at_checked(of) else {
            return Err(SheetError::Unfinished { have: rest.len(), of });
        };
        if is_share {
            found.push(Share::read(paper)?);
        } else {
            keys.push(read_one(paper)?);
        }
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    if !found.is_empty() {
        keys.extend(shares::combine_all(&found)?);
    }
    Ok(keys)
}

fn read_one(words: &[&str]) -> Result<SigningKey, SheetError> {
    let bytes = groups::read(words, PLACE, SHEET_BYTES)?;
    let (seed, given) = bytes.split_first_chunk::<SEED_BYTES>().ok_or(SheetError::Apart)?;
    if check(seed) != *given {
        return Err(SheetError::Apart);
    }
    Ok(SigningKey::from_seed(seed))
}

fn check(seed: &[u8; SEED_BYTES]) -> [u8; CHECK_BYTES] {
    let mut bytes = Zeroizing::new(PURPOSE.to_vec());
    bytes.extend_from_slice(seed);
    let Digest([a, b, c, ..]) = framed::sha256(&bytes);
    [a, b, c]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32])
    }

    #[test]
    fn a_key_comes_back_from_its_paper() {
        let both = format!("{}{}", *paper(&key(7), "Root\nkey one"), *paper(&key(8), "Next"));
        let read: Vec<PublicKey> = read(&both).unwrap().iter().map(SigningKey::public).collect();
        assert_eq!(read, [key(7).public(), key(8).public()]);
        assert!(both.starts_with("# Root\n# key one\n   1 "));
    }

    #[test]
    fn what_is_no_sheet_is_named_as_what_it_is() {
        let paper = paper(&key(7), "");
        let words: Vec<&str> = groups::split(&paper).collect();
        let error = |text: &str| read(text).map(|keys| keys.len()).unwrap_err();
        assert_eq!(error(&words[..13].join(" ")), SheetError::Unfinished { have: 13, of: 14 });
        assert_eq!(error(""), SheetError::Unfinished { have: 0, of: 14 });
        assert_eq!(
            error(&format!("{} {}", words.join(" "), words[0])),
            SheetError::Unfinished { have: 1, of: 14 }
        );
        let mut slip = words.clone();
        slip[4] = "AAAAA";
        assert_eq!(error(&slip.join(" ")), SheetError::Group(5));
        let other = super::paper(&key(8), "");
        let mut mixed = words.clone();
        mixed[4] = groups::split(&other).nth(4).unwrap();
        assert_eq!(error(&mixed.join(" ")), SheetError::Apart);
    }

    #[test]
    fn two_groups_of_the_right_sheet_are_asked_for_and_no_others_do() {
        let ours = groups_of(&key(7));
        assert!(is_group(&ours, 3, &ours[2]) && is_group(&ours, 3, &format!(" {} ", ours[2].to_lowercase())));
        assert!(!is_group(&ours, 4, &ours[2]) && !is_group(&ours, 3, "") && !is_group(&ours, 0, ""));
        assert!(!is_group(&ours, 15, "") && !is_group(&ours, 3, &groups_of(&key(8))[2]));
    }
}
