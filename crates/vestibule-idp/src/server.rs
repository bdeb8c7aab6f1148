//! The two listeners: bind, accept, read requests within limits, answer, stop.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use crate::{
    control,
    directory::Directory,
    endpoints::{self, Request, Target},
    faults::{ArmedFault, BodyShape},
    journal::{Details, Journal},
    pages::Pages,
    provider::Provider,
    reply::{self, Reply},
    settings::{ControlPort, IdpSettings},
    tokens::{KeyFailure, Keys, Roll},
};

const LARGEST_BODY_BYTES: usize = 64 * 1024;
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a request in flight may take once the provider is told to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// The local identity provider.
#[derive(Debug)]
pub struct Idp;

/// Why the provider could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address to listen on is not a loopback address. Its secrets are public, so it is never
    /// to be reached from elsewhere.
    #[error("listen on {0}: only a loopback address is allowed")]
    NotLoopback(IpAddr),
    /// The settings don't fit together.
    #[error("use the provider's settings: {}", .0.join("; "))]
    Settings(Vec<String>),
    /// Somebody else listens there.
    #[error("listen on {0}: the port is taken")]
    PortTaken(SocketAddr),
    /// The address can't be listened on.
    #[error("listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The signing keys could not be made.
    #[error("make the signing keys")]
    Keys(#[source] KeyFailure),
    /// A page template is broken.
    #[error("prepare the pages")]
    Pages(#[source] minijinja::Error),
}

/// A provider that has its ports but answers nothing yet.
#[derive(Debug)]
pub struct Bound {
    provider: Arc<Provider>,
    listener: TcpListener,
    address: SocketAddr,
    control: Option<(TcpListener, SocketAddr)>,
}

/// A running provider. Dropping it stops it at once; [`Running::shutdown`] lets requests finish.
#[derive(Debug)]
pub struct Running {
    provider: Arc<Provider>,
    address: SocketAddr,
    control_address: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Idp {
    /// Binds and serves. Port zero picks a free one.
    ///
    /// # Errors
    ///
    /// Those of [`Idp::bind`].
    pub async fn start(settings: IdpSettings, port: u16) -> Result<Running, StartError> {
        Ok(Self::bind(settings, port).await?.serve())
    }

    /// Takes the ports and makes the keys, but answers nothing yet, so that a program can print
    /// [`Bound::describe`] before the first request is answered.
    ///
    /// # Errors
    ///
    /// [`StartError`]: the address is not loopback, a port is taken, the settings don't fit
    /// together.
    pub async fn bind(settings: IdpSettings, port: u16) -> Result<Bound, StartError> {
        if !settings.listen.is_loopback() {
            return Err(StartError::NotLoopback(settings.listen));
        }
        let directory = Directory::new(&settings).map_err(StartError::Settings)?;
        let (listener, address) = listen(SocketAddr::new(settings.listen, port)).await?;
        let control = match settings.control_port {
            ControlPort::Off => None,
            ControlPort::On(port) => Some(listen(SocketAddr::new(settings.listen, port)).await?),
        };
        let keys = tokio::task::spawn_blocking(Keys::new)
            .await
            .map_err(|_| StartError::Keys(KeyFailure::Interrupted))?
            .map_err(StartError::Keys)?;
        let pages = Pages::new().map_err(StartError::Pages)?;
        let origin = format!("http://{address}");
        let provider = Provider::new(settings, directory, keys, pages, origin, address.port());
        Ok(Bound {
            provider,
            listener,
            address,
            control,
        })
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let taken = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken(address),
        _ => StartError::Listen { address, source },
    };
    let listener = TcpListener::bind(address).await.map_err(taken)?;
    let address = listener
        .local_addr()
        .map_err(|source| StartError::Listen { address, source })?;
    Ok((listener, address))
}

impl Bound {
    /// What [`Running::describe`] says.
    #[must_use]
    pub fn describe(&self) -> Vec<(&'static str, String)> {
        describe(
            &self.provider,
            self.control.as_ref().map(|(_, address)| *address),
        )
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins to answer. Must be called on a Tokio runtime.
    #[must_use]
    pub fn serve(self) -> Running {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = Vec::new();
        let control_address = self.control.as_ref().map(|(_, address)| *address);
        tasks.push(tokio::spawn(accept(
            self.listener,
            Arc::clone(&self.provider),
            Role::Provider,
            stopped.clone(),
        )));
        if let Some((listener, _)) = self.control {
            let provider = Arc::clone(&self.provider);
            tasks.push(tokio::spawn(accept(
                listener,
                provider,
                Role::Control,
                stopped,
            )));
        }
        Running {
            provider: self.provider,
            address: self.address,
            control_address,
            stop,
            tasks,
        }
    }
}

impl Running {
    /// The values a client needs, by the names they are printed under: `metadata_url` (v2.0, of the
    /// home tenant), `tenant_id`, `client_id`, `client_secret`, `api`, and `control_url` when there
    /// is a control listener.
    #[must_use]
    pub fn describe(&self) -> Vec<(&'static str, String)> {
        describe(&self.provider, self.control_address)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the control listener listens, if there is one.
    #[must_use]
    pub fn control_address(&self) -> Option<SocketAddr> {
        self.control_address
    }

    /// `http://127.0.0.1:PORT`: the beginning of every address in the metadata.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.provider.origin
    }

    /// Switches faults on, as `POST /faults` does.
    pub fn arm(&self, faults: impl IntoIterator<Item = impl Into<ArmedFault>>) {
        self.provider
            .faults
            .arm(faults.into_iter().map(Into::into).collect());
    }

    /// Switches every fault off.
    pub fn clear_faults(&self) {
        self.provider.faults.clear();
    }

    /// Changes the signing keys and returns the `kid` that signs from now on.
    ///
    /// # Errors
    ///
    /// [`KeyFailure`] when no key could be made.
    pub fn roll_keys(&self, roll: Roll) -> Result<String, KeyFailure> {
        self.provider.keys.roll(roll)
    }

    /// Revokes every refresh token and signs every browser out.
    pub fn revoke_all(&self) {
        self.provider.grants.revoke_all();
        self.provider.sessions.clear();
    }

    /// What was asked of the provider so far.
    #[must_use]
    pub fn journal(&self) -> Journal {
        self.provider.log.read()
    }

    /// Stops accepting, lets requests in flight finish for up to two seconds, and returns when the
    /// ports are free.
    pub async fn shutdown(mut self) {
        // Nobody left to tell is as good as told.
        let _ = self.stop.send(true);
        for task in self.tasks.drain(..) {
            // A task that panicked is a stopped task.
            let _ = task.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

fn describe(
    provider: &Provider,
    control_address: Option<SocketAddr>,
) -> Vec<(&'static str, String)> {
    let mut values = provider.describe();
    if let Some(address) = control_address {
        values.push(("control_url", format!("http://{address}")));
    }
    values
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Provider,
    Control,
}

async fn accept(
    listener: TcpListener,
    provider: Arc<Provider>,
    role: Role,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = stopped.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let provider = Arc::clone(&provider);
                    connections.spawn(serve(stream, provider, role, stopped.clone()));
                }
                // Out of file descriptors, most likely: wait for some to come back.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let finish = async { while connections.join_next().await.is_some() {} };
    // Whoever is slower is cut off when `connections` is dropped.
    let _ = tokio::time::timeout(LAST_ANSWERS, finish).await;
}

async fn serve(
    stream: TcpStream,
    provider: Arc<Provider>,
    role: Role,
    mut stopped: watch::Receiver<bool>,
) {
    let service = service_fn(|request| {
        let provider = Arc::clone(&provider);
        async move {
            match role {
                Role::Provider => provide(&provider, request).await,
                Role::Control => Ok(command(&provider, request).await),
            }
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // A broken connection concerns the other side; there is nobody to tell.
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// The fault that closes a connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("answer: told to hang up")]
struct HangUp;

async fn provide(provider: &Provider, request: hyper::Request<Incoming>) -> Result<Reply, HangUp> {
    let target = Target::read(request.uri().path());
    let endpoint = target.endpoint();
    let method = request.method().as_str().to_owned();
    let path = request.uri().path().to_owned();
    let mut details = Details::default();

    let arrival = provider.faults.on_arrival(endpoint);
    if let Some(millis) = arrival.slow_millis {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
    let reply = match (read(request).await, arrival.status) {
        (Err(refusal), _) => refusal,
        (Ok(_), Some((status, retry_after_secs))) => {
            let reply = reply::text(status, "The provider was told to fail.\n");
            match retry_after_secs {
                Some(secs) => {
                    reply::with_header(reply, http::header::RETRY_AFTER, &secs.to_string())
                }
                None => reply,
            }
        }
        (Ok(request), None) if arrival.hang_up => {
            drop(request);
            provider.log.write(endpoint, &method, &path, 0, details);
            return Err(HangUp);
        }
        (Ok(request), None) => endpoints::answer(provider, &target, &request, &mut details),
    };
    provider
        .log
        .write(endpoint, &method, &path, reply.status().as_u16(), details);
    match provider.faults.on_departure(endpoint) {
        Some(shape) => Ok(spoiled(reply, shape).await),
        None => Ok(reply),
    }
}

async fn command(provider: &Arc<Provider>, request: hyper::Request<Incoming>) -> Reply {
    match read(request).await {
        Ok(request) => control::answer(provider, &request).await,
        Err(refusal) => refusal,
    }
}

/// Reads a request whole, within limits. A `Host` that is not this machine is refused, so that a
/// page of some other site can't reach the provider through a name that resolves to it.
async fn read(request: hyper::Request<Incoming>) -> Result<Request, Reply> {
    let (head, body) = request.into_parts();
    let host = head
        .headers
        .get(http::header::HOST)
        .and_then(|host| host.to_str().ok());
    let name = host.map(|host| match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    });
    let is_here = name.is_some_and(|name| {
        name.eq_ignore_ascii_case("localhost")
            || name
                .trim_start_matches('[')
                .trim_end_matches(']')
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    });
    if !is_here {
        return Err(reply::text(
            421,
            "This provider answers to a loopback name only.\n",
        ));
    }
    let body = Limited::new(body, LARGEST_BODY_BYTES)
        .collect()
        .await
        .map_err(|_| reply::text(413, "The body is too large or broke off.\n"))?
        .to_bytes();
    Ok(Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body,
    })
}

/// Spoils a finished answer.
async fn spoiled(reply: Reply, shape: BodyShape) -> Reply {
    const BLANKS: usize = 2 * 1024 * 1024;
    let (mut head, body) = reply.into_parts();
    let whole = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(never) => match never {},
    };
    let body = match shape {
        BodyShape::Html => {
            return reply::answer(
                200,
                "text/html; charset=utf-8",
                "<!doctype html><title>Welcome to the network</title><p>Please accept.</p>\n",
            );
        }
        BodyShape::Empty => Bytes::new(),
        BodyShape::Truncated => whole.slice(..whole.len() / 2),
        BodyShape::EmptyObject => Bytes::from_static(b"{}"),
        BodyShape::Oversize => {
            let mut blanks = vec![b' '; BLANKS];
            blanks.extend_from_slice(&whole);
            blanks.into()
        }
    };
    head.headers.remove(http::header::CONTENT_LENGTH);
    Reply::from_parts(head, Full::new(body))
}
