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
