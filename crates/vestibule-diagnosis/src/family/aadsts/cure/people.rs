//! What helps with accounts, policies, sessions and the service itself.

use super::super::super::step::Step;
use super::{
    ACCOUNT_TYPES, CONDITIONAL_ACCESS, Cure, LOOK_UP, REDIRECT_URIS, SIGN_IN_LOGS, USERS, error,
    info, warning,
};
use crate::cure::portal;

pub(in super::super) const INVITE: Cure = error(
    "Invite the person to the tenant as a guest, or let them choose another account.",
    &["app", "tenant"],
    &[
        Step::portal(
            "Users > New user > Invite external user",
            "Invite the address they sign in with; they accept the invitation first.",
        ),
        Step::environment(
            "browser",
            "Sign out at Microsoft, or use a private window, and choose another account.",
        ),
        Step::config(
            "provider.authorization_parameters",
            "Let people choose the account each time.",
        )
        .line("authorization_parameters = { prompt = \"select_account\" }"),
        Step::apache(
            "OIDCAuthRequestParams",
            "Let people choose the account each time.",
        )
        .line("OIDCAuthRequestParams prompt=select_account"),
        Step::portal(
            ACCOUNT_TYPES,
            "If people of other organizations are meant to sign in, admit them here.",
        ),
    ],
);
pub(in super::super) const ACCOUNT_TYPE: Cure = error(
    "Sign in with an account of the kind the app is for: work or school, or personal.",
    &["app", "tenant"],
    &[
        Step::environment(
            "browser",
            "Sign out at Microsoft, or use a private window, and choose another account.",
        ),
        Step::portal(
            ACCOUNT_TYPES,
            "If such accounts are meant to sign in, admit them here.",
        ),
    ],
);
pub(in super::super) const ASSIGN: Cure = error(
    "Assign the person, or a group they are in directly, to the app; or let everybody of the tenant in.",
    &["app"],
    &[
        Step::portal(
            portal::USERS_AND_GROUPS,
            "Choose Add user/group. People in a group within the group are not assigned with it.",
        ),
        Step::portal(
            "Enterprise applications > your app > Properties > Assignment required?",
            "Or set it to No: then everybody of the tenant may sign in.",
        ),
    ],
);
pub(in super::super) const PASSWORD: Cure = warning(
    "The person signs in again, with the right password.",
    &[],
    &[
        Step::environment(
            "browser",
            "Sign in again; \"Can't access your account?\" on Microsoft's page resets a forgotten password.",
        ),
        LOOK_UP,
    ],
);
pub(in super::super) const NEW_PASSWORD: Cure = warning(
    "The person sets a new password on Microsoft's page, or an administrator does.",
    &[],
    &[
        Step::environment(
            "browser",
            "Sign in again, and set a new password where Microsoft's page asks for it.",
        ),
        Step::portal(USERS, "Or an administrator chooses Reset password."),
    ],
);
pub(in super::super) const ACCOUNT_STATE: Cure = error(
    "An administrator looks at the account: it is locked, disabled or blocked.",
    &["tenant"],
    &[
        Step::portal(
            USERS,
            "See whether the account is enabled, and unlock or enable it if that is right.",
        ),
        LOOK_UP,
    ],
);
pub(in super::super) const CHOOSE_ACCOUNT: Cure = warning(
    "Let the person choose the account, without naming a session or account that may be gone.",
    &[],
    &[
        Step::config("provider.authorization_parameters", "Take `sid`, `login_hint` and `prompt=none` out; `prompt=select_account` lets people choose.")
            .line("authorization_parameters = { prompt = \"select_account\" }"),
        Step::apache("OIDCAuthRequestParams", "Take `sid`, `login_hint` and `prompt=none` out.").line("OIDCAuthRequestParams prompt=select_account"),
    ],
);
pub(in super::super) const FEDERATION: Cure = error(
    "Those who run the organization's own sign-in server correct its federation with Entra.",
    &["tenant"],
    &[
        Step::portal(
            "Custom domain names",
            "See whether the domain is still federated, and with which server.",
        ),
        LOOK_UP,
    ],
);

