//! The directory of organisations, replayed from its log by one pure state machine.
//!
//! Leaves are the encoded [`Signed`] of a [`Statement`]; the tree over them is that of RFC 6962. The relay puts
//! statements in order; it can neither make nor change one. [`Directory::append`] refuses every illegal step, so
//! everyone who has replayed the same leaves holds the same organisations.

use std::collections::{BTreeMap, HashMap};

use causeway_common::codec;
use causeway_common::framed::{self, Label};
use causeway_common::ids::{DeviceId, Digest, OrgId};
use causeway_common::limits::STATEMENT_BYTES_MAX;
use causeway_common::signed::Signed;
use causeway_common::statements::{
    Admission, DirectoryGenesis, OrgGenesis, OrgRecord, Roster, RosterChange, RosterDevice, SignedRoster,
    Statement, StatementKind,
};
use causeway_common::time::Timestamp;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2::Sha256;

use crate::keys::{PublicKey, SignatureError, SigningKey};
use crate::names;
use crate::roster::{self, RosterError};

/// Administrators of one organisation.
const ADMINISTRATORS_MAX: usize = 5;

/// Why a statement may not be appended, or a leaf is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// An organisation that is there already, or a second genesis.
    #[error("the statement repeats something that may stand only once")]
    Again,
    /// Not the bytes of a statement or of its payload.
    #[error("malformed statement")]
    Malformed,
    /// A kind of statement this version does not know: the program must be updated.
    #[error("the directory holds a statement of a newer version; update Causeway")]
    Newer,
    /// Signed by a key that may not make such a statement.
    #[error("the statement is signed by a key that may not make it")]
    NotEntitled,
    /// Does not follow the statement before.
    #[error("the statement does not follow the one before")]
    OutOfOrder,
    /// An organisation that is not in the directory.
    #[error("the statement is about an unknown organisation")]
    UnknownOrganisation,
    /// A signature that does not verify.
    #[error("a signature in the statement does not verify")]
    Unverified,
}

impl From<SignatureError> for StatementError {
    fn from(_: SignatureError) -> Self {
        Self::Unverified
    }
}

/// Who runs this directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Admits organisations.
    pub registrar: PublicKey,
    /// The registrar's connection key.
    pub registrar_tls: PublicKey,
    /// Signs heads and receipts.
    pub relay: PublicKey,
}

/// An organisation as the directory knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Its identifier.
    pub id: OrgId,
    /// Its name.
    pub name: String,
    /// Its kind, one of [`names::KINDS`].
    pub kind: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Its present root key.
    pub root: PublicKey,
    /// Who may sign its rosters.
    pub administrators: Vec<PublicKey>,
    /// How many of them must.
    pub threshold: u8,
    /// Hash of its present roster.
    pub roster_digest: Digest,
    /// The roster, once it has been supplied and verified.
    pub roster: Option<Roster>,
    /// When it was admitted, by the registrar's clock.
    pub admitted: Timestamp,
    sequence: u64,
    last_leaf: Digest,
}

impl Organisation {
    /// The device of this name, if the roster is here and lists it.
    pub fn device(&self, device: DeviceId) -> Option<&RosterDevice> {
        self.roster.as_ref()?.devices.iter().find(|d| d.device == device)
    }

    /// The hash people compare by voice.
    pub fn fingerprint(&self) -> Digest {
        crate::fingerprint::fingerprint(self.id, self.root)
    }
}

/// An organisation that asks to be admitted, after every check that needs no registrar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applicant {
    /// Its identifier.
    pub id: OrgId,
    /// Its first statement.
    pub genesis: OrgGenesis,
    /// Its administrators.
    pub record: OrgRecord,
    /// Its first roster.
    pub roster: Roster,
}

/// The replayed log.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    tree: MemoryBackedTree<Sha256, Vec<u8>>,
    roots: Vec<Digest>,
    authority: Option<Authority>,
    orgs: BTreeMap<OrgId, Organisation>,
    by_tls: HashMap<[u8; 32], (OrgId, DeviceId)>,
}

impl Directory {
    /// An empty directory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of statements.
    pub fn size(&self) -> u64 {
        self.roots.len() as u64
    }

    /// RFC 6962 root over all statements.
    pub fn root(&self) -> Digest {
        self.root_at(self.size()).unwrap_or_else(|| framed::sha256(b""))
    }

    /// The root when the directory had `size` statements; none if it never had so many.
    pub fn root_at(&self, size: u64) -> Option<Digest> {
        match usize::try_from(size).ok()?.checked_sub(1) {
            None => Some(framed::sha256(b"")),
            Some(last) => self.roots.get(last).copied(),
        }
    }

