//! Packets on file, ours and those of another implementation, through the public interface.
//!
//! `tests/vectors/packets` has one file per way of being wrong. They stay as they are when the program changes: a
//! packet that was sealed by an older version must open, or be refused, for the same reason as ever.
#![allow(clippy::unwrap_used, reason = "a panic is a test's report")]

use causeway_tests::vectors::{Vector, all, file};

#[test]
fn every_vector_gets_its_verdict() {
    let vectors = all("packets");
    assert!(vectors.len() >= 73);
    for (path, vector) in vectors {
        vector.check().unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()));
    }
}

#[test]
fn a_packet_sealed_by_another_implementation_opens() {
    Vector::read(&file("peers/python.json")).check().unwrap();
}

#[test]
fn a_fresh_packet_of_ours_is_a_vector_that_opens() {
    let vector = Vector::make();
    vector.check().unwrap();
    assert_ne!(vector.text(), Vector::make().text());
}

#[test]
fn a_wrong_verdict_or_content_shows() {
    let mut other = Vector::make();
    other.set("expect", "Wrap");
    assert!(other.check().unwrap_err().contains("Wrap"));
    let mut other = Vector::make();
    other.set_opened("grant_digest", "00");
    assert!(other.check().is_err());
}
