//! Typed views of the few kinds on whose content software acts. A view reads a document's fields and keeps what it does
//! not know; the document stays the truth. Kinds that only people read have no view.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// ODH: when an organisation's desks are there.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DutyHours {
    /// Time zone by its name (IANA).
    pub time_zone: String,
    /// Whether somebody is always there.
    #[serde(default)]
    pub around_the_clock: bool,
    /// Hours of the desk.
    #[serde(default)]
    pub opening: Vec<Opening>,
    /// Days on which nobody works, `YYYY-MM-DD`.
    #[serde(default)]
    pub holidays: Vec<String>,
    /// Telephone at night: a number, an object with one, or why there is none.
    #[serde(default)]
    pub night_desk: Value,
    /// Kinds that the organisation handles, as codes.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Last day on which this counts.
    #[serde(default)]
    pub valid_until: String,
    /// What this view does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// From one time of day to another on some days of the week.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Opening {
    /// `mon` to `sun`.
    pub days: Vec<String>,
    /// Beginning, `HH:MM`.
    pub from: String,
    /// End, `HH:MM`; `24:00` is the end of the day.
    pub to: String,
    /// What this view does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl DutyHours {
    /// The number at night, as it is dialled; none if nobody answers.
    pub fn night_number(&self) -> Option<&str> {
        let of = |name| self.night_desk.get(name).and_then(Value::as_str);
        self.night_desk.as_str().or_else(|| of("number")).or_else(|| of("raw"))
    }
}

/// SCP: free places of a shelter. `available` is a hint; only an answer that holds a place binds.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Capacity {
    /// The shelter's code.
    pub shelter_code: String,
    /// Its region (ISO 3166-2).
    #[serde(default)]
    pub region: String,
    /// Moment after which the numbers are stale (RFC 3339).
    #[serde(default)]
    pub valid_until: String,
    /// How many of what, for whom.
    #[serde(default)]
    pub capacity: Vec<Places>,
    /// What this view does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Places of one unit for one group.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Places {
    /// Beds, rooms, ….
    pub unit: String,
    /// For whom.
    pub group: String,
    /// All of them.
    pub maximum: u32,
    /// Free ones.
    pub available: u32,
    /// Promised ones.
    #[serde(default)]
    pub reserved: u32,
    /// What this view does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Reads a view out of a document's fields; none if what it needs is not there or has another type.
pub fn view<T: serde::de::DeserializeOwned>(fields: &Map<String, Value>) -> Option<T> {
    serde_json::from_value(Value::Object(fields.clone())).ok()
}

macro_rules! no_words_in_debug {
    ($($view:ident)*) => {
        $(impl std::fmt::Debug for $view {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($view))
            }
        })*
    };
}
no_words_in_debug!(DutyHours Opening Capacity Places);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(text: &str) -> Map<String, Value> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn views_read_the_samples_and_lose_nothing() {
        let text = include_str!("../../../docs/samples/duty-hours.json");
        let hours: DutyHours = view(&fields(text)).unwrap();
        assert_eq!(
            (hours.time_zone.as_str(), hours.night_number()),
            ("Europe/Chisinau", Some("+37322000299"))
        );
        assert_eq!(hours.opening[1].days, ["fri"]);
        assert_eq!(serde_json::to_value(&hours).unwrap(), Value::Object(fields(text)));
        let mut nobody = fields(text);
        nobody.insert("night_desk".into(), json!({"nil": "not_applicable"}));
        assert_eq!(view::<DutyHours>(&nobody).unwrap().night_number(), None);
        let text = include_str!("../../../docs/samples/capacity.json");
        let capacity: Capacity = view(&fields(text)).unwrap();
        assert_eq!(serde_json::to_value(&capacity).unwrap(), Value::Object(fields(text)));
        assert_eq!(view::<Capacity>(&Map::new()), None);
    }
}
