//! The same bytes through Vestibule, nginx and HAProxy, and what Vestibule sends on read by hyper,
//! Python, Node and nginx: all see one and the same request.

use std::fmt::Write as _;
use std::thread;
use std::{env, fs};

use vestibule_e2e::differential::case::{self, Case, Verdict};
use vestibule_e2e::differential::front::Front;
use vestibule_e2e::differential::judge::{self, Pace};
use vestibule_e2e::differential::mutation::{Chance, mutate};
use vestibule_e2e::differential::notation;
use vestibule_e2e::differential::reader::Readers;
use vestibule_e2e::differential::recorder::{Recorded, Transcript};
use vestibule_e2e::{place, rounds};

/// Chosen by nobody in particular; a failure names its own.
const SEED: u64 = 20_260_822;
/// Another one, for more rounds by hand.
const SEED_VARIABLE: &str = "VESTIBULE_SEED";

#[test]
fn all_readers_see_one_and_the_same_request() {
    let (front, readers) = (Front::vestibule(), Readers::all());
    let cases = case::all();
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let problem = judge::case(case, Pace::Whole, &front, &readers).err()?;
            Some(format!("{}: {problem}", case.name))
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

fn observe(cases: &[Case]) -> String {
    let (nginx, haproxy) = (Front::nginx(), Front::haproxy());
    let mut table = String::new();
    for case in cases {
        let name = &case.name;
        let ours: Vec<String> = case.verdicts.iter().map(Verdict::to_string).collect();
        let ours = ours.join(", ");
        let [one, other] = [&nginx, &haproxy].map(|front| judge::observe(case, front));
        writeln!(
            table,
            "{name}\n  Vestibule: {ours}\n  nginx: {one}\n  HAProxy: {other}"
        )
        .unwrap();
    }
    table
}

/// What others make of the cases is theirs to decide. The table is for whoever wonders.
#[test]
fn what_nginx_and_haproxy_make_of_the_cases_is_written_down() {
    let cases = case::all();
    // A server that waits for more is waited for, so several at once.
    let table: String = thread::scope(|scope| {
        let parts = cases.chunks(cases.len().div_ceil(6));
        let running: Vec<_> = parts.map(|part| scope.spawn(|| observe(part))).collect();
        running
            .into_iter()
            .map(|part| part.join().unwrap())
            .collect()
    });
    let file = place::output("differential").join("others.txt");
    fs::write(&file, table).unwrap();
}

#[test]
fn whatever_is_forwarded_of_random_bytes_has_one_reading() {
    const WORKERS: u64 = 4;
    let first =
        env::var(SEED_VARIABLE).map_or(SEED, |seed| seed.parse().expect("a seed is a number"));
    let seeds = first..first + rounds::of(600, 30_000);
    let (readers, cases) = (Readers::all(), Cases::all());
    let results: Vec<Result<usize, String>> = thread::scope(|scope| {
        let running: Vec<_> = (0..WORKERS)
            .map(|worker| {
                let seeds = seeds.clone().filter(move |seed| seed % WORKERS == worker);
                let (readers, cases) = (&readers, &cases);
                scope.spawn(move || {
                    let front = Front::vestibule();
                    let results = seeds.map(|seed| relative(seed, cases, &front, readers));
                    results.collect::<Vec<_>>()
                })
            })
            .collect();
        let joined = running.into_iter().map(|worker| worker.join().unwrap());
        joined.flatten().collect()
    });
    let failures: Vec<&String> = results
        .iter()
        .filter_map(|one| one.as_ref().err())
        .collect();
    assert!(failures.is_empty(), "{}: {failures:#?}", failures.len());
    let forwarded: usize = results.iter().flatten().sum();
    println!("{forwarded} requests forwarded of {} inputs", results.len());
    assert!(
        forwarded > 100,
        "hardly anything was forwarded, so hardly anything was tested"
    );
}

struct Cases {
    all: Vec<Case>,
    forwarded: Vec<Case>,
}

impl Cases {
    fn all() -> Self {
        let all = case::all();
        let is_forwarded = |case: &&Case| matches!(case.verdicts[0], Verdict::Forwarded(_));
        let forwarded = all.iter().filter(is_forwarded).cloned().collect();
        Self { all, forwarded }
    }
}

/// Sends the relative of a case that `seed` makes; gives how many requests of it were forwarded.
fn relative(seed: u64, cases: &Cases, front: &Front, readers: &Readers) -> Result<usize, String> {
    let mut chance = Chance::new(seed);
    // Most begin with what is forwarded: relatives of what is refused are mostly refused.
    let families = [
        &cases.forwarded,
        &cases.forwarded,
        &cases.forwarded,
        &cases.all,
    ];
    let family = *chance.one(&families);
    let one = chance.one(family).bytes(&front.host());
    let other = chance.one(&cases.all).bytes(&front.host());
    let bytes = mutate(&one, &other, &mut chance);
    let seen = judge::any(&bytes, front, readers);
    seen.map(|seen| seen.len()).map_err(|what| {
        let sent = notation::text(&bytes);
        format!("{SEED_VARIABLE}={seed}: {what}\nsent: {sent}")
    })
}

/// The judge itself: readers that take something two ways are noticed.
#[test]
fn what_readers_take_two_ways_is_noticed() {
    let readers = Readers::all();
    let read = |text: &str| {
        readers.read(&Transcript {
            requests: vec![Recorded {
                method: "GET".to_owned(),
                bytes: text.into(),
                ..Recorded::default()
            }],
            ..Transcript::default()
        })
    };
    let good = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(read(good).unwrap().len(), 1);
    for smuggled in [
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc",
        "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
        "GET /x#y HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    ] {
        assert!(read(smuggled).is_err(), "{smuggled:?}");
    }
}
