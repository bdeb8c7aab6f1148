//! Random steps against a model that knows who must be signed in: sign-ins, visits, refreshes,
//! sign-outs, logouts from the provider, restarts and faults, on a clock that is simulated.
//!
//! A divergence names its seed and the fewest steps found that still diverge; the seed draws the same
//! steps again. Handles are drawn by the system all the same, and with them the jitter of refreshes
//! ahead of time, which no expectation here depends on.

mod authority;
mod step;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use step::{Step, drawn};
use world::{Kept, Tally, World};

/// Set by `cargo xtask test --long`.
const LONG: &str = "VESTIBULE_LONG";

/// One seed alone, as a divergence names it.
const SEED: &str = "VESTIBULE_SEED";

/// So many steps belong to one seed: more make a divergence harder to read.
const OF_ONE_SEED: usize = 250;

/// So many runs are spent on leaving steps out.
const MOST_SHORTER: usize = 300;

struct Divergence {
    at: usize,
    what: String,
}

/// What a few hundred steps meet, or they say nothing.
const MET: [&str; 16] = [
    "sign-in",
    "signed in",
    "sent to sign in",
    "refreshed",
    "refreshed without the store",
    "the grant was over",
    "the provider was missed",
    "the store was missed",
    "tokens lost",
    "logged out",
    "logged out in a frame",
    "everywhere",
    "logged out while signing in",
    "a member",
    "no member",
    "asked anew",
];

/// Takes the steps. Gives how often what happened.
fn run(kept: Kept, steps: &[Step]) -> Result<Tally, Divergence> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let at = std::cell::Cell::new(0);
    let all = runtime.block_on(async {
        // A panic is a divergence like any other.
        let walk = AssertUnwindSafe(async {
            let mut world = World::new(kept);
            for (number, step) in steps.iter().enumerate() {
                at.set(number);
                world.step(*step).await?;
            }
            Ok(world.tally)
        });
        futures_util::FutureExt::catch_unwind(walk).await
    });
    let _ = catch_unwind(AssertUnwindSafe(|| drop(runtime)));
    let what = match all {
        Ok(Ok(seen)) => return Ok(seen),
        Ok(Err(what)) => what,
        Err(panic) => match panic.downcast::<String>() {
            Ok(text) => *text,
            Err(_) => "a panic".to_owned(),
        },
    };
    let at = at.get();
    Err(Divergence { at, what })
}

/// Leaves out what the divergence does not need.
fn shortened(kept: Kept, mut steps: Vec<Step>, mut found: Divergence) -> (Vec<Step>, Divergence) {
    steps.truncate(found.at + 1);
    let mut runs = 0;
    let mut length = steps.len().div_ceil(2);
    while length > 0 {
        let mut from = 0;
        while from < steps.len() && runs < MOST_SHORTER {
            runs += 1;
            let mut fewer = steps.clone();
            fewer.drain(from..(from + length).min(steps.len()));
            match run(kept, &fewer) {
                Err(still) => {
                    fewer.truncate(still.at + 1);
                    (steps, found) = (fewer, still);
                }
                Ok(_) => from += length,
            }
        }
        length /= 2;
    }
    (steps, found)
}

fn asked_seed() -> Option<u64> {
    std::env::var(SEED).ok()?.parse().ok()
}

fn holds(kept: Kept, seeds: std::ops::Range<u64>) {
    let mut met = Tally::new();
    for seed in seeds {
        let steps = drawn(seed, OF_ONE_SEED);
        match run(kept, &steps) {
            Ok(tally) => {
                for (what, count) in tally {
                    *met.entry(what).or_default() += count;
                }
            }
            Err(found) => {
                let first = found.what.clone();
                let (steps, found) = shortened(kept, steps, found);
                panic!(
                    "seed {seed}, {kept:?}: {}\nafter these steps:\n{steps:#?}\nat first: {first}",
                    found.what
                );
            }
        }
    }
    let complete = MET.iter().all(|what| met.contains_key(what));
    assert!(complete || asked_seed().is_some(), "{met:?}");
}

/// `few` seeds, and with `--long` `many`; or the one that is asked for.
fn seeds(few: u64, many: u64) -> std::ops::Range<u64> {
    if let Some(seed) = asked_seed() {
        return seed..seed + 1;
    }
    let long = std::env::var_os(LONG).is_some();
    1..1 + if long { many } else { few }
}

#[test]
fn whoever_must_be_signed_in_is_and_nobody_else_with_sessions_in_memory() {
    holds(Kept::InMemory, seeds(3, 40));
}

#[test]
fn whoever_must_be_signed_in_is_and_nobody_else_with_sessions_in_a_file() {
    holds(Kept::InFile, seeds(2, 20));
}

#[test]
fn whoever_must_be_signed_in_is_and_nobody_else_with_sessions_only_in_a_file() {
    holds(Kept::OnlyInFile, seeds(2, 20));
}
