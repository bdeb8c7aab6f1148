//! What comes out of a run: tables for people, JSON for programs, the generated part of a page.

mod median;
mod page;
mod table;
mod tables;

use std::fs;

use crate::cli::RunOptions;
use crate::problem::{Outcome, While as _};
use crate::run::Results;

/// Prints the tables, and writes what was asked for.
pub(crate) fn publish(results: &Results, options: &RunOptions) -> Outcome {
    let text = tables::all(results);
    println!("\n{text}");
    if let Some(file) = &options.json {
        let json = serde_json::to_string_pretty(results).during("making JSON")?;
        fs::write(file, json + "\n").during(format!("writing {}", file.display()))?;
    }
    if options.write_docs {
        page::write(results, &text)?;
    }
    Ok(())
}
