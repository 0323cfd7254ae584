//! A small directory in which everything happens once, and the ways in which somebody may have meddled with it.

use causeway_certs::audit::{Log, root_over};
use causeway_certs::checkpoint::{self, Checkpoint};
use causeway_certs::directory::{self, Authority, Directory, ITSELF, RECOVERY_LOCK, countersigned};
use causeway_certs::evidence::IllegalLog;
use causeway_certs::keys::SigningKey;
use causeway_certs::registrars::{Candidacy, Nomination};
use causeway_certs::relay_keys::Announcements;
use causeway_certs::roster;
use causeway_common::codec;
use causeway_common::framed::{self, Label};
use causeway_common::ids::{Digest, OrgId};
use causeway_common::limits::STATEMENT_BYTES_MAX;
use causeway_common::signed::Signed;
use causeway_common::statements::{
    Admission, DirectoryGenesis, OrgGenesis, OrgRecord, RecordChange, RecoveryDone, RegistrarKeys,
    Registrars, Reinstatement, RelayKey, Return, Roster, RosterChange, RosterDevice, SignedRoster, Statement,
    StatementKind, Suspension,
};
use causeway_common::time::Timestamp;
use serde::Serialize;

const ZERO: Digest = Digest([0; 32]);
/// A day in 2026.
const START: u64 = 1_790_000_000_000;
/// From then on the relay has its second key.
const CHANGED: u64 = START + 10 * 24 * 3_600_000;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn bytes(key: &SigningKey) -> [u8; 32] {
    *key.public().as_bytes()
}

fn registrar() -> SigningKey {
    key(1)
}

fn second_registrar() -> SigningKey {
    key(4)
}

fn relay() -> SigningKey {
    key(3)
}

fn next_relay() -> SigningKey {
    key(6)
}

/// Keys of the nth organisation: its roots one after the other, an administrator and the next, devices.
fn of(org: u8, what: u8) -> SigningKey {
    key(10 * org + what)
}

const ROOT: u8 = 0;
const NEXT_ROOT: u8 = 1;
const THIRD_ROOT: u8 = 2;
const ADMINISTRATOR: u8 = 3;
const NEXT_ADMINISTRATOR: u8 = 4;

/// Writes a directory, statement by statement, as its rightful keys would.
struct Writer {
    directory: Directory,
    log: Log,
    at: u64,
}

impl Writer {
    fn begin() -> Self {
        let log = Log {
            relay_key: bytes(&next_relay()),
            registrar_key: bytes(&registrar()),
            heads: Vec::new(),
            leaves: Vec::new(),
            rosters: Vec::new(),
        };
        let mut writer = Self { directory: Directory::new(), log, at: START };
        let payload = DirectoryGenesis {
            registrar: bytes(&registrar()),
            registrar_tls: bytes(&key(2)),
            relay: bytes(&relay()),
            threshold: 1,
        };
        writer.put(StatementKind::Genesis, OrgId(ZERO.0), &registrar(), &payload);
        writer
    }

    fn put<T: Serialize>(&mut self, kind: StatementKind, org: OrgId, signer: &SigningKey, payload: &T) {
        let statement = self.next(kind, org, signer, payload);
        self.take(directory::leaf(&directory::sign_statement(&statement, signer)));
    }

    /// A statement of the first registrar that another signs too.
    fn put_together<T: Serialize>(
        &mut self,
        kind: StatementKind,
        org: OrgId,
        payload: &T,
        other: &SigningKey,
    ) {
        let statement = self.next(kind, org, &registrar(), payload);
        self.take(together(&statement, other));
    }

    fn next<T: Serialize>(
        &mut self,
        kind: StatementKind,
        org: OrgId,
        signer: &SigningKey,
        payload: &T,
    ) -> Statement {
        self.at += 60_000;
        let (sequence, previous) = self.directory.next_link(org);
        let (time, payload) = (Timestamp(self.at), codec::encode(payload));
        Statement { kind, org, sequence, previous, time, signer: bytes(signer), payload }
    }

    fn take(&mut self, leaf: Vec<u8>) {
        self.directory.append(&leaf).unwrap();
        self.log.leaves.push(leaf);
    }

