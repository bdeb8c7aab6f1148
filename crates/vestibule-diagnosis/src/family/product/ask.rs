//! How providers other than Entra are asked for a token for an API, and which of them give none.

use super::add_parameters;
use crate::cure::ask_in_file;
use crate::evidence::Product;
use crate::{Change, Evidence};

/// What to change so that the API gets a token of its own from this provider.
pub(crate) fn ask(evidence: &Evidence, product: Product) -> Vec<Change> {
    let name = evidence.api_name().filter(|name| {
        name.bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"')
    });
    match product {
        Product::Auth0 => vec![
            add_parameters(
                evidence,
                &[("audience", name.unwrap_or("API-IDENTIFIER"))],
                "Name the API by its identifier.",
            ),
            Change::provider(
                "Applications > APIs > your API > Settings > Identifier",
                "Compare the identifier with the audience the API accepts; if there is no API, create one, with \
                 RS256.",
            ),
        ],
        Product::Okta => vec![
            Change::provider(
                "Security > API > Authorization Servers > your server > Settings > Audience",
                "Write the API's audience here, on an authorization server of its own: all its access tokens carry it.",
            ),
            Change::api(
                "accepted audiences",
                "Or accept the audience of the authorization server.",
            ),
        ],
        Product::Google => google(evidence),
        Product::Keycloak => keycloak(),
        Product::Cognito => vec![
            Change::provider(
                "User pools > Branding > Domain > Resource servers",
                "Define the API there with its scopes, and allow them for the app client.",
            ),
            ask_in_file(
                evidence,
                "Ask for a scope of the resource server",
                "<resource server>/<scope>",
            ),
            Change::api(
                "token validation",
                "Check that scope, `client_id` and that `token_use` is `access`: Cognito's access tokens have no `aud` \
                 unless the sign-in binds them to a resource.",
            ),
        ],
        Product::AdFs => vec![
            ask_in_file(
                evidence,
                "Ask for a token of the Web API's own",
                &format!("{}/openid", name.unwrap_or("API-ID")),
            ),
            Change::provider(
                "AD FS Management > Application Groups > your group > Web API > Client Permissions",
                "Let the client ask for the Web API, with the scope `openid`.",
            ),
        ],
        Product::Salesforce => vec![
            Change::api(
                "token validation",
                "Let the API take the ID token, whose audience is the app's consumer key, or ask \
                 `/services/oauth2/introspect`: Salesforce's access tokens are for Salesforce's own APIs.",
            ),
            pass_headers(evidence),
        ],
        Product::GitHub | Product::GitLab => vec![
            Change::api(
                "token validation",
                format!(
                    "{}'s access tokens are for its own API: let the API ask there who the person is.",
                    product.name()
                ),
            ),
            pass_headers(evidence),
        ],
        Product::Ping => vec![
            Change::provider(
                "Applications > Resources",
                "Define the API there with its audience and scopes, and grant the scopes to the client.",
            ),
            ask_in_file(evidence, "Ask for a scope of that resource", "<scope>"),
        ],
        // Entra's forms have ways of their own.
        Product::Entra | Product::ExternalId | Product::B2c => Vec::new(),
    }
}

/// Google has no access tokens for other people's APIs.
pub(super) fn google(evidence: &Evidence) -> Vec<Change> {
    vec![
        Change::api(
            "token validation",
            "Take Google's ID token: issuer `https://accounts.google.com`, audience your client id.",
        ),
        crate::cure::setting(
            evidence,
            pass_headers(evidence),
            Change::apache("OIDCPassIDTokenAs", "Pass the ID token on.")
                .line("OIDCPassIDTokenAs serialized"),
        ),
    ]
}

fn pass_headers(evidence: &Evidence) -> Change {
    crate::cure::setting(
        evidence,
        Change::config(
            "route.headers",
            "Or tell the app who the person is in headers, and pass no token on.",
        )
        .line("headers = { \"X-User\" = \"@user\" }"),
        Change::apache(
            "OIDCPassClaimsAs",
            "Or tell the app who the person is in headers, and pass no token on.",
        )
        .line("OIDCPassClaimsAs headers"),
    )
}

/// Keycloak names an API as audience only where a mapper says so.
pub(super) fn keycloak() -> Vec<Change> {
    vec![
        Change::provider(
            "Clients > your client > Client scopes > CLIENT-dedicated > Add mapper > By configuration > Audience",
            "Choose the client that is the API under \"Included Client Audience\", and switch \"Add to access token\" on.",
        ),
        Change::api(
            "accepted audiences",
            "Then accept that client's id as audience, and nothing like `account`.",
        ),
    ]
}
