//! Holds what the provider publishes and answers: metadata, keys, tokens' answer, errors.

use serde_json::{Map, Value};
use vestibule_oidc::time::UnixTime;

/// The metadata document.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Metadata {
    /// Where it was fetched from.
    pub url: Option<String>,
    /// Its members, as found.
    pub members: Map<String, Value>,
}

impl Metadata {
    /// The document of this address.
    pub fn new(url: impl Into<String>, members: Map<String, Value>) -> Self {
        Self {
            url: Some(url.into()),
            members,
        }
    }

    /// A member that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name)?.as_str()
    }

    /// A member that is a list of texts; `None` if it is missing.
    pub fn list(&self, name: &str) -> Option<Vec<&str>> {
        let items = self.members.get(name)?.as_array()?;
        Some(items.iter().filter_map(Value::as_str).collect())
    }
}

/// The answer of `jwks_uri`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Keys {
    /// Where it was fetched from.
    pub url: Option<String>,
    /// When.
    pub fetched_at: Option<UnixTime>,
    /// Whether it was fetched again after a key was missing.
    pub fetched_again: Option<bool>,
    /// The answer's status.
    pub status: Option<u16>,
    /// The answer's `Content-Type`.
    pub content_type: Option<String>,
    /// The first character of an answer that is no key set.
    pub first_char: Option<char>,
    /// The keys; `None` if the answer was no key set.
    pub keys: Option<Vec<Key>>,
    /// The `kid`s that `?appid=` adds; `None` if nobody asked.
    pub app_kids: Option<Vec<String>>,
    /// The app that was asked about.
    pub app_id: Option<String>,
}

/// One key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Key {
    /// `kid`.
    pub kid: Option<String>,
    /// `x5t`.
    pub x5t: Option<String>,
    /// `kty`.
    pub kty: Option<String>,
    /// `issuer`, which Entra's v2.0 keys have.
    pub issuer: Option<String>,
    /// `cloud_instance_name`, which some of Entra's have.
    pub cloud: Option<String>,
}

impl Keys {
    /// What an answer of `jwks_uri` holds.
    pub fn read(body: &[u8]) -> Self {
        let value: Option<Value> = serde_json::from_slice(body).ok();
        let keys = value
            .as_ref()
            .and_then(|value| value.get("keys")?.as_array());
        Self {
            first_char: String::from_utf8_lossy(body.get(..16).unwrap_or(body))
                .trim_start()
                .chars()
                .next(),
            keys: keys.map(|keys| keys.iter().map(Key::read).collect()),
            ..Self::default()
        }
    }

    /// The key of this `kid`, or with this thumbprint as `x5t`.
    pub fn find(&self, kid: &str) -> Option<&Key> {
        self.keys
            .as_ref()?
            .iter()
            .find(|key| key.kid.as_deref() == Some(kid))
    }
}

impl Key {
    fn read(value: &Value) -> Self {
        let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
        Self {
            kid: text("kid"),
            x5t: text("x5t"),
            kty: text("kty"),
            issuer: text("issuer"),
            cloud: text("cloud_instance_name"),
        }
    }
}

/// What a token request was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Grant {
    /// A code was redeemed.
    Code,
    /// A refresh.
    Refresh,
    /// Client credentials.
    ClientCredentials,
    /// The device flow.
    Device,
    /// On behalf of somebody.
    OnBehalfOf,
    /// A token to ask Microsoft Graph for groups with.
    Groups,
}

/// What was asked of the token endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asked {
    /// The grant.
    pub grant: Option<Grant>,
    /// The scopes.
    pub scopes: Option<Vec<String>>,
    /// The `redirect_uri` of the authorization request.
    pub redirect_uri_at_start: Option<String>,
    /// The `redirect_uri` of the token request.
    pub redirect_uri_at_redemption: Option<String>,
}

/// The token endpoint's answer, without its tokens.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct TokenResponse {
    /// What was asked.
    pub asked: Asked,
    /// The names of its members.
    pub members: Vec<String>,
    /// `token_type`.
    pub token_type: Option<String>,
    /// `expires_in`, as it came.
    pub expires_in: Option<Value>,
    /// `scope`.
    pub scope: Option<String>,
}

impl TokenResponse {
    /// What an answer holds, without its tokens.
    pub fn read(members: &Map<String, Value>) -> Self {
        let text = |name: &str| members.get(name)?.as_str().map(str::to_owned);
        Self {
            asked: Asked::default(),
            members: members.keys().cloned().collect(),
            token_type: text("token_type"),
            expires_in: members.get("expires_in").cloned(),
            scope: text("scope"),
        }
    }

    /// Whether it has this member.
    pub fn has(&self, name: &str) -> bool {
        self.members.iter().any(|member| member == name)
    }
}

/// An error the provider sent or showed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProviderError {
    /// `error`.
    pub error: Option<String>,
    /// `error_description`.
    pub description: Option<String>,
    /// The numbers of its `AADSTS` codes.
    pub aadsts: Vec<u32>,
    /// Other codes, as `AADB2C90118` or `MSIS9921`.
    pub codes: Vec<String>,
    /// `suberror`.
    pub suberror: Option<String>,
    /// `claims`: what a new sign-in has to ask for.
    pub claims: Option<String>,
    /// `correlation_id`.
    pub correlation_id: Option<String>,
    /// `trace_id`.
    pub trace_id: Option<String>,
    /// `timestamp`.
    pub timestamp: Option<String>,
    /// What was asked when it came.
    pub grant: Option<Grant>,
}

impl ProviderError {
    /// The members of an error as JSON.
    pub fn read(members: &Map<String, Value>) -> Self {
        let text = |name: &str| members.get(name)?.as_str().map(str::to_owned);
        let numbers = members.get("error_codes").and_then(Value::as_array);
        let aadsts = numbers
            .into_iter()
            .flatten()
            .filter_map(|number| u32::try_from(number.as_u64()?).ok())
            .collect();
        let found = Self {
            suberror: text("suberror"),
            claims: text("claims"),
            correlation_id: text("correlation_id"),
            trace_id: text("trace_id"),
            timestamp: text("timestamp"),
            aadsts,
            ..Self::default()
        };
        found.described(text("error"), text("error_description"))
    }

    /// An error of a callback or a log: its name and its description.
    pub fn new(error: impl Into<String>, description: Option<&str>) -> Self {
        Self::default().described(Some(error.into()), description.map(str::to_owned))
    }

    fn described(mut self, error: Option<String>, description: Option<String>) -> Self {
        if let Some(text) = &description {
            let codes = crate::text::codes(text);
            for number in codes.aadsts {
                if !self.aadsts.contains(&number) {
                    self.aadsts.push(number);
                }
            }
            self.codes = codes.other;
            let named = |name| crate::text::value_after(text, name);
            self.correlation_id = self.correlation_id.or_else(|| named("Correlation ID:"));
            self.trace_id = self.trace_id.or_else(|| named("Trace ID:"));
            self.timestamp = self.timestamp.or_else(|| named("Timestamp:"));
        }
        self.error = error;
        self.description = description;
        self
    }
}
