//! What fields, codes and sections are called. The words are Fluent texts of the tables; without one, the path or the code itself.

use crate::lang::Lang;

/// What the field at a path is called; the path itself if nobody has named it. Places in lists do not matter.
pub fn label(path: &str, lang: Lang) -> String {
    named(path, lang).unwrap_or_else(|| path.to_owned())
}

/// The same with everything around it: `Persons 1 · Names 2 · Family name`. Without a name for it, the path.
pub fn whole_label(path: &str, lang: Lang) -> String {
    if named(path, lang).is_none() {
        return path.to_owned();
    }
    let mut said: Vec<String> = Vec::new();
    let mut at = String::new();
    for step in path.split('.') {
        let under = if at.is_empty() { step.to_owned() } else { format!("{at}.{step}") };
        match (step.parse::<usize>(), said.last_mut()) {
            (Ok(place), Some(last)) => last.push_str(&format!(" {}", place.saturating_add(1))),
            _ => said.push(named(&under, lang).unwrap_or_else(|| step.to_owned())),
        }
        at = under;
    }
    said.join(" · ")
}

/// What a code of a list is called.
pub fn code_label(list: &str, code: &str, lang: Lang) -> String {
    // Names of texts begin with a letter, and codes need not.
    let digit = if code.starts_with(|c: char| c.is_ascii_digit()) { "n" } else { "" };
    let id = format!("list-{}.{digit}{}", plain(list), plain(code));
    lang.find(&id, None).unwrap_or_else(|| code.to_owned())
}

/// What a section is called.
pub fn section_label(code: &str, lang: Lang) -> String {
    let said = code_label("section", code, lang);
    if said == code {
        lang.find(&format!("formats-section-{}", code.to_lowercase()), None).unwrap_or(said)
    } else {
        said
    }
}

/// The word inside the field around it if there is one, otherwise the word for its name.
fn named(path: &str, lang: Lang) -> Option<String> {
    let names: Vec<&str> = path
        .split('.')
        .map(|step| step.split('[').next().unwrap_or(step))
        .filter(|step| !step.is_empty() && !step.bytes().all(|b| b.is_ascii_digit()))
        .collect();
    let name = plain(names.last()?);
    let parent = names
        .len()
        .checked_sub(2)
        .and_then(|at| names.get(at))
        .map_or_else(String::new, |parent| plain(parent));
    lang.find(&format!("field-{parent}-{name}"), None).or_else(|| lang.find(&format!("field-{name}"), None))
}

/// Names of texts have letters, digits, `-` and `_` only.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' }).collect()
}
