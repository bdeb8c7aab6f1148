//! Holds the names of all metrics and labels.
//!
//! A name, once released, keeps its meaning; a new meaning gets a new name. A label has a small, fixed set of values that
//! no client chooses: a route's label, a status class, a stable code. The exposition adds `_total` to counters.

/// In front of every name.
pub const PREFIX: &str = "vestibule";

/// Counter: requests answered, by [`ROUTE`] and [`CLASS`].
pub const REQUESTS: &str = "requests";
/// Histogram: seconds from the request head to the last byte of the answer, by [`ROUTE`].
pub const REQUEST_DURATION: &str = "request_duration_seconds";
/// Counter: sign-ins ended, by [`PROVIDER`] and [`RESULT`].
pub const SIGN_INS: &str = "sign_ins";
/// Counter: refresh flights ended, by [`PROVIDER`] and [`RESULT`].
pub const REFRESHES: &str = "refreshes";
/// Counter: sessions ended on purpose, or not, by [`PROVIDER`], [`OPERATION`] and [`RESULT`].
pub const LOGOUTS: &str = "logouts";
/// Counter: tokens revoked at a provider, or not, by [`PROVIDER`] and [`RESULT`].
pub const REVOCATIONS: &str = "revocations";
/// Counter: session store operations that failed, by [`OPERATION`].
pub const STORE_ERRORS: &str = "store_errors";
/// Counter: requests to a provider, by [`PROVIDER`], [`OPERATION`] and [`RESULT`].
pub const PROVIDER_FETCHES: &str = "provider_fetches";
/// Counter: request tasks that panicked. Any is a defect: alarm on it.
pub const PANICS: &str = "panics";
/// Counter: access-log lines that were dropped instead of slowing traffic.
pub const ACCESS_LOG_DROPPED: &str = "access_log_dropped";
/// Counter: reloads of the configuration, by [`RESULT`].
pub const RELOADS: &str = "reloads";
/// Counter: reloads of changed certificate files, by [`RESULT`].
pub const CERTIFICATE_RELOADS: &str = "certificate_reloads";
/// Gauge: client connections open.
pub const CONNECTIONS: &str = "connections";
/// Counter: client connections accepted.
pub const CONNECTIONS_ACCEPTED: &str = "connections_accepted";
/// Counter: client connections that asked for nothing, closed to make room for others.
pub const CONNECTIONS_SHED: &str = "connections_shed";
/// Counter: failed TLS handshakes.
pub const TLS_FAILURES: &str = "tls_handshake_failures";
/// Counter: times accepting paused, by [`RESULT`]: the connection limit, or no file descriptor left.
pub const ACCEPT_PAUSES: &str = "accept_pauses";
/// Gauge: tunnels (WebSockets) open.
pub const TUNNELS: &str = "tunnels";
/// Gauge: upstream connections open.
pub const UPSTREAM_CONNECTIONS: &str = "upstream_connections";
/// Counter: requests an upstream did not answer properly, by [`CODE`].
pub const UPSTREAM_ERRORS: &str = "upstream_errors";
/// Counter: tokens and heads that an upstream can't use, by [`ROUTE`] and [`CODE`], the finding's.
pub const FINDINGS: &str = "findings";
/// Counter: requests sent again after a stale pooled connection.
pub const UPSTREAM_RETRIES: &str = "upstream_retries";

/// The label of the route; [`NO_ROUTE`] where no route matched.
pub const ROUTE: &str = "route";
/// The value of [`ROUTE`] where no route matched.
pub const NO_ROUTE: &str = "none";
/// The status class: `1xx` … `5xx`, or `gone` when the client left first.
pub const CLASS: &str = "class";
/// The provider's name in the configuration.
pub const PROVIDER: &str = "provider";
/// How it ended.
pub const RESULT: &str = "result";
/// What was asked for.
pub const OPERATION: &str = "operation";
/// The stable code of an error.
pub const CODE: &str = "code";
