//! Every target over its corpus, and over mutations of it that are the same in every run.
//!
//! `FUZZ_MUTATIONS` sets how many mutations per target (3000), `FUZZ_TARGET` picks one target.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::{env, fs};

use vestibule_fuzz_targets::{TARGETS, Target};

/// Any number does; this one makes a failure repeatable.
const SEED: u64 = 0x5645_5354_4942_554c;
const MUTATIONS: u64 = 3000;
/// A corpus has ugly inputs of many kinds.
const FEWEST_INPUTS: usize = 12;
/// Longer inputs only make a run slower.
const LONGEST_INPUT: usize = 8 * 1024;

/// Bytes and words that parsers are particular about.
const TOKENS: [&[u8]; 40] = [
    b"\0",
    b"\r\n",
    b"\n",
    b"\t",
    b" ",
    b"%",
    b"%00",
    b"%2f",
    b"%2e%2e",
    b"%25",
    b"..",
    b"/",
    b"//",
    b"\\",
    b";",
    b"=",
    b"==",
    b"&",
    b"?",
    b"#",
    b":",
    b",",
    b"\"",
    b"'",
    b"{",
    b"}",
    b"[",
    b"]",
    b".",
    b"-1",
    b"1e300",
    b"99999999999999999999",
    b"null",
    b"true",
    b"\xff",
    b"\xc0\x80",
    b"\xe2\x80\xa8",
    b"__Host-vestibule",
    b"none",
    b"localhost",
];

fn corpus(target: &Target) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../corpus")
        .join(target.name);
    let mut inputs: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                fs::read(path).unwrap(),
            )
        })
        .collect();
    inputs.sort();
    inputs
}

/// SplitMix64: enough to choose where to break an input.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.roll() % end.max(1) as u64) as usize
    }
}

fn mutate(input: &mut Vec<u8>, others: &[(String, Vec<u8>)], dice: &mut Dice) {
    for _ in 0..=dice.below(4) {
        let at = dice.below(input.len() + 1);
        let end = (at + dice.below(16)).min(input.len());
        match dice.below(7) {
            0 if at < input.len() => input[at] ^= 1 << dice.below(8),
            1 if at < input.len() => input[at] = dice.roll() as u8,
            2 => drop(input.drain(at..end)),
            3 => drop(input.splice(at..at, input[at..end].to_vec())),
            4 => drop(input.splice(at..end, TOKENS[dice.below(TOKENS.len())].iter().copied())),
            5 => {
                let other = &others[dice.below(others.len())].1;
                let from = dice.below(other.len() + 1);
                let to = (from + dice.below(64)).min(other.len());
                drop(input.splice(at..at, other[from..to].iter().copied()));
            }
            _ => input.truncate(at.max(1)),
        }
    }
    input.truncate(LONGEST_INPUT);
}

/// Runs one input and, if it fails, says which.
fn run(target: &Target, name: &str, input: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| (target.run)(input))).is_err() {
        panic!(
            "target {}, {name}: b\"{}\"",
            target.name,
            input.escape_ascii()
        );
    }
}

fn replay(target: &Target) {
    if env::var("FUZZ_TARGET").is_ok_and(|wanted| wanted != target.name) {
        return;
    }
    let corpus = corpus(target);
    assert!(
        corpus.len() >= FEWEST_INPUTS,
        "{} has {} inputs",
        target.name,
        corpus.len()
    );
    run(target, "the empty input", b"");
    for (name, input) in &corpus {
        run(target, name, input);
    }
    let wanted = env::var("FUZZ_MUTATIONS")
        .ok()
        .and_then(|number| number.parse().ok());
    let mut dice = Dice(SEED);
    for number in 0..wanted.unwrap_or(MUTATIONS) {
        let (name, input) = &corpus[dice.below(corpus.len())];
        let mut input = input.clone();
        mutate(&mut input, &corpus, &mut dice);
        run(target, &format!("mutation {number} of {name}"), &input);
    }
}

macro_rules! replay {
    ($($name:ident)*) => {
        $(#[test] fn $name() {
            let target = TARGETS.iter().find(|target| target.name == stringify!($name)).unwrap();
            replay(target);
        })*

        #[test]
        fn every_target_is_replayed() {
            let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }

        #[test]
        fn every_corpus_belongs_to_a_target() {
            let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../corpus");
            for entry in fs::read_dir(folder).unwrap() {
                let name = entry.unwrap().file_name();
                assert!(TARGETS.iter().any(|target| *target.name == *name), "{name:?}");
            }
        }
    };
}

replay! {
    accept
    apache
    callback
    carried_cookie
    certificate
    config
    cookie
    diagnosis_text
    diagnosis_token
    forwarded
    front_channel
    host
    http1_chunks
    http1_request
    http1_response
    http1_write
    id_token
    json
    jwks
    jwt
    logout_token
    metadata
    path
    record
    request_head
    return_target
    sealed_cookie
    token_response
    user_info
}
