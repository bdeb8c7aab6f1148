//! A running provider and a client for it.

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use serde_json::Value;
use url::{Url, form_urlencoded};
use vestibule_idp::{ControlPort, Idp, IdpSettings, Running};

pub(crate) const TENANT: &str = "6c1d0a5e-3f0b-4c52-9b7e-5d2f8a107e41";
pub(crate) const OTHER_TENANT: &str = "0fab1ca2-84d6-4b1f-a0c7-2e9b53d6fab1";
pub(crate) const PERSONAL_TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
pub(crate) const CLIENT: &str = "2b7e1f64-90ac-4d3e-8f15-6a0c9be4c11e";
pub(crate) const SECRET: &str = "local-demo-secret";
pub(crate) const STRICT_CLIENT: &str = "2b7e1f64-90ac-4d3e-8f15-6a0c9be45721";
pub(crate) const STRICT_SECRET: &str = "local-strict-secret";
pub(crate) const STRICT_REDIRECT: &str = "http://localhost:8080/.vestibule/callback";
pub(crate) const API: &str = "api://9a41c7d2-5b0e-4e86-b3f9-17d6e2c8a001";
pub(crate) const API_2: &str = "api://9a41c7d2-5b0e-4e86-b3f9-17d6e2c8a002";
pub(crate) const REDIRECT: &str = "http://localhost:4711/callback";

/// A provider with its client.
pub(crate) struct Bench {
    pub(crate) idp: Running,
    pub(crate) http: reqwest::Client,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }

    pub(crate) fn location(&self) -> Url {
        let location = self
            .headers
            .get(LOCATION)
            .unwrap_or_else(|| panic!("{self:?}"));
        Url::parse(location.to_str().unwrap()).unwrap()
    }

    /// The parameters of the redirect, in the query or in the fragment.
    pub(crate) fn sent_back(&self) -> HashMap<String, String> {
        let location = self.location();
        let fields = match location.fragment() {
            None | Some("") => location.query().unwrap_or_default(),
            Some(fragment) => fragment,
        };
        form_urlencoded::parse(fields.as_bytes())
            .into_owned()
            .collect()
    }

    /// `name=value` of the cookie that is set.
    pub(crate) fn cookie(&self) -> String {
        let set = self
            .headers
            .get(SET_COOKIE)
            .unwrap_or_else(|| panic!("{self:?}"));
        set.to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    /// The AADSTS number of a JSON error.
    #[track_caller]
    pub(crate) fn number(&self) -> u64 {
        self.json()["error_codes"][0]
            .as_u64()
            .unwrap_or_else(|| panic!("{self:?}"))
    }
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::start_with(IdpSettings::built_in()).await
    }

    pub(crate) async fn start_with(mut settings: IdpSettings) -> Self {
        if settings.control_port != ControlPort::Off {
            settings.control_port = ControlPort::On(0);
        }
        // Another test may have been first.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self {
            idp: Idp::start(settings, 0).await.unwrap(),
            http,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.idp.origin())
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = request.send().await.unwrap();
        Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.text().await.unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.http.get(self.url(path))).await
    }

    pub(crate) fn form(&self, url: &str, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
        self.http
            .post(url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(encoded(fields))
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(self.form(&self.url(path), fields)).await
    }

    /// Signs in as `account`, changing or adding authorization parameters.
    pub(crate) async fn sign_in(&self, account: &str, changes: &[(&str, &str)]) -> Answer {
        let url = self.url(&authorize(changes));
        self.send(self.form(&url, &[("account", account)])).await
    }

    /// The authorization endpoint with a session cookie.
    pub(crate) async fn authorize_with(&self, cookie: &str, changes: &[(&str, &str)]) -> Answer {
        self.send(
            self.http
                .get(self.url(&authorize(changes)))
                .header(COOKIE, cookie),
        )
        .await
    }

    /// Signs in and returns the code.
    pub(crate) async fn code(&self, account: &str, changes: &[(&str, &str)]) -> String {
        let answer = self.sign_in(account, changes).await;
        answer
            .sent_back()
            .remove("code")
            .unwrap_or_else(|| panic!("{answer:?}"))
    }

    /// Signs in, redeems, and returns the token response.
    pub(crate) async fn tokens(&self, account: &str, changes: &[(&str, &str)]) -> Value {
        let code = self.code(account, changes).await;
        let tenant = changed(changes, "tenant", TENANT);
        let answer = self
            .post(&token_path(tenant), &redemption(&code, &[]))
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    pub(crate) async fn refresh(&self, token: &str, more: &[(&str, &str)]) -> Answer {
        let mut fields = vec![
            ("grant_type", "refresh_token"),
            ("client_id", CLIENT),
            ("client_secret", SECRET),
            ("refresh_token", token),
        ];
        fields.extend(more);
        self.post(&token_path(TENANT), &fields).await
    }

    /// Checks a token as anybody would: the key by `kid`, the signature over what was sent.
    pub(crate) async fn plain_check(&self, token: &str, keys: &str) -> Result<Value, String> {
        let header = jsonwebtoken::decode_header(token).map_err(|error| error.to_string())?;
        let keys = self.get(keys).await.json();
        let key = keys["keys"]
            .as_array()
            .unwrap()
            .iter()
            .find(|key| key["kid"].as_str() == header.kid.as_deref())
            .ok_or("kid not found")?
            .clone();
        let key = DecodingKey::from_rsa_components(
            key["n"].as_str().unwrap(),
            key["e"].as_str().unwrap(),
        )
        .unwrap();
        let mut validation = Validation::new(Algorithm::RS256);
        validation.validate_aud = false;
        decode::<Value>(token, &key, &validation)
            .map(|token| token.claims)
            .map_err(|error| error.to_string())
    }
}

/// The value of a change, or the usual one.
pub(crate) fn changed<'a>(changes: &[(&str, &'a str)], name: &str, usual: &'a str) -> &'a str {
    changes
        .iter()
        .find(|(known, _)| *known == name)
        .map_or(usual, |(_, value)| value)
}

