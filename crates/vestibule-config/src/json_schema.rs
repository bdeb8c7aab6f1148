//! The JSON Schema of the file, for editors that complete and check while a person types.
//!
//! It says less than the reader: ranges of durations, secrets and what depends on another key are not in it.

use serde_json::{Map, Value, json};

use crate::describe::{Change, Fallback, Key, Kind, Section};
use crate::section::{ALL, server};

/// The JSON Schema (draft 2020-12) of `vestibule.toml`.
#[must_use]
pub fn json_schema() -> Value {
    let mut definitions = Map::new();
    for section in ALL.iter().filter(|section| !section.name.is_empty()) {
        definitions.insert(section.name.to_owned(), table(section));
    }
    definitions.insert(
        "authorization_parameters".to_owned(),
        json!({
            "type": "object",
            "additionalProperties": { "type": "string" },
        }),
    );
    let mut schema = Map::new();
    schema.insert(
        "$schema".to_owned(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    schema.insert("title".to_owned(), json!("vestibule.toml"));
    let Value::Object(root) = table(&server::ROOT) else {
        return Value::Null;
    };
    schema.extend(root);
    if let Some(provider) = schema
        .get_mut("properties")
        .and_then(|properties| properties.get_mut("provider"))
    {
        // One provider, or a table of them by name.
        let description = provider.get("description").cloned().unwrap_or_default();
        *provider = json!({
            "description": description,
            "anyOf": [
                { "$ref": "#/$defs/provider" },
                {
                    "type": "object",
                    "patternProperties": { "^[a-z0-9-]{1,32}$": { "$ref": "#/$defs/provider" } },
                    "additionalProperties": false,
                },
            ],
        });
    }
    schema.insert("$defs".to_owned(), Value::Object(definitions));
    Value::Object(schema)
}

fn table(section: &Section) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for key in section
        .keys
        .iter()
        .filter(|key| key.change != Change::NotBuilt)
    {
        properties.insert(key.name.to_owned(), property(key));
        if matches!(key.fallback, Fallback::Required) {
            required.push(json!(key.name));
        }
    }
    let others = match &section.open {
        Some(open) => kind(&open.kind),
        None => json!(false),
    };
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("description".to_owned(), json!(section.doc));
    schema.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".to_owned(), Value::Array(required));
    }
    schema.insert("additionalProperties".to_owned(), others);
    Value::Object(schema)
}

fn property(key: &Key) -> Value {
    let mut schema = Map::new();
    schema.insert("description".to_owned(), json!(key.doc));
    if let Fallback::Value(text) = key.fallback {
        schema.insert("default".to_owned(), default(&key.kind, text));
    }
    if let Value::Object(kind) = kind(&key.kind) {
        schema.extend(kind);
    }
    Value::Object(schema)
}

/// The default as a value of its type.
fn default(kind: &Kind, text: &str) -> Value {
    match kind {
        Kind::Flag => json!(text == "true"),
        Kind::Integer { .. } => text.parse::<u64>().map_or(Value::Null, Value::from),
        _ => json!(text),
    }
}

fn kind(kind_of: &Kind) -> Value {
    match kind_of {
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Integer { least, most } => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Kind::Duration { .. } => json!({ "type": "string", "pattern": "^[0-9]+ *(ms|s|m|h|d)$" }),
        Kind::Size { .. } => {
            json!({ "type": "string", "pattern": "^[0-9]+ *(B|KiB|MiB|GiB|kB|MB|GB)$" })
        }
        Kind::Text(_) | Kind::Path => json!({ "type": "string", "minLength": 1 }),
        Kind::Choice(choices) => {
            let words: Vec<&str> = choices
                .iter()
                .filter(|choice| choice.built)
                .map(|choice| choice.word)
                .collect();
            json!({ "enum": words })
        }
        Kind::Secret => {
            json!({ "type": "string", "pattern": "^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$" })
        }
        Kind::Word(word) => json!({ "const": word }),
        Kind::List(of) => json!({ "type": "array", "items": kind(of) }),
        Kind::OneOrMore(of) => {
            let one = kind(of);
            json!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
        }
        Kind::Table(section) => json!({ "$ref": format!("#/$defs/{}", section.name) }),
        Kind::Tables(section) => json!({
            "type": "array",
            "minItems": 1,
            "items": { "$ref": format!("#/$defs/{}", section.name) },
        }),
        Kind::Either(kinds) => json!({ "anyOf": kinds.iter().map(kind).collect::<Vec<_>>() }),
    }
}
