//! System calls of a running process, counted by `strace -c`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::problem::{Outcome, Problem, While as _};
use crate::stage::send_signal;

/// How often each call was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SystemCalls(pub(crate) BTreeMap<String, u64>);

impl SystemCalls {
    pub(crate) fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// The table that `strace -c` writes: the calls in the fourth column, the name in the last.
    fn read(table: &str) -> Self {
        let row = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let calls: u64 = words.get(3)?.parse().ok()?;
            let name = *words.last()?;
            (name != "total").then(|| (name.to_owned(), calls))
        };
        Self(table.lines().filter_map(row).collect())
    }
}

/// `strace`, attached.
#[derive(Debug)]
pub(crate) struct Strace {
    child: Child,
    table: PathBuf,
}

impl Strace {
    /// Attaches to all threads of a process.
    pub(crate) fn attach(pid: u32, folder: &Path) -> Outcome<Self> {
        let table = folder.join("strace.txt");
        let log = folder.join("strace.log");
        let mut child = Command::new("strace")
            .args(["-c", "-f", "-p", &pid.to_string(), "-o"])
            .arg(&table)
            .stdin(Stdio::null())
            .stderr(fs::File::create(&log)?)
            .spawn()
            .during("starting strace")?;
        // It says so for each thread; the process has as many as it has tasks.
        let threads = fs::read_dir(format!("/proc/{pid}/task"))?.count();
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let text = fs::read_to_string(&log).unwrap_or_default();
            if text.matches("attached").count() > 0 && is_traced(pid, threads) {
                return Ok(Self { child, table });
            }
            if Instant::now() > deadline || child.try_wait()?.is_some() {
                let _ = child.kill();
                return Err(Problem::new(format!("strace cannot attach: {text}")));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Detaches and reads what was counted.
    pub(crate) fn detach(mut self) -> Outcome<SystemCalls> {
        send_signal("INT", self.child.id())?;
        self.child.wait()?;
        Ok(SystemCalls::read(&fs::read_to_string(&self.table)?))
    }
}

/// Whether so many threads of the process have a tracer.
fn is_traced(pid: u32, threads: usize) -> bool {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return false;
    };
    let traced = |path: PathBuf| {
        let status = fs::read_to_string(path.join("status")).unwrap_or_default();
        let tracer = status
            .lines()
            .find_map(|line| line.strip_prefix("TracerPid:"));
        tracer.is_some_and(|tracer| tracer.trim() != "0")
    };
    tasks.flatten().filter(|task| traced(task.path())).count() >= threads
}

#[cfg(test)]
mod tests {
    use super::SystemCalls;

    #[test]
    fn a_table_with_and_without_errors_is_read() {
        let table = "% time     seconds  usecs/call     calls    errors syscall\n\
                     ------ ----------- ----------- --------- --------- ----------------\n\
                     \u{20}60.10    0.045020          10      4301           write\n\
                     \u{20}39.90    0.030010          10      2200        12 recvfrom\n\
                     ------ ----------- ----------- --------- --------- ----------------\n\
                     100.00    0.075030          10      6501        12 total\n";
        let calls = SystemCalls::read(table);
        assert_eq!(calls.0.get("write"), Some(&4301));
        assert_eq!(calls.0.get("recvfrom"), Some(&2200));
        assert_eq!(calls.total(), 6501);
    }
}
