//! A vault on a disk that rots, or that somebody has changed.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use causeway_client::activity;
use causeway_client::prekeys;
use causeway_client::records;
use causeway_client::replica::Replica;
use causeway_client::unopened;
use causeway_client::vault::{Changes, Cost, MemoryEks, RecoveryCode, Tree, Vault, check_header};
use causeway_common::ids::{DeviceId, EnvelopeId, OrgId, PacketId};
use causeway_common::priority::Priority;
use causeway_common::store::{Kv, MemoryKv, Record, StoreError, transact};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use super::{Input, paused_runtime};

const TREES: [Tree; 12] = [
    Tree::Identity,
    Tree::Directory,
    Tree::Outbox,
    Tree::Inbox,
    Tree::Seen,
    Tree::Prekeys,
    Tree::Referrals,
    Tree::Activity,
    Tree::Chains,
    Tree::Pending,
    Tree::Awaiting,
    Tree::Unopened,
];

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    match input.u8() % 5 {
        0 => header(&mut input),
        1 => recovery_code(input.rest()),
        2 => damaged_records(&mut input),
        3 => damaged_keys(&mut input),
        _ => foreign_records(&mut input),
    }
}

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

/// A vault with a record of each kind of length, locked.
struct Known {
    master: [u8; 32],
    kv: MemoryKv,
    eks: MemoryEks,
    records: BTreeMap<(Tree, Vec<u8>), Vec<u8>>,
    code: String,
}

fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let (kv, eks) = (MemoryKv::new(), MemoryEks::default());
        // The master key is the first thing that is drawn.
        let mut master = [0; 32];
        rng(1).fill_bytes(&mut master);
        let mut records = BTreeMap::new();
        let code = paused_runtime().block_on(async {
            let (vault, code) = Vault::create(
                Arc::new(kv.clone()),
                eks.clone(),
                "a passphrase for tests",
                Cost::least(),
                &mut rng(1),
            )
            .await
            .unwrap();
            let mut changes = Changes::default();
            for (number, length) in [0, 1, 40, 3_000, 61_000, 130_000].into_iter().enumerate() {
                let (tree, id) = (TREES[number], vec![u8::try_from(number).unwrap(); number]);
                let value = vec![7; length];
                changes.put(tree, &id, value.clone());
                records.insert((tree, id), value);
            }
            vault.commit(changes, &mut rng(2)).await.unwrap();
            vault
                .eks_put(&[(vec![1], [1; 32].into()), (vec![2], [2; 32].into())], &mut rng(3))
                .await
                .unwrap();
            code.as_str().to_owned()
        });
        Known { master, kv, eks, records, code }
    })
}

fn all(kv: &MemoryKv) -> Vec<Record> {
    kv.scan(b"", None, usize::MAX).unwrap()
}

async fn store(map: BTreeMap<Vec<u8>, Vec<u8>>) -> MemoryKv {
    let kv = MemoryKv::new();
    let put = transact(&kv, move |txn| {
        map.iter().for_each(|(key, value)| txn.put(key, value));
        Ok::<_, StoreError>(())
    });
    put.await.unwrap().unwrap();
    kv
}

/// Headers are refused unless they are the one that was written, or differ where only a passphrase can tell.
fn header(input: &mut Input<'_>) {
    let genuine = known().kv.get(b"h").unwrap().unwrap();
    let mut header = genuine.clone();
    if input.flag() {
        input.change(&mut header)
    } else {
        header = input.rest().to_vec()
    }
    if check_header(&header).is_ok() {
        assert_eq!(header[..2], genuine[..2], "the version is the one we know");
    }
}

/// A code has one spelling, apart from case, spaces, and letters that look alike.
fn recovery_code(bytes: &[u8]) {
    let genuine = known().code.clone();
    assert!(RecoveryCode::is_well_formed(&genuine));
    let mut changed = genuine.into_bytes();
    let mut input = Input::new(bytes);
    input.change(&mut changed);
    let _ = RecoveryCode::is_well_formed(&String::from_utf8_lossy(&changed));
    let _ = RecoveryCode::is_well_formed(&String::from_utf8_lossy(input.rest()));
}

