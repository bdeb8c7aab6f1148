//! Which hosts routes and providers are for: those that people come to, and each answer at one provider's address.

use super::Tables;
use crate::read::{At, Context};
use crate::section::provider::ProviderSettings;
use crate::section::route::{Require, RouteSettings};
use crate::section::server::PublicUrl;

/// The hosts at which people come to a route.
pub(super) fn of_route<'t>(
    tables: &'t Tables<'_>,
    route: &'t At<RouteSettings>,
) -> impl Iterator<Item = &'t str> {
    let is_its = |host: &&str| route.value.host.as_deref().is_none_or(|one| one == *host);
    tables
        .public_urls
        .iter()
        .map(PublicUrl::host)
        .filter(is_its)
}

/// The host of a route is one that people come to, and somebody signs them in there.
pub(super) fn route(context: &Context<'_>, tables: &Tables<'_>, route: &At<RouteSettings>) {
    if let Some(host) = route.value.host.as_deref()
        && !is_public(tables, host)
    {
        context.error(
            route.marks.of("host"),
            route.marks.key("host"),
            format!("no `public_url` has the host {host}, so nothing would reach this route"),
            add_or_one_of(tables),
        );
        return;
    }
    if route.value.require == Require::Public || !tables.providers_complete {
        return;
    }
    let named = |provider: &&At<ProviderSettings>| {
        route.value.provider.is_none() || route.value.provider == provider.value.name
    };
    let providers: Vec<_> = tables.providers.iter().filter(named).collect();
    let nobody_signs_in = |host: &&str| {
        let mut all = providers.iter();
        !providers.is_empty() && !all.any(|provider| provider.value.is_for(host))
    };
    let Some(host) = of_route(tables, route).find(nobody_signs_in) else {
        return;
    };
    let (key, who) = match &route.value.provider {
        Some(name) => ("provider", format!("with {name}")),
        None => ("path", "with any provider".to_owned()),
    };
    context.error(
        route.marks.of(key),
        route.marks.key(key),
        format!("nobody signs in {who} at {host}, where this route is too"),
        match &route.value.host {
            Some(_) => format!("name {host} in `hosts` of the provider that people sign in with there"),
            None => format!("give the route a `host`, or name {host} in `hosts` of the provider that people sign in with there"),
        },
    );
}

/// The hosts of a provider are some that people come to.
pub(super) fn provider(
    context: &Context<'_>,
    tables: &Tables<'_>,
    provider: &At<ProviderSettings>,
) {
    let unknown = |host: &&String| !is_public(tables, host);
    if let Some(host) = provider.value.hosts.iter().find(unknown) {
        context.error(
            provider.marks.of("hosts"),
            provider.marks.key("hosts"),
            format!("no `public_url` has the host {host}, so nobody could sign in there"),
            add_or_one_of(tables),
        );
    }
}

/// An answer must belong to one provider (RFC 9700 §4.4.2.2): what it is told by is the address it arrives at.
pub(super) fn redirect_paths(context: &Context<'_>, tables: &Tables<'_>) {
    let mut rest = tables.providers;
    while let Some((provider, before)) = rest.split_last() {
        rest = before;
        let Some(path) = provider.value.redirect_path.as_deref() else {
            continue;
        };
        let twin_at = |host: &str| {
            before.iter().any(|other| {
                other.value.redirect_path.as_deref() == Some(path)
                    && other.value.is_for(host)
                    && provider.value.is_for(host)
            })
        };
        let hosts = tables.public_urls.iter().map(PublicUrl::host);
        if let Some(host) = hosts.into_iter().find(|host| twin_at(host)) {
            context.error(
                provider.marks.of("redirect_path"),
                provider.marks.key("redirect_path"),
                format!("two providers send their answers to {path} at {host}"),
                "give each provider a path of its own, and register it there; or say in `hosts` of each where people sign in with it, where they share none",
            );
        }
    }
}

fn is_public(tables: &Tables<'_>, host: &str) -> bool {
    let urls = tables.public_urls;
    urls.is_empty() || urls.iter().any(|url| url.host() == host)
}

fn add_or_one_of(tables: &Tables<'_>) -> String {
    let hosts: Vec<&str> = tables.public_urls.iter().map(PublicUrl::host).collect();
    format!(
        "write one of {}, or add the host to `public_url`",
        hosts.join(", ")
    )
}
