//! What is sealed opens for those who are meant, and shows each of them no more than they may see.

use causeway_certs::keys::SigningKey;
use causeway_common::codec;
use causeway_common::framed::Label;
use causeway_common::ids::{Digest, PacketId};
use causeway_common::limits::{DEVICES_PER_ORG_MAX, ENVELOPE_BYTES_MAX, PADDED_BYTES_MAX, SECTION_SLOTS};
use causeway_common::signed::Signed;
use zeroize::Zeroizing;

use super::{RECIPIENT_ORG, SENDER_ORG, Shelter, request, sections, sender_key};
use crate::seal::packet::{SealError, SealRequest, SectionPlain, clearance, seal};
use crate::test_rng;

#[test]
fn every_device_reads_what_it_is_cleared_for() {
    let (shelter, key, sections) = (Shelter::new(), sender_key(), sections());
    let sealed = seal(&request(&key, &sections, &shelter.targets), &mut test_rng(1)).unwrap();
    sealed.envelope.check().unwrap();
    let expected =
        [(&sections[..], &[][..]), (&sections[..2], &[*b"MED"]), (&sections[..1], &[*b"RSK", *b"MED"])];
    for (device, (readable, withheld)) in expected.into_iter().enumerate() {
        let opened = shelter.open(&sealed.envelope, device).unwrap();
        assert_eq!(opened.sections, readable);
        assert_eq!(opened.withheld, withheld);
        assert_eq!(opened.grant_digest, sealed.grant_digest);
    }
}

#[test]
fn everything_in_the_request_arrives() {
    let (shelter, key, sections) = (Shelter::new(), sender_key(), sections());
    let prekey = Signed { body: vec![1; 1300], signature: vec![2; 64] };
    let sent = SealRequest {
        in_reply_to: Some(PacketId([9; 32])),
        return_prekeys: vec![prekey; 5],
        ..request(&key, &sections, &shelter.targets)
    };
    let sealed = seal(&sent, &mut test_rng(1)).unwrap();
    let unsealed = shelter.unseal(&sealed.envelope, 0).unwrap();
    let claimed = unsealed.claimed();
    assert_eq!((claimed.from_org, claimed.from_device), (SENDER_ORG, key.public().device_id()));
    assert_eq!((claimed.log_size, claimed.log_root), (sent.sender.log_size, sent.sender.log_root));
    assert_eq!(claimed.checkpoint, sent.sender.checkpoint);
    let opened = unsealed.verify(&key.public()).unwrap();
    assert_eq!((opened.packet, opened.packet_type, opened.case_ref), (sent.packet, 1, sent.case_ref));
    assert_eq!(
        (opened.in_reply_to, opened.created, opened.expires),
        (sent.in_reply_to, sent.created, sent.expires)
    );
    assert_eq!((opened.from_org, opened.from_roster), (SENDER_ORG, sent.sender.roster));
    assert_eq!((opened.to_root, opened.to_roster), (sent.recipient.root, sent.recipient.roster));
    assert_eq!((opened.seq, opened.previous_grant), (1, Digest([0; 32])));
    assert_eq!((opened.purpose, opened.onward), (sent.purpose, sent.onward));
    assert_eq!(opened.return_prekeys, sent.return_prekeys);
    assert_eq!(opened.devices.len(), 3);
    key.public().verify(Label::Grant, &opened.grant).unwrap();
}

#[test]
fn envelopes_differ_in_nothing_that_tells_the_content() {
    let (shelter, key, sections) = (Shelter::new(), sender_key(), sections());
    let long = seal(&request(&key, &sections, &shelter.targets), &mut test_rng(1)).unwrap().envelope;
    let short = seal(&request(&key, &sections[..1], &shelter.targets), &mut test_rng(2)).unwrap().envelope;
    assert_eq!(codec::encode(&long).len(), codec::encode(&short).len());
    assert_eq!(long.outer.size_class, short.outer.size_class);
    assert_ne!(long.outer.nonce, short.outer.nonce);
}

