//! A house as it is now: counted, less whoever has come since, less what is kept for others.

use causeway_common::time::Timestamp;
use serde_json::{Map, Value};

use super::Count;
use super::hold::{Hold, Standing, wanted};
use crate::referral::typed::{self, Capacity, Places};

/// Places of one unit for one group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line {
    /// Beds, rooms, …: a code.
    pub unit: String,
    /// For whom: a code.
    pub group: String,
    /// All of them.
    pub maximum: u32,
    /// Those in which nobody is, whoever they are kept for.
    pub free: u32,
    /// Those kept for somebody. More than are free if the shelter has squeezed somebody in.
    pub held: u32,
}

impl Line {
    /// What can be offered to the next one.
    pub fn available(&self) -> u32 {
        self.free.saturating_sub(self.held)
    }

    /// What is published as kept: never more than there is.
    pub fn reserved(&self) -> u32 {
        self.held.min(self.free)
    }
}

/// A house.
#[derive(Clone)]
#[non_exhaustive]
pub struct House {
    /// What was counted.
    pub count: Count,
    /// What that comes to now, in the order of the count.
    pub lines: Vec<Line>,
    /// Offers of places in it.
    pub holds: Vec<Hold>,
    /// What a publication says was held of each line, and no offer has accounted for yet.
    reserved: Vec<u32>,
}
no_content_in_debug!(House);

impl House {
    fn of(count: Count) -> Self {
        let view: Option<Capacity> = typed::view(&count.fields);
        let line = |places: &Places| Line {
            unit: places.unit.clone(),
            group: places.group.clone(),
            maximum: places.maximum,
            free: places.available,
            held: 0,
        };
        let capacity = view.map(|view| view.capacity).unwrap_or_default();
        let held = |places: &Places| if count.published { places.reserved } else { 0 };
        let reserved = capacity.iter().map(held).collect();
        let lines = capacity.iter().map(line).collect();
        Self { count, lines, holds: Vec::new(), reserved }
    }

    /// Whether nobody should rely on the numbers any more.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.count.valid_until() <= now
    }

    /// The line of an offer: of this unit for this group, otherwise the first for the group.
    fn place_of(&self, unit: &str, group: &str) -> Option<usize> {
        let exact = self.lines.iter().position(|line| line.group == group && line.unit == unit);
        exact.or_else(|| self.lines.iter().position(|line| line.group == group))
    }

    fn take(&mut self, hold: &Hold) {
        let Some(place) = self.place_of(&hold.unit, &hold.group) else { return };
        let (Some(line), Some(reserved)) = (self.lines.get_mut(place), self.reserved.get_mut(place)) else {
            return;
        };
        if hold.kept_at(self.count.as_of) {
            // The publication had taken it off. What else it calls reserved was promised in another way, and is not free.
            let taken_off = hold.places.min(*reserved);
            *reserved -= taken_off;
            line.free = line.free.saturating_add(taken_off).min(line.maximum);
        }
        match hold.standing {
            Standing::Arrived(at) if at > self.count.as_of => {
                line.free = line.free.saturating_sub(hold.places)
            }
            _ if hold.keeps() => line.held = line.held.saturating_add(hold.places),
            _ => {}
        }
        self.holds.push(hold.clone());
    }
}

/// The houses of these counts with the offers that were made in them; offers of places that nobody has counted are left over.
pub fn houses(counts: Vec<Count>, holds: &[Hold]) -> (Vec<House>, Vec<Hold>) {
    let mut houses: Vec<House> = counts.into_iter().map(House::of).collect();
    let mut elsewhere = Vec::new();
    for hold in holds.iter().filter(|hold| !hold.ours) {
        let fits = |house: &House| house.place_of(&hold.unit, &hold.group).is_some();
        let named = houses.iter().position(|house| house.count.shelter == hold.shelter && fits(house));
        let place = named.or_else(|| houses.iter().position(fits).filter(|_| hold.shelter.is_empty()));
        match place.and_then(|place| houses.get_mut(place)) {
            Some(house) => house.take(hold),
            None => elsewhere.push(hold.clone()),
        }
    }
    (houses, elsewhere)
}

/// Where an offer is taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Room {
    /// Code of the house.
    pub shelter: String,
    /// Beds, rooms, …: a code.
    pub unit: String,
    /// For whom: a code.
    pub group: String,
    /// How many.
    pub places: u32,
    /// How many can be offered there.
    pub available: u32,
    /// Whether the numbers are too old to rely on.
    pub stale: bool,
}

impl Room {
    /// Whether there are as many as are offered.
    pub fn is_enough(&self) -> bool {
        self.places <= self.available
    }
}

/// The desk that the house of an offer has named in its count: whom somebody on the way calls before arriving. None: it has
/// named none, or nobody has counted there.
pub fn desk_for(
    houses: &[House],
    request: &Map<String, Value>,
    answer: &Map<String, Value>,
    now: Timestamp,
) -> Option<Value> {
    let shelter = room_for(houses, request, answer, now)?.shelter;
    let house = houses.iter().find(|house| house.count.shelter == shelter)?;
    house.count.fields.get("duty_contact").filter(|desk| desk.get("phone").is_some()).cloned()
}

/// The place that an answer means, by what it says and otherwise by what the request asks for: where there is enough, otherwise
/// where there is most. None: nobody has counted such places.
pub fn room_for(
    houses: &[House],
    request: &Map<String, Value>,
    answer: &Map<String, Value>,
    now: Timestamp,
) -> Option<Room> {
    let said = |name: &str| answer.get(name).and_then(Value::as_str);
    let group = said("group").or_else(|| request.get("group").and_then(Value::as_str))?;
    let mut rooms = Vec::new();
    for house in houses.iter().filter(|h| said("shelter_code").is_none_or(|code| code == h.count.shelter)) {
        let fits = |line: &&Line| line.group == group && said("unit").is_none_or(|unit| unit == line.unit);
        for line in house.lines.iter().filter(fits) {
            let places = answer.get("places").and_then(Value::as_u64);
            rooms.push(Room {
                shelter: house.count.shelter.clone(),
                unit: line.unit.clone(),
                group: line.group.clone(),
                places: u32::try_from(places.unwrap_or_else(|| wanted(request, &line.unit)))
                    .unwrap_or(u32::MAX),
                available: line.available(),
                stale: house.is_stale(now),
            });
        }
    }
    let enough = rooms.iter().position(Room::is_enough);
    let most = || rooms.iter().enumerate().max_by_key(|(_, room)| room.available).map(|(place, _)| place);
    let place = enough.or_else(most)?;
    Some(rooms.swap_remove(place))
}
