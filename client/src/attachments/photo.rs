//! What a photograph says beside its picture: where it was taken, with which device, when, by whom. None of it travels.
//!
//! Only the frame of JPEG (ISO/IEC 10918-1) and PNG (ISO/IEC 15948) is read; the picture itself is not touched, byte for byte.

/// Longest picture that is cleaned; it stands in memory while it is.
pub(super) const PHOTO_BYTES_MAX: u64 = 64 << 20;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG: &[u8] = b"\xff\xd8\xff";
const EXIF: &[u8] = b"Exif\0\0";
/// Tags of the first directory of Exif: how the picture is turned, and where its place stands.
const ORIENTATION: u16 = 0x0112;
const PLACE: u16 = 0x8825;
/// Chunks of a PNG that make the picture: size, palette, transparency, colours, pixels. All others may say something beside it.
const SHOWN: [&[u8; 4]; 12] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP",
    b"pHYs",
];

/// Forms whose frame is known here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    Jpeg,
    Png,
}

/// Which form these first bytes begin.
pub(super) fn form(bytes: &[u8]) -> Option<Form> {
    match bytes {
        _ if bytes.starts_with(JPEG) => Some(Form::Jpeg),
        _ if bytes.starts_with(PNG) => Some(Form::Png),
        _ => None,
    }
}

/// The picture without what it says beside itself; none if its frame does not hold. A JPEG stays turned as it was.
pub(crate) fn cleaned(bytes: &[u8]) -> Option<Vec<u8>> {
    match form(bytes)? {
        Form::Jpeg => cleaned_jpeg(bytes),
        Form::Png => {
            let mut out = PNG.to_vec();
            for (name, chunk) in chunks(bytes)? {
                if SHOWN.iter().any(|shown| shown.as_slice() == name) {
                    out.extend_from_slice(chunk);
                }
            }
            Some(out)
        }
    }
}

/// Whether a picture says where it was taken.
pub(super) fn tells_a_place(bytes: &[u8]) -> bool {
    let exif = match form(bytes) {
        Some(Form::Jpeg) => segments(bytes).and_then(|(all, _)| {
            all.into_iter().find_map(|(_, segment)| segment.get(4..)?.strip_prefix(EXIF))
        }),
        Some(Form::Png) => chunks(bytes).and_then(|all| {
            all.into_iter().find_map(|(name, chunk)| (name == b"eXIf").then(|| chunk.get(8..)).flatten())
        }),
        None => None,
    };
    exif.is_some_and(|exif| tag(exif, PLACE).is_some())
}

fn cleaned_jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    let (all, scans) = segments(bytes)?;
    let mut out = bytes.get(..2)?.to_vec();
    let turned = all.iter().find_map(|(_, segment)| tag(segment.get(4..)?.strip_prefix(EXIF)?, ORIENTATION));
    let mut rest = all.into_iter().peekable();
    // JFIF wants to be first.
    while let Some((_, segment)) = rest.next_if(|(marker, _)| *marker == 0xe0) {
        if let Some(plain) = without_thumbnail(segment) {
            out.extend(plain);
        }
    }
    if let Some(turned) = turned.filter(|turned| (2..=8).contains(turned)) {
        out.extend(only_turned(turned));
    }
    for (_, segment) in rest.filter(|(marker, segment)| !tells(*marker, segment)) {
        out.extend_from_slice(segment);
    }
    out.extend(scans);
    Some(out)
}

/// A segment of JFIF without the small picture that may stand in it; none for every other segment of this marker.
fn without_thumbnail(segment: &[u8]) -> Option<Vec<u8>> {
    let mut plain = segment.get(..18).filter(|s| s.get(4..9) == Some(b"JFIF\0"))?.to_vec();
    plain[2..4].copy_from_slice(&[0, 16]);
    plain[16..18].fill(0);
    Some(plain)
}

