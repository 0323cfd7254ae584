//! Names of files as somebody else has chosen them, made fit for a list, a header and a disk.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::NAME_CHARS_MAX;

/// Signs that may stand in a name beside letters and digits: none of them means anything to a page, a header, a shell's list or a disk.
const SIGNS: &str = " .-_()[]{},;+=@#№'’&!~–—";
/// Marks on one letter: two are a Vietnamese vowel, more a drawing across the line above.
const MARKS_MAX: usize = 2;
/// Longest ending that is kept when a name is cut, in characters.
const ENDING_CHARS_MAX: usize = 10;
/// Names that mean a device on Windows, whatever their ending.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The name without folders, without what is not seen, turns the direction of reading or is a picture, and not too long.
pub(crate) fn neutral(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut plain = String::new();
    let mut marks = 0;
    for c in last.nfc() {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        let after_letter =
            plain.chars().next_back().is_some_and(|c| c.is_alphanumeric() || is_combining_mark(c));
        let fits = match marks {
            0 => c.is_alphanumeric() || SIGNS.contains(c),
            n => n <= MARKS_MAX && after_letter,
        };
        if fits {
            plain.push(c);
        } else if marks == 0 && !plain.ends_with('_') {
            plain.push('_');
        }
    }
    let plain = plain.trim_matches([' ', '.']);
    let plain = cut(if plain.trim_matches('_').is_empty() { "file" } else { plain });
    let stem = plain.split('.').next().unwrap_or_default().trim().to_lowercase();
    let numbered = ["com", "lpt"].iter().any(|port| {
        stem.strip_prefix(port)
            .is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()))
    });
    if DEVICES.contains(&stem.as_str()) || numbered { format!("_{plain}") } else { plain }
}

/// Cuts a long name before its ending.
fn cut(name: &str) -> String {
    if name.chars().count() <= NAME_CHARS_MAX {
        return name.to_owned();
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let ending = if (1..=ENDING_CHARS_MAX).contains(&ending.chars().count()) {
        format!(".{ending}")
    } else {
        String::new()
    };
    let left = NAME_CHARS_MAX.saturating_sub(ending.chars().count());
    name.chars().take(left).collect::<String>() + &ending
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_call_their_files_stays() {
        for name in [
            "Паспорт Дарьи (копия).jpg",
            "photo-1.png",
            "Straße № 5.pdf",
            "Việt Nam.txt",
            "हिन्दी.txt",
            "ערב.pdf",
        ] {
            assert_eq!(neutral(name), name);
        }
    }

    #[test]
    fn names_that_want_to_be_more_than_names_are_none() {
        for (name, is) in [
            ("<img src=x onerror=alert(1)>.png", "_img src=x onerror=alert(1)_.png"),
            ("..\\..\\x", "x"),
            ("../../etc/passwd", "passwd"),
            ("scan\u{202e}gpj.exe", "scan_gpj.exe"),
            ("a\u{200b}\u{2066}b\u{0}\r\nc.txt", "a_b_c.txt"),
            ("🕊📷.jpg", "_.jpg"),
            ("\"; filename=evil.html", "_; filename=evil.html"),
            (".htaccess", "htaccess"),
            ("CON.txt", "_CON.txt"),
            ("lpt1", "_lpt1"),
            ("...", "file"),
            ("", "file"),
            ("💥", "file"),
        ] {
            assert_eq!(neutral(name), is, "{name:?}");
        }
        let drawn = neutral(&format!("a{}.png", "\u{0316}".repeat(50)));
        assert!(drawn.chars().count() <= 7, "{drawn}");
        let long = neutral(&format!("{}.jpeg", "д".repeat(300)));
        assert!(long.chars().count() == NAME_CHARS_MAX && long.ends_with("д.jpeg"), "{long}");
    }
}
