//! For whatever consents, withholdings, agreements and overrides there are: what is refused is nowhere in the copy, and
//! the hard rules hold.

use causeway_common::time::Timestamp;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::sections::*;
use super::super::{Document, Kind, Section, SendContext, merge};
use super::*;

mod people;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const SAMPLES: [(&str, &str); 4] = [
    ("MPR", include_str!("../../../../docs/samples/missing-person.json")),
    ("BIA", include_str!("../../../../docs/samples/border-alert.json")),
    ("VHO", include_str!("../../../../docs/samples/victim-handoff.json")),
    ("IDQ", include_str!("../../../../docs/samples/identity-check.json")),
];
const ORGANISATIONS: [&str; 8] =
    ["hotline", "ngo", "shelter", "police", "embassy", "prosecutor", "clinic", "relay"];

fn sample(kind: &str) -> Document {
    let text = SAMPLES.iter().find(|(k, _)| *k == kind).unwrap().1;
    let mut document = Document::parse(Kind::from_code(kind).unwrap(), text.as_bytes()).unwrap();
    complete(&mut document);
    document
}

fn complete(document: &mut Document) {
    document.complete(&SendContext {
        now: NOW,
        author: "1".into(),
        organisation: "Hotline".into(),
        country: "MD".into(),
        exercise: false,
        priority: None,
        case_ref: "MD-2027-000001".into(),
        packet_id: "0".repeat(64),
    });
}

fn recipient(kind: &str) -> Recipient {
    let org = "ab".repeat(32);
    Recipient { org, name: format!("The {kind}"), kind: kind.into(), country: "RU".into() }
}

fn ask<'a>(document: &'a Document, recipient: &'a Recipient) -> Question<'a> {
    static NOTHING: Protection = Protection { feared: Vec::new(), seeks: false };
    let (agreements, withdrawn, origins, files) = (&[][..], &[][..], &[][..], &[][..]);
    let protection = &NOTHING;
    Question {
        document,
        recipient,
        agreements,
        overridden: None,
        withdrawn,
        protection,
        origins,
        files,
        now: NOW,
    }
}

fn copied(question: &Question<'_>) -> (Vec<Decision>, Vec<Section>) {
    let decisions = decide(question);
    let role = Role::of(&question.recipient.kind, question.document.kind.code()).unwrap_or(Role::Rly);
    let copy = copy_for(question.document, role, &decisions, question.now);
    (decisions, copy)
}

fn of(decisions: &[Decision], section: SectionCode) -> &Decision {
    decisions.iter().find(|d| d.section == section).unwrap()
}

fn says(copy: &[Section], word: &str) -> bool {
    copy.iter().any(|section| Value::Object(section.json.clone()).to_string().contains(word))
}

fn overriding(reason: Reason) -> Override {
    let hours = std::time::Duration::from_secs(48 * 60 * 60);
    Override {
        reason,
        text: "She stands on the roof.".into(),
        decided_by: "7".into(),
        second_person: "8".into(),
        at: NOW,
        review_by: NOW.plus(hours),
    }
}

#[test]
fn the_eight_fields_of_an_alert_reach_a_border_desk_without_consent() {
    let mut document = sample("BIA");
    let police = recipient("police");
    let (decisions, copy) = copied(&ask(&document, &police));
    assert_eq!(lost(&document, &copy), [""; 0]);
    assert_eq!(of(&decisions, IDN).rule, Rule::Vital);
    assert_eq!(of(&decisions, EXP).verdict, Verdict::Minimised);
    document.fields.insert("priority".into(), "P1".into());
    let (decisions, _) = copied(&ask(&document, &police));
    assert_eq!(of(&decisions, IDN).verdict, Verdict::Refused, "with an hour's time two people decide");
}

