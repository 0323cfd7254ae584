//! Lists in pieces.

use serde_json::Value;

use super::problem::Problem;
use crate::lang::Lang;

/// Entries of a piece, unless the request says otherwise.
pub(crate) const LIMIT: usize = 50;
/// The most entries of a piece: 200 of some 1.5 KB are 300 KB.
pub(crate) const LIMIT_MAX: usize = 200;

/// A piece of a list, and where the next one begins.
pub(crate) struct Piece {
    pub(crate) entries: Vec<Value>,
    pub(crate) next: Option<String>,
}

/// The entries after the one with this id, at most so many.
pub(crate) fn piece(
    mut all: Vec<Value>,
    after: Option<&str>,
    limit: Option<usize>,
    lang: Lang,
) -> Result<Piece, Problem> {
    let id = |entry: &Value| entry["id"].as_str().map(str::to_owned);
    if let Some(after) = after {
        let place = all.iter().position(|entry| entry["id"] == after);
        let place = place.ok_or_else(|| Problem::no_such_place(lang))?;
        all.drain(..=place);
    }
    let limit = limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX);
    let more = all.len() > limit;
    all.truncate(limit);
    let next = all.last().filter(|_| more).and_then(id);
    Ok(Piece { entries: all, next })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_given_in_pieces_that_follow_each_other() {
        let all: Vec<Value> = (0..7).map(|number| json!({ "id": number.to_string() })).collect();
        let mut got = Vec::new();
        let mut after = None;
        loop {
            let piece = piece(all.clone(), after.as_deref(), Some(3), Lang::En).ok().unwrap();
            got.extend(piece.entries);
            after = piece.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(got, all);
        assert!(piece(all.clone(), Some("9"), None, Lang::En).is_err(), "no place of this list");
        let many: Vec<Value> = (0..500).map(|number| json!({ "id": number.to_string() })).collect();
        assert_eq!(piece(many, None, Some(usize::MAX), Lang::En).ok().unwrap().entries.len(), LIMIT_MAX);
    }
}
