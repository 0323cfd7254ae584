//! What a session has brought: one line for each referral whose state has changed or whose own step did not hold, with what the
//! other side says. Whoever runs `causeway sync` has to learn of a question here, not from a list that nobody opens.

use std::collections::HashMap;

use causeway_common::ids::PacketId;
use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use serde_json::{Value, json};

use super::super::failure::Failure;
use super::super::home::Home;
use super::super::output::{harmless, remark, text};
use super::super::steps::{case_ref, is_exercise, stamp};
use crate::engine::threads::update_of;
use crate::formats::said;
use crate::lang::Lang;
use crate::model::{Event, Thread};
use crate::records;
use crate::referral::labels;
use crate::referral::lifecycle::Action;

/// Lines that are printed; more than a person reads at once. The rest is counted.
const LINES_MAX: usize = 20;
/// Entries that a script gets; more referrals than change in one session.
const ENTRIES_MAX: usize = 1_000;
/// Rows of an answer that are shown in a line.
const ANSWER_ROWS_MAX: usize = 12;
/// Characters of what a step says that are shown in a line; `show` has all of it.
const SAID_CHARS_MAX: usize = 300;
/// No packet.
const NONE: PacketId = PacketId([0; 32]);
/// What somebody has to answer, or to replace, before anything goes on.
const GRAVE: [Action; 7] = [
    Action::Ask,
    Action::Decline,
    Action::DeclineLate,
    Action::Fail,
    Action::Object,
    Action::CancelRefuse,
    Action::Deceased,
];

/// What this workstation knew of every referral when it last looked.
#[derive(Default)]
pub(crate) struct Known {
    threads: HashMap<[u8; 32], Before>,
    /// Everything that was found since, for scripts.
    told: Vec<Value>,
}
no_content_in_debug!(Known);

/// A referral as it was: its state, and each step with whether it had been set aside.
struct Before {
    work: String,
    steps: HashMap<PacketId, bool>,
}

/// What is different in a referral.
struct Change {
    is_new: bool,
    /// Steps of the other side that were not known.
    theirs: Vec<Event>,
    /// Own steps that have turned out to change nothing.
    set_aside: Vec<Event>,
}

impl Known {
    /// What is known now.
    pub(crate) fn read(home: &Home) -> Result<Self, Failure> {
        let threads = records::each_thread(&home.engine.vault)
            .map(|thread| thread.map(|thread| (thread.case, Before::of(&thread))))
            .collect::<Result<_, _>>()?;
        Ok(Self { threads, told: Vec::new() })
    }

    /// What has come since, the gravest first, in lines. What is told once is not told again.
    pub(crate) async fn lines(&mut self, home: &Home) -> Result<Vec<String>, Failure> {
        let mut found = Vec::new();
        for thread in records::each_thread(&home.engine.vault) {
            let thread = thread?;
            let before = self.threads.insert(thread.case, Before::of(&thread));
            if let Some(change) = change(before.as_ref(), &thread) {
                found.push((rank(&change, &thread), thread, change));
            }
        }
        found.sort_by_key(|(rank, ..)| *rank);
        let (mut lines, all) = (Vec::new(), found.len());
        for (place, (_, thread, change)) in found.into_iter().enumerate() {
            let entry = entry(&thread, &change, home).await?;
            if place < LINES_MAX {
                lines.push(line(&entry, home.lang));
            }
            if self.told.len() < ENTRIES_MAX {
                self.told.push(without_words(entry));
            }
        }
        if all > LINES_MAX {
            lines.push(home.lang.count("news-more", all - LINES_MAX));
        }
        Ok(lines)
    }

    /// Says on standard error what has come since, while something else goes on.
    pub(crate) async fn tell(&mut self, home: &Home) -> Result<(), Failure> {
        let lines = self.lines(home).await?;
        if !home.json {
            lines.iter().for_each(|line| remark(line));
        }
        Ok(())
    }

    /// Everything that was found, for scripts.
    pub(crate) fn told(&mut self) -> Value {
        Value::Array(std::mem::take(&mut self.told))
    }
}

impl Before {
    fn of(thread: &Thread) -> Self {
        let steps = thread.events.iter().filter(|event| event.after != NONE);
        let steps = steps.map(|event| (event.packet, is_set_aside(event))).collect();
        Self { work: thread.work.clone(), steps }
    }
}

