//! `cargo xtask fuzz-replay`: the fuzz targets over their corpora, without a fuzzer.

use std::path::Path;

use crate::outcome::{Failure, Outcome};
use crate::step;

/// What to replay and how hard.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ReplayOptions {
    pub(crate) target: Option<String>,
    pub(crate) mutations: Option<u64>,
}

/// The variable the replay test reads the number of mutations from.
pub(crate) const MUTATIONS: &str = "FUZZ_MUTATIONS";
/// The variable the replay test reads the one target from.
const TARGET: &str = "FUZZ_TARGET";

/// Runs the replay test.
pub(crate) fn run(root: &Path, options: &ReplayOptions) -> Outcome {
    let mutations = options.mutations.map(|number| number.to_string());
    let mut environment = Vec::new();
    if let Some(number) = &mutations {
        environment.push((MUTATIONS, number.as_str()));
    }
    if let Some(target) = &options.target {
        if !root.join("fuzz/corpus").join(target).is_dir() {
            return Err(Failure::new(
                format!("there is no fuzz target `{target}`"),
                "look at the folders in fuzz/corpus/",
            ));
        }
        environment.push((TARGET, target.as_str()));
    }
    let line = "cargo test --package vestibule-fuzz-targets --test replay -- --nocapture";
    step::run(root, line, &environment).map_err(|what| {
        Failure::new(
            what,
            "the message above holds the input; add it to the corpus, then fix",
        )
    })
}
