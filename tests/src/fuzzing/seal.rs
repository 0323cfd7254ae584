//! Packets and attachments as a relay, a member or a stranger may have made them.

use std::sync::OnceLock;

use causeway_certs::keys::SigningKey;
use causeway_client::seal::attachment::{AttachmentKey, AttachmentOpener, AttachmentSealer, Place};
use causeway_client::seal::content::{Grant, Manifest, SealedTo, commitment};
use causeway_client::seal::open::{OpenedPacket, unseal};
use causeway_client::seal::packet::{Recipient, SealRequest, SectionPlain, Sender, Target, seal};
use causeway_client::seal::{caead, hybrid, pad};
use causeway_common::codec;
use causeway_common::envelope::{Envelope, Outer, PrekeyKind, Wrap, envelope_id, size_class};
use causeway_common::framed::{self, Label};
use causeway_common::ids::{DeviceId, Digest, OrgId, PacketId};
use causeway_common::limits::{PADDED_BYTES_MAX, WRAP_CT_BYTES};
use causeway_common::priority::Priority;
use causeway_common::signed::Signed;
use causeway_common::statements::Prekey;
use causeway_common::time::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use serde::{Deserialize, Serialize};

use super::Input;

const NOW: Timestamp = Timestamp(1_790_000_000_000);
const FROM: OrgId = OrgId([1; 32]);
const TO: OrgId = OrgId([2; 32]);
const PLACE: Place = Place { packet: PacketId([3; 32]), section: 1, number: 0 };

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    match input.u8() % 6 {
        0 => changed_outside(&mut input),
        1 => changed_inside(&mut input),
        2 => raw(&mut input),
        3 => stream(&mut input),
        4 => attachment(&mut input),
        _ => padding(&mut input),
    }
}

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

/// A valid packet, and everything that is needed to open it and to make another one.
struct Known {
    sender: SigningKey,
    seed: [u8; 32],
    public: Vec<u8>,
    device: DeviceId,
    envelope: Envelope,
    /// Body key, mask, section keys.
    keys: Vec<u8>,
    /// Content of the body, without its padding.
    inner: Vec<u8>,
    blob: Vec<u8>,
    blob_key: AttachmentKey,
    file: Vec<u8>,
}

/// The content of a body, as this module knows it from the specification.
#[derive(Clone, Serialize, Deserialize)]
struct Inner {
    manifest: Vec<u8>,
    grant: Signed,
    devices: Vec<SealedTo>,
    sections: Vec<Section>,
    checkpoint: Vec<u8>,
    return_prekeys: Vec<Signed>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Section {
    index: u8,
    code: [u8; 3],
    flags: u8,
    bytes: Vec<u8>,
}

fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let (sender, device) = (SigningKey::from_seed(&[4; 32]), SigningKey::from_seed(&[5; 32]));
        let device = device.public().device_id();
        let (seed, public) = hybrid::generate(&mut rng(6));
        let envelope = sealed(&sender, device, &public);
        let wrap = &envelope.wraps[0];
        let keys = hybrid::open_wrap(
            &seed,
            &wrap.enc,
            &binding(&envelope.outer, &envelope.body, device, &public),
            &wrap.ct,
        );
        let keys = keys.unwrap().to_vec();
        let body_key = keys.first_chunk::<32>().unwrap();
        let padded = caead::open(body_key, &body_context(&envelope.outer).0, &envelope.body).unwrap();
        let inner = pad::unpad(&padded).unwrap().to_vec();
        assert!(codec::decode::<Inner>(&inner, PADDED_BYTES_MAX).is_ok());
        let file: Vec<u8> = (0..40_000u32).map(|i| i.to_le_bytes()[1]).collect();
        let mut blob = Vec::new();
        let blob_key = AttachmentSealer::new(&PLACE, &mut rng(8)).seal(&mut &file[..], &mut blob).unwrap();
        Known { sender, seed: *seed, public, device, envelope, keys, inner, blob, blob_key, file }
    })
}

