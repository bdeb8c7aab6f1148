//! An upstream that remembers what it was sent and answers with it.
//!
//! | path | answer |
//! |---|---|
//! | `/hold/…` | as below, once the test calls [`Upstream::release`] |
//! | `/events` | server-sent events, one for each [`Upstream::release`] |
//! | `/form` | a page with a form for `/forms/save` |
//! | `/web-socket` | switches to a WebSocket as browsers want it, and says nothing on it |
//! | `/socket` | switches to a WebSocket, which says again what it hears |
//! | `/bytes/N` | N bytes in chunks |
//! | `/redirect` | a redirect to its own `/there`, and a cookie for its own path |
//! | `/at-most-16k/STATUS` | this status, where the head has more than 16 KiB |
//! | `/at-most-16k-silent/STATUS` | the same without a word, as many servers answer |
//! | `/answer/STATUS` | this status |
//! | anything else | what it received, as JSON |

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::process::PATIENCE;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// The request line.
    pub line: String,
    /// Header fields, in order. In one that is not UTF-8, bytes beyond ASCII stand as `\xe9`.
    pub fields: Vec<(String, String)>,
    /// The body, without its chunks.
    pub body: Vec<u8>,
}

/// A running upstream. Its threads end with the test program.
#[derive(Debug)]
pub struct Upstream {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    received: Vec<Received>,
    released: usize,
}

impl Upstream {
    /// Starts one on a free port.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { url, state }
    }

    /// All requests so far.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.state.lock().received.clone()
    }

    /// Waits until there were so many requests.
    pub fn wait_for_requests(&self, count: usize) {
        self.state
            .wait_until("requests", |inner| inner.received.len() >= count);
    }

    /// Lets one held request, or one event, go.
    pub fn release(&self) {
        self.state.lock().released += 1;
        self.state.changed.notify_all();
    }
}

impl Received {
    /// Every value of a field.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields
            .iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The first value of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The size of its head, near enough.
    fn head_bytes(&self) -> usize {
        let fields = self.fields.iter();
        let fields: usize = fields
            .map(|(name, value)| name.len() + value.len() + 4)
            .sum();
        self.line.len() + fields + 4
    }

    fn json(&self) -> Value {
        let body = String::from_utf8_lossy(&self.body);
        json!({ "line": self.line, "fields": self.fields, "body": body })
    }
}

