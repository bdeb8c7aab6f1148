//! Decides whether a session still counts: its provider must speak for the issuer it is from.
//!
//! A session knows its provider by the name in the configuration. After that name was given to
//! another provider, people of the old one are not people of the new one.

use vestibule_gate::evidence::Evidence;

use crate::plan::Plan;

/// The evidence without a session that its provider does not speak for any more. It stays in the
/// store: a configuration that was changed by mistake signs nobody out for good.
///
/// As long as nobody knows what a provider speaks for, its sessions count.
pub(crate) fn still_spoken_for(plan: &Plan, evidence: Evidence) -> Evidence {
    let Evidence::Session(stored) = &evidence else {
        return evidence;
    };
    let record = stored.record();
    let speaks = plan
        .provider(record.provider())
        .and_then(|provider| provider.speaks_for(record.issuer()));
    match speaks {
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
