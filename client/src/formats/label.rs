//! What fields and codes are called. The names are Fluent texts of the tables; without one, the path or the code itself.

use crate::lang::Lang;

/// What the field at a path is called. Places in lists do not matter.
pub fn label(path: &str, lang: Lang) -> String {
    let names: Vec<&str> = path
        .split('.')
        .map(|step| step.split('[').next().unwrap_or(step))
        .filter(|step| !step.is_empty() && !step.bytes().all(|b| b.is_ascii_digit()))
        .collect();
    let ids = [names.join("-"), names.last().copied().unwrap_or_default().to_owned()];
    let found = ids.iter().find_map(|id| lang.find(&format!("field-{}", id.replace('_', "-")), None));
    found.unwrap_or_else(|| path.to_owned())
}

/// What a code of a list is called.
pub fn code_label(list: &str, code: &str, lang: Lang) -> String {
    let id = |text: &str| text.to_lowercase().replace(['_', ' '], "-");
    lang.find(&format!("code-{}-{}", id(list), id(code)), None).unwrap_or_else(|| code.to_owned())
}