    fn admit(&mut self, org: u8, name: &str, kind: &str, country: &str) -> OrgId {
        let root = of(org, ROOT);
        let founding = OrgGenesis {
            name: name.into(),
            kind: kind.into(),
            country: country.into(),
            root: bytes(&root),
            nonce: [org; 32],
            created: Timestamp(self.at),
        };
        let genesis = root.sign(Label::OrgGenesis, codec::encode(&founding));
        let id = directory::org_id(&genesis.body);
        let record = record(org, id, 1, ROOT, ADMINISTRATOR);
        let roster = self.roster(org, id, (1, ZERO), 1, ADMINISTRATOR);
        self.put(StatementKind::Admission, id, &registrar(), &Admission { genesis, record, roster });
        id
    }

    /// Adds a roster to the file; gives the hash that names it.
    fn roster(&mut self, org: u8, id: OrgId, link: (u64, Digest), devices: u8, by: u8) -> Digest {
        let mut devices: Vec<RosterDevice> = (0..devices).map(|n| device(org, n)).collect();
        devices.sort_by_key(|d| d.device);
        let roster = Roster {
            org: id,
            sequence: link.0,
            previous: link.1,
            valid_from: Timestamp(START),
            valid_until: Timestamp(u64::MAX),
            devices,
            revoked: Vec::new(),
        };
        let signed = roster::sign(&roster, &of(org, by));
        let digest = roster::digest(&signed.body);
        self.log.rosters.push(signed);
        digest
    }

    fn change_roster(&mut self, org: u8, id: OrgId, by: u8) {
        let link = self.directory.organisation(id).unwrap().next_roster();
        let roster = self.roster(org, id, link, 2, by);
        self.put(StatementKind::RosterChange, id, &of(org, by), &RosterChange { roster });
    }
}

fn record(org: u8, id: OrgId, sequence: u64, root: u8, administrator: u8) -> Signed {
    let record = OrgRecord {
        org: id,
        sequence,
        root: bytes(&of(org, root)),
        next_root: framed::sha256(&bytes(&of(org, root + 1))),
        administrators: vec![bytes(&of(org, administrator))],
        threshold: 1,
    };
    of(org, root).sign(Label::OrgRecord, codec::encode(&record))
}

fn device(org: u8, number: u8) -> RosterDevice {
    let signing = of(org, 5 + number);
    RosterDevice {
        device: signing.public().device_id(),
        signing_key: bytes(&signing),
        tls_key: bytes(&key(100 + 10 * org + number)),
        roles: 1,
        clearance: 1,
        added_sequence: 1,
        label_hash: ZERO,
        expires: Timestamp(u64::MAX),
    }
}

/// The relay's signature over whatever stands there.
pub fn sign_head(log: &mut Log) {
    let head = Checkpoint {
        size: log.leaves.len() as u64,
        root: root_over(&log.leaves),
        time: Timestamp(CHANGED + 3_600_000),
    };
    log.heads = vec![checkpoint::sign(&head, &next_relay())];
}

/// A directory with three organisations and a statement of every kind; everything in it is right.
///
/// # Panics
/// When a statement is refused.
pub fn log() -> Log {
    let mut writer = Writer::begin();
    let hotline = writer.admit(2, "Angel Hotline", "hotline", "RU");
    let police = writer.admit(3, "Border Police", "police", "DE");
    let embassy = writer.admit(4, "Embassy of Moldova", "embassy", "MD");
    writer.change_roster(2, hotline, ADMINISTRATOR);
    let suspension = Suspension { reason: 3, compromised_since: Timestamp(START) };
    writer.put(StatementKind::Suspension, police, &registrar(), &suspension);
    let next = RecordChange { record: record(3, police, 2, NEXT_ROOT, NEXT_ADMINISTRATOR) };
    writer.put(StatementKind::RecordChange, police, &of(3, ROOT), &next);
    writer.put(StatementKind::Reinstatement, police, &registrar(), &Reinstatement { vetted: 2 });
    writer.change_roster(3, police, NEXT_ADMINISTRATOR);
    let recovered = record(4, embassy, 2, NEXT_ROOT, NEXT_ADMINISTRATOR);
    let done = RecoveryDone { record: framed::sha256(&recovered.body) };
    writer.put(StatementKind::Recovery, embassy, &registrar(), &RecordChange { record: recovered });
    writer.at += u64::try_from(RECOVERY_LOCK.as_millis()).unwrap();
    writer.put(StatementKind::RecoveryDone, embassy, &registrar(), &done);
    writer.put(StatementKind::Return, embassy, &registrar(), &Return { tls_key: bytes(&key(97)) });
    let third = RecordChange { record: record(4, embassy, 3, THIRD_ROOT, NEXT_ADMINISTRATOR) };
    writer.put(StatementKind::RecordChange, embassy, &of(4, NEXT_ROOT), &third);
    let next = RelayKey { relay: bytes(&next_relay()), from: Timestamp(CHANGED) };
    writer.put(StatementKind::RelayKey, ITSELF, &registrar(), &next);
    let registrars =
        Registrars { registrars: both(), threshold: 2, candidacies: vec![candidacy(&writer.directory)] };
    writer.put(StatementKind::Registrars, ITSELF, &registrar(), &registrars);
    let suspension = Suspension { reason: 4, compromised_since: Timestamp(START) };
    writer.put(StatementKind::Suspension, hotline, &second_registrar(), &suspension);
    let reinstated = Reinstatement { vetted: 1 };
    writer.put_together(StatementKind::Reinstatement, hotline, &reinstated, &second_registrar());
    sign_head(&mut writer.log);
    writer.log
}

