//! Our registration at the provider, as far as it shows without a person: the redirect URI and the client's credentials.

use tokio::time::timeout;
use url::Url;
use vestibule_diagnosis::evidence::{Grant as Asked, ProbeOutcome, ProbeTarget, ProviderError};
use vestibule_diagnosis::{Evidence, text};
use vestibule_oidc::authorization::{
    AuthorizationRequest, ExtraParameters, Nonce, ResponseMode, State,
};
use vestibule_oidc::json;
use vestibule_oidc::metadata::ProviderMetadata;
use vestibule_oidc::pkce::Verifier;
use vestibule_oidc::secret::Secret;
use vestibule_oidc::token::{Grant, TokenRequest};
use vestibule_proxy::entropy::random_bytes;
use vestibule_proxy::provider::call::{CallError, ProviderCall, Transport as _};

use super::documents::{Client, place, shape, with};
use super::look::Look;

/// The answers to `prompt=none` that only say that nobody is signed in (OIDC Core §3.1.2.6): by then the redirect URI was
/// accepted, or they would not have come there.
const NOBODY: [&str; 4] = [
    "login_required",
    "interaction_required",
    "consent_required",
    "account_selection_required",
];

/// A code that no provider gave.
const NO_CODE: &str = "vestibule-doctor-asks-with-a-code-that-nobody-gave";

/// Asks the authorization endpoint, with nobody signed in, what it thinks of the redirect URI.
pub(super) async fn redirect_uri(
    look: &mut Look,
    client: &Client<'_>,
    metadata: &ProviderMetadata,
    base: &Evidence,
    redirect_uri: &str,
) {
    look.begin(format!("the redirect URI {redirect_uri}"));
    let endpoint = metadata.authorization_endpoint();
    let mut base = base.clone();
    if let Some(settings) = &mut base.settings {
        settings.redirect_uri = Some(redirect_uri.to_owned());
    }
    let Some(url) = request(client, metadata, redirect_uri) else {
        look.unknown("the system gives no randomness");
        return;
    };
    if !client.may_call(endpoint) {
        look.unknown(format!(
            "{} is an address that is never called",
            place(endpoint)
        ));
        return;
    }
    let answer = match client
        .examine(&url, "text/html,application/xhtml+xml")
        .await
    {
        Ok(answer) => answer,
        Err(outcome) => {
            look.judge_or(
                &with(&base, ProbeTarget::Authorization, endpoint, outcome),
                "no answer",
            );
            return;
        }
    };
    if let Some(location) = &answer.location {
        match brought_back(location, redirect_uri) {
            Some(error) if NOBODY.contains(&error.error.as_deref().unwrap_or_default()) => {
                look.ok("the provider sends people back there");
            }
            Some(error) => {
                let name = error.error.clone().unwrap_or_default();
                base.provider_error = Some(error);
                look.judge_or(
                    &base,
                    format!("it is accepted, and the request is answered with `{name}`"),
                );
            }
            None => look.unknown(
                "the provider sends people on to its own pages, and did not refuse it so far",
            ),
        }
        return;
    }
    let page = String::from_utf8_lossy(&answer.body);
    let found = text::read(&page);
    if !found.aadsts.is_empty() || !found.codes.is_empty() {
        let mut error = found.error.clone().unwrap_or_default();
        error.aadsts.clone_from(&found.aadsts);
        error.codes.clone_from(&found.codes);
        base.provider_error = Some(error);
        look.judge_or(&base, format!("refused with {}", listed(&found.aadsts)));
        return;
    }
    let names_it = page.contains("redirect_uri") || page.to_lowercase().contains("redirect uri");
    match answer.status {
        200 if base.is_entra() => look.ok("Entra shows its sign-in page, and no error"),
        200 => look.unknown(
            "the provider shows a page, and no error that is known; some refuse only after sign-in",
        ),
        status @ 400..=499 => {
            let mut seen = with(&base, ProbeTarget::Authorization, endpoint, shape(&answer));
            seen.text = Some(found);
            let about = match names_it {
                true => "that names the redirect URI: it is most likely not registered",
                false => "that says nothing known",
            };
            look.judge_or(
                &seen,
                format!("the provider answers {status} with a page {about}"),
            );
        }
        status => look.unknown(format!("the provider answers {status}")),
    }
}

fn listed(numbers: &[u32]) -> String {
    let all: Vec<_> = numbers
        .iter()
        .map(|number| format!("AADSTS{number}"))
        .collect();
    match all.is_empty() {
        true => "a code of the provider's".to_owned(),
        false => all.join(", "),
    }
}

/// The request of a sign-in that may ask nobody anything.
fn request(client: &Client<'_>, metadata: &ProviderMetadata, redirect_uri: &str) -> Option<Url> {
    let plan = client.plan;
    let configured = plan.authorization_parameters.pairs().iter();
    let mut pairs: Vec<_> = configured
        .filter(|(name, _)| name != "prompt")
        .cloned()
        .collect();
    pairs.push(("prompt".to_owned(), "none".to_owned()));
    let asks = plan.sign_in_asks(metadata.is_entra(), None);
    if let Some(audience) = asks.audience {
        pairs.push(("audience".to_owned(), audience));
    }
    for resource in asks.resources {
        pairs.push(("resource".to_owned(), resource));
    }
    let challenge = Verifier::from_entropy(random_bytes().ok()?).challenge();
    let request = AuthorizationRequest {
        endpoint: metadata.authorization_endpoint(),
        client_id: &plan.client_id,
        redirect_uri,
        scopes: &asks.scopes,
        state: &State::from_entropy(random_bytes().ok()?),
        nonce: &Nonce::from_entropy(random_bytes().ok()?),
        challenge: (!plan.danger_no_pkce).then_some(&challenge),
        response_mode: ResponseMode::Query,
        max_age: plan.max_age,
        extra: &ExtraParameters::new(pairs).ok()?,
    };
    Some(request.url())
}

