//! What helps with requests that Entra does not understand.

use super::super::super::step::Step;
use super::{Cure, error, warning};

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
