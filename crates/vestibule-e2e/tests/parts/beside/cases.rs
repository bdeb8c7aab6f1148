//! The configurations and the steps taken with each. Most vary one directive of [`SERVER`] or [`LOCATION`].

mod access;
mod claims;
mod paths;
mod proxy;
mod session;

use vestibule_e2e::beside::step::{Ask, Step};

/// One configuration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    /// Its name in the list of differences.
    pub(super) name: &'static str,
    /// Whether it is run every time.
    pub(super) often: bool,
    /// Lines of the server.
    pub(super) server: &'static str,
    /// Lines of `<Location /app>`.
    pub(super) location: &'static str,
    /// The whole file, where it is another.
    pub(super) whole: &'static str,
    /// Who signs in.
    pub(super) person: &'static str,
    /// What they do.
    pub(super) steps: &'static [Step],
}

/// What every configuration has, unless it says otherwise.
pub(super) const SERVER: &str = "OIDCProviderMetadataURL {metadata}
OIDCClientID {client_id}
OIDCClientSecret \"{client_secret}\"
OIDCRedirectURI {url}/app/redirect_uri
OIDCCryptoPassphrase a-passphrase-of-no-worth
OIDCScope \"{scope}\"
OIDCPKCEMethod S256
OIDCRemoteUserClaim sub
ProxyPass /app {upstream}
ProxyPassReverse /app {upstream}
";

/// The same of the location.
pub(super) const LOCATION: &str = "AuthType openid-connect
Require valid-user
OIDCPassClaimsAs headers
";

/// A sign-in, and a request of somebody who is signed in.
const PLAIN: Case = Case {
    name: "",
    often: false,
    server: "",
    location: "",
    whole: "",
    person: "ada",
    steps: &[Step::SignIn("/app/page?x=1"), GET],
};

/// A sign-in alone.
const SIGN_IN: Case = Case {
    steps: &[Step::SignIn("/app/page?x=1")],
    ..PLAIN
};

const GET: Step = Step::Ask(Ask {
    name: "get",
    method: "GET",
    path: "/app/page?x=2",
    fields: &[("Accept", "text/html")],
    body: "",
});

/// People with claims of their own.
pub(super) const PEOPLE: &str = include_str!("people.json");

/// Those with the certified provider.
pub(super) fn certified() -> Vec<Case> {
    [
        claims::CLAIMS,
        claims::PASSED_ON,
        access::REQUIRED,
        access::STRANGERS_AND_ACTIONS,
        session::OWN_REQUESTS,
        session::SESSION,
        proxy::FLOW,
        proxy::PROXY,
        paths::PATHS,
    ]
    .concat()
}

/// Those with the provider that imitates Entra.
pub(super) fn local() -> Vec<Case> {
    vec![
        Case {
            name: "entra",
            often: true,
            ..PLAIN
        },
        Case {
            name: "entra-user",
            server: "OIDCRemoteUserClaim upn",
            location: "OIDCAuthNHeader X-Remote-User",
            ..PLAIN
        },
        Case {
            name: "entra-guest",
            person: "gus",
            server: "OIDCRemoteUserClaim upn",
            ..PLAIN
        },
        Case {
            name: "entra-guest-by-id",
            often: true,
            person: "gus",
            server: "OIDCRemoteUserClaim oid",
            location: "OIDCAuthNHeader X-Remote-User",
            ..PLAIN
        },
        Case {
            name: "entra-guest-by-issuer",
            person: "gus",
            server: "#OIDCRemoteUserClaim",
            location: "OIDCAuthNHeader X-Remote-User\nRequire claim idp:nowhere groups:nobody",
            ..PLAIN
        },
        Case {
            name: "entra-groups",
            location: "Require claim groups:4d7a9e10-2c35-4f68-8b1d-90e3c6f7a101",
            ..PLAIN
        },
        Case {
            name: "entra-too-many-groups",
            person: "mina",
            location: "Require claim groups:4d7a9e10-2c35-4f68-8b1d-90e3c6f7a102",
            ..PLAIN
        },
        Case {
            name: "entra-roles",
            person: "rafael",
            location: "Require claim roles:Portal.Admin",
            ..PLAIN
        },
        Case {
            name: "entra-refresh",
            server: "OIDCScope \"{scope} offline_access\"",
            location: "OIDCRefreshAccessTokenBeforeExpiry 30",
            ..PLAIN
        },
        Case {
            name: "entra-without-api",
            server: "OIDCScope \"openid profile\"",
            ..PLAIN
        },
        Case {
            name: "story",
            often: true,
            whole: STORY,
            steps: &[Step::SignIn("/foo/x")],
            ..PLAIN
        },
    ]
}

/// What both servers need to speak TLS, and to believe the provider.
macro_rules! tls {
    ($more:expr) => {
        concat!(
            "SSLEngine On\nSSLCertificateFile {folder}/cert.pem\nSSLCertificateKeyFile {folder}/key.pem\n",
            "OIDCCABundlePath {folder}/cert.pem\nOIDCProviderIssuer {issuer}\n",
            $more
        )
    };
}

/// Those where the provider's documents and both servers are behind TLS.
pub(super) fn over_tls() -> Vec<Case> {
    vec![
        Case {
            name: "tls",
            server: tls!(""),
            ..PLAIN
        },
        Case {
            name: "tls-form-post",
            often: true,
            server: tls!("OIDCResponseMode form_post"),
            ..PLAIN
        },
    ]
}

const STORY: &str = "OIDCProviderMetadataURL {metadata}
OIDCRedirectURI {url}/foo
OIDCClientID {client_id}
OIDCClientSecret {client_secret}
OIDCCryptoPassphrase a-passphrase-of-no-worth
OIDCScope \"openid {api}/.default\"

OIDCRemoteUserClaim upn
OIDCPassClaimsAs headers

ProxyPass /foo {upstream}
ProxyPassReverse /rest {upstream}

<Location /foo>
AuthType openid-connect
Require valid-user
</Location>
";
