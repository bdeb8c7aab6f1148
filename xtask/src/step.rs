//! One step of a run: named, timed, and with a cure for when it fails.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::outcome::{Failure, Outcome};

/// The steps of one run and how long each took.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    taken: Vec<(&'static str, Duration)>,
}

impl Steps {
    /// Runs one step. `next` says what to do when it fails.
    pub(crate) fn take(
        &mut self,
        name: &'static str,
        next: &str,
        work: impl FnOnce() -> Result<(), String>,
    ) -> Outcome {
        println!("\n== {name}");
        let start = Instant::now();
        let result = work();
        let elapsed = start.elapsed();
        match result {
            Ok(()) => {
                println!("== {name}: ok, {:.1} s", elapsed.as_secs_f64());
                self.taken.push((name, elapsed));
                Ok(())
            }
            Err(what) => {
                let what = format!("{name}, after {:.1} s: {what}", elapsed.as_secs_f64());
                Err(Failure::new(what, next))
            }
        }
    }

    /// The times of all steps, as a small table.
    pub(crate) fn summary(&self) -> String {
        let total: Duration = self.taken.iter().map(|(_, elapsed)| *elapsed).sum();
        let mut text = String::from("\n== all passed\n");
        for (name, elapsed) in self.taken.iter().chain([&("together", total)]) {
            text.push_str(&format!("{name:>12}  {:>7.1} s\n", elapsed.as_secs_f64()));
        }
        text
    }
}

/// Runs a program in `folder` and passes its output through. No word of the line has blanks in it.
pub(crate) fn run(folder: &Path, line: &str, environment: &[(&str, &str)]) -> Result<(), String> {
    let mut words = line.split_ascii_whitespace();
    let Some(program) = words.next() else {
        return Ok(());
    };
    println!("$ {line}");
    let status = Command::new(program)
        .args(words)
        .envs(environment.iter().copied())
        .current_dir(folder)
        .status()
        .map_err(|error| format!("`{line}` could not be started: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{line}` ended with {status}"))
    }
}
