//! Goes through the checks an API makes of its access tokens, one by one and in their order (RFC 9068 §4), and says
//! what each would say and which setting moves it. Unlike a verifier it does not stop at the first that fails.

use serde::Serialize;
use url::Url;
use vestibule_diagnosis::evidence::{Failure, OtherJwt, Product, Token};
use vestibule_oidc::access_token::{AccessTokenError, TokenShape};
use vestibule_oidc::id_token::DEFAULT_SKEW;
use vestibule_oidc::issuer::KeyOrigin;
use vestibule_oidc::jose::{Algorithm, CompactJws};
use vestibule_oidc::microsoft::{TenantId, cloud_of};
use vestibule_oidc::time::UnixTime;

use super::expected::Expected;
use super::keys::Keys;
use super::moment::Moment;
use super::value::{list, shown};

/// The checks of one API.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Api {
    /// What it is called in a sentence.
    pub(super) name: String,
    /// The route before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) route: Option<String>,
    /// Its checks, in their order.
    pub(super) checks: Vec<Check>,
}

/// One check.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Check {
    /// `form`, `signature`, `issuer`, `audience`, `type`, `expiry`, `start`.
    pub(super) check: &'static str,
    /// What it would say.
    pub(super) outcome: Outcome,
    /// What is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expected: Option<String>,
    /// What the token has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) found: Option<String>,
    /// What to set to move it, where it fails; what to add to the command line, where it was not made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) setting: Option<&'static str>,
    #[serde(skip)]
    failure: Option<Failure>,
}

/// What a check would say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    Passes,
    Fails,
    NotChecked,
}

/// What became of the signature.
#[derive(Debug, Clone)]
pub(super) enum Signature {
    /// Nobody gave keys.
    NotChecked,
    /// Keys were asked for, and none came.
    NoKeys,
    /// A key of the set made it.
    Good {
        issuer: Option<String>,
        cloud: Option<String>,
    },
    /// No key of the set made it.
    Bad(Failure, String),
}

impl Signature {
    /// Whether a key vouches for it, if that was looked into.
    pub(super) const fn outcome(&self) -> Option<bool> {
        match self {
            Self::NotChecked | Self::NoKeys => None,
            Self::Good { .. } => Some(true),
            Self::Bad(..) => Some(false),
        }
    }
}

/// Verifies the signature alone.
pub(super) fn signature(raw: &str, token: &Token, keys: Option<&Keys>) -> Signature {
    let is_jwt = matches!(token.shape, TokenShape::Jwt { .. });
    let Some(keys) = keys.filter(|_| is_jwt) else {
        return Signature::NotChecked;
    };
    let Some(set) = &keys.set else {
        return Signature::NoKeys;
    };
    let bad = |error: &AccessTokenError| {
        let source = std::error::Error::source(error).map(ToString::to_string);
        Signature::Bad(
            Failure::from(error),
            source.unwrap_or_else(|| error.to_string()),
        )
    };
    let jws = match CompactJws::parse(raw, vestibule_oidc::access_token::MAX_BYTES) {
        Ok(jws) => jws,
        Err(error) => return bad(&error.into()),
    };
    match set.verify(&jws, &Algorithm::ALL) {
        Ok(key) => Signature::Good {
            issuer: key.origin().issuer.map(str::to_owned),
            cloud: key.origin().cloud.map(str::to_owned),
        },
        Err(error) => bad(&error.into()),
    }
}

/// What this API would say.
pub(super) fn of(token: &Token, api: &Expected, signature: &Signature, now: UnixTime) -> Api {
    let form = form(token, api);
    let is_jwt = form.outcome == Outcome::Passes;
    let mut checks = vec![form];
    if is_jwt {
        checks.push(of_signature(token, signature));
        checks.push(issuer(token, api, signature));
        checks.push(audience(token, api));
        checks.push(kind(token, api));
        checks.push(expiry(token, now));
        checks.extend(start(token, now));
    }
    Api {
        name: api.name.clone(),
        route: api.route.clone(),
        checks,
    }
}

impl Api {
    /// The checks that fail.
    pub(super) fn failures(&self) -> impl Iterator<Item = &Check> {
        self.checks
            .iter()
            .filter(|check| check.outcome == Outcome::Fails)
    }

    /// How many fail.
    pub(super) fn failing(&self) -> usize {
        self.failures().count()
    }

    /// The checks that were not made.
    pub(super) fn not_made(&self) -> impl Iterator<Item = &Check> {
        self.checks
            .iter()
            .filter(|check| check.outcome == Outcome::NotChecked)
    }

    /// What a verifier with these keys says: nothing without keys.
    pub(super) fn verified(&self, signature: &Signature) -> Option<Result<(), Failure>> {
        signature.outcome()?;
        let first = self.failures().find_map(|check| check.failure);
        Some(first.map_or(Ok(()), Err))
    }
}

