//! Single values: moments, dates of which parts are unknown, telephone numbers, countries, languages.

use std::time::Duration;

use causeway_common::time::Timestamp;
use jiff::civil::Date;

/// A date of which parts may be unknown: level 0 and a part of level 1 of EDTF (ISO 8601-2).
/// The earliest and the latest day it can mean; an open end has none.
pub fn partial_date(text: &str) -> Option<(Option<Date>, Option<Date>)> {
    // An interval of two whole days.
    const CHARS_MAX: usize = 21;
    if text.len() > CHARS_MAX {
        return None;
    }
    let Some((from, to)) = text.split_once('/') else {
        return single(text).map(|(earliest, latest)| (Some(earliest), Some(latest)));
    };
    let from = if from == ".." { None } else { Some(single(from)?.0) };
    let to = if to == ".." { None } else { Some(single(to)?.1) };
    let in_order = !matches!((from, to), (Some(from), Some(to)) if from > to);
    (in_order && (from.is_some() || to.is_some())).then_some((from, to))
}

fn single(text: &str) -> Option<(Date, Date)> {
    let bare = text.strip_suffix(['?', '~', '%']).unwrap_or(text);
    let mut parts = bare.split('-');
    let (first, last) = year(parts.next()?)?;
    let (month, day) = (parts.next(), parts.next());
    if parts.next().is_some() || (month.is_some() && first != last) {
        return None;
    }
    match (month, day) {
        (None, _) | (Some("XX"), None | Some("XX")) => {
            Some((Date::new(first, 1, 1).ok()?, Date::new(last, 12, 31).ok()?))
        }
        // A day of an unknown month is level 2.
        (Some("XX"), Some(_)) => None,
        (Some(month), None | Some("XX")) => {
            let begin = Date::new(first, two(month)?, 1).ok()?;
            Some((begin, begin.last_of_month()))
        }
        (Some(month), Some(day)) => Date::new(first, two(month)?, two(day)?).ok().map(|date| (date, date)),
    }
}

fn year(text: &str) -> Option<(i16, i16)> {
    let known = text.trim_end_matches('X');
    let unknown = text.len() - known.len();
    if text.len() != 4 || unknown > 2 || !known.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let scale = [1, 10, 100].get(unknown)?;
    let first = known.parse::<i16>().ok()? * scale;
    Some((first, first + scale - 1))
}

