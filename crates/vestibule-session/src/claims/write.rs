//! Making the text that claims are kept as.

use serde_json::{Map, Value};

/// Claims by name.
pub(super) fn set(claims: &Map<String, Value>) -> Box<str> {
    let mut out = String::new();
    put_members(claims, &mut out);
    out.into()
}

/// The inside of an array of texts.
pub(super) fn texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Box<str> {
    let mut out = String::new();
    for text in texts {
        out.push('s');
        put_text(text, &mut out);
    }
    out.into()
}

fn put_members(members: &Map<String, Value>, out: &mut String) {
    for (name, value) in members {
        put_text(name, out);
        put(value, out);
    }
}

fn put(value: &Value, out: &mut String) {
    let mut inside = String::new();
    match value {
        Value::Null => out.push('n'),
        Value::Bool(true) => out.push('t'),
        Value::Bool(false) => out.push('f'),
        Value::Number(number) => {
            out.push(if number.is_f64() { 'r' } else { 'i' });
            put_text(&number.to_string(), out);
        }
        Value::String(text) => {
            out.push('s');
            put_text(text, out);
        }
        Value::Array(values) => {
            for value in values {
                put(value, &mut inside);
            }
            out.push('a');
            put_text(&inside, out);
        }
        Value::Object(members) => {
            put_members(members, &mut inside);
            out.push('o');
            put_text(&inside, out);
        }
    }
}

fn put_text(text: &str, out: &mut String) {
    let mut length = text.len();
    while length > 0x3F {
        out.push(char::from((length & 0x3F) as u8 | 0x40));
        length >>= 6;
    }
    out.push(char::from(length as u8));
    out.push_str(text);
}
