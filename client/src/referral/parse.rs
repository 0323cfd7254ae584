//! Reading JSON that people and programs wrote: bounded, and nothing lost silently. A name that stands twice in one
//! object is refused, because whichever of the two were kept, somebody may have meant the other.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Deepest nesting; the deepest field of the tables has half of it.
pub const DEPTH_MAX: usize = 16;
/// Values in a document; a handoff with everything filled in has about a thousand.
pub const VALUES_MAX: usize = 20_000;

/// Reads one JSON object. The error carries line and column.
pub(super) fn object(bytes: &[u8]) -> Result<Map<String, Value>, serde_json::Error> {
    // Editors on Windows begin files with a mark that JSON does not know.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match bounded(bytes)? {
        Value::Object(map) => Ok(map),
        _ => Err(Error::custom("a referral is one object: { … }")),
    }
}

/// Reads any JSON, with the same bounds.
pub(super) fn value(text: &str) -> Result<Value, serde_json::Error> {
    bounded(text.as_bytes())
}

fn bounded(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let left = Cell::new(VALUES_MAX);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Bounded { depth: 0, left: &left }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Bounded<'a> {
    depth: usize,
    left: &'a Cell<usize>,
}

impl Bounded<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth == DEPTH_MAX {
            return Err(E::custom(format!("nested more than {DEPTH_MAX} deep")));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn count<E: Error>(self) -> Result<(), E> {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.ok_or_else(|| E::custom(format!("more than {VALUES_MAX} values")))?);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.count()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, v: bool) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_i64<E: Error>(self, v: i64) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_u64<E: Error>(self, v: u64) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_f64<E: Error>(self, v: f64) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_str<E: Error>(self, v: &str) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_string<E: Error>(self, v: String) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(value) = access.next_element_seed(inner)? {
            list.push(value);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut map = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            let value = access.next_value_seed(inner)?;
            if map.insert(name.clone(), value).is_some() {
                return Err(Error::custom(format!("{name:?} stands twice in one object")));
            }
        }
        Ok(map.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_where() {
        let error = object(b"{\n  \"a\": 1,\n  \"b\": }").unwrap_err();
        assert_eq!((error.line(), error.column()), (3, 8));
        let twice = object(b"{\"a\":1,\n\"a\":2}").unwrap_err();
        assert!(twice.to_string().contains("stands twice") && twice.line() == 2, "{twice}");
    }

    #[test]
    fn bounds_hold_at_their_edge() {
        let nested = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
        assert!(object(nested(DEPTH_MAX - 1).as_bytes()).is_ok());
        assert!(object(nested(DEPTH_MAX).as_bytes()).is_err());
        assert!(object(nested(100_000).as_bytes()).is_err());
        let many = |n: usize| format!("{{\"a\":[{}]}}", vec!["1"; n].join(","));
        assert!(object(many(VALUES_MAX - 2).as_bytes()).is_ok());
        assert!(object(many(VALUES_MAX - 1).as_bytes()).is_err());
    }

    #[test]
    fn only_one_object_and_a_byte_order_mark() {
        assert!(object(b"\xef\xbb\xbf{}").is_ok());
        for wrong in [&b""[..], b"[]", b"1", b"{} {}", b"{}x", b"\xff"] {
            assert!(object(wrong).is_err());
        }
    }
}
