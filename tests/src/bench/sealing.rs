//! One packet sealed for few devices and for many: what each of them costs, beside bare HPKE.

use causeway_certs::directory::Directory;
use causeway_certs::keys::SigningKey;
use causeway_client::prekeys;
use causeway_client::seal::hybrid;
use causeway_client::seal::packet::{Recipient, SealRequest, SectionPlain, Sender, seal};
use causeway_common::codec;
use causeway_common::envelope::PrekeyKind;
use causeway_common::framed::Label;
use causeway_common::ids::{Digest, OrgId, PacketId};
use causeway_common::limits::{DEVICES_PER_ORG_MAX, WRAP_PLAIN_BYTES};
use causeway_common::priority::Priority;
use causeway_common::statements::{DeviceStatus, Prekey};
use causeway_common::time::{Clock as _, SystemClock, Timestamp};
use causeway_common::wire::Prekeys;
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable as _, Kem, OpModeS};
use rand_chacha::ChaCha20Rng;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::Plan;
use super::measure::Samples;
use super::report::{Outcome, Target};
use super::town;
use crate::charter::{self, Charter};

/// Devices of the recipients.
const SIZES: [usize; 4] = [1, 5, 20, DEVICES_PER_ORG_MAX];
const NAMES: [&str; 4] =
    ["us_per_device_of_1", "us_per_device_of_5", "us_per_device_of_20", "us_per_device_of_100"];

pub(super) fn run(plan: &Plan) -> Outcome {
    let rounds = if plan.quick { 2 } else { 40 };
    let mut outcome = Outcome::new("sealing");
    let mut office = Office::found();
    let recipients = SIZES.map(|devices| office.recipient(devices));
    let mut sealed = SIZES.map(|_| Samples::default());
    let mut bare = Samples::default();
    for _ in 0..rounds {
        for (recipient, samples) in recipients.iter().zip(&mut sealed) {
            let begun = Instant::now();
            let wraps = office.seal(recipient);
            samples.push(begun.elapsed());
            assert_eq!(wraps, recipient.prekeys.prekeys.len());
        }
        let begun = Instant::now();
        recipients[3].keys.iter().for_each(|key| bare_hpke(key, &mut office.rng));
        bare.push(begun.elapsed());
    }
    let each: Vec<f64> =
        sealed.iter().zip(SIZES).map(|(samples, n)| samples.median_ms() * 1e3 / n as f64).collect();
    let bare = bare.median_ms() * 1e3 / SIZES[3] as f64;
    // What one device more costs: without the body, which is sealed once.
    let more = (sealed[3].median_ms() - sealed[1].median_ms()) * 1e3 / (SIZES[3] - SIZES[1]) as f64;
    let few = (sealed[1].median_ms() - sealed[0].median_ms()) * 1e3 / (SIZES[1] - SIZES[0]) as f64;
    outcome.count("packets", rounds * SIZES.len());
    outcome.floor("bare_hpke_us_per_device", bare);
    NAMES.iter().zip(&each).for_each(|(name, us)| outcome.measured(name, *us));
    outcome.measured("us_for_one_more_of_100", more);
    outcome.measured("us_for_one_more_of_5", few);
    outcome.targets.push(Target::at_most("device_of_100_to_device_of_5", each[3] / each[1], 1.1));
    outcome.targets.push(Target::at_most("device_of_100_to_bare_hpke", each[3] / bare, 2.5));
    outcome.note("checking the prekeys that the relay gave, then sealing a packet of 2 KiB, in memory");
    outcome
}

/// A sender with its directory.
struct Office {
    directory: Directory,
    registrar: SigningKey,
    key: SigningKey,
    sections: Vec<SectionPlain>,
    now: Timestamp,
    rng: ChaCha20Rng,
}

/// A recipient, and what the relay gives of its prekeys.
struct To {
    org: OrgId,
    prekeys: Prekeys,
    keys: Vec<<XWing as Kem>::PublicKey>,
}

