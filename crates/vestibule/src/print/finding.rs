//! Prints findings as a good compiler prints errors: what, why, what to change, who says so.

use vestibule_diagnosis::{Change, Confidence, Finding, Place, Severity, catalogue};

use super::{Ink, Sheet};

/// Where the text of a finding begins.
const INDENT: usize = 10;

/// All of them, the root cause first.
pub(crate) fn findings(sheet: &mut Sheet, findings: &[Finding]) {
    for finding in findings {
        sheet.blank();
        one(sheet, finding);
    }
}

fn one(sheet: &mut Sheet, finding: &Finding) {
    let (word, ink) = match finding.severity {
        Severity::Error => ("error", Ink::Red),
        Severity::Warning => ("warning", Ink::Yellow),
        _ => ("note", Ink::Blue),
    };
    let title = catalogue::row(finding.code).map_or("", |row| row.title);
    sheet.hanging(0, &format!("{word}[{}]:", finding.code), ink, 0, title);
    labelled(sheet, "seen", &finding.seen);
    labelled(sheet, "why", &finding.why);
    for (at, change) in finding.change.iter().enumerate() {
        let label = if at == 0 { "change" } else { "" };
        let number = match finding.change.len() {
            1 => String::new(),
            _ => format!("{}. ", at + 1),
        };
        labelled_or_blank(sheet, label, &format!("{number}{}", sentence(change)));
        if let Some(line) = &change.line {
            sheet.verbatim(INDENT + 4, line);
        }
    }
    let known = match finding.confidence {
        Confidence::Documented => "documented",
        Confidence::Observed => "observed, not documented",
        _ => "inferred",
    };
    labelled(sheet, "source", &format!("{known}: {}", finding.source));
}

fn labelled(sheet: &mut Sheet, label: &str, text: &str) {
    sheet.hanging(2, label, Ink::Blue, INDENT, text);
}

fn labelled_or_blank(sheet: &mut Sheet, label: &str, text: &str) {
    match label {
        "" => sheet.paragraph(INDENT, text),
        _ => labelled(sheet, label, text),
    }
}

/// Where, under which name, and what to do.
pub(crate) fn sentence(change: &Change) -> String {
    format!("{}, {}: {}", place(change.place), change.name, change.text)
}

/// A place as the person meets it.
pub(crate) const fn place(place: Place) -> &'static str {
    match place {
        Place::Portal => "in the portal",
        Place::Config => "in vestibule.toml",
        Place::Apache => "in Apache's configuration",
        Place::Api => "in the API or app",
        Place::Provider => "at the provider",
        Place::Environment => "on the machines around",
        _ => "elsewhere",
    }
}