/// The second registrar wants to be one.
fn candidacy(directory: &Directory) -> Signed {
    let nomination = Nomination {
        relay_address: "relay.example:4433".into(),
        relay_key: bytes(&relay()),
        registrar_key: bytes(&registrar()),
        directory: directory.authority().map_or(ZERO, Authority::founding),
    };
    let keys = RegistrarKeys { key: bytes(&second_registrar()), tls_key: bytes(&key(5)) };
    second_registrar().sign(Label::RegistrarRequest, codec::encode(&Candidacy { nomination, keys }))
}

/// The first registrar, and the one that it has appointed.
fn both() -> Vec<RegistrarKeys> {
    let keys = [(registrar(), key(2)), (second_registrar(), key(5))];
    let mut both: Vec<RegistrarKeys> =
        keys.iter().map(|(key, tls)| RegistrarKeys { key: bytes(key), tls_key: bytes(tls) }).collect();
    both.sort_unstable_by_key(|keys| keys.key);
    both
}

fn together(statement: &Statement, other: &SigningKey) -> Vec<u8> {
    let mut joint = countersigned::begin(statement, &registrar());
    countersigned::add(&mut joint, other);
    directory::leaf(&countersigned::finish(&joint, other).unwrap())
}

/// Two heads that contradict each other, of different sizes, with the leaves of the larger one.
pub fn split() -> (Vec<u8>, Vec<u8>, Vec<Vec<u8>>) {
    let (mut larger, mut other) = (log(), log());
    sign_head(&mut larger);
    other.leaves.truncate(4);
    other.leaves.swap(1, 2);
    sign_head(&mut other);
    (larger.heads.remove(0), other.heads.remove(0), larger.leaves)
}

/// A head over the whole directory by the relay's first key, and a later one over half of it by the second: it went back.
pub fn went_back() -> (Vec<u8>, Vec<u8>) {
    let log = log();
    let head = |leaves: &[Vec<u8>], time, key: &SigningKey| {
        let head = Checkpoint { size: leaves.len() as u64, root: root_over(leaves), time: Timestamp(time) };
        checkpoint::sign(&head, key)
    };
    (head(&log.leaves, CHANGED - 1, &relay()), head(&log.leaves[..8], CHANGED + 1, &next_relay()))
}

/// The relay's keys, as the directory announces them.
pub fn announcements() -> Announcements {
    let mut directory = Directory::new();
    for leaf in log().leaves {
        directory.append(&leaf).unwrap();
    }
    Announcements::of(&directory)
}

/// What a stranger makes up who knows the keys of an honest relay and its registrar: a directory that names the relay, another key of
/// "the relay", which is the stranger's, and two heads by that one which contradict each other.
///
/// # Panics
/// When a statement is refused.
pub fn made_up() -> (Announcements, [Vec<u8>; 2]) {
    let (stranger, own) = (key(90), key(91));
    let mut directory = Directory::new();
    let genesis = DirectoryGenesis {
        registrar: bytes(&stranger),
        registrar_tls: bytes(&key(92)),
        relay: bytes(&relay()),
        threshold: 1,
    };
    for (kind, payload) in [
        (StatementKind::Genesis, codec::encode(&genesis)),
        (StatementKind::RelayKey, codec::encode(&RelayKey { relay: bytes(&own), from: Timestamp(CHANGED) })),
    ] {
        let (sequence, previous) = directory.next_link(ITSELF);
        let (time, signer) = (Timestamp(START), bytes(&stranger));
        let statement = Statement { kind, org: ITSELF, sequence, previous, time, signer, payload };
        directory.append(&directory::leaf(&directory::sign_statement(&statement, &stranger))).unwrap();
    }
    let head = |root| {
        checkpoint::sign(
            &Checkpoint { size: 2, root: Digest([root; 32]), time: Timestamp(CHANGED + 1) },
            &own,
        )
    };
    (Announcements::of(&directory), [head(1), head(2)])
}