impl Office {
    fn found() -> Self {
        let mut rng = town::fresh_rng();
        let [registrar, tls, relay, key] = [(); 4].map(|()| SigningKey::generate(&mut rng));
        let mut directory = Directory::new();
        directory.append(&charter::directory_genesis(&registrar, &tls, &relay)).unwrap();
        let plain = |s: causeway_client::model::StoredSection| SectionPlain {
            code: s.code,
            bytes: Zeroizing::new(s.bytes),
        };
        let sections = town::sections().into_iter().map(plain).collect();
        Self { directory, registrar, key, sections, now: SystemClock.now(), rng }
    }

    fn recipient(&mut self, devices: usize) -> To {
        let charter = Charter::draw(&format!("Recipient of {devices}"), devices, self.now, &mut self.rng);
        self.directory.append(&charter.admission(&self.registrar, self.now)).unwrap();
        self.directory.supply_roster(&charter.signed_roster()).unwrap();
        let mut to = To {
            org: charter.org,
            prekeys: Prekeys { prekeys: Vec::new(), statuses: Vec::new() },
            keys: Vec::new(),
        };
        for (signing, _) in &charter.devices {
            let (_, public) = hybrid::generate(&mut self.rng);
            to.keys.push(<XWing as Kem>::PublicKey::from_bytes(&public).unwrap());
            let (prekey, status) = self.published(charter.org, signing, public);
            to.prekeys.prekeys.push(signing.sign(Label::Prekey, codec::encode(&prekey)));
            to.prekeys.statuses.push(signing.sign(Label::DeviceStatus, codec::encode(&status)));
        }
        to
    }

    fn published(&self, org: OrgId, signing: &SigningKey, public: Vec<u8>) -> (Prekey, DeviceStatus) {
        let device = signing.public().device_id();
        let (number, kind, epoch) = (1, PrekeyKind::OneTime, 1);
        let (not_before, not_after) = (self.now, Timestamp(u64::MAX));
        let prekey = Prekey { org, device, number, kind, epoch, not_before, not_after, public };
        let status = DeviceStatus {
            device,
            epoch,
            epoch_min: epoch,
            last_resort: 2,
            one_time_remaining: 100,
            key_store_generation: 1,
            log_size: 1,
            time: self.now,
        };
        (prekey, status)
    }

    /// What a device does between the relay's answer and the envelope; gives its wraps.
    fn seal(&mut self, to: &To) -> usize {
        let org = self.directory.organisation(to.org).unwrap();
        let checked = prekeys::check_taken(org, &to.prekeys, self.now).unwrap();
        let targets = prekeys::targets(org, checked, &self.sections);
        let request = SealRequest {
            packet: PacketId([1; 32]),
            packet_type: causeway_client::model::PACKET_REFERRAL,
            case_ref: [2; 32],
            in_reply_to: None,
            created: self.now,
            expires: self.now.plus(Priority::P3.time_to_live()),
            priority: Priority::P3,
            sections: &self.sections,
            sender: Sender {
                org: OrgId([3; 32]),
                key: &self.key,
                roster: Digest([4; 32]),
                checkpoint: b"",
                log_size: self.directory.size(),
                log_root: self.directory.root(),
                seq: 1,
                previous_grant: Digest([0; 32]),
            },
            recipient: Recipient {
                org: org.id,
                root: org.fingerprint(),
                roster: org.roster_digest,
                targets: &targets,
            },
            purpose: 0,
            onward: 1,
            return_prekeys: Vec::new(),
        };
        seal(&request, &mut self.rng).unwrap().envelope.wraps.len()
    }
}

/// One wrap's worth of HPKE: the key is read already, the context is as long as ours.
fn bare_hpke(key: &<XWing as Kem>::PublicKey, rng: &mut ChaCha20Rng) {
    let (info, plain) = ([5; 32], [6; WRAP_PLAIN_BYTES]);
    hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeS::Base,
        key,
        &info,
        &plain,
        b"",
        rng,
    )
    .unwrap();
}
