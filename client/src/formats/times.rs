//! Moments as the formats write them: PFIF wants `Z`, CAP forbids it.

use causeway_common::time::Timestamp;

/// A moment in UTC with `Z` and without fractions (PFIF 1.4).
pub(super) fn pfif(at: Timestamp) -> String {
    let millis = i64::try_from(at.0).unwrap_or(i64::MAX);
    let at = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The same for a moment as documents write it; none if it is no moment.
pub(super) fn pfif_of(text: &str) -> Option<String> {
    let at = text.parse::<jiff::Timestamp>().ok()?;
    Some(pfif(Timestamp(u64::try_from(at.as_millisecond()).ok()?)))
}

/// A moment with the offset it was written with, without fractions; UTC is `-00:00` (CAP 1.2, 3.3.2).
pub(super) fn cap(text: &str) -> Option<String> {
    let at = text.parse::<jiff::Timestamp>().ok()?;
    let seconds = offset(text).unwrap_or(0);
    let offset = jiff::tz::Offset::from_seconds(seconds).ok()?;
    let local = offset.to_datetime(at);
    let (sign, size) = if seconds <= 0 { ('-', -seconds) } else { ('+', seconds) };
    let clock = local.strftime("%Y-%m-%dT%H:%M:%S");
    Some(format!("{clock}{sign}{:02}:{:02}", size / 3600, size / 60 % 60))
}

/// The same for a moment of this machine.
pub(super) fn cap_of(at: Timestamp) -> String {
    cap(&pfif(at)).unwrap_or_default()
}

/// Seconds east of Greenwich at the end of a moment.
fn offset(text: &str) -> Option<i32> {
    let (sign, digits) = text.get(text.len().checked_sub(6)?..).and_then(|end| end.split_at_checked(1))?;
    let (hours, minutes) = digits.split_once(':')?;
    let size = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
    match sign {
        "+" => Some(size),
        "-" => Some(-size),
        _ => None,
    }
}

/// Whether a text is a moment as PFIF writes it.
pub(super) fn is_pfif(text: &str) -> bool {
    text.ends_with('Z')
        && text.get(10..11) == Some("T")
        && text.len() <= 30
        && text.parse::<jiff::Timestamp>().is_ok()
}

/// Whether a text is a moment as CAP writes it: an offset, no `Z`, no fractions.
pub(super) fn is_cap(text: &str) -> bool {
    let shape = |(at, byte): (usize, u8)| match at {
        4 | 7 => byte == b'-',
        10 => byte == b'T',
        13 | 16 | 22 => byte == b':',
        19 => byte == b'+' || byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    text.len() == 25 && text.bytes().enumerate().all(shape) && text.parse::<jiff::Timestamp>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_gets_its_own_spelling_of_the_same_moment() {
        let text = "2026-09-20T08:15:00.250+03:00";
        assert_eq!(pfif_of(text).unwrap(), "2026-09-20T05:15:00Z");
        assert_eq!(cap(text).unwrap(), "2026-09-20T08:15:00+03:00");
        assert_eq!(cap("2026-09-20T05:15:00Z").unwrap(), "2026-09-20T05:15:00-00:00");
        assert_eq!(cap("2026-09-20T05:15:00-03:30").unwrap(), "2026-09-20T05:15:00-03:30");
        assert!(cap("soon").is_none() && pfif_of("2026-09-20").is_none());
        assert!(
            is_cap("2026-09-20T08:15:00-00:00")
                && !is_cap("2026-09-20T08:15:00Z")
                && !is_cap("ÄÄÄÄÄÄÄÄÄÄÄÄa")
        );
        assert!(is_pfif("2026-09-20T05:15:00Z") && !is_pfif("2026-09-20T08:15:00+03:00"));
    }
}
