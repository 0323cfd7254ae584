//! Files that a referral describes, compared with those that travel with it: an item of evidence names its file, its hash and its
//! size.

use serde_json::{Map, Value};

use super::problem::{LIMIT, Problem, RULE, Words};
use super::tidy::composed;

/// A file as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "made by whoever has the file")]
pub struct Exhibit {
    /// Its name, without folders.
    pub name: String,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

/// What the items of a document say otherwise of these files. An item whose file is not among them says nothing: it may travel
/// another way.
pub fn differences(document: &Map<String, Value>, files: &[Exhibit]) -> Vec<Problem> {
    let items = document.get("items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut found = Vec::new();
    for (n, item) in items.iter().enumerate() {
        let named = item.get("file").and_then(Value::as_str).map(str::trim).unwrap_or_default();
        // Some systems take the letters of a file name apart.
        let named = composed(named);
        for file in files.iter().filter(|file| composed(&file.name) == named) {
            let mut report = |field: &str, wrong: &'static str, said: &str, is: &str| {
                let wrong = Words::of(wrong).with("said", said).with("found", is).with("name", &file.name);
                let path = format!("items[{n}].{field}");
                found.push(Problem::new(&path, RULE, wrong, Words::of("wanted-same-file")));
            };
            let hash = item.get("hash_sha256").and_then(Value::as_str);
            if let Some(said) = hash.filter(|said| !said.trim().eq_ignore_ascii_case(&file.sha256)) {
                report("hash_sha256", "problem-other-hash", said, &file.sha256);
            }
            if let Some(said) = item.get("size").and_then(Value::as_u64).filter(|said| *said != file.size) {
                report("size", "problem-other-size", &said.to_string(), &file.size.to_string());
            }
        }
    }
    found
}

/// A file that is longer than files may be.
pub(crate) fn large_file(name: &str, bytes: u64, most: u64) -> Problem {
    // Rounded up: what is over the bound never reads as the bound.
    let size = bytes.div_ceil(MEGABYTE);
    let wrong = Words::of("problem-file-large").with("size", size).with("max", most / MEGABYTE);
    Problem::new(name, LIMIT, wrong, Words::of("wanted-file-smaller"))
}

/// The file with which they are too long together.
pub(crate) fn large_together(name: &str, most: u64) -> Problem {
    let wrong = Words::of("problem-files-large").with("max", most / MEGABYTE);
    Problem::new(name, LIMIT, wrong, Words::of("wanted-files-fewer"))
}

/// As people count: a million bytes.
const MEGABYTE: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_item_is_the_file_that_travels_with_it() {
        let hash = "9f".repeat(32);
        let document = json!({ "items": [
            { "file": "chat.json", "hash_sha256": hash, "size": 48_211 },
            { "file": "elsewhere.bin", "hash_sha256": hash },
            7,
        ]});
        let paths = |name: &str, sha256: &str, size: u64| {
            let file = Exhibit { name: name.into(), sha256: sha256.into(), size };
            let found = differences(document.as_object().unwrap(), &[file]);
            found.into_iter().map(|problem| problem.path).collect::<Vec<_>>()
        };
        assert_eq!(paths("chat.json", &hash, 48_211), [""; 0]);
        assert_eq!(paths("chat.json", &hash.to_uppercase(), 48_211), [""; 0]);
        assert_eq!(paths("chat.json", &"00".repeat(32), 19), ["items[0].hash_sha256", "items[0].size"]);
        assert_eq!(paths("chat.json", &hash, 19), ["items[0].size"]);
        assert_eq!(paths("other.json", &"00".repeat(32), 19), [""; 0]);
    }
}
