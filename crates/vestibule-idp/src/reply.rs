//! Answers: JSON, pages, redirects, with the headers each kind carries.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::Value;

/// What an endpoint answers.
pub(crate) type Reply = Response<Full<Bytes>>;

/// An answer with this status, content type and body that nobody may store.
pub(crate) fn answer(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-store, no-cache"),
    );
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    reply
}

/// A JSON answer.
pub(crate) fn json(status: u16, body: &Value) -> Reply {
    answer(status, "application/json; charset=utf-8", body.to_string())
}

/// A JSON document every origin may read and a client may keep for a day, as Entra's metadata.
pub(crate) fn document(body: &Value) -> Reply {
    let mut reply = json(200, body);
    let headers = reply.headers_mut();
    headers.remove(header::PRAGMA);
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("max-age=86400, private"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    reply
}

/// A short text.
pub(crate) fn text(status: u16, body: impl Into<Bytes>) -> Reply {
    answer(status, "text/plain; charset=utf-8", body)
}

/// A redirect with status 302, the one Entra uses.
pub(crate) fn redirect(location: &str) -> Reply {
    let mut reply = text(302, "");
    match HeaderValue::from_str(location) {
        Ok(location) => {
            reply.headers_mut().insert(header::LOCATION, location);
            reply
        }
        Err(_) => text(500, "The address to go to can't be written in a header.\n"),
    }
}

/// Adds a header whose value may turn out not to fit in one; then it is left out.
pub(crate) fn with_header(mut reply: Reply, name: HeaderName, value: &str) -> Reply {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().append(name, value);
    }
    reply
}
