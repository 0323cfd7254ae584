//! The record of a handover: written on a page, read and signed by the other side, and shown with both signatures.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::lock::in_language;
use super::office::numbers;
use super::row::Row;
use super::step::transition;
use super::words::{When, moment, when, zone};
use super::{Frame, Visitor, draw, failed, is_number, shown};
use crate::cli::failure::Failure;
use crate::cli::inbox::listed;
use crate::cli::output::{harmless, text};
use crate::cli::steps::handover::record_of_other_side;
use crate::formats::said;
use crate::lang::Lang;
use crate::referral::handover;
use crate::referral::lifecycle::Action;

/// The step, in addresses.
const STEP: &str = "handed_over";
/// Documents of a form, as many as a record takes.
const DOCUMENTS_MAX: usize = 50;
/// Between what a label is under and what it names.
const UNDER: &str = " · ";

/// A record as it stands, and who has signed it.
pub(crate) struct Record {
    pub(crate) rows: Vec<(String, String)>,
    /// The sender and the recipient.
    pub(crate) sides: Vec<Side>,
    /// Whether both have.
    pub(crate) both: bool,
    /// Whether a side has signed another record before.
    pub(crate) replaced: bool,
}

/// A side of a handover.
pub(crate) struct Side {
    pub(crate) name: String,
    /// On which workstation it was signed, and when; nothing if it was not.
    pub(crate) desk: String,
    pub(crate) at: Option<When>,
}

impl Record {
    /// Of what `inbox show` or `sent show` says; none if nobody has signed any.
    pub(crate) fn of(v: &Value, lang: Lang) -> Option<Self> {
        let steps: Vec<(&Value, &Map<String, Value>)> = signed(v).collect();
        let (_, last) = steps.last()?;
        let hash = handover::hash(last);
        let mut of_this = steps.iter().filter(|(_, record)| handover::hash(record) == hash);
        let side = |org: &str, name: &str| {
            let step = of_this.clone().map(|(step, _)| *step).find(|step| step["by"] == v[org]);
            Side {
                name: harmless(text(v, name)),
                desk: step
                    .map_or_else(String::new, |s| harmless(s["by_device"].as_str().unwrap_or_default())),
                at: step.map(|step| when(text(step, "at"), lang)),
            }
        };
        let sides = vec![side("from", "from_name"), side("to", "to_name")];
        Some(Self {
            rows: rows(last, lang),
            both: sides.iter().all(|side| side.at.is_some()),
            replaced: of_this.by_ref().count() < steps.len(),
            sides,
        })
    }
}

/// Steps that have signed a record and count, with the record.
fn signed(v: &Value) -> impl Iterator<Item = (&Value, &Map<String, Value>)> {
    let steps = v["timeline"].as_array().into_iter().flatten();
    let counts = |step: &&Value| {
        step["what"] == Action::HandedOver.as_str() && step["conflict"] != true && step["taken_back"] != true
    };
    steps.filter(counts).filter_map(|step| Some((step, step["said"]["handover"].as_object()?)))
}

/// Everything that a record says, in words.
fn rows(record: &Map<String, Value>, lang: Lang) -> Vec<(String, String)> {
    let rows = said::whole_record(record, lang).into_iter();
    rows.map(|(label, words)| {
        let label = label.split_once(UNDER).map_or(label.as_str(), |(_, rest)| rest).to_owned();
        (harmless(&label), harmless(&moment(&words, lang)))
    })
    .collect()
}

#[derive(Template)]
#[template(path = "web/handover.html")]
struct Page {
    frame: Frame,
    row: Row,
    title: String,
    tells: String,
    /// What the other side has signed and waits for ours.
    theirs: Option<Vec<(String, String)>>,
    /// Whether this side has signed already.
    signed: bool,
    staff: Vec<String>,
    zone: String,
    typed: Typed,
    error: String,
}

