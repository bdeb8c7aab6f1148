//! `--counts`: user instructions and system calls per request, and their limits.
//!
//! Both repeat on any machine to about a percent, so they are what a change is judged by: with
//! `--check` they fail the run when they pass `bench/limits.toml`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::cases::{Case, Path, Prepared, Running, prepare};
use crate::cli::CountOptions;
use crate::load::Stop;
use crate::measure::{Callgrind, Profile, Strace, SystemCalls};
use crate::problem::{Outcome, Problem, While as _};
use crate::scene::{self, Scene};

/// The cases that are counted unless others are asked for.
const CASES: [&str; 3] = ["vestibule-public", "vestibule", "vestibule-log"];
/// As many connections as in the comparison: they share the calls that wait for events.
const CONNECTIONS: usize = 32;
/// Requests before counting begins: every connection is open, every cache warm.
const WARM_UP: u64 = 300;
const INSTRUCTION_REQUESTS: u64 = 1200;
const SYSTEM_CALL_REQUESTS: u64 = 4800;
/// Functions in a profile.
const FUNCTIONS: usize = 40;
const CRATES: usize = 20;

/// `bench/limits.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    margin_percent: f64,
    #[serde(rename = "case")]
    cases: BTreeMap<String, Limit>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    instructions: f64,
    system_calls: f64,
}

/// What was counted for one case, per request.
#[derive(Debug)]
struct Count {
    name: &'static str,
    instructions: f64,
    system_calls: f64,
}

/// Counts, prints, and judges if asked to.
pub(crate) fn run(options: &CountOptions, program: Option<&std::path::Path>) -> Outcome {
    let limits = Limits::read()?;
    let mut scene = Scene::set(program)?;
    let mut counts = Vec::new();
    for case in scene::chosen(&options.only, |case| CASES.contains(&case.name)) {
        let profile = scene
            .instructions(&case)
            .during(format!("{}, callgrind", case.name))?;
        if options.profile {
            print_profile(&case, &profile)?;
            continue;
        }
        let calls = scene
            .system_calls(&case)
            .during(format!("{}, strace", case.name))?;
        let count = Count {
            name: case.name,
            instructions: per_request(profile.instructions, INSTRUCTION_REQUESTS),
            system_calls: per_request(calls.total(), SYSTEM_CALL_REQUESTS),
        };
        println!(
            "{:<18} {:>7.0} user instructions, {:.2} system calls per request ({})",
            count.name,
            count.instructions,
            count.system_calls,
            most_frequent(&calls)
        );
        counts.push(count);
    }
    if options.check {
        limits.judge(&counts)?;
        println!("within the limits of bench/limits.toml");
    }
    Ok(())
}

impl Scene {
    fn instructions(&mut self, case: &Case) -> Outcome<Profile> {
        self.place.clear()?;
        self.place.prefix = Callgrind::prefix(&self.place.folder);
        let running = case.start(&self.place);
        self.place.prefix.clear();
        let running = running?;
        self.warm_up(&running)?;
        let pid = only_process(&running)?;
        let callgrind = Callgrind::of(pid, &self.place.folder);
        callgrind.zero()?;
        self.engine.closed(Stop::Requests(INSTRUCTION_REQUESTS))?;
        let profile = callgrind.dump()?;
        self.engine.disconnect();
        Ok(profile)
    }

    fn system_calls(&mut self, case: &Case) -> Outcome<SystemCalls> {
        self.place.clear()?;
        let running = case.start(&self.place)?;
        self.warm_up(&running)?;
        let strace = Strace::attach(only_process(&running)?, &self.place.folder)?;
        self.engine.closed(Stop::Requests(SYSTEM_CALL_REQUESTS))?;
        let calls = strace.detach();
        self.engine.disconnect();
        calls
    }

