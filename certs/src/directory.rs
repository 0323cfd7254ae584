//! The directory of organisations, replayed from its log by one pure state machine.
//!
//! Leaves are the encoded [`Signed`] of a [`Statement`]; the tree over them is that of RFC 6962. The relay puts
//! statements in order; it can neither make nor change one. [`Directory::append`] refuses every illegal step, so
//! everyone who has replayed the same leaves holds the same organisations.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use causeway_common::codec;
use causeway_common::framed::{self, Label};
use causeway_common::ids::{Digest, OrgId};
use causeway_common::limits::STATEMENT_BYTES_MAX;
use causeway_common::signed::Signed;
use causeway_common::statements::{
    OrgGenesis, OrgRecord, Roster, RosterChange, SignedRoster, Statement, StatementKind,
};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2::Sha256;

use crate::keys::{PublicKey, SignatureError, SigningKey, Verifier};
use crate::names;
use crate::roster::{self, RosterError};

pub use self::connections::Connections;
pub use self::organisation::{Compromised, Organisation, RECOVERY_LOCK, Recovering, Suspended};
pub use self::registrars::{Authority, ITSELF, Registrar};
pub use self::relay_keys::{Period, RelayKeys};

mod connections;
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
    /// The keys that most statements are signed with, unpacked.
    registrars: Vec<Verifier>,
    /// Shared: whoever copies a directory copies no organisation until it changes.
    orgs: BTreeMap<OrgId, Arc<Organisation>>,
    /// Which organisations name which present roster. Whoever likes may name another's, so a hash may stand here twice.
    named: BTreeSet<(Digest, OrgId)>,
    /// Organisations whose present roster is not here.
    without_roster: BTreeSet<OrgId>,
}

/// A statement that may be appended to the directory as it is, and what it makes of it.
#[derive(Debug)]
pub struct Step {
    leaf: Vec<u8>,
    kind: StatementKind,
    /// Size of the directory that it was checked against.
    size: u64,
    after: After,
}

/// What a statement sets up, or changes.
#[derive(Debug)]
enum After {
    Authority(Authority),
    Organisation(Box<Organisation>),
}

impl Step {
    /// What it states.
    pub fn kind(&self) -> StatementKind {
        self.kind
    }

    /// The organisation that it is about, as it will be.
    pub fn organisation(&self) -> Option<&Organisation> {
        match &self.after {
            After::Organisation(org) => Some(org),
            After::Authority(_) => None,
        }
    }

