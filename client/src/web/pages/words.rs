//! Times as people read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::lang::Lang;

/// Months in an English date; a Russian one has digits.
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A moment in the time zone of this machine: `24 Nov 2026, 14:05`, `24.11.2026, 14:05`. What is no moment stays as it is.
pub(crate) fn moment(text: &str, lang: Lang) -> String {
    moment_in(text, lang, TimeZone::system())
}

fn moment_in(text: &str, lang: Lang, zone: TimeZone) -> String {
    let Ok(at) = text.parse::<Timestamp>() else { return text.to_owned() };
    let at = zone.to_datetime(at);
    let (day, hour, minute) = (at.day(), at.hour(), at.minute());
    match lang {
        Lang::Ru => format!("{day:02}.{:02}.{}, {hour:02}:{minute:02}", at.month(), at.year()),
        _ => {
            let month = usize::try_from(at.month() - 1).ok().and_then(|month| MONTHS.get(month));
            format!("{day} {} {}, {hour:02}:{minute:02}", month.unwrap_or(&"?"), at.year())
        }
    }
}

/// A moment for people and, beside it, for machines.
#[derive(Clone, Default)]
pub(crate) struct When {
    /// RFC 3339; empty if it is no moment.
    pub(crate) machine: String,
    /// As people read it.
    pub(crate) words: String,
}

/// The same moment for both. What is not there (`-`) is nothing.
pub(crate) fn when(text: &str, lang: Lang) -> When {
    let machine = if text.parse::<Timestamp>().is_ok() { text.to_owned() } else { String::new() };
    When { machine, words: if text == "-" { String::new() } else { moment(text, lang) } }
}

/// The day of a moment, as each language writes it.
pub(crate) fn day(text: &str, lang: Lang) -> String {
    let words = moment(text, lang);
    words.split(',').next().unwrap_or_default().to_owned()
}

/// The time of day of this machine now: `14:05`.
pub(crate) fn hour() -> String {
    let now = TimeZone::system().to_datetime(Timestamp::now());
    format!("{:02}:{:02}", now.hour(), now.minute())
}

/// The time zone of this machine now, as it stands beside a list: `UTC+3`.
pub(crate) fn zone() -> String {
    let offset = TimeZone::system().to_offset(Timestamp::now()).seconds();
    let (hours, minutes) = (offset / 3600, offset.abs() % 3600 / 60);
    if minutes == 0 { format!("UTC{hours:+}") } else { format!("UTC{hours:+}:{minutes:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_stands_as_each_language_writes_it_in_the_time_of_the_place() {
        let moscow = TimeZone::fixed(jiff::tz::offset(3));
        let at = "2026-11-24T11:05:00Z";
        assert_eq!(moment_in(at, Lang::En, moscow.clone()), "24 Nov 2026, 14:05");
        assert_eq!(moment_in(at, Lang::Ru, moscow.clone()), "24.11.2026, 14:05");
        assert_eq!(moment_in("tomorrow", Lang::Ru, moscow), "tomorrow");
        assert_eq!((when("-", Lang::En).words, when("-", Lang::En).machine), Default::default());
        assert_eq!(when(at, Lang::En).machine, at);
        assert_eq!(day("2026-11-24T12:00:00Z", Lang::Ru), "24.11.2026");
    }
}
