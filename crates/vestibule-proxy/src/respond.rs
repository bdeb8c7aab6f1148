//! Turns decisions and errors into HTTP. The only place where that happens.
//!
//! In: what was decided or went wrong, and the [`Context`] of who asked. Out: an answer with its
//! status, a page for a person or JSON for a program, and the fields that keep it out of caches,
//! frames and foreign pages. Nothing an upstream sent is ever part of such an answer.

mod answer;
mod events;
mod failure;
mod forbidden;
mod kept_post;
mod logout;
mod session_info;

use std::sync::Arc;

use serde_json::{Map, Value, json as object};
use vestibule_diagnosis::Finding;
use vestibule_gate::decision::{Challenge, Decision};
use vestibule_gate::evidence::Evidence;
use vestibule_gate::fields::ResponseHead;
use vestibule_gate::method::Method;
use vestibule_gate::navigation::{Audience, audience};
use vestibule_gate::origin::CrossOrigin;
use vestibule_gate::refusal::Refusal;
use vestibule_gate::request::Request;
use vestibule_gate::site::serving;
use vestibule_gate::turned_away::SignedOutStatus;
use vestibule_oidc::fault::Fault;
use vestibule_session::return_to::ReturnTo;
use vestibule_session::site::Site;
use vestibule_session::store::Stored;

use crate::body::Body;
use crate::exchange::Response;
use crate::finding;
use crate::incident::IncidentId;
use crate::pages::{Link, Page, PageFinding, Pages};
use crate::plan::Plan;
use crate::provider::{self, Provider};
use crate::signin::{self, path};
use crate::tokens::TokensError;
use crate::upstream::UpstreamError;

pub use answer::{json, page, redirect};
pub use events::{events, no_seat};
pub use failure::Failure;
pub use kept_post::{send_again, sign_in_first, signed_in_but};
pub use logout::{logged_out, logged_out_as_image, logged_out_in_frame, logout_refused};
pub use session_info::session_info;

/// Who asked, and how they want to be answered. Nothing is worked out before an answer of ours needs it.
#[derive(Debug)]
pub struct Context<'p> {
    plan: &'p Plan,
    /// `None` if it could not be read: nothing is known about who asked then.
    request: Option<&'p Request>,
    /// Whether a person looks at the answer, where that is known without asking the request.
    person: Option<bool>,
    session: Option<Arc<Stored>>,
    incident: IncidentId,
}

impl<'p> Context<'p> {
    /// The context of a request that was read.
    #[must_use]
    pub const fn of(plan: &'p Plan, request: &'p Request, incident: IncidentId) -> Self {
        Self {
            plan,
            request: Some(request),
            person: None,
            session: None,
            incident,
        }
    }

    /// The same, which can tell people who they are signed in as.
    #[must_use]
    pub fn with_person(mut self, evidence: &Evidence) -> Self {
        if let Evidence::Session(stored) = evidence {
            self.session = Some(Arc::clone(stored));
        }
        self
    }

    /// The context of a request that could not be read: nothing is known about it.
    #[must_use]
    pub const fn unread(plan: &'p Plan, incident: IncidentId) -> Self {
        Self {
            plan,
            request: None,
            person: Some(false),
            session: None,
            incident,
        }
    }

    /// The same, answered with a page: for endpoints that only people visit.
    #[must_use]
    pub(crate) fn for_person(&self) -> Self {
        Self {
            plan: self.plan,
            request: self.request,
            person: Some(true),
            session: self.session.clone(),
            incident: self.incident,
        }
    }

    /// Whether a person looks at the answer.
    #[must_use]
    pub fn is_person(&self) -> bool {
        let asks = |request| audience(request) == Audience::Person;
        self.person
            .unwrap_or_else(|| self.request.is_some_and(asks))
    }

    /// The incident id of this request.
    #[must_use]
    pub const fn incident(&self) -> IncidentId {
        self.incident
    }

