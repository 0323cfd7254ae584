//! Beds that are asked for and offered: which step an answer is, whether there is a bed for it, and what a requester should know
//! before it asks.

use causeway_common::ids::OrgId;
use causeway_common::time::Timestamp;
use serde_json::{Map, Value};

use super::failure::{Failure, exit};
use super::home::Home;
use super::output::{harmless, remark, time};
use crate::beds::house::{House, Room, desk_for, houses, room_for};
use crate::beds::partners::{self, Shelter};
use crate::beds::{self, hold, publication};
use crate::casebook::Case;
use crate::engine::threads::{Words, moment, state_of};
use crate::lang::Lang;
use crate::model::Thread;
use crate::referral::lifecycle::{Action, WorkState};
use crate::referral::{Document, values};

/// A place on a list says no more than that somebody will look again tomorrow.
const LIST_MILLIS: u64 = 24 * 60 * 60 * 1_000;

/// The step that says what an answer says. From where it is not possible, the table refuses it.
fn step_of(decision: Decision, state: WorkState) -> Action {
    let promised = matches!(
        state,
        WorkState::Accepted | WorkState::InProgress | WorkState::OnHold | WorkState::HandedOver
    );
    match decision {
        Decision::Offered if promised => Action::Progress,
        Decision::Offered => Action::Accept,
        // What was promised is given back by saying so, not by a place on a list.
        Decision::Later if promised => Action::Accept,
        Decision::Later => Action::DelayNotice,
        Decision::Declined if state == WorkState::Accepted => Action::DeclineLate,
        Decision::Declined => Action::Decline,
    }
}

/// What an answer comes to for whoever asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    /// A bed that is kept for her.
    Offered,
    /// No bed when she needs it; the request stays open.
    Later,
    /// None.
    Declined,
}

/// None: the answer says nothing that this version knows.
fn decision(answer: &Map<String, Value>, request: &Map<String, Value>) -> Option<Decision> {
    Some(match answer.get("decision").and_then(Value::as_str)? {
        "offered" => Decision::Offered,
        "offered_from" if comes_in_time(answer, request) => Decision::Offered,
        "offered_from" | "waiting_list" => Decision::Later,
        "declined" => Decision::Declined,
        _ => return None,
    })
}

/// Whether a bed is there when it is needed: by the day, because neither side knows the hour.
fn comes_in_time(answer: &Map<String, Value>, request: &Map<String, Value>) -> bool {
    let day = |fields: &Map<String, Value>, name: &str| {
        let text = fields.get(name)?.as_str()?;
        let (first, _) = values::partial_date(text.get(..10)?)?;
        first
    };
    match (day(answer, "from"), day(request, "need_from")) {
        (Some(from), Some(needed)) => from <= needed,
        _ => false,
    }
}

/// An answer to a request for beds as a step: what it is, and what goes with it.
pub(super) struct Placing {
    pub(super) action: Action,
    pub(super) answer: Map<String, Value>,
}
no_content_in_debug!(Placing);

/// Makes a step of an answer that is right as far as its table says. `squeeze_in`: more is offered than is free, and somebody means it.
pub(super) fn placing(
    thread: &Thread,
    mut answer: Map<String, Value>,
    squeeze_in: bool,
    home: &Home,
) -> Result<Placing, Failure> {
    let request = Case::of(&home.engine.vault, thread.clone())?;
    let decision = decision(&answer, &request.document).ok_or_else(|| unknown_decision(home.lang))?;
    if decision == Decision::Offered {
        keep_a_room(&request, &mut answer, squeeze_in, home)?;
    }
    let state = state_of(thread);
    if decision == Decision::Later && step_of(decision, state) != Action::DelayNotice {
        let id = thread.root.to_string();
        let hint = home.lang.fill("placing-promised-hint", &[("id", id.get(..12).unwrap_or_default())]);
        return Err(Failure::new("Y-101", exit::REFUSED, home.lang.text("placing-promised"), hint));
    }
    Ok(Placing { action: step_of(decision, state), answer })
}

fn unknown_decision(lang: Lang) -> Failure {
    Failure::new("Y-102", exit::INVALID, lang.text("placing-decision"), lang.text("placing-decision-hint"))
}

/// Writes into an offer whom to call before arriving, if nobody has: the desk that the house has named when it was counted.
pub(super) fn name_desk(request: &Case, answer: &mut Map<String, Value>, home: &Home) -> Result<(), Failure> {
    let offers = matches!(answer.get("decision").and_then(Value::as_str), Some("offered" | "offered_from"));
    if request.thread.kind != beds::REQUEST || !offers || answer.contains_key("intake_contact") {
        return Ok(());
    }
    let houses = houses_for(request, home)?;
    let desk = desk_for(&houses, &request.document, answer, home.engine.relay_now());
    answer.extend(desk.map(|desk| ("intake_contact".to_owned(), desk)));
    Ok(())
}

