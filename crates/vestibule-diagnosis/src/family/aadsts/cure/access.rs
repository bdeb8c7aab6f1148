//! What helps with scopes, consent, tenants and clouds.

use super::super::super::scope::on_behalf::{changes, is_on_behalf};
use super::super::super::step::Step;
use super::{ACCOUNT_TYPES, CROSS_TENANT, Cure, LOOK_UP, error, scope, warning};
use crate::cure::portal;

pub(in super::super) const EXPOSE_API: Cure = error(
    "Give the API an Application ID URI and a scope in this tenant, and write it exactly.",
    &["resource", "tenant"],
    &[
        Step::portal(
            "App registrations > your API > Expose an API > Application ID URI",
            "Choose Add, keep the proposal `api://` and the API's id, then Add a scope.",
        ),
        Step::config(
            "access_token",
            "Write the Application ID URI once, then `/.default` or a scope's name.",
        )
        .line("access_token = { scope = \"{SCOPE}\" }"),
        Step::apache(
            "OIDCScope",
            "Write the Application ID URI once, then `/.default` or a scope's name.",
        )
        .line("OIDCScope \"openid profile offline_access {SCOPE}\""),
        Step::portal(
            "Enterprise applications",
            "An API of another tenant needs its entry here: an administrator consents to it, or makes its service principal.",
        ),
    ],
);
pub(in super::super) const NAME_SCOPE: Cure = error(
    "Spell the scope as the API offers it: its Application ID URI, then `/.default` or a scope's name; scopes are separated by spaces.",
    &["scope", "resource"],
    &[
        Step::config("access_token", "Name the API's scope in full.")
            .line("access_token = { scope = \"{SCOPE}\" }"),
        Step::apache(
            "OIDCScope",
            "Name the API's scope in full, separated by spaces.",
        )
        .line("OIDCScope \"openid profile offline_access {SCOPE}\""),
        Step::portal(
            portal::EXPOSE_AN_API,
            "Compare with \"Scopes defined by this API\", and add the scope if it is not there.",
        ),
    ],
)
.filled(scope::several);
pub(in super::super) const UNKNOWN_SCOPE: Cure = error(
    "Take the scope out, or spell it with the Application ID URI of the API that offers it. Groups are no scope: they are set up as a claim.",
    &["scope", "resource"],
    &[
        Step::config(
            "provider.scopes",
            "Take {scope} out, or qualify it with its API. One item of the list is one scope.",
        )
        .line("scopes = [\"openid\", \"profile\", \"offline_access\"]"),
        Step::apache(
            "OIDCScope",
            "Take {scope} out, or qualify it with its API; separate scopes by spaces, not commas.",
        )
        .line("OIDCScope \"openid profile offline_access\""),
        Step::portal(
            portal::TOKEN_CONFIGURATION,
            "For groups choose Add groups claim.",
        ),
    ],
).filled(scope::unknown);
pub(in super::super) const ONE_RESOURCE: Cure = error(
    "Ask for the scopes of one API in each request; a second token comes with a refresh.",
    &["scope"],
    &[
        Step::config(
            "access_token",
            "Leave the OpenID scopes in `scopes`, and name each API in its own route.",
        )
        .line("access_token = { scope = \"{SCOPE}\" }"),
        Step::apache("OIDCScope", "Name the scopes of one API.")
            .line("OIDCScope \"openid profile offline_access {SCOPE}\""),
    ],
)
.filled(scope::one_resource);
pub(in super::super) const SEND_SCOPE: Cure = error(
    "Send the scope of the API when the code is redeemed, too.",
    &["scope"],
    &[
        Step::config(
            "access_token",
            "Name the API's scope in its route: Vestibule sends it at both steps.",
        )
        .line("access_token = { scope = \"{SCOPE}\" }"),
        Step::apache("OIDCScope", "Name the API's scope.")
            .line("OIDCScope \"openid profile offline_access {SCOPE}\""),
    ],
);
pub(in super::super) const NO_RESOURCE_PARAMETER: Cure = error(
    "Take `resource` out: version 2.0 of the endpoint knows the API from the scope.",
    &["resource", "scope"],
    &[
        Step::config(
            "provider.authorization_parameters",
            "Take `resource` out, and name the API's scope in its route.",
        )
        .line("access_token = { scope = \"{SCOPE}\" }"),
        Step::apache(
            "OIDCAuthRequestParams",
            "Take `resource` out, and name the API's scope in OIDCScope.",
        )
        .line("OIDCScope \"openid profile offline_access {SCOPE}\""),
    ],
);
pub(in super::super) const ADD_RESOURCE: Cure = error(
    "Use version 2.0 of the endpoint, with the API's scope; version 1.0 needs a `resource` parameter.",
    &["resource"],
    &[
        Step::config("provider.issuer", "Write the address of version 2.0.")
            .line("issuer = \"https://login.microsoftonline.com/{TENANT-ID}/v2.0\""),
        Step::apache("OIDCProviderMetadataURL", "Write the address of version 2.0.").line(
            "OIDCProviderMetadataURL https://login.microsoftonline.com/{TENANT-ID}/v2.0/.well-known/openid-configuration",
        ),
    ],
);
pub(in super::super) const CONSENT: Cure = error(
    "Grant the app its permission for the API: an administrator for everybody, or each person at the next sign-in.",
    &["app", "scope", "resource"],
    &[
        Step::portal(
            portal::API_PERMISSIONS,
            "See that the API's scope is in the list (Add a permission > My APIs), then Grant admin consent.",
        ),
        Step::environment(
            "admin consent page",
            "Or let an administrator open this address.",
        )
        .line("https://login.microsoftonline.com/{TENANT-ID}/adminconsent?client_id={CLIENT-ID}"),
    ],
)
.filled(|evidence, said| is_on_behalf(evidence).then(|| changes(said)));
pub(in super::super) const ADMIN_CONSENT: Cure = error(
    "Let an administrator consent for everybody, or ask for fewer scopes.",
    &["app", "scope"],
    &[
        Step::environment(
            "admin consent page",
            "An administrator opens this address and accepts.",
        )
        .line("https://login.microsoftonline.com/{TENANT-ID}/adminconsent?client_id={CLIENT-ID}"),
        Step::portal(
            portal::API_PERMISSIONS,
            "Or choose Grant admin consent. Permissions marked \"Admin consent required: Yes\" always need it; remove those nobody uses.",
        ),
        Step::portal(
            "Enterprise applications > Consent and permissions > User consent settings",
            "Here the tenant says which apps people may consent to themselves.",
        ),
    ],
);
pub(in super::super) const PERMISSIONS: Cure = error(
    "Make the app's API permissions and the scopes of the request agree, and consent again.",
    &["app", "resource", "scope"],
    &[
        Step::portal(
            portal::API_PERMISSIONS,
            "Add the API whose scope is asked for ({resource}), remove APIs that are gone, then Grant admin consent.",
        ),
        Step::config(
            "access_token",
            "Or ask for the scope of an API that is in the list.",
        )
        .line("access_token = { scope = \"{SCOPE}\" }"),
        Step::apache(
            "OIDCScope",
            "Or ask for the scope of an API that is in the list.",
        )
        .line("OIDCScope \"openid profile offline_access {SCOPE}\""),
    ],
)
.filled(scope::no_such_scope);
pub(in super::super) const SUBSCRIBE: Cure = error(
    "Let an administrator make the API available in this tenant: subscribe to it, or create its service principal.",
    &["resource", "tenant"],
    &[
        Step::portal(
            "Enterprise applications",
            "Check that the API has an entry in this tenant; an administrator's consent to it makes one.",
        ),
        LOOK_UP,
    ],
);
pub(in super::super) const DECLINED: Cure = warning(
    "Nothing is broken. Who wants in signs in again and accepts.",
    &["app"],
    &[
        Step::environment("browser", "Sign in again, and accept on the consent page."),
        Step::portal(
            portal::API_PERMISSIONS,
            "Fewer permissions make shorter consent pages; Grant admin consent spares people the question.",
        ),
    ],
);
pub(in super::super) const OWN_APP: Cure = error(
    "Use a registration of your own: an id of Microsoft's apps can't be borrowed.",
    &["app"],
    &[
        Step::portal(
            "App registrations > New registration",
            "Register the sign-in app, and copy its Application (client) ID.",
        ),
        Step::config("provider.client_id", "Write your own client id.")
            .line("client_id = \"CLIENT-ID\""),
        Step::apache("OIDCClientID", "Write your own client id.").line("OIDCClientID CLIENT-ID"),
    ],
);
pub(in super::super) const TOKEN_FOR_ITSELF: Cure = error(
    "Use a registration of its own for the API; a token for the app itself is given only when it is named by its GUID.",
    &["app", "scope"],
    &[
        Step::portal(
            "App registrations > New registration",
            "Register the API apart from the sign-in app, and expose a scope there.",
        ),
        Step::config("access_token", "Or name the app by its GUID.")
            .line("access_token = { scope = \"{CLIENT-ID}/.default\" }"),
        Step::apache("OIDCScope", "Or name the app by its GUID.")
            .line("OIDCScope \"openid profile offline_access {CLIENT-ID}/.default\""),
    ],
);
pub(in super::super) const SIGN_IN_PERMISSION: Cure = error(
    "Give the app the permission to sign people in, and ask for `openid`.",
    &["app"],
    &[
        Step::portal(
            portal::API_PERMISSIONS,
            "Add a permission > Microsoft Graph > Delegated permissions: `openid` or `User.Read`; then consent.",
        ),
        Step::config("provider.scopes", "Ask for `openid`.")
            .line("scopes = [\"openid\", \"profile\", \"offline_access\"]"),
        Step::apache("OIDCScope", "Ask for `openid`.")
            .line("OIDCScope \"openid profile offline_access\""),
    ],
);
pub(in super::super) const APP_SCOPE: Cure = error(
    "With client credentials ask for `/.default` of the API and nothing else.",
    &["scope"],
    &[Step::api("scope", "Send the Application ID URI and `/.default`.").line("{SCOPE}")],
)
.filled(scope::of_app);

