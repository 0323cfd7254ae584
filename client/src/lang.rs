//! What people read, in their language. The words stand in `client/locales`, one folder for each language, in Fluent.

use std::fmt::Write as _;
use std::str::FromStr;
use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

/// A language of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "one for each folder of words")]
pub enum Lang {
    /// English.
    En,
    /// Russian.
    Ru,
    /// English, each line of each text in brackets: what a page says without them is in no language. There is no such language
    /// but in the tests of this crate.
    #[cfg(test)]
    Pseudo,
}

/// How a text of the language in brackets begins.
#[cfg(test)]
pub(crate) const OPENS: char = '⟦';
/// And ends.
#[cfg(test)]
pub(crate) const CLOSES: char = '⟧';

macro_rules! words {
    ($($file:literal),* $(,)?) => {
        const ENGLISH: &[&str] = &[$(include_str!(concat!("../locales/en/", $file, ".ftl"))),*];
        const RUSSIAN: &[&str] = &[$(include_str!(concat!("../locales/ru/", $file, ".ftl"))),*];
    };
}
words![
    "access",
    "api",
    "attachments",
    "backup",
    "begin",
    "calls",
    "capacity",
    "checks",
    "codes",
    "daemon",
    "failures",
    "fields",
    "formats",
    "inbox",
    "lang",
    "lifecycle",
    "log",
    "machine",
    "matches",
    "mrz",
    "office",
    "org",
    "pages",
    "pages-failures",
    "pages-handover",
    "pages-hints",
    "pages-lists",
    "pages-network",
    "pages-office",
    "pages-settings",
    "pages-tasks",
    "problems",
    "referring",
    "registers",
    "restoring",
    "retention",
    "search",
    "security-keys",
    "sections",
    "send",
    "stats",
    "status",
    "steps",
    "tasks",
];

/// A language that the program does not speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("languages are en and ru")]
pub struct UnknownLang;

impl FromStr for Lang {
    type Err = UnknownLang;

    fn from_str(word: &str) -> Result<Self, UnknownLang> {
        #[cfg(test)]
        if word == Self::Pseudo.tag() {
            return Ok(Self::Pseudo);
        }
        Self::ALL.into_iter().find(|lang| lang.tag() == word).ok_or(UnknownLang)
    }
}

impl Lang {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::En, Self::Ru];

    /// Its tag (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ru => "ru",
            #[cfg(test)]
            Self::Pseudo => "en-XA",
        }
    }

    /// The language of a locale such as `ru_RU.UTF-8`; English for every other one.
    pub fn of_locale(locale: &str) -> Self {
        if locale.starts_with("ru") { Self::Ru } else { Self::En }
    }

    /// A text without gaps. A text that does not exist is shown by its name: it never ends a program.
    pub fn text(self, id: &str) -> String {
        self.find(id, None).unwrap_or_else(|| id.to_owned())
    }

    /// A text with what goes into its gaps.
    pub fn fill(self, id: &str, gaps: &[(&str, &str)]) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in gaps {
            args.set(*name, FluentValue::from(*value));
        }
        self.find(id, Some(&args)).unwrap_or_else(|| id.to_owned())
    }

    /// A text that depends on a number, which stands in it as `$count`.
    pub fn count(self, id: &str, count: usize) -> String {
        self.count_with(id, count, &[])
    }

    /// The same with other gaps beside the number.
    pub fn count_with(self, id: &str, count: usize, gaps: &[(&str, &str)]) -> String {
        let mut args = FluentArgs::new();
        args.set("count", FluentValue::from(count));
        for (name, value) in gaps {
            args.set(*name, FluentValue::from(*value));
        }
        self.find(id, Some(&args)).unwrap_or_else(|| id.to_owned())
    }

    /// A text with what goes into its gaps, if there is one.
    pub(crate) fn find_filled(self, id: &str, gaps: &[(&str, &str)]) -> Option<String> {
        let mut args = FluentArgs::new();
        for (name, value) in gaps {
            args.set(*name, FluentValue::from(*value));
        }
        self.find(id, Some(&args))
    }

    /// A text if there is one: `message` or `message.attribute`.
    pub fn find(self, id: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
        #[cfg(test)]
        if self == Self::Pseudo {
            return Self::En.find(id, args).map(|words| in_brackets(&words));
        }
        let bundle = self.bundle();
        let (id, attribute) = id.split_once('.').map_or((id, None), |(id, attribute)| (id, Some(attribute)));
        let message = bundle.get_message(id)?;
        let pattern = match attribute {
            Some(attribute) => message.get_attribute(attribute)?.value(),
            None => message.value()?,
        };
        let mut missing = Vec::new();
        let mut out = String::new();
        let _ = write!(out, "{}", bundle.format_pattern(pattern, args, &mut missing));
        Some(out)
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        static BUNDLES: [OnceLock<FluentBundle<FluentResource>>; 2] = [OnceLock::new(), OnceLock::new()];
        let (lock, texts) = match self {
            #[cfg(test)]
            Self::Pseudo => return Self::En.bundle(),
            Self::En => (&BUNDLES[0], ENGLISH),
            Self::Ru => (&BUNDLES[1], RUSSIAN),
        };
        lock.get_or_init(|| {
            let tag = self.tag().parse().unwrap_or_default();
            let mut bundle = FluentBundle::new_concurrent(vec![tag]);
            // The marks that isolate what is filled in belong into pages, not into terminals and files.
            bundle.set_use_isolating(false);
            for text in texts {
                let resource = match FluentResource::try_new((*text).to_owned()) {
                    Ok(resource) | Err((resource, _)) => resource,
                };
                bundle.add_resource_overriding(resource);
            }
            bundle
        })
    }
}

