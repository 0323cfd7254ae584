//! The staff's pages of a workstation that has many cases: opening the home, looking at pages, and what the daemon holds.

use std::sync::Arc;
use std::time::Duration;

use causeway_client::calls;
use causeway_client::engine::Engine;
use causeway_client::escalation;
use causeway_client::matching::sweep;
use causeway_client::matching::told::Told;
use causeway_client::vault::{Changes, Tree, Vault};
use causeway_common::time::{Clock as _, SystemClock};
use tokio::time::Instant;

use super::Plan;
use super::casebook;
use super::measure::{Samples, memory};
use super::report::{Outcome, Target};
use super::town;
use crate::process::actor::Actor;
use crate::process::http::Pages;
use crate::process::relay::Place;
use crate::process::town::Town;

/// How often each page is looked at.
const LOOKS: usize = 50;
/// Between two cases: 100,000 of them begin within 35 days.
const BETWEEN: Duration = Duration::from_secs(30);
/// How often the home is locked and opened.
const OPENINGS: usize = 5;

pub(super) async fn run(plan: &Plan) -> Outcome {
    let size = if plan.quick { 300 } else { 100_000 };
    let mut outcome = Outcome::new("pages");
    let folder = town::folder(plan);
    let (town, _relay) = Town::found(folder.path(), Place::below(folder.path(), "warn"), &[]).await;
    let actor = joined(&town, folder.path()).await;
    fill(&actor, size).await;

    let begun = Instant::now();
    let mut pages = Pages::entered(&actor).await;
    let inbox = pages.get("/inbox");
    let begun_ms = ms(begun.elapsed());
    assert_eq!(inbox.status, 200);
    let item = inbox.link("/item/");
    let (mut opened, mut guessed) = (Samples::default(), Samples::default());
    for _ in 0..OPENINGS {
        assert_eq!(pages.post("/lock", &[]).status, 303);
        let begun = Instant::now();
        assert_eq!(pages.post("/unlock", &[("passphrase", &actor.passphrase())]).location(), "/board");
        assert_eq!(pages.get("/inbox").status, 200);
        opened.push(begun.elapsed());
        // Open already: costs the passphrase alone.
        let begun = Instant::now();
        assert_eq!(pages.post("/unlock", &[("passphrase", &actor.passphrase())]).location(), "/board");
        guessed.push(begun.elapsed());
    }
    // Until what opening has not read has been read beside it.
    tokio::time::sleep(if plan.quick { Duration::ZERO } else { Duration::from_secs(20) }).await;

    let (mut looks, mut largest) = (Samples::default(), 0);
    for path in ["/board", "/inbox", "/sent", "/drafts", "/tasks", "/organisations", &item] {
        let mut one = Samples::default();
        for _ in 0..LOOKS {
            let begun = Instant::now();
            let answer = pages.get(path);
            let took = begun.elapsed();
            assert_eq!(answer.status, 200, "{path}");
            one.push(took);
            looks.push(took);
            largest = largest.max(answer.body.len());
        }
        let name = path.split('/').nth(1).unwrap_or_default();
        outcome.measured(&format!("{name}_p95_ms"), one.quantile_ms(0.95));
    }
    let held = memory(&pages.id().to_string());

    outcome.count("cases", size);
    outcome.floor("passphrase_ms", guessed.median_ms());
    outcome.measured("started_and_shown_ms", begun_ms);
    outcome.measured("unlocked_and_shown_ms", opened.median_ms());
    outcome.measured("resident_mib", held.resident / 1024.0);
    outcome.measured("peak_mib", held.peak / 1024.0);
    outcome.targets.push(Target::at_most("unlocked_and_shown_ms", opened.median_ms(), 1_500.0));
    outcome.targets.push(Target::at_most("page_p95_ms", looks.quantile_ms(0.95), 20.0));
    outcome.targets.push(Target::at_most("page_bytes", largest as f64, 60.0 * 1024.0));
    outcome.targets.push(Target::at_most("resident_mib", held.resident / 1024.0, 300.0));
    outcome.note("cases of others, one in a hundred unanswered, five in a hundred in progress; a passphrase at the usual cost, 256 MiB");
    outcome
}

/// A workstation that is protected as any other.
async fn joined(town: &Town, folder: &std::path::Path) -> Actor {
    let invited = ["registrar", "invite", "--name", "Safe House", "--kind", "ngo", "--country", "RU"];
    let invite = town.registrar.run(&invited).await;
    let actor = Actor::new(folder, "Safe House", "warn");
    actor.run(&["join", invite["invite"].as_str().unwrap()]).await;
    let pending = town.registrar.list(&["registrar", "pending"]).await;
    town.registrar.run(&["registrar", "admit", pending[0]["id"].as_str().unwrap()]).await;
    actor.run(&["sync"]).await;
    actor
}

async fn fill(actor: &Actor, size: usize) {
    let mut rng = town::fresh_rng();
    let store = town::store(&actor.home);
    let vault = Vault::unlock(store, actor.home.as_path(), &actor.passphrase()).await.unwrap();
    let first = SystemClock.now().0 - size as u64 * ms_of(BETWEEN);
    let course = |number: usize| {
        let state = match number % 100 {
            0 => "received",
            1..6 => "in_progress",
            _ => "closed",
        };
        (first + number as u64 * ms_of(BETWEEN), state)
    };
    casebook::fill(&vault, size, course, &mut rng).await;
    has_looked(vault, actor.home.join("staging")).await;
}

/// As a workstation that has had these cases for long: all have been compared with each other, and their deadlines looked at.
async fn has_looked(vault: Vault, staging: std::path::PathBuf) {
    for some in vault.revisions(Tree::Referrals).chunks(2_000) {
        let mut changes = Changes::default();
        for (case, _) in some {
            let case = calls::case(&vault, case.as_slice().try_into().unwrap()).unwrap().unwrap();
            Told::of(&case, &[]).put(&mut changes);
        }
        vault.commit(changes, &mut town::fresh_rng()).await.unwrap();
    }
    let engine = Engine::open(vault, staging, Arc::new(SystemClock), Box::new(town::fresh_rng())).unwrap();
    assert_eq!(sweep::compare_new(&engine).await.unwrap(), 0);
    escalation::tick(&engine).await.unwrap();
}

fn ms_of(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
