//! Calls lose what says who somebody is before the rest of them: the number soon, the person if nothing came of it.

use std::collections::BTreeSet;
use std::time::Duration;

use causeway_common::ids::PacketId;
use causeway_common::time::Timestamp;

use super::rules::PARTS;
use crate::calls::{self, Call, KIND};
use crate::engine::{Engine, EngineError};
use crate::records;
use crate::vault::Changes;

/// Fields of a call whose time is over. A call that has led to something keeps them as long as anything of that is there.
fn over(call: &Call, now: Timestamp, is_there: impl Fn(&PacketId) -> bool) -> Vec<&'static str> {
    let has_cases = call.referrals.iter().any(is_there);
    let day = Duration::from_secs(24 * 60 * 60);
    let parts = PARTS.iter().filter(|part| {
        let ends = call.taken.plus(day.saturating_mul(part.days));
        part.kind == KIND && ends <= now && !(part.without_referral && has_cases)
    });
    parts.flat_map(|part| part.fields).copied().collect()
}

/// Takes out of all calls what has been kept long enough; gives their number. No older version of what goes opens again.
pub(super) async fn shorten(engine: &Engine, now: Timestamp) -> Result<usize, EngineError> {
    let mut shortened = 0;
    let roots: BTreeSet<PacketId> =
        records::all_threads(&engine.vault)?.into_iter().map(|thread| thread.root).collect();
    for mut call in calls::all(&engine.vault)? {
        let (mut fields, over) = (call.fields(), over(&call, now, |root| roots.contains(root)));
        let before = fields.len();
        fields.retain(|name, _| !over.contains(&name.as_str()));
        if fields.len() == before {
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
    use super::*;

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
        assert!(over(&call, Timestamp(30 * day - 1), none).is_empty());
        assert_eq!(over(&call, Timestamp(30 * day), none), ["caller_number"]);
        assert!(over(&call, Timestamp(90 * day), none).contains(&"persons"));
        call.led_to(PacketId([2; 32]), Timestamp(day));
        let is_there = |_: &PacketId| true;
        assert_eq!(over(&call, Timestamp(900 * day), is_there), ["caller_number"], "it belongs to a case");
        assert!(over(&call, Timestamp(900 * day), none).contains(&"persons"), "the case is gone");
    }
}
