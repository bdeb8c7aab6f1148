//! The platform a redirect URI is registered under, and the address after signing out.

use super::uri::{register, same, sent};
use crate::catalogue::{Case, Row};
use crate::evidence::Origin;
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

const PLATFORMS: &str =
    "App registrations > your sign-in app > Authentication > Platform configurations";

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-REDIRECT-SPA",
        title: "registered as a single-page application, used by a server",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "Microsoft identity platform: authorization code flow, redirect URIs for single-page apps; public reports of the numbers",
        symptom: "After the sign-in page comes AADSTS9002325 or AADSTS9002327; or all sign-ins end after 24 hours with AADSTS700084.",
        cause: "The redirect URI is registered under Single-page application. Entra then expects a page to redeem the code, and lets refresh tokens end after 24 hours.",
        cure: "Register it under Web: the proxy is a server.",
        fault: Some("token-error-9002327"),
        explains: &[
            "VST-AADSTS-9002325",
            "VST-AADSTS-9002327",
            "VST-AADSTS-700084",
            "VST-AADSTS-90023",
        ],
        judge: spa,
    },
    Row {
        code: "VST-REDIRECT-ORIGIN",
        title: "the browser's Origin goes to the token endpoint",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "public reports of AADSTS9002326; Microsoft identity platform: authorization code flow",
        symptom: "After the sign-in page comes AADSTS9002326, which speaks of cross-origin redemption.",
        cause: "The request for the token has an `Origin` header, so Entra takes it for a page's. A proxy that passes the browser's headers on adds it.",
        cure: "Send the token request without `Origin`. If a page does redeem the code, register its address under Single-page application.",
        fault: None,
        explains: &["VST-AADSTS-9002326"],
        judge: origin,
    },
    Row {
        code: "VST-REDIRECT-SIGNED-OUT",
        title: "the address after signing out is not registered",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: OpenID Connect, \"Send a sign-out request\"; OIDC RP-Initiated Logout §3",
        symptom: "After signing out people stay on a page of Microsoft's instead of coming back; or another provider says that \
                  `post_logout_redirect_uri` is invalid.",
        cause: "Entra, as other providers, sends people only to a registered address after signing out.",
        cure: "Register `PUBLIC_URL/.vestibule/signed-out` beside the callback.",
        fault: None,
        explains: &["VST-OAUTH-INVALID-REQUEST"],
        judge: signed_out,
    },
];

fn spa(evidence: &Evidence) -> Option<Case> {
    let cross_origin = evidence.has_aadsts(&[90023]) && evidence.says("cross-origin");
    let refused = evidence.has_aadsts(&[9_002_325, 9_002_327, 700_084]);
    if !refused && !cross_origin {
        return None;
    }
    let sent = sent(evidence)?;
    Some(
        Case::new(format!(
            "Entra takes the redirect URI {} for one of a single-page application.",
            shown(&sent)
        ))
        .change(
            Change::portal(
                PLATFORMS,
                "Delete it under Single-page application, and add it under Web.",
            )
            .line(sent),
        ),
    )
}

fn origin(evidence: &Evidence) -> Option<Case> {
    let refused = evidence.has_aadsts(&[9_002_326]);
    let passes = evidence
        .settings
        .iter()
        .flat_map(|settings| &settings.routes)
        .any(|route| route.passes_origin == Some(true));
    let passes = passes && (refused || evidence.is_entra());
    if !(passes || refused && sent(evidence).is_some()) {
        return None;
    }
    let seen = match (passes, refused) {
        (true, true) => {
            "The browser's `Origin` is passed on to the token endpoint, and Entra refused it."
        }
        (true, false) => "The browser's `Origin` is passed on to the token endpoint.",
        (false, _) => "Entra got a token request with an `Origin` header.",
    };
    let mut case = Case::new(seen).change(Change::environment(
        "Origin",
        "Remove the header from requests to the token endpoint.",
    ));
    if evidence.from_apache() {
        case = case.change(
            Change::apache(
                "RequestHeader",
                "Where Apache proxies to the provider's token endpoint, remove it.",
            )
            .line("RequestHeader unset Origin"),
        );
    }
    Some(case.change(Change::portal(
        PLATFORMS,
        "Only if a page redeems the code: register its address under Single-page application.",
    )))
}

/// What providers say of an address that people are to be sent to after signing out.
const REFUSED: [&str; 5] = [
    "post_logout_redirect_uri is invalid",
    "post_logout_redirect_uri not registered",
    "invalid post_logout_redirect_uri",
    "'post_logout_redirect_uri' parameter must be a logout redirect uri",
    "post_logout_redirect_uri query param value is not registered",
];

/// A page or an answer that refuses the address.
fn signed_out_refused(evidence: &Evidence) -> Option<Case> {
    REFUSED.iter().any(|words| evidence.says(words)).then(|| {
        Case::new("The provider refuses the address that people are to be sent to after signing out.")
            .severity(Severity::Error)
            .because(
                "A provider sends people only to a registered address after signing out. It is registered apart from the \
                 callback at most of them; at Entra both are redirect URIs.",
            )
            .confidence(Confidence::Inferred)
            .change(Change::provider(
                "the client > addresses after signing out (post logout, sign-out or logout redirect URIs)",
                "Add the `post_logout_redirect_uri` that is sent, letter for letter; Vestibule's is `public_url` and \
                 `/.vestibule/signed-out`.",
            ))
    })
}

fn signed_out(evidence: &Evidence) -> Option<Case> {
    if let Some(case) = signed_out_refused(evidence) {
        return Some(case);
    }
    let settings = evidence.settings.as_ref()?;
    let list = settings.registered_redirect_uris.as_ref()?;
    // Others than we come back to other addresses.
    let ours = matches!(settings.origin, None | Some(Origin::Toml));
    if settings.session.sign_out_at_provider != Some(true) || !evidence.is_entra() || !ours {
        return None;
    }
    let missing = settings
        .public_urls
        .iter()
        .map(|url| format!("{}/.vestibule/signed-out", url.trim_end_matches('/')))
        .find(|url| !list.iter().any(|known| same(known, url)))?;
    Some(Case::new(format!("{} is not registered.", shown(&missing))).change(register(&missing)))
}
