//! Holds one access-log line as data, and decides how it is written as JSON or text.
//!
//! One line per request, whatever a client sends: every value a stranger chose is escaped and cut. There is no field
//! for a query, a header value or a body, so none can be logged by mistake.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use vestibule_gate::address::AddressText;
use vestibule_gate::request;
use vestibule_gate::trace::Trace;

use super::Subject;
use super::time::SecondText;
use crate::incident::IncidentId;

/// The longest value of a stranger that is written, in characters.
const LONGEST_VALUE: usize = 512;

/// What is known of one request. `handle` fills what it knows; the listener adds the measured part. It holds what is at
/// hand: text is made of it where a line is written, on another thread.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entry {
    /// The id that the error page shows too.
    pub incident: Option<IncidentId>,
    /// What was asked for.
    pub asked: Asked,
    /// The client's address, as decided on.
    pub client: Option<IpAddr>,
    /// The route's label, if one matched.
    pub route: Option<Arc<str>>,
    /// A hash of the subject; never the subject.
    pub subject: Option<Subject>,
    /// The stable code of the error that was answered, if one was.
    pub error: Option<&'static str>,
    /// Every stage of the decision with its outcome.
    pub trace: Option<Trace>,
    /// How long the upstream took to its response head.
    pub upstream_time: Option<Duration>,
}

/// What a request asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Asked {
    /// Nobody said.
    #[default]
    Unknown,
    /// As it was decided on.
    Read(request::Asked),
    /// As its sender wrote it.
    Raw {
        /// The method.
        method: Bytes,
        /// The host; empty if none was found.
        host: Bytes,
        /// The target. Its query is not logged.
        target: Bytes,
    },
}

impl Asked {
    /// Lets go of the head of the request, of which these are parts: what waits for the writer is to be small, and no cookie
    /// is to be kept longer than its request.
    pub(super) fn detach(&mut self) {
        if let Self::Raw {
            method,
            host,
            target,
        } = self
        {
            for part in [method, host, target] {
                *part = Bytes::copy_from_slice(part);
            }
        }
    }

    fn method(&self) -> Cow<'_, str> {
        match self {
            Self::Unknown => Cow::default(),
            Self::Read(asked) => asked.method.as_str().into(),
            Self::Raw { method, .. } => String::from_utf8_lossy(method),
        }
    }

    fn host(&self) -> Cow<'_, str> {
        match self {
            Self::Unknown => Cow::default(),
            Self::Read(asked) if asked.host.port().is_none() => asked.host.name().as_str().into(),
            Self::Read(asked) => {
                let mut host = asked.host.name().as_str().to_owned();
                host.push(':');
                push_number(&mut host, asked.host.port().unwrap_or_default().into());
                host.into()
            }
            Self::Raw { host, .. } => String::from_utf8_lossy(host),
        }
    }

    /// A query must not be logged even if somebody hands a whole target over.
    fn path(&self) -> Cow<'_, str> {
        match self {
            Self::Unknown => Cow::default(),
            Self::Read(asked) => asked.path.as_str().into(),
            Self::Raw { target, .. } => {
                let path = target.split(|&byte| matches!(byte, b'?' | b'#')).next();
                String::from_utf8_lossy(path.unwrap_or_default())
            }
        }
    }
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

/// A name with what stands around it in each format.
struct Name {
    json: &'static str,
    text: &'static str,
}

macro_rules! name {
    ($name:literal) => {
        Name {
            json: concat!(",\"", $name, "\":"),
            text: concat!(" ", $name, "="),
        }
    };
}

impl Entry {
    /// The finished line, with its line feed.
    #[must_use]
    pub fn line(&self, measured: &Measured, format: Format) -> String {
        let mut line = String::with_capacity(512);
        self.write(&mut line, measured, format, &mut SecondText::default());
        line
    }

    /// Adds the finished line. Several in a row share `second`.
    pub(super) fn write(
        &self,
        out: &mut String,
        measured: &Measured,
        format: Format,
        second: &mut SecondText,
    ) {
        let mut line = Line { text: out, format };
        line.begin();
        line.quoted_with(
            &Name {
                json: "\"time\":",
                text: "time=",
            },
            |text| {
                second.write(text, measured.time);
            },
        );
        match self.incident {
            Some(incident) => line.quoted(&name!("incident"), ascii(&incident.text())),
            None => line.value(&name!("incident"), ""),
        }
        if let Some(client) = self.client {
            line.quoted(&name!("client"), AddressText::of(client).as_str());
        }
        line.value(&name!("method"), &self.asked.method());
        line.value(&name!("host"), &self.asked.host());
        line.value(&name!("path"), &self.asked.path());
        if measured.status == 0 {
            // The client left before there was an answer.
            line.bare(&name!("status"), "null");
        } else {
            line.number(&name!("status"), measured.status.into());
        }
        line.optional(&name!("route"), self.route.as_deref());
        if let Some(subject) = self.subject {
            line.quoted(&name!("subject"), ascii(&subject.text()));
        }
        line.optional(&name!("error"), self.error);
        line.number(&name!("bytes_in"), measured.bytes_in);
        line.number(&name!("bytes_out"), measured.bytes_out);
        line.millis(&name!("duration_ms"), measured.duration);
        if let Some(time) = self.upstream_time {
            line.millis(&name!("upstream_ms"), time);
        }
        let complete = if measured.complete { "true" } else { "false" };
        line.bare(&name!("complete"), complete);
        if let Some(trace) = &self.trace {
            line.trace(trace);
        }
        line.end();
    }
}

