//! Places that an answer keeps for somebody, read out of the case of the request. Both sides read it alike.

use causeway_common::ids::{OrgId, PacketId};
use causeway_common::time::Timestamp;
use serde_json::{Map, Value};

use super::{HANDOFF, REQUEST, instant};
use crate::casebook::Case;
use crate::engine::threads::{party_of, state_of};
use crate::model::Event;
use crate::referral::lifecycle::{Action, Party, WorkState};

/// People whom one answer can be about.
pub const PLACES_MAX: u64 = 100;

/// What has become of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// The places are kept.
    Held,
    /// They are kept beyond the moment, because a handoff to them is under way.
    UnderWay,
    /// Whoever they were for has come: they are taken since then.
    Arrived(Timestamp),
    /// The moment has passed, and nobody has said anything.
    Lapsed,
    /// They were given back then.
    Released(Timestamp),
}

impl Standing {
    /// The word for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::UnderWay => "under_way",
            Self::Arrived(_) => "arrived",
            Self::Lapsed => "lapsed",
            Self::Released(_) => "released",
        }
    }
}

/// An offer of places.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hold {
    /// Thread of the request.
    pub case: [u8; 32],
    /// First packet of it.
    pub referral: PacketId,
    /// The other side.
    pub with: OrgId,
    /// Whether the request is ours, and the places are somebody else's.
    pub ours: bool,
    /// Code of the house; empty if the answer does not say.
    pub shelter: String,
    /// What is held; empty if the answer does not say.
    pub unit: String,
    /// For whom.
    pub group: String,
    /// How many.
    pub places: u32,
    /// When it was offered.
    pub since: Timestamp,
    /// Until when it is kept.
    pub until: Timestamp,
    /// What has become of it.
    pub standing: Standing,
}
no_content_in_debug!(Hold);

impl Hold {
    /// Whether nobody else can have the places now.
    pub fn keeps(&self) -> bool {
        matches!(self.standing, Standing::Held | Standing::UnderWay)
    }

    /// Whether nobody else could have them at that moment.
    pub(super) fn kept_at(&self, at: Timestamp) -> bool {
        self.since <= at
            && match self.standing {
                Standing::Held | Standing::UnderWay => true,
                Standing::Lapsed => at < self.until,
                Standing::Arrived(end) | Standing::Released(end) => at < end,
            }
    }
}

/// Every offer that was made in these cases.
pub fn holds(cases: &[Case], now: Timestamp) -> Vec<Hold> {
    let requests = cases.iter().filter(|case| case.thread.kind == REQUEST);
    requests.filter_map(|request| hold_of(request, cases, now)).collect()
}

/// The offer that counts in the case of a request: what the shelter has answered last.
fn hold_of(request: &Case, cases: &[Case], now: Timestamp) -> Option<Hold> {
    let thread = &request.thread;
    let (event, answer) = answers(request).last()?;
    if !is_offer(event, answer) {
        return None;
    }
    // One that is made again goes on.
    let offers: Vec<_> = answers(request).collect();
    let begins =
        offers.iter().rposition(|(event, answer)| !is_offer(event, answer)).map_or(0, |place| place + 1);
    let since = offers.get(begins).map_or(event.at, |(event, _)| event.at);
    let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let asked = request.document.get("group").and_then(Value::as_str).unwrap_or_default();
    let group = Some(text("group")).filter(|group| !group.is_empty()).unwrap_or_else(|| asked.to_owned());
    let unit = text("unit");
    let places = answer.get("places").and_then(Value::as_u64).filter(|n| *n > 0);
    let until = instant(answer, "hold_until").unwrap_or(event.at);
    Some(Hold {
        case: thread.case,
        referral: thread.root,
        with: thread.peer,
        ours: thread.ours,
        shelter: text("shelter_code"),
        places: places_of(places.unwrap_or_else(|| wanted(&request.document, &unit))),
        unit,
        group,
        since,
        until,
        standing: standing(request, cases, until, now),
    })
}

/// Whether an answer keeps places. A bed that comes later does not bind anybody: it travels as a notice.
fn is_offer(event: &Event, answer: &Map<String, Value>) -> bool {
    let decision = answer.get("decision").and_then(Value::as_str);
    matches!(decision, Some("offered" | "offered_from")) && event.what != Action::DelayNotice.as_str()
}

/// What the shelter has answered, in the order of the thread.
pub(crate) fn answers(request: &Case) -> impl Iterator<Item = (&Event, &Map<String, Value>)> {
    request.steps.iter().filter_map(|(event, update)| {
        let answer = &update.as_ref()?.answer;
        let counts = !event.conflict
            && !event.taken_back
            && party_of(&request.thread, event) == Party::Recipient
            && answer.contains_key("decision");
        counts.then_some((event, answer))
    })
}

fn standing(request: &Case, cases: &[Case], until: Timestamp, now: Timestamp) -> Standing {
    let handoffs = || cases.iter().filter(|case| takes_up(case, request));
    if let Some(at) = handoffs().find_map(arrived) {
        return Standing::Arrived(at);
    }
    match state_of(&request.thread) {
        WorkState::HandedOver | WorkState::Completed | WorkState::Closed => {
            Standing::Arrived(arrived(request).unwrap_or(until))
        }
        WorkState::Accepted | WorkState::InProgress | WorkState::OnHold | WorkState::InfoRequested => {
            if until > now {
                Standing::Held
            } else if handoffs().any(|case| !state_of(&case.thread).is_terminal()) {
                Standing::UnderWay
            } else {
                Standing::Lapsed
            }
        }
        _ => Standing::Released(request.thread.events.iter().map(|event| event.at).max().unwrap_or(until)),
    }
}

/// Whether a handoff between the same two goes to what was offered: it names the request.
pub(crate) fn takes_up(case: &Case, request: &Case) -> bool {
    let (handoff, asked) = (&case.thread, &request.thread);
    let root = asked.root.to_string();
    let named = case.document.get("references").and_then(Value::as_array).into_iter().flatten();
    handoff.kind == HANDOFF
        && (handoff.peer, handoff.ours) == (asked.peer, asked.ours)
        && named.into_iter().any(|reference| reference["packet_id"] == root.as_str())
}

/// When somebody who was expected came, by what the shelter has said or signed.
fn arrived(case: &Case) -> Option<Timestamp> {
    let has_come = |state: &str| ["handed_over", "completed", "closed"].contains(&state);
    if !has_come(&case.thread.work) {
        return None;
    }
    let first = case.thread.events.iter().find(|event| has_come(&event.state) && !event.conflict);
    Some(first.map_or(case.thread.begun, |event| event.at))
}

/// How many places of a unit a request needs: a room for all of them, or a bed for each.
pub(crate) fn wanted(request: &Map<String, Value>, unit: &str) -> u64 {
    if matches!(unit, "room" | "family_room") {
        return 1;
    }
    let adults = request.get("adults").and_then(Value::as_u64).unwrap_or(0);
    let children = request.get("children").and_then(Value::as_array).map_or(0, Vec::len);
    adults.saturating_add(u64::try_from(children).unwrap_or(u64::MAX)).clamp(1, PLACES_MAX)
}

fn places_of(number: u64) -> u32 {
    u32::try_from(number.min(PLACES_MAX)).unwrap_or(u32::MAX)
}