/// The error an answer brings to the redirect URI; `None` if it leads elsewhere.
fn brought_back(location: &str, redirect_uri: &str) -> Option<ProviderError> {
    let rest = location.strip_prefix(redirect_uri)?;
    if !rest.starts_with(['?', '#', '&']) {
        return None;
    }
    let url = Url::parse(location).ok()?;
    let query = match url.query() {
        Some(query) if !query.is_empty() => query.to_owned(),
        _ => url.fragment().unwrap_or_default().to_owned(),
    };
    let named = |wanted: &str| {
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
    };
    Some(ProviderError::new(
        named("error")?,
        named("error_description").as_deref(),
    ))
}

/// Redeems a code that nobody gave: a provider that gets as far as the code has accepted the credentials.
pub(super) async fn credentials(
    look: &mut Look,
    client: &Client<'_>,
    metadata: &ProviderMetadata,
    base: &Evidence,
    redirect_uri: &str,
) {
    let endpoint = metadata.token_endpoint();
    let authentication = client.plan.client_authentication(metadata);
    look.begin(format!(
        "the client's credentials ({}) at {}",
        authentication.method(),
        place(endpoint)
    ));
    if !client.may_call(endpoint) {
        look.unknown(format!(
            "{} is an address that is never called",
            place(endpoint)
        ));
        return;
    }
    let Ok(entropy) = random_bytes() else {
        look.unknown("the system gives no randomness");
        return;
    };
    let verifier = Verifier::from_entropy(entropy);
    let request = TokenRequest {
        endpoint,
        client_id: &client.plan.client_id,
        authentication: &authentication,
        grant: Grant::AuthorizationCode {
            code: &Secret::new(NO_CODE.to_owned()),
            redirect_uri,
            verifier: (!client.plan.danger_no_pkce).then_some(&verifier),
        },
        scopes: &[],
        extra: &ExtraParameters::default(),
    };
    let request = request.to_http();
    let call = ProviderCall {
        url: request.url,
        authorization: request.authorization,
        form: Some(request.form_body),
        json: None,
        max_bytes: ProviderCall::ANSWER_MAX_BYTES,
    };
    let answer = match timeout(client.patience, client.transport.call(call)).await {
        Ok(Ok(answer)) => answer,
        failed => {
            let outcome = match failed {
                Ok(Err(CallError::Unreachable { .. })) => ProbeOutcome::NoConnection,
                Ok(Err(CallError::NoTunnel { proxy, reason })) => {
                    ProbeOutcome::NoTunnel { proxy, reason }
                }
                Ok(Err(CallError::Aborted)) => ProbeOutcome::Closed,
                Ok(Err(CallError::TimedOut)) | Err(_) => ProbeOutcome::TimedOut,
                Ok(Err(error)) => {
                    look.unknown(format!("no answer that can be read: {error}"));
                    return;
                }
                Ok(Ok(_)) => return,
            };
            look.judge_or(
                &with(base, ProbeTarget::Token, endpoint, outcome),
                "no answer",
            );
            return;
        }
    };
    let Ok(members) = json::parse_object(&answer.body, ProviderCall::ANSWER_MAX_BYTES) else {
        look.unknown(format!(
            "the provider answers {} and no JSON",
            answer.status
        ));
        return;
    };
    let mut error = ProviderError::read(&members);
    error.grant = Some(Asked::Code);
    let name = error.error.clone().unwrap_or_default();
    match name.as_str() {
        "invalid_grant" if error.aadsts.iter().all(|number| is_about_the_code(*number)) => look.ok(
            "accepted: the provider went on to the code, which was made up, and refused that (`invalid_grant`)",
        ),
        "" => look.unknown(format!("the provider answers {} without an error", answer.status)),
        name if !error.aadsts.is_empty() && error.aadsts.iter().all(|number| is_about_the_code(*number)) => {
            look.unknown(format!("the provider refuses the made-up code with `{name}`, and does not say whether it accepts them"));
        }
        name => {
            let mut seen = base.clone();
            if let Some(settings) = &mut seen.settings {
                settings.redirect_uri = Some(redirect_uri.to_owned());
            }
            seen.provider_error = Some(error);
            match name {
                "invalid_client" => look.refused(&seen, "the provider does not accept them (`invalid_client`)"),
                _ => look.judge_or(&seen, format!("the provider answers `{name}`, which does not say whether it accepts them")),
            }
        }
    }
}

/// Whether this `AADSTS` number refuses a code, so that nothing is wrong with who brought it.
const fn is_about_the_code(number: u32) -> bool {
    matches!(number, 70_000 | 70_008 | 54_005 | 9_002_313 | 501_481)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_counts_where_it_was_brought_back_to_us() {
        const URI: &str = "https://portal.example.com/.vestibule/callback";
        let error = |location: &str| brought_back(location, URI)?.error;
        let named = |rest: &str| error(&format!("{URI}{rest}"));
        assert_eq!(
            named("?error=login_required&state=x").as_deref(),
            Some("login_required")
        );
        assert_eq!(
            named("#error=login_required").as_deref(),
            Some("login_required")
        );
        assert_eq!(named("?state=x"), None);
        assert_eq!(named("er?error=login_required"), None);
        assert_eq!(error("https://id.example/login?error=x"), None);
    }
}
