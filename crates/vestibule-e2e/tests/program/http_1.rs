//! Raw bytes of HTTP/1: each case of `testdata/http1` has the outcome that is written beside it.

use std::thread;

use vestibule_e2e::differential::case::{self, Case};
use vestibule_e2e::differential::front::Front;
use vestibule_e2e::differential::judge::{self, Pace};
use vestibule_e2e::differential::reader::Readers;

/// Longer ones are sent whole only.
const BYTEWISE_BYTES: usize = 400;

fn check(cases: &[Case], pace: Pace) {
    let readers = Readers::hyper();
    // In halves, so that both cores of a small machine have something to do.
    let failures: Vec<String> = thread::scope(|scope| {
        let halves = cases.chunks(cases.len().div_ceil(2));
        let running: Vec<_> = halves
            .map(|half| {
                scope.spawn(|| {
                    let front = Front::vestibule();
                    let judged = half
                        .iter()
                        .map(|case| (case, judge::case(case, pace, &front, &readers)));
                    let failed = judged.filter_map(|(case, result)| {
                        Some(format!("{}: {}", case.name, result.err()?))
                    });
                    failed.collect::<Vec<_>>()
                })
            })
            .collect();
        running
            .into_iter()
            .flat_map(|half| half.join().unwrap())
            .collect()
    });
    assert!(
        failures.is_empty(),
        "{} of {} cases:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

#[test]
fn each_case_ends_as_it_is_written() {
    check(&case::all(), Pace::Whole);
}

#[test]
fn each_case_ends_the_same_when_its_bytes_come_one_by_one() {
    let mut cases = case::all();
    cases.retain(|case| case.bytes("localhost:12345").len() <= BYTEWISE_BYTES);
    check(&cases, Pace::Bytewise);
}
