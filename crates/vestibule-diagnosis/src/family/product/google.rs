//! Google.

use vestibule_oidc::access_token::TokenShape;

use super::{add_parameters, is, is_opaque, passes_a_token};
use crate::catalogue::{Case, Row};
use crate::cure::{setting, write_scopes};
use crate::evidence::{Grant, Product};
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-GOOGLE-OPAQUE",
        title: "Google's access tokens are for Google",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Google Cloud: token types, access tokens",
        symptom: "The access token begins with `ya29.` and no library can validate it.",
        cause: "Google's access tokens are opaque and good for Google's own APIs. There are none for an API of yours.",
        cure: "Let the API validate the ID token, whose audience is the client id, or pass the person on in headers.",
        fault: None,
        explains: &["VST-TOKEN-OPAQUE", "VST-KEYS-LIBRARY"],
        judge: opaque,
    },
    Row {
        code: "VST-GOOGLE-NO-REFRESH",
        title: "no refresh token from Google",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "Google Identity: OAuth 2.0 for web server applications, access_type",
        symptom: "After an hour the access token is over and can't be renewed, or sign-in fails with `invalid_scope`.",
        cause: "Google gives a refresh token for the parameter `access_type=offline`, and at the first consent only. It \
                does not know the scope `offline_access`.",
        cure: "Send `access_type=offline` and `prompt=consent`, and leave `offline_access` out.",
        fault: None,
        explains: &["VST-TOKEN-NO-REFRESH"],
        judge: no_refresh,
    },
    Row {
        code: "VST-GOOGLE-INTERNAL",
        title: "Google lets in people of one organization alone",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Google Identity: OAuth 2.0 for web server applications, authorization errors, org_internal",
        symptom: "Google's page says `Error 403: org_internal`.",
        cause: "The app's user type is Internal: only accounts of the Google Cloud organization that the project belongs \
                to may sign in, and this account is of none or of another.",
        cure: "Sign in with an account of that organization, or make the app External.",
        fault: None,
        explains: &["VST-OAUTH-ACCESS-DENIED"],
        judge: internal,
    },
    Row {
        code: "VST-GOOGLE-CLIENT",
        title: "Google does not know the client any more, or never did",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Google Identity: OAuth 2.0 for web server applications, authorization errors, deleted_client and invalid_client",
        symptom: "Google's page says `Error 401: deleted_client` or `Error 401: invalid_client`.",
        cause: "The client id of the request was deleted in the Google Cloud project, or is none of Google's: misspelt, or \
                cut off.",
        cure: "Take the client id of a client that is there.",
        fault: None,
        explains: &["VST-OAUTH-INVALID-CLIENT"],
        judge: client,
    },
    Row {
        code: "VST-GOOGLE-POLICY",
        title: "Google's or the organization's rules forbid this request",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Google Identity: OAuth 2.0 for web server applications, authorization errors, admin_policy_enforced and \
                 disallowed_useragent",
        symptom: "Google's page says `admin_policy_enforced`, `disallowed_useragent`, or that the app doesn't comply with \
                  Google's OAuth 2.0 policy.",
        cause: "An administrator of the person's organization blocks the app or one of its scopes; or the page was opened in \
                a view inside another app, which Google does not allow; or the redirect URI is of a kind it does not allow.",
        cure: "Which of them it is the page's own words say.",
        fault: None,
        explains: &["VST-OAUTH-INVALID-REQUEST", "VST-OAUTH-ACCESS-DENIED"],
        judge: policy,
    },
];

fn internal(evidence: &Evidence) -> Option<Case> {
    says_error(evidence, "org_internal").then(|| {
        Case::new("Google says `org_internal`.")
            .change(Change::environment(
                "browser",
                "Sign in with an account of the organization; another one may be chosen by itself.",
            ))
            .change(Change::provider(
                "Google Auth Platform > Audience > User type",
                "Or make the app External, if people of other organizations are to sign in.",
            ))
    })
}

