//! What fields, codes and sections are called. The words are Fluent texts of the tables; without one, the path or the code itself.

use crate::lang::Lang;
use crate::referral::labels;

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

/// The word inside the field around it if there is one, otherwise the word for its name.
fn named(path: &str, lang: Lang) -> Option<String> {
    let names: Vec<&str> = path
        .split('.')
        .map(|step| step.split('[').next().unwrap_or(step))
        .filter(|step| !step.is_empty() && !step.bytes().all(|b| b.is_ascii_digit()))
        .collect();
    let name = names.last()?;
    let parent = names.len().checked_sub(2).and_then(|at| names.get(at)).copied().unwrap_or_default();
    labels::field_text(lang, parent, name, "")
}
