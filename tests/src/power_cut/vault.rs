//! The vault under power cuts: commits of small and long records, erasable keys stored and erased.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use causeway_client::vault::{Changes, Cost, Tree, Vault, VaultError};
use causeway_common::store::{SledKv, SledOptions};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::{ChaCha8Rng, ChaCha20Rng};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const PASSPHRASE: &str = "a passphrase for tests";
const STEPS: usize = 90;
const TREES: [Tree; 3] = [Tree::Outbox, Tree::Inbox, Tree::Activity];

/// What the child says.
#[derive(Debug, Serialize, Deserialize)]
enum Word {
    Created,
    Begun(usize),
    /// A step is durable. With the erase secret of the key store's newest generation.
    Done(usize, Vec<u8>),
}

/// What the child does, the same in every run.
#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<(Tree, u8, Option<Vec<u8>>)>),
    StoreKeys(Vec<u8>),
    EraseKeys(Vec<u8>),
}

/// What the vault must hold after some steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Content {
    records: BTreeMap<(Tree, Vec<u8>), Vec<u8>>,
    keys: BTreeMap<u8, [u8; 32]>,
}

fn plan() -> Vec<Step> {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    (0..STEPS)
        .map(|number| match rng.random_range(0..6) {
            0 => Step::StoreKeys((0..3).map(|_| rng.random_range(0..20)).collect()),
            1 => Step::EraseKeys((0..3).map(|_| rng.random_range(0..20)).collect()),
            _ => Step::Commit((0..rng.random_range(1..5)).map(|_| change(number, &mut rng)).collect()),
        })
        .collect()
}

fn change(number: usize, rng: &mut ChaCha8Rng) -> (Tree, u8, Option<Vec<u8>>) {
    let length = match rng.random_range(0..12) {
        0 => rng.random_range(60_000..130_000),
        1..4 => rng.random_range(3_000..20_000),
        _ => rng.random_range(0..500),
    };
    let value = rng.random_bool(0.75).then(|| vec![u8::try_from(number).unwrap(); length]);
    (TREES[rng.random_range(0..TREES.len())], rng.random_range(0..8), value)
}

fn key(id: u8, number: usize) -> [u8; 32] {
    [id ^ u8::try_from(number).unwrap(); 32]
}

impl Content {
    fn after(steps: &[Step]) -> Self {
        let mut content = Self::default();
        for (number, step) in steps.iter().enumerate() {
            match step {
                Step::Commit(changes) => changes.iter().for_each(|(tree, id, value)| match value {
                    Some(value) => drop(content.records.insert((*tree, vec![*id]), value.clone())),
                    None => drop(content.records.remove(&(*tree, vec![*id]))),
                }),
                Step::StoreKeys(ids) => {
                    content.keys.extend(ids.iter().map(|id| (*id, key(*id, number))));
                }
                Step::EraseKeys(ids) => content.keys.retain(|id, _| !ids.contains(id)),
            }
        }
        content
    }

    async fn of(vault: &Vault) -> Result<Self, VaultError> {
        let mut content = Self::default();
        for tree in TREES {
            for (id, value) in vault.list(tree)? {
                content.records.insert((tree, id), value.to_vec());
            }
        }
        for id in 0..20 {
            content.keys.extend(vault.eks_get(&[id]).await.map(|key| (id, *key)));
        }
        Ok(content)
    }
}

fn open(folder: &Path) -> Arc<SledKv> {
    let options = SledOptions { cache_bytes: 8 << 20, ..SledOptions::default() };
    Arc::new(SledKv::open(&folder.join("home/vault"), options).unwrap())
}

/// The recorded child: works below `folder` and says what is durable into the file `words`.
///
/// # Panics
/// When the vault refuses something.
pub fn child(folder: &Path, words: &Path) {
    let words = std::fs::OpenOptions::new().append(true).open(words).unwrap();
    let say = |word: &Word| (&words).write_all(&serde_json::to_vec(word).unwrap()).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let home = folder.join("home");
        causeway_common::store::files::create_private_dir(&home).unwrap();
        let created = Vault::create(open(folder), &*home, PASSPHRASE, Cost::least(), &mut rng).await;
        let (vault, _) = created.unwrap();
        say(&Word::Created);
        for (number, step) in plan().iter().enumerate() {
            say(&Word::Begun(number));
            take(&vault, number, step, &mut rng).await.unwrap();
            say(&Word::Done(number, erase_secret(&home)));
        }
    });
}

