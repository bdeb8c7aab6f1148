//! The page of past vulnerabilities names only tests that exist.

use super::{Rule, Violation};
use crate::repository::Repository;

pub(super) const RULE: Rule = Rule {
    name: "past-vulnerabilities",
    check,
};

const PAGE: &str = "docs/past-vulnerabilities.md";

fn check(repository: &Repository) -> Vec<Violation> {
    let mut found = Vec::new();
    // A made-up repository in a test has no page unless it brings one.
    let Some(page) = repository.file(PAGE) else {
        return found;
    };
    for (index, line) in page.text.lines().enumerate() {
        for test in tests_named_in(line) {
            let function = format!("fn {test}(");
            if !repository.rust().any(|file| file.text.contains(&function)) {
                let what = format!("there is no test `{test}`");
                found.push(Violation::new(page, index + 1, what));
            }
        }
    }
    found
}

/// What stands in backticks in the last cell of a table's row.
fn tests_named_in(line: &str) -> impl Iterator<Item = &str> {
    let cell = line
        .strip_prefix('|')
        .and_then(|row| row.trim_end().strip_suffix('|'))
        .and_then(|row| row.rsplit('|').next())
        .unwrap_or_default();
    cell.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::{PAGE, RULE};

    #[test]
    fn a_test_that_is_not_there_is_refused() {
        check(
            &RULE,
            &[
                (
                    PAGE,
                    "`prose`\n| id | `word` | held by |\n|---|---|---|\n| A | b | `is_there`, `gone` |\n\
                     | A | b | `is_there_n` |\n",
                ),
                ("a.rs", "#[test]\nfn is_there() {}\nfn is_there_now() {}\n"),
            ],
            &[
                "docs/past-vulnerabilities.md:4: there is no test `gone`",
                "docs/past-vulnerabilities.md:5: there is no test `is_there_n`",
            ],
        );
    }
}
