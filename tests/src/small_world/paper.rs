//! Everything that is signed in a small world.

use causeway_certs::checkpoint::{self, Checkpoint};
use causeway_certs::directory::Directory;
use causeway_certs::keys::{PublicKey, SigningKey};
use causeway_client::identity::Identity;
use causeway_common::codec;
use causeway_common::envelope::PrekeyKind;
use causeway_common::framed::Label;
use causeway_common::ids::{DeviceId, Digest, OrgId};
use causeway_common::limits::PREKEY_PUBLIC_BYTES;
use causeway_common::signed::Signed;
use causeway_common::statements::{DeviceStatus, Invite, Prekey, SignedRoster};
use causeway_common::time::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::{Event, name};
use crate::charter::{self, Charter};

/// Organisations that are members from the beginning.
pub(super) const ORGS: usize = 3;
/// Everything happens at one moment.
pub(super) const NOW: Timestamp = Timestamp(1_000_000);

/// What the relay has in its hands.
pub(super) struct Paper {
    /// Of the clients; what differs between them is not asked here.
    pub(super) identity: Identity,
    pub(super) relay: PublicKey,
    pub(super) orgs: Vec<Org>,
    pub(super) events: Vec<Entry>,
    /// The first ones of all organisations, then those that events name.
    pub(super) rosters: Vec<SignedRoster>,
    /// Every legal order of some of the events; the first is empty.
    pub(super) logs: Vec<Log>,
    /// What all logs begin with.
    pub(super) base: Directory,
}

/// A member from the beginning.
pub(super) struct Org {
    pub(super) id: OrgId,
    /// All devices that it ever has: the client's first, then in the order in which they are listed and lost.
    pub(super) devices: Vec<Device>,
    charter: Charter,
}

/// A device and what the relay has of its prekeys.
pub(super) struct Device {
    pub(super) id: DeviceId,
    pub(super) prekey: Signed,
    pub(super) status: Signed,
}

/// An event as the log has it.
pub(super) struct Entry {
    pub(super) event: Event,
    pub(super) leaf: Vec<u8>,
    /// The device that is lost by it: organisation and number.
    pub(super) lost: Option<(usize, usize)>,
}

/// One history.
pub(super) struct Log {
    /// Numbers of events, in order.
    pub(super) events: Vec<usize>,
    pub(super) size: u64,
    pub(super) root: Digest,
    /// Its head as the relay signs it.
    pub(super) head: Vec<u8>,
}

impl Log {
    /// Whether everything in it stands in `other` as well, at the same place.
    pub(super) fn begins(&self, other: &Self) -> bool {
        other.events.starts_with(&self.events)
    }
}

impl Paper {
    pub(super) fn draw(events: &[Event]) -> Self {
        let mut rng = ChaCha20Rng::from_seed([7; 32]);
        let [registrar, tls, relay] = [(); 3].map(|()| SigningKey::generate(&mut rng));
        let mut base = Directory::new();
        base.append(&charter::directory_genesis(&registrar, &tls, &relay)).unwrap();
        let (mut orgs, mut rosters) = (Vec::new(), Vec::new());
        for number in 0..ORGS {
            let charter = Charter::draw(&name(number).to_string(), 2, NOW, &mut rng);
            base.append(&charter.admission(&registrar, NOW)).unwrap();
            rosters.push(charter.signed_roster());
            let devices = charter.devices.iter().map(|(key, _)| Device::publish(charter.org, key)).collect();
            orgs.push(Org { id: charter.org, devices, charter });
        }
        for roster in &rosters {
            base.supply_roster(roster).unwrap();
        }
        let identity = identity(&registrar, &relay, &mut rng);
        let mut paper = Self {
            identity,
            relay: relay.public(),
            orgs,
            events: Vec::new(),
            rosters,
            logs: Vec::new(),
            base,
        };
        let mut all = paper.base.clone();
        for event in events {
            let entry = paper.sign(*event, &all, &registrar, &mut rng);
            all.append(&entry.leaf).unwrap();
            paper.events.push(entry);
        }
        paper.write_logs(Vec::new(), &paper.base.clone(), &relay);
        paper
    }

