//! Target `metadata`: a document that is accepted is the configured issuer's, with safe endpoints.

use url::Url;
use vestibule_oidc::issuer::IssuerRule;
use vestibule_oidc::metadata::ProviderMetadata;

/// The document at `/.well-known/openid-configuration`.
pub fn metadata(input: &[u8]) {
    for (issuer, plain_allowed) in [
        ("https://id.example.com", false),
        ("http://127.0.0.1:8081", true),
    ] {
        let Ok(metadata) = ProviderMetadata::parse(input, &IssuerRule::exact(issuer)) else {
            continue;
        };
        assert_eq!(metadata.issuer(), issuer);
        let endpoints = [
            Some(metadata.authorization_endpoint()),
            Some(metadata.token_endpoint()),
            Some(metadata.jwks_uri()),
            metadata.userinfo_endpoint(),
            metadata.end_session_endpoint(),
        ];
        for endpoint in endpoints.into_iter().flatten() {
            assert!(is_safe(endpoint, plain_allowed), "{endpoint}");
        }
    }
}

fn is_safe(url: &Url, plain_allowed: bool) -> bool {
    let loopback = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    let plain = url.scheme() == "http" && plain_allowed && (loopback || url.host_str().is_some());
    (url.scheme() == "https" || plain) && url.fragment().is_none()
}
