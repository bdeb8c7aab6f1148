//! What a plan knows of itself, as the diagnosis wants it. No address of an upstream is in it: findings made from it may
//! be read by strangers.

use std::sync::Arc;

use vestibule_diagnosis::Evidence;
use vestibule_diagnosis::evidence::{
    AskedToken, Origin, RouteSettings, SameSite, SessionSettings, Settings,
};
use vestibule_gate::route::{Route, TokenChoice};
use vestibule_oidc::authorization::ResponseMode;
use vestibule_session::site::Site;

use crate::plan::Plan;
use crate::provider::Provider;
use crate::signin::path;

/// What is so before anything happens: the settings, and the provider's metadata if they are in use.
pub(crate) fn known(
    plan: &Plan,
    site: Option<&Site>,
    provider: Option<&Arc<Provider>>,
) -> Evidence {
    let mut settings = Settings::default();
    settings.origin = Some(Origin::Toml);
    let sites = plan.gate.sites();
    settings.public_urls = sites.iter().map(|site| site.origin().to_owned()).collect();
    let site = site.or(sites.first());
    if let Some(site) = site {
        settings.session = session(site, provider);
    }
    if let (Some(site), Some(provider)) = (site, provider) {
        let callback = path::redirect_path(provider.plan(), plan.providers.len() > 1);
        settings.redirect_uri = Some(format!("{}{callback}", site.origin()));
    }
    settings.provider = provider.map(|provider| provider.described());
    settings.routes = plan
        .gate
        .routes()
        .iter()
        .filter(|route| provider.is_none_or(|provider| provider.comes_to(route)))
        .map(described)
        .collect();
    let mut known = Evidence::default();
    known.settings = Some(settings);
    known.metadata = provider.and_then(|provider| provider.documented());
    known
}

fn session(site: &Site, provider: Option<&Arc<Provider>>) -> SessionSettings {
    let mut session = SessionSettings::default();
    session.cookie_name = Some(site.cookies().session().to_owned());
    session.cookie_path = Some("/".to_owned());
    session.secure = Some(site.is_secure());
    session.same_site = Some(SameSite::Lax);
    let posted =
        provider.is_some_and(|provider| provider.plan().response_mode == ResponseMode::FormPost);
    session.pending_same_site = Some(match posted && site.is_secure() {
        true => SameSite::None,
        false => SameSite::Lax,
    });
    session.one_pending_cookie = Some(false);
    session.ends_with_id_token = Some(false);
    session
}

fn described(route: &Route) -> RouteSettings {
    let mut found = RouteSettings::default();
    found.name = Some(route.name.to_string());
    found.path = Some(route.prefix.as_str().to_owned());
    found.keep_prefix = Some(route.keep_prefix);
    found.public = Some(route.is_public());
    found.forbidden_signs_in = Some(false);
    found.token = Some(match &route.access_token {
        TokenChoice::None => AskedToken::None,
        TokenChoice::SignIn => AskedToken::SignIn,
        TokenChoice::Resource(wanted) => AskedToken::Scope(wanted.scope()),
    });
    found.passes_own_cookies = Some(false);
    found.passes_origin = Some(false);
    found
}
