//! Which app is asked and by which section's rules: patterns, rewriting, balancers, paths that are closed.

use vestibule_e2e::beside::step::{Ask, Step};

use super::session::{SIGNED_IN, at};
use super::{Case, PLAIN};

/// A whole site with these lines behind what all have.
macro_rules! site {
    ($rest:expr) => {
        concat!(
            "OIDCProviderMetadataURL {metadata}\n",
            "OIDCClientID {client_id}\n",
            "OIDCClientSecret \"{client_secret}\"\n",
            "OIDCRedirectURI {url}/app/redirect_uri\n",
            "OIDCCryptoPassphrase a-passphrase-of-no-worth\n",
            "OIDCScope \"{scope}\"\n",
            "OIDCPKCEMethod S256\n",
            "OIDCRemoteUserClaim sub\n",
            "OIDCPassClaimsAs headers\n",
            $rest,
        )
    };
}

/// Everybody signs in, everywhere.
macro_rules! signed_in {
    () => {
        "<Location />\nAuthType openid-connect\nRequire valid-user\n</Location>\n"
    };
}

/// One who has never been here asks for a page.
const fn stranger(name: &'static str, path: &'static str) -> Step {
    Step::Stranger(Ask {
        name,
        method: "GET",
        path,
        fields: &[("Accept", "text/html")],
        body: "",
    })
}

/// The beginning of a WebSocket, of a page of the site.
const fn upgrade(name: &'static str, path: &'static str) -> Ask {
    Ask {
        name,
        method: "GET",
        path,
        fields: &[
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-Fetch-Site", "same-origin"),
            ("Sec-Fetch-Mode", "websocket"),
        ],
        body: "",
    }
}

