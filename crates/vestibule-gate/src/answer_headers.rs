//! What a route changes in its upstream's answers: fields with constant values, set, added or taken out.
//!
//! Our own answers are not concerned, and no field can be named that frames an answer, belongs to the connection, sets
//! a cookie or gives the scripts of other origins leave to read it.

use thiserror::Error;

use crate::fields::{Fields, is_token};

/// Fields that are never an operator's to change, in lower case.
const NEVER: [&str; 17] = [
    "alt-svc",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-connection",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The beginning of the names by which scripts of other origins get leave.
const CORS: &str = "access-control-";

/// What a field is to the upstream's own of its name. Exhaustive: each is applied in its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// It is sent instead.
    Instead,
    /// It is sent behind.
    Behind,
    /// It is sent where the upstream sends none.
    Missing,
}

/// What becomes of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerHeader {
    name: Box<str>,
    beside: Beside,
    values: Vec<Box<str>>,
}

/// Why a field can't be changed so.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AnswerHeaderError {
    /// Not a token (RFC 9110 §5.6.2).
    #[error("change the header {name:?} of answers: not a token")]
    NotAToken {
        /// The name.
        name: String,
    },
    /// HTTP, the browser's cookies or the rules on other origins need this one.
    #[error("change the header {name:?} of answers, which is not an operator's to change")]
    Reserved {
        /// The name.
        name: String,
    },
    /// The value has white space at an end, or a control character.
    #[error("send the header {name:?} with a value that can't be one")]
    Value {
        /// The name.
        name: String,
    },
}

impl AnswerHeader {
    /// A field that gets these values, beside the upstream's. Without values it is taken out.
    ///
    /// # Errors
    ///
    /// See [`AnswerHeaderError`].
    pub fn new(name: &str, beside: Beside, values: Vec<String>) -> Result<Self, AnswerHeaderError> {
        let said = || name.to_owned();
        if !is_token(name.as_bytes()) {
            return Err(AnswerHeaderError::NotAToken { name: said() });
        }
        let lower = name.to_ascii_lowercase();
        if NEVER.contains(&lower.as_str()) || lower.starts_with(CORS) {
            return Err(AnswerHeaderError::Reserved { name: said() });
        }
        // An empty one says something, too: RFC 9110 §5.5 lets a value be empty.
        let is_value =
            |value: &String| value.trim() == value && !value.chars().any(char::is_control);
        if !values.iter().all(is_value) {
            return Err(AnswerHeaderError::Value { name: said() });
        }
        Ok(Self {
            name: name.into(),
            beside: match values.is_empty() {
                true => Beside::Instead,
                false => beside,
            },
            values: values.into_iter().map(Into::into).collect(),
        })
    }

    /// Changes an answer.
    pub fn apply(&self, fields: &mut Fields) {
        match self.beside {
            Beside::Instead => {
                fields.remove(&self.name);
            }
            Beside::Behind => {}
            Beside::Missing if fields.first(&self.name).is_some() => return,
            Beside::Missing => {}
        }
        for value in &self.values {
            fields.push(&*self.name, value.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Beside::{Behind, Instead, Missing};
    use super::*;

    fn header(
        name: &str,
        beside: Beside,
        values: &[&str],
    ) -> Result<AnswerHeader, AnswerHeaderError> {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        AnswerHeader::new(name, beside, values)
    }

    #[test]
    fn a_field_is_set_added_or_taken_out_in_any_spelling_of_its_name() {
        for (change, expected) in [
            (header("X-Frame-Options", Instead, &["DENY"]), &["DENY"][..]),
            (header("x-frame-options", Instead, &["a", "b"]), &["a", "b"]),
            (
                header("X-FRAME-OPTIONS", Behind, &["DENY"]),
                &["app", "app2", "DENY"],
            ),
            (header("X-Frame-Options", Instead, &[]), &[]),
            (header("X-Frame-Options", Instead, &[""]), &[""]),
            (header("X-Frame-Options", Behind, &[]), &[]),
            (
                header("X-Frame_Options", Instead, &["DENY"]),
                &["app", "app2"],
            ),
        ] {
            let mut fields = Fields::new();
            for (name, value) in [
                ("x-frame-options", "app"),
                ("Other", "stays"),
                ("X-Frame-Options", "app2"),
            ] {
                fields.push(name, value);
            }
            let change = change.unwrap();
            change.apply(&mut fields);
            let left: Vec<&[u8]> = fields.all("x-frame-options").collect();
            let expected: Vec<&[u8]> = expected.iter().map(|value| value.as_bytes()).collect();
            assert_eq!(left, expected, "{change:?}");
            assert_eq!(fields.first("other"), Some(&b"stays"[..]));
        }
    }

    #[test]
    fn what_is_for_answers_without_it_leaves_the_upstreams_own_alone() {
        let change = header("X-Frame-Options", Missing, &["DENY", "x"]).unwrap();
        for (sent, expected) in [
            (&["app"][..], &["app"][..]),
            (&[""], &[""]),
            (&[], &["DENY", "x"]),
        ] {
            let mut fields = Fields::new();
            for value in sent {
                fields.push("x-frame-options", *value);
            }
            change.apply(&mut fields);
            let left: Vec<&[u8]> = fields.all("X-Frame-Options").collect();
            let expected: Vec<&[u8]> = expected.iter().map(|value| value.as_bytes()).collect();
            assert_eq!(left, expected, "{sent:?}");
        }
    }

    #[test]
    fn what_frames_an_answer_sets_cookies_or_lets_other_origins_in_is_not_to_be_changed() {
        let names = NEVER.into_iter().map(str::to_owned);
        let more = [
            "Set-Cookie",
            "CONTENT-LENGTH",
            "Access-Control-Allow-Origin",
            "access-control-x",
        ];
        for name in names.chain(more.map(str::to_owned)) {
            for values in [&["x"][..], &[]] {
                let refused = AnswerHeaderError::Reserved { name: name.clone() };
                assert_eq!(header(&name, Instead, values), Err(refused));
            }
        }
        for name in ["", "a b", "a:", "ü", "a\r\nSet-Cookie"] {
            assert!(header(name, Instead, &["x"]).is_err(), "{name}");
        }
        for value in [" ", "a\r\nSet-Cookie: x=1", "a\0b", " a", "a\t"] {
            assert!(header("X-A", Instead, &[value]).is_err(), "{value:?}");
        }
    }
}
