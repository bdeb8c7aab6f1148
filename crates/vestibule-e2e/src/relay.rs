//! Somebody in between: passes requests on to one address and remembers what went each way.

use std::io::{BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::certificate::Certificate;
use crate::http::{self, Address, Reply, Request};
use crate::upstream::{self, Received};

/// A request and its answer.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// What came.
    pub request: Received,
    /// What went back.
    pub reply: Reply,
}

/// A running relay. Its threads end with the test program.
#[derive(Debug)]
pub struct Relay {
    /// Its address: `http` or `https`, `localhost` and a port of its own.
    pub url: String,
    seen: Arc<Mutex<Vec<Exchange>>>,
}

impl Relay {
    /// Passes on to the host of `target`; over TLS if it has a certificate to show.
    #[must_use]
    pub fn start(target: &str, certificate: Option<&Certificate>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let scheme = if certificate.is_some() {
            "https"
        } else {
            "http"
        };
        let tls = certificate.map(|certificate| Arc::new(certificate.server()));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (shared, target) = (Arc::clone(&seen), target.to_owned());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, target, tls) = (Arc::clone(&shared), target.clone(), tls.clone());
                thread::spawn(move || match tls {
                    None => pass(stream, &target, &seen),
                    Some(tls) => {
                        let connection = rustls::ServerConnection::new(tls).unwrap();
                        pass(rustls::StreamOwned::new(connection, stream), &target, &seen);
                    }
                });
            }
        });
        Self {
            url: format!("{scheme}://localhost:{port}"),
            seen,
        }
    }

    /// What has passed so far.
    #[must_use]
    pub fn seen(&self) -> Vec<Exchange> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// One request per connection, so that neither side waits for the other's end.
fn pass(stream: impl Read + Write, target: &str, seen: &Mutex<Vec<Exchange>>) {
    let mut stream = BufReader::new(stream);
    let Some(received) = upstream::read(&mut stream) else {
        return;
    };
    let mut parts = received.line.split(' ');
    let method = parts.next().unwrap_or_default();
    let path = parts.next().unwrap_or_default();
    let mut request = Request::new(method, &Address::parse(target).join(path));
    for (name, value) in &received.fields {
        let ours = ["host", "connection", "content-length", "transfer-encoding"];
        if !ours.contains(&name.to_ascii_lowercase().as_str()) {
            request = request.with(name, value);
        }
    }
    let reply = http::send(&request.body(received.body.clone()));
    let mut head = format!("HTTP/1.1 {} Relayed\r\n", reply.status);
    for (name, value) in &reply.fields {
        let ours = ["connection", "content-length", "transfer-encoding"];
        if !ours.contains(&name.to_ascii_lowercase().as_str()) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    let length = reply.body.len();
    head.push_str(&format!(
        "Content-Length: {length}\r\nConnection: close\r\n\r\n"
    ));
    let answer = [head.as_bytes(), &reply.body].concat();
    seen.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Exchange {
            request: received,
            reply,
        });
    // Whoever asked may have gone away.
    let _ = stream.get_mut().write_all(&answer);
    let _ = stream.get_mut().flush();
}
