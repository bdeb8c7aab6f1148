//! Holds one access-log line as data, and decides how it is written as JSON or text.
//!
//! One line per request, whatever a client sends: every value a stranger chose is escaped and cut. There is no field
//! for a query, a header value or a body, so none can be logged by mistake.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use vestibule_gate::trace::Trace;

/// The longest value of a stranger that is written, in characters.
const LONGEST_VALUE: usize = 512;

/// What is known of one request. `handle` fills what it knows; the listener adds the measured part.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entry {
    /// The id that the error page shows too.
    pub incident: String,
    /// The method.
    pub method: String,
    /// The host, as decided on.
    pub host: String,
    /// The path, as decided on; never a query.
    pub path: String,
    /// The client's address, as decided on.
    pub client: Option<IpAddr>,
    /// The route's label, if one matched.
    pub route: Option<Arc<str>>,
    /// A hash of the subject; never the subject.
    pub subject: Option<String>,
    /// The stable code of the error that was answered, if one was.
    pub error: Option<&'static str>,
    /// Every stage of the decision with its outcome.
    pub trace: Option<Trace>,
    /// How long the upstream took to its response head.
    pub upstream_time: Option<Duration>,
}

/// What the listener measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// When the request began.
    pub time: SystemTime,
    /// The status sent.
    pub status: u16,
    /// Body bytes received from the client (through a tunnel: all of them).
    pub bytes_in: u64,
    /// Body bytes sent to the client (through a tunnel: all of them).
    pub bytes_out: u64,
    /// From the head being read to the last byte.
    pub duration: Duration,
    /// Whether the answer was sent to its end.
    pub complete: bool,
}

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// One JSON object per line.
    #[default]
    Json,
    /// `name=value` pairs, values quoted where needed.
    Text,
}

impl Entry {
    /// The finished line, with its line feed.
    #[must_use]
    pub fn line(&self, measured: &Measured, format: Format) -> String {
        let mut line = Line {
            text: String::with_capacity(384),
            format,
            first: true,
        };
        line.begin();
        line.plain("time", Rfc3339(measured.time));
        line.value("incident", &self.incident);
        if let Some(client) = self.client {
            line.quoted("client", client);
        }
        line.value("method", &self.method);
        line.value("host", &self.host);
        line.value("path", path_only(&self.path));
        if measured.status == 0 {
            // The client left before there was an answer.
            line.bare("status", "null");
        } else {
            line.bare("status", measured.status);
        }
        line.optional("route", self.route.as_deref());
        line.optional("subject", self.subject.as_deref());
        line.optional("error", self.error);
        line.bare("bytes_in", measured.bytes_in);
        line.bare("bytes_out", measured.bytes_out);
        line.bare("duration_ms", Millis(measured.duration));
        if let Some(time) = self.upstream_time {
            line.bare("upstream_ms", Millis(time));
        }
        line.bare("complete", measured.complete);
        if let Some(trace) = &self.trace {
            line.trace(trace);
        }
        line.end()
    }
}

/// A query must not be logged even if somebody hands a whole target over.
fn path_only(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or_default()
}

struct Line {
    text: String,
    format: Format,
    first: bool,
}

impl Line {
    fn begin(&mut self) {
        if self.format == Format::Json {
            self.text.push('{');
        }
    }

    fn end(mut self) -> String {
        if self.format == Format::Json {
            self.text.push('}');
        }
        self.text.push('\n');
        self.text
    }

    fn name(&mut self, name: &str) {
        if !std::mem::take(&mut self.first) {
            self.text.push(if self.format == Format::Json {
                ','
            } else {
                ' '
            });
        }
        // Writing to a string does not fail; here and below.
        let _ = match self.format {
            Format::Json => write!(self.text, "\"{name}\":"),
            Format::Text => write!(self.text, "{name}="),
        };
    }

    /// A value of ours that both formats show without quotes.
    fn bare(&mut self, name: &str, value: impl std::fmt::Display) {
        self.name(name);
        let _ = write!(self.text, "{value}");
    }

    /// A value of ours that JSON needs quoted.
    fn quoted(&mut self, name: &str, value: impl std::fmt::Display) {
        self.name(name);
        let _ = match self.format {
            Format::Json => write!(self.text, "\"{value}\""),
            Format::Text => write!(self.text, "{value}"),
        };
    }

    fn plain(&mut self, name: &str, value: Rfc3339) {
        self.quoted(name, value);
    }

    /// A value that a stranger may have chosen.
    fn value(&mut self, name: &str, value: &str) {
        self.name(name);
        let simple = |b: u8| b.is_ascii_alphanumeric() || b"/-_.~:%@!$&'()*+,;[]".contains(&b);
        if self.format == Format::Text && !value.is_empty() && value.bytes().all(simple) {
            escape(value, &mut self.text);
        } else {
            self.text.push('"');
            escape(value, &mut self.text);
            self.text.push('"');
        }
    }

    fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.value(name, value);
        }
    }

    /// In JSON a list of objects; in text each stage with its outcome.
    fn trace(&mut self, trace: &Trace) {
        match self.format {
            Format::Json => {
                self.name("trace");
                for c in trace.to_json().to_string().chars() {
                    // Outside of its strings JSON has nothing that needs it.
                    escape_special(c, &mut self.text);
                }
            }
            Format::Text => {
                let steps: Vec<String> = trace
                    .steps()
                    .iter()
                    .map(|step| format!("{}:{}", step.stage.as_str(), step.outcome))
                    .collect();
                self.value("trace", &steps.join(","));
            }
        }
    }
}

/// Controls, and what changes how a terminal or an editor shows the line: C1, line separators, bidirectional marks.
fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

fn escape(value: &str, out: &mut String) {
    match value.char_indices().nth(LONGEST_VALUE) {
        Some((at, _)) => {
            escape_all(value.get(..at).unwrap_or_default(), out);
            out.push('…');
        }
        None => escape_all(value, out),
    }
}

fn escape_all(value: &str, out: &mut String) {
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c => escape_special(c, out),
        }
    }
}

fn escape_special(c: char, out: &mut String) {
    if !needs_escape(c) {
        return out.push(c);
    }
    let mut units = [0; 2];
    for unit in c.encode_utf16(&mut units) {
        let _ = write!(out, "\\u{unit:04x}");
    }
}

struct Millis(Duration);

impl std::fmt::Display for Millis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.3}", self.0.as_secs_f64() * 1000.0)
    }
}

/// `2026-11-22T14:29:03.123Z`. RFC 3339 §5.6.
struct Rfc3339(SystemTime);

impl std::fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let since = self
            .0
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let secs = since.as_secs();
        let (days, rest) = (secs / 86_400, secs % 86_400);
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
        let millis = since.subsec_millis();
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"
        )
    }
}

/// Year, month and day of a day number since 1970-01-01, in the proleptic Gregorian calendar.
fn civil(days: u64) -> (u64, u64, u64) {
    // Counted in eras of 400 years from 0000-03-01, so that the leap day is the last of its year.
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests;
