//! Secrets on paper: groups of five letters, of which the last checks the other four and the group's place.
//!
//! The check is a sum over the field of 32 elements in which every letter and the place have a factor of their own: one
//! wrong letter, two that changed places and a group in the wrong place are always noticed, in that group.

use zeroize::Zeroizing;

/// Crockford's alphabet: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a group that carry content.
const CONTENT: usize = 4;
const GROUP: usize = CONTENT + 1;
/// Letters carry five bits.
const BITS: usize = 5;
/// Groups in a line on paper.
const LINE: usize = 4;

/// One group that is not as it was given out, by its number from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slip(pub(crate) usize);

/// Writes bytes as groups. `place` is added to each group's number, so that papers of different kinds cannot be mixed up;
/// it and the number of groups together are at most 32.
pub(crate) fn write(bytes: &[u8], place: usize) -> Vec<Zeroizing<String>> {
    let count = count(bytes.len());
    (0..count)
        .map(|number| {
            let values: Vec<u8> =
                (0..CONTENT).map(|letter| five_bits(bytes, number * CONTENT + letter)).collect();
            let letters = values.iter().copied().chain([check(&values, place + number)]);
            Zeroizing::new(letters.map(letter_of).collect())
        })
        .collect()
}

/// How many groups so many bytes take.
pub(crate) const fn count(bytes: usize) -> usize {
    (bytes * 8).div_ceil(CONTENT * BITS)
}

/// Reads groups back into `bytes` bytes.
pub(crate) fn read(groups: &[&str], place: usize, bytes: usize) -> Result<Zeroizing<Vec<u8>>, Slip> {
    let mut out = Zeroizing::new(vec![0; (groups.len() * CONTENT * BITS).div_ceil(8)]);
    for (number, group) in groups.iter().enumerate() {
        let values = read_one(group, place + number).ok_or(Slip(number + 1))?;
        for (letter, value) in values.iter().take(CONTENT).enumerate() {
            put_five_bits(&mut out, number * CONTENT + letter, *value);
        }
    }
    out.truncate(bytes);
    Ok(out)
}

/// The letters of one group as numbers; none if it is not one of this place.
pub(crate) fn read_one(group: &str, place: usize) -> Option<Zeroizing<Vec<u8>>> {
    let values: Option<Vec<u8>> = group.chars().map(value_of).collect();
    let values = Zeroizing::new(values.filter(|values| values.len() == GROUP)?);
    let (given, content) = values.split_last()?;
    (check(content, place) == *given).then(|| values.clone())
}

/// Whether two groups are the same letters, however they were typed.
pub(crate) fn are_same(group: &str, typed: &str) -> bool {
    let read = |text: &str| text.chars().map(value_of).collect::<Option<Vec<u8>>>().map(Zeroizing::new);
    read(group).is_some_and(|group| read(typed).as_ref() == Some(&group))
}

/// The groups of a text: lines that begin with `#` and numbers of groups are no part of them.
pub(crate) fn split(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let words = lines.flat_map(|line| line.split(|c: char| c.is_whitespace() || c == '-'));
    words.filter(|word| {
        let is_number = word.len() <= 3 && word.trim_end_matches(['.', ':']).parse::<u8>().is_ok();
        !word.is_empty() && !is_number
    })
}

/// Lines for paper, each group with its number.
pub(crate) fn lines(groups: &[Zeroizing<String>]) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::new());
    for (number, group) in (1..).zip(groups) {
        out.push_str(&format!("{number:>4} "));
        out.push_str(group);
        if number % LINE == 0 || number == groups.len() {
            out.push('\n');
        }
    }
    out
}

/// The sum over the field: each letter times another power of its generator, and the place times the next.
fn check(content: &[u8], place: usize) -> u8 {
    let place = u8::try_from(place % ALPHABET.len()).unwrap_or(0);
    let mut factor = 1;
    content.iter().copied().chain([place]).fold(0, |sum, value| {
        factor = times(factor, 2);
        sum ^ times(factor, value)
    })
}

