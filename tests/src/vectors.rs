//! Sealed packets as files that any implementation can read. The form is described in `tests/vectors/README.md`.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use causeway_certs::keys::{PublicKey, SigningKey};
use causeway_client::seal::hybrid;
use causeway_client::seal::open::{OpenError, OpenedPacket, unseal};
use causeway_client::seal::packet::{Recipient, SealRequest, SectionPlain, Sender, Target, seal};
use causeway_common::codec;
use causeway_common::envelope::{Outer, PrekeyKind, Wrap};
use causeway_common::ids::{Digest, OrgId, PacketId};
use causeway_common::priority::Priority;
use causeway_common::statements::Prekey;
use causeway_common::time::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

/// A packet, the keys to it, and what must come of opening it.
#[derive(Clone, Debug, PartialEq)]
pub struct Vector(Value);

/// A file among the vectors.
pub fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name)
}

/// All vectors of a folder among the vectors.
pub fn all(folder: &str) -> Vec<(PathBuf, Vector)> {
    let entries = std::fs::read_dir(file(folder)).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), Vector::read(&path))).collect()
}

impl Vector {
    /// Reads a file.
    pub fn read(path: &Path) -> Self {
        Self(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    }

    /// The text of a file.
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(&self.0).unwrap() + "\n"
    }

    /// Changes a text.
    pub fn set(&mut self, name: &str, value: &str) {
        self.0[name] = value.into();
    }

    /// Changes a text of what must be found.
    pub fn set_opened(&mut self, name: &str, value: &str) {
        self.0["opened"][name] = value.into();
    }

    fn short(&self, name: &str) -> Vec<u8> {
        hex::decode(self.0[name].as_str().unwrap()).unwrap()
    }

    fn id(&self, name: &str) -> [u8; 32] {
        self.short(name).try_into().unwrap()
    }

    fn long(&self, name: &str) -> Vec<u8> {
        STANDARD.decode(self.0[name].as_str().unwrap()).unwrap()
    }

    fn open(&self) -> Result<OpenedPacket, OpenError> {
        let outer: Outer = codec::decode(&self.short("outer"), 4096).unwrap();
        let wrap: Wrap = codec::decode(&self.long("wrap"), 4096).unwrap();
        let unsealed = unseal(
            &outer,
            &self.long("body"),
            &wrap,
            self.id("my_org").into(),
            self.id("my_device").into(),
            &self.long("prekey_public"),
            &self.id("seed"),
        )?;
        unsealed.verify(&PublicKey::from_bytes(self.id("sender_key")).unwrap())
    }

    /// Opens it with the product.
    ///
    /// # Errors
    /// What came of it, where something else was expected.
    pub fn check(&self) -> Result<(), String> {
        let result = self.open();
        let verdict = result.as_ref().map_or_else(|error| format!("{error:?}"), |_| "Ok".to_owned());
        if self.0["expect"] != verdict {
            return Err(format!("{verdict}, where {} was expected", self.0["expect"]));
        }
        match result {
            Ok(packet) if content(&packet) != self.0["opened"] => Err("another content than expected".into()),
            _ => Ok(()),
        }
    }

    /// A fresh packet of three sections, one of them not for the device that opens it.
    pub fn make() -> Self {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).unwrap();
        let mut rng = ChaCha20Rng::from_seed(seed);
        let mut random = || -> [u8; 32] {
            let mut bytes = [0; 32];
            rng.fill_bytes(&mut bytes);
            bytes
        };
        let (sender, device) = (SigningKey::from_seed(&random()), SigningKey::from_seed(&random()));
        let (from, to, device) = (OrgId(random()), OrgId(random()), device.public().device_id());
        let mut number = [0; 8];
        number.copy_from_slice(&random()[..8]);
        let (number, now) = (u64::from_le_bytes(number), Timestamp(1_790_000_000_000));
        let section = |code: &[u8; 3], bytes: Vec<u8>| SectionPlain { code: *code, bytes: bytes.into() };
        let long = random().repeat(700);
        let sections =
            [section(b"HDR", "Розыск: Zoë".into()), section(b"RSK", b"high".to_vec()), section(b"LGL", long)];
        let (packet, case_ref, answered) = (PacketId(random()), random(), PacketId(random()));
        let digests: Vec<Digest> = (0..5).map(|_| Digest(random())).collect();
        let (prekey_seed, public) = hybrid::generate(&mut rng);
        let prekey = Prekey {
            org: to,
            device,
            number,
            kind: PrekeyKind::OneTime,
            epoch: 1,
            not_before: now,
            not_after: Timestamp(u64::MAX),
            public: public.clone(),
        };
        let request = SealRequest {
            packet,
            packet_type: 1,
            case_ref,
            in_reply_to: Some(answered),
            created: now,
            expires: now.plus(Priority::P1.time_to_live()),
            priority: Priority::P1,
            sections: &sections,
            sender: Sender {
                org: from,
                key: &sender,
                roster: digests[0],
                checkpoint: b"a head",
                log_size: 4,
                log_root: digests[1],
                seq: 12,
                previous_grant: digests[2],
            },
            recipient: Recipient {
                org: to,
                root: digests[3],
                roster: digests[4],
                targets: &[Target { device, clearance: 0b01, prekey }],
            },
            purpose: 3,
            onward: 0,
            return_prekeys: Vec::new(),
        };
        let envelope = seal(&request, &mut rng).unwrap().envelope;
        let mut vector = Self(json!({
            "about": "sealed by the product",
            "expect": "Ok",
            "my_org": to.to_string(),
            "my_device": device.to_string(),
            "seed": hex::encode(*prekey_seed),
            "sender_key": hex::encode(sender.public().as_bytes()),
            "outer": hex::encode(codec::encode(&envelope.outer)),
            "prekey_public": STANDARD.encode(&public),
            "wrap": STANDARD.encode(codec::encode(&envelope.wraps[0])),
            "body": STANDARD.encode(&envelope.body),
        }));
        vector.0["opened"] = content(&vector.open().unwrap());
        vector
    }
}

fn content(packet: &OpenedPacket) -> Value {
    let sections: serde_json::Map<String, Value> = packet
        .sections
        .iter()
        .map(|s| (String::from_utf8_lossy(&s.code).into_owned(), json!(hex::encode(&*s.bytes))))
        .collect();
    json!({
        "packet": packet.packet.to_string(),
        "grant_digest": packet.grant_digest.to_string(),
        "sections": sections,
    })
}

/// Opens a wrap that another implementation has sealed by itself.
///
/// # Errors
/// When it does not open, or gives something else.
pub fn check_wrap(path: &Path) -> Result<(), String> {
    let vector = Vector::read(path);
    if hybrid::public_of(&vector.id("seed")) != vector.long("public") {
        return Err("another public key".into());
    }
    let plain =
        hybrid::open_wrap(&vector.id("seed"), &vector.long("enc"), &vector.short("info"), &vector.long("ct"))
            .map_err(|error| error.to_string())?;
    if *plain == vector.long("plain") { Ok(()) } else { Err("another content than expected".into()) }
}
