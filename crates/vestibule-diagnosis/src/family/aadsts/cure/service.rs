//! What helps with faults of the service, and of agents in the organization.

use super::super::super::step::Step;
use super::{Cure, LOOK_UP, error, warning};

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
