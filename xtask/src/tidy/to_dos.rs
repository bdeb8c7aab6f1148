//! The form of a to-do: `TODO(kind): …`, with a kind that says how much it matters.

use super::{Rule, Violation};
use crate::repository::Repository;

pub(super) const RULE: Rule = Rule {
    name: "to-dos",
    check,
};

const KINDS: [&str; 3] = ["correctness", "hardening", "cleanup"];

fn check(repository: &Repository) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in repository.rust() {
        for (index, line) in file.text.lines().enumerate() {
            let Some((_, comment)) = line.split_once("//") else {
                continue;
            };
            if let Some(what) = malformed(comment) {
                found.push(Violation::new(file, index + 1, what));
            }
        }
    }
    found
}

fn malformed(comment: &str) -> Option<String> {
    let comment = comment.trim_start_matches(['/', '!']).trim_start();
    if let Some(marker) = ["FIXME", "XXX", "HACK"]
        .iter()
        .find(|word| comment.starts_with(**word))
    {
        return Some(format!("`{marker}`: write `TODO(kind): …`"));
    }
    let rest = comment.strip_prefix("TODO")?;
    let well_formed = rest
        .strip_prefix('(')
        .and_then(|rest| rest.split_once("): "))
        .is_some_and(|(kind, text)| KINDS.contains(&kind) && !text.trim().is_empty());
    (!well_formed).then(|| format!("write `TODO(kind): …`, kind one of {}", KINDS.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::RULE;

    #[test]
    fn a_to_do_without_a_known_kind_is_refused() {
        let form = "write `TODO(kind): …`, kind one of correctness, hardening, cleanup";
        check(
            &RULE,
            &[(
                "a.rs",
                "// TODO(hardening): bound it.\n// TODO: later\n/// TODO(someday): x\n// FIXME\nlet \
                 todo = 1; // What the TODO list says.\n",
            )],
            &[
                &format!("a.rs:2: {form}"),
                &format!("a.rs:3: {form}"),
                "a.rs:4: `FIXME`: write `TODO(kind): …`",
            ],
        );
    }
}
