//! `[provider]`: who says who people are, and our registration there.

mod danger;
mod discovery;
mod endpoint;
mod graph;
mod keys;
pub(crate) mod parameters;
pub(crate) mod placeholder;
mod redirect_actions;

use std::time::Duration;

use toml::de::DeTable;
use url::Url;

pub(crate) use discovery::{is_cloud_host, is_guid};
pub(crate) use keys::{PROVIDER, REDIRECT_ACTIONS};
pub(crate) use redirect_actions::page_or_address;
pub use redirect_actions::{RedirectActions, SessionFact};

use crate::environment::SecretText;
use crate::read::{At, Item, Reader, finding};
use crate::section::route::RouteSettings;

/// One identity provider and our client registration there. Changes take effect on reload.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// The name in `[provider.NAME]`: lower-case letters, digits and `-`, 32 at most. `None` for a single `[provider]`.
    pub name: Option<String>,
    /// What people read on the page that offers several providers; the name, or the host of the issuer.
    pub display_name: String,
    /// Where its metadata is and which issuer it must name.
    pub discovery: Discovery,
    /// Whether it is treated as Microsoft Entra ID.
    pub kind: ProviderKind,
    /// The tenants whose people may sign in, GUIDs in lower case. Not empty when the discovery names many tenants.
    pub tenants: Vec<String>,
    /// Our client id there.
    pub client_id: String,
    /// Our client secret there; `None` exactly when `client_authentication` is [`ClientAuthentication::None`].
    pub client_secret: Option<SecretText>,
    /// Where the file says that the secret is: `env:NAME` or `file:PATH`, as it is written there.
    pub client_secret_from: Option<String>,
    /// How we prove to be that client; with a secret what the metadata lists, none without.
    pub client_authentication: ClientAuthentication,
    /// What sign-in asks for; `openid` is always among them. `openid profile offline_access` for Entra, `openid profile` for others.
    pub scopes: Vec<String>,
    /// The hosts of the public URLs where people sign in with it and its answers are taken; empty: all of them.
    pub hosts: Vec<String>,
    /// The path its answers come to on the public URLs of its hosts; `None`: our own below `/.vestibule/`. No two providers
    /// have the same at one host.
    pub redirect_path: Option<String>,
    /// What that path answers besides, as mod_auth_openidc does; `None`: nothing. Only with `redirect_path`.
    pub redirect_actions: Option<RedirectActions>,
    /// The page of the site, with a query or without, where people go whose sign-in is not known any more; `None`: our own.
    pub lost_sign_in_page: Option<String>,
    /// How the answer comes back through the browser; query.
    pub response_mode: ResponseMode,
    /// Whether PKCE is left out; never without a secret.
    pub danger_no_pkce: bool,
    /// Whether any certificate of the metadata's host is believed; only where that is https.
    pub danger_provider_insecure: bool,
    /// Whether the user info endpoint is asked.
    pub userinfo: UserInfo,
    /// Sent with every authorization request, in the order of the file. Never one of ours.
    pub authorization_parameters: Vec<(String, String)>,
    /// The signatures an ID token may have, not empty, as JOSE names them; RS256, ES256, PS256 and EdDSA.
    pub id_token_algorithms: Vec<String>,
    /// The audiences of which one makes the sign-in's own access token ours to verify, so that rules may read its
    /// claims; none: they never do.
    pub access_token_audiences: Vec<String>,
    /// Where Microsoft Graph is; `None`: where the provider's cloud has it. Https, or http on this machine.
    pub graph: Option<Url>,
    /// Who asks Microsoft Graph for groups that did not fit into a token; the person.
    pub graph_permissions: GraphPermissions,
    /// How far the provider's clock may be from ours; 60 s; at most 60 s.
    pub clock_skew: Duration,
    /// How long ago the person may have proved there who they are; `None`: however long; at most 30 d. Zero asks at every sign-in.
    pub max_age: Option<Duration>,
}

/// Where a provider's metadata is and which issuer it must name. Matched exhaustively by the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Discovery {
    /// The metadata is at the well-known place under the issuer (OIDC Discovery §4), and names this issuer.
    Issuer(String),
    /// The metadata is there, and names `issuer` if that is given.
    MetadataUrl {
        /// Where it is, query included.
        url: Url,
        /// The issuer it must name; `None` when the file gives none.
        issuer: Option<String>,
    },
}

