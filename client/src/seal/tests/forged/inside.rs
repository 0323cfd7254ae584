//! What a sender could do that has keys and does not keep the rules, and what it could try with others' packets.

use causeway_certs::keys::SigningKey;
use causeway_common::codec;
use causeway_common::framed::Label;
use causeway_common::ids::{DeviceId, Digest, OrgId};
use causeway_common::limits::CHECKPOINT_BYTES_MAX;
use causeway_common::signed::Signed;
use causeway_common::time::Timestamp;

use super::{Case, Forger};
use crate::seal::caead;
use crate::seal::content::{
    Grant, Inner, Manifest, SECTION_KEYED, SECTION_PLAIN, SealedTo, devices_digest, manifest_digest,
    section_context,
};
use crate::seal::open::OpenError;
use crate::seal::packet::{Keys, body_context};
use crate::seal::pad::pad;
use crate::test_rng;

pub(super) fn cases(forger: &Forger) -> Vec<Case> {
    let mut cases = body(forger);
    cases.extend(shape(forger));
    cases.extend(signature(forger));
    cases.extend(addressing(forger));
    cases.extend(promises(forger));
    cases
}

type Change<'a> = &'a dyn Fn(&mut Inner, &mut Keys, &SigningKey);

fn inner_case(
    forger: &Forger,
    name: &'static str,
    about: &'static str,
    error: OpenError,
    change: Change<'_>,
) -> Case {
    Case::of(&forger.shelter, &forger.with_inner(change), name, about, Err(error))
}

/// Changes the grant and signs it again, as the sender could.
fn regrant(inner: &mut Inner, key: &SigningKey, change: impl FnOnce(&mut Grant)) {
    let mut grant: Grant = codec::decode(&inner.grant.body, 1 << 20).unwrap();
    change(&mut grant);
    inner.grant = key.sign(Label::Grant, codec::encode(&grant));
}

/// Changes the manifest and signs for the new one.
fn remanifest(inner: &mut Inner, key: &SigningKey, change: impl FnOnce(&mut Manifest)) {
    let mut manifest: Manifest = codec::decode(&inner.manifest, 1 << 20).unwrap();
    change(&mut manifest);
    inner.manifest = codec::encode(&manifest);
    let digest = manifest_digest(&inner.manifest);
    regrant(inner, key, |grant| grant.manifest = digest);
}

fn body(forger: &Forger) -> Vec<Case> {
    let case = |envelope, name, about, error| Case::of(&forger.shelter, &envelope, name, about, Err(error));
    let marker = forger.with_padding(|inner| [inner, &vec![0; 4096 - inner.len()]].concat());
    let wasteful = forger.with_padding(|inner| [inner, &[0x80], &vec![0; 8191 - inner.len()]].concat());
    let trailing = forger.with_padding(|inner| pad(&[inner, &[0]].concat()).unwrap().to_vec());
    let huge = forger.with_padding(|inner| {
        let mut huge = inner.to_vec();
        huge[..8].fill(0xff);
        pad(&huge).unwrap().to_vec()
    });
    vec![
        case(marker, "padding-unmarked", "zeros without the marker", OpenError::Padding),
        case(wasteful, "padding-longer", "twice as much padding as is due", OpenError::Padding),
        case(trailing, "content-trailing", "a byte after the content", OpenError::Content),
        case(huge, "content-huge-length", "a list that claims 2^64-1 bytes", OpenError::Content),
        other_body_key(forger),
    ]
}

/// Wraps with different body keys, so that two devices would read two texts: the body commits to one of them.
fn other_body_key(forger: &Forger) -> Case {
    let envelope = forger.with_inner(|_, _, _| {});
    let sections = super::sections();
    let request = super::request(&forger.key, &sections, &forger.shelter.targets);
    let mut keys = Keys::draw(sections.len(), &mut test_rng(60));
    keys.body[0] ^= 1;
    let wraps =
        crate::seal::packet::wrap_all(&request, &envelope.outer, &envelope.body, &keys, &mut test_rng(62));
    let envelope = causeway_common::envelope::Envelope { wraps: wraps.unwrap(), ..envelope };
    let about = "the wrap holds another key than the body commits to";
    Case::of(&forger.shelter, &envelope, "body-other-key", about, Err(OpenError::Body))
}