/// Whether a segment says something beside the picture: all that programs enter, but for the colours.
fn tells(marker: u8, segment: &[u8]) -> bool {
    let colours =
        segment.get(4..).is_some_and(|s| s.starts_with(b"ICC_PROFILE\0") || s.starts_with(b"Adobe"));
    marker == 0xfe || ((0xe1..=0xef).contains(&marker) && !colours)
}

/// A segment of Exif with nothing but the direction.
fn only_turned(turned: u16) -> Vec<u8> {
    let mut out = vec![0xff, 0xe1, 0, 34];
    out.extend_from_slice(EXIF);
    out.extend_from_slice(b"MM\0\x2a\0\0\0\x08\0\x01");
    out.extend_from_slice(&[0x01, 0x12, 0, 3, 0, 0, 0, 1]);
    out.extend_from_slice(&turned.to_be_bytes());
    out.extend_from_slice(&[0; 6]);
    out
}

type Segments<'a> = Vec<(u8, &'a [u8])>;

/// The segments before the first scan, each with its marker and length; and the scans with what stands between them, up to the
/// end of the picture. What follows the end (previews, short films) is no part of it.
fn segments(bytes: &[u8]) -> Option<(Segments<'_>, Vec<u8>)> {
    let (mut all, mut scans, mut at) = (Vec::new(), Vec::new(), 2);
    loop {
        let (marker, start) = marker(bytes, at)?;
        at = start;
        if marker == 0xd9 {
            scans.extend_from_slice(&[0xff, 0xd9]);
            return Some((all, scans));
        }
        let length =
            bytes.get(at + 2..at + 4).and_then(|two| Some(u16::from_be_bytes(two.try_into().ok()?)))?;
        let end = at + 2 + usize::from(length);
        let segment = bytes.get(at..end).filter(|_| length >= 2)?;
        at = end;
        if marker == 0xda {
            let data = bytes.get(at..)?;
            let ends = |pair: &[u8]| matches!(pair, [0xff, next] if !matches!(next, 0 | 0xd0..=0xd7 | 0xff));
            let long = data.windows(2).position(ends)?;
            scans.extend_from_slice(segment);
            scans.extend_from_slice(data.get(..long)?);
            at += long;
        } else if scans.is_empty() {
            all.push((marker, segment));
        } else if !tells(marker, segment) {
            scans.extend_from_slice(segment);
        }
    }
}

/// The marker at a place, and where it stands: bytes that fill the space before it are skipped.
fn marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        match bytes.get(at..at + 2)? {
            [0xff, 0xff] => at += 1,
            [0xff, marker] => return Some((*marker, at)),
            _ => return None,
        }
    }
}

/// The chunks of a PNG with their names, up to its end.
fn chunks(bytes: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let (mut all, mut at) = (Vec::new(), PNG.len());
    loop {
        let length = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?);
        let end = at.checked_add(12)?.checked_add(usize::try_from(length).ok()?)?;
        let (name, chunk) = (bytes.get(at + 4..at + 8)?, bytes.get(at..end)?);
        all.push((name, chunk));
        at = end;
        if name == b"IEND" {
            return Some(all);
        }
    }
}

