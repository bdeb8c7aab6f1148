//! Finds what Entra's sentences name: the app, the redirect URI, the scope, the resource, the tenant, a parameter.

use vestibule_oidc::microsoft::TenantId;

use super::client::{SOMEWHERE, secret_from};
use crate::Evidence;
use crate::cure::login_host;
use crate::evidence::AskedToken;
use crate::shown::{is_secret, shown};

/// The longest value taken from a sentence.
const MAX_VALUE_BYTES: usize = 256;

/// What a message and the settings name, the message first.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The client id.
    pub(super) app: Option<String>,
    /// The redirect URI.
    pub(super) redirect_uri: Option<String>,
    /// The scope.
    pub(super) scope: Option<String>,
    /// The resource: an Application ID URI or an id.
    pub(super) resource: Option<String>,
    /// The tenant: an id or a domain.
    pub(super) tenant: Option<String>,
    /// The parameter that is missing.
    pub(super) parameter: Option<String>,
    /// The correlation id.
    pub(super) correlation_id: Option<String>,
    /// When it happened.
    pub(super) timestamp: Option<String>,
    /// Where the configuration says that the client secret is.
    pub(super) secret_from: Option<String>,
    /// The sign-in host of the cloud.
    pub(super) login_host: &'static str,
}

impl Said {
    /// What the evidence names.
    pub(super) fn of(evidence: &Evidence) -> Self {
        let provider = evidence.provider();
        let settings = evidence.settings.as_ref();
        let error = evidence.provider_error.as_ref();
        let text = evidence.text.as_ref();
        Self {
            app: message_app(evidence).or_else(|| provider?.client_id.clone()),
            redirect_uri: message_redirect_uri(evidence).or_else(|| settings?.redirect_uri.clone()),
            scope: message_scope(evidence).or_else(|| match evidence.route_settings()?.token {
                Some(AskedToken::Scope(ref scope)) => Some(scope.clone()),
                _ => None,
            }),
            resource: message_resource(evidence),
            tenant: message_tenant(evidence)
                .or_else(|| tenant_of(provider?.authority()?).map(str::to_owned)),
            parameter: message_parameter(evidence),
            correlation_id: error
                .and_then(|error| error.correlation_id.clone())
                .or_else(|| text?.correlation_id.clone()),
            timestamp: error
                .and_then(|error| error.timestamp.clone())
                .or_else(|| text?.timestamp.clone()),
            secret_from: secret_from(evidence),
            login_host: login_host(evidence),
        }
    }

    /// What an administrator looks the sign-in up by.
    pub(super) fn incident(&self) -> String {
        let id = self.correlation_id.as_deref().filter(|id| !is_secret(id));
        match (id, self.timestamp.as_deref()) {
            (Some(id), Some(time)) => format!("correlation ID {} at {}", shown(id), shown(time)),
            (Some(id), None) => format!("correlation ID {}", shown(id)),
            (None, Some(time)) => format!("time {}", shown(time)),
            (None, None) => "correlation ID and time of the message".to_owned(),
        }
    }

    /// `text` with each `{name}` filled in as a sentence says it, or as one speaks of what isn't known.
    pub(super) fn sentence(&self, text: &str) -> String {
        let value = |value: &Option<String>, otherwise: &str| match value {
            Some(value) => shown(value),
            None => otherwise.to_owned(),
        };
        fill(text, |name| match name {
            "app" => Some(value(&self.app, "of the message")),
            "redirect_uri" => Some(value(&self.redirect_uri, "the one of the message")),
            "scope" => Some(value(&self.scope, "the scope of the message")),
            "resource" => Some(value(&self.resource, "the resource of the message")),
            "tenant" => Some(value(&self.tenant, "of the people who sign in")),
            "parameter" => Some(value(&self.parameter, "the parameter of the message")),
            "incident" => Some(self.incident()),
            _ => None,
        })
    }

