//! The way to the provider and back, and what the proxy makes of requests and answers.

use vestibule_e2e::beside::step::{Ask, Step};

use super::session::{SIGNED_IN, at, post};
use super::{Case, GET, PLAIN, SIGN_IN};

/// The way to the provider and back.
pub(in super::super) const FLOW: &[Case] = &[
    Case {
        name: "no-pkce",
        server: "#OIDCPKCEMethod",
        ..SIGN_IN
    },
    Case {
        name: "scope",
        server: "OIDCScope \"openid email\"",
        ..SIGN_IN
    },
    Case {
        name: "scope-without-openid",
        server: "OIDCScope email",
        ..SIGN_IN
    },
    Case {
        name: "path-scope",
        location: "OIDCPathScope offline_access",
        ..SIGN_IN
    },
    Case {
        name: "parameters",
        server: "OIDCAuthRequestParams ui_locales=de&claims_locales=en%20de",
        ..SIGN_IN
    },
    Case {
        name: "path-parameters",
        server: "OIDCAuthRequestParams claims_locales=de",
        location: "OIDCPathAuthRequestParams ui_locales=fr",
        ..SIGN_IN
    },
    Case {
        name: "form-post",
        server: "OIDCResponseMode form_post",
        ..SIGN_IN
    },
    Case {
        name: "secret-in-the-body",
        server: "OIDCClientID post\nOIDCClientSecret \"secret of post: +/&%?=\"\nOIDCProviderTokenEndpointAuth client_secret_post",
        ..SIGN_IN
    },
    Case {
        name: "relative-redirect-uri",
        server: "OIDCRedirectURI /app/redirect_uri",
        ..SIGN_IN
    },
    Case {
        name: "algorithm",
        server: "OIDCIDTokenSignedResponseAlg RS256",
        ..SIGN_IN
    },
];

/// An app's script has a password of its own.
const OWN_BASIC: Step = Step::Ask(Ask {
    name: "basic",
    method: "GET",
    path: "/app/api",
    fields: &[
        ("Sec-Fetch-Mode", "cors"),
        ("Authorization", "Basic YXBwOnNlY3JldA=="),
    ],
    body: "",
});
/// The same with a token.
const OWN_BEARER: Step = Step::Ask(Ask {
    name: "bearer",
    fields: &[
        ("Sec-Fetch-Mode", "cors"),
        ("Authorization", "Bearer of-the-app"),
    ],
    method: "GET",
    path: "/app/api",
    body: "",
});

/// A virtual host that has a proxied path and inherits another.
macro_rules! of_both {
    ($main:expr, $host:expr) => {
        concat!(
            "OIDCProviderMetadataURL {metadata}\n",
            "OIDCClientID {client_id}\n",
            "OIDCClientSecret \"{client_secret}\"\n",
            "OIDCCryptoPassphrase a-passphrase-of-no-worth\n",
            "OIDCScope \"{scope}\"\n",
            "OIDCPKCEMethod S256\n",
            "OIDCRemoteUserClaim sub\n",
            $main,
            "<VirtualHost *>\nServerName localhost\nOIDCRedirectURI {url}/app/redirect_uri\n",
            $host,
            "<Location /app>\nAuthType openid-connect\nRequire valid-user\nOIDCPassClaimsAs headers\n</Location>\n",
            "</VirtualHost>\n",
        )
    };
}

const OF_BOTH: &[Step] = &[
    SIGNED_IN,
    at("inner", "/app/x/page"),
    at("outer", "/app/page"),
];

