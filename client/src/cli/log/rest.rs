//! What follows a phrase of the activity log: names and numbers, which stay as they are, and words of the program, which are said
//! in the reader's language. What is written stays as it was written: the chain holds its bytes.

use super::harmless;
use crate::lang::Lang;

/// Counted things: what stands between the number and what follows it, and how that is said.
const COUNTED: [(&str, &str); 4] = [
    (" referral(s) as ", "log-rest-referrals"),
    (" packet(s) that had been refused", "log-rest-packets-later"),
    (" packet(s), refused", "log-rest-packets-refused"),
    (" drafts from ", "log-rest-drafts"),
];
/// Words at the end.
const ENDS: [(&str, &str); 6] = [
    (" in person", "log-rest-in-person"),
    (" by telephone", "log-rest-by-telephone"),
    (" by letter", "log-rest-by-letter"),
    (" by video call", "log-rest-by-video"),
    (" registrars", "log-rest-registrars"),
    (" administrators", "log-rest-administrators"),
];

/// The rest of a line, in the reader's language.
pub(super) fn rest_words(rest: &str, lang: Lang) -> String {
    let rest = harmless(rest);
    if let Some((name, scope)) = rest.rsplit_once(" used ") {
        let used = lang.find(&format!("log-used-{}", scope.replace(':', "-")), None);
        return used.map_or_else(|| rest.clone(), |used| format!("{name}: {used}"));
    }
    for (between, id) in COUNTED {
        if let Some((count, more)) = rest.split_once(between)
            && count.bytes().all(|b| b.is_ascii_digit())
        {
            return lang.fill(id, &[("count", count), ("more", more)]);
        }
    }
    for (end, id) in ENDS {
        if let Some(before) = rest.strip_suffix(end) {
            return lang.fill(id, &[("before", before)]);
        }
    }
    let cause = lang.find(&format!("doubt-{}", rest.replace('_', "-")), None);
    cause.filter(|_| rest.contains('_')).unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_words_of_the_program_are_said_in_russian_and_names_stay() {
        for (rest, said) in [
            ("Archive used by all (12ab) used send", "Archive used by all (12ab): отправка обращений"),
            ("3 referral(s) as json", "обращений: 3 (json)"),
            ("2 packet(s), refused", "пакетов: 2, отказано"),
            ("81c2 by telephone", "81c2 (по телефону)"),
            ("Eleven used cars", "Eleven used cars"),
            ("12ab", "12ab"),
        ] {
            assert_eq!(rest_words(rest, Lang::Ru), said);
        }
        assert_eq!(rest_words("P (12ab) used meta:read", Lang::En), "P (12ab): read lists");
    }
}
