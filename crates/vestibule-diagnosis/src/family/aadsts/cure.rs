//! Holds what helps against a number. Many numbers share one cure.

mod access;
mod people;
mod registration;
mod request;
mod scope;
mod service;
mod session;

pub(super) use access::*;
pub(super) use people::*;
pub(super) use registration::*;
pub(super) use request::*;
pub(super) use service::*;
pub(super) use session::*;

use super::super::said::Said;
use super::super::step::Step;
use crate::{Change, Evidence, Severity};

/// Makes changes of what a message names; `None` where it names too little.
type Fill = fn(&Evidence, &Said) -> Option<Vec<Change>>;

/// What helps.
#[derive(Debug)]
pub(super) struct Cure {
    /// In a sentence or two, for the person.
    pub(super) text: &'static str,
    /// Step by step; the first is the one to try first.
    pub(super) steps: &'static [Step],
    /// What of the message to repeat: `app`, `redirect URI`, `scope`, `resource`, `tenant`,
    /// `parameter`.
    pub(super) about: &'static [&'static str],
    /// How bad it is.
    pub(super) severity: Severity,
    /// What to say in the place of the steps, where the message names enough for it.
    pub(super) filled: Option<Fill>,
}

impl Cure {
    const fn filled(mut self, by: Fill) -> Self {
        self.filled = Some(by);
        self
    }
}

const SIGN_IN_LOGS: &str = "Monitoring & health > Sign-in logs";
const CONDITIONAL_ACCESS: &str = "Conditional Access > Policies";
const REDIRECT_URIS: &str = "App registrations > your sign-in app > Authentication > Platform configurations > Web > Redirect URIs";
const PLATFORMS: &str =
    "App registrations > your sign-in app > Authentication > Platform configurations";
const ID_TOKENS: &str = "App registrations > your sign-in app > Authentication > Implicit grant and hybrid flows > ID tokens";
const ACCOUNT_TYPES: &str =
    "App registrations > your sign-in app > Authentication > Supported account types";
const ENTERPRISE_PROPERTIES: &str = "Enterprise applications > your app > Properties";
const CROSS_TENANT: &str = "External Identities > Cross-tenant access settings";
const USERS: &str = "Users > All users";

const fn error(text: &'static str, about: &'static [&'static str], steps: &'static [Step]) -> Cure {
    Cure {
        text,
        steps,
        about,
        severity: Severity::Error,
        filled: None,
    }
}

const fn warning(
    text: &'static str,
    about: &'static [&'static str],
    steps: &'static [Step],
) -> Cure {
    Cure {
        text,
        steps,
        about,
        severity: Severity::Warning,
        filled: None,
    }
}

const fn info(text: &'static str, steps: &'static [Step]) -> Cure {
    Cure {
        text,
        steps,
        about: &[],
        severity: Severity::Info,
        filled: None,
    }
}

/// The sign-in log names what a message does not.
const LOOK_UP: Step = Step::portal(
    SIGN_IN_LOGS,
    "An administrator finds this sign-in by the {incident}; its entry names the reason.",
);