#[test]
fn every_sample_reaches_whom_it_is_for() {
    for (kind, to) in [("MPR", "police"), ("MPR", "ngo"), ("VHO", "police"), ("IDQ", "embassy")] {
        let document = sample(kind);
        let (_, copy) = copied(&ask(&document, &recipient(to)));
        assert_eq!(lost(&document, &copy), [""; 0], "{kind} to {to}");
    }
}

#[test]
fn medical_facts_go_to_no_police_outside_an_evidence_handover() {
    let document = sample("MPR");
    let (decisions, copy) = copied(&ask(&document, &recipient("police")));
    assert_eq!(of(&decisions, MED).why, "access-only-evidence");
    assert!(!says(&copy, "Asthma"), "{copy:?}");
}

#[test]
fn a_shelters_copy_has_no_legal_name() {
    let mut document = sample("VHO");
    document.fields["consent"]["scope"][0]["role"] = "SHL".into();
    document.fields.insert("suspects".into(), json!([{ "vehicle": { "plate": "TST" } }]));
    let (decisions, copy) = copied(&ask(&document, &recipient("shelter")));
    assert_eq!(of(&decisions, IDN).verdict, Verdict::Minimised);
    for legal in ["Rusnac", "RUSNAC", "Руснак", "2001-11-30", "AT0000456"] {
        assert!(!says(&copy, legal), "{legal}");
    }
    let person = &merge(copy)["person"];
    assert_eq!(person["names"], json!([{ "type": "nickname", "given": "Татьяна" }]));
    assert_eq!(person["age"], json!({ "min": 24, "max": 26 }));
    assert!(person["languages"].is_array() && person["sex"] == 2);
}

#[test]
fn the_caller_is_named_to_police_with_her_own_consent_only() {
    let mut document = sample("MPR");
    let police = recipient("police");
    assert!(says(&copied(&ask(&document, &police)).1, "+79110000022"));
    document.fields["consent"].as_object_mut().unwrap().remove("caller_agrees");
    let over = overriding(Reason::CourtOrder);
    let question = Question { overridden: Some(&over), ..ask(&document, &police) };
    let (decisions, copy) = copied(&question);
    assert_eq!(of(&decisions, FAM).rule, Rule::HardInformant);
    assert!(!says(&copy, "+79110000022") && says(&copy, "last_contact"));
}

#[test]
fn a_consent_counts_for_whom_for_what_and_how_long_it_says() {
    let police = recipient("police");
    let sees = |change: &dyn Fn(&mut Value)| {
        let mut document = sample("MPR");
        document.fields.insert("legal_basis".into(), "not_for_profit_members".into());
        change(&mut document.fields["consent"]);
        of(&decide(&ask(&document, &police)), IDN).verdict == Verdict::Allowed
    };
    assert!(sees(&|_| {}));
    assert!(!sees(&|c| c["scope"][0]["purpose"] = json!(["statistics"])));
    assert!(!sees(&|c| c["scope"][0]["sections"] = json!(["PHO"])));
    assert!(!sees(&|c| c["scope"][0]["until"] = "2026-01-01".into()));
    assert!(!sees(&|c| c["obtained"] = "2026-09-01T10:00:00Z".into()), "police: 90 days");
    assert!(!sees(&|c| c["obtained"] = "2030-01-01T10:00:00Z".into()), "obtained in the future");
    assert!(!sees(&|c| c["withdrawn"] = json!({ "at": "2027-01-01T10:00:00Z" })));
    assert!(!sees(&|c| c["withhold"] = json!([{ "role": "POL", "sections": ["IDN"] }])));
    assert!(!sees(&|c| c["withhold"] = json!([{ "org": "the POLICE" }])), "all of it");
    assert!(!sees(&|c| c["capacity"] = "impaired".into()));
    assert!(!sees(
        &|c| c["scope"][0] = json!({ "role": "POL", "org_id": "cd".repeat(32), "sections": ["IDN"], "purpose": ["missing_search"] })
    ));
}

