//! One request from its head to its answer. The order of the lines is the order of the checks.
//!
//! In: a request as it arrived. Out: the answer, with what the access log needs to know. Every decision is the gate's;
//! every answer that is not the upstream's is made in `respond`.

use std::sync::Arc;

use vestibule_gate::decision::Decision;
use vestibule_gate::origin::Cors;
use vestibule_gate::refusal::Refusal;
use vestibule_gate::request;
use vestibule_session::handle::Handle;

use crate::carry;
use crate::evidence;
use crate::exchange::{Incoming, Response};
use crate::finding;
use crate::forward::{self, forward};
use crate::groups;
use crate::issuer;
use crate::log::{self, Arrived};
use crate::respond::{self, Context};
use crate::server::Core;
use crate::shared::Shared;
use crate::signin::{self, Occasion};
use crate::telemetry::access::Asked;

/// Answers one request.
pub(crate) async fn handle(shared: &Arc<Shared>, core: &Core, incoming: Incoming) -> Response {
    let Incoming { raw, body } = incoming;
    let plan = shared.plan.load_full();
    let now = shared.now();
    let incident = core.incidents().next();
    let request = match request::read_or_return(raw, &plan.read) {
        Ok(request) => request,
        Err(refused) => {
            let entry = log::unread(incident, refused.refusal, Arrived::of(refused.head));
            let context = Context::unread(&plan, incident);
            return respond::refused(refused.refusal, &context).with_entry(entry);
        }
    };
    let examined = plan.gate.examine(&request);
    let key = examined.handle().map(Handle::store_key);
    let own_handle = examined.own_handle();
    let carrying = carry::take_in(shared, &plan, &request, &examined, key);
    let at_hand = carry::without_session(carrying.as_deref());
    let evidence = match at_hand.or_else(|| evidence::at_hand(shared, key)) {
        Some(evidence) => evidence,
        None => Box::pin(evidence::look_up(shared, key)).await,
    };
    let evidence = match issuer::still_spoken_for(&plan, evidence) {
        Ok(evidence) => evidence,
        Err(undecided) => Box::pin(undecided.wait(shared)).await,
    };
    let route = examined.route();
    let (decision, trace) = plan.gate.decide(&request, examined, evidence.clone(), now);
    let (decision, trace, evidence) = match &decision {
        Decision::Forbid { why, .. } => {
            let asked = groups::asked_again(shared, &plan, why, &evidence, key, now);
            match Box::pin(asked).await {
                Some(evidence) => {
                    let examined = plan.gate.examine(&request);
                    let again = plan.gate.decide(&request, examined, evidence.clone(), now);
                    (again.0, again.1, evidence)
                }
                None => (decision, trace, evidence),
            }
        }
        _ => (decision, trace, evidence),
    };
    let name = route.map(|route| Arc::clone(&route.name));
    let mut entry = log::entry(incident, &request, name, trace);
    let readable = match decision {
        // What another page may have sent is told to none.
        Decision::CrossOrigin(_) => None,
        _ => route,
    };
    let context = Context::of(&plan, &request, incident).with_person(&evidence);
    let mut response = match decision {
        Decision::Forward(authorized) => {
            let visit = forward::Visit {
                shared,
                core,
                plan: &plan,
                request: &request,
                key,
                now,
                renewed: false,
            };
            forward(visit, &authorized, body, &context, &mut entry).await
        }
        Decision::Own(site) => {
            let visit = signin::Visit {
                shared,
                plan: &plan,
                request: &request,
                site,
                handle: own_handle,
                evidence,
                now,
            };
            Box::pin(signin::own_endpoint(visit, body, &context)).await
        }
        Decision::SignIn(_) => {
            let occasion = Occasion::default();
            let begun = signin::begin(shared, &plan, &request, &context, now, occasion);
            Box::pin(begun).await
        }
        Decision::KeepPost(_) => {
            let occasion = Occasion {
                posted: Some(body),
                ..Occasion::default()
            };
            let begun = signin::begin(shared, &plan, &request, &context, now, occasion);
            Box::pin(begun).await
        }
        answered => {
            if matches!(answered, Decision::Refuse(Refusal::HostUnknown)) {
                finding::judge_host(&plan, &shared.telemetry.metrics, &request, now);
            }
            respond::decision(&answered, &context)
        }
    };
    drop(context);
    if let Some(cors) = readable.and_then(|route| Cors::of(&request, route)) {
        cors.complete(&mut response.head.fields);
    }
    if let Some(carrying) = carrying {
        carrying.hand_out(&plan, &mut response, now);
    }
    if shared.telemetry.access_log.is_some() {
        entry.asked = Asked::Read(request.into_asked());
    }
    entry.error = response.error;
    response.entry = Some(entry);
    response
}

#[cfg(test)]
mod tests;
