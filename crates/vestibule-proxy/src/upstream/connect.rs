//! Decides how one connection to an upstream is made: addresses in turn, TLS, which HTTP.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::error::UpstreamError;
use super::plan::{Address, Protocol, UpstreamPlan};
use super::resolve::Resolver;
use crate::exchange::Duplex;
use crate::listen::KEEPALIVE;

/// A connection on which nothing was sent yet.
pub(super) struct Connected {
    pub(super) io: Pin<Box<dyn Duplex>>,
    pub(super) http2: bool,
}

/// Connects within the plan's limit. `http1` is set for a request that only HTTP/1.1 can carry.
pub(super) async fn connect(
    plan: &Arc<UpstreamPlan>,
    resolver: &Resolver,
    http1: bool,
) -> Result<Connected, UpstreamError> {
    match timeout(
        plan.settings().timeouts.connect,
        attempt(plan, resolver, http1),
    )
    .await
    {
        Ok(connected) => connected,
        Err(_) => Err(UpstreamError::ConnectTimeout {
            upstream: name(plan),
        }),
    }
}

pub(super) fn name(plan: &UpstreamPlan) -> String {
    plan.settings().address.to_string()
}

async fn attempt(
    plan: &Arc<UpstreamPlan>,
    resolver: &Resolver,
    http1: bool,
) -> Result<Connected, UpstreamError> {
    let settings = plan.settings();
    let prior_knowledge = settings.protocol == Protocol::Http2;
    match &settings.address {
        Address::Tcp { host, port } => {
            let addresses =
                match settings.address.ip() {
                    Some(ip) => vec![SocketAddr::new(ip, *port)],
                    None => resolver.resolve(host, *port).await.map_err(|cause| {
                        UpstreamError::Lookup {
                            host: host.clone(),
                            cause,
                        }
                    })?,
                };
            let stream = tcp(plan, &addresses)
                .await
                .map_err(|cause| UpstreamError::Connect {
                    upstream: name(plan),
                    cause,
                })?;
            secure(plan, stream, http1, prior_knowledge).await
        }
        #[cfg(unix)]
        Address::Unix(path) => {
            let stream = tokio::net::UnixStream::connect(path)
                .await
                .map_err(|cause| UpstreamError::Connect {
                    upstream: name(plan),
                    cause,
                })?;
            secure(plan, stream, http1, prior_knowledge).await
        }
        #[cfg(not(unix))]
        Address::Unix(_) => Err(UpstreamError::Connect {
            upstream: name(plan),
            cause: io::ErrorKind::Unsupported.into(),
        }),
    }
}

/// Tries each address; an earlier one that hangs must leave time for the later ones.
async fn tcp(plan: &UpstreamPlan, addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let share = plan.settings().timeouts.connect
        / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
    let mut last = io::ErrorKind::NotFound.into();
    for address in addresses {
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true)?;
                let keepalive = TcpKeepalive::new()
                    .with_time(KEEPALIVE.0)
                    .with_interval(KEEPALIVE.1);
                SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
                return Ok(stream);
            }
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

async fn secure<S: Duplex + Unpin + 'static>(
    plan: &UpstreamPlan,
    stream: S,
    http1: bool,
    prior_knowledge: bool,
) -> Result<Connected, UpstreamError> {
    let Some(tls) = plan.tls() else {
        return Ok(Connected {
            io: Box::pin(stream),
            http2: prior_knowledge && !http1,
        });
    };
    let config = if http1 { &tls.http1 } else { &tls.any };
    let stream = TlsConnector::from(Arc::clone(config))
        .connect(tls.name.clone(), stream)
        .await
        .map_err(|cause| UpstreamError::Tls {
            upstream: name(plan),
            cause,
        })?;
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    if prior_knowledge && !http2 && !http1 {
        let cause = io::Error::other("the upstream did not agree on h2");
        return Err(UpstreamError::Tls {
            upstream: name(plan),
            cause,
        });
    }
    Ok(Connected {
        io: Box::pin(stream),
        http2,
    })
}
