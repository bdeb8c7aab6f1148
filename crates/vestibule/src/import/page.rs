//! Sets the report of an import for people: every directive with what it became, findings beside their lines, and at the
//! end what the person must do.

use vestibule_config::apache::{Entry, Outcome, Place};
use vestibule_config::{Problem, Severity as Weight};
use vestibule_diagnosis::Severity;

use super::Imported;
use super::findings::Found;
use crate::output;
use crate::print::{Ink, Sheet, sentence};

/// Where the text behind an outcome begins.
const INDENT: usize = 12;
/// Lines of a report need not be narrow: they hold settings to be copied.
const WIDTH: usize = 110;

/// The report.
pub(super) fn of(imported: &Imported) -> String {
    let mut sheet = Sheet::new(WIDTH, output::colours());
    let report = &imported.import.report;
    let mut last: Option<(&Place, &str)> = None;
    let mut told: Vec<&Place> = Vec::new();
    for entry in &report.entries {
        if last.is_none_or(|(at, _)| at.file != entry.at.file) {
            sheet.blank();
            sheet.inked(
                Ink::Strong,
                &format!("{}, for mod_auth_openidc {}", entry.at.file, report.version),
            );
        }
        let here = (&entry.at, entry.name.as_str());
        if last != Some(here) {
            if let Some((before, _)) = last.filter(|(before, _)| **before != entry.at) {
                beside(&mut sheet, imported, before, &mut told);
            }
            sheet.hanging(
                0,
                &format!("{:>4}", entry.at.line),
                Ink::Blue,
                6,
                &entry.name,
            );
        }
        one(&mut sheet, entry);
        last = Some(here);
    }
    if let Some((before, _)) = last {
        beside(&mut sheet, imported, before, &mut told);
    }
    elsewhere(&mut sheet, imported, &told);
    end(&mut sheet, imported);
    sheet.into_text()
}

fn one(sheet: &mut Sheet, entry: &Entry) {
    let ink = match entry.outcome {
        Outcome::Became => Ink::Green,
        Outcome::Differs | Outcome::Lost => Ink::Yellow,
        Outcome::Stops => Ink::Red,
    };
    sheet.hanging(2, entry.outcome.as_str(), ink, INDENT, &entry.says);
    if let Some(help) = &entry.help {
        sheet.hanging(2, "help", Ink::Blue, INDENT, help);
    }
}

/// What was found about one line.
fn beside<'i>(sheet: &mut Sheet, imported: &'i Imported, at: &Place, told: &mut Vec<&'i Place>) {
    for found in &imported.findings {
        if let Some(place) = found.at.as_ref().filter(|place| *place == at) {
            finding(sheet, found);
            told.push(place);
        }
    }
    for problem in imported.problems().into_iter().flatten() {
        if imported.import.origin(problem.line) == Some(at) && !is_said(imported, problem) {
            warning(sheet, problem);
        }
    }
}

/// A finding of the same cause, or of the same line, says it better.
fn is_said(imported: &Imported, problem: &Problem) -> bool {
    let by_code = |code| {
        let mut findings = imported.findings.iter();
        findings.any(|found| found.finding.code == code)
    };
    if problem.code.is_some_and(by_code) {
        return true;
    }
    let origin = imported.import.origin(problem.line);
    problem.severity == Weight::Warning
        && imported
            .findings
            .iter()
            .any(|found| found.at.as_ref() == origin && origin.is_some())
}

fn finding(sheet: &mut Sheet, found: &Found) {
    let (word, ink) = match (found.is_cured, found.severity) {
        (true, _) => ("cured", Ink::Green),
        (false, Severity::Error) => ("error", Ink::Red),
        (false, _) => ("warning", Ink::Yellow),
    };
    let text = format!("{}: {}", found.finding.code, found.finding.seen);
    sheet.hanging(2, word, ink, INDENT, &text);
    sheet.hanging(2, "why", Ink::Blue, INDENT, &found.finding.why);
    for change in &found.finding.change {
        sheet.hanging(2, "change", Ink::Blue, INDENT, &sentence(change));
        if let Some(line) = &change.line {
            sheet.verbatim(INDENT + 4, line);
        }
    }
}

fn warning(sheet: &mut Sheet, problem: &Problem) {
    let ink = match problem.severity {
        Weight::Error => Ink::Red,
        _ => Ink::Yellow,
    };
    sheet.hanging(2, problem.severity.as_str(), ink, INDENT, &problem.message);
    sheet.hanging(2, "help", Ink::Blue, INDENT, &problem.help);
}

/// What belongs to no line of Apache's.
fn elsewhere(sheet: &mut Sheet, imported: &Imported, told: &[&Place]) {
    for found in &imported.findings {
        if !found.at.as_ref().is_some_and(|at| told.contains(&at)) {
            sheet.blank();
            finding(sheet, found);
        }
    }
    let entries = &imported.import.report.entries;
    for problem in imported.problems().into_iter().flatten() {
        let origin = imported.import.origin(problem.line);
        if !entries.iter().any(|entry| Some(&entry.at) == origin) && !is_said(imported, problem) {
            sheet.blank();
            sheet.paragraph(0, &format!("vestibule.toml, line {}:", problem.line));
            warning(sheet, problem);
        }
    }
}

fn end(sheet: &mut Sheet, imported: &Imported) {
    sheet.blank();
    let stops = imported.count(Outcome::Stops);
    if stops > 0 {
        let places = if stops == 1 {
            "1 place"
        } else {
            &format!("{stops} places")
        };
        sheet.inked(
            Ink::Red,
            &format!("Stopped at {places}: nothing was imported."),
        );
        return;
    }
    let report = &imported.import.report;
    if !report.by_version.is_empty() {
        let head = format!(
            "With mod_auth_openidc {} (--source-version says another):",
            report.version
        );
        sheet.inked(Ink::Strong, &head);
        for what in &report.by_version {
            sheet.hanging(2, "-", Ink::Plain, 5, &format!("{what}."));
        }
        sheet.blank();
    }
    let todo = &report.todo;
    if !todo.is_empty() {
        sheet.inked(Ink::Strong, "What is left to do:");
        for (at, what) in todo.iter().enumerate() {
            sheet.hanging(
                2,
                &format!("{}.", at + 1),
                Ink::Plain,
                5,
                &format!("{what}."),
            );
        }
        sheet.blank();
    }
    sheet.paragraph(
        0,
        &format!(
            "{} became the same, {} differ, {} are not carried over.",
            imported.count(Outcome::Became),
            imported.count(Outcome::Differs),
            imported.count(Outcome::Lost),
        ),
    );
}