fn passes(check: &'static str) -> Check {
    Check {
        check,
        outcome: Outcome::Passes,
        expected: None,
        found: None,
        setting: None,
        failure: None,
    }
}

impl Check {
    fn fails(mut self, failure: Failure, setting: &'static str) -> Self {
        self.outcome = Outcome::Fails;
        self.failure = Some(failure);
        self.setting = Some(setting);
        self
    }

    fn not_checked(mut self, setting: &'static str) -> Self {
        self.outcome = Outcome::NotChecked;
        self.setting = Some(setting);
        self
    }

    fn expected(mut self, text: impl Into<String>) -> Self {
        self.expected = Some(text.into());
        self
    }

    fn found(mut self, text: impl Into<String>) -> Self {
        self.found = Some(text.into());
        self
    }
}

fn form(token: &Token, api: &Expected) -> Check {
    let check = passes("form").expected("a signed JWT");
    let found = match &token.shape {
        TokenShape::Jwt { .. } if token.missing_signature().is_some() => {
            "a JWT whose signature was cut off"
        }
        TokenShape::Jwt { .. } if token.demands_extension() => {
            return check
                .found("a JWT whose header demands an extension (`crit`)")
                .fails(
                    Failure::Format,
                    "what makes the token: no API here knows the extension",
                );
        }
        TokenShape::Jwt { .. } => return check.found("a signed JWT"),
        TokenShape::UnsignedJwt { .. } => "a JWT without a signature",
        TokenShape::TruncatedJwt { .. } => "a JWT that was cut off",
        TokenShape::Jwe { .. } => "an encrypted token",
        TokenShape::DamagedJwt { .. } => "a JWT of which parts can't be read",
        TokenShape::LowerCaseJwt => "a JWT in small letters alone",
        TokenShape::EntraClientSecret => "a client secret",
        TokenShape::Saml => "a SAML assertion or response",
        TokenShape::TooLong { .. } => "a text longer than any access token",
        TokenShape::TokenResponse => "a whole answer of a token endpoint",
        TokenShape::EntraCodeOrRefreshToken | TokenShape::PersonalCodeOrRefreshToken => {
            "a code or a refresh token"
        }
        TokenShape::Empty => "nothing",
        _ => "an opaque token",
    };
    let setting = match &token.shape {
        TokenShape::Jwt { .. }
        | TokenShape::TruncatedJwt { .. }
        | TokenShape::LowerCaseJwt
        | TokenShape::DamagedJwt { .. } => {
            "how it is copied, or what handles it on the way to the API: it arrived changed"
        }
        TokenShape::UnsignedJwt { .. } | TokenShape::Saml | TokenShape::TooLong { .. } => {
            "what makes the token: no provider issues such a one as access token"
        }
        TokenShape::TokenResponse
        | TokenShape::EntraClientSecret
        | TokenShape::PersonalCodeOrRefreshToken
        | TokenShape::EntraCodeOrRefreshToken => {
            "what is passed on: the `access_token` of the token endpoint's answer"
        }
        _ => asked(token, api),
    };
    check.found(found).fails(Failure::Format, setting)
}

/// What decides at the provider for whom a token is.
fn asked(token: &Token, api: &Expected) -> &'static str {
    let made = token.product().or_else(|| api.product());
    match made {
        None => {
            "what the provider is asked for: the API's scope, `audience` or `resource`, as it names APIs"
        }
        Some(Product::Auth0) => "`audience` in the authorization request: Auth0 names APIs by it",
        Some(Product::Okta) => {
            "the audience of the Okta authorization server: all its access tokens carry it"
        }
        Some(Product::Google | Product::GitHub | Product::GitLab | Product::Salesforce) => {
            "nothing that is asked for: this provider's access tokens are for its own API; take the ID token, or headers"
        }
        Some(Product::Keycloak) => {
            "an audience mapper of the Keycloak client: the scope alone does not decide it"
        }
        Some(Product::Cognito) => {
            "the API's check: Cognito's access tokens have no `aud` of their own; compare `client_id` and the resource \
             server's scope"
        }
        Some(Product::AdFs) => "the Web API that is asked for, as `API-ID/openid` or `resource`",
        Some(Product::Ping) => "the resource whose scope is asked for",
        Some(_) => {
            "the scope that is asked for (`access_token` of the route, OIDCScope in Apache): a token is for the API \
             whose scope it is"
        }
    }
}

