//! The directory of organisations, replayed from its log by one pure state machine.
//!
//! Leaves are the encoded [`Signed`] of a [`Statement`]; the tree over them is that of RFC 6962. The relay puts
//! statements in order; it can neither make nor change one. [`Directory::append`] refuses every illegal step, so
//! everyone who has replayed the same leaves holds the same organisations.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use causeway_common::codec;
use causeway_common::framed::{self, Label};
use causeway_common::ids::{DeviceId, Digest, OrgId};
use causeway_common::limits::STATEMENT_BYTES_MAX;
use causeway_common::signed::Signed;
use causeway_common::statements::{
    OrgGenesis, OrgRecord, Roster, RosterChange, SignedRoster, Statement, StatementKind,
};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2::Sha256;

use crate::keys::{PublicKey, SignatureError, SigningKey};
use crate::names;
use crate::roster::{self, RosterError};

pub use self::organisation::{Compromised, Organisation, RECOVERY_LOCK, Recovering, Suspended};
pub use self::registrars::{Authority, ITSELF, Registrar};
pub use self::relay_keys::{Period, RelayKeys};

pub mod countersigned;
mod organisation;
mod registrars;
mod relay_keys;

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
    /// Which organisations name which present roster. Whoever likes may name another's, so a hash may stand here twice.
    named: BTreeSet<(Digest, OrgId)>,
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

    /// The statements about an organisation, first to last. They were verified when they were appended, and are not again.
    pub fn statements_of(&self, org: OrgId) -> impl DoubleEndedIterator<Item = Statement> {
        let statements = self.tree.items().iter().filter_map(|leaf| read(leaf).ok());
        statements.map(|(_, statement)| statement).filter(move |statement| statement.org == org)
    }

    /// The statements about the directory itself, as they stand in the log: they replay by themselves, as a directory
    /// without organisations.
    pub fn leaves_about_itself(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.tree.items().iter().filter(|leaf| read(leaf).is_ok_and(|(_, statement)| statement.org == ITSELF))
    }

    /// Who runs it, once the genesis is there.
    pub fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref()
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

    /// For which organisation a workstation with this connection key comes back.
    pub fn returning(&self, key: PublicKey) -> Option<OrgId> {
        self.orgs.values().find(|org| org.returning == Some(key)).map(|org| org.id)
    }

    /// Hashes of rosters that are named but not here yet.
    pub fn missing_rosters(&self) -> Vec<Digest> {
        self.orgs.values().filter(|o| o.roster.is_none()).map(|o| o.roster_digest).collect()
    }

    /// Checks a leaf against the present state and applies it, or changes nothing.
    pub fn append(&mut self, leaf: &[u8]) -> Result<(), StatementError> {
        let said = open_signed(leaf)?;
        match said.statement.kind {
            StatementKind::Genesis => self.apply_genesis(&said.statement, leaf)?,
            StatementKind::Admission => self.apply_admission(&said, leaf)?,
            StatementKind::Registrars | StatementKind::RelayKey => self.apply_to_itself(&said, leaf)?,
            StatementKind::Other(_) => return Err(StatementError::Newer),
            _ => self.apply_step(&said, leaf)?,
        }
        self.tree.push(leaf.to_vec());
        let root = self.tree.root();
        self.roots.push(Digest((*root.as_bytes()).into()));
        Ok(())
    }

    /// Hands in a roster that the log names. Everything about it is verified.
    pub fn supply_roster(&mut self, signed: &SignedRoster) -> Result<OrgId, RosterError> {
        let digest = roster::digest(&signed.body);
        // Whoever likes may name another's roster as its own; that must not keep the other from getting it.
        let mut refused = RosterError::WrongPlace;
        for (_, id) in self.named.range((digest, OrgId([0; 32]))..=(digest, OrgId([u8::MAX; 32]))) {
            let Some(org) = self.orgs.get_mut(id) else { continue };
            match org.take_roster(signed) {
                Ok(()) => {
                    org.answer_to(&mut self.by_tls);
                    return Ok(*id);
                }
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// Number and predecessor that the next statement about `org` must carry.
    pub fn next_link(&self, org: OrgId) -> (u64, Digest) {
        match &self.authority {
            Some(authority) if org == ITSELF => authority.next_link(),
            _ => self.orgs.get(&org).map_or((1, ZERO), Organisation::next_link),
        }
    }

    fn apply_genesis(&mut self, statement: &Statement, leaf: &[u8]) -> Result<(), StatementError> {
        if self.authority.is_some() {
            return Err(StatementError::Again);
        }
        self.authority = Some(Authority::found(statement, leaf)?);
        Ok(())
    }

    /// Whatever happens to those who run it.
    fn apply_to_itself(&mut self, said: &Said, leaf: &[u8]) -> Result<(), StatementError> {
        self.signed_by_registrars(said)?;
        let mut next = self.authority.clone().ok_or(StatementError::OutOfOrder)?;
        next.follows(&said.statement)?;
        match said.statement.kind {
            StatementKind::RelayKey => next.relay.announce(&said.statement)?,
            _ => next.change_registrars(&said.statement)?,
        }
        next.taken(leaf);
        self.authority = Some(next);
        Ok(())
    }

    fn apply_admission(&mut self, said: &Said, leaf: &[u8]) -> Result<(), StatementError> {
        self.signed_by_registrars(said)?;
        let statement = &said.statement;
        if self.orgs.contains_key(&statement.org) {
            return Err(StatementError::Again);
        }
        let org = Organisation::admit(statement, leaf)?;
        self.named.insert((org.roster_digest, org.id));
        self.orgs.insert(org.id, org);
        Ok(())
    }

    /// Whatever happens to an organisation that is there.
    fn apply_step(&mut self, said: &Said, leaf: &[u8]) -> Result<(), StatementError> {
        let by_registrars = self.signed_by_registrars(said);
        let statement = &said.statement;
        let org = self.orgs.get_mut(&statement.org).ok_or(StatementError::UnknownOrganisation)?;
        match statement.kind {
            // An organisation's own word has one signature.
            StatementKind::RosterChange | StatementKind::RecordChange if said.signers.len() == 1 => {}
            _ => by_registrars?,
        }
        // On a copy: a step that turns out illegal changes nothing.
        let mut next = org.clone();
        if statement.kind == StatementKind::RosterChange {
            next.signed_by_administrator(statement)?;
        }
        next.follows(statement)?;
        match statement.kind {
            StatementKind::RosterChange => {
                next.name_roster(payload::<RosterChange>(&statement.payload)?.roster)?;
            }
            StatementKind::Suspension => next.suspend(statement)?,
            StatementKind::Reinstatement => next.reinstate(statement)?,
            StatementKind::RecordChange => next.change_record(statement)?,
            StatementKind::Recovery => next.begin_recovery(statement)?,
            StatementKind::RecoveryDone => next.end_recovery(statement)?,
            StatementKind::Return => next.expect_return(statement)?,
            _ => return Err(StatementError::Newer),
        }
        next.taken(leaf);
        if next.roster_digest != org.roster_digest {
            self.named.remove(&(org.roster_digest, org.id));
            self.named.insert((next.roster_digest, next.id));
        }
        *org = next;
        Ok(())
    }

    fn signed_by_registrars(&self, said: &Said) -> Result<(), StatementError> {
        let authority = self.authority.as_ref().ok_or(StatementError::OutOfOrder)?;
        authority.entitles(said.statement.kind, &said.signers)
    }
}

/// A statement whose signatures verify, and whose they are.
struct Said {
    statement: Statement,
    signers: Vec<[u8; 32]>,
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

/// Reads a leaf whose signatures are by the keys that it names. Whether those may say so is [`Directory::append`]'s
/// question. Of a statement that several registrars have signed, it is the one inside.
pub fn open(leaf: &[u8]) -> Result<Statement, StatementError> {
    open_signed(leaf).map(|said| said.statement)
}

fn open_signed(leaf: &[u8]) -> Result<Said, StatementError> {
    let signed: Signed = payload(leaf)?;
    let outer: Statement = payload(&signed.body)?;
    PublicKey::of_signer(outer.signer, Label::LogEntry, &signed)?;
    if outer.kind == StatementKind::Countersigned {
        countersigned::open(&outer)
    } else {
        Ok(Said { signers: vec![outer.signer], statement: outer })
    }
}

/// Reads a leaf that has been verified.
pub fn read(leaf: &[u8]) -> Result<(Signed, Statement), StatementError> {
    let signed: Signed = payload(leaf)?;
    let outer: Statement = payload(&signed.body)?;
    let statement = countersigned::inside(outer)?;
    Ok((signed, statement))
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
    PublicKey::of_signer(founding.root, Label::OrgGenesis, genesis)?;
    names::check_name(&founding.name).map_err(|_| StatementError::Malformed)?;
    names::check_kind(&founding.kind).map_err(|_| StatementError::Malformed)?;
    names::check_country(&founding.country).map_err(|_| StatementError::Malformed)?;
    let first = check_record(record, id)?;
    if first.sequence != 1 || first.root != founding.root {
        return Err(StatementError::Malformed);
    }
    Ok((id, founding, first))
}

/// Reads a record that its root has signed.
fn check_record(record: &Signed, org: OrgId) -> Result<OrgRecord, StatementError> {
    let read: OrgRecord = payload(&record.body)?;
    PublicKey::of_signer(read.root, Label::OrgRecord, record)?;
    let count = read.administrators.len();
    let administrators_fit = (1..=ADMINISTRATORS_MAX).contains(&count)
        && read.administrators.is_sorted_by(|a, b| a < b)
        && (1..=count).contains(&usize::from(read.threshold));
    if read.org != org || !administrators_fit {
        return Err(StatementError::Malformed);
    }
    Ok(read)
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

#[cfg(test)]
mod tests;
