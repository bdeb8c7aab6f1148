//! The generated pages are those in the tree, and the description holds together.

use super::repository;
use crate::describe::{Change, Fallback, Key, Kind, Section};
use crate::section::ALL;
use crate::units::{parse_duration, parse_size};
use crate::{json_schema, reference_markdown};

/// With `VESTIBULE_WRITE_DOCS` set the files are written instead of compared.
fn is_current(file: &str, generated: &str) {
    let path = repository().join(file);
    if std::env::var_os("VESTIBULE_WRITE_DOCS").is_some() {
        std::fs::write(&path, generated).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == generated,
        "{file} is not what the program generates; write it anew with \
         VESTIBULE_WRITE_DOCS=1 cargo test -p vestibule-config documents"
    );
}

#[test]
fn the_reference_page_is_current() {
    is_current("docs/configuration.md", &reference_markdown());
}

#[test]
fn the_schema_is_current() {
    let schema = serde_json::to_string_pretty(&json_schema()).unwrap();
    is_current("docs/vestibule.schema.json", &format!("{schema}\n"));
}

fn every_key() -> impl Iterator<Item = (&'static Section, &'static Key)> {
    ALL.iter()
        .flat_map(|section| section.keys.iter().map(move |key| (*section, key)))
}

#[test]
fn every_default_and_every_end_of_a_range_can_be_read() {
    for (section, key) in every_key() {
        let place = format!("{}.{}", section.name, key.name);
        let default = match key.fallback {
            Fallback::Value(text) => Some(text),
            Fallback::Required | Fallback::Unset(_) => None,
        };
        match key.kind {
            Kind::Duration { least, most } => {
                let (least, most) = (
                    parse_duration(least).unwrap(),
                    parse_duration(most).unwrap(),
                );
                assert!(least < most, "{place}");
                if let Some(text) = default {
                    assert!(
                        (least..=most).contains(&parse_duration(text).unwrap()),
                        "{place}"
                    );
                }
            }
            Kind::Size { least, most } => {
                let (least, most) = (parse_size(least).unwrap(), parse_size(most).unwrap());
                assert!(least < most, "{place}");
                if let Some(text) = default {
                    assert!(
                        (least..=most).contains(&parse_size(text).unwrap()),
                        "{place}"
                    );
                }
            }
            Kind::Integer { least, most } => {
                if let Some(text) = default {
                    assert!((least..=most).contains(&text.parse().unwrap()), "{place}");
                }
            }
            Kind::Flag => assert!(matches!(default, None | Some("true" | "false")), "{place}"),
            Kind::Choice(choices) => {
                if let Some(text) = default {
                    assert!(choices.iter().any(|c| c.word == text && c.built), "{place}");
                }
            }
            _ => {}
        }
    }
}

#[test]
fn every_key_has_a_sentence_and_what_is_not_built_says_what_to_do() {
    for (section, key) in every_key() {
        let place = format!("{}.{}", section.name, key.name);
        assert!(key.doc.ends_with(['.', '`']), "{place}: {}", key.doc);
        if key.change == Change::NotBuilt {
            assert!(matches!(key.fallback, Fallback::Unset(_)), "{place}");
        }
    }
}

#[test]
fn every_reference_of_the_schema_leads_somewhere() {
    fn walk(value: &serde_json::Value, root: &serde_json::Value) {
        match value {
            serde_json::Value::Object(map) => {
                if let Some(reference) = map.get("$ref").and_then(|r| r.as_str()) {
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(root.pointer(pointer).is_some(), "{reference}");
                }
                map.values().for_each(|value| walk(value, root));
            }
            serde_json::Value::Array(values) => values.iter().for_each(|value| walk(value, root)),
            _ => {}
        }
    }
    let schema = json_schema();
    walk(&schema, &schema);
}
