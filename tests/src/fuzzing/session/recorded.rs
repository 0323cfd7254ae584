//! What a device and a true relay say to each other, recorded once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use causeway_certs::keys::SigningKey;
use causeway_client::engine::Engine;
use causeway_client::identity::Identity;
use causeway_client::membership;
use causeway_client::records;
use causeway_client::session::{self, Stay};
use causeway_client::vault::{Changes, Cost, MemoryEks, Vault};
use causeway_common::ids::{Digest, OrgId, PacketId};
use causeway_common::priority::Priority;
use causeway_common::store::MemoryKv;
use causeway_common::wire::FrameType;
use rand_chacha::rand_core::Rng as _;

use super::super::paused_runtime;
use crate::hostile::liar::{Lies, LyingDialer, Reply};
use crate::hostile::rogue::{Forgery, Rogue};
use crate::hostile::scene::{DoorDialer, Scene, SceneClock, draft, rng};
use causeway_client::seal::packet::Target;

/// The bytes of a question and of its answer.
type Exchange = (Vec<u8>, Vec<u8>);

/// A device before a session, and all that belongs to it.
pub(super) struct Known {
    pub(super) kv: MemoryKv,
    pub(super) eks: MemoryEks,
    pub(super) master: [u8; 32],
    pub(super) clock: SceneClock,
    pub(super) org: OrgId,
    pub(super) root: Digest,
    pub(super) roster: Digest,
    /// What it has written and not sent.
    pub(super) written: PacketId,
    /// Answers of the true relay, by type and bytes of the question.
    pub(super) answers: BTreeMap<u8, Vec<Exchange>>,
    /// Pushes of the true relay.
    pub(super) pushes: Vec<Vec<u8>>,
    /// The packets in them.
    pub(super) packets: Vec<PacketId>,
    pub(super) partner_org: OrgId,
    pub(super) partner_key: SigningKey,
    pub(super) partner_roster: Digest,
    /// What the partner says of the directory.
    pub(super) honest: Forgery,
    /// Prekeys of the device that the partner has taken, one set for each packet.
    pub(super) targets: Vec<Vec<Target>>,
}

/// The recording; made when it is first asked for.
pub(super) fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| paused_runtime().block_on(record()))
}

async fn record() -> Known {
    let scene = Scene::start().await;
    let partner = scene.resident("Beta").await;
    let identity = scene.applicant("Alpha");
    let (kv, eks) = (MemoryKv::new(), MemoryEks::default());
    // The master key is the first thing that is drawn.
    let mut master = [0; 32];
    rng(50).fill_bytes(&mut master);
    let dialer = scene.registrar().dialer().with_key(identity.tls_key().public());
    let engine = found(&scene, identity, &kv, &eks, &dialer).await;
    let org = engine.identity.org;
    for (number, priority) in [(1, Priority::P0), (2, Priority::P2)] {
        partner.queue(draft(org, number, priority)).await;
    }
    let report = partner.sync().await.unwrap();
    assert_eq!(report.sent, 2, "{report:?}");
    let to_partner = draft(partner.org(), 3, Priority::P1);
    let mut changes = Changes::default();
    engine.thread_begun(&to_partner, engine.now(), &mut changes);
    engine.queue(vec![to_partner], changes).await.unwrap();
    let rogue = Rogue::connect(&partner).await;
    let mut targets = Vec::new();
    for _ in 0..4 {
        targets.push(rogue.targets(org).await);
    }
    let honest = rogue.honest(9).await;
    let (root, roster) = {
        let replica = partner.engine.replica.lock().await;
        let listed = replica.directory.organisation(org).unwrap();
        (listed.fingerprint(), listed.roster_digest)
    };
    let (before, keys_before) = (kv.snapshot(), eks.snapshot());
    let pushes = pushes(&engine, &dialer).await;
    // The same moment again, so that the same packet goes out in the same envelope.
    let answers = answers(&again(&scene, &before, &keys_before, &master), &dialer).await;
    Known {
        kv: before,
        eks: keys_before,
        master,
        clock: scene.clock.clone(),
        org,
        root,
        roster,
        written: PacketId([3; 32]),
        answers,
        pushes,
        packets: vec![PacketId([1; 32]), PacketId([2; 32])],
        partner_org: partner.org(),
        partner_key: partner.engine.identity.device_key(),
        partner_roster: partner.engine.identity.roster,
        honest,
        targets,
    }
}

async fn found(
    scene: &Scene,
    identity: Identity,
    kv: &MemoryKv,
    eks: &MemoryEks,
    dialer: &DoorDialer,
) -> Arc<Engine> {
    let store = Arc::new(kv.clone());
    let (vault, _) = Vault::create(store, eks.clone(), "a passphrase for tests", Cost::least(), &mut rng(50))
        .await
        .unwrap();
    let mut changes = Changes::default();
    records::put_identity(&mut changes, &identity);
    vault.commit(changes, &mut rng(51)).await.unwrap();
    let engine = open(scene, vault, 52);
    membership::enrol(&engine, dialer).await.unwrap();
    let registrar = scene.registrar();
    membership::admit(&registrar.engine, &registrar.dialer(), &engine.identity.org.to_string())
        .await
        .unwrap();
    assert!(membership::is_admitted(&engine, dialer).await.unwrap());
    session::run(&engine, dialer, Stay::UntilCalm).await.unwrap();
    engine
}

fn again(scene: &Scene, kv: &MemoryKv, eks: &MemoryEks, master: &[u8; 32]) -> Arc<Engine> {
    let vault = Vault::unlock_with_key(Arc::new(kv.snapshot()), eks.snapshot(), master).unwrap();
    open(scene, vault, 77)
}

fn open(scene: &Scene, vault: Vault, seed: u8) -> Arc<Engine> {
    let staging = std::env::temp_dir().join("causeway-no-attachments");
    Arc::new(Engine::open(vault, staging, Arc::new(scene.clock.clone()), Box::new(rng(seed))).unwrap())
}

/// The pushes that wait for the device; it sees none of them and sends nothing that it could not send again.
async fn pushes(engine: &Arc<Engine>, dialer: &DoorDialer) -> Vec<Vec<u8>> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hearing = Arc::clone(&heard);
    let lies = Lies::pushing(move |raw| {
        hearing.lock().unwrap_or_else(PoisonError::into_inner).push(raw.bytes());
        Vec::new()
    });
    let ran = session::run(engine, &LyingDialer::new(dialer.clone(), lies), Stay::UntilCalm).await;
    let heard = heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert!(
        heard.iter().filter(|bytes| bytes[0] == FrameType::Push as u8).count() >= 2,
        "{ran:?} {:?}",
        heard.iter().map(|b| (b[0], b.len())).collect::<Vec<_>>()
    );
    heard
}

type Answers = BTreeMap<u8, Vec<(Vec<u8>, Vec<u8>)>>;

async fn answers(engine: &Arc<Engine>, dialer: &DoorDialer) -> Answers {
    let heard = Arc::new(Mutex::new(Answers::new()));
    let hearing = Arc::clone(&heard);
    let lies = Lies::answering(move |question, answer| {
        let mut heard = hearing.lock().unwrap_or_else(PoisonError::into_inner);
        heard.entry(question.frame as u8).or_default().push((question.payload.clone(), answer.bytes()));
        Reply::Frame(answer)
    });
    let report =
        session::run(engine, &LyingDialer::new(dialer.clone(), lies), Stay::UntilCalm).await.unwrap();
    assert!(report.sent >= 1 && report.received == 2, "{report:?}");
    let heard = heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert!(heard.len() >= 6, "{:?}", heard.keys());
    heard
}
