//! Decides the bytes of a request head towards an upstream, and watches the request being written.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING, UPGRADE};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Uri, Version};
use tokio::time::Instant;
use vestibule_gate::fields::Fields;
use vestibule_gate::method::Method;
use vestibule_gate::request::Upgrade;

use super::error::UpstreamError;
use super::plan::UpstreamPlan;
use crate::body::{Body, BodyError, Length};
use crate::wire::{Observe, Outgoing, header, is_connection_field};

/// The most fields of a head, and the most bytes of their names and values. What clients send is bounded when it is read;
/// what is told about a person is up to the provider. No upstream takes this much.
const MOST_FIELDS: usize = 4096;
const MOST_FIELD_BYTES: usize = 512 << 10;

/// A head, kept until the answer in case it must be written a second time.
pub(super) struct Head {
    pub(super) method: Method,
    pub(super) target: Bytes,
    pub(super) fields: Fields,
    pub(super) upgrade: Option<Upgrade>,
}

impl Head {
    /// The request as hyper sends it.
    pub(super) fn request(
        &self,
        plan: &Arc<UpstreamPlan>,
        http2: bool,
        body: Body,
        sent: &Sent,
    ) -> Result<http::Request<Outgoing<Sent>>, UpstreamError> {
        let wrong = |what| UpstreamError::Unsendable { what };
        let method = http::Method::from_bytes(self.method.as_str().as_bytes())
            .map_err(|_| wrong("the method"))?;
        let target = PathAndQuery::from_maybe_shared(self.target.clone())
            .map_err(|_| wrong("the target"))?;
        if target.as_str().as_bytes() != self.target {
            // `http` drops a fragment; what was decided on is what is sent, or nothing is.
            return Err(wrong("the target"));
        }
        let host = match self.fields.first("host") {
            Some(host) => {
                HeaderValue::from_maybe_shared(host.clone()).map_err(|_| wrong("Host"))?
            }
            None => HeaderValue::from_str(plan.authority()).map_err(|_| wrong("Host"))?,
        };
        let too_large = || UpstreamError::HeadTooLarge {
            fields: self.fields.len(),
        };
        let bytes = self
            .fields
            .iter()
            .map(|field| field.name.len() + field.value.len());
        if self.fields.len() > MOST_FIELDS || bytes.sum::<usize>() > MOST_FIELD_BYTES {
            return Err(too_large());
        }
        // The other ways to fill a map panic when there is too much.
        let mut map =
            HeaderMap::try_with_capacity(self.fields.len() + 4).map_err(|_| too_large())?;
        let uri = if http2 {
            let authority = Authority::try_from(host.as_bytes()).map_err(|_| wrong("Host"))?;
            let scheme = if plan.is_tls() {
                Scheme::HTTPS
            } else {
                Scheme::HTTP
            };
            Uri::builder()
                .scheme(scheme)
                .authority(authority)
                .path_and_query(target)
                .build()
        } else {
            map.insert(HOST, host);
            Uri::builder().path_and_query(target).build()
        }
        .map_err(|_| wrong("the target"))?;
        for field in &self.fields {
            if is_connection_field(&field.name) || field.is("host") {
                continue;
            }
            let (name, value) = header(field).ok_or(wrong("a field"))?;
            map.try_append(name, value).map_err(|_| too_large())?;
        }
        if !http2 {
            self.frame(&mut map, body.length());
        }
        let mut request = http::Request::new(Outgoing::new(body, sent.clone()));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.version_mut() = if http2 {
            Version::HTTP_2
        } else {
            Version::HTTP_11
        };
        *request.headers_mut() = map;
        Ok(request)
    }

