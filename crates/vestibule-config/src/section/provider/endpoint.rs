//! Decides whether an address is one of a provider's endpoints, and of which issuer.

use url::Url;

use super::discovery::is_cloud_host;

/// The issuer behind the address where people sign in, tokens are fetched or keys are; `None` for any other address.
pub(super) fn issuer_of(url: &Url) -> Option<String> {
    let origin = url.origin().ascii_serialization();
    let path = url.path();
    let host = url.host_str()?;
    let mut segments = url.path_segments()?;
    let (first, second) = (segments.next()?, segments.next());
    if is_cloud_host(host) {
        let endpoint = matches!(second, Some("oauth2" | "discovery"));
        return endpoint.then(|| format!("{origin}/{first}/v2.0"));
    }
    if host == "accounts.google.com" && first == "o" {
        return Some(origin);
    }
    if host.ends_with(".auth0.com") && matches!(path, "/authorize" | "/oauth/token" | "/userinfo") {
        return Some(format!("{origin}/"));
    }
    // Keycloak's, then Okta's, then those of whoever calls the first of them so.
    let ends = [
        "/protocol/openid-connect/",
        "/v1/authorize",
        "/v1/token",
        "/v1/keys",
    ];
    let before = ends.iter().find_map(|end| Some(path.split_once(end)?.0));
    let before = before.or_else(|| path.strip_suffix("/authorize"))?;
    let issuer = before.strip_suffix("/oauth2").unwrap_or(before);
    Some(format!("{origin}{issuer}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_shows_its_issuer() {
        const ENTRA: &str = "https://login.microsoftonline.com/contoso.com";
        for (url, issuer) in [
            (
                format!("{ENTRA}/oauth2/v2.0/authorize"),
                Some(format!("{ENTRA}/v2.0")),
            ),
            (
                format!("{ENTRA}/oauth2/token"),
                Some(format!("{ENTRA}/v2.0")),
            ),
            (
                format!("{ENTRA}/discovery/v2.0/keys"),
                Some(format!("{ENTRA}/v2.0")),
            ),
            (format!("{ENTRA}/v2.0"), None),
            (
                "https://id.example/realms/a/protocol/openid-connect/auth".to_owned(),
                Some("https://id.example/realms/a".to_owned()),
            ),
            (
                "https://a.okta.com/oauth2/default/v1/authorize".to_owned(),
                Some("https://a.okta.com/oauth2/default".to_owned()),
            ),
            (
                "https://a.okta.com/oauth2/v1/token".to_owned(),
                Some("https://a.okta.com".to_owned()),
            ),
            (
                "https://a.eu.auth0.com/authorize".to_owned(),
                Some("https://a.eu.auth0.com/".to_owned()),
            ),
            (
                "https://accounts.google.com/o/oauth2/v2/auth".to_owned(),
                Some("https://accounts.google.com".to_owned()),
            ),
            ("https://is.example:9443/oauth2/token".to_owned(), None),
            ("https://id.example/auth".to_owned(), None),
            ("https://id.example".to_owned(), None),
        ] {
            assert_eq!(issuer_of(&Url::parse(&url).unwrap()), issuer, "{url}");
        }
    }
}
