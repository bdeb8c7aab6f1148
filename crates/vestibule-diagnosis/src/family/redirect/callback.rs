//! The way back: what arrives at the redirect URI, and where it goes.

use super::uri::{Uri, register, write_public_url};
use crate::catalogue::{Case, Row};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-REDIRECT-TWO",
        title: "two redirect URIs in one sign-in",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 6749 §4.1.3",
        symptom: "After the sign-in page comes AADSTS500112, or another provider says `invalid_grant`.",
        cause: "The token request must repeat the redirect URI of the authorization request. One was made from the public address and one from the request as the inner machine saw it, or a framework added a slash.",
        cure: "Make both from one configured address.",
        fault: None,
        explains: &["VST-AADSTS-500112"],
        judge: two,
    },
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
    Row {
        code: "VST-REDIRECT-FRAGMENT",
        title: "the answer comes behind a #, where no server sees it",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "OAuth 2.0 Multiple Response Types §2.1; Microsoft identity platform: authorization code flow, `response_mode`",
        symptom: "After sign-in the address in the browser has `#code=`, and the proxy says that there is no code.",
        cause: "Browsers do not send what stands behind `#`. It is how answers come for `response_mode=fragment`, and for response types with a token unless told otherwise.",
        cure: "Ask for `response_type=code` with `query` or `form_post`.",
        fault: None,
        explains: &["VST-REDIRECT-BARE"],
        judge: fragment,
    },
    Row {
        code: "VST-REDIRECT-POST",
        title: "the callback does not take a POST",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "OAuth 2.0 Form Post Response Mode §2",
        symptom: "After sign-in the browser shows 404, 405 or 403 at the redirect URI.",
        cause: "With `form_post` the browser posts the answer. Something on the way takes a GET alone: the app, a firewall, or its protection against forged forms.",
        cure: "Let the redirect URI take a POST from another site, or use `query`.",
        fault: None,
        explains: &[],
        judge: post,
    },
    Row {
        code: "VST-REDIRECT-BARE",
        title: "the redirect URI was opened without an answer",
        severity: Severity::Info,
        confidence: Confidence::Inferred,
        source: "RFC 6749 §4.1.2",
        symptom: "Somebody sees an error at the redirect URI without having signed in just now.",
        cause: "It was opened from a bookmark, the history, or by the back button. There is nothing in it to work with.",
        cure: "Open the site itself. Nothing is wrong with the configuration.",
        fault: None,
        explains: &[],
        judge: bare,
    },
    Row {
        code: "VST-REDIRECT-BODY-LOST",
        title: "a request with a body was sent to sign in",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "RFC 9110 §15.4",
        symptom: "A form or upload is gone after sign-in, or a script gets a page where it expects data.",
        cause: "The session was over when the request came. A redirect to the provider keeps neither the body nor, mostly, the method.",
        cure: "Answer requests other than GET with 401, so that the client signs in first and sends again.",
        fault: None,
        explains: &[],
        judge: body_lost,
    },
    Row {
        code: "VST-REDIRECT-SECTION-LOST",
        title: "the part of the address behind # is lost in sign-in",
        severity: Severity::Info,
        confidence: Confidence::Documented,
        source: "RFC 9110 §7.1; Microsoft identity platform: redirect responses",
        symptom: "After sign-in a link with `#section` opens the page at its top.",
        cause: "Browsers keep what stands behind `#` to themselves, so no server can give it back, and Entra puts an empty `#` of its own.",
        cure: "Let the app keep it in the browser before it leaves for sign-in.",
        fault: None,
        explains: &[],
        judge: section_lost,
    },
];

