//! Requests that no person made by opening a page.

use crate::catalogue::{Case, Row};
use crate::cure::setting;
use crate::evidence::Head;
use crate::shown::shown;
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-BROWSER-PREFLIGHT",
        title: "a preflight is sent to sign in",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Fetch Standard: CORS preflight; RFC 9110 §9.3.7",
        symptom: "The console says that the response to the preflight request is a redirect or not ok.",
        cause: "Before some requests to another origin the browser asks with OPTIONS, and sends no cookie and no \
                token with it. Whoever demands sign-in for that refuses them all.",
        cure: "Answer preflights by the list of origins that may call, without sign-in.",
        fault: None,
        explains: &["VST-BROWSER-FETCH"],
        judge: preflight,
    },
    Row {
        code: "VST-BROWSER-FETCH",
        title: "a script's request is sent to sign in",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: sign-in errors and CORS; Fetch Standard: CORS protocol",
        symptom: "After the page has been open for a while the console has an error of CORS that names the \
                  provider's sign-in address.",
        cause: "The session was over, and the script's request was answered with a redirect to the provider. Its \
                sign-in page is for people: scripts of other sites may not read it.",
        cure: "Answer scripts with 401; the page then opens sign-in in the window, or loads again.",
        fault: None,
        explains: &["VST-REDIRECT-BODY-LOST"],
        judge: fetch,
    },
    Row {
        code: "VST-BROWSER-SERVICE-WORKER",
        title: "a service worker's script is behind sign-in",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "Service Workers: update, step on redirects",
        symptom: "The console says that the script resource is behind a redirect; the app stays at an old version, \
                  or shows the sign-in page as its own.",
        cause: "Browsers fetch a service worker's script and an app's manifest by themselves, and take no redirect \
                for an answer.",
        cure: "Let the script and the manifest be public, and keep sign-in pages out of the worker's cache.",
        fault: None,
        explains: &["VST-BROWSER-FETCH"],
        judge: service_worker,
    },
    Row {
        code: "VST-BROWSER-CACHED",
        title: "the redirect to sign in is kept",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 9111 §3 and §4.2.2",
        symptom: "A page leads to sign-in again and again, until the cache is emptied.",
        cause: "A permanent redirect, and one that says so in `Cache-Control`, may be kept. The browser then goes to \
                sign in without asking the site.",
        cure: "Redirect with 302 or 303 and `Cache-Control: no-store`.",
        fault: None,
        explains: &["VST-COOKIE-LOOP", "VST-AADSTS-50196"],
        judge: cached,
    },
    Row {
        code: "VST-BROWSER-SILENT",
        title: "renewal in a hidden frame fails",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "OIDC Core §3.1.2.6; Microsoft identity platform: third-party cookies in SPAs",
        symptom: "In Safari, and more and more elsewhere, people are signed out after an hour: `login_required`, or \
                  a timeout of a hidden frame.",
        cause: "The app asks the provider in a hidden frame with `prompt=none`. There the browser leaves the \
                provider's cookies out, so nobody is signed in.",
        cure: "Renew with a refresh token, or go to the provider in the whole window. A session of the proxy's needs \
               neither.",
        fault: None,
        explains: &["VST-AADSTS-50058"],
        judge: silent,
    },
];

/// Whether a script made the request.
fn by_script(request: &Head) -> bool {
    let mode = request.value("Sec-Fetch-Mode");
    let accepts = request.value("Accept").unwrap_or_default();
    matches!(mode, Some("cors" | "same-origin"))
        || request
            .value("X-Requested-With")
            .is_some_and(|by| by.eq_ignore_ascii_case("XMLHttpRequest"))
        || (mode.is_none()
            && accepts.starts_with("application/json")
            && !accepts.contains("text/html"))
}

/// Where an answer sends to sign in, and its status.
pub(super) fn to_sign_in(response: &Head) -> Option<(&str, u16)> {
    let status = response
        .status
        .filter(|status| matches!(status, 301..=303 | 307 | 308))?;
    let location = response.value("Location")?;
    [
        "authorize",
        "/sign-in",
        "/oauth2/start",
        "/.auth/login",
        "/protocol/openid-connect/auth",
        "accounts.google.com/o/",
    ]
    .iter()
    .any(|part| location.contains(part))
    .then_some((location, status))
}

fn preflight(evidence: &Evidence) -> Option<Case> {
    let asked = || {
        let request = evidence.request.as_ref()?;
        let response = evidence.response.as_ref()?;
        let is_preflight = request.method.as_deref()?.eq_ignore_ascii_case("OPTIONS")
            && request.header("Access-Control-Request-Method").is_some();
        let refused = to_sign_in(response).is_some() || matches!(response.status, Some(401 | 403));
        (is_preflight && refused).then(|| {
            let origin = request
                .value("Origin")
                .map_or_else(String::new, |origin| format!(" of {}", shown(origin)));
            format!(
                "A preflight{origin} was answered with {}.",
                response.status.unwrap_or_default()
            )
        })
    };
    let said = || {
        evidence.heard(Saying::Preflight).then(|| {
            "The browser says that the answer to a preflight does not let it go on.".to_owned()
        })
    };
    let origin = evidence
        .request
        .as_ref()
        .and_then(|request| request.value("Origin"))
        .filter(|origin| origin.len() < 200 && !origin.contains('"'))
        .unwrap_or("https://APP-HOST");
    Some(Case::new(asked().or_else(said)?).change(setting(
        evidence,
        Change::config("route.allowed_origins", "Name the origin whose pages may call this route with the person's session.")
            .line(format!("allowed_origins = [\"{origin}\"]")),
        Change::apache("Require", "Let preflights through without sign-in: this line beside the other `Require`, both in one `<RequireAny>`.")
            .line("Require method OPTIONS"),
    )))
}

