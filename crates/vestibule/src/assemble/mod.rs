//! Turns checked settings into the proxy's plan: the one place where both are known.
//!
//! What a reload keeps is passed in as `previous`: what a provider was found to say, and certificates that are still
//! served.

mod headers;
mod help;
mod listeners;
mod providers;
mod routes;
mod sealing;

use std::sync::Arc;

use vestibule_config::{ProviderSettings, ResponseMode, RouteSettings, Settings, StoreSettings};
use vestibule_gate::request::{ReadPolicy, Request};
use vestibule_gate::{Gate, GateSettings};
use vestibule_proxy::control::Control;
use vestibule_proxy::listen::ServingPlan;
use vestibule_proxy::pages::Pages;
use vestibule_proxy::plan::Plan;
use vestibule_proxy::provider::ProviderPlan;
use vestibule_proxy::provider::outbound::OutboundPlan;
use vestibule_proxy::signin::own::{Addresses, NotServed};
use vestibule_proxy::signin::{own, path};
use vestibule_proxy::telemetry::Metrics;
use vestibule_proxy::upstream::UpstreamPlan;
use vestibule_session::carried::CookieLimit;
use vestibule_session::lifetime::Lifetimes;
use vestibule_session::site::Site;

pub(crate) use help::help;
pub(crate) use providers::Asked;

/// Why settings that are fine by themselves do not make a plan here: something outside the file.
pub(crate) type AssembleError = Box<dyn std::error::Error + Send + Sync>;

/// The plan of these settings.
///
/// # Errors
/// What could not be read or does not go together, as a chain that names it.
pub(crate) fn plan(
    settings: &Settings,
    control: &Control,
    metrics: &Arc<Metrics>,
    previous: Option<&Plan>,
) -> Result<Plan, AssembleError> {
    let routes = routes::plan(settings)?;
    let gate = Gate::new(GateSettings {
        sites: listeners::sites(settings)?,
        routes: routes.routes,
        lifetimes: lifetimes(settings)?,
    })?
    .with_callback_paths(providers::callback_paths(settings)?);
    Ok(Plan {
        serving: Arc::new(ServingPlan {
            listeners: listeners::plan(settings)?,
            limits: listeners::limits(settings),
            cores: settings.threads.map(Into::into),
        }),
        read: listeners::read_policy(settings, gate.sites()),
        gate,
        upstreams: routes.upstreams,
        providers: providers::start(settings, control, metrics, previous)?,
        keys: sealing::ring(&settings.session, previous.map(|plan| &plan.keys))?,
        cookie_limit: CookieLimit::new(settings.session.cookie_limit_bytes),
        pages: pages(settings)?,
        told: Default::default(),
        drain: settings.limits.drain_timeout,
    })
}

/// What a request is read and decided by, without anything that sends or asks: no file but the settings' own is read,
/// no provider is contacted. The upstream of a route is its number in the settings.
///
/// # Errors
/// What does not go together, as a chain that names it.
pub(crate) fn gate(settings: &Settings) -> Result<(ReadPolicy, Gate), AssembleError> {
    let gate = Gate::new(GateSettings {
        sites: listeners::sites(settings)?,
        routes: routes::alone(settings)?,
        lifetimes: lifetimes(settings)?,
    })?
    .with_callback_paths(providers::callback_paths(settings)?);
    Ok((listeners::read_policy(settings, gate.sites()), gate))
}

fn lifetimes(settings: &Settings) -> Result<Lifetimes, AssembleError> {
    let set = &settings.session;
    let lifetimes = Lifetimes::new(set.idle_timeout, set.absolute_timeout)?;
    Ok(match set.persistent_cookie {
        true => lifetimes.with_persistent_cookies(),
        false => lifetimes,
    })
}

/// The sites that people go to.
///
/// # Errors
/// What is no site of ours.
pub(crate) fn sites(settings: &Settings) -> Result<Vec<Site>, AssembleError> {
    Ok(listeners::sites(settings)?)
}

/// How calls to providers leave this machine.
///
/// # Errors
/// The CA bundle or the proxy's address can't be used.
pub(crate) fn outbound(settings: &Settings) -> Result<OutboundPlan, AssembleError> {
    providers::outbound(settings)
}

