//! The names of errors that specifications give, where nothing says more: told only if no other row is.

use crate::catalogue::{Case, Row};
use crate::cure::setting;
use crate::evidence::ProviderError;
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

/// A row for one name.
macro_rules! row {
    ($code:literal $name:literal $title:literal $source:literal $cause:literal $cure:literal $change:expr) => {
        Row {
            code: $code,
            title: $title,
            severity: Severity::Error,
            confidence: Confidence::Documented,
            source: $source,
            symptom: concat!(
                "A page, a log or an answer has the error `",
                $name,
                "`, and no more."
            ),
            cause: $cause,
            cure: $cure,
            fault: None,
            explains: &[],
            judge: |evidence| Some(case(evidence, $name)?.change($change)),
        }
    };
}

pub(super) const ROWS: &[&[Row]] = &[&[
    row! {
        "VST-OAUTH-INVALID-REQUEST" "invalid_request"
        "a request the provider does not understand"
        "RFC 6749 §4.1.2.1 and §5.2"
        "A parameter is missing, twice there, or has a value the provider does not take. Its description says which."
        "Read the description, and compare the parameters with what the provider documents."
        Change::environment("the request", "Look at the description and at the address of the provider's page: which parameter is missing or odd. Vestibule's own parameters are the standard's; look first at those added in `authorization_parameters`.")
    },
    row! {
        "VST-OAUTH-UNAUTHORIZED-CLIENT" "unauthorized_client"
        "the client may not do this"
        "RFC 6749 §4.1.2.1 and §5.2"
        "The client exists, and is not allowed this way of getting a token: its grant or response type is not switched on, or it is switched off itself."
        "Allow the client the authorization code grant (and refresh tokens) at the provider."
        Change::provider("the client > grant types", "Allow Authorization Code (at Keycloak \"Standard flow\") and Refresh Token for this client, and see that it is enabled.")
    },
    row! {
        "VST-OAUTH-ACCESS-DENIED" "access_denied"
        "the person or a rule of the provider said no"
        "RFC 6749 §4.1.2.1"
        "The person did not agree, or the provider does not let this person into this app: they are not assigned, or a rule or policy refused."
        "Ask the person; then look at the provider's log, and at who is assigned to the app."
        Change::provider("the app's assignments, rules and log", "Find this sign-in in the provider's log: it says whether the person declined or a rule did. Assign the person or their group to the app if they are to use it.")
    },
    row! {
        "VST-OAUTH-UNSUPPORTED-RESPONSE-TYPE" "unsupported_response_type"
        "the provider does not know this response type"
        "RFC 6749 §4.1.2.1"
        "The response type of the request is not allowed for this client."
        "Ask for a code alone, and allow that for the client."
        Change::provider("the client > response types", "Allow `code` (authorization code). Vestibule asks for nothing else.")
    },
    row! {
        "VST-OAUTH-INVALID-SCOPE" "invalid_scope"
        "a scope the provider does not give"
        "RFC 6749 §4.1.2.1 and §5.2"
        "A scope is unknown, misspelt, or not allowed for this client."
        "Take out or allow the scope the description names."
        Change::config("provider.scopes", "Compare each scope with those the provider offers to this client; `openid` is the only one every provider has.")
    },
    row! {
        "VST-OAUTH-INVALID-CLIENT" "invalid_client"
        "the provider does not accept the client's id or secret"
        "RFC 6749 §5.2"
        "The client id is unknown, the secret is wrong or over, or it was sent in a way this client may not use. The answer does not say which."
        "Compare client id and secret with those at the provider; make a new secret if in doubt."
        Change::provider("the client > credentials", "Compare the client id, and copy the secret anew: whole, without quotation marks, spaces or a line end. See which way of sending it the client may use (`client_secret_basic` or `client_secret_post`).")
    },
    row! {
        "VST-OAUTH-INVALID-GRANT" "invalid_grant"
        "the code or the refresh token is not accepted"
        "RFC 6749 §5.2"
        "What was exchanged for tokens is over, was used before, belongs to another client or another redirect URI, or its proof (PKCE) does not fit. The name alone does not say which."
        "Sign in again. If it comes back at once: look at redirect URI, clock, and whether something sends requests twice."
        Change::environment("browser", "Sign in again, from the site's own page, not from the callback's address or by the back button.")
    },
    row! {
        "VST-OAUTH-UNSUPPORTED-GRANT-TYPE" "unsupported_grant_type"
        "the provider does not know this grant"
        "RFC 6749 §5.2"
        "The token endpoint does not offer this grant, or the address is not a token endpoint."
        "Take the token endpoint from the provider's metadata, and allow the grant for the client."
        Change::provider("the client > grant types", "Allow Authorization Code and Refresh Token.")
    },
    row! {
        "VST-OAUTH-SERVER-ERROR" "server_error"
        "something went wrong at the provider"
        "RFC 6749 §4.1.2.1"
        "The provider met an error of its own."
        "Try again; if it stays, look at the provider's log and state."
        Change::provider("the provider's log and status page", "Look there for this moment; the client can do nothing about it.")
    },
    row! {
        "VST-OAUTH-TEMPORARILY-UNAVAILABLE" "temporarily_unavailable"
        "the provider can't answer now"
        "RFC 6749 §4.1.2.1"
        "The provider is overloaded or down for maintenance."
        "Try again a little later."
        Change::provider("the provider's status page", "Look there, and try again a little later.")
    },
    row! {
        "VST-OAUTH-LOGIN-REQUIRED" "login_required"
        "the provider wants the person to sign in"
        "OIDC Core §3.1.2.6"
        "The request said `prompt=none`, so that nobody is asked, and the person has no session at the provider, or the browser keeps its cookie back."
        "Send the person through a sign-in in the whole window."
        Change::environment("browser", "Sign in again, in the whole window and not in a hidden frame.")
    },
    row! {
        "VST-OAUTH-INTERACTION-REQUIRED" "interaction_required"
        "the provider has to ask the person something"
        "OIDC Core §3.1.2.6"
        "The request was one in which nobody can be asked, and the provider needs a second factor, a consent or another step."
        "Send the person through a sign-in in the whole window."
        Change::environment("browser", "Sign in again, and complete what the provider's page asks for.")
    },
    row! {
        "VST-OAUTH-CONSENT-REQUIRED" "consent_required"
        "nobody has consented"
        "OIDC Core §3.1.2.6"
        "The person or an administrator has not agreed that this app gets what it asks for."
        "Sign in with the provider's page, or let an administrator consent."
        Change::provider("the app's consents", "Let the person sign in and agree, or grant it for everybody here.")
    },
    row! {
        "VST-OAUTH-INVALID-TARGET" "invalid_target"
        "an API the provider does not know"
        "RFC 8707 §2"
        "The `resource` of the request is unknown, or not allowed for this client."
        "Name the API as the provider has it registered."
        Change::provider("the API > identifier", "Compare the identifier with the `resource` that is sent, letter for letter, and allow the client to use the API.")
    },
    row! {
        "VST-OAUTH-INVALID-TOKEN" "invalid_token"
        "the API refused the token and does not say why"
        "RFC 6750 §3.1"
        "The token is expired, revoked, malformed, or not for this API. The answer does not say which check failed."
        "Look at the token itself, and at the API's log."
        Change::api("the API's log", "Its library logs which check failed; paste that line here, or hand the token to `vestibule explain` with what the API accepts.").line("vestibule explain --audience AUDIENCE --issuer ISSUER --file FILE")
    },
]];

