//! Files for auditors: of a stranger, meddled with, or by a relay that signs whatever it likes.

use std::sync::OnceLock;

use causeway_certs::audit::{Audit, Log, Pins, audit, root_over};
use causeway_certs::directory::RelayKeys;
use causeway_certs::evidence::{Contradiction, IllegalLog, Kind, complete, judge, judge_illegal};
use causeway_certs::keys::PublicKey;
use causeway_client::audit::{Accusation, File, read, write_directory, write_evidence};

use super::Input;
use crate::log_book;

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    match input.u8() % 4 {
        0 => file(input.rest()),
        1 => meddled(&mut input),
        2 => signed_all_the_same(&mut input),
        _ => accused(&mut input),
    }
}

fn right() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(log_book::log)
}

fn judged(log: &Log) -> Audit {
    let audit = audit(log, &Pins::default());
    if audit.findings.is_empty() {
        let head = audit.head.expect("nothing is right without a head");
        assert_eq!((head.size, head.root), (log.leaves.len() as u64, root_over(&log.leaves)));
        assert_eq!(audit.directory.root(), head.root);
    }
    audit
}

/// Any file. What is read is written and read as the same.
fn file(bytes: &[u8]) {
    match read(bytes) {
        Ok(File::Directory(log)) => {
            judged(&log);
            assert_eq!(read(write_directory(&log).as_bytes()), Ok(File::Directory(log)));
        }
        Ok(File::Evidence(said)) => {
            if let Some((keys, _)) = said.keys() {
                assert!(keys.all().any(|period| *period.key.as_bytes() == said.relay_key));
                for one in &said.contradictions {
                    let _ = judge(one, &keys);
                }
                let _ = said.illegal.as_ref().map(|one| judge_illegal(one, &keys));
            }
            assert_eq!(read(write_evidence(&said).as_bytes()), Ok(File::Evidence(said)));
        }
        Ok(_) | Err(_) => {}
    }
}

/// Changes what stands in a directory: leaves, their order, rosters, heads.
fn meddle(input: &mut Input<'_>) -> Log {
    let mut log = right().clone();
    while !input.is_empty() {
        let (at, other) = (input.below(log.leaves.len()), input.below(log.leaves.len()));
        match input.u8() % 7 {
            0 if !log.leaves.is_empty() => input.change(&mut log.leaves[at]),
            1 if !log.leaves.is_empty() => log.leaves.swap(at, other),
            2 if !log.leaves.is_empty() => drop(log.leaves.remove(at)),
            3 if !log.leaves.is_empty() && log.leaves.len() < 64 => log.leaves.push(log.leaves[at].clone()),
            4 if !log.rosters.is_empty() => {
                let at = input.below(log.rosters.len());
                input.change(&mut log.rosters[at].body);
            }
            5 => log.heads.iter_mut().for_each(|head| input.change(head)),
            _ => log.rosters.truncate(input.below(log.rosters.len() + 1)),
        }
    }
    log
}

/// Who has no key can take rosters away, and changes nothing else.
fn meddled(input: &mut Input<'_>) {
    let log = meddle(input);
    if judged(&log).findings.is_empty() {
        assert_eq!(log.leaves, right().leaves);
        assert!(log.rosters.iter().all(|roster| right().rosters.contains(roster)));
    }
}

/// Whatever a relay signs, what it has not the keys for is no directory of these organisations. It convicts the relay or is no
/// evidence, as an audit says.
fn signed_all_the_same(input: &mut Input<'_>) {
    let mut log = meddle(input);
    log_book::sign_head(&mut log);
    let audit = judged(&log);
    if audit.findings.is_empty() {
        let ours: Vec<_> = right().leaves.iter().collect();
        assert!(log.leaves.iter().all(|leaf| ours.contains(&leaf)), "a statement that nobody made");
    }
    let illegal = IllegalLog { head: log.heads.remove(0), leaves: log.leaves };
    if let Ok(proven) = judge_illegal(&illegal, &key()) {
        assert_eq!(audit.findings.first().and_then(|finding| finding.statement), Some(proven.statement));
    }
    file(write_evidence(&accusation(Vec::new(), Some(illegal))).as_bytes());
}

fn key() -> RelayKeys {
    RelayKeys::new(PublicKey::from_bytes(right().relay_key).unwrap())
}

fn accusation(contradictions: Vec<Contradiction>, illegal: Option<IllegalLog>) -> Accusation {
    let announcements = Some(log_book::announcements());
    Accusation { relay_key: right().relay_key, announcements, contradictions, illegal }
}

/// A relay that has signed one directory, however often, cannot be accused of two with its beginnings.
fn accused(input: &mut Input<'_>) {
    let head_of = |size: usize| {
        let mut log = right().clone();
        log.leaves.truncate(size);
        log_book::sign_head(&mut log);
        log.heads.remove(0)
    };
    let sizes = [input.below(right().leaves.len() + 1), input.below(right().leaves.len() + 1)];
    let mut said = complete(head_of(sizes[0]), head_of(sizes[1]), &key(), &right().leaves);
    let (larger, smaller) = log_book::went_back();
    let mut back = complete(larger, smaller, &accusation(vec![], None).keys().unwrap().0, &right().leaves);
    for prefix in [&mut said, &mut back].into_iter().filter_map(|said| said.prefix.as_mut()) {
        input.change(&mut prefix.proof);
        prefix.root.0[input.below(32)] ^= input.u8();
    }
    assert!(judge(&said, &key()).is_err(), "{sizes:?}");
    let whole = accusation(vec![said, back], None);
    let kind = judge(&whole.contradictions[1], &whole.keys().unwrap().0).map(|proven| proven.kind);
    assert_ne!(kind, Ok(Kind::Split), "an honest relay that was restored");
    file(write_evidence(&whole).as_bytes());
}
