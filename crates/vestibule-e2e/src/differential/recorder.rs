//! An upstream that keeps every byte it was sent, and answers each request it can frame.
//!
//! It reads as strictly as can be: what Vestibule writes has one form, and anything else is
//! [`Recorded::odd`].

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A running recorder. Its threads end with the test program.
#[derive(Debug)]
pub struct Recorder {
    /// Its port.
    pub port: u16,
    state: Arc<State>,
}

/// What came on one connection since the last look, and was not empty.
#[derive(Debug, Clone, Default)]
pub struct Transcript {
    /// Complete requests.
    pub requests: Vec<Recorded>,
    /// What came after them and is no complete request.
    pub rest: Vec<u8>,
    /// What came after the switch to another protocol.
    pub tunnel: Vec<u8>,
}

/// One complete request.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// Counted over all connections.
    pub number: usize,
    /// All its bytes.
    pub bytes: Vec<u8>,
    /// The method.
    pub method: String,
    /// The target.
    pub target: String,
    /// The field lines as they came.
    pub fields: Vec<String>,
    /// The body, without chunks.
    pub body: Vec<u8>,
    /// What is not as it should be.
    pub odd: Option<&'static str>,
}

#[derive(Debug, Default)]
struct State {
    connections: Mutex<Connections>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Connections {
    all: Vec<Connection>,
    count: usize,
}

#[derive(Debug, Default)]
struct Connection {
    transcript: Transcript,
    switched: bool,
    ended: bool,
}

impl Transcript {
    /// The bytes of the requests, and of what came after them.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let requests = self.requests.iter().map(|request| request.bytes.as_slice());
        requests
            .chain([self.rest.as_slice()])
            .collect::<Vec<_>>()
            .concat()
    }

    /// Whether another request could follow: no half of one is there, nor another protocol.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        self.rest.is_empty() && !self.requests.last().is_some_and(wants_websocket)
    }

    fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.rest.is_empty() && self.tunnel.is_empty()
    }
}

impl Recorded {
    /// Whether there is a field of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// The first value of a field.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        let fields = self.fields.iter().filter_map(|line| line.split_once(':'));
        let mut named = fields.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.trim())
    }
}

impl Recorder {
    /// Starts one on a free port.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                let mut connections = state.lock();
                let index = connections.all.len();
                connections.all.push(Connection::default());
                drop(connections);
                thread::spawn(move || {
                    serve(stream, &state, index);
                    state.lock().all[index].ended = true;
                    state.changed.notify_all();
                });
            }
        });
        Self { port, state }
    }

    /// What came since the last look, once nothing is left half said: a connection with half a
    /// request has ended.
    ///
    /// # Errors
    ///
    /// The half request whose connection stays open all the same.
    pub fn take(&self, patience: Duration) -> Result<Vec<Transcript>, Vec<u8>> {
        let deadline = Instant::now() + patience;
        let mut connections = self.state.lock();
        loop {
            let half =
                |one: &&Connection| (!one.transcript.rest.is_empty() || one.switched) && !one.ended;
            let left = deadline.saturating_duration_since(Instant::now());
            let Some(half) = connections.all.iter().find(half) else {
                break;
            };
            if left.is_zero() {
                return Err(half.transcript.rest.clone());
            }
            connections = self
                .state
                .changed
                .wait_timeout(connections, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        let all = connections.all.iter_mut();
        let taken = all.map(|one| std::mem::take(&mut one.transcript));
        Ok(taken.filter(|one| !one.is_empty()).collect())
    }
}

impl State {
    fn lock(&self) -> std::sync::MutexGuard<'_, Connections> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what came; gives the answers that are due.
    fn add(&self, index: usize, bytes: &[u8]) -> Vec<u8> {
        let mut connections = self.lock();
        let Connections { all, count } = &mut *connections;
        let connection = &mut all[index];
        let mut answers = Vec::new();
        if connection.switched {
            connection.transcript.tunnel.extend_from_slice(bytes);
        } else {
            connection.transcript.rest.extend_from_slice(bytes);
        }
        while let Some(mut request) = first_request(&connection.transcript.rest) {
            *count += 1;
            request.number = *count;
            connection.transcript.rest.drain(..request.bytes.len());
            answers.extend(answer(&request));
            connection.switched = wants_websocket(&request);
            if connection.switched && !connection.transcript.rest.is_empty() {
                request.odd = Some("bytes of the new protocol before it was agreed on");
            }
            connection.transcript.requests.push(request);
            if connection.switched {
                break;
            }
        }
        drop(connections);
        self.changed.notify_all();
        answers
    }
}

fn serve(mut stream: TcpStream, state: &State, index: usize) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = stream.read(&mut piece) {
        let answers = state.add(index, &piece[..count]);
        if stream.write_all(&answers).is_err() {
            return;
        }
    }
}

fn wants_websocket(request: &Recorded) -> bool {
    request
        .value("upgrade")
        .is_some_and(|value| value == "websocket")
}

/// RFC 6455 §1.3 has this key and its answer as an example; the cases use it.
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