/// What somebody has typed.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    at: String,
    place: String,
    present: String,
    condition: String,
    documents: String,
    medication: String,
    by: String,
    to: String,
    complaints: String,
    staff: String,
    /// Whether the other side's record is signed as it is.
    sign: String,
    lang: String,
}

impl Typed {
    /// What stands in a record, to be changed.
    fn of(record: &Map<String, Value>) -> Self {
        let field = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let hand = |name: &str| {
            record.get(name).map_or("", |hand| hand["staff_no"].as_str().unwrap_or_default()).to_owned()
        };
        let documents = record.get("documents_handed").and_then(Value::as_array).into_iter().flatten();
        Self {
            at: local(&field("handed_over_at")),
            place: field("place"),
            present: field("person_present"),
            condition: field("condition"),
            documents: documents.filter_map(Value::as_str).collect::<Vec<_>>().join("\n"),
            medication: field("medication_handed"),
            by: hand("by"),
            to: hand("to"),
            complaints: field("complaints"),
            ..Self::default()
        }
    }

    /// The command that signs it.
    fn command(&self, id: &str) -> Result<Vec<String>, Failure> {
        let mut words = vec!["handed-over".to_owned(), id.to_owned()];
        if !self.staff.trim().is_empty() {
            words.push(format!("--staff={}", self.staff.trim()));
        }
        if self.sign == "yes" {
            words.push("--sign".to_owned());
            return Ok(words);
        }
        let mut set = |path: &str, value: &str| {
            if !value.trim().is_empty() {
                words.push(format!("--set=handover.{path}={}", value.trim()));
            }
        };
        set("handed_over_at", &universal(self.at.trim())?);
        set("place", &self.place);
        set("person_present", &self.present);
        set("condition", &self.condition);
        set("medication_handed", &self.medication);
        set("by.staff_no", &self.by);
        set("to.staff_no", &self.to);
        set("complaints", &self.complaints);
        let documents = self.documents.lines().filter(|line| !line.trim().is_empty());
        for (n, document) in documents.take(DOCUMENTS_MAX).enumerate() {
            set(&format!("documents_handed[{n}]"), document);
        }
        // A record with nothing in it is none: the command would look for the other side's.
        if words.len() == 2 {
            words.push("--set=handover.place=".to_owned());
        }
        Ok(words)
    }
}

/// A moment as the control of a form wants it, in the zone of this machine.
fn local(at: &str) -> String {
    let Ok(at) = at.parse::<jiff::Timestamp>() else { return String::new() };
    let at = TimeZone::system().to_datetime(at);
    format!("{:04}-{:02}-{:02}T{:02}:{:02}", at.year(), at.month(), at.day(), at.hour(), at.minute())
}

/// The same back, as it travels; empty stays empty, and is now.
fn universal(typed: &str) -> Result<String, Failure> {
    if typed.is_empty() {
        return Ok(String::new());
    }
    let at = typed.parse::<DateTime>().ok().and_then(|at| TimeZone::system().to_timestamp(at).ok());
    at.map(|at| at.to_string())
        .ok_or_else(|| Failure::wrong("fail-handover-at", &[("found", &harmless(typed))]))
}

pub(crate) async fn ask(visitor: Visitor, Path(id): Path<String>) -> Response {
    let page = page(&visitor, &id, String::new(), None).await;
    shown(&visitor, page)
}

pub(crate) async fn sign(visitor: Visitor, Path(id): Path<String>, Form(typed): Form<Typed>) -> Response {
    if let Ok(lang) = typed.lang.parse() {
        let visitor = visitor.speaking(lang);
        return in_language(shown(&visitor, page(&visitor, &id, String::new(), Some(typed)).await), lang);
    }
    match signed_as(&visitor, &id, &typed).await {
        Ok(()) => Redirect::to(&format!("/item/{id}#handover")).into_response(),
        Err(failure) => {
            let failure = failure.in_lang(visitor.lang);
            let error = failure.in_a_line();
            match page(&visitor, &id, error, Some(typed)).await {
                Ok(page) => page,
                Err(_) => failed(&visitor, failure),
            }
        }
    }
}

