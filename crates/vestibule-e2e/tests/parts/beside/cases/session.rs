//! The module's own requests at the redirect URI, sessions and their cookies.

use vestibule_e2e::beside::step::{Ask, Step};

use super::{Case, GET, PLAIN, SIGN_IN};

pub(super) const fn at(name: &'static str, path: &'static str) -> Step {
    Step::Ask(Ask {
        name,
        method: "GET",
        path,
        // A link of the app was followed.
        fields: &[("Accept", "text/html"), ("Sec-Fetch-Site", "same-origin")],
        body: "",
    })
}

pub(super) const fn post(name: &'static str, path: &'static str, body: &'static str) -> Step {
    Step::Ask(Ask {
        name,
        method: "POST",
        path,
        fields: &[
            ("Accept", "text/html"),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Sec-Fetch-Site", "same-origin"),
        ],
        body,
    })
}

pub(super) const SIGNED_IN: Step = Step::SignIn("/app/page?x=1");

/// The redirect URI is the module's alone: else Debian's version asks the app what it has answered itself.
macro_rules! apart {
    ($more:expr) => {
        concat!(
            $more,
            "ProxyPass /app/redirect_uri !\nProxyPass /app {upstream}"
        )
    };
}

/// What is asked of the redirect URI.
pub(in super::super) const OWN_REQUESTS: &[Case] = &[
    Case {
        name: "logout",
        often: true,
        steps: &[
            SIGNED_IN,
            at("logout", "/app/redirect_uri?logout={url}%2Fapp%2Fbye"),
            GET,
        ],
        ..PLAIN
    },
    Case {
        name: "logout-signed-out",
        steps: &[at("logout", "/app/redirect_uri?logout={url}%2Fapp%2Fbye")],
        ..PLAIN
    },
    Case {
        name: "logout-without-target",
        steps: &[SIGNED_IN, at("logout", "/app/redirect_uri?logout="), GET],
        ..PLAIN
    },
    Case {
        name: "logout-to-the-default",
        server: "OIDCDefaultLoggedOutURL {url}/app/bye",
        steps: &[SIGNED_IN, at("logout", "/app/redirect_uri?logout="), GET],
        ..PLAIN
    },
    Case {
        name: "logout-elsewhere",
        steps: &[
            SIGNED_IN,
            at(
                "logout",
                "/app/redirect_uri?logout=https%3A%2F%2Fevil.example.com%2F",
            ),
            GET,
        ],
        ..PLAIN
    },
    Case {
        name: "logout-elsewhere-allowed",
        server: "OIDCRedirectURLsAllowed ^https://good\\.example\\.com/",
        steps: &[
            SIGNED_IN,
            at(
                "logout",
                "/app/redirect_uri?logout=https%3A%2F%2Fgood.example.com%2F",
            ),
            GET,
        ],
        ..PLAIN
    },
    Case {
        name: "logout-relative",
        steps: &[
            SIGNED_IN,
            at("logout", "/app/redirect_uri?logout=%2Fapp%2Fbye"),
            GET,
        ],
        ..PLAIN
    },
    Case {
        name: "logout-slashes",
        steps: &[
            SIGNED_IN,
            at(
                "logout",
                "/app/redirect_uri?logout=%2F%2Fevil.example.com%2F",
            ),
            GET,
        ],
        ..PLAIN
    },
    Case {
        name: "front-channel-page",
        steps: &[SIGNED_IN, at("logout", "/app/redirect_uri?logout=get"), GET],
        ..PLAIN
    },
    Case {
        name: "front-channel-image",
        steps: &[SIGNED_IN, at("logout", "/app/redirect_uri?logout=img"), GET],
        ..PLAIN
    },
    Case {
        name: "back-channel-nonsense",
        steps: &[
            SIGNED_IN,
            post(
                "logout",
                "/app/redirect_uri?logout=backchannel",
                "logout_token=nonsense",
            ),
            GET,
        ],
        ..PLAIN
    },
    Case {
        name: "back-channel",
        often: true,
        server: "OIDCProviderBackChannelLogoutSupported On",
        steps: &[SIGNED_IN, Step::EndAtProvider, GET],
        ..PLAIN
    },
    Case {
        name: "apart-info",
        often: true,
        server: apart!(
            "OIDCInfoHook iat access_token_expires id_token userinfo exp timeout remote_user\n"
        ),
        steps: &[
            at("info-stranger", "/app/redirect_uri?info=json"),
            SIGNED_IN,
            at("info-json", "/app/redirect_uri?info=json"),
            at("info-html", "/app/redirect_uri?info=html"),
        ],
        ..PLAIN
    },
    Case {
        name: "apart-info-of-everything",
        person: "objects",
        server: apart!("OIDCInfoHook id_token userinfo\n"),
        steps: &[SIGNED_IN, at("info-json", "/app/redirect_uri?info=json")],
        ..PLAIN
    },
    Case {
        name: "apart-info-tokens",
        server: apart!("OIDCInfoHook access_token refresh_token remote_user session\n"),
        steps: &[SIGNED_IN, at("info-json", "/app/redirect_uri?info=json")],
        ..PLAIN
    },
    Case {
        name: "apart-actions",
        server: apart!(""),
        steps: &[
            at("jwks", "/app/redirect_uri?jwks=rsa"),
            SIGNED_IN,
            at("info-json", "/app/redirect_uri?info=json"),
            at("image", "/app/redirect_uri?logout=img"),
            GET,
        ],
        ..PLAIN
    },
    Case {
        name: "info",
        often: true,
        server: "OIDCInfoHook iat access_token_expires id_token userinfo exp timeout remote_user session",
        steps: &[
            at("info-stranger", "/app/redirect_uri?info=json"),
            SIGNED_IN,
            at("info-json", "/app/redirect_uri?info=json"),
            at("info-html", "/app/redirect_uri?info=html"),
        ],
        ..PLAIN
    },
    Case {
        name: "info-off",
        steps: &[SIGNED_IN, at("info-json", "/app/redirect_uri?info=json")],
        ..PLAIN
    },
    Case {
        name: "refresh",
        server: "OIDCScope \"{scope} offline_access\"\nOIDCAuthRequestParams prompt=consent",
        steps: &[
            SIGNED_IN,
            at(
                "refresh",
                "/app/redirect_uri?refresh={url}%2Fapp%2Fpage&access_token=wrong",
            ),
        ],
        ..PLAIN
    },
    Case {
        name: "refresh-done",
        often: true,
        server: "OIDCScope \"{scope} offline_access\"\nOIDCAuthRequestParams prompt=consent",
        steps: &[
            SIGNED_IN,
            at(
                "refresh",
                "/app/redirect_uri?refresh={url}%2Fapp%2Fpage&access_token={access_token}",
            ),
            GET,
        ],
        ..PLAIN
    },
    Case {
        name: "refresh-without-token",
        steps: &[
            SIGNED_IN,
            at(
                "refresh",
                "/app/redirect_uri?refresh={url}%2Fapp%2Fpage&access_token=x",
            ),
        ],
        ..PLAIN
    },
    Case {
        name: "refresh-signed-out",
        steps: &[at(
            "refresh",
            "/app/redirect_uri?refresh={url}%2Fapp%2Fpage&access_token=x",
        )],
        ..PLAIN
    },
    Case {
        name: "jwks",
        steps: &[at("jwks", "/app/redirect_uri?jwks=rsa")],
        ..PLAIN
    },
    Case {
        name: "session-management",
        steps: &[SIGNED_IN, at("session", "/app/redirect_uri?session=check")],
        ..PLAIN
    },
    Case {
        name: "request-uri",
        steps: &[at("request-uri", "/app/redirect_uri?request_uri=x")],
        ..PLAIN
    },
    Case {
        name: "remove-at-cache",
        steps: &[at("remove", "/app/redirect_uri?remove_at_cache=x")],
        ..PLAIN
    },
    Case {
        name: "revoke-session",
        steps: &[at("revoke", "/app/redirect_uri?revoke_session=x")],
        ..PLAIN
    },
    Case {
        name: "bare-redirect-uri",
        steps: &[
            at("bare", "/app/redirect_uri"),
            SIGNED_IN,
            at("bare-signed-in", "/app/redirect_uri"),
        ],
        ..PLAIN
    },
    Case {
        name: "wrong-state",
        steps: &[at("callback", "/app/redirect_uri?code=x&state=y")],
        ..PLAIN
    },
    Case {
        name: "wrong-state-with-default",
        server: "OIDCDefaultURL {url}/app/page",
        steps: &[at("callback", "/app/redirect_uri?code=x&state=y")],
        ..PLAIN
    },
    Case {
        name: "error-of-the-provider",
        steps: &[at(
            "callback",
            "/app/redirect_uri?error=access_denied&state=y",
        )],
        ..PLAIN
    },
    Case {
        name: "unknown-request",
        steps: &[at("unknown", "/app/redirect_uri?what=x")],
        ..PLAIN
    },
    Case {
        name: "third-party-sign-in",
        steps: &[at(
            "iss",
            "/app/redirect_uri?iss=https%3A%2F%2Fevil.example.com&target_link_uri={url}%2Fapp%2Fpage",
        )],
        ..PLAIN
    },
];

