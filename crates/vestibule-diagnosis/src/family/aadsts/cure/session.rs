//! What helps with sessions, codes and sign-ins that are over, or have gone round.

use super::super::super::step::Step;
use super::{Cure, REDIRECT_URIS, SIGN_IN_LOGS, error, info, warning};

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
