//! An authorized request on its way: the token for its upstream, the headers, the upstream's answer.
//!
//! In: the proof that it may go. Out: the upstream's answer, cleaned of what is not meant for browsers, or our own when
//! there is no token or no upstream to answer.

use std::sync::Arc;

use vestibule_gate::authorize::Authorized;
use vestibule_gate::decision::Decision;
use vestibule_gate::evidence::Evidence;
use vestibule_gate::kept_post::may_be_kept;
use vestibule_gate::request::Request;
use vestibule_gate::response;
use vestibule_gate::turned_away::WhenSignedOut;
use vestibule_gate::upstream::UpstreamHead;
use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::StoreKey;
use vestibule_session::store::Stored;

use crate::body::Body;
use crate::endings;
use crate::exchange::Response;
use crate::finding::{self, log_finding};
use crate::identity::Identity;
use crate::issuer;
use crate::plan::Plan;
use crate::respond::{self, Context};
use crate::server::Core;
use crate::shared::Shared;
use crate::signin::{self, Occasion};
use crate::telemetry::access::Entry;
use crate::tokens::{self, Found};
use crate::upstream::Forward;

/// One authorized request.
#[derive(Clone, Copy)]
pub(crate) struct Visit<'v> {
    pub(crate) shared: &'v Arc<Shared>,
    pub(crate) core: &'v Core,
    pub(crate) plan: &'v Arc<Plan>,
    pub(crate) request: &'v Request,
    /// The key of the session, if the request brought a handle.
    pub(crate) key: Option<StoreKey>,
    pub(crate) now: UnixTime,
    /// Its session was renewed for it, and it was decided on again.
    pub(crate) renewed: bool,
}

