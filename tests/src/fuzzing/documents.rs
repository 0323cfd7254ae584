//! What stands in the sections of a packet, as another organisation may have written it.

use causeway_client::attachments;
use causeway_client::engine::threads;
use causeway_client::model::StoredSection;
use causeway_client::referral::access::{Protection, Question, Recipient, Role, Verdict, copy_for, decide};
use causeway_client::referral::lifecycle::{Action, Party, WorkState, possible, step};
use causeway_client::referral::update::Update;
use causeway_client::referral::{
    Document, Kind, Level, Section, SectionCode, SendContext, deadlines, merge, validate_answer, values,
};
use causeway_common::codec;
use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use serde_json::{Map, Value};

use super::Input;

/// A day in 2026.
const NOW: Timestamp = Timestamp(1_790_000_000_000);

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    match input.u8() % 7 {
        0 => update(input.rest()),
        1 => sections(&mut input),
        2 => steps(&mut input),
        3 => document(&mut input, Document::parse),
        4 => document(&mut input, |kind, _| Ok::<_, ()>(Document::empty(kind))),
        5 => merged(&mut input),
        _ => single_values(&mut input),
    }
}

/// A document as a person or a program wrote it, on its whole way: read, changed, checked, completed, in sections.
fn document<E>(input: &mut Input<'_>, begin: impl Fn(Kind, &[u8]) -> Result<Document, E>) {
    let kinds: Vec<Kind> = Kind::all().collect();
    let kind = *input.pick(&kinds);
    let (moment, stated) = (Timestamp(input.number()), input.u8());
    let content = input.bytes();
    let Ok(mut document) = begin(kind, content) else { return };
    while !input.is_empty() {
        let path = String::from_utf8_lossy(input.bytes()).into_owned();
        let before = document.clone();
        if document.set(&path, &String::from_utf8_lossy(input.bytes())).is_err() {
            assert_eq!(document, before, "a field that cannot be set changes nothing");
        }
    }
    for level in [Level::Draft, Level::Send] {
        for problem in document.validate(level, moment) {
            assert!(!problem.wrong.id.is_empty() && problem.code.starts_with("F-"), "{problem}");
        }
    }
    shared(&document, moment);
    let sections = document.clone().into_sections();
    assert!(sections.len() <= 17 && sections[0].code == SectionCode(*b"HDR"));
    let mut whole = merge(sections);
    whole.shift_remove("sections");
    let context = SendContext {
        now: if stated < 200 { NOW } else { moment },
        author: "1".into(),
        organisation: "Hotline".into(),
        country: "DE".into(),
        exercise: stated & 1 == 1,
        priority: Priority::ALL.get(usize::from(stated % 5)).copied(),
        case_ref: "C-1".into(),
        packet_id: "P-1".into(),
    };
    document.complete(&context);
    let _ = (document.validate(Level::Send, NOW), document.priority());
    let _ = document.into_sections();
}

/// What each kind of organisation gets of it: nothing that was refused.
fn shared(document: &Document, now: Timestamp) {
    for kind in ["hotline", "ngo", "shelter", "police", "embassy", "prosecutor", "clinic", "relay"] {
        let recipient =
            Recipient { org: "ab".into(), name: "B".into(), kind: kind.into(), country: "RU".into() };
        let (agreements, withdrawn, origins, files) = (&[][..], &[][..], &[][..], &[][..]);
        let question = Question {
            document,
            recipient: &recipient,
            agreements,
            overridden: None,
            withdrawn,
            protection: &Protection::default(),
            origins,
            files,
            now,
        };
        let decisions = decide(&question);
        let role = Role::of(kind, document.kind.code()).unwrap_or(Role::Rly);
        for section in copy_for(document, role, &decisions, now) {
            let decision = decisions.iter().find(|decision| decision.section == section.code);
            assert!(decision.is_some_and(|d| d.verdict != Verdict::Refused), "{}", section.code);
        }
    }
}

/// Sections of somebody else, put together.
fn merged(input: &mut Input<'_>) {
    let mut sections = Vec::new();
    while !input.is_empty() && sections.len() < 20 {
        let code = SectionCode(input.array());
        if let Ok(json) = serde_json::from_slice::<Map<String, Value>>(input.bytes()) {
            let _ = validate_answer(&json);
            sections.push(Section { code, json });
        }
    }
    let names: Vec<String> = sections.iter().flat_map(|s| s.json.keys().cloned()).collect();
    let whole = merge(sections);
    assert!(names.iter().all(|name| name == "attachments" || whole.contains_key(name)));
}

/// Dates and deadlines.
fn single_values(input: &mut Input<'_>) {
    let at = Timestamp(input.number());
    for priority in Priority::ALL {
        assert!(deadlines::respond_by(priority, at) >= at);
    }
    let text = String::from_utf8_lossy(input.rest());
    if let Some((Some(earliest), Some(latest))) = values::partial_date(&text) {
        assert!(earliest <= latest);
    }
}

/// An update that was read says the same after it has travelled once more.
fn update(bytes: &[u8]) {
    if let Some(update) = Update::read(bytes) {
        let again = Update::read(&update.to_bytes()).expect("what we write, we read");
        assert_eq!(again, update);
    }
}

/// Sections of any content: nothing of a key is ever shown.
fn sections(input: &mut Input<'_>) {
    let mut sections = Vec::new();
    while !input.is_empty() && sections.len() < 4 {
        sections.push(StoredSection { code: input.array(), bytes: input.bytes().to_vec() });
    }
    let _ = threads::kind_of(&sections);
    let _ = threads::header(&sections);
    for shown in attachments::list(&sections).as_array().unwrap() {
        assert!(shown.get("key").is_none() && shown.get("token").is_none());
    }
    for section in &sections {
        if let Ok(value) = serde_json::from_slice(&section.bytes) {
            let _ = attachments::without_keys(value);
        }
    }
    let stored = codec::encode(&sections);
    assert_eq!(codec::decode::<Vec<StoredSection>>(&stored, stored.len()).unwrap().len(), sections.len());
}

/// A referral that takes the steps somebody sends, in any order: it never leaves the table.
fn steps(input: &mut Input<'_>) {
    let mut state = *input.pick(WorkState::ALL);
    while !input.is_empty() {
        let by = *input.pick(&[Party::Sender, Party::Recipient, Party::System]);
        let action = *input.pick(Action::ALL);
        let allowed = possible(state, by).contains(&action);
        match step(state, action, by) {
            Ok(next) => {
                // Some steps say something beside the work, and leave it where it is.
                assert!(allowed || next == state);
                state = next;
            }
            Err(refused) => {
                assert!(!allowed && !refused.to_string().is_empty());
            }
        }
        assert_eq!(state.as_str().parse::<WorkState>().unwrap(), state);
    }
}