    /// A line to write, with each `{NAME}` filled in, or left as a word in capitals.
    pub(super) fn line(&self, text: &str) -> String {
        let value = |value: &Option<String>, otherwise: &str| {
            let plain = value.as_deref().filter(|value| is_plain(value));
            plain.unwrap_or(otherwise).to_owned()
        };
        let host = format!("https://{}/", self.login_host);
        let text = text.replace("https://login.microsoftonline.com/", &host);
        fill(&text, |name| match name {
            "SECRET-FROM" => {
                let from = self.secret_from.as_deref();
                Some(from.unwrap_or(SOMEWHERE).to_owned())
            }
            "CLIENT-ID" => Some(value(&self.app, "CLIENT-ID")),
            "TENANT-ID" => Some(value(&self.tenant, "TENANT-ID")),
            "SCOPE" => Some(value(&self.api_scope(), "api://API-ID/.default")),
            "REDIRECT-URI" => Some(value(
                &self.redirect_uri,
                "https://PUBLIC-HOST/.vestibule/callback",
            )),
            "REDIRECT-ORIGIN" => Some(value(
                &self.redirect_uri.as_deref().and_then(origin),
                "https://PUBLIC-HOST",
            )),
            _ => None,
        })
    }

    /// A documented form of the scope, or of the resource.
    fn api_scope(&self) -> Option<String> {
        let name = once(self.scope.as_ref().or(self.resource.as_ref())?);
        let whole = name
            .split_once("://")
            .is_some_and(|(_, rest)| rest.contains('/'));
        match () {
            () if whole => Some(name.to_owned()),
            () if name.contains("://") => Some(format!("{name}/.default")),
            () if TenantId::parse(name).is_some() => Some(format!("api://{name}/.default")),
            () => None,
        }
    }
}

/// An Application ID URI that was written twice over, once: `api://api://x` is `api://x`.
pub(super) fn once(name: &str) -> &str {
    let start = name.rfind("api://").unwrap_or(0);
    name.get(start..).unwrap_or(name)
}

/// The client id a message names.
pub(super) fn message_app(evidence: &Evidence) -> Option<String> {
    after(
        evidence,
        &[
            "configured for the application",
            "application with identifier",
            "application with id",
            "access the application",
            "added to app",
            "keys for app",
            "client app id:",
            "for the app",
            "application",
        ],
        |value| TenantId::parse(value).is_some(),
    )
    .or_else(|| only_id(evidence))
}

/// The one id of a message about an app that is neither the incident's nor the resource's nor the
/// tenant's: as in `the application Portal ('…')`.
fn only_id(evidence: &Evidence) -> Option<String> {
    if !evidence.says("application") {
        return None;
    }
    let error = evidence.provider_error.as_ref();
    let text = evidence.text.as_ref();
    let described = error
        .and_then(|error| error.description.as_deref())
        .unwrap_or_default();
    let in_description = described
        .split(|char: char| !char.is_ascii_alphanumeric() && char != '-')
        .filter(|word| TenantId::parse(word).is_some());
    let in_text = text
        .iter()
        .flat_map(|text| text.guids.iter().map(String::as_str));
    let others = [
        error.and_then(|error| error.correlation_id.clone()),
        error.and_then(|error| error.trace_id.clone()),
        text.and_then(|text| text.correlation_id.clone()),
        text.and_then(|text| text.trace_id.clone()),
        message_resource(evidence),
        message_tenant(evidence),
    ];
    let mut ids = in_description.chain(in_text).filter(|id| {
        !others
            .iter()
            .flatten()
            .any(|other| other.eq_ignore_ascii_case(id))
    });
    let first = ids.next()?;
    ids.all(|id| id.eq_ignore_ascii_case(first))
        .then(|| first.to_owned())
}

/// The redirect URI a message names.
pub(super) fn message_redirect_uri(evidence: &Evidence) -> Option<String> {
    after(
        evidence,
        &[
            "the redirect uri",
            "the reply url",
            "the reply address",
            "oidcredirecturi",
            "redirect_uri",
        ],
        |value| value.starts_with("http") && value.contains("://"),
    )
}

