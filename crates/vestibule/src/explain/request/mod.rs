//! `explain --request`: what becomes of a request, by the gate's own reading and decision.
//!
//! The plan is the file's, without anything that asks or sends. Whoever the request comes from is made up: nobody, a
//! bearer, or a session with the claims of a file. What the provider grants is known to the provider: where the rule
//! asks for a scope that may be granted or not, the gate decides on each case, and where it decides differently, that is
//! what is said.

mod arrived;
mod forwarded;
mod granted;
mod judged;
mod session;
mod stage;

use serde::Serialize;
use vestibule_config::{RouteSettings, Settings};
use vestibule_diagnosis::evidence::{Head, Origin, Token};
use vestibule_diagnosis::{Evidence, diagnose};
use vestibule_gate::Gate;
use vestibule_gate::decision::Decision;
use vestibule_gate::evidence::Evidence as Found;
use vestibule_gate::request::{self, ReadPolicy};
use vestibule_gate::rule::Reason;
use vestibule_gate::trace::Trace;
use vestibule_oidc::time::UnixTime;

use self::forwarded::Forwarded;
use self::granted::Granted;
use self::judged::{Judged, UNKNOWN_SCOPE};
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
    /// What is done with it: `forward`, `sign_in`, `challenge`, …; `unknown` where that depends on what is not known here.
    pub(super) decision: &'static str,
    /// The stable code of the reason.
    pub(super) reason: &'static str,
    /// The status of our own answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    /// What can't be told here, and what would tell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) caveats: Vec<String>,
    /// Every stage it met.
    pub(super) stages: Vec<Step>,
    /// The route's rule, with the outcome of every part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rule: Option<Judged>,
    /// What the upstream gets, if it gets the request.
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
        None => Visit::without_session(head),
        Some(file) => {
            let claims = session::claims(file)?;
            let said = arguments.granted.as_deref();
            with_session(&settings, &policy, &gate, head, &claims, said, now)?
        }
    };
    let is_apache = arguments.apache.is_some();
    Ok(decide(&settings, &policy, &gate, visit, now, is_apache))
}

/// A request, and what is found out about who sent it.
struct Visit {
    head: request::RawHead,
    /// One for each answer the provider may have given at sign-in.
    found: Vec<Found>,
    granted: Granted,
}

impl Visit {
    fn without_session(head: request::RawHead) -> Self {
        Self {
            head,
            found: vec![Found::NotAsked],
            granted: Granted::default(),
        }
    }
}

