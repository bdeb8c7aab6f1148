//! One request from its head to its answer. The order of the lines is the order of the checks.
//!
//! In: a request as it arrived. Out: the answer, with what the access log needs to know. Every decision is the gate's;
//! every answer that is not the upstream's is made in `respond`.

use std::sync::Arc;

use vestibule_gate::authorize::Authorized;
use vestibule_gate::decision::Decision;
use vestibule_gate::origin::Cors;
use vestibule_gate::request::{self, Request};
use vestibule_gate::response;
use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::Handle;

use crate::body::Body;
use crate::evidence;
use crate::exchange::{Incoming, Response};
use crate::incident::IncidentId;
use crate::log;
use crate::plan::Plan;
use crate::respond::{self, Context};
use crate::shared::Shared;
use crate::signin;
use crate::telemetry::access::Entry;
use crate::tokens;
use crate::upstream::{Forward, Upstreams};

/// Answers one request.
pub(crate) async fn handle(
    shared: &Arc<Shared>,
    upstreams: &Upstreams,
    incoming: Incoming,
) -> Response {
    let plan = shared.plan.load_full();
    let now = shared.now();
    let incident = IncidentId::draw();
    let request = match request::read(incoming.raw, &plan.read) {
        Ok(request) => request,
        Err(refusal) => {
            let entry = log::unread(shared, incident, refusal);
            return respond::refused(refusal, &Context::unread(&plan, incident)).with_entry(entry);
        }
    };
    let examined = plan.gate.examine(&request);
    let handle = examined.handle().cloned();
    let evidence = evidence::look_up(shared, handle.as_ref()).await;
    let (decision, trace) = plan.gate.decide(&request, examined, evidence.clone(), now);
    let mut entry = log::entry(shared, incident, &request, &decision, &trace);
    let context = Context::of(&plan, &request, incident).with_person(&evidence);
    let response = match decision {
        Decision::Forward(authorized) => {
            let visit = Visit { shared, upstreams, plan: &plan, request: &request, handle, now };
            forward(visit, authorized, incoming.body, &context, &mut entry).await
        }
        Decision::Own(site) => {
            let visit = signin::Visit { shared, plan: &plan, request: &request, site, handle, evidence, now };
            signin::own_endpoint(visit, incoming.body, &context, &mut entry).await
        }
        Decision::SignIn(_) => {
            signin::begin(shared, &plan, &request, &context, now, &mut entry).await
        }
        answered => respond::decision(&answered, &context),
    };
    response.with_entry(entry)
}

/// One authorized request on its way.
struct Visit<'v> {
    shared: &'v Arc<Shared>,
    upstreams: &'v Upstreams,
    plan: &'v Plan,
    request: &'v Request,
    handle: Option<Handle>,
    now: UnixTime,
}

/// Sends an authorized request to its upstream, with the person's token and headers.
async fn forward(
    visit: Visit<'_>,
    authorized: Authorized<'_>,
    body: Body,
    context: &Context<'_>,
    entry: &mut Entry,
) -> Response {
    let Visit { shared, upstreams, plan, request, handle, now } = visit;
    let token = match tokens::for_route(shared, plan, &authorized, handle.as_ref(), now).await {
        Ok(token) => token,
        Err(error) => {
            entry.error = Some(error.code());
            return respond::no_token(&error, context);
        }
    };
    note_use(shared, plan, &authorized, handle.as_ref(), now);
    let identity = authorized.identity_fields(token.as_ref().map(tokens::RouteToken::view));
    let head = plan.gate.upstream_head(&authorized, request, &identity);
    let matched = authorized.matched().clone();
    let Some(upstream) = plan.upstreams.get(matched.route().upstream.0) else {
        return respond::no_upstream(context);
    };
    let forward = Forward {
        method: head.method,
        target: head.target,
        fields: head.fields,
        body,
        upgrade: head.upgrade,
    };
    match upstreams.forward(authorized, upstream, forward).await {
        Ok(mut answer) => {
            entry.upstream_time = Some(answer.time);
            response::clean(&mut answer.head.fields);
            response::translate(&mut answer.head.fields, &matched, upstream.origin());
            if let Some(cors) = Cors::of(request, matched.route()) {
                cors.complete(&mut answer.head.fields);
            }
            Response { head: answer.head, body: answer.body, tunnel: answer.tunnel, entry: None }
        }
        Err(error) => {
            entry.error = Some(error.code());
            respond::upstream_failed(&error, context)
        }
    }
}

/// Keeps the session from ending for want of use.
fn note_use(
    shared: &Shared,
    plan: &Plan,
    authorized: &Authorized<'_>,
    handle: Option<&Handle>,
    now: UnixTime,
) {
    if let (Some(stored), Some(handle)) = (authorized.session(), handle)
        && plan.gate.lifetimes().touch_due(stored, now)
    {
        shared.store.touch(&handle.store_key(), now);
    }
}