/// The scopes of OpenID's own.
const OF_OPENID: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// The scopes of a message that names several and says that they are not valid, without OpenID's own.
pub(super) fn refused_scopes(evidence: &Evidence) -> Vec<String> {
    let error = evidence.provider_error.as_ref();
    let described = error.and_then(|error| error.description.as_deref());
    let lines = evidence
        .text
        .iter()
        .flat_map(|text| text.between("the scope ", " is not valid"));
    let found =
        lines.chain(described.and_then(|text| between(text, "The scope ", " is not valid")));
    let words = found.flat_map(str::split_whitespace);
    let fits =
        |word: &&str| is_plain(word) && !OF_OPENID.contains(word) && word.len() <= MAX_VALUE_BYTES;
    let texts = evidence.text.as_ref();
    let as_written = |word: &str| {
        let known = texts
            .into_iter()
            .flat_map(|text| text.api_uris.iter().chain(&text.urls));
        let mut known = known.filter(|known| known.eq_ignore_ascii_case(word));
        known.next().map_or_else(|| word.to_owned(), String::clone)
    };
    words.filter(fits).map(as_written).collect()
}

/// What stands between these words, where they stand last.
fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (text, _) = text.rsplit_once(after)?;
    text.rsplit_once(before).map(|(_, found)| found)
}

/// The scope a message names.
pub(super) fn message_scope(evidence: &Evidence) -> Option<String> {
    if let Some(scope) = refused_scopes(evidence).into_iter().next() {
        return Some(scope);
    }
    after(
        evidence,
        &[
            "asked for scope",
            "is not valid. the scope",
            "isn't valid. the scope",
            "the scope",
            "parameter scope",
        ],
        |value| value.contains('/') || value.chars().all(is_scope_char),
    )
    .filter(|value| !matches!(value.as_str(), "is" | "requested" | "format" | "parameter"))
}

/// The resource a message names.
pub(super) fn message_resource(evidence: &Evidence) -> Option<String> {
    after(
        evidence,
        &[
            "resource principal named",
            "resource value from request:",
            "on the resource",
            "the resource",
        ],
        |value| value.contains("://") || TenantId::parse(value).is_some(),
    )
}

/// The parameter a message says is missing.
fn message_parameter(evidence: &Evidence) -> Option<String> {
    let is_name = |value: &str| {
        let ends = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase());
        value
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            && ends(value.bytes().next())
            && ends(value.bytes().last())
    };
    after(
        evidence,
        &["the following parameter:", "missing required parameter:"],
        is_name,
    )
}

/// The tenant a message names.
pub(super) fn message_tenant(evidence: &Evidence) -> Option<String> {
    after(
        evidence,
        &[
            "in the directory",
            "in the tenant named",
            "does not exist in tenant",
            "in the tenant",
            "tenant",
        ],
        |value| TenantId::parse(value).is_some() || is_domain(value),
    )
}

/// What a message says of the federated token that fits no credential: which claim, and its value.
pub(super) fn message_assertion(evidence: &Evidence) -> Option<(&'static str, String)> {
    let value = |words| after(evidence, &[words], |_| true);
    [
        ("issuer", "assertion issuer"),
        ("subject", "assertion subject"),
        ("audience", "assertion audience"),
    ]
    .into_iter()
    .find_map(|(name, words)| Some((name, value(words)?)))
}

/// The tenant in an authority's address: an id, a domain or one of the words for many.
pub(super) fn tenant_of(authority: &str) -> Option<&str> {
    let (_, rest) = authority.split_once("://")?;
    rest.split('/')
        .nth(1)
        .filter(|tenant| TenantId::parse(tenant).is_some() || is_domain(tenant))
}

fn is_domain(text: &str) -> bool {
    text.contains('.')
        && !text.starts_with('.')
        && !text.ends_with('.')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
}

const fn is_scope_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-' | ':')
}

/// Scheme, host and port.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    Some(format!("{scheme}://{host}"))
}

