//! Claims the settings rely on, and that Entra's tokens carry only on request.

use crate::catalogue::{Case, Row};
use crate::cure::portal;
use crate::evidence::{Product, RouteSettings};
use crate::shown::{shown, shown_list};
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[Row {
    code: "VST-SETTINGS-CLAIM",
    title: "a claim in a header or a rule that v2.0 tokens carry only on request",
    severity: Severity::Warning,
    confidence: Confidence::Documented,
    source: "Microsoft identity platform: ID token claims; optional claims",
    symptom: "The header is missing or the rule lets nobody in, though everybody signs in well.",
    cause: "Entra's v2.0 ID tokens carry some claims only where the registration asks for them.",
    cure: "Ask for the claim in the registration of the sign-in app, under Token configuration.",
    fault: None,
    explains: &[],
    judge: claim,
}];

/// What v1.0 ID tokens carried by themselves, and v2.0 ID tokens carry only as an optional claim. Who asks for `groups`
/// or another claim that never came by itself knows.
const ON_REQUEST: [&str; 6] = [
    "upn",
    "unique_name",
    "given_name",
    "family_name",
    "ipaddr",
    "onprem_sid",
];

/// Of these, the claims a route needs, the user's name not counted: that has a finding of its own.
fn wanted(route: &RouteSettings) -> Vec<&str> {
    let of_rules = route.rules.iter().map(|rule| rule.claim.as_str());
    let of_headers = route.header_claims.iter().map(String::as_str);
    let mut claims: Vec<&str> = of_rules
        .chain(of_headers)
        .filter(|claim| ON_REQUEST.contains(claim))
        .filter(|claim| !route.user_claims.iter().any(|user| user == claim))
        .collect();
    claims.sort_unstable();
    claims.dedup();
    claims
}

fn claim(evidence: &Evidence) -> Option<Case> {
    let settings = evidence.settings.as_ref()?;
    let entra_v2 = evidence.product() == Some(Product::Entra)
        && evidence.provider()?.authority()?.contains("/v2.0");
    // A token at hand shows what it carries; a message is about something else.
    let told = evidence.id_token.is_some()
        || evidence.token.is_some()
        || evidence.provider_error.is_some()
        || evidence.text.is_some();
    if !entra_v2 || told {
        return None;
    }
    let of_route = evidence.route_settings().into_iter();
    let named = evidence.route.is_some();
    let (route, claims) = of_route
        .chain(settings.routes.iter().filter(|_| !named))
        .map(|route| (route, wanted(route)))
        .find(|(_, claims)| !claims.is_empty())?;
    let first = claims.first().copied().unwrap_or_default();
    Some(
        Case::new(format!(
            "The route {} needs {}, which v2.0 tokens carry only on request.",
            shown(route.path.as_deref().unwrap_or("/")),
            shown_list(claims.iter().copied(), "and")
        ))
        .change(Change::portal(
            format!("{} > Add optional claim > ID", portal::TOKEN_CONFIGURATION),
            format!("Add {} here, if it is not there yet.", shown(first)),
        )),
    )
}
