//! A code that a camera reads, as a picture that stands in the page itself: nothing is fetched, and nothing is styled.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

/// Light modules around a code, without which no camera finds it (ISO/IEC 18004).
const RIM: usize = 4;

/// The modules of a code, as one path.
pub(crate) struct Picture {
    /// Modules on each side, with the rim.
    pub(crate) side: usize,
    /// The dark ones: a rectangle for each run of them.
    pub(crate) path: String,
}

impl Picture {
    /// Of a text; none if it is too long for a code: then the text is there alone.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
        let (width, colors) = (code.width(), code.to_colors());
        let mut path = String::new();
        for (y, line) in colors.chunks(width.max(1)).enumerate() {
            let mut x = 0;
            for run in line.chunk_by(|one, next| one == next) {
                if run.first() == Some(&Color::Dark) {
                    let length = run.len();
                    let _ = write!(path, "M{} {}h{length}v1h-{length}z", x + RIM, y + RIM);
                }
                x += run.len();
            }
        }
        Some(Self { side: width + 2 * RIM, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_three_corners_and_a_rim_and_what_is_too_long_has_none() {
        let picture = Picture::of("271828182845904523536028747135266249775724709369995957496696").unwrap();
        // Seven dark modules in the first row of each upper corner.
        let right = picture.side - RIM - 7;
        for corner in [format!("M{RIM} {RIM}h7v1h-7z"), format!("M{right} {RIM}h7v1h-7z")] {
            assert!(picture.path.contains(&corner), "{corner}: {}", picture.path);
        }
        assert!((21 + 2 * RIM..=45).contains(&picture.side), "{}", picture.side);
        assert!(Picture::of(&"x".repeat(3_000)).is_none());
    }
}
