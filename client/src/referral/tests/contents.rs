//! What the tables of single kinds promise.

use super::super::spec::CodeList;
use super::*;

/// Every code in a document, with its list.
fn coded(holds: &'static Type, value: &Value, path: &str, out: &mut Vec<(String, &'static CodeList)>) {
    match (holds, value) {
        (Type::Code(list), Value::String(_)) => out.push((path.to_owned(), list)),
        (Type::Codes(list), Value::Array(codes)) => {
            (0..codes.len()).for_each(|n| out.push((format!("{path}[{n}]"), list)));
        }
        (Type::Group(fields) | Type::GroupOrText(fields), Value::Object(map)) => {
            for field in *fields {
                if let Some(value) = map.get(field.name) {
                    coded(&field.holds, value, &format!("{path}.{}", field.name), out);
                }
            }
        }
        (Type::List(each, ..), Value::Array(list)) => {
            list.iter().enumerate().for_each(|(n, value)| coded(each, value, &format!("{path}[{n}]"), out));
        }
        _ => {}
    }
}

#[test]
fn an_unknown_code_of_a_closed_list_is_one_problem_and_one_of_an_open_list_is_none() {
    let (mut closed, mut open) = (0, 0);
    for kind in Kind::all() {
        let document = ready(kind.code());
        let mut all = Vec::new();
        for field in kinds::fields(kind.spec()) {
            if let Some(value) = document.fields.get(field.name) {
                coded(&field.holds, value, field.name, &mut all);
            }
        }
        for (path, list) in all {
            let changed = with_object(&document, |whole| {
                let pointer = format!("/{}", path.replace('[', ".").replace(']', "").replace('.', "/"));
                *whole.pointer_mut(&pointer).unwrap() = "a_code_of_tomorrow".into();
            });
            let found = changed.validate(Level::Send, NOW);
            let here: Vec<_> = found.iter().filter(|p| p.path == path).collect();
            if list.open {
                assert!(here.is_empty(), "{kind} {path}");
                open += 1;
            } else {
                assert!(here.iter().any(|p| p.code == problem::UNKNOWN_CODE), "{kind} {path}");
                closed += 1;
            }
            let draft = changed.validate(Level::Draft, NOW);
            assert!(draft.iter().all(|p| p.path != path), "{kind} {path}: a draft keeps it");
        }
    }
    assert!(closed > 100 && open > 100, "{closed} closed and {open} open were tried");
}

#[test]
fn where_somebody_is_never_travels_inside_who_it_is() {
    fn walk(fields: &'static [Field], around: SectionCode, path: &str) {
        for field in fields {
            let own = field.section.unwrap_or(around);
            let path = format!("{path}.{}", field.name);
            assert!(!(own == sections::LOC && around == sections::IDN), "{path}");
            let mut holds = &field.holds;
            while let Type::List(each, ..) = holds {
                holds = each;
            }
            if let Type::Group(inner) | Type::GroupOrText(inner) = holds {
                walk(inner, own, &path);
            }
        }
    }
    for kind in Kind::all().chain(Kind::steps()) {
        for field in kinds::fields(kind.spec()) {
            walk(std::slice::from_ref(field), sections::HDR, kind.code());
        }
    }
    let place = ready("HIC").into_sections();
    let text = |code| {
        let section = place.iter().find(|s| s.code == code).unwrap();
        Value::Object(section.json.clone()).to_string()
    };
    assert!(
        text(sections::LOC).contains("petrol station") && !text(sections::TRA).contains("petrol station")
    );
}

#[test]
fn a_question_for_a_place_names_nobody_and_an_offer_binds_for_four_hours() {
    let sections = ready("SPR").into_sections();
    assert!(sections.iter().all(|s| s.code != sections::IDN));
    let kind = Kind::from_code("SPR").unwrap().answered_by().unwrap();
    assert_eq!(kind.code(), "SPA");
    let offer = |decision: &str| {
        let mut answer = json!({"decision": decision}).as_object().unwrap().clone();
        kind.complete_step(&mut answer, NOW);
        let found = kind.validate_step(&answer, Level::Send, NOW);
        (answer.get("hold_until").cloned(), paths(&found).join(","))
    };
    assert_eq!(offer("offered"), (Some("2026-11-24T14:00:00Z".into()), "intake_contact".into()));
    assert_eq!(offer("waiting_list"), (None, "position".into()));
    assert_eq!(offer("declined"), (None, "reason".into()));
    assert_eq!(offer("offered_from").1, "intake_contact,from");
}

#[test]
fn standing_kinds_expect_no_answer_and_carry_no_deadline() {
    for kind in Kind::all() {
        let document = ready(kind.code());
        assert_eq!(document.fields.contains_key("respond_by"), kind.expects_answer(), "{kind}");
        assert_eq!(!kind.expects_answer(), ["SCP", "ODH"].contains(&kind.code()));
    }
    let hours = with_object(&ready("ODH"), |v| remove(v, "opening"));
    assert_eq!(paths(&hours.validate(Level::Send, NOW)), ["opening"]);
    let wrong = with_object(&ready("ODH"), |v| {
        v["time_zone"] = "Moscow".into();
        v["opening"][0]["from"] = "8am".into();
    });
    assert_eq!(paths(&wrong.validate(Level::Send, NOW)), ["time_zone", "opening[0].from"]);
}