/// Changed, missing and exchanged pieces: the vault says so, or it holds exactly what it held.
fn damaged_records(input: &mut Input<'_>) {
    let known = known();
    let mut map: BTreeMap<_, _> = all(&known.kv).into_iter().collect();
    let before = map.clone();
    input.change_map(&mut map);
    let whole =
        map.iter().filter(|(key, _)| **key != b"h").eq(before.iter().filter(|(key, _)| **key != b"h"));
    paused_runtime().block_on(async {
        let kv = store(map).await;
        let opened = Vault::unlock_with_key(Arc::new(kv), known.eks.snapshot(), &known.master);
        let Ok(vault) = opened else {
            assert!(!whole);
            return;
        };
        if vault.verify().is_ok() {
            for ((tree, id), value) in &known.records {
                assert!(**vault.get(*tree, id).unwrap().unwrap() == **value);
            }
        } else {
            assert!(!whole);
        }
        for tree in TREES {
            let _ = vault.list(tree);
        }
        // A commit over damaged pieces does not make them good.
        let mut changes = Changes::default();
        known.records.keys().for_each(|(tree, id)| changes.delete(*tree, id));
        if vault.commit(changes, &mut rng(4)).await.is_ok() {
            assert_eq!(vault.verify().unwrap().records, 0);
        }
    });
}

/// The two files of the erasable key store: they open as they were, or not at all.
fn damaged_keys(input: &mut Input<'_>) {
    let known = known();
    let eks = known.eks.snapshot();
    let mut same = true;
    eks.damage(|_, bytes| {
        let before = bytes.clone();
        input.change(bytes);
        same &= *bytes == before;
    });
    paused_runtime().block_on(async {
        let opened = Vault::unlock_with_key(Arc::new(known.kv.snapshot()), eks, &known.master);
        assert_eq!(opened.is_ok(), same);
        if let Ok(vault) = opened {
            assert_eq!(vault.eks_get(&[1]).await, Some([1; 32].into()));
        }
    });
}

/// Records whose content is not what the reader expects: of a newer program, or of a faulty one.
fn foreign_records(input: &mut Input<'_>) {
    let known = known();
    paused_runtime().block_on(async {
        let (kv, eks) = (Arc::new(known.kv.snapshot()), known.eks.snapshot());
        let vault = Vault::unlock_with_key(kv, eks, &known.master).unwrap();
        let mut changes = Changes::default();
        let (org, packet) = (OrgId([1; 32]), PacketId([2; 32]));
        let ids: [Vec<u8>; 8] = [
            b"identity".to_vec(),
            [packet.0, org.0].concat(),
            vec![2; 32],
            [&b"to"[..], &org.0].concat(),
            [&b"leaf"[..], &0u64.to_be_bytes()].concat(),
            b"head".to_vec(),
            1u64.to_be_bytes().to_vec(),
            input.bytes().to_vec(),
        ];
        while !input.is_empty() {
            let (tree, id) = (*input.pick(&TREES), input.pick(&ids).clone());
            changes.put(tree, &id, input.bytes().to_vec());
        }
        vault.commit(changes, &mut rng(5)).await.unwrap();
        let _ = records::identity(&vault);
        let _ = (records::sent(&vault, packet, org), records::all_sent(&vault));
        let _ = (records::received(&vault, packet), records::all_received(&vault));
        let _ = (records::thread(&vault, &[2; 32]), records::all_threads(&vault));
        let _ = (records::chain_to(&vault, org), records::chain_from(&vault, DeviceId([1; 32])));
        let _ = (records::pending(&vault, Priority::P1, 5, |_| true), records::awaiting(&vault, None, 5));
        let _ = records::sent_in(&vault, EnvelopeId([2; 32]));
        let _ = (prekeys::own(&vault, 1), prekeys::unused(&vault));
        let _ = (unopened::all(&vault), unopened::forgotten(&vault));
        let _ = unopened::enter(&vault, &mut Changes::default(), &[]);
        let _ = unopened::settle(&vault, &mut Changes::default(), EnvelopeId([2; 32]));
        unopened::dismiss(&vault, &mut Changes::default(), &[EnvelopeId([2; 32])]);
        let _ = (Replica::load(&vault).map(drop), activity::verify(&vault));
        let _ =
            activity::append(&vault, &mut Changes::default(), causeway_common::time::Timestamp(1), "x", None);
        assert!(vault.verify().is_ok(), "the vault does not mind what its records say");
    });
}
