//! Decides how access-log lines reach their file: one thread writes, everybody else only queues.
//!
//! Traffic never waits for the log. A full queue and a failed write drop lines, and count what they dropped. The writer
//! lets lines gather for a moment before it takes them all: to be woken for each would cost a system call each time.

mod queue;

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;

use super::access::{Entry, Format, Measured};
use super::time::SecondText;
use queue::Queue;

/// Written at once, at most this many bytes.
const BATCH_BYTES: usize = 64 * 1024;

/// Where the access log goes and how it looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessLogPlan {
    /// Where lines go.
    pub destination: Destination,
    /// How lines look.
    pub format: Format,
    /// Lines that may wait for the writer before further ones are dropped.
    pub queue: usize,
}

impl Default for AccessLogPlan {
    fn default() -> Self {
        Self {
            destination: Destination::Stdout,
            format: Format::Json,
            queue: 8192,
        }
    }
}

/// Where access-log lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Destination {
    /// Standard output.
    Stdout,
    /// A file that is appended to, made with mode 0600 if it is not there.
    File(PathBuf),
}

/// Why the access log could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("open the access log {path:?}")]
pub struct AccessLogError {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub cause: io::Error,
}

enum Message {
    Line(Box<Entry>, Measured),
    Reopen,
    Flush(SyncSender<()>),
}

/// The queue's entrance. Clones share one writer, which ends with the last of them.
#[derive(Clone)]
pub struct AccessLog {
    entrance: Arc<Entrance>,
    dropped: Counter,
}

/// Closes the queue when it is dropped.
struct Entrance(Arc<Queue>);

impl Drop for Entrance {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.wake.notify_one();
    }
}

impl fmt::Debug for AccessLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessLog")
            .field("dropped", &self.dropped.get())
            .finish_non_exhaustive()
    }
}

impl AccessLog {
    /// Opens the destination and starts the writer.
    ///
    /// # Errors
    /// [`AccessLogError`] when the file can't be opened.
    pub fn start(plan: &AccessLogPlan, dropped: Counter) -> Result<Self, AccessLogError> {
        let (sink, path): (Box<dyn Write + Send>, _) = match &plan.destination {
            Destination::Stdout => (Box::new(io::stdout()), None),
            Destination::File(path) => {
                let file = open(path).map_err(|cause| AccessLogError {
                    path: path.clone(),
                    cause,
                })?;
                (Box::new(file), Some(path.clone()))
            }
        };
        Self::with_sink(sink, path, plan, dropped)
    }

    fn with_sink(
        sink: Box<dyn Write + Send>,
        path: Option<PathBuf>,
        plan: &AccessLogPlan,
        dropped: Counter,
    ) -> Result<Self, AccessLogError> {
        let queue = Arc::new(Queue::new(plan.queue.max(1)));
        let messages = Arc::clone(&queue);
        let writer = Writer {
            sink,
            path,
            format: plan.format,
            dropped: dropped.clone(),
            batch: String::new(),
            second: SecondText::default(),
            lines: 0,
        };
        thread::Builder::new()
            .name("vestibule-log".into())
            .spawn(move || writer.run(&messages))
            .map_err(|cause| AccessLogError {
                path: PathBuf::new(),
                cause,
            })?;
        Ok(Self {
            entrance: Arc::new(Entrance(queue)),
            dropped,
        })
    }

    /// Queues one line; drops it when the queue is full.
    pub fn write(&self, entry: impl Into<Box<Entry>>, measured: Measured) {
        let mut entry = entry.into();
        entry.asked.detach();
        if !self.queue().put(Message::Line(entry, measured)) {
            self.dropped.inc();
        }
    }

    /// Opens the file again, after somebody moved it away.
    pub fn reopen(&self) {
        // A full queue is no reason to keep the old file for ever, but the next signal comes.
        self.queue().put_urgent(Message::Reopen);
    }

    /// Waits until all that was queued before is written, at most `limit`.
    pub fn flush(&self, limit: Duration) {
        let (done, written) = sync_channel(1);
        if self.queue().put_urgent(Message::Flush(done)) {
            let _ = written.recv_timeout(limit);
        }
    }

    fn queue(&self) -> &Queue {
        &self.entrance.0
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

struct Writer {
    sink: Box<dyn Write + Send>,
    path: Option<PathBuf>,
    format: Format,
    dropped: Counter,
    batch: String,
    second: SecondText,
    lines: u64,
}

impl Writer {
    fn run(mut self, queue: &Queue) {
        let mut messages = Vec::new();
        while queue.take(&mut messages) {
            for message in messages.drain(..) {
                self.take(message);
            }
            self.write_batch();
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Line(entry, measured) => {
                entry.write(&mut self.batch, &measured, self.format, &mut self.second);
                self.lines += 1;
                if self.batch.len() >= BATCH_BYTES {
                    self.write_batch();
                }
            }
            Message::Reopen => {
                self.write_batch();
                self.reopen();
            }
            Message::Flush(done) => {
                self.write_batch();
                let _ = done.send(());
            }
        }
    }

    fn write_batch(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let written = self
            .sink
            .write_all(self.batch.as_bytes())
            .and_then(|()| self.sink.flush());
        if let Err(error) = written {
            // Said here and not per line: a full disk must not fill the next one.
            if self.dropped.inc_by(self.lines) == 0 {
                tracing::error!(%error, "the access log can't be written; lines are dropped and counted");
            }
        }
        self.batch.clear();
        self.lines = 0;
    }

    fn reopen(&mut self) {
        if let Some(path) = &self.path {
            match open(path) {
                Ok(file) => self.sink = Box::new(file),
                Err(error) => {
                    tracing::error!(?path, %error, "the access log can't be opened again; the old file is kept")
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
