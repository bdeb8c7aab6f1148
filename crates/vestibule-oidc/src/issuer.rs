//! Decides which issuer a provider's metadata may name, and which `iss` its tokens may carry.
//!
//! Two steps, so that nothing is compared before it is known:
//!
//! | type | made from | judges |
//! |---|---|---|
//! | [`IssuerRule`] | the configuration | the metadata's `issuer` |
//! | [`TokenIssuer`] | an accepted metadata `issuer` | a token's `iss`, `tid`, and its key's own issuer and cloud |
//!
//! For every provider but Microsoft's both are one string compared byte for byte
//! (OIDC Discovery §4.3, OIDC Core §3.1.3.7 step 2). Microsoft's documents name issuers that differ
//! from the place they are fetched from; each such form is named in `forms` and no other is
//! accepted.

mod forms;
mod token_issuer;

use url::Url;

use self::forms::Naming;
pub use token_issuer::{IssuerMismatch, KeyOrigin, TokenIssuer};

use crate::fault::Fault;
use crate::microsoft::{self, TENANT_PLACEHOLDER, TenantId};

/// Whether the provider is treated as Microsoft Entra ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ProviderKind {
    /// By Microsoft's known hosts, or by the metadata having `tenant_region_scope`.
    #[default]
    Detect,
    /// Yes.
    Entra,
    /// No: the issuer is compared byte for byte, whatever its host.
    Other,
}

/// What the configuration says about the issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerRule {
    configured: String,
    kind: ProviderKind,
    tenants: Vec<TenantId>,
}

/// Why the metadata's `issuer` is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerRuleError {
    /// It is neither the configured issuer nor one of Microsoft's named forms of it.
    #[error("accept issuer {found:?} where {configured:?} is configured")]
    Different {
        /// The configured issuer.
        configured: String,
        /// The metadata's.
        found: String,
    },
    /// The document serves many tenants and no tenant is allowed.
    #[error("accept the issuer template {template:?} without a list of tenants")]
    TenantsMissing {
        /// The metadata's issuer.
        template: String,
    },
}

impl IssuerRuleError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Different { .. } => "issuer_different",
            Self::TenantsMissing { .. } => "issuer_tenants_missing",
        }
    }

    /// The configured issuer is the operator's.
    pub const fn fault(&self) -> Fault {
        Fault::Operator
    }

    /// What a stranger may read.
    pub const fn public_message(&self) -> &'static str {
        "The sign-in provider names itself differently than this site expects."
    }
}

impl IssuerRule {
    /// The rule for a configured issuer, or for a configured metadata URL, whose well-known suffix
    /// and query are dropped. `tenants` matters only where a document serves many.
    pub fn new(configured: &str, kind: ProviderKind, tenants: Vec<TenantId>) -> Self {
        let configured = match configured.split_once("/.well-known/") {
            Some((issuer, _)) => issuer,
            None => configured,
        };
        Self {
            configured: configured.to_owned(),
            kind,
            tenants,
        }
    }

    /// The rule that the issuer is exactly this.
    pub fn exact(issuer: &str) -> Self {
        Self {
            configured: issuer.to_owned(),
            kind: ProviderKind::Other,
            tenants: Vec::new(),
        }
    }

    /// The configured issuer.
    pub fn configured(&self) -> &str {
        &self.configured
    }

    /// Where the metadata is (OIDC Discovery §4): under the configured issuer.
    pub fn metadata_url(&self) -> String {
        format!(
            "{}/.well-known/openid-configuration",
            self.configured.trim_end_matches('/')
        )
    }

    /// Whether the configured issuer is on this machine, so that endpoints without TLS may be too.
    pub fn is_loopback(&self) -> bool {
        Url::parse(&self.configured).is_ok_and(|url| is_loopback(&url))
    }

    /// Whether the configured issuer stands for many tenants (`common`, `organizations`), so that
    /// the configuration must list those that may sign in. Known before any metadata is.
    pub fn needs_tenants(&self) -> bool {
        self.is_entra(false)
            && Url::parse(&self.configured).is_ok_and(|url| {
                forms::tenant_segment(&url)
                    .is_some_and(|name| microsoft::serves_many_tenants(&name))
            })
    }

    /// Whether the provider is treated as Entra. `entra_metadata` tells whether its metadata has
    /// `tenant_region_scope`; pass `false` before it is known.
    pub fn is_entra(&self, entra_metadata: bool) -> bool {
        match self.kind {
            ProviderKind::Entra => true,
            ProviderKind::Other => false,
            ProviderKind::Detect => {
                entra_metadata
                    || Url::parse(&self.configured)
                        .is_ok_and(|url| url.host_str().is_some_and(microsoft::is_known_host))
            }
        }
    }

    /// Whether tokens with this `iss` are of this provider, as far as the configuration alone decides.
    /// `None`: its metadata decide.
    ///
    /// What Microsoft's documents name is found out from them where the configuration names a tenant by
    /// its domain, or the place is not known to be Microsoft's; a tenant's id needs no document.
    pub fn speaks_for(&self, issuer: &str) -> Option<bool> {
        if issuer == self.configured {
            return Some(true);
        }
        if self.kind == ProviderKind::Other {
            return Some(false);
        }
        match forms::naming(&self.configured, issuer, &self.tenants) {
            Naming::None => Some(false),
            Naming::SameTenant if self.is_entra(false) => Some(true),
            Naming::SameTenant | Naming::SomeTenant => None,
        }
    }

    /// Judges the metadata's `issuer` and says what its tokens must carry.
    ///
    /// # Errors
    /// Any [`IssuerRuleError`].
    pub fn accept(
        &self,
        found: &str,
        entra_metadata: bool,
    ) -> Result<TokenIssuer, IssuerRuleError> {
        let different = || IssuerRuleError::Different {
            configured: self.configured.clone(),
            found: found.to_owned(),
        };
        if !self.is_entra(entra_metadata) {
            return match found == self.configured {
                true => Ok(TokenIssuer::exact(found)),
                false => Err(different()),
            };
        }
        if found != self.configured && !forms::is_named_form(&self.configured, found) {
            return Err(different());
        }
        if found.contains(TENANT_PLACEHOLDER) {
            if self.tenants.is_empty() {
                return Err(IssuerRuleError::TenantsMissing {
                    template: found.to_owned(),
                });
            }
            return Ok(forms::with_canonical_hosts(found, |form| {
                TokenIssuer::entra_tenants(form, self.tenants.clone())
            }));
        }
        Ok(forms::with_canonical_hosts(found, TokenIssuer::entra_exact))
    }
}

/// Whether a URL points at this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests;