pub(in super::super) const TENANT_PATH: Cure = error(
    "Name the tenant in the address: its id, not `common`.",
    &["app", "tenant"],
    &[
        Step::config("provider.issuer", "Write Directory (tenant) ID of the app's tenant.")
            .line("issuer = \"https://login.microsoftonline.com/{TENANT-ID}/v2.0\""),
        Step::apache("OIDCProviderMetadataURL", "Write Directory (tenant) ID of the app's tenant.").line(
            "OIDCProviderMetadataURL https://login.microsoftonline.com/{TENANT-ID}/v2.0/.well-known/openid-configuration",
        ),
        Step::portal(ACCOUNT_TYPES, "Or, if people of other organizations are meant to sign in, admit them here."),
    ],
);
pub(in super::super) const RIGHT_TENANT: Cure = error(
    "Check the tenant's id or domain, and the cloud it is in.",
    &["tenant"],
    &[
        Step::portal(portal::OVERVIEW, "Copy Directory (tenant) ID."),
        Step::config("provider.issuer", "Write it here; a tenant of a national cloud has another host.")
            .line("issuer = \"https://login.microsoftonline.com/TENANT-ID/v2.0\""),
        Step::apache("OIDCProviderMetadataURL", "Write it here; a tenant of a national cloud has another host.").line(
            "OIDCProviderMetadataURL https://login.microsoftonline.com/TENANT-ID/v2.0/.well-known/openid-configuration",
        ),
    ],
);
pub(in super::super) const CLOUD: Cure = error(
    "Use the host of the cloud the tenant is in, with an app registered there.",
    &["app", "tenant"],
    &[
        Step::config("provider.issuer", "US Government: `login.microsoftonline.us`; China: `login.partner.microsoftonline.cn`; everywhere else: `login.microsoftonline.com`.")
            .line("issuer = \"https://login.microsoftonline.us/{TENANT-ID}/v2.0\""),
        Step::apache("OIDCProviderMetadataURL", "US Government: `login.microsoftonline.us`; China: `login.partner.microsoftonline.cn`; everywhere else: `login.microsoftonline.com`.")
            .line("OIDCProviderMetadataURL https://login.microsoftonline.us/{TENANT-ID}/v2.0/.well-known/openid-configuration"),
        Step::portal("App registrations > New registration", "Register the app in the portal of that cloud; registrations do not cross."),
    ],
);
pub(in super::super) const VERSION_TWO: Cure = error(
    "Use version 2.0 of the endpoints: personal accounts need it.",
    &["app"],
    &[
        Step::config("provider.issuer", "Write the address with `/v2.0`.")
            .line("issuer = \"https://login.microsoftonline.com/{TENANT-ID}/v2.0\""),
        Step::apache("OIDCProviderMetadataURL", "Write the address with `/v2.0`.").line(
            "OIDCProviderMetadataURL https://login.microsoftonline.com/{TENANT-ID}/v2.0/.well-known/openid-configuration",
        ),
    ],
);
pub(in super::super) const TENANT_RESTRICTIONS: Cure = error(
    "The network's owner decides: its administrators add the tenant to those that may be used from there.",
    &["tenant"],
    &[
        Step::environment(
            "network proxy",
            "Ask those who run the network to add the tenant to `Restrict-Access-To-Tenants`.",
        ),
        LOOK_UP,
    ],
);
pub(in super::super) const CROSS_TENANT_POLICY: Cure = error(
    "The administrators of the two tenants decide: one must let its people out, the other must let them in.",
    &["tenant"],
    &[
        Step::portal(
            CROSS_TENANT,
            "Compare outbound access of the person's tenant and inbound access of the app's.",
        ),
        LOOK_UP,
    ],
);