    /// The page that was asked for, to come back to it.
    #[must_use]
    pub fn return_to(&self) -> ReturnTo {
        let Some(request) = self.request else {
            return ReturnTo::root();
        };
        let query = request.query().map(AsRef::as_ref);
        ReturnTo::of_request(request.path().as_bytes(), query)
    }

    /// The field that the route of this request asks for.
    fn anti_forgery_header(&self) -> Option<&'p str> {
        let examined = self.plan.gate.examine(self.request?);
        examined.route()?.anti_forgery_header.as_deref()
    }

    /// The session that the request brought, ended ones included.
    pub(crate) const fn session(&self) -> Option<&Arc<Stored>> {
        self.session.as_ref()
    }

    const fn pages(&self) -> &'p Pages {
        &self.plan.pages
    }

    fn site(&self) -> Option<&'p Site> {
        serving(self.plan.gate.sites(), self.request?.host())
    }

    /// Whether only the head of the answer is wanted.
    fn is_head(&self) -> bool {
        self.request
            .is_some_and(|request| *request.method() == Method::Head)
    }

    /// The provider of the session.
    fn provider(&self) -> Option<&'p Arc<Provider>> {
        let name = self.session.as_ref()?.record().provider();
        self.plan.provider(name)
    }

    /// Who is signed in, as a person would recognise it.
    fn name(&self) -> Option<&str> {
        signin::display_name(self.session.as_ref()?.record())
    }
}

/// Answers a request that could not be read.
#[must_use]
pub fn refused(refusal: Refusal, context: &Context<'_>) -> Response {
    let mut failure = Failure::new(refusal.code(), refusal.fault(), refusal.public_message());
    let mut more = Map::new();
    // Where to go instead is our own word: nothing of the request is repeated.
    if let (Refusal::PlainHttp, [site]) = (refusal, context.plan.gate.sites()) {
        more.insert("public_url".to_owned(), site.origin().into());
        failure.actions = vec![Link {
            label: format!("Open {}", site.origin()),
            href: format!("{}/", site.origin()),
        }];
    }
    let mut response = say(refusal.status(), &failure, more, context);
    if refusal == Refusal::MethodRefused {
        // RFC 9110 §15.5.6: a 405 names what is allowed.
        response
            .head
            .fields
            .set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    }
    // Where the next request begins is not certain after one that could not be read.
    response.closing()
}

/// Answers a decision that is an answer. Forwarding, signing in and our own endpoints have their
/// own ways and are an internal error here.
#[must_use]
pub fn decision(decision: &Decision<'_>, context: &Context<'_>) -> Response {
    match decision {
        Decision::Refuse(refusal) => refused(*refusal, context),
        Decision::Challenge { why, status } => challenge(*why, *status, context),
        Decision::Forbid { why, answer } => forbidden::answer(why, *answer, context),
        Decision::CrossOrigin(why) => cross_origin(*why, context),
        Decision::Preflight(cors) => Response::new(
            ResponseHead {
                status: 204,
                fields: cors.fields(),
            },
            Body::empty(),
        ),
        Decision::NotFound => not_found(context),
        Decision::Unavailable => failed(&Failure::store(), context),
        Decision::BadCredential(why) => {
            let message = "The Authorization header of this request can't be read.";
            say(
                400,
                &Failure::new(why.code(), Fault::Client, message),
                Map::new(),
                context,
            )
        }
        Decision::Forward(_) | Decision::Own(_) | Decision::SignIn(_) | Decision::KeepPost(_) => {
            failed(
                &Failure::new(
                    "decision_not_an_answer",
                    Fault::Internal,
                    Failure::OUR_FAULT,
                ),
                context,
            )
        }
    }
}

/// Answers a failure, with the status its fault asks for.
#[must_use]
pub fn failed(failure: &Failure, context: &Context<'_>) -> Response {
    let status = match (failure.fault, failure.temporary) {
        (_, true) => 503,
        (Fault::Client, false) => 400,
        (Fault::Provider, false) => 502,
        (Fault::Operator | Fault::Internal, false) => 500,
    };
    say(status, failure, Map::new(), context)
}