fn of_signature(token: &Token, signature: &Signature) -> Check {
    let check = passes("signature").expected("made by a key of the issuer");
    // With a `nonce` in the header, the signature is over something else than the token shows.
    let is_graphs = token.is_entra()
        && token
            .header()
            .is_some_and(|header| header.contains_key("nonce"));
    match signature {
        Signature::NotChecked | Signature::NoKeys if is_graphs => check
            .found("a form that only Microsoft's own APIs verify")
            .fails(
                Failure::BadSignature,
                "the scope that is asked for: with one of the API's own, the token is for the API",
            ),
        Signature::NotChecked => {
            check.not_checked("add --online, or --jwks with a file or an address")
        }
        Signature::NoKeys => {
            check.not_checked("ask again when there is an answer, or add --jwks with a file")
        }
        Signature::Good { .. } => check.found("made by one of the keys"),
        Signature::Bad(failure, why) => check.found(format!("could not {}", shown(why))).fails(
            *failure,
            "the keys: those of the issuer's metadata, fetched again when a key is missing",
        ),
    }
}

fn issuer(token: &Token, api: &Expected, signature: &Signature) -> Check {
    let mut check = passes("issuer");
    let iss = token.text("iss");
    check.found = iss.map(shown);
    let Some(accepted) = api.issuer() else {
        return check.not_checked("add --issuer, or --config with the file that names it");
    };
    let expected = list(api.api.issuers.iter().map(String::as_str)).join(" or ");
    let check = check.expected(expected);
    let setting = match api.is_sign_in {
        true => "`issuer` of the provider, and `tenants` where it serves several",
        false => issuer_setting(iss.unwrap_or_default(), &api.api.issuers),
    };
    let (Some(iss), Some(claims)) = (iss, token.claims()) else {
        return check.found("no `iss`").fails(Failure::Issuer, setting);
    };
    if let Err(mismatch) = accepted.judge(iss, claims) {
        let tenant = mismatch.code() != "issuer_mismatch";
        let found = match (tenant, token.text("tid")) {
            (true, Some(tid)) => format!("{} with the tenant {}", shown(iss), shown(tid)),
            _ => shown(iss),
        };
        return check.found(found).fails(Failure::Issuer, setting);
    }
    if let Signature::Good { issuer, cloud } = signature {
        let origin = KeyOrigin {
            issuer: issuer.as_deref(),
            cloud: cloud.as_deref(),
        };
        let of_keys = api.issuer_of_keys().unwrap_or(accepted);
        if of_keys.judge_key(iss, claims, origin).is_err() {
            return check.found("a key that signs for another issuer").fails(
                Failure::Issuer,
                "the keys: those of the issuer's own metadata",
            );
        }
    }
    check
}

/// What moves the issuer of a token at the API, by the way it differs from those accepted.
fn issuer_setting(iss: &str, accepted: &[String]) -> &'static str {
    if is_b2c_pair(iss, accepted) {
        return "the issuer of the user flow's tokens: User flows > Properties > Issuer (iss) claim; or the API's accepted \
                issuers";
    }
    let cloud = |issuer: &str| Url::parse(issuer).ok()?.host_str().and_then(cloud_of);
    let tenant = |issuer: &str| issuer.split(['/', '.']).find_map(TenantId::parse);
    if cloud(iss).is_none() || !accepted.iter().any(|own| cloud(own).is_some()) {
        return "the API's accepted issuers, or the provider people sign in with: the token is of another one";
    }
    let same_tenant = accepted
        .iter()
        .any(|own| tenant(own).is_some() && tenant(own) == tenant(iss));
    // Version 1.0 has one host for several clouds.
    let is_v1 = |issuer: &str| issuer.starts_with("https://sts.");
    let same_cloud = accepted
        .iter()
        .any(|own| is_v1(own) || is_v1(iss) || cloud(own) == cloud(iss));
    let alias = accepted.iter().any(|own| tenant(own).is_none());
    match (same_tenant, same_cloud) {
        (true, true) => {
            "`requestedAccessTokenVersion` in the manifest of the API's registration, which decides which of its \
             tenant's two issuers a token names; or the API's accepted issuers"
        }
        (_, false) => "the cloud people sign in at: its sign-in host, and the registration in it",
        (false, true) if alias => {
            "the API's accepted issuers: `common` and `organizations` are no issuers, a token names its tenant"
        }
        (false, true) => {
            "the tenant people sign in at: the one in `issuer`; or the API's accepted issuers"
        }
    }
}

/// Whether both are of one tenant of Azure AD B2C, in another form.
fn is_b2c_pair(iss: &str, accepted: &[String]) -> bool {
    let tenant = |issuer: &str| issuer.split(['/', '.']).find_map(TenantId::parse);
    let is_b2c = |issuer: &str| Product::of_url(issuer) == Some(Product::B2c);
    is_b2c(iss)
        && tenant(iss).is_some()
        && accepted
            .iter()
            .any(|own| is_b2c(own) && tenant(own) == tenant(iss))
}