/// Each line by itself, for some texts are shown line by line.
#[cfg(test)]
fn in_brackets(words: &str) -> String {
    let line = |line: &str| if line.is_empty() { String::new() } else { format!("{OPENS}{line}{CLOSES}") };
    words.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod used;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Names of messages and attributes, and the gaps in them.
    fn names(texts: &[&str]) -> BTreeSet<String> {
        use fluent_bundle::FluentResource as Resource;
        let mut found = BTreeSet::new();
        for text in texts {
            let resource = Resource::try_new((*text).to_owned()).map_err(|(_, errors)| errors).unwrap();
            for entry in resource.entries() {
                let text = format!("{entry:?}");
                let gaps: BTreeSet<&str> = text
                    .split("VariableReference { id: Identifier { name: ")
                    .skip(1)
                    .filter_map(|rest| rest.split('"').nth(1))
                    .collect();
                let fluent_syntax::ast::Entry::Message(message) = entry else { continue };
                assert!(
                    found.insert(format!("{} {gaps:?}", message.id.name)),
                    "{} stands twice",
                    message.id.name
                );
                found.extend(message.attributes.iter().map(|a| format!("{}.{}", message.id.name, a.id.name)));
            }
        }
        found
    }

    #[test]
    fn both_languages_say_the_same_things_with_the_same_gaps() {
        let (english, russian) = (names(ENGLISH), names(RUSSIAN));
        let missing: Vec<_> = english.symmetric_difference(&russian).collect();
        assert!(missing.is_empty(), "only in one language: {missing:?}");
    }

    /// What stands between quotes in the program's source and may be the name of a text.
    fn named_in_source() -> BTreeSet<String> {
        let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        let mut found = BTreeSet::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "rs") {
                    let text = std::fs::read_to_string(path).unwrap();
                    let is_name = |part: &&str| {
                        part.contains('-')
                            && !part.ends_with('-')
                            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                    };
                    found.extend(text.split('"').filter(is_name).map(str::to_owned));
                }
            }
        }
        found
    }

    #[test]
    fn every_failure_that_the_program_names_has_its_words_and_says_what_to_do() {
        // The beginning of a sentence that goes on.
        let parts = ["fail-withheld-answer", "fail-withheld-file"];
        let named = named_in_source();
        let failures =
            || named.iter().filter(|name| ["fail-", "attach-"].iter().any(|p| name.starts_with(p)));
        assert!(failures().count() > 60);
        for name in failures() {
            for lang in Lang::ALL {
                assert!(lang.find(name, None).is_some(), "{name} has no words");
                let is_whole = !parts.contains(&name.as_str());
                let hint = lang.find(&format!("{name}.hint"), None);
                assert!(!is_whole || hint.is_some(), "{name} does not say what to do");
            }
        }
    }

    /// A text without its gaps and without the commands that people are to type.
    fn without_gaps_and_commands(text: &str) -> String {
        let mut out = String::new();
        for (place, part) in text.split('`').enumerate() {
            out.push_str(if place % 2 == 0 { part } else { " — " });
        }
        out
    }

    #[test]
    fn what_is_said_in_russian_is_not_english() {
        let mut args = FluentArgs::new();
        args.set("count", FluentValue::from(5));
        let mut read = 0;
        for text in RUSSIAN {
            let Ok(resource) = FluentResource::try_new((*text).to_owned()) else { continue };
            for entry in resource.entries() {
                let fluent_syntax::ast::Entry::Message(message) = entry else { continue };
                let name = message.id.name;
                let names = message.attributes.iter().map(|a| format!("{name}.{}", a.id.name));
                for name in names.chain([name.to_owned()]) {
                    let Some(words) = Lang::Ru.find(&name, Some(&args)) else { continue };
                    let words = without_gaps_and_commands(&words);
                    let is_english =
                        |word: &&str| word.len() > 1 && word.bytes().all(|b| b.is_ascii_alphabetic());
                    let all: Vec<&str> = words.split([' ', '\n']).collect();
                    for row in all.split(|word| !is_english(word)) {
                        assert!(row.len() < 3 || row.contains(&"causeway"), "{name}: {words}");
                    }
                    read += 1;
                }
            }
        }
        assert!(read > 1_000, "{read}");
    }

    #[test]
    fn a_text_is_found_by_its_language_and_an_unknown_one_shows_its_name() {
        assert_eq!(Lang::Ru.text("lang-name"), "Русский");
        assert_eq!(Lang::of_locale("ru_RU.UTF-8").text("lang-name"), "Русский");
        assert_eq!(Lang::of_locale("C").text("no-such-text"), "no-such-text");
    }
}
