//! Amazon Cognito.

use super::is;
use crate::catalogue::{Case, Row};
use crate::evidence::{Failure, Product};
use crate::shown::shown;
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[Row {
    code: "VST-COGNITO-NO-AUDIENCE",
    title: "Cognito's access tokens have no audience",
    severity: Severity::Error,
    confidence: Confidence::Documented,
    source: "Amazon Cognito: understanding the access token; verifying JSON web tokens",
    symptom: "The API says that `aud` is missing.",
    cause: "Cognito's ID tokens have `aud`; its access tokens name the client in `client_id` and have no audience, unless \
            the sign-in binds them to a resource.",
    cure: "Let the API compare `client_id`, and check that `token_use` is `access`.",
    fault: None,
    explains: &["VST-TOKEN-AUDIENCE", "VST-KEYS-LIBRARY"],
    judge: no_audience,
}];

fn no_audience(evidence: &Evidence) -> Option<Case> {
    let token = evidence
        .token
        .as_ref()
        .filter(|_| is(evidence, Product::Cognito))?;
    let is_access = token.text("token_use") == Some("access") && !token.has("aud");
    let expected = evidence
        .api
        .as_ref()
        .is_some_and(|api| !api.audiences.is_empty());
    let refused = token.failed(Failure::Audience)
        || token.failed(Failure::Claim)
        || evidence.heard(Saying::Audience);
    (is_access && (expected || refused)).then(|| {
        let client = token.client().map_or_else(String::new, |client| format!(" Its `client_id` is {}.", shown(client)));
        Case::new(format!("{} of Cognito has no `aud`.{client}", evidence.subject()))
            .change(Change::api(
                "token validation",
                "Switch the check of `aud` off for this issuer and compare `client_id` with the app client's id; \
                 require `token_use` to be `access`.",
            ))
            .change(Change::provider(
                "User pools > Branding > Domain > Resource servers",
                "Define the API there and check its scopes too: they say what the token is for.",
            ))
    })
}
