//! HTTP/2 on either side: a client over TLS, and an upstream in clear.

use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio_rustls::TlsConnector;

use crate::certificate::Certificate;
use crate::http::{Address, Reply, Request};
use crate::upstream::Received;

/// Sends requests on one connection, each in a stream of its own, all at once, and reads the answers.
#[must_use]
pub fn send(requests: &[Request], trust: &Certificate) -> Vec<Reply> {
    let first = Address::parse(&requests[0].url);
    let mut tls = trust.client();
    tls.alpn_protocols = vec![b"h2".to_vec()];
    runtime().block_on(async {
        let tcp = TcpStream::connect(("127.0.0.1", first.port)).await.unwrap();
        let name = rustls_pki_types::ServerName::try_from(first.host).unwrap();
        let stream = TlsConnector::from(Arc::new(tls))
            .connect(name, tcp)
            .await
            .unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (client, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                .await
                .unwrap();
        tokio::spawn(connection);
        let mut asked = Vec::new();
        for request in requests {
            let (mut client, request) = (client.clone(), request.clone());
            asked.push(tokio::spawn(async move {
                let answer = client.send_request(wire(&request)).await.unwrap();
                let (head, body) = answer.into_parts();
                let body = body.collect().await.unwrap().to_bytes().to_vec();
                Reply {
                    url: request.url,
                    status: head.status.as_u16(),
                    fields: fields(&head.headers),
                    body,
                }
            }));
        }
        let mut replies = Vec::new();
        for one in asked {
            replies.push(one.await.unwrap());
        }
        replies
    })
}

fn wire(request: &Request) -> hyper::Request<Full<Bytes>> {
    let mut wire = hyper::Request::builder()
        .method(request.method.as_str())
        .uri(&request.url);
    for (name, value) in &request.fields {
        wire = wire.header(name, value);
    }
    wire.body(Full::from(request.body.clone())).unwrap()
}

fn fields(map: &hyper::HeaderMap) -> Vec<(String, String)> {
    map.iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.to_string(), value)
        })
        .collect()
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// An upstream that speaks HTTP/2 with prior knowledge, and nothing else. It answers with what it
/// received, as JSON.
#[derive(Debug)]
pub struct Upstream {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Upstream {
    /// Starts one on a free port. Its thread ends with the test program.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&received);
        thread::spawn(move || {
            runtime().block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    let shared = Arc::clone(&shared);
                    tokio::spawn(async move {
                        let service =
                            service_fn(move |request| answer(request, Arc::clone(&shared)));
                        // A client that leaves is none of a test's business.
                        let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                            .serve_connection(TokioIo::new(stream), service)
                            .await;
                    });
                }
            });
        });
        Self { url, received }
    }

    /// All requests so far.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.received
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

async fn answer(
    request: hyper::Request<Incoming>,
    seen: Arc<Mutex<Vec<Received>>>,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("", |path| path.as_str());
    let line = format!("{} {path} {:?}", head.method, head.version);
    let body = match body.collect().await {
        Ok(body) => body.to_bytes().to_vec(),
        Err(_) => Vec::new(),
    };
    let received = Received {
        line: line.clone(),
        fields: fields(&head.headers),
        body,
    };
    let text = json!({ "line": line, "body": String::from_utf8_lossy(&received.body) });
    seen.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(received);
    Ok(hyper::Response::new(Full::from(text.to_string())))
}
