//! How claims become the values of header fields, as mod_auth_openidc does it: upstreams that come
//! from there find what they know, and others find something plain.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use vestibule_session::claims::{Claim, List};

use super::json::{self, Spacing};
use super::number;
pub use super::number::Numbers;

/// How text beyond ASCII travels in a header field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8 as it is. What mod_auth_openidc did before 2.4.15, Debian 12's included.
    #[default]
    Utf8,
    /// ISO 8859-1; characters it does not have become `?`. What mod_auth_openidc does since 2.4.15.
    Latin1,
    /// The whole value in base64url (RFC 4648 §5) without padding.
    Base64Url,
}

/// What becomes of an element of a list that holds the delimiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Lists {
    /// The delimiter has a `\` before it, as has `\` itself. mod_auth_openidc since 2.4.20.
    #[default]
    Escaped,
    /// Nothing: an element with a delimiter in it is two to whoever reads the list. mod_auth_openidc before.
    DangerPlain,
}

/// How an object is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Objects {
    /// As compact JSON, like anybody's.
    #[default]
    Json,
    /// As compact JSON of mod_auth_openidc since 2.4.16.4.
    Compact,
    /// As JSON with a space behind each sign. mod_auth_openidc before.
    Spaced,
}

/// How claims become text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writing {
    /// How text beyond ASCII travels; UTF-8.
    pub encoding: Encoding,
    /// What the elements of a list are joined with; a comma.
    pub delimiter: String,
    /// What becomes of an element that holds it; it is escaped.
    pub lists: Lists,
    /// How numbers with a fraction are spelled; as JSON.
    pub numbers: Numbers,
    /// How objects are written; as JSON.
    pub objects: Objects,
}

impl Default for Writing {
    fn default() -> Self {
        Self {
            encoding: Encoding::default(),
            delimiter: ",".to_owned(),
            lists: Lists::default(),
            numbers: Numbers::default(),
            objects: Objects::default(),
        }
    }
}

impl Writing {
    /// The text of a claim, or nothing for `null`. Booleans are `1` and `0`; of a list, the texts and booleans are joined.
    #[must_use]
    pub fn text(&self, claim: Claim<'_>) -> Option<String> {
        match claim {
            Claim::Null => None,
            Claim::Text(text) => Some(text.to_owned()),
            Claim::Bool(truth) => Some(digit(truth).to_owned()),
            Claim::Number(number) => Some(match (number.as_real(), self.numbers) {
                (Some(real), Numbers::SixDecimals) => number::six_decimals(real),
                (Some(real), Numbers::EightDigits) => number::eight_digits(real),
                _ => number.as_str().to_owned(),
            }),
            Claim::Object(members) => Some(match self.objects {
                Objects::Json => claim.to_string(),
                Objects::Compact => json::object(members, Spacing::Compact),
                Objects::Spaced => json::object(members, Spacing::Spaced),
            }),
            Claim::List(list) => Some(self.joined(list)),
        }
    }

    fn joined(&self, list: List<'_>) -> String {
        let mut joined = String::new();
        for element in list.iter() {
            let element = match element {
                Claim::Text(text) => text,
                Claim::Bool(truth) => digit(truth),
                _ => continue,
            };
            if !joined.is_empty() {
                joined.push_str(&self.delimiter);
            }
            match self.lists {
                Lists::Escaped => escape(element, &self.delimiter, &mut joined),
                Lists::DangerPlain => joined.push_str(element),
            }
        }
        joined
    }
}

const fn digit(truth: bool) -> &'static str {
    if truth { "1" } else { "0" }
}

fn escape(text: &str, delimiter: &str, joined: &mut String) {
    if delimiter.is_empty() {
        joined.push_str(text);
        return;
    }
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let length = match character {
            '\\' => 1,
            _ if rest.starts_with(delimiter) => delimiter.len(),
            other => {
                joined.push(other);
                rest = rest.get(other.len_utf8()..).unwrap_or_default();
                continue;
            }
        };
        joined.push('\\');
        joined.push_str(rest.get(..length).unwrap_or_default());
        rest = rest.get(length..).unwrap_or_default();
    }
}

