//! Decides what the admin listener answers: `/livez`, `/readyz`, `/metrics`, where it has a secret of its own the
//! sessions page, and nothing else.
//!
//! It is a listener of its own: nothing of it answers where traffic comes in. Beside the sessions page it changes
//! nothing, whatever the method. Only loopback may be listened on without a secret. A request must name a host that a
//! browser can't be tricked into (DNS rebinding), and must not come from a web page, unless that is our own.

mod operators;
mod pages;
mod pass;
mod search;
mod sessions;
mod tries;

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use vestibule_oidc::secret::Secret;

use self::sessions::Desk;
use crate::listen::BindError;
use crate::pages::PagesError;
use crate::shared::Shared;
use crate::telemetry::Metrics;

/// Requests at once. Monitoring needs a handful.
const CONNECTIONS: usize = 32;
/// On `localhost` browsers send the cookies of every port.
const HEAD_MAX_BYTES: usize = 32 * 1024;
const HEAD_DEADLINE: Duration = Duration::from_secs(5);
/// For a whole connection: a client that reads nothing must not hold a place for ever.
const CONNECTION_DEADLINE: Duration = Duration::from_secs(60);

/// The admin listener as planned.
#[derive(Debug, Clone)]
pub struct AdminPlan {
    /// Where to listen.
    pub address: SocketAddr,
    /// What `/metrics` asks for as `Authorization: Bearer`. Without it only a loopback address may be listened on.
    pub secret: Option<Secret>,
    /// Host names that may be asked for, besides `localhost` and IP addresses.
    pub hosts: Vec<String>,
    /// The page that lists sessions and ends them; none unless planned.
    pub sessions: Option<SessionsPagePlan>,
}

/// The sessions page as planned.
#[derive(Debug, Clone)]
pub struct SessionsPagePlan {
    /// What it asks for. Not the one of `/metrics`: who may measure may not administrate.
    pub secret: Secret,
    /// Whose sessions it shows.
    pub shared: Arc<Shared>,
}

/// Why the admin listener did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// The address is not loopback, and there is no secret.
    #[error("serve admin requests on {address}: only a loopback address may do without a secret")]
    Exposed {
        /// The address.
        address: SocketAddr,
    },
    /// The address could not be taken.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The sessions page can't be made.
    #[error(transparent)]
    Pages(#[from] PagesError),
}

/// Says whether the proxy should get traffic; the error is why not, in a word or two.
pub type Ready = Arc<dyn Fn() -> Result<(), &'static str> + Send + Sync>;

/// The running admin listener. Dropped, it ends.
#[derive(Debug)]
pub struct Admin {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Admin {
    /// Takes the address and serves on the control runtime, so that it answers even when all cores are busy.
    ///
    /// # Errors
    /// [`AdminError`].
    pub fn start(
        plan: AdminPlan,
        metrics: Arc<Metrics>,
        ready: Ready,
        control: &Handle,
    ) -> Result<Self, AdminError> {
        let address = plan.address;
        if plan.secret.is_none() && !address.ip().is_loopback() {
            return Err(AdminError::Exposed { address });
        }
        let failed = |cause| AdminError::Bind(BindError { address, cause });
        let listener = std::net::TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let listener = {
            let _inside = control.enter();
            TcpListener::from_std(listener).map_err(failed)?
        };
        let page = plan.sessions.clone();
        let page = page.map(|page| Desk::new(page.shared, page.secret, address.port()));
        let answers = Arc::new(Answers {
            plan,
            metrics,
            ready,
            page: page.transpose()?,
        });
        let task = control.spawn(serve(listener, answers));
        Ok(Self { address, task })
    }

