//! Tests that walk the tables: a new kind is tested when it is entered, if it has a sample.

use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::problem::{RULE, VALUE};
use super::spec::{Field, Need, Type};
use super::*;

mod contents;
mod demands;
mod labels;
mod schemas;

/// 2026-11-24T10:00:00Z, a Tuesday.
const NOW: Timestamp = Timestamp(1_795_514_400_000);

const SAMPLES: &[(&str, &str)] = &[
    ("MPR", include_str!("../../../docs/samples/missing-person.json")),
    ("BIA", include_str!("../../../docs/samples/border-alert.json")),
    ("VHO", include_str!("../../../docs/samples/victim-handoff.json")),
    ("IDQ", include_str!("../../../docs/samples/identity-check.json")),
    ("HIC", include_str!("../../../docs/samples/hotline-record.json")),
    ("SCP", include_str!("../../../docs/samples/capacity.json")),
    ("SPR", include_str!("../../../docs/samples/placement.json")),
    ("EVH", include_str!("../../../docs/samples/evidence.json")),
    ("ODH", include_str!("../../../docs/samples/duty-hours.json")),
];
const STEPS: &[(&str, &str)] = &[
    ("IDR", include_str!("../../../docs/samples/identity-answer.json")),
    ("SPA", include_str!("../../../docs/samples/placement-answer.json")),
    ("CUP", include_str!("../../../docs/samples/case-update.json")),
];

fn context() -> SendContext {
    SendContext {
        now: NOW,
        author: "0a1b2c3d".into(),
        organisation: "Hotline Moldova".into(),
        country: "MD".into(),
        exercise: false,
        priority: None,
        case_ref: "MD-2026-00a1b2".into(),
        packet_id: "ab".repeat(32),
    }
}

fn sample(code: &str) -> Document {
    let (_, text) = SAMPLES.iter().find(|(c, _)| *c == code).unwrap();
    Document::parse(Kind::from_code(code).unwrap(), text.as_bytes()).unwrap()
}

fn ready(code: &str) -> Document {
    let mut document = sample(code);
    document.complete(&context());
    document
}

/// What a step carries, filled in.
fn step(kind: Kind) -> Map<String, Value> {
    let (_, text) = STEPS.iter().find(|(code, _)| *code == kind.code()).unwrap();
    let mut fields = serde_json::from_str(text).unwrap();
    kind.complete_step(&mut fields, NOW);
    fields
}

fn paths(problems: &[Problem]) -> Vec<&str> {
    problems.iter().map(|p| p.path.as_str()).collect()
}

fn with_object(document: &Document, act: impl FnOnce(&mut Value)) -> Document {
    let mut whole = Value::Object(document.fields.clone());
    act(&mut whole);
    Document { kind: document.kind, fields: whole.as_object().unwrap().clone() }
}

#[test]
fn every_kind_has_a_valid_sample() {
    for kind in Kind::all() {
        let document = ready(kind.code());
        assert_eq!(document.validate(Level::Send, NOW), [], "{kind}");
        assert_eq!(document.validate(Level::Draft, NOW), [], "{kind}");
        assert_eq!(document.fields["kind"], kind.code());
        assert_eq!(kind.name().parse(), Ok(kind));
        assert_eq!(kind.code().parse(), Ok(kind));
    }
    assert!("MPR ".parse::<Kind>().unwrap_err().to_string().contains("missing-person"));
    for kind in Kind::steps() {
        assert_eq!(kind.validate_step(&step(kind), Level::Send, NOW), [], "{kind}");
        assert_eq!(Kind::of_step(kind.name()), Some(kind));
    }
}

