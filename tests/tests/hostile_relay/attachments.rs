//! Attachments that are exchanged, cut, stretched, refused, withheld.

use std::path::Path;

use causeway_certs::transport::{Dialer as _, LinkError, RequestError};
use causeway_client::attachments::{self, Entry, TransferError};
use causeway_client::session;
use causeway_common::error::ErrorCode;
use causeway_common::ids::{OrgId, PacketId};
use causeway_common::limits::REQUEST_TIMEOUT;
use causeway_common::priority::Priority;
use causeway_common::wire::{BlobGet, BlobProgress, BlobPut, FrameType, Refusal};
use causeway_tests::hostile::liar::{Lies, LyingDialer, Raw, Reply};
use causeway_tests::hostile::rogue::Rogue;
use causeway_tests::hostile::scene::{Actor, Scene, draft};
use tokio::time::Instant;

/// More than two chunks, so that there is something to exchange.
const FILE_BYTES: usize = 40_000;

async fn write_with_file(hotline: &Actor, to: OrgId, number: u8) -> PacketId {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("photo.jpg");
    std::fs::write(&file, vec![number; FILE_BYTES]).unwrap();
    let mut draft = draft(to, number, Priority::P1);
    hotline.engine.attach(&mut draft, *b"RSK", &file).await.unwrap();
    let packet = draft.packet;
    hotline.queue(draft).await;
    packet
}

/// The police hold two packets with a file each.
async fn delivered(scene: &Scene) -> (Actor, [(PacketId, Entry); 2]) {
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    for number in [1, 2] {
        write_with_file(&hotline, police.org(), number).await;
    }
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    let entry = |n: u8| {
        let received = police.inbox().into_iter().find(|r| r.packet.0[0] == n).unwrap();
        (received.packet, attachments::entries(&received.sections).remove(0))
    };
    let entries = [entry(1), entry(2)];
    (police, entries)
}

/// A fetch that begins anew, whatever came before it.
async fn fetch(
    police: &Actor,
    item: &(PacketId, Entry),
    out: &Path,
    lies: Lies,
) -> Result<(), TransferError> {
    fetch_by_way_of(tempfile::tempdir().unwrap().path(), police, item, out, lies).await
}

async fn fetch_by_way_of(
    staging: &Path,
    police: &Actor,
    (packet, entry): &(PacketId, Entry),
    out: &Path,
    lies: Lies,
) -> Result<(), TransferError> {
    let link = LyingDialer::new(police.dialer(), lies).dial().await.unwrap();
    session::hello(&*link).await.unwrap();
    let fetched = attachments::download(&*link, staging, *packet, entry, out).await;
    link.close(0);
    fetched
}

/// Changes the bytes that follow the answer to a request for a range.
fn in_bytes(change: impl Fn(&mut Vec<u8>) + Send + Sync + 'static) -> Lies {
    Lies::answering(move |_, mut answer| {
        if answer.frame == FrameType::BlobProgress {
            change(&mut answer.rest);
        }
        Reply::Frame(answer)
    })
}