fn two(text: &str) -> Option<i8> {
    (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// A whole date, `2027-03-01`.
pub(super) fn date(text: &str) -> Option<Date> {
    let (earliest, latest) = partial_date(text).filter(|_| text.len() == 10)?;
    earliest.filter(|_| earliest == latest)
}

/// A moment with an offset (RFC 3339), in milliseconds since 1970; negative before it.
pub(crate) fn instant(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    let shaped = (20..=35).contains(&bytes.len())
        && separators.iter().all(|(at, byte)| bytes[*at] == *byte)
        && bytes[..10].iter().all(|b| b.is_ascii_digit() || *b == b'-')
        && !text.contains(['[', ',']);
    if !shaped {
        return None;
    }
    text.parse::<jiff::Timestamp>().ok().map(|t| t.as_millisecond())
}

/// A duration without months and years, `P1DT2H30M`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let rest = text.strip_prefix('P')?;
    let (days, clock) = rest.split_once('T').map_or((rest, None), |(days, clock)| (days, Some(clock)));
    if clock.is_some_and(str::is_empty) || (days.is_empty() && clock.is_none()) {
        return None;
    }
    let mut seconds = 0;
    if !days.is_empty() {
        seconds += number(days.strip_suffix('D')?)? * 24 * 60 * 60;
    }
    let mut rest = clock.unwrap_or("");
    for (unit, length) in [('H', 60 * 60), ('M', 60), ('S', 1)] {
        if let Some((count, after)) = rest.split_once(unit) {
            seconds += number(count)? * length;
            rest = after;
        }
    }
    rest.is_empty().then_some(Duration::from_secs(seconds))
}

/// A moment that was typed: with an offset, or as a duration from now.
pub fn moment_or_later(text: &str, now: Timestamp) -> Option<Timestamp> {
    let at = instant(text).and_then(|at| u64::try_from(at).ok()).map(Timestamp);
    at.or_else(|| Some(now.plus(duration(text)?)))
}

fn number(text: &str) -> Option<u64> {
    const DIGITS_MAX: usize = 7;
    let digits = !text.is_empty() && text.len() <= DIGITS_MAX && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// A time of day, `09:30`; the end of a day is `24:00`.
pub(super) fn clock(text: &str) -> bool {
    let within = |text: &str, last: i8| two(text).is_some_and(|n| n <= last);
    text == "24:00"
        || text.split_once(':').is_some_and(|(hour, minute)| within(hour, 23) && within(minute, 59))
}

/// A time zone by its name, `Europe/Chisinau`.
pub(super) fn time_zone(text: &str) -> bool {
    const CHARS_MAX: usize = 40;
    text.len() <= CHARS_MAX && (text == "UTC" || text.contains('/')) && jiff::tz::TimeZone::get(text).is_ok()
}

/// A moment as it is written, RFC 3339 in UTC.
pub(super) fn written(at: Timestamp) -> String {
    moment(at).to_string()
}

/// The day of a moment, in UTC.
pub fn day(at: Timestamp) -> Date {
    jiff::tz::Offset::UTC.to_datetime(moment(at)).date()
}

fn moment(at: Timestamp) -> jiff::Timestamp {
    let millis = i64::try_from(at.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX)
}

/// A number as the whole world dials it (E.164).
pub(super) fn phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or("");
    (2..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

/// A mail address, as far as its shape tells.
pub(super) fn email(text: &str) -> bool {
    const CHARS_MAX: usize = 254;
    let odd = |c: char| c.is_whitespace() || c.is_control();
    text.len() <= CHARS_MAX
        && !text.contains(odd)
        && text.rsplit_once('@').is_some_and(|(user, host)| {
            !user.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
        })
}

/// A language tag: language (ISO 639-1, or 639-3 where it has no two letters), then script, then country.
pub(super) fn language(text: &str) -> bool {
    let mut parts = text.split('-').peekable();
    let primary = parts.next().unwrap_or("");
    let script = |part: &str| {
        part.len() == 4
            && part.starts_with(|c: char| c.is_ascii_uppercase())
            && part[1..].bytes().all(|b| b.is_ascii_lowercase())
    };
    parts.next_if(|part| part.is_ascii() && script(part));
    parts.next_if(|part| country(part));
    known_language(primary) && parts.next().is_none()
}

/// Whether the first part of a tag is a language. `und` says that nobody knows which.
fn known_language(code: &str) -> bool {
    match code.len() {
        2 => isolang::Language::from_639_1(code).is_some(),
        3 => {
            ["und", "mul"].contains(&code)
                || isolang::Language::from_639_3(code).is_some_and(|l| l.to_639_1().is_none())
        }
        _ => false,
    }
}

/// A country (ISO 3166-1), or Kosovo.
pub(crate) fn country(text: &str) -> bool {
    text.len() == 2 && COUNTRIES.split_ascii_whitespace().any(|code| code == text)
}

/// A country, or what stands in a travel document of somebody without a nationality.
pub(super) fn nationality(text: &str) -> bool {
    country(text) || ["XXA", "XXB", "XXC", "XXX"].contains(&text)
}

/// Part of a country (ISO 3166-2), by its shape.
pub(crate) fn subdivision(text: &str) -> bool {
    text.split_once('-').is_some_and(|(of, part)| {
        country(of)
            && (1..=3).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    })
}

/// A UUID, or 64 hexadecimal digits.
pub(super) fn id(text: &str) -> bool {
    hash(text) || (text.len() == 36 && lower(text) && uuid::Uuid::try_parse(text).is_ok())
}

/// 64 hexadecimal digits.
pub(super) fn hash(text: &str) -> bool {
    text.len() == 64 && lower(text) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn lower(text: &str) -> bool {
    !text.bytes().any(|b| b.is_ascii_uppercase())
}

const COUNTRIES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO \
    FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE \
    JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW \
    PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM \
    TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XK";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_dates_of_the_dictionary() {
        let span = |text| partial_date(text).map(|(a, b)| (a.unwrap().to_string(), b.unwrap().to_string()));
        let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(span("1985"), pair("1985-01-01", "1985-12-31"));
        assert_eq!(span("1985-02"), pair("1985-02-01", "1985-02-28"));
        assert_eq!(span("1985-03-12"), pair("1985-03-12", "1985-03-12"));
        assert_eq!(span("198X"), pair("1980-01-01", "1989-12-31"));
        assert_eq!(span("19XX"), pair("1900-01-01", "1999-12-31"));
        assert_eq!(span("1985-XX-XX"), pair("1985-01-01", "1985-12-31"));
        assert_eq!(span("1985-03~"), pair("1985-03-01", "1985-03-31"));
        assert_eq!(span("1984?"), pair("1984-01-01", "1984-12-31"));
        assert_eq!(span("2024-06/2024-08"), pair("2024-06-01", "2024-08-31"));
        assert_eq!(partial_date("2024-06-01/..").unwrap().1, None);
        for wrong in [
            "",
            "1985-XX-12",
            "1985-13",
            "1985-02-30",
            "85",
            "1X85",
            "XXXX",
            "../..",
            "2024-08/2024-06",
            "198X-03",
            "1985-3",
            "1985~?",
            "1985-03-12~/1986-03-12~",
        ] {
            assert_eq!(partial_date(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn moments_need_an_offset() {
        assert_eq!(instant("1970-01-01T00:00:01Z"), Some(1000));
        assert_eq!(instant("1970-01-01T02:00:01.500+02:00"), Some(1500));
        for wrong in [
            "",
            "1970-01-01",
            "1970-01-01T00:00:01",
            "1970-01-01 00:00:01Z",
            "1970-01-01T00:00:01Z[UTC]",
            "ÄÄÄÄÄÄÄÄÄÄÄÄ",
        ] {
            assert_eq!(instant(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn durations_count_days_and_clock_time_only() {
        assert_eq!(duration("P1DT2H"), Some(Duration::from_secs(26 * 3600)));
        assert_eq!(duration("PT40M"), Some(Duration::from_secs(2400)));
        for wrong in ["", "P", "PT", "P1M", "PT1M2H", "P1", "PT-1M", "P99999999999999999999D", "40M"] {
            assert_eq!(duration(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn shapes() {
        assert!(
            language("und") && language("gag") && !language("rus") && !language("xx") && !language("ru-ZZ")
        );
        assert!(clock("00:00") && clock("24:00") && !clock("24:01") && !clock("7:00") && !clock("07:60"));
        assert!(
            time_zone("Europe/Chisinau") && time_zone("UTC") && !time_zone("Moscow") && !time_zone("../etc")
        );
        assert!(phone("+37322000111") && !phone("+0123") && !phone("0037322") && !phone("+3732200011122334"));
        assert!(email("desk@example.org") && !email("desk") && !email("a b@example.org") && !email("a@.org"));
        assert!(
            language("ru")
                && language("ro-MD")
                && language("ru-Cyrl-RU")
                && !language("RU")
                && !language("ru-ru")
        );
        assert!(!language("ru-Äa") && !language(""));
        assert!(country("MD") && country("XK") && !country("md") && !country("ZZ") && !country("M "));
        assert!(
            nationality("XXA") && subdivision("MD-CU") && !subdivision("MD-CHIS") && !subdivision("ZZ-1")
        );
        assert!(
            id("01932c07-209f-7c3a-9b1e-7b8d1f1b2c3d")
                && !id("01932C07-209F-7C3A-9B1E-7B8D1F1B2C3D")
                && !id("")
        );
        assert_eq!(COUNTRIES.split_ascii_whitespace().count(), 250);
    }
}
