//! What a great many sessions take in memory and in the session file: `cargo xtask bench --sessions [N]`.
//!
//! | part | measures |
//! |---|---|
//! | [`memory`] | bytes and look-up time with all of them in memory |
//! | [`file`] | bytes, look-up and start-up time with all of them in a file |
//! | [`churn`] | how the file grows over a day of people coming, being refreshed, and leaving |
//!
//! In this process and without sockets: it is the stores that are measured.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "it reports to the person who runs it, and stops at the first thing that is wrong"
)]
#![cfg(target_os = "linux")]

mod churn;
mod file;
mod memory;
mod people;
mod report;

/// Without a number.
const SESSIONS: usize = 1_000_000;

/// The churn of so many sessions is looked at, of these: a day of all of them is hours of writing.
const CHURN_SHARE: usize = 10;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [hold, path] = arguments.as_slice()
        && hold == file::HOLD
    {
        return file::hold(path.as_ref());
    }
    // Beside what cargo adds.
    let mut numbers = arguments.iter().filter_map(|text| text.parse().ok());
    let count = numbers.next().unwrap_or(SESSIONS);
    println!("{}", report::machine());
    println!("{count} sessions; {}", people::described());
    memory::run(count);
    file::run(count);
    churn::run((count / CHURN_SHARE).max(1));
}