/// How calls to this provider leave this machine.
///
/// # Errors
/// The CA bundle or the proxy's address can't be used, or where the provider's metadata is can't be told.
pub(crate) fn outbound_to(
    set: &ProviderSettings,
    settings: &Settings,
) -> Result<OutboundPlan, AssembleError> {
    providers::outbound_to(set, settings)
}

/// Where a provider's metadata is.
///
/// # Errors
/// The issuer is no address.
pub(crate) fn metadata_url(set: &ProviderSettings) -> Result<url::Url, AssembleError> {
    providers::metadata_url(set)
}

/// What a provider's sign-in asks for, with what its routes need.
pub(crate) fn asked_for(set: &ProviderSettings, settings: &Settings) -> Asked {
    providers::asked_for(set, settings)
}

/// A provider's rules and our registration there.
///
/// # Errors
/// What does not make a plan.
pub(crate) fn provider(
    set: &ProviderSettings,
    settings: &Settings,
) -> Result<ProviderPlan, AssembleError> {
    providers::plan(set, settings)
}

/// The upstream of a route, ready to be connected to.
///
/// # Errors
/// Its certificates or its address can't be used.
pub(crate) fn upstream(route: &RouteSettings) -> Result<Arc<UpstreamPlan>, AssembleError> {
    routes::upstream_plan(route)
}

/// The path this provider sends its answers to.
pub(crate) fn redirect_path(set: &ProviderSettings, settings: &Settings) -> String {
    match (&set.redirect_path, &set.name) {
        (Some(path), _) => path.clone(),
        (None, Some(name)) => path::callback(name, settings.providers.len() > 1),
        (None, None) => path::callback("", false),
    }
}

/// Whether one of our own endpoints takes this request, which came to a path of ours.
///
/// # Errors
/// None is there, or it takes no such request.
pub(crate) fn own_endpoint(settings: &Settings, request: &Request) -> Result<(), NotServed> {
    let addresses = settings.providers.iter().map(|set| Addresses {
        name: provider_name(set).into(),
        redirect_path: set.redirect_path.as_deref(),
        acts: set.redirect_actions.is_some(),
        is_here: set.is_for(request.host().name().as_str()),
        is_posted: set.response_mode == ResponseMode::FormPost,
    });
    let carried = matches!(settings.session.store, StoreSettings::Cookie);
    own::served(request, &addresses.collect::<Vec<_>>(), carried)
}

/// What a provider is called in sessions.
pub(crate) fn provider_name(set: &ProviderSettings) -> String {
    providers::name(set)
}

fn pages(settings: &Settings) -> Result<Pages, AssembleError> {
    Ok(match &settings.pages.templates {
        Some(directory) => Pages::with_overrides(directory)?,
        None => Pages::built_in()?,
    })
}

/// A file that the settings name, and that can't be used.
#[derive(Debug)]
pub(crate) struct Unusable {
    /// The key that names it, as `Problem::at_key` takes it.
    pub(crate) key: String,
    /// Why.
    pub(crate) error: AssembleError,
}

/// Reads the files that the settings name, as a start would: certificates and keys that fit, CAs, templates.
///
/// # Errors
/// All that can't be used.
pub(crate) fn try_files(settings: &Settings) -> Result<(), Vec<Unusable>> {
    let mut found = Vec::new();
    let note = |key: &str, error| Unusable {
        key: key.to_owned(),
        error,
    };
    found.extend(
        listeners::plan(settings)
            .err()
            .map(|error| note("tls", error)),
    );
    if let Err(error) = routes::plan(settings) {
        let routes = settings.routes.iter().enumerate();
        let mut broken: Vec<_> = routes
            .filter_map(|(at, set)| {
                let error = routes::upstream_plan(set).err()?;
                Some(note(&format!("route[{at}].upstream_ca"), error))
            })
            .collect();
        if broken.is_empty() {
            broken.push(note("route", error));
        }
        found.extend(broken);
    }
    found.extend(
        pages(settings)
            .err()
            .map(|error| note("pages.templates", error)),
    );
    match found.is_empty() {
        true => Ok(()),
        false => Err(found),
    }
}

#[cfg(test)]
mod tests;
