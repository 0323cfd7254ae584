//! The directory's keeper: puts statements in order, keeps rosters and applications.

use std::collections::{HashMap, HashSet};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use causeway_certs::checkpoint::{self, Checkpoint};
use causeway_certs::directory::{self, Directory};
use causeway_certs::keys::PublicKey;
use causeway_certs::{invite, roster};
use causeway_common::codec;
use causeway_common::error::ErrorCode;
use causeway_common::ids::{DeviceId, Digest, OrgId};
use causeway_common::limits::{
    CLOCK_SKEW, FRAME_BYTES_MAX, PENDING_MAX, ROSTERS_PER_ANSWER_MAX, STATEMENTS_PER_ANSWER_MAX,
};
use causeway_common::signed::Signed;
use causeway_common::statements::{
    Admission, DirectoryGenesis, Invite, RegistrarKeys, Registrars, Roster, SignedRoster, Statement,
    StatementKind,
};
use causeway_common::store::{Kv, StoreError, Txn, transact};
use causeway_common::time::Timestamp;
use causeway_common::wire::{Append, Claim, DirectoryPart, Enrol, PendingList};
use subtle::ConstantTimeEq as _;

use crate::{OpenError, Refused, Relay, departed, keyspace, links};

/// Room for a frame's other parts in an answer that is filled up with records.
const ANSWER_BYTES_MAX: usize = FRAME_BYTES_MAX - 16 * 1024;
/// Records read from the store at a time.
const SCAN_RECORDS: usize = 1_024;
/// Life of a claim code: until somebody uses it.
const CLAIM_BYTES_MAX: usize = 2_048;

/// Who is calling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A device in a roster.
    Member {
        /// Its organisation.
        org: OrgId,
        /// The device.
        device: DeviceId,
    },
    /// A device of an organisation that the registrar has suspended.
    Suspended {
        /// Its organisation.
        org: OrgId,
    },
    /// A workstation that comes back for an organisation which has none left.
    Returning {
        /// Its organisation.
        org: OrgId,
    },
    /// The registrar.
    Registrar,
    /// Anybody else.
    Stranger,
}

/// Replays the stored directory.
pub(crate) fn load(kv: &dyn Kv) -> Result<Directory, OpenError> {
    let mut directory = Directory::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let leaves = kv.scan(keyspace::LEAVES, after.as_deref(), SCAN_RECORDS)?;
        let Some(last) = leaves.last() else { break };
        after = Some(last.0.clone());
        for (key, leaf) in leaves {
            let index = directory.size();
            let in_place = key == keyspace::leaf(index);
            if !in_place || directory.append(&leaf).is_err() {
                return Err(OpenError::Directory(index));
            }
        }
    }
    for digest in directory.missing_rosters() {
        if let Some(signed) = kv.get(&keyspace::roster(digest))?.and_then(|bytes| read(&bytes)) {
            // A roster that does not verify is left out; its organisation then has no devices.
            let _ = directory.supply_roster(&signed);
        }
    }
    Ok(directory)
}

/// Connection keys of those who wait for admission.
pub(crate) fn load_applicants(kv: &dyn Kv) -> Result<HashMap<[u8; 32], OrgId>, OpenError> {
    let mut applicants = HashMap::new();
    for (_, bytes) in kv.scan(keyspace::PENDING, None, PENDING_MAX)? {
        let Some(roster) = read::<Enrol>(&bytes).and_then(|enrol| read::<Roster>(&enrol.roster.body)) else {
            continue;
        };
        applicants.extend(roster.devices.iter().map(|device| (device.tls_key, roster.org)));
    }
    Ok(applicants)
}

