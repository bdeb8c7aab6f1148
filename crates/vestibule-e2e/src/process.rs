//! One child process: its lines are kept, waited for, and written to a log; it dies with its owner.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::place;

/// How long anything may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A signal that is sent to a process.
#[derive(Debug, Clone, Copy)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// The polite end.
    Terminate,
    /// Read the configuration again.
    HangUp,
}

/// A running child.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    output: Arc<Output>,
}

/// What the child has printed so far, standard output and standard error together.
#[derive(Debug, Default)]
struct Output {
    lines: Mutex<Lines>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Lines {
    all: Vec<String>,
    open_streams: u8,
}

impl Process {
    /// Starts `command`. Its output goes to `target/e2e/NAME-….log` too.
    #[must_use]
    pub fn start(name: &str, command: &mut Command) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let test = thread::current()
            .name()
            .unwrap_or("main")
            .replace("::", ".");
        let path = place::output("e2e").join(format!("{test}.{number}.{name}.log"));
        let log = File::create(&path).expect("the log can be written");

        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{:?} did not start: {error}", command.get_program()));
        let output = Arc::new(Output::default());
        output.lock().open_streams = 2;
        read_lines(
            child.stdout.take().unwrap(),
            Arc::clone(&output),
            log.try_clone().unwrap(),
        );
        read_lines(child.stderr.take().unwrap(), Arc::clone(&output), log);
        Self {
            name: name.to_owned(),
            child,
            output,
        }
    }

    /// Waits for the first line that `wanted` makes something of.
    pub fn wait_for<T>(&self, what: &str, wanted: impl Fn(&str) -> Option<T>) -> T {
        self.wait_from(0, what, wanted).1
    }

    /// The same; `None` if it ends without such a line.
    pub fn wait_for_or_end<T>(&self, what: &str, wanted: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.find_from(0, what, wanted).map(|(_, found)| found)
    }

    /// The same, from line number `start` on. Gives the number of the line after it, too.
    pub fn wait_from<T>(
        &self,
        start: usize,
        what: &str,
        wanted: impl Fn(&str) -> Option<T>,
    ) -> (usize, T) {
        self.find_from(start, what, wanted).unwrap_or_else(|| {
            let (name, tail) = (&self.name, self.output.lock().tail());
            panic!("{name} did not print {what} before it ended; its last lines:\n{tail}")
        })
    }

    fn find_from<T>(
        &self,
        start: usize,
        what: &str,
        wanted: impl Fn(&str) -> Option<T>,
    ) -> Option<(usize, T)> {
        let deadline = Instant::now() + PATIENCE;
        let mut next = start;
        let mut lines = self.output.lock();
        loop {
            while let Some(line) = lines.all.get(next) {
                next += 1;
                if let Some(found) = wanted(line) {
                    return Some((next, found));
                }
            }
            if lines.open_streams == 0 {
                return None;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "{} did not print {what} in time; its last lines:\n{}",
                self.name,
                lines.tail()
            );
            lines = self
                .output
                .changed
                .wait_timeout(lines, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// All lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.output.lock().all.clone()
    }

    /// The child's number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The child's standard input.
    pub fn input(&mut self) -> &mut ChildStdin {
        self.child.stdin.as_mut().expect("standard input is a pipe")
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let name = match signal {
            Signal::Interrupt => "INT",
            Signal::Terminate => "TERM",
            Signal::HangUp => "HUP",
        };
        // The shell's own `kill` is on every machine; a library for one system call is not worth it.
        let line = format!("kill -{name} {}", self.child.id());
        let status = Command::new("sh")
            .args(["-c", &line])
            .status()
            .expect("there is a shell");
        assert!(status.success(), "{line}");
    }

    /// Ends it as `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it was ours");
    }

    /// Waits until it has ended by itself.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        let mut lines = self.output.lock();
        while lines.open_streams > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "{} did not end: {:?}",
                self.name,
                lines.all
            );
            lines = self
                .output
                .changed
                .wait_timeout(lines, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        drop(lines);
        self.child.wait().expect("it was ours")
    }

    /// Whether it is still there.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("it was ours").is_none()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Output {
    fn lock(&self) -> std::sync::MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    fn tail(&self) -> String {
        self.all[self.all.len().saturating_sub(40)..].join("\n")
    }
}

fn read_lines(stream: impl Read + Send + 'static, output: Arc<Output>, mut log: File) {
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            // The log is for people; a test does not fail for want of it.
            let _ = writeln!(log, "{line}");
            output.lock().all.push(line);
            output.changed.notify_all();
        }
        output.lock().open_streams -= 1;
        output.changed.notify_all();
    });
}

/// A command with arguments, for [`Process::start`].
#[must_use]
pub fn command<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: &[S]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}
