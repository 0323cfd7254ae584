//! What people see of their colleagues' devices: whose step was first, and which sections are for others.

use causeway_common::ids::{OrgId, PacketId};
use serde_json::Value;

use super::output::{harmless, number};
use crate::lang::Lang;
use crate::model::Event;
use crate::referral::labels;

/// No packet.
const NONE: PacketId = PacketId([0; 32]);

/// Sections that are there for other devices of the organisation only.
pub(super) fn withheld_json(withheld: &[[u8; 3]]) -> Value {
    withheld.iter().map(|code| Value::from(String::from_utf8_lossy(code))).collect()
}

/// The same for people.
pub(super) fn withheld_words(v: &Value, lang: Lang) -> String {
    let codes = v["withheld"].as_array().into_iter().flatten().filter_map(Value::as_str);
    codes.map(|code| format!("\n[{}]\n{}\n", harmless(code), lang.text("withheld-section"))).collect()
}

/// Why a step of this organisation has changed nothing, if a colleague's step is the reason.
pub(super) fn lost_to_colleague(before: &[Event], event: &Event, peer: OrgId, lang: Lang) -> Option<String> {
    let lost = event.taken_back || event.conflict;
    let colleagues = |other: &&Event| {
        other.by == event.by && other.after != NONE && other.author != event.author && !other.conflict
    };
    let first = before.iter().rev().find(colleagues).filter(|_| lost && event.by != peer)?;
    // English calls a step by its command.
    let name = |step: &str| match lang {
        Lang::Ru => labels::code_of(lang, "event", step),
        _ => step.to_owned(),
    };
    let who = if first.author.is_empty() { lang.text("lost-here") } else { first.author.clone() };
    let minutes = number(first.at.0.abs_diff(event.at.0) / 60_000);
    let when = match (minutes, first.at <= event.at) {
        (0, _) => lang.text("lost-same-time"),
        (minutes, true) => lang.count("lost-before", minutes),
        (minutes, false) => lang.count("lost-after", minutes),
    };
    let what = match event.author.as_str() {
        "" => lang.fill("lost-your", &[("step", &name(&event.what))]),
        author => lang.fill("lost-of", &[("step", &name(&event.what)), ("author", author)]),
    };
    let fate = lang.text(if event.taken_back { "lost-not-sent" } else { "lost-sent" });
    let gaps =
        [("who", &*who), ("first", &name(&first.what)), ("when", &when), ("what", &what), ("fate", &fate)];
    Some(lang.fill("lost-step", &gaps))
}

#[cfg(test)]
mod tests {
    use super::super::inbox::people;
    use super::*;
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
        assert_eq!(
            lost_to_colleague(std::slice::from_ref(&accepted), &mine, peer, Lang::En),
            None,
            "nobody lost"
        );
        mine.taken_back = true;
        let words = lost_to_colleague(std::slice::from_ref(&accepted), &mine, peer, Lang::En).unwrap();
        assert_eq!(words, "Anna's workstation did \"accept\" 2 minutes before; your decline was not sent");
        let words = lost_to_colleague(std::slice::from_ref(&accepted), &mine, peer, Lang::Ru).unwrap();
        assert!(
            words.contains("«Принять» — на 2 минуты раньше; Ваш шаг «Отклонить» не отправлен"),
            "{words}"
        );
        (mine.taken_back, mine.conflict) = (false, true);
        let words = lost_to_colleague(std::slice::from_ref(&accepted), &mine, peer, Lang::En).unwrap();
        assert!(
            words
                .ends_with("your decline was sent, stands as a remark on both sides and has changed nothing")
        );
        let own = step(3, "", "accept", 13 * MINUTE);
        let theirs = Event { conflict: true, ..step(4, "Anna's workstation", "decline", 12 * MINUTE) };
        let words = lost_to_colleague(&[own], &theirs, peer, Lang::En).unwrap();
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
