//! `causeway capacity`: what a shelter has, whom it keeps something for, and what partners have published.

use causeway_common::ids::OrgId;
use causeway_common::time::Timestamp;
use clap::Subcommand;
use serde_json::{Value, json};

use super::failure::{Failure, exit};
use super::home::Home;
use super::org;
use super::output::{harmless, print_list, remark, text, time};
use super::placing::label;
use crate::beds::hold::{self, Hold};
use crate::beds::house::{House, Line, houses};
use crate::beds::partners::{self, Freshness, Shelter};
use crate::beds::publication::{Published, published};
use crate::beds::{self, PUBLICATION};
use crate::casebook::Case;
use crate::model::Thread;

mod counting;
mod publishing;

#[derive(Debug, Subcommand)]
pub(crate) enum CapacityCommand {
    /// What is free in this shelter, and what is held for whom until when.
    Show,
    /// Write down what you have counted: places in which nobody is and that are promised to nobody outside of Causeway. What
    /// you have offered in Causeway is taken off by itself. Without anything: counted again, and as before.
    Set(counting::SetArgs),
    /// Tell partners what you can offer. Never where you are.
    Publish(publishing::PublishArgs),
    /// What shelters have published to you, and how old it is.
    Partners {
        /// Only of this organisation.
        #[arg(long)]
        of: Option<String>,
        /// Only those that say they have a place for this group, for example women.
        #[arg(long)]
        group: Option<String>,
    },
}

pub(crate) async fn run(command: CapacityCommand, home: &Home) -> Result<(), Failure> {
    match command {
        CapacityCommand::Show => show(home).await,
        CapacityCommand::Set(args) => counting::set(args, home).await,
        CapacityCommand::Publish(args) => publishing::publish(args, home).await,
        CapacityCommand::Partners { of, group } => list_partners(of, group, home).await,
    }
}

/// The houses of this organisation as they stand now, and offers of places in none of them.
fn standing(home: &Home, cases: &[Case]) -> Result<(Vec<House>, Vec<Hold>), Failure> {
    let holds = hold::holds(cases, home.engine.relay_now());
    Ok(houses(beds::counts(&home.engine.vault, cases)?, &holds))
}

/// The house of this code; the only one if none is named.
fn house_of(mut houses: Vec<House>, shelter: Option<&str>, home: &Home) -> Result<House, Failure> {
    let lang = home.lang;
    let known: Vec<String> = houses.iter().map(|house| harmless(&house.count.shelter)).collect();
    if let Some(code) = shelter {
        houses.retain(|house| house.count.shelter == code);
    }
    match <[House; 1]>::try_from(houses) {
        Ok([house]) => Ok(house),
        Err(_) if known.is_empty() => {
            let hint = lang.text("capacity-none-hint");
            Err(Failure::new("Y-105", exit::NOT_FOUND, lang.text("capacity-none"), hint))
        }
        Err(_) => {
            let hint = lang.fill("capacity-which-hint", &[("known", &known.join(", "))]);
            Err(Failure::new("Y-106", exit::INVALID, lang.text("capacity-which"), hint))
        }
    }
}

async fn show(home: &Home) -> Result<(), Failure> {
    let cases = beds::cases(&home.engine.vault)?;
    let (houses, elsewhere) = standing(home, &cases)?;
    let published = published(&cases);
    let mut values = Vec::new();
    for house in &houses {
        values.push(house_json(house, published.get(&house.count.shelter), home).await);
    }
    if elsewhere.iter().any(Hold::keeps) {
        let mut holds = Vec::new();
        for hold in elsewhere.iter().filter(|hold| hold.keeps()) {
            holds.push(hold_json(hold, home).await);
        }
        values.push(json!({ "shelter_code": Value::Null, "holds": holds }));
    }
    let empty = format!("{}\n{}", home.lang.text("capacity-none"), home.lang.text("capacity-none-hint"));
    print_list(home.json, values, &empty, |v| house_words(v, home));
    Ok(())
}

/// A house for scripts. Offers that came to nothing are in their cases.
async fn house_json(house: &House, last: Option<&Published>, home: &Home) -> Value {
    let mut holds = Vec::new();
    for hold in house.holds.iter().filter(|hold| hold.keeps()) {
        holds.push(hold_json(hold, home).await);
    }
    let mut to = Vec::new();
    for org in last.into_iter().flat_map(|last| &last.to) {
        to.push(home.name_of(*org).await);
    }
    let published = last.map(|last| {
        let current = last.is_current(house);
        json!({ "packet_id": last.packet.to_string(), "at": time(last.at), "to": to, "current": current })
    });
    json!({
        "shelter_code": house.count.shelter,
        "region": house.count.fields.get("region"),
        "counted": time(house.count.at),
        "valid_until": time(house.count.valid_until()),
        "stale": house.is_stale(home.engine.relay_now()),
        "capacity": house.lines.iter().map(line_json).collect::<Vec<_>>(),
        "holds": holds,
        "published": published,
    })
}

