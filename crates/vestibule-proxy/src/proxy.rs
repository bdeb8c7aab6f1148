//! The proxy as a whole: what all cores share, put behind the listeners, and what a reload swaps.

use std::sync::Arc;

use tokio::runtime::Handle;

use crate::exchange::{Incoming, Response};
use crate::handle::handle;
use crate::listen::ServingPlan;
use crate::log;
use crate::plan::Plan;
use crate::respond::{self, Context};
use crate::server::{Core, Handler, Running, Server, StartError, Unread};
use crate::shared::Shared;

/// A proxy: answers requests by the plan in force.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
}

impl Proxy {
    /// A proxy of these shared parts.
    #[must_use]
    pub fn new(shared: Arc<Shared>) -> Arc<Self> {
        Arc::new(Self { shared })
    }

    /// Takes the plan's addresses and serves.
    ///
    /// # Errors
    /// [`StartError`]; nothing is listening then.
    pub fn start(self: &Arc<Self>, control: &Handle) -> Result<Running, StartError> {
        Server::start(Arc::clone(self), &self.shared.telemetry, control)
    }

    /// Puts another plan in force. Requests in flight finish by the one they began with.
    pub fn reload(&self, plan: Plan) {
        plan.count_from_zero(&self.shared.telemetry.metrics);
        self.shared.plan.store(Arc::new(plan));
    }

    /// The plan in force.
    #[must_use]
    pub fn plan(&self) -> Arc<Plan> {
        self.shared.plan.load_full()
    }
}

impl Handler for Proxy {
    fn serving(&self) -> Arc<ServingPlan> {
        Arc::clone(&self.shared.plan.load().serving)
    }

    fn handle(&self, core: &Core, incoming: Incoming) -> impl Future<Output = Response> {
        handle(&self.shared, core, incoming)
    }

    fn unread(&self, core: &Core, unread: Unread) -> Response {
        let plan = self.plan();
        let (incident, refusal) = (core.incidents().next(), unread.refusal);
        let context = Context::unread(&plan, incident);
        let context = match unread.page {
            true => context.for_person(),
            false => context,
        };
        let entry = log::unread(incident, refusal, unread.into());
        respond::refused(refusal, &context).with_entry(entry)
    }

    fn panicked(&self) -> Response {
        respond::panicked(&self.plan())
    }
}

#[cfg(test)]
mod tests {
    use vestibule_gate::refusal::Refusal;

    use super::*;
    use crate::signin::rig::Rig;
    use crate::telemetry::access::Asked;

    /// What nobody can read is answered and logged like what is refused later.
    #[tokio::test]
    async fn a_head_that_could_not_be_read_is_answered_closed_and_logged() {
        let rig = Rig::new();
        let proxy = Proxy::new(Arc::clone(&rig.shared));
        let core = Core::new(0, Arc::default());
        for (refusal, status) in [
            (Refusal::LineEnd, 400),
            (Refusal::HeadTimeout, 408),
            (Refusal::TargetTooLong, 414),
            (Refusal::TooManyFields, 431),
            (Refusal::Version, 505),
        ] {
            let unread = Unread {
                refusal,
                method: "GET".into(),
                target: "/a?b".into(),
                peer: ([192, 0, 2, 1], 1).into(),
                page: false,
            };
            let response = proxy.unread(&core, unread);
            assert_eq!(response.head.status, status);
            assert_eq!(
                response.head.fields.first("connection"),
                Some(&b"close"[..])
            );
            let entry = response.entry.unwrap();
            assert_eq!(entry.error, Some(refusal.code()));
            assert_eq!(entry.client.unwrap().to_string(), "192.0.2.1");
            assert!(matches!(entry.asked, Asked::Raw { target, .. } if target == "/a?b"));
            assert!(entry.trace.is_some());
        }
    }
}
