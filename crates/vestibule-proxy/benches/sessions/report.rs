//! What a figure is taken from, and how it is said.

use std::fs;
use std::time::Duration;

/// The machine, in a line.
pub(crate) fn machine() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("a processor without a name", |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?").to_owned();
    format!("{model}, {cores} cores; load before: {load}")
}

/// The resident memory of this process, in bytes.
pub(crate) fn resident() -> u64 {
    of("/proc/self/status", "VmRSS:")
}

/// What the machine has left, in bytes.
pub(crate) fn available() -> u64 {
    of("/proc/meminfo", "MemAvailable:")
}

fn of(file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Says one figure.
pub(crate) fn say(what: &str, figure: impl std::fmt::Display) {
    println!("  {what:<52} {figure}");
}

/// A time for each of many.
pub(crate) fn each(took: Duration, count: usize) -> String {
    shown(took.as_secs_f64() / count.max(1) as f64)
}

/// A time in its unit.
pub(crate) fn shown(seconds: f64) -> String {
    match seconds {
        s if s < 1e-6 => format!("{:.0} ns", s * 1e9),
        s if s < 1e-3 => format!("{:.1} µs", s * 1e6),
        s if s < 1.0 => format!("{:.1} ms", s * 1e3),
        s => format!("{s:.1} s"),
    }
}

/// The times at these shares of the way from the shortest to the longest.
pub(crate) fn quantiles(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |share: f64| {
        let place = (times.len() as f64 * share) as usize;
        shown(times[place.min(times.len() - 1)].as_secs_f64())
    };
    format!("p50 {}, p99 {}, longest {}", at(0.5), at(0.99), at(1.0))
}

/// Bytes in their unit.
pub(crate) fn bytes(count: u64) -> String {
    match count {
        b if b < 10 << 10 => format!("{b} bytes"),
        b if b < 10 << 20 => format!("{:.1} KiB", b as f64 / 1024.0),
        b => format!("{:.0} MiB", b as f64 / 1_048_576.0),
    }
}