fn line_json(line: &Line) -> Value {
    json!({
        "unit": line.unit, "group": line.group, "maximum": line.maximum, "free": line.free, "held": line.held,
        "available": line.available(), "squeezed_in": line.held.saturating_sub(line.free),
    })
}

async fn hold_json(hold: &Hold, home: &Home) -> Value {
    json!({
        "referral": hold.referral.to_string(),
        "for": hold.with.to_string(),
        "for_name": home.name_of(hold.with).await,
        "unit": hold.unit,
        "group": hold.group,
        "places": hold.places,
        "until": time(hold.until),
        "state": hold.standing.as_str(),
    })
}

fn house_words(v: &Value, home: &Home) -> String {
    let lang = home.lang;
    let holds = v["holds"].as_array().map(Vec::as_slice).unwrap_or_default();
    let held: String = holds.iter().map(|hold| hold_words(hold, home)).collect();
    if v["shelter_code"].is_null() {
        return format!("{}{held}", lang.text("capacity-elsewhere"));
    }
    let gaps = [
        ("shelter", text(v, "shelter_code")),
        ("counted", text(v, "counted")),
        ("until", text(v, "valid_until")),
    ];
    let mut out = harmless(&lang.fill("capacity-house", &gaps));
    if v["stale"] == true {
        out.push_str(&format!("\n  {}", lang.text("capacity-count-again")));
    }
    for line in v["capacity"].as_array().into_iter().flatten() {
        out.push_str(&format!("\n  {}", line_words(line, "capacity-line", home)));
        if line["squeezed_in"] != 0 {
            out.push_str(&format!("  {}", lang.text("capacity-squeezed")));
        }
    }
    out.push_str(&held);
    out.push_str(&format!("\n  {}", published_words(&v["published"], home)));
    out
}

/// A line of a house or of a publication: what it is, for whom, and its numbers.
fn line_words(line: &Value, id: &str, home: &Home) -> String {
    let number = |name: &str| line[name].as_u64().unwrap_or(0).to_string();
    let gaps = [
        ("unit", label("capacity-unit", text(line, "unit"), home.lang)),
        ("group", label("guest-group", text(line, "group"), home.lang)),
        ("maximum", number("maximum")),
        ("free", number("free")),
        ("held", number("held")),
        ("available", number("available")),
    ];
    let gaps: Vec<(&str, &str)> = gaps.iter().map(|(name, text)| (*name, text.as_str())).collect();
    home.lang.fill(id, &gaps)
}

fn hold_words(hold: &Value, home: &Home) -> String {
    let places = hold["places"].as_u64().unwrap_or(0).to_string();
    let (name, id) = (harmless(text(hold, "for_name")), text(hold, "referral").get(..12).unwrap_or("-"));
    let group = label("guest-group", text(hold, "group"), home.lang);
    let gaps = [
        ("places", places.as_str()),
        ("group", group.as_str()),
        ("name", name.as_str()),
        ("until", text(hold, "until")),
        ("id", id),
    ];
    let id = if hold["state"] == "under_way" { "capacity-under-way" } else { "capacity-held" };
    format!("\n  {}", home.lang.fill(id, &gaps))
}

fn published_words(published: &Value, home: &Home) -> String {
    let Some(to) = published["to"].as_array() else { return home.lang.text("capacity-unpublished") };
    let names: Vec<String> = to.iter().filter_map(Value::as_str).map(harmless).collect();
    let id = if published["current"] == true { "capacity-published" } else { "capacity-published-before" };
    home.lang.fill(id, &[("at", text(published, "at")), ("names", &names.join(", "))])
}

async fn list_partners(of: Option<String>, group: Option<String>, home: &Home) -> Result<(), Failure> {
    let of = match &of {
        Some(meant) => Some(org::find(home, meant).await?),
        None => None,
    };
    let now = home.engine.relay_now();
    let mut shelters = partners::shelters(&beds::cases(&home.engine.vault)?, now);
    let has_some = |shelter: &Shelter| {
        group
            .as_ref()
            .is_none_or(|group| !shelter.closed && shelter.free_for(group).is_some_and(|free| free > 0))
    };
    shelters.retain(|shelter| of.is_none_or(|of| of == shelter.org) && has_some(shelter));
    // What one can rely on comes first, the newest of it before.
    shelters.sort_by_key(|shelter| (shelter.stale, std::cmp::Reverse(shelter.counted)));
    let mut values = Vec::new();
    for shelter in &shelters {
        values.push(shelter_json(shelter, now, home).await);
    }
    print_list(home.json, values, &home.lang.text("capacity-no-partners"), |v| shelter_words(v, home));
    Ok(())
}

