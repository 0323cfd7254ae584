//! What people type or paste to be read, looked up or searched: lines of documents, names of places, queries. And tables of numbers
//! of which nothing small may show.

use causeway_client::lang::Lang;
use causeway_client::mrz;
use causeway_client::registers::{borders, countries, languages};
use causeway_client::search::{Entry, Field, Index, Query, snippet};
use causeway_common::time::Timestamp;

use super::Input;

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    match input.u8() % 3 {
        0 => zone(&mut input),
        1 => registers(input.rest()),
        _ => search(&mut input),
    }
}

/// Lines of a document. What is read keeps its lines, and says the same when it is read again.
fn zone(input: &mut Input<'_>) {
    let now = Timestamp(input.number());
    let text = String::from_utf8_lossy(input.rest()).into_owned();
    match mrz::read(&text, now) {
        Ok(zone) => {
            let again = mrz::read(&zone.lines.join("\n"), now).expect("what we have read, we read");
            assert_eq!(again.lines, zone.lines);
            assert_eq!(again.check, zone.check);
            assert_eq!(mrz::check(&zone.lines), Some(zone.check));
            assert!(zone.slips().len() <= mrz::SLIPS_MAX);
            assert!(!zone.check.failed().is_empty() || zone.slips().is_empty());
            assert_eq!(zone.to_document()["mrz_check"], zone.check.to_json());
            let _ = zone.to_json();
        }
        Err(fault) => {
            for lang in Lang::ALL {
                assert!(!fault.text(lang).is_empty());
            }
        }
    }
}

fn registers(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = countries::find(&text);
    let _ = borders::find(&text);
    if text.len() < 40 {
        let _ = languages::find(&text);
    }
}

/// Referrals of any texts, and any query. Every hit is one of them, and comes once.
fn search(input: &mut Input<'_>) {
    let query = String::from_utf8_lossy(input.bytes()).into_owned();
    let mut entries = Vec::new();
    while !input.is_empty() && entries.len() < 8 {
        let mut entry = Entry::default();
        for _ in 0..=input.u8() % 3 {
            let text = String::from_utf8_lossy(input.bytes()).into_owned();
            entry.fields.push(Field { path: "a".into(), text });
        }
        entries.push(entry);
    }
    let query = Query::read(&query);
    let hits = Index::build(&entries).find(&query, usize::MAX);
    let mut found: Vec<usize> = hits.iter().map(|hit| hit.entry).collect();
    found.sort_unstable();
    assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
    for hit in hits {
        let _ = snippet(&entries[hit.entry].fields, &query);
    }
}
