//! The running provider's state, shared by all endpoints and the control listener.

use std::sync::Arc;

use crate::{
    clock,
    directory::{Account, App, Directory},
    entropy,
    faults::{Fault, Faults},
    grants::Grants,
    journal::Log,
    pages::Pages,
    scope::Wanted,
    sessions::{Consented, Sessions},
    settings::{Consent, IdpSettings, TokenSettings},
    tokens::Keys,
};

/// Everything the endpoints share.
#[derive(Debug)]
pub(crate) struct Provider {
    /// `http://127.0.0.1:PORT`, the beginning of every address it prints.
    pub(crate) origin: String,
    /// The cookie's name; it has the port in it, because cookies don't tell ports apart.
    pub(crate) cookie_name: String,
    pub(crate) directory: Directory,
    pub(crate) keys: Keys,
    pub(crate) grants: Grants,
    pub(crate) sessions: Sessions,
    pub(crate) faults: Faults,
    pub(crate) log: Log,
    pub(crate) pages: Pages,
    pub(crate) tokens: TokenSettings,
}

impl Provider {
    pub(crate) fn new(
        settings: IdpSettings,
        directory: Directory,
        keys: Keys,
        pages: Pages,
        origin: String,
        port: u16,
    ) -> Arc<Self> {
        Arc::new(Self {
            origin,
            cookie_name: format!("vestibule-idp-{port}"),
            directory,
            keys,
            grants: Grants::new(),
            sessions: Sessions::new(),
            faults: Faults::new(settings.faults),
            log: Log::default(),
            pages,
            tokens: settings.tokens,
        })
    }

    /// What time it is here, the clock fault included.
    pub(crate) fn now(&self) -> i64 {
        clock::system_now().saturating_add(self.faults.clock_offset_secs())
    }

    /// How long the next access token lives.
    pub(crate) fn access_token_secs(&self) -> u32 {
        self.faults
            .fire(|fault| match fault {
                Fault::ShortAccessToken { seconds } => Some(*seconds),
                _ => None,
            })
            .or(self.tokens.access_token_secs)
            .unwrap_or_else(|| entropy::between(3_600, 5_400))
    }

    /// Whether a client may use a resource for a person: by registration, because the person
    /// agreed, or because an administrator agreed for the tenant.
    pub(crate) fn has_consent(&self, account: &Account, client: &App, wanted: &Wanted) -> bool {
        let withheld = self.faults.is_on(
            |fault| matches!(fault, Fault::NoConsent { api } if wanted.resource.is_named(api)),
        );
        (client.consent == Consent::Granted && !withheld)
            || [&account.oid, &account.tenant].iter().any(|by| {
                self.sessions
                    .has_consented(&Consented::new(by, client, wanted))
            })
    }

    /// The values a client needs, by the names they are printed under.
    pub(crate) fn describe(&self) -> Vec<(&'static str, String)> {
        let mut values = Vec::new();
        if let Some(tenant) = self.directory.home() {
            let metadata_url = format!(
                "{}/{}/v2.0/.well-known/openid-configuration",
                self.origin, tenant.id
            );
            values.push(("metadata_url", metadata_url));
            values.push(("tenant_id", tenant.id.to_string()));
        }
        let apps = self.directory.apps();
        if let Some(client) = apps.iter().find(|app| app.client_secret.is_some()) {
            values.push(("client_id", client.client_id.to_string()));
            values.push((
                "client_secret",
                client.client_secret.clone().unwrap_or_default(),
            ));
        }
        if let Some(api) = apps.iter().find_map(|app| app.app_id_uris.first()) {
            values.push(("api", api.clone()));
        }
        values
    }
}