fn shape(forger: &Forger) -> Vec<Case> {
    let case = |name, about, change: Change<'_>| inner_case(forger, name, about, OpenError::Shape, change);
    vec![
        case("sections-none", "no section at all", &|inner, _, _| inner.sections.clear()),
        case("sections-order", "sections out of order", &|inner, _, _| inner.sections.swap(1, 2)),
        case("sections-twice", "a section twice", &|inner, _, _| {
            let again = inner.sections[2].clone();
            inner.sections.push(again);
        }),
        case("sections-header-keyed", "the header is marked as encrypted", &|inner, _, _| {
            inner.sections[0].flags = SECTION_KEYED;
        }),
        case("sections-header-renamed", "the first section is not the header", &|inner, _, _| {
            inner.sections[0].code = *b"RSK";
        }),
        case("sections-plain", "a section beside the header is not encrypted", &|inner, _, _| {
            inner.sections[1].flags = SECTION_PLAIN;
        }),
        case("sections-flag", "an unknown flag", &|inner, _, _| inner.sections[1].flags = 2),
        case("sections-number", "a section number without a slot", &|inner, _, _| {
            inner.sections[2].index = 17
        }),
        case("sections-missing", "the wrap has a key for a section that is not there", &|inner, _, _| {
            inner.sections.pop();
        }),
        case("devices-order", "the list of devices out of order", &|inner, _, _| inner.devices.swap(0, 1)),
        case("devices-many", "more devices than an organisation may have", &|inner, _, _| {
            let device = |n| SealedTo { device: DeviceId([n; 32]), prekey: 1 };
            inner.devices = (0..101).map(device).collect();
        }),
        case("checkpoint-long", "a directory head that is too long", &|inner, _, _| {
            inner.checkpoint = vec![0; CHECKPOINT_BYTES_MAX + 1];
        }),
        case("return-prekeys-many", "six prekeys for answers", &|inner, _, _| {
            inner.return_prekeys = vec![Signed { body: vec![], signature: vec![] }; 6];
        }),
        inner_case(
            forger,
            "grant-trailing",
            "a byte after the grant, signed",
            OpenError::Content,
            &|inner, _, key| {
                let mut body = inner.grant.body.clone();
                body.push(0);
                inner.grant = key.sign(Label::Grant, body);
            },
        ),
    ]
}

fn signature(forger: &Forger) -> Vec<Case> {
    let case = |name, about, error, change: Change<'_>| inner_case(forger, name, about, error, change);
    let mut cases = vec![
        case("signature-bit", "one bit of the signature", OpenError::Signature, &|inner, _, _| {
            inner.grant.signature[40] ^= 1;
        }),
        case("signature-short", "a signature of 63 bytes", OpenError::Signature, &|inner, _, _| {
            inner.grant.signature.pop();
        }),
        case("signature-malleated", "the group order added to s", OpenError::Signature, &|inner, _, _| {
            add_group_order(&mut inner.grant.signature[32..]);
        }),
        case("signature-other-purpose", "signed as a receipt", OpenError::Signature, &|inner, _, key| {
            inner.grant = key.sign(Label::Receipt, inner.grant.body.clone());
        }),
        case(
            "signature-other-key",
            "signed by another device in this one's name",
            OpenError::Signature,
            &|inner, _, _| {
                inner.grant = SigningKey::from_seed(&[5; 32]).sign(Label::Grant, inner.grant.body.clone());
            },
        ),
        case(
            "grant-altered",
            "the number in the grant after signing",
            OpenError::Signature,
            &|inner, _, _| {
                let mut grant: Grant = codec::decode(&inner.grant.body, 1 << 20).unwrap();
                grant.seq += 1;
                inner.grant.body = codec::encode(&grant);
            },
        ),
    ];
    let right = forger.with_inner(|_, _, _| {});
    let about = "the directory has another key for the device";
    let mut looked_up =
        Case::of(&forger.shelter, &right, "sender-key-another", about, Err(OpenError::SenderKey));
    looked_up.sender_key = SigningKey::from_seed(&[5; 32]).public();
    cases.push(looked_up);
    cases
}

/// s + L is the same scalar in another form: lax verifiers accept both.
fn add_group_order(scalar: &mut [u8]) {
    const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let mut carry = 0u16;
    for (byte, order) in scalar.iter_mut().zip(hex::decode(ORDER).unwrap()) {
        carry += u16::from(*byte) + u16::from(order);
        *byte = (carry & 0xff) as u8;
        carry >>= 8;
    }
}

fn addressing(forger: &Forger) -> Vec<Case> {
    let case = |name, about, error, change: &dyn Fn(&mut Grant)| {
        inner_case(forger, name, about, error, &|inner, _, key| regrant(inner, key, change))
    };
    let not_listed = |name, about, change: &dyn Fn(&mut Inner)| {
        inner_case(forger, name, about, OpenError::NotListed, &|inner, _, key| {
            change(inner);
            let digest = devices_digest(&inner.devices);
            regrant(inner, key, |grant| grant.devices = digest);
        })
    };
    let me = forger.shelter.device(0);
    vec![
        case("grant-to-org", "signed for another organisation", OpenError::Readdressed, &|grant| {
            grant.to_org = OrgId([0xcc; 32]);
        }),
        case("grant-nonce", "signed for another envelope", OpenError::Nonce, &|grant| grant.nonce[0] ^= 1),
        case("grant-expires", "signed with another expiry", OpenError::Expiry, &|grant| {
            grant.expires = Timestamp(grant.expires.0 + 3_600_000);
        }),
        case("grant-devices", "signed for another list of devices", OpenError::DeviceList, &|grant| {
            grant.devices = Digest([1; 32]);
        }),
        inner_case(
            forger,
            "devices-removed",
            "a device struck from the list",
            OpenError::DeviceList,
            &|inner, _, _| {
                inner.devices.pop();
            },
        ),
        not_listed("devices-without-me", "signed for a list without this device", &|inner| {
            inner.devices.retain(|d| d.device != me);
        }),
        not_listed("devices-other-prekey", "signed for another prekey of this device", &|inner| {
            for device in &mut inner.devices {
                device.prekey += 1;
            }
        }),
    ]
}