/// Multiplication modulo x⁵ + x² + 1, of which x is a generator.
fn times(a: u8, b: u8) -> u8 {
    (0..BITS).rev().fold(0, |sum, bit| {
        let doubled = if sum & 0b1_0000 == 0 { sum << 1 } else { (sum << 1) ^ 0b10_0101 };
        if b >> bit & 1 == 1 { doubled ^ a } else { doubled }
    })
}

fn letter_of(value: u8) -> char {
    ALPHABET.get(usize::from(value)).copied().map_or('?', char::from)
}

/// Reads a letter as a person may have written it.
fn value_of(letter: char) -> Option<u8> {
    let letter = match letter.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    ALPHABET.iter().position(|known| char::from(*known) == letter).and_then(|at| u8::try_from(at).ok())
}

fn five_bits(bytes: &[u8], index: usize) -> u8 {
    (index * BITS..(index + 1) * BITS).fold(0, |value, bit| {
        let byte = bytes.get(bit / 8).copied().unwrap_or(0);
        value << 1 | (byte >> (7 - bit % 8) & 1)
    })
}

fn put_five_bits(bytes: &mut [u8], index: usize, value: u8) {
    for (nth, bit) in (index * BITS..(index + 1) * BITS).enumerate() {
        if let Some(byte) = bytes.get_mut(bit / 8) {
            *byte |= (value >> (BITS - 1 - nth) & 1) << (7 - bit % 8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(group: &str, place: usize) -> bool {
        read_one(group, place).is_some()
    }

    fn texts(groups: &[Zeroizing<String>]) -> Vec<&str> {
        groups.iter().map(|group| group.as_str()).collect()
    }

    #[test]
    fn bytes_come_back_however_a_person_has_typed_them() {
        let bytes: Vec<u8> = (0..35).map(|n| n * 7 + 3).collect();
        let groups = write(&bytes, 0);
        assert_eq!((groups.len(), count(35)), (14, 14));
        assert_eq!(*read(&texts(&groups), 0, 35).unwrap(), bytes);
        let paper = format!("# a comment with WORDS\n{}", *lines(&groups)).to_lowercase();
        let typed: Vec<&str> = split(&paper).collect();
        assert_eq!(*read(&typed, 0, 35).unwrap(), bytes);
        let careless: Vec<String> =
            texts(&groups).iter().map(|g| g.replace('0', "o").replace('1', "L")).collect();
        let careless: Vec<&str> = careless.iter().map(String::as_str).collect();
        assert_eq!(*read(&careless, 0, 35).unwrap(), bytes);
    }

    #[test]
    fn every_wrong_letter_and_every_two_that_changed_places_are_noticed_in_their_group() {
        let bytes: Vec<u8> = (0..35).map(|n| n * 7 + 5).collect();
        let groups = write(&bytes, 0);
        for (number, group) in groups.iter().enumerate() {
            let letters: Vec<char> = group.chars().collect();
            for at in 0..GROUP {
                for other in ALPHABET.iter().map(|b| char::from(*b)).filter(|c| *c != letters[at]) {
                    let mut wrong = letters.clone();
                    wrong[at] = other;
                    assert!(!fits(&String::from_iter(wrong), number), "group {number} at {at}: {other}");
                }
                for with in at + 1..GROUP {
                    let mut wrong = letters.clone();
                    wrong.swap(at, with);
                    let same = letters[at] == letters[with];
                    assert_eq!(
                        fits(&String::from_iter(wrong), number),
                        same,
                        "group {number}: {at} and {with}"
                    );
                }
            }
            for place in (0..32).filter(|place| *place != number) {
                assert!(!fits(group, place), "group {number} fits place {place} too");
            }
        }
        let mut wrong = texts(&groups);
        wrong.swap(2, 3);
        assert_eq!(read(&wrong, 0, 35), Err(Slip(3)));
        assert!(!fits("ABCD", 0) && !fits("ABCDEF", 0) && !fits("AB*DE", 0) && !fits("", 0));
    }
}