/// Sessions and their cookies.
pub(in super::super) const SESSION: &[Case] = &[
    Case {
        name: "cookie-name",
        server: "OIDCCookie my_session",
        ..PLAIN
    },
    Case {
        name: "cookie-path",
        server: "OIDCCookiePath /app",
        ..PLAIN
    },
    Case {
        name: "cookie-domain",
        server: "OIDCCookieDomain localhost",
        ..PLAIN
    },
    Case {
        name: "cookie-for-scripts",
        server: "OIDCCookieHTTPOnly Off",
        ..PLAIN
    },
    Case {
        name: "cookie-same-site",
        server: "OIDCCookieSameSite On",
        ..PLAIN
    },
    Case {
        name: "cookie-no-same-site",
        server: "OIDCCookieSameSite Off",
        ..PLAIN
    },
    Case {
        name: "client-cookie",
        server: "OIDCSessionType client-cookie",
        ..PLAIN
    },
    Case {
        name: "persistent",
        server: "OIDCSessionType server-cache:persistent",
        ..PLAIN
    },
    Case {
        name: "lifetimes",
        server: "OIDCSessionInactivityTimeout 600\nOIDCSessionMaxDuration 3600",
        ..PLAIN
    },
    Case {
        name: "state-timeout",
        server: "OIDCStateTimeout 60",
        ..SIGN_IN
    },
    Case {
        name: "strip-cookies",
        location: "OIDCStripCookies mod_auth_openidc_session theme",
        steps: &[SIGNED_IN, GET],
        ..PLAIN
    },
    Case {
        name: "preserve-post",
        location: "OIDCPreservePost On",
        steps: &[post("post", "/app/page", "a=b&c=d")],
        ..PLAIN
    },
    Case {
        name: "refresh-before-expiry",
        server: "OIDCScope \"{scope} offline_access\"\nOIDCAuthRequestParams prompt=consent",
        location: "OIDCRefreshAccessTokenBeforeExpiry 30",
        ..PLAIN
    },
    Case {
        name: "refresh-before-expiry-without-token",
        location: "OIDCRefreshAccessTokenBeforeExpiry 30",
        ..PLAIN
    },
];
