//! An organisation is shut out, and let in again.

use causeway_client::exclusion::ExclusionError;
use causeway_client::model::Transport;
use causeway_client::referral::lifecycle::Action;
use causeway_client::session::SessionError;
use causeway_common::error::ErrorCode;
use causeway_common::priority::Priority;
use causeway_common::statements::StatementKind;
use causeway_common::wire::{Refusal, Submit, TakePrekeys};
use causeway_tests::hostile::liar::{Lies, Reply};
use causeway_tests::steps::words;

use super::support::{reinstate, suspend, thread, two};

#[tokio::test(start_paused = true)]
async fn a_suspended_organisation_learns_why_and_its_queue_goes_out_once_it_is_back() {
    let (scene, hotline, police) = two().await;
    suspend(&scene, &hotline, 4, None).await.unwrap();
    let packet = hotline.write(&police, 1, Priority::P1).await;
    let at = scene.clock_now();
    for _ in 0..2 {
        match hotline.sync().await {
            Err(SessionError::Suspended(told)) => assert_eq!((told.reason, told.at), (4, at)),
            other => panic!("{other:?}"),
        }
        assert_eq!(hotline.state(packet, &police).0, "queued");
    }
    reinstate(&scene, &hotline, 2).await.unwrap();
    assert_eq!(hotline.sync().await.unwrap().sent, 1);
    police.sync().await.unwrap();
    assert_eq!(police.inbox_names(), [1]);
    assert!(thread(&police, 1).is_some(), "what it sends from now on counts");
}

#[tokio::test(start_paused = true)]
async fn what_is_for_a_suspended_organisation_is_held_not_failed_and_arrives_once() {
    let (scene, hotline, police) = two().await;
    let before = hotline.write(&police, 1, Priority::P1).await;
    // Sealed and never offered: the relay does not answer.
    let deaf = Lies::instead(|q| q.read::<Submit>().map(|_| Reply::Cut));
    hotline.sync_under(deaf).await.unwrap_err();
    assert_eq!(hotline.state(before, &police).0, "submitted");
    let after = hotline.write(&police, 2, Priority::P1).await;
    suspend(&scene, &police, 4, None).await.unwrap();
    for _ in 0..3 {
        assert_eq!(hotline.sync().await.unwrap().sent, 0);
    }
    assert_eq!(hotline.state(before, &police), ("submitted", String::new()));
    assert_eq!(hotline.state(after, &police), ("queued", String::new()));
    assert!(hotline.engine.is_suspended(police.org()).await);
    reinstate(&scene, &police, 1).await.unwrap();
    assert_eq!(hotline.sync().await.unwrap().sent, 2);
    police.sync().await.unwrap();
    assert_eq!(police.inbox_names(), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn the_word_suspended_from_the_relay_alone_is_no_final_failure() {
    for taking in [true, false] {
        let (_scene, hotline, police) = two().await;
        let packet = hotline.write(&police, 1, Priority::P1).await;
        let lie = Lies::instead(move |q| {
            let asked = q.read::<TakePrekeys>().is_some() == taking && q.read::<Submit>().is_some() != taking;
            let refusal = Refusal { code: ErrorCode::Suspended, retry_after_ms: 0 };
            asked.then(|| Reply::with(&refusal))
        });
        assert_eq!(hotline.sync_under(lie).await.unwrap().sent, 0);
        assert!(hotline.sent(packet, &police).transport.is_pending(), "{:?}", hotline.state(packet, &police));
        assert_eq!(hotline.sync().await.unwrap().sent, 1);
        police.sync().await.unwrap();
        assert_eq!(police.inbox_names(), [1]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_referral_that_never_left_is_taken_back_and_nobody_hears_of_it() {
    let (scene, hotline, police) = two().await;
    suspend(&scene, &police, 1, None).await.unwrap();
    let packet = hotline.write(&police, 1, Priority::P1).await;
    let kept = hotline.write(&police, 2, Priority::P1).await;
    hotline.sync().await.unwrap();
    hotline.engine.take_step([1; 32], Action::Withdraw, words(Action::Withdraw, "")).await.unwrap();
    assert_eq!(hotline.sent(packet, &police).transport, Transport::Withdrawn);
    assert_eq!(thread(&hotline, 1).unwrap().work, "withdrawn");
    assert_eq!(hotline.engine.unsent(), 1, "only the other one");
    reinstate(&scene, &police, 1).await.unwrap();
    assert_eq!(hotline.sync().await.unwrap().sent, 1);
    police.sync().await.unwrap();
    assert_eq!(police.inbox_names(), [2]);
    assert!(hotline.sent(kept, &police).transport >= Transport::Relayed);
    // What has left cannot be taken back unseen, whoever is suspended later.
    suspend(&scene, &police, 1, None).await.unwrap();
    hotline.sync().await.unwrap();
    hotline.engine.take_step([2; 32], Action::Withdraw, words(Action::Withdraw, "")).await.unwrap();
    assert_eq!(hotline.engine.unsent(), 1, "the update waits for the recipient");
}

#[tokio::test(start_paused = true)]
async fn the_registrar_may_ask_again_and_contradicts_nobody_by_mistake() {
    let (scene, _hotline, police) = two().await;
    let size = || async {
        let replica = scene.registrar().engine.replica.lock().await;
        replica.directory.size()
    };
    assert!(matches!(reinstate(&scene, &police, 1).await, Err(ExclusionError::NotSuspended)));
    let since = scene.clock_now();
    suspend(&scene, &police, 3, Some(since)).await.unwrap();
    let once = size().await;
    suspend(&scene, &police, 3, Some(since)).await.unwrap();
    suspend(&scene, &police, 3, None).await.unwrap();
    assert_eq!(size().await, once, "the same again is said once");
    match suspend(&scene, &police, 4, None).await {
        Err(ExclusionError::Already(present)) => assert_eq!(present.reason, 3),
        other => panic!("{other:?}"),
    }
    reinstate(&scene, &police, 2).await.unwrap();
    reinstate(&scene, &police, 2).await.unwrap();
    assert!(matches!(reinstate(&scene, &police, 1).await, Err(ExclusionError::NotSuspended)));
    assert_eq!(size().await, once + 1);
    let replica = scene.registrar().engine.replica.lock().await;
    let last = causeway_certs::directory::open(replica.directory.leaves_from(once).last().unwrap()).unwrap();
    assert_eq!((last.kind, last.org), (StatementKind::Reinstatement, police.org()));
}
