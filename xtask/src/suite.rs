//! `cargo xtask test`: every check there is, in the order in which a mistake is cheapest to find.

use std::path::Path;

use crate::outcome::Outcome;
use crate::repository::Repository;
use crate::step::{self, Steps};
use crate::{bench, parts, replay, tidy};

/// How to run the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SuiteOptions {
    /// Install missing parts instead of naming them.
    pub(crate) install: bool,
    /// Add the slow rounds.
    pub(crate) long: bool,
}

/// Runs all steps; stops at the first that fails.
pub(crate) fn run(root: &Path, options: SuiteOptions) -> Outcome {
    let mut steps = Steps::default();
    let s = &mut steps;
    let run = |line: &str| step::run(root, line, &[]);

    s.take("parts", parts::CURE, || {
        parts::ensure(root, options.install)
    })?;
    s.take("format", "run `cargo fmt --all`", || {
        run("cargo fmt --all --check")?;
        run("cargo fmt --manifest-path fuzz/libfuzzer/Cargo.toml --check")
    })?;
    s.take("tidy", "change what the lines above name", || {
        tidy::run(&Repository::load(root)).map_err(|failure| failure.what)
    })?;
    s.take("deny", "deny.toml says what is allowed and why", || {
        run("cargo deny --workspace check bans licenses sources")
    })?;
    // The same packages in every step from here on: cargo chooses the features of dependencies by
    // what is selected, and would build half of them once more for another selection.
    s.take("clippy", "fix the warnings; an `#[expect]` needs a reason that is a proof", || {
        run("cargo clippy --workspace --all-targets --features vestibule-e2e/parts -- --deny warnings")
    })?;
    s.take(
        "rustdoc",
        "fix the documentation the lines above name",
        || {
            let flags = [("RUSTDOCFLAGS", "--deny warnings")];
            step::run(root, "cargo doc --workspace --no-deps", &flags)
        },
    )?;
    s.take("build", "fix what does not compile", || {
        run("cargo build --workspace --all-targets")
    })?;
    let long = [
        (replay::MUTATIONS, "300000"),
        ("PROPTEST_CASES", "25600"),
        // `vestibule_e2e::rounds` reads it.
        ("VESTIBULE_LONG", "1"),
    ];
    let environment = if options.long { &long[..] } else { &[] };
    s.take(
        "test",
        "`cargo test -p CRATE NAME` runs one test alone",
        || step::run(root, "cargo test --workspace --no-fail-fast", environment),
    )?;
    // Behind a feature, so that `cargo test` passes on a machine with nothing but Rust.
    s.take(
        "end to end",
        "logs are in target/e2e/, pictures in target/screenshots/",
        || {
            let line = "cargo test --workspace --features vestibule-e2e/parts --test parts";
            step::run(root, line, environment)
        },
    )?;
    // In the program as people get it: instructions of a debug build mean nothing.
    s.take(
        "counts",
        "`cargo xtask bench --profile` shows where a request's instructions go; the limits are in \
         bench/limits.toml",
        || {
            let arguments = ["--counts".to_owned(), "--check".to_owned()];
            bench::run(root, &arguments).map_err(|failure| failure.what)
        },
    )?;

    println!("{}", steps.summary());
    Ok(())
}
