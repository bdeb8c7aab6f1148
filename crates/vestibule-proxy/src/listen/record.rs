//! Decides what is counted and logged of a request, and that it is once: when its record is dropped, however it ended.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use tokio::time::Instant;

use super::connection::Client;
use crate::telemetry::access::{Asked, Entry, Measured};
use crate::telemetry::metrics::RouteMetrics;
use crate::telemetry::{Telemetry, names};
use crate::wire::Observe;

/// One core's way to the telemetry, with the counters of each route at hand.
pub(crate) struct Reporting {
    pub(crate) telemetry: Arc<Telemetry>,
    /// Found by the pointer their plan has, which costs no look at the name.
    routes: RefCell<Vec<(Arc<str>, RouteMetrics)>>,
    no_route: Arc<str>,
}

impl Reporting {
    pub(crate) fn new(telemetry: Arc<Telemetry>) -> Self {
        Self {
            telemetry,
            routes: RefCell::default(),
            no_route: names::NO_ROUTE.into(),
        }
    }

    fn observe(&self, route: Option<&Arc<str>>, measured: &Measured) {
        let route = route.unwrap_or(&self.no_route);
        let routes = &mut *self.routes.borrow_mut();
        let same = routes
            .iter()
            .position(|(known, _)| Arc::ptr_eq(known, route));
        let at = same.unwrap_or_else(|| self.note(routes, route));
        if let Some((_, metrics)) = routes.get(at) {
            metrics.observe(measured.status, measured.duration);
        }
    }

    /// A route of this pointer was not seen before: a new one, or after a reload an old one of the same name.
    fn note(&self, routes: &mut Vec<(Arc<str>, RouteMetrics)>, route: &Arc<str>) -> usize {
        let known = routes.iter_mut().enumerate();
        for (at, (name, _)) in known {
            if name == route {
                *name = Arc::clone(route);
                return at;
            }
        }
        routes.push((Arc::clone(route), self.telemetry.metrics.route(route)));
        routes.len() - 1
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
    ended: Option<Instant>,
    bytes_out: u64,
    /// 0 until there is an answer: a record dropped before means that the client left.
    status: u16,
    complete: bool,
    entry: Option<Box<Entry>>,
}

impl Record {
    /// `received` counts the bytes from the client, whoever reads them.
    pub(super) fn new(
        client: Rc<Client>,
        method: Bytes,
        target: Bytes,
        (started, time): (Instant, SystemTime),
        received: Rc<Cell<u64>>,
    ) -> Self {
        client.place.begin();
        Self {
            client,
            method,
            target,
            time,
            started,
            bytes_in: received,
            ended: None,
            bytes_out: 0,
            status: 0,
            complete: false,
            entry: None,
        }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// There is an answer.
    pub(super) fn answered(&mut self, status: u16, entry: Option<Box<Entry>>) {
        self.status = status;
        if entry.is_some() {
            // It knows better, and sending may take long: the head of the request is not to be kept meanwhile.
            self.target = Bytes::new();
        }
        self.entry = entry;
    }

    pub(super) fn sent(&mut self, bytes: u64) {
        self.bytes_out += bytes;
    }

    pub(super) fn complete(&mut self) {
        self.complete = true;
    }

    /// Its last byte was sent at this moment.
    pub(super) fn end(&mut self, now: Instant) {
        self.ended = Some(now);
    }

    /// What is known of a request whose handler did not come to an end.
    fn poor_entry(&self) -> Entry {
        Entry {
            asked: Asked::Raw {
                method: self.method.clone(),
                host: Bytes::new(),
                target: self.target.clone(),
            },
            client: Some(self.client.peer.ip()),
            ..Entry::default()
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let client = &self.client;
        let ended = self.ended.unwrap_or_else(Instant::now);
        if client.place.end(ended) {
            client.reporting.telemetry.metrics.connections_shed.inc();
        }
        let measured = Measured {
            time: self.time,
            status: self.status,
            bytes_in: self.bytes_in.get(),
            bytes_out: self.bytes_out,
            duration: ended.saturating_duration_since(self.started),
            complete: self.complete,
        };
        let entry = self.entry.take();
        let route = entry.as_ref().and_then(|entry| entry.route.as_ref());
        client.reporting.observe(route, &measured);
        if let Some(log) = &client.reporting.telemetry.access_log {
            let entry = entry.unwrap_or_else(|| Box::new(self.poor_entry()));
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

/// Watches one HTTP/2 answer being sent.
pub(super) struct Sending {
    record: Record,
    stream: Rc<StreamPace>,
}

impl Sending {
    pub(super) fn new(record: Record) -> Self {
        let stream = Rc::new(StreamPace(Cell::new(Some(Instant::now()))));
        let mut streams = record.client.streams.borrow_mut();
        streams.push(Rc::downgrade(&stream));
        drop(streams);
        Self { record, stream }
    }
}

impl Observe for Sending {
    fn piece(&mut self, bytes: usize) {
        self.record.sent(bytes as u64);
        self.stream.0.set(Some(Instant::now()));
    }

    fn waiting(&mut self) {
        self.stream.0.set(None);
    }

    fn finished(&mut self) {
        self.record.complete();
    }
}