fn client(evidence: &Evidence) -> Option<Case> {
    let deleted = says_error(evidence, "deleted_client");
    if !deleted && !evidence.says("the oauth client was not found") {
        return None;
    }
    let seen = match deleted {
        true => "Google says `deleted_client`: the client was deleted.",
        false => "Google says that the client was not found.",
    };
    Some(
        Case::new(seen)
            .change(Change::provider(
                "Google Auth Platform > Clients",
                "Copy the Client ID of the client that is to be used, whole; a client that was deleted lately can be restored.",
            ))
            .change(setting(
                evidence,
                Change::config("provider.client_id", "Write it here, and its secret beside it."),
                Change::apache("OIDCClientID", "Write it here, and its secret in `OIDCClientSecret`."),
            )),
    )
}

fn policy(evidence: &Evidence) -> Option<Case> {
    let case = match () {
        () if says_error(evidence, "admin_policy_enforced") => {
            Case::new("Google says `admin_policy_enforced`.")
                .because("An administrator of the person's organization blocks this app, or one of the scopes it asks for.")
                .change(Change::provider(
                    "Google Admin console > Security > API controls > App access control",
                    "Let the administrator of that organization trust the app, by its client id.",
                ))
        }
        () if says_error(evidence, "disallowed_useragent") => {
            Case::new("Google says `disallowed_useragent`.")
                .because("The page was opened in a view inside another app, as messengers have. Google's page opens in browsers alone.")
                .change(Change::environment("browser", "Open the site in the browser itself."))
        }
        () if evidence.says("comply with google's oauth 2.0 policy") => {
            Case::new("Google says that the request does not comply with its OAuth 2.0 policy.")
                .because(
                    "Mostly it is the redirect URI: Google takes `https` with a public name, and `http` for `localhost` alone.",
                )
                .confidence(Confidence::Observed)
                .change(Change::provider(
                    "Google Auth Platform > Clients > your client > Authorized redirect URIs",
                    "Look at \"error details\" on Google's page: it names the address or the parameter. Register an `https` \
                     address with a public name.",
                ))
        }
        () => return None,
    };
    Some(case)
}

/// Whether Google's page, or the answer it sent, has this error.
fn says_error(evidence: &Evidence, name: &str) -> bool {
    let error = evidence.provider_error.as_ref();
    evidence.says(name) || error.is_some_and(|error| error.error.as_deref() == Some(name))
}

fn opaque(evidence: &Evidence) -> Option<Case> {
    let own = evidence
        .token
        .as_ref()
        .is_some_and(|token| token.shape == TokenShape::GoogleOpaque);
    // No token of an API's is ever to come of these settings.
    if evidence.token.is_none() && is(evidence, Product::Google) && passes_a_token(evidence) {
        return Some(
            Case::new("A route passes Google's access token on.")
                .severity(Severity::Warning)
                .changes(super::ask::google(evidence)),
        );
    }
    ((own || is(evidence, Product::Google)) && is_opaque(evidence)).then(|| {
        Case::new(format!(
            "{} is an opaque one of Google's.",
            evidence.subject()
        ))
        .changes(super::ask::google(evidence))
    })
}

fn no_refresh(evidence: &Evidence) -> Option<Case> {
    if !is(evidence, Product::Google) {
        return None;
    }
    let scopes = evidence.scopes().unwrap_or_default();
    let asked = scopes.iter().any(|scope| scope == "offline_access");
    let offline = evidence
        .provider()
        .and_then(|provider| provider.parameter("access_type"))
        == Some("offline");
    let lacks = evidence.token_response.as_ref().is_some_and(|answer| {
        matches!(answer.asked.grant, None | Some(Grant::Code))
            && answer.has("access_token")
            && !answer.has("refresh_token")
    });
    let seen = match (asked, lacks, offline) {
        (true, ..) => "`offline_access` is asked for, which Google does not know.",
        (false, true, false) => {
            "The answer has no `refresh_token`, and `access_type=offline` was not sent."
        }
        (false, true, true) => {
            "The answer has no `refresh_token`: Google gives it at the first consent alone."
        }
        (false, false, _) => return None,
    };
    let case = Case::new(seen).change(add_parameters(
        evidence,
        &[("access_type", "offline"), ("prompt", "consent")],
        "Ask Google for a refresh token.",
    ));
    Some(match asked {
        true => {
            let rest: Vec<&str> = scopes
                .iter()
                .map(String::as_str)
                .filter(|scope| *scope != "offline_access")
                .collect();
            case.severity(Severity::Error).change(write_scopes(
                evidence,
                &rest,
                "Leave `offline_access` out.".to_owned(),
            ))
        }
        false => case,
    })
}
