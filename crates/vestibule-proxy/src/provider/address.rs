//! Which addresses a provider's endpoints may have: a document from outside must not send us, with
//! our client secret, to this machine or to a cloud's metadata service.

use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Whether `url` names this machine, by address or as `localhost`.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical().is_loopback(),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        None => false,
    }
}

/// Whether an endpoint that a document names may be called.
///
/// Names are judged again when they are resolved, by the resolver of `HttpTransport`.
#[must_use]
pub fn may_call(endpoint: &Url, loopback_allowed: bool) -> bool {
    let scheme_fits = endpoint.scheme() == "https"
        || (endpoint.scheme() == "http" && loopback_allowed && is_loopback(endpoint));
    let address_fits = match endpoint.host() {
        Some(Host::Ipv4(address)) => address_fits(address.into(), loopback_allowed),
        Some(Host::Ipv6(address)) => address_fits(address.into(), loopback_allowed),
        Some(Host::Domain(_)) => loopback_allowed || !is_loopback(endpoint),
        None => false,
    };
    scheme_fits && address_fits && endpoint.username().is_empty() && endpoint.password().is_none()
}

fn address_fits(address: IpAddr, loopback_allowed: bool) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            !(v4.is_unspecified()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_multicast()
                || (v4.is_loopback() && !loopback_allowed))
        }
        IpAddr::V6(v6) => {
            !(v6.is_unspecified()
                || v6.is_unicast_link_local()
                || v6.is_multicast()
                || (v6.is_loopback() && !loopback_allowed))
        }
    }
}

/// The system's resolver, without the answers an endpoint may not have.
///
/// Hosts the operator configured are exempt from the loopback rule: a provider or a proxy in a
/// side-car is the operator's decision; an endpoint of a document is not.
#[derive(Debug, Clone)]
pub(super) struct GuardedResolver {
    pub(super) configured_hosts: Vec<String>,
    pub(super) loopback_allowed: bool,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let loopback_allowed = self.loopback_allowed
            || self
                .configured_hosts
                .iter()
                .any(|host| host == name.as_str());
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0))
                .await?
                .filter(|address| address_fits(address.ip(), loopback_allowed))
                .collect();
            if addresses.is_empty() {
                return Err("the name has no address that may be called".into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_on_this_machine_or_link_local_is_not_called() {
        for (endpoint, plain, with_loopback) in [
            ("https://login.example.com/token", true, true),
            ("https://10.1.2.3/token", true, true),
            ("http://login.example.com/token", false, false),
            ("https://127.0.0.1/token", false, true),
            ("https://localhost/token", false, true),
            ("https://idp.localhost/token", false, true),
            ("https://[::1]/token", false, true),
            ("https://[::ffff:127.0.0.1]/token", false, true),
            ("http://127.0.0.1:8081/token", false, true),
            ("http://10.1.2.3/token", false, false),
            ("https://169.254.169.254/latest", false, false),
            ("https://[fe80::1]/", false, false),
            ("https://0.0.0.0/", false, false),
            ("https://user:secret@login.example.com/", false, false),
            ("file:///etc/passwd", false, false),
        ] {
            let url = Url::parse(endpoint).unwrap();
            assert_eq!(may_call(&url, false), plain, "{endpoint}");
            assert_eq!(may_call(&url, true), with_loopback, "{endpoint}");
        }
    }
}
