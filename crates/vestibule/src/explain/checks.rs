//! Goes through the checks an API makes of its access tokens, one by one and in their order (RFC 9068 §4), and says
//! what each would say and which setting moves it. Unlike a verifier it does not stop at the first that fails.

mod audience;
mod form;
mod issuer;
mod signature;
mod time;

pub(super) use signature::{Signature, signature};

use serde::Serialize;
use vestibule_diagnosis::evidence::{Failure, Token};
use vestibule_oidc::time::UnixTime;

use self::audience::{audience, kind};
use self::form::form;
use self::issuer::issuer;
use self::signature::of_signature;
use self::time::{expiry, start};
use super::expected::Expected;

/// The checks of one API.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Api {
    /// What it is called in a sentence.
    pub(super) name: String,
    /// The route before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) route: Option<String>,
    /// Its checks, in their order.
    pub(super) checks: Vec<Check>,
}

/// One check.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Check {
    /// `form`, `signature`, `issuer`, `audience`, `type`, `expiry`, `start`.
    pub(super) check: &'static str,
    /// What it would say.
    pub(super) outcome: Outcome,
    /// What is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expected: Option<String>,
    /// What the token has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) found: Option<String>,
    /// What to set to move it, where it fails; what to add to the command line, where it was not made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) setting: Option<&'static str>,
    #[serde(skip)]
    failure: Option<Failure>,
}

/// What a check would say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    Passes,
    Fails,
    NotChecked,
}

/// What this API would say.
pub(super) fn of(token: &Token, api: &Expected, signature: &Signature, now: UnixTime) -> Api {
    let form = form(token, api);
    let is_jwt = form.outcome == Outcome::Passes;
    let mut checks = vec![form];
    if is_jwt {
        checks.push(of_signature(token, signature));
        checks.push(issuer(token, api, signature));
        checks.push(audience(token, api));
        checks.push(kind(token, api));
        checks.push(expiry(token, now));
        checks.extend(start(token, now));
    }
    Api {
        name: api.name.clone(),
        route: api.route.clone(),
        checks,
    }
}

impl Api {
    /// The checks that fail.
    pub(super) fn failures(&self) -> impl Iterator<Item = &Check> {
        self.checks
            .iter()
            .filter(|check| check.outcome == Outcome::Fails)
    }

    /// How many fail.
    pub(super) fn failing(&self) -> usize {
        self.failures().count()
    }

    /// The checks that were not made.
    pub(super) fn not_made(&self) -> impl Iterator<Item = &Check> {
        self.checks
            .iter()
            .filter(|check| check.outcome == Outcome::NotChecked)
    }

    /// What a verifier with these keys says: nothing without keys.
    pub(super) fn verified(&self, signature: &Signature) -> Option<Result<(), Failure>> {
        signature.outcome()?;
        let first = self.failures().find_map(|check| check.failure);
        Some(first.map_or(Ok(()), Err))
    }
}

fn passes(check: &'static str) -> Check {
    Check {
        check,
        outcome: Outcome::Passes,
        expected: None,
        found: None,
        setting: None,
        failure: None,
    }
}

impl Check {
    fn fails(mut self, failure: Failure, setting: &'static str) -> Self {
        self.outcome = Outcome::Fails;
        self.failure = Some(failure);
        self.setting = Some(setting);
        self
    }

    fn not_checked(mut self, setting: &'static str) -> Self {
        self.outcome = Outcome::NotChecked;
        self.setting = Some(setting);
        self
    }

    fn expected(mut self, text: impl Into<String>) -> Self {
        self.expected = Some(text.into());
        self
    }

    fn found(mut self, text: impl Into<String>) -> Self {
        self.found = Some(text.into());
        self
    }
}
