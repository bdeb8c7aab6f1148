//! What keeps the pure crates pure: no I/O, no clock, no randomness, no logging.
//!
//! Two checks: the crates they may depend on are listed here, and words that reach for the world
//! may not stand in their code. Tests of these crates may do what they like.

use super::{Rule, Violation, manifest};
use crate::repository::Repository;

pub(super) const RULE: Rule = Rule {
    name: "purity",
    check,
};

const PURE_CRATES: [&str; 5] = [
    "vestibule-http1",
    "vestibule-oidc",
    "vestibule-session",
    "vestibule-gate",
    "vestibule-diagnosis",
];

/// Crates that compute and do nothing else. `aws-lc-rs` can also make random bytes; the words below
/// see to that.
const PURE_DEPENDENCIES: [&str; 17] = [
    "aws-lc-rs",
    "base64",
    "bytes",
    "flate2",
    "ipnet",
    "memchr",
    "minicbor",
    "regex",
    "serde",
    "serde_json",
    "thiserror",
    "url",
    "vestibule-gate",
    "vestibule-http1",
    "vestibule-oidc",
    "vestibule-session",
    "zeroize",
];

const IMPURE_WORDS: [&str; 20] = [
    "std::fs",
    "std::env",
    "std::io::stdin",
    "std::process",
    "std::thread",
    "std::os",
    "std::net::Tcp",
    "std::net::Udp",
    "ToSocketAddrs",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "SystemTime",
    "Instant::now",
    "SystemRandom",
    "rand::fill",
    "thread_local!",
    "println!",
    "tokio::",
    "tracing::",
];

fn check(repository: &Repository) -> Vec<Violation> {
    let mut found = Vec::new();
    for name in PURE_CRATES {
        let folder = format!("crates/{name}/");
        if let Some(file) = repository.file(&format!("{folder}Cargo.toml")) {
            for (line, dependency) in manifest::dependencies(file) {
                if !PURE_DEPENDENCIES.contains(&dependency) {
                    let what = format!("{name} is pure; {dependency} is not on the list for it");
                    found.push(Violation::new(file, line, what));
                }
            }
        }
        let sources = format!("{folder}src/");
        for file in repository
            .rust()
            .filter(|file| file.path.starts_with(&sources))
        {
            for (number, line) in file.shipped_lines() {
                let code = line.split("//").next().unwrap_or(line);
                for word in IMPURE_WORDS.iter().filter(|word| code.contains(**word)) {
                    let what = format!("{name} is pure; `{word}` reaches for the world");
                    found.push(Violation::new(file, number, what));
                }
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
    fn a_pure_crate_does_not_reach_for_the_world() {
        check(
            &RULE,
            &[
                (
                    "crates/vestibule-oidc/Cargo.toml",
                    "[dependencies]\nurl.workspace = true\ntokio.workspace = true\n\
                     [dev-dependencies]\nproptest.workspace = true\n",
                ),
                (
                    "crates/vestibule-oidc/src/time.rs",
                    "// Not SystemTime.\nlet now = SystemTime::now();\n#[cfg(test)]\nstd::fs::x();\n",
                ),
                ("crates/vestibule-proxy/src/clock.rs", "SystemTime::now()"),
            ],
            &[
                "crates/vestibule-oidc/Cargo.toml:3: vestibule-oidc is pure; tokio is not on the \
                 list for it",
                "crates/vestibule-oidc/src/time.rs:2: vestibule-oidc is pure; `SystemTime` reaches \
                 for the world",
            ],
        );
    }
}
