//! Everything that is read from a stranger, a relay, a person or a file, outside of packets and vaults.

use std::fmt::Debug;
use std::sync::OnceLock;

use causeway_certs::directory::{self, Directory, countersigned};
use causeway_certs::keys::{PublicKey, SigningKey};
use causeway_certs::recovery::{self, Offer};
use causeway_certs::registrars::{self, Candidacy, Nomination};
use causeway_certs::relay_keys::{self, Announcements};
use causeway_certs::transport::{RecvHalf, read_answer, read_any};
use causeway_certs::{checkpoint, fingerprint, invite, names, roster};
use causeway_client::prekeys;
use causeway_common::codec;
use causeway_common::envelope::{Envelope, Outer, PrekeyKind, Wrap};
use causeway_common::framed::Label;
use causeway_common::ids::{Digest, OrgId};
use causeway_common::limits::{ENVELOPE_BYTES_MAX, FRAME_BYTES_MAX};
use causeway_common::signed::Signed;
use causeway_common::statements::{
    Admission, Countersigned, DeviceReceipt, DeviceStatus, DirectoryGenesis, Invite, Nack, OrgGenesis,
    OrgRecord, Prekey, RecordChange, RecoveryDone, RegistrarKeys, Registrars, RelayReceipt, Return, Roster,
    RosterChange, SignedRoster, Statement, StatementKind,
};
use causeway_common::time::Timestamp;
use causeway_common::wire::{self, Frame, FrameType, Prekeys};
use causeway_relay::config::Config;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::rig::{self, Org, START, prekey, status};
use super::{Input, paused_runtime};

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    match input.u8() % 10 {
        0 => frame(input.u8(), input.rest()),
        1 => stream(input.rest()),
        2 => structure(input.u8(), input.rest()),
        3 => signed_structure(&mut input),
        4 => directory_of(&mut input),
        5 => head(&mut input),
        6 => text(&mut input),
        7 => taken_prekeys(&mut input),
        8 => keys_and_envelopes(&mut input),
        _ => passed_on(&mut input),
    }
}

/// What is read is written with the same bytes.
fn decoded<T: DeserializeOwned + Serialize + PartialEq + Debug>(bytes: &[u8], limit: usize) -> Option<T> {
    let value: T = codec::decode(bytes, limit).ok()?;
    let again = codec::encode(&value);
    assert!(again == bytes, "not the only encoding");
    assert_eq!(codec::decode::<T>(&again, limit).unwrap(), value);
    Some(value)
}

macro_rules! frames {
    ($number:expr, $payload:expr; $($name:ident),* $(,)?) => {
        match FrameType::from_number($number) {
            $(Some(FrameType::$name) => {
                if let Some(frame) = decoded::<wire::$name>($payload, <wire::$name as Frame>::LIMIT) {
                    let bytes = wire::encode_frame(&frame);
                    assert_eq!(bytes[0], $number);
                    assert!(bytes[wire::FRAME_HEADER_BYTES..] == *$payload);
                }
            })*
            _ => {}
        }
    };
}

fn frame(number: u8, payload: &[u8]) {
    frames!(number % 64, payload;
        Refusal, Done, Hello, Welcome, Claim, Enrol, Pending, PendingList, Append, DirectorySince, DirectoryPart,
        FetchRosters, Rosters, PublishPrekeys, TakePrekeys, Prekeys, Submit, Accepted, Acknowledge, Refuse,
        AskOutcomes, Outcomes, BlobPut, BlobProgress, BlobGet, Push, GoAway, Subscribe, DeviceState,
        DirectoryChanged, LinkOpen, LinkAsk, LinkList, LinkRequests,
    );
    if let Ok(submit) = wire::decode_payload::<wire::Submit>(payload) {
        envelope(&submit.envelope);
    }
}

/// A stream as the other side of a connection may write it.
fn stream(bytes: &[u8]) {
    paused_runtime().block_on(async {
        let half = || Box::new(std::io::Cursor::new(bytes.to_vec())) as RecvHalf;
        if let Ok((frame, payload)) = read_any(&mut half()).await {
            assert!(payload.len() <= frame.limit());
        }
        let _ = read_answer::<wire::Welcome>(&mut half()).await;
        let _ = read_answer::<wire::DirectoryPart>(&mut half()).await;
    });
}

macro_rules! structures {
    ($number:expr, $bytes:expr; $($index:literal $name:ident),* $(,)?) => {
        match $number % 22 {
            $($index => drop(decoded::<$name>($bytes, FRAME_BYTES_MAX)),)*
            _ => {}
        }
    };
}

