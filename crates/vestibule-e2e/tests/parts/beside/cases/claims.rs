//! Claims of every kind, and the forms in which they, and tokens, are handed to the app.

use vestibule_e2e::beside::step::{Ask, Step};

use super::session::{SIGNED_IN, at};
use super::{Case, GET, PLAIN, SIGN_IN};

/// With the client of the provider whose user info is signed.
macro_rules! signed {
    ($more:expr) => {
        concat!(
            "OIDCClientID signed\nOIDCClientSecret \"secret of signed: +/&%?=\"\nOIDCUserInfoSignedResponseAlg RS256\n",
            $more
        )
    };
}

const VIRTUAL_HOST: &str = "OIDCPassUserInfoAs json
OIDCPassIDTokenAs payload
OIDCProviderMetadataURL {metadata}
OIDCClientID {client_id}
OIDCClientSecret \"{client_secret}\"
OIDCCryptoPassphrase a-passphrase-of-no-worth
OIDCScope \"{scope}\"
OIDCPKCEMethod S256
OIDCRemoteUserClaim sub
<VirtualHost *>
ServerName localhost
OIDCRedirectURI {url}/app/redirect_uri
OIDCPassUserInfoAs claims
OIDCPassIDTokenAs claims
ProxyPass /app {upstream}
ProxyPassReverse /app {upstream}
<Location /app>
AuthType openid-connect
Require valid-user
OIDCPassClaimsAs headers
</Location>
</VirtualHost>
";

/// Claims as the people of `people.json` have them.
pub(in super::super) const CLAIMS: &[Case] = &[
    Case {
        name: "plain",
        often: true,
        ..PLAIN
    },
    Case {
        name: "booleans",
        person: "booleans",
        ..SIGN_IN
    },
    Case {
        name: "integers",
        person: "integers",
        ..SIGN_IN
    },
    Case {
        name: "reals",
        person: "reals",
        ..SIGN_IN
    },
    Case {
        name: "texts",
        person: "texts",
        ..SIGN_IN
    },
    Case {
        name: "empties",
        often: true,
        person: "empties",
        ..SIGN_IN
    },
    Case {
        name: "nulls",
        person: "nulls",
        ..SIGN_IN
    },
    Case {
        name: "lists",
        often: true,
        person: "lists",
        ..SIGN_IN
    },
    Case {
        name: "objects",
        person: "objects",
        ..SIGN_IN
    },
    Case {
        name: "latin",
        often: true,
        person: "latin",
        ..SIGN_IN
    },
    Case {
        name: "beyond-latin",
        person: "beyond-latin",
        ..SIGN_IN
    },
    Case {
        name: "controls",
        person: "controls",
        ..SIGN_IN
    },
    Case {
        name: "claim-names",
        person: "names",
        ..SIGN_IN
    },
    Case {
        name: "huge",
        person: "huge",
        ..SIGN_IN
    },
    Case {
        name: "user-info-and-id-token",
        often: true,
        person: "user-info",
        ..SIGN_IN
    },
];

