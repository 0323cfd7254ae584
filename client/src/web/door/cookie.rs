//! The cookie of a session: how it is set, and how it is found in whatever a browser sends.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use zeroize::Zeroizing;

/// The prefix makes browsers insist on `Secure`, on `Path=/` and on no `Domain`, so that no neighbour sets it for us.
const NAME: &str = "__Host-s";
/// 256 bits.
pub(super) const SECRET: usize = 32;
/// The prefix lets a browser keep one cookie of this name for this host. A few more are tolerated, in case something beside us
/// has put some before ours; each costs one hash.
const MOST_OF_ITS_NAME: usize = 8;
/// How the browser is told to forget it.
pub(super) const ENDS: &str = "__Host-s=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0";

/// How the browser is told to keep it: until it is closed, for a lasting cookie would be written to the disk.
pub(super) fn begins(secret: &[u8; SECRET]) -> Zeroizing<String> {
    let value = Zeroizing::new(hex::encode(secret));
    Zeroizing::new(format!("{NAME}={}; Path=/; Secure; HttpOnly; SameSite=Strict", *value))
}

/// Whether a request comes with a session, good or bad. It is then held to more than one without.
pub(crate) fn is_presented(headers: &HeaderMap) -> bool {
    values(headers).next().is_some()
}

/// What could be the secret of a session.
pub(super) fn secrets(headers: &HeaderMap) -> impl Iterator<Item = Zeroizing<[u8; SECRET]>> {
    values(headers)
        .filter_map(|value| {
            let mut secret = Zeroizing::new([0; SECRET]);
            hex::decode_to_slice(value, &mut *secret).ok().map(|()| secret)
        })
        .take(MOST_OF_ITS_NAME)
}

/// The values of all cookies of our name. Bytes, for nothing says that the others are text.
fn values(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|header| header.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| pair.trim_ascii().strip_prefix(NAME.as_bytes())?.strip_prefix(b"="))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const OURS: [u8; SECRET] = [0xa7; SECRET];

    fn sent(lines: &[&[u8]]) -> HeaderMap {
        lines.iter().map(|line| (COOKIE, HeaderValue::from_bytes(line).unwrap())).collect()
    }

    fn found(lines: &[&[u8]]) -> Vec<[u8; SECRET]> {
        secrets(&sent(lines)).map(|secret| *secret).collect()
    }

    #[test]
    fn it_is_set_and_ended_with_everything_that_keeps_it_here() {
        let set = begins(&OURS);
        assert_eq!(*set, format!("__Host-s={}; Path=/; Secure; HttpOnly; SameSite=Strict", "a7".repeat(32)));
        assert_eq!(ENDS, "__Host-s=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
    }

    #[test]
    fn it_is_found_among_others_and_nothing_else_is_taken_for_it() {
        let ours = format!("__Host-s={}", "a7".repeat(32));
        let good: [&[&str]; 6] = [
            &[&ours],
            &[&format!("a=b; {ours}; c=d")],
            &[&format!("a=b;{ours};c")],
            &[&format!(";;=; \t{ours} ;")],
            &[&format!("__Host-s=; __Host-s=garbage; {ours}")],
            &["a=b", &ours],
        ];
        for lines in good {
            let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
            assert_eq!(found(&lines), [OURS], "{lines:?}");
        }
        let value = "a7".repeat(32);
        let bad = [
            format!("__Host-S={value}"),
            format!("__host-s={value}"),
            format!("s={value}"),
            format!("x__Host-s={value}"),
            format!("__Host-s2={value}"),
            format!("__Host-s {value}"),
            format!("__Host-s =={value}"),
            format!("a=__Host-s={value}"),
            format!("__Host-s={value}0"),
            format!("__Host-s={}", &value[2..]),
            format!("__Host-s=\"{value}\""),
        ];
        for line in bad {
            assert_eq!(found(&[line.as_bytes()]), [[0; SECRET]; 0], "{line}");
        }
    }

    #[test]
    fn a_bad_one_is_presented_all_the_same() {
        for line in ["__Host-s=", "__Host-s=x", "a=b; __Host-s=\"\""] {
            assert!(is_presented(&sent(&[line.as_bytes()])), "{line}");
        }
        for line in ["", "a=b", "__Host-s", "x__Host-s=1"] {
            assert!(!is_presented(&sent(&[line.as_bytes()])), "{line}");
        }
    }

    #[test]
    fn a_flood_of_them_is_cut_off() {
        let line = format!("__Host-s={};", "00".repeat(32)).repeat(1000);
        assert_eq!(found(&[line.as_bytes()]).len(), MOST_OF_ITS_NAME);
    }

    proptest! {
        #[test]
        fn garbage_neither_breaks_it_nor_hides_ours(
            before in proptest::collection::vec(any::<u8>(), 0..200),
            after in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let ours = format!("__Host-s={}", "a7".repeat(32));
            let line = [&before[..], b"; ", ours.as_bytes(), b" ;", &after[..]].concat();
            // What cannot stand in a header at all does not come this far.
            if let Ok(value) = HeaderValue::from_bytes(&line) {
                let headers: HeaderMap = [(COOKIE, value)].into_iter().collect();
                prop_assert!(is_presented(&headers));
                prop_assert!(secrets(&headers).any(|secret| *secret == OURS));
            }
        }

        #[test]
        fn pieces_of_it_in_any_order_are_read_without_harm(
            pieces in proptest::collection::vec(
                prop::sample::select(vec!["__Host-s", "=", ";", " ", "\t", "a7", "\"", ",", "\u{ff}", "x=y"]), 0..60),
        ) {
            let text = pieces.concat();
            let headers: HeaderMap =
                HeaderValue::from_bytes(text.as_bytes()).map(|value| (COOKIE, value)).into_iter().collect();
            prop_assert!(secrets(&headers).count() <= MOST_OF_ITS_NAME);
            prop_assert!(secrets(&headers).next().is_none() || is_presented(&headers));
        }
    }
}
