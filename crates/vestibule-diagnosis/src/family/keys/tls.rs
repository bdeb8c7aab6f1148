//! TLS to the provider: whose certificate is not believed, and whose clock is why.

use super::super::certificate;
use super::document::at_provider;
use crate::catalogue::{Case, Row};
use crate::evidence::ProbeOutcome;
use crate::shown::shown;
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[Row {
    code: "VST-KEYS-TLS",
    title: "TLS to the provider fails",
    severity: Severity::Error,
    confidence: Confidence::Inferred,
    source: "What the TLS library said",
    symptom: "Nobody can sign in, and the log has a certificate that is not trusted.",
    cause: "The certificate that was shown is not one this machine trusts for that host. In company \
                networks that is mostly a proxy that opens TLS.",
    cure: "Trust the inspecting proxy's certificate authority, or let the provider's hosts pass \
               unopened. Never switch the check off.",
    fault: None,
    explains: &[
        "VST-KEYS-NOT-FETCHED",
        "VST-KEYS-NOT-KEYS",
        "VST-KEYS-NO-METADATA",
        "VST-KEYS-KID-MISSING",
    ],
    judge: |evidence| {
        logged_clock(evidence)
            .or_else(|| tls(evidence))
            .or_else(|| logged_tls(evidence))
    },
}];

/// Trust another certificate authority, in the way the program that wrote the log does.
fn trust(evidence: &Evidence) -> Change {
    const TEXT: &str = "If the issuer of the certificate is your company's: add its certificate to those this program \
                        trusts. If you do not know it, find out who is in between.";
    let says = |words: &[&str]| {
        let text = evidence.text.as_ref();
        text.is_some_and(|text| text.says_any(words))
    };
    let machine = |line| Change::environment("trusted certificates", TEXT).line(line);
    match () {
        () if evidence.from_apache() => Change::apache("OIDCCABundlePath", TEXT)
            .line("OIDCCABundlePath /etc/ssl/certs/ca-certificates.crt"),
        () if says(&["pkix path building"]) => {
            machine("keytool -importcert -cacerts -alias company -file company.pem")
        }
        () if says(&["certificate_verify_failed", "requests.exceptions"]) => {
            machine("REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt")
        }
        () if says(&["x509: certificate"]) => {
            machine("SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt")
        }
        () if says(&[
            "self-signed certificate in certificate chain",
            "issuer_cert_locally",
        ]) =>
        {
            machine("NODE_EXTRA_CA_CERTS=/path/to/company.pem")
        }
        () => Change::environment(
            "trusted certificates",
            "If that issuer is your company's: add its certificate to this machine's trusted ones. If \
             you do not know it, find out who is in between.",
        ),
    }
}

fn inspection() -> Change {
    Change::environment("inspection", "Or let the provider's hosts pass unopened.")
}

/// Go says on which side of its time a certificate is: before its beginning it is mostly the clock.
fn logged_clock(evidence: &Evidence) -> Option<Case> {
    let to_come = evidence.says("is not yet valid: current time") && evidence.says(" is before ");
    let over = evidence.says("is not yet valid: current time") && evidence.says(" is after ");
    let case = match (to_come, over) {
        (true, _) => Case::new("The log says that the certificate begins later than this machine's clock shows.")
            .because("The clock is behind, or the certificate was set up too early. Nobody's issuer is in question.")
            .change(
                Change::environment("clock", "Compare this machine's clock with the true time, and let it be set by NTP.")
                    .line("timedatectl"),
            ),
        (false, true) => Case::new("The log says that the certificate ended before what this machine's clock shows.")
            .because("The certificate is over, or the clock is ahead. Nobody's issuer is in question.")
            .change(
                Change::environment("clock", "Compare this machine's clock with the true time.").line("timedatectl"),
            )
            .change(Change::environment(
                "certificate",
                "If the clock is right: who runs that server has to renew its certificate.",
            )),
        (false, false) => return None,
    };
    Some(case.confidence(Confidence::Inferred))
}

/// A log that says so, and not of which address.
fn logged_tls(evidence: &Evidence) -> Option<Case> {
    evidence.heard(Saying::Tls).then(|| {
        Case::new("The log says that a certificate is not trusted, and not of which address.")
            .because(
                "If the address is the provider's: the certificate shown is not one this program trusts for it. In \
                 company networks that is mostly a proxy that opens TLS.",
            )
            .change(trust(evidence))
            .change(inspection())
    })
}

fn tls(evidence: &Evidence) -> Option<Case> {
    let (probe, detail, certificate) =
        at_provider(evidence).find_map(|probe| match &probe.outcome {
            ProbeOutcome::Tls {
                detail,
                certificate,
            } => Some((probe, detail, certificate.as_deref())),
            _ => None,
        })?;
    let seen = format!("{}: {}.", shown(&probe.url), shown(detail));
    if certificate.is_none() && is_no_tls(detail) {
        let plain = probe.url.replacen("https://", "http://", 1);
        return Some(
            Case::new(seen)
                .because(
                    "What answers there speaks no TLS: it is plain HTTP, or another protocol. The address begins with \
                     `https`, or the port is another one's.",
                )
                .change(Change::config(
                    "provider.issuer",
                    "Correct the port; or let the provider speak TLS there.",
                ))
                .change(Change::environment(
                    "the provider's address",
                    format!("See what answers without TLS: `curl -i {plain}`. Without TLS a provider is used on this machine alone."),
                )),
        );
    }
    let case = match certificate {
        Some(found) => Case::new(format!("{seen} {}", certificate::described(found)))
            .because(certificate::reason(found, &probe.url, evidence.now).words()),
        None => Case::new(seen),
    };
    Some(case.change(trust(evidence)).change(inspection()))
}

/// Whether these are rustls' or OpenSSL's words for an answer that is none of TLS.
fn is_no_tls(detail: &str) -> bool {
    let says = |words| detail.contains(words);
    says("InvalidContentType") || says("wrong version number")
}