#[test]
fn one_packet_fills_every_slot_every_device_and_the_whole_body() {
    let mut rng = test_rng(1);
    let key = sender_key();
    let mut full: Vec<SectionPlain> = (0..=SECTION_SLOTS)
        .map(|_| SectionPlain { code: *b"XXX", bytes: Zeroizing::new(vec![7; 50_000]) })
        .collect();
    full[0].code = *b"HDR";
    let shelter = Shelter::new();
    let mut targets = Vec::new();
    for number in 0..DEVICES_PER_ORG_MAX {
        let mut target = shelter.targets[0].clone();
        target.device = SigningKey::generate(&mut rng).public().device_id();
        target.prekey.device = target.device;
        target.prekey.number = number as u64;
        targets.push(target);
    }
    let envelope = seal(&request(&key, &full, &targets), &mut rng).unwrap().envelope;
    assert!(codec::encode(&envelope).len() <= ENVELOPE_BYTES_MAX);
    let target = &targets[99];
    let wrap = envelope.wraps.iter().find(|w| w.device == target.device).unwrap();
    let opened = crate::seal::open::unseal(
        &envelope.outer,
        &envelope.body,
        wrap,
        RECIPIENT_ORG,
        target.device,
        &target.prekey.public,
        &shelter.seeds[0],
    );
    assert_eq!(opened.unwrap().verify(&key.public()).unwrap().sections, full);
}

#[test]
fn impossible_requests_are_refused_with_their_reason() {
    let (shelter, key, sections) = (Shelter::new(), sender_key(), sections());
    let good = || request(&key, &sections, &shelter.targets);
    let refused = |request: SealRequest<'_>| seal(&request, &mut test_rng(1)).unwrap_err();

    let headless = SealRequest { sections: &sections[1..], ..good() };
    assert_eq!(refused(headless), SealError::Sections);
    let many: Vec<SectionPlain> = vec![sections[0].clone(); SECTION_SLOTS + 2];
    assert_eq!(refused(SealRequest { sections: &many, ..good() }), SealError::Sections);
    let mut large = sections.clone();
    large[2].bytes = Zeroizing::new(vec![0; PADDED_BYTES_MAX]);
    assert_eq!(refused(SealRequest { sections: &large, ..good() }), SealError::TooLarge);
    let long_checkpoint = vec![0; 4097];
    let mut request = good();
    request.sender.checkpoint = &long_checkpoint;
    assert_eq!(refused(request), SealError::Checkpoint);
    let six = vec![Signed { body: vec![], signature: vec![] }; 6];
    assert_eq!(refused(SealRequest { return_prekeys: six, ..good() }), SealError::ReturnPrekeys);
}

#[test]
fn targets_that_do_not_fit_together_are_refused() {
    let (shelter, key, sections) = (Shelter::new(), sender_key(), sections());
    let refused = |targets: &[_]| seal(&request(&key, &sections, targets), &mut test_rng(1)).unwrap_err();

    assert_eq!(refused(&[]), SealError::NoDevices);
    let first = &shelter.targets[0];
    assert_eq!(refused(&[first.clone(), first.clone()]), SealError::DeviceTwice);
    let many = vec![first.clone(); DEVICES_PER_ORG_MAX + 1];
    assert_eq!(refused(&many), SealError::TooManyDevices);
    let mut foreign = first.clone();
    foreign.prekey.device = shelter.device(1);
    assert_eq!(refused(&[foreign]), SealError::ForeignPrekey);
    let mut foreign = first.clone();
    foreign.prekey.org = SENDER_ORG;
    assert_eq!(refused(&[foreign]), SealError::ForeignPrekey);
    let mut low_order = first.clone();
    low_order.prekey.public[1184..].fill(0);
    assert_eq!(refused(&[low_order]), SealError::Prekey);
}

#[test]
fn the_order_of_the_targets_does_not_matter() {
    let (mut shelter, key, sections) = (Shelter::new(), sender_key(), sections());
    for _ in 0..2 {
        shelter.targets.rotate_left(1);
        shelter.seeds.rotate_left(1);
        let sealed = seal(&request(&key, &sections, &shelter.targets), &mut test_rng(1)).unwrap();
        sealed.envelope.check().unwrap();
        shelter.open(&sealed.envelope, 0).unwrap();
    }
}

#[test]
fn clearance_has_a_bit_per_section_after_the_header() {
    assert_eq!(clearance(&sections(), |_| true), 0b11);
    assert_eq!(clearance(&sections(), |code| code == *b"MED"), 0b10);
}

#[test]
fn nothing_secret_is_printed() {
    let (shelter, key, sections) = (Shelter::new(), sender_key(), sections());
    let sealed = seal(&request(&key, &sections, &shelter.targets), &mut test_rng(1)).unwrap();
    let unsealed = shelter.unseal(&sealed.envelope, 0).unwrap();
    let printed = format!("{unsealed:?} {:?}", shelter.open(&sealed.envelope, 0).unwrap());
    assert!(!printed.contains("insulin") && !printed.contains(&format!("{:?}", &sections[2].bytes[..4])));
}
