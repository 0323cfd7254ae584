//! Cases are erased: here, then on the colleagues' devices.

use std::collections::BTreeSet;

use causeway_common::ids::{Digest, OrgId, PacketId};
use serde_json::Value;

use super::shared::PRIORITY;
use super::{Draft, Engine, EngineError};
use crate::activity;
use crate::attachments::{self, kept as draft_files};
use crate::calls;
use crate::casebook::Case;
use crate::consents;
use crate::doubts;
use crate::escalation::tasks;
use crate::formats::drafts;
use crate::matching::finding;
use crate::model::{Received, Sent, StoredSection, Thread};
use crate::office;
use crate::records::{self, Step};
use crate::retention::proofs::{self, Proof};
use crate::retention::requests::{self, Order};
use crate::retention::rules::Part;
use crate::retention::{EraseError, Erased, Placeholder, Reason, holds, placeholder};
use crate::seal::packet::HEADER_SECTION;
use crate::shared::{ErasedItem, Shared};
use crate::stats::{Facts, kept};
use crate::vault::{CaseName, Changes, Tree};

/// On whose word a case is erased, beside our own.
pub(crate) struct Word {
    /// Name of the colleague's device that says so; empty: a person here does.
    pub(crate) author: String,
    /// What the other side is told in the same transaction, and whether that is a question.
    pub(crate) tell: Option<(Draft, bool)>,
}

impl Engine {
    /// Erases cases that are under one epoch, or few, in one go. On a colleague's word the colleagues are not told again.
    pub(crate) async fn erase(
        &self,
        cases: &[(CaseName, Reason)],
        word: Option<Word>,
    ) -> Result<Vec<Erased>, EraseError> {
        let _turn = self.turn.lock().await;
        let (author, tell) = word.map_or_else(Default::default, |word| (word.author, word.tell));
        let mut step = Step::new(&self.vault);
        let mut placeholders = Vec::with_capacity(cases.len());
        let (mut files, mut older) = (Vec::new(), BTreeSet::new());
        let mut names: BTreeSet<CaseName> = cases.iter().map(|(case, _)| *case).collect();
        for (case, reason) in cases {
            let mut left = self.placeholder(*case, *reason, &step)?;
            if tell.as_ref().is_some_and(|(_, asks)| *asks) {
                left.asked = self.now();
            }
            left.author.clone_from(&author);
            if let Some(thread) = records::thread(&step, case)? {
                self.keep_what_may_stay(&Case::of(&step, thread)?, *reason, &mut step)?;
            }
            files.extend(self.drop_packets(*case, &mut older, &mut step)?);
            placeholder::put(&mut step.changes, &left);
            step.changes.delete(Tree::Retention, &requests::order_key(case));
            let what = format!("erased a case ({})", reason.as_str());
            activity::append(&self.vault, &mut step.changes, self.now(), &what, Some(left.root))
                .map_err(EngineError::from)?;
            placeholders.push(left);
        }
        if author.is_empty() {
            self.share_erased(&placeholders, &mut step).await?;
        }
        self.queue_into(tell.into_iter().map(|(draft, _)| draft).collect(), &mut step.changes);
        names.extend(self.drop_notes(&names, &placeholders, &mut step)?);
        let mut rng = self.fork_rng().await;
        let rekeyed = self.vault.erase_cases(&names, step.changes, &mut rng).await;
        older.extend(rekeyed.map_err(EngineError::from)?);
        self.outbox.send_modify(|count| *count += 1);
        for sections in files {
            attachments::forget(&self.staging, &sections);
        }
        let erased =
            |placeholder: Placeholder| Erased { older: older.contains(&placeholder.case), placeholder };
        Ok(placeholders.into_iter().map(erased).collect())
    }

    /// Takes fields out of the packets of a case for good. Says whether anything was there to take. Not while a court holds it.
    pub(crate) async fn erase_fields(&self, case: CaseName, part: Part) -> Result<bool, EraseError> {
        let files = part.fields.contains(&"attachments");
        self.take_from_packets(case, part.texts, files, |sections| take_out(sections, part)).await
    }

    /// The same for whole sections and the files in them.
    pub async fn erase_sections(&self, case: CaseName, codes: &[[u8; 3]]) -> Result<bool, EraseError> {
        let take = |sections: &mut Vec<StoredSection>| {
            let before = sections.len();
            sections.retain(|section| section.code == HEADER_SECTION || !codes.contains(&section.code));
            sections.len() != before
        };
        self.take_from_packets(case, false, true, take).await
    }