impl State {
    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_until(&self, what: &str, reached: impl Fn(&Inner) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut inner = self.lock();
        while !reached(&inner) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "the upstream waited for {what} in vain: {inner:?}"
            );
            inner = self
                .changed
                .wait_timeout(inner, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

fn serve(stream: TcpStream, state: &State) {
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let released = {
            let mut inner = state.lock();
            inner.received.push(request.clone());
            inner.released
        };
        state.changed.notify_all();
        let answered = match request.line.split(' ').nth(1).unwrap_or_default() {
            path if path.starts_with("/hold") => {
                state.wait_until("a release", |inner| inner.released > released);
                answer(&mut writer, "", &request.json().to_string())
            }
            path if path.starts_with("/events") => events(&mut writer, state, released),
            path if path.starts_with("/socket") => echo(&mut reader, &mut writer),
            "/web-socket" => {
                let key = request.field("sec-websocket-key").unwrap_or_default();
                accept(&mut writer, key).and_then(|()| swallow(&mut reader))
            }
            "/form" => page(&mut writer, FORM),
            path if path.starts_with("/bytes/") => {
                bytes(&mut writer, path["/bytes/".len()..].parse().unwrap_or(0))
            }
            path if path.starts_with("/at-most-16k/") && request.head_bytes() > 16 * 1024 => {
                refuse(&mut writer, path)
            }
            path if path.starts_with("/at-most-16k-silent/")
                && request.head_bytes() > 16 * 1024 =>
            {
                let status = path.rsplit('/').next().unwrap_or_default();
                write!(writer, "HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n")
            }
            path if path.starts_with("/answer/") => refuse(&mut writer, path),
            "/redirect" => {
                let more = "Location: /there\r\nSet-Cookie: own=1; Path=/; HttpOnly\r\n";
                write!(
                    writer,
                    "HTTP/1.1 302 Found\r\n{more}Content-Length: 0\r\n\r\n"
                )
            }
            _ => answer(&mut writer, "", &request.json().to_string()),
        };
        if answered.is_err() {
            return;
        }
    }
}

fn answer(writer: &mut TcpStream, more: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    let kind = "Content-Type: application/json\r\n";
    let text = format!("HTTP/1.1 200 OK\r\n{kind}{more}Content-Length: {length}\r\n\r\n{body}");
    writer.write_all(text.as_bytes())
}

/// Answers with the status that ends the path, in a server's own words.
fn refuse(writer: &mut TcpStream, path: &str) -> std::io::Result<()> {
    let status = path.rsplit('/').next().unwrap_or_default();
    let body = "<html><head><title>no</title></head></html>";
    let length = body.len();
    write!(
        writer,
        "HTTP/1.1 {status} No\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

fn events(writer: &mut TcpStream, state: &State, mut released: usize) -> std::io::Result<()> {
    let kind = "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n";
    write!(writer, "HTTP/1.1 200 OK\r\n{kind}\r\n")?;
    for number in 1..=3 {
        state.wait_until("a release", |inner| inner.released > released);
        released += 1;
        let event = format!("data: {number}\n\n");
        write!(writer, "{:x}\r\n{event}\r\n", event.len())?;
    }
    write!(writer, "0\r\n\r\n")
}

/// Switches, and says every byte again. The connection is of no other use afterwards.
fn echo(reader: &mut impl Read, writer: &mut TcpStream) -> std::io::Result<()> {
    let head =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    writer.write_all(head.as_bytes())?;
    std::io::copy(reader, writer)?;
    Err(std::io::ErrorKind::ConnectionAborted.into())
}

const FORM: &str = "<!doctype html><form method=post action=/forms/save><input name=a value=b><button>Send</button></form>";

fn page(writer: &mut TcpStream, body: &str) -> std::io::Result<()> {
    let length = body.len();
    let kind = "Content-Type: text/html; charset=utf-8";
    write!(
        writer,
        "HTTP/1.1 200 OK\r\n{kind}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// The answer to the key, as RFC 6455 has it.
fn accept(writer: &mut TcpStream, key: &str) -> std::io::Result<()> {
    let text = format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    let accept = STANDARD.encode(hash);
    write!(
        writer,
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

/// Reads to the end. The connection is of no other use afterwards.
fn swallow(reader: &mut impl Read) -> std::io::Result<()> {
    std::io::copy(reader, &mut std::io::sink())?;
    Err(std::io::ErrorKind::ConnectionAborted.into())
}

fn bytes(writer: &mut TcpStream, mut left: usize) -> std::io::Result<()> {
    write!(
        writer,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    )?;
    let block = [b'x'; 16 * 1024];
    while left > 0 {
        let size = left.min(block.len());
        write!(writer, "{size:x}\r\n")?;
        writer.write_all(&block[..size])?;
        writer.write_all(b"\r\n")?;
        left -= size;
    }
    writer.write_all(b"0\r\n\r\n")
}

/// Reads one request; `None` at the end of the connection.
pub(crate) fn read<S: Read + Write>(reader: &mut BufReader<S>) -> Option<Received> {
    let line = read_line(reader)?;
    let mut request = Received {
        line,
        fields: Vec::new(),
        body: Vec::new(),
    };
    while let Some(line) = read_line(reader).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').expect("a field has a colon");
        request
            .fields
            .push((name.to_owned(), value.trim().to_owned()));
    }
    if request.field("expect").is_some() {
        let writer = reader.get_mut();
        writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
    }
    if request.field("transfer-encoding").is_some() {
        loop {
            let size = usize::from_str_radix(read_line(reader)?.trim(), 16).ok()?;
            let mut chunk = vec![0; size];
            reader.read_exact(&mut chunk).ok()?;
            read_line(reader)?;
            if size == 0 {
                break;
            }
            request.body.extend(chunk);
        }
    } else if let Some(length) = request.field("content-length") {
        let mut body = vec![0; length.parse().ok()?];
        reader.read_exact(&mut body).ok()?;
        request.body = body;
    }
    Some(request)
}

fn read_line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = Vec::new();
    let count = reader.read_until(b'\n', &mut line).ok()?;
    let text = String::from_utf8(line).unwrap_or_else(|not_text| escape(not_text.as_bytes()));
    (count > 0).then(|| text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Bytes beyond ASCII as `\xe9`, so that those of Latin-1 can be told from those of UTF-8.
fn escape(bytes: &[u8]) -> String {
    let shown = bytes.iter().map(|byte| match byte.is_ascii() {
        true => char::from(*byte).to_string(),
        false => format!("\\x{byte:02x}"),
    });
    shown.collect()
}
