//! What a sign-in that failed has seen, for its diagnosis: names, sizes and shapes, never a value that is somebody's.

use std::sync::Arc;

use vestibule_diagnosis::evidence::{
    Api, Callback, Cookie, Failure, Grant, Head, Header, Parameter, Pending as Kept, ProviderError,
    Role, Token, TokenResponse,
};
use vestibule_diagnosis::{Evidence, Finding};
use vestibule_gate::request::Request;
use vestibule_oidc::id_token::IdTokenError;
use vestibule_oidc::issuer::IssuerMismatch;
use vestibule_oidc::jose::{JwsError, SignatureError};
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;
use vestibule_oidc::userinfo::UserInfoError;
use vestibule_session::carried::CarryError;
use vestibule_session::cookie::pairs;
use vestibule_session::pending::{LASTS, PendingError};
use vestibule_session::record::Record;
use vestibule_session::site::Site;

use super::{SignInError, cookies};
use crate::finding;
use crate::plan::Plan;
use crate::provider::{Provider, witness_of_answer};

/// So many parameters and cookies are looked at.
const MOST: usize = 32;

/// So many parts of a session that is too large are named.
const MOST_PARTS: usize = 4;

/// The longest name that is kept.
const LONGEST_NAME: usize = 64;

/// Where a sign-in failed.
pub(super) struct Scene<'s> {
    pub(super) plan: &'s Plan,
    pub(super) request: &'s Request,
    pub(super) site: Option<&'s Site>,
    pub(super) now: UnixTime,
}

impl Scene<'_> {
    /// What the failure shows, and the provider it is about.
    pub(super) fn findings(&self, error: &SignInError) -> (Vec<Finding>, Option<Arc<Provider>>) {
        let only = || match (self.site, self.plan.providers.as_slice()) {
            (Some(site), _) => self.plan.only_provider_at(site),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        let provider = error.provider().or_else(only);
        let mut seen = error.seen().cloned().unwrap_or_default();
        if let (SignInError::Nameless { route }, Some(provider)) = (error.itself(), provider) {
            let findings = finding::of_nameless(route, self.plan, provider, seen.id_token);
            return (findings, Some(Arc::clone(provider)));
        }
        seen.now.get_or_insert(self.now);
        self.describe(error.itself(), provider, &mut seen);
        // A clock that is off is no cause of what has nothing to do with time.
        if !is_about_time(error.itself()) {
            seen.provider_time = None;
        }
        let known = finding::known(self.plan, self.site, provider);
        (finding::of(seen, known), provider.cloned())
    }

    fn describe(&self, error: &SignInError, provider: Option<&Arc<Provider>>, seen: &mut Evidence) {
        match error {
            SignInError::Pending(error) => {
                let callback = seen.callback.get_or_insert_default();
                let others = || self.has_pending(&callback.cookies);
                callback.pending = Some(match error {
                    PendingError::Lapsed => Kept::Expired,
                    PendingError::Unreadable => Kept::CannotBeOpened,
                    _ if others() => Kept::AnotherState,
                    _ => Kept::NoCookie,
                });
                callback.max_age = Some(LASTS);
            }
            SignInError::Declined(error) => {
                let description = error.description.as_deref();
                seen.provider_error = Some(ProviderError::new(error.error.as_str(), description));
            }
            SignInError::Token(error) => {
                seen.provider_error = finding::of_refusal(error, Grant::Code);
                witness_of_answer(error, provider.map(AsRef::as_ref), seen);
            }
            SignInError::NoIdToken => {
                let mut answer = TokenResponse::default();
                answer.asked.grant = Some(Grant::Code);
                answer.members = vec!["access_token".to_owned()];
                seen.token_response = Some(answer);
            }
            SignInError::Provider(error) => error.witness(provider.map(AsRef::as_ref), seen),
            SignInError::IdToken(error) => describe_id_token(error, provider, seen),
            SignInError::UserInfo(UserInfoError::AnotherSubject) => {
                // Whose it is nobody needs to know: only that it is another one.
                seen.user_info_subject = Some(String::new());
            }
            SignInError::Carry(CarryError::TooLarge { bytes, most_bytes }) => {
                let carried = seen.carried.get_or_insert_default();
                (carried.bytes, carried.most_bytes) = (*bytes, *most_bytes);
            }
            SignInError::Loop { returns, .. } => {
                // The one before the first return counts too.
                let count = u32::try_from(*returns).unwrap_or(u32::MAX);
                seen.counts.completed_sign_ins = count.saturating_add(1);
                seen.request = Some(head(self.request, self.site));
            }
            _ => {}
        }
    }

    fn has_pending(&self, names: &[String]) -> bool {
        let prefix = self.site.map(|site| site.cookies().pending_prefix());
        names
            .iter()
            .any(|name| prefix.is_some_and(|prefix| name.starts_with(prefix)))
    }
}

/// What a session is made of that its browser was to carry.
pub(super) fn weights(record: &Record, seen: &mut Evidence) {
    let mut parts = record.weights();
    parts.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    parts.truncate(MOST_PARTS);
    for (name, _) in &mut parts {
        *name = text(name.as_bytes());
    }
    seen.carried.get_or_insert_default().parts = parts;
}

/// What came back from the provider.
pub(super) fn callback(request: &Request, site: &Site, answer: &[u8], posted: bool) -> Callback {
    let mut found = Callback::default();
    found.method = Some(if posted { "POST" } else { "GET" }.to_owned());
    found.url = Some(format!("{}{}", site.origin(), request.path().as_str()));
    let parameters = answer
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty());
    found.parameters = parameters
        .take(MOST)
        .map(|pair| {
            let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
            let value_bytes = pair.len().saturating_sub(name.len() + 1);
            Parameter::new(text(name), value_bytes)
        })
        .collect();
    found.cookies = cookies(request)
        .flat_map(pairs)
        .take(MOST)
        .map(|pair| text(pair.name))
        .collect();
    found
}