/// Whether a value may have this byte without being quoted.
const fn is_simple(byte: u8) -> bool {
    matches!(
        byte,
        // Letters, digits, and of the signs neither quotes nor what separates and assigns values.
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'!' | b'$'..=b';' | b'@' | b'[' | b']' | b'_' | b'~'
    )
}

fn ascii(text: &[u8]) -> &str {
    std::str::from_utf8(text).unwrap_or_default()
}

struct Line<'l> {
    text: &'l mut String,
    format: Format,
}

impl Line<'_> {
    fn begin(&mut self) {
        if self.format == Format::Json {
            self.text.push('{');
        }
    }

    fn end(&mut self) {
        self.text.push_str(match self.format {
            Format::Json => "}\n",
            Format::Text => "\n",
        });
    }

    fn name(&mut self, name: &Name) {
        self.text.push_str(match self.format {
            Format::Json => name.json,
            Format::Text => name.text,
        });
    }

    /// A value of ours that both formats show without quotes.
    fn bare(&mut self, name: &Name, value: &str) {
        self.name(name);
        self.text.push_str(value);
    }

    fn number(&mut self, name: &Name, value: u64) {
        self.name(name);
        push_number(self.text, value);
    }

    /// Milliseconds with three decimals.
    fn millis(&mut self, name: &Name, value: Duration) {
        self.name(name);
        let micros = (value.as_nanos() + 500) / 1000;
        let micros = u64::try_from(micros).unwrap_or(u64::MAX);
        push_number(self.text, micros / 1000);
        self.text.push('.');
        push_thousandths(self.text, micros % 1000);
    }

    /// A value of ours that JSON needs quoted.
    fn quoted(&mut self, name: &Name, value: &str) {
        self.quoted_with(name, |text| text.push_str(value));
    }

    fn quoted_with(&mut self, name: &Name, write: impl FnOnce(&mut String)) {
        self.name(name);
        let quote = self.format == Format::Json;
        if quote {
            self.text.push('"');
        }
        write(self.text);
        if quote {
            self.text.push('"');
        }
    }

    /// A value that a stranger may have chosen.
    fn value(&mut self, name: &Name, value: &str) {
        self.name(name);
        if self.format == Format::Text && !value.is_empty() && value.bytes().all(is_simple) {
            escape(value, self.text);
        } else {
            self.string(value);
        }
    }

    fn string(&mut self, value: &str) {
        self.text.push('"');
        escape(value, self.text);
        self.text.push('"');
    }

    fn optional(&mut self, name: &Name, value: Option<&str>) {
        if let Some(value) = value {
            self.value(name, value);
        }
    }

    /// In JSON a list of objects; in text each stage with its outcome.
    fn trace(&mut self, trace: &Trace) {
        match self.format {
            Format::Json => self.trace_as_json(trace),
            Format::Text => self.trace_as_text(trace),
        }
    }

    /// Stages and outcomes are codes of ours, which need no quotes.
    fn trace_as_text(&mut self, trace: &Trace) {
        self.name(&name!("trace"));
        let mut separator = "";
        for step in trace.steps() {
            for part in [separator, step.stage.as_str(), ":", step.outcome.code()] {
                self.text.push_str(part);
            }
            separator = ",";
        }
    }

    /// As [`Trace::to_json`] says, without making a value of it: it is the greater part of a line.
    fn trace_as_json(&mut self, trace: &Trace) {
        self.name(&name!("trace"));
        self.text.push('[');
        for (at, step) in trace.steps().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            if step.judgement.is_some() {
                // Rare, and deep: the names of claims are in it, which may be anything.
                for c in step.to_json().to_string().chars() {
                    escape_special(c, self.text);
                }
                continue;
            }
            self.text.push_str("{\"stage\":\"");
            self.text.push_str(step.stage.as_str());
            self.text.push_str("\",\"outcome\":\"");
            self.text.push_str(step.outcome.code());
            self.text.push('"');
            if let Some(detail) = step.detail {
                self.text.push_str(",\"detail\":\"");
                escape_all(detail, self.text);
                self.text.push('"');
            }
            self.text.push('}');
        }
        self.text.push(']');
    }
}

pub(super) fn push_number(out: &mut String, value: u64) {
    // As many digits as the greatest has.
    let mut digits = [b'0'; 20];
    let mut rest = value;
    let mut begin = digits.len();
    for place in digits.iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
        begin -= 1;
        if rest == 0 {
            break;
        }
    }
    out.push_str(ascii(digits.get(begin..).unwrap_or_default()));
}

/// The last three digits of `value`.
pub(super) fn push_thousandths(out: &mut String, value: u64) {
    let digit = |power: u64| b'0' + (value / power % 10) as u8;
    out.push_str(ascii(&[digit(100), digit(10), digit(1)]));
}

/// Controls, and what changes how a terminal or an editor shows the line: C1, line separators, bidirectional marks.
fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

fn escape(value: &str, out: &mut String) {
    let cut = match value.len() {
        // So few bytes can't be too many characters.
        0..=LONGEST_VALUE => None,
        _ => value.char_indices().nth(LONGEST_VALUE),
    };
    match cut {
        Some((at, _)) => {
            escape_all(value.get(..at).unwrap_or_default(), out);
            out.push('…');
        }
        None => escape_all(value, out),
    }
}

fn escape_all(value: &str, out: &mut String) {
    // The ordinary case, looked at several bytes at once.
    let plain = |byte| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\';
    if value.bytes().fold(true, |all, byte| all & plain(byte)) {
        return out.push_str(value);
    }
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
        // Writing to a string does not fail.
        let _ = write!(out, "\\u{unit:04x}");
    }
}

#[cfg(test)]
mod tests;
