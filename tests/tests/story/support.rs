//! A town with a clock of its own, and what people there look at.

use std::time::Duration;

use causeway_tests::process::actor::{Actor, VAULT_MEMORY};
use causeway_tests::process::clock::TestClock;
use causeway_tests::process::relay::{Place, Relay};
use causeway_tests::process::town::Town;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const HOTLINE: (&str, &str, &str) = ("Angel Hotline", "hotline", "RU");
pub(crate) const POLICE: (&str, &str, &str) = ("Border Police", "police", "MD");
pub(crate) const HOUSE: (&str, &str, &str) = ("House by the River", "shelter", "MD");
pub(crate) const EMBASSY: (&str, &str, &str) = ("Consular Section", "embassy", "RU");
pub(crate) const SECOND_HOUSE: (&str, &str, &str) = ("House on the Hill", "shelter", "MD");
pub(crate) const PROSECUTOR: (&str, &str, &str) = ("Public Prosecutor", "prosecutor", "MD");

/// Monday, 30 November 2026, 09:00 UTC: offices have just opened.
const MONDAY_MORNING: i64 = 1_796_029_200;

/// A running town.
pub(crate) struct Stage {
    pub(crate) folder: TempDir,
    pub(crate) town: Town,
    pub(crate) clock: TestClock,
    relay: Relay,
}

impl Stage {
    pub(crate) async fn set(orgs: &[(&str, &str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = TestClock::at(folder.path(), MONDAY_MORNING);
        let place = Place { clock: Some(clock.clone()), ..Place::below(folder.path(), "warn") };
        let (town, relay) = Town::found(folder.path(), place, orgs).await;
        // Everybody has left prekeys and knows the others.
        Self { folder, town, clock, relay }
    }

    pub(crate) fn org(&self, org: (&str, &str, &str)) -> &Actor {
        self.town.orgs.iter().find(|actor| actor.name == org.0).unwrap()
    }

    pub(crate) fn passes(&self, time: Duration) {
        self.clock.forward(time);
    }

    /// A file with this content; gives its name.
    pub(crate) fn file(&self, name: &str, document: &Value) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, document.to_string()).unwrap();
        path.display().to_string()
    }

    /// The relay goes down, time passes, and it comes back where it was.
    pub(crate) async fn relay_is_off_for(mut self, time: Duration) -> Self {
        self.relay.stop().await;
        self.clock.forward(time);
        self.relay = self.town.place.up().await;
        self
    }

    /// The relay is stopped for good.
    pub(crate) async fn end(self) -> (TempDir, Town) {
        self.relay.stop().await;
        (self.folder, self.town)
    }

    /// A colleague's workstation of this organisation, at work.
    pub(crate) async fn colleague(&self, of: &Actor, name: &str) -> Actor {
        let invited = of.run(&["device", "invite", "--name", name]).await;
        let code = invited["invite"].as_str().unwrap();
        let mut colleague = Actor::new(self.folder.path(), name, "warn");
        colleague.clock = Some(self.clock.clone());
        let joining = [&["join", code][..], &VAULT_MEMORY].concat();
        let id = colleague.run(&joining).await["id"].as_str().unwrap().to_owned();
        of.run(&["device", "admit", &id]).await;
        assert_eq!(colleague.run(&joining).await["status"], "active");
        colleague
    }
}

pub(crate) fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

pub(crate) fn hours(count: u64) -> Duration {
    minutes(60 * count)
}

/// Each of them sends and fetches, in this order.
pub(crate) async fn sync(actors: &[&Actor]) {
    for actor in actors {
        actor.run(&["sync"]).await;
    }
}

/// The one thing that a command lists.
pub(crate) async fn only(actor: &Actor, words: &[&str]) -> Value {
    let listed = actor.list(words).await;
    assert_eq!(listed.len(), 1, "{}: {words:?}: {listed:?}", actor.name);
    listed.into_iter().next().unwrap()
}

/// A text of an object.
pub(crate) fn text(of: &Value, field: &str) -> String {
    of[field].as_str().unwrap_or_else(|| panic!("{field} is no text in {of}")).to_owned()
}

/// The only referral of a kind that has come in and is not replaced by a later one: its number and what is shown of it. Who looks
/// at it has opened it.
pub(crate) async fn opened(actor: &Actor, kind: &str) -> (String, Value) {
    let mut listed = actor.list(&["inbox", "list", "--kind", kind]).await;
    listed.retain(|item| item["capacity"]["replaced"] != true);
    assert_eq!(listed.len(), 1, "{}: {kind}: {listed:?}", actor.name);
    let id = text(&listed[0], "id");
    let shown = actor.run(&["inbox", "show", &id]).await;
    (id, shown)
}