/// The same request with the cookie of a session that is made for it, if it comes to a site of ours at all.
fn with_session(
    settings: &Settings,
    policy: &ReadPolicy,
    gate: &Gate,
    head: request::RawHead,
    claims: &serde_json::Map<String, serde_json::Value>,
    said: Option<&str>,
    now: UnixTime,
) -> Result<Visit, Failure> {
    let Ok(read) = request::read(head.clone(), policy) else {
        return Ok(Visit::without_session(head));
    };
    let Some(site) = vestibule_gate::site::serving(gate.sites(), read.host()) else {
        return Ok(Visit::without_session(head));
    };
    let examined = gate.examine(&read);
    let route = examined.route();
    let set = route.and_then(|route| route_settings(settings, route.upstream.0));
    let provider = session::provider(settings, set)?;
    let granted = Granted::of(settings, provider, route.map(|route| &route.require), said);
    let made = session::make(settings, provider, site, claims, &granted.answers(), now)?;
    Ok(Visit {
        head: arrived::with_cookie(head, site.cookies().session(), &made.cookie),
        found: made.sessions.into_iter().map(Found::Session).collect(),
        granted,
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
    let found: Vec<Found> = match examined.handle() {
        Some(_) => visit
            .found
            .into_iter()
            .map(|found| match found {
                Found::NotAsked => Found::NoSession,
                found => found,
            })
            .collect(),
        None => vec![Found::NotAsked],
    };
    let decided: Vec<_> = found
        .iter()
        .map(|found| gate.decide(&request, gate.examine(&request), found.clone(), now))
        .collect();
    details.rule = route.and_then(|route| judged::rule(route, &request, &found, &visit.granted));
    let is_known = tell_all(&mut details, &decided);
    if !is_known {
        details.caveats = visit.granted.caveats();
        details.caveats.push(CURE.to_owned());
    }
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
    evidence.id_token = decided
        .iter()
        .zip(&found)
        .find_map(|((decision, _), found)| lacking(decision, found));
    let forwarded = decided.iter().find_map(|(decision, _)| match decision {
        Decision::Forward(authorized) => Some(authorized),
        _ => None,
    });
    if let (Some(authorized), Some(set)) = (forwarded, set) {
        let sent = forwarded::head(gate, authorized, &request, set, visit.granted.is_said);
        evidence.upstream_request = Some(upstream_head(&sent));
        details.upstream = Some(sent);
    }
    // The gate leaves our own addresses to the endpoints.
    let own = matches!(decided.first(), Some((Decision::Own(_), _)));
    let refused = own.then(|| assemble::own_endpoint(settings, &request).err());
    if let Some(Some(why)) = refused {
        details.reason = why.code();
        details.status = Some(why.status());
        let verdict = stage::not_served(why, &details);
        return report(verdict, details, evidence);
    }
    let mut decisions = decided.iter().map(|(decision, _)| decision);
    let verdict = match (decisions.next(), decisions.next_back()) {
        (Some(least), Some(most)) if !is_known => stage::open_verdict(least, most, &details),
        (Some(decision), _) => stage::verdict(decision, &details, &request),
        (None, _) => String::new(),
    };
    report(verdict, details, evidence)
}

/// The claims of somebody who is refused because they lack one: that shows what to change.
fn lacking(decision: &Decision<'_>, found: &Found) -> Option<Token> {
    match (decision, found) {
        (Decision::Forbid { why, .. }, Found::Session(session))
            if matches!(why.judgement.decisive().reason, Reason::ClaimMissing(_)) =>
        {
            let claims = session.record().claims().members().to_map();
            Some(Token::jwt(serde_json::Map::new(), claims))
        }
        _ => None,
    }
}

/// How the person can tell what nobody knows here.
const CURE: &str =
    "`--granted \"SCOPES\"` decides by the scopes that `scope` in the token endpoint's answer has.";

/// Tells the decision if it is the same whatever was granted. Gives whether it is.
fn tell_all(details: &mut RequestDetails, decided: &[(Decision<'_>, Trace)]) -> bool {
    let Some(((decision, trace), others)) = decided.split_first() else {
        return true;
    };
    tell(details, decision, trace);
    let same = |(other, _): &&(Decision<'_>, Trace)| {
        (other.kind(), other.code(), other.status())
            == (decision.kind(), decision.code(), decision.status())
    };
    if others.iter().all(|other| same(&other)) {
        return true;
    }
    details.decision = "unknown";
    details.reason = UNKNOWN_SCOPE;
    details.status = None;
    for step in &mut details.stages {
        step.forget_if_after_authorizing();
    }
    false
}

fn tell(details: &mut RequestDetails, decision: &Decision<'_>, trace: &Trace) {
    details.decision = decision.kind().as_str();
    details.reason = decision.code();
    details.status = decision.status();
    details.stages = trace.steps().map(|step| Step::of(&step)).collect();
    if let (Some(status), Some(decided)) = (details.status, details.stages.last_mut()) {
        decided.answered(status);
    }
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
        None if details.decision == "unknown" => "can't be told here".to_owned(),
        Some(status) => format!(
            "{} ({}), answered with {status}",
            details.decision, details.reason
        ),
        None => details.decision.to_owned(),
    };
    detail(sheet, "decision", &answer);
    for caveat in &details.caveats {
        sheet.blank();
        sheet.paragraph(2, caveat);
    }
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
        sent.print(sheet, details.decision != "unknown");
    }
}