/// Whether a roster lists a device or a connection key that stands for somebody else. A key in a roster proves
/// nothing about who holds it: without this check an organisation could list another one's device beside a connection
/// key of its own, and empty that device's mailbox.
fn takes_from_others(directory: &Directory, org: OrgId, roster: &Roster) -> bool {
    let registrars = directory.authority().into_iter().flat_map(|authority| &authority.registrars);
    let devices: HashSet<DeviceId> = roster.devices.iter().map(|device| device.device).collect();
    let keys: HashSet<[u8; 32]> = roster.devices.iter().map(|device| device.tls_key).collect();
    let others = directory.organisations().filter(|other| other.id != org);
    let mut listed = others.filter_map(|other| other.roster.as_ref()).flat_map(|other| &other.devices);
    registrars.into_iter().any(|registrar| keys.contains(registrar.tls.as_bytes()))
        || keys.len() < roster.devices.len()
        || listed.any(|device| devices.contains(&device.device) || keys.contains(&device.tls_key))
}

pub(crate) fn is_suspended(directory: &Directory, org: OrgId) -> bool {
    directory.organisation(org).is_some_and(|org| org.suspended.is_some())
}

pub(crate) fn read<T: serde::de::DeserializeOwned + serde::Serialize>(bytes: &[u8]) -> Option<T> {
    codec::decode(bytes, FRAME_BYTES_MAX).ok()
}

impl Relay {
    /// Whose key this is.
    pub fn caller(&self, key: PublicKey) -> Caller {
        let device = self.connections.read().unwrap_or_else(PoisonError::into_inner).device(key);
        self.with_directory(|directory| match device {
            Some((org, _)) if is_suspended(directory, org) => Caller::Suspended { org },
            Some((org, device)) => Caller::Member { org, device },
            None if directory.authority().is_some_and(|a| a.is_registrars_connection(key)) => {
                Caller::Registrar
            }
            None => directory.returning(key).map_or(Caller::Stranger, |org| Caller::Returning { org }),
        })
    }

    /// A fresh signed head; nothing while there is no registrar.
    pub fn checkpoint(&self) -> Vec<u8> {
        // Under one lock: a head with a later time never counts less, else an honest relay would look as if it had gone back.
        // The key after the time: no key signs what is later than its end.
        let head =
            self.with_directory(|d| Checkpoint { size: d.size(), root: d.root(), time: self.head_time() });
        if head.size == 0 {
            return Vec::new();
        }
        checkpoint::sign(&head, &self.key_at(head.time))
    }

    /// The time of a head: not before that of the last one, though the clock has been set back by a little. A clock that was far ahead
    /// is followed at once: heads from the future would never look old.
    fn head_time(&self) -> Timestamp {
        let now = self.clock.now();
        let last = Timestamp(self.last_head.fetch_max(now.0, Ordering::SeqCst));
        if last.since(now) <= CLOCK_SKEW {
            return last.max(now);
        }
        self.last_head.store(now.0, Ordering::SeqCst);
        now
    }

    /// The claim code, made once and kept until it is used. `secret` is 16 random bytes for the first call.
    pub async fn claim_code(&self, address: &str, secret: [u8; 16]) -> Result<String, Refused> {
        let fresh = Invite {
            invite_id: secret,
            relay_address: address.to_owned(),
            relay_key: *self.key().public().as_bytes(),
            registrar_key: [0; 32],
            name: String::new(),
            kind: String::new(),
            country: String::new(),
            expires: Timestamp(u64::MAX),
        };
        let id = transact(&*self.kv, move |txn| {
            if let Some(kept) = txn.get(keyspace::CLAIM)? {
                return Ok::<_, StoreError>(kept.try_into().unwrap_or(secret));
            }
            txn.put(keyspace::CLAIM, &secret);
            Ok(secret)
        })
        .await??;
        let body = codec::encode(&Invite { invite_id: id, ..fresh });
        debug_assert!(body.len() < CLAIM_BYTES_MAX);
        Ok(invite::to_text(&Signed { body, signature: Vec::new() }))
    }

