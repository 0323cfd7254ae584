use std::sync::Arc;

use causeway_common::store::MemoryKv;

use super::*;
use crate::vault::{Cost, MemoryEks};

const INPUT: [u8; 32] = [5; 32];

fn secret(byte: u8) -> Zeroizing<String> {
    written(&hex::encode([byte; 32]))
}

fn new<'a>(name: &'a str, credential: &'a [u8], secret: &'a str) -> NewKey<'a> {
    NewKey { name, credential, input: &INPUT, secret }
}

async fn vault(seed: u8) -> (Vault, Vec<u8>) {
    let kv = Arc::new(MemoryKv::new());
    let mut rng = crate::test_rng(seed);
    let (vault, _) =
        Vault::create(kv, MemoryEks::default(), "a passphrase of words", Cost::least(), &mut rng)
            .await
            .unwrap();
    let header = vault.header().unwrap();
    (vault, header)
}

#[tokio::test]
async fn each_key_opens_its_vault_until_it_is_removed_and_no_other_secret_does() {
    let folder = tempfile::tempdir().unwrap();
    let (folder, mut rng) = (folder.path(), crate::test_rng(1));
    let (vault, header) = vault(2).await;
    let opens = |byte: u8| Vault::master_by_key(&header, folder, &secret(byte));
    assert_eq!(opens(1), Err(VaultError::WrongPassphrase), "there is none");
    for (name, credential, byte) in [("night", b"c1", 1), ("day", b"c2", 2)] {
        let added =
            vault.add_security_key(folder, new(name, credential, &secret(byte)), Timestamp(7), &mut rng);
        added.unwrap().unwrap();
    }
    assert_eq!(*opens(1).unwrap(), *opens(2).unwrap());
    assert_eq!(*opens(1).unwrap(), *vault.master());
    for wrong in [secret(3).as_str(), "security-key:", "security-key:00", "a passphrase of words", ""] {
        assert_eq!(Vault::master_by_key(&header, folder, wrong), Err(VaultError::WrongPassphrase));
    }
    assert!(vault.remove_security_key(folder, "night").unwrap());
    assert!(!vault.remove_security_key(folder, "night").unwrap());
    assert_eq!((opens(1).is_ok(), opens(2).is_ok()), (false, true));
    let names: Vec<String> =
        SecurityKeys::read(folder).unwrap().keys().iter().map(|key| key.name.clone()).collect();
    assert_eq!(names, ["day"]);
}

#[tokio::test]
async fn what_is_no_key_is_not_added_and_a_changed_file_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (folder, mut rng) = (folder.path(), crate::test_rng(3));
    let (vault, header) = vault(4).await;
    let mut add = |new: NewKey<'_>| vault.add_security_key(folder, new, Timestamp(7), &mut rng).unwrap();
    let (one, long) = (secret(1), "x".repeat(NAME_CHARS_MAX + 1));
    assert_eq!(add(new(" ", b"c1", &one)), Err(NotAdded::Name));
    assert_eq!(add(new(&long, b"c1", &one)), Err(NotAdded::Name));
    assert_eq!(add(new("a", b"", &one)), Err(NotAdded::NoSecret));
    assert_eq!(add(new("a", &[0; CREDENTIAL_BYTES_MAX + 1], &one)), Err(NotAdded::NoSecret));
    assert_eq!(add(new("a", b"c1", "00")), Err(NotAdded::NoSecret));
    assert_eq!(add(NewKey { input: b"short", ..new("a", b"c1", &one) }), Err(NotAdded::NoSecret));
    assert_eq!(add(new("a", b"c1", &one)), Ok(()));
    assert_eq!(add(new("a", b"c2", &one)), Err(NotAdded::Name), "two of one name");
    assert_eq!(add(new("b", b"c1", &one)), Err(NotAdded::Known));
    assert_eq!(add(NewKey { input: &[6; 32], ..new("b", b"c2", &one) }), Err(NotAdded::NoSecret));
    for number in 1..u8::try_from(KEYS_MAX).unwrap() {
        let (name, credential) = (number.to_string(), [9, number]);
        assert_eq!(add(new(&name, &credential, &secret(9))), Ok(()));
    }
    assert_eq!(add(new("one more", b"c9", &one)), Err(NotAdded::TooMany));

    // Of another vault, and with bytes changed.
    let (_, other) = self::vault(5).await;
    assert_eq!(Vault::master_by_key(&other, folder, &one), Err(VaultError::SecurityKeys));
    let file = folder.join(FILE);
    let bytes = std::fs::read(&file).unwrap();
    for place in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        std::fs::write(&file, &changed).unwrap();
        if let Ok(master) = Vault::master_by_key(&header, folder, &one) {
            assert_eq!(*master, *vault.master(), "a wrong key by a change at {place}");
        }
    }
    std::fs::write(&file, vec![0; FILE_BYTES_MAX + 1]).unwrap();
    assert_eq!(Vault::master_by_key(&header, folder, &one), Err(VaultError::SecurityKeys));
}