/// What may stand in a line to copy: one plain word.
fn is_plain(value: &str) -> bool {
    value.len() <= MAX_VALUE_BYTES
        && value
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`' | b'\\'))
        && !value
            .split(|char: char| !is_scope_char(char) && char != '~')
            .any(is_secret)
}

/// The first value that fits, behind one of these words.
fn after(evidence: &Evidence, words: &[&str], fits: impl Fn(&str) -> bool) -> Option<String> {
    let described = evidence
        .provider_error
        .as_ref()
        .and_then(|error| error.description.as_deref());
    let lower = described.map(str::to_ascii_lowercase);
    let of_description = |words: &str| {
        let (described, lower) = (described?, lower.as_deref()?);
        let start = lower.find(words)? + words.len();
        value_at(described.get(start..)?).map(str::to_owned)
    };
    let of_text = |words: &str| -> Vec<String> {
        let text = evidence.text.iter();
        text.flat_map(|text| text.words_after(words).map(move |word| (text, word)))
            .map(|(text, word)| {
                // `'…'(Portal)` and `…, got` end the value, too.
                let word = word.split(['(', ',']).next().unwrap_or(word);
                let word = word
                    .trim_matches(|char| matches!(char, '.' | '?' | '\'' | '"' | '`' | ')' | ','));
                let known = [&text.quoted, &text.urls, &text.api_uris, &text.guids];
                let written = known
                    .into_iter()
                    .flatten()
                    .find(|value| value.eq_ignore_ascii_case(word));
                written.map_or(word, String::as_str).to_owned()
            })
            .collect()
    };
    words
        .iter()
        .flat_map(|words| of_description(words).into_iter().chain(of_text(words)))
        .find(|value| value.len() <= MAX_VALUE_BYTES && is_plain(value) && fits(value))
}

/// A value in quotation marks, or the next word.
fn value_at(rest: &str) -> Option<&str> {
    let rest = rest.trim_start_matches([' ', ':', '\t']);
    for mark in ['\'', '"', '`'] {
        if let Some(quoted) = rest.strip_prefix(mark) {
            return quoted.split(mark).next();
        }
    }
    let word = rest.split(char::is_whitespace).next()?;
    let word = word.split('(').next()?;
    let word = word.trim_end_matches(['.', ',', ';', ')', '?']);
    (!word.is_empty()).then_some(word)
}

