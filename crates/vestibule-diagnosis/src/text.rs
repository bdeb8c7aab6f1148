//! Finds in pasted text what a diagnosis can use: codes, ids, addresses, errors, answers, tokens, and
//! phrases that programs are known to write.
//!
//! The text can be anything: an error page, a log, a callback's address, an answer of the token
//! endpoint. At most [`MAX_BYTES`] of it are read, each part of it a bounded number of times. What is
//! kept holds no token and no code.

mod challenge;
mod claimed;
mod code;
mod json;
mod phrase;
mod query;
mod saying;

pub use claimed::Claimed;
pub use code::Codes;
pub(crate) use code::{codes, value_after};
pub use saying::Saying;

use std::borrow::Cow;
use std::fmt;

use url::form_urlencoded;
use vestibule_oidc::access_token::{TokenShape, classify};
use vestibule_oidc::microsoft::TenantId;

use crate::error_code;
use crate::evidence::{
    Callback, Head, Probe, ProbeOutcome, ProbeTarget, Product, ProviderError, Role, Token,
    TokenResponse,
};
use crate::shown::{behind_tail, is_secret, without_user};

/// How much of a text is read.
pub const MAX_BYTES: usize = 256 << 10;
/// How many of each kind are kept.
const MAX_KEPT: usize = 32;
/// How many tokens are looked into.
const MAX_TOKENS: usize = 8;
/// How many strings an object may be in.
const MAX_STRINGS: usize = 3;
/// How the functions of Apache's module are called that write into its log, whatever stands before them.
const APACHE_FUNCTIONS: &[&str] = &[
    "oidc_authorization_request",
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
/// The longest address, quoted value or id kept.
const MAX_VALUE_BYTES: usize = 512;

/// What was found in a text.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Found {
    /// The numbers of `AADSTS` codes, each once, in order.
    pub aadsts: Vec<u32>,
    /// Codes of others, each once, in order: `IDX10214`, `IDW10201`, `AADB2C90118`, `MSIS9921`.
    pub codes: Vec<String>,
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
    lower: Lower,
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
        self.says_any(&["auth_openidc:", "mod_auth_openidc"])
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
        const BEFORE: [&str; 6] = [
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
struct Lower(String);

impl fmt::Debug for Lower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} bytes)", self.0.len())
    }
}

/// Finds what there is in a text.
pub fn read(text: &str) -> Found {
    let mut found = Found {
        is_cut: text.len() > MAX_BYTES,
        ..Found::default()
    };
    let text = unescape(bounded(text, MAX_BYTES));
    found.claimed = claimed::read(&text);

    let codes = code::codes(&text);
    found.aadsts = codes.aadsts;
    found.codes = codes.other;
    found.own = code::own(&text);
    found.error_codes = error_code::in_text(&text);
    found.correlation_id = code::value_after(&text, "Correlation ID:");
    // Entra's page calls it the request's.
    let trace_id = || code::value_after(&text, "Request Id:");
    found.trace_id = code::value_after(&text, "Trace ID:").or_else(trace_id);
    found.timestamp = code::value_after(&text, "Timestamp:");

    for number in code::of_sign_in_log(&text) {
        if !found.aadsts.contains(&number) {
            found.aadsts.push(number);
        }
    }
    let mut text = json::read(&text, &mut found);
    // An object within a string, as logs and shells write one, and that once more.
    for _ in 0..MAX_STRINGS {
        if found.error.is_some() || found.token_response.is_some() || !text.contains("{\\\"") {
            break;
        }
        text = json::read(&json::unescaped(&text), &mut found);
    }
    // An answer of the token endpoint is more than the tokens in it.
    let in_json = !found.tokens.is_empty();
    for word in text.split(is_boundary) {
        query::read(word, &mut found);
        keep_address(word, &mut found);
        if let Some(number) = number_of_page(word)
            && !found.aadsts.contains(&number)
        {
            found.aadsts.push(number);
        }
    }
    challenge::read(&text, &mut found);
    if found.error.is_none() {
        found.error = query::plain(&text);
    }
    found.quoted = quoted(&text);
    found.lower = Lower(runs(&text, !in_json, &mut found));

    // A description in an address or an object is encoded; its codes are found only there.
    if let Some(error) = &found.error {
        for number in &error.aadsts {
            if !found.aadsts.contains(number) {
                found.aadsts.push(*number);
            }
        }
        for code in &error.codes {
            keep(&mut found.codes, code);
        }
        found.correlation_id = found
            .correlation_id
            .or_else(|| error.correlation_id.clone());
        found.trace_id = found.trace_id.or_else(|| error.trace_id.clone());
        found.timestamp = found.timestamp.or_else(|| error.timestamp.clone());
        if let Some(description) = &error.description {
            for value in quoted(description) {
                keep(&mut found.quoted, &value);
            }
            for run in description.split(|char| !is_run_char(char)) {
                keep_guid(run, &mut found.guids);
            }
            found.lower.0.push('\n');
            found.lower.0.push_str(&description.to_ascii_lowercase());
        }
    }
    found.sayings = saying::sayings(&found.lower.0);
    found
}

