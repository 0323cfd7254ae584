//! What an auditor is given is judged by itself: whatever somebody has done to it comes out, to the last byte.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::collections::BTreeSet;

use causeway_certs::audit::{Audit, Log, Pins, audit};
use causeway_certs::directory::{Directory, Organisation, RelayKeys};
use causeway_certs::evidence::{Kind, Proven, ProvenIllegal, complete, judge, judge_illegal};
use causeway_certs::keys::PublicKey;
use causeway_client::audit::{Accusation, File, read, write_directory, write_evidence};
use causeway_client::checks::{Check, How};
use causeway_common::codec;
use causeway_common::time::Timestamp;
use causeway_tests::log_book::{announcements, illegal, log, meddled, split, went_back};

/// What an auditor learns, apart from what is wrong.
fn learned(audit: &Audit) -> (String, Vec<Organisation>, u64) {
    let head = format!("{:?} {:?} {}", audit.head, audit.directory.authority(), audit.directory.root());
    (head, audit.directory.organisations().cloned().collect(), audit.rosters)
}

fn judged(log: &Log) -> Audit {
    audit(log, &Pins::default())
}

#[test]
fn a_directory_in_order_passes_with_everything_that_happened_in_it() {
    let log = log();
    let audit = judged(&log);
    assert_eq!(audit.findings, []);
    assert_eq!(audit.head.unwrap().size, log.leaves.len() as u64);
    assert_eq!((audit.directory.organisations().count(), audit.rosters), (3, 5));
    assert_eq!(audit.directory.missing_rosters(), []);
    let text = write_directory(&log);
    assert_eq!(read(text.as_bytes()), Ok(File::Directory(log)), "the file says the same");
}

#[test]
fn whatever_was_done_to_it_comes_out_and_where() {
    let right = log();
    let mut seen = BTreeSet::new();
    for (what, log) in meddled() {
        assert_ne!(log, right, "{what} does nothing");
        let audit = judged(&log);
        assert!(!audit.findings.is_empty(), "{what} is not seen");
        seen.extend(audit.findings.iter().map(|f| f.wrong.to_string()));
        let File::Directory(again) = read(write_directory(&log).as_bytes()).unwrap() else {
            panic!("{what}")
        };
        assert_eq!(judged(&again).findings, audit.findings, "{what}");
    }
    assert!(seen.len() >= 12, "different things are told apart: {seen:#?}");
    let number = |wanted: &str| {
        let (_, log) = meddled().into_iter().find(|(what, _)| *what == wanted).unwrap();
        judged(&log).findings[0]
    };
    let illegal = number("a roster change by the registrar");
    assert_eq!(illegal.statement, Some(5));
    assert!(illegal.wrong.to_string().contains("the relay has signed a head over it"));
    let changed = number("a bit of a statement turned");
    assert_eq!(changed.statement, Some(4));
    assert!(!changed.wrong.to_string().contains("the relay has signed"), "the file was changed");
}

#[test]
fn keys_that_the_auditor_knows_are_compared() {
    let log = log();
    let with = |relay, registrar| audit(&log, &Pins { relay, registrar }).findings.len();
    assert_eq!(with(Some(log.relay_key), Some(log.registrar_key)), 0);
    assert_eq!(with(Some(log.registrar_key), None), 1);
    assert_eq!(with(None, Some(log.relay_key)), 1);
}

#[test]
fn a_check_is_of_the_key_that_was_checked() {
    let log = log();
    let mut directory = Directory::new();
    for leaf in &log.leaves[..6] {
        directory.append(leaf).unwrap();
    }
    let police = |directory: &Directory| {
        directory.organisations().find(|org| org.name == "Border Police").unwrap().clone()
    };
    let before = police(&directory);
    let check = Check::of(&before, "Olga", How::Letter, "", Timestamp(5)).unwrap();
    assert!(check.is_current(&before));
    directory.append(&log.leaves[6]).unwrap();
    assert!(!check.is_current(&police(&directory)), "the root has changed");
    let again = codec::decode::<Check>(&codec::encode(&check), 1024);
    assert_eq!(again, Ok(check), "as the vault keeps it");
}

/// Turns bits of every byte of a text.
fn changes(text: &str) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..text.len()).flat_map(move |at| {
        [0x01, 0x20, 0x80].into_iter().map(move |bit| {
            let mut changed = text.as_bytes().to_vec();
            changed[at] ^= bit;
            (at, changed)
        })
    })
}

#[test]
fn every_changed_byte_of_a_directory_is_noticed_or_changes_nothing() {
    let text = write_directory(&log());
    let right = learned(&judged(&log()));
    let (mut refused, mut found, mut harmless) = (0, 0, 0);
    for (at, changed) in changes(&text) {
        match read(&changed) {
            Err(_) => refused += 1,
            Ok(File::Directory(log)) => {
                let audit = judged(&log);
                if audit.findings.is_empty() {
                    harmless += 1;
                    assert_eq!(learned(&audit), right, "byte {at} is believed");
                } else {
                    found += 1;
                }
            }
            Ok(other) => panic!("byte {at} makes it {other:?}"),
        }
    }
    // White space, and the case of hexadecimal digits.
    assert!(harmless < 300 && refused > 1000 && found > 5000, "{refused} {found} {harmless}");
}