/// Replaces each `{name}` that `value` knows; other braces stay.
fn fill(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some((before, from)) = rest.split_once('{') {
        filled.push_str(before);
        match from
            .split_once('}')
            .and_then(|(name, after)| Some((value(name)?, after)))
        {
            Some((value, after)) => {
                filled.push_str(&value);
                rest = after;
            }
            None => {
                filled.push('{');
                rest = from;
            }
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "59d7f244-6541-464b-9ea4-6cdba60509b1";

    #[test]
    fn what_a_sentence_names_is_found_in_its_own_case() {
        let text = format!(
            "AADSTS50011: The redirect URI 'https://portal.example.com/Cb' specified in the request \
             does not match the redirect URIs configured for the application '{APP}'. Trace ID: \
             0000aaaa-11bb-cccc-dd33-eeeeee333333 Correlation ID: aaaa0000-bb11-2222-33cc-444444dddddd \
             Timestamp: 2024-01-09 02:02:12Z"
        );
        let error = crate::testing::evidence(|evidence| {
            evidence.provider_error = Some(crate::evidence::ProviderError::new(
                "invalid_request",
                Some(&text),
            ));
        });
        for evidence in [Evidence::of_text(&text), error] {
            let said = Said::of(&evidence);
            assert_eq!(said.app.as_deref(), Some(APP));
            assert_eq!(
                said.redirect_uri.as_deref(),
                Some("https://portal.example.com/Cb")
            );
            assert!(
                said.incident()
                    .contains("aaaa0000-bb11-2222-33cc-444444dddddd")
            );
            assert_eq!(
                said.line("public_url = \"{REDIRECT-ORIGIN}\""),
                "public_url = \"https://portal.example.com\""
            );
        }
    }

    #[test]
    fn scopes_resources_and_tenants_are_found() {
        let said = |text: &str| Said::of(&Evidence::of_text(text));
        let one = said(
            "AADSTS650053: The application 'Portal' asked for scope 'groups' that doesn't exist on the resource '00000003-0000-0000-c000-000000000000'.",
        );
        assert_eq!(one.scope.as_deref(), Some("groups"));
        assert_eq!(
            one.resource.as_deref(),
            Some("00000003-0000-0000-c000-000000000000")
        );
        let two = said(
            "AADSTS500011: The resource principal named api://9e59d98b-d747-4a9a-96fd-178f04d08b02 was not found in the tenant named contoso.onmicrosoft.com.",
        );
        assert_eq!(
            two.resource.as_deref(),
            Some("api://9e59d98b-d747-4a9a-96fd-178f04d08b02")
        );
        assert_eq!(two.tenant.as_deref(), Some("contoso.onmicrosoft.com"));
        assert_eq!(
            two.line("{SCOPE}"),
            "api://9e59d98b-d747-4a9a-96fd-178f04d08b02/.default"
        );
        assert_eq!(
            said("AADSTS70011").line("{SCOPE} {TENANT-ID} {x"),
            "api://API-ID/.default TENANT-ID {x"
        );
    }

    #[test]
    fn an_app_named_behind_its_display_name_is_found() {
        let said = |text: &str| Said::of(&Evidence::of_text(text)).app;
        let text = format!(
            "AADSTS50105: Your administrator has configured the application Portal ('{APP}') to block \
             users. Trace ID: 0000aaaa-11bb-cccc-dd33-eeeeee333333 Correlation ID: \
             aaaa0000-bb11-2222-33cc-444444dddddd"
        );
        assert_eq!(said(&text).as_deref(), Some(APP));
        assert_eq!(
            said(&format!("{text} 9e59d98b-d747-4a9a-96fd-178f04d08b02")),
            None
        );
    }

    /// What is written out is of the cloud that is configured, and no URI twice over.
    #[test]
    fn lines_are_of_the_configured_cloud() {
        let mut evidence = Evidence::of_text(
            "AADSTS500011: The resource principal named api://api://9e59d98b-d747-4a9a-96fd-178f04d08b02 was not found",
        );
        crate::testing::provider(&mut evidence).issuer =
            Some("https://login.microsoftonline.us/contoso.com/v2.0".to_owned());
        let said = Said::of(&evidence);
        assert_eq!(
            said.line("https://login.microsoftonline.com/{TENANT-ID}/x https://login.microsoftonline.com/TENANT-ID"),
            "https://login.microsoftonline.us/contoso.com/x https://login.microsoftonline.us/TENANT-ID"
        );
        assert_eq!(
            said.line("{SCOPE}"),
            "api://9e59d98b-d747-4a9a-96fd-178f04d08b02/.default"
        );
    }

    /// An address nobody named is not written out as the one that was sent.
    #[test]
    fn an_unknown_redirect_uri_is_in_no_line() {
        let lines = |text: &str| -> Vec<_> {
            let findings = crate::diagnose(&Evidence::of_text(text));
            let changes = findings.into_iter().flat_map(|finding| finding.change);
            changes.filter_map(|change| change.line).collect()
        };
        assert_eq!(lines("AADSTS50011"), [""; 0]);
        let found = lines("AADSTS50011\nOIDCRedirectURI http://localhost/foo");
        assert!(
            found.contains(&"http://localhost/foo".to_owned()),
            "{found:?}"
        );
        assert!(
            found.iter().all(|line| !line.contains(".vestibule")),
            "{found:?}"
        );
    }

    #[test]
    fn a_missing_parameter_is_named_by_its_name_alone() {
        for (text, name) in [
            (
                "AADSTS900144: The request body must contain the following parameter: 'grant_type'. Trace ID: x",
                Some("grant_type"),
            ),
            (
                "AADSTS900144: The request body must contain the following parameter: scope",
                Some("scope"),
            ),
            (
                "AADSTS900144: The request body must contain the following parameter: '<b>'",
                None,
            ),
            (
                "AADSTS900144: The request body must contain a parameter",
                None,
            ),
        ] {
            let error = crate::testing::evidence(|evidence| {
                evidence.provider_error = Some(crate::evidence::ProviderError::new(
                    "invalid_request",
                    Some(text),
                ));
            });
            for evidence in [Evidence::of_text(text), error] {
                assert_eq!(Said::of(&evidence).parameter.as_deref(), name, "{text}");
                let finding = crate::diagnose(&evidence).remove(0);
                let told = serde_json::to_string(&finding).unwrap();
                assert_eq!(finding.code, "VST-AADSTS-900144", "{told}");
                let step = name.map_or("Send the parameter of the message in".to_owned(), |name| {
                    format!("Send `{name}` in")
                });
                assert!(told.contains(&step), "{told}");
            }
        }
    }

    #[test]
    fn a_token_in_a_message_is_in_no_line() {
        let token = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.AAAA";
        let said = Said::of(&Evidence::of_text(&format!(
            "AADSTS70011: the scope '{token}'"
        )));
        assert!(!said.line("{SCOPE}").contains("eyJ"));
        assert!(!said.sentence("{scope}").contains("eyJ"));
    }
}
