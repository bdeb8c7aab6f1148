//! Checks that need more than one table.
//!
//! They look only at tables that could be read; a file with a broken one is refused anyway.

mod browser;
mod budget;
mod entra;
mod hosts;
mod reach;
mod tokens;
mod userinfo;

use std::collections::BTreeMap;

use crate::read::{At, Context, Marks};
use crate::section::provider::{ProviderSettings, ResponseMode};
use crate::section::route::{AccessToken, HeaderSource, Require, RouteSettings};
use crate::section::server::PublicUrl;
use crate::section::session::SessionSettings;

/// Claims that their owner or an administrator can change, or that can pass to somebody else.
const MUTABLE: &[&str] = &[
    "upn",
    "unique_name",
    "email",
    "preferred_username",
    "name",
    "given_name",
    "family_name",
    "nickname",
    "phone_number",
    "onprem_sam_account_name",
];

/// Everything the checks look at.
#[derive(Debug)]
pub(crate) struct Tables<'t> {
    pub(crate) root: &'t Marks,
    pub(crate) public_urls: &'t [PublicUrl],
    pub(crate) providers: &'t [At<ProviderSettings>],
    pub(crate) routes: &'t [At<RouteSettings>],
    /// Where sessions live, if that could be read.
    pub(crate) session: Option<&'t SessionSettings>,
    /// Whether somebody in front is trusted.
    pub(crate) is_behind: bool,
    /// Whether everybody is (`danger_any_forwarder`).
    pub(crate) anybody_forwards: bool,
    /// Whether every provider that was written could be read.
    pub(crate) providers_complete: bool,
}

pub(crate) fn check(context: &Context<'_>, tables: &Tables<'_>) {
    twins(context, tables.routes);
    for route in tables.routes {
        hosts::route(context, tables, route);
        reach::shadowed(context, tables, route);
        public(context, route);
        provider(context, tables, route);
        user(context, tables, route);
        browser::keep_post(context, tables, route);
        browser::anti_forgery(context, route);
        entra::rule_scopes(context, tables, route);
        networks(context, tables, route);
        userinfo::passed(context, tables, route);
    }
    hosts::redirect_paths(context, tables);
    for provider in tables.providers {
        hosts::provider(context, tables, provider);
        form_post(context, tables, provider);
        tokens::check(context, tables, provider);
        entra::sign_in_token(context, tables, provider);
    }
    tls(context, tables);
    budget::cookies(context, tables);
}

fn twins(context: &Context<'_>, routes: &[At<RouteSettings>]) {
    let mut seen: BTreeMap<(Option<&str>, &str), usize> = BTreeMap::new();
    for route in routes {
        let key = (route.value.host.as_deref(), route.value.path.as_str());
        let at = route.marks.of("path");
        if let Some(first) = seen.get(&key) {
            context.error(
                at,
                route.marks.key("path"),
                format!("{} has two routes", route.value.path),
                format!("the first is on line {first}; keep one, or give them different hosts"),
            );
        } else {
            seen.insert(key, crate::position::position(context.text, at.start).line);
        }
    }
}

/// A rule on addresses that everybody can choose keeps nobody out.
fn networks(context: &Context<'_>, tables: &Tables<'_>, route: &At<RouteSettings>) {
    let Require::Rule(rule) = &route.value.require else {
        return;
    };
    if tables.anybody_forwards && rule.asks_for_networks() {
        context.error(
            route.marks.of("require"),
            route.marks.key("require"),
            "with danger_any_forwarder everybody chooses the address they come from, so a rule on `networks` keeps nobody out",
            "name the proxies in front in trusted_proxies instead, or take `networks` out of the rule",
        );
    }
}

/// A public route has nobody to speak of, and nobody is turned away where everybody passes.
fn public(context: &Context<'_>, route: &At<RouteSettings>) {
    let meaningless: &[&str] = match route.value.require {
        Require::Public => &["when_signed_out", "when_not_allowed"],
        Require::Anyone => &["when_signed_out", "keep_post"],
        _ => &[],
    };
    for key in meaningless.iter().filter(|key| route.marks.has(key)) {
        context.error(
            route.marks.of(key),
            route.marks.key(key),
            format!("everybody passes this route, so `{key}` means nothing"),
            "take it out, or write require = \"signed-in\"",
        );
    }
    if route.value.require != Require::Public {
        return;
    }
    for key in [
        "access_token",
        "authorization",
        "user",
        "headers",
        "anti_forgery_header",
        "keep_post",
    ] {
        if route.marks.has(key) {
            context.error(
                route.marks.of(key),
                route.marks.key(key),
                format!("a public route has no person, so `{key}` means nothing"),
                "take it out, or write require = \"signed-in\"",
            );
        }
    }
}

