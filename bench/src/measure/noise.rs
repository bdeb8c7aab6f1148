//! What else the machine did meanwhile: time that the host took, and time that other processes used.

use std::fs;

use serde::Serialize;

use super::processes::{Cpu, TICKS_PER_SECOND};
use crate::problem::{Outcome, Problem};

/// The machine's clock of work, over all cores, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work {
    busy: f64,
    stolen: f64,
    all: f64,
}

/// Shares of the machine's time, from 0 to 1.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Noise {
    /// Taken by the host.
    pub(crate) stolen: f64,
    /// Used by processes that are no part of the measurement.
    pub(crate) others: f64,
}

impl Work {
    /// Until now.
    pub(crate) fn now() -> Outcome<Self> {
        Self::read(&fs::read_to_string("/proc/stat")?)
            .ok_or_else(|| Problem::new("/proc/stat cannot be read"))
    }

    /// The line `cpu` of `proc_stat(5)`: user, nice, system, idle, iowait, irq, softirq, steal.
    fn read(text: &str) -> Option<Self> {
        let line = text.lines().next()?.strip_prefix("cpu ")?;
        let ticks: Vec<f64> = line
            .split_whitespace()
            .take(8)
            .map_while(|word| word.parse().ok())
            .collect();
        let [user, nice, system, idle, iowait, irq, softirq, stolen] = ticks.try_into().ok()?;
        let busy = user + nice + system + irq + softirq;
        Some(Self {
            busy: busy / TICKS_PER_SECOND,
            stolen: stolen / TICKS_PER_SECOND,
            all: (busy + idle + iowait + stolen) / TICKS_PER_SECOND,
        })
    }

    /// What happened since, besides the `measured` work.
    pub(crate) fn noise_since(self, earlier: Self, measured: Cpu) -> Noise {
        let all = (self.all - earlier.all).max(1.0 / TICKS_PER_SECOND);
        let others = self.busy - earlier.busy - measured.total_secs();
        Noise {
            stolen: (self.stolen - earlier.stolen) / all,
            others: others.max(0.0) / all,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Work;
    use crate::measure::Cpu;

    #[test]
    fn what_is_neither_ours_nor_idle_is_noise() {
        let work = |line: &str| Work::read(line).unwrap();
        let before = work("cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 1\n");
        let after = work("cpu  300 0 200 400 0 0 0 100 0 0\n");
        let ours = Cpu {
            user_secs: 2.0,
            system_secs: 1.0,
        };
        let noise = after.noise_since(before, ours);
        assert!((noise.stolen - 0.1).abs() < 1e-9, "{noise:?}");
        assert!((noise.others - 0.2).abs() < 1e-9, "{noise:?}");
    }
}
