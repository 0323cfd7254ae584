//! What a relay, or anyone on the way, could do without a key.

use causeway_common::envelope::PrekeyKind;
use causeway_common::ids::OrgId;
use causeway_common::priority::Priority;

use super::super::Shelter;
use super::{Case, Forger};
use crate::seal::hybrid;
use crate::seal::open::OpenError;
use crate::seal::packet::seal;
use crate::test_rng;

pub(super) fn cases(forger: &Forger) -> Vec<Case> {
    let envelope = forger.with_inner(|_, _, _| {});
    let changed = |name, about, error, change: &dyn Fn(&mut Case)| {
        let mut case = Case::of(&forger.shelter, &envelope, name, about, Err(error));
        change(&mut case);
        case
    };
    let mut cases = Vec::new();
    let mut add =
        |name, about, error, change: &dyn Fn(&mut Case)| cases.push(changed(name, about, error, change));

    add("outer-version", "the format version is 2", OpenError::Version, &|c| c.outer.version = 2);
    add("outer-suite", "the suite is 2", OpenError::Version, &|c| c.outer.suite = 2);
    add("outer-nonce", "one bit of the nonce", OpenError::Wrap, &|c| c.outer.nonce[0] ^= 1);
    add("outer-recipient", "addressed to somebody else", OpenError::Recipient, &|c| {
        c.outer.recipient = OrgId([0xee; 32]);
    });
    add("outer-recipient-redirected", "addressed to somebody else, who opens it", OpenError::Wrap, &|c| {
        c.outer.recipient = OrgId([0xee; 32]);
        c.my_org = OrgId([0xee; 32]);
    });
    add("outer-expiry", "kept an hour longer", OpenError::Wrap, &|c| c.outer.expiry_hours += 1);
    add("outer-priority", "made less urgent", OpenError::Wrap, &|c| c.outer.priority = Priority::P3);
    add("outer-size-class", "a size class that does not fit the body", OpenError::BodyLength, &|c| {
        c.outer.size_class += 1;
    });
    add("body-bit", "one bit of the body", OpenError::Wrap, &|c| c.body[3000] ^= 1);
    add("body-cut", "the body is shorter than the smallest", OpenError::BodyLength, &|c| {
        c.body.pop();
    });
    add("body-longer", "a byte after the body", OpenError::Wrap, &|c| c.body.push(0));
    add("wrap-enc-bit", "one bit of the ML-KEM ciphertext", OpenError::Wrap, &|c| c.wrap.enc[5] ^= 1);
    add("wrap-enc-x25519-bit", "one bit of the X25519 key", OpenError::Wrap, &|c| c.wrap.enc[1100] ^= 1);
    add("wrap-enc-low-order", "an X25519 key of low order", OpenError::LowOrder, &|c| {
        c.wrap.enc[1088..].fill(0);
    });
    add("wrap-enc-short", "the encapsulated key lacks a byte", OpenError::WrapLength, &|c| {
        c.wrap.enc.pop();
    });
    add("wrap-ct-bit", "one bit of the wrapped keys", OpenError::Wrap, &|c| c.wrap.ct[100] ^= 1);
    add("wrap-ct-short", "the wrapped keys lack a byte", OpenError::WrapLength, &|c| {
        c.wrap.ct.pop();
    });
    add("wrap-prekey-number", "the number of another prekey", OpenError::Wrap, &|c| c.wrap.prekey += 1);
    add("wrap-prekey-kind", "relabelled as last resort", OpenError::Wrap, &|c| {
        c.wrap.kind = PrekeyKind::LastResort;
    });
    cases.extend(exchanged(forger));
    cases
}

/// Wraps and keys that are right, in the wrong place.
fn exchanged(forger: &Forger) -> Vec<Case> {
    let shelter = &forger.shelter;
    let envelope = forger.with_inner(|_, _, _| {});
    let case = |name, about, error| Case::of(shelter, &envelope, name, about, Err(error));

    let mut of_another_device = case("wrap-of-another-device", "another device's wrap", OpenError::Device);
    of_another_device.wrap = shelter.wrap_for(&envelope, 1).clone();

    let mut relabelled =
        case("wrap-relabelled", "another device's wrap under this one's name", OpenError::Wrap);
    relabelled.wrap = shelter.wrap_for(&envelope, 1).clone();
    relabelled.wrap.device = shelter.device(0);

    let sections = super::sections();
    let request = super::request(&forger.key, &sections, &shelter.targets);
    let other = seal(&request, &mut test_rng(64)).unwrap().envelope;
    let mut moved = case("wrap-moved", "the wrap of another envelope to the same prekey", OpenError::Wrap);
    moved.outer = other.outer;
    moved.body = other.body;

    let (seed, public) = hybrid::generate(&mut test_rng(61));
    let mut another_key =
        case("prekey-another", "another prekey of the device under this number", OpenError::Wrap);
    another_key.seed = *seed;
    another_key.prekey_public.clone_from(&public);

    let mut another_public =
        case("prekey-another-public", "the right seed with another public key", OpenError::Wrap);
    another_public.prekey_public = public;

    let mut short_public = case("prekey-short", "a public key that lacks a byte", OpenError::WrapLength);
    short_public.prekey_public.pop();

    vec![of_another_device, relabelled, moved, another_key, another_public, short_public]
}

#[test]
fn a_wrap_for_one_organisation_is_useless_to_another() {
    let forger = Forger::new();
    let envelope = forger.with_inner(|_, _, _| {});
    let case = Case {
        my_org: super::super::SENDER_ORG,
        ..Case::of(&Shelter::new(), &envelope, "", "", Err(OpenError::Recipient))
    };
    assert_eq!(case.run().map(drop), case.expect);
}