#[test]
fn a_child_alone_opens_nothing_and_somebody_must_stand_for_her() {
    let mut document = sample("MPR");
    document.fields["person"]["minor"] = "presumed".into();
    document.fields["consent"]["given_by"] = "subject".into();
    let police = recipient("police");
    let decisions = decide(&ask(&document, &police));
    assert_eq!((of(&decisions, IDN).verdict, of(&decisions, IDN).rule), (Verdict::Refused, Rule::HardChild));
    document.fields["consent"]["given_by"] = "guardian".into();
    document.fields["consent"]["capacity"] = "minor".into();
    assert_eq!(of(&decide(&ask(&document, &police)), IDN).verdict, Verdict::Allowed);
    assert!(!needs_guardian(&document, NOW), "a guardian has spoken");
    assert!(needs_guardian(&sample("BIA"), NOW), "the second one may be fifteen");
    let bare = Document::parse(Kind::from_code("BIA").unwrap(), br#"{"persons":[{"sex":2}]}"#).unwrap();
    assert!(is_about_child(&bare, NOW), "nobody knows her age");
}

#[test]
fn two_people_decide_unless_minutes_count() {
    let good = overriding(Reason::VitalInterest);
    let with = |change: &dyn Fn(&mut Override)| {
        let mut over = good.clone();
        change(&mut over);
        over
    };
    let check = |over: &Override, priority| over.check(priority, false);
    assert_eq!(check(&good, Priority::P2), Ok(()));
    let alone = with(&|o| o.second_person.clear());
    assert_eq!(check(&alone, Priority::P1), Err(OverrideFlaw::Alone));
    assert_eq!(check(&alone, Priority::P0), Ok(()));
    assert_eq!(
        check(&with(&|o| o.second_person = " 7 ".into()), Priority::P2),
        Err(OverrideFlaw::SamePerson)
    );
    assert_eq!(check(&with(&|o| o.text = " ".into()), Priority::P0), Err(OverrideFlaw::Text));
    let late = with(&|o| o.review_by = NOW.plus(std::time::Duration::from_secs(73 * 3600)));
    assert_eq!(check(&late, Priority::P0), Err(OverrideFlaw::Review));
    let child = with(&|o| o.reason = Reason::ChildProtection);
    assert_eq!(check(&child, Priority::P0), Err(OverrideFlaw::NoChild));
    let document = sample("MPR");
    let mut bare = document.clone();
    bare.fields.remove("consent");
    let police = recipient("police");
    let question = Question { overridden: Some(&good), ..ask(&bare, &police) };
    assert_eq!(of(&decide(&question), IDN).rule, Rule::Override);
    assert_eq!(of(&decide(&question), EXP).verdict, Verdict::Refused, "that cell has no V");
}

#[test]
fn what_came_with_h1_goes_on_when_its_sender_has_approved_it() {
    let document = sample("MPR");
    let police = recipient("police");
    let mut origin = Origin {
        org: "cd".repeat(32),
        name: "Angel".into(),
        sections: vec![HDR, IDN, PHO],
        restricted: true,
        approved: Vec::new(),
    };
    let verdicts = |origin: &Origin| {
        let origins = [origin.clone()];
        let over = overriding(Reason::VitalInterest);
        let question = Question { origins: &origins, overridden: Some(&over), ..ask(&document, &police) };
        let decisions = decide(&question);
        [HDR, IDN, PHO, SUS].map(|code| of(&decisions, code).verdict)
    };
    use Verdict::{Allowed, Refused};
    assert_eq!(verdicts(&origin), [Allowed, Refused, Refused, Allowed]);
    origin.approved = vec![(police.org.clone(), vec![IDN])];
    assert_eq!(verdicts(&origin), [Allowed, Allowed, Refused, Allowed]);
    origin.restricted = false;
    assert_eq!(verdicts(&origin), [Allowed; 4]);
    origin = Origin { org: police.org.clone(), restricted: true, approved: Vec::new(), ..origin };
    assert_eq!(verdicts(&origin), [Allowed; 4], "back to whom it came from");
}

#[test]
fn where_somebody_is_never_stands_beside_who_she_is_except_for_who_goes_there() {
    let mut document = sample("BIA");
    document.fields.insert("location_expires".into(), "2027-02-01T00:00:00Z".into());
    let verdict = |to: &str| of(&decide(&ask(&document, &recipient(to))), LOC).clone();
    assert_eq!(verdict("hotline").rule, Rule::HardLocation);
    assert_eq!(verdict("police").verdict, Verdict::Allowed);
    assert_eq!(verdict("embassy").verdict, Verdict::Refused);
    let (_, copy) = copied(&ask(&document, &recipient("police")));
    let place = copy.iter().find(|section| section.code == LOC).unwrap();
    assert_eq!(
        place.json["location_expires"], "2027-01-15T14:00:00Z",
        "six hours from now, whatever was written"
    );
    for section in copy.iter().filter(|s| s.code == IDN) {
        assert!(!section.json.contains_key("location_expires"));
    }
}

#[test]
fn no_export_holds_what_the_second_hard_rule_forbids() {
    for (section, _) in SECTIONS {
        let forbidden = [LOC, CON, DOC, PHO, MED, SUS, EVI].contains(section);
        assert_eq!(may_export(*section, Audience::Public), !forbidden);
        assert_eq!(may_export(*section, Audience::Statistics), *section == STA);
    }
}

/// A document, and its texts with the section in which each stands.
fn marked(kind: &str) -> (Document, Map<String, Value>) {
    let document = sample(kind);
    let mut marks = Map::new();
    for section in document.clone().into_sections() {
        mark(&Value::Object(section.json), &section.code.to_string(), &mut marks);
    }
    (document, marks)
}

/// Texts that stand in one section only, with that section.
fn mark(value: &Value, section: &str, marks: &mut Map<String, Value>) {
    match value {
        Value::Object(map) => map.values().for_each(|v| mark(v, section, marks)),
        Value::Array(list) => list.iter().for_each(|v| mark(v, section, marks)),
        Value::String(text) if text.chars().count() >= 6 => {
            let twice = marks.get(text).is_some_and(|there| there != section);
            marks.insert(text.clone(), if twice { Value::Null } else { section.into() });
        }
        _ => {}
    }
}

fn scope() -> impl Strategy<Value = Value> {
    let role = prop::sample::select(Role::ALL.map(Role::code).to_vec());
    let sections = prop::sample::subsequence(codes(), 0..17);
    let purpose =
        prop::sample::select(vec!["assistance", "return", "missing_search", "identity_check", "statistics"]);
    (role, sections, purpose, any::<bool>()).prop_map(|(role, sections, purpose, old)| {
        let until = if old { "2026-12-31" } else { "2027-12-31" };
        json!({ "role": role, "sections": sections, "purpose": [purpose], "until": until })
    })
}

fn withhold() -> impl Strategy<Value = Value> {
    let role = prop::sample::select(Role::ALL.map(Role::code).to_vec());
    (role, prop::sample::subsequence(codes(), 0..6))
        .prop_map(|(role, sections)| json!({ "role": role, "sections": sections, "reason": "fear" }))
}

fn codes() -> Vec<String> {
    SECTIONS.iter().map(|(code, _)| code.to_string()).collect()
}

fn agreement() -> impl Strategy<Value = Agreement> {
    let kinds = prop::sample::subsequence(vec!["MPR", "BIA", "VHO", "IDQ"], 0..4);
    (kinds, prop::sample::subsequence(codes(), 0..17), any::<bool>()).prop_map(|(kinds, sections, over)| {
        Agreement {
            id: "1".into(),
            kinds: kinds.into_iter().map(str::to_owned).collect(),
            sections,
            from: "2026-01-01".into(),
            until: if over { "2026-12-31" } else { "2027-12-31" }.into(),
        }
    })
}

fn override_of() -> impl Strategy<Value = Option<Override>> {
    prop::option::of(prop::sample::select(Reason::ALL.to_vec()).prop_map(overriding))
}

fn goes(decisions: &[Decision]) -> Vec<SectionCode> {
    decisions.iter().filter(|d| d.verdict != Verdict::Refused).map(|d| d.section).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_refused_is_in_a_copy_and_what_narrows_only_narrows(
        kind in prop::sample::select(vec!["MPR", "BIA", "VHO", "IDQ"]),
        to in prop::sample::select(ORGANISATIONS.to_vec()),
        basis in prop::sample::select(vec!["consent", "vital", "child_protection", "public_task"]),
        scopes in prop::collection::vec(scope(), 0..4),
        withheld in prop::collection::vec(withhold(), 0..3),
        agreements in prop::collection::vec(agreement(), 0..3),
        over in override_of(),
        given_by in prop::sample::select(vec!["subject", "guardian", "other"]),
        fears in any::<bool>(),
        asylum in any::<bool>(),
        agrees in any::<bool>(),
    ) {
        let (mut document, marks) = marked(kind);
        let consent = document.fields.entry("consent").or_insert_with(|| json!({ "capacity": "full", "obtained": "2027-01-10T10:00:00Z" }));
        consent["scope"] = scopes.into();
        consent["given_by"] = given_by.into();
        consent["withhold"] = json!([]);
        if !agrees {
            consent.as_object_mut().unwrap().remove("caller_agrees");
        }
        document.fields.insert("legal_basis".into(), basis.into());
        document.fields.insert("location_expires".into(), "2027-02-01T00:00:00Z".into());
        if fears {
            document.fields.insert("persecution_fear_countries".into(), json!(["BY", "RU"]));
        }
        document.fields.insert("asylum_flag".into(), asylum.into());
        let recipient = recipient(to);
        let free = Question { overridden: over.as_ref(), ..ask(&document, &recipient) };
        let (freely, _) = copied(&free);

        let mut narrow = document.clone();
        narrow.fields["consent"]["withhold"] = withheld.into();
        let question = Question { document: &narrow, agreements: &agreements, ..free };
        let (decisions, copy) = copied(&question);
        prop_assert!(goes(&decisions).iter().all(|code| goes(&freely).contains(code)), "only ever less");

        for section in &copy {
            prop_assert!(goes(&decisions).contains(&section.code), "{}", section.code);
        }
        let mut there = Map::new();
        copy.iter().for_each(|s| mark(&Value::Object(s.json.clone()), &s.code.to_string(), &mut there));
        for (text, section) in &marks {
            let Some(code) = section.as_str().and_then(consent::code) else { continue };
            let refused = !goes(&decisions).contains(&code);
            prop_assert!(!(refused && there.contains_key(text)), "{text} of {code}");
        }
        let sent: Vec<SectionCode> = copy.iter().map(|section| section.code).collect();
        let role = Role::of(to, kind);
        if role == Some(Role::Emb) && (fears || asylum) || role.is_none() {
            prop_assert!(copy.is_empty(), "hard rules 1 and 3");
        }
        if sent.contains(&IDN) && sent.contains(&LOC) {
            prop_assert!(role.is_some_and(Role::travels), "hard rule 2");
        }
        if role.is_some_and(Role::is_police) && !agrees {
            prop_assert!(!says(&copy, "+79110000022"), "hard rule 6");
        }
        for code in &sent {
            let way = matrix::cell_for(role.unwrap(), *code, kind).way;
            prop_assert!(way != Way::Never, "{code}");
            if way == Way::Consent && *code != LOC {
                let named = Consent::of(&narrow, NOW).is_some_and(|c| c.flaw(NOW).is_none() && c.covers(&recipient, role.unwrap(), *code, NOW));
                prop_assert!(named || over.is_some(), "{code} without consent");
            }
        }
    }
}

#[test]
fn no_embassy_learns_of_somebody_who_seeks_protection_from_its_state() {
    for kind in ["MPR", "BIA", "VHO", "IDQ"] {
        let mut document = sample(kind);
        let blocked = |document: &Document, to: &str| {
            let over = overriding(Reason::VitalInterest);
            let recipient = recipient(to);
            let question = Question { overridden: Some(&over), ..ask(document, &recipient) };
            let (decisions, copy) = copied(&question);
            let asylum = decisions.iter().all(|d| d.rule == Rule::HardAsylum);
            assert_eq!(asylum, copy.is_empty(), "{kind} {to}");
            asylum
        };
        assert!(!blocked(&document, "embassy"));
        document.fields.insert("persecution_fear_countries".into(), json!(["BY"]));
        assert!(!blocked(&document, "embassy"));
        document.fields.insert("persecution_fear_countries".into(), json!(["BY", "RU"]));
        assert!(blocked(&document, "embassy") && blocked(&document, "police") && !blocked(&document, "ngo"));
        document.fields.remove("persecution_fear_countries");
        document.fields.insert("asylum_flag".into(), true.into());
        assert!(blocked(&document, "embassy") && !blocked(&document, "police"));
        document.fields.remove("asylum_flag");
        document.fields.insert("legal_status".into(), json!({ "migration_status": "asylum_seeker" }));
        assert!(blocked(&document, "embassy"));
    }
}

#[test]
fn what_is_known_elsewhere_of_a_state_that_she_fears_counts_too() {
    let document = sample("IDQ");
    let embassy = recipient("embassy");
    let mut known = Protection { feared: vec!["BY".into()], seeks: false };
    let rule = |known: &Protection| {
        let decisions = decide(&Question { protection: known, ..ask(&document, &embassy) });
        of(&decisions, HDR).rule
    };
    assert_ne!(rule(&known), Rule::HardAsylum);
    let fields = json!({ "legal_status": { "migration_status": "refugee" } });
    known.add(Protection::of(fields.as_object().unwrap()));
    assert_eq!(rule(&known), Rule::HardAsylum);
    known = Protection::of(json!({ "persecution_fear_countries": ["ru"] }).as_object().unwrap());
    assert_eq!(rule(&known), Rule::HardAsylum);
}

#[test]
fn a_state_that_she_fears_and_whoever_must_not_know_who_she_is_do_not_hear_of_her() {
    let mut document = sample("MPR");
    let police = recipient("police");
    let none = Protection::default();
    let hears = |document: &Document, known: &Protection| must_not_hear(document, known, &police, NOW);
    assert_eq!(hears(&document, &none), None);
    let fears = Protection { feared: vec!["RU".into()], seeks: false };
    assert_eq!(hears(&document, &fears), Some(Rule::HardAsylum));
    document.fields["consent"]["withhold"] = json!([{ "org": "the police", "sections": ["MED"] }]);
    assert_eq!(hears(&document, &none), None, "it may know of her, but not of her health");
    document.fields["consent"]["withhold"] = json!([{ "org": "the police", "sections": ["IDN"] }]);
    assert_eq!(hears(&document, &none), Some(Rule::Withheld));
}

#[test]
fn a_word_makes_no_adult_of_a_child() {
    let mut document = sample("MPR");
    let person = &mut document.fields["person"];
    person["dob"] = "2015-02-01".into();
    person["minor"] = "no".into();
    assert!(is_about_child(&document, NOW));
    complete(&mut document);
    assert_eq!(document.fields["person"]["minor"], "yes");
    document.fields["consent"]["given_by"] = "subject".into();
    let police = recipient("police");
    assert_eq!(of(&decide(&ask(&document, &police)), IDN).rule, Rule::HardChild);

    let alone = r#"{"persons":[{"role":"child_of_victim","age":{"min":9,"max":11}}]}"#;
    let kind = Kind::from_code("BIA").unwrap();
    let mut document = Document::parse(kind, alone.as_bytes()).unwrap();
    assert!(is_about_child(&document, NOW), "the only person in it");
    let mother = json!({ "role": "victim", "age": { "min": 30, "max": 40 } });
    document.fields["persons"].as_array_mut().unwrap().push(mother);
    assert!(!is_about_child(&document, NOW), "her mother is there");
    document.fields["persons"][1]["role"] = "informant".into();
    assert!(is_about_child(&document, NOW), "whoever called is not her mother");
}

#[test]
fn what_is_withheld_from_nobody_is_no_entry() {
    let mut document = sample("MPR");
    let missing = |document: &Document| {
        let found = document.validate(crate::referral::Level::Send, NOW);
        found.iter().any(|problem| problem.path == "consent.withhold[0]")
    };
    document.fields["consent"]["withhold"] = json!([{ "org": "Police", "sections": ["IDN"] }]);
    assert!(!missing(&document));
    document.fields["consent"]["withhold"] = json!([{ "sections": ["IDN"], "reason": "fear" }]);
    assert!(missing(&document));
}

#[test]
fn a_role_is_withheld_from_in_any_spelling_and_police_as_a_whole() {
    let police = recipient("police");
    let goes = |document: &Document| of(&decide(&ask(document, &police)), IDN).verdict != Verdict::Refused;
    let mut document = sample("MPR");
    assert!(goes(&document));
    for role in ["POL", "pol", " police ", "BRD", "border_guard"] {
        document.fields["consent"]["withhold"] = json!([{ "role": role, "sections": ["IDN"] }]);
        assert!(!goes(&document), "{role}");
        assert_eq!(Consent::of(&document, NOW).unwrap().withheld_from_no_role(), [""; 0]);
    }
    document.fields["consent"]["withhold"] = json!([{ "role": "polis", "sections": ["IDN"] }]);
    assert_eq!(Consent::of(&document, NOW).unwrap().withheld_from_no_role(), ["polis"]);
}

#[test]
fn the_last_door_of_a_journey_stands_beside_her_name_only_for_who_goes_there() {
    let mut document = sample("VHO");
    let door = json!({ "country": "MD", "place": "Chisinau", "address": "Strada Lunga 3", "geo": { "lat": 47.0, "lon": 28.8 } });
    document.fields["itinerary"][0]["to"] = door.clone();
    document.fields["handover_point"]["place"] = door;
    for role in ["EMB", "SHL", "POL"] {
        let scope =
            json!({ "role": role, "sections": ["IDN", "DOC", "TRA"], "purpose": ["return", "shelter"] });
        document.fields["consent"]["scope"].as_array_mut().unwrap().push(scope);
    }
    let (decisions, copy) = copied(&ask(&document, &recipient("embassy")));
    assert!(
        says(&copy, "Chisinau") && !says(&copy, "Strada Lunga") && !says(&copy, "47"),
        "{:?}",
        of(&decisions, TRA)
    );
    assert_eq!(
        (of(&decisions, TRA).verdict, of(&decisions, TRA).rule),
        (Verdict::Minimised, Rule::HardLocation)
    );
    assert!(says(&copied(&ask(&document, &recipient("police"))).1, "Strada Lunga"));
    // Written as a text it cannot be told apart from its town.
    for text in [json!("Strada Lunga 3, Chisinau"), json!({ "lang": "ro", "text": "Strada Lunga 3" })] {
        document.fields["itinerary"][0]["to"] = text.clone();
        document.fields["handover_point"]["place"] = text;
        let (decisions, copy) = copied(&ask(&document, &recipient("embassy")));
        assert!(!says(&copy, "Strada Lunga"), "{copy:?}");
        assert_eq!(of(&decisions, TRA).rule, Rule::HardLocation);
        assert!(says(&copied(&ask(&document, &recipient("police"))).1, "Strada Lunga"));
    }
}
