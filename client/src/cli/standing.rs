//! Who is shut out and why, in words; and how somebody has made sure of something.

use causeway_certs::directory::{Organisation, Suspended};
use causeway_common::statements::SUSPENDED_COMPROMISED;
use clap::ValueEnum;
use serde_json::{Value, json};

use super::failure::{Failure, exit};
use super::home::Home;
use super::output::time;
use crate::lang::Lang;
use crate::model::{PACKET_REFERRAL, Thread};
use crate::records;

/// Why the registrar suspends an organisation. The words are for the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reason {
    /// It has asked for it.
    OwnWish,
    /// It has lost its keys.
    KeysLost,
    /// Somebody else may have its keys.
    KeysKnown,
    /// It does not keep the rules.
    Rules,
}

impl Reason {
    /// The number in the statement.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::OwnWish => 1,
            Self::KeysLost => 2,
            Self::KeysKnown => SUSPENDED_COMPROMISED,
            Self::Rules => 4,
        }
    }
}

/// How somebody has made sure, by another way than this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Vetted {
    /// Face to face.
    InPerson,
    /// By a telephone number known from elsewhere.
    Phone,
    /// By letter.
    Letter,
    /// In another way.
    Other,
}

impl Vetted {
    /// The number in the statement.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::InPerson => 1,
            Self::Phone => 2,
            Self::Letter => 3,
            Self::Other => 4,
        }
    }
}

/// The word of a reason for scripts; the same as on the command line.
fn reason_word(reason: u8) -> &'static str {
    match reason {
        1 => "own-wish",
        2 => "keys-lost",
        SUSPENDED_COMPROMISED => "keys-known",
        4 => "rules",
        _ => "other",
    }
}

/// The name of the words for a reason.
fn because(reason: u8) -> &'static str {
    match reason {
        1 => "suspended-own-wish",
        2 => "suspended-keys-lost",
        SUSPENDED_COMPROMISED => "suspended-keys-known",
        4 => "suspended-rules",
        _ => "suspended-other",
    }
}

/// Since when and why, as a part of a sentence.
pub(crate) fn since_and_why(suspended: &Suspended, lang: Lang) -> String {
    let at = time(suspended.at);
    let at = at.as_str().map_or_else(|| lang.text("suspended-some-time"), str::to_owned);
    lang.fill("suspended-since", &[("at", &at), ("why", &lang.text(because(suspended.reason)))])
}

/// The same for scripts, with the words for people; null for an organisation that is not shut out.
pub(crate) fn suspension(suspended: Option<&Suspended>, lang: Lang) -> Value {
    suspended.map_or(Value::Null, |s| {
        json!({
            "since": time(s.at),
            "reason": reason_word(s.reason),
            "in_doubt_since": time(s.compromised_since),
            "words": since_and_why(s, lang),
        })
    })
}

/// The word of `org list`.
pub(crate) fn status(org: &Organisation) -> &'static str {
    if org.suspended.is_some() { "suspended" } else { "active" }
}

/// What the suspended organisation itself is told.
pub(crate) fn own(suspended: Option<&Suspended>) -> Failure {
    Failure::in_each("N-117", exit::REFUSED, |lang| {
        let since = suspended.map_or_else(String::new, |s| format!(" {}", since_and_why(s, lang)));
        (lang.fill("fail-own-suspended", &[("since", &since)]), lang.text("fail-own-suspended.hint"))
    })
}

/// What a sender is told.
pub(crate) fn recipient(name: &str, suspended: &Suspended) -> Failure {
    Failure::in_each("D-107", exit::REFUSED, |lang| {
        let gaps = [("name", name), ("since", &*since_and_why(suspended, lang))];
        (lang.fill("fail-recipient-suspended", &gaps), lang.text("fail-recipient-suspended.hint"))
    })
}

impl Home {
    /// How an organisation is suspended; none: it is not.
    pub(crate) async fn suspension_of(&self, org: causeway_common::ids::OrgId) -> Option<Suspended> {
        let replica = self.engine.replica.lock().await;
        replica.directory.organisation(org)?.suspended
    }

    /// How many referrals and steps of ours wait here for organisations that are suspended.
    pub(crate) async fn held_count(&self) -> Result<usize, Failure> {
        let replica = self.engine.replica.lock().await;
        let shut_out = |org| replica.directory.organisation(org).is_some_and(|org| org.suspended.is_some());
        let least = causeway_common::priority::Priority::P3;
        let places = records::pending(&self.engine.vault, least, usize::MAX, |place| shut_out(place.to));
        drop(replica);
        let mut held = 0;
        for place in places {
            let sent = records::sent(&self.engine.vault, place.packet, place.to)?;
            held += usize::from(sent.is_some_and(|sent| sent.packet_type == PACKET_REFERRAL));
        }
        Ok(held)
    }

    /// How the other side of a thread is suspended, if something of ours waits for it.
    pub(crate) async fn holds(&self, thread: &Thread) -> Result<Option<Suspended>, Failure> {
        let Some(suspended) = self.suspension_of(thread.peer).await else { return Ok(None) };
        let steps = thread.events.iter().filter(|event| event.by != thread.peer).map(|event| event.packet);
        for packet in steps.chain([thread.root]) {
            let sent = records::sent(&self.engine.vault, packet, thread.peer)?;
            if sent.is_some_and(|sent| sent.transport.is_pending()) {
                return Ok(Some(suspended));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_number_a_word_and_a_sentence_of_its_own() {
        let mut sentences = std::collections::BTreeSet::new();
        for reason in Reason::value_variants() {
            let word = reason.to_possible_value().map(|value| value.get_name().to_owned());
            assert_eq!(word.as_deref(), Some(reason_word(reason.number())));
            sentences.extend(Lang::ALL.map(|lang| lang.text(because(reason.number()))));
        }
        assert_eq!(sentences.len(), 8);
        assert!(Lang::ALL.iter().all(|lang| !sentences.contains(&lang.text(because(99)))));
    }

    #[test]
    fn ways_of_making_sure_are_numbered_as_in_the_protocol() {
        let numbers: Vec<u8> = Vetted::value_variants().iter().map(|way| way.number()).collect();
        assert_eq!(numbers, [1, 2, 3, 4]);
    }
}
