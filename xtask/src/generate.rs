//! `cargo xtask gen`: the pages under `docs/` that are made from the code.

use std::fs;
use std::path::Path;

use crate::outcome::{Failure, Outcome};
use crate::repository::Repository;
use crate::step;
use crate::tidy::citations;

/// The tests of the generated pages write them when this is set.
const WRITE: &str = "VESTIBULE_WRITE_DOCS";

/// The reference page and the schema are made by the crate that has the keys, the findings' pages by
/// the one that has the catalogue, the schemas of what is printed by the one that prints it.
const PAGES: [&str; 4] = [
    "cargo test --quiet --package vestibule-config documents",
    "cargo test --quiet --package vestibule-diagnosis --test documents",
    "cargo test --quiet --package vestibule-diagnosis --test error_codes",
    "cargo test --quiet --package vestibule documents",
];

/// Writes every generated page, or with `check` fails if one is not what would be written.
pub(crate) fn run(root: &Path, check: bool) -> Outcome {
    let page = citations::page(&Repository::load(root));
    let file = root.join(citations::PAGE);
    if check {
        if fs::read_to_string(&file).is_ok_and(|present| present == page) {
            println!("{} is up to date", citations::PAGE);
        } else {
            return Err(stale(format!("{} is out of date", citations::PAGE)));
        }
    } else {
        fs::write(&file, page).map_err(|error| {
            let what = format!("{} cannot be written: {error}", citations::PAGE);
            Failure::new(what, "make the file and its folder writable")
        })?;
        println!("wrote {}", citations::PAGE);
    }
    let environment: &[(&str, &str)] = if check { &[] } else { &[(WRITE, "1")] };
    for line in PAGES {
        step::run(root, line, environment).map_err(stale)?;
    }
    Ok(())
}

fn stale(what: String) -> Failure {
    Failure::new(what, "run `cargo xtask gen` and look at the difference")
}
