//! The certificate that browsers are shown.

use super::super::certificate::day;
use crate::catalogue::{Case, Row};
use crate::evidence::{Certificate, Origin, Settings};
use crate::shown::{shown, shown_list};
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-SETTINGS-CERTIFICATE-NAMES",
        title: "the certificate is not for the public address",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "RFC 9525 §6.3",
        symptom: "Browsers warn of an attack before they show anything: `NET::ERR_CERT_COMMON_NAME_INVALID`, \
                  `SSL_ERROR_BAD_CERT_DOMAIN`.",
        cause: "Browsers compare the host of the address with the certificate's alternative names, letter for letter; \
                `*.` stands for one label. The common name (`CN=`) does not count.",
        cure: "Have a certificate issued with the host of `public_url` among its alternative names.",
        fault: None,
        explains: &[],
        judge: names,
    },
    Row {
        code: "VST-SETTINGS-CERTIFICATE-TIME",
        title: "the certificate is of another time",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "RFC 5280 §4.1.2.5",
        symptom: "Browsers warn before they show anything: `NET::ERR_CERT_DATE_INVALID`, \
                  `SEC_ERROR_EXPIRED_CERTIFICATE`.",
        cause: "A certificate is valid from its first second to its last, by the browser's clock. It was not renewed, \
                or the renewed one is in another file.",
        cure: "Renew the certificate. The program takes changed files within seconds.",
        fault: None,
        explains: &[],
        judge: time,
    },
];

/// The certificate of a listener of ours.
fn certificate(evidence: &Evidence) -> Option<(&Settings, &Certificate)> {
    let settings = evidence.settings.as_ref()?;
    let ours = matches!(settings.origin, None | Some(Origin::Toml));
    let found = settings.listener.certificate.as_ref()?;
    ours.then_some((settings, found))
}

fn names(evidence: &Evidence) -> Option<Case> {
    let (settings, found) = certificate(evidence)?;
    // A proxy in front that is named shows another one to browsers, and asks for a name of its own.
    let behind = settings
        .listener
        .trusted_proxies
        .as_ref()
        .is_some_and(|proxies| !proxies.is_empty());
    let uncovered = &settings.listener.uncovered_hosts;
    if behind || uncovered.is_empty() {
        return None;
    }
    let missing = shown_list(uncovered.iter().map(String::as_str), "and");
    let seen = match found.names.as_slice() {
        [] => format!(
            "The certificate of `tls` is not for {missing}: it has no alternative names, and {} does not count.",
            shown(&found.subject)
        ),
        names => format!(
            "The certificate of `tls` is not for {missing}: its names are {}.",
            shown_list(names.iter().map(String::as_str), "and")
        ),
    };
    let case = Case::new(seen).change(Change::config(
        "tls",
        format!(
            "Name a certificate that has {missing} among its alternative names (`subjectAltName`)."
        ),
    ));
    let other = found.names.iter().find(|name| !name.contains(['*', ':']));
    Some(match (other, settings.public_urls.as_slice()) {
        (Some(name), [_]) => case.change(Change::config(
            "public_url",
            format!("Or, if people type {}: write that.", shown(name)),
        )),
        _ => case,
    })
}

fn time(evidence: &Evidence) -> Option<Case> {
    let (_, found) = certificate(evidence)?;
    let now = evidence.now?;
    let over = found.until.filter(|until| now > *until);
    let to_come = found.from.filter(|from| now < *from);
    if let Some(until) = over {
        let seen = format!("The certificate of `tls` ended on {}.", day(until));
        let renew = "Renew it. The program takes changed files within seconds.";
        return Some(Case::new(seen).change(Change::config("tls", renew)));
    }
    let seen = format!("The certificate of `tls` begins on {}.", day(to_come?));
    Some(
        Case::new(seen)
            .change(
                Change::environment("clock", "Compare this machine's clock with the true time.")
                    .line("timedatectl"),
            )
            .change(Change::config(
                "tls",
                "If the clock is right: name a certificate that is valid now.",
            )),
    )
}
