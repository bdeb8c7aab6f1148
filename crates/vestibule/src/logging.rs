//! Where diagnostics go: standard error, as text for people or one JSON object a line.

#[cfg(test)]
mod tests;

use std::fmt::{self, Debug};
use std::io::{self, Write};

use tracing::Subscriber;
use tracing::field::Field;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::field::MakeExt as _;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use vestibule_config::{LogFormat, LogLevel, LogSettings};

use crate::output;

/// Starts logging by the file's settings. A second call changes nothing.
pub(crate) fn start(settings: &LogSettings) {
    let level = match settings.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    start_at(level, settings.format);
}

/// Starts logging at this level.
pub(crate) fn start_at(level: LevelFilter, format: LogFormat) {
    // A subscriber that is already there stays.
    let _ = tracing::subscriber::set_global_default(to(io::stderr, level, format));
}

/// What writes lines to a writer.
fn to<W>(writer: W, level: LevelFilter, format: LogFormat) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(output::colours());
    match format {
        LogFormat::Json => Box::new(
            builder
                .json()
                .flatten_event(true)
                .with_writer(TimeNamed(writer))
                .finish(),
        ),
        LogFormat::Text => Box::new(
            builder
                .with_target(false)
                .fmt_fields(debug_fn(field).delimited(" "))
                .with_writer(writer)
                .finish(),
        ),
    }
}

/// Writes one field: the message as it is, others as `name=value`, quoted where a reader could not tell where the value ends.
fn field(writer: &mut Writer<'_>, field: &Field, value: &dyn Debug) -> fmt::Result {
    let text = format!("{value:?}");
    if field.name() == "message" {
        // No line but this one is to be made of what a stranger may have written.
        return text.chars().try_for_each(|char| match char.is_control() {
            true => write!(writer, "{}", char.escape_default()),
            false => writer.write_char(char),
        });
    }
    let is_simple =
        |char: char| !char.is_whitespace() && !char.is_control() && !"\"=\\".contains(char);
    if is_quoted(&text) || (!text.is_empty() && text.chars().all(is_simple)) {
        return write!(writer, "{}={text}", field.name());
    }
    write!(writer, "{}={text:?}", field.name())
}

/// Whether this is one quoted text, as a text's `Debug` writes it.
fn is_quoted(text: &str) -> bool {
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let Some(inner) = inner else {
        return false;
    };
    let mut escaped = false;
    for char in inner.chars() {
        if char.is_control() || (char == '"' && !escaped) {
            return false;
        }
        escaped = char == '\\' && !escaped;
    }
    !escaped
}

/// Calls the time of a JSON line what the access log calls it.
struct TimeNamed<W>(W);

/// How the subscriber begins a line.
const THEIRS: &[u8] = b"{\"timestamp\":";
/// How we do.
const OURS: &[u8] = b"{\"time\":";

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for TimeNamed<W> {
    type Writer = TimeNamed<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        TimeNamed(self.0.make_writer())
    }
}

impl<W: Write> Write for TimeNamed<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.write_all(line)?;
        Ok(line.len())
    }

    /// The subscriber writes whole lines, and so do we: another thread's would come between two halves.
    fn write_all(&mut self, line: &[u8]) -> io::Result<()> {
        match line.strip_prefix(THEIRS) {
            Some(rest) => self.0.write_all(&[OURS, rest].concat()),
            None => self.0.write_all(line),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
