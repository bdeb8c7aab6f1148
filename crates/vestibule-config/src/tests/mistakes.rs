//! Every mistake we know, and what a person reads about it.

use super::{files, read};
use crate::Severity;

#[test]
fn each_mistake_has_its_words() {
    for (name, text) in files("testdata/config/bad") {
        let report = match read(&text) {
            Ok(loaded) => {
                assert!(
                    !loaded.warnings.is_empty(),
                    "{name}.toml is accepted without a word"
                );
                loaded.warnings
            }
            Err(problems) => {
                assert!(
                    problems.has_errors(),
                    "{name}.toml is refused without an error"
                );
                problems
            }
        };
        insta::assert_snapshot!(name, report.to_string());
    }
}

#[test]
fn every_problem_says_what_to_write() {
    for (name, text) in files("testdata/config/bad") {
        let report = match read(&text) {
            Ok(loaded) => loaded.warnings,
            Err(problems) => problems,
        };
        for problem in &report {
            assert!(!problem.help.is_empty(), "{name}: {problem:?}");
            assert!(
                problem.line >= 1 && problem.column >= 1,
                "{name}: {problem:?}"
            );
        }
    }
}

#[test]
fn no_report_shows_a_secret() {
    for (name, text) in files("testdata/config/bad") {
        let report = match read(&text) {
            Ok(loaded) => loaded.warnings,
            Err(problems) => problems,
        };
        let shown = format!("{report}{report:?}");
        for secret in [
            "hunter2",
            "12345678",
            "not-a-real-secret",
            "v4lue",
            "c29tZSBr",
            super::KEY,
        ] {
            assert!(!shown.contains(secret), "{name}: {shown}");
        }
    }
}

#[test]
fn all_problems_come_at_once_in_the_order_of_the_file() {
    let (_, text) = files("testdata/config/bad")
        .into_iter()
        .find(|(name, _)| name == "several-at-once")
        .unwrap();
    let problems = read(&text).unwrap_err();
    let lines: Vec<usize> = problems.iter().map(|problem| problem.line).collect();
    assert!(lines.len() >= 7, "{problems}");
    assert!(lines.is_sorted(), "{lines:?}");
}

#[test]
fn a_wrong_value_keeps_its_key_and_severity() {
    let problems = super::with_route("websocket = 1").unwrap_err();
    let problem = problems.iter().next().unwrap();
    assert_eq!(problem.key, "route.websocket");
    assert_eq!(
        (problem.severity, problem.severity.as_str()),
        (Severity::Error, "error")
    );
    assert_eq!((problem.line, problem.column), (9, 13));
}

#[test]
fn colours_are_only_there_when_asked_for() {
    let problems = super::with_route("websocket = 1").unwrap_err();
    assert!(!problems.render(false).contains('\u{1b}'));
    assert!(problems.render(true).contains("\u{1b}[1;31merror\u{1b}[0m"));
}
