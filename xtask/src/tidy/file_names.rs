//! What a file may be called: a name says what is in it, so names that fit anything are refused.

use super::{Rule, Violation};
use crate::repository::Repository;

pub(super) const RULE: Rule = Rule {
    name: "file-names",
    check,
};

const NAMES_THAT_FIT_ANYTHING: [&str; 7] = [
    "common", "helper", "helpers", "imp", "misc", "util", "utils",
];

fn check(repository: &Repository) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in repository.rust() {
        let parts = file
            .path
            .split('/')
            .map(|part| part.strip_suffix(".rs").unwrap_or(part));
        for part in parts.filter(|part| NAMES_THAT_FIT_ANYTHING.contains(part)) {
            found.push(Violation::new(
                file,
                0,
                format!("`{part}` fits anything; name the idea"),
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::RULE;

    #[test]
    fn a_name_that_fits_anything_is_refused_for_files_and_folders() {
        check(
            &RULE,
            &[
                ("a/utils.rs", ""),
                ("tests/common/mod.rs", ""),
                ("a/cookie.rs", ""),
            ],
            &[
                "a/utils.rs: `utils` fits anything; name the idea",
                "tests/common/mod.rs: `common` fits anything; name the idea",
            ],
        );
    }
}
