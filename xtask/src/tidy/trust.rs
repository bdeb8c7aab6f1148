//! Where it is decided which certificates are believed: in one file.

use super::{Rule, Violation};
use crate::repository::Repository;

pub(super) const RULE: Rule = Rule {
    name: "trust",
    check,
};

/// The one file that may let a certificate go unchecked.
const FILE: &str = "crates/vestibule-proxy/src/trust.rs";

/// What sets a verifier of one's own, and what says that a certificate is believed. Written in two halves, so that this file
/// does not break its own rule.
const WORDS: [(&str, &str); 2] = [(".danger", "ous()"), ("ServerCertVerified::", "assertion")];

fn check(repository: &Repository) -> Vec<Violation> {
    let mut found = Vec::new();
    let words = WORDS.map(|(first, second)| format!("{first}{second}"));
    for file in repository.rust().filter(|file| file.path != FILE) {
        for (number, line) in file.shipped_lines() {
            if words.iter().any(|word| line.contains(word)) {
                let what = format!("which certificates are believed is decided in {FILE}");
                found.push(Violation::new(file, number, what));
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
    fn a_verifier_elsewhere_is_refused() {
        let text = "//! X.\nfn a() {\n    builder.dangerous();\n}\n";
        check(
            &RULE,
            &[
                ("crates/vestibule-proxy/src/trust.rs", text),
                ("crates/vestibule-proxy/src/other.rs", text),
            ],
            &[
                "crates/vestibule-proxy/src/other.rs:3: which certificates are believed is decided in \
                 crates/vestibule-proxy/src/trust.rs",
            ],
        );
    }
}