    /// Gives the case another key, so that no older version of what is taken opens.
    async fn take_from_packets(
        &self,
        case: CaseName,
        texts: bool,
        drop_files: bool,
        take: impl Fn(&mut Vec<StoredSection>) -> bool,
    ) -> Result<bool, EraseError> {
        let _turn = self.turn.lock().await;
        let mut step = Step::new(&self.vault);
        if let Some(hold) = holds::of(&step, &case)? {
            return Err(EraseError::Held(Box::new(hold)));
        }
        let (mut found, mut files) = (false, Vec::new());
        for (tree, id) in self.vault.ids_of(&BTreeSet::from([case])) {
            match tree {
                Tree::Outbox => {
                    let Some(mut sent) = records::read::<Sent>(&step, tree, &id)? else { continue };
                    files.push(sent.sections.clone());
                    found |= take(&mut sent.sections);
                    if !sent.transport.is_pending() {
                        sent.envelope.clear();
                    }
                    records::put_sent(&mut step.changes, &sent);
                }
                Tree::Inbox => {
                    let Some(mut received) = records::read::<Received>(&step, tree, &id)? else { continue };
                    files.push(received.sections.clone());
                    found |= take(&mut received.sections);
                    records::put_received(&mut step.changes, &received);
                }
                _ => {}
            }
        }
        if let Some(mut thread) = records::thread(&step, &case)?.filter(|_| texts) {
            thread.events.iter_mut().for_each(|event| event.text.clear());
            records::put_thread(&mut step.changes, &thread);
        }
        if texts {
            found |= office::drop_notes(&self.vault, &mut step.changes, case);
        }
        if !found {
            return Ok(false);
        }
        activity::append(&self.vault, &mut step.changes, self.now(), "erased fields of a case", None)
            .map_err(EngineError::from)?;
        let renewed = self.vault.renew_case(case, step.changes, &mut self.fork_rng().await).await;
        renewed.map_err(EngineError::from)?;
        if drop_files {
            files.iter().for_each(|sections| attachments::forget(&self.staging, sections));
        }
        Ok(true)
    }

    /// Brings erasures to their end that were cut off, and carries out what colleagues have erased meanwhile. Says whether one
    /// was cut off.
    pub async fn finish_erasing(&self) -> Result<bool, EngineError> {
        let found = self.vault.finish_erasing(&mut self.fork_rng().await).await?;
        requests::carry_out(self).await?;
        Ok(found)
    }

    /// A colleague has erased what is not here, or not any more.
    pub(crate) async fn leave_placeholder(&self, order: &Order) -> Result<(), EngineError> {
        let _turn = self.turn.lock().await;
        let mut step = Step::new(&self.vault);
        if placeholder::of(&step, &order.case)?.is_none() {
            placeholder::put(&mut step.changes, &Placeholder::before_it_came(order));
            office::drop_case(&self.vault, &mut step.changes, order.case);
        }
        step.changes.delete(Tree::Retention, &requests::order_key(&order.case));
        self.commit_step(step).await
    }

    fn placeholder(
        &self,
        case: CaseName,
        reason: Reason,
        step: &Step<'_>,
    ) -> Result<Placeholder, EraseError> {
        if let Some(before) = placeholder::of(step, &case)? {
            return Err(EraseError::Erased(Box::new(before)));
        }
        if let Some(hold) = holds::of(step, &case)? {
            return Err(EraseError::Held(Box::new(hold)));
        }
        let thread = records::thread(step, &case)?.ok_or(EraseError::NotFound)?;
        Ok(Placeholder::of(&thread, grant_of(&thread, step)?, reason, self.now()))
    }

    /// What is counted of a case, and what proves that it was sent: neither says who it was about. A person who wants to be gone
    /// is not counted, and what she had agreed to goes too.
    fn keep_what_may_stay(
        &self,
        case: &Case,
        reason: Reason,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        if reason.leaves_facts() {
            kept::put(&mut step.changes, &Facts::of(case));
        }
        if let Some(proof) = Proof::of(case, reason.leaves_facts(), self.now(), step)? {
            proofs::put(&mut step.changes, &proof);
        }
        Ok(())
    }

    /// Takes all packets of a case out of every list, with what cannot be erased by its key. Gives the sections that may name
    /// staged files.
    fn drop_packets(
        &self,
        case: CaseName,
        older: &mut BTreeSet<CaseName>,
        step: &mut Step<'_>,
    ) -> Result<Vec<Vec<StoredSection>>, EraseError> {
        let mut places = self.vault.ids_of(&BTreeSet::from([case]));
        let unkeyed = records::older_than_keys(&self.vault, case)?;
        older.extend((!unkeyed.is_empty()).then_some(case));
        places.extend(unkeyed);
        let mut files = Vec::new();
        for (tree, id) in places {
            match tree {
                Tree::Outbox => {
                    let Some(sent) = records::read::<Sent>(step, tree, &id)? else { continue };
                    records::drop_sent(&mut step.changes, &sent);
                    files.push(sent.sections);
                }
                Tree::Inbox => {
                    let Some(received) = records::read::<Received>(step, tree, &id)? else { continue };
                    doubts::forget(&mut step.changes, received.packet);
                    step.changes.delete(tree, &id);
                    files.push(received.sections);
                }
                _ => step.changes.delete(tree, &id),
            }
        }
        Ok(files)
    }

