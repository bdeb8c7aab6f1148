//! Puts the stages of a request into words, and the decision into a sentence.

use std::borrow::Cow;

use serde::Serialize;
use vestibule_gate::authenticate::{NotAuthenticated, SignedOut};
use vestibule_gate::authorize::NotAuthorized;
use vestibule_gate::decision::Decision;
use vestibule_gate::request::Request;
use vestibule_gate::rule::Reason;
use vestibule_gate::trace::{self, Outcome};
use vestibule_proxy::signin::own::NotServed;

use super::RequestDetails;
use super::judged::UNKNOWN_SCOPE;
use crate::explain::value::shown;
use crate::print::{Ink, Sheet};

/// One stage and its outcome.
#[derive(Debug, Clone, Serialize)]
pub(in crate::explain) struct Step {
    /// The stage.
    stage: &'static str,
    /// The stable code of its outcome.
    outcome: &'static str,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The outcome in words.
    words: String,
}

impl Step {
    /// A step of the trace.
    pub(super) fn of(step: &trace::Step<'_>) -> Self {
        Self {
            stage: step.stage.as_str(),
            outcome: step.outcome.code(),
            detail: step.detail.map(shown),
            words: step.outcome.words().into_owned(),
        }
    }

    /// Says with which status the proxy answers, if this is the decision.
    pub(super) fn answered(&mut self, status: u16) {
        if self.stage == trace::Stage::Decide.as_str() {
            self.words = format!("{status}: {}", self.words);
        }
    }

    /// Takes back the outcome of whatever depends on the rule, which depends on the scopes.
    pub(super) fn forget_if_after_authorizing(&mut self) {
        let depends = [trace::Stage::Authorize, trace::Stage::Decide];
        if depends.iter().any(|stage| stage.as_str() == self.stage) {
            self.outcome = UNKNOWN_SCOPE;
            self.detail = None;
            let words = "can't be told here: it depends on the scopes that were granted";
            words.clone_into(&mut self.words);
        }
    }

    /// Sets it for people.
    pub(super) fn print(&self, sheet: &mut Sheet) {
        let mut said = self.words.clone();
        if let Some(detail) = &self.detail {
            said.push_str(": ");
            said.push_str(detail);
        }
        sheet.hanging(2, self.stage, Ink::Blue, 16, &said);
    }
}

/// The first sentence where the decision depends on what was granted: with the fewest scopes it may have been, and with
/// the most.
pub(super) fn open_verdict(
    least: &Decision<'_>,
    most: &Decision<'_>,
    details: &RequestDetails,
) -> String {
    let becomes = |decision: &Decision<'_>| match decision.status() {
        Some(status) => format!("it is answered with {status}"),
        None => {
            let to = details.upstream.as_ref();
            format!(
                "it goes to {}",
                to.map_or("its upstream", |sent| sent.url.as_str())
            )
        }
    };
    let route = details.route.as_deref().unwrap_or_default();
    let (least, most) = (becomes(least), becomes(most));
    let what = match least == most {
        true => "that depends on which scopes were granted".to_owned(),
        false => format!("if the scopes its rule asks for were granted, {most}; if not, {least}"),
    };
    format!("The request takes the route {route}. What becomes of it can't be told here: {what}.")
}

/// The first sentence about an address of ours that no endpoint of ours answers.
pub(super) fn not_served(why: NotServed, details: &RequestDetails) -> String {
    let path = &details.path;
    let status = why.status();
    match why {
        NotServed::NotFound => format!(
            "{path} is an address of the proxy's own, and none of its endpoints is there: the answer is {status}."
        ),
        NotServed::SessionsCarried => format!(
            "{path} would end sessions, which are with the browsers alone (`store = \"cookie\"`): the answer is {status}."
        ),
        NotServed::OtherMethod(allowed) => format!(
            "{path} is one of our own endpoints, which takes {allowed} and not {}: the answer is {status}.",
            details.method
        ),
    }
}

/// The first sentence.
pub(super) fn verdict(
    decision: &Decision<'_>,
    details: &RequestDetails,
    request: &Request,
) -> String {
    let route = details.route.as_deref().unwrap_or_default();
    match decision {
        Decision::Forward(_) => {
            let to = details
                .upstream
                .as_ref()
                .map_or("", |sent| sent.url.as_str());
            format!("The request takes the route {route} and goes to {to}.")
        }
        Decision::Own(_) => format!(
            "{} is one of our own endpoints; the proxy answers it itself.",
            details.path
        ),
        Decision::SignIn(why) => format!(
            "The request takes the route {route}; {}, so the person is sent to sign in.",
            signed_out(*why)
        ),
        Decision::KeepPost(why) => format!(
            "The request takes the route {route}; {}, so the person is sent to sign in, and the form is kept and sent again afterwards, once.",
            signed_out(*why)
        ),
        Decision::Challenge { why, .. } => {
            format!(
                "The request takes the route {route} and is answered with {}. {}",
                decision.status().unwrap_or(401),
                why.public_message()
            )
        }
        Decision::Forbid { why, .. } if matches!(reason(why), Reason::Nameless(_)) => format!(
            "The request takes the route {route} and is answered with {}: {}.",
            decision.status().unwrap_or(403),
            Outcome::NotAllowed(reason(why)).words()
        ),
        Decision::Forbid { why, .. } => format!(
            "The request takes the route {route} and is answered with {}: its rule does not hold, {}.",
            decision.status().unwrap_or(403),
            Outcome::NotAllowed(reason(why)).words()
        ),
        Decision::CrossOrigin(why) => format!(
            "The request takes the route {route} and is answered with 403: {}.",
            Outcome::CrossOrigin(*why).words()
        ),
        Decision::Preflight(_) => {
            format!("The request is a preflight that the route {route} allows: the answer is 204.")
        }
        Decision::NotFound => format!(
            "No route has the path {} on {}: the answer is 404.",
            details.path,
            request.host()
        ),
        Decision::Unavailable => "The session store can't be asked: the answer is 503.".to_owned(),
        Decision::Refuse(why) => {
            format!(
                "The request is refused with {}: {}",
                why.status(),
                why.public_message()
            )
        }
        Decision::BadCredential(why) => {
            format!(
                "The request is refused with 400: its credential can't be read ({}).",
                why.code()
            )
        }
    }
}

/// Why nobody is signed in.
fn signed_out(why: SignedOut) -> Cow<'static, str> {
    Outcome::NotAuthenticated(NotAuthenticated::SignedOut(why)).words()
}

/// What settled it.
fn reason(why: &NotAuthorized) -> &Reason {
    &why.judgement.decisive().reason
}