/// A sample that is good for a year is a trap for whoever begins with it.
#[test]
fn samples_do_not_grow_old() {
    let now = NOW.plus(std::time::Duration::from_secs(5 * 365 * 24 * 60 * 60));
    for kind in Kind::all() {
        let mut document = sample(kind.code());
        assert_eq!(document.validate(Level::Draft, now), [], "{kind}");
        document.complete(&SendContext { now, ..context() });
        assert_eq!(document.validate(Level::Send, now), [], "{kind}");
        let text = Value::Object(document.fields).to_string();
        assert!(!text.contains("until\":\"P"), "{kind}: days from now have become days of the calendar");
        assert!(!text.contains("valid_until\":\"2027"), "{kind}: a consent that ends whoever sends it");
    }
}

#[test]
fn a_birth_lies_within_a_life_and_agrees_with_what_is_said() {
    let found = |level, fields: &[(&str, &str)]| {
        let mut document = ready("MPR");
        fields.iter().for_each(|(path, value)| document.set(path, value).unwrap());
        document.validate(level, NOW).into_iter().map(|p| (p.path, p.code)).collect::<Vec<_>>()
    };
    for dob in ["2099-01-01", "9999", "0001", "1899-12", "2026-12"] {
        for level in [Level::Draft, Level::Send] {
            let found = found(level, &[("person.dob", dob)]);
            assert!(found.contains(&("person.dob".to_owned(), VALUE)), "{dob} {level:?}: {found:?}");
        }
    }
    for dob in ["2026-11-24", "2026", "1907-04", "2005-04-17"] {
        assert!(found(Level::Draft, &[("person.dob", dob)]).is_empty(), "{dob}");
    }
    let grown_up = [("person.dob", "2012-05-01"), ("person.minor", "no")];
    assert!(found(Level::Send, &grown_up).contains(&("person.minor".to_owned(), RULE)));
    assert!(!found(Level::Draft, &grown_up).iter().any(|(path, _)| path == "person.minor"));
}

#[test]
fn journeys_and_custody_keep_to_the_calendar() {
    let paths = |kind: &str, change: &dyn Fn(&mut Value)| {
        let document = with_object(&ready(kind), |value| change(value));
        document.validate(Level::Send, NOW).into_iter().map(|p| p.path).collect::<Vec<_>>()
    };
    let at = |kind: &str, path: &str, change: &dyn Fn(&mut Value)| {
        let found = paths(kind, change);
        assert_eq!(found, [path], "{kind}");
    };
    at("BIA", "when.eta", &|v| v["when"]["eta"] = "1999-01-01T00:00:00Z".into());
    assert!(
        paths("BIA", &|v| v["when"]["eta"] = "2026-11-23T14:00:00Z".into()).is_empty(),
        "late, not wrong"
    );
    at("VHO", "itinerary[0].arr", &|v| {
        v["itinerary"] = json!([v["itinerary"][0].clone()]);
        v["itinerary"][0]["arr"] = "2001-01-01T00:00:00Z".into();
    });
    assert!(
        paths("VHO", &|v| {
            let last = v["itinerary"][0].clone();
            v["itinerary"] = json!([last.clone(), last]);
            v["itinerary"][0]["arr"] = "2026-11-20T00:00:00Z".into();
        })
        .is_empty(),
        "a leg that is done"
    );
    at("EVH", "items[1].item_no", &|v| v["items"][1]["item_no"] = v["items"][0]["item_no"].clone());
    at("EVH", "items[0].custody[0].at", &|v| {
        v["items"][0]["custody"][0]["at"] = "2027-01-01T00:00:00Z".into()
    });
    at("EVH", "items[0].custody[1].at", &|v| {
        let mut next = v["items"][0]["custody"][0].clone();
        next["at"] = "2026-11-17T00:00:00Z".into();
        v["items"][0]["custody"].as_array_mut().unwrap().push(next);
    });
}

