//! The relay under power cuts: packets of all sizes, attachments, prekeys, acknowledgements, many at the same time.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use causeway_certs::transport::request;
use causeway_common::envelope::{Envelope, PrekeyKind, envelope_id};
use causeway_common::framed::sha256;
use causeway_common::ids::{BlobId, EnvelopeId};
use causeway_common::limits::BODY_BYTES_MIN;
use causeway_common::priority::Priority;
use causeway_common::store::{Kv, SledKv, SledOptions};
use causeway_common::wire::{
    self, Accepted, Acknowledge, BlobGet, BlobProgress, BlobPut, DeviceState, Done, FrameType, Prekeys,
    PublishPrekeys, Push, Submit, Subscribe, TakePrekeys, Welcome,
};
use causeway_relay::blobs::Blobs;
use causeway_relay::server;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::link::{Door, End};
use crate::rig::{Device, Org, Rig, START, envelope, hello, prekey, status};

/// Clients at the same time: they share syncs.
const CLIENTS: u64 = 6;
/// Packets of each.
const PACKETS: u64 = 12;
/// Prekeys published by the first device.
const PREKEYS: u64 = 30;
/// Longer than any answer takes that comes.
const SOON: Duration = Duration::from_secs(10);

/// What the child says. Each thing is announced before it is asked for: the cut may come in between.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Word {
    Admitted,
    Published,
    Submitting(u64),
    Submitted(u64),
    Acknowledging(u64, u8),
    Acknowledged(u64, u8),
    Uploading(u64),
    Uploaded(u64),
    Taking,
    Taken(u64),
}

fn police(rig: &Rig) -> Org {
    rig.applicant(1, vec![Device::new(10), Device::new(11)])
}

/// Packet number `number`: its size and class follow from the number.
fn packet(to: &Org, number: u64) -> Envelope {
    let mut rng = ChaCha8Rng::seed_from_u64(number);
    let priority = [Priority::P0, Priority::P1, Priority::P2, Priority::P3][rng.random_range(0..4)];
    let length = match rng.random_range(0..8) {
        0..4 => BODY_BYTES_MIN,
        4..6 => rng.random_range(BODY_BYTES_MIN..60 * 1024),
        // Too long for the store: these stand in files.
        _ => rng.random_range(61 * 1024..100 * 1024),
    };
    envelope(to, priority, number, length)
}

fn attachment(number: u64) -> Vec<u8> {
    let mut bytes = vec![0; 40_000];
    rand_chacha::rand_core::Rng::fill_bytes(&mut ChaCha8Rng::seed_from_u64(number), &mut bytes);
    bytes
}

fn store(folder: &Path) -> (Arc<dyn Kv>, Blobs) {
    let data = folder.join("relay");
    let options = SledOptions { cache_bytes: 8 << 20, ..SledOptions::default() };
    let kv = SledKv::open(&data.join("store"), options).unwrap();
    (Arc::new(kv), Blobs::in_folder(&data.join("blobs")).unwrap())
}

/// The recorded child: works below `folder` and says what has been answered into the file `words`.
///
/// # Panics
/// When the relay refuses something.
pub fn child(folder: &Path, words: &Path) {
    let words = Arc::new(std::fs::OpenOptions::new().append(true).open(words).unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        // Made, closed, and opened again.
        drop(store(folder));
        let rig = Arc::new(Rig::on(store(folder)).await);
        let (hotline, police) = (rig.org(2, &[20]).await, rig.org(1, &[10, 11]).await);
        say(&words, &Word::Admitted);
        let device = &police.devices[0];
        let number = |number| prekey(&police, device, number, PrekeyKind::OneTime, 1);
        let publish =
            PublishPrekeys { status: status(device, 1), prekeys: (0..PREKEYS).map(number).collect() };
        let _: DeviceState = rig.ask(device.peer(), &publish).await.unwrap();
        say(&words, &Word::Published);
        let (hotline, police) = (Arc::new(hotline), Arc::new(police));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (rig, words) = (Arc::clone(&rig), Arc::clone(&words));
                let (hotline, police) = (Arc::clone(&hotline), Arc::clone(&police));
                tokio::spawn(async move { work(client, &rig, &hotline, &police, &words).await })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
    });
}

