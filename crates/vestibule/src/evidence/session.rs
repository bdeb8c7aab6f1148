//! Sessions and cookies, as they are made whatever the file says.

use vestibule_config::{ProviderSettings, ResponseMode, Settings, StoreSettings};
use vestibule_diagnosis::evidence::{SameSite, SessionSettings, Store};
use vestibule_session::site::Site;

pub(super) fn settings(all: &Settings, provider: Option<&ProviderSettings>) -> SessionSettings {
    let mut found = SessionSettings::default();
    found.store = Some(match &all.session.store {
        StoreSettings::Memory => Store::Memory,
        StoreSettings::File(_) => Store::File,
        StoreSettings::Cookie => Store::Cookie,
    });
    if let [url] = all.public_urls.as_slice() {
        let site = match url.is_https() {
            true => Site::https(url.host(), url.port()),
            false => Site::loopback_http(url.host(), url.port()),
        };
        found.cookie_name = site.ok().map(|site| site.cookies().session().to_owned());
        found.secure = Some(url.is_https());
        let posted = provider.is_some_and(|set| set.response_mode == ResponseMode::FormPost);
        found.pending_same_site = Some(match posted && url.is_https() {
            true => SameSite::None,
            false => SameSite::Lax,
        });
    }
    found.cookie_path = Some("/".to_owned());
    found.same_site = Some(SameSite::Lax);
    found.one_pending_cookie = Some(false);
    found.lifetime = Some(all.session.absolute_timeout);
    found.idle = Some(all.session.idle_timeout);
    found.ends_with_id_token = Some(false);
    found
}
