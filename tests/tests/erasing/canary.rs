//! The canary: a text in every place that a case has, read from the raw disk before it is erased, and never after.

use std::path::Path;
use std::sync::Arc;

use causeway_certs::transport::Dialer as _;
use causeway_client::engine::{Draft, Engine};
use causeway_client::model::StoredSection;
use causeway_client::referral::lifecycle::Action;
use causeway_client::retention::{self, Reason};
use causeway_client::session::{self, Stay};
use causeway_client::vault::{Changes, Cost, Vault};
use causeway_client::{membership, recovery};
use causeway_common::priority::Priority;
use causeway_common::store::{SledKv, SledOptions};
use causeway_tests::attacker;
use causeway_tests::hostile::scene::{DoorDialer, Scene, draft, rng};
use causeway_tests::steps::words;

const PASSPHRASE: &str = "a passphrase for tests";

/// A home with real files.
pub(crate) struct Desk {
    pub(crate) engine: Arc<Engine>,
    pub(crate) dialer: DoorDialer,
}

pub(crate) fn open_store(folder: &Path) -> Arc<SledKv> {
    Arc::new(SledKv::open(&folder.join("vault"), SledOptions::default()).unwrap())
}

impl Desk {
    /// An admitted organisation on this disk.
    pub(crate) async fn join(scene: &Scene, folder: &Path) -> Self {
        let mut rng = rng(77);
        let identity = scene.applicant("Desk");
        let created = Vault::create(open_store(folder), folder, PASSPHRASE, Cost::least(), &mut rng).await;
        let (vault, _) = created.unwrap();
        recovery::store(&vault, &identity, &mut rng).await.unwrap();
        let desk = Self::over(vault, scene, folder);
        membership::enrol(&desk.engine, &desk.dialer).await.unwrap();
        let (registrar, id) = (scene.registrar(), desk.engine.identity.org.to_string());
        membership::admit(&registrar.engine, &registrar.dialer(), &id).await.unwrap();
        assert!(membership::is_admitted(&desk.engine, &desk.dialer).await.unwrap());
        desk.sync().await;
        desk
    }

    /// The home is opened again.
    pub(crate) async fn reopen(scene: &Scene, folder: &Path) -> Self {
        let vault = Vault::unlock(open_store(folder), folder, PASSPHRASE).await.unwrap();
        let desk = Self::over(vault, scene, folder);
        desk.engine.finish_erasing().await.unwrap();
        desk
    }

    fn over(vault: Vault, scene: &Scene, folder: &Path) -> Self {
        let clock = Arc::new(scene.clock.clone());
        let engine = Engine::open(vault, folder.join("staging"), clock, Box::new(rng(78)));
        let engine = Arc::new(engine.unwrap());
        let dialer = scene.registrar().dialer().with_key(engine.identity.tls_key().public());
        Self { engine, dialer }
    }

    pub(crate) async fn sync(&self) {
        assert_eq!(self.dialer.name(), "memory");
        session::run(&self.engine, &self.dialer, Stay::UntilCalm).await.unwrap();
    }

    async fn step(&self, case: [u8; 32], action: Action, text: &str) {
        self.engine.take_step(case, action, words(action, text)).await.unwrap();
    }

    async fn queue(&self, draft: Draft) {
        let mut changes = Changes::default();
        self.engine.thread_begun(&draft, self.engine.now(), &mut changes);
        self.engine.queue(vec![draft], changes).await.unwrap();
    }
}

fn with_text(mut draft: Draft, text: &str) -> Draft {
    draft.sections[1] =
        StoredSection { code: *b"RSK", bytes: format!(r#"{{"note":"{text}"}}"#).into_bytes() };
    draft
}

const RECEIVED: [&str; 3] = ["canary-document-in-0f31", "canary-question-7c02", "canary-answer-59aa"];
const SENT: [&str; 3] = ["canary-document-out-81b4", "canary-file-name-20e6.jpg", "canary-file-content-6d1f"];
const HOLD: &str = "canary-of-the-court-3b9e";
const OTHER: &str = "sparrow-of-another-case-44d8";

#[tokio::test(flavor = "multi_thread")]
async fn the_raw_disk_and_the_passphrase_yield_nothing_of_what_was_erased() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let desk = Desk::join(&scene, folder).await;
    hotline.sync().await.unwrap();
    let org = desk.engine.identity.org;
    hotline.queue(with_text(draft(org, 1, Priority::P1), RECEIVED[0])).await;
    hotline.queue(with_text(draft(org, 2, Priority::P1), OTHER)).await;
    for _ in 0..2 {
        hotline.sync().await.unwrap();
        desk.sync().await;
    }
    desk.step([1; 32], Action::Ask, RECEIVED[1]).await;
    desk.sync().await;
    hotline.sync().await.unwrap();
    let answer = words(Action::Answer, RECEIVED[2]);
    hotline.engine.take_step([1; 32], Action::Answer, answer).await.unwrap();
    hotline.sync().await.unwrap();
    desk.sync().await;
    // One of ours that waits with its file.
    let file = tempfile::tempdir().unwrap().keep().join(SENT[1]);
    std::fs::write(&file, SENT[2].repeat(50)).unwrap();
    let mut ours = with_text(draft(hotline.org(), 3, Priority::P2), SENT[0]);
    desk.engine.attach(&mut ours, *b"RSK", &file).await.unwrap();
    desk.queue(ours).await;
    let until = scene.clock_now().plus(std::time::Duration::from_secs(1));
    retention::holds::set(&desk.engine, [3; 32], HOLD, until).await.unwrap();
    let held = retention::erase(&desk.engine, [3; 32], Reason::NotNeeded).await;
    assert!(matches!(held, Err(retention::EraseError::Held(_))), "a court wants it");
    retention::holds::release(&desk.engine, &[3; 32]).await.unwrap();
    drop(desk);

    let canaries = RECEIVED.into_iter().chain(SENT).chain([HOLD]);
    let before = attacker::read(folder, PASSPHRASE);
    for canary in canaries.clone().chain([OTHER]) {
        assert!(before.holds(canary), "the attacker can read at all: {canary}");
    }
    assert!(!before.files.is_empty() && before.case_keys >= 3);

    let desk = Desk::reopen(&scene, folder).await;
    for case in [1, 3] {
        let erased = retention::erase(&desk.engine, [case; 32], Reason::NotNeeded).await.unwrap();
        assert!(!erased.older && erased.placeholder.grant.0 != [0; 32] || case == 3);
    }
    drop(desk);
    let after = attacker::read(folder, PASSPHRASE);
    for canary in canaries {
        assert!(!after.holds(canary), "still there: {canary}");
    }
    assert!(after.holds(OTHER), "and the attacker still reads what was not erased");

    let desk = Desk::reopen(&scene, folder).await;
    desk.engine.vault.verify().unwrap();
    desk.sync().await;
    assert_eq!(causeway_client::records::all_threads(&desk.engine.vault).unwrap().len(), 1);
}
