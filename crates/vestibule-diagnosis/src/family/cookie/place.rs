//! Pages in frames, and cookies that go too far.

use crate::catalogue::{Case, Row};
use crate::cure::setting;
use crate::evidence::Head;
use crate::shown::shown;
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-COOKIE-FRAME",
        title: "a page in a frame of another site",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 6265bis §5.2; Fetch Metadata §2",
        symptom: "Inside Teams, a portal or another site's page the app asks to sign in again and again; in a tab \
                  of its own it works.",
        cause: "In a frame of another site the browser leaves the session's cookie out: it is `SameSite=Lax`, and \
                many browsers block cookies of other sites altogether.",
        cure: "Open the app in a tab of its own; inside Teams let the app get its token from the host.",
        fault: None,
        explains: &[
            "VST-COOKIE-FRAMED-SIGN-IN",
            "VST-COOKIE-LOOP",
            "VST-AADSTS-50196",
        ],
        judge: frame,
    },
    Row {
        code: "VST-COOKIE-FRAMED-SIGN-IN",
        title: "the provider's page in a frame",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: sign-in pages refuse frames; RFC 9700 §4.16",
        symptom: "A frame stays empty or says that the provider refused to connect; the console names \
                  `X-Frame-Options`.",
        cause: "Providers do not let their sign-in pages be shown in frames, so that nobody can lay something over \
                them.",
        cure: "Let sign-in happen in the whole window or in a window of its own.",
        fault: None,
        explains: &[],
        judge: framed_sign_in,
    },
    Row {
        code: "VST-COOKIE-PASSED-ON",
        title: "the proxy's own cookies go to the app",
        severity: Severity::Warning,
        confidence: Confidence::Observed,
        source: "mod_auth_openidc: OIDCStripCookies; public reports of 8193 bytes of headers behind oauth2-proxy",
        symptom: "The app answers 400 or 431 to some people, or its log holds session cookies of the proxy.",
        cause: "The proxy passes on all cookies of the browser, its own among them. They make requests large, and \
                whoever reads them can use the session.",
        cure: "Take the proxy's own cookies out before the request goes on.",
        fault: None,
        explains: &[],
        judge: passed_on,
    },
];

fn is_framed(request: &Head) -> bool {
    matches!(
        request.value("Sec-Fetch-Dest"),
        Some("iframe" | "frame" | "embed" | "object")
    )
}

fn frame(evidence: &Evidence) -> Option<Case> {
    let request = evidence.request.as_ref()?;
    let foreign = request.value("Sec-Fetch-Site") == Some("cross-site");
    let own = request.cookies.iter().any(|cookie| cookie.own);
    (is_framed(request) && foreign && !own).then(|| {
        Case::new("The page was asked for by a frame of another site, without the session's cookie.")
            .change(Change::api("the page around the frame", "Open the app in a tab or a window of its own."))
            .change(Change::api(
                "Teams and other hosts",
                "Let the app ask the host's library for a token and send it as `Authorization: Bearer`.",
            ))
    })
}

fn framed_sign_in(evidence: &Evidence) -> Option<Case> {
    let redirected = || {
        let request = evidence
            .request
            .as_ref()
            .filter(|request| is_framed(request))?;
        let response = evidence.response.as_ref()?;
        let location = response
            .value("Location")
            .filter(|to| to.contains("authorize"))?;
        matches!(response.status?, 301..=303 | 307 | 308).then(|| {
            format!(
                "A {} was sent to {}.",
                request.value("Sec-Fetch-Dest").unwrap_or("frame"),
                shown(location)
            )
        })
    };
    let said = || {
        evidence.heard(Saying::Framed).then(|| {
            "The browser says that the sign-in page may not be shown in a frame.".to_owned()
        })
    };
    Some(
        Case::new(redirected().or_else(said)?)
            .change(Change::api(
                "the page with the frame",
                "On a 401 open the sign-in page in the whole window, or in a window of its own.",
            ))
            .change(setting(
                evidence,
                Change::api("frames", "Sign in to the app in a tab once: a frame of the same site then has the session."),
                Change::apache("OIDCUnAuthAction", "Leave the module's own choice: it answers frames with 401."),
            )),
    )
}

fn passed_on(evidence: &Evidence) -> Option<Case> {
    let request = evidence.upstream_request.as_ref();
    let own: Vec<_> = request
        .into_iter()
        .flat_map(|request| request.cookies.iter().filter(|cookie| cookie.own))
        .collect();
    let bytes: usize = own.iter().map(|cookie| cookie.length).sum();
    let told = evidence
        .route_settings()
        .is_some_and(|route| route.passes_own_cookies == Some(true));
    let seen = match own.first() {
        Some(cookie) => format!(
            "The request to the upstream has {} of the proxy's own: {bytes} bytes.",
            shown(&cookie.name)
        ),
        None if told && request.is_none() => {
            "The proxy's own cookies are passed on to the upstream.".to_owned()
        }
        None => return None,
    };
    let name = evidence
        .settings
        .as_ref()
        .and_then(|settings| settings.session.cookie_name.as_deref())
        .unwrap_or("mod_auth_openidc_session");
    Some(
        Case::new(seen).change(setting(
            evidence,
            Change::api(
                "cookies",
                "Take the proxy's own cookies out before the request goes on, as Vestibule does.",
            ),
            Change::apache(
                "OIDCStripCookies",
                "Take the session's cookie out before the request goes on.",
            )
            .line(format!("OIDCStripCookies {name}")),
        )),
    )
}
