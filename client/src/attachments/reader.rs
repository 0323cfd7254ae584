//! What stands in a sealed file of this device, read as it is opened: it is in clear in memory only, a piece at a time.

use std::fs::File;
use std::io::{self, Read};

use zeroize::Zeroizing;

use crate::seal::attachment::{AttachmentError, AttachmentKey, AttachmentOpener, Place};

/// Bytes that are opened at once: four chunks.
const PIECE_BYTES: usize = 64 * 1024;

/// A sealed file as its plaintext. The end comes only after all of it has proved to be what the key describes.
pub(crate) struct Unsealed {
    sealed: File,
    /// None: it has ended.
    opener: Option<AttachmentOpener>,
    piece: Vec<u8>,
    plain: Zeroizing<Vec<u8>>,
    given: usize,
}
no_content_in_debug!(Unsealed);

impl Unsealed {
    /// Begins to open a file.
    pub(crate) fn new(sealed: File, key: AttachmentKey, place: &Place) -> Result<Self, AttachmentError> {
        let opener = AttachmentOpener::new(key, place)?;
        let plain = Zeroizing::new(Vec::with_capacity(2 * PIECE_BYTES));
        Ok(Self { sealed, opener: Some(opener), piece: vec![0; PIECE_BYTES], plain, given: 0 })
    }

    /// Opens the next piece. False: there is none.
    fn next(&mut self) -> Result<bool, AttachmentError> {
        self.plain.clear();
        self.given = 0;
        let Some(mut opener) = self.opener.take() else { return Ok(false) };
        let read = self.sealed.read(&mut self.piece)?;
        if read == 0 {
            opener.finish(&mut *self.plain)?;
            return Ok(true);
        }
        opener.write(&self.piece[..read], &mut *self.plain)?;
        self.opener = Some(opener);
        Ok(true)
    }
}

impl Read for Unsealed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.plain.len() {
            match self.next() {
                Ok(true) => {}
                Ok(false) => return Ok(0),
                Err(AttachmentError::Io(error)) => return Err(error),
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        let count = out.len().min(self.plain.len() - self.given);
        out[..count].copy_from_slice(&self.plain[self.given..][..count]);
        self.given += count;
        Ok(count)
    }
}
