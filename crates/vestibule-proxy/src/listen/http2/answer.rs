//! Turns an answer into hyper's.

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::body::{Body, Length};
use crate::exchange::Response;
use crate::listen::record::{Record, Sending};
use crate::wire::{CONNECTION_FIELDS, Outgoing, header};

pub(super) type HyperResponse = http::Response<Outgoing<Sending>>;

/// The answer as hyper sends it.
pub(super) fn answer(response: Response, mut record: Record) -> HyperResponse {
    let Response {
        head, body, entry, ..
    } = response;
    let mut map = HeaderMap::with_capacity(head.fields.len() + 2);
    for field in &head.fields {
        if field.is_in(CONNECTION_FIELDS) {
            continue;
        }
        match header(field) {
            Some((name, value)) => {
                map.append(name, value);
            }
            None => {
                tracing::error!(name = %field.name.escape_ascii(), "a response field is malformed and left out")
            }
        }
    }
    let status = match StatusCode::from_u16(head.status) {
        Ok(status) if (200..=599).contains(&head.status) => status,
        _ => return misused(record, head.status),
    };
    record.answered(head.status, entry);
    let bodyless = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let body = match body.length() {
        _ if bodyless => Body::empty(),
        Length::Known(length) if record.is_head() => Body::omitted(length),
        _ if record.is_head() => Body::empty(),
        _ => body,
    };
    if body.is_omitted()
        && let Length::Known(length) = body.length()
    {
        map.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    finish(status, map, body, record)
}

fn finish(status: StatusCode, map: HeaderMap, body: Body, record: Record) -> HyperResponse {
    let mut response = http::Response::new(Outgoing::new(body, Sending::new(record)));
    *response.status_mut() = status;
    *response.headers_mut() = map;
    response
}

/// The handler made an answer that is none. The client gets no detail, the log does.
fn misused(mut record: Record, status: u16) -> HyperResponse {
    tracing::error!(status, "the request function gave an impossible answer");
    record.answered(500, None);
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    finish(status, HeaderMap::new(), Body::empty(), record)
}
