//! What these tests do again and again.

use causeway_certs::keys::SigningKey;
use causeway_certs::transport::Link;
use causeway_client::exclusion;
use causeway_client::recovery::{self, Part, Place, sheet};
use causeway_common::ids::Digest;
use causeway_tests::hostile::scene::{Actor, Scene};
use std::sync::Arc;

/// A copy of a key, as paper would hold it.
pub(crate) fn copy(key: &SigningKey) -> SigningKey {
    SigningKey::from_seed(&key.seed())
}

/// Root keys of an organisation, on paper.
pub(crate) struct Papers(Vec<(Part, SigningKey)>);

impl Papers {
    pub(crate) fn get(&self, part: Part) -> SigningKey {
        self.0.iter().find(|(one, _)| *one == part).map(|(_, key)| copy(key)).unwrap()
    }
}

/// Everything that is still on the workstation goes onto paper.
pub(crate) async fn write_down(of: &Actor) -> Papers {
    let here = recovery::here(&of.engine).await.unwrap();
    let names: Vec<Digest> = here.iter().map(|(root, _)| root.name).collect();
    recovery::confirm(&of.engine, &names).await.unwrap();
    Papers(here.into_iter().map(|(root, key)| (root.part, key)).collect())
}

/// Which part is where.
pub(crate) async fn places(of: &Actor) -> Vec<(Part, Place)> {
    let roots = recovery::roots(&of.engine).await.unwrap();
    roots.iter().map(|root| (root.part, root.place)).collect()
}

/// The names of the root and the next, as somebody's directory has them.
pub(crate) async fn in_force(org: &Actor, seen_by: &Actor) -> (Digest, Digest) {
    let replica = seen_by.engine.replica.lock().await;
    let found = replica.directory.organisation(org.org()).unwrap();
    (sheet::name(found.root), found.next_root)
}

/// The registrar's connection.
pub(crate) async fn registrar(scene: &Scene) -> Arc<dyn Link> {
    let registrar = scene.registrar();
    exclusion::connect(&registrar.engine, &registrar.dialer()).await.unwrap()
}