fn structure(number: u8, bytes: &[u8]) {
    structures!(number, bytes;
        0 Signed, 1 SignedRoster, 2 Invite, 3 OrgGenesis, 4 OrgRecord, 5 Roster, 6 Statement, 7 DirectoryGenesis,
        8 Admission, 9 RosterChange, 10 Prekey, 11 DeviceStatus, 12 RelayReceipt, 13 DeviceReceipt, 14 Nack,
        15 Outer, 16 Wrap, 17 Registrars, 18 Countersigned, 19 RecordChange, 20 RecoveryDone, 21 Return,
    );
}

fn envelope(envelope: &Envelope) {
    if envelope.check().is_ok() {
        assert!(envelope.wraps.is_sorted_by(|a, b| a.device < b.device));
        assert!(codec::encode(envelope).len() <= ENVELOPE_BYTES_MAX);
    }
    assert_eq!(envelope.id(), envelope.clone().id());
    let _ = envelope.outer.expires();
}

/// A directory with two organisations, and who signed it.
struct Known {
    rig: rig::Rig,
    orgs: [Org; 2],
    leaves: Vec<Vec<u8>>,
    directory: Directory,
    head: Vec<u8>,
}

fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        paused_runtime().block_on(async {
            let rig = rig::Rig::claimed().await;
            let orgs = [rig.org(1, &[10, 11]).await, rig.org(2, &[20]).await];
            let since = wire::DirectorySince { size: 0 };
            let part: wire::DirectoryPart = rig.ask(orgs[0].devices[0].peer(), &since).await.unwrap();
            let mut directory = rig::replay(&part.leaves);
            for org in &orgs {
                directory.supply_roster(&org.enrol.roster).unwrap();
            }
            Known { rig, orgs, leaves: part.leaves, directory, head: part.checkpoint }
        })
    })
}

/// Something valid, changed and signed again by whoever may sign it: gets past the signature.
fn signed_structure(input: &mut Input<'_>) {
    let known = known();
    let org = &known.orgs[0];
    match input.u8() % 3 {
        0 => {
            let mut body = org.enrol.invite.body.clone();
            input.change(&mut body);
            let signed = known.rig.registrar.sign(Label::Invite, body);
            let read = invite::from_text(&invite::to_text(&signed));
            if let Ok(invite) = invite::verify(&signed, known.rig.registrar.public(), START) {
                assert_eq!(read.unwrap().1, invite);
                assert!(names::check_name(&invite.name).is_ok() && invite.expires >= START);
            }
        }
        1 => {
            let mut body = org.enrol.roster.body.clone();
            input.change(&mut body);
            let threshold = input.u8();
            let signed = org.admin.sign(Label::Roster, body.clone());
            let mut roster = org.enrol.roster.clone();
            (roster.body, roster.signatures[0].signature) = (body, signed.signature);
            let administrators = [org.admin.public()];
            if let Ok(roster) = roster::verify(&roster, org.id, &administrators, threshold) {
                assert!(threshold <= 1 && roster.org == org.id);
                assert!(roster.devices.is_sorted_by(|a, b| a.device < b.device));
            }
        }
        _ => {
            let (mut genesis, mut record) = (org.enrol.genesis.clone(), org.enrol.record.clone());
            input.change(&mut genesis.body);
            input.change(&mut record.body);
            let root = SigningKey::from_seed(&[1; 32]);
            let (genesis, record) =
                (root.sign(Label::OrgGenesis, genesis.body), root.sign(Label::OrgRecord, record.body));
            if let Ok(applicant) = directory::check_applicant(&genesis, &record, &org.enrol.roster) {
                assert_eq!(applicant.id, directory::org_id(&genesis.body));
            }
        }
    }
}

/// A log of changed, repeated, missing and re-signed statements. Whatever it takes, it can take again.
fn directory_of(input: &mut Input<'_>) {
    let known = known();
    let mut directory = Directory::new();
    let mut taken = Vec::new();
    for _ in 0..8 {
        if input.is_empty() {
            break;
        }
        let mut leaf = input.pick(&known.leaves).clone();
        match input.u8() % 4 {
            0 => {}
            1 => input.change(&mut leaf),
            2 => leaf = input.bytes().to_vec(),
            _ => leaf = signed_again(&leaf, input),
        }
        let before = (directory.size(), directory.root());
        if directory.append(&leaf).is_ok() {
            taken.push(leaf);
        } else {
            assert_eq!(before, (directory.size(), directory.root()), "a refused statement changes nothing");
        }
    }
    for org in &known.orgs {
        let mut roster = org.enrol.roster.clone();
        input.change(&mut roster.body);
        let _ = directory.supply_roster(&roster);
    }
    assert_eq!(directory.size(), taken.len() as u64);
    let again = rig::replay(&taken);
    assert_eq!(again.root(), directory.root());
    let size = input.number();
    assert_eq!(directory.root_at(size).is_some(), size <= directory.size());
    let _ = directory.leaves_from(size);
    for org in directory.organisations() {
        assert!(names::check_name(&org.name).is_ok());
    }
}

