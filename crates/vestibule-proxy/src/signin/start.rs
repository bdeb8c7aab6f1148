//! Starts a sign-in: state, nonce, PKCE and the target, sealed into a cookie of this flow; then the
//! browser goes to the provider.

use std::sync::Arc;

use vestibule_diagnosis::evidence::Product;
use vestibule_gate::request::Request;
use vestibule_oidc::authorization::{AuthorizationRequest, ExtraParameters, Nonce, State};
use vestibule_oidc::metadata::ProviderMetadata;
use vestibule_oidc::pkce::Verifier;
use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::Handle;
use vestibule_session::kept_post::KeptPostId;
use vestibule_session::pending::{self, Pending, PendingCookieError};
use vestibule_session::record::ResourceKey;
use vestibule_session::return_to::ReturnTo;
use vestibule_session::site::Site;

use super::errand::Errand;
use super::loops::Loops;
use super::query::SignInQuery;
use super::{SignInError, Visit, choose, cookies, path};
use crate::entropy::random_bytes;
use crate::exchange::Response;
use crate::plan::Plan;
use crate::provider::{Provider, ProviderError, SignInAsks};
use crate::respond::{self, Context};
use crate::shared::Shared;

/// What the loop breaker's cookie takes at most in a `Cookie` field.
const LOOPS_BYTES: usize = 128;

/// Whose account is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Account {
    /// Whichever the provider knows.
    Any,
    /// The person chooses, even if the provider knows one.
    Choose,
}

/// One sign-in about to start.
pub(super) struct Start<'s> {
    pub(super) shared: &'s Arc<Shared>,
    pub(super) plan: &'s Plan,
    pub(super) site: &'s Site,
    pub(super) request: &'s Request,
    pub(super) provider: &'s Arc<Provider>,
    pub(super) return_to: ReturnTo,
    pub(super) account: Account,
    /// The route's token that it is for, where the provider did not give that one silently.
    pub(super) errand: Option<Errand>,
    /// The form that waits for it.
    pub(super) kept_post: Option<KeptPostId>,
    /// The handle that the browser sent.
    pub(super) handle: Option<&'s Handle>,
    pub(super) now: UnixTime,
}

/// Answers `sign-in`.
pub(super) async fn endpoint(
    visit: &Visit<'_>,
    context: &Context<'_>,
) -> Result<Response, SignInError> {
    let query = SignInQuery::parse(visit.request.query().map(AsRef::as_ref))?;
    let return_to = target(&query, visit)?;
    let account = match query.prompt.as_deref() {
        None | Some("") => Account::Any,
        Some("select_account") => Account::Choose,
        Some(_) => return Err(SignInError::Parameter { name: "prompt" }),
    };
    if visit.plan.providers_at(visit.site).next().is_none() {
        return Err(SignInError::UnknownProvider);
    }
    let named = named_provider(&query, visit)?;
    let provider = named.or_else(|| visit.plan.only_provider_at(visit.site));
    // Another site may send people here, but a sign-in they did not ask for starts only when they
    // say so (OIDC Core §4 leaves such links open to anybody).
    let sent_here = query.iss.is_some()
        || visit
            .request
            .fields()
            .first("sec-fetch-site")
            .is_some_and(|site| site == b"cross-site");
    let Some(provider) = provider.filter(|_| !sent_here) else {
        return Ok(choose::page(visit, provider, account, &return_to, context));
    };
    let start = Start {
        shared: visit.shared,
        plan: visit.plan,
        site: visit.site,
        request: visit.request,
        provider,
        return_to,
        account,
        errand: None,
        kept_post: None,
        handle: visit.handle.as_ref(),
        now: visit.now,
    };
    start.go().await.map_err(|error| error.about(provider))
}

/// Where to go afterwards: a path of ours in either parameter, or nowhere else.
fn target(query: &SignInQuery, visit: &Visit<'_>) -> Result<ReturnTo, SignInError> {
    let refused = |source| SignInError::Target { source };
    if let Some(uri) = query
        .target_link_uri
        .as_deref()
        .filter(|uri| !uri.is_empty())
    {
        // Only our own origin to the byte; what follows it is read like any other target.
        let rest = uri.strip_prefix(visit.site.origin()).unwrap_or(uri);
        if rest.is_empty() {
            return Ok(visit.home());
        }
        return ReturnTo::parse(rest.as_bytes()).map_err(refused);
    }
    match query.return_to.as_deref() {
        None | Some("") => Ok(visit.home()),
        Some(text) => ReturnTo::parse(text.as_bytes()).map_err(refused),
    }
}

