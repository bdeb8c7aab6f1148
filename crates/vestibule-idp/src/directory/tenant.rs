//! Companies, and the tenant segment of a path.

use crate::{guid::Guid, settings::TenantSettings};

/// The tenant every personal account lives in, the same GUID as at Entra.
pub(crate) const PERSONAL_TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// One company.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    pub(crate) id: Guid,
    pub(crate) name: String,
    pub(crate) domain: String,
}

impl Tenant {
    pub(super) fn new(text: &TenantSettings) -> Self {
        Self {
            id: text.id.clone(),
            name: text.name.clone(),
            domain: text.domain.to_ascii_lowercase(),
        }
    }
}

/// What the tenant segment of a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TenantPath {
    /// Work and personal accounts.
    Common,
    /// Work accounts.
    Organizations,
    /// Personal accounts.
    Consumers,
    /// One company.
    One(Guid),
}

impl TenantPath {
    pub(super) fn read(segment: &str, tenants: &[Tenant]) -> Option<Self> {
        let segment = segment.to_ascii_lowercase();
        match segment.as_str() {
            "common" => Some(Self::Common),
            "organizations" => Some(Self::Organizations),
            "consumers" | PERSONAL_TENANT => Some(Self::Consumers),
            other => tenants
                .iter()
                .find(|tenant| tenant.id.as_str() == other || tenant.domain == other)
                .map(|tenant| Self::One(tenant.id.clone())),
        }
    }

    /// The tenant in an issuer: a GUID where the path names one tenant, else the template Entra
    /// publishes with literal braces.
    pub(crate) fn in_issuer(&self) -> &str {
        match self {
            Self::Common | Self::Organizations => "{tenantid}",
            Self::Consumers => PERSONAL_TENANT,
            Self::One(id) => id.as_str(),
        }
    }
}