/// The codes of the sections of what is shown, in the order of the alphabet.
pub(crate) fn sections(shown: &Value) -> Vec<&str> {
    let mut codes: Vec<&str> = shown["sections"].as_object().unwrap().keys().map(String::as_str).collect();
    codes.sort_unstable();
    codes
}

/// None of these words stands anywhere in what somebody is shown.
pub(crate) fn says_none_of(shown: &Value, words: &[&str]) {
    let text = shown.to_string();
    for word in words {
        assert!(!text.contains(word), "{word} is in {shown}");
    }
}

/// What there is to do, as code, deadline and level.
pub(crate) async fn tasks(actor: &Actor) -> Vec<(String, String, u64)> {
    tasks_of(actor, &["tasks", "list"]).await
}

/// The same with what is done already.
pub(crate) async fn all_tasks(actor: &Actor) -> Vec<(String, String, u64)> {
    tasks_of(actor, &["tasks", "list", "--all"]).await
}

async fn tasks_of(actor: &Actor, words: &[&str]) -> Vec<(String, String, u64)> {
    let listed = actor.list(words).await;
    let mut tasks: Vec<_> = listed
        .iter()
        .map(|task| (text(task, "task"), text(task, "deadline"), task["level"].as_u64().unwrap()))
        .collect();
    tasks.sort();
    tasks
}

/// The deadlines that run in what is shown or listed, with their levels.
pub(crate) fn deadlines(of: &Value) -> Vec<(String, Option<u64>)> {
    let running = of["deadlines"].as_array().unwrap().iter();
    running.map(|clock| (text(clock, "deadline"), clock["level"].as_u64())).collect()
}

/// How often a word stands in the timeline.
pub(crate) fn count(shown: &Value, what: &str) -> usize {
    shown["timeline"].as_array().unwrap().iter().filter(|step| step["what"] == what).count()
}

/// The steps of a thread as both sides must tell them. That it came in is the sender's news only, and where a story begins
/// is called "sent" there and "received" here.
fn told(shown: &Value) -> Vec<Value> {
    let steps = shown["timeline"].as_array().unwrap().iter().filter(|step| step["what"] != "delivered");
    let same = ["what", "by", "text", "conflict", "taken_back"];
    steps.map(|step| same.iter().map(|field| step[*field].clone()).collect()).collect()
}

/// Both sides of each thread of the sender tell the same story; gives the states at its end, by kind and recipient.
pub(crate) async fn same_on_both_sides(
    sender: &Actor,
    recipients: &[&Actor],
) -> Vec<(String, String, String)> {
    let mut ends = Vec::new();
    for item in sender.list(&["sent", "list"]).await {
        let here = sender.run(&["sent", "show", &text(&item, "id")]).await;
        let name = text(&here, "to_name");
        let recipient = recipients.iter().find(|actor| actor.name == name).unwrap();
        let there = recipient.run(&["inbox", "show", &text(&item, "referral")]).await;
        assert_eq!(here["work"], there["work"], "{name}: {here}\n{there}");
        assert_eq!(told(&here), told(&there), "{name} tells another story");
        ends.push((text(&here, "kind"), name, text(&here, "work")));
    }
    ends.sort();
    ends
}

/// The first of two signatures under a record of a handover: it changes no state yet.
pub(crate) async fn signed_first(actor: &Actor, id: &str, place: &str) {
    let place = format!("handover.place={place}");
    let record = [&*place, "handover.person_present=yes", "handover.condition=well"];
    let hands = ["handover.by.staff_no=NGO-0214", "handover.to.staff_no=SHL-0007"];
    let set = record.iter().chain(&hands).flat_map(|field| ["--set", field]);
    let words: Vec<&str> = ["handed-over", id].into_iter().chain(set).collect();
    assert_eq!(actor.run(&words).await["work"], "in_progress");
}

/// The task of this code that is open; there is one.
pub(crate) async fn task(actor: &Actor, code: &str) -> Value {
    let listed = actor.list(&["tasks", "list"]).await;
    let mut meant = listed.iter().filter(|task| task["task"] == code);
    match (meant.next(), meant.next()) {
        (Some(task), None) => task.clone(),
        _ => panic!("{}: not one {code} in {listed:?}", actor.name),
    }
}

/// Tasks as [`tasks`] gives them.
pub(crate) fn named(tasks: &[(&str, &str, u64)]) -> Vec<(String, String, u64)> {
    let mut named: Vec<_> =
        tasks.iter().map(|(code, clock, level)| ((*code).to_owned(), (*clock).to_owned(), *level)).collect();
    named.sort();
    named
}