pub(in super::super) const MORE_PROOF: Cure = warning(
    "The person signs in again in the browser and gives the second factor; a renewal behind their back can't.",
    &["app"],
    &[
        Step::environment(
            "browser",
            "Sign in again, and complete what Microsoft's page asks for.",
        ),
        Step::portal(
            CONDITIONAL_ACCESS,
            "If it comes too often, an administrator looks at the policy for this app.",
        ),
        LOOK_UP,
    ],
);
pub(in super::super) const DEVICE: Cure = error(
    "The person uses a device that the organization's policy accepts; an administrator sees which one that is.",
    &["app"],
    &[
        Step::environment(
            "device",
            "Use a device that is enrolled, or a browser that shows the device to Entra.",
        ),
        LOOK_UP,
        Step::portal(
            CONDITIONAL_ACCESS,
            "Or an administrator changes the policy for this app.",
        ),
    ],
);
pub(in super::super) const POLICY: Cure = error(
    "An administrator looks the sign-in up and sees which policy refused it. Trying again changes nothing.",
    &["app"],
    &[
        LOOK_UP,
        Step::portal(
            CONDITIONAL_ACCESS,
            "If it should be allowed, change the policy, or exempt this app or person.",
        ),
    ],
);
pub(in super::super) const REGISTER_FACTOR: Cure = error(
    "The person registers a second factor from a place and a device that the organization trusts for that.",
    &[],
    &[
        Step::environment(
            "browser",
            "Open https://aka.ms/mysecurityinfo from a trusted network and register there.",
        ),
        LOOK_UP,
    ],
);

pub(in super::super) const SIGN_IN_AGAIN: Cure = warning(
    "The person signs in again. Vestibule sends them there by itself.",
    &[],
    &[Step::environment("browser", "Sign in again.")],
);
pub(in super::super) const INTERACTIVE: Cure = warning(
    "Send the person to sign in visibly: a silent sign-in has nobody to ask.",
    &[],
    &[
        Step::config(
            "provider.authorization_parameters",
            "Take `prompt = \"none\"` out.",
        ),
        Step::apache("OIDCAuthRequestParams", "Take `prompt=none` out."),
        Step::environment(
            "browser",
            "Sign in at the top of the window, not in a frame: there the provider's cookies are missing.",
        ),
    ],
);
pub(in super::super) const REDEEM_ONCE: Cure = error(
    "Redeem each code once: no retry, no second request from a reload or a doubled POST.",
    &["app"],
    &[
        Step::environment(
            "browser",
            "Begin at the page itself, not by reloading the callback's address.",
        ),
        Step::environment(
            "proxies in front",
            "Let none of them repeat a request to the callback: a retry redeems the code again.",
        ),
    ],
);
pub(in super::super) const SAME_TENANT: Cure = error(
    "Use the same tenant in the address at both steps; not `common` in one and the tenant's id in the other.",
    &["tenant"],
    &[
        Step::config("provider.issuer", "Name the tenant by its id; both endpoints then come from its metadata.")
            .line("issuer = \"https://login.microsoftonline.com/{TENANT-ID}/v2.0\""),
        Step::apache("OIDCProviderMetadataURL", "Name the tenant by its id, and leave the endpoints to the metadata.").line(
            "OIDCProviderMetadataURL https://login.microsoftonline.com/{TENANT-ID}/v2.0/.well-known/openid-configuration",
        ),
    ],
);
pub(in super::super) const PKCE: Cure = error(
    "Send the verifier that belongs to this very sign-in: 43 to 128 characters, kept with its state.",
    &[],
    &[
        Step::environment("browser", "Begin again, in one tab."),
        Step::environment(
            "replicas",
            "Let every replica open the cookie of a sign-in under way: give all the same keys.",
        )
        .line("keys = [\"file:/run/secrets/vestibule-key\"]"),
    ],
);
pub(in super::super) const LOOP: Cure = error(
    "Find what sends the browser to sign in again and again: a cookie that does not come back, or a token nobody keeps.",
    &["app"],
    &[
        Step::environment(
            "browser",
            "Open the site by the address in `public_url`, and look whether its cookie is kept and sent.",
        ),
        Step::api(
            "token cache",
            "A client that asks by itself keeps its token until it expires.",
        ),
    ],
);
pub(in super::super) const SIGN_OUT: Cure = warning(
    "Send the browser to the address the metadata names as `end_session_endpoint`, with a registered address to come back to.",
    &["app"],
    &[
        Step::portal(
            REDIRECT_URIS,
            "Register the address people come back to after signing out.",
        )
        .line("{REDIRECT-ORIGIN}/.vestibule/signed-out"),
        Step::environment(
            "browser",
            "Close the window: the session at Microsoft has ended or was another one.",
        ),
    ],
);
pub(in super::super) const DEVICE_CODE: Cure = warning(
    "The client goes on asking, or begins again with a new code.",
    &[],
    &[Step::api(
        "device code flow",
        "On `authorization_pending` ask again after the interval; on any other error begin again.",
    )],
);
pub(in super::super) const NOTHING: Cure = info(
    "Nothing: this is a step of an ordinary sign-in.",
    &[
        Step::environment("browser", "Go on with the sign-in."),
        Step::portal(
            SIGN_IN_LOGS,
            "If it ends there, an administrator finds it by the {incident}.",
        ),
    ],
);