fn two(evidence: &Evidence) -> Option<Case> {
    let asked = &evidence.token_response.as_ref()?.asked;
    let first = asked.redirect_uri_at_start.as_deref()?;
    let second = asked.redirect_uri_at_redemption.as_deref()?;
    (first != second).then(|| {
        let https = [first, second]
            .into_iter()
            .find(|uri| uri.starts_with("https://"));
        Case::new(format!(
            "Sign-in began with {}, the code was redeemed with {}.",
            shown(first),
            shown(second)
        ))
        .change(write_public_url(
            evidence,
            https.unwrap_or(first),
            "Write the address people type, and let nothing make it from the request.",
        ))
        .change(register(https.unwrap_or(first)))
    })
}

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
    Some(
        Case::new(format!(
            "The redirect URI {} is the path of the route {}.",
            shown(uri),
            shown(route.path.as_deref().unwrap_or_default())
        ))
        .change(write_public_url(
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

fn fragment(evidence: &Evidence) -> Option<Case> {
    let arrived = evidence.callback.as_ref().is_some_and(|callback| {
        callback.in_fragment && (callback.has("code") || callback.has("error"))
    });
    let asked = evidence.provider().and_then(|provider| {
        let types = provider.response_type.as_deref().unwrap_or("code");
        let default = types.split_ascii_whitespace().any(|word| word != "code");
        match provider.response_mode.as_deref() {
            Some("fragment") => Some("`response_mode` is `fragment`".to_owned()),
            None if default => Some(format!(
                "the response type is {}, without a response mode",
                shown(types)
            )),
            _ => None,
        }
    });
    let seen = match (arrived, &asked) {
        (true, Some(asked)) => format!("The answer came behind a `#`; {asked}."),
        (true, None) => "The answer came behind a `#`.".to_owned(),
        (false, Some(asked)) => format!("In the configuration {asked}."),
        (false, None) => return None,
    };
    Some(
        Case::new(seen).change(crate::cure::setting(
            evidence,
            Change::config(
                "provider.response_mode",
                "Let the answer come in the query.",
            )
            .line("response_mode = \"query\""),
            Change::apache(
                "OIDCResponseMode",
                "Let the answer come as a form, with `OIDCResponseType code`.",
            )
            .line("OIDCResponseMode form_post"),
        )),
    )
}

fn post(evidence: &Evidence) -> Option<Case> {
    let callback = evidence.callback.as_ref()?;
    let status = evidence.response.as_ref()?.status?;
    let is_post = callback
        .method
        .as_deref()
        .is_some_and(|method| method.eq_ignore_ascii_case("POST"));
    (is_post && matches!(status, 403..=405)).then(|| {
        Case::new(format!(
            "The answer was posted to the redirect URI and got {status}."
        ))
        .change(Change::environment(
            "proxies in front",
            "Let POST requests from the provider's site through to the redirect URI.",
        ))
        .change(crate::cure::setting(
            evidence,
            Change::config(
                "provider.response_mode",
                "Or let the answer come in the query.",
            )
            .line("response_mode = \"query\""),
            Change::apache("OIDCResponseMode", "Or let the answer come in the query.")
                .line("OIDCResponseMode query"),
        ))
    })
}

fn bare(evidence: &Evidence) -> Option<Case> {
    let callback = evidence.callback.as_ref()?;
    if callback.in_fragment
        || ["code", "error", "state", "id_token"]
            .iter()
            .any(|name| callback.has(name))
    {
        return None;
    }
    // Signing out ends at an address of its own, but others use the callback for it.
    Some(
        Case::new("The redirect URI was opened without `code`, `error` and `state`.").change(
            Change::environment("browser", "Open the site itself, and change the bookmark."),
        ),
    )
}

fn body_lost(evidence: &Evidence) -> Option<Case> {
    let request = evidence.request.as_ref()?;
    let response = evidence.response.as_ref()?;
    let method = request.method.as_deref()?;
    let redirects = matches!(response.status?, 301..=303 | 307 | 308);
    let location = response.value("Location")?;
    let to_sign_in = ["authorize", "/sign-in", "/oauth2/start", "/.auth/login"]
        .iter()
        .any(|part| location.contains(part));
    let has_body = ["POST", "PUT", "PATCH", "DELETE"]
        .iter()
        .any(|with_body| method.eq_ignore_ascii_case(with_body));
    (has_body && redirects && to_sign_in).then(|| {
        Case::new(format!("A {} was answered with a redirect to sign in.", method.to_ascii_uppercase()))
            .change(Change::api(
                "the client",
                "On a 401 open the sign-in page in the window, and send the request again afterwards.",
            ))
            .change(crate::cure::setting(
                evidence,
                Change::config("route", "Vestibule answers such requests with 401 by itself; another proxy needs to be told."),
                Change::apache("OIDCUnAuthAction", "Leave the module's own choice: it answers scripts with 401.")
                    .line("OIDCPreservePost On"),
            ))
    })
}

fn section_lost(evidence: &Evidence) -> Option<Case> {
    let text = evidence.text.as_ref()?;
    let part = text.says_any(&[
        "url fragment",
        "hash fragment",
        "the fragment",
        "the hash",
        "#section",
    ]);
    let gone = text.says_any(&[
        "lost after",
        "is lost",
        "gets lost",
        "disappears",
        "missing after",
        "dropped",
    ]);
    let sign_in = text.says_any(&["sign-in", "sign in", "login", "log in", "redirect"]);
    (part && gone && sign_in).then(|| {
        Case::new("The part behind `#` is missed after sign-in.").change(Change::api(
            "the app's pages",
            "Keep `location.hash` in `sessionStorage` before leaving for sign-in, and put it back afterwards.",
        ))
    })
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
