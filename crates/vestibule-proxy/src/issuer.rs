//! Decides whether a session still counts: its provider must speak for the issuer it is from, at the host it is of.
//!
//! A session knows its provider by the name in the configuration. After that name was given to
//! another provider, people of the old one are not people of the new one; and where a provider
//! signs nobody in any more, nobody is signed in with it.

use vestibule_gate::evidence::Evidence;
use vestibule_session::record::Record;

use crate::plan::Plan;
use crate::provider::ProviderPlan;

/// The evidence without a session that its provider does not speak for any more. It stays in the
/// store: a configuration that was changed by mistake signs nobody out for good.
///
/// As long as nobody knows what a provider speaks for, its sessions count.
pub(crate) fn still_spoken_for(plan: &Plan, evidence: Evidence) -> Evidence {
    let Evidence::Session(stored) = &evidence else {
        return evidence;
    };
    let record = stored.record();
    let provider = plan.provider(record.provider());
    if provider.is_some_and(|provider| !is_where_it_is_from(plan, provider.plan(), record)) {
        tracing::debug!(
            provider = record.provider(),
            "a session does not count: its provider is for other hosts"
        );
        return Evidence::NoSession;
    }
    match provider.and_then(|provider| provider.speaks_for(record.issuer())) {
        Some(false) => {
            tracing::debug!(
                provider = record.provider(),
                issuer = record.issuer(),
                "a session does not count: its provider speaks for another issuer"
            );
            Evidence::NoSession
        }
        Some(true) | None => evidence,
    }
}

/// Whether people of the site that the session is of sign in with this provider.
fn is_where_it_is_from(plan: &Plan, provider: &ProviderPlan, record: &Record) -> bool {
    let mut sites = plan.gate.sites().iter();
    provider.hosts.is_empty() || sites.any(|site| record.is_of(site) && provider.is_for(site))
}
