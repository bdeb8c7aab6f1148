//! Where diagnostics go: standard error, as text for people or one JSON object a line.

use tracing::level_filters::LevelFilter;
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
    let builder = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(output::colours());
    // A subscriber that is already there stays.
    let _ = match format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text => builder.with_target(false).try_init(),
    };
}
