//! Sites, addresses, certificates and limits.

use std::sync::Arc;
use std::time::Duration;

use vestibule_config::{Settings, TlsKey, TlsSettings};
use vestibule_gate::host::ReadyHosts;
use vestibule_gate::request::ReadPolicy;
use vestibule_oidc::secret::Secret;
use vestibule_proxy::listen::{CertificatePair, Limits, ListenerPlan, PemSource, TlsIdentity};
use vestibule_session::site::{Site, SiteError};

use super::AssembleError;

pub(super) fn sites(settings: &Settings) -> Result<Vec<Site>, SiteError> {
    settings
        .public_urls
        .iter()
        .map(|url| match url.is_https() {
            true => Site::https(url.host(), url.port()),
            false => Site::loopback_http(url.host(), url.port()),
        })
        .collect()
}

pub(super) fn plan(settings: &Settings) -> Result<Vec<ListenerPlan>, AssembleError> {
    let tls = settings.tls.as_ref().map(identity).transpose()?;
    Ok(settings
        .listen
        .iter()
        .map(|&address| ListenerPlan {
            address,
            tls: tls.clone(),
        })
        .collect())
}

fn identity(tls: &TlsSettings) -> Result<Arc<TlsIdentity>, AssembleError> {
    let key = match &tls.key {
        TlsKey::File(path) => PemSource::File(path.clone()),
        TlsKey::Text(text) => PemSource::Inline(Secret::new(text.expose().to_owned())),
    };
    let pair = CertificatePair {
        certificate: PemSource::File(tls.certificate.clone()),
        key,
    };
    Ok(Arc::new(TlsIdentity::load(vec![pair])?))
}

pub(super) fn limits(settings: &Settings) -> Limits {
    let set = &settings.limits;
    Limits {
        connections: set.max_connections,
        head_bytes: set.max_head_bytes,
        target_bytes: set.max_url_bytes,
        head_fields: set.max_fields,
        handshake: set.header_timeout,
        head: set.header_timeout,
        idle: set.idle_timeout,
        body_rate_bytes: set.body_min_rate,
        body_grace: Duration::from_secs(10),
        ..Limits::default()
    }
}

pub(super) fn read_policy(settings: &Settings, sites: &[Site]) -> ReadPolicy {
    ReadPolicy {
        ready_hosts: ReadyHosts::of(sites.iter().map(Site::authority)),
        trusted_proxies: settings.trusted_proxies.clone(),
        forwarded_host: settings.forwarded_host,
        max_head_bytes: settings.limits.max_head_bytes,
        max_fields: settings.limits.max_fields,
        max_target_bytes: settings.limits.max_url_bytes,
        ..ReadPolicy::default()
    }
}