fn only_key() -> RelayKeys {
    RelayKeys::new(PublicKey::from_bytes(log().relay_key).unwrap())
}

/// Everything at once: two pairs, one of them by two keys, and a log.
fn accusation() -> Accusation {
    let (ours, theirs, leaves) = split();
    let split = complete(ours, theirs, &only_key(), &leaves);
    let (larger, smaller) = went_back();
    let keys = announcements().replay().unwrap().relay;
    let back = complete(larger, smaller, &keys, &[]);
    let illegal = illegal().into_iter().find(|(what, _)| *what == "suspended by an administrator").unwrap().1;
    Accusation {
        relay_key: log().relay_key,
        announcements: Some(announcements()),
        contradictions: vec![split, back],
        illegal: Some(illegal),
    }
}

fn proven(said: &Accusation) -> Option<(Vec<Proven>, Option<ProvenIllegal>)> {
    let (keys, _) = said.keys()?;
    let pairs = said.contradictions.iter().filter_map(|one| judge(one, &keys).ok()).collect();
    Some((pairs, said.illegal.as_ref().and_then(|one| judge_illegal(one, &keys).ok())))
}

#[test]
fn evidence_is_proof_and_every_changed_byte_of_it_is_noticed() {
    let said = accusation();
    let (pairs, illegal) = proven(&said).unwrap();
    assert_eq!(pairs.iter().map(|one| one.kind).collect::<Vec<_>>(), [Kind::Split, Kind::WentBack]);
    let statements = log().leaves.len() as u64 + 1;
    assert_eq!(illegal.unwrap().statement, statements);
    let text = write_evidence(&said);
    assert_eq!(read(text.as_bytes()), Ok(File::Evidence(said.clone())), "the file says the same");
    for (at, changed) in changes(&text) {
        if let Ok(File::Evidence(changed)) = read(&changed)
            && let Some((still, illegally)) = proven(&changed)
        {
            assert!(still.iter().all(|one| pairs.contains(one)), "byte {at} is believed");
            assert!(illegally.is_none() || illegally == illegal, "byte {at} is believed");
            assert!(still.is_empty() || changed.keys() == said.keys(), "byte {at} changes whose it is");
        }
    }
}

#[test]
fn a_file_of_the_first_form_is_still_read_and_a_plain_one_still_written_so() {
    let (ours, theirs, leaves) = split();
    let said = Accusation {
        relay_key: log().relay_key,
        announcements: None,
        contradictions: vec![complete(ours, theirs, &only_key(), &leaves)],
        illegal: None,
    };
    let value: serde_json::Value = serde_json::from_str(&write_evidence(&said)).unwrap();
    let fields: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["schema_version", "type", "relay_key", "contradictions"]);
    assert_eq!(read(value.to_string().as_bytes()), Ok(File::Evidence(said)));
}

#[test]
fn whatever_a_relay_lets_in_that_nobody_may_say_convicts_it_and_nothing_else_does() {
    for (what, said) in illegal() {
        let proven = judge_illegal(&said, &only_key());
        let finding = judged(&Log { heads: vec![said.head], leaves: said.leaves, ..log() }).findings[0];
        assert_eq!(proven.map(|proven| Some(proven.statement)), Ok(finding.statement), "{what}");
    }
    let keys = announcements().replay().unwrap().relay;
    let (larger, smaller) = went_back();
    for announced in [None, Some(announcements())] {
        let several = announced.is_some();
        let (larger, smaller) = (larger.clone(), smaller.clone());
        let contradictions = vec![complete(larger, smaller, &keys, &log().leaves)];
        let relay_key = log().relay_key;
        let said = Accusation { relay_key, announcements: announced, contradictions, illegal: None };
        let kinds: Vec<Kind> = proven(&said).unwrap().0.iter().map(|one| one.kind).collect();
        let expected: &[Kind] = if several { &[Kind::WentBack] } else { &[] };
        assert_eq!(kinds, expected, "heads by two keys need the registrar's word");
    }
    let stranger = Accusation { relay_key: log().registrar_key, ..accusation() };
    assert!(stranger.keys().is_none(), "no announcement makes this a key of the relay");
}

#[test]
fn a_file_that_is_none_is_refused() {
    let directory = write_directory(&log());
    let with = |from: &str, to: &str| {
        let changed = directory.replacen(from, to, 1);
        assert_ne!(changed, directory, "{from}");
        read(changed.as_bytes()).unwrap_err().to_string()
    };
    assert!(with("\"schema_version\": 1", "\"schema_version\": 2").contains("newer"));
    for (from, to) in [
        ("\"schema_version\": 1", "\"schema_version\": 0"),
        ("causeway-directory", "causeway-evidence"),
        ("causeway-directory", "directory"),
        ("\"leaves\"", "\"leaves\": [], \"more\""),
        ("\"leaves\"", "\"leaves\": [], \"leaves\""),
        ("\"rosters\"", "\"roster\""),
    ] {
        assert!(with(from, to).contains("no exported directory"), "{from} as {to}");
    }
    for bytes in [&b""[..], b"{}", b"[]", b"null", b"\xff\xfe", &[b'['; 100_000]] {
        assert!(read(bytes).is_err());
    }
    assert!(read(&directory.as_bytes()[..directory.len() - 3]).is_err(), "cut");
}