/// The provider that is asked for, if it is one of this site.
fn named_provider<'v>(
    query: &SignInQuery,
    visit: &'v Visit<'_>,
) -> Result<Option<&'v Arc<Provider>>, SignInError> {
    let (plan, site) = (visit.plan, visit.site);
    if let Some(name) = &query.provider {
        return plan
            .provider_at(site, name)
            .map(Some)
            .ok_or(SignInError::UnknownProvider);
    }
    let Some(iss) = &query.iss else {
        return Ok(None);
    };
    let is_its = |provider: &&Arc<Provider>| {
        provider.plan().issuer.configured() == iss
            || provider
                .known_metadata()
                .is_some_and(|metadata| metadata.issuer() == iss)
    };
    plan.providers_at(site)
        .find(is_its)
        .map(Some)
        .ok_or(SignInError::UnknownIssuer)
}

impl Start<'_> {
    /// Sends the browser to the provider.
    pub(super) async fn go(self) -> Result<Response, SignInError> {
        let loops = Loops::read(cookies(self.request), self.site, self.now);
        let had_loops = !loops.is_empty();
        let returns = loops.returns().len();
        let Some(loops) = loops.begin(self.now) else {
            return Err(SignInError::Loop {
                returns,
                cookie: Loops::delete_cookie(self.site),
            });
        };
        if !self.provider.answered_lately() {
            // Sending people to a page that does not load would tell them less than ours does.
            let provider = Arc::clone(self.provider);
            let asked = self
                .shared
                .control
                .run(async move { provider.is_reachable().await });
            if !asked.await? {
                return Err(SignInError::Provider(ProviderError::Down));
            }
        }
        let metadata = match self.provider.known_metadata() {
            Some(metadata) => metadata,
            None => {
                let provider = Arc::clone(self.provider);
                self.shared
                    .control
                    .run(async move { provider.metadata().await })
                    .await??
            }
        };
        let settings = self.provider.plan();
        let wanted = self
            .errand
            .as_ref()
            .and_then(|errand| errand.wanted.as_ref());
        let asks = settings.sign_in_asks(metadata.is_entra(), wanted);
        let pending = self.pending(&loops, asks.token.clone())?;
        let several = self.plan.providers.len() > 1;
        let redirect_uri = format!(
            "{}{}",
            self.site.origin(),
            path::redirect_path(settings, several)
        );
        let challenge = pending.verifier.challenge();
        let extra = self.parameters(&asks, &metadata)?;
        let address = AuthorizationRequest {
            endpoint: metadata.authorization_endpoint(),
            client_id: &settings.client_id,
            redirect_uri: &redirect_uri,
            scopes: &asks.scopes,
            state: &pending.state,
            nonce: &pending.nonce,
            challenge: (!settings.danger_no_pkce).then_some(&challenge),
            response_mode: settings.response_mode,
            max_age: pending.max_age,
            extra: &extra,
        }
        .url();
        let mut response = respond::redirect(address.as_str());
        let mut set = |cookie: String| response.head.fields.push("Set-Cookie", cookie);
        let (site, keys) = (self.site, &self.plan.keys);
        // All cookies of ours together stay within the limit, or a server in front refuses the next request.
        let session_bytes = site.cookies().session_bytes(cookies(self.request));
        let limit = self.plan.cookie_limit.bytes();
        let room = limit.saturating_sub(session_bytes + LOOPS_BYTES);
        let flow = self.seal(pending, room)?;
        pending::make_room(
            cookies(self.request),
            site,
            keys,
            settings.response_mode,
            room.saturating_sub(pending::field_bytes(&flow)),
            self.now,
        )
        .into_iter()
        .for_each(&mut set);
        set(flow);
        if !loops.is_empty() {
            set(loops.set_cookie(site));
        } else if had_loops {
            set(Loops::delete_cookie(site));
        }
        Ok(response)
    }

    fn pending(&self, loops: &Loops, asked_for: ResourceKey) -> Result<Pending, SignInError> {
        Ok(Pending {
            provider: self.provider.plan().name.clone(),
            state: State::from_entropy(random_bytes()?),
            nonce: Nonce::from_entropy(random_bytes()?),
            verifier: Verifier::from_entropy(random_bytes()?),
            return_to: self.return_to.clone(),
            max_age: self.provider.plan().max_age,
            asked_for,
            wanted: self
                .errand
                .as_ref()
                .and_then(|errand| errand.wanted.clone()),
            kept_post: self.kept_post,
            replaces: self.handle.map(Handle::store_key),
            returns: loops.returns().to_vec(),
            started_at: self.now,
        })
    }

    /// The cookie of the flow. A target too long for it, or for the room there is, is given up rather than
    /// the sign-in.
    fn seal(&self, mut pending: Pending, room_bytes: usize) -> Result<String, SignInError> {
        let mode = self.provider.plan().response_mode;
        match pending.set_cookie(self.site, &self.plan.keys, mode, random_bytes()?) {
            Ok(flow) if pending::field_bytes(&flow) <= room_bytes => Ok(flow),
            Ok(_) | Err(PendingCookieError::TooLong { .. }) => {
                pending.return_to = self.plan.gate.home(self.site);
                Ok(pending.set_cookie(self.site, &self.plan.keys, mode, random_bytes()?)?)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What the configuration adds, the resources, and what the person is to be asked.
    fn parameters(
        &self,
        asks: &SignInAsks,
        metadata: &ProviderMetadata,
    ) -> Result<ExtraParameters, SignInError> {
        let settings = self.provider.plan();
        let errand = self.errand.as_ref();
        let prompt = match self.account {
            Account::Choose => choice(metadata),
            Account::Any => errand.and_then(|errand| errand.prompt(metadata.is_entra())),
        };
        let mut pairs: Vec<(String, String)> = settings.authorization_parameters.pairs().to_vec();
        let mut set = |name: &str, value: String| {
            pairs.retain(|(known, _)| known != name);
            pairs.push((name.to_owned(), value));
        };
        if let Some(audience) = &asks.audience {
            set("audience", audience.clone());
        }
        if let Some(prompt) = prompt {
            set("prompt", prompt.to_owned());
        }
        if let Some(claims) = errand.and_then(|errand| errand.claims.clone()) {
            set("claims", claims);
        }
        for resource in &asks.resources {
            pairs.push(("resource".to_owned(), resource.clone()));
        }
        Ok(ExtraParameters::new(pairs)?)
    }
}

/// The `prompt` (OIDC Core §3.1.2.1) that lets the person sign in with another account. Some providers refuse a sign-in
/// with a value they don't know, and hardly any is without `login`.
fn choice(metadata: &ProviderMetadata) -> Option<&'static str> {
    let knows = |prompt| metadata.takes_prompt(prompt);
    let is_known_to_choose = || {
        let product = Product::of_url(metadata.issuer());
        metadata.is_entra()
            || matches!(
                product,
                Some(Product::Entra | Product::ExternalId | Product::Google)
            )
    };
    if knows("select_account").unwrap_or_else(is_known_to_choose) {
        Some("select_account")
    } else {
        knows("login").unwrap_or(true).then_some("login")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vestibule_oidc::issuer::{IssuerRule, ProviderKind};

    use super::*;

    #[test]
    fn providers_known_to_offer_a_choice_are_asked_for_it() {
        for (issuer, prompt) in [
            (
                "https://login.microsoftonline.com/5fdb1a1a-3a44-4f4c-9b5e-6d5b1a0f2c11/v2.0",
                "select_account",
            ),
            ("https://accounts.google.com", "select_account"),
            ("https://idp.example.com", "login"),
            ("https://tenant.okta.com", "login"),
        ] {
            let document = json!({
                "issuer": issuer,
                "authorization_endpoint": "https://idp.example.com/authorize",
                "token_endpoint": "https://idp.example.com/token",
                "jwks_uri": "https://idp.example.com/keys",
            });
            let rule = IssuerRule::new(issuer, ProviderKind::Detect, Vec::new());
            let metadata = ProviderMetadata::parse(document.to_string().as_bytes(), &rule).unwrap();
            assert_eq!(choice(&metadata), Some(prompt), "{issuer}");
        }
    }
}
