//! Decides which JSON from outside we read: no duplicate member names, bounded depth and size.
//!
//! A duplicate name is refused because two readers may take different ones (RFC 8725 §2.4,
//! RFC 8259 §4): what we verified would not be what the next reader believes.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How deep objects and arrays may nest.
pub const MAX_DEPTH: usize = 16;

/// The most members of one object. Each member of the claims may become a header field, and what reads
/// them may look at each for each.
pub const MAX_MEMBERS: usize = 1000;

/// Why a text is not JSON we read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// More bytes than allowed for this kind of document.
    #[error("read {found} bytes of JSON where at most {limit} are allowed")]
    TooLarge {
        /// The most bytes allowed.
        limit: usize,
        /// The bytes there are.
        found: usize,
    },
    /// Not JSON: wrong syntax, wrong UTF-8, or a number no `f64` can hold.
    #[error("read JSON: wrong syntax at line {line}, column {column}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1; 0 at the start of a line.
        column: usize,
    },
    /// An object has one member twice.
    #[error("read JSON: member `{name}` appears twice")]
    DuplicateMember {
        /// The member's name, shortened.
        name: String,
    },
    /// Deeper than [`MAX_DEPTH`].
    #[error("read JSON nested deeper than {MAX_DEPTH}")]
    TooDeep,
    /// An object with more members than [`MAX_MEMBERS`].
    #[error("read a JSON object of more than {MAX_MEMBERS} members")]
    TooManyMembers,
    /// JSON, but not the object that was expected.
    #[error("read a JSON object where there is {found}")]
    NotAnObject {
        /// The kind that was found.
        found: &'static str,
    },
}

impl JsonError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "json_too_large",
            Self::Syntax { .. } => "json_syntax",
            Self::DuplicateMember { .. } => "json_duplicate_member",
            Self::TooDeep => "json_too_deep",
            Self::TooManyMembers => "json_too_many_members",
            Self::NotAnObject { .. } => "json_not_an_object",
        }
    }
}

/// Reads one JSON text of at most `max_bytes`.
///
/// # Errors
/// Any [`JsonError`] but [`JsonError::NotAnObject`].
pub fn parse(bytes: &[u8], max_bytes: usize) -> Result<Value, JsonError> {
    if bytes.len() > max_bytes {
        return Err(JsonError::TooLarge {
            limit: max_bytes,
            found: bytes.len(),
        });
    }
    let refusal = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let outcome = Strict {
        depth_left: MAX_DEPTH,
        refusal: &refusal,
    }
    .deserialize(&mut deserializer)
    .and_then(|value| deserializer.end().map(|()| value));
    outcome.map_err(|error| {
        refusal.take().unwrap_or(JsonError::Syntax {
            line: error.line(),
            column: error.column(),
        })
    })
}

/// Reads one JSON object of at most `max_bytes`.
///
/// # Errors
/// Any [`JsonError`].
pub fn parse_object(bytes: &[u8], max_bytes: usize) -> Result<Map<String, Value>, JsonError> {
    match parse(bytes, max_bytes)? {
        Value::Object(members) => Ok(members),
        other => Err(JsonError::NotAnObject {
            found: kind(&other),
        }),
    }
}

/// What kind of value this is, with its article, for messages.
pub const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Builds a value while counting depth and refusing a name seen before. Its own refusals are left
/// in `refusal`, because serde's error type can only carry text.
#[derive(Clone, Copy)]
struct Strict<'r> {
    depth_left: usize,
    refusal: &'r RefCell<Option<JsonError>>,
}

impl Strict<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Self { depth_left, ..self }),
            None => Err(self.refuse(JsonError::TooDeep)),
        }
    }

    fn refuse<E: serde::de::Error>(self, why: JsonError) -> E {
        let error = E::custom(&why);
        *self.refusal.borrow_mut() = Some(why);
        error
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let seed = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(seed)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let seed = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                let name = name.chars().take(64).collect();
                return Err(self.refuse(JsonError::DuplicateMember { name }));
            }
            if object.len() == MAX_MEMBERS {
                return Err(self.refuse(JsonError::TooManyMembers));
            }
            let value = members.next_value_seed(seed)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests;
