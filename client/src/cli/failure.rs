//! Errors for people: what happened, what it means, what to do now, a code. And an exit code for scripts.

use std::path::Path;
use std::process::ExitCode;

use super::output::{emit, harmless, remark};
use crate::lang::Lang;

mod causes;
mod on_page;

pub(crate) use causes::{link_words, unreachable};
pub(crate) use on_page::{hint, on_page};

/// What a person is told when something does not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// For the manual and for support: a letter for the part, a number.
    pub code: &'static str,
    /// What happened and what it means.
    pub message: String,
    /// What to do now.
    pub hint: String,
    /// Whether the same command may work later.
    pub retryable: bool,
    /// Exit code, see the manual.
    pub exit: u8,
    /// A text for somebody else, without which it does not go on.
    pub pass_on: Option<String>,
    /// Message and hint in the other languages: where an error becomes words, nobody knows yet who reads them. Empty where they
    /// are in the reader's language already.
    pub(super) others: Vec<(Lang, String, String)>,
}

/// Exit codes.
pub(crate) mod exit {
    pub(crate) const OTHER: u8 = 1;
    pub(crate) const LOCKED: u8 = 3;
    pub(crate) const NOT_FOUND: u8 = 4;
    pub(crate) const INVALID: u8 = 5;
    pub(crate) const NETWORK: u8 = 6;
    pub(crate) const REFUSED: u8 = 7;
    pub(crate) const INTEGRITY: u8 = 8;
    pub(crate) const CONFLICT: u8 = 9;
    pub(crate) const INTERRUPTED: u8 = 130;
}

impl Failure {
    /// What happened, what to do now, and the code: for where one line has room.
    pub(crate) fn in_a_line(&self) -> String {
        format!("{} {} [{}]", self.message, self.hint, self.code)
    }

    /// In words of the language of whoever reads them.
    pub(crate) fn new(
        code: &'static str,
        exit: u8,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            code,
            message: message.into(),
            hint: hint.into(),
            retryable: exit == exit::NETWORK,
            exit,
            pass_on: None,
            others: Vec::new(),
        }
    }

    /// In the words, message and hint, that each language has for it.
    pub(crate) fn in_each(code: &'static str, exit: u8, words: impl Fn(Lang) -> (String, String)) -> Self {
        let (message, hint) = words(Lang::En);
        let others = Lang::ALL.into_iter().filter(|lang| *lang != Lang::En).map(|lang| {
            let (message, hint) = words(lang);
            (lang, message, hint)
        });
        Self { others: others.collect(), ..Self::new(code, exit, message, hint) }
    }

    /// In the words of this name; its attribute `hint` says what to do now.
    pub(crate) fn said(code: &'static str, exit: u8, id: &str, gaps: &[(&str, &str)]) -> Self {
        Self::in_each(code, exit, |lang| (lang.fill(id, gaps), hint(&format!("{id}.hint"), gaps, lang)))
    }

    /// The same command may work later.
    pub(crate) fn passing(self) -> Self {
        Self { retryable: true, ..self }
    }

    /// As whoever speaks this language reads it.
    pub(crate) fn in_lang(mut self, lang: Lang) -> Self {
        if let Some(place) = self.others.iter().position(|(other, ..)| *other == lang) {
            (_, self.message, self.hint) = self.others.swap_remove(place);
        }
        self.others.clear();
        self
    }

    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        Self::said("X-100", exit::OTHER, "fail-internal", &[("error", &error.to_string())])
    }

    pub(crate) fn interrupted() -> Self {
        Self { retryable: true, ..Self::said("C-130", exit::INTERRUPTED, "fail-interrupted", &[]) }
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::said("C-104", exit::NOT_FOUND, "fail-not-found", &[("what", &harmless(what))])
    }

    /// What was asked for, or may be, stands in sections that are for other devices of the organisation. `what` is the name of the
    /// words for that.
    pub(crate) fn withheld(what: &str, gaps: &[(&str, &str)], sections: &[[u8; 3]]) -> Self {
        let codes: Vec<_> = sections.iter().map(|code| harmless(&String::from_utf8_lossy(code))).collect();
        let sections = codes.join(", ");
        Self::in_each("C-106", exit::NOT_FOUND, |lang| {
            let gaps = [("what", &*lang.fill(what, gaps)), ("sections", &sections)];
            (lang.fill("fail-withheld", &gaps), lang.text("fail-withheld.hint"))
        })
    }

    pub(crate) fn no_directory() -> Self {
        Self::said("D-114", exit::NOT_FOUND, "fail-no-directory", &[])
    }

    pub(crate) fn invalid(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new("C-105", exit::INVALID, message, hint)
    }

    /// Something in the command is wrong, in the words of this name.
    pub(crate) fn wrong(id: &str, gaps: &[(&str, &str)]) -> Self {
        Self::said("C-105", exit::INVALID, id, gaps)
    }

    /// The same, where the words depend on more than gaps.
    pub(crate) fn wrong_in_each(words: impl Fn(Lang) -> (String, String)) -> Self {
        Self::in_each("C-105", exit::INVALID, words)
    }

    /// Whether somebody has typed a wrong passphrase, and nothing else is wrong.
    pub(crate) fn is_wrong_secret(&self) -> bool {
        self.code == super::home::WRONG
    }

    /// A file that somebody has named cannot be read.
    pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        Self::in_each("C-105", exit::INVALID, |lang| {
            let gaps = [("path", &*harmless(&path.display().to_string())), ("why", &*why(error, lang))];
            (lang.fill("fail-unreadable-file", &gaps), lang.text("fail-unreadable-file.hint"))
        })
    }
}

