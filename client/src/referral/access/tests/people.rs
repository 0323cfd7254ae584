//! Who of the people in a document is a child, a parent, or only called.

use super::*;

#[test]
fn a_caller_who_says_nothing_of_her_age_makes_nobody_a_child() {
    let mut document = sample("BIA");
    let person = |more: Value| {
        let mut person = json!({ "role": "informant", "names": [{ "family": "Zvonova" }] });
        person.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        person
    };
    document.fields["persons"] =
        json!([{ "role": "victim", "age": { "min": 25, "max": 30 } }, { "role": "victim", "minor": "no" }]);
    assert!(!is_about_child(&document, NOW));
    for (caller, child) in [
        (json!({}), false),
        (json!({ "age": { "min": 30, "max": 40 } }), false),
        (json!({ "age": { "min": 14, "max": 16 } }), true),
        (json!({ "minor": "suspected" }), true),
        (json!({ "role": "victim" }), true),
    ] {
        document.fields["persons"][1] = person(caller.clone());
        assert_eq!(is_about_child(&document, NOW), child, "{caller}");
    }
}

#[test]
fn whoever_called_is_not_among_the_people_in_a_copy_for_police() {
    let mut document = sample("BIA");
    let caller = json!({ "role": "informant", "minor": "no", "names": [{ "family": "Zvonova" }], "photo": [{ "name": "Zvonova.jpg" }] });
    document.fields["persons"][1] = caller;
    let (decisions, copy) = copied(&ask(&document, &recipient("police")));
    assert!(!says(&copy, "Zvonova") && says(&copy, "Munteanu"));
    assert_eq!(of(&decisions, IDN).rule, Rule::HardInformant);
    assert!(says(&copied(&ask(&document, &recipient("hotline"))).1, "Zvonova"));
    let mut consent = sample("MPR").fields["consent"].clone();
    consent["given_by"] = "subject".into();
    consent["caller_agrees"] = json!(["BRD", "POL"]);
    document.fields["persons"][0]["age"] = json!({ "min": 25, "max": 30 });
    document.fields["persons"][0]["minor"] = "no".into();
    document.fields.insert("consent".into(), consent);
    let (decisions, copy) = copied(&ask(&document, &recipient("police")));
    assert!(says(&copy, "Zvonova"), "she agrees: {:?}", of(&decisions, IDN));
}

#[test]
fn a_bed_for_girls_or_for_children_alone_is_about_a_child() {
    let asks = |text: &str| {
        let document = Document::parse(Kind::from_code("SPR").unwrap(), text.as_bytes()).unwrap();
        is_about_child(&document, NOW)
    };
    assert!(asks(r#"{"group":"girls","adults":0,"children":[]}"#) && asks(r#"{"group":"boys","adults":1}"#));
    assert!(asks(r#"{"group":"mixed_family","adults":0,"children":[{"age":7,"sex":2}]}"#));
    assert!(!asks(r#"{"group":"women_with_children","adults":1,"children":[{"age":7,"sex":2}]}"#));
    assert!(!asks(r#"{"group":"women","adults":1,"children":[]}"#));
}

#[test]
fn whoever_brings_a_child_is_not_its_parent() {
    let mut document = sample("BIA");
    let child = json!({ "role": "child_of_victim", "age": { "min": 7, "max": 8 } });
    for (role, parent) in
        [("victim", true), ("possible_victim", true), ("escort", false), ("suspect", false), ("staff", false)]
    {
        let adult = json!({ "role": role, "minor": "no", "age": { "min": 30, "max": 40 } });
        document.fields["persons"] = json!([child, adult]);
        assert_eq!(is_about_child(&document, NOW), !parent, "{role}");
    }
}