fn promises(forger: &Forger) -> Vec<Case> {
    let case = |name, about, error, change: Change<'_>| inner_case(forger, name, about, error, change);
    vec![
        case("grant-manifest", "signed for another manifest", OpenError::Manifest, &|inner, _, key| {
            regrant(inner, key, |grant| grant.manifest = Digest([1; 32]));
        }),
        case(
            "manifest-altered",
            "the thread in the manifest after signing",
            OpenError::Manifest,
            &|inner, _, _| {
                let mut manifest: Manifest = codec::decode(&inner.manifest, 1 << 20).unwrap();
                manifest.case_ref[0] ^= 1;
                inner.manifest = codec::encode(&manifest);
            },
        ),
        case(
            "manifest-trailing",
            "a byte after the manifest, signed",
            OpenError::ManifestContent,
            &|inner, _, key| {
                inner.manifest.push(0);
                let digest = manifest_digest(&inner.manifest);
                regrant(inner, key, |grant| grant.manifest = digest);
            },
        ),
        case("manifest-created", "two times of its making", OpenError::Created, &|inner, _, key| {
            remanifest(inner, key, |manifest| manifest.created = Timestamp(1));
        }),
        case(
            "granted-fewer",
            "a section that the grant does not give",
            OpenError::Granted,
            &|inner, _, key| {
                regrant(inner, key, |grant| grant.granted.truncate(2));
            },
        ),
        case("granted-another", "the grant gives another section", OpenError::Granted, &|inner, _, key| {
            regrant(inner, key, |grant| grant.granted[2].index = 3);
        }),
        case(
            "section-key",
            "the wrap has another key for a section",
            OpenError::SectionKey,
            &|_, keys, _| {
                keys.sections[1].1[0] ^= 1;
            },
        ),
        case(
            "section-exchanged",
            "two sections' ciphertexts exchanged",
            OpenError::SectionKey,
            &|inner, _, _| {
                let second = std::mem::take(&mut inner.sections[2].bytes);
                let first = std::mem::replace(&mut inner.sections[1].bytes, second);
                inner.sections[2].bytes = first;
            },
        ),
        case("section-bit", "one bit of a section's ciphertext", OpenError::SectionKey, &|inner, _, _| {
            inner.sections[1].bytes[60] ^= 1;
        }),
        case(
            "section-content",
            "another text under the right key",
            OpenError::Commitment,
            &|inner, keys, _| {
                let (key, context) = (&keys.sections[1].1, section_context(&keys.nonce, 1));
                inner.sections[1].bytes =
                    caead::seal(key, &context.0, b"{\"risk\":\"none\"}", &mut test_rng(63));
            },
        ),
        case("header-content", "another text in the header", OpenError::Commitment, &|inner, _, _| {
            inner.sections[0].bytes = b"{}".to_vec();
        }),
        case(
            "granted-salt",
            "another salt for a section, signed",
            OpenError::Commitment,
            &|inner, _, key| {
                regrant(inner, key, |grant| grant.granted[1].salt[0] ^= 1);
            },
        ),
        case(
            "commitments-few",
            "fewer commitments than sections, signed",
            OpenError::Commitment,
            &|inner, _, key| {
                remanifest(inner, key, |manifest| manifest.commitments.truncate(2));
            },
        ),
        case(
            "commitments-exchanged",
            "two commitments exchanged, signed",
            OpenError::Commitment,
            &|inner, _, key| {
                remanifest(inner, key, |manifest| manifest.commitments.swap(1, 2));
            },
        ),
    ]
}

/// A device's own signature makes any claim about its organisation "verify" here: the caller looks the device up in
/// the organisation that the packet claims, and finds it there or not.
#[test]
fn the_claimed_organisation_is_for_the_directory_to_prove() {
    let forger = Forger::new();
    let envelope = forger.with_inner(|inner, _, key| {
        regrant(inner, key, |grant| grant.from_org = OrgId([0xdd; 32]));
    });
    let unsealed = forger.shelter.unseal(&envelope, 0).unwrap();
    assert_eq!(unsealed.claimed().from_org, OrgId([0xdd; 32]));
}

#[test]
fn the_body_is_bound_to_its_header() {
    let envelope = Forger::new().with_inner(|_, _, _| {});
    let mut other = envelope.outer.clone();
    other.expiry_hours += 1;
    assert_ne!(body_context(&envelope.outer), body_context(&other));
}
