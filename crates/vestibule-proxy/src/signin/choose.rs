//! The choice of providers: which account to sign in with.

use std::sync::Arc;

use vestibule_session::return_to::ReturnTo;

use super::start::Account;
use super::{Visit, path};
use crate::exchange::Response;
use crate::pages::{Link, Page};
use crate::provider::Provider;
use crate::respond::{self, Context};

/// The page that offers every provider of the site, or only the one that is meant.
pub(super) fn page(
    visit: &Visit<'_>,
    meant: Option<&Arc<Provider>>,
    account: Account,
    return_to: &ReturnTo,
    context: &Context<'_>,
) -> Response {
    let is_offered =
        |provider: &&Arc<Provider>| meant.is_none_or(|meant| Arc::ptr_eq(meant, provider));
    let providers = visit
        .plan
        .providers_at(visit.site)
        .filter(is_offered)
        .map(|provider| Link {
            label: provider.plan().label.clone(),
            href: match account {
                Account::Any => path::sign_in(Some(&provider.plan().name), Some(return_to)),
                Account::Choose => path::someone_else_at(Some(&provider.plan().name), return_to),
            },
        });
    respond::page(
        200,
        &Page::Choice {
            providers: providers.collect(),
        },
        context,
    )
}
