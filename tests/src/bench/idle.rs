//! What a device that is connected and silent costs the relay in memory.

use std::sync::Arc;
use std::time::Duration;

use causeway_certs::keys::SigningKey;
use causeway_certs::transport::Link;
use causeway_certs::transport::quic::{self, QuicDialer};
use causeway_certs::{directory, invite, roster};
use causeway_common::codec;
use causeway_common::framed::{self, Label};
use causeway_common::ids::{Digest, OrgId};
use causeway_common::limits::DEVICES_PER_ORG_MAX;
use causeway_common::statements::{OrgGenesis, OrgRecord, Roster, RosterDevice};
use causeway_common::time::{Clock as _, SystemClock};
use causeway_common::wire::{
    DeviceState, Done, Enrol, Hello, PROTOCOL_VERSION, STANDING_MEMBER, Subscribe, Welcome,
};
use tokio::task::JoinSet;

use super::Plan;
use super::measure;
use super::report::{Outcome, Target};
use super::town::{self, Town};

/// Devices that connect at the same time: below what makes the relay ask strangers to prove their address.
const CONNECTING: usize = 32;
const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

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
        let crowd = Crowd::new(&town, &format!("Crowd {number}"), per_org);
        let stranger = town::greet(&dialer(&crowd.keys[0])).await;
        let _: Done = town::ask(&*stranger, &crowd.enrol).await;
        stranger.close(0);
        town.admit(crowd.org).await;
        dialers.extend(crowd.keys.iter().map(dialer));
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

/// An organisation whose first roster is full.
struct Crowd {
    org: OrgId,
    enrol: Enrol,
    /// Keys of the devices' connections.
    keys: Vec<SigningKey>,
}

impl Crowd {
    fn new(town: &Town, name: &str, devices: usize) -> Self {
        let (now, mut rng) = (SystemClock.now(), town::fresh_rng());
        let (text, _) = town.registrar.engine.identity.invite(name, "ngo", "DE", now, &mut rng);
        let (signed, invite) = invite::from_text(&text).unwrap();
        let mut key = || SigningKey::generate(&mut rng);
        let (root, next, administrator) = (key(), key(), key());
        let pairs: Vec<(SigningKey, SigningKey)> = (0..devices).map(|_| (key(), key())).collect();
        let genesis = OrgGenesis {
            name: invite.name,
            kind: invite.kind,
            country: invite.country,
            root: *root.public().as_bytes(),
            nonce: *next.public().as_bytes(),
            created: now,
        };
        let genesis = root.sign(Label::OrgGenesis, codec::encode(&genesis));
        let org = directory::org_id(&genesis.body);
        let record = OrgRecord {
            org,
            sequence: 1,
            root: *root.public().as_bytes(),
            next_root: framed::sha256(next.public().as_bytes()),
            administrators: vec![*administrator.public().as_bytes()],
            threshold: 1,
        };
        let record = root.sign(Label::OrgRecord, codec::encode(&record));
        let mut listed: Vec<RosterDevice> = pairs.iter().map(|(signing, tls)| listed(signing, tls)).collect();
        listed.sort_by_key(|device| device.device);
        let roster = Roster {
            org,
            sequence: 1,
            previous: Digest([0; 32]),
            valid_from: now,
            valid_until: now.plus(MONTH),
            devices: listed,
            revoked: Vec::new(),
        };
        let roster = roster::sign(&roster, &administrator);
        let enrol = Enrol { invite: signed, genesis, record, roster };
        Self { org, enrol, keys: pairs.into_iter().map(|(_, tls)| tls).collect() }
    }
}

fn listed(signing: &SigningKey, tls: &SigningKey) -> RosterDevice {
    let signing = signing.public();
    RosterDevice {
        device: signing.device_id(),
        signing_key: *signing.as_bytes(),
        tls_key: *tls.public().as_bytes(),
        roles: u32::MAX,
        clearance: u32::MAX,
        added_sequence: 1,
        label_hash: framed::hash(Label::DeviceId, b"desk"),
        expires: SystemClock.now().plus(MONTH),
    }
}