pub(in super::super) const MISSING_PARAMETER: Cure = error(
    "Send the parameter that the message names, in a form as `application/x-www-form-urlencoded`.",
    &["app", "parameter"],
    &[
        Step::api(
            "the request to Entra",
            "Send {parameter} in the body, as a form. A body of JSON, or one that a redirect or a proxy took away, looks empty to Entra, and then it names the first parameter it looks for.",
        ),
        Step::config(
            "provider.authorization_parameters",
            "If it is a sign-in: look for a parameter here that is empty or misspelt.",
        ),
        Step::apache(
            "OIDCAuthRequestParams",
            "If it is a sign-in: look for a parameter here that is empty or misspelt.",
        ),
    ],
);
pub(in super::super) const REQUEST: Cure = error(
    "The message names the parameter. Correct it, and send forms as `application/x-www-form-urlencoded`.",
    &["app", "redirect URI", "scope"],
    &[
        Step::config(
            "provider.authorization_parameters",
            "Look for a parameter here that is empty, misspelt or doubled.",
        ),
        Step::apache(
            "OIDCAuthRequestParams",
            "Look for a parameter here that is empty, misspelt or doubled.",
        ),
        Step::environment(
            "proxies in front",
            "Let none of them rewrite or cut the query or the body.",
        ),
    ],
);
pub(in super::super) const SHORT_QUERY: Cure = error(
    "Make the request shorter: fewer scopes and parameters, and `form_post` for the answer.",
    &[],
    &[
        Step::config("provider.response_mode", "Let the answer come as a form.")
            .line("response_mode = \"form_post\""),
        Step::apache("OIDCResponseMode", "Let the answer come as a form.")
            .line("OIDCResponseMode form_post"),
    ],
);
pub(in super::super) const POST_TO_TOKEN: Cure = warning(
    "Send a POST to the token endpoint. From a browser it is the back button, and nothing to worry about.",
    &[],
    &[
        Step::environment(
            "browser",
            "Begin again at the page itself instead of going back.",
        ),
        Step::api(
            "token request",
            "Send it as a POST with a form, to the address the metadata names as `token_endpoint`.",
        ),
    ],
);
pub(in super::super) const USER_INFO: Cure = error(
    "Leave the user-info endpoint alone: Entra's ID token says more.",
    &[],
    &[
        Step::config("provider.userinfo", "Switch it off.").line("userinfo = false"),
        Step::apache("OIDCProviderUserInfoEndpoint", "Switch it off.")
            .line("OIDCProviderUserInfoEndpoint \"\""),
    ],
);
pub(in super::super) const RETRY: Cure = warning(
    "Wait a little and try again. If it lasts, look at Microsoft's service status.",
    &[],
    &[
        Step::environment("browser", "Try again after a minute."),
        Step::portal(
            "Help + support > Service health",
            "If it lasts, see whether Microsoft reports a fault; a ticket needs the {incident}.",
        ),
    ],
);
pub(in super::super) const TICKET: Cure = error(
    "Only Microsoft can tell: open a ticket.",
    &[],
    &[Step::portal(
        "Help + support > New support request",
        "Give the {incident}.",
    )],
);
pub(in super::super) const THROTTLED: Cure = error(
    "Ask less often: keep tokens until they expire, and wait after a refusal.",
    &["tenant"],
    &[
        Step::api(
            "token cache",
            "Keep each token for its lifetime, and wait longer after each refusal.",
        ),
        LOOK_UP,
    ],
);
pub(in super::super) const AGENT: Cure = error(
    "Those who run the organization's Active Directory look at the pass-through authentication agents.",
    &[],
    &[
        Step::environment(
            "authentication agents",
            "See that they run, reach a domain controller and have a right clock; their log says more.",
        ),
        Step::portal(
            "Entra Connect > Connect Sync > Pass-through authentication",
            "See which agents are active.",
        ),
    ],
);
pub(in super::super) const AGENT_CLOCK: Cure = error(
    "Set the clocks of the authentication agents and of the domain controllers by NTP.",
    &[],
    &[Step::environment(
        "clock",
        "Compare the clocks of the agents and the domain controllers, and switch NTP on.",
    )],
);
pub(in super::super) const SEAMLESS: Cure = warning(
    "The person signs in with a password; those who run the organization's Active Directory look at seamless single sign-on.",
    &[],
    &[
        Step::environment("browser", "Sign in with a password on Microsoft's page."),
        Step::portal(
            "Entra Connect > Connect Sync > Seamless single sign-on",
            "See whether it is on for the domain, and renew the key of its computer account.",
        ),
    ],
);