fn provider(context: &Context<'_>, tables: &Tables<'_>, route: &At<RouteSettings>) {
    if route.value.require == Require::Public || !tables.providers_complete {
        return;
    }
    if tables.providers.is_empty() {
        context.error(
            route.marks.of("path"),
            route.marks.key("require"),
            "this route needs sign-in, and there is no [provider]",
            "add [provider] with issuer, client_id and client_secret, or write require = \"public\"",
        );
        return;
    }
    let names_a_token = matches!(route.value.access_token, Some(AccessToken::Resource { .. }));
    if tables.providers.len() > 1 && route.value.provider.is_none() && names_a_token {
        let names: Vec<&str> = tables
            .providers
            .iter()
            .filter_map(|p| p.value.name.as_deref())
            .collect();
        context.error(
            route.marks.of("access_token"),
            route.marks.key("provider"),
            "several providers could sign people in here, and a scope belongs to one of them",
            format!("add provider = \"{}\"", names.join("\" or \"")),
        );
    }
}

fn user(context: &Context<'_>, tables: &Tables<'_>, route: &At<RouteSettings>) {
    if route.value.danger_mutable_user || !tells_the_user(route) {
        return;
    }
    let claims = &route.value.user;
    let providers = providers_of(tables, route).count();
    let mutable: Vec<&str> = claims
        .iter()
        .map(String::as_str)
        .filter(|claim| MUTABLE.contains(claim))
        .collect();
    let message = if let Some(claim) = mutable.first() {
        format!("the claim `{claim}` can change, and can come to name somebody else")
    } else if claims.len() > 1 {
        "a list that mixes claims can give two people the same name".to_owned()
    } else if providers > 1 {
        "two providers can give two people the same name".to_owned()
    } else {
        return;
    };
    let several = providers_of(tables, route).any(serves_several_tenants);
    let at = route.marks.of(if route.marks.has("user") {
        "user"
    } else {
        "headers"
    });
    let key = route.marks.key("user");
    if several {
        context.error(
            at,
            key,
            format!("{message}; with several tenants, somebody else's administrator chooses it"),
            "write user = \"sub\" (or \"oid\"), or add danger_mutable_user = true if the upstream only shows it",
        );
    } else if providers > 1 && mutable.is_empty() && claims.len() == 1 {
        context.warning(
            at,
            key,
            message,
            "name the provider on the route, or tell the upstream which it was: headers = { \"X-User-Issuer\" = \"iss\" }; \
             danger_mutable_user = true accepts it",
        );
    } else {
        context.warning(
            at,
            key,
            message,
            "if the upstream keeps data under this name write user = \"sub\" (or Entra's \"oid\"); \
             if it only shows it add danger_mutable_user = true",
        );
    }
}

/// Whether the upstream, or whoever wrote `user`, goes by the person's name.
fn tells_the_user(route: &At<RouteSettings>) -> bool {
    let headers = &route.value.headers;
    route.marks.has("user")
        || headers.preset.is_some()
        || headers
            .own
            .iter()
            .any(|own| own.source == HeaderSource::User)
}

fn providers_of<'t>(
    tables: &'t Tables<'_>,
    route: &'t At<RouteSettings>,
) -> impl Iterator<Item = &'t ProviderSettings> {
    tables
        .providers
        .iter()
        .map(|provider| &provider.value)
        .filter(move |provider| {
            route.value.provider.is_none() || route.value.provider == provider.name
        })
        .filter(move |provider| {
            let mut hosts = hosts::of_route(tables, route).peekable();
            hosts.peek().is_none() || hosts.any(|host| provider.is_for(host))
        })
}

fn serves_several_tenants(provider: &ProviderSettings) -> bool {
    provider.tenants.len() > 1
}

/// The answer is a cross-site POST, to which browsers add only cookies that are `SameSite=None; Secure`.
fn form_post(context: &Context<'_>, tables: &Tables<'_>, provider: &At<ProviderSettings>) {
    if provider.value.response_mode != ResponseMode::FormPost {
        return;
    }
    if let Some(url) = tables.public_urls.iter().find(|url| !url.is_https()) {
        context.error(
            provider.marks.of("response_mode"),
            provider.marks.key("response_mode"),
            format!("`form_post` can't work on {url}: its cookie needs https"),
            "write response_mode = \"query\", or an https public URL",
        );
    }
}

/// A listener with a certificate and no https address is a slip.
fn tls(context: &Context<'_>, tables: &Tables<'_>) {
    let urls = tables.public_urls;
    if tables.root.has("tls") && !urls.is_empty() && urls.iter().all(|url| !url.is_https()) {
        context.error(
            tables.root.of("public_url"),
            tables.root.key("public_url"),
            "there is a certificate, and no https address",
            "write https:// in `public_url`, or take `tls` out",
        );
    }
}
