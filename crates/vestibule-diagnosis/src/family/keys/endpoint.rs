//! Introspection, user info, PKCE, the token endpoint.

use vestibule_oidc::microsoft::is_graph_audience;

use crate::catalogue::{Case, Row};
use crate::cure::setting;
use crate::evidence::{ProbeOutcome, ProbeTarget, Product};
use crate::shown::shown;
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-KEYS-INTROSPECTION",
        title: "introspection at Entra",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "The metadata of Microsoft Entra ID names no introspection endpoint; reports of AADSTS900144",
        symptom: "Introspection always fails, often with AADSTS900144 and `grant_type`.",
        cause: "Entra has no introspection endpoint. Mostly the token endpoint was configured in its place, \
                and that asks for a `grant_type`.",
        cure: "Validate the JWT with the provider's keys instead.",
        fault: None,
        explains: &["VST-AADSTS-900144"],
        judge: introspection,
    },
    Row {
        code: "VST-KEYS-USERINFO",
        title: "user info asked for with a token for another API",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: UserInfo endpoint",
        symptom: "The user-info endpoint answers 401 or 403 after sign-in.",
        cause: "Entra's user-info endpoint is a part of Microsoft Graph and takes tokens for Graph alone. \
                The sign-in asked for a scope of another API, so its token is for that.",
        cure: "Do not ask for user info: the ID token has all of it. Ask for the API's scope in the route, \
               not at sign-in.",
        fault: None,
        explains: &["VST-KEYS-USERINFO-SUBJECT"],
        judge: |evidence| user_info(evidence).or_else(|| logged_user_info(evidence)),
    },
    Row {
        code: "VST-KEYS-USERINFO-SUBJECT",
        title: "user info of another subject",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "OIDC Core §5.3.2",
        symptom: "Sign-in fails because user info and ID token have different subjects.",
        cause: "The two must have the same `sub`, or the answer is about somebody else. At Entra it can \
                happen with a token for Graph that does not carry the app's own subject.",
        cure: "Do not ask for user info, and read the ID token.",
        fault: Some("wrong-userinfo-subject"),
        explains: &[],
        judge: user_info_subject,
    },
    Row {
        code: "VST-KEYS-PKCE",
        title: "PKCE left out because it is not advertised",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: authorization code flow, `code_challenge`; RFC 9700 §2.1.1",
        symptom: "A strict client says that the provider does not support PKCE.",
        cause: "Entra's metadata has no `code_challenge_methods_supported`, and Entra supports S256 all the \
                same.",
        cure: "Send PKCE with S256 whatever the metadata says.",
        fault: None,
        explains: &[],
        judge: pkce,
    },
    Row {
        code: "VST-KEYS-TOKEN-ENDPOINT",
        title: "the token endpoint gives no answer that can be used",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "RFC 6749 §5.1 and §5.2",
        symptom: "People come back from the provider's page and are not signed in, or routes lose their tokens; the log says \
                  that the token response can't be read.",
        cause: "The token endpoint answers with JSON: tokens, or an `error`. What came is neither. Statuses of 500 and more \
                are the provider's own trouble; a page of HTML comes from something in between.",
        cure: "Ask for the address from this machine: what answers, and from where.",
        fault: None,
        explains: &[],
        judge: token_endpoint,
    },
];

fn introspection(evidence: &Evidence) -> Option<Case> {
    let url = evidence
        .provider()
        .and_then(|provider| provider.introspection_url.as_deref());
    let token_url = evidence
        .metadata
        .as_ref()
        .and_then(|metadata| metadata.text("token_endpoint"));
    let logged = evidence.has_aadsts(&[900_144])
        && evidence.says("grant_type")
        && evidence.says("introspect");
    let seen = match url {
        Some(url) if Some(url) == token_url => {
            format!(
                "Introspection is configured at {}, the token endpoint.",
                shown(url)
            )
        }
        Some(url) if evidence.is_entra() => {
            format!(
                "Introspection is configured at {}, and the provider is Microsoft's.",
                shown(url)
            )
        }
        None if logged => {
            "An introspection ends with AADSTS900144: `grant_type` is missing.".to_owned()
        }
        _ => return None,
    };
    let text = "Remove it, and validate the token with the provider's keys, issuer and audience.";
    Some(Case::new(seen).change(setting(
        evidence,
        Change::api("introspection", text),
        Change::apache("OIDCOAuthIntrospectionEndpoint", text).line(
            "OIDCOAuthVerifyJwksUri https://login.microsoftonline.com/<tenant id>/discovery/v2.0/keys",
        ),
    )))
}