fn answer(request: &Recorded) -> Vec<u8> {
    let method = &request.method;
    if wants_websocket(request) {
        return format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {ACCEPT}\r\nX-Recorded: {method}\r\n\r\n"
        )
        .into_bytes();
    }
    format!("HTTP/1.1 200 OK\r\nX-Recorded: {method}\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

/// The request at the start of `bytes`, if it is all there.
fn first_request(bytes: &[u8]) -> Option<Recorded> {
    let head_end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..head_end - 4]).into_owned();
    let mut lines = head.split("\r\n");
    let line = lines.next()?;
    let words: Vec<&str> = line.split(' ').collect();
    let mut request = Recorded {
        method: words.first().copied().unwrap_or_default().to_owned(),
        target: words.get(1).copied().unwrap_or_default().to_owned(),
        fields: lines.map(str::to_owned).collect(),
        ..Recorded::default()
    };
    let body = &bytes[head_end..];
    let mut has_trailers = false;
    let length = if request.has("transfer-encoding") {
        let (length, data, trailers) = unchunk(body)?;
        request.body = data;
        has_trailers = trailers;
        length
    } else {
        let length = request.value("content-length").map_or(Ok(0), str::parse);
        let length = length.unwrap_or(usize::MAX);
        request.body = body.get(..length)?.to_vec();
        length
    };
    request.bytes = bytes[..head_end + length].to_vec();
    request.odd = odd(&request, &words, &bytes[..head_end]);
    if has_trailers {
        request.odd = Some("trailers");
    }
    Some(request)
}

/// The length of a chunked body with its framing, its data, and whether it has trailers; `None` while
/// it is not all there. What is malformed is never all there.
fn unchunk(body: &[u8]) -> Option<(usize, Vec<u8>, bool)> {
    let mut data = Vec::new();
    let mut at = 0;
    loop {
        let line = body.get(at..)?.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&body[at..at + line]).ok()?;
        let plain = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_hexdigit());
        let size = usize::from_str_radix(size, 16).ok().filter(|_| plain)?;
        at += line + 2;
        if size == 0 {
            // The line end of the last chunk is that of the empty line, if there are no trailers.
            let rest = body.get(at - 2..)?;
            let end = rest.windows(4).position(|four| four == b"\r\n\r\n")?;
            return Some((at + 2 + end, data, end > 0));
        }
        data.extend_from_slice(body.get(at..at.checked_add(size)?)?);
        at += size;
        if body.get(at..at + 2)? != b"\r\n" {
            return None;
        }
        at += 2;
    }
}

/// What a proxy that writes its own heads never writes.
fn odd(request: &Recorded, words: &[&str], head: &[u8]) -> Option<&'static str> {
    let count = |name: &str| {
        let names = request
            .fields
            .iter()
            .filter_map(|line| line.split_once(':'));
        names
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .count()
    };
    let bare = |at: usize| match head[at] {
        b'\r' => head.get(at + 1) != Some(&b'\n'),
        b'\n' => at == 0 || head[at - 1] != b'\r',
        byte => byte < 0x20 && byte != b'\t' || byte == 0x7f,
    };
    let is_name = |name: &str| {
        let odd = |byte: u8| byte <= b' ' || byte >= 0x7f || b"\"(),/:;<=>?@[\\]{}".contains(&byte);
        !name.is_empty() && !name.bytes().any(odd)
    };
    let checks = [
        (
            words.len() != 3 || words[2] != "HTTP/1.1",
            "a request line of another form",
        ),
        (
            !request.target.starts_with('/'),
            "a target that is not in origin form",
        ),
        (
            (0..head.len()).any(bare),
            "a control byte or a bare line end",
        ),
        (
            !request
                .fields
                .iter()
                .all(|line| line.split_once(':').is_some_and(|(name, _)| is_name(name))),
            "a field name that is none",
        ),
        (count("host") != 1, "not one Host"),
        (
            count("content-length") + count("transfer-encoding") > 1,
            "two ways to tell the length",
        ),
        (
            request
                .value("transfer-encoding")
                .is_some_and(|coding| coding != "chunked"),
            "another transfer coding",
        ),
        (
            count("expect") + count("te") + count("trailer") > 0,
            "a field that is answered or dropped",
        ),
        (
            count("upgrade") > 0 && !wants_websocket(request),
            "another upgrade",
        ),
    ];
    checks
        .into_iter()
        .find_map(|(wrong, what)| wrong.then_some(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_cut_where_they_end() {
        let bytes = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nabGET";
        let request = first_request(bytes).unwrap();
        assert_eq!((request.bytes.len(), request.odd), (bytes.len() - 3, None));
        let bytes =
            b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
        let request = first_request(bytes).unwrap();
        assert_eq!((request.body.as_slice(), request.odd), (&b"ab"[..], None));
        assert!(first_request(&bytes[..bytes.len() - 1]).is_none());
    }

    #[test]
    fn what_is_odd_is_noticed() {
        for text in [
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
            "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
        ] {
            let request = first_request(text.as_bytes()).unwrap();
            assert!(request.odd.is_some(), "{text:?}");
        }
    }
}
