//! An organisation as the directory knows it, and what may happen to it.

use std::collections::BTreeMap;
use std::time::Duration;

use causeway_common::framed;
use causeway_common::ids::{DeviceId, Digest, OrgId};
use causeway_common::statements::{
    Admission, OrgRecord, RecordChange, RecoveryDone, Reinstatement, Return, RevokedDevice, Roster,
    RosterDevice, SUSPENDED_COMPROMISED, SignedRoster, Statement, Suspension,
};
use causeway_common::time::Timestamp;

use super::{StatementError, ZERO, keys, leaf_digest, open_founding, open_record, payload};
use crate::keys::PublicKey;
use crate::roster::{self, RosterError};

/// Between the announcement of a recovery and its effect: time for the organisation to see and to contradict it.
pub const RECOVERY_LOCK: Duration = Duration::from_secs(72 * 60 * 60);

/// An organisation as the directory knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Its identifier.
    pub id: OrgId,
    /// Its name.
    pub name: String,
    /// Its kind, one of [`crate::names::KINDS`].
    pub kind: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Its present root key.
    pub root: PublicKey,
    /// SHA-256 of the root that will follow.
    pub next_root: Digest,
    /// Who may sign its rosters.
    pub administrators: Vec<PublicKey>,
    /// How many of them must.
    pub threshold: u8,
    /// Hash of its present roster.
    pub roster_digest: Digest,
    /// The roster, once it has been supplied and verified.
    pub roster: Option<Roster>,
    /// Devices that no longer count, as far as rosters have been supplied.
    pub revoked: BTreeMap<DeviceId, RevokedDevice>,
    /// When it was admitted, by the registrar's clock.
    pub admitted: Timestamp,
    /// Since when it is shut out, and why.
    pub suspended: Option<Suspended>,
    /// When somebody else may have had its keys, the last time that it was suspended for that.
    pub compromised: Option<Compromised>,
    /// A root that asks to take over.
    pub recovery: Option<Box<Recovering>>,
    /// When its present root, or one before, took over with the registrar's help, the last time.
    pub recovered: Option<Timestamp>,
    /// Connection key of a workstation that comes back for it, until the next roster.
    pub returning: Option<PublicKey>,
    record_sequence: u64,
    roster_sequence: u64,
    roster_previous: Digest,
    /// Who had to sign the present roster, and how many of them: those of the record of that time, if another has followed.
    roster_signers: Option<(Vec<PublicKey>, u8)>,
    sequence: u64,
    last_leaf: Digest,
}

/// Why an organisation is shut out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspended {
    /// As in [`Suspension::reason`].
    pub reason: u8,
    /// By the registrar's clock.
    pub at: Timestamp,
    /// What it signed from here on is in doubt.
    pub compromised_since: Timestamp,
}

/// A time in which somebody else may have had an organisation's keys: what was received then stays in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compromised {
    /// From here on.
    pub since: Timestamp,
    /// Until it was reinstated.
    pub until: Timestamp,
}

impl Compromised {
    /// Whether this moment is in it.
    pub fn covers(self, moment: Timestamp) -> bool {
        (self.since..self.until).contains(&moment)
    }
}

/// A recovery that has been announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovering {
    /// The root that will be.
    pub root: PublicKey,
    /// It takes effect not before this.
    pub ready: Timestamp,
    record: OrgRecord,
    digest: Digest,
}

impl Recovering {
    /// Hash of the body of the record that would take effect.
    pub fn digest(&self) -> Digest {
        self.digest
    }
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

    /// Number and predecessor that the next roster must carry.
    pub fn next_roster(&self) -> (u64, Digest) {
        (self.roster_sequence + 1, self.roster_digest)
    }

    /// The number that the next record must carry.
    pub fn next_record(&self) -> u64 {
        self.record_sequence + 1
    }

    pub(super) fn next_link(&self) -> (u64, Digest) {
        (self.sequence + 1, self.last_leaf)
    }

    pub(super) fn admit(statement: &Statement, leaf: &[u8]) -> Result<Self, StatementError> {
        if statement.sequence != 1 || statement.previous != ZERO {
            return Err(StatementError::OutOfOrder);
        }
        let admission: Admission = payload(&statement.payload)?;
        let (id, genesis, record, root) = open_founding(&admission.genesis, &admission.record)?;
        if id != statement.org {
            return Err(StatementError::Malformed);
        }
        Ok(Self {
            id,
            root,
            next_root: record.next_root,
            name: genesis.name,
            kind: genesis.kind,
            country: genesis.country,
            roster_digest: admission.roster,
            roster: None,
            revoked: BTreeMap::new(),
            admitted: statement.time,
            suspended: None,
            compromised: None,
            recovery: None,
            recovered: None,
            returning: None,
            record_sequence: 1,
            roster_sequence: 1,
            roster_previous: ZERO,
            roster_signers: None,
            administrators: keys(&record.administrators)?,
            threshold: record.threshold,
            sequence: 1,
            last_leaf: leaf_digest(leaf),
        })
    }

    /// The next statement about this organisation stands in its place.
    pub(super) fn follows(&self, statement: &Statement) -> Result<(), StatementError> {
        if (statement.sequence, statement.previous) == self.next_link() {
            Ok(())
        } else {
            Err(StatementError::OutOfOrder)
        }
    }

    pub(super) fn taken(&mut self, leaf: &[u8]) {
        self.sequence += 1;
        self.last_leaf = leaf_digest(leaf);
    }

