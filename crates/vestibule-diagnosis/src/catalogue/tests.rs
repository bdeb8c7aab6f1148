use std::collections::{HashMap, HashSet};

use super::*;
use crate::testing::RowCase;

fn cases() -> Vec<RowCase> {
    families()
        .iter()
        .flat_map(|family| (family.cases)())
        .collect()
}

/// Says everything that is wrong at once.
fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn every_row_has_a_case_that_shows_it_and_one_that_comes_close() {
    let cases: HashMap<_, _> = cases()
        .into_iter()
        .map(|case| (case.code(), case))
        .collect();
    let problems: Vec<_> = rows()
        .filter(|row| !cases.get(row.code).is_some_and(RowCase::is_complete))
        .map(|row| format!("{} has no case, or only half of one", row.code))
        .collect();
    none(&problems);
    let unknown: Vec<_> = cases
        .keys()
        .filter(|code| row(code).is_none())
        .map(|code| format!("{code} has a case and is no row"))
        .collect();
    none(&unknown);
}

#[test]
fn every_case_holds() {
    crate::testing::check(&cases());
}

#[test]
fn codes_are_unique_and_well_formed() {
    let mut seen = HashSet::new();
    let problems: Vec<_> = rows()
        .filter(|row| {
            let parts: Vec<_> = row.code.split('-').collect();
            let form = parts.len() >= 3
                && parts[0] == "VST"
                && parts.iter().all(|part| {
                    !part.is_empty()
                        && part
                            .bytes()
                            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
                });
            !form || !seen.insert(row.code)
        })
        .map(|row| row.code.to_owned())
        .collect();
    none(&problems);
}

#[test]
fn every_row_is_written_for_a_person() {
    let mut problems = Vec::new();
    for row in rows() {
        for (name, text) in [
            ("symptom", row.symptom),
            ("cause", row.cause),
            ("cure", row.cure),
        ] {
            let outside_code: String = text.split('`').step_by(2).collect();
            let shouts = outside_code.contains('!');
            if !text.ends_with('.') || text.contains("  ") || shouts || text.len() < 16 {
                problems.push(format!("{}: {name}: {text:?}", row.code));
            }
        }
        let title = row.title;
        if title.is_empty() || title.ends_with('.') || row.source.is_empty() {
            problems.push(format!("{}: title or source", row.code));
        }
    }
    none(&problems);
}

#[test]
fn what_a_row_explains_is_a_row() {
    let problems: Vec<_> = rows()
        .flat_map(|row| row.explains.iter().map(move |code| (row.code, *code)))
        .filter(|(_, code)| row(code).is_none())
        .map(|(from, code)| format!("{from} explains {code}, which is no row"))
        .collect();
    none(&problems);
}

/// Two rows that explain each other would silence each other.
#[test]
fn nothing_explains_itself() {
    fn reaches(from: &Row, to: &str, depth: usize) -> bool {
        depth > 0
            && from.explains.iter().any(|code| {
                *code == to || row(code).is_some_and(|next| reaches(next, to, depth - 1))
            })
    }
    let problems: Vec<_> = rows()
        .filter(|row| reaches(row, row.code, 6))
        .map(|row| format!("{} explains itself", row.code))
        .collect();
    none(&problems);
}

#[test]
fn nothing_known_is_nothing_found() {
    assert_eq!(crate::diagnose(&Evidence::default()), []);
}

/// Text from the evidence of a case goes nowhere it must not: no finding holds a token.
#[test]
fn no_finding_of_any_case_holds_a_token() {
    for case in cases() {
        for evidence in case.evidence() {
            for finding in crate::diagnose(evidence) {
                let text = serde_json::to_string(&finding).unwrap();
                assert!(!text.contains("eyJ"), "{text}");
            }
        }
    }
}