/// The bytes of a field value. Whatever is no part of a field value (RFC 9110 §5.5) is a space
/// afterwards: a claim must not begin a header of its own.
#[must_use]
pub fn encode(text: &str, encoding: Encoding) -> Vec<u8> {
    let mut bytes = match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Latin1 => text
            .chars()
            .map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?'))
            .collect(),
        Encoding::Base64Url => URL_SAFE_NO_PAD.encode(text).into_bytes(),
    };
    for byte in &mut bytes {
        if *byte < 0x20 && *byte != b'\t' || *byte == 0x7f {
            *byte = b' ';
        }
    }
    // White space at the ends is not part of the value (RFC 9110 §5.5).
    let end = bytes
        .iter()
        .rposition(|byte| !matches!(byte, b' ' | b'\t'))
        .map_or(0, |at| at + 1);
    bytes.truncate(end);
    let start = bytes
        .iter()
        .position(|byte| !matches!(byte, b' ' | b'\t'))
        .unwrap_or(0);
    bytes.drain(..start);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use vestibule_session::claims::ClaimsSet;

    fn text(writing: &Writing, claim: &Value) -> Option<String> {
        let claims = ClaimsSet::of(&[("claim".to_owned(), claim.clone())].into_iter().collect());
        writing.text(claims.get("claim").unwrap())
    }

    #[test]
    fn claims_read_as_mod_auth_openidc_writes_them() {
        let writing = Writing {
            numbers: Numbers::EightDigits,
            objects: Objects::Compact,
            ..Writing::default()
        };
        for (claim, expected) in [
            (json!("hans"), Some("hans")),
            (json!(""), Some("")),
            (json!(true), Some("1")),
            (json!(false), Some("0")),
            (json!(5), Some("5")),
            (json!(1_111_111_111_111_i64), Some("1111111111111")),
            (json!(-7), Some("-7")),
            (json!(1.5), Some("1.5")),
            (json!(2.0), Some("2")),
            (json!(0.1), Some(".1")),
            (
                json!({"z": "piet", "a": [1, null], "b": false}),
                Some(r#"{"z":"piet","a":[1,null],"b":false}"#),
            ),
            (json!(["hans", "piet"]), Some("hans,piet")),
            (
                json!(["a", 1, null, {"b": 2}, ["c"], true, false]),
                Some("a,1,0"),
            ),
            (json!([]), Some("")),
            (json!([1]), Some("")),
            (json!(["", "a"]), Some("a")),
            (json!(["a", ""]), Some("a,")),
            (
                json!(["CN=Admins,OU=Groups", "a\\b", "g2"]),
                Some("CN=Admins\\,OU=Groups,a\\\\b,g2"),
            ),
            (json!(null), None),
        ] {
            assert_eq!(text(&writing, &claim).as_deref(), expected, "{claim}");
        }
    }

    #[test]
    fn each_version_spells_numbers_objects_and_lists_its_own_way() {
        let of = |numbers, objects, lists| Writing {
            numbers,
            objects,
            lists,
            ..Writing::default()
        };
        let claim = json!([{"a": 0.1, "b": [1]}, 0.1, ["x,y", "\\"]]);
        for (writing, expected) in [
            (
                Writing::default(),
                [r#"{"a":0.1,"b":[1]}"#, "0.1", "x\\,y,\\\\"],
            ),
            (
                of(Numbers::EightDigits, Objects::Compact, Lists::Escaped),
                [r#"{"a":0.10000000000000001,"b":[1]}"#, ".1", "x\\,y,\\\\"],
            ),
            (
                of(Numbers::SixDecimals, Objects::Spaced, Lists::DangerPlain),
                [
                    r#"{"a": 0.10000000000000001, "b": [1]}"#,
                    "0.100000",
                    "x,y,\\",
                ],
            ),
        ] {
            for (claim, expected) in claim.as_array().unwrap().iter().zip(expected) {
                assert_eq!(
                    text(&writing, claim).as_deref(),
                    Some(expected),
                    "{writing:?}"
                );
            }
        }
    }

    #[test]
    fn a_delimiter_within_an_element_is_never_one_to_its_reader() {
        for (delimiter, list, expected) in [
            (",", json!(["a,b", "c"]), "a\\,b,c"),
            ("; ", json!(["a; b;c", "d"]), "a\\; b;c; d"),
            ("\\", json!(["a\\b", "c"]), "a\\\\b\\c"),
            ("||", json!(["a|||b", "c"]), "a\\|||b||c"),
            ("é", json!(["aéb", "ü"]), "a\\ébéü"),
            ("", json!(["a\\", "b"]), "a\\b"),
        ] {
            let writing = Writing {
                delimiter: delimiter.to_owned(),
                ..Writing::default()
            };
            assert_eq!(
                text(&writing, &list).as_deref(),
                Some(expected),
                "{delimiter}"
            );
        }
    }

    #[test]
    fn text_beyond_ascii_is_encoded_as_asked() {
        assert_eq!(encode("Günther", Encoding::Latin1), b"G\xfcnther");
        assert_eq!(encode("D†gger", Encoding::Latin1), b"D?gger");
        assert_eq!(encode("😀", Encoding::Latin1), b"?");
        assert_eq!(encode("Günther", Encoding::Utf8), "Günther".as_bytes());
        assert_eq!(encode("Günther", Encoding::Base64Url), b"R8O8bnRoZXI");
    }

    #[test]
    fn a_value_cannot_begin_another_header() {
        for encoding in [Encoding::Latin1, Encoding::Utf8] {
            assert_eq!(
                encode("x\r\nX-Injected: 1\0\u{7f}\u{b}", encoding),
                b"x  X-Injected: 1"
            );
        }
        assert_eq!(encode(" \ta\t", Encoding::Utf8), b"a");
        assert_eq!(encode("\r\n", Encoding::Utf8), b"");
    }
}
