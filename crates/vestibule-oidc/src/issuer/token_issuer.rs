//! Decides which `iss` a token may carry, together with its tenant and with the issuer of the key
//! that signed it.

use serde_json::{Map, Value};

use crate::fault::Fault;
use crate::microsoft::{TENANT_PLACEHOLDER, TenantId, cloud_of};
use crate::text::or_none;

/// The issuers whose tokens are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenIssuer {
    accepted: Vec<Accepted>,
    /// Entra's names of the clouds whose keys may sign. None: the keys' clouds are not looked at.
    clouds: Vec<String>,
}

/// Whom a key signs for, as far as its key set says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyOrigin<'k> {
    /// The key's `issuer`.
    pub issuer: Option<&'k str>,
    /// The key's `cloud_instance_name`.
    pub cloud: Option<&'k str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Accepted {
    Exact {
        issuer: String,
        entra: bool,
    },
    Tenants {
        template: String,
        tenants: Vec<TenantId>,
    },
}

/// Why a token's issuer is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerMismatch {
    /// `iss` is none of the accepted ones.
    #[error("accept issuer {found:?} where {expected:?} is expected")]
    Issuer {
        /// The accepted issuers or templates.
        expected: Vec<String>,
        /// The token's `iss`.
        found: String,
    },
    /// `tid` is missing, is no GUID, or is not the tenant named in `iss`.
    #[error(
        "accept a token whose tenant {} is not that of its issuer",
        or_none(found)
    )]
    Tenant {
        /// The token's `tid`.
        found: Option<String>,
    },
    /// The tenant is not on the list.
    #[error("accept a token of tenant {found}, which is not allowed")]
    TenantNotAllowed {
        /// The token's tenant.
        found: TenantId,
    },
    /// Two claims are called `tid`, letter case aside: which one the next reader takes is anybody's
    /// guess.
    #[error("accept a token with more than one `tid`")]
    DuplicateTenant,
    /// The key that made the signature belongs to another issuer.
    #[error("accept a token of {found:?} signed with a key of {key_issuer:?}")]
    KeyOfAnotherIssuer {
        /// The key's issuer.
        key_issuer: String,
        /// The token's `iss`.
        found: String,
    },
    /// The key that made the signature belongs to another of Microsoft's clouds.
    #[error("accept a token signed with a key of cloud {found:?} where {expected:?} is expected")]
    KeyOfAnotherCloud {
        /// The cloud the metadata names.
        expected: String,
        /// The key's.
        found: String,
    },
}

impl IssuerMismatch {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Issuer { .. } => "issuer_mismatch",
            Self::Tenant { .. } => "tenant_mismatch",
            Self::TenantNotAllowed { .. } => "tenant_not_allowed",
            Self::DuplicateTenant => "tenant_duplicate",
            Self::KeyOfAnotherIssuer { .. } => "key_of_another_issuer",
            Self::KeyOfAnotherCloud { .. } => "key_of_another_cloud",
        }
    }

    /// A person of another tenant is at the wrong door; all else is the provider's word against the
    /// configuration.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::TenantNotAllowed { .. } => Fault::Client,
            _ => Fault::Provider,
        }
    }
}

impl TokenIssuer {
    fn of(accepted: Accepted) -> Self {
        Self {
            accepted: vec![accepted],
            clouds: Vec::new(),
        }
    }

    /// Exactly this issuer, byte for byte.
    pub fn exact(issuer: &str) -> Self {
        Self::of(Accepted::Exact {
            issuer: issuer.to_owned(),
            entra: false,
        })
    }

    /// Exactly this issuer of Entra's: a `tid` that is there must be the tenant in it.
    pub fn entra_exact(issuer: &str) -> Self {
        Self::of(Accepted::Exact {
            issuer: issuer.to_owned(),
            entra: true,
        })
    }

    /// A template with `{tenantid}` and the tenants whose tokens are accepted. No tenant, no token.
    pub fn entra_tenants(template: &str, tenants: Vec<TenantId>) -> Self {
        Self::of(Accepted::Tenants {
            template: template.to_owned(),
            tenants,
        })
    }

