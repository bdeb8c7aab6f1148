//! Fetches the keys a signature is verified with: from a file, from an address, or from where the token's issuer
//! publishes them. Only when asked to; the token goes nowhere.
//!
//! What could not be had is no reason to say nothing: the rest is told without it.

use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;

use serde_json::Value;
use url::Url;
use vestibule_diagnosis::evidence::{self, Metadata, Token};
use vestibule_oidc::jose::{KeySet, key_set};
use vestibule_oidc::json;
use vestibule_oidc::microsoft::TenantId;
use vestibule_oidc::time::UnixTime;
use vestibule_proxy::provider::HttpTransport;
use vestibule_proxy::provider::call::{ProviderAnswer, ProviderCall, Transport as _};
use vestibule_proxy::provider::outbound::{OutboundPlan, client_tls};

use super::Failure;
use super::expected;
use super::value::shown;
use crate::cli::ExplainArgs;
use crate::output::Chain;
use crate::{assemble, evidence as converted};

/// Keys, as far as there were any.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// The keys; none if the answer was no key set.
    pub(super) set: Option<KeySet>,
    /// What the diagnosis is told of them.
    pub(super) evidence: Option<evidence::Keys>,
    /// The metadata that named them.
    pub(super) metadata: Option<Metadata>,
    /// What time it was for who answered.
    pub(super) provider_time: Option<UnixTime>,
    /// Where they come from, in a sentence.
    pub(super) from: String,
    /// What was asked in vain, and what came of it.
    pub(super) not_asked: Option<String>,
}

/// The largest file of keys.
const MAX_BYTES: u64 = key_set::MAX_BYTES as u64;

/// The keys the command line asks for, if it asks for any.
pub(super) fn keys(arguments: &ExplainArgs, token: &str) -> Result<Option<Keys>, Failure> {
    match (&arguments.jwks, arguments.online) {
        (None, false) => Ok(None),
        (Some(place), _) if place.starts_with("https://") || place.starts_with("http://") => {
            let url = address(place).map_err(|why| Failure::new("ask for the keys", why))?;
            let network = Network::open(arguments, &url)?;
            let mut keys = Keys::default();
            keys.ask(&network, &url);
            Ok(Some(keys))
        }
        (Some(path), _) => {
            let named = |error| Failure::new("read the keys", format!("{path}: {error}"));
            let mut bytes = Vec::new();
            let file = File::open(path).map_err(named)?;
            file.take(MAX_BYTES + 1)
                .read_to_end(&mut bytes)
                .map_err(named)?;
            let set = KeySet::parse(&bytes)
                .map_err(|error| Failure::new("read the keys", format!("{path}: {error}")))?;
            Ok(Some(Keys {
                set: Some(set),
                evidence: Some(evidence::Keys::read(&bytes)),
                from: path.clone(),
                ..Keys::default()
            }))
        }
        (None, true) => {
            let mut keys = online(arguments, token)?;
            // A time that was named is no clock.
            if arguments.now.is_some() {
                keys.provider_time = None;
            }
            Ok(Some(keys))
        }
    }
}

/// The metadata of the configured provider, or of the token's own issuer; then the keys it names.
fn online(arguments: &ExplainArgs, token: &str) -> Result<Keys, Failure> {
    let token = Token::of(token);
    let mut keys = Keys::default();
    let url = match metadata_url(arguments, &token)? {
        Ok(url) => url,
        Err(why) => return Ok(keys.without(why)),
    };
    let network = Network::open(arguments, &url)?;
    let answer = match network.fetch(&url) {
        Ok(answer) => answer,
        Err(why) => return Ok(keys.without(why)),
    };
    keys.provider_time = answer.date;
    let members = match json::parse_object(&answer.body, ProviderCall::DOCUMENT_MAX_BYTES) {
        Ok(members) if answer.status == 200 => members,
        _ => {
            let status = answer.status;
            return Ok(keys.without(format!(
                "{url} answered with status {status}, and no metadata"
            )));
        }
    };
    let place = members.get("jwks_uri").and_then(Value::as_str);
    let place = match place.map(address) {
        Some(Ok(place)) => place,
        Some(Err(why)) => return Ok(keys.without(why)),
        None => return Ok(keys.without(format!("{url} names no `jwks_uri`"))),
    };
    let entra = token.is_entra() || members.contains_key("tenant_region_scope");
    keys.metadata = Some(Metadata::new(url.as_str(), members));
    keys.ask(&network, &place);
    if entra {
        keys.ask_for_apps(&network, &place, &token);
    }
    Ok(keys)
}

impl Keys {
    /// The same; the rest could not be had.
    fn without(mut self, why: String) -> Self {
        self.not_asked = Some(why);
        self
    }