    /// Makes the caller the registrar.
    pub(crate) async fn claim(&self, caller: PublicKey, request: Claim) -> Result<(), Refused> {
        let _turn = self.registry_turn.lock().await;
        let leaf = directory::leaf(&request.genesis);
        if self.with_directory(|d| d.leaves_from(0).first() == Some(&leaf)) {
            // The answer to the first time may have been lost; that is no answer for anybody else.
            let again =
                self.with_directory(|d| d.authority().is_some_and(|a| a.is_registrars_connection(caller)));
            return if again { Ok(()) } else { Err(Refused(ErrorCode::InviteRefused)) };
        }
        let code = self.kv.get(keyspace::CLAIM)?.ok_or(Refused(ErrorCode::InviteRefused))?;
        if !bool::from(code.ct_eq(&request.invite_id)) {
            return Err(Refused(ErrorCode::InviteRefused));
        }
        let statement = directory::open(&leaf).map_err(|_| Refused(ErrorCode::Unverified))?;
        let payload: DirectoryGenesis = read(&statement.payload).ok_or(Refused(ErrorCode::Malformed))?;
        let is_ours = payload.relay == *self.key().public().as_bytes();
        let is_callers = payload.registrar_tls == *caller.as_bytes();
        if statement.kind != StatementKind::Genesis || !is_ours || !is_callers {
            return Err(Refused(ErrorCode::Unverified));
        }
        self.append_leaf(leaf, None, |txn| {
            txn.delete(keyspace::CLAIM);
            Ok(())
        })
        .await
    }

    /// Takes an application for admission.
    pub(crate) async fn enrol(&self, caller: PublicKey, request: Enrol) -> Result<(), Refused> {
        let now = self.clock.now();
        let invite = self.with_directory(|d| {
            let mut registrars = d.authority().into_iter().flat_map(|authority| &authority.registrars);
            registrars.find_map(|registrar| invite::verify(&request.invite, registrar.key, now).ok())
        });
        let invite = invite.ok_or(Refused(ErrorCode::InviteRefused))?;
        let applicant = directory::check_applicant(&request.genesis, &request.record, &request.roster)
            .map_err(|_| Refused(ErrorCode::Unverified))?;
        let genesis = &applicant.genesis;
        let as_invited =
            (&genesis.name, &genesis.kind, &genesis.country) == (&invite.name, &invite.kind, &invite.country);
        let is_caller = applicant.roster.devices.iter().any(|d| d.tls_key == *caller.as_bytes());
        if !as_invited || !is_caller {
            return Err(Refused(ErrorCode::Unverified));
        }
        let (org, bytes) = (applicant.id, codec::encode(&request));
        let known = self.with_directory(|d| d.organisation(org).is_some());
        if self.with_directory(|d| takes_from_others(d, org, &applicant.roster)) {
            return Err(Refused(ErrorCode::Conflict));
        }
        let taken = transact(&*self.kv, move |txn| {
            match txn.get(&keyspace::invite(&invite.invite_id))? {
                Some(used) if used == org.0 => return Ok(txn.get(&keyspace::pending(org))?.is_some()),
                Some(_) => return Err(Refused(ErrorCode::InviteRefused)),
                None => {}
            }
            if known || txn.scan(keyspace::PENDING, None, PENDING_MAX)?.len() >= PENDING_MAX {
                return Err(Refused(ErrorCode::Quota));
            }
            txn.put(&keyspace::invite(&invite.invite_id), &org.0);
            txn.put(&keyspace::pending(org), &bytes);
            Ok(true)
        });
        if taken.await?? {
            let keys = applicant.roster.devices.iter().map(|device| (device.tls_key, org));
            self.applicants.write().unwrap_or_else(PoisonError::into_inner).extend(keys);
        }
        Ok(())
    }

    /// Applications that wait.
    pub(crate) fn pending(&self) -> Result<PendingList, Refused> {
        let mut waiting = Vec::new();
        let mut bytes_left = ANSWER_BYTES_MAX;
        for (_, bytes) in self.kv.scan(keyspace::PENDING, None, PENDING_MAX)? {
            let Some(left) = bytes_left.checked_sub(bytes.len()) else { break };
            bytes_left = left;
            waiting.extend(read::<Enrol>(&bytes));
        }
        Ok(PendingList { waiting })
    }