/// Goes over the runs of token characters: keeps GUIDs and tokens, and returns the text in lower
/// case with what is secret taken out.
fn runs(text: &str, tokens_too: bool, found: &mut Found) -> String {
    let mut lower = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_run_char) {
        let (before, from) = rest.split_at(start);
        lower.push_str(&before.to_ascii_lowercase());
        let end = from.find(|char| !is_run_char(char)).unwrap_or(from.len());
        let (run, after) = from.split_at(end);
        rest = after;
        keep_guid(run, &mut found.guids);
        if run.len() >= 16 && is_secret(run) {
            if tokens_too && found.tokens.len() < MAX_TOKENS && is_token(run) {
                // A code and a refresh token are where they belong: they are nobody's access token.
                // What is only alike a token's beginning is one where a token belongs.
                let token = Token::of(run);
                let alike = matches!(&token.shape, TokenShape::TruncatedJwt { header } if header.is_empty())
                    || matches!(
                        token.shape,
                        TokenShape::DamagedJwt { .. }
                            | TokenShape::LowerCaseJwt
                            | TokenShape::EntraClientSecret
                    );
                if let Some(role) = role_behind(&lower)
                    && !(alike && role == Role::Unknown)
                {
                    found.tokens.push(token.role(role));
                }
            }
            lower.push_str("(secret)");
            rest = behind_tail(rest);
        } else {
            lower.push_str(&run.to_ascii_lowercase());
        }
    }
    lower.push_str(&rest.to_ascii_lowercase());
    lower
}

/// What a token is used as, by the words before it; `None` for what is no access and no ID token.
fn role_behind(before: &str) -> Option<Role> {
    let before = before.trim_end_matches(['"', '\'', ' ', ':', '=']);
    // Only in an address or a form is a bare `code` a parameter.
    let name = before
        .rsplit(|char: char| !char.is_ascii_alphanumeric() && !matches!(char, '_' | '-'))
        .next()
        .unwrap_or_default();
    match name {
        "code" | "refresh_token" | "refreshtoken" | "state" | "session_state" | "client_info"
        | "claims" | "client_assertion" | "client_secret" => None,
        "id_token" | "id_token_hint" | "oidc_id_token" => Some(Role::Id),
        "bearer"
        | "access_token"
        | "oidc_access_token"
        | "x-forwarded-access-token"
        | "x-auth-request-access-token"
        | "x-ms-token-aad-access-token" => Some(Role::Access),
        _ => Some(Role::Unknown),
    }
}

/// The number in the address of Microsoft's page for it: `…/error?code=50011`.
fn number_of_page(word: &str) -> Option<u32> {
    let (_, digits) = word.split_once("error?code=")?;
    let end = digits
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(digits.len());
    let digits = digits.get(..end).filter(|digits| digits.len() >= 4)?;
    digits.parse().ok()
}

