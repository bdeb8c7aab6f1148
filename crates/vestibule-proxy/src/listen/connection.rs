//! Holds what one core and one client connection share with their requests, and opens a connection: TLS, then the protocol agreed on.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use futures_util::FutureExt as _;
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;
use vestibule_gate::request::Scheme;

use super::bind::set_options;
use super::pace::{Pace, Paced};
use super::plan::Limits;
use super::record::{Reporting, StreamPace};
use super::serve;
use super::tls::TlsIdentity;
use crate::server::{Core, Handler, Stop};

/// What all connections of one core share.
pub(crate) struct Serving<H> {
    pub(crate) handler: Arc<H>,
    pub(crate) core: Rc<Core>,
    pub(crate) reporting: Rc<Reporting>,
    pub(crate) stop: Stop,
    pub(crate) tasks: Tasks,
}

/// Counts connections and tunnels, so that a stop can wait for them.
#[derive(Clone, Default)]
pub(crate) struct Tasks(Rc<(Cell<usize>, Notify)>);

/// One counted connection.
struct Task(Tasks);

impl Tasks {
    fn begin(&self) -> Task {
        self.0.0.set(self.0.0.get() + 1);
        Task(self.clone())
    }

    /// Waits until there is none.
    pub(crate) async fn ended(&self) {
        while self.0.0.get() > 0 {
            self.0.1.notified().await;
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let (count, ended) = &*self.0.0;
        count.set(count.get() - 1);
        ended.notify_waiters();
        ended.notify_one();
    }
}

/// One client connection. A tunnel keeps it alive after HTTP is over.
pub(super) struct Client {
    pub(super) peer: SocketAddr,
    pub(super) scheme: Scheme,
    pub(super) limits: Limits,
    pub(super) reporting: Rc<Reporting>,
    pub(super) stop: Stop,
    /// HTTP/1.1's deadlines.
    pub(super) pace: Arc<Pace>,
    /// Whether there was a request.
    pub(super) asked: Cell<bool>,
    /// HTTP/2's requests: how many there are, when the last ended, how each is taken.
    pub(super) active: Cell<usize>,
    pub(super) quiet_since: Cell<Instant>,
    pub(super) streams: RefCell<Vec<Weak<StreamPace>>>,
    _task: Task,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.reporting.telemetry.metrics.connections.dec();
    }
}

/// Serves one accepted connection in a task of its own: a slow handshake holds up nobody.
pub(super) fn spawn<H: Handler>(
    serving: &Rc<Serving<H>>,
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<Arc<TlsIdentity>>,
    limits: Limits,
    permit: Option<OwnedSemaphorePermit>,
) {
    let metrics = &serving.reporting.telemetry.metrics;
    metrics.connections.inc();
    metrics.connections_accepted.inc();
    if !cfg!(target_os = "linux") {
        // Linux inherits these from the listener. Elsewhere a connection without them works too.
        let _ = set_options(&SockRef::from(&stream));
    }
    let client = Rc::new(Client {
        peer,
        scheme: if tls.is_some() {
            Scheme::Https
        } else {
            Scheme::Http
        },
        limits,
        reporting: Rc::clone(&serving.reporting),
        stop: serving.stop.clone(),
        pace: Pace::new(limits),
        asked: Cell::new(false),
        active: Cell::new(0),
        quiet_since: Cell::new(Instant::now()),
        streams: RefCell::default(),
        _task: serving.tasks.begin(),
        _permit: permit,
    });
    let serving = Rc::clone(serving);
    tokio::task::spawn_local(async move {
        let metrics = Arc::clone(&serving.reporting.telemetry.metrics);
        if AssertUnwindSafe(run(serving, client, stream, tls))
            .catch_unwind()
            .await
            .is_err()
        {
            metrics.panics.inc();
        }
    });
}

async fn run<H: Handler>(
    serving: Rc<Serving<H>>,
    client: Rc<Client>,
    stream: TcpStream,
    tls: Option<Arc<TlsIdentity>>,
) {
    let pace = Arc::clone(&client.pace);
    let Some(identity) = tls else {
        return serve::http1(&serving, client, Paced::new(stream, pace)).await;
    };
    let handshake = TlsAcceptor::from(identity.config()).accept(stream);
    match timeout(client.limits.handshake, handshake).await {
        Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
            pace.busy();
            serve::http2(&serving, client, Paced::new(stream, pace)).await;
        }
        Ok(Ok(stream)) => {
            pace.begin_head();
            serve::http1(&serving, client, Paced::new(stream, pace)).await;
        }
        Ok(Err(error)) => {
            client.reporting.telemetry.metrics.tls_failures.inc();
            tracing::debug!(%error, "a TLS handshake failed");
        }
        Err(_) => {
            client.reporting.telemetry.metrics.tls_failures.inc();
        }
    }
}
