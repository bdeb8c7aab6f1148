//! What the lock files may name as sources: crates.io for cargo, and nothing for npm, whose lock
//! file holds hashes and leaves the registry to the machine.

use super::{Rule, Violation};
use crate::repository::Repository;

pub(super) const RULE: Rule = Rule {
    name: "lock-files",
    check,
};

const CRATES_IO: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

fn check(repository: &Repository) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in &repository.files {
        for (index, line) in file.text.lines().enumerate() {
            let line = line.trim();
            let what = match file.name() {
                "Cargo.lock" if line.starts_with("source = ") && line != CRATES_IO => {
                    "crates come from crates.io"
                }
                "package-lock.json" if line.starts_with("\"resolved\"") => {
                    "no registry in the lock file: run npm in the folder, its .npmrc sees to it"
                }
                _ => continue,
            };
            found.push(Violation::new(file, index + 1, what));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::{CRATES_IO, RULE};

    #[test]
    fn a_lock_file_that_names_another_registry_is_refused() {
        check(
            &RULE,
            &[
                (
                    "Cargo.lock",
                    &format!("{CRATES_IO}\nsource = \"git+https://example.com/x\"\n"),
                ),
                (
                    "n/package-lock.json",
                    "\"version\": \"1\"\n  \"resolved\": \"https://x/\"\n",
                ),
            ],
            &[
                "Cargo.lock:2: crates come from crates.io",
                "n/package-lock.json:2: no registry in the lock file: run npm in the folder, its \
                 .npmrc sees to it",
            ],
        );
    }
}