/// An ID token that was refused.
pub(super) fn id_token(raw: &Secret, provider: &Provider, seen: &mut Evidence) {
    let token = Token::of(raw.expose()).role(Role::Id);
    seen.id_token = Some(token.clone());
    seen.token = Some(token);
    seen.keys = provider.published();
    if let Some(keys) = &mut seen.keys {
        keys.fetched_again = Some(true);
    }
}

/// The same of one that came with a refresh.
pub(crate) fn refreshed_id_token(
    raw: &Secret,
    error: &IdTokenError,
    provider: &Arc<Provider>,
    now: UnixTime,
) -> Evidence {
    let mut seen = Evidence::default();
    seen.now = Some(now);
    // A clock that is off is no cause of what has nothing to do with time.
    seen.provider_time = provider.time().filter(|_| is_of_time(error));
    id_token(raw, provider, &mut seen);
    describe_id_token(error, Some(provider), &mut seen);
    seen
}

fn describe_id_token(error: &IdTokenError, provider: Option<&Arc<Provider>>, seen: &mut Evidence) {
    let failure = failure(error);
    let foreign_key = matches!(
        error,
        IdTokenError::Issuer(
            IssuerMismatch::KeyOfAnotherIssuer { .. } | IssuerMismatch::KeyOfAnotherCloud { .. }
        )
    );
    // Key and token say themselves that they don't belong together; the token's issuer is right.
    if let (Some(token), false) = (&mut seen.token, foreign_key) {
        token.verified = Some(Err(failure));
    }
    // The keys are evidence only where they were the reason.
    let about_keys = foreign_key
        || matches!(
            error,
            IdTokenError::Signature(
                SignatureError::UnknownKey { .. } | SignatureError::BadSignature { .. }
            )
        );
    if !about_keys {
        seen.keys = None;
    }
    if matches!(
        error,
        IdTokenError::NonceMissing | IdTokenError::NonceMismatch
    ) {
        seen.callback.get_or_insert_default().nonce_fits = Some(false);
    }
    let Some(provider) = provider else {
        return;
    };
    // What we expect is to an ID token what an API expects is to an access token.
    let mut api = Api::default();
    match failure {
        Failure::Audience => api.audiences = vec![provider.plan().client_id.clone()],
        Failure::Algorithm => {
            let algorithms = provider.plan().id_token_algorithms.iter();
            api.algorithms = algorithms.map(ToString::to_string).collect();
        }
        Failure::Issuer if !foreign_key => {
            let expected = provider
                .known_metadata()
                .map(|metadata| metadata.token_issuer().expected());
            // A template is filled in before it is compared, and is no mistake here.
            api.issuers = expected.unwrap_or_default();
            api.issuers.retain(|issuer| !issuer.contains('{'));
        }
        _ => return,
    }
    seen.api = Some(api);
}

/// Whether two clocks that differ may be the cause.
fn is_about_time(error: &SignInError) -> bool {
    match error {
        SignInError::IdToken(error) => is_of_time(error),
        // A client assertion outside its time.
        SignInError::Token(error) => {
            matches!(error.aadsts(), Some(50_013 | 500_133 | 700_024))
        }
        _ => false,
    }
}

fn is_of_time(error: &IdTokenError) -> bool {
    matches!(
        error,
        IdTokenError::Expired { .. }
            | IdTokenError::NotYetValid { .. }
            | IdTokenError::AuthenticationTooOld { .. }
    )
}

fn failure(error: &IdTokenError) -> Failure {
    match error {
        IdTokenError::Token(JwsError::Symmetric { .. } | JwsError::UnknownAlgorithm { .. }) => {
            Failure::Algorithm
        }
        IdTokenError::AnotherKind { .. } => Failure::Kind,
        IdTokenError::Issuer(_) => Failure::Issuer,
        IdTokenError::Audience { .. } | IdTokenError::AuthorizedParty { .. } => Failure::Audience,
        IdTokenError::Signature(SignatureError::UnknownKey { .. }) => Failure::UnknownKey,
        IdTokenError::Signature(SignatureError::BadSignature { .. }) => Failure::BadSignature,
        IdTokenError::Signature(_) => Failure::Algorithm,
        IdTokenError::Expired { .. } => Failure::Expired,
        IdTokenError::NotYetValid { .. } => Failure::NotYetValid,
        IdTokenError::Encrypted | IdTokenError::Token(_) => Failure::Format,
        _ => Failure::Claim,
    }
}

/// The head of a request: what the cookies weigh, and whether that of the session is among them.
fn head(request: &Request, site: Option<&Site>) -> Head {
    let session = site.map(|site| site.cookies().session());
    let mut head = Head::default();
    head.method = Some("GET".to_owned());
    head.url = site.map(|site| format!("{}{}", site.origin(), request.path().as_str()));
    let fields = request.fields().iter();
    head.headers = fields
        .map(|field| Header::sized(text(field.name), field.value.len()))
        .collect();
    head.cookies = cookies(request)
        .flat_map(pairs)
        .take(MOST)
        .map(|pair| {
            let name = text(pair.name);
            let own = session == Some(name.as_str());
            Cookie::new(name, pair.name.len() + pair.value.len(), own)
        })
        .collect();
    head
}

fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name)
        .chars()
        .take(LONGEST_NAME)
        .collect()
}