    /// Leaves from `size` on.
    pub fn leaves_from(&self, size: u64) -> &[Vec<u8>] {
        let from = usize::try_from(size).unwrap_or(usize::MAX);
        self.tree.items().get(from..).unwrap_or_default()
    }

    /// Who runs it, once the genesis is there.
    pub fn authority(&self) -> Option<Authority> {
        self.authority
    }

    /// All organisations, by identifier.
    pub fn organisations(&self) -> impl Iterator<Item = &Organisation> {
        self.orgs.values()
    }

    /// One organisation.
    pub fn organisation(&self, org: OrgId) -> Option<&Organisation> {
        self.orgs.get(&org)
    }

    /// Whose connection key this is.
    pub fn device_of_tls_key(&self, key: PublicKey) -> Option<(OrgId, DeviceId)> {
        self.by_tls.get(key.as_bytes()).copied()
    }

    /// Hashes of rosters that are named but not here yet.
    pub fn missing_rosters(&self) -> Vec<Digest> {
        self.orgs.values().filter(|o| o.roster.is_none()).map(|o| o.roster_digest).collect()
    }

    /// Checks a leaf against the present state and applies it, or changes nothing.
    pub fn append(&mut self, leaf: &[u8]) -> Result<(), StatementError> {
        let statement = open(leaf)?;
        match statement.kind {
            StatementKind::Genesis => self.apply_genesis(&statement)?,
            StatementKind::Admission => self.apply_admission(&statement, leaf)?,
            StatementKind::RosterChange => self.apply_roster_change(&statement, leaf)?,
            _ => return Err(StatementError::Newer),
        }
        self.tree.push(leaf.to_vec());
        let root = self.tree.root();
        self.roots.push(Digest((*root.as_bytes()).into()));
        Ok(())
    }

    /// Hands in a roster that the log names. Everything about it is verified.
    pub fn supply_roster(&mut self, signed: &SignedRoster) -> Result<OrgId, RosterError> {
        let digest = roster::digest(&signed.body);
        let org = self.orgs.values().find(|o| o.roster_digest == digest).ok_or(RosterError::WrongPlace)?;
        let verified = roster::verify(signed, org.id, &org.administrators, org.threshold)?;
        let id = org.id;
        self.by_tls.retain(|_, (org, _)| *org != id);
        self.by_tls.extend(verified.devices.iter().map(|d| (d.tls_key, (id, d.device))));
        if let Some(org) = self.orgs.get_mut(&id) {
            org.roster = Some(verified);
        }
        Ok(id)
    }

    /// Number and predecessor that the next statement about `org` must carry.
    pub fn next_link(&self, org: OrgId) -> (u64, Digest) {
        self.orgs.get(&org).map_or((1, ZERO), |o| (o.sequence + 1, o.last_leaf))
    }

    fn apply_genesis(&mut self, statement: &Statement) -> Result<(), StatementError> {
        if self.authority.is_some() {
            return Err(StatementError::Again);
        }
        let payload: DirectoryGenesis = payload(&statement.payload)?;
        if payload.registrar != statement.signer || payload.threshold != 1 {
            return Err(StatementError::NotEntitled);
        }
        if statement.org != OrgId(ZERO.0) || statement.sequence != 1 || statement.previous != ZERO {
            return Err(StatementError::OutOfOrder);
        }
        self.authority = Some(Authority {
            registrar: PublicKey::from_bytes(payload.registrar)?,
            registrar_tls: PublicKey::from_bytes(payload.registrar_tls)?,
            relay: PublicKey::from_bytes(payload.relay)?,
        });
        Ok(())
    }

    fn apply_admission(&mut self, statement: &Statement, leaf: &[u8]) -> Result<(), StatementError> {
        let authority = self.authority.ok_or(StatementError::OutOfOrder)?;
        if statement.signer != *authority.registrar.as_bytes() {
            return Err(StatementError::NotEntitled);
        }
        if self.orgs.contains_key(&statement.org) {
            return Err(StatementError::Again);
        }
        if statement.sequence != 1 || statement.previous != ZERO {
            return Err(StatementError::OutOfOrder);
        }
        let admission: Admission = payload(&statement.payload)?;
        let (id, genesis, record) = open_founding(&admission.genesis, &admission.record)?;
        if id != statement.org {
            return Err(StatementError::Malformed);
        }
        let organisation = Organisation {
            id,
            root: PublicKey::from_bytes(genesis.root)?,
            name: genesis.name,
            kind: genesis.kind,
            country: genesis.country,
            administrators: keys(&record.administrators)?,
            threshold: record.threshold,
            roster_digest: admission.roster,
            roster: None,
            admitted: statement.time,
            sequence: 1,
            last_leaf: leaf_digest(leaf),
        };
        self.orgs.insert(id, organisation);
        Ok(())
    }

