//! The comparison: every case in every round, one after the other, and ratios formed within a round.
//!
//! A machine's speed drifts while it works. Cases that are measured seconds apart share the drift, so
//! a ratio within one round means more than two averages do.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::cases::{self, Case, Path, Prepared, Running, prepare};
use crate::cli::RunOptions;
use crate::load::{Sample, Stop};
use crate::measure::{Cpu, Machine, Memory, Noise, Work, cpu, memory};
use crate::problem::Outcome;
use crate::report;
use crate::scene::{self, Scene};

/// One kind of closed-loop load.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) title: &'static str,
    pub(crate) connections: usize,
    pub(crate) path: Path,
}

/// The closed loops. The first is the one that ratios are about when nothing else is said.
pub(crate) const LOADS: [Load; 3] = [
    Load {
        title: "1 KiB, 32 connections",
        connections: 32,
        path: Path::Small,
    },
    Load {
        title: "1 KiB, 1,000 connections",
        connections: 1000,
        path: Path::Small,
    },
    Load {
        title: "100 KiB, 32 connections",
        connections: 32,
        path: Path::Large,
    },
];

/// The open loops, in requests a second: one that every case can bear, and one for the fast ones.
pub(crate) const RATES: [f64; 2] = [500.0, 8000.0];
/// Connections of an open loop.
const OPEN_CONNECTIONS: usize = 64;
/// An open loop is skipped where it would take more than this share of what the case can do.
const WELL_BELOW: f64 = 0.6;

/// How long things take.
#[derive(Debug, Clone, Copy)]
struct Pace {
    rounds: usize,
    warm_up: Duration,
    stretch: Duration,
    /// The first closed loop takes this many stretches.
    first: u32,
}

impl Pace {
    fn of(options: &RunOptions) -> Self {
        let pace = if options.quick {
            Self {
                rounds: 3,
                warm_up: Duration::from_millis(100),
                stretch: Duration::from_millis(300),
                first: 2,
            }
        } else {
            Self {
                rounds: 5,
                warm_up: Duration::from_millis(500),
                stretch: Duration::from_secs(2),
                first: 2,
            }
        };
        Self {
            rounds: options.rounds.unwrap_or(pace.rounds),
            ..pace
        }
    }
}

/// All that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    pub(crate) machine: Machine,
    pub(crate) rounds: usize,
    pub(crate) cases: Vec<CaseResults>,
}

/// One case in all rounds.
#[derive(Debug, Serialize)]
pub(crate) struct CaseResults {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// The case without Vestibule's work that is set up the same way.
    pub(crate) alike: &'static str,
    pub(crate) rounds: Vec<Option<Round>>,
    /// Why a round is missing.
    pub(crate) problem: Option<String>,
}

/// One case in one round.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Round {
    /// From the start of the process to its first answer.
    pub(crate) start_ms: f64,
    pub(crate) idle: Memory,
    pub(crate) loaded: Memory,
    /// During the closed loops.
    pub(crate) noise: Noise,
    /// In the order of [`LOADS`].
    pub(crate) closed: Vec<Closed>,
    /// In the order of [`RATES`]; none where the rate is too near to what the case can do.
    pub(crate) open: Vec<Option<Open>>,
}

/// A closed loop's figures.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Closed {
    pub(crate) cpu_us: f64,
    pub(crate) user_us: f64,
    pub(crate) per_second: f64,
    pub(crate) reconnects: u64,
}

/// An open loop's figures.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Open {
    pub(crate) cpu_us: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
}