fn is_set_aside(event: &Event) -> bool {
    event.conflict || event.taken_back
}

/// What is different; none if nothing is, and of a referral whose first packet has not come yet.
fn change(before: Option<&Before>, thread: &Thread) -> Option<Change> {
    if thread.root == NONE {
        return None;
    }
    let steps = || thread.events.iter().filter(|event| event.after != NONE);
    let known = |event: &Event| before.and_then(|before| before.steps.get(&event.packet)).copied();
    let theirs = steps().filter(|event| event.by == thread.peer && known(event).is_none());
    let fell = |event: &&Event| is_set_aside(event) && known(event) != Some(true);
    let set_aside = steps().filter(|event| event.by != thread.peer).filter(fell);
    let found = Change {
        is_new: before.is_none() && !thread.ours,
        theirs: theirs.cloned().collect(),
        set_aside: set_aside.cloned().collect(),
    };
    let moved = before.is_some_and(|before| before.work != thread.work);
    let tells = found.is_new || moved || !found.theirs.is_empty() || !found.set_aside.is_empty();
    tells.then_some(found)
}

/// Questions and refusals of what is urgent come first; then whatever is more urgent, and what is older.
fn rank(change: &Change, thread: &Thread) -> (bool, Priority, bool, Timestamp) {
    let is_grave = |event: &Event| GRAVE.iter().any(|action| action.as_str() == event.what);
    let grave = !change.set_aside.is_empty() || change.theirs.iter().any(is_grave);
    let urgent = matches!(thread.priority, Priority::P0 | Priority::P1);
    (!(grave && urgent), thread.priority, !grave, thread.begun)
}

async fn entry(thread: &Thread, change: &Change, home: &Home) -> Result<Value, Failure> {
    let mut steps = Vec::new();
    for (event, own) in
        change.set_aside.iter().map(|e| (e, true)).chain(change.theirs.iter().map(|e| (e, false)))
    {
        let update = update_of(thread, event.packet, &home.engine.vault)?;
        let rows = update.as_ref().map_or_else(Vec::new, |update| {
            let answer = said::answer(update, &thread.kind, home.lang).into_iter().take(ANSWER_ROWS_MAX);
            said::rows(update, None, home.lang).into_iter().chain(answer).collect()
        });
        steps.push(json!({
            "what": event.what,
            "by": event.by.to_string(),
            "set_aside": own || is_set_aside(event),
            "own": own,
            "text": update.as_ref().map_or(event.text.as_str(), |update| &update.text),
            "said": update.as_ref().map(said::codes),
            "answer": update.as_ref().map(|update| &update.answer).filter(|answer| !answer.is_empty()),
            "rows": rows.into_iter().map(|(label, words)| format!("{label}: {words}")).collect::<Vec<_>>(),
        }));
    }
    Ok(json!({
        "referral": thread.root.to_string(),
        "case": hex::encode(thread.case),
        "case_ref": case_ref(home, thread)?,
        "exercise": is_exercise(home, thread)?,
        "kind": thread.kind,
        "priority": thread.priority.to_string(),
        "with": thread.peer.to_string(),
        "with_name": home.name_of(thread.peer).await,
        "work": thread.work,
        "new": change.is_new,
        "steps": steps,
    }))
}

/// Rows of labels are for people; a script has the codes.
fn without_words(mut entry: Value) -> Value {
    for step in entry["steps"].as_array_mut().into_iter().flatten() {
        if let Some(step) = step.as_object_mut() {
            step.remove("rows");
        }
    }
    entry
}

