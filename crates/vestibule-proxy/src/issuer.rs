//! Decides whether a session still counts: its provider is in the configuration, and speaks for the issuer
//! it is from, at the host it is of.
//!
//! A session knows its provider by the name in the configuration. Where that name is gone, nobody signs
//! in that way any more; after it was given to another provider, people of the old one are not people of
//! the new one; and where a provider signs nobody in any more, nobody is signed in with it.
//!
//! What does not count stays in the store: a configuration that was changed by mistake signs nobody out
//! for good.

use std::sync::Arc;

use vestibule_gate::evidence::Evidence;
use vestibule_session::record::Record;
use vestibule_session::store::Stored;

use crate::plan::Plan;
use crate::provider::{Provider, ProviderPlan};
use crate::shared::Shared;

/// A session of which only metadata that are not known yet can tell whether it counts.
#[derive(Debug)]
pub(crate) struct Undecided {
    stored: Arc<Stored>,
    provider: Arc<Provider>,
}

/// The evidence without a session that its provider does not speak for any more.
///
/// # Errors
/// [`Undecided`]: that can't be told at once.
pub(crate) fn still_spoken_for(plan: &Plan, evidence: Evidence) -> Result<Evidence, Undecided> {
    let Evidence::Session(stored) = &evidence else {
        return Ok(evidence);
    };
    let record = stored.record();
    let Some(provider) = plan.provider(record.provider()) else {
        tracing::debug!(
            provider = record.provider(),
            "a session does not count: its provider is not in the configuration"
        );
        return Ok(Evidence::NoSession);
    };
    if !is_where_it_is_from(plan, provider.plan(), record) {
        tracing::debug!(
            provider = record.provider(),
            "a session does not count: its provider is for other hosts"
        );
        return Ok(Evidence::NoSession);
    }
    match provider.speaks_for(record.issuer()) {
        Some(true) => Ok(evidence),
        Some(false) => Ok(of_another(record)),
        None => Err(Undecided {
            stored: Arc::clone(stored),
            provider: Arc::clone(provider),
        }),
    }
}

/// The same, waiting for the metadata where only they decide.
pub(crate) async fn settled(shared: &Shared, plan: &Plan, evidence: Evidence) -> Evidence {
    match still_spoken_for(plan, evidence) {
        Ok(evidence) => evidence,
        Err(undecided) => undecided.wait(shared).await,
    }
}

impl Undecided {
    /// The evidence, once it was tried to fetch the metadata. Nobody is taken for somebody whose
    /// provider is not known: without them the session does not count, until they come.
    pub(crate) async fn wait(self, shared: &Shared) -> Evidence {
        let Self { stored, provider } = self;
        let asked = Arc::clone(&provider);
        let told = shared.control.run(async move { asked.metadata().await });
        match told.await {
            Ok(Ok(_)) if provider.speaks_for(stored.record().issuer()) == Some(true) => {
                Evidence::Session(stored)
            }
            Ok(Ok(_)) => of_another(stored.record()),
            Ok(Err(error)) => {
                tracing::debug!(
                    provider = %provider.name(),
                    code = error.code(),
                    "a session does not count yet: its provider's metadata, which name the issuer, are not known"
                );
                Evidence::NoSession
            }
            Err(_stopping) => Evidence::StoreUnavailable,
        }
    }
}

fn of_another(record: &Record) -> Evidence {
    tracing::debug!(
        provider = record.provider(),
        issuer = record.issuer(),
        "a session does not count: its provider speaks for another issuer"
    );
    Evidence::NoSession
}

/// Whether people of the site that the session is of sign in with this provider.
fn is_where_it_is_from(plan: &Plan, provider: &ProviderPlan, record: &Record) -> bool {
    let mut sites = plan.gate.sites().iter();
    provider.hosts.is_empty() || sites.any(|site| record.is_of(site) && provider.is_for(site))
}
