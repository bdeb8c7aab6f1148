//! `explain --request`: what becomes of a request, by the gate's own reading and decision.
//!
//! The plan is the file's, without anything that asks or sends. Whoever the request comes from is made up: nobody, a
//! bearer, or a session with the claims of a file.

mod arrived;
mod forwarded;
mod judged;
mod session;
mod stage;

use serde::Serialize;
use vestibule_config::{RouteSettings, Settings};
use vestibule_diagnosis::evidence::{Head, Origin};
use vestibule_diagnosis::{Evidence, diagnose};
use vestibule_gate::Gate;
use vestibule_gate::decision::Decision;
use vestibule_gate::evidence::Evidence as Found;
use vestibule_gate::request::{self, ReadPolicy};
use vestibule_gate::trace::Trace;
use vestibule_oidc::time::UnixTime;

use self::forwarded::Forwarded;
use self::judged::Judged;
use self::stage::Step;
use super::Failure;
use super::expected;
use super::page::detail;
use super::report::{Report, Said, Subject};
use super::value::shown;
use crate::cli::ExplainArgs;
use crate::import::without_slashes;
use crate::load::Secrets;
use crate::print::{Ink, Sheet};
use crate::{assemble, evidence as converted};

/// What becomes of a request.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct RequestDetails {
    /// The method.
    pub(super) method: String,
    /// The host it is for.
    pub(super) host: String,
    /// The path as it is decided on.
    pub(super) path: String,
    /// The route it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) route: Option<String>,
    /// What is done with it: `forward`, `sign_in`, `challenge`, …
    pub(super) decision: &'static str,
    /// The stable code of the reason.
    pub(super) reason: &'static str,
    /// The status of our own answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    /// Every stage it met.
    pub(super) stages: Vec<Step>,
    /// The route's rule, with the outcome of every part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rule: Option<Judged>,
    /// What the upstream gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) upstream: Option<Forwarded>,
}

/// Explains a request.
pub(super) fn explain(
    arguments: &ExplainArgs,
    line: &str,
    now: UnixTime,
) -> Result<Report, Failure> {
    let Some(settings) = expected::configuration(arguments)? else {
        return Err(Failure::new("explain the request", "there is no --config"));
    };
    let (policy, gate) = assemble::gate(&settings).map_err(|because| Failure::Error {
        to: "use the configuration",
        because,
        help: None,
    })?;
    let head = arrived::head(arguments, &settings, line)?;
    let visit = match &arguments.session_claims {
        None => Visit {
            head,
            found: Found::NotAsked,
        },
        Some(file) => {
            let claims = session::claims(file)?;
            with_session(&settings, &policy, &gate, head, &claims, now)?
        }
    };
    let is_apache = arguments.apache.is_some();
    Ok(decide(&settings, &policy, &gate, visit, now, is_apache))
}

/// A request, and what is found out about who sent it.
struct Visit {
    head: request::RawHead,
    found: Found,
}

/// The same request with the cookie of a session that is made for it, if it comes to a site of ours at all.
fn with_session(
    settings: &Settings,
    policy: &ReadPolicy,
    gate: &Gate,
    head: request::RawHead,
    claims: &serde_json::Map<String, serde_json::Value>,
    now: UnixTime,
) -> Result<Visit, Failure> {
    let without = |head| Visit {
        head,
        found: Found::NotAsked,
    };
    let Ok(read) = request::read(head.clone(), policy) else {
        return Ok(without(head));
    };
    let Some(site) = vestibule_gate::site::serving(gate.sites(), read.host()) else {
        return Ok(without(head));
    };
    let examined = gate.examine(&read);
    let route = examined
        .route()
        .and_then(|route| route_settings(settings, route.upstream.0));
    let made = session::make(settings, route, site, claims, now)?;
    Ok(Visit {
        head: arrived::with_cookie(head, site.cookies().session(), &made.cookie),
        found: Found::Session(made.session),
    })
}

/// The settings of a route of [`assemble::gate`].
fn route_settings(settings: &Settings, number: usize) -> Option<&RouteSettings> {
    settings.routes.get(number)
}

