//! The sample API: it is handed a token, validates it as a real API would, and says what it saw.
//!
//! In: requests from the proxy. Out: `/whoami` as JSON, everything else as a page with the same
//! content, and `/echo`, a WebSocket; `/start` leads to the page. It never shows a token: those are redacted.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, LOCATION, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_KEY, UPGRADE,
};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::net::TcpListener;

use super::verdict::{Validator, Verdict};
use super::{page, websocket};

/// As much of a head as generous servers take; more is a 431.
const MAX_HEAD_BYTES: usize = 32 << 10;

/// What the API answers: who called, what arrived, and what it thinks of the token.
#[derive(Debug, Serialize)]
pub(super) struct WhoAmI {
    /// The signed-in person, as the proxy names them.
    pub(super) user: Option<String>,
    /// The path the API was asked for, the route's prefix removed.
    pub(super) path: String,
    /// Every request header that arrived, in order; tokens redacted, repeated ones joined.
    pub(super) headers: Map<String, Value>,
    /// The API's verdict on the token it was handed.
    pub(super) token: Verdict,
}

/// The sample API, listening.
#[derive(Debug)]
pub(super) struct SampleApi {
    /// Where it listens.
    pub(super) address: SocketAddr,
}

impl SampleApi {
    /// Serves on `listener` until the program ends.
    ///
    /// # Errors
    /// When the listener has no address, which means the system closed it.
    pub(super) fn start(listener: TcpListener, validator: Validator) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let validator = Arc::new(validator);
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    // Out of file descriptors, most likely: let some be returned.
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    continue;
                };
                let validator = Arc::clone(&validator);
                tokio::spawn(async move {
                    let service = service_fn(move |request| {
                        let validator = Arc::clone(&validator);
                        async move { Ok::<_, Infallible>(answer(request, &validator).await) }
                    });
                    let served = hyper::server::conn::http1::Builder::new()
                        .timer(TokioTimer::new())
                        .max_buf_size(MAX_HEAD_BYTES)
                        .serve_connection(TokioIo::new(stream), service)
                        .with_upgrades()
                        .await;
                    if let Err(error) = served {
                        tracing::debug!(%error, "the sample API lost a connection");
                    }
                });
            }
        });
        Ok(Self { address })
    }
}

async fn answer(request: Request<Incoming>, validator: &Validator) -> Response<Full<Bytes>> {
    if request.uri().path() == "/echo" {
        return upgrade(request);
    }
    if let Some(below) = request.uri().path().strip_prefix(super::START) {
        return start(below);
    }
    let path = request.uri().path().to_owned();
    let json = path == "/whoami";
    let whoami = WhoAmI {
        user: text(request.headers(), super::USER_HEADER),
        path,
        headers: received(request.headers()),
        token: validator.judge(token(request.headers())).await,
    };
    let (content_type, body) = if json {
        (
            "application/json",
            serde_json::to_string_pretty(&whoami).unwrap_or_default(),
        )
    } else {
        ("text/html; charset=utf-8", page::render(&whoami))
    };
    let mut response = Response::new(Full::from(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(page::CONTENT_SECURITY_POLICY),
    );
    headers.insert("cache-control", HeaderValue::from_static("no-store"));
    headers.insert(
        "x-content-type-options",
        HeaderValue::from_static("nosniff"),
    );
    response
}

/// Leads on to the page; what else browsers look for there is not there.
fn start(below: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    if matches!(below, "" | "/") {
        *response.status_mut() = StatusCode::FOUND;
        let page = HeaderValue::from_static(super::PAGE);
        response.headers_mut().insert(LOCATION, page);
    } else {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

fn upgrade(request: Request<Incoming>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    let Some(accept) = text(request.headers(), SEC_WEBSOCKET_KEY.as_str())
        .and_then(|key| HeaderValue::try_from(websocket::accept(&key)).ok())
    else {
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return response;
    };
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    tokio::spawn(async move {
        if let Ok(upgraded) = hyper::upgrade::on(request).await
            && let Err(error) = websocket::echo(upgraded).await
        {
            tracing::debug!(%error, "the sample API lost a WebSocket");
        }
    });
    response
}

/// The token an API would look for: the proxy's header first, then the usual `Authorization`.
fn token(headers: &HeaderMap) -> Option<String> {
    text(headers, super::TOKEN_HEADER).or_else(|| {
        let value = text(headers, "authorization")?;
        let (scheme, token) = value.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| token.trim().to_owned())
    })
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn received(headers: &HeaderMap) -> Map<String, Value> {
    let text = |name: &str| {
        let values = headers.get_all(name).iter();
        let shown = values.map(|value| redact(name, &String::from_utf8_lossy(value.as_bytes())));
        shown.collect::<Vec<_>>().join(", ")
    };
    headers
        .keys()
        .map(|name| (name.to_string(), text(name.as_str()).into()))
        .collect()
}

/// Keeps what helps to recognise a token, and nothing that lets anybody use it.
fn redact(name: &str, value: &str) -> String {
    let secret = ["token", "authorization", "cookie", "secret"];
    // A claim describes the person; expiry and type describe the token. None of them opens anything.
    let harmless =
        name.starts_with("oidc_claim_") || name.ends_with("expires") || name.ends_with("type");
    if harmless || !secret.iter().any(|word| name.contains(word)) {
        return value.to_owned();
    }
    let (scheme, rest) = match value.split_once(' ') {
        Some((scheme, rest)) if name == "authorization" => (format!("{scheme} "), rest),
        _ => (String::new(), value),
    };
    let start: String = rest.chars().take(8).collect();
    format!(
        "{scheme}{start}… ({} characters, redacted)",
        rest.chars().count()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_redacted_and_their_expiry_is_not() {
        let token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.secret.part";
        for name in ["oidc_access_token", "authorization", "cookie"] {
            assert!(!redact(name, token).contains("secret"), "{name}");
        }
        assert!(!redact("authorization", &format!("Bearer {token}")).contains("secret"));
        assert_eq!(
            redact("oidc_access_token_expires", "1700000000"),
            "1700000000"
        );
        assert_eq!(redact("oidc_claim_name", "Ada"), "Ada");
    }

    #[test]
    fn bearer_token_is_read_from_either_header() {
        let mut headers = HeaderMap::new();
        assert_eq!(token(&headers), None);
        headers.insert("authorization", HeaderValue::from_static("bearer abc"));
        assert_eq!(token(&headers).as_deref(), Some("abc"));
        headers.insert("oidc_access_token", HeaderValue::from_static("def"));
        assert_eq!(token(&headers).as_deref(), Some("def"));
    }
}
