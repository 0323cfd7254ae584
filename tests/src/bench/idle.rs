//! What a device that is connected and silent costs the relay in memory.

use std::sync::Arc;
use std::time::Duration;

use causeway_certs::invite;
use causeway_certs::keys::SigningKey;
use causeway_certs::transport::Link;
use causeway_certs::transport::quic::{self, QuicDialer};
use causeway_common::limits::DEVICES_PER_ORG_MAX;
use causeway_common::time::{Clock as _, SystemClock};
use causeway_common::wire::{
    DeviceState, Done, Enrol, Hello, PROTOCOL_VERSION, STANDING_MEMBER, Subscribe, Welcome,
};
use tokio::task::JoinSet;

use super::Plan;
use super::measure;
use super::report::{Outcome, Target};
use super::town::{self, Town};
use crate::charter::Charter;

/// Devices that connect at the same time: below what makes the relay ask strangers to prove their address.
const CONNECTING: usize = 32;

pub(super) async fn run(plan: &Plan) -> Outcome {
    let devices = if plan.quick { 60 } else { 2_000 };
    let per_org = if plan.quick { 20 } else { DEVICES_PER_ORG_MAX };
    let settle = Duration::from_secs(if plan.quick { 1 } else { 5 });
    let mut outcome = Outcome::new("idle");
    let town = Town::found(plan).await;
    let endpoint = quic::client_endpoint(town.address).unwrap();
    let dialer = |key: &SigningKey| {
        let config = quic::client_config(town.relay_key, key).unwrap();
        QuicDialer::new(endpoint.clone(), config, town.address)
    };
    let mut dialers = Vec::new();
    for number in 0..devices / per_org {
        let (crowd, enrol) = crowd(&town, &format!("Crowd {number}"), per_org);
        let stranger = town::greet(&dialer(&crowd.devices[0].1)).await;
        let _: Done = town::ask(&*stranger, &enrol).await;
        stranger.close(0);
        town.admit(crowd.org).await;
        dialers.extend(crowd.devices.iter().map(|(_, tls)| dialer(tls)));
    }
    tokio::time::sleep(settle).await;
    let before = measure::memory(&town.relay.id()).resident;
    let links = connect_all(dialers).await;
    tokio::time::sleep(settle).await;
    let after = measure::memory(&town.relay.id()).resident;
    assert_eq!(links.len(), devices);
    for link in &links {
        assert!(is_there(&**link).await, "a connection has ended by itself");
    }
    let each = (after - before) / devices as f64;
    outcome.count("devices", devices);
    outcome.floor("relay_without_them_kib", before);
    outcome.measured("relay_with_them_kib", after);
    outcome.measured("kib_per_device", each);
    outcome.targets.push(Target::at_most("kib_per_device", each, 40.0));
    outcome.note("connected, logged in and waiting for packets; resident memory of the relay's process");
    outcome
}

/// Whether a connection is still there.
async fn is_there(link: &dyn Link) -> bool {
    tokio::time::timeout(Duration::ZERO, link.closed()).await.is_err()
}

/// Connects devices until they wait for packets.
async fn connect_all(dialers: Vec<QuicDialer>) -> Vec<Arc<dyn Link>> {
    let mut dialers = dialers.into_iter();
    let (mut connecting, mut links) = (JoinSet::new(), Vec::new());
    loop {
        while connecting.len() < CONNECTING
            && let Some(dialer) = dialers.next()
        {
            connecting.spawn(connect(dialer));
        }
        let Some(link) = connecting.join_next().await else { return links };
        links.push(link.unwrap());
    }
}

async fn connect(dialer: QuicDialer) -> Arc<dyn Link> {
    use causeway_certs::transport::Dialer as _;
    let link = dialer.dial().await.unwrap();
    let welcome: Welcome = town::ask(&*link, &Hello { versions: vec![PROTOCOL_VERSION] }).await;
    assert_eq!(welcome.standing, STANDING_MEMBER);
    let _: DeviceState = town::ask(&*link, &Subscribe {}).await;
    link
}

/// An organisation whose first roster is full, and what it hands in.
fn crowd(town: &Town, name: &str, devices: usize) -> (Charter, Enrol) {
    let (now, mut rng) = (SystemClock.now(), town::fresh_rng());
    let (invite, _) = town.registrar.engine.identity.invite(name, "ngo", "DE", now, &mut rng);
    let (invite, _) = invite::from_text(&invite).unwrap();
    let crowd = Charter::draw(name, devices, now, &mut rng);
    let (genesis, record) = (crowd.genesis.clone(), crowd.record.clone());
    let enrol = Enrol { invite, genesis, record, roster: crowd.signed_roster() };
    (crowd, enrol)
}
