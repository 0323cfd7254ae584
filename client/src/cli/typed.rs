//! What cannot be understood of a command that a page, a program or a daemon's terminal has given: which field, and what stands
//! in it. The words of the parser are English and name flags that nobody on a page has seen.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::failure::Failure;
use super::output::harmless;
use crate::lang::Lang;

/// Longest value that is shown again, in characters.
const SHOWN_CHARS: usize = 60;

/// The failure of a command that is none.
pub(super) fn not_understood(error: &clap::Error) -> Failure {
    let flag = context(error, ContextKind::InvalidArg);
    let value: String =
        harmless(&context(error, ContextKind::InvalidValue)).chars().take(SHOWN_CHARS).collect();
    let first_line = error.to_string().lines().next().unwrap_or_default().to_owned();
    let why = first_line.trim_start_matches("error: ").to_owned();
    let id = match error.kind() {
        ErrorKind::InvalidValue | ErrorKind::ValueValidation if value.is_empty() => "fail-field-missing",
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => "fail-field-value",
        ErrorKind::MissingRequiredArgument => "fail-field-missing",
        _ => "fail-not-a-command",
    };
    Failure::wrong_in_each(|lang| {
        let gaps = [("field", &*field(&flag, lang)), ("value", &*value), ("why", &*why)];
        (lang.fill(id, &gaps), lang.text(&format!("{id}.hint")))
    })
}

fn context(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(one)) => one.clone(),
        Some(ContextValue::Strings(all)) => all.join(", "),
        _ => String::new(),
    }
}

/// What the field is called in which the flag was typed; the flag itself if no page has such a field.
fn field(flag: &str, lang: Lang) -> String {
    let named = |one: &str| {
        let word = one.trim().trim_start_matches('-').trim_start_matches('<');
        let word: String =
            word.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_').collect();
        let id = format!("typed-{}", word.to_lowercase().replace('_', "-"));
        lang.find(&id, None).unwrap_or_else(|| harmless(one))
    };
    flag.split(", ").map(named).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;

    fn told(words: &[&str], lang: Lang) -> Failure {
        let all = ["causeway"].iter().chain(words);
        not_understood(&Cli::try_parse_from(all).err().unwrap()).in_lang(lang)
    }

    #[test]
    fn a_field_is_named_as_the_page_names_it_in_the_readers_language() {
        let role = told(&["staff", "add", "7", "--role=boss"], Lang::Ru);
        assert!(role.message.contains("«boss»") && !role.message.contains("role"), "{role:?}");
        let visible = told(&["notes", "add", "3f9a", "--visible=", "--text=x"], Lang::Ru);
        assert!(!visible.message.contains("visible") && !visible.message.contains("error"), "{visible:?}");
        let missing = told(&["staff", "add", "7"], Lang::En);
        assert!(missing.message.contains("Role"), "{missing:?}");
        for lang in Lang::ALL {
            let other = told(&["no-such-command"], lang);
            assert_eq!(other.code, "C-105");
            assert!(!other.message.contains("error:"), "{other:?}");
        }
    }
}
