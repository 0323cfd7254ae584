//! The quick border alert: what is needed to stop somebody at a border, on one page.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;

use super::lock::in_language;
use super::texts::{names, put_in};
use super::{Frame, Visitor, draw, shown};
use crate::cli::failure::Failure;
use crate::cli::home::system_rng;
use crate::cli::output::{Taken, harmless, text};
use crate::lang::Lang;
use crate::referral::labels;
use crate::registers::borders::{self, BorderPoint};
use crate::web::{Shared, looked_at};

/// Kinds of organisations that stand at borders.
const AT_BORDERS: [&str; 2] = ["police", "border"];
/// In how long she is there; a time of the clock would have to be reckoned first.
const ETAS: [&str; 9] = ["PT0M", "PT15M", "PT30M", "PT1H", "PT2H", "PT4H", "PT8H", "PT12H", "P1D"];

#[derive(Template)]
#[template(path = "web/alert.html")]
struct Alert {
    frame: Frame,
    to: Vec<Choice>,
    etas: Vec<Choice>,
    points: Vec<&'static str>,
    about: Vec<Choice>,
    requests: Vec<Choice>,
    wants: Vec<Choice>,
    sexes: Vec<Choice>,
    typed: Typed,
    errors: Vec<String>,
    preview: Vec<Reader>,
    ready: bool,
    templates: Vec<String>,
}

/// An organisation, with what it will read of each section and why.
pub(crate) struct Reader {
    pub(crate) name: String,
    pub(crate) rows: Vec<(String, String, String)>,
}

struct Choice {
    value: String,
    words: String,
    chosen: bool,
}

/// What somebody has typed.
#[derive(Clone, Default, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    to: String,
    #[serde(default)]
    about: String,
    #[serde(default, rename = "where")]
    place: String,
    #[serde(default)]
    eta: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    sex: String,
    #[serde(default)]
    age: String,
    #[serde(default)]
    request: String,
    #[serde(default)]
    approach: String,
    #[serde(default)]
    wants: String,
    #[serde(default)]
    callback: String,
    #[serde(default)]
    exercise: String,
    /// The key of what somebody has looked at: who will read what.
    #[serde(default)]
    seen: String,
    /// A text of the organisation, and whether it is to be put in.
    #[serde(default)]
    template: String,
    #[serde(default)]
    insert: String,
    /// A language that somebody would rather see, in the middle of writing.
    #[serde(default)]
    lang: String,
}

pub(crate) async fn write(visitor: Visitor) -> Response {
    let page = page(&visitor, Typed::default(), Vec::new(), None).await;
    shown(&visitor, page)
}

/// Shows who will read what first; the second time it goes.
pub(crate) async fn send(visitor: Visitor, State(site): State<Shared>, Form(typed): Form<Typed>) -> Response {
    if let Ok(lang) = typed.lang.parse() {
        let visitor = visitor.speaking(lang);
        return in_language(shown(&visitor, page(&visitor, typed, Vec::new(), None).await), lang);
    }
    if typed.insert == "yes" {
        let mut typed = typed;
        let page = match put_in(&visitor, &typed.template, &mut typed.approach) {
            Ok(()) => page(&visitor, typed, Vec::new(), None).await,
            Err(failure) => Err(failure),
        };
        return shown(&visitor, page);
    }
    let done = act(&visitor, &site, typed).await;
    shown(&visitor, done)
}

async fn act(visitor: &Visitor, site: &Shared, typed: Typed) -> Result<Response, Failure> {
    // Without a recipient nothing else can be said to be right or wrong.
    if typed.to.is_empty() {
        return page(visitor, typed, vec![visitor.lang.text("draft-to-nobody")], None).await;
    }
    let words = command(&typed);
    match site.looked_at.go(&typed.seen, &words).await {
        looked_at::Form::Sent(place) => return Ok(Redirect::to(&place).into_response()),
        looked_at::Form::Ready(going) => {
            let sender = visitor.speaking(visitor.lang);
            return match going.carry_out(async move { sent_to(&sender, &words).await }).await {
                Ok(place) => Ok(Redirect::to(&place).into_response()),
                Err(failure) => page(visitor, typed, errors(failure, visitor.lang), None).await,
            };
        }
        looked_at::Form::New => {}
    }
    match run(visitor, &words, "--preview").await {
        Ok(taken) => {
            let shares =
                taken.results.iter().flat_map(|printed| printed.value["access"].as_array()).flatten();
            let readers = shares.map(|share| reader(share, visitor.lang)).collect();
            let seen = site.looked_at.look(&words, &mut *system_rng()).await;
            page(visitor, Typed { seen, ..typed }, Vec::new(), Some(readers)).await
        }
        Err(failure) => page(visitor, typed, errors(failure, visitor.lang), None).await,
    }
}

/// Sends it; gives where its case is shown.
async fn sent_to(visitor: &Visitor, words: &[String]) -> Result<String, Failure> {
    let taken = run(visitor, words, "--yes").await?;
    let mut packets = taken.results.iter().filter_map(|r| r.value["packets"][0]["id"].as_str());
    Ok(format!("/item/{}", packets.next().unwrap_or_default()))
}

async fn run(visitor: &Visitor, words: &[String], last: &str) -> Result<Taken, Failure> {
    let all: Vec<&str> = words.iter().map(String::as_str).chain([last]).collect();
    visitor.run(&all).await
}

