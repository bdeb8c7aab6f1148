//! Which path is which endpoint, and the request each of them reads.

mod authorize;
mod client_authentication;
mod discovery;
mod graph;
mod logout;
mod revocation;
mod token;
mod token_response;
mod userinfo;

use bytes::Bytes;
use http::{HeaderMap, Method, header};

use crate::{
    aadsts::{self, Refusal},
    clock,
    faults::Endpoint,
    grants::Version,
    journal::Details,
    provider::Provider,
    reply::{self, Reply},
};

/// One request, read whole.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    /// A header that is there once and is text.
    pub(crate) fn header(&self, name: http::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A form body, if the request has one.
    pub(crate) fn form(&self) -> &[u8] {
        let is_form = self
            .header(header::CONTENT_TYPE)
            .and_then(|value| value.split(';').next())
            .is_some_and(|kind| {
                kind.trim()
                    .eq_ignore_ascii_case("application/x-www-form-urlencoded")
            });
        if is_form && self.method == Method::POST {
            &self.body
        } else {
            b""
        }
    }

    /// The value of a cookie.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(known, value)| (known == name).then_some(value))
    }

    /// Whether a page of another origin made the browser send this.
    pub(crate) fn is_cross_site(&self) -> bool {
        self.headers
            .get("sec-fetch-site")
            .is_some_and(|site| site != "same-origin" && site != "none")
    }
}

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Index,
    Discovery(Version, String),
    Keys(Version, String),
    Authorize(Version, String),
    Token(Version, String),
    Logout(Version, String),
    Revocation,
    V1Userinfo(String),
    GraphUserinfo,
    Graph(String),
    /// Advertised by Entra's metadata and not built here.
    NotBuilt,
    ErrorPage,
    Unknown,
}

impl Target {
    pub(crate) fn read(path: &str) -> Self {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let to = |tenant: &&str| (*tenant).to_owned();
        match segments.as_slice() {
            [""] => Self::Index,
            ["error"] => Self::ErrorPage,
            ["graph", "oidc", "userinfo"] => Self::GraphUserinfo,
            ["graph", "v1.0", rest @ ..] => Self::Graph(rest.join("/")),
            // `sts.windows.net` is an alias host at Entra and serves the same document.
            [t, ".well-known", "openid-configuration"]
            | ["sts", t, ".well-known", "openid-configuration"] => {
                Self::Discovery(Version::V1, to(t))
            }
            [t, "v2.0", ".well-known", "openid-configuration"] => {
                Self::Discovery(Version::V2, to(t))
            }
            [t, "discovery", "keys"] => Self::Keys(Version::V1, to(t)),
            [t, "discovery", "v2.0", "keys"] => Self::Keys(Version::V2, to(t)),
            [t, "oauth2", "authorize"] => Self::Authorize(Version::V1, to(t)),
            [t, "oauth2", "v2.0", "authorize"] => Self::Authorize(Version::V2, to(t)),
            [t, "oauth2", "token"] => Self::Token(Version::V1, to(t)),
            [t, "oauth2", "v2.0", "token"] => Self::Token(Version::V2, to(t)),
            [t, "oauth2", "logout"] => Self::Logout(Version::V1, to(t)),
            [t, "oauth2", "v2.0", "logout"] => Self::Logout(Version::V2, to(t)),
            ["beyond-entra", "revoke"] => Self::Revocation,
            [t, "openid", "userinfo"] => Self::V1Userinfo(to(t)),
            [_, "oauth2", "devicecode" | "checksession"]
            | [_, "oauth2", "v2.0", "devicecode"]
            | [_, "kerberos"] => Self::NotBuilt,
            _ => Self::Unknown,
        }
    }

    /// The name faults and the journal know it by.
    pub(crate) fn endpoint(&self) -> Endpoint {
        match self {
            Self::Discovery(..) => Endpoint::Discovery,
            Self::Keys(..) => Endpoint::Keys,
            Self::Authorize(..) => Endpoint::Authorize,
            Self::Token(..) => Endpoint::Token,
            Self::Logout(..) => Endpoint::Logout,
            Self::Revocation => Endpoint::Revocation,
            Self::V1Userinfo(_) | Self::GraphUserinfo => Endpoint::Userinfo,
            Self::Graph(_) => Endpoint::Graph,
            Self::Index | Self::NotBuilt | Self::ErrorPage | Self::Unknown => Endpoint::Other,
        }
    }

