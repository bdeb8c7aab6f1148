//! The real transport: HTTP over rustls, without redirects, cookies or decompression, every size
//! and time bounded.

mod examine;
mod tunnel;

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use reqwest::header::{
    ACCEPT, AGE, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER,
};
use reqwest::{Client, NoProxy, Proxy, redirect};
use url::Url;
use vestibule_oidc::time::UnixTime;

use super::address::{GuardedResolver, is_loopback};
use super::call::{Answering, CallError, ProviderAnswer, ProviderCall, Transport};
use super::outbound::OutboundPlan;

pub use self::examine::{ExamineError, Examined};

/// Longest time to a connection, TLS included.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Longest time a call may take in all.
pub(super) const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle connection is kept. Shorter than common servers keep theirs, so that a code is
/// hardly ever sent into a connection that is being closed.
const POOL_IDLE: Duration = Duration::from_secs(10);

/// Why no HTTP client could be made.
#[derive(Debug, thiserror::Error)]
#[error("set up the HTTP client for provider calls")]
pub struct HttpError(#[from] reqwest::Error);

/// Calls a provider over the network.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: Client,
    /// The HTTP proxy on the way out: host and port.
    proxy: Option<Arc<str>>,
}

impl HttpTransport {
    /// A transport for the provider whose metadata are at `metadata_url`.
    ///
    /// Each provider has its own: connections and address rules are never shared between them.
    ///
    /// # Errors
    ///
    /// [`HttpError`] when the proxy or TLS settings cannot be used.
    pub fn new(outbound: &OutboundPlan, metadata_url: &Url) -> Result<Self, HttpError> {
        Self::with_graph(outbound, metadata_url, None)
    }

    /// The same, for a provider whose Microsoft Graph is where the operator says.
    ///
    /// # Errors
    ///
    /// [`HttpError`] when the proxy or TLS settings cannot be used.
    pub fn with_graph(
        outbound: &OutboundPlan,
        metadata_url: &Url,
        graph: Option<&Url>,
    ) -> Result<Self, HttpError> {
        let mut builder = Client::builder()
            .tls_backend_preconfigured((*outbound.tls).clone())
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .pool_idle_timeout(POOL_IDLE)
            .user_agent(concat!("vestibule/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .dns_resolver(GuardedResolver {
                configured_hosts: [Some(metadata_url), graph, outbound.proxy.as_ref()]
                    .into_iter()
                    .filter_map(|url| url?.host_str().map(str::to_owned))
                    .collect(),
                loopback_allowed: is_loopback(metadata_url),
            });
        if let Some(proxy) = &outbound.proxy {
            let direct = NoProxy::from_string("localhost,127.0.0.0/8,::1");
            builder = builder.proxy(Proxy::all(proxy.as_str())?.no_proxy(direct));
        }
        Ok(Self {
            client: builder.build()?,
            proxy: outbound.proxy.as_ref().map(tunnel::name),
        })
    }
}

impl HttpTransport {
    /// The proxy through which `url` is called: nothing on this machine is.
    fn proxy_to(&self, url: &Url) -> Option<Arc<str>> {
        self.proxy.clone().filter(|_| !is_loopback(url))
    }
}

impl Transport for HttpTransport {
    fn call(&self, call: ProviderCall) -> Answering {
        let client = self.client.clone();
        let proxy = self.proxy_to(&call.url);
        Box::pin(async move { perform(&client, call, proxy.as_deref()).await })
    }
}

async fn perform(
    client: &Client,
    call: ProviderCall,
    proxy: Option<&str>,
) -> Result<ProviderAnswer, CallError> {
    let mut request = match (&call.form, call.json) {
        (Some(form), _) => client
            .post(call.url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.expose().clone()),
        (None, Some(json)) => client
            .post(call.url)
            .header(CONTENT_TYPE, "application/json")
            .body(json),
        (None, None) => client.get(call.url),
    }
    .header(ACCEPT, "application/json");
    if let Some(authorization) = &call.authorization {
        let mut value =
            HeaderValue::from_str(authorization.expose()).map_err(|_| CallError::Unreachable {
                reason: "the credentials do not fit into a header".to_owned(),
            })?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    let mut response = request
        .send()
        .await
        .map_err(|error| call_error(error, proxy))?;
    let status = response.status();
    if status.is_redirection() {
        return Err(CallError::Redirected {
            status: status.as_u16(),
        });
    }
    let text = |name| response.headers().get(name)?.to_str().ok();
    let content_type = text(CONTENT_TYPE).map(str::to_owned);
    let retry_after = text(RETRY_AFTER).and_then(|value| value.trim().parse().ok());
    let retry_after = retry_after.map(Duration::from_secs);
    let date = date(response.headers());
    let too_large = CallError::TooLarge {
        limit: call.max_bytes,
    };
    if response
        .content_length()
        .is_some_and(|length| length > call.max_bytes as u64)
    {
        return Err(too_large);
    }
    let mut body = BytesMut::new();
    while let Some(piece) = response
        .chunk()
        .await
        .map_err(|error| call_error(error, None))?
    {
        if body.len() + piece.len() > call.max_bytes {
            return Err(too_large);
        }
        body.extend_from_slice(&piece);
    }
    Ok(ProviderAnswer {
        status: status.as_u16(),
        content_type,
        retry_after,
        date,
        body: body.freeze(),
    })
}

/// When an answer was made, by the clock of who made it. A cache between keeps the date of the first answer, and says how
/// old that is (RFC 9111 §5.1).
fn date(headers: &HeaderMap) -> Option<UnixTime> {
    let text = |name| headers.get(name)?.to_str().ok();
    let age: u64 = text(AGE).and_then(|age| age.parse().ok()).unwrap_or(0);
    Some(UnixTime::from_http_date(text(DATE)?)? + Duration::from_secs(age.min(86_400)))
}

fn call_error(error: reqwest::Error, proxy: Option<&str>) -> CallError {
    if let Some((proxy, reason)) = proxy.and_then(|proxy| Some((proxy, tunnel::failed(&error)?))) {
        let proxy = proxy.to_owned();
        return CallError::NoTunnel { proxy, reason };
    }
    if error.is_timeout() {
        return CallError::TimedOut;
    }
    if error.is_connect() || error.is_builder() {
        // The URL is left out: it is in the plan, and other calls have secrets in theirs.
        let error = error.without_url();
        let mut reason = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            reason = cause.to_string();
            source = cause.source();
        }
        return CallError::Unreachable { reason };
    }
    CallError::Aborted
}

#[cfg(test)]
mod tests;
