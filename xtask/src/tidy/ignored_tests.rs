//! When a test may be ignored: with a reason.

use super::{Rule, Violation};
use crate::repository::Repository;

pub(super) const RULE: Rule = Rule {
    name: "ignored-tests",
    check,
};

fn check(repository: &Repository) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in repository.rust() {
        for (index, line) in file.text.lines().enumerate() {
            if line.trim() == concat!("#[", "ignore]") {
                let what = "an ignored test needs a reason: `#[ignore = \"…\"]`";
                found.push(Violation::new(file, index + 1, what));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::RULE;

    #[test]
    fn an_ignored_test_without_a_reason_is_refused() {
        let text = ["#[ignore = \"slow\"]", concat!("  #[", "ignore]")].join("\n");
        check(
            &RULE,
            &[("a.rs", &text)],
            &["a.rs:2: an ignored test needs a reason: `#[ignore = \"…\"]`"],
        );
    }
}
