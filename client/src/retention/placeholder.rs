//! What is left of a case that was erased.

use causeway_common::ids::{Digest, OrgId, PacketId};
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::Thread;
use crate::records::{self, RecordError, Source, Step};
use crate::vault::{CaseName, Changes, Tree, Vault};

use super::Reason;

const PLACEHOLDER: &[u8] = b"p";

/// Says that there was a case, and that it is gone. Nothing in it is about a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Placeholder {
    /// Name of its thread.
    pub case: CaseName,
    /// Its first packet.
    pub root: PacketId,
    /// The last step that both sides know of; the first packet if there was none.
    pub last: PacketId,
    /// Kind code.
    pub kind: String,
    /// The other organisation.
    pub peer: OrgId,
    /// Whether we sent the first packet.
    pub ours: bool,
    /// When it began here.
    pub begun: Timestamp,
    /// When it was erased here.
    pub erased: Timestamp,
    /// Hash of the grant that the sender of the first packet signed; zeros if it was never sealed.
    pub grant: Digest,
    /// Code of [`Reason`].
    pub reason: String,
    /// Name of the colleague's device on which it was decided; empty: here.
    pub author: String,
    /// When the other side was asked to erase it as well; zero if it was not.
    pub asked: Timestamp,
    /// When the other side answered; zero if it has not.
    pub answered: Timestamp,
    /// What it answered: a word of [`Answer`]; for a refusal with its legal ground after a colon.
    pub answer: String,
    /// Packets of this case that came later and were not stored.
    pub late: u32,
}

/// What the other side has made of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// It has erased the case.
    Done,
    /// It keeps it, on a legal ground.
    Refused(String),
}

impl Placeholder {
    /// Of a case as it is now.
    pub(crate) fn of(thread: &Thread, grant: Digest, reason: Reason, at: Timestamp) -> Self {
        let none = PacketId([0; 32]);
        let step = thread.events.iter().rev().find(|event| event.after != none && !event.taken_back);
        Self {
            case: thread.case,
            root: thread.root,
            last: step.map_or(thread.root, |event| event.packet),
            kind: thread.kind.clone(),
            peer: thread.peer,
            ours: thread.ours,
            begun: thread.begun,
            erased: at,
            grant,
            reason: reason.as_str().into(),
            author: String::new(),
            asked: Timestamp(0),
            answered: Timestamp(0),
            answer: String::new(),
            late: 0,
        }
    }

    /// What the other side has answered.
    pub fn answer(&self) -> Option<Answer> {
        match self.answer.split_once(':') {
            Some(("refused", ground)) => Some(Answer::Refused(ground.to_owned())),
            _ => (self.answer == "done").then_some(Answer::Done),
        }
    }

    /// Notes an answer. The last one counts: a refusal may have come to its end.
    pub(crate) fn take_answer(&mut self, answer: &Answer, at: Timestamp) {
        self.answered = at;
        self.answer = match answer {
            Answer::Done => "done".to_owned(),
            Answer::Refused(ground) => format!("refused:{ground}"),
        };
    }

    /// The number a person uses, as [`crate::model::Thread`] has it.
    pub fn number(&self) -> String {
        if self.ours || self.root == PacketId([0; 32]) {
            hex::encode(self.case)
        } else {
            self.root.to_string()
        }
    }
}

fn key(case: &CaseName) -> Vec<u8> {
    [PLACEHOLDER, case].concat()
}

/// What is left of this case; none if it was not erased.
pub fn of(from: &dyn Source, case: &CaseName) -> Result<Option<Placeholder>, RecordError> {
    records::read(from, Tree::Retention, &key(case))
}

/// What is left of all cases that were erased.
pub fn all(vault: &Vault) -> Result<Vec<Placeholder>, RecordError> {
    let ids = records::ids_with_prefix(vault, Tree::Retention, PLACEHOLDER);
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        all.extend(records::read(vault, Tree::Retention, &id)?);
    }
    Ok(all)
}

/// Stores it.
pub(crate) fn put(changes: &mut Changes, placeholder: &Placeholder) {
    records::write(changes, Tree::Retention, &key(&placeholder.case), placeholder);
}

/// A packet of a case that was erased has come: counts it. Its content goes nowhere.
pub(crate) fn take_late(step: &mut Step<'_>, mut placeholder: Placeholder) {
    placeholder.late = placeholder.late.saturating_add(1);
    put(&mut step.changes, &placeholder);
}
