//! A relay that is slow where it pays, and an alarm that comes meanwhile: it is opened in its turn, and waits for no answer
//! about other packets.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use causeway_client::session::{SessionError, Stay, run};
use causeway_common::limits::REQUEST_TIMEOUT;
use causeway_common::priority::Priority;
use causeway_common::wire::{DirectoryPart, DirectorySince, FrameType, Refuse};
use causeway_tests::hostile::liar::{Lies, LyingDialer, Reply};
use causeway_tests::hostile::scene::{Actor, Scene};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// As many as a device takes beside each other, and one more.
const SPOILED: u8 = 3;

/// A session that ends when a request has been waited for as long as it may be.
fn session(of: &Actor, lies: Lies) -> JoinHandle<Result<(), SessionError>> {
    let (engine, dialer) = (Arc::clone(&of.engine), LyingDialer::new(of.dialer(), lies));
    tokio::spawn(async move { run(&engine, &dialer, Stay::Open).await.map(drop) })
}

async fn until(what: impl Fn() -> bool) {
    let begun = Instant::now();
    while !what() {
        assert!(begun.elapsed() < REQUEST_TIMEOUT / 2, "it does not happen");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Sent while the relay owes answers: it must be here long before it gives them up.
async fn an_alarm_comes(from: &Actor, to: &Actor, lies: Lies) {
    from.write(to, 9, Priority::P0).await;
    from.sync_under(lies).await.unwrap();
    until(|| to.inbox_names() == [9]).await;
}

#[tokio::test(start_paused = true)]
async fn an_alarm_does_not_wait_for_the_relay_to_answer_refusals() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let refused = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&refused);
    let lies = Lies::instead(move |question| {
        question.read::<Refuse>()?;
        counted.fetch_add(1, Ordering::SeqCst);
        Some(Reply::Silence)
    })
    .and_in_packets(|mut push| {
        push.wrap.ct[5] ^= u8::from(push.outer.priority != Priority::P0);
        vec![push]
    });
    let session = session(&police, lies);
    for number in 1..=SPOILED {
        hotline.write(&police, number, Priority::P1).await;
        hotline.sync().await.unwrap();
        until(|| refused.load(Ordering::SeqCst) == usize::from(number)).await;
    }
    an_alarm_comes(&hotline, &police, Lies::default()).await;
    assert!(session.await.unwrap().is_err(), "in the end a relay that does not answer is left");
}

#[tokio::test(start_paused = true)]
async fn an_alarm_does_not_wait_for_a_directory_that_other_packets_need() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let lies = Lies::instead(move |question| {
        question.read::<DirectorySince>()?;
        // The first is the beginning of the session.
        (counted.fetch_add(1, Ordering::SeqCst) > 0).then_some(Reply::Silence)
    })
    .and_pushing(|raw| if raw.frame == FrameType::DirectoryChanged { vec![] } else { vec![raw] });
    let session = session(&police, lies);
    until(|| asked.load(Ordering::SeqCst) == 1).await;
    let shelter = scene.join("Shelter").await;
    for number in 1..=SPOILED {
        shelter.write(&police, number, Priority::P1).await;
        shelter.sync().await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(asked.load(Ordering::SeqCst), 2, "one fetch for all of them");
    // Whoever sends the alarm knows no more than the police.
    let checkpoint = police.engine.replica.lock().await.checkpoint.clone();
    let nothing_new = Lies::in_answers(move |part: &mut DirectoryPart| {
        *part = DirectoryPart { leaves: vec![], checkpoint: checkpoint.clone() };
    });
    an_alarm_comes(&hotline, &police, nothing_new).await;
    assert!(session.await.unwrap().is_err());
}
