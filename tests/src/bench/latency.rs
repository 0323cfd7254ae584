//! An alarm from its sender's outbox into its recipient's vault: idle, and with a full mailbox in its way.

use std::sync::Arc;
use std::time::Duration;

use causeway_certs::transport::Link;
use causeway_client::vault::{Changes, Tree};
use causeway_common::limits::TAKES_PER_TARGET_PER_HOUR;
use causeway_common::priority::Priority;
use causeway_common::store::{SledKv, SledOptions};
use causeway_common::time::{Clock as _, SystemClock};
use causeway_common::wire::{FetchRosters, Rosters};
use tempfile::TempDir;
use tokio::time::Instant;

use self::desk::Desk;
pub(super) use self::desk::act;
use self::sealing::{Sealing, fill};
use super::Plan;
use super::measure::{self, Samples};
use super::report::{Outcome, Target as Promise};
use super::town::{self, Member, Town};

mod desk;
mod sealing;

/// Each sends so many alarms idle and as many against the backlog: together its hourly share of one-time prekeys.
const ALARMS_EACH: usize = TAKES_PER_TARGET_PER_HOUR as usize / 2;
/// Pause between alarms: until the receipts of the one before have gone through and its key is erased.
const PAUSE: Duration = Duration::from_millis(300);
/// And between the parts of the floor.
const FLOOR_PAUSE: Duration = Duration::from_millis(20);

pub(super) async fn run(plan: &Plan) -> Outcome {
    let (senders, backlog) = if plan.quick { (1, 200) } else { (4, 20_000) };
    let mut outcome = Outcome::new("latency");
    let town = Town::found(plan).await;
    let recipient = town.join("Desk").await;
    recipient.sync().await;
    let mut hotlines = Vec::new();
    for number in 0..senders {
        hotlines.push(town.join(&format!("Hotline {number}")).await);
    }
    let office = town.join("Office").await;
    let sealing = Sealing::new(&office, recipient.org()).await;
    let to = recipient.org();
    drop(recipient);
    // After the last admission, so that nobody has a directory to fetch.
    let mut desk = Desk::open(plan, to, &town.folder_of("Desk"));
    let mut floor = Floor::new(plan, &office, sealing).await;

    let _connected: Vec<_> = hotlines.iter().map(Member::stay_connected).collect();
    desk.connect(true);
    settle(&hotlines).await;
    let idle = alarms(&hotlines, &mut desk, Some(&mut floor)).await;
    let stored = desk.stored();
    desk.connect(false);

    fill(&office, &floor.sealing, backlog).await;
    let begun = Instant::now();
    desk.connect(true);
    desk.wait_for(stored + backlog / 20);
    let loaded = alarms(&hotlines, &mut desk, None).await;
    let taken = desk.stored() - stored;
    outcome.measured("backlog_taken_per_s", taken as f64 / begun.elapsed().as_secs_f64());
    outcome.count("taken_before_the_last_alarm", taken);
    let all = backlog + loaded.whole.len();
    if plan.quick {
        assert_eq!(desk.wait_for(stored + all), stored + all);
    } else {
        assert!(taken < all, "the backlog was gone before the last alarm: it measures nothing");
    }
    drop(desk);
    outcome.count("alarms", idle.whole.len() + loaded.whole.len());
    outcome.count("backlog", backlog);
    tell(&mut outcome, &floor, &idle, &loaded);
    outcome
}

fn tell(outcome: &mut Outcome, floor: &Floor, idle: &Alarms, loaded: &Alarms) {
    let floor = floor.tell(outcome);
    idle.tell(outcome, "idle");
    loaded.tell(outcome, "behind_backlog");
    let (idle, loaded) = (idle.whole.median_ms(), loaded.whole.median_ms());
    outcome.targets.push(Promise::at_most("idle_p50_to_floor", idle / floor, 3.0));
    let ratio = loaded / idle;
    outcome.targets.push(Promise::at_most("behind_backlog_to_idle", ratio, 2.0));
    outcome.note(
        "from the call that queues the alarm: five durable steps (outbox, prekey, envelope, relay, inbox), of which \
         the floor has two",
    );
}

