//! Holds what the tests of the families are written in: for each row one evidence that shows it and
//! at least one that comes close and stays silent.

use serde_json::Value;

use crate::evidence::{Api, Origin, ProviderSettings, Role, RouteSettings, Settings, Token};
use crate::{Evidence, Finding, diagnose};

/// The API of the tests.
pub(crate) const API: &str = "9e59d98b-d747-4a9a-96fd-178f04d08b02";
/// The sign-in app of the tests.
pub(crate) const CLIENT: &str = "59d7f244-6541-464b-9ea4-6cdba60509b1";
/// The tenant of the tests.
pub(crate) const TENANT: &str = "5fdb1a1a-3a44-4f4c-9b5e-6d5b1a0f2c11";
/// A user's object id.
pub(crate) const USER: &str = "0b6f9e6e-5a4f-4f0e-8a45-0d8a6a1b7c22";

/// What shows a row, and what comes close.
pub(crate) struct RowCase {
    code: &'static str,
    shows: Vec<Evidence>,
    silent: Vec<Evidence>,
    beside: Vec<&'static str>,
    says: Vec<String>,
    lines: Vec<String>,
}

/// The case of one row.
pub(crate) fn case(code: &'static str) -> RowCase {
    RowCase {
        code,
        shows: Vec::new(),
        silent: Vec::new(),
        beside: Vec::new(),
        says: Vec::new(),
        lines: Vec::new(),
    }
}

impl RowCase {
    /// This shows it; its finding comes first and, but for [`RowCase::beside`], alone.
    pub(crate) fn shows(mut self, evidence: Evidence) -> Self {
        self.shows.push(evidence);
        self
    }

    /// This comes close, and does not show it.
    pub(crate) fn silent(mut self, evidence: Evidence) -> Self {
        self.silent.push(evidence);
        self
    }

    /// These may be told beside it.
    pub(crate) fn beside(mut self, codes: &[&'static str]) -> Self {
        self.beside.extend(codes);
        self
    }

    /// What is seen or why, in every shown finding, contains this.
    pub(crate) fn says(mut self, words: impl Into<String>) -> Self {
        self.says.push(words.into());
        self
    }

    /// One of the lines to write in every shown finding is this.
    pub(crate) fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    pub(crate) const fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) fn evidence(&self) -> impl Iterator<Item = &Evidence> {
        self.shows.iter().chain(&self.silent)
    }

    pub(crate) fn is_complete(&self) -> bool {
        !self.shows.is_empty() && !self.silent.is_empty()
    }

    /// What is wrong with this case, one line each.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (place, evidence) in self.shows.iter().enumerate() {
            let findings = diagnose(evidence);
            let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
            let rest = codes.iter().filter(|code| **code != self.code);
            let extra: Vec<_> = rest.filter(|code| !self.beside.contains(code)).collect();
            match findings.first().filter(|first| first.code == self.code) {
                Some(finding) => problems.extend(self.text_problems(place, finding)),
                None => problems.push(format!("{}: shows[{place}] gives {codes:?}", self.code)),
            }
            if !extra.is_empty() {
                problems.push(format!(
                    "{}: shows[{place}] also gives {extra:?}",
                    self.code
                ));
            }
        }
        for (place, evidence) in self.silent.iter().enumerate() {
            let found = diagnose(evidence)
                .into_iter()
                .find(|finding| finding.code == self.code);
            if let Some(finding) = found {
                problems.push(format!("{}: silent[{place}] gives {finding}", self.code));
            }
        }
        problems
    }

    fn text_problems(&self, place: usize, finding: &Finding) -> Vec<String> {
        let mut problems = Vec::new();
        let mut must = |holds: bool, what: String| {
            if !holds {
                problems.push(format!("{}: shows[{place}] {what}", self.code));
            }
        };
        let text = format!("{} {}", finding.seen, finding.why);
        for words in &self.says {
            must(
                text.contains(words),
                format!("does not say {words:?}: {text}"),
            );
        }
        let lines: Vec<_> = finding
            .change
            .iter()
            .filter_map(|change| change.line.as_ref())
            .collect();
        for line in &self.lines {
            must(
                lines.contains(&line),
                format!("has not the line {line:?}: {lines:?}"),
            );
        }
        must(!finding.change.is_empty(), "changes nothing".to_owned());
        for text in [&finding.seen, &finding.why] {
            must(
                text.ends_with(['.', ':']),
                format!("is no sentence: {text:?}"),
            );
            must(!text.contains("  "), format!("has two spaces: {text:?}"));
        }
        problems
    }
}