    /// The address that was taken.
    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, answers: Arc<Answers>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let answers = Arc::clone(&answers);
        tokio::spawn(async move {
            let service = service_fn(|request: Request<Incoming>| async {
                Ok::<_, Infallible>(answers.respond(request, peer.ip()).await)
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_DEADLINE)
                .max_buf_size(HEAD_MAX_BYTES)
                .serve_connection(TokioIo::new(stream), service);
            let _ = tokio::time::timeout(CONNECTION_DEADLINE, connection).await;
            drop(place);
        });
    }
}

struct Answers {
    plan: AdminPlan,
    metrics: Arc<Metrics>,
    ready: Ready,
    page: Option<Desk>,
}

impl Answers {
    async fn respond<B>(&self, request: Request<B>, peer: IpAddr) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (path, fields) = (request.uri().path(), request.headers());
        match &self.page {
            Some(page) if Desk::has(path) && self.is_for_us(fields) => {
                page.answer(request, peer).await
            }
            _ => self.answer(request.method(), path, fields),
        }
    }

    fn answer(&self, method: &Method, path: &str, fields: &HeaderMap) -> Response<Full<Bytes>> {
        // A health check without a host is no browser: those always name one.
        if fields.contains_key(HOST) && !self.is_for_us(fields) {
            return text(
                StatusCode::MISDIRECTED_REQUEST,
                "this host name is not served here\n",
            );
        }
        if fields.contains_key(ORIGIN) {
            return text(StatusCode::FORBIDDEN, "not for web pages\n");
        }
        if !matches!(path, "/livez" | "/readyz" | "/metrics") {
            return text(StatusCode::NOT_FOUND, "not found\n");
        }
        if !matches!(*method, Method::GET | Method::HEAD) {
            let mut refusal = text(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
            refusal
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return refusal;
        }
        match path {
            "/livez" => text(StatusCode::OK, "alive\n"),
            "/readyz" => match (self.ready)() {
                Ok(()) => text(StatusCode::OK, "ready\n"),
                Err(why) => text(
                    StatusCode::SERVICE_UNAVAILABLE,
                    format!("not ready: {why}\n"),
                ),
            },
            _ if !self.is_allowed(fields) => {
                let mut refusal = text(StatusCode::UNAUTHORIZED, "a secret is needed\n");
                refusal.headers_mut().insert(
                    http::header::WWW_AUTHENTICATE,
                    HeaderValue::from_static("Bearer"),
                );
                refusal
            }
            _ => {
                let mut metrics = text(StatusCode::OK, self.metrics.render());
                metrics.headers_mut().insert(
                    CONTENT_TYPE,
                    HeaderValue::from_static(
                        "application/openmetrics-text; version=1.0.0; charset=utf-8",
                    ),
                );
                metrics
            }
        }
    }

    /// A page that had its name pointed at us asks with that name. An IP address or `localhost` can't be such a name.
    fn is_for_us(&self, fields: &HeaderMap) -> bool {
        let mut hosts = fields.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return false;
        };
        let Ok(authority) = http::uri::Authority::try_from(host.as_bytes()) else {
            return false;
        };
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']');
        match host.parse::<IpAddr>() {
            Ok(ip) => self.plan.secret.is_some() || ip.is_loopback(),
            Err(_) => {
                host.eq_ignore_ascii_case("localhost")
                    || self
                        .plan
                        .hosts
                        .iter()
                        .any(|known| host.eq_ignore_ascii_case(known))
            }
        }
    }

    fn is_allowed(&self, fields: &HeaderMap) -> bool {
        let Some(secret) = &self.plan.secret else {
            return true;
        };
        let mut given = fields.get_all(AUTHORIZATION).iter();
        let (Some(given), None) = (given.next(), given.next()) else {
            return false;
        };
        let Some((scheme, token)) = given.to_str().ok().and_then(|given| given.split_once(' '))
        else {
            return false;
        };
        scheme.eq_ignore_ascii_case("bearer") && Secret::from(token) == *secret
    }
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let fields = response.headers_mut();
    fields.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    own_fields(fields);
    response
}

/// What keeps an answer out of caches, frames and other sites. A referrer goes to ourselves, or browsers say of our own
/// forms that they come from nowhere.
fn own_fields(fields: &mut HeaderMap) {
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        fields.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests;