async fn shelter_json(shelter: &Shelter, now: Timestamp, home: &Home) -> Value {
    let places = shelter.places.iter().map(|places| {
        json!({
            "unit": places.unit, "group": places.group, "maximum": places.maximum, "available": places.available,
            "reserved": places.reserved,
        })
    });
    json!({
        "from": shelter.org.to_string(),
        "from_name": home.name_of(shelter.org).await,
        "shelter_code": shelter.code,
        "region": shelter.region,
        "referral": shelter.packet.to_string(),
        "counted": time(shelter.counted),
        "age_minutes": now.since(shelter.counted).as_secs() / 60,
        "valid_until": time(shelter.until),
        "stale": shelter.stale,
        "closed": shelter.closed,
        "capacity": places.collect::<Vec<_>>(),
    })
}

fn shelter_words(v: &Value, home: &Home) -> String {
    let lang = home.lang;
    let age = age(v["age_minutes"].as_u64().unwrap_or(0), home);
    let (name, code) = (harmless(text(v, "from_name")), harmless(text(v, "shelter_code")));
    let gaps = [
        ("name", name.as_str()),
        ("shelter", &code),
        ("region", text(v, "region")),
        ("age", &age),
        ("until", text(v, "valid_until")),
    ];
    let mut out = harmless(&lang.fill("capacity-shelter", &gaps));
    if v["stale"] == true {
        out.push_str(&format!("\n  {}", lang.text("capacity-stale")));
    }
    if v["closed"] == true {
        out.push_str(&format!("\n  {}", lang.text("capacity-closed")));
    }
    for line in v["capacity"].as_array().into_iter().flatten() {
        out.push_str(&format!("\n  {}", line_words(line, "capacity-offer", home)));
    }
    out
}

/// How old something is, in minutes up to two hours and in hours after that.
fn age(minutes: u64, home: &Home) -> String {
    const TWO_HOURS: u64 = 120;
    let (id, number) =
        if minutes < TWO_HOURS { ("capacity-minutes", minutes) } else { ("capacity-hours", minutes / 60) };
    home.lang.count(id, usize::try_from(number).unwrap_or(usize::MAX))
}

/// Whether it is a publication of somebody else.
fn is_theirs(thread: &Thread) -> bool {
    thread.kind == PUBLICATION && !thread.ours
}

/// How publications in the inbox stand; read once for a whole list, if any of them is shown there.
pub(super) struct Publications {
    cases: Vec<Case>,
    newest: Vec<Shelter>,
    now: Timestamp,
}
no_content_in_debug!(Publications);

impl Publications {
    pub(super) fn among(shown: &[Thread], home: &Home) -> Result<Self, Failure> {
        let is_any = shown.iter().any(is_theirs);
        let cases = if is_any { beds::cases(&home.engine.vault)? } else { Vec::new() };
        let now = home.engine.relay_now();
        Ok(Self { newest: partners::shelters(&cases, now), cases, now })
    }

    /// What a list or a page says about a publication of somebody else; null for everything else.
    pub(super) fn of(&self, thread: &Thread) -> Value {
        let found = || self.cases.iter().find(|case| case.thread.case == thread.case);
        let case = is_theirs(thread).then(found).flatten();
        let fresh = case.and_then(|case| partners::freshness(case, &self.newest, self.now));
        fresh.map_or(Value::Null, |Freshness { until, stale, replaced, .. }| {
            json!({ "valid_until": time(until), "stale": stale, "replaced": replaced })
        })
    }
}

/// The same for people: nothing about what one can rely on.
pub(super) fn freshness_words(v: &Value, home: &Home) -> Option<String> {
    let id = match (v["stale"] == true, v["replaced"] == true) {
        (_, true) => "capacity-replaced",
        (true, false) => "capacity-stale",
        (false, false) => return None,
    };
    Some(home.lang.text(id))
}

/// Says that partners do not rely on a publication of ours any more: otherwise nobody here would know why nobody asks.
pub(super) fn remark_old(home: &Home) -> Result<(), Failure> {
    let cases = beds::cases(&home.engine.vault)?;
    let (published, now) = (published(&cases), home.engine.relay_now());
    let (houses, _) = standing(home, &cases)?;
    for house in houses.iter().filter(|house| house.is_stale(now)) {
        let code = &house.count.shelter;
        if published.contains_key(code) && !home.json {
            remark(&format!("{}: {}", harmless(code), home.lang.text("capacity-count-again")));
        }
    }
    Ok(())
}

/// Names of organisations, for a remark.
async fn names(orgs: &[OrgId], home: &Home) -> String {
    let mut names = Vec::new();
    for org in orgs {
        names.push(harmless(&home.name_of(*org).await));
    }
    names.join(", ")
}