#[test]
fn samples_travel_in_sections_and_come_back_whole() {
    for kind in Kind::all() {
        let document = ready(kind.code());
        let sections = document.clone().into_sections();
        assert_eq!(sections[0].code, sections::HDR);
        let spread = if kind.expects_answer() { 5 } else { 1 };
        assert!(sections.len() >= spread, "{kind} is spread over its sections");
        assert!(sections.iter().skip(1).all(|s| !s.json.is_empty()));
        let mut whole = merge(sections);
        assert_eq!(whole.remove("sections").unwrap()[0], json!({"code": "HDR", "level": 2}));
        assert_eq!(whole, document.fields);
    }
}

#[test]
fn sensitive_parts_leave_the_sections_that_everybody_reads() {
    let sections = ready("MPR").into_sections();
    let text = |code| {
        let section = sections.iter().find(|s| s.code == code).unwrap();
        Value::Object(section.json.clone()).to_string()
    };
    assert!(text(sections::PHO).contains("swallow") && !text(sections::IDN).contains("swallow"));
    assert!(text(sections::CON).contains("+79110000021") && !text(sections::IDN).contains("+7911"));
    assert!(text(sections::FAM).contains("Лебедева") && !text(sections::IDN).contains("Лебедева"));
    assert!(!text(sections::HDR).contains("Щербацкая"));
    let alert = with_object(&ready("BIA"), |v| v["persons"][1]["photo"] = json!([{"name": "p.jpg"}]));
    let sections = alert.clone().into_sections();
    let photos = sections.iter().find(|s| s.code == sections::PHO).unwrap();
    assert_eq!(photos.json["persons"][1], json!({"photo": [{"name": "p.jpg"}]}));
    let mut whole = merge(sections.into_iter().rev());
    whole.remove("sections");
    assert_eq!(whole, alert.fields, "in whatever order they come");
}

/// Every mandatory path of a document: those of the tables whose groups the document has.
fn mandatory<'a>(
    fields: impl Iterator<Item = &'a Field>,
    map: &Map<String, Value>,
    at: &str,
    out: &mut Vec<(String, Need)>,
) {
    for field in fields {
        let Some(value) = map.get(field.name) else { continue };
        let path = if at.is_empty() { field.name.to_owned() } else { format!("{at}.{}", field.name) };
        if field.need != Need::Optional {
            out.push((path.clone(), field.need));
        }
        inner(&field.holds, value, &path, out);
    }
}

fn mandatory_paths(document: &Document) -> Vec<(String, Need)> {
    let mut all = Vec::new();
    mandatory(kinds::fields(document.kind.spec()), &document.fields, "", &mut all);
    all
}

fn inner(holds: &Type, value: &Value, path: &str, out: &mut Vec<(String, Need)>) {
    match (holds, value) {
        (Type::Group(fields) | Type::GroupOrText(fields), Value::Object(map)) => {
            mandatory(fields.iter(), map, path, out)
        }
        (Type::List(each, ..), Value::Array(list)) => {
            for (n, value) in list.iter().enumerate() {
                inner(each, value, &format!("{path}[{n}]"), out);
            }
        }
        _ => {}
    }
}

fn remove(whole: &mut Value, path: &str) {
    let pointer = format!("/{}", path.replace('[', ".").replace(']', "").replace('.', "/"));
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = if parent.is_empty() { whole } else { whole.pointer_mut(parent).unwrap() };
    parent.as_object_mut().unwrap().remove(name).unwrap();
}

#[test]
fn each_missing_mandatory_field_is_one_problem_at_its_path() {
    let mut tried = 0;
    for kind in Kind::all() {
        let document = ready(kind.code());
        for (path, need) in mandatory_paths(&document) {
            let without = with_object(&document, |whole| remove(whole, &path));
            let found = without.validate(Level::Send, NOW);
            assert_eq!(paths(&found), [path.as_str()], "{kind}");
            assert_eq!(found[0].code, problem::MISSING);
            assert!(!found[0].hint(Lang::En).is_empty());
            let draft = without.validate(Level::Draft, NOW);
            assert_eq!(draft.len(), usize::from(need == Need::Draft), "{kind} {path}");
            tried += 1;
        }
        let top = kinds::fields(kind.spec()).filter(|f| f.need != Need::Optional);
        top.for_each(|f| {
            assert!(document.fields.contains_key(f.name), "the sample of {kind} lacks {}", f.name)
        });
    }
    assert!(tried > 250, "only {tried} fields were tried");
}