/// Every part of an alarm's way alone, in the rhythm of the alarms: what has slept takes longer.
struct Floor {
    sealing: Sealing,
    folder: TempDir,
    kv: SledKv,
    link: Arc<dyn Link>,
    seal: Samples,
    open: Samples,
    sync: Samples,
    round_trip: Samples,
}

impl Floor {
    async fn new(plan: &Plan, member: &Member, sealing: Sealing) -> Self {
        let folder = town::folder(plan);
        Self {
            sealing,
            kv: SledKv::open(&folder.path().join("store"), SledOptions::default()).unwrap(),
            folder,
            link: member.link().await,
            seal: Samples::default(),
            open: Samples::default(),
            sync: Samples::default(),
            round_trip: Samples::default(),
        }
    }

    async fn round(&mut self) {
        let (seal, open) = self.sealing.seal_and_open();
        self.seal.push(seal);
        self.open.push(open);
        tokio::time::sleep(FLOOR_PAUSE).await;
        self.sync.push(measure::store_sync(&self.kv, self.sync.len()).await);
        tokio::time::sleep(FLOOR_PAUSE).await;
        let begun = Instant::now();
        // The shortest question there is.
        let none: Rosters = town::ask(&*self.link, &FetchRosters { digests: Vec::new() }).await;
        self.round_trip.push(begun.elapsed());
        assert!(none.rosters.is_empty());
    }

    /// Seal, open, two durable writes, two round trips.
    fn tell(&self, outcome: &mut Outcome) -> f64 {
        let parts = [&self.seal, &self.open, &self.sync, &self.round_trip].map(Samples::median_ms);
        let sum = parts[0] + parts[1] + 2.0 * parts[2] + 2.0 * parts[3];
        for (name, part) in ["seal_ms", "open_ms", "store_sync_ms", "round_trip_ms"].iter().zip(parts) {
            outcome.floor(name, part);
        }
        let bare = measure::bare_syncs(self.folder.path(), self.sync.len());
        outcome.floor("append_and_sync_ms", bare.median_ms());
        outcome.floor("sum_ms", sum);
        sum
    }
}

/// Lets everybody connect.
async fn settle(hotlines: &[Member]) {
    for hotline in hotlines {
        assert_eq!(hotline.engine.vault.count(Tree::Awaiting), 0, "something is under way");
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
}

/// What alarms took.
#[derive(Debug, Default)]
struct Alarms {
    whole: Samples,
    /// Until the sender's call returned.
    queued: Samples,
    /// By the clock of the machine, in whole milliseconds: until the relay had it, and from there.
    to_relay: Samples,
    from_relay: Samples,
}

impl Alarms {
    fn tell(&self, outcome: &mut Outcome, name: &str) {
        outcome.measured(&format!("{name}_p50_ms"), self.whole.median_ms());
        outcome.measured(&format!("{name}_p95_ms"), self.whole.quantile_ms(0.95));
        outcome.measured(&format!("{name}_queued_p50_ms"), self.queued.median_ms());
        outcome.measured(&format!("{name}_to_relay_p50_ms"), self.to_relay.median_ms());
        outcome.measured(&format!("{name}_from_relay_p50_ms"), self.from_relay.median_ms());
    }
}

/// Alarms, one at a time, from one sender after the other, and the parts of the floor between them.
async fn alarms(hotlines: &[Member], desk: &mut Desk, mut floor: Option<&mut Floor>) -> Alarms {
    let mut alarms = Alarms::default();
    for _ in 0..ALARMS_EACH {
        for hotline in hotlines {
            alarm(hotline, desk, &mut alarms).await;
            tokio::time::sleep(PAUSE).await;
            if let Some(floor) = &mut floor {
                floor.round().await;
            }
        }
    }
    alarms
}

async fn alarm(from: &Member, to: &mut Desk, alarms: &mut Alarms) {
    let draft = town::draft(to.org, Priority::P0);
    to.expect(draft.packet);
    let (begun, began_at) = (Instant::now(), SystemClock.now());
    from.engine.queue(vec![draft], Changes::default()).await.unwrap();
    alarms.queued.push(begun.elapsed());
    let arrival = to.arrived();
    alarms.whole.push(begun.elapsed());
    alarms.to_relay.push(arrival.relayed.since(began_at));
    alarms.from_relay.push(arrival.received.since(arrival.relayed));
}