/// The houses as they are for this request: an offer that is made again is held once.
fn houses_for(request: &Case, home: &Home) -> Result<Vec<House>, Failure> {
    let cases = beds::cases(&home.engine.vault)?;
    let counts = beds::counts(&home.engine.vault, &cases)?;
    let all = hold::holds(&cases, home.engine.relay_now()).into_iter();
    let holds: Vec<_> = all.filter(|hold| hold.case != request.thread.case).collect();
    Ok(houses(counts, &holds).0)
}

/// Finds what is offered among what was counted, and writes it into the answer, so that everybody reads the same out of it.
fn keep_a_room(
    request: &Case,
    answer: &mut Map<String, Value>,
    squeeze_in: bool,
    home: &Home,
) -> Result<(), Failure> {
    let now = home.engine.relay_now();
    let lang = home.lang;
    let houses = houses_for(request, home)?;
    if houses.is_empty() {
        remark(&lang.text("placing-uncounted"));
        return Ok(());
    }
    let hint = lang.text("placing-full-hint");
    let Some(room) = room_for(&houses, &request.document, answer, now) else {
        if squeeze_in {
            return Ok(());
        }
        return Err(Failure::new("Y-103", exit::REFUSED, lang.text("placing-no-line"), hint));
    };
    if !room.is_enough() && !squeeze_in {
        return Err(Failure::new("Y-104", exit::REFUSED, room_words("placing-full", &room, lang), hint));
    }
    if !room.is_enough() {
        remark(&room_words("placing-squeezed", &room, lang));
    }
    if room.stale {
        remark(&lang.fill("placing-old-count", &[("shelter", &harmless(&room.shelter))]));
    }
    for (name, value) in [("shelter_code", room.shelter), ("unit", room.unit), ("group", room.group)] {
        answer.entry(name).or_insert_with(|| value.into());
    }
    answer.entry("places").or_insert_with(|| room.places.into());
    Ok(())
}

fn room_words(id: &str, room: &Room, lang: Lang) -> String {
    let (places, available) = (room.places.to_string(), room.available.to_string());
    let (unit, group) = (label("capacity-unit", &room.unit, lang), label("guest-group", &room.group, lang));
    let gaps = [
        ("shelter", harmless(&room.shelter)),
        ("unit", unit),
        ("group", group),
        ("places", places),
        ("available", available),
    ];
    let gaps: Vec<(&str, &str)> = gaps.iter().map(|(name, text)| (*name, text.as_str())).collect();
    lang.fill(id, &gaps)
}

/// A code of a list in words; the code itself if this version does not know it.
pub(super) fn label(list: &str, code: &str, lang: Lang) -> String {
    lang.find(&format!("list-{list}.{code}"), None).unwrap_or_else(|| harmless(code))
}

/// What an answer says of itself with the words of its step.
pub(super) fn complete(words: &mut Words, action: Action, now: Timestamp, lang: Lang) {
    if !words.answer.contains_key("decision") {
        return;
    }
    let said = |name: &str| words.answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (reason, from, until) = (said("reason"), said("from"), said("hold_until"));
    let unless_there = |field: &mut String, text: String| {
        if field.is_empty() {
            *field = text;
        }
    };
    match action {
        Action::Accept => unless_there(&mut words.eta, if from.is_empty() { moment(now) } else { from }),
        Action::Progress => {
            unless_there(&mut words.text, lang.fill("placing-kept-until", &[("until", &until)]));
        }
        Action::DelayNotice => {
            unless_there(&mut words.reason, said("decision"));
            let later = moment(Timestamp(now.0.saturating_add(LIST_MILLIS)));
            let eta = values::instant(&from).map_or(later, |_| from);
            unless_there(&mut words.eta, eta);
        }
        Action::Decline | Action::DeclineLate => {
            unless_there(&mut words.reason, reason);
            let text = words.answer.get("text");
            let text = text.and_then(|text| text.get("text").unwrap_or(text).as_str()).unwrap_or_default();
            unless_there(&mut words.text, text.to_owned());
        }
        _ => {}
    }
}

/// Whoever accepts a request for beds without offering one has the others give theirs away.
pub(super) fn remark_without_bed(words: &Words, action: Action, lang: Lang) {
    if action == Action::Accept && !words.answer.contains_key("decision") {
        remark(&lang.text("placing-no-bed-named"));
    }
}

/// Tells the partners what an answer has changed, and the user whom, or that nobody knows.
pub(super) async fn after_answer(thread: &Thread, home: &Home) -> Result<(), Failure> {
    if thread.kind != beds::REQUEST || thread.ours {
        return Ok(());
    }
    let told = publication::renew(&home.engine, home.engine.relay_now()).await?;
    if told > 0 {
        remark(&home.lang.count("placing-told", told));
        return Ok(());
    }
    let cases = beds::cases(&home.engine.vault)?;
    let counted = !beds::counts(&home.engine.vault, &cases)?.is_empty();
    if counted && publication::published(&cases).is_empty() {
        remark(&home.lang.text("placing-unpublished"));
    }
    Ok(())
}