#[test]
fn fields_of_the_wrong_type_are_one_problem_at_their_path() {
    for kind in Kind::all() {
        let document = ready(kind.code());
        for field in kinds::fields(kind.spec()) {
            for wrong in [json!([[1.5]]), json!(1e300), json!([{}, 7])] {
                let broken = with_object(&document, |whole| whole[field.name] = wrong.clone());
                let found = broken.validate(Level::Draft, NOW);
                assert!(!found.is_empty(), "{kind} {} = {wrong}", field.name);
                assert!(found.iter().all(|p| p.path.starts_with(field.name)), "{kind} {found:?}");
            }
        }
    }
}

#[test]
fn eight_fields_make_a_border_alert() {
    let mut alert = Document::empty(Kind::from_code("BIA").unwrap());
    for (path, value) in [
        ("alert_type", "outgoing_victim"),
        ("where", "Palanca, coach lane"),
        ("when.eta", "PT40M"),
        ("persons[0].names[0].full", "Кристина"),
        ("request", "separate_and_interview,refer_to_ngo"),
        ("approach_note", "speak to her alone"),
        ("subject_wants_help", "yes"),
        ("callback", "+37322000100"),
    ] {
        alert.set(path, value).unwrap();
    }
    alert.complete(&context());
    assert_eq!(alert.validate(Level::Send, NOW), []);
    assert_eq!(alert.priority(), Priority::P0);
    assert_eq!(alert.fields["when"]["eta"], "2026-11-24T10:40:00Z");
    assert_eq!(alert.fields["respond_by"], "2026-11-24T10:15:00Z");
    assert_eq!(alert.fields["valid_until"], "2026-11-25T10:00:00Z");
    assert_eq!(alert.fields["children_count"], json!({"nil": "unknown"}));
    assert_eq!(alert.fields["duty_contact"], json!({"phone": "+37322000100"}));
    assert_eq!(alert.fields["persons"][0]["names"][0]["script"], "Cyrl");
    assert_eq!(alert.fields["callback"], "+37322000100", "a text that looks like a number stays a text");
    let sections = alert.into_sections();
    let risk = sections.iter().find(|s| s.code == sections::RSK).unwrap();
    assert_eq!(risk.json["approach_note"], "speak to her alone");
}

#[test]
fn priorities_follow_from_kind_and_content() {
    assert_eq!(ready("BIA").priority(), Priority::P0);
    assert_eq!(ready("MPR").priority(), Priority::P1);
    assert_eq!(ready("VHO").priority(), Priority::P1);
    assert_eq!(ready("IDQ").priority(), Priority::P2);
    let priority = |code, path, value: &str| {
        let mut document = sample(code);
        document.set(path, value).unwrap();
        document.complete(&context());
        document.priority()
    };
    assert_eq!(priority("MPR", "danger", "none"), Priority::P2);
    assert_eq!(priority("VHO", "itinerary[0].dep", "PT20H"), Priority::P0);
    assert_eq!(priority("IDQ", "needed_by.at", "PT70H"), Priority::P1);
    assert_eq!(priority("IDQ", "needed_by.at", "PT11H"), Priority::P0);
    assert_eq!(priority("IDQ", "priority", "P3"), Priority::P3);
    let mut child = sample("MPR");
    child.set("danger", "none").unwrap();
    child.set("person.dob", "2011").unwrap();
    child.complete(&context());
    assert_eq!((child.priority(), child.fields["person"]["minor"].as_str()), (Priority::P1, Some("yes")));
    let mut chosen = sample("IDQ");
    chosen.complete(&SendContext { priority: Some(Priority::P0), exercise: true, ..context() });
    assert_eq!((chosen.priority(), chosen.fields["mode"].as_str()), (Priority::P0, Some("exercise")));
}

