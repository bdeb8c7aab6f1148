//! How claims become the values of header fields, as mod_auth_openidc does it: upstreams that come
//! from there find what they know, and others find something plain.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// How text beyond ASCII travels in a header field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Encoding {
    /// ISO 8859-1; characters it does not have become `?`. What mod_auth_openidc does since 2.4.15.
    #[default]
    Latin1,
    /// UTF-8 as it is. What mod_auth_openidc did before, Debian 12's included.
    Utf8,
    /// The whole value in base64url (RFC 4648 §5) without padding.
    Base64Url,
}

/// The text of a claim, or nothing for `null`.
///
/// Booleans are `1` and `0`; an object is compact JSON in its own order; of a list, the texts and
/// booleans are joined with `delimiter`, which is escaped with `\` inside them, as is `\` itself.
#[must_use]
pub fn text(claim: &Value, delimiter: &str) -> Option<String> {
    match claim {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(truth) => Some(digit(*truth).to_owned()),
        Value::Number(number) => Some(match number.as_f64() {
            Some(real) if number.is_f64() => format_real(real),
            _ => number.to_string(),
        }),
        Value::Object(_) => Some(claim.to_string()),
        Value::Array(list) => {
            let mut joined = String::new();
            for element in list {
                let element = match element {
                    Value::String(text) => escape(text, delimiter),
                    Value::Bool(truth) => digit(*truth).to_owned(),
                    _ => continue,
                };
                if !joined.is_empty() {
                    joined.push_str(delimiter);
                }
                joined.push_str(&element);
            }
            Some(joined)
        }
    }
}

const fn digit(truth: bool) -> &'static str {
    if truth { "1" } else { "0" }
}

fn escape(text: &str, delimiter: &str) -> String {
    let escaped = text.replace('\\', "\\\\");
    if delimiter.is_empty() || delimiter == "\\" {
        return escaped;
    }
    escaped.replace(delimiter, &format!("\\{delimiter}"))
}

/// A real number as C's `%.8g` prints it.
fn format_real(real: f64) -> String {
    const DIGITS: i32 = 8;
    if real == 0.0 {
        return if real.is_sign_negative() {
            "-0".to_owned()
        } else {
            "0".to_owned()
        };
    }
    let scientific = format!("{real:.7e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let Ok(exponent) = exponent.parse::<i32>() else {
        return scientific;
    };
    if (-4..DIGITS).contains(&exponent) {
        let decimals = usize::try_from(DIGITS - 1 - exponent).unwrap_or(0);
        return without_zeros(&format!("{real:.decimals$}")).to_owned();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", without_zeros(mantissa), exponent.abs())
}

fn without_zeros(number: &str) -> &str {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
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
    use serde_json::json;

    #[test]
    fn claims_read_as_mod_auth_openidc_writes_them() {
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
            (json!(0.0), Some("0")),
            (json!(0.1), Some("0.1")),
            (json!(123_456_789.25), Some("1.2345679e+08")),
            (json!(12_345_678.9), Some("12345679")),
            (json!(0.000_012_5), Some("1.25e-05")),
            (json!(0.000_125), Some("0.000125")),
            (json!(1e300), Some("1e+300")),
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
            (
                json!(["CN=Admins,OU=Groups", "a\\b", "g2"]),
                Some("CN=Admins\\,OU=Groups,a\\\\b,g2"),
            ),
            (json!(null), None),
        ] {
            assert_eq!(text(&claim, ",").as_deref(), expected, "{claim}");
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
