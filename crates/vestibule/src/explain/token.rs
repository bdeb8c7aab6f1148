//! Describes a token: what it is, who issued it for whom, until when, and who can validate it.

use serde::Serialize;
use url::Url;
use vestibule_diagnosis::evidence::{OtherJwt, Product, Role, Token};
use vestibule_oidc::access_token::TokenShape;
use vestibule_oidc::microsoft::{is_graph_audience, microsoft_api};
use vestibule_oidc::time::UnixTime;

use super::checks::Api;
use super::moment::Moment;
use super::value::{list, shown};

/// What can be told of a token. Values of claims about the person are not: only that they are there.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct TokenDetails {
    /// `jwt`, `opaque`, `jwe`, …
    pub(super) token: &'static str,
    /// What it is, with its article.
    pub(super) what: String,
    /// `access`, `id` or `unknown`.
    pub(super) role: &'static str,
    /// Whose product made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) product: Option<&'static str>,
    /// Who can validate it.
    pub(super) validated_by: Validators,
    /// What was asked for its keys in vain, and what came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) not_asked: Option<String>,
    /// Its length in bytes.
    pub(super) length: usize,
    /// `iss`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issuer: Option<String>,
    /// `aud`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) audiences: Vec<String>,
    /// The client it was issued to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client: Option<String>,
    /// Entra's `tid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tenant: Option<String>,
    /// Entra's `ver`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    /// What a person gave leave for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) scopes: Vec<String>,
    /// `roles`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) roles: Vec<String>,
    /// How many groups it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) groups: Option<usize>,
    /// `iat`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issued_at: Option<Moment>,
    /// `nbf`, where it is not `iat`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) not_before: Option<Moment>,
    /// `exp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<Moment>,
    /// `alg`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) algorithm: Option<String>,
    /// `kid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key_id: Option<String>,
    /// The claims by which an API knows the person.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) person: Vec<&'static str>,
    /// The names of all claims.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) claims: Vec<String>,
    /// Where the keys came from that its signature was verified with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) keys: Option<String>,
    /// Whether one of them made its signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) verified: Option<bool>,
    /// What each API would say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) apis: Vec<Api>,
}

/// Who can validate a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Validators {
    /// Whoever has the issuer's public keys.
    Anybody,
    /// Microsoft Graph alone: its tokens are signed over something else than they show.
    MicrosoftGraph,
    /// Another API of Microsoft's, for which it is.
    Microsoft,
    /// Whoever has the secret it was signed with.
    SharedSecret,
    /// Whoever has the key it is encrypted for.
    Recipient,
    /// The one place it is made for.
    Addressee,
    /// The issuer, at its own endpoints.
    Issuer,
    /// Nobody: there is nothing to validate.
    #[default]
    Nobody,
}

impl Validators {
    /// As a sentence.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Anybody => "anybody with the public keys its issuer publishes",
            Self::MicrosoftGraph => {
                "Microsoft Graph alone; to everybody else its signature looks wrong"
            }
            Self::Microsoft => "only the API of Microsoft's it is for",
            Self::SharedSecret => "only who has the secret it was signed with",
            Self::Recipient => "only who has the key it is encrypted for",
            Self::Addressee => "only the place it is made for",
            Self::Issuer => {
                "only its issuer; an API can ask at the introspection or user-info endpoint, if there is one"
            }
            Self::Nobody => "nobody",
        }
    }
}

/// Describes a token.
pub(super) fn describe(token: &Token, now: UnixTime) -> TokenDetails {
    let moment = |name| token.number(name).map(|secs| Moment::new(secs, now));
    let text = |name| token.text(name).map(shown);
    let (issued, start) = (token.number("iat"), token.number("nbf"));
    TokenDetails {
        token: token.shape.kind(),
        what: what(token),
        role: match token.role {
            Role::Access => "access",
            Role::Id => "id",
            _ => "unknown",
        },
        product: token.product().map(Product::name),
        validated_by: validators(token),
        length: token.length,
        issuer: text("iss"),
        audiences: list(token.audiences()),
        client: token.client().map(shown),
        tenant: text("tid"),
        version: text("ver").filter(|_| token.is_entra()),
        scopes: list(token.scopes()),
        roles: list(token.words("roles")),
        groups: token.has("groups").then(|| token.words("groups").len()),
        issued_at: moment("iat"),
        not_before: moment("nbf").filter(|_| issued != start),
        expires_at: moment("exp"),
        algorithm: token.header_text("alg").map(shown),
        key_id: token.header_text("kid").map(shown),
        person: person(token),
        claims: list(
            token
                .claims()
                .into_iter()
                .flatten()
                .map(|(name, _)| name.as_str()),
        ),
        ..TokenDetails::default()
    }
}

/// Whether it is Graph's: by its audience, or by the `nonce` its header has.
pub(super) fn is_graph(token: &Token) -> bool {
    token.audiences().into_iter().any(is_graph_audience)
        || (token.is_entra()
            && token
                .header()
                .is_some_and(|header| header.contains_key("nonce")))
}

/// The name of the API of Microsoft's it is for, if it is one.
fn microsoft(token: &Token) -> Option<&'static str> {
    token.audiences().into_iter().find_map(microsoft_api)
}

