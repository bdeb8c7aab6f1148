//! The redirect URI beside the site's pages, names and cookies.

use super::uri::{Uri, register, write_public_url};
use crate::catalogue::{Case, Row};
use crate::evidence::Origin;
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-REDIRECT-IS-PAGE",
        title: "the redirect URI is a page of the app",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "mod_auth_openidc: README and OIDCRedirectURI",
        symptom: "After sign-in the app shows an error about a code it does not know, or that page can never be opened.",
        cause: "The redirect URI belongs to the sign-in proxy alone. On a path of the app, either the app gets the code, or nobody ever gets the app's page.",
        cure: "Use a path that nothing else has, and register it.",
        fault: None,
        explains: &[],
        judge: is_page,
    },
    Row {
        code: "VST-REDIRECT-COOKIE",
        title: "the cookie does not cover the redirect URI",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 6265 §5.4",
        symptom: "Every sign-in ends with a page that says the sign-in is unknown or too old.",
        cause: "The browser sends a cookie only to its path and its host. The redirect URI is outside, so the proxy can't know which sign-in comes back.",
        cure: "Let the cookie's path and domain cover the redirect URI.",
        fault: None,
        explains: &["VST-COOKIE-STATE-MISSING", "VST-COOKIE-LOOP"],
        judge: cookie,
    },
    Row {
        code: "VST-REDIRECT-HOST",
        title: "the site was opened under another host than the redirect URI's",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "RFC 6265 §5.1.3; public reports with localhost and 127.0.0.1",
        symptom: "Sign-in fails for those who open the site as `www.…`, `127.0.0.1` or by a short name, and works for others.",
        cause: "Cookies belong to a host. Sign-in began on one and came back to the other, where its cookie is not sent.",
        cure: "Let every name of the site lead to the one address before sign-in, or list all of them in `public_url`, each with its redirect URI.",
        fault: None,
        explains: &["VST-COOKIE-STATE-MISSING", "VST-COOKIE-LOOP"],
        judge: host,
    },
];

fn is_page(evidence: &Evidence) -> Option<Case> {
    let settings = evidence.settings.as_ref()?;
    let uri = settings.redirect_uri.as_deref()?;
    let path = Uri::of(uri)?.path.split(['?', '#']).next()?;
    let bare = |path: &str| path.trim_end_matches('/').to_owned();
    let route = settings.routes.iter().find(|route| {
        route
            .path
            .as_deref()
            .is_some_and(|route| bare(route) == bare(path))
    })?;
    let own = Uri::of(uri)
        .map(|uri| format!("{}://{}/.vestibule/callback", uri.scheme, uri.authority))?;
    let apache = own.replace("/.vestibule/callback", "/oidc/callback");
    let better = if evidence.from_apache() {
        &apache
    } else {
        &own
    };
    let case = Case::new(format!(
        "The redirect URI {} is the path of the route {}.",
        shown(uri),
        shown(route.path.as_deref().unwrap_or_default())
    ));
    // The proxy itself tells answers from visits by their parameters; what else the app is sent there is lost to it.
    let case = match settings.origin {
        Some(Origin::Toml) => case.severity(Severity::Warning),
        _ => case,
    };
    Some(
        case.change(write_public_url(
            evidence,
            better,
            "Use a path that nothing else has.",
        ))
        .change(register(better)),
    )
}

fn cookie(evidence: &Evidence) -> Option<Case> {
    let settings = evidence.settings.as_ref()?;
    let uri = Uri::of(settings.redirect_uri.as_deref()?)?;
    let path = settings
        .session
        .cookie_path
        .as_deref()
        .filter(|path| !covers_path(path, uri.path));
    let domain = settings
        .session
        .cookie_domain
        .as_deref()
        .filter(|domain| !covers_host(domain, uri.host()));
    let (name, value, directive, line) = match (path, domain) {
        (Some(path), _) => (
            "path",
            path,
            "OIDCCookiePath",
            "OIDCCookiePath /".to_owned(),
        ),
        (None, Some(domain)) => (
            "domain",
            domain,
            "OIDCCookieDomain",
            format!("OIDCCookieDomain {}", uri.host()),
        ),
        (None, None) => return None,
    };
    let change = match evidence.from_apache() {
        true => Change::apache(directive, "Let it cover the redirect URI.").line(line),
        false => Change::config(
            "public_url",
            "Vestibule's cookie is for the whole host of `public_url`; with another program set the cookie's path to `/` and leave its domain out.",
        ),
    };
    Some(
        Case::new(format!(
            "The cookie's {name} is {}, the redirect URI is {}.",
            shown(value),
            shown(settings.redirect_uri.as_deref().unwrap_or_default())
        ))
        .change(change),
    )
}

/// RFC 6265 §5.1.4.
fn covers_path(cookie: &str, path: &str) -> bool {
    let path = if path.is_empty() { "/" } else { path };
    path.strip_prefix(cookie).is_some_and(|rest| {
        rest.is_empty() || cookie.ends_with('/') || rest.starts_with(['/', '?'])
    })
}

/// RFC 6265 §5.1.3.
fn covers_host(domain: &str, host: &str) -> bool {
    let (domain, host) = (
        domain.trim_start_matches('.').to_ascii_lowercase(),
        host.to_ascii_lowercase(),
    );
    host.strip_suffix(&domain)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn host(evidence: &Evidence) -> Option<Case> {
    let settings = evidence.settings.as_ref()?;
    let uri = settings.redirect_uri.as_deref()?;
    let opened = evidence.request.as_ref()?.url.as_deref()?;
    let (target, opened_at) = (Uri::of(uri)?, Uri::of(opened)?);
    let is_own = |url: &String| {
        Uri::of(url).is_some_and(|url| url.host().eq_ignore_ascii_case(opened_at.host()))
    };
    let covered = settings
        .session
        .cookie_domain
        .as_deref()
        .is_some_and(|domain| {
            covers_host(domain, opened_at.host()) && covers_host(domain, target.host())
        });
    if opened_at.host().eq_ignore_ascii_case(target.host())
        || covered
        || settings.public_urls.iter().any(is_own)
    {
        return None;
    }
    let origin = format!("{}://{}", target.scheme, target.authority);
    let other = format!("{}://{}", target.scheme, opened_at.authority);
    let ours = Change::config(
        "public_url",
        "Or serve both names, each with its own redirect URI.",
    )
    .line(format!("public_url = [\"{origin}\", \"{other}\"]"));
    let apache = Change::apache(
        "Redirect",
        "In the virtual host of the other name lead people on.",
    )
    .line(format!("Redirect permanent / {origin}/"));
    Some(
        Case::new(format!(
            "The site was opened at {}, the redirect URI is {}.",
            shown(opened),
            shown(uri)
        ))
        .change(Change::environment(
            "names of the site",
            format!(
                "Lead {} on to {} before anybody signs in.",
                shown(opened_at.host()),
                shown(&origin)
            ),
        ))
        .change(crate::cure::setting(evidence, ours, apache)),
    )
}

#[cfg(test)]
#[test]
fn cookies_cover_as_in_rfc_6265() {
    assert!(covers_path("/", "/.vestibule/callback") && covers_path("/app", "/app/cb"));
    assert!(!covers_path("/app", "/application") && !covers_path("/app/", "/app"));
    assert!(
        covers_host(".example.com", "portal.example.com")
            && covers_host("example.com", "example.com")
    );
    assert!(!covers_host("example.com", "evilexample.com"));
    use super::uri::same;
    assert!(
        same("http://localhost:1/x", "http://localhost:2/x")
            && !same("http://a:1/x", "http://a:2/x")
    );
}
