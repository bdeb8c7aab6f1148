//! `[log]`: what is logged, and how.

use crate::describe::{Change, Choice, Fallback, Key, Kind, Section};
use crate::read::Reader;

pub(crate) static LOG: Section = Section {
    name: "log",
    heading: "[log]",
    doc: "One event per line. No token, code, cookie or query of a callback is in it at any level.",
    open: None,
    keys: &[
        Key {
            name: "format",
            kind: Kind::Choice(&[
                Choice::new("text", "for people"),
                Choice::new("json", "one JSON object per line, for programs"),
            ]),
            fallback: Fallback::Value("text"),
            change: Change::Restart,
            doc: "How an event is written.",
        },
        Key {
            name: "level",
            kind: Kind::Choice(&[
                Choice::new("error", ""),
                Choice::new("warn", ""),
                Choice::new("info", ""),
                Choice::new("debug", ""),
                Choice::new("trace", ""),
            ]),
            fallback: Fallback::Value("info"),
            change: Change::Restart,
            doc: "The least important events that are written.",
        },
        Key {
            name: "access",
            kind: Kind::Flag,
            fallback: Fallback::Value("true"),
            change: Change::Restart,
            doc: "Whether each request gets a line: what was decided, by which step, and the incident id of an error page.",
        },
    ],
};

/// What is logged. All of it takes effect on restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// How an event is written; text.
    pub format: LogFormat,
    /// The least important events that are written; info.
    pub level: LogLevel,
    /// Whether each request gets a line; true.
    pub access: bool,
}

/// How an event is written. Matched exhaustively by the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// How important an event is. Matched exhaustively by the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Something does not work.
    Error,
    /// Something may not work soon.
    Warn,
    /// What an operator wants to know in ordinary times.
    Info,
    /// For finding a fault.
    Debug,
    /// For finding a fault in Vestibule itself.
    Trace,
}

impl LogLevel {
    /// The word as it is written in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

pub(crate) fn read(root: &Reader<'_>) -> LogSettings {
    let reader = root
        .table("log")
        .unwrap_or_else(|| Reader::absent(root.context, &LOG));
    LogSettings {
        format: match reader.choice("format") {
            Some("json") => LogFormat::Json,
            _ => LogFormat::Text,
        },
        level: match reader.choice("level") {
            Some("error") => LogLevel::Error,
            Some("warn") => LogLevel::Warn,
            Some("debug") => LogLevel::Debug,
            Some("trace") => LogLevel::Trace,
            _ => LogLevel::Info,
        },
        access: reader.flag("access"),
    }
}
