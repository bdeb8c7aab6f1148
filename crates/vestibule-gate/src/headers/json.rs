//! JSON as mod_auth_openidc's library writes it: with a space behind signs or without, control characters in upper case,
//! numbers with a fraction in seventeen digits.

use vestibule_session::claims::{Claim, Object};

use super::number;

/// What stands behind `,` and `:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spacing {
    /// Nothing.
    Compact,
    /// A space.
    Spaced,
}

pub(super) fn object(members: Object<'_>, spacing: Spacing) -> String {
    let mut text = String::new();
    write_object(members.iter(), spacing, &mut text);
    text
}

pub(super) fn write_object<'v>(
    members: impl Iterator<Item = (&'v str, Claim<'v>)>,
    spacing: Spacing,
    text: &mut String,
) {
    text.push('{');
    for (at, (name, value)) in members.enumerate() {
        separate(at, spacing, text);
        string(name, text);
        text.push(':');
        space(spacing, text);
        write(value, spacing, text);
    }
    text.push('}');
}

fn write(value: Claim<'_>, spacing: Spacing, text: &mut String) {
    match value {
        Claim::Null => text.push_str("null"),
        Claim::Bool(truth) => text.push_str(if truth { "true" } else { "false" }),
        Claim::Number(number) => match number.as_real() {
            Some(real) => text.push_str(&number::in_json(real)),
            None => text.push_str(number.as_str()),
        },
        Claim::Text(one) => string(one, text),
        Claim::List(list) => {
            text.push('[');
            for (at, value) in list.iter().enumerate() {
                separate(at, spacing, text);
                write(value, spacing, text);
            }
            text.push(']');
        }
        Claim::Object(members) => write_object(members.iter(), spacing, text),
    }
}

fn separate(at: usize, spacing: Spacing, text: &mut String) {
    if at > 0 {
        text.push(',');
        space(spacing, text);
    }
}

fn space(spacing: Spacing, text: &mut String) {
    if spacing == Spacing::Spaced {
        text.push(' ');
    }
}

fn string(value: &str, text: &mut String) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            control if u32::from(control) < 0x20 => {
                text.push_str(&format!("\\u{:04X}", u32::from(control)));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_written_as_apaches_module_does() {
        let claims = crate::fixture::object(
            r#"{"z":[1,-2,1.5,true,null,{}],"a":{"b":"\u001f\b\f\n\r\t/\"\\ü\u007f","c":[]}}"#,
        );
        let members = claims.members();
        assert_eq!(
            object(members, Spacing::Spaced),
            "{\"z\": [1, -2, 1.5, true, null, {}], \"a\": {\"b\": \"\\u001F\\b\\f\\n\\r\\t/\\\"\\\\ü\u{7f}\", \"c\": []}}"
        );
        assert_eq!(
            object(members, Spacing::Compact),
            "{\"z\":[1,-2,1.5,true,null,{}],\"a\":{\"b\":\"\\u001F\\b\\f\\n\\r\\t/\\\"\\\\ü\u{7f}\",\"c\":[]}}"
        );
    }
}
