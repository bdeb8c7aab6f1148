//! `cargo xtask bench`: builds the program and the benchmark as people get them, and runs the benchmark.

use std::path::Path;
use std::process::Command;

use crate::outcome::{Failure, Outcome};
use crate::step;

/// Builds and runs. The benchmark reads the arguments itself.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Outcome {
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if has("--sessions") {
        return sessions(root, arguments);
    }
    let measures = !(has("--help") || has("-h") || has("--list"));
    let mut arguments = arguments.to_vec();
    // A build of one's own is measured as it is.
    if measures && !has("--program") {
        // A profile needs the names that a release build leaves out.
        let profile = if has("--profile") {
            "profiling"
        } else {
            "release"
        };
        build(root, profile).map_err(|what| Failure::new(what, "fix what does not compile"))?;
        let program = target(root).join(profile).join("vestibule");
        arguments.extend(["--program".to_owned(), program.display().to_string()]);
    }
    let status = Command::new("cargo")
        .args([
            "run",
            "--quiet",
            "--release",
            "--package",
            "vestibule-bench",
        ])
        .arg("--")
        .args(&arguments)
        .current_dir(root)
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::new(
            format!("the benchmark ended with {status}"),
            "the line above says why; `cargo xtask test --install` installs the other proxies",
        )),
        Err(error) => Err(Failure::new(error.to_string(), "is cargo on the path?")),
    }
}

/// The stores by themselves, with a great many sessions: a benchmark of the crate they are in, because only
/// tests and benchmarks may make sessions of nobody.
fn sessions(root: &Path, arguments: &[String]) -> Outcome {
    let count = match arguments {
        [_] => None,
        [_, count] if count.parse().is_ok_and(|count: usize| count > 0) => Some(count.as_str()),
        _ => {
            return Err(Failure::new(
                "`--sessions` goes with a number, or alone",
                "cargo xtask bench --sessions 1000000",
            ));
        }
    };
    let line = "cargo bench --quiet --package vestibule-proxy --bench sessions --";
    let line = format!("{line} {}", count.unwrap_or_default());
    step::run(root, line.trim_end(), &[])
        .map_err(|what| Failure::new(what, "its last line says how far it came"))
}

/// Builds the program alone, because cargo would choose other features for its dependencies if the
/// benchmark were built with it.
fn build(root: &Path, profile: &str) -> Result<(), String> {
    let line = format!("cargo build --package vestibule --profile {profile}");
    step::run(root, &line, &[])
}

fn target(root: &Path) -> std::path::PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into)
}
