//! Addresses that Entra does not take as redirect URIs.

use super::super::said::tenant_of;
use super::uri::{Uri, register, sent, write_public_url};
use crate::catalogue::{Case, Row};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

const SOURCE: &str =
    "Microsoft identity platform: redirect URI (reply URL) restrictions and limitations";
/// The longest redirect URI that can be registered.
const MAX_CHARS: usize = 256;

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-REDIRECT-PLAIN-HTTP",
        title: "a redirect URI without TLS",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: SOURCE,
        symptom: "The portal does not take the redirect URI, or Microsoft's page says AADSTS50011.",
        cause: "Entra takes `http` for `localhost` alone: the code would travel in clear.",
        cure: "Serve the site with TLS, and register the `https` address.",
        fault: None,
        explains: &["VST-REDIRECT-UNREGISTERED", "VST-AADSTS-50011"],
        judge: plain_http,
    },
    Row {
        code: "VST-REDIRECT-LOOPBACK",
        title: "a loopback address instead of localhost",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: SOURCE,
        symptom: "The portal does not take `http://127.0.0.1` or `http://[::1]` as a redirect URI.",
        cause: "The portal takes `localhost` alone. `127.0.0.1` can be written into the manifest; `[::1]` is not supported at all.",
        cure: "Write `localhost` instead of the address.",
        fault: None,
        explains: &["VST-REDIRECT-UNREGISTERED", "VST-AADSTS-50011"],
        judge: loopback,
    },
    Row {
        code: "VST-REDIRECT-QUERY",
        title: "a query or an asterisk in the redirect URI",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: SOURCE,
        symptom: "The portal does not take the redirect URI, or takes it for work accounts alone.",
        cause: "Query strings and wildcards are allowed for apps of work and school accounts alone, and Microsoft advises against wildcards.",
        cure: "Register plain addresses. What has to come back belongs into `state`.",
        fault: None,
        explains: &[],
        judge: query,
    },
    Row {
        code: "VST-REDIRECT-CHARACTERS",
        title: "a redirect URI that can't be registered",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: SOURCE,
        symptom: "The portal refuses the redirect URI when it is saved.",
        cause: "A redirect URI has at most 256 characters, and no exclamation mark, dollar sign, apostrophe, bracket, comma or semicolon.",
        cure: "Choose a short path of letters, digits and hyphens.",
        fault: None,
        explains: &["VST-REDIRECT-UNREGISTERED", "VST-AADSTS-50011"],
        judge: characters,
    },
];

/// The redirect URI, where it goes to Entra.
fn entra_uri(evidence: &Evidence) -> Option<String> {
    let entra = evidence.aadsts().next().is_some() || evidence.is_entra();
    if entra { sent(evidence) } else { None }
}

fn plain_http(evidence: &Evidence) -> Option<Case> {
    let sent = entra_uri(evidence)?;
    let uri = Uri::of(&sent)?;
    if !uri.is_plain() || uri.is_loopback() {
        return None;
    }
    let https = format!("https://{}{}", uri.host(), uri.path);
    Some(
        Case::new(format!("The redirect URI is {}.", shown(&sent)))
            .change(write_public_url(
                evidence,
                &https,
                "Serve the site with TLS, here or in front, and write that address.",
            ))
            .change(register(&https)),
    )
}

fn loopback(evidence: &Evidence) -> Option<Case> {
    let sent = entra_uri(evidence)?;
    let uri = Uri::of(&sent)?;
    // Nobody may have been refused yet: the manifest can have it.
    let refused = evidence.has_aadsts(&[50011]);
    let severity = match uri.host() {
        "127.0.0.1" if !refused => Severity::Warning,
        "127.0.0.1" => Severity::Error,
        "[::1]" => Severity::Error,
        _ => return None,
    };
    let local = sent.replacen(uri.host(), "localhost", 1);
    Some(
        Case::new(format!("The redirect URI is {}.", shown(&sent)))
            .severity(severity)
            .change(write_public_url(evidence, &local, "Write `localhost`."))
            .change(register(&local)),
    )
}

fn query(evidence: &Evidence) -> Option<Case> {
    let sent = entra_uri(evidence)?;
    if !sent.contains(['?', '*']) {
        return None;
    }
    let tenant = evidence
        .provider()
        .and_then(|provider| authority_segment(provider.authority()?));
    let personal = tenant.is_some_and(|tenant| matches!(tenant, "common" | "consumers"));
    let plain = sent.split('?').next().unwrap_or_default().replace('*', "");
    let case = Case::new(format!("The redirect URI is {}.", shown(&sent)))
        .change(write_public_url(
            evidence,
            &plain,
            "Write it without query and asterisk.",
        ))
        .change(register(&plain));
    Some(match personal {
        true => case.severity(Severity::Error),
        false => case,
    })
}

/// The part of the address that names one tenant or many.
fn authority_segment(authority: &str) -> Option<&str> {
    tenant_of(authority).or_else(|| authority.split_once("://")?.1.split('/').nth(1))
}

fn characters(evidence: &Evidence) -> Option<Case> {
    let sent = entra_uri(evidence)?;
    let count = sent.chars().count();
    let seen = if count > MAX_CHARS {
        format!("The redirect URI has {count} characters.")
    } else {
        let odd = sent.chars().find(|char| "!$'(),;".contains(*char))?;
        format!(
            "The redirect URI {} has the character `{odd}`.",
            shown(&sent)
        )
    };
    Some(Case::new(seen).change(Change::config(
        "public_url",
        "Vestibule's own, `public_url` and `/.vestibule/callback`, is short and plain; with another program choose such a path there.",
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is only advice before is the error once Entra refused it.
    #[test]
    fn a_refused_loopback_address_is_an_error() {
        let refused = Evidence::of_text(
            "AADSTS50011: The redirect URI 'http://127.0.0.1:8080/cb' specified in the request does not match",
        );
        let found = crate::diagnose(&refused).remove(0);
        assert_eq!(found.code, "VST-REDIRECT-LOOPBACK");
        assert_eq!(found.severity, Severity::Error);
    }
}
