//! A provider and our registration there.

use vestibule_config::{
    ClientAuthentication, Discovery, GraphPermissions, ProviderKind, ProviderSettings,
    ResponseMode, Settings, UserInfo,
};
use vestibule_diagnosis::evidence::{self, Product, SecretShape};

use crate::assemble;
use crate::load::Secrets;

pub(super) fn settings(
    set: &ProviderSettings,
    all: &Settings,
    secrets: Secrets,
) -> evidence::ProviderSettings {
    let mut found = evidence::ProviderSettings::default();
    found.name.clone_from(&set.name);
    match &set.discovery {
        Discovery::Issuer(issuer) => found.issuer = Some(issuer.clone()),
        Discovery::MetadataUrl { url, issuer } => {
            found.issuer.clone_from(issuer);
            found.metadata_url = Some(url.to_string());
        }
    }
    // Which of Microsoft's products it is shows better in the address than in `kind`.
    found.product = match set.kind {
        ProviderKind::Entra if Product::of_url(set.discovery.configured()).is_none() => {
            Some(Product::Entra)
        }
        _ => None,
    };
    found.client_id = Some(set.client_id.clone());
    found.secret = match (&set.client_secret, secrets) {
        (Some(secret), Secrets::Needed) => Some(SecretShape::of(secret.expose())),
        _ => None,
    };
    found.secret_from.clone_from(&set.client_secret_from);
    found.certificate = Some(false);
    found.federated = Some(false);
    found.authentication_methods = match set.client_authentication {
        ClientAuthentication::FromMetadata => Vec::new(),
        ClientAuthentication::Basic => vec!["client_secret_basic".to_owned()],
        ClientAuthentication::Post => vec!["client_secret_post".to_owned()],
        ClientAuthentication::None => vec!["none".to_owned()],
    };
    let asked = assemble::asked_for(set, all);
    found.scopes = Some(asked.scopes);
    found.own_scopes = Some(set.scopes.clone());
    found.response_mode = Some(response_mode(set.response_mode).to_owned());
    found.response_type = Some("code".to_owned());
    found
        .authorization_parameters
        .clone_from(&set.authorization_parameters);
    let audience = asked.audience.map(|value| ("audience".to_owned(), value));
    found.authorization_parameters.extend(audience);
    found.tenants = Some(set.tenants.clone());
    found.user_info = match set.userinfo {
        UserInfo::On => Some(true),
        UserInfo::Off => Some(false),
        UserInfo::WhenAdvertised | UserInfo::WhenSigned => None,
    };
    found.graph_application = Some(set.graph_permissions == GraphPermissions::Application);
    found.pkce_only_if_advertised = Some(false);
    found
}

const fn response_mode(mode: ResponseMode) -> &'static str {
    match mode {
        ResponseMode::Query => "query",
        ResponseMode::FormPost => "form_post",
    }
}
