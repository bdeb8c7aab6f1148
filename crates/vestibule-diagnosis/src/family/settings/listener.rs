//! Who speaks TLS to browsers.

use crate::catalogue::{Case, Row};
use crate::evidence::{Origin, host_of};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[Row {
    code: "VST-SETTINGS-NO-TLS",
    title: "an https address, and nothing that speaks TLS",
    severity: Severity::Warning,
    confidence: Confidence::Inferred,
    source: "RFC 9110 §4.2.2",
    symptom: "Browsers say that the site sends no valid answer, or that its TLS record is too long.",
    cause: "Browsers speak TLS to an `https` address. The listener at that port has no certificate, and so speaks \
            plain HTTP.",
    cure: "Give the listener a certificate, or let whoever speaks TLS in front listen on that port.",
    fault: None,
    explains: &[],
    judge: no_tls,
}];

/// The port of an `https` address.
fn https_port(url: &str) -> Option<u16> {
    let rest = url.strip_prefix("https://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    match authority.rsplit_once(':') {
        Some((_, port)) if !port.contains(']') => port.parse().ok(),
        _ => Some(443),
    }
}

fn no_tls(evidence: &Evidence) -> Option<Case> {
    let settings = evidence.settings.as_ref()?;
    let ours = matches!(settings.origin, None | Some(Origin::Toml));
    let listener = &settings.listener;
    let address = listener.address.as_deref()?;
    let port: u16 = address.rsplit_once(':')?.1.parse().ok()?;
    if !ours || listener.tls != Some(false) {
        return None;
    }
    let url = settings
        .public_urls
        .iter()
        .find(|url| https_port(url) == Some(port))?;
    // A proxy in front that is named speaks TLS at another address with the same port.
    let behind = listener
        .trusted_proxies
        .as_ref()
        .is_some_and(|proxies| !proxies.is_empty());
    (!behind).then(|| {
        Case::new(format!(
            "{} is https, and the listener at {} has no certificate.",
            shown(url),
            shown(address)
        ))
        .change(
            Change::config("tls", "Give the listener a certificate.").line(
                "tls = { certificate = \"/etc/vestibule/cert.pem\", key = \"file:/etc/vestibule/key.pem\" }",
            ),
        )
        .change(
            Change::config(
                "trusted_proxies",
                format!("Or, if a proxy in front speaks TLS for {}: name it.", shown(host_of(url).unwrap_or(url))),
            )
            .line("trusted_proxies = [\"10.0.0.5\"]"),
        )
    })
}