/// The first short value of a tag in the first directory of Exif (TIFF 6.0).
fn tag(tiff: &[u8], wanted: u16) -> Option<u16> {
    let little = match tiff.get(..2)? {
        b"II" => true,
        b"MM" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let two: [u8; 2] = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(two) } else { u16::from_be_bytes(two) })
    };
    let (a, b) = (short(4)?, short(6)?);
    let (high, low) = if little { (b, a) } else { (a, b) };
    let start = usize::from(high) << 16 | usize::from(low);
    let mut entries = (0..usize::from(short(start)?)).map(|n| start + 2 + 12 * n);
    entries.find(|at| short(*at) == Some(wanted)).and_then(|at| short(at + 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &[u8] = include_bytes!("../../../docs/samples/photo.jpg");

    /// The sample with Exif that says how it is turned and where it was taken, a comment, and something behind its end.
    fn told() -> Vec<u8> {
        let mut tiff = b"II\x2a\0\x08\0\0\0\x02\0".to_vec();
        tiff.extend_from_slice(&[0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0]);
        tiff.extend_from_slice(&[0x25, 0x88, 4, 0, 1, 0, 0, 0, 38, 0, 0, 0]);
        tiff.extend_from_slice(b"Lenina 5");
        let segment = |marker: u8, body: &[u8]| {
            let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
            [&[0xff, marker], &length[..], body].concat()
        };
        let exif = segment(0xe1, &[EXIF, &tiff].concat());
        let comment = segment(0xfe, b"Ivanova");
        [&SAMPLE[..20], &exif, &segment(0xed, b"Lenina 5"), &comment, &SAMPLE[20..], b"Lenina 5"].concat()
    }

    fn has(bytes: &[u8], words: &[u8]) -> bool {
        bytes.windows(words.len()).any(|window| window == words)
    }

    #[test]
    fn a_photograph_keeps_its_picture_and_says_nothing_else() {
        let told = told();
        assert!(tells_a_place(&told) && !tells_a_place(SAMPLE));
        let clean = cleaned(&told).unwrap();
        assert!(!has(&clean, b"Lenina") && !has(&clean, b"Ivanova") && !tells_a_place(&clean));
        // Only the direction stands between the head and the picture.
        assert_eq!(clean, [&SAMPLE[..20], &only_turned(6), &SAMPLE[20..]].concat());
        assert_eq!(cleaned(&clean).unwrap(), clean);
        assert_eq!(cleaned(SAMPLE).unwrap(), SAMPLE);
    }

    #[test]
    fn the_small_picture_of_a_jpeg_stays_here() {
        let mut jfif = b"\xff\xe0\0\x16JFIF\0\x01\x01\0\0\x01\0\x01\x01\x02".to_vec();
        jfif.extend_from_slice(b"Ivanov");
        let jfxx = b"\xff\xe0\0\x10JFXX\0\x10Ivanova!";
        let told = [&SAMPLE[..2], &jfif, jfxx, &SAMPLE[20..]].concat();
        let clean = cleaned(&told).unwrap();
        assert!(!has(&clean, b"Ivanov") && has(&clean, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"));
        assert_eq!(cleaned(&clean).unwrap(), clean);
    }

    #[test]
    fn a_png_keeps_its_picture_and_says_nothing_else() {
        let chunk = |name: &[u8; 4], body: &[u8]| {
            [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], name, body, &[0; 4]].concat()
        };
        let (head, data, end) = (chunk(b"IHDR", &[0; 13]), chunk(b"IDAT", &[7; 9]), chunk(b"IEND", &[]));
        let mut exif = b"MM\0\x2a\0\0\0\x08\0\x01\x88\x25\0\x04\0\0\0\x01\0\0\0\x1a".to_vec();
        exif.extend_from_slice(b"Lenina 5");
        let (exif, text) = (chunk(b"eXIf", &exif), chunk(b"iTXt", b"Ivanova"));
        let (made, own) = (chunk(b"caBX", b"Ivanova"), chunk(b"prVt", b"Ivanova"));
        let told = [PNG, &head, &exif, &text, &made, &own, &data, &end, b"Lenina 5"].concat();
        assert!(tells_a_place(&told));
        assert_eq!(cleaned(&told).unwrap(), [PNG, &head, &data, &end].concat());
    }

    #[test]
    fn no_bytes_make_it_fail() {
        let told = told();
        for end in (0..told.len()).step_by(7) {
            let _ = (cleaned(&told[..end]), tells_a_place(&told[..end]));
        }
        for at in 0..200 {
            let mut wrong = told.clone();
            wrong[at] ^= 0xff;
            let _ = (cleaned(&wrong), tells_a_place(&wrong));
        }
        assert_eq!(cleaned(b"\xff\xd8\xff"), None);
        assert_eq!(cleaned(b"%PDF-1.7"), None);
    }
}