async fn signed_as(visitor: &Visitor, id: &str, typed: &Typed) -> Result<(), Failure> {
    if !is_number(id) {
        return Err(Failure::not_found(&harmless(id)));
    }
    let words = typed.command(id)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    visitor.run(&words).await.map(drop)
}

async fn page(visitor: &Visitor, id: &str, error: String, typed: Option<Typed>) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let (thread, _) = transition(visitor, id, STEP)?;
    let ours = thread.ours;
    let v = listed(&thread, &visitor.home).await?;
    let row = Row::of(&v, ours, lang).ok_or_else(|| Failure::not_found(id))?;
    let theirs = record_of_other_side(&thread, &visitor.home)?;
    let signed = crate::engine::threads::work_of(&thread, &visitor.home.engine.vault)?.signed();
    let typed = typed
        .or_else(|| theirs.as_ref().map(Typed::of))
        .unwrap_or_else(|| Typed { at: local(&jiff::Timestamp::now().to_string()), ..Typed::default() });
    Ok(draw(&Page {
        frame: visitor.frame(if ours { "sent" } else { "inbox" })?,
        title: lang.text("do-handed-over"),
        tells: lang.fill("step-tells", &[("with", &row.other)]),
        theirs: theirs.as_ref().map(|record| rows(record, lang)),
        signed: theirs.is_none() && signed.is_some(),
        staff: numbers(visitor)?,
        zone: zone(),
        row,
        typed,
        error,
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn step(by: &str, place: &str) -> Value {
        json!({
            "what": "handed_over", "by": by, "by_device": "desk", "at": "2026-11-29T12:00:00Z",
            "said": { "handover": { "place": place, "person_present": "yes" } },
        })
    }

    fn shown(steps: &[Value]) -> Record {
        let v =
            json!({ "from": "aa", "to": "bb", "from_name": "House", "to_name": "Police", "timeline": steps });
        Record::of(&v, Lang::En).unwrap()
    }

    #[test]
    fn both_sides_have_signed_when_both_have_signed_the_same_record() {
        let one = shown(&[step("aa", "Gate 4")]);
        assert!(!one.both && one.sides[0].at.is_some() && one.sides[1].at.is_none());
        assert!(one.rows.iter().any(|(_, words)| words == "Gate 4"), "{:?}", one.rows);
        assert!(shown(&[step("aa", "Gate 4"), step("bb", "Gate 4")]).both);
        let other = shown(&[step("aa", "Gate 4"), step("bb", "Gate 5")]);
        assert!(!other.both && other.replaced && other.sides[0].at.is_none());
        let mut late = step("bb", "Gate 4");
        late["conflict"] = true.into();
        assert!(!shown(&[step("aa", "Gate 4"), late]).both, "what came too late counts for nothing");
        assert!(Record::of(&json!({ "timeline": [] }), Lang::En).is_none());
    }

    #[test]
    fn what_is_typed_becomes_the_command_of_the_terminal() {
        let typed = Typed {
            place: "Gate 4".into(),
            present: "yes".into(),
            documents: "passport\n\n ticket ".into(),
            by: "--sign".into(),
            ..Typed::default()
        };
        let words = typed.command("3f9a").unwrap();
        assert!(words.contains(&"--set=handover.documents_handed[1]=ticket".to_owned()), "{words:?}");
        assert!(words.contains(&"--set=handover.by.staff_no=--sign".to_owned()) && words.len() == 7);
        assert!(Typed::default().command("3f9a").unwrap().iter().any(|word| word.contains("handover.place")));
        let sign = Typed { sign: "yes".into(), place: "elsewhere".into(), ..Typed::default() };
        assert_eq!(sign.command("3f9a").unwrap(), ["handed-over", "3f9a", "--sign"]);
        assert!(Typed { at: "yesterday".into(), ..Typed::default() }.command("3f9a").is_err());
        assert_eq!(local(&universal("2026-11-29T14:05").unwrap()), "2026-11-29T14:05");
    }
}