/// Sends it to its upstream and brings the answer back.
pub(crate) async fn forward(
    visit: Visit<'_>,
    authorized: &Authorized<'_>,
    body: Body,
    context: &Context<'_>,
    entry: &mut Entry,
) -> Response {
    let Visit {
        shared,
        core,
        plan,
        request,
        key,
        now,
        renewed,
    } = visit;
    let found = match renewed {
        true => Ok(Found::AtHand(tokens::of_renewed(plan, authorized))),
        false => tokens::for_route(shared, plan, authorized, key.as_ref(), now).await,
    };
    let token = match found {
        Ok(Found::AtHand(token)) => token,
        Ok(Found::AskedAnew(stored)) => {
            return Box::pin(decide_again(visit, stored, body, context, entry)).await;
        }
        Ok(Found::Renewed(stored)) => {
            let visit = Visit {
                renewed: true,
                ..visit
            };
            return Box::pin(decide_again(visit, stored, body, context, entry)).await;
        }
        Err(error) => {
            let matched = authorized.matched();
            let signs_in = matched.route().when_signed_out == WhenSignedOut::SignIn;
            let keeps = signs_in && may_be_kept(request, matched.site(), matched.route());
            let goes = signs_in && (context.is_person() || keeps);
            if !error.needs_sign_in() || !goes {
                return respond::no_token(&error, context);
            }
            let occasion = Occasion {
                lacking: Some(&error),
                posted: keeps.then_some(body),
            };
            let begun = signin::begin(shared, plan, request, context, now, occasion);
            return Box::pin(begun).await.because(error.code());
        }
    };
    note_use(shared, plan, authorized, key.as_ref(), now);
    let Identity {
        fields: identity,
        subject,
    } = core.identities().of(plan, authorized, key, token.as_ref());
    drop(token);
    entry.subject = subject;
    let UpstreamHead {
        method,
        target,
        fields,
        upgrade,
        trailers: passes_trailers,
        ..
    } = plan.gate.upstream_head(authorized, request);
    let matched = authorized.matched();
    let session = authorized.session().is_some();
    let Some(upstream) = plan.upstreams.get(matched.route().upstream.0) else {
        return respond::no_upstream(context);
    };
    let body = if passes_trailers {
        let plan = Arc::clone(plan);
        body.passing_trailers(move |trailers| plan.gate.request_trailers(trailers))
    } else {
        body
    };
    let mut forward = Forward {
        method,
        target,
        fields,
        identity,
        body,
        upgrade,
        trailers: passes_trailers,
    };
    let mut answer = match core
        .upstreams()
        .forward(authorized, upstream, &mut forward)
        .await
    {
        Ok(answer) => answer,
        Err(error) => {
            let to = upstream.origin();
            let to = format!("{}://{}:{}", to.scheme.as_str(), to.host, to.port);
            let findings = finding::of_upstream(&error, &to);
            log_finding!(
                warn,
                &findings,
                {
                    incident = %context.incident(),
                    route = %matched.route().name,
                    code = error.code(),
                    error = %signin::chain(&error),
                },
                "the upstream did not answer"
            );
            let shown = finding::of_upstream(&error, finding::UNNAMED);
            return respond::upstream_failed(&error, shown, context);
        }
    };
    entry.upstream_time = Some(answer.time);
    let status = answer.head.status;
    if finding::may_be_too_large(status) {
        let metrics = &shared.telemetry.metrics;
        let route = &matched.route().name;
        let findings = finding::judge_head(plan, metrics, route, &forward, status, now);
        // An upstream's own words stay; an empty answer says nothing to anybody.
        if !findings.is_empty() && answer.body.is_empty() && !answer.body.is_omitted() {
            return respond::head_too_large(status, findings, context);
        }
    }
    let fields = &mut answer.head.fields;
    response::clean(fields);
    response::translate(fields, matched, upstream.origin());
    for change in &matched.route().answer_headers {
        change.apply(fields);
    }
    matched.route().answer_cookies.apply(fields);
    if let (Some(key), true) = (key, session) {
        if let Some(tunnel) = &mut answer.tunnel {
            tunnel.ended = Some(shared.session_end(key));
        } else if answer.is_event_stream {
            answer.body = endings::until(shared.session_end(key), answer.body);
        }
    }
    if passes_trailers {
        let plan = Arc::clone(plan);
        answer.body = answer
            .body
            .passing_trailers(move |trailers| plan.gate.response_trailers(trailers));
    }
    Response {
        head: answer.head,
        body: answer.body,
        tunnel: answer.tunnel,
        error: None,
        entry: None,
    }
}

/// A request whose session was renewed while it waited: with the claims and groups of now it may go
/// no further than they let it.
async fn decide_again(
    visit: Visit<'_>,
    renewed: Arc<Stored>,
    body: Body,
    context: &Context<'_>,
    entry: &mut Entry,
) -> Response {
    let Visit {
        shared,
        plan,
        request,
        now,
        ..
    } = visit;
    let examined = plan.gate.examine(request);
    let evidence = issuer::settled(shared, plan, Evidence::Session(renewed)).await;
    let (decision, trace) = plan.gate.decide(request, examined, evidence, now);
    entry.trace = Some(trace);
    match decision {
        Decision::Forward(authorized) => forward(visit, &authorized, body, context, entry).await,
        Decision::SignIn(_) => {
            let occasion = Occasion::default();
            signin::begin(shared, plan, request, context, now, occasion).await
        }
        Decision::KeepPost(_) => {
            let occasion = Occasion {
                posted: Some(body),
                ..Occasion::default()
            };
            signin::begin(shared, plan, request, context, now, occasion).await
        }
        answered => respond::decision(&answered, context),
    }
}

/// Keeps the session from ending for want of use.
fn note_use(
    shared: &Shared,
    plan: &Plan,
    authorized: &Authorized<'_>,
    key: Option<&StoreKey>,
    now: UnixTime,
) {
    if let (Some(stored), Some(key)) = (authorized.session(), key)
        && plan.gate.lifetimes().touch_due(stored, now)
    {
        shared.store.touch(key, now);
    }
}
