//! CPU time and memory of processes and all their descendants, from `/proc`.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Sub;

use serde::Serialize;

use crate::problem::{Outcome, Problem};

/// The kernel's clock for process times: 100 ticks a second on every Linux in use (`sysconf`'s
/// `_SC_CLK_TCK` says so too).
pub(super) const TICKS_PER_SECOND: f64 = 100.0;

/// CPU time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cpu {
    pub(crate) user_secs: f64,
    pub(crate) system_secs: f64,
}

impl Cpu {
    pub(crate) fn total_secs(self) -> f64 {
        self.user_secs + self.system_secs
    }
}

impl Sub for Cpu {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            user_secs: self.user_secs - earlier.user_secs,
            system_secs: self.system_secs - earlier.system_secs,
        }
    }
}

/// Memory in KiB.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Memory {
    /// What is resident, pages shared with others divided by their number.
    pub(crate) pss_kib: u64,
    /// What is resident, summed over the processes.
    pub(crate) rss_kib: u64,
}

/// The CPU time so far of these processes and their descendants, ended ones included.
pub(crate) fn cpu(roots: &[u32]) -> Outcome<Cpu> {
    let mut sum = Cpu::default();
    for pid in family(roots)? {
        let Some(stat) = stat(pid) else { continue };
        // Fields 14 to 17 of `proc_pid_stat(5)`, counted here from the state, which is field 3. The
        // time of children that have ended and were waited for is their parent's.
        let ticks = |field: usize| -> f64 {
            stat.get(field - 3)
                .and_then(|text| text.parse().ok())
                .unwrap_or(0.0)
        };
        sum.user_secs += (ticks(14) + ticks(16)) / TICKS_PER_SECOND;
        sum.system_secs += (ticks(15) + ticks(17)) / TICKS_PER_SECOND;
    }
    Ok(sum)
}

/// The memory of these processes and their descendants.
pub(crate) fn memory(roots: &[u32]) -> Outcome<Memory> {
    let mut sum = Memory::default();
    for pid in family(roots)? {
        let Ok(text) = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else {
            continue;
        };
        let kib = |name: &str| -> u64 {
            text.lines()
                .find_map(|line| line.strip_prefix(name))
                .and_then(|rest| rest.trim().strip_suffix("kB"))
                .and_then(|number| number.trim().parse().ok())
                .unwrap_or(0)
        };
        sum.pss_kib += kib("Pss:");
        sum.rss_kib += kib("Rss:");
    }
    if sum.rss_kib == 0 {
        return Err(Problem::new("the memory of the processes cannot be read"));
    }
    Ok(sum)
}

/// The processes and all their descendants.
fn family(roots: &[u32]) -> Outcome<Vec<u32>> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // One that has ended meanwhile is nobody's descendant.
        let parent = stat(pid).and_then(|fields| fields.get(1)?.parse().ok());
        if let Some(parent) = parent {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = Vec::new();
    let mut next = roots.to_vec();
    while let Some(pid) = next.pop() {
        found.push(pid);
        next.extend(children.get(&pid).into_iter().flatten());
    }
    Ok(found)
}

/// The fields of `/proc/PID/stat` from the state on; the name before them may hold anything.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    Some(fields.split(' ').map(str::to_owned).collect())
}