fn is_token(run: &str) -> bool {
    !matches!(classify(run), TokenShape::Empty | TokenShape::Opaque { .. })
}

const fn is_run_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-' | '~')
}

/// What ends an address or a query in a text.
fn is_boundary(char: char) -> bool {
    char.is_whitespace() || matches!(char, '"' | '\'' | '`' | '<' | '>' | '(' | ')' | '[' | ']')
}

fn keep_address(word: &str, found: &mut Found) {
    for scheme in ["https://", "http://", "api://"] {
        let Some(start) = word.find(scheme) else {
            continue;
        };
        let list = match scheme {
            "api://" => &mut found.api_uris,
            _ => &mut found.urls,
        };
        let address = word.get(start..).unwrap_or_default();
        let end = |char| matches!(char, '?' | '#' | ',' | ';' | '{' | '}' | '&');
        let address = address.split(end).next().unwrap_or_default();
        let address = without_user(address.trim_end_matches(['.', ':', '\\']));
        keep(list, &address);
    }
}

fn keep_guid(run: &str, guids: &mut Vec<String>) {
    for part in run.split(['.', '_', '~']) {
        if let Some(id) = TenantId::parse(part) {
            keep(guids, id.as_str());
        }
    }
}

fn keep(list: &mut Vec<String>, value: &str) {
    let new = !value.is_empty() && !list.iter().any(|kept| kept == value);
    if new && list.len() < MAX_KEPT && value.len() <= MAX_VALUE_BYTES {
        list.push(value.to_owned());
    }
}

/// Values between two equal quotation marks on one line, if they are no secrets.
fn quoted(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        for mark in ['\'', '"', '`'] {
            for value in line.split(mark).skip(1).step_by(2) {
                let is_query = ["code=", "state=", "token=", "secret="]
                    .iter()
                    .any(|name| value.contains(name));
                if value.len() <= MAX_VALUE_BYTES
                    && !is_query
                    && without_user(value) == value
                    && !value.split(|char| !is_run_char(char)).any(is_secret)
                {
                    keep(&mut found, value.trim());
                }
            }
        }
    }
    found
}

/// The few entities and escapes that stand in copied pages and logs.
fn unescape(text: &str) -> String {
    let text = &decoded_addresses(text);
    if !text.contains(['&', '\\', '<']) {
        return text.to_string();
    }
    // A word ends where a tag of HTML begins or ends.
    let text = match text.contains("</") || text.contains("<br") {
        true => text.replace('<', " <").replace('>', "> "),
        false => text.to_string(),
    };
    text.replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
        .replace("\\u0027", "'")
        .replace("\\/", "/")
}

/// How the beginning of an address looks in one that carries it as a parameter.
const ENCODED_ADDRESS: &str = "%3a%2f%2f";

/// A text whose addresses that were percent-encoded as a whole are written out.
fn decoded_addresses(text: &str) -> Cow<'_, str> {
    if !text.to_ascii_lowercase().contains(ENCODED_ADDRESS) {
        return Cow::Borrowed(text);
    }
    let is_whole = |word: &str| {
        let lower = word.to_ascii_lowercase();
        ["https", "http"].iter().any(|scheme| {
            lower
                .strip_prefix(scheme)
                .is_some_and(|rest| rest.starts_with(ENCODED_ADDRESS))
        })
    };
    let words = text.split_inclusive(char::is_whitespace);
    let decoded = words.map(|word| {
        let whole = is_whole(word) && !word.contains(['&', '=']);
        let mut pairs = form_urlencoded::parse(word.as_bytes());
        match pairs.next().filter(|_| whole) {
            Some((address, _)) => address,
            None => Cow::Borrowed(word),
        }
    });
    Cow::Owned(decoded.collect())
}

fn bounded(text: &str, max_bytes: usize) -> &str {
    if text.len() <= max_bytes {
        return text;
    }
    let mut end = max_bytes;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests;