/// Says of each shelter that is going to be asked what its newest publication makes doubtful. It is asked all the same: a number is a
/// hint, and a shelter may make room.
pub(super) async fn before_asking(document: &Document, to: &[OrgId], home: &Home) -> Result<(), Failure> {
    if document.kind.code() != beds::REQUEST {
        return Ok(());
    }
    let group = document.fields.get("group").and_then(Value::as_str).unwrap_or_default();
    let shelters = partners::shelters(&beds::cases(&home.engine.vault)?, home.engine.relay_now());
    for org in to {
        let theirs: Vec<&Shelter> = shelters.iter().filter(|shelter| shelter.org == *org).collect();
        let hopeful = |shelter: &&&Shelter| doubt(shelter, group).is_none();
        let newest = theirs.iter().max_by_key(|shelter| shelter.counted);
        if theirs.iter().any(|shelter| hopeful(&shelter)) {
            continue;
        }
        if let Some((shelter, doubt)) = newest.and_then(|shelter| Some((shelter, doubt(shelter, group)?))) {
            let counted = time(shelter.counted);
            let gaps = [
                ("name", harmless(&home.name_of(*org).await)),
                ("group", label("guest-group", group, home.lang)),
                ("counted", counted.as_str().unwrap_or("?").to_owned()),
            ];
            let gaps: Vec<(&str, &str)> = gaps.iter().map(|(name, text)| (*name, text.as_str())).collect();
            remark(&home.lang.fill(doubt, &gaps));
        }
    }
    Ok(())
}

/// What makes it doubtful that a house takes somebody of this group: name of a text.
fn doubt(shelter: &Shelter, group: &str) -> Option<&'static str> {
    match shelter.free_for(group) {
        _ if shelter.closed => Some("placing-ask-closed"),
        _ if shelter.stale => Some("placing-ask-stale"),
        None => Some("placing-ask-no-line"),
        Some(0) => Some("placing-ask-full"),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn an_answer_travels_with_the_step_that_says_what_happened() {
        use WorkState::{Accepted, InProgress, InfoRequested, Received, Seen};
        let request = fields(json!({ "need_from": "2026-12-01T20:00:00Z" }));
        let step = |answer: Value, state| step_of(decision(&fields(answer), &request).unwrap(), state);
        assert_eq!(step(json!({ "decision": "offered" }), Seen), Action::Accept);
        assert_eq!(step(json!({ "decision": "offered" }), InProgress), Action::Progress, "kept longer");
        assert_eq!(step(json!({ "decision": "declined" }), Received), Action::Decline);
        assert_eq!(step(json!({ "decision": "declined" }), Accepted), Action::DeclineLate);
        for state in [Received, Seen, InfoRequested] {
            assert_eq!(step(json!({ "decision": "waiting_list" }), state), Action::DelayNotice);
        }
        let from = |day: &str| json!({ "decision": "offered_from", "from": day });
        assert_eq!(step(from("2026-12-01"), Seen), Action::Accept);
        assert_eq!(step(from("2026-12-04"), Seen), Action::DelayNotice, "she needs a bed before");
        assert_eq!(decision(&fields(json!({ "decision": "perhaps" })), &request), None);
    }

    #[test]
    fn the_table_allows_each_of_these_steps_where_it_is_taken() {
        use crate::referral::lifecycle::{Party, row};
        for decision in [Decision::Offered, Decision::Later, Decision::Declined] {
            for state in [WorkState::Received, WorkState::Seen] {
                assert!(row(state, step_of(decision, state), Party::Recipient).is_some(), "{decision:?}");
            }
        }
        for state in [WorkState::Accepted, WorkState::InProgress] {
            assert!(row(state, step_of(Decision::Offered, state), Party::Recipient).is_some());
        }
    }

    #[test]
    fn a_step_says_what_the_answer_says() {
        let completed = |action, answer: Value| {
            let mut words = Words { answer: fields(answer), ..Words::default() };
            complete(&mut words, action, Timestamp(1_795_514_400_000), Lang::En);
            words
        };
        let text = json!({ "lang": "en", "text": "Full until Friday." });
        let declined = completed(
            Action::Decline,
            json!({ "decision": "declined", "reason": "no_capacity", "text": text }),
        );
        assert_eq!((declined.reason.as_str(), declined.text.as_str()), ("no_capacity", "Full until Friday."));
        let listed = completed(Action::DelayNotice, json!({ "decision": "waiting_list" }));
        assert_eq!(listed.reason, "waiting_list");
        assert!(listed.eta.starts_with("2026-11-25T"), "{}", listed.eta);
        assert!(!completed(Action::Accept, json!({ "decision": "offered" })).eta.is_empty());
        assert!(completed(Action::Accept, json!({})).eta.is_empty(), "no answer, nothing said");
    }
}
