//! Decides how access-log lines reach their file: one thread writes, everybody else only queues.
//!
//! Traffic never waits for the log. A full queue and a failed write drop lines, and count what they dropped.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;

use super::access::{Entry, Format, Measured};

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
    Line(Box<(Entry, Measured)>),
    Reopen,
    Flush(SyncSender<()>),
}

/// The queue's entrance. Clones share one writer, which ends with the last of them.
#[derive(Clone)]
pub struct AccessLog {
    queue: SyncSender<Message>,
    dropped: Counter,
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
        let (queue, messages) = sync_channel(plan.queue.max(1));
        let writer = Writer {
            sink,
            path,
            format: plan.format,
            dropped: dropped.clone(),
            batch: String::new(),
            lines: 0,
        };
        thread::Builder::new()
            .name("vestibule-log".into())
            .spawn(move || writer.run(&messages))
            .map_err(|cause| AccessLogError {
                path: PathBuf::new(),
                cause,
            })?;
        Ok(Self { queue, dropped })
    }

    /// Queues one line; drops it when the queue is full.
    pub fn write(&self, entry: Entry, measured: Measured) {
        match self
            .queue
            .try_send(Message::Line(Box::new((entry, measured))))
        {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.dropped.inc();
            }
        }
    }

    /// Opens the file again, after somebody moved it away.
    pub fn reopen(&self) {
        // A full queue is no reason to keep the old file for ever, but the next signal comes.
        let _ = self.queue.try_send(Message::Reopen);
    }

    /// Waits until all that was queued before is written, at most `limit`.
    pub fn flush(&self, limit: Duration) {
        let (done, written) = sync_channel(1);
        if self.queue.try_send(Message::Flush(done)).is_ok() {
            let _ = written.recv_timeout(limit);
        }
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
    lines: u64,
}

impl Writer {
    fn run(mut self, messages: &Receiver<Message>) {
        while let Ok(message) = messages.recv() {
            self.take(message);
            while self.batch.len() < BATCH_BYTES
                && let Ok(message) = messages.try_recv()
            {
                self.take(message);
            }
            self.write_batch();
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Line(line) => {
                self.batch.push_str(&line.0.line(&line.1, self.format));
                self.lines += 1;
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