fn sealed(sender: &SigningKey, device: DeviceId, public: &[u8]) -> Envelope {
    let prekey = Prekey {
        org: TO,
        device,
        number: 7,
        kind: PrekeyKind::OneTime,
        epoch: 1,
        not_before: NOW,
        not_after: Timestamp(u64::MAX),
        public: public.to_vec(),
    };
    let section =
        |code: &[u8; 3], text: &str| SectionPlain { code: *code, bytes: text.as_bytes().to_vec().into() };
    let sections = [section(b"HDR", r#"{"kind":"BIA"}"#), section(b"RSK", "risk"), section(b"LOC", "place")];
    let request = SealRequest {
        packet: PacketId([3; 32]),
        packet_type: 1,
        case_ref: [9; 32],
        in_reply_to: None,
        created: NOW,
        expires: NOW.plus(Priority::P1.time_to_live()),
        priority: Priority::P1,
        sections: &sections,
        sender: Sender {
            org: FROM,
            key: sender,
            roster: Digest([1; 32]),
            checkpoint: b"head",
            log_size: 3,
            log_root: Digest([2; 32]),
            seq: 1,
            previous_grant: Digest([0; 32]),
        },
        recipient: Recipient {
            org: TO,
            root: Digest([3; 32]),
            roster: Digest([4; 32]),
            // The second section is not for this device.
            targets: &[Target { device, clearance: 1, prekey }],
        },
        purpose: 0,
        onward: 0,
        return_prekeys: Vec::new(),
    };
    seal(&request, &mut rng(7)).unwrap().envelope
}

fn body_context(outer: &Outer) -> Digest {
    framed::hash(Label::BodyCtx, &codec::encode(outer))
}

/// What a wrap is bound to, as the specification has it.
fn binding(outer: &Outer, body: &[u8], device: DeviceId, public: &[u8]) -> Vec<u8> {
    let envelope = envelope_id(outer, body);
    let prekey = 7u64.to_le_bytes();
    let public = framed::sha256(public);
    let parts = [&envelope.0[..], &outer.recipient.0, &device.0, &prekey, &[0], &public.0].concat();
    framed::frame(Label::Seal, &framed::hash(Label::Seal, &parts).0)
}

fn open(outer: &Outer, body: &[u8], wrap: &Wrap) -> Option<OpenedPacket> {
    let known = known();
    let unsealed = unseal(outer, body, wrap, TO, known.device, &known.public, &known.seed).ok()?;
    let _ = unsealed.claimed();
    unsealed.verify(&known.sender.public()).ok()
}

/// A packet changed on its way opens only if nothing was changed.
fn changed_outside(input: &mut Input<'_>) {
    let envelope = &known().envelope;
    let wrap = &envelope.wraps[0];
    let (mut outer_bytes, mut body, mut wrap_bytes) =
        (codec::encode(&envelope.outer), envelope.body.clone(), codec::encode(wrap));
    match input.u8() % 4 {
        0 => input.change(&mut outer_bytes),
        1 => input.change(&mut body),
        2 => input.change(&mut wrap_bytes),
        _ => [&mut outer_bytes, &mut body, &mut wrap_bytes].into_iter().for_each(|part| input.change(part)),
    }
    let outer = codec::decode::<Outer>(&outer_bytes, 4096);
    let wrap_read = codec::decode::<Wrap>(&wrap_bytes, 4096);
    let (Ok(outer), Ok(wrap_read)) = (outer, wrap_read) else { return };
    let same = outer == envelope.outer && body == envelope.body && wrap_read == *wrap;
    assert_eq!(open(&outer, &body, &wrap_read).is_some(), same);
}

/// A packet with a changed inside, sealed again with the right keys, as a member can make it.
fn changed_inside(input: &mut Input<'_>) {
    let known = known();
    let mut inner = known.inner.clone();
    if input.flag() {
        input.change(&mut inner);
    }
    if let Ok(mut read) = codec::decode::<Inner>(&inner, PADDED_BYTES_MAX) {
        change_parts(&mut read, input);
        inner = codec::encode(&read);
    }
    let mut keys = known.keys.clone();
    if input.u8() < 64 {
        input.change(&mut keys);
    }
    let mut padded = match pad::pad(&inner) {
        Some(padded) => padded.to_vec(),
        None => return,
    };
    if input.u8() < 32 {
        input.change(&mut padded);
    }
    let mut outer = known.envelope.outer.clone();
    let body_key = *known.keys.first_chunk::<32>().unwrap();
    outer.size_class =
        size_class(usize::try_from(causeway_common::limits::sealed_len(padded.len() as u64)).unwrap());
    let body = caead::seal(&body_key, &body_context(&outer).0, &padded, &mut rng(9));
    let info = binding(&outer, &body, known.device, &known.public);
    let (enc, ct) = hybrid::seal_wrap(&known.public, &info, &keys, &mut rng(10)).unwrap();
    assert!(keys.len() + 16 == ct.len());
    let wrap = Wrap { device: known.device, prekey: 7, kind: PrekeyKind::OneTime, enc, ct };
    if let Some(packet) = open(&outer, &body, &wrap) {
        // What was sealed: a change of the padding may have brought the content back to what it was.
        let sealed = pad::unpad(&padded).unwrap();
        check_opened(&packet, sealed, wrap.ct.len());
    }
}

/// Changes the parts one by one, and makes good again what would otherwise end at the first check.
fn change_parts(inner: &mut Inner, input: &mut Input<'_>) {
    let steps = input.u8() % 5;
    for _ in 0..steps {
        match input.u8() % 8 {
            0 => input.change(&mut inner.manifest),
            1 => input.change(&mut inner.grant.body),
            2 => inner.devices.push(SealedTo { device: DeviceId(input.array()), prekey: input.number() }),
            3 => {
                let at = input.below(inner.sections.len());
                if let Some(section) = inner.sections.get_mut(at) {
                    input.change(&mut section.bytes);
                    (section.index, section.flags) = (input.u8() % 20, input.u8() % 3);
                }
            }
            4 => {
                let code = input.array();
                let (index, flags) = (input.u8() % 20, input.u8() % 3);
                inner.sections.push(Section { index, code, flags, bytes: input.bytes().to_vec() });
            }
            5 => inner.checkpoint = input.bytes().to_vec(),
            6 => inner.return_prekeys.push(Signed { body: input.bytes().to_vec(), signature: vec![1; 64] }),
            _ => drop(inner.sections.pop()),
        }
    }
    let mend = input.u8();
    let Ok(mut grant) = codec::decode::<Grant>(&inner.grant.body, PADDED_BYTES_MAX) else { return };
    if mend & 1 == 1 {
        grant.manifest = framed::hash(Label::Manifest, &inner.manifest);
    }
    if mend & 2 == 2 {
        inner.devices.sort_by_key(|d| d.device);
        grant.devices = framed::hash(Label::DeviceList, &codec::encode(&inner.devices));
    }
    if mend & 4 == 4 {
        inner.grant.body = codec::encode(&grant);
        inner.grant = known().sender.sign(Label::Grant, inner.grant.body.clone());
    }
}

/// Whatever opened is what it says it is.
fn check_opened(packet: &OpenedPacket, inner: &[u8], ct: usize) {
    assert_eq!(ct, WRAP_CT_BYTES);
    let inner: Inner = codec::decode(inner, PADDED_BYTES_MAX).unwrap();
    let grant: Grant = codec::decode(&inner.grant.body, PADDED_BYTES_MAX).unwrap();
    let manifest: Manifest = codec::decode(&inner.manifest, PADDED_BYTES_MAX).unwrap();
    assert_eq!(packet.sections.len() + packet.withheld.len(), inner.sections.len());
    assert_eq!((grant.to_org, packet.packet, packet.from_org), (TO, manifest.packet, grant.from_org));
    for section in &packet.sections {
        let place = inner.sections.iter().position(|s| s.code == section.code).unwrap();
        let granted = &grant.granted[place];
        let index = usize::from(granted.index);
        if inner.sections.iter().filter(|s| s.code == section.code).count() == 1 {
            assert_eq!(manifest.commitments[index], commitment(&granted.salt, granted.index, &section.bytes));
        }
    }
}

/// Bytes of a stranger.
fn raw(input: &mut Input<'_>) {
    let known = known();
    let mut outer = known.envelope.outer.clone();
    let mut wrap = known.envelope.wraps[0].clone();
    (outer.nonce, outer.size_class) = (input.array(), input.u8());
    wrap.enc = input.bytes().to_vec();
    wrap.ct = input.bytes().to_vec();
    assert!(open(&outer, input.rest(), &wrap).is_none());
    let _ = hybrid::check_public(&wrap.enc);
    let _ = hybrid::open_wrap(&known.seed, &wrap.enc, b"", &wrap.ct);
}

/// A stream of chunks: opens if and only if nothing was changed.
fn stream(input: &mut Input<'_>) {
    let length = usize::from(input.u16());
    let plain = vec![input.u8(); length];
    let sealed = caead::seal(&[1; 32], b"context", &plain, &mut rng(11));
    let mut changed = sealed.clone();
    input.change(&mut changed);
    let opened = caead::open(&[1; 32], b"context", &changed);
    assert_eq!(opened.is_ok(), changed == sealed);
    assert!(opened.is_err() || *opened.unwrap() == plain);
    assert!(caead::open(&input.array(), input.take(9), input.rest()).is_err());
}

/// A blob that comes in pieces of any length, with a key as a sender may have written it.
fn attachment(input: &mut Input<'_>) {
    let known = known();
    let mut key = known.blob_key.clone();
    match input.u8() % 4 {
        0 => key.plain_len = input.number(),
        1 => key.plain_sha256 = Digest(input.array()),
        2 => key.key[0] ^= input.u8(),
        _ => {}
    }
    let place = Place { number: u16::from(input.u8() / 250), ..PLACE };
    let genuine = key == known.blob_key && place == PLACE;
    let mut blob = known.blob.clone();
    input.change(&mut blob);
    let Ok(mut opener) = AttachmentOpener::new(key, &place) else { return };
    let mut plain = Vec::new();
    let mut rest = &blob[..];
    while !rest.is_empty() {
        let (now, later) = rest.split_at(rest.len().min(usize::from(input.u16()) + 1));
        if opener.write(now, &mut plain).is_err() {
            assert!(!genuine || blob != known.blob);
            return;
        }
        rest = later;
    }
    assert_eq!(opener.position(), blob.len() as u64);
    let opened = opener.finish(&mut plain).is_ok();
    assert_eq!(opened, genuine && blob == known.blob);
    assert!(!opened || plain == known.file);
}

fn padding(input: &mut Input<'_>) {
    let length = input.number();
    let padded = pad::padded_len(length);
    assert!(length > PADDED_BYTES_MAX as u64 || padded >= length);
    let mut bytes = input.rest().to_vec();
    bytes.resize(bytes.len().next_multiple_of(4096), 0);
    if let Some(content) = pad::unpad(&bytes) {
        assert!(*pad::pad(content).unwrap() == bytes, "content has one padded form");
    }
}