async fn work(client: u64, rig: &Rig, hotline: &Org, police: &Org, words: &std::fs::File) {
    let (sender, mut rng) = (hotline.devices[0].peer(), ChaCha8Rng::seed_from_u64(client));
    for number in client * PACKETS..(client + 1) * PACKETS {
        let sent = packet(police, number);
        say(words, &Word::Submitting(number));
        let _: Accepted = rig.ask(sender, &Submit { envelope: sent.clone() }).await.unwrap();
        say(words, &Word::Submitted(number));
        if rng.random_bool(0.4) {
            let which = rng.random_range(0..2);
            say(words, &Word::Acknowledging(number, which));
            let acknowledge = Acknowledge { envelopes: vec![sent.id()] };
            let _: Done = rig.ask(police.devices[usize::from(which)].peer(), &acknowledge).await.unwrap();
            say(words, &Word::Acknowledged(number, which));
        }
        if number % PACKETS == 3 {
            let bytes = attachment(number);
            let put = BlobPut {
                blob: BlobId(sha256(&bytes).0),
                size: bytes.len() as u64,
                token_hash: sha256(&[7; 32]),
                expiry_hours: START.plus(Duration::from_secs(86_400)).hours_rounded_up(),
                offset: 0,
            };
            say(words, &Word::Uploading(number));
            let _: (BlobProgress, _) = rig.ask_with(sender, &put, &bytes).await.unwrap();
            say(words, &Word::Uploaded(number));
        }
        if number % PACKETS == 5 {
            say(words, &Word::Taking);
            let taken: Prekeys = rig.ask(sender, &TakePrekeys { org: police.id }).await.unwrap();
            for taken in numbers(&taken) {
                say(words, &Word::Taken(taken));
            }
        }
    }
}

fn numbers(taken: &Prekeys) -> Vec<u64> {
    let read = |signed: &causeway_common::signed::Signed| {
        let limit = causeway_common::limits::FRAME_BYTES_MAX;
        causeway_common::codec::decode::<causeway_common::statements::Prekey>(&signed.body, limit).unwrap()
    };
    taken.prekeys.iter().map(|signed| read(signed).number).collect()
}

fn say(mut words: &std::fs::File, word: &Word) {
    words.write_all(&serde_json::to_vec(word).unwrap()).unwrap();
}

/// Opens a relay on a state of the drive and holds it against what the child had said by then.
///
/// # Errors
/// The first promise that is broken.
pub fn check(folder: &Path, said: &[&[u8]]) -> Result<(), String> {
    let said: BTreeSet<Word> = said.iter().map(|word| serde_json::from_slice(word).unwrap()).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut rig = Rig::fresh();
        rig.reopen(store(folder));
        let admitted = rig.relay.directory_size() == 3;
        if said.contains(&Word::Admitted) && !admitted {
            return Err("the directory has lost a statement".into());
        }
        if !admitted {
            return Ok(());
        }
        let police = police(&rig);
        prekeys(&rig, &police, &said).await?;
        attachments(&rig, &police, &said).await?;
        let relay = Arc::clone(&rig.relay);
        let door = Door::new();
        let serving =
            tokio::spawn(server::serve(relay, Arc::clone(&door) as _, std::future::pending::<()>()));
        for which in 0..2 {
            mailbox(&rig, &door, &police, which, &said).await?;
        }
        let more = envelope(&police, Priority::P1, 1_000, 80_000);
        let taken: Result<Accepted, _> = rig.ask(police.devices[0].peer(), &Submit { envelope: more }).await;
        serving.abort();
        taken.map(|_| ()).map_err(|error| format!("takes no packet any more: {error}"))
    })
}

