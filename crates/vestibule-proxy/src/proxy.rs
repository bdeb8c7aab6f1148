//! The proxy as a whole: what all cores share, put behind the listeners, and what a reload swaps.

use std::sync::Arc;

use tokio::runtime::Handle;

use crate::exchange::{Incoming, Response};
use crate::handle::handle;
use crate::listen::ServingPlan;
use crate::plan::Plan;
use crate::respond;
use crate::server::{Core, Handler, Running, Server, StartError};
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

    async fn handle(&self, core: &Core, incoming: Incoming) -> Response {
        handle(&self.shared, core, incoming).await
    }

    fn panicked(&self) -> Response {
        respond::panicked(&self.plan())
    }
}