impl ProviderSettings {
    /// Whether people sign in with it at this host of the public URLs.
    #[must_use]
    pub fn is_for(&self, host: &str) -> bool {
        self.hosts.is_empty() || self.hosts.iter().any(|known| known == host)
    }

    /// Whether its people come to this route: to one that names it, and to one that names none where it is for the host.
    #[must_use]
    pub fn comes_to(&self, route: &RouteSettings) -> bool {
        match &route.provider {
            Some(name) => self.name.as_ref() == Some(name),
            None => route.host.as_ref().is_none_or(|host| self.is_for(host)),
        }
    }
}

impl Discovery {
    /// The issuer, or the metadata URL where no issuer is given: what the provider is known by.
    #[must_use]
    pub fn configured(&self) -> &str {
        match self {
            Self::Issuer(issuer)
            | Self::MetadataUrl {
                issuer: Some(issuer),
                ..
            } => issuer,
            Self::MetadataUrl { url, issuer: None } => url.as_str(),
        }
    }
}

/// Whether a provider is treated as Microsoft Entra ID. Matched exhaustively by the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderKind {
    /// It is: the file or its host says so.
    Entra,
    /// It is not: the file says so.
    Oidc,
    /// Its metadata tells, by having `tenant_region_scope`.
    Detect,
}

/// How we prove to be the client (OIDC Core §9). Matched exhaustively by the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// With the secret, by the first of basic and post that the metadata lists.
    FromMetadata,
    /// `client_secret_basic`: in the `Authorization` field.
    Basic,
    /// `client_secret_post`: in the form.
    Post,
    /// `none`: only PKCE. For public clients.
    None,
}

/// How the provider's answer comes back (OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode). Matched
/// exhaustively by the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseMode {
    /// As a redirect with a query.
    Query,
    /// As a form the browser posts.
    FormPost,
}

/// Whether the user info endpoint is asked after sign-in. Matched exhaustively by the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserInfo {
    /// Always; a provider without the endpoint is an error.
    On,
    /// Never.
    Off,
    /// If the metadata advertises it, and the provider does not turn out to be Entra.
    WhenAdvertised,
    /// Likewise, and believed only if it is signed.
    WhenSigned,
}

/// Whose permissions Microsoft Graph is asked with. Matched exhaustively by the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GraphPermissions {
    /// The person's.
    Delegated,
    /// Our own.
    Application,
}

/// The name and kind of each provider that is written down, those with other mistakes among them: what is wrong with a
/// provider changes nothing in what its routes' scopes have to look like.
pub(crate) fn kinds(root: &Reader<'_>) -> Vec<(Option<String>, ProviderKind)> {
    let Some(item) = root.item("provider") else {
        return Vec::new();
    };
    let Some(table) = item.value.get_ref().as_table() else {
        return Vec::new();
    };
    let kind = |table: &DeTable<'_>| {
        let text = |name: &str| {
            let found = table.iter().find(|(key, _)| key.get_ref() == name);
            found.and_then(|(_, value)| value.get_ref().as_str())
        };
        discovery::kind_as_written(text("kind"), text("issuer"), text("metadata_url"))
    };
    if is_single(table) {
        return vec![(None, kind(table))];
    }
    let named = table.iter().filter_map(|(name, value)| {
        let table = value.get_ref().as_table()?;
        Some((Some(name.get_ref().to_string()), kind(table)))
    });
    named.collect()
}

/// Whether this is one provider. Its keys, and the names of several, stand in the same place.
fn is_single(table: &DeTable<'_>) -> bool {
    table.is_empty()
        || table.iter().any(|(key, value)| {
            PROVIDER.key(key.get_ref()).is_some() || !value.get_ref().is_table()
        })
}