    fn sign(
        &mut self,
        event: Event,
        all: &Directory,
        registrar: &SigningKey,
        rng: &mut ChaCha20Rng,
    ) -> Entry {
        let Event::Loss(number) = event else {
            let newcomer = Charter::draw("Newcomer", 1, NOW, rng);
            self.rosters.push(newcomer.signed_roster());
            return Entry { event, leaf: newcomer.admission(registrar, NOW), lost: None };
        };
        let Org { id, devices, charter } = &mut self.orgs[number];
        let lost = devices.len() - 1;
        let place = charter.roster.devices.iter().position(|listed| listed.device == devices[lost].id);
        let leaf = charter.replace(place.unwrap(), all, NOW, rng);
        self.rosters.push(charter.signed_roster());
        let is_new = |key: &SigningKey| !devices.iter().any(|d| d.id == key.public().device_id());
        let (new, _) = charter.devices.iter().find(|(key, _)| is_new(key)).unwrap();
        let published = Device::publish(*id, new);
        devices.push(published);
        Entry { event, leaf, lost: Some((number, lost)) }
    }

    fn write_logs(&mut self, events: Vec<usize>, directory: &Directory, relay: &SigningKey) {
        let (size, root) = (directory.size(), directory.root());
        let head = checkpoint::sign(&Checkpoint { size, root, time: NOW }, relay);
        self.logs.push(Log { events: events.clone(), size, root, head });
        for next in (0..self.events.len()).filter(|next| !events.contains(next)) {
            let mut longer = directory.clone();
            if longer.append(&self.events[next].leaf).is_ok() {
                self.write_logs([&events[..], &[next]].concat(), &longer, relay);
            }
        }
    }

    /// The log with one event more.
    pub(super) fn longer(&self, log: usize, event: usize) -> Option<usize> {
        let events = [&self.logs[log].events[..], &[event]].concat();
        self.logs.iter().position(|log| log.events == events)
    }

    /// Whether this history says that the device is lost.
    pub(super) fn says_lost(&self, log: usize, org: usize, device: usize) -> bool {
        self.logs[log].events.iter().any(|event| self.events[*event].lost == Some((org, device)))
    }

    /// Whether anything ever says so.
    pub(super) fn is_ever_lost(&self, org: usize, device: usize) -> bool {
        self.events.iter().any(|entry| entry.lost == Some((org, device)))
    }
}

impl Device {
    fn publish(org: OrgId, key: &SigningKey) -> Self {
        let device = key.public().device_id();
        let prekey = Prekey {
            org,
            device,
            number: 1,
            kind: PrekeyKind::OneTime,
            epoch: 1,
            not_before: NOW,
            not_after: Timestamp(u64::MAX),
            public: vec![0; PREKEY_PUBLIC_BYTES],
        };
        let status = DeviceStatus {
            device,
            epoch: 1,
            epoch_min: 1,
            last_resort: 2,
            one_time_remaining: 1,
            key_store_generation: 1,
            log_size: 1,
            time: NOW,
        };
        Self {
            id: device,
            prekey: key.sign(Label::Prekey, codec::encode(&prekey)),
            status: key.sign(Label::DeviceStatus, codec::encode(&status)),
        }
    }
}

/// What a client has pinned.
fn identity(registrar: &SigningKey, relay: &SigningKey, rng: &mut ChaCha20Rng) -> Identity {
    let invite = Invite {
        invite_id: [1; 16],
        relay_address: "127.0.0.1:1".into(),
        relay_key: *relay.public().as_bytes(),
        registrar_key: *registrar.public().as_bytes(),
        name: "Client".into(),
        kind: "ngo".into(),
        country: "DE".into(),
        expires: NOW,
    };
    let signed = registrar.sign(Label::Invite, codec::encode(&invite));
    Identity::found_organisation(signed, &invite, "desk", NOW, rng)
}
