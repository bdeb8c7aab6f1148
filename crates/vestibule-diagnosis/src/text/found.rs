//! Holds what was found in a text, and what can be asked of it.

use std::fmt;

use super::{Claimed, MAX_KEPT, MAX_VALUE_BYTES, Saying};
use vestibule_oidc::microsoft::is_graph_host;

use crate::evidence::{
    Callback, Head, Probe, ProbeOutcome, ProbeTarget, Product, ProviderError, Role, Token,
    TokenResponse, host_of,
};

/// How the functions of Apache's module are called that write into its log, whatever stands before them.
const APACHE_FUNCTIONS: &[&str] = &[
    "oidc_authorization_request",
    "oidc_authz_",
    "oidc_cache_",
    "oidc_check_cookie_domain",
    "oidc_get_remote_user",
    "oidc_jwt_",
    "oidc_metadata_",
    "oidc_oauth_",
    "oidc_proto_",
    "oidc_response_",
    "oidc_restore_proto_state",
    "oidc_unsolicited_proto_state",
    "oidc_util_",
    "oidc_validate_",
];
/// What was found in a text.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Found {
    /// The numbers of `AADSTS` codes, each once, in order.
    pub aadsts: Vec<u32>,
    /// Codes of others, each once, in order: `IDX10214`, `IDW10201`, `AADB2C90118`, `MSIS9921`.
    pub codes: Vec<String>,
    /// The codes that the text only talks about, each once; they are in no other list.
    pub mentioned: Vec<String>,
    /// Our own codes, each once, in order: of our error pages, our log, an issue somebody wrote.
    pub own: Vec<&'static str>,
    /// The codes of our own error answers, each once: see [`crate::error_code`].
    pub error_codes: Vec<&'static str>,
    /// GUIDs, each once, in order.
    pub guids: Vec<String>,
    /// Addresses without query and fragment, each once, in order.
    pub urls: Vec<String>,
    /// Application ID URIs and scopes that begin with `api://`, each once, in order.
    pub api_uris: Vec<String>,
    /// Values in quotation marks, each once, in order.
    pub quoted: Vec<String>,
    /// The correlation id of Entra's errors.
    pub correlation_id: Option<String>,
    /// Their trace id.
    pub trace_id: Option<String>,
    /// Their timestamp.
    pub timestamp: Option<String>,
    /// An error: of a JSON object, or of a callback's address.
    pub error: Option<ProviderError>,
    /// A callback's address.
    pub callback: Option<Callback>,
    /// An answer of a token endpoint.
    pub token_response: Option<TokenResponse>,
    /// Tokens.
    pub tokens: Vec<Token>,
    /// What known phrases of programs mean.
    pub sayings: Vec<Saying>,
    /// What a verifier says that it compared.
    pub claimed: Claimed,
    /// An API's answer that asks for a token with more claims.
    pub refusal: Option<Head>,
    /// Whether the text was longer than what is read.
    pub is_cut: bool,
    pub(super) lower: Lower,
}

impl Found {
    /// Whether the text says this, whatever the case.
    pub fn says(&self, words: &str) -> bool {
        self.lower.0.contains(&words.to_ascii_lowercase())
    }

    /// Whether the text says any of these.
    pub fn says_any(&self, words: &[&str]) -> bool {
        words.iter().any(|words| self.says(words))
    }

    /// The word right after these ones, in lower case, without quotation marks and punctuation.
    pub fn word_after(&self, words: &str) -> Option<&str> {
        self.words_after(words).next()
    }

