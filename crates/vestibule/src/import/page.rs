//! Sets the report of an import for people: every directive with what it became, findings beside their lines, and at the
//! end what the person must do.

use vestibule_config::apache::{Entry, Outcome, Place};
use vestibule_config::{Problem, Severity as Weight};
use vestibule_diagnosis::Severity;

use super::Imported;
use super::findings::Found;
use super::fold::{self, Run};
use super::scopes;
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
    let mut told: Vec<&Place> = Vec::new();
    let mut files = fold::files(&report.entries).into_iter().peekable();
    let mut version = format!(", for mod_auth_openidc {}", report.version);
    while let Some(file) = files.next() {
        sheet.blank();
        let mut heading = file.name.to_owned();
        if let Some(says) = file.lost_as_a_whole() {
            let others =
                std::iter::from_fn(|| files.next_if(|next| next.lost_as_a_whole() == Some(says)));
            match others.count() {
                0 => {}
                1 => heading.push_str(" and 1 more file"),
                more => heading.push_str(&format!(" and {more} more files")),
            }
            heading.push_str(&std::mem::take(&mut version));
            sheet.inked(Ink::Strong, &heading);
            sheet.hanging(2, "lost", Ink::Yellow, INDENT, says);
            continue;
        }
        heading.push_str(&std::mem::take(&mut version));
        sheet.inked(Ink::Strong, &heading);
        for run in &file.runs {
            run_of(&mut sheet, imported, run, &mut told);
        }
    }
    elsewhere(&mut sheet, imported, &told);
    end(&mut sheet, imported);
    sheet.into_text()
}

/// Directives that stand for one: of each line what became of it, and what was found about it.
fn run_of<'i>(sheet: &mut Sheet, imported: &'i Imported, run: &Run<'i>, told: &mut Vec<&'i Place>) {
    let (label, names) = (run.lines(), run.names());
    sheet.hanging(
        0,
        &format!("{label:>4}"),
        Ink::Blue,
        6.max(label.len() + 2),
        &names,
    );
    let entries: &[&Entry] = match run.is_folded() {
        true => run.entries.get(..1).unwrap_or_default(),
        false => &run.entries,
    };
    for entry in entries {
        one(sheet, entry);
    }
    // Nothing was found about lines that are folded.
    if let Some(entry) = run.entries.first().filter(|_| !run.is_folded()) {
        beside(sheet, imported, &entry.at, told);
    }
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
    let here: Vec<&Found> = imported
        .findings
        .iter()
        .filter(|found| found.at.as_ref() == Some(at))
        .collect();
    let lines = here.iter().flat_map(|found| scopes::lines(&found.finding));
    let together = scopes::together(&lines.collect::<Vec<_>>());
    for found in &here {
        finding(sheet, found, together.is_some());
        told.extend(&found.at);
    }
    if let Some(line) = together {
        sheet.hanging(2, "so", Ink::Blue, INDENT, "All of that in one line:");
        sheet.verbatim(INDENT + 4, &line);
    }
    // One line of Apache's is often a key of several routes.
    let mut warned: Vec<(&str, &str)> = Vec::new();
    for problem in imported.problems().into_iter().flatten() {
        let says = (problem.message.as_str(), problem.help.as_str());
        let is_here = imported.origin(problem) == Some(at);
        if is_here && !is_said(imported, problem) && !warned.contains(&says) {
            warned.push(says);
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
    let origin = imported.origin(problem);
    problem.severity == Weight::Warning
        && imported
            .findings
            .iter()
            .any(|found| found.at.as_ref() == origin && origin.is_some())
}

/// `without_scopes`: a line for `OIDCScope` follows for several findings.
fn finding(sheet: &mut Sheet, found: &Found, without_scopes: bool) {
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
        let is_told = without_scopes && scopes::is_of(change);
        if let Some(line) = change.line.as_ref().filter(|_| !is_told) {
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
            finding(sheet, found, false);
        }
    }
    let entries = &imported.import.report.entries;
    let mut warned: Vec<(&str, &str)> = Vec::new();
    for problem in imported.problems().into_iter().flatten() {
        let origin = imported.origin(problem);
        let says = (problem.message.as_str(), problem.help.as_str());
        let is_told = warned.contains(&says) || is_said(imported, problem);
        if !entries.iter().any(|entry| Some(&entry.at) == origin) && !is_told {
            warned.push(says);
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
        let entries = imported.import.report.entries.iter();
        for entry in entries.filter(|entry| entry.outcome == Outcome::Stops) {
            let at = format!("{}:{} {}", entry.at.file, entry.at.line, entry.name);
            sheet.hanging(2, "-", Ink::Plain, 4, &format!("{at}: {}", entry.says));
        }
        return;
    }
    let report = &imported.import.report;
    if !report.by_version.is_empty() {
        let head = format!(
            "What follows from version {} of mod_auth_openidc (--source-version says another):",
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