    fn ask(&mut self, network: &Network, url: &Url) {
        let answer = match network.fetch(url) {
            Ok(answer) => answer,
            Err(why) => {
                self.not_asked = Some(why);
                return;
            }
        };
        let mut found = evidence::Keys::read(&answer.body);
        found.url = Some(url.to_string());
        found.status = Some(answer.status);
        found.content_type.clone_from(&answer.content_type);
        found.fetched_again = Some(true);
        self.set = KeySet::parse(&answer.body)
            .ok()
            .filter(|_| answer.status == 200);
        self.evidence = Some(found);
        self.from = url.to_string();
    }

    /// Where Entra's keys don't have the token's: whether the app it is for, or the app it was issued to, has one of its
    /// own (`?appid=`).
    fn ask_for_apps(&mut self, network: &Network, url: &Url, token: &Token) {
        let (Some(kid), Some(found)) = (token.header_text("kid"), &mut self.evidence) else {
            return;
        };
        if found.keys.is_none() || found.find(kid).is_some() {
            return;
        }
        let audiences = token.audiences();
        let apps = audiences.iter().copied().chain(token.client());
        let mut apps: Vec<TenantId> = apps
            .filter_map(|name| TenantId::parse(name.strip_prefix("api://").unwrap_or(name)))
            .collect();
        apps.dedup();
        for app in apps.iter().take(MOST_APPS) {
            let mut url = url.clone();
            url.query_pairs_mut().append_pair("appid", app.as_str());
            // What can't be had leaves the keys there are.
            let Ok(answer) = network.fetch(&url) else {
                continue;
            };
            let own = evidence::Keys::read(&answer.body).keys;
            let own = own.filter(|_| answer.status == 200).unwrap_or_default();
            let kids = own.into_iter().filter_map(|key| key.kid);
            let kids: Vec<String> = kids.filter(|kid| found.find(kid).is_none()).collect();
            let has = kids.iter().any(|own| own == kid);
            found.app_kids = Some(kids);
            found.app_id = Some(app.as_str().to_owned());
            if has {
                break;
            }
        }
    }
}

/// So many apps of one token are asked for.
const MOST_APPS: usize = 3;

/// The metadata of the configured provider comes first: whom the file trusts is not for a token to say.
fn metadata_url(arguments: &ExplainArgs, token: &Token) -> Result<Result<Url, String>, Failure> {
    if let Some(settings) = expected::configuration(arguments)? {
        let route = arguments.route.as_ref().and_then(|name| {
            let mut routes = settings.routes.iter();
            routes.find(|route| route.path == *name || converted::route_name(route) == *name)
        });
        let provider = match route {
            Some(route) => converted::provider_of(&settings, route),
            None => settings.providers.first(),
        };
        if let Some(provider) = provider {
            return assemble::metadata_url(provider)
                .map(Ok)
                .map_err(|error| Failure::new("find the provider's metadata", error));
        }
    }
    let Some(issuer) = token.text("iss") else {
        return Ok(Err(
            "the token names no issuer that could be asked".to_owned()
        ));
    };
    let issuer = issuer.trim_end_matches('/');
    Ok(address(&format!(
        "{issuer}/.well-known/openid-configuration"
    )))
}

/// An address that may be asked: over TLS, or on this machine.
fn address(text: &str) -> Result<Url, String> {
    let refused = |why: &str| format!("{}: {why}", shown(text));
    let url = Url::parse(text).map_err(|_| refused("this is no address"))?;
    let is_local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_local => Ok(url),
        _ => Err(refused("only https is asked, or http on this machine")),
    }
}

/// A client that fetches documents, one after the other.
struct Network {
    runtime: tokio::runtime::Runtime,
    transport: Arc<HttpTransport>,
}

impl Network {
    fn open(arguments: &ExplainArgs, first: &Url) -> Result<Self, Failure> {
        let failed = |error| Failure::Error {
            to: "set up the HTTP client",
            because: error,
            help: None,
        };
        let outbound = match expected::configuration(arguments)? {
            Some(settings) => assemble::outbound(&settings).map_err(failed)?,
            None => OutboundPlan {
                tls: Arc::new(client_tls(None).map_err(|error| failed(error.into()))?),
                proxy: None,
            },
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| failed(error.into()))?;
        let transport = {
            // The resolver wants a runtime around it.
            let _entered = runtime.enter();
            HttpTransport::new(&outbound, first).map_err(|error| failed(error.into()))?
        };
        Ok(Self {
            runtime,
            transport: Arc::new(transport),
        })
    }

    /// An answer, or in one line why there is none.
    fn fetch(&self, url: &Url) -> Result<ProviderAnswer, String> {
        let call = self.transport.call(ProviderCall::document(url.clone()));
        self.runtime
            .block_on(call)
            .map_err(|error| format!("{}: failed to {}", shown(url.as_str()), Chain(&error)))
    }
}
