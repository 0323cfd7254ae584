//! `causeway matches` and `causeway match`: cases that may be about one person, for the person who decides.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::failure::{Failure, exit};
use super::home::Home;
use super::kind::{read, refused};
use super::output::{harmless, print, print_list, remark, text, time};
use crate::calls;
use crate::casebook::Case;
use crate::matching::finding::{self, Decision, Finding, Side, State};
use crate::matching::sweep;
use crate::matching::telling::{self, Notice, Stage, Standing, Warning};
use crate::referral::access::Rule;
use crate::referral::{Document, Kind};
use crate::vault::Changes;

mod words;

/// Longest remark to a decision, in characters.
const TEXT_CHARS_MAX: usize = 2_000;
/// Fewest characters of a number that mean one finding.
const NUMBER_MIN: usize = 4;

#[derive(Debug, Subcommand)]
pub(crate) enum MatchesCommand {
    /// Cases that may be about one person, and what other organisations ask or say about cases of yours.
    List {
        /// Those that are decided too.
        #[arg(long)]
        all: bool,
    },
    /// Both people side by side: what agrees, what does not, and what is to be minded.
    Show {
        /// Number of the finding, or the beginning of it.
        id: String,
    },
    /// Say that it is one person, or answer a question with yes. The owner of a case from outside is told that there is another
    /// one, and nothing else.
    Confirm {
        /// Number of the finding, or the beginning of it.
        id: String,
        /// She wanted nothing told, has been asked again, and agrees.
        #[arg(long)]
        asked_again: bool,
        /// What you note about it; it stays here.
        #[arg(long, default_value = "")]
        text: String,
    },
    /// Say that it is not one person, or answer a question with no.
    Dismiss {
        /// Number of the finding, or the beginning of it.
        id: String,
        /// Why; it stays here.
        #[arg(long, default_value = "")]
        text: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct MatchArgs {
    /// File with a document, JSON; `-` reads standard input. It is neither sent nor kept.
    file: PathBuf,
    /// What it is, for example missing-person.
    #[arg(long)]
    kind: Kind,
}

pub(crate) async fn run(command: MatchesCommand, home: &Home) -> Result<(), Failure> {
    sweep::compare_new(&home.engine).await?;
    match command {
        MatchesCommand::List { all } => list(all, home).await,
        MatchesCommand::Show { id } => show(&id, home).await,
        MatchesCommand::Confirm { id, asked_again, text } => confirm(&id, asked_again, text, home).await,
        MatchesCommand::Dismiss { id, text } => dismiss(&id, text, home).await,
    }
}

/// What a number stands for.
enum Meant {
    Finding(Box<Finding>),
    Notice(Box<Notice>),
}

impl Meant {
    fn by(id: &str, home: &Home) -> Result<Self, Failure> {
        let vault = &home.engine.vault;
        let fits = |number: &str| id.len() >= NUMBER_MIN && number.starts_with(id);
        let findings =
            finding::all(vault)?.into_iter().filter(|f| fits(&f.id())).map(|f| Self::Finding(Box::new(f)));
        let notices = telling::notices(vault)?.into_iter().filter(|n| fits(&n.message.number));
        let mut meant: Vec<Self> = findings.chain(notices.map(|n| Self::Notice(Box::new(n)))).collect();
        match (meant.pop(), meant.is_empty()) {
            (Some(one), true) => Ok(one),
            (None, _) => Err(Failure::new(
                "M-104",
                exit::NOT_FOUND,
                home.lang.fill("matches-none-such", &[("id", id)]),
                home.lang.text("matches-none-such-hint"),
            )),
            (Some(_), false) => Err(Failure::new(
                "M-105",
                exit::INVALID,
                home.lang.fill("matches-several", &[("id", id)]),
                home.lang.text("matches-several-hint"),
            )),
        }
    }
}

async fn list(all: bool, home: &Home) -> Result<(), Failure> {
    let vault = &home.engine.vault;
    let mut values = Vec::new();
    let mut findings = finding::all(vault)?;
    findings.sort_by_key(|f| (f.class != "likely", std::cmp::Reverse(f.found)));
    for finding in findings.iter().filter(|f| all || !f.decision.is(State::Dismissed)) {
        values.push(entry(finding, home).await?);
    }
    for notice in telling::notices(vault)? {
        let said = finding::said_to(vault, &notice.message.number)?;
        if all || notice.is_open(said.as_ref()) {
            values.push(notice_entry(&notice, said.as_ref(), home).await);
        }
    }
    print_list(home.json, values, &home.lang.text("matches-empty"), |v| words::line(v, home.lang));
    Ok(())
}

async fn entry(finding: &Finding, home: &Home) -> Result<Value, Failure> {
    let mut cases = Vec::new();
    for side in telling::sides(finding) {
        cases.push(case_entry(side, home).await?);
    }
    let (standing, with) = standing(finding, home)?;
    Ok(json!({
        "id": finding.id(),
        "what": "finding",
        "class": finding.class,
        "state": finding.decision.state,
        "standing": standing,
        "standing_with": match with { Some(org) => home.name_of(org).await.into(), None => Value::Null },
        "found": time(finding.found),
        "agree": finding.agree,
        "disagree": finding.disagree,
        "by": finding.decision.by,
        "decided": time(finding.decision.at),
        "text": finding.decision.text,
        "cases": cases,
    }))
}

fn standing(
    finding: &Finding,
    home: &Home,
) -> Result<(&'static str, Option<causeway_common::ids::OrgId>), Failure> {
    if !finding.decision.is(State::Confirmed) {
        return Ok(("undecided", None));
    }
    Ok(match telling::standing(&home.engine.vault, finding)? {
        Standing::Own => ("own", None),
        Standing::ToAsk(_, org) => ("to_ask", Some(org)),
        Standing::Asked(org) => ("asked", Some(org)),
        Standing::Refused(org) => ("refused", Some(org)),
        Standing::ToTell(_, org) => ("to_tell", Some(org)),
        Standing::Told(org) => ("told", Some(org)),
        Standing::Gone => ("gone", None),
    })
}

async fn case_entry(side: &Side, home: &Home) -> Result<Value, Failure> {
    let case = calls::case(&home.engine.vault, &side.case)?;
    let Some(thread) = case.map(|case| case.thread) else {
        return Ok(json!({ "referral": side.root.to_string(), "gone": true }));
    };
    Ok(json!({
        "referral": thread.root.to_string(),
        "kind": thread.kind,
        "ours": thread.ours,
        "with": if thread.peer == calls::NOBODY { String::new() } else { home.name_of(thread.peer).await },
        "person": side.person,
        "begun": time(thread.begun),
    }))
}

async fn notice_entry(notice: &Notice, said: Option<&Decision>, home: &Home) -> Value {
    json!({
        "id": notice.message.number,
        "what": notice.message.stage.as_str(),
        "class": notice.message.class,
        "state": said.map_or("open", |said| said.state.as_str()),
        "answer": notice.answer.map(Stage::as_str),
        "from": home.name_of(notice.message.by).await,
        "at": time(notice.message.at),
        "referral": notice.thread.root.to_string(),
        "kind": notice.thread.kind,
    })
}

async fn show(id: &str, home: &Home) -> Result<(), Failure> {
    let value = match Meant::by(id, home)? {
        Meant::Finding(finding) => {
            let mut value = entry(&finding, home).await?;
            let documents = documents(&finding, home)?;
            let people: Vec<Value> = telling::sides(&finding)
                .iter()
                .zip(&documents)
                .map(|(side, d)| person_at(d, &side.person))
                .collect();
            value["rows"] = words::rows(&people);
            value["warnings"] = documents.iter().map(warning_codes).collect();
            home.note("looked at two cases that may be about one person").await?;
            value
        }
        Meant::Notice(notice) => {
            let said = finding::said_to(&home.engine.vault, &notice.message.number)?;
            let mut value = notice_entry(&notice, said.as_ref(), home).await;
            let document = Case::of(&home.engine.vault, notice.thread.clone())?.document;
            value["warnings"] = vec![warning_codes(&document)].into();
            value
        }
    };
    print(home.json, value, |v| words::shown(v, home.lang));
    Ok(())
}

fn documents(finding: &Finding, home: &Home) -> Result<Vec<Map<String, Value>>, Failure> {
    let mut all = Vec::new();
    for side in telling::sides(finding) {
        let case = calls::case(&home.engine.vault, &side.case)?;
        all.push(case.map(with_updates).unwrap_or_default());
    }
    Ok(all)
}

/// The document, with the people whom updates tell of under the paths that findings name.
fn with_updates(case: Case) -> Map<String, Value> {
    let mut document = case.document;
    for update in case.steps.into_iter().filter_map(|(_, update)| update) {
        let told =
            [("answer.confirmed", update.answer.get("confirmed")), ("found", update.other.get("found"))];
        for (at, object) in told {
            if let Some(object) = object {
                document.insert(at.into(), object.clone());
            }
        }
    }
    document
}

fn person_at(document: &Map<String, Value>, at: &str) -> Value {
    let (name, place) = match at.split_once('[') {
        Some((name, rest)) => (name, rest.trim_end_matches(']').parse::<usize>().ok()),
        None => (at, None),
    };
    let value = document.get(name);
    let value = match place {
        Some(place) => value.and_then(|list| list.get(place)),
        None => value,
    };
    value.cloned().unwrap_or(Value::Null)
}

fn warning_codes(document: &Map<String, Value>) -> Value {
    telling::warnings(document).into_iter().map(|warning| Value::from(warning.as_str())).collect()
}

async fn confirm(id: &str, asked_again: bool, said: String, home: &Home) -> Result<(), Failure> {
    short_enough(&said, home)?;
    match Meant::by(id, home)? {
        Meant::Finding(mut finding) => {
            for document in documents(&finding, home)? {
                nothing_told_against_her_will(&document, asked_again, home)?;
            }
            nobody_hears_who_must_not(&finding, home).await?;
            decide(&mut finding, State::Confirmed, said, home).await?;
            let queued = telling::advance(&home.engine, &finding).await?;
            let mut value = entry(&finding, home).await?;
            value["queued"] = queued.into();
            print(home.json, value, |v| words::confirmed(v, home.lang));
        }
        Meant::Notice(notice) if notice.message.stage == Stage::Ask => {
            let document = Case::of(&home.engine.vault, notice.thread.clone())?.document;
            nothing_told_against_her_will(&document, asked_again, home)?;
            reply(&notice, Stage::Agree, State::Confirmed, said, home).await?;
        }
        Meant::Notice(_) => {
            return Err(Failure::new(
                "M-107",
                exit::REFUSED,
                home.lang.text("matches-nothing-to-confirm"),
                home.lang.text("matches-nothing-to-confirm-hint"),
            ));
        }
    }
    Ok(())
}

async fn dismiss(id: &str, said: String, home: &Home) -> Result<(), Failure> {
    short_enough(&said, home)?;
    match Meant::by(id, home)? {
        Meant::Finding(mut finding) => {
            if !matches!(standing(&finding, home)?.0, "undecided" | "own" | "refused" | "gone") {
                return Err(Failure::new(
                    "M-109",
                    exit::CONFLICT,
                    home.lang.text("matches-told-already"),
                    home.lang.text("matches-told-already-hint"),
                ));
            }
            decide(&mut finding, State::Dismissed, said, home).await?;
            print(home.json, entry(&finding, home).await?, |_| home.lang.text("matches-dismissed"));
        }
        Meant::Notice(notice) if notice.message.stage == Stage::Ask => {
            reply(&notice, Stage::Refuse, State::Dismissed, said, home).await?;
        }
        Meant::Notice(notice) => {
            put_away(&notice, State::Dismissed, said, home).await?;
            print(home.json, notice_value(&notice, home).await?, |_| home.lang.text("matches-put-away"));
        }
    }
    Ok(())
}

fn short_enough(said: &str, home: &Home) -> Result<(), Failure> {
    if said.chars().count() <= TEXT_CHARS_MAX {
        return Ok(());
    }
    let most = TEXT_CHARS_MAX.to_string();
    Err(Failure::invalid(
        home.lang.fill("matches-text-long", &[("most", &most)]),
        home.lang.text("matches-text-long-hint"),
    ))
}

/// She wanted nothing told: nobody confirms over that without having asked her again.
fn nothing_told_against_her_will(
    document: &Map<String, Value>,
    asked_again: bool,
    home: &Home,
) -> Result<(), Failure> {
    let warnings = telling::warnings(document);
    if !home.json {
        warnings.iter().for_each(|warning| remark(&words::warning(warning.as_str(), home.lang)));
    }
    if asked_again || !warnings.contains(&Warning::TellNothing) {
        return Ok(());
    }
    Err(Failure::new(
        "M-117",
        exit::REFUSED,
        home.lang.text("matches-wants-nothing"),
        home.lang.text("matches-wants-nothing-hint"),
    ))
}

/// A state that she fears, or somebody from whom she hides, would learn that she is somewhere.
async fn nobody_hears_who_must_not(finding: &Finding, home: &Home) -> Result<(), Failure> {
    let Some((org, rule)) = telling::who_must_not_hear(&home.engine, finding).await? else { return Ok(()) };
    let (lang, name) = (home.lang, harmless(&home.name_of(org).await));
    let words = if rule == Rule::HardAsylum { "matches-fears" } else { "matches-withholds" };
    Err(Failure::new(
        "M-118",
        exit::REFUSED,
        lang.fill(words, &[("org", &name)]),
        lang.text("matches-must-not-hear-hint"),
    ))
}

fn decision(state: State, said: String, home: &Home) -> Decision {
    let by = home.engine.identity.device().short();
    Decision { state: state.as_str().into(), by, at: home.engine.now(), text: said }
}

async fn decide(finding: &mut Finding, state: State, said: String, home: &Home) -> Result<(), Failure> {
    finding.decision = decision(state, said, home);
    let mut changes = Changes::default();
    finding::put(&mut changes, finding);
    home.engine.commit(changes).await?;
    home.note(match state {
        State::Confirmed => "confirmed that two cases are about one person",
        _ => "dismissed that two cases are about one person",
    })
    .await
}

/// Answers a question. The answer is queued first: a decision without it would let the other side wait for ever.
async fn reply(
    notice: &Notice,
    stage: Stage,
    state: State,
    said: String,
    home: &Home,
) -> Result<(), Failure> {
    if notice.answer.is_some() {
        return Err(Failure::new(
            "M-109",
            exit::CONFLICT,
            home.lang.text("matches-answered-already"),
            home.lang.text("matches-answered-already-hint"),
        ));
    }
    telling::answer(&home.engine, notice, stage).await?;
    put_away(notice, state, said, home).await?;
    home.note(if stage == Stage::Agree {
        "agreed that another organisation hears of a case"
    } else {
        "refused that another organisation hears of a case"
    })
    .await?;
    print(home.json, notice_value(notice, home).await?, |_| {
        home.lang.text(if stage == Stage::Agree { "matches-agreed" } else { "matches-refused" })
    });
    Ok(())
}

async fn put_away(notice: &Notice, state: State, said: String, home: &Home) -> Result<(), Failure> {
    let mut changes = Changes::default();
    finding::put_said_to(
        &mut changes,
        notice.thread.case,
        &notice.message.number,
        &decision(state, said, home),
    );
    Ok(home.engine.commit(changes).await?)
}

async fn notice_value(notice: &Notice, home: &Home) -> Result<Value, Failure> {
    let said = finding::said_to(&home.engine.vault, &notice.message.number)?;
    Ok(notice_entry(notice, said.as_ref(), home).await)
}

/// Compares a document that is not sent.
pub(crate) async fn look_up(args: MatchArgs, home: &Home) -> Result<(), Failure> {
    let document = Document::parse(args.kind, &read(&args.file)?).map_err(|p| refused(&p, home.lang))?;
    let mut fields = document.fields;
    // Ages that say no day are those of today.
    fields.entry("created").or_insert_with(|| time(home.engine.now()));
    let mut values = Vec::new();
    for (at, hit) in sweep::look_up(&home.engine, &fields).await? {
        let side = Side { case: hit.case, root: hit.root, person: hit.person };
        let reasons = |all: &[crate::matching::score::Reason]| {
            all.iter().map(|r| Value::from(r.as_str())).collect::<Value>()
        };
        values.push(json!({
            "person": at,
            "class": hit.class.as_str(),
            "agree": reasons(&hit.agree),
            "disagree": reasons(&hit.disagree),
            "case": case_entry(&side, home).await?,
        }));
    }
    print_list(home.json, values, &home.lang.text("matches-nobody"), |v| words::looked_up(v, home.lang));
    Ok(())
}

/// How many findings and messages wait for a person.
pub(crate) fn waiting(home: &Home) -> Result<usize, Failure> {
    let vault = &home.engine.vault;
    let findings = finding::all(vault)?.iter().filter(|f| f.decision.is(State::Open)).count();
    let mut notices = 0;
    for notice in telling::notices(vault)? {
        notices += usize::from(notice.is_open(finding::said_to(vault, &notice.message.number)?.as_ref()));
    }
    Ok(findings + notices)
}

/// The one line that says so; empty if nothing waits.
pub(crate) fn waiting_words(count: usize, home: &Home) -> String {
    if count == 0 { String::new() } else { harmless(&home.lang.count("matches-waiting", count)) }
}

/// What a line of a list says of a case.
fn case_words(case: &Value, lang: crate::lang::Lang) -> String {
    if case["gone"] == true {
        return lang.text("matches-gone");
    }
    let id = match (text(case, "with"), &case["ours"]) {
        ("", _) => "matches-case-call",
        (_, Value::Bool(true)) => "matches-case-ours",
        _ => "matches-case-theirs",
    };
    let number = text(case, "referral").chars().take(12).collect::<String>();
    lang.fill(
        id,
        &[("kind", text(case, "kind")), ("with", &harmless(text(case, "with"))), ("number", &number)],
    )
}
