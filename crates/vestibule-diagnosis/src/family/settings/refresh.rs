//! Tokens that nothing can renew.

use std::time::Duration;

use crate::catalogue::{Case, Row};
use crate::cure::add_scope;
use crate::evidence::{AskedToken, Product};
use crate::shown::shown;
use crate::{Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[Row {
    code: "VST-SETTINGS-NO-RENEWAL",
    title: "an API's token that nothing can renew",
    severity: Severity::Warning,
    confidence: Confidence::Documented,
    source: "Microsoft identity platform: scopes and permissions, offline_access",
    symptom: "Everything works for about an hour, and then the API answers 401 until the person signs in again.",
    cause: "An access token lasts 60 to 90 minutes. It is renewed with a refresh token, and Entra gives one only \
            for the scope `offline_access`.",
    cure: "Add `offline_access` to the scopes.",
    fault: None,
    explains: &["VST-TOKEN-NO-REFRESH"],
    judge: no_renewal,
}];

/// Sessions that last longer have a finding of their own.
const A_DAY: Duration = Duration::from_secs(24 * 3600);

fn no_renewal(evidence: &Evidence) -> Option<Case> {
    let settings = evidence.settings.as_ref()?;
    let scopes = evidence.provider()?.scopes.as_ref()?;
    let has = |wanted: &str| scopes.iter().any(|scope| scope == wanted);
    // What came back, or a refusal, says more than the settings do.
    let told = evidence.token.is_some()
        || evidence.token_response.is_some()
        || evidence.provider_error.is_some()
        || evidence.text.is_some();
    let short = settings
        .session
        .lifetime
        .is_none_or(|lifetime| lifetime <= A_DAY);
    if told
        || !short
        || !has("openid")
        || has("offline_access")
        || evidence.product() != Some(Product::Entra)
    {
        return None;
    }
    let route = settings
        .routes
        .iter()
        .find(|route| matches!(route.token, Some(AskedToken::Scope(_) | AskedToken::SignIn)))?;
    Some(
        Case::new(format!(
            "The route {} passes an access token on, and `offline_access` is not among the scopes.",
            shown(route.path.as_deref().unwrap_or("/"))
        ))
        .change(add_scope(evidence, "offline_access")),
    )
}
