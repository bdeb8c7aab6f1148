//! Holds the running proxy: one thread per core, each with its own listeners and upstream connections, and how it stops.
//!
//! The handler is shared by all cores and has the plan; it swaps it at a reload, and nothing here needs to know. Work that waits for
//! stores and providers belongs on the control runtime, which is made first and outlives the cores.

mod stop;
mod watch;
mod worker;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::{Builder, Handle, Runtime};
use vestibule_gate::refusal::Refusal;

use crate::clock::Clock;
use crate::exchange::{Incoming, Response};
use crate::identity::Identities;
use crate::incident::Incidents;
use crate::listen::{BindError, Room, ServingPlan, bind, connections};
use crate::scratch::Scratch;
use crate::telemetry::Telemetry;
use crate::upstream::Upstreams;
use crate::wheel::Wheel;

pub(crate) use stop::Stop;
use stop::Stopper;

/// What answers requests. One value serves all cores.
pub trait Handler: Send + Sync + 'static {
    /// The part of the current plan that the listeners work by; read for each connection.
    fn serving(&self) -> Arc<ServingPlan>;

    /// Answers one request. Runs on the core that accepted it; a future that is dropped means that the client left.
    fn handle(&self, core: &Core, incoming: Incoming) -> impl Future<Output = Response>;

    /// Answers a request whose head could not be read. The connection closes after it, whatever the answer says.
    fn unread(&self, _core: &Core, unread: Unread) -> Response {
        Response::status(unread.refusal.status()).closing()
    }

    /// The answer when [`Handler::handle`] panicked.
    fn panicked(&self) -> Response {
        Response::status(500)
    }
}

/// A request whose head could not be read: why, and what its sender wrote as far as it can be told.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Unread {
    /// Why.
    pub refusal: Refusal,
    /// What stands where a method should; empty if that is no token.
    pub method: Bytes,
    /// What stands where a target should.
    pub target: Bytes,
    /// Who is at the other end of the connection.
    pub peer: SocketAddr,
    /// Whether it asks for a page, as browsers do; `false` where that can't be told.
    pub page: bool,
}

/// One core's own things. Not `Send`: it never leaves its thread.
#[derive(Debug)]
pub struct Core {
    index: usize,
    upstreams: Upstreams,
    identities: Identities,
    incidents: Incidents,
    telemetry: Arc<Telemetry>,
    wheel: Wheel,
    scratch: Scratch,
    clock: Clock,
}

impl Core {
    /// A core outside of a [`Server`], for tests of a handler. Must be used within a tokio `LocalSet` or `LocalRuntime`.
    #[must_use]
    pub fn new(index: usize, telemetry: Arc<Telemetry>) -> Self {
        let wheel = Wheel::new();
        let upstreams = Upstreams::new(Arc::clone(&telemetry.metrics), wheel.clone());
        Self {
            index,
            upstreams,
            identities: Identities::default(),
            incidents: Incidents::default(),
            telemetry,
            wheel,
            scratch: Scratch::default(),
            clock: Clock::default(),
        }
    }

    /// Which core this is, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// This core's upstream connections.
    #[must_use]
    pub fn upstreams(&self) -> &Upstreams {
        &self.upstreams
    }

    /// Names for what goes wrong on this core.
    pub(crate) fn incidents(&self) -> &Incidents {
        &self.incidents
    }

    /// The header blocks this core sent lately.
    pub(crate) fn identities(&self) -> &Identities {
        &self.identities
    }

    /// This core's deadlines.
    pub(crate) fn wheel(&self) -> &Wheel {
        &self.wheel
    }

    /// The buffers this core lends.
    pub(crate) fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// What time it is.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Metrics and access log.
    #[must_use]
    pub fn telemetry(&self) -> &Arc<Telemetry> {
        &self.telemetry
    }
}

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The plan has no listener.
    #[error("serve without a listener")]
    NoListener,
    /// An address could not be taken.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// A thread or its runtime could not be made.
    #[error("start a core")]
    Core(#[source] io::Error),
}