    fn apply_roster_change(&mut self, statement: &Statement, leaf: &[u8]) -> Result<(), StatementError> {
        let org = self.orgs.get_mut(&statement.org).ok_or(StatementError::UnknownOrganisation)?;
        if !org.administrators.iter().any(|key| *key.as_bytes() == statement.signer) {
            return Err(StatementError::NotEntitled);
        }
        if statement.sequence != org.sequence + 1 || statement.previous != org.last_leaf {
            return Err(StatementError::OutOfOrder);
        }
        let change: RosterChange = payload(&statement.payload)?;
        org.sequence = statement.sequence;
        org.last_leaf = leaf_digest(leaf);
        org.roster_digest = change.roster;
        org.roster = None;
        Ok(())
    }
}

const ZERO: Digest = Digest([0; 32]);

/// Signs a statement and gives the leaf that goes into the log.
pub fn sign_statement(statement: &Statement, signer: &SigningKey) -> Signed {
    signer.sign(Label::LogEntry, codec::encode(statement))
}

/// The leaf of a signed statement.
pub fn leaf(signed: &Signed) -> Vec<u8> {
    codec::encode(signed)
}

/// Reads a leaf whose signature is by the key it names. Whether that key may say so is [`Directory::append`]'s
/// question.
pub fn open(leaf: &[u8]) -> Result<Statement, StatementError> {
    let signed: Signed = codec::decode(leaf, STATEMENT_BYTES_MAX).map_err(|_| StatementError::Malformed)?;
    let statement: Statement =
        codec::decode(&signed.body, STATEMENT_BYTES_MAX).map_err(|_| StatementError::Malformed)?;
    PublicKey::from_bytes(statement.signer)?.verify(Label::LogEntry, &signed)?;
    Ok(statement)
}

/// The name of the organisation with this genesis body.
pub fn org_id(genesis_body: &[u8]) -> OrgId {
    OrgId(framed::hash(Label::OrgId, genesis_body).0)
}

/// Checks an application for admission: every signature and every link between its three parts.
pub fn check_applicant(
    genesis: &Signed,
    record: &Signed,
    roster: &SignedRoster,
) -> Result<Applicant, StatementError> {
    let (id, genesis, record) = open_founding(genesis, record)?;
    let administrators = keys(&record.administrators)?;
    let roster = roster::verify(roster, id, &administrators, record.threshold)
        .map_err(|_| StatementError::Unverified)?;
    if roster.sequence != 1 || roster.previous != ZERO || !roster.revoked.is_empty() {
        return Err(StatementError::OutOfOrder);
    }
    Ok(Applicant { id, genesis, record, roster })
}

fn open_founding(
    genesis: &Signed,
    record: &Signed,
) -> Result<(OrgId, OrgGenesis, OrgRecord), StatementError> {
    let id = org_id(&genesis.body);
    let founding: OrgGenesis = payload(&genesis.body)?;
    let root = PublicKey::from_bytes(founding.root)?;
    root.verify(Label::OrgGenesis, genesis)?;
    root.verify(Label::OrgRecord, record)?;
    names::check_name(&founding.name).map_err(|_| StatementError::Malformed)?;
    names::check_kind(&founding.kind).map_err(|_| StatementError::Malformed)?;
    names::check_country(&founding.country).map_err(|_| StatementError::Malformed)?;
    let first: OrgRecord = payload(&record.body)?;
    let count = first.administrators.len();
    let administrators_fit = (1..=ADMINISTRATORS_MAX).contains(&count)
        && first.administrators.is_sorted_by(|a, b| a < b)
        && (1..=count).contains(&usize::from(first.threshold));
    if first.org != id || first.sequence != 1 || first.root != founding.root || !administrators_fit {
        return Err(StatementError::Malformed);
    }
    Ok((id, founding, first))
}

fn payload<T: serde::de::DeserializeOwned + serde::Serialize>(bytes: &[u8]) -> Result<T, StatementError> {
    codec::decode(bytes, STATEMENT_BYTES_MAX).map_err(|_| StatementError::Malformed)
}

fn keys(raw: &[[u8; 32]]) -> Result<Vec<PublicKey>, StatementError> {
    raw.iter().map(|bytes| PublicKey::from_bytes(*bytes).map_err(StatementError::from)).collect()
}

fn leaf_digest(leaf: &[u8]) -> Digest {
    framed::hash(Label::LogEntry, leaf)
}
