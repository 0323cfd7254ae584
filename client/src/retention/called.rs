//! Calls lose what says who somebody is before the rest of them: the number soon, the person if nothing came of it.

use std::collections::BTreeSet;
use std::time::Duration;

use causeway_common::ids::PacketId;
use causeway_common::time::Timestamp;

use serde_json::{Map, Value};

use super::rules::{PARTS, Part};
use crate::calls::{self, Call, KIND};
use crate::engine::{Engine, EngineError};
use crate::records;
use crate::referral::Kind;
use crate::vault::Changes;

/// Parts of a call whose time is over. A call that has led to something keeps them as long as anything of that is there.
fn over(call: &Call, now: Timestamp, is_there: impl Fn(&PacketId) -> bool) -> Vec<&'static Part> {
    let has_cases = call.referrals.iter().any(is_there);
    let day = Duration::from_secs(24 * 60 * 60);
    let parts = PARTS.iter().filter(|part| {
        let ends = call.taken.plus(day.saturating_mul(part.days));
        part.kind == KIND && ends <= now && !(part.without_referral && has_cases)
    });
    parts.collect()
}

/// What a document says in fields that no table of this version knows: nobody can say whether it names somebody.
fn take_unknown(fields: &mut Map<String, Value>) -> bool {
    let before = fields.len();
    let kind = Kind::from_code(KIND);
    fields.retain(|name, _| kind.is_none_or(|kind| kind.holds(name).is_some()));
    fields.len() != before
}

/// Takes out of all calls what has been kept long enough; gives their number. No older version of what goes opens again.
pub(super) async fn shorten(engine: &Engine, now: Timestamp) -> Result<usize, EngineError> {
    let mut shortened = 0;
    let roots: BTreeSet<PacketId> =
        records::catalogue(&engine.vault)?.lines().map(|line| line.root).collect();
    for mut call in calls::all(&engine.vault)? {
        let (mut fields, over) = (call.fields(), over(&call, now, |root| roots.contains(root)));
        let mut changed_something = false;
        for part in over {
            changed_something |= part.take_from(&mut fields);
            changed_something |= part.without_referral && take_unknown(&mut fields);
        }
        if !changed_something {
            continue;
        }
        let (id, changed) = (call.id, call.changed);
        call.rewrite(fields, changed);
        let mut changes = Changes::default();
        calls::put(&mut changes, &call);
        engine.vault.renew_case(id, changes, &mut engine.fork_rng().await).await?;
        shortened += 1;
    }
    Ok(shortened)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::referral::spec::Type;

    #[test]
    fn the_number_goes_after_thirty_days_and_the_person_after_ninety_if_nothing_came_of_it() {
        let day = 24 * 60 * 60 * 1_000;
        let none = |_: &PacketId| false;
        let mut call = Call {
            id: [1; 32],
            taken: Timestamp(0),
            changed: Timestamp(0),
            document: Vec::new(),
            referrals: Vec::new(),
        };
        let days = |parts: Vec<&Part>| parts.iter().map(|part| part.days).collect::<Vec<_>>();
        assert!(over(&call, Timestamp(30 * day - 1), none).is_empty());
        assert_eq!(days(over(&call, Timestamp(30 * day), none)), [30]);
        assert_eq!(days(over(&call, Timestamp(90 * day), none)), [30, 90]);
        call.led_to(PacketId([2; 32]), Timestamp(day));
        let is_there = |_: &PacketId| true;
        assert_eq!(days(over(&call, Timestamp(900 * day), is_there)), [30], "it belongs to a case");
        assert_eq!(days(over(&call, Timestamp(900 * day), none)), [30, 90], "the case is gone");
    }

    /// Fields of a call that can hold words of people and stay, each with the reason.
    const STAY: [(&str, &str); 3] = [
        ("line", "the hotline's own number, counted in statistics"),
        ("operator", "a number of the staff, no name"),
        ("shift", "as operator"),
    ];

    fn can_name_somebody(holds: &Type) -> bool {
        match holds {
            Type::Text(_)
            | Type::Line(_)
            | Type::DocumentNumber
            | Type::Phone
            | Type::Email
            | Type::GroupOrText(_) => true,
            Type::Group(fields) => fields.iter().any(|field| can_name_somebody(&field.holds)),
            Type::List(each, ..) => can_name_somebody(each),
            _ => false,
        }
    }

    #[test]
    fn after_ninety_days_no_field_of_a_call_is_left_that_can_name_somebody() {
        let gone: Vec<&str> = PARTS.iter().flat_map(|part| part.fields).copied().collect();
        let kind = Kind::from_code(KIND).unwrap();
        let left: Vec<&str> = kind
            .spec()
            .fields
            .iter()
            .filter(|field| can_name_somebody(&field.holds) && !gone.contains(&field.name))
            .map(|field| field.name)
            .filter(|name| STAY.iter().all(|(stays, _)| stays != name))
            .collect();
        assert_eq!(left, [""; 0]);
        let mut fields = Map::new();
        fields.insert("informant".into(), json!({ "names": [], "contact": { "phone": "+79161234567" } }));
        fields.insert("newer".into(), "Olga".into());
        assert!(PARTS[0].take_from(&mut fields) && !PARTS[0].is_in(&fields));
        assert!(fields["informant"].get("names").is_some());
        assert!(take_unknown(&mut fields) && !fields.contains_key("newer"));
    }
}
