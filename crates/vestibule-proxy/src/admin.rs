//! Decides what the admin listener answers: `/livez`, `/readyz`, `/metrics`, and nothing else.
//!
//! It is a listener of its own: nothing of it answers where traffic comes in. It changes nothing, whatever the method.
//! Only loopback may be listened on without a secret. A request must name a host that a browser can't be tricked into
//! (DNS rebinding), and must not come from a web page.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, ORIGIN};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use vestibule_oidc::secret::Secret;

use crate::listen::BindError;
use crate::telemetry::Metrics;

/// Requests at once. Monitoring needs a handful.
const CONNECTIONS: usize = 32;
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
        let answers = Arc::new(Answers {
            plan,
            metrics,
            ready,
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
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let answers = Arc::clone(&answers);
        tokio::spawn(async move {
            let service = service_fn(|request: Request<_>| {
                let response =
                    answers.answer(request.method(), request.uri().path(), request.headers());
                async { Ok::<_, Infallible>(response) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_DEADLINE)
                .max_buf_size(8192)
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
}

impl Answers {
    fn answer(&self, method: &Method, path: &str, fields: &HeaderMap) -> Response<Full<Bytes>> {
        if !self.is_for_us(fields) {
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
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    fields.insert(
        http::header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

#[cfg(test)]
mod tests;
