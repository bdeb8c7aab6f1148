//! The JSON Schema of what `check --json` and `doctor --json` print: `docs/check.schema.json`.

use serde_json::{Value, json};

use crate::explain::schema::schema as of_explain;
use crate::schema::{object, violation, written_down};

/// The schema. A finding is as `explain` writes it, and has its place in the file where it has one.
fn schema() -> Value {
    let text = || json!({ "type": "string" });
    let count = || json!({ "type": "integer", "minimum": 0 });
    let list =
        |name: &str| json!({ "type": "array", "items": { "$ref": format!("#/$defs/{name}") } });
    let mut finding = of_explain()["$defs"]["finding"].clone();
    for (name, kind) in [("line", count()), ("column", count()), ("key", text())] {
        finding["properties"][name] = kind;
    }
    let problem = object(&[
        ("severity", json!({ "enum": ["error", "warning"] })),
        ("line", count()),
        ("column", count()),
        ("key", text()),
        ("message", text()),
        ("help", text()),
    ]);
    let check = object(&[
        ("what", text()),
        ("outcome", json!({ "enum": ["ok", "finding", "unknown"] })),
        ("detail", text()),
    ]);
    let mut whole = object(&[
        (
            "subject?",
            object(&[("config", text()), ("checks", list("check"))]),
        ),
        ("problems", list("problem")),
        ("findings", list("finding")),
    ]);
    whole["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    whole["title"] = "vestibule check --json and doctor --json".into();
    whole["description"] = "What `vestibule check --json` and `vestibule doctor --json` print; `subject` is doctor's. Members may be \
                            added; those that are here stay."
        .into();
    whole["$defs"] = json!({
        "check": check,
        "problem": problem,
        "finding": finding,
        "change": of_explain()["$defs"]["change"],
    });
    whole
}

/// Why an output does not keep to the schema.
pub(crate) fn violation_of(value: &Value) -> Option<String> {
    let schema = schema();
    violation(&schema, value, &schema, "")
}

#[test]
fn documents_the_schema_is_what_is_written_down() {
    written_down("check.schema.json", &schema());
}

#[test]
fn json_keeps_to_the_schema() {
    use vestibule_config::{Environment, FixedSecrets, parse};

    use crate::load::Secrets;

    let text = "public_url = \"https://a.example\"\nlisten = \"127.0.0.1:1\"\n[provider]\n\
                issuer = \"https://login.microsoftonline.com/6c1d0a5e-3f0b-4c52-9b7e-5d2f8a107e41/v2.0\"\n\
                client_id = \"59d7f244-6541-464b-9ea4-6cdba60509b1\"\nclient_secret = \"env:X\"\n[[route]]\n\
                path = \"/\"\nupstream = \"http://localhost:1\"\nuser = \"upn\"\naccess_token = \"sign-in\"\n";
    let secrets = FixedSecrets::new().variable("X", "abcdefghijklmnop");
    let environment = Environment::new(&secrets, ".", ".");
    let loaded = parse(text, &environment).unwrap();
    let judged = super::judge(&loaded.settings, Secrets::Needed, crate::clock::now());
    let value = super::as_json(&loaded.warnings, &judged, text);
    assert_eq!(violation_of(&value), None);
    assert!(value["findings"][0]["line"].is_u64(), "{value}");
    let Err(wrong) = parse("listen = 1", &environment) else {
        panic!("it is fine");
    };
    let value = super::as_json(&wrong, &[], "");
    assert_eq!(violation_of(&value), None);
    assert!(!value["problems"].as_array().unwrap().is_empty());
}
