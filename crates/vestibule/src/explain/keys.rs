//! Fetches the keys a signature is verified with: from a file, from an address, or from where the token's issuer
//! publishes them. Only when asked to; the token goes nowhere.

use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;

use serde_json::Value;
use url::Url;
use vestibule_diagnosis::evidence::{self, Metadata, Token};
use vestibule_oidc::jose::{KeySet, key_set};
use vestibule_oidc::json;
use vestibule_proxy::provider::HttpTransport;
use vestibule_proxy::provider::call::{ProviderAnswer, ProviderCall, Transport as _};
use vestibule_proxy::provider::outbound::{OutboundPlan, client_tls};

use super::Failure;
use super::expected;
use crate::cli::ExplainArgs;
use crate::{assemble, evidence as converted};

/// Keys, as far as there were any.
#[derive(Debug)]
pub(super) struct Keys {
    /// The keys; none if the answer was no key set.
    pub(super) set: Option<KeySet>,
    /// What the diagnosis is told of them.
    pub(super) evidence: evidence::Keys,
    /// The metadata that named them.
    pub(super) metadata: Option<Metadata>,
    /// Where they come from, in a sentence.
    pub(super) from: String,
}

/// The largest file of keys.
const MAX_BYTES: u64 = key_set::MAX_BYTES as u64;

/// The keys the command line asks for, if it asks for any.
pub(super) fn keys(arguments: &ExplainArgs, token: &str) -> Result<Option<Keys>, Failure> {
    match (&arguments.jwks, arguments.online) {
        (None, false) => Ok(None),
        (Some(place), _) if place.starts_with("https://") || place.starts_with("http://") => {
            let url = address(place)?;
            let network = Network::open(arguments, &url)?;
            let answer = network.fetch(&url)?;
            Ok(Some(of_answer(&url, &answer, None)))
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
                evidence: evidence::Keys::read(&bytes),
                metadata: None,
                from: path.clone(),
            }))
        }
        (None, true) => online(arguments, token).map(Some),
    }
}

/// The metadata of the configured provider, or of the token's own issuer; then the keys it names.
fn online(arguments: &ExplainArgs, token: &str) -> Result<Keys, Failure> {
    let url = metadata_url(arguments, token)?;
    let network = Network::open(arguments, &url)?;
    let answer = network.fetch(&url)?;
    let members = match json::parse_object(&answer.body, ProviderCall::DOCUMENT_MAX_BYTES) {
        Ok(members) if answer.status == 200 => members,
        _ => {
            let status = answer.status;
            let error = format!("{url} answered with status {status}, and no metadata");
            return Err(Failure::new("read the issuer's metadata", error));
        }
    };
    let Some(place) = members.get("jwks_uri").and_then(Value::as_str) else {
        let error = format!("{url} names no `jwks_uri`");
        return Err(Failure::new("read the issuer's metadata", error));
    };
    let keys = address(place)?;
    let answer = network.fetch(&keys)?;
    Ok(of_answer(
        &keys,
        &answer,
        Some(Metadata::new(url.as_str(), members)),
    ))
}

fn of_answer(url: &Url, answer: &ProviderAnswer, metadata: Option<Metadata>) -> Keys {
    let mut found = evidence::Keys::read(&answer.body);
    found.url = Some(url.to_string());
    found.status = Some(answer.status);
    found.content_type.clone_from(&answer.content_type);
    Keys {
        set: KeySet::parse(&answer.body)
            .ok()
            .filter(|_| answer.status == 200),
        evidence: found,
        metadata,
        from: url.to_string(),
    }
}

/// The metadata of the configured provider comes first: whom the file trusts is not for a token to say.
fn metadata_url(arguments: &ExplainArgs, token: &str) -> Result<Url, Failure> {
    if let Some(path) = &arguments.config {
        let settings = expected::configuration(path)?;
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
                .map_err(|error| Failure::new("find the provider's metadata", error));
        }
    }
    let claims = Token::of(token);
    let Some(issuer) = claims.text("iss") else {
        let error = "the token names no issuer that could be asked";
        return Err(Failure::new("find the keys", error).help("name them: --jwks FILE or URL"));
    };
    address(&format!(
        "{}/.well-known/openid-configuration",
        issuer.trim_end_matches('/')
    ))
}

/// An address that may be asked: over TLS, or on this machine.
fn address(text: &str) -> Result<Url, Failure> {
    let refused = |why: &str| Failure::new("ask for the keys", format!("{text:.200}: {why}"));
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
        let outbound = match &arguments.config {
            Some(path) => assemble::outbound(&expected::configuration(path)?).map_err(failed)?,
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

    fn fetch(&self, url: &Url) -> Result<ProviderAnswer, Failure> {
        let call = self.transport.call(ProviderCall::document(url.clone()));
        self.runtime
            .block_on(call)
            .map_err(|error| Failure::new("fetch the keys", format!("{url}: {error}")))
    }
}