    fn allows(&self, method: &Method) -> bool {
        let reads = method == Method::GET || method == Method::HEAD;
        match self {
            Self::Index | Self::ErrorPage | Self::Discovery(..) | Self::Keys(..) => reads,
            // The token endpoint has its own refusal of a wrong method.
            _ => reads || method == Method::POST || matches!(self, Self::Token(..)),
        }
    }
}

/// Answers a request. `details` is what the journal shall say about it. The answer's `Date` is of the provider's own
/// clock, which may be wrong on request.
pub(crate) fn answer(
    provider: &Provider,
    target: &Target,
    request: &Request,
    details: &mut Details,
) -> Reply {
    let date = clock::http_date(provider.now());
    let reply = answer_undated(provider, target, request, details);
    reply::with_header(reply, header::DATE, &date)
}

fn answer_undated(
    provider: &Provider,
    target: &Target,
    request: &Request,
    details: &mut Details,
) -> Reply {
    if !target.allows(&request.method) {
        return reply::text(405, "This address takes other methods.\n");
    }
    match target {
        Target::Index => provider.pages.index(provider),
        Target::ErrorPage => provider.pages.about_errors(),
        Target::Discovery(version, tenant) => {
            discovery::metadata(provider, *version, tenant, &request.query)
        }
        Target::Keys(version, tenant) => {
            discovery::keys(provider, *version, tenant, &request.query)
        }
        Target::Authorize(version, tenant) => {
            authorize::answer(provider, *version, tenant, request, details)
        }
        Target::Token(version, tenant) => {
            token::answer(provider, *version, tenant, request, details)
        }
        Target::Logout(version, tenant) => logout::answer(provider, *version, tenant, request),
        Target::Revocation => revocation::answer(provider, request, details),
        Target::V1Userinfo(_) => userinfo::v1(provider, request),
        Target::GraphUserinfo => userinfo::graph(provider, request),
        Target::Graph(rest) => graph::answer(provider, rest, request),
        Target::NotBuilt => json_refusal(
            provider,
            Refusal::new(
                aadsts::NOT_SUPPORTED,
                "the local provider has no such endpoint",
            ),
        ),
        Target::Unknown => reply::text(404, "There is nothing here.\n"),
    }
}

/// A refusal as JSON.
fn json_refusal(provider: &Provider, refusal: Refusal) -> Reply {
    let status = refusal.status();
    reply::json(
        status,
        &refusal.report(provider.now()).to_json(&provider.origin),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_of_entra_has_its_endpoint_and_no_other_path_has_one() {
        for (path, endpoint) in [
            (
                "/common/.well-known/openid-configuration",
                Endpoint::Discovery,
            ),
            (
                "/common/v2.0/.well-known/openid-configuration",
                Endpoint::Discovery,
            ),
            (
                "/sts/common/.well-known/openid-configuration",
                Endpoint::Discovery,
            ),
            ("/t/discovery/keys", Endpoint::Keys),
            ("/t/discovery/v2.0/keys", Endpoint::Keys),
            ("/t/oauth2/authorize", Endpoint::Authorize),
            ("/t/oauth2/v2.0/authorize", Endpoint::Authorize),
            ("/t/oauth2/token", Endpoint::Token),
            ("/t/oauth2/v2.0/token", Endpoint::Token),
            ("/t/oauth2/logout", Endpoint::Logout),
            ("/t/oauth2/v2.0/logout", Endpoint::Logout),
            ("/t/openid/userinfo", Endpoint::Userinfo),
            ("/graph/oidc/userinfo", Endpoint::Userinfo),
            ("/graph/v1.0/me", Endpoint::Graph),
        ] {
            assert_eq!(Target::read(path).endpoint(), endpoint, "{path}");
        }
        // Entra has no introspection, revocation, PAR or registration.
        for path in [
            "/t/oauth2/v2.0/introspect",
            "/t/oauth2/v2.0/revoke",
            "/t/oauth2/v2.0/par",
            "/t/oauth2/v2.0/register",
            "/t/v2.0/.well-known/openid-configuration/",
            "//common/discovery/keys/x",
        ] {
            assert_eq!(Target::read(path), Target::Unknown, "{path}");
        }
    }
}
