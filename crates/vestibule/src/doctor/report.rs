//! Prints what was asked and what was found: for people, or as JSON.

use std::path::Path;

use serde_json::{Value, json};
use vestibule_config::Problems;
use vestibule_diagnosis::{Finding, Severity};

use super::look::{Look, Outcome};
use crate::print::{self, Ink, Sheet};
use crate::{check, output};

/// How far in the questions stand behind their outcomes.
const INDENT: usize = 11;

/// What was asked and found, for a program. `docs/check.schema.json` describes it.
pub(super) fn as_json(look: &Look, config: &Path, warnings: &Problems) -> Value {
    json!({
        "subject": { "config": config.display().to_string(), "checks": look.checks() },
        "problems": check::plain(warnings),
        "findings": look.findings(),
    })
}

/// The same where the file can't be used, so that nothing was asked.
pub(super) fn of_file(config: &Path, problems: &Problems) -> Value {
    let mut value = check::as_json(problems, &[], "");
    if let Some(members) = value.as_object_mut() {
        let subject = json!({ "config": config.display().to_string(), "checks": [] });
        members.insert("subject".to_owned(), subject);
    }
    value
}

pub(super) fn print(look: &Look, config: &Path, warnings: &Problems, json: bool) {
    if json {
        output::line(as_json(look, config, warnings));
        return;
    }
    let findings = look.findings();
    let mut sheet = Sheet::for_output();
    for check in look.checks() {
        // What was told while it worked is not told again, but for why something is not known.
        if look.is_told() && check.outcome == Outcome::Ok {
            continue;
        }
        let ink = match check.outcome {
            Outcome::Ok => Ink::Green,
            Outcome::Finding => Ink::Red,
            Outcome::Unknown => Ink::Yellow,
        };
        let text = match check.detail.as_str() {
            "" => check.what.clone(),
            detail => format!("{}: {detail}", check.what),
        };
        sheet.hanging(1, check.outcome.word(), ink, INDENT, &text);
    }
    print::findings(&mut sheet, &findings);
    sheet.blank();
    let (ink, text) = summary(look, &findings);
    sheet.inked(ink, &text);
    output::text(&sheet.into_text());
}

/// The line that says it all.
fn summary(look: &Look, findings: &[Finding]) -> (Ink, String) {
    let count = |severity| {
        findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let errors = count(Severity::Error) + look.refusals();
    let warnings = count(Severity::Warning) + look.warnings();
    let unknown = look
        .checks()
        .iter()
        .filter(|check| check.outcome == Outcome::Unknown)
        .count();
    let counted = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        many => format!("{many} {word}s"),
    };
    let asked = counted(look.checks().len(), "check");
    let mut parts = Vec::new();
    if errors > 0 {
        parts.push(counted(errors, "error"));
    }
    if warnings > 0 {
        parts.push(counted(warnings, "warning"));
    }
    let mut text = match parts.is_empty() {
        true => format!("{asked}, nothing wrong"),
        false => format!("{asked}: {}", parts.join(", ")),
    };
    if unknown > 0 {
        text.push_str(&format!("; {unknown} could not be told"));
    }
    let ink = match (errors, warnings) {
        (0, 0) => Ink::Green,
        (0, _) => Ink::Yellow,
        _ => Ink::Red,
    };
    (ink, text)
}

#[cfg(test)]
mod tests {
    use vestibule_diagnosis::Evidence;

    use super::*;
    use crate::check::schema;

    #[test]
    fn json_keeps_to_the_schema() {
        let mut look = Look::new(false);
        look.begin("the store");
        look.ok("in memory");
        look.begin("the token");
        look.judge(
            &Evidence::of_text("AADSTS50011: The redirect URI 'http://x' is not registered"),
            "fine",
        );
        look.begin("the clock");
        look.unknown("no date");
        let none = vestibule_config::FixedSecrets::new();
        let environment = vestibule_config::Environment::new(&none, ".", ".");
        let Err(problems) = vestibule_config::parse("listen = 1", &environment) else {
            panic!("it is fine");
        };
        let value = as_json(&look, Path::new("vestibule.toml"), &problems);
        assert_eq!(schema::violation_of(&value), None);
        assert_eq!(value["subject"]["checks"][2]["outcome"], "unknown");
        assert!(!value["findings"].as_array().unwrap().is_empty());
        let value = of_file(Path::new("vestibule.toml"), &problems);
        assert_eq!(schema::violation_of(&value), None);
    }
}