pub(in super::super) const PATHS: &[Case] = &[
    Case {
        name: "several-paths",
        often: true,
        whole: site!(concat!(
            "ProxyPass / {upstream}/\n",
            signed_in!(),
            "<LocationMatch \"^/app/(admin|deep/(x|y))(/|$)\">\nRequire claim groups:nobody\n</LocationMatch>\n",
            "<LocationMatch \"^/app/(open|free\\.html)(/|$)\">\nAuthType None\nRequire all granted\n</LocationMatch>\n",
        )),
        person: "roles",
        steps: &[
            SIGNED_IN,
            at("closed", "/app/admin"),
            at("closed-below", "/app/admin/x"),
            at("closed-slash", "/app/admin/"),
            at("closed-slashes", "/app//admin//x"),
            at("closed-escaped", "/app/%61dmin/x"),
            at("closed-dots", "/app/y/../admin/x"),
            at("closed-deep", "/app/deep/y"),
            at("beside", "/app/administrator"),
            at("beside-deep", "/app/deep/z"),
            at("upper", "/app/ADMIN"),
            at("parameters", "/app/admin;v=1"),
            at("query", "/app/x?/app/admin/"),
            at("escaped-slash", "/app/admin%2Fx"),
            stranger("open", "/app/open"),
            stranger("open-below", "/app/open/x"),
            stranger("open-slashes", "/app//open/x"),
            stranger("open-escaped", "/app/%6fpen/x"),
            stranger("open-beside", "/app/opened"),
            stranger("open-upper", "/app/OPEN"),
            stranger("open-dots", "/app/open/../x"),
            stranger("open-escaped-dots", "/app/open/%2e%2e/x"),
            stranger("open-escaped-slash", "/app/open%2Fx"),
            stranger("open-parameters", "/app/open;v=1"),
            stranger("open-dot", "/app/free.html"),
            stranger("open-no-dot", "/app/freexhtml"),
            stranger("open-query", "/app/x?/app/open/"),
        ],
        ..PLAIN
    },
    Case {
        name: "beginnings",
        whole: site!(concat!(
            "ProxyPass / {upstream}/\n",
            signed_in!(),
            "<LocationMatch \"^/app/(hook|ci/cli)\">\nAuthType None\nRequire all granted\n</LocationMatch>\n",
            "<LocationMatch \"^/app/wp-(admin|login)\">\nAuthType openid-connect\nRequire valid-user\n</LocationMatch>\n",
        )),
        steps: &[
            stranger("open", "/app/hook"),
            stranger("open-below", "/app/ci/cli/x"),
            stranger("open-longer", "/app/hook-x"),
            stranger("open-longer-name", "/app/hooks"),
            stranger("open-dots", "/app/hook/../x"),
            stranger("asked", "/app/wp-admin/x"),
            stranger("asked-longer", "/app/wp-login.php"),
        ],
        ..PLAIN
    },
    Case {
        name: "websockets-rewritten",
        often: true,
        whole: site!(concat!(
            "RewriteEngine On\n",
            "RewriteCond %{HTTP:Upgrade} websocket [NC]\n",
            "RewriteCond %{HTTP:Connection} upgrade [NC]\n",
            "RewriteRule ^/?(.*) \"ws://{app}/$1\" [P,L]\n",
            "RewriteCond %{HTTP:Upgrade} !=websocket [NC]\n",
            "RewriteRule ^/?(.*) \"{upstream}/$1\" [P,L]\n",
            "ProxyPass / {upstream}/\n",
            signed_in!(),
            "<Location /app/closed>\nRequire claim groups:nobody\n</Location>\n",
        )),
        steps: &[
            SIGNED_IN,
            Step::Ask(upgrade("upgrade", "/app/page?x=2")),
            Step::Ask(upgrade("upgrade-slashes", "/app//page")),
            Step::Ask(upgrade("upgrade-escaped", "/app/a%20b")),
            Step::Ask(upgrade("upgrade-dots", "/app/y/../page")),
            Step::Ask(upgrade("upgrade-closed", "/app/closed/x")),
            Step::Ask(upgrade("upgrade-closed-escaped", "/app/%63losed/x")),
            Step::Ask(upgrade("upgrade-closed-dots", "/app/y/../closed")),
            Step::Stranger(upgrade("upgrade-stranger", "/app/page")),
        ],
        ..PLAIN
    },
    Case {
        name: "proxied-by-rewriting",
        whole: site!(concat!(
            "RewriteEngine On\n",
            "RewriteRule ^/app/(.*) {upstream}/base/$1 [P,L]\n",
            "ProxyPass / {upstream}/other/\n",
            signed_in!(),
        )),
        steps: &[
            SIGNED_IN,
            at("inner", "/app/x?y=z"),
            at("slash", "/app/"),
            at("slashes", "/app//x"),
            at("dots", "/app/y/../x"),
            at("out", "/app/../x"),
            at("outer", "/application"),
            at("upper", "/APP/x"),
            at("escaped-letter", "/%61pp/x"),
            at("escaped-blank", "/app/a%20b"),
        ],
        ..PLAIN
    },
    Case {
        name: "balancer-of-one",
        whole: site!(concat!(
            "<Proxy balancer://cluster>\nBalancerMember {upstream}/base route=1\nProxySet stickysession=ROUTEID\n",
            "Order allow,deny\nAllow from all\n</Proxy>\n",
            "ProxyPass / balancer://cluster/\nProxyPassReverse / balancer://cluster/\n",
            signed_in!(),
        )),
        steps: &[SIGNED_IN, at("root", "/"), at("deep", "/app/x/y?z=1")],
        ..PLAIN
    },
    Case {
        name: "redirects-of-what-is-proxied",
        often: true,
        whole: site!(concat!(
            "Redirect 404 /app/internal\n",
            "Redirect gone /app/old\n",
            "Redirect /app/moved /app/page\n",
            "RedirectMatch 403 ^/app/(secret|private)(/|$)\n",
            "ProxyPass / {upstream}/\n",
            signed_in!(),
        )),
        steps: &[
            SIGNED_IN,
            at("internal", "/app/internal"),
            at("internal-below", "/app/internal/x"),
            at("internal-slashes", "/app//internal/x"),
            at("internal-escaped", "/app/%69nternal/x"),
            at("internal-dots", "/app/y/../internal"),
            at("beside", "/app/internals"),
            at("old", "/app/old/x"),
            at("moved", "/app/moved/x"),
            at("secret", "/app/private/x"),
            at("secret-escaped", "/app/%70rivate/x"),
        ],
        ..PLAIN
    },
    Case {
        name: "header-of-a-variable",
        often: true,
        whole: site!(concat!(
            "OIDCPassClaimsAs both\nProxyPass / {upstream}/\n",
            "<Location />\nAuthType openid-connect\nRequire valid-user\n",
            "RewriteEngine On\n",
            "RewriteCond %{REMOTE_USER} (.+)\n",
            "RewriteRule .* - [E=RU:%1]\n",
            "RewriteRule ^ - [E=INNER:%{REMOTE_USER}]\n",
            "RewriteRule .* - [E=CLAIM:%{ENV:OIDC_CLAIM_email}]\n",
            "RequestHeader set X-User %{RU}e env=RU\n",
            "RequestHeader set X-Inner %{INNER}e\n",
            "RequestHeader set X-Claim %{CLAIM}e env=CLAIM\n",
            "RequestHeader set X-Expression \"expr=%{reqenv:OIDC_CLAIM_name}\"\n",
            "</Location>\n",
        )),
        steps: &[SIGNED_IN],
        ..PLAIN
    },
    Case {
        name: "header-of-a-variable-in-proxy",
        whole: site!(concat!(
            "OIDCPassClaimsAs both\nProxyPass / {upstream}/\n",
            "<Proxy *>\nAuthType openid-connect\nRequire valid-user\n",
            "RewriteEngine On\n",
            "RewriteRule .* - [E=PROXY_USER:%{LA-U:REMOTE_USER},NS]\n",
            "RequestHeader set X-WEBAUTH-USER \"%{PROXY_USER}e\"\n",
            "RequestHeader unset Authorization\n",
            "</Proxy>\n",
        )),
        steps: &[SIGNED_IN],
        ..PLAIN
    },
];