    /// Hands in the roster that the organisation will have. Everything about it is verified.
    pub fn supply_roster(&mut self, signed: &SignedRoster) -> Result<&Roster, RosterError> {
        match &mut self.after {
            After::Organisation(org) if org.roster_digest == roster::digest(&signed.body) => {
                org.take_roster(signed)
            }
            _ => Err(RosterError::WrongPlace),
        }
    }
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
        self.orgs.values().map(Arc::as_ref)
    }

    /// One organisation.
    pub fn organisation(&self, org: OrgId) -> Option<&Organisation> {
        self.orgs.get(&org).map(Arc::as_ref)
    }

    /// For which organisation a workstation with this connection key comes back.
    pub fn returning(&self, key: PublicKey) -> Option<OrgId> {
        self.orgs.values().find(|org| org.returning == Some(key)).map(|org| org.id)
    }

    /// Hashes of rosters that are named but not here yet.
    pub fn missing_rosters(&self) -> Vec<Digest> {
        self.without_roster
            .iter()
            .filter_map(|org| self.organisation(*org))
            .map(|o| o.roster_digest)
            .collect()
    }

    /// Checks a leaf against the present state and applies it, or changes nothing.
    pub fn append(&mut self, leaf: &[u8]) -> Result<(), StatementError> {
        self.apply(self.check(leaf)?)
    }

    /// Checks a leaf against the present state and changes nothing.
    pub fn check(&self, leaf: &[u8]) -> Result<Step, StatementError> {
        let said = self.open_signed(leaf)?;
        let after = match said.statement.kind {
            StatementKind::Genesis => self.check_genesis(&said.statement, leaf)?.into(),
            StatementKind::Registrars | StatementKind::RelayKey => self.check_itself(&said, leaf)?.into(),
            StatementKind::Admission => self.check_admission(&said, leaf)?.into(),
            StatementKind::Other(_) => return Err(StatementError::Newer),
            _ => self.check_step(&said, leaf)?.into(),
        };
        Ok(Step { leaf: leaf.to_vec(), kind: said.statement.kind, size: self.size(), after })
    }

    /// Applies a step that was checked against this state. Against another: [`StatementError::OutOfOrder`], and nothing
    /// changes.
    pub fn apply(&mut self, step: Step) -> Result<(), StatementError> {
        if step.size != self.size() {
            return Err(StatementError::OutOfOrder);
        }
        match step.after {
            After::Authority(authority) => {
                let keys = authority.registrars.iter().map(|registrar| *registrar.key.as_bytes());
                self.registrars = keys.map(Verifier::from_bytes).collect::<Result<_, _>>()?;
                self.authority = Some(authority);
            }
            After::Organisation(next) => {
                let before = self.orgs.get(&next.id).map(|before| before.roster_digest);
                if before != Some(next.roster_digest) {
                    before.map(|digest| self.named.remove(&(digest, next.id)));
                    self.named.insert((next.roster_digest, next.id));
                }
                if next.roster.is_none() {
                    self.without_roster.insert(next.id);
                } else {
                    self.without_roster.remove(&next.id);
                }
                self.orgs.insert(next.id, Arc::new(*next));
            }
        }
        self.tree.push(step.leaf);
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
            match Arc::make_mut(org).take_roster(signed) {
                Ok(_) => {
                    self.without_roster.remove(id);
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
            _ => self.organisation(org).map_or((1, ZERO), Organisation::next_link),
        }
    }

    /// [`open_signed`], without unpacking the keys anew that sign most of the statements.
    fn open_signed(&self, leaf: &[u8]) -> Result<Said, StatementError> {
        open_signed(leaf, |signer, signed| {
            match self.registrars.iter().find(|known| *known.key().as_bytes() == signer) {
                Some(known) => known.verify(Label::LogEntry, signed),
                None => PublicKey::of_signer(signer, Label::LogEntry, signed).map(drop),
            }
        })
    }

    fn check_genesis(&self, statement: &Statement, leaf: &[u8]) -> Result<Authority, StatementError> {
        if self.authority.is_some() {
            return Err(StatementError::Again);
        }
        Authority::found(statement, leaf)
    }

    /// Whatever happens to those who run it.
    fn check_itself(&self, said: &Said, leaf: &[u8]) -> Result<Authority, StatementError> {
        self.signed_by_registrars(said)?;
        let mut next = self.authority.clone().ok_or(StatementError::OutOfOrder)?;
        next.follows(&said.statement)?;
        match said.statement.kind {
            StatementKind::RelayKey => next.relay.announce(&said.statement)?,
            _ => next.change_registrars(&said.statement)?,
        }
        next.taken(leaf);
        Ok(next)
    }

    fn check_admission(&self, said: &Said, leaf: &[u8]) -> Result<Organisation, StatementError> {
        self.signed_by_registrars(said)?;
        let statement = &said.statement;
        if self.orgs.contains_key(&statement.org) {
            return Err(StatementError::Again);
        }
        Organisation::admit(statement, leaf)
    }

    /// Whatever happens to an organisation that is there.
    fn check_step(&self, said: &Said, leaf: &[u8]) -> Result<Organisation, StatementError> {
        let by_registrars = self.signed_by_registrars(said);
        let statement = &said.statement;
        let org = self.organisation(statement.org).ok_or(StatementError::UnknownOrganisation)?;
        match statement.kind {
            // An organisation's own word has one signature.
            StatementKind::RosterChange | StatementKind::RecordChange if said.signers.len() == 1 => {}
            _ => by_registrars?,
        }
        if statement.kind == StatementKind::RosterChange {
            org.signed_by_administrator(statement)?;
        }
        org.follows(statement)?;
        let mut next = org.clone();
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
        Ok(next)
    }

    fn signed_by_registrars(&self, said: &Said) -> Result<(), StatementError> {
        let authority = self.authority.as_ref().ok_or(StatementError::OutOfOrder)?;
        authority.entitles(said.statement.kind, &said.signers)
    }
}