/// The same directory with a statement that nobody may make, each time another, under a head of the relay, and what.
pub fn illegal() -> Vec<(&'static str, IllegalLog)> {
    let with = |(what, meddle): Meddling| {
        let mut log = log();
        meddle(&mut log);
        sign_head(&mut log);
        (what, IllegalLog { head: log.heads.remove(0), leaves: log.leaves })
    };
    BY_THE_RELAY.into_iter().map(with).collect()
}

/// Rewrites the nth statement and signs it with some key.
fn rewrite(log: &mut Log, number: usize, by: &SigningKey, change: impl FnOnce(&mut Statement)) {
    let mut statement = directory::open(&log.leaves[number - 1]).unwrap();
    statement.signer = bytes(by);
    change(&mut statement);
    log.leaves[number - 1] = directory::leaf(&directory::sign_statement(&statement, by));
}

/// One more statement, in its place, whether it is legal or not.
fn say<T: Serialize>(log: &mut Log, about: usize, kind: StatementKind, by: &SigningKey, payload: &T) {
    let org = directory::open(&log.leaves[about - 1]).unwrap().org;
    let mut directory = Directory::new();
    for leaf in &log.leaves {
        directory.append(leaf).unwrap();
    }
    let (sequence, previous) = directory.next_link(org);
    let payload = codec::encode(payload);
    let time = Timestamp(START + 1_000_000_000);
    let statement = Statement { kind, org, sequence, previous, time, signer: bytes(by), payload };
    log.leaves.push(directory::leaf(&directory::sign_statement(&statement, by)));
}

