//! What the token endpoint's answer lacks.

use vestibule_oidc::access_token::TokenShape;

use crate::catalogue::{Case, Row};
use crate::cure::{add_scope, ask_for_the_api, write_scopes};
use crate::evidence::{Grant, Product, Role};
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-TOKEN-EMPTY",
        title: "an empty access token",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 6749 §5.1 and §A.12",
        symptom: "The token endpoint's answer has `access_token`, and nothing in it; or the API gets `Bearer` and no token.",
        cause: "An answer that succeeds has an access token of at least one character. This one is empty: whoever answered \
                gives none for this client or these scopes, or what wrote the answer down took the token out.",
        cure: "Look at the answer where it comes in: whether the token is there. If it is not, ask for a scope of the API.",
        fault: None,
        explains: &["VST-TOKEN-NO-REFRESH", "VST-TOKEN-NO-ID-TOKEN"],
        judge: empty,
    },
    Row {
        code: "VST-TOKEN-NONE-B2C",
        title: "no access token from B2C",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Azure AD B2C: OpenID Connect, \"Get a token\"; error AADB2C90115",
        symptom: "Sign-in through B2C works, and there is no access token.",
        cause: "B2C issues an access token only if the scope of an API, or the app's own client id, is \
                asked for. For `openid` alone it issues an ID token alone.",
        cure: "Add a scope of the API, or the client id, to the scopes.",
        fault: None,
        explains: &[],
        judge: none_b2c,
    },
    Row {
        code: "VST-TOKEN-NO-ID-TOKEN",
        title: "no ID token",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "OIDC Core §3.1.2.1; Microsoft identity platform: authorization code flow",
        symptom: "After sign-in the proxy says that the answer has no ID token.",
        cause: "Without the scope `openid` the request is plain OAuth 2.0, and its answer tells nobody \
                who signed in.",
        cure: "Add `openid` to the scopes.",
        fault: Some("no-id-token"),
        explains: &[],
        judge: no_id_token,
    },
    Row {
        code: "VST-TOKEN-NO-REFRESH",
        title: "no refresh token",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: scopes and permissions, `offline_access`; OIDC Core §11",
        symptom: "After an hour or so people have to sign in again, or routes lose their tokens.",
        cause: "Without the scope `offline_access` there is no refresh token, so nothing can be renewed \
                when the access token ends.",
        cure: "Add `offline_access` to the scopes.",
        fault: None,
        explains: &[],
        judge: no_refresh,
    },
];

fn empty(evidence: &Evidence) -> Option<Case> {
    if evidence.heard(Saying::NoAccessToken) && evidence.token.is_none() {
        return Some(
            Case::new("The log says that the token endpoint's answer has no `access_token`.")
                .because(
                    "An answer that succeeds has one. Whoever answered gives none for this client or these scopes, as Azure AD \
                     B2C does for `openid` alone; or the address is not that of the token endpoint.",
                )
                .confidence(Confidence::Inferred)
                .changes(ask_for_the_api(evidence)),
        );
    }
    let token = evidence.token.as_ref()?;
    (token.shape == TokenShape::Empty && token.role != Role::Id).then(|| {
        let seen = match evidence.token_response.is_some() {
            true => "The answer has `access_token`, and nothing in it.".to_owned(),
            false => format!("{} is empty.", evidence.subject()),
        };
        Case::new(seen)
            .change(Change::environment(
                "what wrote the answer down",
                "If it takes secrets out of what it shows: hand over the token itself, by a file.",
            ))
            .changes(ask_for_the_api(evidence))
    })
}

fn lacks_scope(evidence: &Evidence, scope: &str) -> Option<bool> {
    Some(!evidence.scopes()?.iter().any(|found| found == scope))
}

fn none_b2c(evidence: &Evidence) -> Option<Case> {
    let answer = evidence.token_response.as_ref()?;
    let refused = evidence.has_code("AADB2C90115");
    let lacks = answer.has("id_token") && !answer.has("access_token");
    if evidence.product() != Some(Product::B2c) || !(lacks || refused) {
        return None;
    }
    let client = evidence
        .provider()
        .and_then(|provider| provider.client_id.as_deref())
        .unwrap_or("<client id>");
    let mut scopes: Vec<&str> = evidence.scopes().map_or_else(
        || vec!["openid"],
        |scopes| scopes.iter().map(String::as_str).collect(),
    );
    scopes.push(client);
    Some(
        Case::new("The answer of B2C has an ID token and no access token.")
            .change(write_scopes(
                evidence,
                &scopes,
                "Add the scope of the API; or the client id, for an access token whose audience is the app \
                 itself."
                    .to_owned(),
            ))
            .change(Change::portal(
                "App registrations > your API > Expose an API",
                "The scopes of the API stand here, with their whole address.",
            )),
    )
}

fn no_id_token(evidence: &Evidence) -> Option<Case> {
    let answer = evidence.token_response.as_ref()?;
    let code = matches!(answer.asked.grant, None | Some(Grant::Code));
    let lacks = !answer.has("id_token") && answer.has("access_token");
    if !code || !lacks {
        return None;
    }
    if lacks_scope(evidence, "openid")? {
        return Some(
            Case::new("The answer has no `id_token`, and `openid` was not asked for.")
                .change(add_scope(evidence, "openid")),
        );
    }
    // The settings say so, and the sign-in failed by it.
    answer.asked.grant?;
    Some(
        Case::new("The answer has no `id_token`, though `openid` was asked for.")
            .because(
                "Whoever answered does not do OpenID Connect for this client: it is a plain OAuth 2.0 server, the client is \
                 set up as one there, or the scope was taken out on the way.",
            )
            .confidence(Confidence::Inferred)
            .change(Change::provider(
                "the client > protocol and scopes",
                "See that the client is one of OpenID Connect and may ask for `openid`, and that the token endpoint is the \
                 one the metadata names.",
            )),
    )
}

fn no_refresh(evidence: &Evidence) -> Option<Case> {
    let answer = evidence.token_response.as_ref()?;
    let of_person = matches!(answer.asked.grant, None | Some(Grant::Code | Grant::Device));
    let lacks =
        !answer.has("refresh_token") && (answer.has("access_token") || answer.has("id_token"));
    // Google knows no such scope.
    let by_scope = evidence.product() != Some(Product::Google);
    (of_person && lacks && by_scope && lacks_scope(evidence, "offline_access")?).then(|| {
        Case::new("The answer has no `refresh_token`, and `offline_access` was not asked for.")
            .change(add_scope(evidence, "offline_access"))
    })
}