/// How they are passed on.
pub(in super::super) const PASSED_ON: &[Case] = &[
    Case {
        name: "claims-none",
        location: "OIDCPassClaimsAs none",
        ..SIGN_IN
    },
    Case {
        name: "claims-environment",
        location: "OIDCPassClaimsAs environment",
        ..SIGN_IN
    },
    Case {
        name: "claims-both",
        location: "OIDCPassClaimsAs both",
        ..SIGN_IN
    },
    Case {
        name: "claims-latin1",
        person: "latin",
        location: "OIDCPassClaimsAs headers latin1",
        ..SIGN_IN
    },
    Case {
        name: "claims-latin1-beyond",
        person: "beyond-latin",
        location: "OIDCPassClaimsAs headers latin1",
        ..SIGN_IN
    },
    Case {
        name: "claims-base64url",
        person: "latin",
        location: "OIDCPassClaimsAs headers base64url",
        ..SIGN_IN
    },
    Case {
        name: "claims-base64url-lists",
        person: "lists",
        location: "OIDCPassClaimsAs headers base64url",
        ..SIGN_IN
    },
    Case {
        name: "prefix",
        server: "OIDCClaimPrefix X-Claim-",
        ..SIGN_IN
    },
    Case {
        name: "prefix-in-small-letters",
        server: "OIDCClaimPrefix my_claim_",
        ..SIGN_IN
    },
    Case {
        name: "prefix-like-a-header",
        server: "OIDCClaimPrefix user_",
        ..SIGN_IN
    },
    Case {
        name: "prefix-empty",
        server: "OIDCClaimPrefix \"\"\nOIDCWhiteListedClaims email name",
        ..SIGN_IN
    },
    Case {
        name: "delimiter",
        person: "lists",
        server: "OIDCClaimDelimiter ;",
        ..SIGN_IN
    },
    Case {
        name: "delimiter-of-two",
        person: "lists",
        server: "OIDCClaimDelimiter \"; \"",
        ..SIGN_IN
    },
    Case {
        name: "allowed-claims",
        server: "OIDCWhiteListedClaims sub email",
        ..SIGN_IN
    },
    Case {
        name: "denied-claims",
        server: "OIDCBlackListedClaims email groups iat",
        ..SIGN_IN
    },
    Case {
        name: "allowed-and-denied-claims",
        server: "OIDCWhiteListedClaims sub email name\nOIDCBlackListedClaims email",
        ..SIGN_IN
    },
    Case {
        name: "denied-claim-of-a-rule",
        server: "OIDCBlackListedClaims groups",
        location: "Require claim groups:staff",
        ..SIGN_IN
    },
    Case {
        name: "id-token-payload",
        server: "OIDCPassIDTokenAs payload",
        ..SIGN_IN
    },
    Case {
        name: "id-token-serialized",
        server: "OIDCPassIDTokenAs serialized",
        ..SIGN_IN
    },
    Case {
        name: "id-token-all",
        often: true,
        person: "objects",
        server: "OIDCPassIDTokenAs claims payload serialized",
        ..SIGN_IN
    },
    Case {
        name: "user-info-json",
        often: true,
        person: "user-info",
        server: "OIDCPassUserInfoAs json",
        ..SIGN_IN
    },
    Case {
        name: "user-info-claims-json",
        person: "objects",
        server: "OIDCPassUserInfoAs claims json",
        ..SIGN_IN
    },
    // What comes as plain JSON is no JWT.
    Case {
        name: "user-info-jwt-of-plain-json",
        person: "user-info",
        server: "OIDCPassUserInfoAs jwt",
        ..SIGN_IN
    },
    Case {
        name: "user-info-jwt",
        often: true,
        person: "user-info",
        server: signed!("OIDCPassUserInfoAs jwt"),
        ..SIGN_IN
    },
    Case {
        name: "user-info-claims-json-jwt",
        person: "objects",
        server: signed!("OIDCPassUserInfoAs claims json jwt"),
        ..SIGN_IN
    },
    Case {
        name: "user-info-signed",
        person: "user-info",
        server: signed!("OIDCPassUserInfoAs claims"),
        ..SIGN_IN
    },
    Case {
        name: "user-info-jwt-base64url",
        person: "latin",
        server: signed!("OIDCPassUserInfoAs json jwt"),
        location: "OIDCPassClaimsAs headers base64url",
        ..SIGN_IN
    },
    Case {
        name: "user-info-jwt-selected",
        person: "user-info",
        server: signed!("OIDCPassUserInfoAs json jwt\nOIDCBlackListedClaims email"),
        ..SIGN_IN
    },
    Case {
        name: "user-info-jwt-in-another-header",
        person: "user-info",
        server: signed!("OIDCPassUserInfoAs jwt"),
        location: "OIDCPassClaimsAs environment\nRequestHeader set X-Info \"%{OIDC_userinfo_jwt}e\"",
        ..SIGN_IN
    },
    // What the main server says counts there, where the host says `claims`.
    Case {
        name: "forms-of-a-virtual-host",
        person: "user-info",
        whole: VIRTUAL_HOST,
        ..SIGN_IN
    },
    Case {
        name: "refresh-of-user-info-jwt",
        person: "user-info",
        server: signed!(
            "OIDCPassUserInfoAs jwt\nOIDCScope \"{scope} offline_access\"\nOIDCAuthRequestParams prompt=consent"
        ),
        steps: &[
            SIGNED_IN,
            at(
                "refresh",
                "/app/redirect_uri?refresh={url}%2Fapp%2Fdone&access_token={access_token}",
            ),
            GET,
        ],
        ..PLAIN
    },
    Case {
        name: "user-info-jwt-forged",
        person: "user-info",
        server: "OIDCPassUserInfoAs jwt",
        steps: &[
            SIGNED_IN,
            Step::Ask(Ask {
                name: "forged",
                method: "GET",
                path: "/app/page?x=2",
                fields: &[
                    ("Accept", "text/html"),
                    ("OIDC_userinfo_jwt", "eyJh.e30.x"),
                    ("oidc-userinfo-jwt", "eyJh.e30.x"),
                ],
                body: "",
            }),
        ],
        ..PLAIN
    },
    Case {
        name: "payload-and-json",
        person: "latin",
        server: "OIDCPassIDTokenAs payload\nOIDCPassUserInfoAs json",
        ..SIGN_IN
    },
    Case {
        name: "payload-base64url",
        person: "latin",
        server: "OIDCPassIDTokenAs payload\nOIDCPassUserInfoAs json",
        location: "OIDCPassClaimsAs headers base64url",
        ..SIGN_IN
    },
    Case {
        name: "refresh-token",
        server: "OIDCScope \"{scope} offline_access\"\nOIDCAuthRequestParams prompt=consent",
        location: "OIDCPassRefreshToken On",
        ..SIGN_IN
    },
    Case {
        name: "user-of-another-claim",
        server: "OIDCRemoteUserClaim email",
        location: "OIDCAuthNHeader X-Remote-User",
        ..SIGN_IN
    },
    Case {
        name: "user-with-issuer",
        server: "OIDCRemoteUserClaim sub@",
        location: "OIDCAuthNHeader X-Remote-User",
        ..SIGN_IN
    },
    Case {
        name: "user-by-default",
        server: "OIDCRemoteUserClaim sub@\n",
        location: "OIDCAuthNHeader OIDC_user",
        ..SIGN_IN
    },
    Case {
        name: "user-by-pattern",
        server: "OIDCRemoteUserClaim email ^(.*)@ $1",
        location: "OIDCAuthNHeader X-Remote-User",
        ..SIGN_IN
    },
    Case {
        name: "user-by-pattern-of-old",
        server: "OIDCRemoteUserClaim email ^(.*)@",
        location: "OIDCAuthNHeader X-Remote-User",
        ..SIGN_IN
    },
    Case {
        name: "user-missing",
        server: "OIDCRemoteUserClaim upn",
        ..SIGN_IN
    },
    Case {
        name: "user-no-text",
        person: "integers",
        server: "OIDCRemoteUserClaim small",
        ..SIGN_IN
    },
    Case {
        name: "user-beyond-ascii",
        person: "latin",
        server: "OIDCRemoteUserClaim given_name",
        location: "OIDCAuthNHeader X-Remote-User",
        ..SIGN_IN
    },
    Case {
        name: "bearer",
        location: "OIDCPassClaimsAs both\nRequestHeader set Authorization \"Bearer %{OIDC_access_token}e\" env=OIDC_access_token",
        ..SIGN_IN
    },
    Case {
        name: "claim-in-another-header",
        location: "OIDCPassClaimsAs both\nRequestHeader set X-Mail \"%{OIDC_CLAIM_email}e\"",
        ..SIGN_IN
    },
    Case {
        name: "constant-header",
        location: "RequestHeader set X-From front\nRequestHeader unset Accept-Language",
        ..SIGN_IN
    },
];