fn case(evidence: &Evidence, name: &str) -> Option<Case> {
    let error = evidence.provider_error.as_ref()?;
    // A number says more, also one that is in no table.
    let numbered = evidence.aadsts().next().is_some() || !error.codes.is_empty();
    if meant(error) != Some(name) || numbered {
        return None;
    }
    let case = match error.description.as_deref().filter(|text| !text.is_empty()) {
        Some(description) => Case::new(format!(
            "The error is {}: {}.",
            shown(error.error.as_deref().unwrap_or(name)),
            shown(description)
        )),
        None => Case::new(format!("The error is `{name}`, without a description.")),
    };
    let pkce = name == "invalid_request" && says(error, "code_challenge");
    if pkce {
        return Some(
            case.because("The provider asks for PKCE from this client, and the request has none, or not with S256.")
                .change(setting(
                    evidence,
                    Change::api(
                        "the client's PKCE",
                        "Let the program that signs people in send PKCE with S256. Vestibule does always.",
                    ),
                    Change::apache("OIDCPKCEMethod", "Send PKCE.").line("OIDCPKCEMethod S256"),
                )),
        );
    }
    if name == "unauthorized_client" && says(error, "direct access grants") {
        return Some(
            case.because(
                "The client tried to sign somebody in with a name and a password it sent itself, and may not. Keycloak's \
                 switch for the usual sign-in, by a page, is another one.",
            )
            .change(Change::provider(
                "the client > Settings > Capability config",
                "Let the program use the sign-in page (Standard flow). Only if it must send passwords itself: Direct access \
                 grants.",
            )),
        );
    }
    Some(match name {
        // Somebody said no, or has to be asked: the set-up works.
        "access_denied" if says(error, "not assigned") => case
            .severity(Severity::Warning)
            .because("The provider lets only assigned people into this app, and this one is not.")
            .change(Change::provider(
                "the app > assignments",
                "Assign the person, or a group they are in, to the app.",
            )),
        "access_denied" | "login_required" | "interaction_required" => {
            case.severity(Severity::Warning)
        }
        "invalid_grant" => match meaning(error) {
            Some(meaning) => case.because(meaning).confidence(Confidence::Inferred),
            None => case,
        },
        _ => case,
    })
}

