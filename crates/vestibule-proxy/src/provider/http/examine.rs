//! One look at an address of a provider, for a person who wants to know what answers there: by the same client, over the
//! same way, under the same rules as every call, and with what a call has no use for.

use std::error::Error;
use std::fmt;
use std::io;

use bytes::{Bytes, BytesMut};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, LOCATION};
use url::Url;
use vestibule_diagnosis::evidence::NoTunnel;
use vestibule_oidc::time::UnixTime;

use super::{HttpTransport, date, tunnel};

/// Longest body that is looked at.
const LOOK_BYTES: usize = 1024 * 1024;

/// What answered.
#[derive(Clone)]
#[non_exhaustive]
pub struct Examined {
    /// The status, redirects included.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// What time it was for whoever answered: `Date`, and what a cache says to have kept it.
    pub date: Option<UnixTime>,
    /// `Location`, unread.
    pub location: Option<String>,
    /// The body, cut off where it is too long.
    pub body: Bytes,
}

/// Neither body nor location: both may hold what is nobody's business.
impl fmt::Debug for Examined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Examined")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Why nothing answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExamineError {
    /// The name has no address that may be called.
    #[error("look the host up: {detail}")]
    NoSuchHost {
        /// What the resolver said.
        detail: String,
    },
    /// No connection.
    #[error("connect: {detail}")]
    NoConnection {
        /// What the system said.
        detail: String,
    },
    /// The HTTP proxy on the way out let the call not through.
    #[error("get through the proxy {proxy}: {}", reason.as_str())]
    NoTunnel {
        /// The proxy: host and port.
        proxy: String,
        /// What it did.
        reason: NoTunnel,
    },
    /// A connection that ended without an answer.
    #[error("get an answer: {detail}")]
    Closed {
        /// What the HTTP engine said.
        detail: String,
    },
    /// TLS failed.
    #[error("agree on TLS: {detail}")]
    Tls {
        /// What the library said.
        detail: String,
    },
    /// No answer in time.
    #[error("get an answer in time")]
    TimedOut,
}

impl HttpTransport {
    /// Fetches `url` as `accept`. Follows no redirect.
    ///
    /// # Errors
    ///
    /// [`ExamineError`] when nothing answered.
    pub async fn examine(&self, url: Url, accept: &str) -> Result<Examined, ExamineError> {
        let proxy = self.proxy_to(&url);
        let request = self.client.get(url).header(ACCEPT, accept);
        let refused = |error| why(error, proxy.as_deref());
        let mut response = request.send().await.map_err(refused)?;
        let headers = response.headers();
        let (content_type, location) = (text(headers, CONTENT_TYPE), text(headers, LOCATION));
        let date = date(headers);
        let status = response.status().as_u16();
        let mut body = BytesMut::new();
        while let Some(piece) = response.chunk().await.map_err(|error| why(error, None))? {
            let room = LOOK_BYTES.saturating_sub(body.len());
            body.extend_from_slice(piece.get(..room).unwrap_or(&piece));
            if room < piece.len() {
                break;
            }
        }
        Ok(Examined {
            status,
            content_type,
            date,
            location,
            body: body.freeze(),
        })
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn why(error: reqwest::Error, proxy: Option<&str>) -> ExamineError {
    if let Some((proxy, reason)) = proxy.and_then(|proxy| Some((proxy, tunnel::failed(&error)?))) {
        let proxy = proxy.to_owned();
        return ExamineError::NoTunnel { proxy, reason };
    }
    if error.is_timeout() {
        return ExamineError::TimedOut;
    }
    let connected = !error.is_connect();
    let error = error.without_url();
    let mut innermost: &(dyn Error + 'static) = &error;
    let mut of_lookup = false;
    while let Some(cause) = cause(innermost) {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            let detail = tls.to_string();
            return ExamineError::Tls { detail };
        }
        of_lookup |= cause.to_string().contains("dns error");
        innermost = cause;
    }
    let detail = innermost.to_string();
    match of_lookup {
        true => ExamineError::NoSuchHost { detail },
        false if connected => ExamineError::Closed { detail },
        false => ExamineError::NoConnection { detail },
    }
}

/// What an error comes from. An [`io::Error`] does not name what it wraps as its source, but the source of that.
pub(super) fn cause<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}