fn validators(token: &Token) -> Validators {
    match &token.shape {
        TokenShape::Jwt { .. } if is_graph(token) => Validators::MicrosoftGraph,
        TokenShape::Jwt { .. } if microsoft(token).is_some() => Validators::Microsoft,
        TokenShape::Jwt { .. } if token.is_refresh_token() => Validators::Issuer,
        TokenShape::Jwt { .. } if token.other_kind().is_some_and(OtherJwt::is_for_one_place) => {
            Validators::Addressee
        }
        TokenShape::Jwt { .. } if token.missing_signature().is_some() => Validators::Nobody,
        TokenShape::Jwt { .. } if token.has_shared_secret() => Validators::SharedSecret,
        TokenShape::Jwt { .. } => Validators::Anybody,
        TokenShape::Jwe { .. } => Validators::Recipient,
        TokenShape::Empty
        | TokenShape::UnsignedJwt { .. }
        | TokenShape::TruncatedJwt { .. }
        | TokenShape::DamagedJwt { .. }
        | TokenShape::LowerCaseJwt
        | TokenShape::EntraClientSecret
        | TokenShape::Saml
        | TokenShape::TooLong { .. }
        | TokenShape::TokenResponse => Validators::Nobody,
        _ => Validators::Issuer,
    }
}

/// What it is, with its article.
fn what(token: &Token) -> String {
    let issuer = token.text("iss").and_then(|iss| Url::parse(iss).ok());
    let host = issuer.as_ref().and_then(Url::host_str);
    let of = match (token.product(), host) {
        (Some(product), _) => format!(" of {}", product.name()),
        (None, Some(host)) => format!(" of {}", shown(host)),
        (None, None) => String::new(),
    };
    match &token.shape {
        TokenShape::Jwt { .. } if is_graph(token) => {
            let resource = match token.audiences().into_iter().any(is_graph_audience) {
                true => "Microsoft Graph",
                false => "an API of Microsoft's own",
            };
            format!("an access token for {resource}")
        }
        TokenShape::Jwt { .. } if token.role != Role::Id && microsoft(token).is_some() => {
            format!(
                "an access token for {}",
                microsoft(token).unwrap_or_default()
            )
        }
        TokenShape::Jwt { .. } if token.is_refresh_token() => format!("a refresh token{of}"),
        TokenShape::Jwt { .. } if token.other_kind().is_some() => {
            let kind = token.other_kind().map_or("", OtherJwt::words);
            format!("{kind}{of}")
        }
        TokenShape::Jwt { .. } => {
            let permissions = ["scp", "scope", "roles"].iter().any(|name| token.has(name));
            let typed = token
                .header_text("typ")
                .is_some_and(|typ| typ.eq_ignore_ascii_case("at+jwt"));
            let kind = match token.role {
                Role::Id => "an ID token",
                _ if token.looks_like_id_token() => "an ID token",
                Role::Access => "an access token",
                _ if permissions || typed || token.text("token_use") == Some("access") => {
                    "an access token"
                }
                _ => "a signed token (JWT)",
            };
            let version = match token.text("ver").filter(|_| token.is_entra()) {
                Some(version) => format!(", version {}", shown(version)),
                None => String::new(),
            };
            format!("{kind}{of}{version}")
        }
        TokenShape::UnsignedJwt { .. } => format!("a JWT{of} that nobody signed"),
        TokenShape::TruncatedJwt { .. } => "a JWT that was cut off".to_owned(),
        TokenShape::DamagedJwt { .. } => "a JWT of which parts can't be read".to_owned(),
        TokenShape::LowerCaseJwt => "a JWT that lost its capitals".to_owned(),
        TokenShape::EntraClientSecret => {
            "a client secret of Microsoft Entra ID by its form, and no token".to_owned()
        }
        TokenShape::Saml => "a SAML assertion or response".to_owned(),
        TokenShape::TooLong { .. } => "a text longer than any access token".to_owned(),
        TokenShape::Jwe { .. } => "an encrypted token (JWE)".to_owned(),
        TokenShape::EntraCodeOrRefreshToken => {
            "an authorization code or refresh token of Microsoft Entra ID, not an access token"
                .to_owned()
        }
        TokenShape::PersonalCodeOrRefreshToken => {
            "an authorization code or refresh token of a personal Microsoft account, not an access token"
                .to_owned()
        }
        TokenShape::PersonalAccountTicket => {
            "an encrypted access token of a personal Microsoft account".to_owned()
        }
        TokenShape::EntraV1Opaque => {
            "an opaque token of Microsoft Entra ID's v1.0 endpoint".to_owned()
        }
        TokenShape::TokenResponse => "a whole answer of a token endpoint".to_owned(),
        TokenShape::Empty => "nothing".to_owned(),
        TokenShape::SalesforceOpaque => "an opaque session id of Salesforce".to_owned(),
        _ => match of.is_empty() {
            true => "an opaque token, whose maker does not show".to_owned(),
            false => format!("an opaque token{of}"),
        },
    }
}

/// The claims that name one person for good, as far as they are there; names and addresses change.
fn person(token: &Token) -> Vec<&'static str> {
    let names: &[&'static str] = match (token.is_entra(), token.has("oid")) {
        (true, true) => &["tid", "oid"],
        _ => &["iss", "sub"],
    };
    names
        .iter()
        .copied()
        .filter(|name| token.has(name))
        .collect()
}