/// Reads `[provider]`, or all `[provider.NAME]`.
pub(crate) fn read(root: &Reader<'_>) -> Vec<At<ProviderSettings>> {
    let Some(item) = root.item("provider") else {
        return Vec::new();
    };
    let Some(table) = item.value.get_ref().as_table() else {
        item.error(
            "`provider` must be a table",
            "write [provider] with issuer and client_id under it, or [provider.NAME] for each of several",
        );
        return Vec::new();
    };
    if is_single(table) {
        let stray = table.iter().find(|(key, value)| {
            value.get_ref().is_table() && PROVIDER.key(key.get_ref()).is_none()
        });
        if let Some((name, _)) = stray {
            item.context.error(
                &name.span(),
                format!("provider.{}", name.get_ref()),
                "[provider] and [provider.NAME] can't be mixed",
                "give every provider a name: [provider.NAME]",
            );
            return Vec::new();
        }
        let reader = Reader::open(
            item.context,
            &PROVIDER,
            "provider".to_owned(),
            table,
            item.span(),
        );
        return one(&reader, None).into_iter().collect();
    }
    let mut named: Vec<_> = table.iter().collect();
    named.sort_by_key(|(name, _)| name.span().start);
    let mut providers = Vec::new();
    for (key, value) in named {
        let name: &str = key.get_ref();
        let sound = !name.is_empty()
            && name.len() <= 32
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !sound {
            item.context.error(
                &key.span(),
                format!("provider.{name}"),
                "the name of a provider is part of its callback path",
                "use lower-case letters, digits and `-`, 32 at most",
            );
        }
        let Some(table) = value.get_ref().as_table() else {
            continue;
        };
        let path = format!("provider.{name}");
        let reader = Reader::open(item.context, &PROVIDER, path, table, value.span());
        providers.extend(one(&reader, Some(name)));
    }
    providers
}

fn one(reader: &Reader<'_>, name: Option<&str>) -> Option<At<ProviderSettings>> {
    let discovery = discovery::read(reader);
    let kind = discovery::kind(reader);
    let tenants = discovery::tenants(reader, discovery.as_ref(), kind);
    let client_id = client_id(reader, kind);
    let (client_secret, client_authentication) = client_authentication(reader, kind);
    let client_secret_from = client_secret.as_ref().and_then(|_| {
        let item = reader.item("client_secret")?;
        item.as_str().map(str::to_owned)
    });
    let scopes = parameters::scopes(reader, kind);
    let response_mode = match reader.choice("response_mode") {
        Some("form_post") => ResponseMode::FormPost,
        _ => ResponseMode::Query,
    };
    let danger_no_pkce = danger::no_pkce(reader, client_authentication);
    let danger_provider_insecure = danger::provider_insecure(reader, discovery.as_ref());
    let hosts = hosts(reader);
    let redirect_path = reader
        .item("redirect_path")
        .and_then(|item| redirect_path(&item));
    let redirect_actions = redirect_actions::read(reader);
    let lost_sign_in_page = reader
        .item("lost_sign_in_page")
        .and_then(|item| lost_sign_in_page(&item, redirect_path.as_deref()));
    let userinfo = match (
        reader.item("userinfo").and_then(|item| userinfo(&item)),
        kind,
    ) {
        (Some(written), _) => written,
        (None, ProviderKind::Entra) => UserInfo::Off,
        (None, ProviderKind::Oidc | ProviderKind::Detect) => UserInfo::WhenAdvertised,
    };
    let authorization_parameters = parameters::read(reader);
    let id_token_algorithms = parameters::algorithms(reader);
    let access_token_audiences = parameters::audiences(reader);
    let graph = graph::address(reader);
    let graph_permissions = graph::permissions(reader, client_secret.is_some(), &tenants);
    let clock_skew = reader.duration("clock_skew");
    let max_age = max_age(reader, kind);
    let display_name = reader.text("display_name");
    let discovery = discovery?;
    Some(At {
        marks: reader.marks(),
        value: ProviderSettings {
            name: name.map(str::to_owned),
            display_name: display_name
                .or(name.map(str::to_owned))
                .unwrap_or_else(|| discovery::host_of(&discovery)),
            discovery,
            kind,
            tenants,
            client_id: client_id?,
            client_secret,
            client_secret_from,
            client_authentication,
            scopes,
            hosts,
            redirect_path,
            redirect_actions,
            lost_sign_in_page,
            response_mode,
            danger_no_pkce,
            danger_provider_insecure,
            userinfo,
            authorization_parameters,
            id_token_algorithms,
            access_token_audiences,
            graph,
            graph_permissions,
            clock_skew: clock_skew?,
            max_age,
        },
    })
}

fn client_id(reader: &Reader<'_>, kind: ProviderKind) -> Option<String> {
    let item = reader.required(
        "client_id",
        "write the id of your registration at the provider; in Entra: App registrations, Overview, Application (client) ID",
    )?;
    let id = item.filled_text()?;
    let cure = match kind {
        ProviderKind::Entra => {
            "put the sign-in's Application (client) ID here, from the portal's App registrations, your registration, Overview"
        }
        ProviderKind::Oidc | ProviderKind::Detect => {
            "put the id of your registration here, from the provider's list of clients"
        }
    };
    if placeholder::is_left(&item, id, kind, cure) {
        return None;
    }
    if kind == ProviderKind::Entra && !discovery::is_guid(id) {
        item.warning(
            finding(
                "VST-CLIENT-ID",
                "Entra's client ids are GUIDs, and this is none",
            ),
            "copy Application (client) ID from the registration's Overview, not its display name",
        );
    }
    Some(id.to_owned())
}

