//! What a step may tell the other side of a case: a step is a message like any other.

use super::super::failure::{Failure, exit};
use super::super::home::Home;
use crate::casebook::Case;
use crate::consents;
use crate::engine::threads::Words;
use crate::model::Thread;
use crate::referral::access::{self, Rule};
use crate::referral::sections::HDR;
use crate::referral::{Document, Kind};

/// Fields of a step that say nothing of the person.
const SILENT: [&str; 3] = ["staff_no", "assigned_to", "clock"];

/// Refuses a step that says something of her to whoever may not hear it any more: the state that she fears, as far as this home has
/// ever heard, and anybody once she has taken back all of her consent. A step without words ends a case, or answers for it, as
/// before.
pub(crate) async fn may_be_told(thread: &Thread, words: &Words, home: &Home) -> Result<(), Failure> {
    let silent = words.text.trim().is_empty()
        && words.answer.is_empty()
        && words.fields.keys().all(|name| SILENT.contains(&name.as_str()));
    let recipient = home.engine.recipient(thread.peer).await;
    let (Some(kind), Some(recipient), false) = (Kind::from_code(&thread.kind), recipient, silent) else {
        return Ok(());
    };
    let vault = &home.engine.vault;
    let document = Document { kind, fields: Case::of(vault, thread.clone())?.document };
    let protection = consents::protection::known(vault, &document.fields)?;
    let refused = |code, id: &str| {
        let hint = home.lang.text(&format!("{id}-hint"));
        Err(Failure::new(code, exit::REFUSED, home.lang.text(id), hint))
    };
    if access::must_not_hear(&document, &protection, &recipient, home.engine.now()) == Some(Rule::HardAsylum)
    {
        return refused("W-118", "told-feared");
    }
    let ended = consents::ended(vault, consents::consent_ref(&document.fields))?;
    if thread.ours && ended.contains(&HDR) {
        return refused("W-119", "told-withdrawn");
    }
    Ok(())
}