    /// Whether an application with this connection key waits.
    pub(crate) fn is_pending(&self, key: PublicKey) -> bool {
        self.applicants.read().unwrap_or_else(PoisonError::into_inner).contains_key(key.as_bytes())
    }

    /// Appends a statement if it is legal now.
    pub(crate) async fn append(&self, caller: Caller, request: Append) -> Result<(), Refused> {
        let _turn = self.registry_turn.lock().await;
        let leaf = directory::leaf(&request.statement);
        if self.with_directory(|d| d.leaves_from(0).contains(&leaf)) {
            return Ok(());
        }
        if !request.given_back {
            self.takes_new_statements()?;
        }
        let statement = directory::open(&leaf).map_err(|_| Refused(ErrorCode::Unverified))?;
        // What was lost comes back in its order, whoever brings it: its signatures say whether it counts.
        let is_missed = request.given_back && self.waits_for_what_it_lost().is_some();
        match caller {
            _ if is_missed => {}
            Caller::Suspended { org } if org != statement.org => return Err(Refused(ErrorCode::Suspended)),
            Caller::Returning { org } if org != statement.org => {
                return Err(Refused(ErrorCode::NotAuthorised));
            }
            _ => {}
        }
        match statement.kind {
            StatementKind::Admission => self.admit(leaf, &statement, request.roster).await,
            StatementKind::RosterChange => {
                let roster = request.roster.into_iter().next().ok_or(Refused(ErrorCode::Malformed))?;
                self.change_roster(leaf, statement.org, roster).await
            }
            StatementKind::Registrars => {
                let next: Registrars = read(&statement.payload).ok_or(Refused(ErrorCode::Malformed))?;
                let is_devices = |keys: &RegistrarKeys| {
                    let key = PublicKey::from_bytes(keys.tls_key).ok();
                    key.is_none_or(|key| ![Caller::Stranger, Caller::Registrar].contains(&self.caller(key)))
                };
                if next.registrars.iter().any(is_devices) {
                    return Err(Refused(ErrorCode::Conflict));
                }
                self.append_leaf(leaf, None, |_| Ok(())).await
            }
            StatementKind::RelayKey => {
                self.check_announcement(&statement)?;
                self.append_leaf(leaf, None, |_| Ok(())).await?;
                // One that takes effect at once does.
                self.key();
                Ok(())
            }
            // Who may say so, and when, is the directory's to decide.
            StatementKind::Suspension
            | StatementKind::Reinstatement
            | StatementKind::RecordChange
            | StatementKind::Recovery
            | StatementKind::RecoveryDone
            | StatementKind::Return => self.append_leaf(leaf, None, |_| Ok(())).await,
            _ => Err(Refused(ErrorCode::NotAuthorised)),
        }
    }

    /// A new roster. Whoever is no longer in it is cut off when this returns, and nothing waits for them.
    async fn change_roster(&self, leaf: Vec<u8>, org: OrgId, roster: SignedRoster) -> Result<(), Refused> {
        let next: Roster = read(&roster.body).ok_or(Refused(ErrorCode::Malformed))?;
        let stays = |device: &DeviceId| next.devices.iter().any(|listed| listed.device == *device);
        let gone: Vec<DeviceId> = self.with_directory(|directory| {
            let present = directory.organisation(org).and_then(|org| org.roster.as_ref());
            let listed = present.into_iter().flat_map(|roster| &roster.devices);
            listed.map(|device| device.device).filter(|device| !stays(device)).collect()
        });
        self.append_leaf(leaf, Some(roster), move |txn| {
            departed::note(txn, &gone);
            links::forget_admitted(txn, &next)
        })
        .await?;
        // What is left over is removed by the regular work.
        if let Err(refused) = self.clear_departed().await {
            tracing::warn!(code = ?refused.0, "mail of a revoked device is not removed yet");
        }
        Ok(())
    }

