//! What the dictionary demands of a document beside its tables: who decided, what is always heard of, how long a bed is kept.

use super::*;

fn sent(document: &mut Document) -> Vec<Problem> {
    document.complete(&context());
    document.validate(Level::Send, NOW)
}

#[test]
fn whoever_hands_somebody_over_always_hears_that_she_has_arrived() {
    let asked = |set: Option<Value>| {
        let mut handoff = with_object(&sample("VHO"), |v| match set {
            Some(set) => v["information_back"] = set,
            None => remove(v, "information_back"),
        });
        assert_eq!(sent(&mut handoff), []);
        handoff.fields["information_back"].clone()
    };
    assert_eq!(asked(None), json!(["arrived_safely"]));
    assert_eq!(asked(Some(json!({"nil": "not_asked"}))), json!(["arrived_safely"]));
    assert_eq!(asked(Some(json!(["30_day"]))), json!(["arrived_safely", "30_day"]));
    let twice = json!(["closure", {"code": "arrived_safely"}]);
    assert_eq!(asked(Some(twice.clone())), twice, "it stands there already");
    let mut wrong = with_object(&sample("VHO"), |v| v["information_back"] = 7.into());
    assert_eq!(paths(&sent(&mut wrong)), ["information_back"], "what is no set is not overwritten");
}

#[test]
fn a_status_says_who_decided_on_it() {
    let found = |act: &dyn Fn(&mut Value)| {
        let mut report = with_object(&sample("MPR"), |v| {
            remove(v, "trafficking_status_by");
            act(v);
        });
        sent(&mut report)
    };
    let undecided = found(&|_| {});
    assert_eq!(paths(&undecided), ["trafficking_status_by"]);
    assert!(undecided[0].hint(Lang::Ru).contains("кто установил"), "{undecided:?}");
    assert!(found(&|v| v["trafficking_status"] = json!({"nil": "unknown"})).is_empty());
    assert!(found(&|v| v["trafficking_status_by"] = "Police".into()).is_empty());
}

#[test]
fn of_a_child_an_answer_says_whether_she_is_one() {
    let kind = Kind::of_step("IDR").unwrap();
    let found = |answered: Value, act: &dyn Fn(&mut Value)| {
        let mut question = with_object(&sample("IDQ"), |v| act(v));
        question.complete(&context());
        let mut answer = step(kind);
        answer.extend(answered.as_object().unwrap().clone());
        let found = kind.validate_answer(&answer, &question.fields, NOW);
        assert!(found.iter().all(|p| p.hint(Lang::Ru).contains("несовершеннолетний")), "{found:?}");
        paths(&found).join(",")
    };
    let born = |dob: &'static str| move |v: &mut Value| v["claimed"]["dob"] = dob.into();
    assert_eq!(found(json!({}), &|_| {}), "");
    assert_eq!(found(json!({}), &born("2010-04-02")), "minor_age_confirmed");
    assert_eq!(found(json!({}), &born("2008")), "minor_age_confirmed", "she may be one");
    let asked = |v: &mut Value| v["purpose"] = json!(["confirm_minor_age"]);
    assert_eq!(found(json!({}), &asked), "minor_age_confirmed", "it was the question");
    let said = json!({"minor_age_confirmed": {"answer": "unknown"}});
    assert_eq!(found(said, &born("2010-04-02")), "");
}

#[test]
fn a_bed_is_kept_for_three_days_at_most() {
    let kind = Kind::of_step("SPA").unwrap();
    let until = |until: &str| {
        let mut offer = step(kind);
        offer.insert("hold_until".into(), until.into());
        kind.complete_step(&mut offer, NOW);
        kind.validate_step(&offer, Level::Send, NOW)
    };
    assert_eq!(until("PT72H"), []);
    let long = until("PT72H1S");
    assert_eq!((paths(&long), long[0].code), (vec!["hold_until"], RULE));
    assert!(long[0].words(Lang::En).contains("At most 72 hours") && long[0].words(Lang::Ru).contains("72 ч"));
}

