//! `[limits]`: how much and how slowly a client may send.

use std::time::Duration;

use crate::describe::{Change, Fallback, Key, Kind, Section};
use crate::read::Reader;

pub(crate) static LIMITS: Section = Section {
    name: "limits",
    heading: "[limits]",
    doc: "The defaults fit browsers. Each limit answers with a 4xx and closes the connection; the upstream is not contacted.",
    open: None,
    keys: &[
        Key {
            name: "max_head",
            kind: Kind::Size {
                least: "4KiB",
                most: "1MiB",
            },
            fallback: Fallback::Value("32KiB"),
            change: Change::Reload,
            doc: "The request line and all fields together; for HTTP/2 their size after decompression. Beyond it: 431.",
        },
        Key {
            name: "max_fields",
            kind: Kind::Integer {
                least: 16,
                most: 1000,
            },
            fallback: Fallback::Value("100"),
            change: Change::Reload,
            doc: "The number of header fields. Beyond it: 431.",
        },
        Key {
            name: "max_url",
            kind: Kind::Size {
                least: "1KiB",
                most: "64KiB",
            },
            fallback: Fallback::Value("8KiB"),
            change: Change::Reload,
            doc: "Path and query together. Beyond it: 414.",
        },
        Key {
            name: "header_timeout",
            kind: Kind::Duration {
                least: "1s",
                most: "2m",
            },
            fallback: Fallback::Value("10s"),
            change: Change::Reload,
            doc: "The TLS handshake may take this long, and so may each request's head from its first byte to its last.",
        },
        Key {
            name: "idle_timeout",
            kind: Kind::Duration {
                least: "1s",
                most: "1h",
            },
            fallback: Fallback::Value("75s"),
            change: Change::Reload,
            doc: "How long a kept connection may wait for its next request. \
                  A load balancer in front should have a shorter one, so that it and not we closes first.",
        },
        Key {
            name: "body_min_rate",
            kind: Kind::Size {
                least: "0B",
                most: "1MiB",
            },
            fallback: Fallback::Value("240B"),
            change: Change::Reload,
            doc: "Bytes per second below which a client is too slow: with a request body, once it has had ten seconds (408), and over HTTP/1.1 in taking an answer, once it has had thirty (the connection is cut). Being faster before makes up for half a minute at most. `0B` sets no minimum.",
        },
        Key {
            name: "max_connections",
            kind: Kind::Integer {
                least: 16,
                most: 10_000_000,
            },
            fallback: Fallback::Unset("as many as the limit on open files allows"),
            change: Change::Restart,
            doc: "Client connections open at once, over all listeners. When more come, those that ask for nothing make room; when all have a request in hand, the first that is answered does.",
        },
        Key {
            name: "drain_timeout",
            kind: Kind::Duration {
                least: "0s",
                most: "1h",
            },
            fallback: Fallback::Value("30s"),
            change: Change::Reload,
            doc: "After a stop signal, requests in flight have this long to finish. `0s` waits for none.",
        },
    ],
};

/// Bounds on what clients may send. Changes take effect on reload, for new connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of request line and fields together; 32 KiB; 4 KiB to 1 MiB.
    pub max_head_bytes: usize,
    /// Header fields; 100; 16 to 1000.
    pub max_fields: usize,
    /// Bytes of path and query; 8 KiB; 1 to 64 KiB.
    pub max_url_bytes: usize,
    /// For the TLS handshake, and for each head from first byte to last; 10 s; 1 s to 2 min.
    pub header_timeout: Duration,
    /// For a kept connection without a request; 75 s; 1 s to 1 h.
    pub idle_timeout: Duration,
    /// Bytes per second of a request body, once it has had ten seconds, and of an answer over HTTP/1.1, once it has had thirty; 240;
    /// at most 1 MiB. Zero: no minimum.
    pub body_min_rate: u32,
    /// Client connections open at once; 16 to 10 million. `None`: as many as the limit on open files allows. Takes effect on restart.
    pub max_connections: Option<usize>,
    /// For requests in flight after a stop signal; 30 s; at most 1 h. Zero: none is waited for.
    pub drain_timeout: Duration,
}

pub(crate) fn read(root: &Reader<'_>) -> Option<Limits> {
    let reader = root
        .table("limits")
        .unwrap_or_else(|| Reader::absent(root.context, &LIMITS));
    let count = |n: Option<u64>| n.and_then(|n| usize::try_from(n).ok());
    let max_head_bytes = count(reader.size("max_head"));
    let max_fields = count(reader.integer("max_fields"));
    let max_url_bytes = count(reader.size("max_url"));
    let header_timeout = reader.duration("header_timeout");
    let idle_timeout = reader.duration("idle_timeout");
    let body_min_rate = reader
        .size("body_min_rate")
        .and_then(|rate| u32::try_from(rate).ok());
    let max_connections = count(reader.integer("max_connections"));
    let drain_timeout = reader.duration("drain_timeout");
    if let (Some(head), Some(url)) = (max_head_bytes, max_url_bytes)
        && url >= head
    {
        let marks = reader.marks();
        root.context.error(
            marks.of("max_url"),
            marks.key("max_url"),
            "`max_url` leaves no room for fields in `max_head`",
            "make `max_head` larger or `max_url` smaller",
        );
    }
    Some(Limits {
        max_head_bytes: max_head_bytes?,
        max_fields: max_fields?,
        max_url_bytes: max_url_bytes?,
        header_timeout: header_timeout?,
        idle_timeout: idle_timeout?,
        body_min_rate: body_min_rate?,
        max_connections,
        drain_timeout: drain_timeout?,
    })
}
