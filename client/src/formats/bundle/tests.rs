use causeway_certs::audit::Pins;

use super::archive;
use super::verify;

fn files() -> archive::Files {
    vec![
        ("index.json".into(), b"{}".to_vec()),
        ("packets/001/grant.bin".into(), vec![0, 1, 2]),
        ("empty".into(), Vec::new()),
    ]
}

#[test]
fn the_same_content_is_the_same_bytes_and_a_changed_byte_anywhere_is_seen() {
    let bytes = archive::write(&files()).unwrap();
    assert_eq!(bytes, archive::write(&files()).unwrap());
    assert!(archive::read(&bytes).unwrap() == files());
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        // It does not read, or it holds something else: then the hashes tell.
        assert!(archive::read(&changed).is_none_or(|read| read != files()), "byte {at}");
    }
    assert!(archive::read(&bytes[..bytes.len() - 1]).is_none());
    assert!(archive::read(&[bytes.as_slice(), b"x"].concat()).is_none());
}

#[test]
fn what_is_no_bundle_is_refused_by_name() {
    for (bytes, code) in [
        (Vec::new(), "formats-bundle-archive"),
        (archive::write(&files()).unwrap(), "formats-bundle-form"),
        (archive::write(&[]).unwrap(), "formats-bundle-lacks"),
    ] {
        assert_eq!(verify(&bytes, &Pins::default()).findings[0].code(), code);
    }
}