    /// What people have written about these cases and that stands elsewhere: tasks and what came of them, decisions that are
    /// looked at again, matches. Gives the names of their keys.
    fn drop_notes(
        &self,
        names: &BTreeSet<CaseName>,
        erased: &[Placeholder],
        step: &mut Step<'_>,
    ) -> Result<Vec<CaseName>, EngineError> {
        tasks::forget(&self.vault, &mut step.changes, names)?;
        let mut keys = finding::forget(&self.vault, &mut step.changes, names)?;
        let catalogue = records::catalogue(&self.vault)?;
        let stays = |root| catalogue.lines().any(|line| line.root == root && !names.contains(&line.case));
        for root in erased.iter().map(|left| left.root).filter(|root| !stays(*root)) {
            consents::forget_reviews(&self.vault, &mut step.changes, root);
            keys.push(root.0);
        }
        Ok(keys)
    }

    /// Erases a call for good; what it has led to is a case of its own and stays.
    pub async fn erase_call(&self, id: CaseName, reason: Reason) -> Result<bool, EngineError> {
        let _turn = self.turn.lock().await;
        let Some(call) = calls::call(&self.vault, &id)? else { return Ok(false) };
        let mut changes = Changes::default();
        if reason.leaves_facts() {
            kept::put(&mut changes, &Facts::of_call(&call));
        }
        changes.delete(Tree::Calls, &id);
        activity::append(&self.vault, &mut changes, self.now(), "erased a call", None)?;
        self.vault.erase_cases(&BTreeSet::from([id]), changes, &mut self.fork_rng().await).await?;
        Ok(true)
    }

    /// Takes a draft away: none of its versions opens afterwards. `left` stays in its place, so that the same record is not sent
    /// twice.
    pub async fn erase_draft(
        &self,
        draft: &drafts::Draft,
        left: Option<&drafts::Draft>,
        what: &str,
    ) -> Result<(), EngineError> {
        let _turn = self.turn.lock().await;
        let mut changes = Changes::default();
        let files = draft_files::all(&self.vault, &draft.id)?;
        files.iter().for_each(|file| draft_files::drop(&mut changes, file));
        match left {
            Some(left) => drafts::put_sent(&mut changes, left),
            None => drafts::drop(&mut changes, &draft.id),
        }
        activity::append(&self.vault, &mut changes, self.now(), what, None)?;
        self.vault
            .erase_cases(&BTreeSet::from([draft.own_case()]), changes, &mut self.fork_rng().await)
            .await?;
        files.iter().for_each(|file| file.forget(&self.staging));
        Ok(())
    }

    /// Tells the colleagues.
    async fn share_erased(&self, all: &[Placeholder], step: &mut Step<'_>) -> Result<(), EngineError> {
        if !self.has_colleagues().await {
            return Ok(());
        }
        for placeholder in all {
            let mut shared = Shared::by(&self.identity.device_name);
            let (case, at, reason) = (placeholder.case, placeholder.erased, placeholder.reason.clone());
            shared.say_erased(&ErasedItem { case, at, reason });
            self.share(shared, Vec::new(), PRIORITY, step).await?;
        }
        Ok(())
    }
}

/// Takes fields out of sections; what was written with steps too, if it goes.
fn take_out(sections: &mut [StoredSection], part: Part) -> bool {
    let mut found = false;
    for section in sections {
        let Ok(Value::Object(mut fields)) = serde_json::from_slice(&section.bytes) else { continue };
        let mut was_in = part.take_from(&mut fields);
        if part.texts && fields.get("kind").and_then(Value::as_str) == Some("CUP") {
            for name in ["text", "eta", "answer"] {
                was_in |= fields.remove(name).is_some();
            }
        }
        if was_in {
            found = true;
            section.bytes = Value::Object(fields).to_string().into_bytes();
        }
    }
    found
}

fn grant_of(thread: &Thread, step: &Step<'_>) -> Result<Digest, EraseError> {
    let sent =
        |packet: PacketId, to: OrgId| records::sent(step, packet, to).map(|sent| sent.map(|s| s.grant));
    let grant = if thread.ours {
        sent(thread.root, thread.peer)?
    } else {
        records::received(step, thread.root)?.map(|received| received.grant_digest)
    };
    Ok(grant.unwrap_or(Digest([0; 32])))
}