/// Answers a request for which there is no route and no endpoint of ours.
#[must_use]
pub fn not_found(context: &Context<'_>) -> Response {
    let failure =
        Failure::new("not_found", Fault::Client, "There is nothing here.").titled("Not found");
    say(404, &failure, Map::new(), context)
}

/// Answers a method that one of our own endpoints does not take.
#[must_use]
pub fn method_not_allowed(allowed: &'static str, context: &Context<'_>) -> Response {
    let message = "This method is not allowed here.";
    let failure = Failure::new("method_not_allowed", Fault::Client, message);
    let mut response = say(405, &failure, Map::new(), context);
    response.head.fields.set("Allow", allowed);
    response
}

/// Answers a request for whose route there is no access token.
///
/// Where a sign-in would help, a person is sent there instead; a program gets the reason.
#[must_use]
pub fn no_token(error: &TokensError, context: &Context<'_>) -> Response {
    let provider = context.provider();
    let findings = finding::of_refresh(error, context.plan, provider);
    let findings = finding::for_strangers(&findings, provider);
    if !error.needs_sign_in() {
        let mut failure = Failure::new(error.code(), error.fault(), error.public_message());
        failure.temporary = error.is_temporary();
        failure.findings = findings;
        if matches!(error, TokensError::InVain(_)) {
            // No 401, which asks for the sign-in that was just made. The person may make another.
            failure.actions = vec![Link {
                label: "Sign in again".to_owned(),
                href: path::sign_in(None, Some(&context.return_to())),
            }];
            return say(403, &failure, Map::new(), context);
        }
        return failed(&failure, context);
    }
    let mut failure = Failure::new(error.code(), Fault::Client, error.public_message());
    failure.findings = findings;
    let mut response = say(401, &failure, sign_in_member(), context);
    let mut reason = format!("Vestibule error=\"{}\"", error.code());
    if let Some(finding) = failure.findings.first() {
        let text = format!("{}: {} {}", finding.code, finding.seen, finding.why);
        reason.push_str(", error_description=\"");
        reason.push_str(&finding::auth_param(&text));
        reason.push('"');
    }
    reason.push_str(", sign_in=\"");
    reason.push_str(path::SIGN_IN);
    reason.push('"');
    response.head.fields.set("WWW-Authenticate", reason);
    if let (true, Some(site)) = (error.ended_session(), context.site()) {
        response
            .head
            .fields
            .push("Set-Cookie", site.cookies().delete_session());
    }
    response
}

/// Answers a request whose route names an upstream that is not there.
#[must_use]
pub fn no_upstream(context: &Context<'_>) -> Response {
    failed(
        &Failure::new("upstream_unknown", Fault::Internal, Failure::OUR_FAULT),
        context,
    )
}

/// Answers a request whose upstream refused its head for its size and said nothing, with the upstream's status.
#[must_use]
pub fn head_too_large(status: u16, findings: Vec<Finding>, context: &Context<'_>) -> Response {
    let message = "The application behind this address does not take requests as large as yours. That is mostly so because \
                   the sign-in says much about you.";
    let mut failure = Failure::new("upstream_refused_head", Fault::Operator, message)
        .titled("Too much to pass on");
    failure.findings = findings;
    if context.session.is_some() {
        // Once more brings the same; another person's token may be smaller.
        failure.actions.push(Link {
            label: "Sign in as someone else".to_owned(),
            href: path::someone_else(&context.return_to()),
        });
    }
    say(status, &failure, Map::new(), context)
}

/// Answers a request whose upstream gave no answer. The findings are those that anybody may read.
#[must_use]
pub fn upstream_failed(
    error: &UpstreamError,
    findings: Vec<Finding>,
    context: &Context<'_>,
) -> Response {
    let mut failure = Failure::new(error.code(), error.fault(), error.public_message())
        .titled("Not reachable at the moment");
    failure.findings = findings;
    say(error.status(), &failure, Map::new(), context)
}

