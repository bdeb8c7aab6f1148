//! Holds what one core and one client connection share with their requests, and opens a connection: TLS, then the protocol agreed on.
//!
//! A client that speaks plain HTTP where TLS is expected is told so: its first byte shows it, before TLS has read any.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use vestibule_gate::request::Scheme;

use super::bind::set_options;
use super::crowd::{Crowd, Place};
use super::plan::Limits;
use super::record::{Reporting, StreamPace};
use super::tls::TlsIdentity;
use super::transport::Counted;
use super::{http1, http2};
use crate::server::{Core, Handler, Stop};

/// How long a TLS handshake may take when a stop was ordered.
const AT_STOP: Duration = Duration::from_secs(1);

/// What all connections of one core share.
pub(crate) struct Serving<H> {
    pub(crate) handler: Arc<H>,
    pub(crate) core: Rc<Core>,
    pub(crate) reporting: Rc<Reporting>,
    pub(crate) stop: Stop,
    pub(crate) tasks: Tasks,
    pub(crate) crowd: Crowd,
}

impl<H> Serving<H> {
    /// Has connections closed that ask for nothing, if there are any, and says how many.
    pub(super) fn make_room(&self) -> usize {
        let count = self.crowd.shed();
        let metrics = &self.reporting.telemetry.metrics;
        metrics.connections_shed.inc_by(count as u64);
        count
    }
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
    /// Which requests it has in hand is known there.
    pub(super) place: Place,
    /// How each of HTTP/2's answers is taken.
    pub(super) streams: RefCell<Vec<Weak<StreamPace>>>,
    _task: Task,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Client {
    pub(super) fn new<H>(
        serving: &Serving<H>,
        (peer, scheme): (SocketAddr, Scheme),
        limits: Limits,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Self {
        let metrics = &serving.reporting.telemetry.metrics;
        metrics.connections.inc();
        metrics.connections_accepted.inc();
        Self {
            peer,
            scheme,
            limits,
            reporting: Rc::clone(&serving.reporting),
            stop: serving.stop.clone(),
            place: serving.crowd.join(),
            streams: RefCell::default(),
            _task: serving.tasks.begin(),
            _permit: permit,
        }
    }
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
    if !cfg!(target_os = "linux") {
        // Linux inherits these from the listener. Elsewhere a connection without them works too.
        let _ = set_options(&SockRef::from(&stream));
    }
    let scheme = match tls {
        Some(_) => Scheme::Https,
        None => Scheme::Http,
    };
    let client = Rc::new(Client::new(serving, (peer, scheme), limits, permit));
    tokio::task::spawn_local(guarded(Rc::clone(serving), client, stream, tls));
}

/// The task of one connection. What panics here ends this connection and no other.
async fn guarded<H: Handler>(
    serving: Rc<Serving<H>>,
    client: Rc<Client>,
    stream: TcpStream,
    tls: Option<Arc<TlsIdentity>>,
) {
    let reporting = Rc::clone(&serving.reporting);
    let run = AssertUnwindSafe(run(serving, client, stream, tls)).catch_unwind();
    if run.await.is_err() {
        reporting.telemetry.metrics.panics.inc();
    }
}

async fn run<H: Handler>(
    serving: Rc<Serving<H>>,
    client: Rc<Client>,
    stream: TcpStream,
    tls: Option<Arc<TlsIdentity>>,
) {
    let Some(identity) = tls else {
        return http1::serve(serving, client, stream).await;
    };
    // Boxed, as is all that follows: the task of a plain connection is no larger than that needs.
    let secure = Box::pin(secure(&serving, &client, stream, &identity)).await;
    drop(identity);
    match secure {
        Some(stream) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
            Box::pin(http2::serve(serving, client, stream)).await;
        }
        Some(stream) => Box::pin(http1::serve(serving, client, stream)).await,
        None => {}
    }
}

/// The connection with TLS. `None` if that is not to be had; who speaks plain HTTP instead was told so.
async fn secure<H: Handler>(
    serving: &Serving<H>,
    client: &Rc<Client>,
    stream: TcpStream,
    identity: &TlsIdentity,
) -> Option<Box<TlsStream<Counted>>> {
    let told = match shake_hands(serving, client, stream, identity).await {
        Some(Opened::Tls(stream)) => return Some(stream),
        Some(Opened::Plain(stream)) => Box::pin(http1::turn_away(serving, client, stream)).await,
        None => false,
    };
    if !told {
        client.reporting.telemetry.metrics.tls_failures.inc();
    }
    None
}

/// What a client makes of a listener with TLS.
enum Opened {
    Tls(Box<TlsStream<Counted>>),
    /// It says something else, of which nothing was read.
    Plain(TcpStream),
}

/// Whether what a client sends first is no TLS: its records begin with a control byte (RFC 8446 §5.1), a method of
/// HTTP with a letter. Leaves the byte where it is.
async fn is_plain(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    Ok(stream.peek(&mut first).await? == 1 && first.iter().all(u8::is_ascii_alphabetic))
}

/// `None` if there was no TLS connection to be had in time.
async fn shake_hands<H>(
    serving: &Serving<H>,
    client: &Client,
    stream: TcpStream,
    identity: &TlsIdentity,
) -> Option<Opened> {
    let deadline = serving.core.wheel().deadline();
    deadline.set(Instant::now(), client.limits.handshake);
    let mut hurried = false;
    let handshake = async {
        if is_plain(&stream).await? {
            return Ok(Opened::Plain(stream));
        }
        let acceptor = TlsAcceptor::from(identity.config());
        let stream = acceptor.accept(Counted::new(stream)).await?;
        Ok::<_, io::Error>(Opened::Tls(Box::new(stream)))
    };
    tokio::select! {
        biased;
        shaken = handshake => match shaken {
            Ok(opened) => Some(opened),
            Err(error) => {
                tracing::debug!(%error, "a TLS handshake failed");
                None
            }
        },
        () = poll_fn(|cx| {
            // Nothing was asked yet; but who was just taken from the queue has most likely asked already.
            if client.stop.is_ordered() && !std::mem::replace(&mut hurried, true) {
                deadline.set(Instant::now(), AT_STOP.min(client.limits.handshake));
            }
            deadline.poll(cx)
        }) => None,
        () = poll_fn(|cx| client.place.poll_told(cx)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Incoming, Response};
    use crate::listen::{Room, ServingPlan};

    struct Silent;

    impl Handler for Silent {
        fn serving(&self) -> Arc<ServingPlan> {
            Arc::default()
        }

        async fn handle(&self, _: &Core, _: Incoming) -> Response {
            Response::status(204)
        }
    }

    /// An idle connection is its task, and what `Client`, the link and two deadlines keep beside it.
    #[tokio::test]
    async fn a_plain_connection_is_small() {
        let serving = Rc::new(Serving {
            handler: Arc::new(Silent),
            core: Rc::new(Core::new(0, Arc::default())),
            reporting: Rc::new(Reporting::new(Arc::default())),
            stop: Stop::with_order().0,
            tasks: Tasks::default(),
            crowd: Crowd::new(Arc::new(Room::new(1, 1))),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let peer = (address, Scheme::Http);
        let client = Rc::new(Client::new(&serving, peer, Limits::default(), None));
        let task = size_of_val(&guarded(serving, client, stream, None));
        let (link, active) = http1::link_bytes::<crate::proxy::Proxy, TcpStream>();
        let beside = size_of::<Client>() + link;
        assert!(task <= 768, "the task has {task} bytes");
        assert!(beside <= 1024, "beside the task are {beside} bytes");
        // Besides this, a request has its head and at most 16 KiB that were sent ahead.
        assert!(active <= 16 * 1024, "a request has {active} bytes");
    }
}