    fn warm_up(&mut self, running: &Running) -> Outcome {
        let stranger = Prepared::new(running, &self.place)?;
        self.engine
            .ask(&stranger.target(Path::Small), Duration::from_secs(60))?;
        let prepared = prepare(running, &self.place, &mut self.engine)?;
        let target = prepared.target(Path::Small);
        self.engine.connect(&target, CONNECTIONS)?;
        self.engine.closed(Stop::Requests(WARM_UP)).map(drop)
    }
}

/// The dearest functions, each with what was inlined into it, and then all by crate.
fn print_profile(case: &Case, profile: &Profile) -> Outcome {
    let (functions, crates) = profile.read()?;
    let total = per_request(profile.instructions, INSTRUCTION_REQUESTS);
    println!(
        "\n== {}: {total:.0} user instructions per request, by function",
        case.name
    );
    for (name, instructions) in functions.iter().take(FUNCTIONS) {
        let own = per_request(*instructions, INSTRUCTION_REQUESTS);
        println!("{own:>8.0} {:>5.1} %  {name}", own / total * 100.0);
    }
    println!("\n-- by the crate that the code was written in");
    for (name, instructions) in crates.iter().take(CRATES) {
        let own = per_request(*instructions, INSTRUCTION_REQUESTS);
        println!("{own:>8.0} {:>5.1} %  {name}", own / total * 100.0);
    }
    Ok(())
}

fn only_process(running: &Running) -> Outcome<u32> {
    match running.processes.as_slice() {
        [process] => Ok(process.id()),
        _ => Err(Problem::new("only a case of one process can be counted")),
    }
}

impl Limits {
    fn read() -> Outcome<Self> {
        toml::from_str(include_str!("../limits.toml")).during("reading bench/limits.toml")
    }

    fn judge(&self, counts: &[Count]) -> Outcome {
        let allowed = |limit: f64| limit * (1.0 + self.margin_percent / 100.0);
        let mut over = Vec::new();
        for (name, limit) in &self.cases {
            let Some(count) = counts.iter().find(|count| count.name == name) else {
                over.push(format!("{name} was not counted"));
                continue;
            };
            if count.instructions > allowed(limit.instructions) {
                over.push(format!(
                    "{name}: {:.0} user instructions per request, {:.0} and {} % are allowed",
                    count.instructions, limit.instructions, self.margin_percent
                ));
            }
            if count.system_calls > allowed(limit.system_calls) {
                over.push(format!(
                    "{name}: {:.2} system calls per request, {} and {} % are allowed",
                    count.system_calls, limit.system_calls, self.margin_percent
                ));
            }
        }
        if over.is_empty() {
            Ok(())
        } else {
            Err(Problem::new(over.join("\n        ")))
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of one run fit")]
fn per_request(count: u64, requests: u64) -> f64 {
    count as f64 / requests as f64
}

fn most_frequent(calls: &SystemCalls) -> String {
    let mut calls: Vec<_> = calls.0.iter().collect();
    calls.sort_by(|a, b| b.1.cmp(a.1));
    let shown = calls
        .iter()
        .take(8)
        .map(|(name, count)| format!("{name} {:.2}", per_request(**count, SYSTEM_CALL_REQUESTS)));
    shown.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Count, Limits};

    fn count(instructions: f64, system_calls: f64) -> Count {
        Count {
            name: "a",
            instructions,
            system_calls,
        }
    }

    #[test]
    fn the_margin_is_allowed_and_no_more() {
        let text = "margin_percent = 5\n[case.a]\ninstructions = 100\nsystem_calls = 4\n";
        let limits: Limits = toml::from_str(text).unwrap();
        assert!(limits.judge(&[count(104.9, 4.19)]).is_ok());
        assert!(limits.judge(&[count(105.1, 4.0)]).is_err());
        assert!(limits.judge(&[count(100.0, 4.21)]).is_err());
        assert!(limits.judge(&[]).is_err(), "what has a limit is counted");
    }

    #[test]
    fn the_limits_can_be_read_and_name_cases() {
        let limits = Limits::read().unwrap();
        let known = crate::cases::all();
        for name in limits.cases.keys() {
            assert!(known.iter().any(|case| case.name == name), "{name}");
        }
    }
}