fn line(entry: &Value, lang: Lang) -> String {
    let number = text(entry, "referral").get(..12).unwrap_or("-");
    let number =
        [Some(number), entry["case_ref"].as_str()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let state = labels::code_of(lang, "state", text(entry, "work"));
    let head = lang.fill(
        "news-head",
        &[
            ("priority", text(entry, "priority")),
            ("kind", text(entry, "kind")),
            ("number", &number),
            ("name", text(entry, "with_name")),
            ("state", &state),
        ],
    );
    let mut parts = vec![format!("{}{head}", stamp(entry, lang))];
    if entry["new"] == true {
        parts.push(lang.text("news-new"));
    }
    for step in entry["steps"].as_array().into_iter().flatten() {
        let did = said::did(text(step, "what"), lang);
        parts.push(if step["own"] == true { lang.fill("news-set-aside", &[("step", &did)]) } else { did });
        let rows = step["rows"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let said = [text(step, "text")].into_iter().chain(rows).filter(|said| !said.is_empty());
        parts.extend(said.map(short));
    }
    harmless(&parts.join("; ")).replace('\n', " ")
}

fn short(said: &str) -> String {
    let mut letters = said.chars();
    let mut short: String = letters.by_ref().take(SAID_CHARS_MAX).collect();
    if letters.next().is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use causeway_common::ids::OrgId;

    use super::*;

    const PEER: OrgId = OrgId([2; 32]);

    fn event(number: u8, by: OrgId, what: &str) -> Event {
        Event {
            at: Timestamp(1),
            by,
            what: what.into(),
            state: String::new(),
            text: String::new(),
            packet: PacketId([number; 32]),
            after: PacketId([1; 32]),
            conflict: false,
            author: String::new(),
            taken_back: false,
        }
    }

    fn thread(events: Vec<Event>) -> Thread {
        Thread { events, ..crate::casebook::tests::case("BIA", json!({})).thread }
    }

    #[test]
    fn a_step_of_the_other_side_is_news_once_and_an_own_step_when_it_falls() {
        let own = event(3, OrgId([9; 32]), "withdraw");
        let before = thread(vec![own.clone()]);
        assert!(change(Some(&Before::of(&before)), &before).is_none(), "nothing has happened");
        let fallen = Event { conflict: true, ..own };
        let after = thread(vec![event(4, PEER, "complete"), fallen]);
        let found = change(Some(&Before::of(&before)), &after).unwrap();
        assert_eq!((found.theirs.len(), found.set_aside.len()), (1, 1));
        assert!(change(Some(&Before::of(&after)), &after).is_none(), "told already");
        let moved = Thread { work: "seen".into(), ..before.clone() };
        assert!(change(Some(&Before::of(&before)), &moved).is_some(), "a state that changed");
        let theirs = Thread { ours: false, ..thread(Vec::new()) };
        assert!(change(None, &theirs).unwrap().is_new);
        assert!(change(None, &Thread { root: NONE, ..theirs }).is_none());
    }

    #[test]
    fn an_urgent_question_stands_before_everything_else() {
        let of = |priority, what: &str| {
            let thread = Thread { priority, ..thread(vec![event(4, PEER, what)]) };
            (rank(&change(None, &thread).unwrap(), &thread), what.to_owned())
        };
        let mut all = [
            of(Priority::P2, "decline"),
            of(Priority::P0, "accept"),
            of(Priority::P1, "info_request"),
            of(Priority::P2, "accept"),
        ];
        all.sort();
        let order: Vec<&str> = all.iter().map(|(_, what)| what.as_str()).collect();
        assert_eq!(order, ["info_request", "accept", "decline", "accept"]);
    }

    #[test]
    fn a_line_names_the_referral_and_what_was_said_in_one_line() {
        let entry = json!({
            "referral": "abcdefabcdefabcdef", "case_ref": "MD-2026-abcdef", "kind": "BIA", "priority": "P0",
            "with_name": "Border Police", "work": "info_requested",
            "steps": [
                { "what": "withdraw", "own": true, "text": "" },
                { "what": "info_request", "text": "Which\nflight?", "rows": ["Expected time: 20:00", "x".repeat(400)] },
            ],
        });
        for lang in Lang::ALL {
            let line = line(&entry, lang);
            for part in ["P0", "abcdefabcdef MD-2026-abcdef", "Border Police", "Which flight?", "20:00"] {
                assert!(line.contains(part), "{part}: {line}");
            }
            assert!(
                !line.contains("info_request") && !line.contains('\n') && line.chars().count() < 700,
                "{line}"
            );
        }
        assert!(line(&entry, Lang::Ru).contains("ВАШ ШАГ НИЧЕГО НЕ ИЗМЕНИЛ: отозвано"));
        assert!(without_words(entry)["steps"][1]["rows"].is_null());
    }
}
