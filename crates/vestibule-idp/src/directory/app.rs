//! App registrations: clients, APIs, and which redirect URIs are theirs.

use url::Url;

use crate::{
    guid::Guid,
    settings::{Accounts, AppSettings, Consent, RedirectMatching},
};

/// One app registration.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) client_id: Guid,
    pub(crate) tenant: Guid,
    pub(crate) accounts: Accounts,
    pub(crate) client_secret: Option<String>,
    pub(crate) secret_expired: bool,
    pub(crate) any_localhost: bool,
    pub(crate) redirect_uris: Vec<(String, RedirectKind)>,
    pub(crate) front_channel_logout_url: Option<Url>,
    pub(crate) back_channel_logout_url: Option<Url>,
    pub(crate) optional_claims: Vec<String>,
    pub(crate) access_token_claims: Vec<String>,
    pub(crate) group_claims: bool,
    pub(crate) id_tokens_from_authorize: bool,
    pub(crate) consent: Consent,
    pub(crate) assigned: Option<Vec<String>>,
    pub(crate) app_id_uris: Vec<String>,
    pub(crate) version_2_tokens: bool,
    pub(crate) scopes: Vec<String>,
    pub(crate) app_roles: Vec<String>,
    pub(crate) graph_permissions: Vec<String>,
    pub(crate) graph_app_permissions: Vec<String>,
}

/// The platform a redirect URI is registered under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RedirectKind {
    /// A server redeems the code.
    Web,
    /// A browser redeems the code.
    Spa,
}

impl App {
    pub(super) fn new(text: &AppSettings, home: &Guid) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let name = &text.name;
        if !matches!(text.access_token_version, 1 | 2) {
            problems.push(format!("app `{name}`: access_token_version is 1 or 2"));
        }
        if text.accounts == Accounts::OrganizationsAndPersonal
            && !text.app_id_uris.is_empty()
            && text.access_token_version != 2
        {
            problems.push(format!(
                "app `{name}`: an API open to personal accounts needs access_token_version = 2"
            ));
        }
        for uri in text.redirect_uris.iter().chain(&text.spa_redirect_uris) {
            if Url::parse(uri).is_err() {
                problems.push(format!("app `{name}`: `{uri}` is not a URL"));
            }
        }
        let mut logout_url = |text: &Option<String>, here_only: bool| {
            let url = Url::parse(text.as_ref()?).ok();
            let url = url.filter(|url| !here_only || is_plain_loopback(url));
            if url.is_none() {
                let kind = if here_only {
                    "an http URL of this machine"
                } else {
                    "a URL"
                };
                problems.push(format!("app `{name}`: a logout URL is not {kind}"));
            }
            url
        };
        let front_channel_logout_url = logout_url(&text.front_channel_logout_url, false);
        let back_channel_logout_url = logout_url(&text.back_channel_logout_url, true);
        if !problems.is_empty() {
            return Err(problems);
        }
        let of_kind = |uris: &[String], kind| -> Vec<_> {
            uris.iter().map(|uri| (uri.clone(), kind)).collect()
        };
        let mut redirect_uris = of_kind(&text.redirect_uris, RedirectKind::Web);
        redirect_uris.extend(of_kind(&text.spa_redirect_uris, RedirectKind::Spa));
        Ok(Self {
            name: name.clone(),
            client_id: text.client_id.clone(),
            tenant: text.tenant.clone().unwrap_or_else(|| home.clone()),
            accounts: text.accounts,
            client_secret: text.client_secret.clone(),
            secret_expired: text.secret_expired,
            any_localhost: text.redirect == RedirectMatching::AnyLocalhost,
            redirect_uris,
            front_channel_logout_url,
            back_channel_logout_url,
            optional_claims: text.optional_claims.clone(),
            access_token_claims: text.access_token_claims.clone(),
            group_claims: text.group_claims,
            id_tokens_from_authorize: text.id_tokens_from_authorize,
            consent: text.consent,
            assigned: text.assigned.clone(),
            app_id_uris: text.app_id_uris.clone(),
            version_2_tokens: text.access_token_version == 2,
            scopes: text.scopes.clone(),
            app_roles: text.app_roles.clone(),
            graph_permissions: text.graph_permissions.clone(),
            graph_app_permissions: text.graph_app_permissions.clone(),
        })
    }

    /// The kind of the redirect URI, if it is one of this app's.
    ///
    /// Byte for byte, path case included, but for the port of `http://localhost`, which Entra
    /// ignores.
    pub(crate) fn redirect_kind(&self, uri: &str) -> Option<RedirectKind> {
        let asked = Url::parse(uri).ok()?;
        let is_plain = uri.bytes().all(|byte| byte.is_ascii_graphic())
            && asked.fragment().is_none()
            && asked.username().is_empty()
            && asked.password().is_none();
        if !is_plain {
            return None;
        }
        let registered = self.redirect_uris.iter().find(|(registered, _)| {
            registered == uri
                || (is_http_localhost(&asked)
                    && without_port(registered).is_some_and(|one| without_port(uri) == Some(one)))
        });
        match registered {
            Some((_, kind)) => Some(*kind),
            None if self.any_localhost && is_http_localhost(&asked) => Some(RedirectKind::Web),
            None => None,
        }
    }

    /// Whether `identifier` is this API: an App ID URI or its client ID.
    pub(crate) fn is_named(&self, identifier: &str) -> bool {
        self.client_id.as_str().eq_ignore_ascii_case(identifier)
            || self.app_id_uris.iter().any(|uri| uri == identifier)
    }
}