#[test]
fn whoever_may_be_a_child_counts_as_one() {
    let minor = |field: &str, value: Value| {
        let document = with_object(&sample("VHO"), |v| {
            remove(v, "person.dob");
            v["person"][field] = value;
        });
        let mut document = document;
        document.complete(&context());
        let found = document.validate(Level::Send, NOW);
        (document.fields["person"]["minor"].as_str().unwrap().to_owned(), paths(&found).join(","))
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(minor("dob", json!("2008-11-24")), pair("no", ""));
    assert_eq!(minor("dob", json!("2008-11-25")), pair("yes", "minor_block"));
    assert_eq!(minor("dob", json!("2008")), pair("presumed", "minor_block"));
    assert_eq!(minor("age", json!({"min": 16, "max": 20})), pair("presumed", "minor_block"));
    assert_eq!(minor("dob", json!({"nil": "unknown"})), pair("presumed", "minor_block"));
}

#[test]
fn what_must_not_be_sent_is_refused() {
    let refused = |code, path: &str, value: &str| {
        let mut document = sample(code);
        document.set(path, value).unwrap();
        document.complete(&context());
        document
            .validate(Level::Send, NOW)
            .iter()
            .map(|p| format!("{} {}", p.path, p.code))
            .collect::<Vec<_>>()
    };
    assert_eq!(refused("IDQ", "asylum_check.is_applicant", "yes"), ["asylum_check.is_applicant F-109"]);
    assert_eq!(refused("IDQ", "asylum_check.is_applicant", "unknown"), ["asylum_check.is_applicant F-109"]);
    assert_eq!(refused("IDQ", "asylum_check.asked", "no"), ["asylum_check.asked F-109"]);
    assert_eq!(refused("IDQ", "consent.scope[0].role", "NGO"), ["consent.scope F-109"]);
    assert_eq!(refused("IDQ", "needed_by.at", "2020-01-01T00:00:00Z"), ["needed_by.at F-108"]);
    assert_eq!(refused("IDQ", "documents[0].mrz", "[\"P<UTO\"]"), ["mrz_typed_twice F-104"]);
    assert_eq!(refused("BIA", "valid_until", "PT25H"), ["valid_until F-108"]);
    assert_eq!(refused("BIA", "persons[0].age.min", "50"), ["persons[0].age F-108"]);
    assert_eq!(refused("BIA", "persons[0]", "{\"role\":\"victim\"}"), ["persons[0] F-104"]);
    assert_eq!(refused("MPR", "search_until", "2026-11-23"), ["search_until F-108"]);
    assert_eq!(
        refused("VHO", "voluntary.informed_of_options", "false"),
        ["voluntary.informed_of_options F-109"]
    );
    assert_eq!(refused("MPR", "danger", "very"), ["danger F-107"]);
    assert_eq!(refused("MPR", "priority", "urgent"), ["priority F-107"]);
}

#[test]
fn an_unidentified_person_has_no_name() {
    let unnamed = |kind: &str| {
        let mut document = with_object(&sample("MPR"), |v| {
            v["report_type"] = kind.into();
            ["person.names", "person.dob", "person.nationalities"].iter().for_each(|p| remove(v, p));
        });
        document.complete(&context());
        let found = document.validate(Level::Send, NOW);
        paths(&found).join(",")
    };
    assert_eq!(unnamed("missing"), "person.minor,person.names,person.nationalities,person");
    assert_eq!(unnamed("unidentified_living"), "person.minor");
}

#[test]
fn unknown_fields_and_codes_are_kept() {
    let mut document = sample("MPR");
    for (path, text) in
        [("newer.field", "[1,{\"a\":2}]"), ("person.star_sign", "Aries"), ("last_contact.weather", "rain")]
    {
        // Typed it is a slip of the pen; in a file it comes from a newer version.
        assert_eq!(document.set(path, text).unwrap_err().code, problem::PATH);
        document.set_from_file(path, text).unwrap();
    }
    // A code that this version does not know is a code all the same.
    document.set("person.physical.build", "wiry").unwrap();
    document.complete(&context());
    assert_eq!(document.validate(Level::Send, NOW), []);
    let sections = document.clone().into_sections();
    let section = |code| &sections.iter().find(|s| s.code == code).unwrap().json;
    assert_eq!(section(sections::UNKNOWN_FIELDS)["newer"]["field"][1]["a"], 2);
    assert_eq!(section(sections::IDN)["person"]["star_sign"], "Aries");
    assert_eq!(section(sections::PHO)["person"]["physical"]["build"], "wiry");
    assert_eq!(section(sections::FAM)["last_contact"]["weather"], "rain");
}

#[test]
fn what_cannot_be_read_says_where_and_why() {
    let kind = Kind::from_code("MPR").unwrap();
    let wrong = |bytes: &[u8]| Document::parse(kind, bytes).unwrap_err().remove(0);
    let broken = wrong(b"{\n\"danger\": none}");
    assert_eq!((broken.path.as_str(), broken.code), ("line 2 column 12", problem::NOT_JSON));
    assert_eq!(wrong(br#"{"kind":"BIA"}"#).code, problem::KIND);
    assert_eq!(wrong(br#"{"attachments":[]}"#).path, "attachments");
    assert_eq!(wrong(&vec![b' '; DOCUMENT_BYTES_MAX + 1]).code, problem::LIMIT);
    let mut document = Document::empty(kind);
    assert_eq!(document.set("kind", "BIA").unwrap_err().code, problem::KIND);
    assert_eq!(document.set("person.names[3].full", "x").unwrap_err().path, "person.names[3].full");
    assert!(document.set("person.sex", "female").unwrap_err().hint(Lang::En).contains("2 female"));
    assert_eq!(document, Document::empty(kind), "what is refused changes nothing");
}

#[test]
fn answers_need_a_result_and_what_it_rests_on() {
    let found = |answer: Value| {
        let problems = validate_answer(answer.as_object().unwrap());
        paths(&problems).join(",")
    };
    assert_eq!(found(json!({})), "result,next_action");
    assert_eq!(found(json!({"result": "maybe", "next_action": {"code": "none"}})), "result");
    assert_eq!(found(json!({"result": "confirmed", "next_action": {"code": "none"}})), "basis,confirmed");
    let not_ours = json!({"result": "not_our_national", "basis": [], "next_action": {"code": "none"}});
    assert_eq!(found(not_ours), "basis");
    let confirmed = json!({"nationality": "RU"});
    assert_eq!(
        found(json!({"result": "confirmed", "basis": ["register_match"], "confirmed": confirmed, "newer": 1,
                "next_action": {"code": "none"}})),
        ""
    );
    assert_eq!(found(json!({"result": "cannot_check"})), "next_action");
    assert_eq!(found(json!({"result": "refused"})), "next_action");
    assert_eq!(found(json!({"result": "refused", "next_action": {"code": "none"}})), "");
    assert_eq!(found(json!({"result": "refused", "next_action": {"code": "interview"}})), "next_action.date");
    assert_eq!(found(json!({"result": "refused", "next_action": {"code": "wait", "date": "2026-12"}})), "");
}

fn any_json() -> impl Strategy<Value = Value> {
    let names = prop_oneof![
        "[a-z_]{0,6}",
        prop::sample::select(vec![
            "nil", "text", "lang", "names", "dob", "age", "min", "max", "code", "number", "photo", "at"
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // As many digits as coordinates have; more than 15 are rounded when they are read.
        any::<i32>().prop_map(|n| Value::from(f64::from(n) / 100_000.0)),
        ".{0,24}".prop_map(Value::from),
        "[0-9XPTZ:/?~.+-]{0,24}".prop_map(Value::from),
        prop::sample::select(vec!["yes", "PT1H", "P1D", "2001", "2026-11-24T10:00:00Z", "unknown", "P0"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..5)
                .prop_map(|v| Value::Object(v.into_iter().collect())),
        ]
    })
}

/// Documents whose fields have the right names and anything in them.
fn any_fields() -> impl Strategy<Value = (Kind, Map<String, Value>)> {
    let kind = prop::sample::select(Kind::all().collect::<Vec<_>>());
    (kind, prop::collection::vec((any::<prop::sample::Index>(), any_json()), 0..12), any_json()).prop_map(
        |(kind, chosen, unknown)| {
            let fields: Vec<&Field> = kinds::fields(kind.spec()).collect();
            let mut map: Map<String, Value> =
                chosen.into_iter().map(|(at, value)| (at.get(&fields).name.to_owned(), value)).collect();
            map.insert("unknown_to_us".into(), unknown);
            (kind, map)
        },
    )
}

proptest! {
    #[test]
    fn no_input_panics_and_nothing_is_lost((kind, fields) in any_fields(), now in any::<u64>()) {
        let mut document = Document { kind, fields };
        let now = Timestamp(now);
        document.validate(Level::Draft, now);
        document.validate(Level::Send, now);
        let before = merge(document.clone().into_sections());
        prop_assert!(document.fields.iter().all(|(name, value)| before.get(name) == Some(value)));
        document.complete(&SendContext { now, ..context() });
        document.validate(Level::Send, now);
        prop_assert!(document.fields.contains_key("unknown_to_us"));
        let (fields, mut whole) = (document.fields.clone(), merge(document.into_sections()));
        whole.remove("sections");
        prop_assert_eq!(whole, fields);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for kind in Kind::all() {
            let _ = Document::parse(kind, &bytes);
        }
    }

    #[test]
    fn any_json_text_is_read_as_it_stands(value in any_json()) {
        let kind = Kind::from_code("MPR").unwrap();
        let text = json!({ "unknown_to_us": value }).to_string();
        if let Ok(document) = Document::parse(kind, text.as_bytes()) {
            prop_assert_eq!(Value::Object(document.fields).to_string(), text);
        }
    }

    #[test]
    fn any_assignment_is_taken_or_refused(path in "[a-z_.\\[\\]0-9]{0,30}", text in ".{0,40}", at in any::<prop::sample::Index>()) {
        for kind in Kind::all() {
            let mut document = Document::empty(kind);
            let _ = document.set(&path, &text);
            let fields: Vec<&Field> = kinds::fields(kind.spec()).collect();
            let name = at.get(&fields).name;
            let _ = document.set(name, &text);
            let _ = document.set(&format!("{name}[0].names[0].full"), &text);
            let _ = document.set(&format!("{name}.{path}"), &text);
            document.complete(&context());
            document.validate(Level::Send, NOW);
            document.into_sections();
        }
    }

    #[test]
    fn any_answer_is_checked(answer in prop::collection::vec((any::<prop::sample::Index>(), any_json()), 0..6)) {
        for kind in Kind::steps() {
            let fields: Vec<&Field> = kinds::fields(kind.spec()).collect();
            let named = |(at, value): &(prop::sample::Index, Value)| (at.get(&fields).name.to_owned(), value.clone());
            let mut map = answer.iter().map(named).collect();
            kind.validate_step(&map, Level::Send, NOW);
            kind.complete_step(&mut map, NOW);
            kind.validate_step(&map, Level::Draft, NOW);
        }
    }

    #[test]
    fn sections_of_strangers_merge(parts in prop::collection::vec(any_json(), 0..5)) {
        let section = |value: Value| Section {
            code: sections::IDN,
            json: value.as_object().cloned().unwrap_or_default(),
        };
        merge(parts.into_iter().map(section));
    }
}