async fn take(vault: &Vault, number: usize, step: &Step, rng: &mut ChaCha20Rng) -> Result<(), VaultError> {
    match step {
        Step::Commit(writes) => {
            let mut changes = Changes::default();
            for (tree, id, value) in writes {
                match value {
                    Some(value) => changes.put(*tree, &[*id], value.clone()),
                    None => changes.delete(*tree, &[*id]),
                }
            }
            vault.commit(changes, rng).await
        }
        Step::StoreKeys(ids) => {
            let keys: Vec<_> = ids.iter().map(|id| (vec![*id], Zeroizing::new(key(*id, number)))).collect();
            vault.eks_put(&keys, rng).await
        }
        Step::EraseKeys(ids) => {
            let ids: Vec<_> = ids.iter().map(|id| vec![*id]).collect();
            vault.eks_erase(&ids, rng).await
        }
    }
}

/// The one erase secret that is there between two steps.
fn erase_secret(home: &Path) -> Vec<u8> {
    let read = |name| std::fs::read(home.join(name)).ok();
    let (a, b) = (read("erase-a.key"), read("erase-b.key"));
    assert!(a.is_some() != b.is_some(), "one generation of keys between two steps");
    a.or(b).unwrap()
}

/// Opens the vault on a state of the drive and holds it against what the child had said by then.
///
/// # Errors
/// The first promise that is broken.
pub fn check(folder: &Path, said: &[&[u8]]) -> Result<(), String> {
    let said: Vec<Word> = said.iter().map(|word| serde_json::from_slice(word).unwrap()).collect();
    let home = folder.join("home");
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        if said.is_empty() {
            return create_or_find(folder, &mut rng).await;
        }
        erased_is_gone(&home, &said)?;
        let vault = Vault::unlock(open(folder), &*home, PASSPHRASE).await;
        let vault = vault.map_err(|error| format!("does not unlock: {error}"))?;
        let begun = said.iter().filter(|word| matches!(word, Word::Begun(_))).count();
        let done = said.iter().filter(|word| matches!(word, Word::Done(..))).count();
        let steps = plan();
        let found = Content::of(&vault).await.map_err(|error| format!("does not read: {error}"))?;
        if found != Content::after(&steps[..done]) && found != Content::after(&steps[..begun]) {
            return Err(format!("holds neither what {done} nor what {begun} steps have left"));
        }
        let touches_keys = |step: &&Step| !matches!(step, Step::Commit(_));
        let least = steps[..done].iter().filter(touches_keys).filter(|step| !erases_nothing(&steps, step));
        if vault.eks_generation().await < 1 + least.count() as u64 {
            return Err("the key store's generation has gone back".into());
        }
        vault.verify().map_err(|error| format!("does not verify: {error}"))?;
        go_on(&vault, &mut rng).await.map_err(|error| format!("takes no writes: {error}"))
    })
}

/// Erasing keys that are not there makes no generation.
fn erases_nothing(steps: &[Step], step: &Step) -> bool {
    let Step::EraseKeys(ids) = step else { return false };
    let before = steps.iter().position(|s| std::ptr::eq(s, step)).unwrap();
    let keys = Content::after(&steps[..before]).keys;
    !ids.iter().any(|id| keys.contains_key(id))
}

/// Before the vault was there: one can be made, or the one that was about to be there opens.
async fn create_or_find(folder: &Path, rng: &mut ChaCha20Rng) -> Result<(), String> {
    let home = folder.join("home");
    causeway_common::store::files::create_private_dir(&home).unwrap();
    let kv = open(folder);
    match Vault::unlock(Arc::clone(&kv) as _, &*home, PASSPHRASE).await {
        Ok(_) => Ok(()),
        Err(VaultError::Missing) => Vault::create(kv, &*home, PASSPHRASE, Cost::least(), rng)
            .await
            .map(|_| ())
            .map_err(|error| format!("cannot be made after a cut: {error}")),
        Err(error) => Err(format!("is neither there nor missing: {error}")),
    }
}

/// No erase secret of a generation that was replaced may be found, in any file of the key store.
fn erased_is_gone(home: &Path, said: &[Word]) -> Result<(), String> {
    let secrets: Vec<&Vec<u8>> = said
        .iter()
        .filter_map(|word| if let Word::Done(_, secret) = word { Some(secret) } else { None })
        .collect();
    let Some(newest) = secrets.last() else { return Ok(()) };
    for entry in std::fs::read_dir(home).map_err(|error| error.to_string())? {
        let path = entry.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let holds = |secret: &[u8]| bytes.windows(secret.len()).any(|window| window == secret);
        if secrets.iter().any(|secret| secret != newest && holds(secret)) {
            return Err(format!("an erased generation can be opened with {}", path.display()));
        }
    }
    Ok(())
}

async fn go_on(vault: &Vault, rng: &mut ChaCha20Rng) -> Result<(), VaultError> {
    let mut changes = Changes::default();
    changes.put(Tree::Inbox, b"after the cut", vec![1; 5_000]);
    vault.commit(changes, rng).await?;
    vault.eks_put(&[(b"after".to_vec(), Zeroizing::new([1; 32]))], rng).await?;
    vault.verify().map(|_| ())
}