#[test]
fn codes_of_other_standards_have_their_shape() {
    let problems = |change: &dyn Fn(&mut Value)| {
        let mut handoff = with_object(&sample("VHO"), |v| change(v));
        let found = sent(&mut handoff);
        assert!(found.iter().all(|p| !p.hint(Lang::En).is_empty() && p.code == VALUE), "{found:?}");
        (paths(&found).join(","), Value::Object(handoff.fields))
    };
    let refused = |change: &dyn Fn(&mut Value)| problems(change).0;
    assert_eq!(refused(&|v| v["risk"]["debt"]["currency"] = "RUR".into()), "risk.debt.currency");
    assert_eq!(refused(&|v| v["travel_document"]["issuer"] = "M1".into()), "travel_document.issuer");
    assert_eq!(refused(&|v| v["travel_document"]["number"] = "ЖЩ12345".into()), "travel_document.number");
    let point = |name: &'static str, code: &'static str| {
        move |v: &mut Value| {
            v["handover_point"]["place"] =
                json!({ "country": "MD", "border_point": { "name": "Arrivals", name: code } });
        }
    };
    assert_eq!(refused(&point("iata", "K1V")), "handover_point.place.border_point.iata");
    assert_eq!(refused(&point("locode", "MDKI1")), "handover_point.place.border_point.locode");
    let (found, tidied) = problems(&|v| {
        point("locode", "md kiv")(v);
        v["handover_point"]["place"]["border_point"]["iata"] = "kiv".into();
        v["travel_document"]["number"] = "мт 0000-456".into();
        v["travel_document"]["issuer"] = "md".into();
        v["risk"]["debt"]["currency"] = "eur".into();
    });
    let point = &tidied["handover_point"]["place"]["border_point"];
    assert_eq!((found.as_str(), &point["locode"], &point["iata"]), ("", &"MDKIV".into(), &"KIV".into()));
    let document = &tidied["travel_document"];
    assert_eq!((&document["number"], &document["issuer"]), (&"MT0000456".into(), &"MDA".into()));
    assert_eq!(tidied["risk"]["debt"]["currency"], "EUR");
    let (found, at_home) = problems(&|v| {
        v["travel_document"]["doc_type"] = "birth_certificate".into();
        v["travel_document"]["number"] = "IV-АИ № 123456".into();
    });
    assert_eq!((found.as_str(), &at_home["travel_document"]["number"]), ("", &"IV-АИ № 123456".into()));
}

#[test]
fn letters_are_one_letter_however_they_were_typed() {
    let (apart, composed) = ("Chis\u{0326}ina\u{0306}u", "Chi\u{0219}in\u{0103}u");
    let mut report = Document::empty(Kind::from_code("MPR").unwrap());
    report.set("person.names[0].family", apart).unwrap();
    report.set("circumstances", &json!({ "lang": "ro", "text": apart }).to_string()).unwrap();
    report.set("last_seen.place", apart).unwrap();
    let text = Value::Object(report.fields.clone()).to_string();
    assert!(!text.contains('\u{0326}') && text.matches(composed).count() == 3, "{text}");
    let file = json!({ "person": { "names": [{ "full": apart }] }, "newer": apart });
    let read = Document::parse(report.kind, file.to_string().as_bytes()).unwrap();
    assert_eq!(read.fields["person"]["names"][0]["full"], composed);
    assert_eq!(read.fields["newer"], apart, "what no table knows stays as it came");
    let kind = Kind::of_step("SPA").unwrap();
    let mut answer = json!({ "conditions": apart }).as_object().unwrap().clone();
    kind.complete_step(&mut answer, NOW);
    assert_eq!(answer["conditions"], composed);
}

#[test]
fn a_code_that_is_given_up_is_sent_with_a_warning() {
    use super::super::check::Check;
    use super::super::spec::{CodeList, may};
    static LIST: CodeList = CodeList::closed("colour", &["red", "rouge"]).deprecating(&[("rouge", "1.1")]);
    let fields = [may("one", Type::Code(&LIST)), may("many", Type::Codes(&LIST))];
    let checked = |level| {
        let said = json!({ "one": { "code": "rouge" }, "many": ["red", "rouge"] });
        let mut check = Check::new(level);
        check.fields(fields.iter(), said.as_object().unwrap(), "");
        assert_eq!(check.found, []);
        check.warned
    };
    assert!(checked(Level::Draft).is_empty(), "a draft may still change");
    let warned = checked(Level::Send);
    assert_eq!((paths(&warned), warned[0].code), (vec!["one", "many[1]"], problem::DEPRECATED));
    let words = [Lang::En, Lang::Ru].map(|lang| warned[0].words(lang));
    assert!(words[0].contains("since version 1.1") && words[1].contains("с версии 1.1"), "{words:?}");
    let given_up = super::super::labels::lists()
        .flat_map(|list| list.deprecated.iter().map(move |(code, _)| (list, code)));
    given_up.for_each(|(list, code)| assert!(list.codes.contains(code), "{} {code}", list.id));
}
