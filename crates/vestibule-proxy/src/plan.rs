//! Holds everything one running proxy works by: built in code, immutable, swapped whole by a reload.

use std::sync::Arc;
use std::time::Duration;

use vestibule_gate::Gate;
use vestibule_gate::request::ReadPolicy;
use vestibule_session::carried::CookieLimit;
use vestibule_session::seal::KeyRing;
use vestibule_session::site::Site;

use crate::finding::Told;
use crate::listen::ServingPlan;
use crate::pages::Pages;
use crate::provider::Provider;
use crate::telemetry::Metrics;
use crate::upstream::UpstreamPlan;

/// One configuration of the proxy, ready to work by.
///
/// The store and the listeners outlive a plan; everything else of a reload is here.
#[derive(Debug)]
pub struct Plan {
    /// Listeners, limits and deadlines.
    pub serving: Arc<ServingPlan>,
    /// How request heads are read.
    pub read: ReadPolicy,
    /// Sites, routes, rules and session lifetimes.
    pub gate: Gate,
    /// The upstreams, in the order of the gate's `UpstreamId`.
    pub upstreams: Vec<Arc<UpstreamPlan>>,
    /// The providers, in the order people are offered them.
    pub providers: Vec<Arc<Provider>>,
    /// The keys that seal pending sign-ins, and sessions where the store needs it. The first seals, all open.
    pub keys: KeyRing,
    /// What our cookies may take in a request. Default 8 KiB.
    pub cookie_limit: CookieLimit,
    /// The pages people see.
    pub pages: Pages,
    /// The findings that the log was told under this plan.
    pub told: Told,
    /// How long requests in flight may take to finish at a graceful stop. Default 30 s.
    pub drain: Duration,
}

impl Plan {
    /// Has the series of its routes and providers there before the first event.
    pub(crate) fn count_from_zero(&self, metrics: &Metrics) {
        let routes = self.gate.routes().iter().map(|route| &route.name);
        let providers = self.providers.iter().map(|provider| provider.name());
        metrics.count_from_zero(routes, providers);
    }

    /// The provider of this name.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&Arc<Provider>> {
        self.providers
            .iter()
            .find(|provider| provider.plan().name == name)
    }

    /// The providers that people of this site may sign in with, in the order they are offered them.
    pub fn providers_at<'p>(&'p self, site: &'p Site) -> impl Iterator<Item = &'p Arc<Provider>> {
        self.providers
            .iter()
            .filter(|provider| provider.plan().is_for(site))
    }

    /// The provider of this name, for people of this site.
    #[must_use]
    pub fn provider_at<'p>(&'p self, site: &'p Site, name: &str) -> Option<&'p Arc<Provider>> {
        self.providers_at(site)
            .find(|provider| provider.plan().name == name)
    }

    /// The provider that people of this site sign in with, if they have no choice.
    #[must_use]
    pub fn only_provider_at<'p>(&'p self, site: &'p Site) -> Option<&'p Arc<Provider>> {
        let mut all = self.providers_at(site);
        all.next().filter(|_| all.next().is_none())
    }
}
