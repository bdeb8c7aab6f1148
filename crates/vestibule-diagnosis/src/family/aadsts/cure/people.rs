//! What helps with accounts and policies.

use super::super::super::step::Step;
use super::{ACCOUNT_TYPES, CONDITIONAL_ACCESS, Cure, LOOK_UP, USERS, error, warning};
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
