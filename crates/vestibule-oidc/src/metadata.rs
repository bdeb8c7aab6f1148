//! Decides whether a provider's metadata (OIDC Discovery §3, RFC 8414 §2) is usable, and holds it.
//!
//! In goes the document and the [`IssuerRule`]; out comes a [`ProviderMetadata`] whose issuer was
//! accepted and whose endpoints may be called. Members the specification recommends and providers
//! leave out are allowed to be missing: Entra names neither `code_challenge_methods_supported` nor
//! `grant_types_supported`.

use serde_json::{Map, Value};
use url::Url;

use crate::fault::Fault;
use crate::issuer::{IssuerRule, IssuerRuleError, TokenIssuer, is_loopback};
use crate::jose::Algorithm;
use crate::json::{self, JsonError};

/// The longest metadata document that is read.
pub const MAX_BYTES: usize = 1 << 20;

/// Why a metadata document is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// Not a JSON object we read.
    #[error("read the provider's metadata")]
    Json(#[from] JsonError),
    /// A member is missing.
    #[error("find `{name}` in the provider's metadata")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// A member has the wrong type.
    #[error("read `{name}` in the provider's metadata")]
    WrongType {
        /// Its name.
        name: &'static str,
    },
    /// The issuer is not the configured one.
    #[error("trust the provider's metadata")]
    Issuer(#[from] IssuerRuleError),
    /// An endpoint is no absolute URL, has a fragment or credentials, or is not `https`.
    #[error("accept {url:?} as `{name}`")]
    Endpoint {
        /// The member.
        name: &'static str,
        /// Its value, shortened.
        url: String,
    },
}

impl MetadataError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "metadata_json",
            Self::Missing { .. } => "metadata_missing",
            Self::WrongType { .. } => "metadata_wrong_type",
            Self::Issuer(error) => error.code(),
            Self::Endpoint { .. } => "metadata_endpoint",
        }
    }

    /// The provider's document, except where the configured issuer does not fit it.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Issuer(error) => error.fault(),
            _ => Fault::Provider,
        }
    }

    /// What a stranger may read.
    pub const fn public_message(&self) -> &'static str {
        match self {
            Self::Issuer(error) => error.public_message(),
            _ => "The sign-in provider's description of itself could not be used.",
        }
    }
}

/// What is odd about a usable metadata document. Worth a log line at start-up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetadataWarning {
    /// `code_challenge_methods_supported` is there and lacks `S256`. We send it nevertheless; a
    /// provider that ignores it leaves codes unprotected (RFC 9700 §2.1.1).
    PkceS256NotListed {
        /// What is listed.
        listed: Vec<String>,
    },
    /// `response_types_supported` lacks `code`.
    CodeNotListed,
    /// `id_token_signing_alg_values_supported` names no algorithm we verify.
    NoKnownSigningAlgorithm {
        /// What is listed.
        listed: Vec<String>,
    },
}

impl MetadataWarning {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PkceS256NotListed { .. } => "metadata_pkce_s256_not_listed",
            Self::CodeNotListed => "metadata_code_not_listed",
            Self::NoKnownSigningAlgorithm { .. } => "metadata_no_known_signing_algorithm",
        }
    }
}

/// A provider's metadata, accepted.
#[derive(Debug, Clone)]
pub struct ProviderMetadata {
    issuer: String,
    token_issuer: TokenIssuer,
    entra: bool,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    userinfo_endpoint: Option<Url>,
    end_session_endpoint: Option<Url>,
    introspection_endpoint: Option<Url>,
    revocation_endpoint: Option<Url>,
    iss_in_response: bool,
    signing_algorithms: Option<Vec<String>>,
    auth_methods: Option<Vec<String>>,
    response_modes: Option<Vec<String>>,
    scopes: Option<Vec<String>>,
    warnings: Vec<MetadataWarning>,
    members: Map<String, Value>,
}

impl ProviderMetadata {
    /// Reads a metadata document and judges it by the rule.
    ///
    /// # Errors
    /// Any [`MetadataError`].
    pub fn parse(bytes: &[u8], rule: &IssuerRule) -> Result<Self, MetadataError> {
        let members = json::parse_object(bytes, MAX_BYTES)?;
        let issuer = text(&members, "issuer")?.ok_or(MetadataError::Missing { name: "issuer" })?;
        let entra_metadata = members.contains_key("tenant_region_scope");
        let entra = rule.is_entra(entra_metadata);
        let mut token_issuer = rule.accept(issuer, entra_metadata)?;
        if entra && let Some(cloud) = text(&members, "cloud_instance_name")? {
            token_issuer = token_issuer.in_cloud(cloud);
        }
        let loopback = rule.is_loopback();
        let endpoint = |name| endpoint(&members, name, loopback);
        let required = |name| endpoint(name)?.ok_or(MetadataError::Missing { name });
        let list = |name| list(&members, name);
        let signing_algorithms = list("id_token_signing_alg_values_supported")?;
        let warnings = warnings(
            list("code_challenge_methods_supported")?,
            list("response_types_supported")?,
            signing_algorithms.as_deref(),
        );
        Ok(Self {
            issuer: issuer.to_owned(),
            token_issuer,
            entra,
            authorization_endpoint: required("authorization_endpoint")?,
            token_endpoint: required("token_endpoint")?,
            jwks_uri: required("jwks_uri")?,
            userinfo_endpoint: endpoint("userinfo_endpoint")?,
            end_session_endpoint: endpoint("end_session_endpoint")?,
            introspection_endpoint: endpoint("introspection_endpoint")?,
            revocation_endpoint: endpoint("revocation_endpoint")?,
            iss_in_response: flag(&members, "authorization_response_iss_parameter_supported")?,
            signing_algorithms,
            auth_methods: list("token_endpoint_auth_methods_supported")?,
            response_modes: list("response_modes_supported")?,
            scopes: list("scopes_supported")?,
            warnings,
            members,
        })
    }

