//! Decides what is counted and logged of a request, and that it is once: when its record is dropped, however it ended.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use tokio::time::Instant;

use super::connection::Client;
use crate::telemetry::Telemetry;
use crate::telemetry::access::{Entry, Measured};
use crate::telemetry::metrics::RouteMetrics;
use crate::wire::Observe;

/// One core's way to the telemetry, with the counters of each route at hand.
pub(crate) struct Reporting {
    pub(crate) telemetry: Arc<Telemetry>,
    routes: RefCell<HashMap<Arc<str>, RouteMetrics>>,
    no_route: Arc<str>,
}

impl Reporting {
    pub(crate) fn new(telemetry: Arc<Telemetry>) -> Self {
        Self {
            telemetry,
            routes: RefCell::default(),
            no_route: "none".into(),
        }
    }

    fn observe(&self, route: Option<&Arc<str>>, measured: &Measured) {
        let route = route.unwrap_or(&self.no_route);
        let mut routes = self.routes.borrow_mut();
        let metrics = match routes.get(route) {
            Some(metrics) => metrics,
            None => {
                let metrics = self.telemetry.metrics.route(route);
                routes.entry(Arc::clone(route)).or_insert(metrics)
            }
        };
        metrics.observe(measured.status, measured.duration);
    }
}

/// One request from its head to its last byte. Dropped, it is counted and logged.
pub(super) struct Record {
    client: Rc<Client>,
    method: Bytes,
    target: Bytes,
    time: SystemTime,
    started: Instant,
    bytes_in: Rc<Cell<u64>>,
    bytes_out: u64,
    /// 0 until there is an answer: a record dropped before means that the client left.
    status: u16,
    complete: bool,
    entry: Option<Box<Entry>>,
}

impl Record {
    pub(super) fn new(client: Rc<Client>, method: Bytes, target: Bytes) -> Self {
        client.active.set(client.active.get() + 1);
        Self {
            client,
            method,
            target,
            time: SystemTime::now(),
            started: Instant::now(),
            bytes_in: Rc::default(),
            bytes_out: 0,
            status: 0,
            complete: false,
            entry: None,
        }
    }

    /// The counter of bytes from the client.
    pub(super) fn bytes_in(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.bytes_in)
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    pub(super) fn is_connect(&self) -> bool {
        self.method == "CONNECT"
    }

    /// There is an answer.
    pub(super) fn answered(&mut self, status: u16, entry: Option<Box<Entry>>) {
        self.status = status;
        self.entry = entry;
    }

    pub(super) fn sent(&mut self, bytes: u64) {
        self.bytes_out += bytes;
    }

    pub(super) fn complete(&mut self) {
        self.complete = true;
    }

    /// What is known of a request whose handler did not come to an end.
    fn poor_entry(&self) -> Entry {
        let path = self
            .target
            .split(|&b| matches!(b, b'?' | b'#'))
            .next()
            .unwrap_or_default();
        Entry {
            method: String::from_utf8_lossy(&self.method).into_owned(),
            path: String::from_utf8_lossy(path).into_owned(),
            client: Some(self.client.peer.ip()),
            ..Entry::default()
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let client = &self.client;
        client.active.set(client.active.get() - 1);
        client.quiet_since.set(Instant::now());
        let measured = Measured {
            time: self.time,
            status: self.status,
            bytes_in: self.bytes_in.get(),
            bytes_out: self.bytes_out,
            duration: self.started.elapsed(),
            complete: self.complete,
        };
        let entry = self.entry.take();
        let route = entry.as_ref().and_then(|entry| entry.route.as_ref());
        client.reporting.observe(route, &measured);
        if let Some(log) = &client.reporting.telemetry.access_log {
            let entry = entry.map_or_else(|| self.poor_entry(), |entry| *entry);
            log.write(entry, measured);
        }
    }
}

/// Since when the client has not taken the next piece of one HTTP/2 answer; `None` while there is none for it.
#[derive(Debug)]
pub(super) struct StreamPace(Cell<Option<Instant>>);

impl StreamPace {
    pub(super) fn waiting_for_client_since(&self) -> Option<Instant> {
        self.0.get()
    }
}

/// Watches one answer being sent.
pub(super) struct Sending {
    /// `None` for a switch: its tunnel has the record.
    record: Option<Record>,
    /// HTTP/2 only. HTTP/1.1 has one answer at a time, and its socket is watched.
    stream: Option<Rc<StreamPace>>,
    /// HTTP/1.1: the connection becomes idle with the answer's end.
    then_idle: bool,
}

impl Sending {
    pub(super) fn http1(record: Record) -> Self {
        Self {
            record: Some(record),
            stream: None,
            then_idle: true,
        }
    }

    pub(super) fn http2(record: Record) -> Self {
        let stream = Rc::new(StreamPace(Cell::new(Some(Instant::now()))));
        record
            .client
            .streams
            .borrow_mut()
            .push(Rc::downgrade(&stream));
        Self {
            record: Some(record),
            stream: Some(stream),
            then_idle: false,
        }
    }

    pub(super) fn switched() -> Self {
        Self {
            record: None,
            stream: None,
            then_idle: false,
        }
    }
}

impl Observe for Sending {
    fn piece(&mut self, bytes: usize) {
        if let Some(record) = &mut self.record {
            record.sent(bytes as u64);
        }
        if let Some(stream) = &self.stream {
            stream.0.set(Some(Instant::now()));
        }
    }

    fn waiting(&mut self) {
        if let Some(stream) = &self.stream {
            stream.0.set(None);
        }
    }

    fn finished(&mut self) {
        if let Some(record) = &mut self.record {
            record.complete();
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if let Some(record) = &self.record
            && self.then_idle
        {
            record.client.pace.idle();
        }
    }
}