    /// The same, for each place where these words stand.
    pub fn words_after<'a>(&'a self, words: &str) -> impl Iterator<Item = &'a str> {
        let words = words.to_ascii_lowercase();
        let mut rest = self.lower.0.as_str();
        let mut left = MAX_KEPT;
        std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let (_, after) = rest.split_once(&words)?;
            rest = after;
            Some(after)
        })
        .filter_map(first_word)
    }

    /// What stands between these words, in lower case, where they stand last.
    pub(crate) fn between(&self, before: &str, after: &str) -> Option<&str> {
        let (text, _) = self.lower.0.rsplit_once(after)?;
        let (_, found) = text.rsplit_once(before)?;
        (found.len() <= MAX_VALUE_BYTES).then_some(found)
    }

    /// The first token that is not said to be an ID token.
    pub fn access_token(&self) -> Option<&Token> {
        self.tokens.iter().find(|token| token.role != Role::Id)
    }

    /// The first token that is said to be an ID token.
    pub fn id_token(&self) -> Option<&Token> {
        self.tokens.iter().find(|token| token.role == Role::Id)
    }

    /// Whether Apache's module wrote it, so that its directives help more than our keys.
    pub fn is_apache(&self) -> bool {
        self.says_any(&["auth_openidc:", "mod_auth_openidc", "ah01631"])
            || (self.says("oidc_") && self.says("[pid "))
            || self.says_any(APACHE_FUNCTIONS)
            || self.says_any(&[
                "oidcredirecturi ",
                "oidcprovidermetadataurl ",
                "oidcclientid ",
                "oidcclientsecret ",
                "oidcscope ",
                "oidccryptopassphrase ",
            ])
    }

    /// Whether oauth2-proxy wrote it.
    pub fn is_oauth2_proxy(&self) -> bool {
        self.says_any(&[
            "oauthproxy.go",
            "oauth2-proxy",
            "oauth2 proxy",
            "oauth2_proxy",
        ])
    }

    /// What a log says of the way to the provider: only of an address that shows itself to be one.
    pub(crate) fn probe(&self) -> Option<Probe> {
        let url = self.urls.iter().find(|url| {
            url.contains("/.well-known/")
                || url.contains("/discovery/")
                || Product::of_url(url).is_some()
                || host_of(url).is_some_and(is_graph_host)
        });
        let url = url.cloned().or_else(|| self.looked_up())?;
        let outcome = self.sayings.iter().find_map(|saying| match saying {
            Saying::NoSuchHost => Some(ProbeOutcome::NoSuchHost),
            Saying::NoConnection => Some(ProbeOutcome::NoConnection),
            Saying::TimedOut => Some(ProbeOutcome::TimedOut),
            Saying::Tls => Some(ProbeOutcome::Tls {
                detail: "the certificate is not trusted".to_owned(),
                certificate: None,
            }),
            _ => None,
        })?;
        Some(Probe::new(ProbeTarget::Metadata, url, outcome))
    }

    /// The address of a provider's host that could not be looked up, where no address is written.
    fn looked_up(&self) -> Option<String> {
        const BEFORE: [&str; 7] = [
            "no resolver defined to resolve ",
            "httpsconnectionpool(host=",
            "lookup ",
            "enotfound ",
            "could not resolve host: ",
            "unknownhostexception: ",
            "failed to resolve ",
        ];
        let hosts = BEFORE.iter().flat_map(|words| self.words_after(words));
        hosts
            .map(|host| format!("https://{}/", host.split(':').next().unwrap_or(host)))
            .find(|url| Product::of_url(url).is_some())
    }

    /// Whether there is something in it that can be told of without a finding: a token, a callback, an answer.
    pub fn is_understood(&self) -> bool {
        let failed = self
            .callback
            .as_ref()
            .is_some_and(|callback| callback.has("error"));
        self.token_response.is_some()
            || !self.tokens.is_empty()
            || self.callback.is_some() && !failed
            || !self.own.is_empty()
            || !self.error_codes.is_empty()
    }

    /// Whether nothing was recognised.
    pub fn is_empty(&self) -> bool {
        self.aadsts.is_empty()
            && self.codes.is_empty()
            && self.mentioned.is_empty()
            && self.own.is_empty()
            && self.error_codes.is_empty()
            && self.error.is_none()
            && self.callback.is_none()
            && self.token_response.is_none()
            && self.tokens.is_empty()
            && self.sayings.is_empty()
            && self.claimed.is_empty()
    }
}

/// The first word of a text, without quotation marks and punctuation.
fn first_word(rest: &str) -> Option<&str> {
    let marks = |char: char| {
        matches!(
            char,
            '"' | '\'' | '`' | ',' | ';' | ':' | '(' | ')' | '=' | '.'
        )
    };
    let word = rest
        .split(char::is_whitespace)
        .map(|word| word.trim_matches(marks))
        .find(|word| !word.is_empty())?;
    Some(word.get(..MAX_VALUE_BYTES).unwrap_or(word))
}

/// The text in lower case, without what is secret in it. Only to be searched.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Lower(pub(super) String);

impl fmt::Debug for Lower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} bytes)", self.0.len())
    }
}