/// Runs the comparison and reports it.
pub(crate) fn run(options: &RunOptions, program: Option<&std::path::Path>) -> Outcome {
    let pace = Pace::of(options);
    let chosen = scene::chosen(&options.only, |case| case.quick || !options.quick);
    let needed = |case: &Case| {
        case.name == cases::BASELINE
            || chosen
                .iter()
                .any(|other| other.name == case.name || other.alike == case.name)
    };
    let cases: Vec<Case> = cases::all().into_iter().filter(needed).collect();
    let mut scene = Scene::set(program)?;
    let mut results = Results {
        machine: Machine::look(),
        rounds: pace.rounds,
        cases: cases
            .iter()
            .map(|case| CaseResults {
                name: case.name,
                title: case.title,
                alike: case.alike,
                rounds: Vec::new(),
                problem: None,
            })
            .collect(),
    };
    let start = Instant::now();
    for round in 0..pace.rounds {
        println!(
            "round {} of {}, {:.0} s",
            round + 1,
            pace.rounds,
            start.elapsed().as_secs_f64()
        );
        for (case, result) in cases.iter().zip(&mut results.cases) {
            // What does not work once is not tried again: it would not say anything new.
            if result.problem.is_some() {
                result.rounds.push(None);
                continue;
            }
            match scene.round(case, pace) {
                Ok(measured) => result.rounds.push(Some(measured)),
                Err(problem) => {
                    println!("  {}: {problem}", case.name);
                    result.problem = Some(problem.to_string());
                    result.rounds.push(None);
                }
            }
        }
    }
    report::publish(&results, options)
}

impl Scene {
    /// Starts a case, measures it, ends it.
    fn round(&mut self, case: &Case, pace: Pace) -> Outcome<Round> {
        self.place.clear()?;
        let started = Instant::now();
        let mut running = case.start(&self.place)?;
        let stranger = Prepared::new(&running, &self.place)?;
        let first = self
            .engine
            .ask(&stranger.target(Path::Small), Duration::from_secs(20));
        if let Err(problem) = first {
            for process in &mut running.processes {
                process.is_alive()?;
            }
            return Err(problem);
        }
        let start_ms = started.elapsed().as_secs_f64() * 1000.0;
        let roots = roots(&running);
        let idle = memory(&roots)?;
        let prepared = prepare(&running, &self.place, &mut self.engine)?;

        let mut closed = Vec::new();
        // Proxies are children of this process, and counted with it.
        let everything = [std::process::id()];
        let before = (Work::now()?, cpu(&everything)?);
        for (index, load) in LOADS.iter().enumerate() {
            let stretches = if index == 0 { pace.first } else { 1 };
            let target = prepared.target(load.path);
            self.engine.connect(&target, load.connections)?;
            self.engine.closed(Stop::After(pace.warm_up))?;
            let before = cpu(&roots)?;
            let sample = self.engine.closed(Stop::After(pace.stretch * stretches))?;
            let spent = cpu(&roots)? - before;
            closed.push(Closed::of(&sample, spent));
        }
        let measured = cpu(&everything)? - before.1;
        let noise = Work::now()?.noise_since(before.0, measured);
        let loaded = memory(&roots)?;
        let can = closed.first().map_or(0.0, |first| first.per_second);
        let mut open = Vec::new();
        self.engine
            .connect(&prepared.target(Path::Small), OPEN_CONNECTIONS)?;
        for rate in RATES {
            if rate > can * WELL_BELOW {
                open.push(None);
                continue;
            }
            self.engine.open(rate, pace.warm_up)?;
            let before = cpu(&roots)?;
            let mut sample = self.engine.open(rate, pace.stretch)?;
            let spent = cpu(&roots)? - before;
            open.push(Open::of(&mut sample, spent));
        }
        self.engine.disconnect();
        Ok(Round {
            start_ms,
            idle,
            loaded,
            noise,
            closed,
            open,
        })
    }
}

/// The processes whose cost counts; for the application alone it is this one.
fn roots(running: &Running) -> Vec<u32> {
    if running.processes.is_empty() {
        return vec![std::process::id()];
    }
    running
        .processes
        .iter()
        .map(|process| process.id())
        .collect()
}

impl Closed {
    fn of(sample: &Sample, spent: Cpu) -> Self {
        Self {
            cpu_us: micros(spent.total_secs(), sample),
            user_us: micros(spent.user_secs, sample),
            per_second: sample.per_second(),
            reconnects: sample.reconnects,
        }
    }
}

impl Open {
    fn of(sample: &mut Sample, spent: Cpu) -> Option<Self> {
        let cpu_us = micros(spent.total_secs(), sample);
        Some(Self {
            cpu_us,
            p50_us: sample.quantile(0.50)?.as_secs_f64() * 1e6,
            p99_us: sample.quantile(0.99)?.as_secs_f64() * 1e6,
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of requests fits")]
fn micros(seconds: f64, sample: &Sample) -> f64 {
    seconds * 1e6 / (sample.requests.max(1) as f64)
}