#[test]
fn a_reason_belongs_to_some_steps_and_not_to_others() {
    let kind = Kind::of_step("CUP").unwrap();
    let found = |change: Value| {
        let mut update = step(kind);
        change.as_object().unwrap().iter().for_each(|(name, value)| {
            update.insert(name.clone(), value.clone());
        });
        paths(&kind.validate_step(&update, Level::Send, NOW)).join(",")
    };
    assert_eq!(found(json!({"event": "decline"})), "reason");
    assert_eq!(found(json!({"event": "decline", "reason": "no_capacity"})), "");
    assert_eq!(found(json!({"event": "decline", "reason": "bored"})), "reason");
    assert_eq!(found(json!({"event": "accept", "reason": "no_capacity"})), "reason");
    assert_eq!(found(json!({"event": "info_request", "reason": "photo_needed"})), "questions");
    assert_eq!(found(json!({"event": "delay_notice"})), "reason,eta");
}

#[test]
fn consent_ends_after_a_year_and_after_ninety_days_before_authorities() {
    let until = |role: &str| {
        let mut document = with_object(&sample("SPR"), |v| {
            remove(v, "consent.valid_until");
            v["consent"]["scope"][0]["role"] = role.into();
        });
        document.complete(&context());
        document.fields["consent"]["valid_until"].as_str().unwrap().to_owned()
    };
    assert_eq!((until("SHL"), until("POL")), ("2027-11-24".into(), "2027-02-22".into()));
}

#[test]
fn whoever_decides_without_consent_is_not_alone_and_looks_again_soon() {
    let decided = |review: &str, more: Value| {
        let mut document = with_object(&sample("MPR"), |v| {
            v["override"] = json!({
                "reason": "vital_interest", "text": "she is in danger", "decided_by": {"staff_no": "1"},
                "at": "2026-11-24T09:00:00Z", "review_by": review,
            });
            more.as_object().unwrap().iter().for_each(|(name, value)| v["override"][name] = value.clone());
        });
        document.complete(&context());
        paths(&document.validate(Level::Send, NOW)).join(",")
    };
    assert_eq!(decided("PT24H", json!({})), "override.second_person");
    assert_eq!(decided("PT24H", json!({"second_person": {"staff_no": "2"}})), "");
    assert_eq!(decided("PT73H", json!({"second_person": {"staff_no": "2"}})), "override.review_by");
}

#[test]
fn a_national_number_is_answered_with_the_number_that_is_meant() {
    let hint = |number: &str, lang| {
        let document = with_object(&ready("BIA"), |v| v["callback"] = number.into());
        let found = document.validate(Level::Send, NOW);
        assert_eq!(paths(&found), ["callback"]);
        found[0].hint(lang)
    };
    assert!(hint("8 (911) 000-00-21", Lang::En).contains("+79110000021"));
    assert!(hint("00373 22 000111", Lang::Ru).contains("+37322000111"));
    assert!(hint("+373 22 000-111", Lang::En).contains("+37322000111"));
    assert!(hint("022 000111", Lang::Ru).contains("код страны перед 22000111"));
    assert!(hint("112", Lang::En).contains("\"raw\":\"112\""));
    assert!(hint("call me", Lang::Ru).contains("кодом страны"));
}

#[test]
fn problems_speak_both_languages() {
    let document = with_object(&ready("MPR"), |v| v["danger"] = "very".into());
    let found = document.validate(Level::Send, NOW);
    assert!(
        found[0].to_string().starts_with("danger: “very” is not a code of danger. One of: immediate_danger")
    );
    let russian = found[0].words(Lang::Ru);
    assert!(russian.contains("кода «very» нет в списке danger") && russian.ends_with("[F-107]"), "{russian}");
}

#[test]
fn checklists_tell_what_a_notice_still_lacks() {
    let lists = |act: &dyn Fn(&mut Value)| {
        let mut document = with_object(&sample("MPR"), |v| act(v));
        document.complete(&context());
        let lists = checklist::checklists(&document);
        lists
            .iter()
            .map(|list| {
                let open: Vec<&str> = list.lines.iter().filter(|(_, met)| !met).map(|(id, _)| *id).collect();
                format!("{} {}", list.id, open.join(","))
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(lists(&|_| {}), ["yellow minor-or-privacy"]);
    assert_eq!(lists(&|v| v["privacy_condition"] = true.into()), ["yellow "]);
    assert_eq!(lists(&|v| v["person"]["dob"] = "2012".into()), ["yellow ", "amber abduction"]);
    let decade = |v: &mut Value| {
        v["person"]["dob"] = "200X".into();
        v["police_report"]["made"] = "no".into();
    };
    assert_eq!(lists(&decade)[0], "yellow birth-year,police");
    let unidentified = |v: &mut Value| v["report_type"] = "unidentified_living".into();
    assert_eq!(lists(&unidentified), ["yellow-unidentified photo-or-traces"]);
    assert!(checklist::checklists(&ready("BIA")).is_empty());
}
