//! The choice of providers: which account to sign in with.

use std::sync::Arc;

use vestibule_session::return_to::ReturnTo;

use super::path;
use crate::exchange::Response;
use crate::pages::{Link, Page};
use crate::plan::Plan;
use crate::provider::Provider;
use crate::respond::{self, Context};

/// The page that offers every provider, or only the one that is meant.
pub(super) fn page(
    plan: &Plan,
    meant: Option<&Arc<Provider>>,
    return_to: &ReturnTo,
    context: &Context<'_>,
) -> Response {
    let is_offered =
        |provider: &&Arc<Provider>| meant.is_none_or(|meant| Arc::ptr_eq(meant, provider));
    let providers = plan
        .providers
        .iter()
        .filter(is_offered)
        .map(|provider| Link {
            label: provider.plan().label.clone(),
            href: path::sign_in(Some(&provider.plan().name), Some(return_to)),
        });
    respond::page(
        200,
        &Page::Choice {
            providers: providers.collect(),
        },
        context,
    )
}
