//! Turns checked settings into the proxy's plan: the one place where both are known.
//!
//! What a reload keeps is passed in as `previous`: what a provider was found to say, and certificates that are still
//! served.

mod listeners;
mod providers;
mod routes;
mod sealing;

use std::sync::Arc;

use vestibule_config::Settings;
use vestibule_gate::{Gate, GateSettings};
use vestibule_proxy::control::Control;
use vestibule_proxy::listen::ServingPlan;
use vestibule_proxy::pages::Pages;
use vestibule_proxy::plan::Plan;
use vestibule_proxy::telemetry::Metrics;
use vestibule_session::lifetime::Lifetimes;

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
    let lifetimes = Lifetimes::new(
        settings.session.idle_timeout,
        settings.session.absolute_timeout,
    )?;
    let routes = routes::plan(settings)?;
    let gate = Gate::new(GateSettings {
        sites: listeners::sites(settings)?,
        routes: routes.routes,
        lifetimes,
    })?;
    Ok(Plan {
        serving: Arc::new(ServingPlan {
            listeners: listeners::plan(settings)?,
            limits: listeners::limits(settings),
            cores: settings.threads.map(Into::into),
        }),
        read: listeners::read_policy(settings),
        gate,
        upstreams: routes.upstreams,
        providers: providers::start(settings, control, metrics, previous)?,
        keys: sealing::ring(&settings.session, previous.map(|plan| &plan.keys))?,
        pages: pages(settings)?,
        drain: settings.limits.drain_timeout,
    })
}

fn pages(settings: &Settings) -> Result<Pages, AssembleError> {
    Ok(match &settings.pages.templates {
        Some(directory) => Pages::with_overrides(directory)?,
        None => Pages::built_in()?,
    })
}

/// Reads the files that the settings name, as a start would: certificates and keys that fit, CAs, templates.
///
/// # Errors
/// The first that can't be used.
pub(crate) fn try_files(settings: &Settings) -> Result<(), AssembleError> {
    listeners::plan(settings)?;
    routes::plan(settings)?;
    pages(settings)?;
    Ok(())
}

#[cfg(test)]
mod tests;