fn no_user_info(evidence: &Evidence) -> Change {
    setting(
        evidence,
        Change::config(
            "provider.userinfo",
            "Do not ask for user info; the ID token has it.",
        )
        .line("userinfo = false"),
        Change::apache(
            "OIDCProviderUserInfoEndpoint",
            "Remove it, and read the ID token's claims.",
        ),
    )
}

fn user_info(evidence: &Evidence) -> Option<Case> {
    let probe = evidence.probes.iter().find(|probe| {
        probe.target == ProbeTarget::UserInfo && matches!(probe.status(), Some(401 | 403))
    })?;
    if evidence.product() != Some(Product::Entra) {
        return None;
    }
    let token = evidence.token.as_ref();
    let other = token.and_then(|token| {
        let audience = token.audiences().into_iter().next()?;
        (!is_graph_audience(audience)).then_some(audience)
    });
    let is_for = match other {
        Some(audience) => format!(" The token is for {}.", shown(audience)),
        None if token.is_some() => return None,
        None => String::new(),
    };
    Some(
        Case::new(format!(
            "{} answers {}.{is_for}",
            shown(&probe.url),
            probe.status().unwrap_or_default()
        ))
        .change(no_user_info(evidence)),
    )
}

/// A log that says that the endpoint refused the sign-in's access token.
fn logged_user_info(evidence: &Evidence) -> Option<Case> {
    evidence.heard(Saying::UserInfoRefused).then(|| {
        Case::new("The log says that the user-info endpoint refused the access token of the sign-in.")
            .because(
                "It takes the provider's own access tokens alone. At Entra it is a part of Microsoft Graph: where the sign-in \
                 asks for a scope of another API, its token is for that and is refused here.",
            )
            .confidence(Confidence::Inferred)
            .change(Change::api(
                "user info",
                "Let the program that signs people in read the ID token's claims, and leave the user-info address out.",
            ))
            .change(Change::api(
                "the scopes of the sign-in",
                "Or ask for OpenID's scopes alone there, and for the API's scope in a request of its own.",
            ))
    })
}

fn user_info_subject(evidence: &Evidence) -> Option<Case> {
    let of_info = evidence.user_info_subject.as_deref()?;
    let of_token = evidence.id_token.as_ref()?.text("sub")?;
    (of_info != of_token).then(|| {
        Case::new("The `sub` of the user info is not the `sub` of the ID token.")
            .change(no_user_info(evidence))
    })
}

fn token_endpoint(evidence: &Evidence) -> Option<Case> {
    let probe = evidence
        .probes
        .iter()
        .find(|probe| probe.target == ProbeTarget::Token)?;
    let url = shown(&probe.url);
    let between = Change::environment(
        "what is between us and the provider",
        "Ask for the address from this machine with curl: what answers, and from where. Let the provider's hosts through.",
    );
    Some(match &probe.outcome {
        ProbeOutcome::Http { status, .. } if *status >= 500 || *status == 429 => {
            Case::new(format!("{url} answers {status}."))
                .because("The provider, or something in front of it, has trouble of its own.")
                .change(Change::environment("browser", "Try again after a minute."))
                .change(Change::provider("status page", "If it lasts, look whether the provider knows of it."))
        }
        ProbeOutcome::Http { status, .. } if (300..400).contains(status) => {
            Case::new(format!("{url} answers {status}, a redirect, and codes and secrets are sent nowhere else."))
                .change(between)
        }
        ProbeOutcome::Http { status: 200, content_type: Some(found), .. } => {
            let what = match found.as_str() {
                "" => "something that says nothing of what it is".to_owned(),
                found => shown(found),
            };
            Case::new(format!("{url} answers with {what} where tokens in JSON are expected.")).change(between)
        }
        ProbeOutcome::Failed { detail } => Case::new(format!("{url} gives an answer that can't be used: {}.", shown(detail)))
            .because("An answer that succeeds has `access_token` and `token_type`, which is `Bearer`; this one has not.")
            .change(Change::provider(
                "this client",
                "See that the client may use the authorization code and refresh tokens there, and look into the provider's log.",
            )),
        _ => return None,
    })
}

fn pkce(evidence: &Evidence) -> Option<Case> {
    let left_out = evidence.provider()?.pkce_only_if_advertised == Some(true);
    let advertised = evidence
        .metadata
        .as_ref()?
        .members
        .contains_key("code_challenge_methods_supported");
    (left_out && !advertised && evidence.is_entra()).then(|| {
        Case::new("PKCE is sent only if the metadata names it, and Entra's metadata does not.")
            .change(setting(
                evidence,
                Change::api(
                    "PKCE",
                    "Make the client send `S256` always. Our own sign-in does.",
                ),
                Change::apache("OIDCPKCEMethod", "Send it always.").line("OIDCPKCEMethod S256"),
            ))
    })
}
