//! Secrets in all the forms in which they could lie around, looked for in every byte of a folder.

use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::Value;

/// Fewer bytes would be found in random ones as well.
const SHORTEST: usize = 6;
/// Pieces of a picture that are looked for, and their length.
const PIECES: usize = 40;
const PIECE_BYTES: usize = 24;

/// Words of CAP's code lists that also stand in the logs of libraries.
const CAP_WORDS: [&str; 1] = ["Immediate"];

/// What is looked for, each with the name it is reported by.
#[derive(Debug, Default)]
pub struct Secrets {
    names: Vec<String>,
    forms: Vec<Vec<u8>>,
}

impl Secrets {
    /// How many secrets there are, and in how many forms.
    pub fn count(&self) -> (usize, usize) {
        let mut names: Vec<&str> = self.names.iter().map(|name| name.split(" as ").next().unwrap()).collect();
        names.dedup();
        (names.len(), self.forms.len())
    }

    fn add(&mut self, name: &str, form: &str, bytes: Vec<u8>) {
        if bytes.len() >= SHORTEST {
            self.names.push(format!("{name} as {form}"));
            self.forms.push(bytes);
        }
    }

    /// A word, a number, a sentence.
    pub fn text(&mut self, name: &str, text: &str) {
        self.bytes(name, text.as_bytes());
        if text.len() >= SHORTEST {
            let units: Vec<u16> = text.encode_utf16().collect();
            self.add(name, "UTF-16 LE", units.iter().flat_map(|unit| unit.to_le_bytes()).collect());
            self.add(name, "UTF-16 BE", units.iter().flat_map(|unit| unit.to_be_bytes()).collect());
            let escaped: String = units.iter().map(|unit| escape(*unit)).collect();
            if escaped != text {
                self.add(name, "JSON escapes", escaped.into_bytes());
            }
        }
    }

    /// A key, a piece of a file.
    pub fn bytes(&mut self, name: &str, bytes: &[u8]) {
        if bytes.len() < SHORTEST {
            return;
        }
        self.add(name, "it is", bytes.to_vec());
        self.add(name, "hex", hex::encode(bytes).into_bytes());
        self.add(name, "HEX", hex::encode_upper(bytes).into_bytes());
        for offset in 0..3 {
            let standard = base64_inside(bytes, offset, &STANDARD);
            let url = base64_inside(bytes, offset, &URL_SAFE);
            if url != standard {
                self.add(name, "base64url", url);
            }
            self.add(name, "base64", standard);
        }
        let listed: Vec<String> = bytes.iter().map(u8::to_string).collect();
        self.add(name, "a list of numbers", listed.join(", ").into_bytes());
    }

    /// Pieces from all over a file.
    pub fn file(&mut self, name: &str, bytes: &[u8]) {
        for piece in bytes.chunks((bytes.len() / PIECES).max(PIECE_BYTES)) {
            self.bytes(name, &piece[..piece.len().min(PIECE_BYTES)]);
        }
    }

    /// Everything that people wrote into a document: all texts but the words of code lists, ours and those of the
    /// Common Alerting Protocol.
    pub fn document(&mut self, name: &str, value: &Value) {
        let is_code = |text: &str| {
            CAP_WORDS.contains(&text)
                || text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        match value {
            Value::String(text) if !is_code(text) => self.text(&format!("{name}: {text:?}"), text),
            Value::Array(list) => list.iter().for_each(|value| self.document(name, value)),
            Value::Object(map) => map.values().for_each(|value| self.document(name, value)),
            _ => {}
        }
    }

    /// What is found in these bytes.
    fn in_bytes(&self, search: &AhoCorasick, bytes: &[u8]) -> Vec<&str> {
        let mut found: Vec<&str> =
            search.find_overlapping_iter(bytes).map(|hit| &*self.names[hit.pattern().as_usize()]).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// What is found in the files below these places, names of files included, and how many bytes were looked at.
    ///
    /// # Panics
    /// When a file cannot be read.
    pub fn find(&self, places: &[&Path]) -> (Vec<String>, usize) {
        let search = AhoCorasick::new(&self.forms).unwrap();
        let (mut complaints, mut looked_at) = (Vec::new(), 0);
        for path in places.iter().flat_map(|place| files_below(place)) {
            let content = std::fs::read(&path).unwrap();
            looked_at += content.len();
            let name = path.as_os_str().as_encoded_bytes();
            for bytes in [&content[..], name] {
                let found = self.in_bytes(&search, bytes).into_iter();
                complaints.extend(found.map(|what| format!("{what} in {}", path.display())));
            }
        }
        (complaints, looked_at)
    }
}

fn escape(unit: u16) -> String {
    if unit < 0x80 { char::from(unit.to_le_bytes()[0]).to_string() } else { format!("\\u{unit:04x}") }
}

/// What base64 makes of the bytes when they begin at this offset of a group and other bytes stand around them.
fn base64_inside(bytes: &[u8], offset: usize, alphabet: &impl base64::Engine) -> Vec<u8> {
    let encoded = alphabet.encode([&vec![0; offset][..], bytes].concat()).into_bytes();
    let whole = (offset + bytes.len()) * 8 / 6;
    encoded[(offset * 8).div_ceil(6)..whole].to_vec()
}

/// All files below a place, or the place itself.
///
/// # Panics
/// When a folder cannot be read.
pub fn files_below(place: &Path) -> Vec<PathBuf> {
    if !place.is_dir() {
        return vec![place.to_path_buf()];
    }
    let entries = std::fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| files_below(&path)).collect()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    #[test]
    fn every_form_is_found_wherever_it_stands() {
        let mut secrets = Secrets::default();
        secrets.document(
            "a case",
            &serde_json::json!({ "names": [{ "family": "Щербацкая" }], "kind": "lost_contact" }),
        );
        secrets.bytes("a key", &[7; 32]);
        let name = "Щербацкая";
        let units = || name.encode_utf16();
        let planted: Vec<Vec<u8>> = vec![
            name.as_bytes().to_vec(),
            units().flat_map(u16::to_le_bytes).collect(),
            units().flat_map(u16::to_be_bytes).collect(),
            STANDARD.encode(format!("a{name}b")).into_bytes(),
            URL_SAFE.encode(format!("ab{name}")).into_bytes(),
            STANDARD.encode(format!("abc{name}b")).into_bytes(),
            hex::encode(name).into_bytes(),
            units().map(escape).collect::<String>().into_bytes(),
            [7; 40].to_vec(),
            format!("{:?}", [7u8; 32]).into_bytes(),
        ];
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("below").join("log");
        std::fs::create_dir(folder.path().join("below")).unwrap();
        for form in planted {
            std::fs::write(&file, [&[1; 100][..], &form, &[2; 100]].concat()).unwrap();
            let (found, _) = secrets.find(&[folder.path()]);
            assert!(!found.is_empty(), "{form:?} is not found");
        }
        std::fs::write(&file, b"lost_contact, and nothing else").unwrap();
        assert_eq!(secrets.find(&[folder.path()]).0, Vec::<String>::new());
    }
}