/// The bytes of a blob, as the relay holds them.
async fn sealed(police: &Actor, scene: &Scene, item: &(PacketId, Entry)) -> Vec<u8> {
    let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let hear = std::sync::Arc::clone(&heard);
    let out = tempfile::tempdir().unwrap();
    let lies = in_bytes(move |bytes| hear.lock().unwrap().clone_from(bytes));
    fetch(police, item, &out.path().join("x"), lies).await.unwrap();
    assert!(scene.envelopes() > 0);
    heard.lock().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn only_the_file_that_was_signed_for_ever_appears() {
    let scene = Scene::start().await;
    let (police, [first, second]) = delivered(&scene).await;
    let other = sealed(&police, &scene, &second).await;
    let size = |held, size| Lies::in_answers(move |p: &mut BlobProgress| (p.held, p.size) = (held, size));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("photo.jpg");
    let lies = [
        ("the other packet's", in_bytes(move |bytes| bytes.clone_from(&other))),
        ("one bit", in_bytes(|bytes| bytes[20_000] ^= 1)),
        (
            "two chunks exchanged",
            in_bytes(|bytes| {
                let (a, b) = bytes[56..].split_at_mut(16_400);
                a.swap_with_slice(&mut b[..16_400]);
            }),
        ),
        ("cut at a chunk", in_bytes(|bytes| bytes.truncate(56 + 16_400))),
        ("cut by a byte", in_bytes(|bytes| bytes.truncate(bytes.len() - 1))),
        ("nothing", in_bytes(Vec::clear)),
        ("a byte too many", in_bytes(|bytes| bytes.push(0))),
        ("a gigabyte promised", size(0, 1 << 30)),
        ("nothing promised", size(0, 0)),
        (
            "refused",
            Lies::instead(|q| {
                let refusal = Refusal { code: ErrorCode::NotFound, retry_after_ms: 0 };
                q.read::<BlobGet>().map(|_| Reply::with(&refusal))
            }),
        ),
        ("another frame", Lies::instead(|q| q.read::<BlobGet>().map(|_| Reply::Bytes(vec![9; 100])))),
        ("cut off", Lies::instead(|q| q.read::<BlobGet>().map(|_| Reply::Cut))),
    ];
    for (name, lie) in lies {
        fetch(&police, &first, &out, lie).await.expect_err(name);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{name}: not even a part of it");
    }
    fetch(&police, &first, &out, Lies::default()).await.unwrap();
    assert_eq!(std::fs::read(&out).unwrap(), [1; FILE_BYTES]);
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_fetch_goes_on_where_it_stopped_and_a_wrong_beginning_is_thrown_away() {
    let scene = Scene::start().await;
    let (police, [first, _]) = delivered(&scene).await;
    let (staging, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let out = folder.path().join("photo.jpg");
    let cut = in_bytes(|bytes| bytes.truncate(20_000));
    fetch_by_way_of(staging.path(), &police, &first, &out, cut).await.unwrap_err();
    let rest = std::sync::Arc::new(std::sync::Mutex::new(0));
    let heard = std::sync::Arc::clone(&rest);
    let listen = in_bytes(move |bytes| *heard.lock().unwrap() = bytes.len());
    fetch_by_way_of(staging.path(), &police, &first, &out, listen).await.unwrap();
    assert_eq!(std::fs::read(&out).unwrap(), [1; FILE_BYTES]);
    let all = sealed(&police, &scene, &first).await.len();
    assert_eq!(*rest.lock().unwrap(), all - 20_000, "what had arrived is not sent again");
    assert_eq!(std::fs::read_dir(staging.path()).unwrap().count(), 0);

    let wrong = in_bytes(|bytes| {
        bytes[5_000] ^= 1;
        bytes.truncate(20_000);
    });
    fetch_by_way_of(staging.path(), &police, &first, &out, wrong).await.unwrap_err();
    fetch_by_way_of(staging.path(), &police, &first, &out, Lies::default()).await.unwrap_err();
    fetch_by_way_of(staging.path(), &police, &first, &out, Lies::default()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_falls_silent_is_not_waited_for() {
    let scene = Scene::start().await;
    let (police, [first, _]) = delivered(&scene).await;
    let folder = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let lie = Lies::instead(|q| q.read::<BlobGet>().map(|_| Reply::Silence));
    let error = fetch(&police, &first, &folder.path().join("x"), lie).await.unwrap_err();
    assert!(matches!(error, TransferError::Request(RequestError::Link(LinkError::TimedOut))), "{error}");
    assert!(begun.elapsed() < 2 * REQUEST_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_the_relay_does_not_confirm_is_no_packet_yet() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let packet = write_with_file(&hotline, police.org(), 1).await;
    let put = |reply: fn() -> Reply| Lies::instead(move |q| (q.frame == FrameType::BlobPut).then(reply));
    let lies = [
        put(|| Reply::Cut),
        put(|| Reply::Silence),
        put(|| Reply::with(&Refusal { code: ErrorCode::Quota, retry_after_ms: 1 })),
        put(|| Reply::with(&BlobProgress { held: 7, size: 9 })),
    ];
    for lie in lies {
        // An error or not: it stays in the outbox, sealed, and nothing of it is at the relay.
        let _ = hotline.sync_under(lie).await;
        assert_eq!((hotline.state(packet, &police), scene.envelopes()), (("submitted", String::new()), 0));
    }
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    let received = police.inbox().remove(0);
    let entry = attachments::entries(&received.sections).remove(0);
    let folder = tempfile::tempdir().unwrap();
    fetch(&police, &(packet, entry), &folder.path().join("x"), Lies::default()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_attachment_opens_with_its_token_only() {
    let scene = Scene::start().await;
    let seen = std::sync::Arc::new(std::sync::Mutex::new(None));
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    write_with_file(&hotline, police.org(), 1).await;
    let see = std::sync::Arc::clone(&seen);
    let watch = Lies::answering(move |question, answer| {
        if let Some(put) = (Raw { rest: vec![], ..question.clone() }).read::<BlobPut>() {
            *see.lock().unwrap() = Some(put.blob);
        }
        Reply::Frame(answer)
    });
    hotline.sync_under(watch).await.unwrap();
    let blob = seen.lock().unwrap().unwrap();
    let embassy = scene.resident("Embassy").await;
    let rogue = Rogue::connect(&embassy).await;
    for token in [[0; 32], [7; 32]] {
        let asked = rogue.ask::<_, BlobProgress>(&BlobGet { blob, token, offset: 0 }).await;
        assert!(matches!(asked, Err(RequestError::Refused { code: ErrorCode::NotFound, .. })), "{asked:?}");
    }
}