    pub(super) fn signed_by_administrator(&self, statement: &Statement) -> Result<(), StatementError> {
        let is_one = self.administrators.iter().any(|key| *key.as_bytes() == statement.signer);
        if is_one { Ok(()) } else { Err(StatementError::NotEntitled) }
    }

    pub(super) fn name_roster(&mut self, digest: Digest) -> Result<(), StatementError> {
        if digest == self.roster_digest {
            return Err(StatementError::Again);
        }
        self.roster_previous = std::mem::replace(&mut self.roster_digest, digest);
        self.roster_sequence += 1;
        self.roster_signers = None;
        self.roster = None;
        self.returning = None;
        Ok(())
    }

    /// Takes the roster that the log names, if it is the next one and brings nobody back.
    pub(super) fn take_roster(&mut self, signed: &SignedRoster) -> Result<&Roster, RosterError> {
        let (signers, threshold) = match &self.roster_signers {
            Some((signers, threshold)) => (signers, *threshold),
            None => (&self.administrators, self.threshold),
        };
        let roster = roster::verify(signed, self.id, signers, threshold)?;
        if roster.sequence != self.roster_sequence || roster.previous != self.roster_previous {
            return Err(RosterError::WrongPlace);
        }
        let stays_revoked = |device: &DeviceId| roster.revoked.iter().any(|r| r.device == *device);
        if !self.revoked.keys().all(stays_revoked) {
            return Err(RosterError::Revived);
        }
        self.revoked = roster.revoked.iter().map(|r| (r.device, r.clone())).collect();
        Ok(self.roster.insert(roster))
    }

    pub(super) fn suspend(&mut self, statement: &Statement) -> Result<(), StatementError> {
        let Suspension { reason, compromised_since } = payload(&statement.payload)?;
        if self.suspended.is_some() {
            return Err(StatementError::Again);
        }
        self.suspended = Some(Suspended { reason, at: statement.time, compromised_since });
        Ok(())
    }

    pub(super) fn reinstate(&mut self, statement: &Statement) -> Result<(), StatementError> {
        payload::<Reinstatement>(&statement.payload)?;
        let ended = self.suspended.take().ok_or(StatementError::Again)?;
        if ended.reason == SUSPENDED_COMPROMISED {
            let before = self.compromised.map(|before| before.since);
            let since = before.map_or(ended.compromised_since, |before| before.min(ended.compromised_since));
            self.compromised = Some(Compromised { since, until: statement.time });
        }
        Ok(())
    }

    /// A new record by the present root. One of the same root keeps the commitment to the next: whoever steals the
    /// root cannot choose its successor. While the organisation is shut out, only its next root may speak.
    pub(super) fn change_record(&mut self, statement: &Statement) -> Result<(), StatementError> {
        if statement.signer != *self.root.as_bytes() {
            return Err(StatementError::NotEntitled);
        }
        let (record, root, _) = self.next_record_in(statement)?;
        let rotates = record.root != *self.root.as_bytes();
        let entitled = if rotates {
            framed::sha256(&record.root) == self.next_root
        } else {
            record.next_root == self.next_root && self.suspended.is_none()
        };
        if !entitled {
            return Err(StatementError::NotEntitled);
        }
        self.take_record(record, root)
    }

    pub(super) fn begin_recovery(&mut self, statement: &Statement) -> Result<(), StatementError> {
        let (record, root, digest) = self.next_record_in(statement)?;
        if framed::sha256(&record.root) != self.next_root {
            return Err(StatementError::NotEntitled);
        }
        let ready = statement.time.plus(RECOVERY_LOCK);
        self.recovery = Some(Box::new(Recovering { root, ready, record, digest }));
        Ok(())
    }

    pub(super) fn end_recovery(&mut self, statement: &Statement) -> Result<(), StatementError> {
        let RecoveryDone { record } = payload(&statement.payload)?;
        let announced = self.recovery.as_ref().ok_or(StatementError::OutOfOrder)?;
        if announced.digest != record || statement.time < announced.ready {
            return Err(StatementError::OutOfOrder);
        }
        let (record, root) = (announced.record.clone(), announced.root);
        self.take_record(record, root)?;
        self.recovered = Some(statement.time);
        Ok(())
    }

    pub(super) fn expect_return(&mut self, statement: &Statement) -> Result<(), StatementError> {
        let Return { tls_key } = payload(&statement.payload)?;
        self.returning = Some(PublicKey::from_bytes(tls_key)?);
        Ok(())
    }

    /// The record, its root and its hash.
    fn next_record_in(
        &self,
        statement: &Statement,
    ) -> Result<(OrgRecord, PublicKey, Digest), StatementError> {
        let change: RecordChange = payload(&statement.payload)?;
        let (record, root) = open_record(&change.record, self.id)?;
        if record.sequence != self.next_record() {
            return Err(StatementError::OutOfOrder);
        }
        if framed::sha256(&record.root) == record.next_root {
            return Err(StatementError::Malformed);
        }
        Ok((record, root, framed::sha256(&change.record.body)))
    }

    fn take_record(&mut self, record: OrgRecord, root: PublicKey) -> Result<(), StatementError> {
        let administrators = std::mem::replace(&mut self.administrators, keys(&record.administrators)?);
        self.roster_signers.get_or_insert((administrators, self.threshold));
        self.record_sequence = record.sequence;
        self.root = root;
        self.next_root = record.next_root;
        self.threshold = record.threshold;
        self.recovery = None;
        Ok(())
    }
}