/// A page of the site, and none that takes answers: it would lead to itself.
fn lost_sign_in_page(item: &Item<'_>, redirect_path: Option<&str>) -> Option<String> {
    let text = item.filled_text()?;
    if !text.starts_with('/') {
        item.error(
            "this is no path of the site, and nobody is sent elsewhere with an answer that is not known here",
            "write it like \"/app\"",
        );
        return None;
    }
    let page = page_or_address(item, text)?;
    let path = page.split('?').next().unwrap_or_default();
    if Some(path) == redirect_path || path == "/.vestibule" || path.starts_with("/.vestibule/") {
        item.error(
            "answers of the provider arrive there, or it is one of our own addresses",
            "name a page of the app, like \"/app\"",
        );
        return None;
    }
    Some(page)
}

fn userinfo(item: &Item<'_>) -> Option<UserInfo> {
    if item.as_str() == Some("signed") {
        return Some(UserInfo::WhenSigned);
    }
    Some(match item.flag()? {
        true => UserInfo::On,
        false => UserInfo::Off,
    })
}

fn hosts(reader: &Reader<'_>) -> Vec<String> {
    let Some(list) = reader.item("hosts") else {
        return Vec::new();
    };
    let items = list.items();
    if items.is_empty() && list.value.get_ref().is_array() {
        list.error(
            "`hosts` is an empty list, and nobody could sign in with this provider",
            "name hosts of `public_url`, or take it out for all of them",
        );
    }
    items.iter().filter_map(super::route::host).collect()
}

/// Unlike the path of a route it is matched to the letter, so it may end with a slash.
fn redirect_path(item: &Item<'_>) -> Option<String> {
    let text = item.filled_text()?;
    let bare = match text.strip_suffix('/') {
        Some(bare) if !bare.is_empty() && !bare.ends_with('/') => bare,
        _ => text,
    };
    super::route::plain_path(item, bare).map(|_| text.to_owned())
}

fn max_age(reader: &Reader<'_>, kind: ProviderKind) -> Option<Duration> {
    let item = reader.item("max_age")?;
    // OIDC Core §2 asks for `auth_time` whenever `max_age` was sent; Entra leaves it out unless told.
    if kind == ProviderKind::Entra {
        item.warning(
            "Entra sends `auth_time` only as an optional claim, and without it `max_age` refuses every sign-in",
            "in the portal, in the sign-in's registration: Token configuration, Add optional claim, token type ID, tick auth_time",
        );
    }
    item.duration()
}

fn client_authentication(
    reader: &Reader<'_>,
    kind: ProviderKind,
) -> (Option<SecretText>, ClientAuthentication) {
    let item = reader.item("client_secret");
    let secret = item.as_ref().and_then(Item::secret);
    if let (Some(item), Some(secret)) = (&item, &secret)
        && kind == ProviderKind::Entra
        && discovery::is_guid(secret.expose())
    {
        item.warning(
            finding(
                "VST-CLIENT-SECRET-ID",
                "this client secret is a GUID; in Entra's portal that is the Secret ID, not the secret",
            ),
            "copy the column Value from Certificates & secrets; it is shown only once, so make a new one if it is gone",
        );
    }
    let chosen = reader.choice("client_authentication");
    let method = match chosen {
        Some("client_secret_post") => ClientAuthentication::Post,
        Some("none") => ClientAuthentication::None,
        Some("client_secret_basic") => ClientAuthentication::Basic,
        _ if item.is_none() => ClientAuthentication::None,
        _ => ClientAuthentication::FromMetadata,
    };
    let marks = reader.marks();
    match (method, &item) {
        (ClientAuthentication::None, Some(item)) => item.error(
            "there is a secret, and `client_authentication = \"none\"` never sends it",
            "take one of the two out",
        ),
        (ClientAuthentication::Basic | ClientAuthentication::Post, None) => reader.context.missing(
            marks.of("client_authentication"),
            marks.key("client_authentication"),
            "there is no `client_secret` to send",
            "add client_secret = \"env:NAME\", or write client_authentication = \"none\" for a public client",
        ),
        _ => {}
    }
    (secret, method)
}