    /// Admits who has applied here; or who had, before this relay was restored from a backup: then a member gives back
    /// the registrar's statement with the roster that it names.
    async fn admit(
        &self,
        leaf: Vec<u8>,
        statement: &Statement,
        given: Vec<SignedRoster>,
    ) -> Result<(), Refused> {
        let org = statement.org;
        let admission: Admission = read(&statement.payload).ok_or(Refused(ErrorCode::Malformed))?;
        let application: Option<Enrol> = self.kv.get(&keyspace::pending(org))?.and_then(|bytes| read(&bytes));
        let roster = match application {
            Some(applied) => {
                if applied.genesis != admission.genesis || applied.record != admission.record {
                    return Err(Refused(ErrorCode::Conflict));
                }
                applied.roster
            }
            None => given.into_iter().next().ok_or(Refused(ErrorCode::NotFound))?,
        };
        if roster::digest(&roster.body) != admission.roster {
            return Err(Refused(ErrorCode::Conflict));
        }
        self.append_leaf(leaf, Some(roster), move |txn| {
            txn.delete(&keyspace::pending(org));
            Ok(())
        })
        .await?;
        self.applicants
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, applicant| *applicant != org);
        Ok(())
    }

    /// Checks a leaf against the directory, stores it, then appends it for everybody to see. The caller has the turn.
    async fn append_leaf(
        &self,
        leaf: Vec<u8>,
        roster: Option<SignedRoster>,
        also: impl FnOnce(&mut dyn Txn) -> Result<(), Refused> + Send + 'static,
    ) -> Result<(), Refused> {
        let (index, step) = self.with_directory(|d| (d.size(), d.check(&leaf)));
        let mut step = step.map_err(|_| Refused(ErrorCode::Conflict))?;
        if let Some(roster) = &roster {
            // Whoever names another's roster has none of its own: nobody could be told whom to believe.
            let verified = step.supply_roster(roster).map_err(|_| Refused(ErrorCode::Unverified))?;
            if self.with_directory(|d| takes_from_others(d, verified.org, verified)) {
                return Err(Refused(ErrorCode::Conflict));
            }
        }
        let changed = step.organisation().map(|org| org.id);
        transact(&*self.kv, move |txn| {
            txn.put(&keyspace::leaf(index), &leaf);
            if let Some(roster) = roster {
                txn.put(&keyspace::roster(roster::digest(&roster.body)), &codec::encode(&roster));
            }
            also(txn)
        })
        .await??;
        let applied = self.directory.write().unwrap_or_else(PoisonError::into_inner).apply(step);
        applied.map_err(|_| Refused(ErrorCode::Internal))?;
        if let Some(org) = changed {
            let mut connections = self.connections.write().unwrap_or_else(PoisonError::into_inner);
            self.with_directory(|d| d.organisation(org).map(|org| connections.follow(org)));
        }
        self.hub.directory_grew(index + 1);
        Ok(())
    }

    /// Statements from a size on, as many as an answer holds.
    pub(crate) fn directory_since(&self, size: u64) -> DirectoryPart {
        let mut bytes_left = ANSWER_BYTES_MAX;
        let leaves = self.with_directory(|d| {
            d.leaves_from(size)
                .iter()
                .take(STATEMENTS_PER_ANSWER_MAX)
                .take_while(|leaf| {
                    let left = bytes_left.checked_sub(leaf.len());
                    bytes_left = left.unwrap_or(0);
                    left.is_some()
                })
                .cloned()
                .collect()
        });
        DirectoryPart { leaves, checkpoint: self.checkpoint() }
    }

    /// Rosters by hash.
    pub(crate) fn rosters(&self, digests: &[Digest]) -> Result<Vec<SignedRoster>, Refused> {
        if digests.len() > ROSTERS_PER_ANSWER_MAX {
            return Err(Refused(ErrorCode::TooLarge));
        }
        let mut found = Vec::new();
        for digest in digests {
            found.extend(self.kv.get(&keyspace::roster(*digest))?.and_then(|b| read::<SignedRoster>(&b)));
        }
        Ok(found)
    }
}
