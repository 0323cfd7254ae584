//! What shelters have published to us, and whether anybody should still rely on it.

use std::time::Duration;

use causeway_common::ids::{OrgId, PacketId};
use causeway_common::time::Timestamp;
use serde_json::{Map, Value};

use super::{PUBLICATION, instant, shelter_of};
use crate::casebook::Case;
use crate::referral::typed::{self, Capacity, Places};

/// A shelter counts every day: what does not say how long it is good for, is good for that long.
const COUNTED_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// Nobody relies on numbers of which two rounds were left out, whatever they say of themselves.
const OLD_AFTER: Duration = Duration::from_secs(48 * 60 * 60);

/// A house of a partner, by its newest publication.
#[derive(Clone)]
#[non_exhaustive]
pub struct Shelter {
    /// Whose.
    pub org: OrgId,
    /// Its code.
    pub code: String,
    /// Its region; empty if it does not say.
    pub region: String,
    /// The publication.
    pub packet: PacketId,
    /// When people there counted: not later than it came here.
    pub counted: Timestamp,
    /// Until when one can rely on it.
    pub until: Timestamp,
    /// Whether that is over.
    pub stale: bool,
    /// Whether it takes nobody for the time being.
    pub closed: bool,
    /// What it can offer.
    pub places: Vec<Places>,
}
no_content_in_debug!(Shelter);

impl Shelter {
    /// How many places it can offer to a group; none if it has none for it at all.
    pub fn free_for(&self, group: &str) -> Option<u32> {
        let mut places = self.places.iter().filter(|places| places.group == group).peekable();
        places.peek()?;
        Some(places.fold(0, |sum, places| sum.saturating_add(places.available)))
    }

    fn of(case: &Case, now: Timestamp) -> Option<Self> {
        let (thread, fields) = (&case.thread, &case.document);
        if thread.ours || thread.kind != PUBLICATION {
            return None;
        }
        let (counted, until) = times(fields, thread.begun);
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let view: Option<Capacity> = typed::view(fields);
        Some(Self {
            org: thread.peer,
            code: shelter_of(fields).unwrap_or_default().to_owned(),
            region: text("region"),
            packet: thread.root,
            counted,
            until,
            stale: until <= now,
            closed: fields.get("temporary_closed").is_some_and(|closed| closed["closed"] == true),
            places: view.map(|view| view.capacity).unwrap_or_default(),
        })
    }
}

/// When a publication was counted and until when it counts. It was not counted later than it came, whatever a clock there says.
fn times(fields: &Map<String, Value>, came: Timestamp) -> (Timestamp, Timestamp) {
    let counted = instant(fields, "updated").map_or(came, |at| at.min(came));
    let said = instant(fields, "valid_until").unwrap_or_else(|| counted.plus(COUNTED_EVERY));
    (counted, said.min(counted.plus(OLD_AFTER)))
}

/// Until when one can rely on a publication that came, or was written, then.
pub fn counts_until(fields: &Map<String, Value>, came: Timestamp) -> Timestamp {
    times(fields, came).1
}

/// The newest publication of each house of each partner, in the order of partners and codes.
pub fn shelters(cases: &[Case], now: Timestamp) -> Vec<Shelter> {
    let mut all: Vec<(Shelter, Timestamp)> = cases
        .iter()
        .filter_map(|case| {
            let written = instant(&case.document, "created").unwrap_or(case.thread.begun);
            Some((Shelter::of(case, now)?, written))
        })
        .collect();
    all.sort_by(|(a, written_a), (b, written_b)| {
        let newest_first = (b.counted, written_b, b.packet).cmp(&(a.counted, written_a, a.packet));
        (a.org, &a.code).cmp(&(b.org, &b.code)).then(newest_first)
    });
    all.dedup_by(|(later, _), (first, _)| (later.org, &later.code) == (first.org, &first.code));
    all.into_iter().map(|(shelter, _)| shelter).collect()
}

/// How a publication stands that came to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Freshness {
    /// Until when one can rely on it.
    pub until: Timestamp,
    /// Whether that is over.
    pub stale: bool,
    /// Whether a newer one of the same house is here.
    pub replaced: bool,
}

/// How a publication stands; none if it is none that came to us.
pub fn freshness(case: &Case, newest: &[Shelter], now: Timestamp) -> Option<Freshness> {
    let this = Shelter::of(case, now)?;
    let known = newest.iter().find(|shelter| (shelter.org, &shelter.code) == (this.org, &this.code));
    let replaced = known.is_some_and(|known| known.packet != this.packet);
    Some(Freshness { until: this.until, stale: this.stale, replaced })
}
