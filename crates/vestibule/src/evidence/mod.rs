//! Turns what the program has read into the diagnosis's evidence: the settings of a file, what an API expects.
//!
//! The diagnosis judges one provider at a time, with the routes that use it. Nothing secret goes in: a client secret
//! becomes its shape.

mod api;
mod provider;
mod route;
mod session;

#[cfg(test)]
mod tests;

use vestibule_config::{ProviderSettings, PublicUrl, Require, RouteSettings, Settings};
use vestibule_diagnosis::evidence;
use vestibule_diagnosis::evidence::Origin;
use vestibule_proxy::listen::{covers, first_certificate};

pub(crate) use api::{api, both_versions, is_entra, issuers};
pub(crate) use route::{name as route_name, upstream_ca};

use crate::assemble;
use crate::load::Secrets;

/// The settings as the diagnosis sees them, for this provider and the routes that use it. `secrets` says whether the
/// file was read with its secrets: what stands in for an absent one is not judged.
pub(crate) fn settings(
    all: &Settings,
    provider: Option<&ProviderSettings>,
    secrets: Secrets,
) -> evidence::Settings {
    let mut found = evidence::Settings::default();
    found.origin = Some(Origin::Toml);
    found.public_urls = public_urls(all, provider)
        .map(ToString::to_string)
        .collect();
    found.redirect_uri = redirect_uri(all, provider);
    found.listener.address = all.listen.first().map(ToString::to_string);
    found.listener.tls = Some(all.tls.is_some());
    let proxies = all.trusted_proxies.iter().map(ToString::to_string);
    found.listener.trusted_proxies = Some(proxies.collect());
    found.session = session::settings(all, provider);
    found.provider = provider.map(|set| provider::settings(set, all, secrets));
    found.routes = all
        .routes
        .iter()
        .filter(|route| is_for(all, route, provider))
        .map(route::settings)
        .collect();
    found
}

/// The certificate that the listener would show, and the hosts of `public_url` that it is not for. `None` if it is not
/// there: whoever reads the files says why.
pub(crate) fn certificate(all: &Settings) -> Option<(evidence::Certificate, Vec<String>)> {
    let pem = std::fs::read(&all.tls.as_ref()?.certificate).ok()?;
    let certificate = first_certificate(&pem)?;
    let hosts = all.public_urls.iter().filter(|url| url.is_https());
    let uncovered = hosts
        .map(|url| url.host())
        .filter(|host| !covers(&certificate, host));
    let mut uncovered: Vec<String> = uncovered.map(str::to_owned).collect();
    uncovered.dedup();
    Some((evidence::Certificate::read(&certificate)?, uncovered))
}

/// The provider of a route: the named one, or the first that people are offered.
pub(crate) fn provider_of<'s>(
    all: &'s Settings,
    route: &RouteSettings,
) -> Option<&'s ProviderSettings> {
    match &route.provider {
        Some(name) => all
            .providers
            .iter()
            .find(|provider| provider.name.as_ref() == Some(name)),
        None => {
            let host = route.host.as_deref();
            let is_its = |set: &&ProviderSettings| host.is_none_or(|host| set.is_for(host));
            all.providers.iter().find(is_its)
        }
    }
}

/// The public addresses where people sign in with this provider, or all where there is none: those it is for, and of
/// these the ones where a route takes its people, if there is one.
pub(crate) fn public_urls<'s>(
    all: &'s Settings,
    provider: Option<&'s ProviderSettings>,
) -> impl Iterator<Item = &'s PublicUrl> {
    let takes_its_people = move |url: &PublicUrl| {
        let mut routes = all.routes.iter();
        routes.any(|route| {
            let host = route.host.as_deref();
            route.require != Require::Public
                && host.is_none_or(|host| host == url.host())
                && is_for(all, route, provider)
        })
    };
    let is_its = move |url: &&PublicUrl| provider.is_none_or(|set| set.is_for(url.host()));
    let any = all.public_urls.iter().filter(is_its).any(takes_its_people);
    let urls = all.public_urls.iter().filter(is_its);
    urls.filter(move |url| !any || takes_its_people(url))
}

/// Whether people of this provider come to this route.
pub(crate) fn is_for(
    all: &Settings,
    route: &RouteSettings,
    provider: Option<&ProviderSettings>,
) -> bool {
    match provider {
        Some(provider) => provider.comes_to(route),
        None => all.providers.is_empty() || route.provider.is_none(),
    }
}

/// Where the provider sends people back to, if that is one address.
fn redirect_uri(all: &Settings, provider: Option<&ProviderSettings>) -> Option<String> {
    let provider = provider?;
    let mut urls = public_urls(all, Some(provider));
    let url = urls.next().filter(|_| urls.next().is_none())?;
    Some(format!(
        "{}{}",
        url.origin(),
        assemble::redirect_path(provider, all)
    ))
}