/// Fails for each case that does not hold.
pub(crate) fn check(cases: &[RowCase]) {
    let problems: Vec<String> = cases.iter().flat_map(RowCase::problems).collect();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// An evidence, filled in.
pub(crate) fn evidence(fill: impl FnOnce(&mut Evidence)) -> Evidence {
    let mut evidence = Evidence::default();
    fill(&mut evidence);
    evidence
}

/// The same evidence, changed: how a near miss is written.
pub(crate) fn with(evidence: &Evidence, change: impl FnOnce(&mut Evidence)) -> Evidence {
    let mut evidence = evidence.clone();
    change(&mut evidence);
    evidence
}

/// A JWT of this header and these claims, and an `exp` if they have none.
pub(crate) fn jwt(header: Value, claims: Value) -> Token {
    let mut claims = object(claims);
    claims
        .entry("exp")
        .or_insert_with(|| Value::from(4_000_000_000_i64));
    Token::jwt(object(header), claims).role(Role::Access)
}

/// A JWT of this header and these claims alone.
fn exactly(header: Value, claims: Value) -> Token {
    Token::jwt(object(header), object(claims)).role(Role::Access)
}

/// A v2.0 access token of Entra's for the API of the tests, with these claims changed; `null`
/// removes one.
pub(crate) fn entra_token(changes: Value) -> Token {
    let mut claims = serde_json::json!({
        "aud": API, "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
        "iat": 1_700_000_000, "nbf": 1_700_000_000, "exp": 1_700_004_500,
        "azp": CLIENT, "azpacr": "1", "name": "Ada Lovelace", "oid": USER,
        "preferred_username": "ada@contoso.com", "scp": "access_as_user",
        "sub": "pairwise-for-the-api", "tid": TENANT, "ver": "2.0",
    });
    apply(&mut claims, changes);
    exactly(
        serde_json::json!({ "typ": "JWT", "alg": "RS256", "kid": "k1" }),
        claims,
    )
}

/// A v1.0 access token of Entra's for the API of the tests, with these claims changed.
pub(crate) fn entra_v1_token(changes: Value) -> Token {
    let mut claims = serde_json::json!({
        "aud": format!("api://{API}"), "iss": format!("https://sts.windows.net/{TENANT}/"),
        "iat": 1_700_000_000, "nbf": 1_700_000_000, "exp": 1_700_004_500,
        "appid": CLIENT, "appidacr": "1", "name": "Ada Lovelace", "oid": USER,
        "unique_name": "ada@contoso.com", "upn": "ada@contoso.com", "scp": "access_as_user",
        "sub": "pairwise-for-the-api", "tid": TENANT, "ver": "1.0",
    });
    apply(&mut claims, changes);
    exactly(
        serde_json::json!({ "typ": "JWT", "alg": "RS256", "kid": "k1", "x5t": "k1" }),
        claims,
    )
}

/// A v2.0 ID token of Entra's for the sign-in app of the tests, with these claims changed.
pub(crate) fn entra_id_token(changes: Value) -> Token {
    let mut claims = serde_json::json!({
        "ver": "2.0", "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
        "sub": "pairwise-for-the-client", "aud": CLIENT, "exp": 1_700_003_600,
        "iat": 1_700_000_000, "nbf": 1_700_000_000, "name": "Ada Lovelace",
        "preferred_username": "ada@contoso.com", "oid": USER, "tid": TENANT, "nonce": "n-0S6",
    });
    apply(&mut claims, changes);
    exactly(
        serde_json::json!({ "typ": "JWT", "alg": "RS256", "kid": "k1" }),
        claims,
    )
    .role(Role::Id)
}

fn apply(claims: &mut Value, changes: Value) {
    let claims = claims.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.remove(name),
            value => claims.insert(name.clone(), value.clone()),
        };
    }
}

/// The API of the tests: accepts its id as audience, and nothing else is known of it.
pub(crate) fn api() -> Api {
    Api {
        name: Some(API.to_owned()),
        audiences: vec![API.to_owned()],
        ..Api::default()
    }
}

/// Healthy settings for Entra, as in the README: one provider, one route with a token of its own.
pub(crate) fn settings() -> Settings {
    Settings {
        origin: Some(Origin::Toml),
        public_urls: vec!["https://portal.example.com".to_owned()],
        redirect_uri: Some("https://portal.example.com/.vestibule/callback".to_owned()),
        provider: Some(ProviderSettings {
            issuer: Some(format!("https://login.microsoftonline.com/{TENANT}/v2.0")),
            client_id: Some(CLIENT.to_owned()),
            scopes: Some(texts(&["openid", "profile", "offline_access"])),
            ..ProviderSettings::default()
        }),
        routes: vec![RouteSettings {
            path: Some("/foo".to_owned()),
            upstream: Some("http://localhost:1234".to_owned()),
            token: Some(crate::evidence::AskedToken::Scope(format!(
                "api://{API}/.default"
            ))),
            user_claims: texts(&["oid"]),
            ..RouteSettings::default()
        }],
        ..Settings::default()
    }
}

/// The provider in the settings, to be changed.
pub(crate) fn provider(evidence: &mut Evidence) -> &mut ProviderSettings {
    evidence
        .settings
        .get_or_insert_with(settings)
        .provider
        .get_or_insert_default()
}

/// The one route in the settings, to be changed.
pub(crate) fn route(evidence: &mut Evidence) -> &mut RouteSettings {
    &mut evidence.settings.get_or_insert_with(settings).routes[0]
}

/// Owned texts.
pub(crate) fn texts(items: &[&str]) -> Vec<String> {
    items.iter().map(|&item| item.to_owned()).collect()
}

/// An object of JSON.
pub(crate) fn object(value: Value) -> serde_json::Map<String, Value> {
    value.as_object().unwrap().clone()
}
