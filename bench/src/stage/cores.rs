//! Which processor core does what: the load has the first, the proxies have the others.

use std::process::Command;
use std::thread;

use crate::problem::{Outcome, Problem};

/// The cores of this machine, shared out.
#[derive(Debug, Clone)]
pub(crate) struct Cores {
    count: usize,
}

impl Cores {
    /// Puts this process on the load's core. Whatever it starts inherits that, unless pinned elsewhere.
    pub(crate) fn share_out() -> Outcome<Self> {
        let count = thread::available_parallelism().map_or(1, usize::from);
        if count < 2 {
            return Err(Problem::new(
                "one core is too few: the load and the proxy need one each",
            ));
        }
        let cores = Self { count };
        let pid = std::process::id().to_string();
        let output = Command::new("taskset")
            .args(["--all-tasks", "--cpu-list", "--pid", "0", &pid])
            .output()?;
        if !output.status.success() {
            return Err(Problem::new("`taskset` cannot pin this process to a core"));
        }
        Ok(cores)
    }

    /// The list for `taskset` for a proxy that gets `wanted` cores. With two cores altogether, a
    /// proxy that wants both shares one with the load.
    pub(crate) fn of_proxy(&self, wanted: usize) -> String {
        match wanted {
            0 | 1 => "1".to_owned(),
            _ if self.count > wanted => format!("1-{wanted}"),
            _ => format!("0-{}", self.count - 1),
        }
    }
}
