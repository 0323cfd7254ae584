use causeway_common::ids::{OrgId, PacketId};
use proptest::prelude::*;
use serde_json::json;

use super::schema::wrong;
use super::*;
use crate::formats::testing::{NOW, case, exported, sample};
use crate::model::Event;
use crate::referral::update::Update;

const SAMPLE: &[u8] = include_bytes!("../../../../tests/vectors/formats/cap_border_alert.xml");

#[test]
fn the_sample_is_valid_and_with_z_it_is_wrong_in_four_places() {
    assert_eq!(wrong(SAMPLE), Vec::<String>::new());
    let with_z = String::from_utf8(SAMPLE.to_vec()).unwrap().replace("+03:00", "Z");
    let found = wrong(with_z.as_bytes());
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn the_sample_becomes_a_draft_and_a_lying_one_does_not() {
    let rows = rows(SAMPLE).unwrap();
    let draft = rows[0].document.as_ref().unwrap();
    assert_eq!(draft.fields["mode"], "exercise");
    assert_eq!(draft.fields["where"]["border_point"]["bp_id"], "BP-0007");
    assert_eq!(draft.fields["when"]["eta"], "2026-09-20T09:05:00+03:00");
    assert_eq!(draft.fields["callback"], "+74951234567");
    assert_eq!(draft.fields["where"]["geo"]["radius_m"], 5000);
    let text = String::from_utf8(SAMPLE.to_vec()).unwrap();
    for (from, to, path) in [
        ("<sent>2026-09-20T08:15:00+03:00", "<sent>2026-09-20T08:15:00Z", "sent"),
        ("<status>Exercise", "<status>Perhaps", "status"),
        ("<msgType>Alert", "<msgType>Ack", "msgType"),
        ("<sender>ngo.tvac@", "<sender>ngo tvac@", "sender"),
    ] {
        let row = &super::rows(text.replace(from, to).as_bytes()).unwrap()[0];
        assert!(row.document.is_none() && row.findings[0].path == path, "{path}: {:?}", row.findings);
    }
    assert_eq!(super::rows(b"<alert/>").unwrap_err().code(), "formats-not-cap");
}

#[test]
fn an_export_is_valid_names_nobody_and_comes_back() {
    let case = case("BIA", sample("BIA"));
    let bytes = export(&exported(&case)).unwrap();
    assert_eq!(wrong(&bytes), Vec::<String>::new());
    let text = String::from_utf8(bytes.clone()).unwrap();
    for secret in
        ["Munteanu", "Мунтяну", "Кристина", "Виталий", "ласточка", "Alina", "both passports", "red coat"]
    {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(text.contains("<language>ru</language>") && text.contains("<scope>Private</scope>"));
    assert!(text.contains("-00:00</sent>") && !text.contains("Z</"));
    let draft = rows(&bytes).unwrap().remove(0).document.unwrap();
    for path in [
        "alert_type",
        "request",
        "callback",
        "urgency",
        "severity",
        "certainty",
        "priority",
        "children_count",
    ] {
        assert_eq!(draft.fields.get(path), case.document.get(path), "{path}");
    }
    assert_eq!(draft.fields["where"]["border_point"]["bp_id"], "BP-0017");
    assert_eq!(draft.fields["when"]["window_min"], 30);
}

#[test]
fn an_exercise_says_so_and_an_update_names_the_alert() {
    let mut document = sample("BIA");
    document.insert("mode".into(), json!("exercise"));
    let mut case = case("BIA", document);
    case.thread.work = "in_progress".into();
    let event = Event {
        at: NOW,
        by: OrgId([2; 32]),
        what: "accept".into(),
        state: "accepted".into(),
        text: String::new(),
        packet: PacketId([9; 32]),
        after: PacketId([7; 32]),
        conflict: false,
        author: String::new(),
        taken_back: false,
    };
    let update = json!({"kind": "CUP", "schema": "relay/CUP/1.0", "event": "accept", "state_before": "seen", "state_after": "accepted"});
    case.steps.push((event, serde_json::from_value::<Update>(update).ok()));
    let bytes = export(&exported(&case)).unwrap();
    assert_eq!(wrong(&bytes), Vec::<String>::new());
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("<status>Exercise</status>") && text.contains("<msgType>Update</msgType>"));
    assert!(text.contains(&format!(",{},", PacketId([7; 32]))));
    assert!(export(&exported(&super::super::testing::case("MPR", sample("MPR")))).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_an_alert_says_its_file_is_valid_and_gives_back_what_cap_can_hold(
        (urgency, severity, certainty) in (
            prop::sample::select(&["Immediate", "Expected", "Future", "Past", "Unknown"][..]),
            prop::sample::select(&["Extreme", "Severe", "Moderate", "Minor", "Unknown"][..]),
            prop::sample::select(&["Observed", "Likely", "Possible", "Unlikely", "Unknown"][..]),
        ),
        (place, minutes, children) in ("[^\\s\\p{C}]{1,8}( [^\\s\\p{C}<&]{1,8}){0,3}", 0_u32..1440, 0_u32..9),
        (lat, lon, radius) in (-90.0..90.0, -180.0..180.0, 0_u32..50_000),
        request in prop::collection::btree_set(prop::sample::select(&["refer_to_ngo", "hold_minor", "inform_only"][..]), 1..3),
        callback in "\\+[1-9][0-9]{6,13}",
    ) {
        let mut document = sample("BIA");
        let whole = json!({
            "urgency": urgency, "severity": severity, "certainty": certainty, "callback": callback,
            "children_count": children, "request": request,
            "where": { "place": place, "geo": { "lat": lat, "lon": lon, "radius_m": radius } },
            "when": { "eta": "2026-09-20T09:05:00+03:00", "window_min": minutes },
        });
        document.extend(whole.as_object().unwrap().clone());
        let case = case("BIA", document);
        let bytes = export(&exported(&case)).unwrap();
        prop_assert_eq!(wrong(&bytes), Vec::<String>::new());
        let draft = rows(&bytes).unwrap().remove(0).document.unwrap();
        for field in ["urgency", "severity", "certainty", "callback", "children_count", "request", "where", "when"] {
            prop_assert_eq!(draft.fields.get(field), whole.get(field), "{}", field);
        }
    }
}