/// The path of a good v2.0 authorization request with changes: `tenant` changes the path, an empty
/// value leaves a parameter out.
pub(crate) fn authorize(changes: &[(&str, &str)]) -> String {
    let usual = [
        ("client_id", CLIENT),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid profile offline_access"),
        ("state", "the state"),
        ("nonce", "the nonce"),
    ];
    let mut fields: Vec<(&str, &str)> = usual
        .iter()
        .map(|(name, value)| (*name, changed(changes, name, value)))
        .collect();
    for (name, value) in changes {
        if *name != "tenant" && !usual.iter().any(|(known, _)| known == name) {
            fields.push((name, value));
        }
    }
    fields.retain(|(_, value)| !value.is_empty());
    let tenant = changed(changes, "tenant", TENANT);
    format!("/{tenant}/oauth2/v2.0/authorize?{}", encoded(&fields))
}

pub(crate) fn token_path(tenant: &str) -> String {
    format!("/{tenant}/oauth2/v2.0/token")
}

/// A good redemption with changes; an empty value leaves a field out.
pub(crate) fn redemption<'a>(
    code: &'a str,
    changes: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT),
        ("client_secret", SECRET),
        ("redirect_uri", REDIRECT),
        ("code", code),
    ];
    let mut fields: Vec<(&str, &str)> = usual
        .iter()
        .map(|(name, value)| (*name, changed(changes, name, value)))
        .collect();
    fields.extend(
        changes
            .iter()
            .filter(|(name, _)| !usual.iter().any(|(known, _)| known == name)),
    );
    fields.retain(|(_, value)| !value.is_empty());
    fields
}

pub(crate) fn encoded(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// The payload of a JWT, unchecked.
pub(crate) fn claims(token: &Value) -> Value {
    segment(token, 1)
}

/// The header of a JWT, unchecked.
pub(crate) fn header(token: &Value) -> Value {
    segment(token, 0)
}

fn segment(token: &Value, which: usize) -> Value {
    let text = token
        .as_str()
        .unwrap_or_else(|| panic!("no token: {token}"));
    let part = text.split('.').nth(which).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