    /// The same, signed with keys of this cloud only: the metadata's `cloud_instance_name`. A key
    /// that names no cloud is not judged by it.
    #[must_use]
    pub fn in_cloud(mut self, cloud: &str) -> Self {
        self.clouds.push(cloud.to_owned());
        self
    }

    /// These and those issuers: for instance an API's v1.0 and v2.0 tokens.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        self.accepted.extend(other.accepted);
        self.clouds.extend(other.clouds);
        self
    }

    /// The same, and the v1.0 issuers of the same tenants: in Microsoft's clouds an API whose
    /// registration nobody touched gets v1.0 tokens from the v2.0 endpoints too.
    #[must_use]
    pub fn with_version_1(mut self) -> Self {
        let beside: Vec<Accepted> = self
            .accepted
            .iter()
            .filter_map(|accepted| match accepted {
                Accepted::Exact {
                    issuer,
                    entra: true,
                } => Some(Accepted::Exact {
                    issuer: version_1(issuer)?,
                    entra: true,
                }),
                Accepted::Exact { .. } => None,
                Accepted::Tenants { template, tenants } => Some(Accepted::Tenants {
                    template: version_1(template)?,
                    tenants: tenants.clone(),
                }),
            })
            .filter(|beside| !self.accepted.contains(beside))
            .collect();
        self.accepted.extend(beside);
        self
    }

    /// Whether Entra's rules for tenants hold.
    pub fn is_entra(&self) -> bool {
        self.accepted.iter().any(|accepted| match accepted {
            Accepted::Exact { entra, .. } => *entra,
            Accepted::Tenants { .. } => true,
        })
    }

    /// The accepted issuers and templates, for messages.
    pub fn expected(&self) -> Vec<String> {
        let text = |accepted: &Accepted| match accepted {
            Accepted::Exact { issuer, .. } => issuer.clone(),
            Accepted::Tenants { template, .. } => template.clone(),
        };
        self.accepted.iter().map(text).collect()
    }

    /// Whether an `iss` outside a token (RFC 9207 §2.4) is one of these. A template stands for its
    /// listed tenants.
    pub fn permits(&self, issuer: &str) -> bool {
        self.accepted.iter().any(|accepted| match accepted {
            Accepted::Exact { issuer: own, .. } => own == issuer,
            Accepted::Tenants { template, tenants } => {
                template == issuer
                    || tenants
                        .iter()
                        .any(|tenant| fill(template, tenant) == issuer)
            }
        })
    }

    /// Every `iss` that is accepted, a template filled in for each of its tenants.
    pub fn issuers(&self) -> Vec<String> {
        let mut issuers = Vec::new();
        for accepted in &self.accepted {
            match accepted {
                Accepted::Exact { issuer, .. } => issuers.push(issuer.clone()),
                Accepted::Tenants { template, tenants } => {
                    issuers.extend(tenants.iter().map(|tenant| fill(template, tenant)));
                }
            }
        }
        issuers
    }

    /// Judges a token's `iss` with its `tid`. The key comes later: [`TokenIssuer::judge_key`].
    ///
    /// # Errors
    /// Any [`IssuerMismatch`] but those about keys.
    pub fn judge(&self, iss: &str, claims: &Map<String, Value>) -> Result<(), IssuerMismatch> {
        if self.is_entra()
            && claims
                .keys()
                .filter(|name| name.eq_ignore_ascii_case("tid"))
                .count()
                > 1
        {
            return Err(IssuerMismatch::DuplicateTenant);
        }
        let tid = claims.get("tid");
        let tenant = tid.and_then(Value::as_str).and_then(TenantId::parse);
        let tenant_mismatch = || IssuerMismatch::Tenant {
            found: tid.and_then(Value::as_str).map(shortened),
        };
        let mut refused = None;
        for accepted in &self.accepted {
            match accepted {
                Accepted::Exact { issuer, .. } if issuer != iss => {}
                // Without the scope `profile` Entra leaves `tid` out; `iss` then names the tenant
                // alone.
                Accepted::Exact { entra: true, .. } if tid.is_some() => {
                    let named = tenant_in(iss);
                    return match tenant.is_some() && (named.is_none() || named == tenant) {
                        true => Ok(()),
                        false => Err(tenant_mismatch()),
                    };
                }
                Accepted::Exact { .. } => return Ok(()),
                Accepted::Tenants { template, tenants } => match (&tenant, tenant_in(iss)) {
                    (Some(tenant), _) if fill(template, tenant) == iss => {
                        match tenants.contains(tenant) {
                            true => return Ok(()),
                            false => {
                                let found = tenant.clone();
                                refused = Some(IssuerMismatch::TenantNotAllowed { found });
                            }
                        }
                    }
                    (_, Some(named)) if fill(template, &named) == iss => {
                        refused = Some(tenant_mismatch());
                    }
                    _ => {}
                },
            }
        }
        Err(refused.unwrap_or_else(|| IssuerMismatch::Issuer {
            expected: self.expected(),
            found: shortened(iss),
        }))
    }

    /// Judges whether the key that made the signature may sign for `iss`, by the `issuer` and the
    /// `cloud_instance_name` that Entra's key sets put on their keys: in Microsoft's public cloud one
    /// list holds keys of other clouds too.
    ///
    /// The key's issuer with the token's tenant filled in must be `iss`, or another accepted issuer
    /// of the same tenant: a v1.0 access token is signed with a key that the v2.0 list files under
    /// the v2.0 issuer.
    ///
    /// # Errors
    /// [`IssuerMismatch::KeyOfAnotherIssuer`] or [`IssuerMismatch::KeyOfAnotherCloud`].
    pub fn judge_key(
        &self,
        iss: &str,
        claims: &Map<String, Value>,
        key: KeyOrigin<'_>,
    ) -> Result<(), IssuerMismatch> {
        if let (Some(found), Some(expected)) = (key.cloud, self.clouds.first())
            && !self.clouds.iter().any(|cloud| cloud == found)
        {
            return Err(IssuerMismatch::KeyOfAnotherCloud {
                expected: expected.clone(),
                found: shortened(found),
            });
        }
        let Some(key_issuer) = key.issuer else {
            return Ok(());
        };
        let tenant = claims
            .get("tid")
            .and_then(Value::as_str)
            .and_then(TenantId::parse);
        let tenant = tenant.or_else(|| tenant_in(iss));
        let filled = match &tenant {
            Some(tenant) => fill(key_issuer, tenant),
            None => key_issuer.to_owned(),
        };
        let same_tenant = tenant.is_some() && tenant_in(&filled) == tenant;
        if filled == iss || (same_tenant && self.permits(&filled)) {
            return Ok(());
        }
        Err(IssuerMismatch::KeyOfAnotherIssuer {
            key_issuer: key_issuer.to_owned(),
            found: iss.to_owned(),
        })
    }
}

/// The v1.0 issuer of the tenant of a v2.0 issuer, where the cloud has one.
fn version_1(issuer: &str) -> Option<String> {
    let (host, path) = issuer.strip_prefix("https://")?.split_once('/')?;
    let tenant = path.strip_suffix("/v2.0")?;
    let v1_host = cloud_of(host)?.v1_host?;
    (!tenant.contains('/')).then(|| format!("https://{v1_host}/{tenant}/"))
}

fn fill(template: &str, tenant: &TenantId) -> String {
    template.replace(TENANT_PLACEHOLDER, tenant.as_str())
}

/// The tenant an issuer names: the first segment of its path that is a GUID.
fn tenant_in(issuer: &str) -> Option<TenantId> {
    issuer.split('/').skip(3).find_map(TenantId::parse)
}

/// What came from outside is shown, but not at any length.
fn shortened(text: &str) -> String {
    text.chars().take(256).collect()
}