    /// The issuer as the document states it; Entra's may hold `{tenantid}`.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What `iss` of this provider's tokens may be.
    pub const fn token_issuer(&self) -> &TokenIssuer {
        &self.token_issuer
    }

    /// Whether the provider is treated as Entra.
    pub const fn is_entra(&self) -> bool {
        self.entra
    }

    /// Where the browser is sent to sign in.
    pub const fn authorization_endpoint(&self) -> &Url {
        &self.authorization_endpoint
    }

    /// Where codes and refresh tokens are redeemed.
    pub const fn token_endpoint(&self) -> &Url {
        &self.token_endpoint
    }

    /// Where the keys are.
    pub const fn jwks_uri(&self) -> &Url {
        &self.jwks_uri
    }

    /// Where claims can be asked for.
    pub const fn userinfo_endpoint(&self) -> Option<&Url> {
        self.userinfo_endpoint.as_ref()
    }

    /// Where the browser is sent to sign out.
    pub const fn end_session_endpoint(&self) -> Option<&Url> {
        self.end_session_endpoint.as_ref()
    }

    /// Where opaque tokens can be asked about (RFC 7662).
    pub const fn introspection_endpoint(&self) -> Option<&Url> {
        self.introspection_endpoint.as_ref()
    }

    /// Where tokens can be revoked (RFC 7009).
    pub const fn revocation_endpoint(&self) -> Option<&Url> {
        self.revocation_endpoint.as_ref()
    }

    /// Whether each authorization response carries `iss` (RFC 9207 §3); then one without is
    /// refused.
    pub const fn iss_in_response(&self) -> bool {
        self.iss_in_response
    }

    /// `id_token_signing_alg_values_supported`, unknown names included.
    pub fn signing_algorithms(&self) -> Option<&[String]> {
        self.signing_algorithms.as_deref()
    }

    /// `token_endpoint_auth_methods_supported`.
    pub fn auth_methods(&self) -> Option<&[String]> {
        self.auth_methods.as_deref()
    }

    /// `response_modes_supported`.
    pub fn response_modes(&self) -> Option<&[String]> {
        self.response_modes.as_deref()
    }

    /// `scopes_supported`.
    pub fn scopes(&self) -> Option<&[String]> {
        self.scopes.as_deref()
    }

    /// Whether `prompt_values_supported` (Initiating User Registration via OpenID Connect 1.0) lists this `prompt`. `None` where the
    /// provider says nothing of prompts that can be read.
    pub fn takes_prompt(&self, prompt: &str) -> Option<bool> {
        let listed = present(&self.members, "prompt_values_supported")?.as_array()?;
        Some(listed.iter().any(|value| value == prompt))
    }

    /// What is odd about the document.
    pub fn warnings(&self) -> &[MetadataWarning] {
        &self.warnings
    }

    /// Every member, as it came.
    pub const fn members(&self) -> &Map<String, Value> {
        &self.members
    }
}

fn warnings(
    challenge_methods: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    signing_algorithms: Option<&[String]>,
) -> Vec<MetadataWarning> {
    let mut warnings = Vec::new();
    if let Some(listed) = challenge_methods
        && !listed.iter().any(|method| method == "S256")
    {
        warnings.push(MetadataWarning::PkceS256NotListed { listed });
    }
    if response_types.is_some_and(|types| !types.iter().any(|kind| kind == "code")) {
        warnings.push(MetadataWarning::CodeNotListed);
    }
    if let Some(listed) = signing_algorithms
        && !listed
            .iter()
            .any(|name| Algorithm::from_name(name).is_some())
    {
        warnings.push(MetadataWarning::NoKnownSigningAlgorithm {
            listed: listed.to_vec(),
        });
    }
    warnings
}

/// A member that is `null` is not there: Entra writes `"tenant_region_scope": null`.
fn present<'m>(members: &'m Map<String, Value>, name: &str) -> Option<&'m Value> {
    members.get(name).filter(|value| !value.is_null())
}

fn text<'m>(
    members: &'m Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'m str>, MetadataError> {
    present(members, name)
        .map(|value| value.as_str().ok_or(MetadataError::WrongType { name }))
        .transpose()
}

fn flag(members: &Map<String, Value>, name: &'static str) -> Result<bool, MetadataError> {
    present(members, name).map_or(Ok(false), |value| {
        value.as_bool().ok_or(MetadataError::WrongType { name })
    })
}

fn list(
    members: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<Vec<String>>, MetadataError> {
    let wrong = || MetadataError::WrongType { name };
    let item = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(wrong);
    present(members, name)
        .map(|value| {
            value
                .as_array()
                .ok_or_else(wrong)?
                .iter()
                .map(item)
                .collect()
        })
        .transpose()
}

fn endpoint(
    members: &Map<String, Value>,
    name: &'static str,
    loopback_allowed: bool,
) -> Result<Option<Url>, MetadataError> {
    let Some(written) = text(members, name)? else {
        return Ok(None);
    };
    let refused = || MetadataError::Endpoint {
        name,
        url: written.chars().take(256).collect(),
    };
    let url = Url::parse(written).map_err(|_| refused())?;
    let protected = url.scheme() == "https"
        || (url.scheme() == "http" && loopback_allowed && is_loopback(&url));
    let credentials = !url.username().is_empty() || url.password().is_some();
    // RFC 6749 §3.1 and §3.2: an endpoint has no fragment.
    if !protected || credentials || url.fragment().is_some() {
        return Err(refused());
    }
    Ok(Some(url))
}

#[cfg(test)]
mod tests;