/// A statement with another content or signer, and a signature that verifies.
fn signed_again(leaf: &[u8], input: &mut Input<'_>) -> Vec<u8> {
    let known = known();
    let signed: Signed = codec::decode(leaf, leaf.len()).unwrap();
    let mut statement: Statement = codec::decode(&signed.body, signed.body.len()).unwrap();
    let signers = [&known.rig.registrar, &known.orgs[0].admin, &known.orgs[1].admin, &known.rig.relay_key];
    let signer = *input.pick(&signers);
    match input.u8() % 7 {
        0 => statement.kind = input.u8().into(),
        1 => statement.sequence = input.number(),
        2 => statement.previous = Digest(input.array()),
        3 => statement.org = *input.pick(&[known.orgs[0].id, known.orgs[1].id, OrgId([0; 32])]),
        4 => statement.payload = input.bytes().to_vec(),
        5 => return together(&statement, input),
        _ => input.change(&mut statement.payload),
    }
    let org = statement.org;
    if input.flag() {
        (statement.sequence, statement.previous) = known.directory.next_link(org);
    }
    statement.signer = *signer.public().as_bytes();
    directory::leaf(&directory::sign_statement(&statement, signer))
}

/// Several signatures over a statement, and things about them changed.
fn together(statement: &Statement, input: &mut Input<'_>) -> Vec<u8> {
    let known = known();
    let mut joint = countersigned::begin(statement, &known.rig.registrar);
    let signers = [&known.rig.registrar, &known.orgs[0].admin, &known.rig.relay_key];
    let signer = *input.pick(&signers);
    countersigned::add(&mut joint, signer);
    if input.flag() {
        input.change(&mut joint.statement);
    }
    let around = Statement {
        kind: StatementKind::Countersigned,
        signer: *known.rig.registrar.public().as_bytes(),
        payload: codec::encode(&joint),
        ..statement.clone()
    };
    directory::leaf(&directory::sign_statement(&around, &known.rig.registrar))
}

