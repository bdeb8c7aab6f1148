//! How long a file may be: one idea fits in 400 lines that are not tests; more than 600 is refused.

use super::{Rule, Violation};
use crate::repository::Repository;

pub(super) const RULE: Rule = Rule {
    name: "file-length",
    check,
};

const SOFT_LIMIT: usize = 400;
const HARD_LIMIT: usize = 600;

fn check(repository: &Repository) -> Vec<Violation> {
    let sources = repository.files.iter().filter(|file| {
        [".rs", ".mjs", ".html", ".css"]
            .iter()
            .any(|end| file.path.ends_with(end))
    });
    let mut found = Vec::new();
    for file in sources {
        let lines = file.shipped_lines().count();
        let what = format!("{lines} lines that are not tests; is this more than one idea?");
        if lines > HARD_LIMIT {
            found.push(Violation::new(file, 0, what));
        } else if lines > SOFT_LIMIT {
            found.push(Violation::new(file, 0, what).warning());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::RULE;

    #[test]
    fn long_files_are_warned_about_then_refused() {
        let lines = |number: usize| "x\n".repeat(number);
        check(
            &RULE,
            &[
                ("short.rs", &lines(400)),
                ("long.rs", &lines(401)),
                ("longer.rs", &lines(601)),
                (
                    "tested.rs",
                    &format!("{}#[cfg(test)]\n{}", lines(10), lines(900)),
                ),
                ("name/tests.rs", &lines(2000)),
            ],
            &[
                "long.rs: warning: 401 lines that are not tests; is this more than one idea?",
                "longer.rs: 601 lines that are not tests; is this more than one idea?",
            ],
        );
    }
}
