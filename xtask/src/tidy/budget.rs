//! How many crates the default build may take: fewer than 250, because each is code to trust.

use std::collections::BTreeSet;
use std::process::Command;

use super::{Rule, Violation};
use crate::repository::{File, Repository};

pub(super) const RULE: Rule = Rule {
    name: "budget",
    check,
};

const BUDGET: usize = 250;

fn check(repository: &Repository) -> Vec<Violation> {
    let Some(file) = repository.file("Cargo.lock") else {
        return Vec::new();
    };
    match default_build(repository) {
        Ok(tree) => judge(file, &tree, BUDGET),
        Err(what) => vec![Violation::new(file, 0, what)],
    }
}

/// The crates that `cargo build` compiles on this machine, one per line, with repeats.
fn default_build(repository: &Repository) -> Result<String, String> {
    let output = Command::new("cargo")
        .args([
            "tree",
            "--locked",
            "--package",
            "vestibule",
            "--edges",
            "normal,build",
        ])
        .args(["--prefix", "none", "--format", "{p}"])
        .current_dir(&repository.root)
        .output()
        .map_err(|error| format!("`cargo tree` could not be started: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!(
            "`cargo tree` failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ))
    }
}

fn judge(file: &File, tree: &str, budget: usize) -> Vec<Violation> {
    let name_and_version = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let crates: BTreeSet<String> = tree
        .lines()
        .filter(|line| !line.is_empty())
        .map(name_and_version)
        .collect();
    if crates.len() < budget {
        return Vec::new();
    }
    let what = format!(
        "{} crates in the default build; it must stay below {budget}",
        crates.len()
    );
    vec![Violation::new(file, 0, what)]
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::repository::File;

    #[test]
    fn a_build_over_budget_is_refused_and_repeats_count_once() {
        let lock = File {
            path: "Cargo.lock".to_owned(),
            text: String::new(),
            is_test: false,
        };
        let tree = "a v1.0.0\nb v1.0.0 (proc-macro)\nb v1.0.0 (*)\n\nb v2.0.0\n";
        assert_eq!(judge(&lock, tree, 4), []);
        let over: Vec<String> = judge(&lock, tree, 3)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            over,
            ["Cargo.lock: 3 crates in the default build; it must stay below 3"]
        );
    }
}
