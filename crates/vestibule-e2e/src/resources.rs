//! What a process takes of the machine: memory, processor time, open files. Linux only, as `/proc` is.

use std::fs;
use std::process::{self, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::scene::eventually;

/// The memory a process has in RAM, in bytes.
#[must_use]
pub fn memory(pid: u32) -> u64 {
    kibibytes(pid, "VmRSS:") * 1024
}

/// One of the sizes that the kernel counts.
fn kibibytes(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    number
        .and_then(|text| text.parse().ok())
        .expect("the kernel counts memory")
}

/// The processor time it has used, in user and kernel mode.
#[must_use]
pub fn processor_time(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    // proc_pid_stat(5): the name in brackets may hold anything; fields 14 and 15 count ticks.
    let after = stat.rsplit_once(") ").map_or("", |(_, after)| after);
    let ticks: u64 = after
        .split(' ')
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().expect("ticks are a number"))
        .sum();
    Duration::from_millis(ticks * 10)
}

/// Waits until a process has next to nothing to do.
pub fn wait_until_idle(pid: u32) {
    let time = Duration::from_millis(300);
    eventually("the process has nothing to do", || {
        let before = processor_time(pid);
        thread::sleep(time);
        processor_time(pid) - before <= time / 10
    });
}

/// How many files and sockets it has open.
#[must_use]
pub fn open_files(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd"))
        .expect("the process runs")
        .count()
}

/// Lets this test, and what it starts, have as many open files as the system allows.
pub fn allow_many_files() {
    let limits = fs::read_to_string("/proc/self/limits").expect("the kernel knows our limits");
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .unwrap();
    let hard = line.split_whitespace().nth(4).unwrap();
    let status = Command::new("prlimit")
        .arg(format!("--nofile={hard}:"))
        .arg(format!("--pid={}", process::id()))
        .status()
        .expect("there is prlimit, of util-linux");
    assert!(status.success());
}

/// Looks at a process's memory many times a second.
#[derive(Debug)]
pub struct Watch {
    over: Arc<AtomicBool>,
    looking: JoinHandle<u64>,
}

impl Watch {
    /// Begins to look.
    #[must_use]
    pub fn memory(pid: u32) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&over);
        let looking = thread::spawn(move || {
            let mut most = memory(pid);
            while !until.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(20));
                most = most.max(memory(pid));
            }
            most
        });
        Self { over, looking }
    }

    /// The most that was seen, in bytes.
    #[must_use]
    pub fn most(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        self.looking.join().expect("looking does not fail")
    }
}