    /// The framing that hyper would not write by itself.
    fn frame(&self, map: &mut HeaderMap, length: Length) {
        match (length, &self.method) {
            // RFC 9110 §8.6: a method that expects content says so even when there is none.
            (Length::None | Length::Known(0), Method::Post | Method::Put | Method::Patch) => {
                map.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
            // hyper takes a GET for bodyless unless told otherwise.
            (Length::Unknown, _) => {
                map.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
            }
            _ => {}
        }
        // Any other protocol, `h2c` first, would be a tunnel around all checks.
        if let Some(Upgrade::WebSocket) = self.upgrade {
            map.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
            map.insert(UPGRADE, HeaderValue::from_static("websocket"));
        }
    }

    /// Whether the credentials are bound to the connection: it must not carry anybody else's request afterwards.
    pub(super) fn binds_connection(&self) -> bool {
        self.fields
            .all("authorization")
            .any(|value| binds_connection(value))
    }
}

/// Whether a challenge or credential is of a scheme that authenticates the connection instead of the request.
pub(super) fn binds_connection(value: &[u8]) -> bool {
    value.split(|&b| b == b',').any(|part| {
        let part = part.trim_ascii_start();
        let scheme = part
            .split(u8::is_ascii_whitespace)
            .next()
            .unwrap_or_default();
        scheme.eq_ignore_ascii_case(b"ntlm") || scheme.eq_ignore_ascii_case(b"negotiate")
    })
}

/// How far a request is written. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Sent(Rc<State>);

#[derive(Debug)]
struct State {
    complete: Cell<bool>,
    failed: Cell<Option<BodyError>>,
    /// The client is asked for a piece and has not sent it.
    client_waited_for: Cell<bool>,
    progress: Cell<Instant>,
}

impl Sent {
    pub(super) fn new() -> Self {
        Self(Rc::new(State {
            complete: Cell::new(false),
            failed: Cell::new(None),
            client_waited_for: Cell::new(false),
            progress: Cell::new(Instant::now()),
        }))
    }

    /// Everything was handed to the connection.
    pub(super) fn is_complete(&self) -> bool {
        self.0.complete.get()
    }

    /// Why the client's body broke off.
    pub(super) fn failure(&self) -> Option<BodyError> {
        self.0.failed.get()
    }

    /// Since when only the upstream is waited for.
    pub(super) fn upstream_since(&self) -> Instant {
        if self.0.client_waited_for.get() {
            Instant::now()
        } else {
            self.0.progress.get()
        }
    }
}

impl Observe for Sent {
    fn piece(&mut self, _: usize) {
        self.0.client_waited_for.set(false);
        self.0.progress.set(Instant::now());
    }

    fn waiting(&mut self) {
        self.0.client_waited_for.set(true);
    }

    fn finished(&mut self) {
        if !self.0.complete.replace(true) {
            self.0.client_waited_for.set(false);
            self.0.progress.set(Instant::now());
        }
    }

    fn failed(&mut self, error: BodyError) {
        self.0.client_waited_for.set(false);
        self.0.failed.set(Some(error));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::tests::build;
    use crate::upstream::{Address, UpstreamSettings};

    fn sent_with(fields: Fields) -> Result<(), UpstreamError> {
        let plan = build(UpstreamSettings::new(Address::Tcp {
            host: "app.example".to_owned(),
            port: 80,
        }));
        let head = Head {
            method: Method::Get,
            target: Bytes::from_static(b"/"),
            fields,
            upgrade: None,
        };
        head.request(&plan, false, Body::empty(), &Sent::new())
            .map(|_| ())
    }

    #[test]
    fn a_head_that_is_too_large_is_an_error_and_no_panic() {
        let many = |count: usize, value: usize| -> Fields {
            let mut fields = Fields::new();
            for at in 0..count {
                fields.push(format!("x-{at}"), vec![b'v'; value]);
            }
            fields
        };
        assert!(sent_with(many(2200, 100)).is_ok());
        for (count, value) in [(MOST_FIELDS + 1, 1), (40_000, 1), (9, 64 << 10)] {
            let error = sent_with(many(count, value)).unwrap_err();
            assert_eq!(
                error.code(),
                "upstream_head_too_large",
                "{count} of {value}"
            );
        }
    }

    #[test]
    fn connection_bound_schemes_are_seen_in_every_spelling() {
        for value in [
            "NTLM",
            "ntlm TlRM",
            "Negotiate",
            "Basic realm=\"x\", NEGOTIATE abc",
        ] {
            assert!(binds_connection(value.as_bytes()), "{value}");
        }
        for value in ["Bearer ntlm", "Basic x", "", "NTLMv2"] {
            assert!(!binds_connection(value.as_bytes()), "{value}");
        }
    }
}