/// What is decided for an organisation, in words.
pub(crate) fn reader(share: &Value, lang: Lang) -> Reader {
    let decisions = share["sections"].as_array().into_iter().flatten();
    let rows = decisions.map(|decision| {
        let gaps = decision["gaps"].as_object().into_iter().flatten();
        let gaps: Vec<(&str, &str)> =
            gaps.filter_map(|(name, text)| Some((name.as_str(), text.as_str()?))).collect();
        (
            labels::code_of(lang, "section", text(decision, "section")),
            lang.text(&format!("access-verdict-{}", text(decision, "verdict"))),
            harmless(&lang.fill(text(decision, "why"), &gaps)),
        )
    });
    Reader { name: harmless(text(share, "name")), rows: rows.collect() }
}

/// A failure line by line: each field that is wrong has its own.
pub(crate) fn errors(failure: Failure, lang: Lang) -> Vec<String> {
    let failure = failure.in_lang(lang);
    let mut lines: Vec<String> = failure.message.lines().map(|line| line.trim().to_owned()).collect();
    lines.push(format!("{} [{}]", failure.hint, failure.code));
    lines
}

/// The command that sends it.
fn command(typed: &Typed) -> Vec<String> {
    let mut words = vec!["send".to_owned(), "border-alert".to_owned(), format!("--to={}", typed.to)];
    let mut set = |path: &str, value: &str| {
        if !value.trim().is_empty() {
            words.push(format!("--set={path}={}", value.trim()));
        }
    };
    set("alert_type", &typed.about);
    match point(typed.place.trim()) {
        Some(point) => set("where.border_point.bp_id", &point.id),
        None => set("where", &typed.place),
    }
    set("when.eta", &typed.eta);
    set("persons[0].names[0].full", &typed.name);
    set("persons[0].sex", &typed.sex);
    let (least, most) = ages(&typed.age);
    set("persons[0].age.min", &least);
    set("persons[0].age.max", &most);
    set("request", &format!("[\"{}\"]", typed.request));
    set("approach_note", &typed.approach);
    set("subject_wants_help", &typed.wants);
    set("callback", &typed.callback);
    if typed.exercise == "yes" {
        words.push("--exercise".into());
    }
    words
}

/// The border point of our register that has this number, or exactly this name in one of our languages.
fn point(typed: &str) -> Option<&'static BorderPoint> {
    let is_called = |point: &&BorderPoint| Lang::ALL.iter().any(|lang| point.name(*lang) == typed);
    borders::by_id(typed).or_else(|| borders::all().iter().find(is_called))
}

/// `17`, or `16-18`.
fn ages(typed: &str) -> (String, String) {
    let typed = typed.replace(['–', '—'], "-");
    match typed.split_once('-') {
        Some((least, most)) => (least.trim().to_owned(), most.trim().to_owned()),
        None => (typed.trim().to_owned(), typed.trim().to_owned()),
    }
}

async fn page(
    visitor: &Visitor,
    typed: Typed,
    errors: Vec<String>,
    preview: Option<Vec<Reader>>,
) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let listed = visitor.values(&["org", "list"]).await?;
    let at_borders = listed.iter().filter(|org| org["status"] == "active" || org["suspended"].is_null());
    let at_borders =
        at_borders.filter(|org| org["kind"].as_str().is_some_and(|kind| AT_BORDERS.contains(&kind)));
    let to = at_borders
        .map(|org| {
            let field = |name: &str| org[name].as_str().unwrap_or_default().to_owned();
            Choice {
                chosen: field("id") == typed.to,
                words: harmless(&format!("{} ({})", field("name"), field("country"))),
                value: field("id"),
            }
        })
        .collect();
    let of_list = |list: &str, chosen: &str| -> Vec<Choice> {
        let known = labels::lists().find(|known| known.id == list);
        let codes = known.into_iter().flat_map(|list| list.codes.iter().map(move |code| (list, *code)));
        codes
            .map(|(list, code)| Choice {
                value: code.to_owned(),
                words: labels::code(lang, list, code),
                chosen: code == chosen,
            })
            .collect()
    };
    let etas = ETAS.into_iter().map(|time| Choice {
        value: time.to_owned(),
        words: lang.text(&format!("time-{}", time.to_lowercase())),
        chosen: time == typed.eta,
    });
    let points = borders::all().iter().map(|point| point.name(lang));
    Ok(draw(&Alert {
        frame: visitor.frame("alert")?,
        to,
        etas: etas.collect(),
        points: points.collect(),
        about: of_list("alert-type", &typed.about),
        requests: of_list("border-request", &typed.request),
        wants: of_list("yes-no-unknown", &typed.wants),
        sexes: of_list("sex", &typed.sex),
        ready: preview.is_some(),
        templates: names(visitor)?,
        preview: preview.unwrap_or_default(),
        typed,
        errors,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_becomes_the_same_command_that_a_terminal_would_take() {
        let typed = Typed {
            to: "ab".repeat(32),
            place: "Москва, аэропорт Шереметьево".into(),
            eta: "PT1H".into(),
            name: "Дарья Попеску".into(),
            age: "16–17".into(),
            request: "separate_and_interview".into(),
            approach: "--yes".into(),
            ..Typed::default()
        };
        let words = command(&typed);
        assert!(words.contains(&"--set=where.border_point.bp_id=BP-0001".to_owned()), "{words:?}");
        assert!(words.contains(&"--set=persons[0].age.min=16".to_owned()));
        assert!(words.contains(&"--set=persons[0].age.max=17".to_owned()));
        assert!(words.contains(&"--set=approach_note=--yes".to_owned()), "no flag of the command: {words:?}");
        assert!(words.contains(&"--set=request=[\"separate_and_interview\"]".to_owned()));
        assert!(!words.iter().any(|word| word.contains("callback")), "what is empty is not said");
    }
}
