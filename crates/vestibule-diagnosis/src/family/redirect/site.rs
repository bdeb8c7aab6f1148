//! The redirect URI beside the site's pages, names and cookies.

use super::uri::{Uri, register};
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
        judge: |evidence| host(evidence).or_else(|| logged_host(evidence)),
    },
];

/// Endings of what apps have as pages.
const PAGES: [&str; 8] = ["html", "htm", "xhtml", "php", "asp", "aspx", "jsp", "jspx"];

fn is_page(evidence: &Evidence) -> Option<Case> {
    let settings = evidence.settings.as_ref()?;
    let uri = settings.redirect_uri.as_deref()?;
    let parts = Uri::of(uri)?;
    let path = parts.path.split(['?', '#']).next()?;
    let bare = |path: &str| path.trim_end_matches('/').to_owned();
    let paths = || {
        let routes = settings.routes.iter();
        routes.filter_map(|route| route.path.as_deref())
    };
    let is_below = |route: &&str| {
        let rest = path.strip_prefix(route.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let last = path.rsplit('/').next().unwrap_or_default();
    let ending = last.rsplit_once('.').map(|(_, ending)| ending);
    let named_as_page =
        ending.is_some_and(|ending| PAGES.iter().any(|page| page.eq_ignore_ascii_case(ending)));
    let of_route = paths().find(|route| bare(route) == bare(path));
    let below = || paths().filter(is_below).max_by_key(|route| route.len());
    let seen = match of_route {
        Some(route) => format!(
            "The redirect URI {} is the path of the route {}.",
            shown(uri),
            shown(route)
        ),
        None => format!(
            "The redirect URI {} has the name of a page, on the route {}.",
            shown(uri),
            shown(below().filter(|_| named_as_page)?)
        ),
    };
    let better = format!("{}://{}/oidc/callback", parts.scheme, parts.authority);
    let case = match settings.origin {
        Some(origin @ (Origin::Toml | Origin::Apache)) => {
            let posted = settings
                .provider
                .as_ref()
                .and_then(|provider| provider.response_mode.as_deref())
                == Some("form_post");
            let taken = match posted {
                true => {
                    "Every form that is posted to this path is taken for an answer of the provider"
                }
                false => {
                    "Whatever comes to this path with `state` and `code` or `error` is taken for an answer of the provider"
                }
            };
            let under_apache = match origin {
                Origin::Apache => {
                    "Under Apache nobody gets the app's page there. With Vestibule they do. "
                }
                _ => "",
            };
            Case::new(seen).severity(Severity::Warning).because(format!(
                "{under_apache}{taken}, and never reaches the app. The rest does."
            ))
        }
        _ => Case::new(seen),
    };
    let text = "Use a path that nothing else has.";
    Some(
        case.change(crate::cure::setting(
            evidence,
            Change::config(
                "provider.redirect_path",
                "Use a path that nothing else has; without this key answers come to /.vestibule/callback.",
            )
            .line("redirect_path = \"/oidc/callback\""),
            Change::apache("OIDCRedirectURI", text).line(format!("OIDCRedirectURI {better}")),
        ))
        .change(register(&better)),
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

/// What Apache's module says of it.
fn logged_host(evidence: &Evidence) -> Option<Case> {
    let text = evidence.text.as_ref()?;
    if !text.says("does not match the url hostname of the url being accessed") {
        return None;
    }
    let target = text.between("the url hostname (", ") of the configured oidcredirecturi");
    let opened = text.between("of the url being accessed (", ")");
    let seen = match (opened, target) {
        (Some(opened), Some(target)) => format!(
            "The site was opened at {}, and the redirect URI is at {}.",
            shown(opened),
            shown(target)
        ),
        _ => "The site was opened under another host than the redirect URI's.".to_owned(),
    };
    Some(
        Case::new(seen)
            .change(Change::environment(
                "names of the site",
                "Lead people on to the host of the redirect URI before anybody signs in.",
            ))
            .change(
                Change::apache(
                    "OIDCRedirectURI",
                    "Or write it without a host: it then is on the host that was opened. Register it for each name.",
                )
                .line("OIDCRedirectURI /oidc/callback"),
            ),
    )
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
