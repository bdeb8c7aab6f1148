//! Which crate of the workspace may depend on which: the order in which trust is built.

use super::{Rule, Violation, manifest};
use crate::repository::Repository;

pub(super) const RULE: Rule = Rule {
    name: "edges",
    check,
};

/// A crate and what it may depend on, the program and its tests aside.
const MAY_DEPEND_ON: [(&str, &[&str]); 8] = [
    ("vestibule-oidc", &[]),
    ("vestibule-session", &["vestibule-oidc"]),
    ("vestibule-http1", &[]),
    (
        "vestibule-gate",
        &["vestibule-http1", "vestibule-oidc", "vestibule-session"],
    ),
    ("vestibule-diagnosis", &["vestibule-oidc"]),
    ("vestibule-config", &[]),
    (
        "vestibule-proxy",
        &[
            "vestibule-oidc",
            "vestibule-session",
            "vestibule-gate",
            "vestibule-http1",
            "vestibule-diagnosis",
        ],
    ),
    // The local provider has its own token code: a shared misreading of a specification would pass
    // its own tests.
    ("vestibule-idp", &[]),
];

fn check(repository: &Repository) -> Vec<Violation> {
    let mut found = Vec::new();
    for (name, allowed) in MAY_DEPEND_ON {
        let Some(file) = repository.file(&format!("crates/{name}/Cargo.toml")) else {
            continue;
        };
        for (line, dependency) in manifest::all_dependencies(file) {
            let ours = dependency == "vestibule" || dependency.starts_with("vestibule-");
            if ours && dependency != name && !allowed.contains(&dependency) {
                let what = format!("{name} must not depend on {dependency}");
                found.push(Violation::new(file, line, what));
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
    fn an_edge_against_the_order_of_trust_is_refused() {
        check(
            &RULE,
            &[
                (
                    "crates/vestibule-idp/Cargo.toml",
                    "[dependencies]\nurl.workspace = true\n[dev-dependencies]\n\
                     vestibule-oidc.workspace = true\n",
                ),
                (
                    "crates/vestibule-session/Cargo.toml",
                    "[dependencies]\nvestibule-oidc = { path = \"../vestibule-oidc\" }\n\
                     vestibule-gate.workspace = true\n",
                ),
            ],
            &[
                "crates/vestibule-session/Cargo.toml:3: vestibule-session must not depend on \
                 vestibule-gate",
                "crates/vestibule-idp/Cargo.toml:4: vestibule-idp must not depend on \
                 vestibule-oidc",
            ],
        );
    }
}
