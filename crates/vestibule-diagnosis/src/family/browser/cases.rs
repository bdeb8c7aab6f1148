//! What shows each row of the family, and what comes close.

use crate::Evidence;
use crate::evidence::{Head, Header, ProviderError};
use crate::testing::{RowCase, case, evidence, provider, with};

const AUTHORIZE: &str = "https://login.microsoftonline.com/x/oauth2/v2.0/authorize";

fn head(fields: &[(&str, &str)]) -> Head {
    Head {
        headers: fields
            .iter()
            .map(|(name, value)| Header::new(*name, *value))
            .collect(),
        ..Head::default()
    }
}

/// This request, and a redirect to sign in.
fn redirected(fields: &[(&str, &str)]) -> Evidence {
    evidence(|e| {
        e.request = Some(head(fields));
        e.response = Some(Head {
            status: Some(302),
            ..head(&[("Location", AUTHORIZE), ("Cache-Control", "no-store")])
        });
    })
}

pub(in crate::family) fn all() -> Vec<RowCase> {
    let preflight = with(
        &redirected(&[
            ("Origin", "https://app.example.com"),
            ("Sec-Fetch-Mode", "cors"),
            ("Access-Control-Request-Method", "PUT"),
        ]),
        |e| e.request.as_mut().unwrap().method = Some("OPTIONS".to_owned()),
    );
    let fetch = redirected(&[("Sec-Fetch-Mode", "cors"), ("Accept", "*/*")]);
    let page = redirected(&[("Sec-Fetch-Mode", "navigate"), ("Accept", "text/html")]);
    let status = |evidence: &Evidence, status| {
        with(evidence, |e| {
            e.response.as_mut().unwrap().status = Some(status)
        })
    };
    let no_cache = |evidence: &Evidence| {
        with(evidence, |e| {
            e.response.as_mut().unwrap().headers.truncate(1);
        })
    };
    let silent = evidence(|e| {
        e.provider_error = Some(ProviderError::new("login_required", None));
        provider(e).authorization_parameters = vec![("prompt".to_owned(), "none".to_owned())];
    });
    vec![
        case("VST-BROWSER-PREFLIGHT")
            .shows(preflight.clone())
            .shows(status(&preflight, 401))
            .silent(status(&preflight, 204))
            .silent(fetch.clone())
            .line("allowed_origins = [\"https://app.example.com\"]"),
        case("VST-BROWSER-FETCH")
            .shows(fetch.clone())
            .shows(redirected(&[("X-Requested-With", "XMLHttpRequest")]))
            .shows(redirected(&[("Accept", "application/json")]))
            .shows(with(&fetch, |e| e.request.as_mut().unwrap().method = Some("POST".to_owned())))
            .silent(page.clone())
            .silent(status(&fetch, 401)),
        case("VST-BROWSER-SERVICE-WORKER")
            .shows(redirected(&[("Service-Worker", "script"), ("Sec-Fetch-Mode", "same-origin")]))
            .shows(redirected(&[("Sec-Fetch-Dest", "manifest"), ("Sec-Fetch-Mode", "cors")]))
            .silent(page.clone()),
        case("VST-BROWSER-CACHED")
            .shows(no_cache(&status(&page, 301)))
            .shows(with(&no_cache(&page), |e| {
                e.response.as_mut().unwrap().headers.push(Header::new("Cache-Control", "public, max-age=600"));
            }))
            .silent(no_cache(&page))
            .silent(status(&page, 301)),
        case("VST-BROWSER-SILENT")
            .shows(silent.clone())
            .shows(Evidence::of_text("BrowserAuthError: monitor_window_timeout: Token acquisition in iframe failed due to timeout."))
            .silent(with(&silent, |e| provider(e).authorization_parameters.clear()))
            .silent(with(&silent, |e| e.provider_error = None)),
        case("VST-BROWSER-POPUP")
            .shows(Evidence::of_text("BrowserAuthError: popup_window_error: Error opening popup window. This can happen if you are using IE or if popups are blocked in the browser."))
            .shows(Evidence::of_text("errorCode: \"empty_window_error\""))
            .silent(Evidence::of_text("BrowserAuthError: user_cancelled: User cancelled the flow.")),
        case("VST-BROWSER-SIGN-IN-UNDER-WAY")
            .shows(Evidence::of_text("BrowserAuthError: interaction_in_progress: Interaction is currently in progress."))
            .silent(Evidence::of_text("BrowserAuthError: user_cancelled: User cancelled the flow.")),
    ]
}
