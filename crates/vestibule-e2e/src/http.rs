//! A small HTTP/1.1 client that sends exactly what a test says and shows exactly what came back.
//!
//! One connection per request. Nothing is followed, decoded or repaired, except chunks.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;

use serde_json::Value;

use crate::certificate::Certificate;
use crate::form::{self, Form};
use crate::process::PATIENCE;

/// What is sent.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The absolute address.
    pub url: String,
    /// Header fields, in order. `Host`, `Content-Length` and `Connection` are added if missing.
    pub fields: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Trusted instead of what the machine trusts.
    pub trust: Option<Certificate>,
}

/// What came back.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// The address that was asked.
    pub url: String,
    /// The status.
    pub status: u16,
    /// Header fields, in order.
    pub fields: Vec<(String, String)>,
    /// The body, without its chunks.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without fields and body.
    #[must_use]
    pub fn new(method: &str, url: &str) -> Self {
        Self {
            method: method.to_owned(),
            url: url.to_owned(),
            fields: Vec::new(),
            body: Vec::new(),
            trust: None,
        }
    }

    /// `GET`.
    #[must_use]
    pub fn get(url: &str) -> Self {
        Self::new("GET", url)
    }

    /// One more field.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The bytes on the wire.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let url = Address::parse(&self.url);
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, url.target);
        let given = |name: &str| {
            self.fields
                .iter()
                .any(|(key, _)| key.eq_ignore_ascii_case(name))
        };
        if !given("host") {
            head.push_str(&format!("Host: {}\r\n", url.authority));
        }
        for (name, value) in &self.fields {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let needs_length = !self.body.is_empty() || matches!(self.method.as_str(), "POST" | "PUT");
        if needs_length && !given("content-length") && !given("transfer-encoding") {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        if !given("connection") {
            head.push_str("Connection: close\r\n");
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }
}

impl Reply {
    /// The first field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every field of this name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields
            .iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body of a page as a browser shows it: character references replaced, tags left in.
    #[must_use]
    pub fn page(&self) -> String {
        form::unescape(&self.text())
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {} {}", self.status, self.text()))
    }

    /// The first form on the page.
    #[must_use]
    pub fn form(&self) -> Form {
        let forms = form::read(&self.text());
        forms
            .into_iter()
            .next()
            .unwrap_or_else(|| panic!("no form here: {}", self.text()))
    }

    /// The form on the page in which `choice` can be chosen.
    #[must_use]
    pub fn form_that_offers(&self, choice: &str) -> Form {
        form::read(&self.text())
            .into_iter()
            .find_map(|form| form.choosing(choice))
            .unwrap_or_else(|| panic!("nothing here offers {choice}: {}", self.text()))
    }
}

/// Sends one request and reads the whole answer.
#[must_use]
pub fn send(request: &Request) -> Reply {
    let mut connection = Connection::open(&request.url, request.trust.as_ref());
    connection.write(&request.bytes());
    let mut reply = connection.reply(&request.method);
    reply.url.clone_from(&request.url);
    reply
}

/// An open connection, for tests that are particular about bytes and moments.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<Stream>,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<rustls::StreamOwned<rustls::ClientConnection, TcpStream>>),
}

impl Connection {
    /// Connects to the host of `url`.
    #[must_use]
    pub fn open(url: &str, trust: Option<&Certificate>) -> Self {
        let address = Address::parse(url);
        let tcp = address.connect();
        let stream = if address.tls {
            let trust = trust.expect("a TLS address needs a certificate to trust");
            let name = rustls_pki_types::ServerName::try_from(address.host.clone()).unwrap();
            let client = Arc::new(trust.client());
            let client = rustls::ClientConnection::new(client, name).unwrap();
            Stream::Tls(Box::new(rustls::StreamOwned::new(client, tcp)))
        } else {
            Stream::Plain(tcp)
        };
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// Sends bytes as they are.
    pub fn write(&mut self, bytes: &[u8]) {
        // The other side may refuse and close while we still write; what it answered counts.
        let _ = self.stream.get_mut().write_all(bytes);
        let _ = self.stream.get_mut().flush();
    }

    /// Reads one answer. An answer cut short is shown as far as it came, with status 0 if not even
    /// the head came.
    #[must_use]
    pub fn reply(&mut self, method: &str) -> Reply {
        let mut reply = self.head();
        if method == "HEAD" || matches!(reply.status, 0 | 101 | 204 | 304) {
            return reply;
        }
        reply.body = self.body(&reply);
        reply
    }

    /// Reads one head.
    #[must_use]
    pub fn head(&mut self) -> Reply {
        let mut reply = Reply::default();
        let status = self.line();
        reply.status = status
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .unwrap_or(0);
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(':') else {
                return reply;
            };
            reply
                .fields
                .push((name.to_owned(), value.trim().to_owned()));
        }
    }