impl From<Authority> for After {
    fn from(authority: Authority) -> Self {
        Self::Authority(authority)
    }
}

impl From<Organisation> for After {
    fn from(org: Organisation) -> Self {
        Self::Organisation(Box::new(org))
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

/// Reads a leaf whose signatures are by the keys that it names. Whether those may say so is [`Directory::check`]'s question.
/// Of a statement that several registrars have signed, it is the one inside.
pub fn open(leaf: &[u8]) -> Result<Statement, StatementError> {
    let verify = |signer, signed: &Signed| PublicKey::of_signer(signer, Label::LogEntry, signed).map(drop);
    open_signed(leaf, verify).map(|said| said.statement)
}

/// Who has signed a statement about the directory itself; nobody if it is about something else.
pub(crate) fn signers_about_itself(leaf: &[u8]) -> Vec<[u8; 32]> {
    let verify = |signer, signed: &Signed| PublicKey::of_signer(signer, Label::LogEntry, signed).map(drop);
    match open_signed(leaf, verify) {
        Ok(said) if is_about_itself(said.statement.kind) => said.signers,
        _ => Vec::new(),
    }
}

/// Each of these names the one before by its hash.
fn is_about_itself(kind: StatementKind) -> bool {
    matches!(kind, StatementKind::Genesis | StatementKind::Registrars | StatementKind::RelayKey)
}

fn open_signed(
    leaf: &[u8],
    verify: impl FnOnce([u8; 32], &Signed) -> Result<(), SignatureError>,
) -> Result<Said, StatementError> {
    let signed: Signed = payload(leaf)?;
    let outer: Statement = payload(&signed.body)?;
    verify(outer.signer, &signed)?;
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
    let (id, genesis, record, _) = open_founding(genesis, record)?;
    let administrators = keys(&record.administrators)?;
    let roster = roster::verify(roster, id, &administrators, record.threshold)
        .map_err(|_| StatementError::Unverified)?;
    if roster.sequence != 1 || roster.previous != ZERO || !roster.revoked.is_empty() {
        return Err(StatementError::OutOfOrder);
    }
    Ok(Applicant { id, genesis, record, roster })
}

/// What an organisation says of itself first: its name, its two parts, and its root, which has signed both.
fn open_founding(
    genesis: &Signed,
    record: &Signed,
) -> Result<(OrgId, OrgGenesis, OrgRecord, PublicKey), StatementError> {
    let id = org_id(&genesis.body);
    let founding: OrgGenesis = payload(&genesis.body)?;
    let root = Verifier::from_bytes(founding.root)?;
    root.verify(Label::OrgGenesis, genesis)?;
    names::check_name(&founding.name).map_err(|_| StatementError::Malformed)?;
    names::check_kind(&founding.kind).map_err(|_| StatementError::Malformed)?;
    names::check_country(&founding.country).map_err(|_| StatementError::Malformed)?;
    let first: OrgRecord = payload(&record.body)?;
    if first.root != founding.root {
        return Err(StatementError::Unverified);
    }
    root.verify(Label::OrgRecord, record)?;
    check_record(&first, id)?;
    if first.sequence != 1 {
        return Err(StatementError::Malformed);
    }
    Ok((id, founding, first, root.key()))
}

/// Reads a record that its root has signed; gives that root too.
fn open_record(record: &Signed, org: OrgId) -> Result<(OrgRecord, PublicKey), StatementError> {
    let read: OrgRecord = payload(&record.body)?;
    let root = PublicKey::of_signer(read.root, Label::OrgRecord, record)?;
    check_record(&read, org)?;
    Ok((read, root))
}

fn check_record(record: &OrgRecord, org: OrgId) -> Result<(), StatementError> {
    let count = record.administrators.len();
    let administrators_fit = (1..=ADMINISTRATORS_MAX).contains(&count)
        && record.administrators.is_sorted_by(|a, b| a < b)
        && (1..=count).contains(&usize::from(record.threshold));
    if record.org == org && administrators_fit { Ok(()) } else { Err(StatementError::Malformed) }
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
