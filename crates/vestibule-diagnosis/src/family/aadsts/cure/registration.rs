//! What helps with the registration: redirect URI, client id, credentials.

use super::super::super::step::Step;
use super::{Cure, ENTERPRISE_PROPERTIES, ID_TOKENS, LOOK_UP, PLATFORMS, REDIRECT_URIS, error};
use crate::cure::portal;

pub(in super::super) const REGISTER_REDIRECT_URI: Cure = error(
    "Register the redirect URI letter for letter under the platform Web, or correct `public_url` if the address is not the one people use.",
    &["app", "redirect URI"],
    &[
        Step::portal(REDIRECT_URIS, "Add this address, exactly as it is sent.").line("{REDIRECT-URI}"),
        Step::config(
            "public_url",
            "If that is not the address people type, correct it: the redirect URI is `public_url` and `/.vestibule/callback`.",
        ).line("public_url = \"{REDIRECT-ORIGIN}\""),
        Step::apache("OIDCRedirectURI", "If that is not the address people type, write the whole address.")
            .line("OIDCRedirectURI {REDIRECT-URI}"),
    ],
);
pub(in super::super) const ONE_REDIRECT_URI: Cure = error(
    "Send one and the same redirect URI when sign-in begins and when the code is redeemed: set the public address in one place.",
    &["redirect URI"],
    &[
        Step::config(
            "public_url",
            "Write the address people type. Vestibule makes both redirect URIs from it, whatever a front proxy says.",
        ).line("public_url = \"{REDIRECT-ORIGIN}\""),
        Step::apache("OIDCRedirectURI", "Write the whole address, scheme and host included, so that it is not made from each request.")
            .line("OIDCRedirectURI {REDIRECT-URI}"),
    ],
);
pub(in super::super) const PLATFORM_WEB: Cure = error(
    "Register the redirect URI under the platform Web: the code is redeemed by a server, not by a page.",
    &["app", "redirect URI"],
    &[Step::portal(
        PLATFORMS,
        "Delete the redirect URI under Single-page application, and add it under Web.",
    )
    .line("{REDIRECT-URI}")],
);
pub(in super::super) const NO_ORIGIN: Cure = error(
    "Redeem the code without an `Origin` header. If a page redeems it, register its redirect URI under Single-page application.",
    &["app", "redirect URI"],
    &[
        Step::environment(
            "Origin",
            "Let the server that redeems the code send no `Origin`: it must not pass on the browser's headers.",
        ),
        Step::portal(
            PLATFORMS,
            "If a page in the browser redeems the code: register the redirect URI under Single-page application instead of Web.",
        ),
    ],
);
pub(in super::super) const RESPONSE_TYPE_CODE: Cure = error(
    "Ask for a code alone, `response_type=code`, as Vestibule does. Only if an ID token must come from the authorization endpoint, allow it in the registration.",
    &["app"],
    &[
        Step::config(
            "provider.response_mode",
            "Vestibule always asks for `code`; both of its response modes work with it.",
        )
        .line("response_mode = \"query\""),
        Step::apache("OIDCResponseType", "Ask for a code alone.").line("OIDCResponseType code"),
        Step::portal(
            ID_TOKENS,
            "Or tick ID tokens, if a client needs `id_token` in the response type.",
        ),
    ],
);

