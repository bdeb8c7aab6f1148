//! Puts the stages of a request into words, and the decision into a sentence.

use serde::Serialize;
use vestibule_gate::decision::Decision;
use vestibule_gate::request::Request;
use vestibule_gate::trace;
use vestibule_proxy::signin::own::NotServed;

use super::RequestDetails;
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
            outcome: step.outcome,
            detail: step.detail.map(shown),
            words: words(step.outcome).to_owned(),
        }
    }

    /// Says what was wrong: an error in its own words, of which the first half is the stage.
    pub(super) fn because(&mut self, error: &str) {
        let (_, what) = error.split_once(": ").unwrap_or(("", error));
        what.clone_into(&mut self.words);
    }

    /// Says with which status the proxy answers, if this is the decision.
    pub(super) fn answered(&mut self, status: u16) {
        if self.stage == trace::Stage::Decide.as_str() {
            self.words = format!("{status}: {}", self.words);
        }
    }

    /// Takes back the outcome of whatever depends on the rule.
    pub(super) fn forget_if_after_authorizing(&mut self, reason: &'static str) {
        let depends = [trace::Stage::Authorize, trace::Stage::Decide];
        if depends.iter().any(|stage| stage.as_str() == self.stage) {
            self.outcome = reason;
            self.detail = None;
            words(reason).clone_into(&mut self.words);
        }
    }

    /// Sets it for people.
    pub(super) fn print(&self, sheet: &mut Sheet) {
        let mut said = match self.words.as_str() {
            "" => self.outcome.to_owned(),
            words => words.to_owned(),
        };
        if let Some(detail) = &self.detail {
            said.push_str(": ");
            said.push_str(detail);
        }
        sheet.hanging(2, self.stage, Ink::Blue, 16, &said);
    }
}

/// An outcome in words; empty for one whose code says it all.
fn words(outcome: &str) -> &'static str {
    match outcome {
        "read" => "read without doubt",
        "fields_dropped" => "read; headers with `_` or `.` in their names were dropped",
        "found" => "this route",
        "own" => "one of our own endpoints",
        "not_found" => "no route has this path",
        "host_unknown" => "no public URL has this host",
        "not_needed" => "nothing is looked for: the route is public",
        "absent" => "the request brings no session cookie",
        "cookie_malformed" => "the session cookie is none of ours",
        "cookie_ambiguous" => "several session cookies, between which nobody can choose",
        "session" => "a session",
        "bearer" => "an `Authorization` header with a bearer token",
        "authorization_other_scheme" => "an `Authorization` header with another scheme than Bearer",
        "authorization_repeated" => "more than one `Authorization` header",
        "authorization_malformed" => "an `Authorization` header that is none",
        "authorization_not_accepted" => "no route takes an `Authorization` header",
        "not_asked" => "there is nothing to ask the store about",
        "no_session" => "nobody is signed in",
        "session_unknown" => "the store knows no such session",
        "store_unavailable" => "the store can't be asked",
        "signed_in" => "signed in",
        "session_idle" => "the session was not used for too long",
        "session_over" => "the session is over",
        "session_of_other_site" => "the session is of another site",
        "session_of_other_provider" => "the session is of another provider than the route wants",
        "preflight_allowed" => "a preflight of an allowed origin",
        "origin_not_allowed" => "it comes from a page of another origin",
        "fetch_site_not_same" => "the browser says that it comes from another site",
        "anti_forgery_header_missing" => "the route's anti-forgery header is not there",
        "origin_missing" => "nothing proves that it comes from a page of the same origin",
        "public" => "anybody may pass",
        "anyone" => "anybody may pass, and nobody is signed in",
        "signed_in_suffices" => "who is signed in may pass",
        "allowed" => "the route's rule holds",
        "claim_differs" => "a claim has another value",
        "claim_of_another_kind" => "a claim is of another kind than the rule's values",
        "claim_missing" => "a claim is not there",
        "user_missing" => {
            "the claim that names the person is not there, or not as the route's `user` has to have it"
        }
        "groups_overage" => "the provider left the groups out because there are too many",
        "scope_not_granted" => "none of the scopes was granted at sign-in",
        "scope_not_known" => "can't be told here: it depends on the scopes that were granted",
        "method_differs" => "another method",
        "network_differs" => "it comes from another network",
        "no_rules" => "there is nothing in the rule that could hold",
        "forward" => "it goes to the upstream",
        "sign_in" => "the person is sent to sign in",
        "keep_post" => "the person is sent to sign in, and the form is kept until they are back",
        "challenge" => "turned away, and told to sign in",
        "forbid" => "signed in, and not allowed",
        "cross_origin" => "sent by a page of another origin",
        "preflight" => "the preflight is allowed",
        "unavailable" => "nobody is signed out; later it may work",
        "refuse" => "refused",
        "bad_credential" => "the credential can't be read",
        _ => "",
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
            words(why.code())
        ),
        Decision::KeepPost(why) => format!(
            "The request takes the route {route}; {}, so the person is sent to sign in, and the form is kept and sent again afterwards, once.",
            words(why.code())
        ),
        Decision::Challenge { why, .. } => {
            format!(
                "The request takes the route {route} and is answered with {}. {}",
                decision.status().unwrap_or(401),
                why.public_message()
            )
        }
        Decision::Forbid { why, .. } if why.code() == "user_missing" => format!(
            "The request takes the route {route} and is answered with {}: {}.",
            decision.status().unwrap_or(403),
            words(why.code())
        ),
        Decision::Forbid { why, .. } => format!(
            "The request takes the route {route} and is answered with {}: its rule does not hold, {}.",
            decision.status().unwrap_or(403),
            words(why.code())
        ),
        Decision::CrossOrigin(why) => format!(
            "The request takes the route {route} and is answered with 403: {}.",
            words(why.code())
        ),
        Decision::Preflight(_) => {
            format!("The request is a preflight that the route {route} allows: the answer is 204.")
        }
        Decision::NotFound => format!(
            "No route has the path {} on {}: the answer is 404.",
            details.path,
            request.host()
        ),
        Decision::Unavailable { .. } => {
            "The session store can't be asked: the answer is 503.".to_owned()
        }
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