fn is_plain_loopback(url: &Url) -> bool {
    url.scheme() == "http"
        && match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
}

fn is_http_localhost(url: &Url) -> bool {
    url.scheme() == "http" && url.host_str() == Some("localhost")
}

/// The bytes of an `http://localhost` URI without its port.
fn without_port(uri: &str) -> Option<&str> {
    let rest = uri.strip_prefix("http://localhost")?;
    let end_of_port = match rest.strip_prefix(':') {
        Some(port) => 1 + port.bytes().take_while(u8::is_ascii_digit).count(),
        None => 0,
    };
    rest.get(end_of_port..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::IdpSettings;

    fn app(redirect: RedirectMatching, registered: &str) -> App {
        let mut text = IdpSettings::built_in().apps[0].clone();
        text.redirect = redirect;
        text.redirect_uris = vec![registered.to_owned()];
        text.spa_redirect_uris = vec!["https://spa.example/cb".to_owned()];
        App::new(&text, &Guid::random()).unwrap()
    }

    #[test]
    fn strict_registrations_compare_byte_for_byte_but_for_the_port_of_localhost() {
        let app = app(RedirectMatching::Strict, "http://localhost:8080/Foo");
        for (uri, allowed) in [
            ("http://localhost:8080/Foo", true),
            ("http://localhost:9999/Foo", true),
            ("http://localhost/Foo", true),
            ("http://localhost:8080/foo", false),
            ("http://localhost:8080/Foo/", false),
            ("http://localhost:8080/Foo?x=1", false),
            ("http://localhost:8080/Foo#x", false),
            ("http://u:p@localhost:8080/Foo", false),
            ("http://127.0.0.1:8080/Foo", false),
            ("https://localhost:8080/Foo", false),
            ("http://localhost.evil.example/Foo", false),
            ("nonsense", false),
        ] {
            assert_eq!(app.redirect_kind(uri).is_some(), allowed, "{uri}");
        }
        assert_eq!(
            app.redirect_kind("https://spa.example/cb"),
            Some(RedirectKind::Spa)
        );
    }

    #[test]
    fn any_localhost_admits_every_port_and_path_of_localhost_and_nothing_else() {
        let app = app(RedirectMatching::AnyLocalhost, "https://portal.example/cb");
        for (uri, allowed) in [
            ("http://localhost:1/any?thing=1", true),
            ("http://localhost/foo", true),
            ("https://portal.example/cb", true),
            ("http://localhost@evil.example/", false),
            ("http://evil.example/localhost", false),
            ("http://localhost/foo#frag", false),
            ("https://localhost/foo", false),
        ] {
            assert_eq!(app.redirect_kind(uri).is_some(), allowed, "{uri}");
        }
    }
}