fn fetch(evidence: &Evidence) -> Option<Case> {
    let redirected = || {
        let request = evidence
            .request
            .as_ref()
            .filter(|request| by_script(request))?;
        let (location, status) = to_sign_in(evidence.response.as_ref()?)?;
        let path = request.url.as_deref().map_or_else(
            || "a script".to_owned(),
            |url| format!("a script for {}", shown(url)),
        );
        Some(format!(
            "The request of {path} was answered with {status} to {}.",
            shown(location)
        ))
    };
    let said = || {
        evidence.heard(Saying::Cors).then(|| {
            "The browser says that CORS does not let a script follow to the sign-in page."
                .to_owned()
        })
    };
    Some(
        Case::new(redirected().or_else(said)?)
            .change(Change::api(
                "the page's scripts",
                "On a 401 load the page again, or open the sign-in page in the window. Send `Accept: application/json`.",
            ))
            .change(setting(
                evidence,
                Change::environment("the proxy", "Let it answer scripts with 401, as Vestibule does by itself."),
                Change::apache("OIDCUnAuthAction", "Remove any expression: the module then answers scripts with 401 by itself."),
            )),
    )
}

fn service_worker(evidence: &Evidence) -> Option<Case> {
    let redirected = || {
        let request = evidence.request.as_ref()?;
        let dest = request.value("Sec-Fetch-Dest");
        let own = request.header("Service-Worker").is_some()
            || matches!(dest, Some("serviceworker" | "manifest"));
        to_sign_in(evidence.response.as_ref()?).filter(|_| own)?;
        Some(format!(
            "{} is sent to sign in, and the browser asks for it by itself.",
            shown(request.url.as_deref().unwrap_or("the script"))
        ))
    };
    let said = || {
        evidence
            .heard(Saying::WorkerRedirect)
            .then(|| "The browser says that a worker's script is behind a redirect.".to_owned())
    };
    Some(
        Case::new(redirected().or_else(said)?)
            .change(setting(
                evidence,
                Change::config(
                    "route.require",
                    "Give the script and the manifest a route of their own that anybody may use.",
                )
                .line("require = \"public\""),
                Change::apache(
                    "AuthType",
                    "Give the script and the manifest a `<Location>` with `Require all granted`.",
                )
                .line("AuthType None"),
            ))
            .change(Change::api(
                "the worker",
                "Keep no answer that was redirected, and none that is HTML where data is expected.",
            )),
    )
}

fn cached(evidence: &Evidence) -> Option<Case> {
    let response = evidence.response.as_ref()?;
    let (location, status) = to_sign_in(response)?;
    let cache = response
        .value("Cache-Control")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let never =
        cache.contains("no-store") || cache.contains("no-cache") || cache.contains("max-age=0");
    let kept =
        cache.contains("max-age=") || cache.contains("public") || cache.contains("immutable");
    (!never && (matches!(status, 301 | 308) || kept)).then(|| {
        Case::new(format!("The answer is {status} to {}, and may be kept.", shown(location))).change(Change::environment(
            "who redirects",
            "Redirect with 302 and `Cache-Control: no-store`, as Vestibule does; also in a CDN in front.",
        ))
    })
}

fn silent(evidence: &Evidence) -> Option<Case> {
    let refused = evidence
        .provider_error
        .as_ref()
        .and_then(|error| error.error.as_deref())
        .is_some_and(|error| matches!(error, "login_required" | "interaction_required"))
        || evidence.has_aadsts(&[50_058]);
    let none = evidence
        .provider()
        .and_then(|provider| provider.parameter("prompt"))
        == Some("none");
    let framed = evidence
        .request
        .as_ref()
        .and_then(|request| request.value("Sec-Fetch-Dest"))
        .is_some_and(|dest| dest == "iframe");
    let seen = if refused && (none || framed) {
        "The provider says that nobody is signed in, and was asked without a page being shown."
    } else if evidence.heard(Saying::SilentTimeout) {
        "The app's library says that the hidden frame gave no answer."
    } else {
        return None;
    };
    let case = Case::new(seen).change(Change::api(
        "the app's sign-in library",
        "Let it renew with a refresh token, or leave sign-in to the proxy and call with the session's cookie.",
    ));
    Some(match none {
        true => case.change(setting(
            evidence,
            Change::config(
                "provider.authorization_parameters",
                "Take `prompt` out: sign-in has to be able to show its page.",
            )
            .line("authorization_parameters = {}"),
            Change::apache(
                "OIDCAuthRequestParams",
                "Take `prompt=none` out: sign-in has to be able to show its page.",
            ),
        )),
        false => case,
    })
}