/// The runtime for stores, refresh flights and provider calls: one worker thread beside the cores.
///
/// # Errors
/// What the system said.
pub fn control_runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("vestibule-control")
        .enable_all()
        .build()
}

/// Starts serving.
#[derive(Debug)]
pub struct Server;

impl Server {
    /// Takes all addresses, then starts the cores. Changed certificate files are watched on `control`.
    ///
    /// # Errors
    /// [`StartError`]; nothing is listening then.
    pub fn start<H: Handler>(
        handler: Arc<H>,
        telemetry: &Arc<Telemetry>,
        control: &Handle,
    ) -> Result<Running, StartError> {
        let plan = handler.serving();
        if plan.listeners.is_empty() {
            return Err(StartError::NoListener);
        }
        let machine = || thread::available_parallelism().map_or(1, usize::from);
        let cores = plan.cores.unwrap_or_else(machine).max(1);
        let mut addresses = Vec::new();
        let mut sockets: Vec<Vec<worker::Socket>> = (0..cores).map(|_| Vec::new()).collect();
        for (index, planned) in plan.listeners.iter().enumerate() {
            let listeners = bind(planned.address, cores)?;
            for (core, listener) in sockets.iter_mut().zip(listeners) {
                if core.len() == addresses.len() && core.len() == index {
                    let address = listener.local_addr().map_err(StartError::Core)?;
                    addresses.push(address);
                }
                core.push(worker::Socket {
                    listener,
                    index,
                    planned: planned.clone(),
                });
            }
        }
        let (stopper, stop) = stop::channel();
        let room = Room::new(connections(plan.limits.connections), cores);
        let room = Arc::new(room);
        let mut threads = Vec::with_capacity(cores);
        for (index, sockets) in sockets.into_iter().enumerate() {
            let worker = worker::Worker {
                index,
                sockets,
                handler: Arc::clone(&handler),
                telemetry: Arc::clone(telemetry),
                room: Arc::clone(&room),
                stop: stop.clone(),
            };
            threads.push(spawn(worker)?);
        }
        control.spawn(watch::certificates(
            handler,
            Arc::clone(&telemetry.metrics),
            stop,
        ));
        Ok(Running {
            addresses,
            stopper,
            threads,
            telemetry: Arc::clone(telemetry),
        })
    }
}

/// Starts one core and waits until it accepts.
fn spawn<H: Handler>(worker: worker::Worker<H>) -> Result<JoinHandle<bool>, StartError> {
    let (report, started) = sync_channel(1);
    let thread = thread::Builder::new()
        .name(format!("vestibule-core-{}", worker.index))
        .spawn(move || worker.run(&report))
        .map_err(StartError::Core)?;
    match started.recv() {
        Ok(Ok(())) => Ok(thread),
        Ok(Err(error)) => Err(StartError::Core(error)),
        Err(_) => Err(StartError::Core(io::Error::other(
            "the core's thread ended",
        ))),
    }
}

/// A server that accepts. Dropped, it stops at once.
#[derive(Debug)]
pub struct Running {
    addresses: Vec<SocketAddr>,
    stopper: Stopper,
    threads: Vec<JoinHandle<bool>>,
    telemetry: Arc<Telemetry>,
}

impl Running {
    /// The addresses that were taken, in the plan's order.
    #[must_use]
    pub fn local_addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops gracefully, and blocks until it is done: no new connections, requests in flight end, after `drain` the rest is cut.
    /// `true` if nothing had to be cut.
    #[must_use]
    pub fn shutdown(mut self, drain: Duration) -> bool {
        self.stopper.stop(drain);
        let in_time = self.join();
        if let Some(log) = &self.telemetry.access_log {
            log.flush(Duration::from_secs(5));
        }
        in_time
    }

    fn join(&mut self) -> bool {
        let mut in_time = true;
        for thread in self.threads.drain(..) {
            in_time &= thread.join().unwrap_or(false);
        }
        in_time
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stopper.stop(Duration::ZERO);
        self.join();
    }
}

#[cfg(test)]
pub(crate) mod tests;