/// What the proxy makes of requests and answers.
pub(in super::super) const PROXY: &[Case] = &[
    Case {
        name: "methods",
        often: true,
        steps: &[
            SIGNED_IN,
            post("post", "/app/page", "a=b"),
            Step::Ask(Ask {
                name: "head",
                method: "HEAD",
                path: "/app/page",
                fields: &[],
                body: "",
            }),
            Step::Ask(Ask {
                name: "options",
                method: "OPTIONS",
                path: "/app/page",
                fields: &[],
                body: "",
            }),
            Step::Ask(Ask {
                name: "put-from-nowhere",
                method: "PUT",
                path: "/app/page",
                fields: &[],
                body: "x",
            }),
            Step::Ask(Ask {
                name: "delete-across-sites",
                method: "DELETE",
                path: "/app/page",
                fields: &[
                    ("Origin", "https://evil.example.com"),
                    ("Sec-Fetch-Site", "cross-site"),
                ],
                body: "",
            }),
        ],
        ..PLAIN
    },
    Case {
        name: "answers",
        often: true,
        steps: &[
            SIGNED_IN,
            at("redirect", "/app/redirect"),
            at("missing", "/app/answer/404"),
            at("broken", "/app/answer/500"),
            at("refused", "/app/answer/401"),
            at("forbidden", "/app/answer/403"),
        ],
        ..PLAIN
    },
    Case {
        name: "paths",
        steps: &[
            SIGNED_IN,
            at("root", "/app"),
            at("root-slash", "/app/"),
            at("escaped", "/app/a%20b/c%2Bd?q=%20x+y"),
            at("escaped-slash", "/app/a%2Fb"),
            at("slashes", "/app//x"),
            at("dots", "/app/y/../x"),
            at("beside", "/application"),
            at("upper", "/APP/x"),
            at("escaped-letter", "/%61pp/x"),
            at("parameters", "/app;v=1/x"),
            at("nowhere", "/nowhere"),
        ],
        ..PLAIN
    },
    Case {
        name: "forged-when-signed-in",
        often: true,
        steps: &[
            SIGNED_IN,
            Step::Ask(Ask {
                name: "forged",
                method: "GET",
                path: "/app/page",
                fields: &[
                    ("OIDC_CLAIM_sub", "root"),
                    ("oidc-claim-admin", "1"),
                    ("OIDC-access-token", "x"),
                    ("X-Forwarded-For", "1.2.3.4"),
                    ("X-Forwarded-Proto", "https"),
                    ("X-Forwarded-Host", "evil.example.com"),
                    ("Forwarded", "for=1.2.3.4"),
                    ("Accept", "text/html"),
                ],
                body: "",
            }),
        ],
        ..PLAIN
    },
    Case {
        name: "preserve-host",
        server: "ProxyPreserveHost On",
        ..SIGN_IN
    },
    Case {
        name: "back-end-path",
        server: "ProxyPass /app {upstream}/base\nProxyPassReverse /app {upstream}/base",
        ..SIGN_IN
    },
    Case {
        name: "slashes-at-both-ends",
        server: "ProxyPass /app/ {upstream}/\nProxyPassReverse /app/ {upstream}/",
        ..SIGN_IN
    },
    Case {
        name: "everything",
        server: "ProxyPass / {upstream}/\nProxyPassReverse / {upstream}/",
        steps: &[SIGNED_IN, at("outside", "/open/x"), at("root", "/")],
        ..PLAIN
    },
    Case {
        name: "exclusion",
        server: "ProxyPass /app/own !\nProxyPass /app {upstream}",
        steps: &[SIGNED_IN, at("own", "/app/own/x")],
        ..PLAIN
    },
    Case {
        name: "main-server-inner",
        often: true,
        whole: of_both!(
            "ProxyPass /app/x {upstream}/main\n",
            "ProxyPass /app/x {upstream}/host-inner\nProxyPass /app {upstream}/host\n"
        ),
        steps: OF_BOTH,
        ..PLAIN
    },
    Case {
        name: "main-server-outer",
        whole: of_both!(
            "ProxyPass /app {upstream}/main\n",
            "ProxyPass /app/x {upstream}/host-inner\n"
        ),
        steps: OF_BOTH,
        ..PLAIN
    },
    Case {
        name: "main-server-location",
        whole: of_both!(
            "<Location /app/x>\nProxyPass {upstream}/main\n</Location>\n",
            "ProxyPass /app/x {upstream}/host-inner\nProxyPass /app {upstream}/host\n"
        ),
        steps: OF_BOTH,
        ..PLAIN
    },
    Case {
        name: "main-server-exclusion",
        whole: of_both!(
            "ProxyPass /app/x !\n",
            "ProxyPass /app/x {upstream}/host-inner\nProxyPass /app {upstream}/host\n"
        ),
        steps: OF_BOTH,
        ..PLAIN
    },
    Case {
        name: "answer-headers-missing",
        location: "Header setifempty X-Frame-Options DENY\nHeader setifempty Content-Type text/x\nHeader merge Vary Accept\nHeader set X-Nothing \"\"",
        ..PLAIN
    },
    Case {
        name: "headers-added",
        often: true,
        location: "RequestHeader unset X-Tenant\nRequestHeader add X-Tenant north\nRequestHeader append X-Tenant south\nRequestHeader merge X-Tenant south\nRequestHeader setifempty X-Tenant east\nRequestHeader unset X-User\nRequestHeader setifempty X-User \"expr=%{REMOTE_USER}\"\nRequestHeader set X-Empty \"\"",
        ..PLAIN
    },
    Case {
        name: "headers-by-module",
        location: "<IfModule mod_headers.c>\nRequestHeader set X-Tenant north\nHeader set X-Frame-Options DENY\n</IfModule>\nRequestHeader set X-User \"%{REMOTE_USER}s\"",
        ..PLAIN
    },
    Case {
        name: "own-authorization",
        often: true,
        steps: &[SIGNED_IN, OWN_BASIC, OWN_BEARER, GET],
        ..PLAIN
    },
    Case {
        name: "answer-headers",
        location: "Header set X-Frame-Options DENY\nHeader unset Content-Type",
        ..SIGN_IN
    },
    Case {
        name: "answer-headers-added",
        location: "Header add Link </a>\nHeader onsuccess add Link </b>\nHeader append Vary Accept\nHeader set X-Count a\nHeader append X-Count b",
        ..SIGN_IN
    },
    Case {
        name: "answer-headers-always",
        location: "Header always set X-Frame-Options DENY",
        ..SIGN_IN
    },
    Case {
        name: "forwarded-believed",
        server: "OIDCXForwardedHeaders X-Forwarded-Proto X-Forwarded-Host",
        steps: &[SIGNED_IN, GET],
        ..PLAIN
    },
];