/// Whether the description says this.
fn says(error: &ProviderError, words: &str) -> bool {
    let described = error.description.as_deref().unwrap_or_default();
    described.to_ascii_lowercase().contains(words)
}

/// The name that fits what happened: some providers send another with words that say better.
fn meant(error: &ProviderError) -> Option<&str> {
    let name = error.error.as_deref()?;
    Some(match name {
        "unauthorized_client" | "invalid_request"
            if says(error, "client credentials") || says(error, "client secret") =>
        {
            "invalid_client"
        }
        // Cognito's.
        "invalid_request" if says(error, "invalid_scope") => "invalid_scope",
        // Keycloak's log.
        "invalid_client_credentials" | "client_not_found" => "invalid_client",
        "invalid_code" | "expired_code" | "code_not_found" => "invalid_grant",
        // GitHub's.
        "incorrect_client_credentials" => "invalid_client",
        "bad_verification_code" | "bad_refresh_token" => "invalid_grant",
        _ => name,
    })
}

/// What providers write beside `invalid_grant`, and what it means.
const DESCRIPTIONS: &[(&[&str], &str)] = &[
    (
        &[
            "token is not active",
            "session not active",
            "refresh token",
            "expired or revoked",
            "stale token",
        ],
        "By its words it is about a refresh token: it is over, or the session at the provider has ended. The person \
         signs in again; how long it lasts is a setting of the provider's.",
    ),
    (
        &["redirect_uri", "redirect uri"],
        "By its words the redirect URI at redemption is not the one sign-in began with: two addresses are in use, mostly \
         `http` and `https` behind a TLS terminator.",
    ),
    (
        &["pkce", "code_verifier", "code verifier"],
        "By its words the proof (PKCE) does not fit: another sign-in in the same browser overwrote it, or the code was \
         redeemed elsewhere.",
    ),
    (
        &["code"],
        "By its words it is about the code: it was used before or is over. The callback's address was opened again, a \
         request was sent twice, or sign-in took too long.",
    ),
];

fn meaning(error: &ProviderError) -> Option<&'static str> {
    let description = error.description.as_deref()?.to_ascii_lowercase();
    DESCRIPTIONS
        .iter()
        .find(|(words, _)| words.iter().any(|words| description.contains(words)))
        .map(|(_, meaning)| *meaning)
}

#[cfg(test)]
pub(super) mod cases;
