//! Decides which product a provider is, from what its addresses and tokens are called.

use vestibule_oidc::access_token::TokenShape;
use vestibule_oidc::microsoft::{B2C_SUFFIX, CIAM_SUFFIX, cloud_of};

use super::Token;

/// A provider's product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Product {
    /// Microsoft Entra ID.
    Entra,
    /// Microsoft Entra External ID.
    ExternalId,
    /// Azure AD B2C.
    B2c,
    /// Active Directory Federation Services.
    AdFs,
    /// Auth0.
    Auth0,
    /// Okta.
    Okta,
    /// Google.
    Google,
    /// Keycloak.
    Keycloak,
    /// Amazon Cognito.
    Cognito,
    /// GitHub.
    GitHub,
    /// GitLab.
    GitLab,
    /// Salesforce.
    Salesforce,
    /// Ping.
    Ping,
}

impl Product {
    /// The product that uses such an issuer or metadata address.
    pub fn of_url(url: &str) -> Option<Self> {
        let host = host_of(url)?;
        let (_, rest) = url.split_once("://")?;
        let path = rest
            .find('/')
            .and_then(|start| rest.get(start..))
            .unwrap_or_default();
        let under = |suffix: &str| {
            host.ends_with(suffix) || suffix.strip_prefix('.').is_some_and(|whole| host == whole)
        };
        Some(match host {
            _ if host.ends_with(CIAM_SUFFIX) => Self::ExternalId,
            _ if host.ends_with(B2C_SUFFIX) => Self::B2c,
            _ if cloud_of(host).is_some() || host == "sts.chinacloudapi.cn" => Self::Entra,
            _ if host.ends_with(".login.microsoft.com") => Self::Entra,
            _ if under(".auth0.com") => Self::Auth0,
            _ if under(".okta.com") || under(".oktapreview.com") || under(".okta-emea.com") => {
                Self::Okta
            }
            "accounts.google.com" => Self::Google,
            _ if host.starts_with("cognito-idp.") && under(".amazonaws.com") => Self::Cognito,
            _ if under(".amazoncognito.com") => Self::Cognito,
            "github.com" | "token.actions.githubusercontent.com" => Self::GitHub,
            "gitlab.com" => Self::GitLab,
            _ if under(".salesforce.com") => Self::Salesforce,
            _ if under(".pingone.com") || under(".pingone.eu") || under(".pingone.ca") => {
                Self::Ping
            }
            _ if under(".pingone.asia") || under(".pingidentity.com") => Self::Ping,
            _ if path.contains("/realms/") => Self::Keycloak,
            _ if path == "/adfs" || path.starts_with("/adfs/") => Self::AdFs,
            _ => return None,
        })
    }

    /// The product that makes such tokens.
    pub(super) fn of_token(token: &Token) -> Option<Self> {
        match token.shape {
            TokenShape::PersonalAccountTicket
            | TokenShape::EntraV1Opaque
            | TokenShape::EntraCodeOrRefreshToken
            | TokenShape::PersonalCodeOrRefreshToken
            | TokenShape::EntraClientSecret => return Some(Self::Entra),
            TokenShape::GoogleOpaque => return Some(Self::Google),
            TokenShape::GitHubOpaque => return Some(Self::GitHub),
            TokenShape::GitLabOpaque => return Some(Self::GitLab),
            TokenShape::SalesforceOpaque => return Some(Self::Salesforce),
            _ => {}
        }
        if token.has("tfp") || token.text("acr").is_some_and(|acr| acr.starts_with("b2c_")) {
            return Some(Self::B2c);
        }
        if token.header_text("tty") == Some("sfdc-core-token") {
            return Some(Self::Salesforce);
        }
        if let Some(product) = token.text("iss").and_then(Self::of_url) {
            return Some(product);
        }
        match token.text("token_use") {
            Some("access" | "id") => Some(Self::Cognito),
            _ => None,
        }
    }

    /// Whether it is Microsoft Entra ID in one of its forms.
    pub const fn is_entra(self) -> bool {
        matches!(self, Self::Entra | Self::ExternalId | Self::B2c)
    }

    /// What its makers call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entra => "Microsoft Entra ID",
            Self::ExternalId => "Microsoft Entra External ID",
            Self::B2c => "Azure AD B2C",
            Self::AdFs => "AD FS",
            Self::Auth0 => "Auth0",
            Self::Okta => "Okta",
            Self::Google => "Google",
            Self::Keycloak => "Keycloak",
            Self::Cognito => "Amazon Cognito",
            Self::GitHub => "GitHub",
            Self::GitLab => "GitLab",
            Self::Salesforce => "Salesforce",
            Self::Ping => "Ping Identity",
        }
    }
}

/// The host of an `http` or `https` URL, without port, as written.
pub(crate) fn host_of(url: &str) -> Option<&str> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next()?,
        None => host.split(':').next()?,
    };
    (!host.is_empty()).then_some(host)
}

/// The port of an address: its own, or its scheme's.
pub(crate) fn port_of(url: &str) -> &str {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((_, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            port
        }
        _ if scheme == "http" => "80",
        _ => "443",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_known_by_their_addresses() {
        for (url, product) in [
            (
                "https://login.microsoftonline.com/common/v2.0",
                Some(Product::Entra),
            ),
            ("https://sts.windows.net/x/", Some(Product::Entra)),
            (
                "https://contoso.ciamlogin.com/x/v2.0",
                Some(Product::ExternalId),
            ),
            ("https://contoso.b2clogin.com/x/v2.0/", Some(Product::B2c)),
            ("https://contoso.eu.auth0.com/", Some(Product::Auth0)),
            (
                "https://contoso.okta.com/oauth2/default",
                Some(Product::Okta),
            ),
            ("https://accounts.google.com", Some(Product::Google)),
            ("https://id.example/realms/main", Some(Product::Keycloak)),
            (
                "https://cognito-idp.eu-west-1.amazonaws.com/p",
                Some(Product::Cognito),
            ),
            ("https://fs.example/adfs", Some(Product::AdFs)),
            ("https://fs.example:444/adfs/", Some(Product::AdFs)),
            ("https://evilauth0.com/", None),
            ("https://login.microsoftonline.com.evil.example/", None),
            ("https://id.example/adfsx", None),
            ("id.example", None),
            ("https:///x", None),
        ] {
            assert_eq!(Product::of_url(url), product, "{url}");
        }
    }
}
