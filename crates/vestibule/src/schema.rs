//! What our JSON Schemas are made of, and what holds them: that an output keeps to its schema, and that the schema is the
//! one that is written down.

use serde_json::{Map, Value, json};

/// An object of these members; a `?` ends the names of those that can be missing.
pub(crate) fn object(members: &[(&str, Value)]) -> Value {
    let required: Vec<_> = members
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !name.ends_with('?'))
        .collect();
    let properties: Map<_, _> = members
        .iter()
        .map(|(name, value)| (name.trim_end_matches('?').to_owned(), value.clone()))
        .collect();
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
}

pub(crate) fn with(mut value: Value, name: &str, member: Value) -> Value {
    if let Some(members) = value.as_object_mut() {
        members.insert(name.to_owned(), member);
    }
    value
}

/// Why a value does not keep to the schema, in the part of JSON Schema that ours use.
pub(crate) fn violation(
    schema: &Value,
    value: &Value,
    root: &Value,
    place: &str,
) -> Option<String> {
    let says = |why: &str| Some(format!("{place}: {why}: {value}"));
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.trim_start_matches("#/$defs/");
        return violation(&root["$defs"][name], value, root, place);
    }
    if let Some(all) = schema["oneOf"].as_array() {
        let fitting = all
            .iter()
            .filter(|one| violation(one, value, root, place).is_none())
            .count();
        let kind = all
            .iter()
            .find(|one| one["properties"]["kind"]["const"] == value["kind"]);
        return match (fitting, kind) {
            (1, _) => None,
            (_, Some(one)) => violation(one, value, root, place),
            _ => says("of no known kind"),
        };
    }
    if let Some(constant) = schema.get("const") {
        return (constant != value).then(|| format!("{place}: not {constant}"));
    }
    if let Some(values) = schema["enum"].as_array() {
        return match values.contains(value) {
            true => None,
            false => says("not in the list"),
        };
    }
    match schema["type"].as_str() {
        Some("string") if value.is_string() => None,
        Some("integer") if value.is_i64() || value.is_u64() => None,
        Some("boolean") if value.is_boolean() => None,
        Some("array") => {
            let Some(items) = value.as_array() else {
                return says("no list");
            };
            items.iter().enumerate().find_map(|(at, item)| {
                violation(&schema["items"], item, root, &format!("{place}/{at}"))
            })
        }
        Some("object") => {
            let Some(members) = value.as_object() else {
                return says("no object");
            };
            let required = schema["required"].as_array().into_iter().flatten();
            let missing = required
                .filter_map(Value::as_str)
                .find(|name| !members.contains_key(*name));
            if let Some(name) = missing {
                return Some(format!("{place}: `{name}` is missing"));
            }
            members
                .iter()
                .find_map(|(name, member)| match schema["properties"].get(name) {
                    Some(schema) => violation(schema, member, root, &format!("{place}/{name}")),
                    None => Some(format!("{place}: `{name}` is unknown")),
                })
        }
        _ => says("of another type"),
    }
}

/// Holds that `docs/NAME` is this schema; writes it instead where documents are to be written.
pub(crate) fn written_down(name: &str, schema: &Value) {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let file = docs.join(name);
    let made = serde_json::to_string_pretty(schema).unwrap() + "\n";
    if std::env::var_os("VESTIBULE_WRITE_DOCS").is_some() {
        std::fs::write(&file, &made).unwrap();
    }
    let present = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        present == made,
        "docs/{name} is out of date: run `cargo xtask gen`, or \
         VESTIBULE_WRITE_DOCS=1 cargo test -p vestibule documents"
    );
}
