//! One packet per way of being wrong, and what must be said about it.

mod inside;
mod outside;

use causeway_certs::keys::{PublicKey, SigningKey};
use causeway_common::envelope::{Envelope, Outer, Wrap};
use causeway_common::ids::{DeviceId, OrgId};

use super::{RECIPIENT_ORG, Shelter, request, sections, sender_key};
use crate::seal::content::Inner;
use crate::seal::open::{OpenError, OpenedPacket, unseal};
use crate::seal::packet::{Keys, SealRequest, Target, check, compose, enclose};
use crate::seal::pad;
use crate::test_rng;

/// Everything that opening takes, and what must come of it.
pub(super) struct Case {
    pub(super) name: &'static str,
    /// What was done to the packet, for readers of the vector.
    pub(super) about: &'static str,
    pub(super) expect: Result<(), OpenError>,
    pub(super) outer: Outer,
    pub(super) body: Vec<u8>,
    pub(super) wrap: Wrap,
    pub(super) my_org: OrgId,
    pub(super) my_device: DeviceId,
    pub(super) prekey_public: Vec<u8>,
    pub(super) seed: [u8; 32],
    pub(super) sender_key: PublicKey,
}

impl Case {
    /// Device 0 of the shelter opens `envelope`.
    pub(super) fn of(
        shelter: &Shelter,
        envelope: &Envelope,
        name: &'static str,
        about: &'static str,
        expect: Result<(), OpenError>,
    ) -> Self {
        Self {
            name,
            about,
            expect,
            outer: envelope.outer.clone(),
            body: envelope.body.clone(),
            wrap: shelter.wrap_for(envelope, 0).clone(),
            my_org: RECIPIENT_ORG,
            my_device: shelter.device(0),
            prekey_public: shelter.targets[0].prekey.public.clone(),
            seed: *shelter.seeds[0],
            sender_key: sender_key().public(),
        }
    }

    pub(super) fn run(&self) -> Result<OpenedPacket, OpenError> {
        let unsealed = unseal(
            &self.outer,
            &self.body,
            &self.wrap,
            self.my_org,
            self.my_device,
            &self.prekey_public,
            &self.seed,
        )?;
        unsealed.verify(&self.sender_key)
    }
}

/// Builds packets as a sender would that does not keep the rules.
struct Forger {
    shelter: Shelter,
    key: SigningKey,
}

impl Forger {
    fn new() -> Self {
        Self { shelter: Shelter::new(), key: sender_key() }
    }

    /// A packet whose inside was changed before it was encrypted.
    fn with_inner(&self, change: impl FnOnce(&mut Inner, &mut Keys, &SigningKey)) -> Envelope {
        self.with_targets(&self.shelter.targets, change)
    }

    fn with_targets(
        &self,
        targets: &[Target],
        change: impl FnOnce(&mut Inner, &mut Keys, &SigningKey),
    ) -> Envelope {
        self.build(targets, change, |inner| pad::pad(inner).unwrap().to_vec())
    }

    /// A packet whose padding was made in another way.
    fn with_padding(&self, padding: impl FnOnce(&[u8]) -> Vec<u8>) -> Envelope {
        self.build(&self.shelter.targets, |_, _, _| {}, padding)
    }

    fn build(
        &self,
        targets: &[Target],
        change: impl FnOnce(&mut Inner, &mut Keys, &SigningKey),
        padding: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> Envelope {
        let sections = sections();
        let request: SealRequest<'_> = request(&self.key, &sections, targets);
        let mut rng = test_rng(60);
        let mut keys = Keys::draw(sections.len(), &mut rng);
        let mut inner = compose(&request, &keys, check(&request).unwrap(), &mut rng);
        change(&mut inner, &mut keys, &self.key);
        let padded = padding(&causeway_common::codec::encode(&inner));
        enclose(&request, &keys, &padded, &mut rng).unwrap()
    }
}

/// All cases, the right one first.
pub(super) fn cases() -> Vec<Case> {
    let forger = Forger::new();
    let right = forger.with_inner(|_, _, _| {});
    let right = Case::of(&forger.shelter, &right, "right", "nothing was changed", Ok(()));
    std::iter::once(right).chain(outside::cases(&forger)).chain(inside::cases(&forger)).collect()
}

#[test]
fn every_way_of_being_wrong_has_its_own_answer() {
    for case in cases() {
        assert_eq!(case.run().map(drop), case.expect, "{}: {}", case.name, case.about);
    }
}

#[test]
fn every_answer_has_a_case() {
    let mut met: Vec<OpenError> = cases().iter().filter_map(|case| case.expect.err()).collect();
    met.sort_by_key(|error| format!("{error:?}"));
    met.dedup();
    assert_eq!(met.len(), 24, "{met:?}");
}

#[test]
fn what_fails_before_the_signature_reads_alike() {
    let early = cases().into_iter().filter_map(|case| case.expect.err()).filter(|e| e.is_before_signature());
    let mut texts: Vec<String> = early.filter(|e| *e != OpenError::Version).map(|e| e.to_string()).collect();
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
}

#[test]
fn no_bit_of_an_envelope_can_change() {
    let forger = Forger::new();
    let envelope = forger.with_inner(|_, _, _| {});
    let right = Case::of(&forger.shelter, &envelope, "", "", Ok(()));
    let wrap = causeway_common::codec::encode(&right.wrap);
    let outer = causeway_common::codec::encode(&right.outer);
    let refused = |outer: &[u8], wrap: &[u8], body: &[u8]| {
        let decoded = (
            causeway_common::codec::decode::<Outer>(outer, 4096),
            causeway_common::codec::decode::<Wrap>(wrap, 4096),
        );
        let (Ok(outer), Ok(wrap)) = decoded else { return true };
        let case =
            Case { outer, wrap, body: body.to_vec(), ..Case::of(&forger.shelter, &envelope, "", "", Ok(())) };
        case.run().is_err()
    };
    assert!(!refused(&outer, &wrap, &envelope.body));
    for at in 0..outer.len() {
        assert!(refused(&flip(&outer, at), &wrap, &envelope.body), "byte {at} of the outer header");
    }
    for at in 0..wrap.len() {
        assert!(refused(&outer, &flip(&wrap, at), &envelope.body), "byte {at} of the wrap");
    }
    for at in (0..envelope.body.len()).step_by(13) {
        assert!(refused(&outer, &wrap, &flip(&envelope.body, at)), "byte {at} of the body");
    }
}

#[test]
fn no_bit_of_what_was_signed_can_change() {
    let forger = Forger::new();
    let mut length = 0;
    let envelope = forger.with_inner(|inner, _, _| length = inner.grant.body.len());
    forger.shelter.open(&envelope, 0).unwrap();
    for at in 0..length {
        let envelope = forger.with_inner(|inner, _, _| inner.grant.body[at] ^= 1);
        assert!(forger.shelter.open(&envelope, 0).is_err(), "byte {at} of the grant");
    }
    for at in 0..64 {
        let envelope = forger.with_inner(|inner, _, _| inner.grant.signature[at] ^= 1);
        assert_eq!(forger.shelter.open(&envelope, 0).unwrap_err(), OpenError::Signature, "byte {at}");
    }
}

fn flip(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at] ^= 1;
    changed
}