/// Answers a request whose task broke.
#[must_use]
pub fn panicked(plan: &Plan) -> Response {
    let context = Context::unread(plan, IncidentId::draw());
    failed(
        &Failure::new("panic", Fault::Internal, Failure::OUR_FAULT),
        &context,
    )
}

/// Answers a request that another site's page may have sent.
#[must_use]
pub fn cross_origin(why: CrossOrigin, context: &Context<'_>) -> Response {
    let mut more = Map::new();
    let message = match why {
        CrossOrigin::HeaderMissing => {
            if let Some(name) = context.anti_forgery_header() {
                more.insert("header".to_owned(), name.into());
            }
            "This request lacks the header by which pages of this application show that they sent it."
        }
        _ => "This request came from another site, or does not say where it came from.",
    };
    let failure = Failure::new(why.code(), Fault::Client, message);
    say(403, &failure, more, context)
}

fn challenge(why: Challenge, status: SignedOutStatus, context: &Context<'_>) -> Response {
    let failure =
        Failure::new(why.code(), Fault::Client, why.public_message()).titled("Sign-in needed");
    let mut response = say(status.as_u16(), &failure, sign_in_member(), context);
    // RFC 9110 §15.5.2, §15.5.8.
    let name = match status {
        SignedOutStatus::Unauthorized => Some("WWW-Authenticate"),
        SignedOutStatus::ProxyAuthenticationRequired => Some("Proxy-Authenticate"),
        SignedOutStatus::Gone => None,
    };
    if let Some(name) = name {
        response.head.fields.set(name, why.www_authenticate());
    }
    response
}

fn sign_in_member() -> Map<String, Value> {
    Map::from_iter([("sign_in".to_owned(), path::SIGN_IN.into())])
}

/// A page for a person, JSON for a program.
fn say(
    status: u16,
    failure: &Failure,
    more: Map<String, Value>,
    context: &Context<'_>,
) -> Response {
    let mut response = if context.is_person() {
        page(status, &failure_page(failure, context), context)
    } else {
        let mut body = object!({
            "error": failure.code,
            "message": failure.message,
            "incident": context.incident.to_string(),
        });
        if let Some(members) = body.as_object_mut() {
            members.extend(more);
            if !failure.findings.is_empty() {
                let findings = failure.findings.iter().map(|finding| object!(finding));
                members.insert("findings".to_owned(), findings.collect());
            }
        }
        json(status, &body, context)
    };
    if failure.temporary {
        let after = provider::RETRY_AFTER.as_secs().to_string();
        response.head.fields.set("Retry-After", after);
    }
    for cookie in &failure.cookies {
        response.head.fields.push("Set-Cookie", cookie.clone());
    }
    response.because(failure.code)
}

fn failure_page(failure: &Failure, context: &Context<'_>) -> Page {
    let findings = failure.findings.iter().map(PageFinding::of).collect();
    if failure.temporary {
        return Page::Unavailable {
            message: failure.message.to_owned(),
            findings,
            retry: failure.actions.first().map_or_else(
                || context.return_to().as_str().to_owned(),
                |link| link.href.clone(),
            ),
            code: failure.code,
            incident: context.incident,
        };
    }
    let actions = if failure.actions.is_empty() && failure.fault != Fault::Client {
        let href = context.return_to().as_str().to_owned();
        vec![Link {
            label: "Try again".to_owned(),
            href,
        }]
    } else {
        failure.actions.clone()
    };
    Page::Error {
        title: failure.title.to_owned(),
        message: failure.message.to_owned(),
        detail: failure.detail.clone(),
        findings,
        actions,
        code: failure.code,
        incident: context.incident,
    }
}

/// The failure of a sign-in, with the findings that anybody may read.
#[must_use]
pub fn sign_in_failed(
    error: &signin::SignInError,
    findings: Vec<Finding>,
    context: &Context<'_>,
) -> Response {
    failed(&error.failure(findings), &context.for_person())
}

#[cfg(test)]
mod tests;