async fn prekeys(rig: &Rig, police: &Org, said: &BTreeSet<Word>) -> Result<(), String> {
    let state: DeviceState = rig.ask(police.devices[0].peer(), &Subscribe {}).await.unwrap();
    let held: BTreeSet<u64> = state.one_time.into_iter().collect();
    let taken: BTreeSet<u64> = said
        .iter()
        .filter_map(|word| if let Word::Taken(number) = word { Some(*number) } else { None })
        .collect();
    if let Some(twice) = held.intersection(&taken).next() {
        return Err(format!("prekey {twice} would be given a second time"));
    }
    let gone = (PREKEYS - held.len() as u64).saturating_sub(taken.len() as u64);
    if said.contains(&Word::Published) && gone > CLIENTS {
        return Err(format!("{gone} prekeys are gone that nobody took"));
    }
    Ok(())
}

async fn attachments(rig: &Rig, police: &Org, said: &BTreeSet<Word>) -> Result<(), String> {
    for word in said {
        let Word::Uploaded(number) = word else { continue };
        let bytes = attachment(*number);
        let get = BlobGet { blob: BlobId(sha256(&bytes).0), token: [7; 32], offset: 0 };
        let got: Result<(BlobProgress, Vec<u8>), _> = rig.ask_with(police.devices[0].peer(), &get, &[]).await;
        if got.map_err(|error| format!("attachment {number}: {error}"))?.1 != bytes {
            return Err(format!("attachment {number} has other bytes"));
        }
    }
    Ok(())
}

/// Empties one device's mailbox: every packet that must be there is, whole and once; no other one is.
async fn mailbox(
    rig: &Rig,
    door: &Door,
    police: &Org,
    which: u8,
    said: &BTreeSet<Word>,
) -> Result<(), String> {
    let device = &police.devices[usize::from(which)];
    let link = door.connect(device.peer(), rig.relay_key.public()).await;
    let _: Welcome = request(&*link, &hello(), SOON).await.map_err(|e| e.to_string())?;
    let state: DeviceState = request(&*link, &Subscribe {}, SOON).await.map_err(|e| e.to_string())?;
    let (mut expected, may_be) = expected(police, which, said);
    for _ in 0..state.waiting {
        let push = next_push(&link).await?;
        let id = envelope_id(&push.outer, &push.body);
        let Some(sent) = may_be.get(&id) else {
            return Err(format!("device {which} gets a packet that is not whole or not for it: {id}"));
        };
        if !sent.wraps.contains(&push.wrap) || push.wrap.device != device.id() {
            return Err(format!("device {which} gets another's wrap"));
        }
        expected.remove(&id);
        let _: Done = request(&*link, &Acknowledge { envelopes: vec![id] }, SOON)
            .await
            .map_err(|error| format!("takes no acknowledgement: {error}"))?;
    }
    let state: DeviceState = request(&*link, &Subscribe {}, SOON).await.map_err(|e| e.to_string())?;
    if state.waiting != 0 {
        return Err(format!("device {which}: {} packets are counted and not there", state.waiting));
    }
    match expected.first() {
        Some(id) => {
            Err(format!("device {which}: {} acknowledged packets are gone, one is {id}", expected.len()))
        }
        None => Ok(()),
    }
}

/// Packets that must be in a device's mailbox, and those that may be.
fn expected(
    police: &Org,
    which: u8,
    said: &BTreeSet<Word>,
) -> (BTreeSet<EnvelopeId>, BTreeMap<EnvelopeId, Envelope>) {
    let (mut must, mut may) = (BTreeSet::new(), BTreeMap::new());
    for word in said {
        let Word::Submitting(number) = word else { continue };
        if said.contains(&Word::Acknowledged(*number, which)) {
            continue;
        }
        let sent = packet(police, *number);
        if said.contains(&Word::Submitted(*number)) && !said.contains(&Word::Acknowledging(*number, which)) {
            must.insert(sent.id());
        }
        may.insert(sent.id(), sent);
    }
    (must, may)
}

async fn next_push(link: &End) -> Result<Push, String> {
    loop {
        let pushed = tokio::time::timeout(SOON, link.pushed()).await;
        let (frame, payload) =
            pushed.map_err(|_| "a counted packet is not pushed")?.map_err(|e| e.to_string())?;
        if frame == FrameType::Push {
            return wire::decode_payload(&payload).map_err(|_| "a push does not decode".into());
        }
    }
}
