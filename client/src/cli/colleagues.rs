//! What people see of their colleagues' devices: whose step was first, and which sections are for others.

use causeway_common::ids::{OrgId, PacketId};
use serde_json::Value;

use super::output::harmless;
use crate::model::Event;

/// No packet.
const NONE: PacketId = PacketId([0; 32]);

/// Sections that are there for other devices of the organisation only.
pub(super) fn withheld_json(withheld: &[[u8; 3]]) -> Value {
    withheld.iter().map(|code| Value::from(String::from_utf8_lossy(code))).collect()
}

/// The same for people.
pub(super) fn withheld_words(v: &Value) -> String {
    let codes = v["withheld"].as_array().into_iter().flatten().filter_map(Value::as_str);
    codes
        .map(|code| {
            format!("\n[{}]\n(for other devices of your organisation: this one is not cleared for it; a file that belongs to it is not listed either)\n", harmless(code))
        })
        .collect()
}

/// Why a step of this organisation has changed nothing, if a colleague's step is the reason.
pub(super) fn lost_to_colleague(before: &[Event], event: &Event, peer: OrgId) -> Option<String> {
    let lost = event.taken_back || event.conflict;
    let colleagues = |other: &&Event| {
        other.by == event.by && other.after != NONE && other.author != event.author && !other.conflict
    };
    let first = before.iter().rev().find(colleagues).filter(|_| lost && event.by != peer)?;
    let who = if first.author.is_empty() { "This workstation" } else { &first.author };
    let minutes = first.at.0.abs_diff(event.at.0) / 60_000;
    let when = match (minutes, first.at <= event.at) {
        (0, _) => "at about the same time".to_owned(),
        (1, true) => "a minute before".to_owned(),
        (1, false) => "a minute after, and it counts first".to_owned(),
        (minutes, true) => format!("{minutes} minutes before"),
        (minutes, false) => format!("{minutes} minutes after, and it counts first"),
    };
    let what = match event.author.as_str() {
        "" => format!("your {}", event.what),
        author => format!("the {} of {author}", event.what),
    };
    let fate = if event.taken_back {
        "was not sent"
    } else {
        "was sent, stands as a remark on both sides and has changed nothing"
    };
    Some(format!("{who} did \"{}\" {when}; {what} {fate}", first.what))
}

#[cfg(test)]
mod tests {
    use super::super::inbox::people;
    use super::*;
    use crate::lang::Lang;
    use causeway_common::time::Timestamp;
    use serde_json::json;

    const MINUTE: u64 = 60_000;

    fn step(number: u8, author: &str, what: &str, at: u64) -> Event {
        Event {
            at: Timestamp(at),
            by: OrgId([1; 32]),
            what: what.into(),
            state: String::new(),
            text: String::new(),
            packet: PacketId([number; 32]),
            after: PacketId([9; 32]),
            conflict: false,
            author: author.into(),
            taken_back: false,
        }
    }

    #[test]
    fn who_lost_to_a_colleague_reads_to_whom_and_what_became_of_the_step() {
        let peer = OrgId([2; 32]);
        let accepted = step(1, "Anna's workstation", "accept", 10 * MINUTE);
        let mut mine = step(2, "", "decline", 12 * MINUTE);
        assert_eq!(lost_to_colleague(std::slice::from_ref(&accepted), &mine, peer), None, "nobody lost");
        mine.taken_back = true;
        let words = lost_to_colleague(std::slice::from_ref(&accepted), &mine, peer).unwrap();
        assert_eq!(words, "Anna's workstation did \"accept\" 2 minutes before; your decline was not sent");
        (mine.taken_back, mine.conflict) = (false, true);
        let words = lost_to_colleague(std::slice::from_ref(&accepted), &mine, peer).unwrap();
        assert!(
            words
                .ends_with("your decline was sent, stands as a remark on both sides and has changed nothing")
        );
        let own = step(3, "", "accept", 13 * MINUTE);
        let theirs = Event { conflict: true, ..step(4, "Anna's workstation", "decline", 12 * MINUTE) };
        let words = lost_to_colleague(&[own], &theirs, peer).unwrap();
        assert!(
            words.starts_with(
                "This workstation did \"accept\" a minute after, and it counts first; the decline of Anna"
            ),
            "{words}"
        );
    }

    #[test]
    fn a_person_sees_which_sections_are_for_others_only() {
        let referral = json!({
            "sections": { "HDR": {} },
            "withheld": withheld_json(&[*b"MED", *b"PHO"]),
        });
        assert_eq!(referral["withheld"], json!(["MED", "PHO"]));
        let shown = people(&referral, Lang::En);
        assert!(shown.contains("[MED]\n(for other devices of your organisation"), "{shown}");
        assert!(shown.find("[HDR]") < shown.find("[PHO]"), "{shown}");
        assert!(!people(&json!({ "sections": {} }), Lang::En).contains("other devices"));
    }
}
