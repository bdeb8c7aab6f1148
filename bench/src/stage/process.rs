//! A process of a case: started on its cores, logging to a file, ended with the case.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::problem::{Outcome, Problem, While as _};

/// A running process and its descendants.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    name: String,
}

impl Process {
    /// Starts `line` in `folder` on the given cores. What it prints goes to `NAME.log` there.
    pub(crate) fn start(name: &str, folder: &Path, cores: &str, line: &[&str]) -> Outcome<Self> {
        let log = File::create(folder.join(format!("{name}.log")))?;
        // It ends with this process, however that ends.
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", "taskset", "--cpu-list", cores])
            .args(line)
            .env("PATH", search_path())
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .during(format!("starting {name}"))?;
        Ok(Self {
            child,
            name: name.to_owned(),
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// An error if it has ended by itself.
    pub(crate) fn is_alive(&mut self) -> Outcome {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => Err(Problem::new(format!("{} ended with {status}", self.name))),
        }
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn end(&mut self, signal: &str, patience: Duration) -> Outcome {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        send(signal, self.child.id())?;
        let deadline = Instant::now() + patience;
        while self.child.try_wait()?.is_none() {
            if Instant::now() > deadline {
                self.child.kill()?;
                self.child.wait()?;
                return Err(Problem::new(format!("{} does not end", self.name)));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that hangs is killed; nobody is left to hear of it.
        let _ = self.end("TERM", Duration::from_secs(3));
    }
}

/// Where programs are looked for: Debian keeps its servers where only root looks.
pub(crate) fn search_path() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:/usr/sbin:/sbin")
}

/// Sends a signal by its name.
pub(crate) fn send(signal: &str, pid: u32) -> Outcome {
    // The shell's own `kill` is on every machine.
    let line = format!("kill -{signal} {pid}");
    let status = Command::new("sh").args(["-c", &line]).status()?;
    if status.success() {
        Ok(())
    } else {
        Err(Problem::new(format!("`{line}` failed")))
    }
}