type Meddling = (&'static str, fn(&mut Log));

/// What can be done to a file without any key.
const FROM_OUTSIDE: [Meddling; 7] = [
    ("a statement left out", |log| drop(log.leaves.remove(7))),
    ("two statements changed about", |log| log.leaves.swap(2, 3)),
    ("the last statement hidden", |log| drop(log.leaves.pop())),
    ("a statement repeated", |log| log.leaves.push(log.leaves[4].clone())),
    ("a bit of a statement turned", |log| log.leaves[3][200] ^= 1),
    ("a bit of a roster turned", |log| log.rosters[1].body[90] ^= 1),
    ("no head", |log| log.heads.clear()),
];

/// What a relay can do that signs whatever it likes: the heads are right, the statements are not.
const BY_THE_RELAY: [Meddling; 21] = [
    ("a key of the relay that a stranger announces", |log| rewrite(log, 14, &key(99), |_| {})),
    ("a key of the relay that is announced for the past", |log| {
        let next = RelayKey { relay: bytes(&next_relay()), from: Timestamp(START) };
        rewrite(log, 14, &registrar(), |s| s.payload = codec::encode(&next));
    }),
    ("reinstated by one registrar of two", |log| {
        rewrite(log, 17, &registrar(), |_| {});
    }),
    ("reinstated together with a stranger", |log| {
        let statement = directory::open(&log.leaves[16]).unwrap();
        log.leaves[16] = together(&statement, &key(99));
    }),
    ("put together by a stranger", |log| {
        let statement = directory::open(&log.leaves[16]).unwrap();
        let mut joint = countersigned::begin(&statement, &registrar());
        countersigned::add(&mut joint, &second_registrar());
        log.leaves[16] = directory::leaf(&countersigned::finish(&joint, &key(99)).unwrap());
    }),
    ("a second registrar that appoints itself", |log| {
        rewrite(log, 15, &second_registrar(), |_| {});
    }),
    ("more registrars than must be", |log| {
        let threshold = 3;
        rewrite(log, 15, &registrar(), |s| {
            let said: Registrars = codec::decode(&s.payload, STATEMENT_BYTES_MAX).unwrap();
            s.payload = codec::encode(&Registrars { threshold, ..said });
        });
    }),
    ("a registrar who has not said that it wants to be one", |log| {
        rewrite(log, 15, &registrar(), |s| {
            let said: Registrars = codec::decode(&s.payload, STATEMENT_BYTES_MAX).unwrap();
            s.payload = codec::encode(&Registrars { candidacies: Vec::new(), ..said });
        });
    }),
    ("a registrar who wants to be one of another directory", |log| {
        rewrite(log, 15, &registrar(), |s| {
            let said: Registrars = codec::decode(&s.payload, STATEMENT_BYTES_MAX).unwrap();
            s.payload =
                codec::encode(&Registrars { candidacies: vec![candidacy(&Directory::new())], ..said });
        });
    }),
    ("admitted by a stranger", |log| rewrite(log, 4, &key(99), |_| {})),
    ("a roster change by a stranger", |log| rewrite(log, 5, &key(99), |_| {})),
    ("a roster change by the registrar", |log| rewrite(log, 5, &registrar(), |_| {})),
    ("another past", |log| rewrite(log, 5, &of(2, ADMINISTRATOR), |s| s.previous.0[0] ^= 1)),
    ("a number left out", |log| rewrite(log, 5, &of(2, ADMINISTRATOR), |s| s.sequence += 1)),
    ("reinstated without a suspension", |log| {
        say(log, 2, StatementKind::Reinstatement, &registrar(), &Reinstatement { vetted: 1 });
    }),
    ("suspended by an administrator", |log| {
        let suspension = Suspension { reason: 1, compromised_since: Timestamp(START) };
        say(log, 2, StatementKind::Suspension, &of(2, ADMINISTRATOR), &suspension);
    }),
    ("a roster change by who was administrator once", |log| {
        let change = RosterChange { roster: framed::sha256(b"another") };
        say(log, 3, StatementKind::RosterChange, &of(3, ADMINISTRATOR), &change);
    }),
    ("a root that was not announced", |log| {
        let id = directory::open(&log.leaves[6]).unwrap().org;
        let change = RecordChange { record: record(3, id, 2, THIRD_ROOT, NEXT_ADMINISTRATOR) };
        rewrite(log, 7, &of(3, ROOT), |s| s.payload = codec::encode(&change));
    }),
    ("a recovery that did not wait", |log| {
        rewrite(log, 11, &registrar(), |s| s.time = s.time.minus(RECOVERY_LOCK));
    }),
    ("a return that the organisation declares itself", |log| {
        rewrite(log, 12, &of(4, NEXT_ROOT), |_| {});
    }),
    ("a second beginning", |log| log.leaves.push(log.leaves[0].clone())),
];

/// What needs a key of somebody else, or none, and concerns heads, rosters and who runs it all.
const OTHERWISE: [Meddling; 7] = [
    ("a head by the relay's former key, from when it did not count any more", |log| {
        let head = Checkpoint {
            size: log.leaves.len() as u64,
            root: root_over(&log.leaves),
            time: Timestamp(CHANGED),
        };
        log.heads = vec![checkpoint::sign(&head, &relay())];
    }),
    ("a head by another relay", |log| {
        let head = Checkpoint {
            size: log.leaves.len() as u64,
            root: root_over(&log.leaves),
            time: Timestamp(START),
        };
        log.heads = vec![checkpoint::sign(&head, &key(98))];
    }),
    ("a head over another directory", |log| {
        let head =
            Checkpoint { size: log.leaves.len() as u64, root: framed::sha256(b"x"), time: Timestamp(START) };
        log.heads = vec![checkpoint::sign(&head, &next_relay())];
    }),
    ("a roster signed by a stranger", |log| resign(&mut log.rosters[0])),
    ("another relay's name", |log| log.relay_key = bytes(&key(98))),
    ("another registrar's name", |log| log.registrar_key = bytes(&key(98))),
    ("a roster that nobody names", |log| {
        let mut stray = log.rosters[0].clone();
        stray.body.push(0);
        log.rosters.push(stray);
    }),
];

fn resign(roster: &mut SignedRoster) {
    let signed = key(99).sign(Label::Roster, roster.body.clone());
    roster.signatures[0].key = bytes(&key(99));
    roster.signatures[0].signature = signed.signature;
}

/// The directory with one thing wrong, each time another, and what.
pub fn meddled() -> Vec<(&'static str, Log)> {
    let with = |(what, meddle): Meddling, head_follows: bool| {
        let mut log = log();
        meddle(&mut log);
        if head_follows {
            sign_head(&mut log);
        }
        (what, log)
    };
    let outside = FROM_OUTSIDE.into_iter().chain(OTHERWISE).map(|m| with(m, false));
    outside.chain(BY_THE_RELAY.into_iter().map(|m| with(m, true))).collect()
}