pub(in super::super) const CLIENT_ID: Cure = error(
    "Copy the Application (client) ID of the registration, not the object ID, and check that the tenant and the cloud are the registration's.",
    &["app", "tenant"],
    &[
        Step::portal(portal::OVERVIEW, "Compare Application (client) ID and Directory (tenant) ID with the configuration. The object ID, and the ids under Enterprise applications, are others."),
        Step::config("provider.client_id", "Write the Application (client) ID.").line("client_id = \"CLIENT-ID\""),
        Step::config("provider.issuer", "Write the tenant the app is registered in.")
            .line("issuer = \"https://login.microsoftonline.com/{TENANT-ID}/v2.0\""),
        Step::apache("OIDCClientID", "Write the Application (client) ID.").line("OIDCClientID CLIENT-ID"),
        Step::apache("OIDCProviderMetadataURL", "Write the tenant the app is registered in.").line(
            "OIDCProviderMetadataURL https://login.microsoftonline.com/{TENANT-ID}/v2.0/.well-known/openid-configuration",
        ),
        Step::portal("Enterprise applications", "In another tenant than the app's own, somebody there must consent first: that makes its entry here."),
    ],
);
pub(in super::super) const ENABLE_APP: Cure = error(
    "Switch sign-in to the app on again, or ask whoever switched it off.",
    &["app", "tenant"],
    &[
        Step::portal(
            ENTERPRISE_PROPERTIES,
            "Set \"Enabled for users to sign-in?\" to Yes.",
        ),
        LOOK_UP,
    ],
);
pub(in super::super) const SECRET_VALUE: Cure = error(
    "Copy the secret's Value, not its Secret ID; without quotes, spaces or a line end. It is shown only once: make a new one if it is lost.",
    &["app"],
    &[
        Step::portal(
            portal::SECRETS,
            "Choose New client secret, and copy the column Value at once. The column Secret ID is not the secret.",
        ),
        Step::config(
            "provider.client_secret",
            "Put it where this points to, and start again or reload.",
        )
        .line("client_secret = \"{SECRET-FROM}\""),
        Step::apache("OIDCClientSecret", "Write the Value.")
            .line("OIDCClientSecret \"SECRET-VALUE\""),
    ],
);
pub(in super::super) const NEW_SECRET: Cure = error(
    "Make a new secret and use its Value. Note the day it expires: from then on nobody can sign in.",
    &["app"],
    &[
        Step::portal(
            portal::SECRETS,
            "Choose New client secret, and copy the column Value. Delete the old one when the new one is in use.",
        ),
        Step::config(
            "provider.client_secret",
            "Put it where this points to, and start again or reload.",
        )
        .line("client_secret = \"{SECRET-FROM}\""),
        Step::apache("OIDCClientSecret", "Write the new Value.")
            .line("OIDCClientSecret \"SECRET-VALUE\""),
    ],
);
pub(in super::super) const SEND_CREDENTIAL: Cure = error(
    "Give the client its secret: Entra takes the app for one that has one, because of its redirect URI's platform.",
    &["app"],
    &[
        Step::config("provider.client_secret", "Configure the secret's Value.")
            .line("client_secret = \"{SECRET-FROM}\""),
        Step::apache("OIDCClientSecret", "Configure the secret's Value.")
            .line("OIDCClientSecret \"SECRET-VALUE\""),
        Step::portal(
            "App registrations > your sign-in app > Authentication > Allow public client flows",
            "Only for a client that can keep no secret (device code, a password grant): set it to Yes.",
        ),
    ],
);
pub(in super::super) const PUBLIC_CLIENT: Cure = error(
    "Register the redirect URI under Web, so that the app is one with a secret; or send none.",
    &["app", "redirect URI"],
    &[
        Step::portal(PLATFORMS, "Register the redirect URI under Web, and remove it under Mobile and desktop applications and Single-page application.")
            .line("{REDIRECT-URI}"),
        Step::config("provider.client_secret", "Or take it out: then PKCE alone protects the code."),
        Step::apache("OIDCClientSecret", "Or take it out."),
    ],
);
pub(in super::super) const ONE_CREDENTIAL: Cure = error(
    "Send the client's id and secret once: in the `Authorization` field or in the form, not in both.",
    &["app"],
    &[
        Step::config("provider.client_authentication", "Choose one way.")
            .line("client_authentication = \"client_secret_post\""),
        Step::apache("OIDCProviderTokenEndpointAuth", "Choose one way.")
            .line("OIDCProviderTokenEndpointAuth client_secret_post"),
    ],
);
pub(in super::super) const CERTIFICATE: Cure = error(
    "Upload the certificate that signs the client's assertions, and name it in their header by thumbprint.",
    &["app"],
    &[
        Step::portal(
            "App registrations > your sign-in app > Certificates & secrets > Certificates",
            "Compare the thumbprint with that of the certificate in use, and upload that one.",
        ),
        Step::environment(
            "client assertion",
            "Sign with PS256 and `x5t#S256` in the header, or RS256 and `x5t`; a `kid` alone is not enough.",
        ),
    ],
);
pub(in super::super) const FRESH_ASSERTION: Cure = error(
    "Make a new assertion for each request, valid for some minutes, and set the machine's clock by NTP.",
    &["app"],
    &[
        Step::environment(
            "clock",
            "Compare the machine's clock with the provider's `Date`, and switch NTP on.",
        ),
        Step::environment(
            "client assertion",
            "Read a token file again for each request: it is replaced while the program runs.",
        ),
    ],
);
pub(in super::super) const ASSERTION_CONTENT: Cure = error(
    "Make the assertion as documented: `iss` and `sub` the client id, `aud` the tenant's token endpoint, a `jti`, and times within some minutes.",
    &["app"],
    &[
        Step::environment(
            "client assertion",
            "Compare `iss`, `sub`, `aud`, `nbf` and `exp` with that; `vestibule explain` reads it.",
        ),
        Step::environment(
            "clock",
            "Compare the machine's clock with the provider's `Date`.",
        ),
    ],
);
pub(in super::super) const FEDERATED: Cure = error(
    "Make issuer, subject and audience of the federated credential equal to the token's `iss`, `sub` and `aud`, byte for byte.",
    &["app"],
    &[
        Step::portal(
            "App registrations > your sign-in app > Certificates & secrets > Federated credentials",
            "Copy issuer, subject and audience from the token's `iss`, `sub` and `aud`, letter case and slash at the end included. A change takes some minutes.",
        ),
        Step::environment(
            "federated token",
            "Or use the service account, audience and token file the credential was made for.",
        ),
    ],
);
pub(in super::super) const APP_ONLY_TOKEN: Cure = error(
    "Authenticate with a token of a managed identity or another issuer's workload, not with one of a person.",
    &[],
    &[Step::environment(
        "federated token",
        "Use the workload's own token; a token of a signed-in person is not accepted.",
    )],
);
pub(in super::super) const SIGNING_KEY: Cure = error(
    "Renew the app's own signing key, or take the claims mapping away that makes it necessary.",
    &["app"],
    &[
        Step::portal(
            "App registrations > your sign-in app > Manifest > acceptMappedClaims",
            "For an app of one tenant, set it to true instead of a signing key of its own.",
        ).line("\"acceptMappedClaims\": true"),
        Step::config("provider.metadata_url", "With a signing key of its own, read the keys of this app.").line(
            "metadata_url = \"https://login.microsoftonline.com/{TENANT-ID}/v2.0/.well-known/openid-configuration?appid={CLIENT-ID}\"",
        ),
    ],
);
pub(in super::super) const MAPPED_AUDIENCE: Cure = error(
    "Give the API an Application ID URI under a domain of the tenant, or the app's GUID as audience.",
    &["app"],
    &[Step::portal(
        "App registrations > your API > Expose an API > Application ID URI",
        "Use a URI under a verified domain, or ask with the API's GUID.",
    )],
);
pub(in super::super) const GRANT_TYPE: Cure = error(
    "Use a grant that the app and the endpoint allow: for sign-in `authorization_code` and `refresh_token`.",
    &["app"],
    &[Step::api(
        "grant_type",
        "Send `authorization_code`, `refresh_token` or `client_credentials`; check for a misspelt value.",
    )],
);
pub(in super::super) const ON_BEHALF_OF: Cure = error(
    "Send a fresh access token for the API itself as the assertion; not an ID token, and not one for another API.",
    &["app"],
    &[
        Step::api(
            "on-behalf-of request",
            "Use the access token the API received, while it is valid; its `aud` must be the API that asks.",
        ),
        Step::environment(
            "clock",
            "Compare the machine's clock with the provider's `Date`.",
        ),
    ],
);
