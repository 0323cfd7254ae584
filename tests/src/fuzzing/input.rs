//! Arbitrary bytes, read as instructions.

use std::collections::BTreeMap;

/// Changes to one value in one run.
const CHANGES_MAX: u8 = 6;
/// Bytes that one change may add.
const ADDED_MAX: usize = 300;

/// Lengths and counts that decoders have to survive.
const EDGES: [u64; 12] =
    [0, 1, 7, 0x7f, 0xff, 0x100, 0xffff, 0x7fff_ffff, 0xffff_ffff, 1 << 32, i64::MAX as u64, u64::MAX];

/// Bytes that are used up from the front. When nothing is left, zeros come: every input is complete.
#[derive(Clone, Debug)]
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    /// Reads these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next bytes, fewer at the end.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (now, later) = self.0.split_at(count.min(self.0.len()));
        self.0 = later;
        now
    }

    /// Everything that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    /// The next bytes, as many as a length in front of them says.
    pub fn bytes(&mut self) -> &'a [u8] {
        let length = usize::from(self.u16());
        self.take(length)
    }

    /// The next bytes as an array.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        let taken = self.take(N);
        out[..taken.len()].copy_from_slice(taken);
        out
    }

    /// The next byte.
    pub fn u8(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    /// The next two bytes.
    pub fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    /// The next four bytes.
    pub fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    /// The next eight bytes.
    pub fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    /// Yes or no.
    pub fn flag(&mut self) -> bool {
        self.u8() & 1 == 1
    }

    /// One of these.
    pub fn pick<'b, T>(&mut self, from: &'b [T]) -> &'b T {
        &from[usize::from(self.u8()) % from.len()]
    }

    /// A place before `end`; 0 if there is none.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { usize::try_from(self.u32()).unwrap_or(0) % end }
    }

    /// The next number, often one at the edge of a range.
    pub fn number(&mut self) -> u64 {
        match self.u8() {
            edge if edge < 128 => EDGES[usize::from(edge) % EDGES.len()],
            _ => self.u64(),
        }
    }

    /// Changes a value as the input says, up to a few times; perhaps not at all.
    pub fn change(&mut self, value: &mut Vec<u8>) {
        for _ in 0..self.u8() % (CHANGES_MAX + 1) {
            self.change_once(value);
        }
    }

    fn change_once(&mut self, value: &mut Vec<u8>) {
        let kind = self.u8() % 8;
        let at = self.below(value.len() + 1);
        let after = value.len() - at;
        match kind {
            0 if after > 0 => value[at] ^= 1 << (self.u8() & 7),
            1 if after > 0 => value[at] = self.u8(),
            2 => value.truncate(at),
            3 => {
                let added = self.u8();
                drop(value.splice(at..at, self.take(usize::from(added)).iter().copied()));
            }
            4 => {
                let count = usize::from(self.u8()).min(after);
                drop(value.drain(at..at + count));
            }
            5 if after >= 8 => value[at..at + 8].copy_from_slice(&self.number().to_le_bytes()),
            6 => {
                let from = self.below(value.len() + 1);
                let count = usize::from(self.u16()).min(value.len() - from).min(ADDED_MAX);
                let copy = value[from..from + count].to_vec();
                drop(value.splice(at..at, copy));
            }
            _ => {
                let over = self.bytes();
                let count = over.len().min(after);
                value[at..at + count].copy_from_slice(&over[..count]);
            }
        }
    }

    /// Changes what is stored somewhere: values, which values there are, which stand in each other's place.
    pub fn change_map(&mut self, map: &mut BTreeMap<Vec<u8>, Vec<u8>>) {
        for _ in 0..=self.u8() % CHANGES_MAX {
            let keys: Vec<Vec<u8>> = map.keys().cloned().collect();
            let (one, other) = (self.below(keys.len()), self.below(keys.len()));
            let (Some(one), Some(other)) = (keys.get(one), keys.get(other)) else { return };
            match self.u8() % 6 {
                0 => drop(map.remove(one)),
                1 => drop(map.insert(one.clone(), map[other].clone())),
                2 => {
                    let mut key = one.clone();
                    self.change(&mut key);
                    drop(map.insert(key, map[other].clone()));
                }
                _ => self.change(map.get_mut(one).unwrap()),
            }
        }
    }
}