fn audience(token: &Token, api: &Expected) -> Check {
    let found = token.audiences();
    let mut check = passes("audience");
    check.found = Some(match found.is_empty() {
        true => "no `aud`".to_owned(),
        false => list(found.iter().copied()).join(", "),
    });
    let accepted = &api.api.audiences;
    if accepted.is_empty() {
        return check.not_checked(
            "add --audience, or --config with a route whose `access_token` names the API's scope",
        );
    }
    let check = check.expected(list(accepted.iter().map(String::as_str)).join(" or "));
    let fits = found
        .iter()
        .any(|found| accepted.iter().any(|own| own == found));
    let bare = |name: &str| {
        name.trim_start_matches("api://")
            .trim_end_matches('/')
            .to_ascii_lowercase()
    };
    let is_same = found
        .iter()
        .any(|found| accepted.iter().any(|own| bare(own) == bare(found)));
    match (fits, api.is_sign_in) {
        (true, _) => check,
        (false, false) if is_same => check.fails(
            Failure::Audience,
            match token.is_entra() {
                true => {
                    "the API's accepted audiences: these are names of one API, and which of them a token has, its \
                     version decides"
                }
                false => "the API's accepted audiences: these differ by `api://` or a slash",
            },
        ),
        (false, false) => check.fails(Failure::Audience, asked(token, api)),
        (false, true) => check.fails(
            Failure::Audience,
            "`client_id` of the provider: an ID token is for the app that signed the person in",
        ),
    }
}

/// RFC 8725 §3.11 and §3.12.
fn kind(token: &Token, api: &Expected) -> Check {
    let other = match token.is_refresh_token() {
        true => Some("a refresh token"),
        false => token.other_kind().map(OtherJwt::words),
    };
    if let Some(other) = other {
        let check = passes("type").expected(if api.is_sign_in {
            "an ID token"
        } else {
            "an access token"
        });
        return check.found(other).fails(
            Failure::Kind,
            "what is passed on: the `access_token` of the token endpoint's answer",
        );
    }
    let is_id = token.looks_like_id_token();
    let word = |is_id| match is_id {
        true => "an ID token",
        false => "an access token",
    };
    let check = passes("type").expected(word(api.is_sign_in));
    let says_access = token.header_text("typ").is_some_and(|typ| typ == "at+jwt");
    match (api.is_sign_in, is_id, says_access) {
        // An ID token need not show itself to be one.
        (true, _, false) | (false, false, _) => check,
        (true, _, true) => check.found(word(false)).fails(
            Failure::Kind,
            "what is passed on: the `id_token` of the token endpoint's answer",
        ),
        (false, true, _) => check.found(word(true)).fails(
            Failure::Kind,
            "what is passed on: the `access_token` of the token endpoint's answer, for a scope of the API",
        ),
    }
}

fn expiry(token: &Token, now: UnixTime) -> Check {
    let check = passes("expiry").expected("an `exp` that is still to come");
    let Some(exp) = token.number("exp").filter(|_| !token.has_milliseconds()) else {
        let found = match (token.number("exp"), token.has("exp")) {
            (Some(exp), _) => format!("{exp}, in milliseconds"),
            (None, true) => "an `exp` that is no number".to_owned(),
            (None, false) => "no `exp`".to_owned(),
        };
        return check.found(found).fails(
            Failure::Claim,
            "what makes the token: `exp` is a number of seconds",
        );
    };
    let moment = Moment::new(exp, now);
    let check = check.found(format!("{} ({})", moment.relative, moment.utc));
    match now >= UnixTime::from_secs(exp) + DEFAULT_SKEW {
        true => check.fails(
            Failure::Expired,
            "a fresh token: get one with the refresh token; if it was fresh, the clock of the API",
        ),
        false => check,
    }
}

fn start(token: &Token, now: UnixTime) -> Option<Check> {
    // Its unit was told already.
    if token.has_milliseconds() {
        return None;
    }
    let named = |name| token.number(name).map(|from| (name, from));
    let latest = |first: (&'static str, i64), second: (&'static str, i64)| match second.1 > first.1
    {
        true => second,
        false => first,
    };
    let (name, from) = match (named("nbf"), named("iat")) {
        (Some(nbf), Some(iat)) => latest(nbf, iat),
        (one, other) => one.or(other)?,
    };
    let moment = Moment::new(from, now);
    let check = passes("start")
        .expected("`iat` and `nbf` in the past")
        .found(format!("`{name}` {} ({})", moment.relative, moment.utc));
    Some(match UnixTime::from_secs(from) > now + DEFAULT_SKEW {
        true => check.fails(
            Failure::NotYetValid,
            "the clock of this machine, or of the provider",
        ),
        false => check,
    })
}
