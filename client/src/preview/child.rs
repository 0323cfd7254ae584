//! The other process: bytes come in, a JPEG goes out.

use std::io::{Cursor, Read as _, Write as _};

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder as _, ImageReader, Limits, Rgb, RgbImage};

use super::{PICTURE_BYTES_MAX, SIDE_MAX};

/// Longest side of a picture that is decoded, in pixels: 67 megapixels, more than cameras of telephones give by default.
const DECODED_SIDE_MAX: u32 = 8192;
/// Most memory of a picture that is decoded: 8192 × 8192 pixels of four bytes. The process has no more in all, so the largest ones fail
/// there; it is the size that counts for those.
const DECODED_BYTES_MAX: u64 = 256 << 20;
/// Between what is seen and what is carried: photographs of documents stay legible.
const QUALITY: u8 = 82;

/// Reads a picture and writes a small one.
pub(super) fn draw() -> std::io::Result<()> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(PICTURE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    let drawn = drawn(bytes).map_err(std::io::Error::other)?;
    let mut out = std::io::stdout().lock();
    out.write_all(&drawn)?;
    out.flush()
}

/// The picture as it would be held up, small, on white, and without anything beside its pixels.
fn drawn(bytes: Vec<u8>) -> Result<Vec<u8>, image::ImageError> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(DECODED_SIDE_MAX);
    limits.max_image_height = Some(DECODED_SIDE_MAX);
    limits.max_alloc = Some(DECODED_BYTES_MAX);
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let turned = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    if picture.width().max(picture.height()) > SIDE_MAX {
        picture = picture.thumbnail(SIDE_MAX, SIDE_MAX);
    }
    picture.apply_orientation(turned);
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&on_white(&picture))?;
    Ok(jpeg)
}

/// What is transparent is white: JPEG has no such pixels.
fn on_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let seen = picture.to_rgba8();
    RgbImage::from_fn(seen.width(), seen.height(), |x, y| {
        let [r, g, b, alpha] = seen.get_pixel(x, y).0;
        let over = |colour: u8| {
            let sum = u16::from(colour) * u16::from(alpha) + 255 * (255 - u16::from(alpha));
            u8::try_from(sum / 255).unwrap_or(u8::MAX)
        };
        Rgb([over(r), over(g), over(b)])
    })
}

#[cfg(test)]
mod tests {
    use image::{ImageFormat, Rgba, RgbaImage};

    use super::*;

    fn png(picture: &RgbaImage) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_picture_is_drawn_small_upright_and_with_nothing_beside_it() {
        let sample = include_bytes!("../../../docs/samples/photo.jpg");
        let told = [&sample[..20], b"\xff\xfe\x00\x0aLenina 5", &sample[20..]].concat();
        let small = drawn(told).unwrap();
        assert!(!small.windows(6).any(|w| w == b"Lenina"));
        let wide = png(&RgbaImage::from_pixel(4000, 1000, Rgba([0, 0, 0, 0])));
        let small = image::load_from_memory(&drawn(wide).unwrap()).unwrap().to_rgb8();
        assert_eq!((small.width(), small.height()), (1280, 320));
        assert!(small.pixels().all(|pixel| pixel.0[0] > 250), "what is transparent is white");
    }

    #[test]
    fn what_is_no_picture_or_too_large_is_refused_and_nothing_fails_otherwise() {
        let sample = include_bytes!("../../../docs/samples/photo.jpg");
        for wrong in [&b""[..], b"<svg onload=alert(1)>", b"GIF89a", b"%PDF-1.7", &sample[..40]] {
            assert!(drawn(wrong.to_vec()).is_err(), "{wrong:?}");
        }
        let wide = png(&RgbaImage::new(DECODED_SIDE_MAX + 1, 1));
        assert!(drawn(wide).is_err(), "wider than is decoded");
        for at in (0..sample.len()).step_by(97) {
            let mut broken = sample.to_vec();
            broken[at] ^= 0xff;
            let _ = drawn(broken);
        }
    }
}
