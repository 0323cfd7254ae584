use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, StatusCode, header};
use causeway_common::store::MemoryKv;
use causeway_common::time::{SystemClock, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Mutex;
use tower::ServiceExt as _;
use zeroize::Zeroizing;

use super::tokens::Scope;
use super::*;
use crate::cli::home::Home;
use crate::daemon::Daemon;
use crate::engine::Engine;
use crate::lang::Lang;
use crate::model::Thread;
use crate::records;
use crate::vault::{Changes, Cost, MemoryEks, Tree, Vault};
use crate::web::Site;
use crate::web::door::Door;
use crate::web::door::idle::Idle;
use crate::web::lockout::Lockout;
use crate::web::looked_at::LookedAt;
use crate::web::place::Place;

mod document;
mod requests;

/// A site with an open home in memory, and its interface for programs.
pub(crate) struct Scene {
    _folder: TempDir,
    pub(crate) site: Shared,
    engine: Arc<Engine>,
    router: Router,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut rng = crate::test_rng(1);
        let passphrase = "a passphrase of words";
        let kv = Arc::new(MemoryKv::new());
        let made = Vault::create(kv, MemoryEks::default(), passphrase, Cost::least(), &mut rng);
        let vault = made.await.unwrap().0;
        crate::recovery::store(&vault, &crate::test_identity(), &mut rng).await.unwrap();
        let staging = folder.path().join("staging");
        let engine = Engine::open(vault, staging, Arc::new(SystemClock), Box::new(crate::test_rng(2)));
        let engine = Arc::new(engine.unwrap());
        let site = site(folder.path(), &engine);
        let router = router(&site);
        Self { _folder: folder, site, engine, router }
    }

    async fn token(&self, scopes: &[Scope]) -> Zeroizing<String> {
        tokens::create(&self.engine, "case-management", scopes, 1).await.unwrap().0
    }

    pub(crate) async fn put(&self, thread: &Thread) {
        let mut changes = Changes::default();
        records::put_thread(&mut changes, thread);
        self.engine.commit(changes).await.unwrap();
    }

    async fn ask(&self, request: Request<Body>) -> (StatusCode, Value) {
        let (status, bytes) = self.bytes(request).await;
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn bytes(&self, request: Request<Body>) -> (StatusCode, Bytes) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        (status, to_bytes(response.into_body(), 1 << 20).await.unwrap())
    }

    async fn get(&self, path: &str, token: &str) -> (StatusCode, Value) {
        self.ask(request("GET", path, Some(token), None)).await
    }

    async fn post(&self, path: &str, token: &str, body: &Value) -> (StatusCode, Value) {
        self.ask(request("POST", path, Some(token), Some(body))).await
    }
}

fn site(folder: &Path, engine: &Arc<Engine>) -> Shared {
    let home = Home {
        engine: Arc::clone(engine),
        json: false,
        lang: Lang::En,
        no_input: true,
        kept: None,
        turns: Arc::default(),
    };
    let now = crate::web::now();
    Arc::new(Site {
        begun: Mutex::new(None),
        daemon: Daemon::opened(folder.to_path_buf(), home),
        place: Place { id: "abc".into(), port: 1 },
        door: Mutex::new(Door::default()),
        lockout: Mutex::new(Lockout::load(folder, now)),
        idle: Mutex::new(Idle::new(now)),
        codes: Mutex::new(Lockout::of_codes(folder, now)),
        looked_at: LookedAt::default(),
    })
}

fn request(method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    match body {
        Some(body) => {
            let request = request.header(header::CONTENT_TYPE, "application/json");
            request.body(Body::from(body.to_string())).unwrap()
        }
        None => request.body(Body::empty()).unwrap(),
    }
}

/// A border alert that has come.
pub(crate) fn thread(number: u8, work: &str) -> Thread {
    use causeway_common::ids::{OrgId, PacketId};
    Thread {
        case: [number; 32],
        root: PacketId([number + 100; 32]),
        kind: "BIA".into(),
        peer: OrgId([9; 32]),
        ours: false,
        priority: causeway_common::priority::Priority::P0,
        begun: Timestamp(1_800_000_000_000),
        respond_by: Timestamp(1_800_000_900_000),
        work: work.into(),
        events: Vec::new(),
        waiting: Vec::new(),
    }
}
