//! Paths into a document: `persons[0].names[1].family`, or with points alone `persons.0.names.1.family`.

use serde_json::{Map, Value};

use super::components::LIST_MAX;
use super::problem::Words;
use super::spec::{Field, Type};

/// Steps of a path; the deepest field of the tables has half of it.
const STEPS_MAX: usize = 16;
/// Characters of a name in a path.
const NAME_CHARS_MAX: usize = 64;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Name(String),
    Index(usize),
}

/// Reads a path; the error says what is wrong with it.
pub(super) fn steps(path: &str) -> Result<Vec<Step>, Words> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let (name, indexes) = part.find('[').map_or((part, ""), |at| part.split_at(at));
        if !name.is_empty() || indexes.is_empty() {
            steps.push(named(name)?);
        }
        let mut rest = indexes;
        while !rest.is_empty() {
            let (inside, after) = rest
                .strip_prefix('[')
                .and_then(|r| r.split_once(']'))
                .ok_or_else(|| Words::of("path-bracket"))?;
            steps.push(index(inside)?);
            rest = after;
        }
    }
    match steps.first() {
        _ if steps.len() > STEPS_MAX => Err(Words::of("path-steps").with("max", STEPS_MAX)),
        Some(Step::Name(_)) => Ok(steps),
        _ => Err(Words::of("path-begins")),
    }
}

fn named(name: &str) -> Result<Step, Words> {
    if !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit()) {
        return index(name);
    }
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if name.is_empty() || name.len() > NAME_CHARS_MAX || !plain {
        return Err(Words::of("path-names"));
    }
    Ok(Step::Name(name.to_owned()))
}

fn index(text: &str) -> Result<Step, Words> {
    let number = text.parse::<usize>().ok().filter(|n| *n < LIST_MAX);
    number
        .map(Step::Index)
        .ok_or_else(|| Words::of("path-index").with("text", text).with("max", LIST_MAX - 1))
}

/// Puts a value at a path, making what is missing on the way.
pub(super) fn put(slot: &mut Value, steps: &[Step], value: Value) -> Result<(), Words> {
    let Some((step, rest)) = steps.split_first() else {
        *slot = value;
        return Ok(());
    };
    if slot.is_null() || is_nil(slot) {
        *slot =
            if matches!(step, Step::Name(_)) { Value::Object(Map::new()) } else { Value::Array(Vec::new()) };
    }
    match (step, slot) {
        (Step::Name(name), Value::Object(map)) => {
            put(map.entry(name.as_str()).or_insert(Value::Null), rest, value)
        }
        (Step::Index(at), Value::Array(list)) if *at <= list.len() => {
            if *at == list.len() {
                list.push(Value::Null);
            }
            list.get_mut(*at).map_or(Ok(()), |slot| put(slot, rest, value))
        }
        (Step::Index(at), Value::Array(list)) => {
            Err(Words::of("path-gap").with("number", list.len()).with("at", at))
        }
        (Step::Name(name), _) => Err(Words::of("path-taken").with("name", name)),
        (Step::Index(_), _) => Err(Words::of("path-no-list")),
    }
}

/// The type at the end of a path that begins in a field; none if no table knows it.
pub(super) fn type_at(field: &'static Field, steps: &[Step]) -> Option<&'static Type> {
    let mut holds = &field.holds;
    for step in steps {
        holds = match (holds, step) {
            (Type::Group(fields) | Type::GroupOrText(fields), Step::Name(name)) => {
                &fields.iter().find(|f| f.name == name)?.holds
            }
            (Type::List(each, ..), Step::Index(_)) => each,
            _ => return None,
        };
    }
    Some(holds)
}

/// All values at a path in which `[]` means every element, with the paths at which they stand.
pub(super) fn values<'a>(map: &'a Map<String, Value>, path: &str) -> Vec<(String, &'a Value)> {
    let mut found: Vec<(String, &Value)> = Vec::new();
    for (n, part) in path.split('.').enumerate() {
        let (name, every) = part.strip_suffix("[]").map_or((part, false), |name| (name, true));
        let named: Vec<(String, &Value)> = if n == 0 {
            map.get(name).map(|v| (name.to_owned(), v)).into_iter().collect()
        } else {
            found.iter().filter_map(|(at, v)| v.get(name).map(|v| (format!("{at}.{name}"), v))).collect()
        };
        found = if every {
            let elements = |(at, v): (String, &'a Value)| {
                let list = v.as_array().map_or(&[][..], Vec::as_slice);
                list.iter().enumerate().map(move |(i, v)| (format!("{at}[{i}]"), v)).collect::<Vec<_>>()
            };
            named.into_iter().flat_map(elements).collect()
        } else {
            named
        };
    }
    found
}

/// Does something with every value at such a path.
pub(super) fn each(value: &mut Value, path: &str, act: &mut dyn FnMut(&mut Value)) {
    if path.is_empty() {
        return act(value);
    }
    let (part, rest) = path.split_once('.').unwrap_or((path, ""));
    let (name, every) = part.strip_suffix("[]").map_or((part, false), |name| (name, true));
    match value.get_mut(name) {
        Some(Value::Array(list)) if every => list.iter_mut().for_each(|v| each(v, rest, act)),
        Some(value) if !every => each(value, rest, act),
        _ => {}
    }
}

/// `{"nil":"…"}`: somebody was asked, and there is no answer.
pub(super) fn is_nil(value: &Value) -> bool {
    value.as_object().is_some_and(|map| map.len() == 1 && map.contains_key("nil"))
}

/// Not there, or null.
pub(super) fn is_absent(value: Option<&Value>) -> bool {
    value.is_none_or(Value::is_null)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_spellings_of_a_path_are_the_same() {
        assert_eq!(steps("a[0].b[1].c"), steps("a.0.b.1.c"));
        assert_eq!(steps("approach_note").unwrap().len(), 1);
        for wrong in [
            "",
            ".",
            "a..b",
            "[0]",
            "0",
            "a[",
            "a[]",
            "a[x]",
            "a[100]",
            "a b",
            "a[-1]",
            "ä",
            &"a.".repeat(20),
        ] {
            assert!(steps(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn putting_makes_what_is_missing_and_nothing_else() {
        let mut value = Value::Null;
        put(&mut value, &steps("a[0].b").unwrap(), json!(1)).unwrap();
        put(&mut value, &steps("a[1].b").unwrap(), json!(2)).unwrap();
        assert_eq!(value, json!({"a": [{"b": 1}, {"b": 2}]}));
        assert!(put(&mut value, &steps("a[3]").unwrap(), json!(3)).is_err());
        assert!(put(&mut value, &steps("a[0].b.c").unwrap(), json!(3)).is_err());
        assert!(put(&mut value, &steps("a.b").unwrap(), json!(3)).is_err());
    }

    #[test]
    fn values_and_each_see_the_same_elements() {
        let mut value = json!({"p": [{"n": [1, 2]}, {"n": [3]}, {}], "q": {"n": 4}});
        let found: Vec<String> = values(value.as_object().unwrap(), "p[].n[]")
            .into_iter()
            .map(|(at, v)| format!("{at}={v}"))
            .collect();
        assert_eq!(found, ["p[0].n[0]=1", "p[0].n[1]=2", "p[1].n[0]=3"]);
        let mut seen = 0;
        each(&mut value, "p[].n[]", &mut |v| seen += v.as_i64().unwrap());
        assert_eq!(seen, 6);
    }
}