    /// Reads one line, without its end; empty at the end of the connection.
    #[must_use]
    pub fn line(&mut self) -> String {
        let mut line = Vec::new();
        let _ = self.stream.read_until(b'\n', &mut line);
        String::from_utf8_lossy(&line)
            .trim_end_matches(['\r', '\n'])
            .to_owned()
    }

    /// Reads exactly so many bytes.
    #[must_use]
    pub fn exactly(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.stream
            .read_exact(&mut bytes)
            .expect("the other side sends so many bytes");
        bytes
    }

    /// Whether the other side has closed, with nothing left to read.
    #[must_use]
    pub fn is_over(&mut self) -> bool {
        self.stream.fill_buf().map_or(true, <[u8]>::is_empty)
    }

    /// Waits until the other side closes. `false` if it does not in time, or says something more.
    #[must_use]
    pub fn ends(&mut self) -> bool {
        use std::io::ErrorKind::{TimedOut, WouldBlock};
        match self.stream.fill_buf() {
            Ok(more) => more.is_empty(),
            Err(error) => !matches!(error.kind(), TimedOut | WouldBlock),
        }
    }

    fn body(&mut self, head: &Reply) -> Vec<u8> {
        let mut body = Vec::new();
        if head
            .all("transfer-encoding")
            .any(|coding| coding.eq_ignore_ascii_case("chunked"))
        {
            loop {
                let size = self.line();
                let size = size.split(';').next().unwrap_or_default().trim();
                let Ok(size) = u64::from_str_radix(size, 16) else {
                    return body;
                };
                let _ = self.stream.by_ref().take(size).read_to_end(&mut body);
                let _ = self.line();
                if size == 0 {
                    return body;
                }
            }
        }
        let length = head
            .field("content-length")
            .and_then(|length| length.parse().ok());
        let _ = self
            .stream
            .by_ref()
            .take(length.unwrap_or(u64::MAX))
            .read_to_end(&mut body);
        body
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.stream.get_mut().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.get_mut().flush()
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// The parts of an absolute address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Whether it begins with `https`.
    pub tls: bool,
    /// The host without the port.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Host and port as written.
    pub authority: String,
    /// Path and query.
    pub target: String,
}

impl Address {
    /// Takes an `http` or `https` address apart.
    #[must_use]
    pub fn parse(url: &str) -> Self {
        let (scheme, rest) = url
            .split_once("://")
            .unwrap_or_else(|| panic!("not absolute: {url}"));
        let rest = rest.split('#').next().unwrap_or(rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let target = if target.starts_with('/') {
            target.to_owned()
        } else {
            format!("/{target}")
        };
        let tls = scheme == "https";
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (
                host,
                port.parse().unwrap_or_else(|_| panic!("port in {url}")),
            ),
            None => (authority, if tls { 443 } else { 80 }),
        };
        Self {
            tls,
            host: host.to_owned(),
            port,
            authority: authority.to_owned(),
            target,
        }
    }

    /// The address that `link` on a page at this address leads to.
    #[must_use]
    pub fn join(&self, link: &str) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        let path = self.target.split('?').next().unwrap_or("/");
        if link.contains("://") {
            link.to_owned()
        } else if link.starts_with('/') {
            format!("{scheme}://{}{link}", self.authority)
        } else if link.is_empty() {
            format!("{scheme}://{}{}", self.authority, self.target)
        } else if link.starts_with('?') {
            format!("{scheme}://{}{path}{link}", self.authority)
        } else {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{scheme}://{}{folder}/{link}", self.authority)
        }
    }

    fn connect(&self) -> TcpStream {
        // RFC 6761 §6.3: browsers ask nobody what a name below `localhost` means, and neither do we.
        let host = match self.host.ends_with(".localhost") {
            true => "localhost",
            false => &self.host,
        };
        let addresses = (host, self.port).to_socket_addrs().unwrap();
        let stream = addresses
            .into_iter()
            .find_map(|address| TcpStream::connect_timeout(&address, PATIENCE).ok())
            .unwrap_or_else(|| panic!("nobody listens at {}", self.authority));
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_where_a_browser_would_go() {
        let here = Address::parse("http://localhost:8080/foo/bar?x=1");
        for (link, expected) in [
            ("/a?b", "http://localhost:8080/a?b"),
            ("baz", "http://localhost:8080/foo/baz"),
            ("?y=2", "http://localhost:8080/foo/bar?y=2"),
            ("", "http://localhost:8080/foo/bar?x=1"),
            ("https://example.com/", "https://example.com/"),
        ] {
            assert_eq!(here.join(link), expected);
        }
    }

    #[test]
    fn an_address_without_a_path_asks_for_the_root() {
        let address = Address::parse("https://example.com?x");
        assert_eq!((address.port, address.target.as_str()), (443, "/?x"));
    }
}