/// Texts that registrars and organisations pass to each other by hand.
fn passed_on(input: &mut Input<'_>) {
    let known = known();
    let nomination = Nomination {
        relay_address: "relay.example:4433".into(),
        relay_key: [1; 32],
        registrar_key: *known.rig.registrar.public().as_bytes(),
        directory: Digest([2; 32]),
    };
    let kind = input.u8() % 6;
    let mut bytes = match kind {
        0 => nomination.to_text(),
        1 => {
            let tls_key = *known.rig.relay_key.public().as_bytes();
            let keys = RegistrarKeys { key: nomination.registrar_key, tls_key };
            Candidacy { nomination: nomination.clone(), keys }.to_text(&known.rig.registrar)
        }
        2 => {
            let statement = directory::open(input.pick::<Vec<u8>>(&known.leaves)).unwrap();
            registrars::statement_to_text(&countersigned::begin(&statement, &known.rig.registrar))
        }
        4 => relay_keys::request(&known.orgs[0].admin, Some(&known.rig.relay_key), Timestamp(1)),
        5 => Announcements::of(&known.directory).to_text(),
        _ => String::from_utf8_lossy(input.bytes()).into_owned(),
    }
    .into_bytes();
    input.change(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if let Ok(read) = Nomination::from_text(&text) {
        assert_eq!(read.to_text(), compact, "a nomination has one text");
    }
    if let Ok((read, _, compared)) = Candidacy::from_text(&text, &nomination) {
        assert!(read.nomination == nomination && Candidacy::comparison(&text) == Some(compared));
    }
    if let Ok((joint, statement, signers)) = registrars::statement_from_text(&text) {
        assert!(signers.contains(&statement.signer) && registrars::statement_to_text(&joint) == compact);
    }
    if let Ok(announcements) = Announcements::from_text(&text) {
        assert_eq!(announcements.to_text(), compact, "announcements have one text");
        let _ = announcements.verify(known.rig.registrar.public().as_bytes());
    }
    if let Ok(successor) = relay_keys::read_request(&text, known.rig.relay_key.public()) {
        assert!([&known.rig.relay_key, &known.orgs[0].admin].iter().any(|key| key.public() == successor.key));
    }
    if let Ok(offer) = Offer::from_text(&text) {
        assert_eq!(offer.to_text(), compact, "an offer has one text");
    }
    let _ = (recovery::comparison(&text), recovery::organisation_of(&text));
    for org in known.directory.organisations() {
        assert!(recovery::check(&text, org).is_err(), "no root of theirs has signed anything here");
    }
}

/// A head: any bytes, a changed one, or a changed one that the relay has signed.
fn head(input: &mut Input<'_>) {
    let (key, note) = (&known().rig.relay_key, &known().head);
    let mut changed = note.clone();
    match input.u8() % 3 {
        0 => changed = input.rest().to_vec(),
        1 => input.change(&mut changed),
        _ => changed = signed_note(note, key, input),
    }
    if let Ok(head) = checkpoint::verify(&changed, key.public()) {
        let again = checkpoint::verify(&checkpoint::sign(&head, key), key.public());
        assert_eq!((again, checkpoint::read(&changed)), (Ok(head), Some(head)));
    } else {
        let _ = checkpoint::read(&changed);
    }
}

/// The text of a head changed, and a signature of the relay over it.
fn signed_note(note: &[u8], key: &SigningKey, input: &mut Input<'_>) -> Vec<u8> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let note = std::str::from_utf8(note).unwrap();
    let (text, line) = note.split_once("\n\n").unwrap();
    let (name, encoded) = line.trim_end().rsplit_once(' ').unwrap();
    let mut text = format!("{text}\n").into_bytes();
    input.change(&mut text);
    let mut signature = STANDARD.decode(encoded).unwrap();
    signature.truncate(4);
    signature.extend_from_slice(&key.sign_raw(&text));
    [&text[..], format!("\n{name} {}\n", STANDARD.encode(signature)).as_bytes()].concat()
}

/// What people and operators type.
fn text(input: &mut Input<'_>) {
    let kind = input.u8() % 5;
    let mut bytes = match kind {
        1 => Config::commented_default().into_bytes(),
        2 => invite::to_text(&known().orgs[0].enrol.invite).into_bytes(),
        _ => Vec::new(),
    };
    if bytes.is_empty() {
        bytes = input.rest().to_vec()
    } else {
        input.change(&mut bytes)
    }
    let text = String::from_utf8_lossy(&bytes);
    if let Ok((signed, _)) = invite::from_text(&text) {
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        assert_eq!(invite::to_text(&signed), compact, "an invite has one text");
    }
    let _ = Config::parse(&text);
    let _ = text.parse::<OrgId>();
    if names::check_name(&text).is_ok() {
        assert!(!text.contains(char::is_control) && text.chars().count() <= 120);
    }
    let _ = (names::check_kind(&text), names::check_country(&text));
}

/// What a relay gives for the prekeys of an organisation.
fn taken_prekeys(input: &mut Input<'_>) {
    let known = known();
    let org = &known.orgs[0];
    let mut taken = Prekeys { prekeys: Vec::new(), statuses: Vec::new() };
    for _ in 0..input.u8() % 5 {
        let device = input.pick(&org.devices);
        let kind = if input.flag() { PrekeyKind::OneTime } else { PrekeyKind::LastResort };
        let mut signed = prekey(org, device, input.u64(), kind, u32::from(input.u8()));
        changed_and_signed(&mut signed, Label::Prekey, &device.signing, input);
        taken.prekeys.push(signed);
        if input.flag() {
            let mut signed = status(device, u32::from(input.u8()));
            changed_and_signed(&mut signed, Label::DeviceStatus, &device.signing, input);
            taken.statuses.push(signed);
        }
    }
    let listed = known.directory.organisation(org.id).unwrap();
    if let Ok(checked) = prekeys::check_taken(listed, &taken, START) {
        assert!(checked.iter().all(|prekey| prekey.not_after > START && prekey.org == org.id));
        assert_eq!(checked.len(), taken.prekeys.len());
    }
}

fn changed_and_signed(signed: &mut Signed, label: Label, key: &SigningKey, input: &mut Input<'_>) {
    let sign = input.flag();
    input.change(&mut signed.body);
    if sign {
        *signed = key.sign(label, std::mem::take(&mut signed.body));
    } else {
        input.change(&mut signed.signature);
    }
}

fn keys_and_envelopes(input: &mut Input<'_>) {
    if let Ok(key) = PublicKey::from_bytes(input.array()) {
        assert_eq!(PublicKey::from_spki(&key.to_spki()), Ok(key));
        assert_eq!(fingerprint::digits(fingerprint::fingerprint(OrgId(input.array()), key)).len(), 71);
        let _ = key.verify_raw(input.take(32), input.take(64));
    }
    let mut spki = known().rig.relay_key.public().to_spki();
    input.change(&mut spki);
    let _ = PublicKey::from_spki(&spki);
    let mut bytes = codec::encode(&rig::small(&known().orgs[0], causeway_common::priority::Priority::P1, 1));
    input.change(&mut bytes);
    if let Some(read) = decoded::<Envelope>(&bytes, ENVELOPE_BYTES_MAX) {
        envelope(&read);
    }
}
