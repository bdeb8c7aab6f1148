//! An import as JSON, for a program to read: the text, the report, the findings.

use serde_json::{Value, json};
use vestibule_config::apache::Place;

use super::Imported;

pub(super) fn of(imported: &Imported) -> String {
    let report = &imported.import.report;
    let entries: Vec<Value> = report
        .entries
        .iter()
        .map(|entry| {
            json!({
                "file": &*entry.at.file,
                "line": entry.at.line,
                "directive": entry.name,
                "outcome": entry.outcome.as_str(),
                "says": entry.says,
                "help": entry.help,
            })
        })
        .collect();
    let findings: Vec<Value> = imported
        .findings
        .iter()
        .map(|found| {
            let mut value = json!(found.finding);
            if let Some(members) = value.as_object_mut() {
                members.insert("severity".to_owned(), json!(found.severity));
                members.insert("cured".to_owned(), found.is_cured.into());
                members.insert("at".to_owned(), place(found.at.as_ref()));
            }
            value
        })
        .collect();
    let problems: Vec<Value> = imported
        .problems()
        .into_iter()
        .flatten()
        .map(|problem| {
            json!({
                "severity": problem.severity.as_str(),
                "key": problem.key,
                "message": problem.message,
                "help": problem.help,
                "at": place(imported.origin(problem)),
            })
        })
        .collect();
    let toml = imported.settings().map(|_| &imported.import.toml);
    json!({
        "source_version": report.version.to_string(),
        "stopped": imported.settings().is_none(),
        "toml": toml,
        "entries": entries,
        "findings": findings,
        "problems": problems,
        "by_version": report.by_version,
        "todo": report.todo,
    })
    .to_string()
}

fn place(at: Option<&Place>) -> Value {
    at.map_or(
        Value::Null,
        |at| json!({ "file": &*at.file, "line": at.line }),
    )
}