fn decide(
    settings: &Settings,
    policy: &ReadPolicy,
    gate: &Gate,
    visit: Visit,
    now: UnixTime,
    is_apache: bool,
) -> Report {
    let method = String::from_utf8_lossy(&visit.head.method).into_owned();
    let request = match request::read(visit.head, policy) {
        Ok(request) => request,
        Err(refusal) => {
            let mut details = RequestDetails {
                method: shown(&method),
                ..RequestDetails::default()
            };
            let decision = Decision::Refuse(refusal);
            tell(&mut details, &decision, &Trace::refused(refusal));
            if let Some(step) = details.stages.first_mut() {
                step.because(&refusal.to_string());
            }
            let verdict = format!(
                "The request is refused before anything is decided: {} The answer is {}.",
                refusal.public_message(),
                refusal.status()
            );
            return report(verdict, details, Evidence::default());
        }
    };
    let examined = gate.examine(&request);
    let route = examined.route();
    let mut details = RequestDetails {
        method: request.method().to_string(),
        host: request.host().to_string(),
        path: shown(request.path().as_str()),
        route: route.map(|route| route.name.to_string()),
        ..RequestDetails::default()
    };
    let found = match examined.handle() {
        Some(_) => match &visit.found {
            Found::NotAsked => Found::NoSession,
            found => found.clone(),
        },
        None => Found::NotAsked,
    };
    let (decision, trace) = gate.decide(&request, examined, found.clone(), now);
    tell(&mut details, &decision, &trace);
    details.rule = route.and_then(|route| judged::rule(route, &request, &found));
    let mut evidence = Evidence::default();
    evidence.now = Some(now);
    let set = route.and_then(|route| route_settings(settings, route.upstream.0));
    if let Some(set) = set {
        let provider = converted::provider_of(settings, set);
        let mut seen = converted::settings(settings, provider, Secrets::Absent);
        // What is to be changed are Apache's directives, and its file says nothing of our listener.
        if is_apache {
            seen.origin = Some(Origin::Apache);
            without_slashes(&mut seen);
        }
        evidence.settings = Some(seen);
        evidence.route = Some(converted::route_name(set));
    }
    if let (Decision::Forward(authorized), Some(set)) = (&decision, set) {
        let sent = forwarded::head(gate, authorized, &request, set);
        evidence.upstream_request = Some(upstream_head(&sent));
        details.upstream = Some(sent);
    }
    let verdict = stage::verdict(&decision, &details, &request);
    report(verdict, details, evidence)
}

fn tell(details: &mut RequestDetails, decision: &Decision<'_>, trace: &Trace) {
    details.decision = decision.kind();
    details.reason = decision.code();
    details.status = decision.status();
    details.stages = trace.steps().map(|step| Step::of(&step)).collect();
}

fn report(verdict: String, details: RequestDetails, evidence: Evidence) -> Report {
    Report {
        subject: Subject::Request(Box::new(Said {
            verdict,
            is_no: false,
            details,
        })),
        findings: diagnose(&evidence),
        is_known: true,
    }
}

/// What the diagnosis is told of the head: names and sizes.
fn upstream_head(sent: &Forwarded) -> Head {
    let mut head = Head::default();
    head.method = Some(sent.method.clone());
    let sized = |header: &forwarded::Header| {
        vestibule_diagnosis::evidence::Header::sized(header.name.clone(), header.length)
    };
    head.headers = sent.headers.iter().map(sized).collect();
    head
}

/// Sets it for people.
pub(super) fn page(sheet: &mut Sheet, details: &RequestDetails) {
    let line = format!("{} {}", details.method, details.path);
    detail(sheet, "request", line.trim());
    detail(sheet, "host", &details.host);
    detail(sheet, "route", details.route.as_deref().unwrap_or_default());
    let answer = match details.status {
        Some(status) => format!(
            "{} ({}), answered with {status}",
            details.decision, details.reason
        ),
        None => details.decision.to_owned(),
    };
    detail(sheet, "decision", &answer);
    sheet.blank();
    sheet.inked(Ink::Strong, "The stages, in their order");
    for step in &details.stages {
        step.print(sheet);
    }
    if let Some(rule) = &details.rule {
        sheet.blank();
        sheet.inked(Ink::Strong, "The route's rule");
        rule.print(sheet, 2);
    }
    if let Some(sent) = &details.upstream {
        sheet.blank();
        sent.print(sheet);
    }
}
