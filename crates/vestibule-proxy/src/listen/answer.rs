//! Decides how an answer is framed towards the client, and starts a tunnel if it is one.

use http::header::{CONNECTION, CONTENT_LENGTH, UPGRADE};
use http::{HeaderMap, HeaderValue, StatusCode};
use hyper::upgrade::OnUpgrade;

use super::record::{Record, Sending};
use super::tunnel;
use crate::body::{Body, Length};
use crate::exchange::{Response, Tunnel};
use crate::wire::{Outgoing, header, is_connection_field};

pub(super) type HyperResponse = http::Response<Outgoing<Sending>>;

/// The answer as hyper sends it.
pub(super) fn answer(
    response: Response,
    mut record: Record,
    switch: Option<OnUpgrade>,
    http2: bool,
) -> HyperResponse {
    let Response {
        head,
        body,
        tunnel,
        entry,
    } = response;
    let mut map = HeaderMap::with_capacity(head.fields.len() + 2);
    let closing = head
        .fields
        .first("connection")
        .is_some_and(|value| value == "close");
    // What follows a CONNECT was meant for somebody else.
    if !http2 && (closing || record.is_connect() || record.client().stop.is_ordered()) {
        map.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    for field in &head.fields {
        if is_connection_field(&field.name) {
            continue;
        }
        match header(field) {
            Some((name, value)) => {
                map.append(name, value);
            }
            None => {
                tracing::error!(name = ?field.name, "a response field is malformed and left out")
            }
        }
    }
    let status = match StatusCode::from_u16(head.status) {
        Ok(status) if (200..=599).contains(&head.status) => status,
        Ok(StatusCode::SWITCHING_PROTOCOLS) => {
            if let (Some(tunnel), Some(switch), false) = (tunnel, switch, http2) {
                record.answered(101, entry);
                return switched(map, tunnel, switch, record);
            }
            return misused(record, "status 101 without a connection to switch", http2);
        }
        _ => return misused(record, "no final status", http2),
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
    finish(status, map, body, record, http2)
}

fn finish(
    status: StatusCode,
    map: HeaderMap,
    body: Body,
    record: Record,
    http2: bool,
) -> HyperResponse {
    let sending = if http2 {
        Sending::http2(record)
    } else {
        Sending::http1(record)
    };
    let mut response = http::Response::new(Outgoing::new(body, sending));
    *response.status_mut() = status;
    *response.headers_mut() = map;
    response
}

/// The handler made an answer that is none. The client gets no detail, the log does.
fn misused(mut record: Record, what: &str, http2: bool) -> HyperResponse {
    tracing::error!(what, "the request function gave an impossible answer");
    record.answered(500, None);
    finish(
        StatusCode::INTERNAL_SERVER_ERROR,
        HeaderMap::new(),
        Body::empty(),
        record,
        http2,
    )
}

/// RFC 6455 §4.2.2. The record goes with the tunnel: its line is written when the tunnel ends.
fn switched(
    mut map: HeaderMap,
    tunnel: Tunnel,
    switch: OnUpgrade,
    record: Record,
) -> HyperResponse {
    map.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    map.insert(UPGRADE, HeaderValue::from_static("websocket"));
    tokio::task::spawn_local(tunnel::run(switch, tunnel, record));
    let mut response = http::Response::new(Outgoing::new(Body::empty(), Sending::switched()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *response.headers_mut() = map;
    response
}
