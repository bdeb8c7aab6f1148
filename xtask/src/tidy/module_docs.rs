//! How a source file begins: with a sentence on what the module decides or holds.

use super::{Rule, Violation};
use crate::repository::Repository;

pub(super) const RULE: Rule = Rule {
    name: "module-docs",
    check,
};

fn check(repository: &Repository) -> Vec<Violation> {
    repository
        .rust()
        .filter(|file| !file.is_test && file.path.split('/').any(|part| part == "src"))
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| {
            Violation::new(
                file,
                1,
                "the first line says what the module decides or holds",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::RULE;

    #[test]
    fn a_module_without_a_first_sentence_is_refused() {
        check(
            &RULE,
            &[
                ("x/src/a.rs", "//! Decides.\n"),
                ("x/src/b.rs", "use std;\n"),
                ("x/src/b/tests.rs", "use super;\n"),
            ],
            &["x/src/b.rs:1: the first line says what the module decides or holds"],
        );
    }
}