/// Why a file cannot be read: what happens to people in their language, the rest as the operating system says it.
pub(crate) fn why(error: &std::io::Error, lang: Lang) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => lang.text("why-missing"),
        std::io::ErrorKind::PermissionDenied => lang.text("why-denied"),
        std::io::ErrorKind::IsADirectory => lang.text("why-folder"),
        _ => error.to_string(),
    }
}

/// Prints a failure and gives its exit code, for the end of the program.
pub(crate) fn report(failure: Failure, json: bool, lang: Lang) -> ExitCode {
    ExitCode::from(tell(failure, json, lang))
}

/// The same, for whoever has asked.
pub(crate) fn tell(failure: Failure, json: bool, lang: Lang) -> u8 {
    let failure = failure.in_lang(lang);
    if json {
        let error = serde_json::json!({ "error": {
            "code": failure.code,
            "message": failure.message,
            "hint": failure.hint,
            "retryable": failure.retryable,
            "pass_on": failure.pass_on,
        }});
        remark(&error.to_string());
    } else {
        if let Some(text) = &failure.pass_on {
            emit(text);
        }
        remark(&format!("{}\n{} [{}]", failure.message, failure.hint, failure.code));
    }
    failure.exit
}

#[cfg(test)]
mod tests {
    use causeway_certs::transport::LinkError;
    use causeway_common::error::ErrorCode;
    use causeway_common::store::StoreError;

    use super::*;
    use crate::engine::EngineError;
    use crate::replica::ReplicaError;
    use crate::session::SessionError;
    use crate::vault::VaultError;

    /// What people meet.
    fn met() -> Vec<Failure> {
        let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
        vec![
            Failure::internal("a wire is loose"),
            Failure::interrupted(),
            Failure::not_found("3f9a"),
            Failure::withheld("fail-withheld-answer", &[], &[*b"DOC"]),
            Failure::no_directory(),
            Failure::wrong("send-to-self", &[]),
            Failure::unreadable(Path::new("/no/such.json"), &missing),
            StoreError::Locked("/home".into()).into(),
            StoreError::Corrupt("a hash".into()).into(),
            StoreError::Unavailable("full".into()).into(),
            VaultError::WrongPassphrase.into(),
            VaultError::WeakPassphrase.into(),
            VaultError::Missing.into(),
            EngineError::NoIdentity.into(),
            EngineError::UnknownOrganisation("Harbour".into()).into(),
            ReplicaError::Split.into(),
            ReplicaError::Shrunk { shown: 4, known: 9 }.into(),
            SessionError::NotAdmitted.into(),
            SessionError::Removed(None).into(),
            LinkError::TimedOut.into(),
            LinkError::Unauthenticated.into(),
            ErrorCode::Quota.into(),
            ErrorCode::Suspended.into(),
        ]
    }

    #[test]
    fn the_same_failure_is_said_in_the_language_of_whoever_reads_it() {
        let is_russian = |text: &str| text.chars().any(|c| ('а'..='я').contains(&c));
        for failure in met() {
            let (english, russian) = (failure.clone().in_lang(Lang::En), failure.in_lang(Lang::Ru));
            assert_eq!((english.code, english.exit), (russian.code, russian.exit));
            for (said, wanted) in [(&english, false), (&russian, true)] {
                assert_eq!(is_russian(&said.message), wanted, "{said:?}");
                assert_eq!(is_russian(&said.hint), wanted, "{said:?}");
                assert!(!said.message.contains(['{', '}']) && !said.message.contains("fail-"), "{said:?}");
            }
        }
    }

    #[test]
    fn a_failure_without_a_connection_may_be_tried_again_and_says_why() {
        let failure = Failure::from(LinkError::TimedOut);
        assert_eq!((failure.code, failure.exit, failure.retryable), ("N-102", exit::NETWORK, true));
        assert!(failure.message.contains("does not answer"), "{failure:?}");
        assert!(failure.in_lang(Lang::Ru).message.contains("не отвечает"));
    }
}
