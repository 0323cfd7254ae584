//! A directory that stands still: the relay goes on showing the head of some day.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use causeway_client::session::{self, Stay};
use causeway_common::priority::Priority;
use causeway_common::wire::{DirectoryPart, DirectorySince};
use causeway_tests::hostile::liar::{Lies, LyingDialer, Reply};
use causeway_tests::hostile::scene::{Actor, Scene};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// The relay shows for ever what this device knows now, as long as `frozen` holds, and counts how often it is asked.
async fn frozen(of: &Actor, frozen: &Arc<AtomicBool>, asked: &Arc<AtomicUsize>) -> Lies {
    let checkpoint = of.engine.replica.lock().await.checkpoint.clone();
    let (frozen, asked) = (Arc::clone(frozen), Arc::clone(asked));
    Lies::instead(move |question| {
        question.read::<DirectorySince>()?;
        asked.fetch_add(1, Ordering::SeqCst);
        let part = DirectoryPart { leaves: Vec::new(), checkpoint: checkpoint.clone() };
        frozen.load(Ordering::SeqCst).then(|| Reply::with(&part))
    })
}

async fn standing_still(of: &Actor) -> Lies {
    frozen(of, &Arc::new(AtomicBool::new(true)), &Arc::default()).await
}

#[tokio::test(start_paused = true)]
async fn behind_a_head_of_three_days_ago_nothing_goes_to_who_is_not_known_yet_and_nothing_is_lost() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.resident("Hotline").await, scene.resident("Police").await);
    let (embassy, shelter) = (scene.resident("Embassy").await, scene.resident("Shelter").await);
    let clinic = scene.resident("Clinic").await;
    hotline.write(&police, 1, Priority::P1).await;
    clinic.write(&hotline, 2, Priority::P1).await;
    clinic.sync().await.unwrap();
    hotline.sync().await.unwrap();
    let lies = || standing_still(&hotline);

    scene.clock.advance_hours(25);
    hotline.write(&embassy, 3, Priority::P2).await;
    assert_eq!(hotline.sync_under(lies().await).await.unwrap().sent, 1, "a day is for people to look at");
    let head = hotline.engine.head_age().await.unwrap();
    assert_eq!((head.is_old(), head.forbids_first_contact()), (true, false));

    scene.clock.advance_hours(48);
    let first = hotline.write(&shelter, 4, Priority::P0).await;
    for (known, number) in [(&police, 5), (&embassy, 6), (&clinic, 7)] {
        hotline.write(known, number, Priority::P2).await;
        assert!(!hotline.engine.waits_for_head(known.org()).await.unwrap());
    }
    assert!(hotline.engine.waits_for_head(shelter.org()).await.unwrap());
    for sent in [3, 0] {
        // Receipts for what has come go out beside them.
        let report = hotline.sync_under(lies().await).await.unwrap();
        assert!(report.sent == sent, "{report:?}");
        assert_eq!(hotline.state(first, &shelter), ("queued", String::new()));
    }
    assert_eq!(hotline.sync().await.unwrap().sent, 1, "the head is fresh again");
    shelter.sync().await.unwrap();
    assert_eq!(shelter.inbox_names(), [4]);
}

#[tokio::test(start_paused = true)]
async fn a_head_is_as_old_as_our_own_clock_says() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let age = async || hotline.engine.head_age().await.unwrap().age;
    assert_eq!(age().await, Duration::ZERO);
    for wrong in [scene.clock_now().minus(80 * HOUR), scene.clock_now().plus(80 * HOUR)] {
        hotline.engine.hear_relay_time(wrong);
        assert_eq!(age().await, Duration::ZERO, "the relay's clock says nothing about its heads");
    }
    scene.clock.advance_hours(30);
    assert_eq!(age().await, 30 * HOUR);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_stays_asks_for_heads_and_soon_again_while_something_waits_for_one() {
    let scene = Scene::start().await;
    let (hotline, shelter) = (scene.resident("Hotline").await, scene.resident("Shelter").await);
    hotline.sync().await.unwrap();
    let (old, asked) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let dialer = LyingDialer::new(hotline.dialer(), frozen(&hotline, &old, &asked).await);
    let engine = Arc::clone(&hotline.engine);
    let open = tokio::spawn(async move { session::run(&engine, &dialer, Stay::Open).await });
    tokio::time::sleep(HOUR).await;
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    tokio::time::sleep(6 * HOUR).await;
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    scene.clock.advance_hours(73);
    let packet = hotline.write(&shelter, 1, Priority::P1).await;
    tokio::time::sleep(HOUR / 12).await;
    assert_eq!(hotline.state(packet, &shelter).0, "queued");
    old.store(false, Ordering::SeqCst);
    tokio::time::sleep(HOUR / 30).await;
    assert_eq!(hotline.state(packet, &shelter).0, "relayed");
    open.abort();
}
