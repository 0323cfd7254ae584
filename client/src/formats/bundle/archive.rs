//! The archive: files one after another, not compressed, all of one date, so that the same content is the same bytes and a changed
//! byte anywhere is found by writing it again.

use std::io::{Cursor, Read as _, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::BUNDLE_BYTES_MAX;

/// Files of an archive; a case with a hundred packets has some thousand.
const FILES_MAX: usize = 10_000;

/// Names and contents, in their order.
pub(super) type Files = Vec<(String, Vec<u8>)>;

/// Writes an archive.
pub(super) fn write(files: &[(String, Vec<u8>)]) -> Option<Vec<u8>> {
    let options =
        SimpleFileOptions::default().compression_method(CompressionMethod::Stored).unix_permissions(0o600);
    let options = options.last_modified_time(zip::DateTime::DEFAULT);
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        out.start_file(name.as_str(), options).ok()?;
        out.write_all(bytes).ok()?;
    }
    Some(out.finish().ok()?.into_inner())
}

/// Reads an archive; none if it is not byte for byte one that [`write`] makes.
pub(super) fn read(bytes: &[u8]) -> Option<Files> {
    if bytes.len() as u64 > BUNDLE_BYTES_MAX {
        return None;
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    if archive.len() > FILES_MAX {
        return None;
    }
    let mut files = Files::new();
    let mut left = bytes.len() as u64;
    for n in 0..archive.len() {
        let file = archive.by_index(n).ok()?;
        let (name, mut content) = (file.name().ok()?.into_owned(), Vec::new());
        // Stored, so all of it together is no longer than the archive: nothing unfolds.
        let read = file.take(left + 1).read_to_end(&mut content).ok()? as u64;
        left = left.checked_sub(read)?;
        files.push((name, content));
    }
    (write(&files)?.as_slice() == bytes).then_some(files)
}
