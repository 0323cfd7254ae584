//! What cannot be opened is refused, and people at the recipient see that something has come.

use causeway_client::activity;
use causeway_client::unopened::{self, UNOPENED_MAX, Unopened};
use causeway_client::vault::Tree;
use causeway_common::codec;
use causeway_common::priority::Priority;
use causeway_common::statements::{NACK_NEWER_FORMAT, NACK_UNKNOWN_PREKEY, NACK_UNREADABLE};
use causeway_common::time::Clock as _;
use causeway_common::wire::{Push, Refuse};
use causeway_tests::hostile::liar::{Lies, Reply};
use causeway_tests::hostile::scene::{Actor, Scene};

fn notes(of: &Actor) -> Vec<Unopened> {
    unopened::all(&of.engine.vault).unwrap()
}

/// What the activity log says, if it is unbroken.
fn log(of: &Actor) -> Vec<String> {
    activity::verify(&of.engine.vault).unwrap();
    let entries = of.engine.vault.list(Tree::Activity).unwrap();
    entries.iter().map(|(_, bytes)| codec::decode::<activity::Entry>(bytes, 1024).unwrap().what).collect()
}

fn changing(change: fn(&mut Push)) -> Lies {
    Lies::in_packets(move |mut push| {
        change(&mut push);
        vec![push]
    })
}

/// The relay changes the wrap, so that the envelope keeps its name; and never hears of the refusal.
fn spoilt_in_silence() -> Lies {
    Lies::instead(|q| q.read::<Refuse>().map(|_| Reply::Cut)).and_in_packets(|mut push| {
        push.wrap.ct[5] ^= 1;
        vec![push]
    })
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_opened_is_on_record_before_its_sender_hears_of_it_and_settled_when_it_opens() {
    let scene = Scene::start().await;
    let (hotline, mut police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    let envelope = hotline.engine.envelope(&hotline.sent(packet, &police)).unwrap();
    for _ in 0..2 {
        assert!(police.sync_under(spoilt_in_silence()).await.is_err(), "cut off at the refusal");
        police.restart().await;
        let [note] = &notes(&police)[..] else { panic!("one note, however often it comes") };
        assert_eq!((note.envelope, note.priority), (envelope.id(), Priority::P1));
        assert_eq!((note.bytes, note.relayed), (envelope.body.len() as u64, scene.clock.now()));
        assert_eq!((note.sender(), note.reason, note.reseal_asked), (None, NACK_UNREADABLE, false));
        assert_eq!(log(&police), ["could not open 1 packet(s), refused"]);
    }
    assert_eq!(hotline.state(packet, &police).0, "relayed");

    police.sync().await.unwrap();
    assert_eq!((police.inbox_names(), notes(&police)), (vec![1], vec![]), "the same envelope, whole");
    assert_eq!(log(&police)[1..], ["opened 1 packet(s) that had been refused"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_sealed_again_arrives_and_the_note_waits_for_a_person() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let packet = hotline.write(&police, 1, Priority::P0).await;
    hotline.sync().await.unwrap();
    let first = hotline.sent(packet, &police).envelope_id;
    police.sync_under(changing(|push| push.wrap.prekey ^= 1)).await.unwrap();
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    assert_eq!((police.inbox_names(), hotline.sent(packet, &police).reseals), (vec![1], 1));
    let [note] = &notes(&police)[..] else { panic!("nothing says that the two belong together") };
    assert_eq!((note.envelope, note.reason, note.reseal_asked), (first, NACK_UNKNOWN_PREKEY, true));
    police.engine.dismiss_unopened(&[first]).await.unwrap();
    assert_eq!(notes(&police), []);
    assert_eq!(log(&police)[1..], ["put away 1 note(s) of unopened packets"]);
}

#[tokio::test(start_paused = true)]
async fn what_another_version_sealed_is_told_apart() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    police.sync_under(changing(|push| push.outer.version += 1)).await.unwrap();
    let [note] = &notes(&police)[..] else { panic!("one note") };
    assert_eq!((note.reason, note.word(), note.reseal_asked), (NACK_NEWER_FORMAT, "newer_version", false));
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_pushes_garbage_for_ever_fills_neither_the_list_nor_the_log() {
    const GARBAGE: usize = 2 * UNOPENED_MAX;
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    let lie = Lies::in_packets(|push| {
        let mut all: Vec<Push> = (0..GARBAGE)
            .map(|number| {
                let mut garbage = push.clone();
                garbage.outer.nonce[..8].copy_from_slice(&number.to_le_bytes());
                garbage
            })
            .collect();
        all.push(push);
        all
    });
    police.sync_under(lie).await.unwrap();
    assert_eq!(police.inbox_names(), [1], "what is whole came through");
    let forgotten = unopened::forgotten(&police.engine.vault).unwrap();
    assert_eq!((notes(&police).len(), forgotten), (UNOPENED_MAX, (GARBAGE - UNOPENED_MAX) as u64));
    assert!(log(&police).len() <= UNOPENED_MAX + 1);
}
