//! What the fake provider's token endpoint grants.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{START, TestStore};
use crate::provider::fake::{FakeProvider, ISSUER};

/// What the provider grants.
pub(crate) struct Grants {
    pub(super) codes: HashMap<String, (String, String)>,
    pub(crate) subject: String,
    pub(crate) expires_in: u64,
    /// Members that replace those of the token response; null removes one.
    pub(crate) answer: BTreeMap<&'static str, Value>,
    /// Claims that replace those of the ID token.
    pub(crate) claims: BTreeMap<&'static str, Value>,
    /// The one refresh token that works, and how often one was used.
    pub(crate) refresh_token: String,
    pub(crate) refreshes: usize,
    /// Answers refreshes instead.
    pub(crate) refuse_refresh: Option<(u16, Value)>,
    /// The same for those that ask for this scope.
    pub(crate) refuse_scope: Option<(&'static str, Value)>,
    pub(crate) redeemed: usize,
}

impl Default for Grants {
    fn default() -> Self {
        Self {
            codes: HashMap::new(),
            subject: "ann".to_owned(),
            expires_in: 3600,
            answer: BTreeMap::new(),
            claims: BTreeMap::new(),
            refresh_token: String::new(),
            refreshes: 0,
            refuse_refresh: None,
            refuse_scope: None,
            redeemed: 0,
        }
    }
}

/// Makes the fake's token endpoint grant codes and refresh tokens, each once.
pub(super) fn answer_tokens(
    fake: &FakeProvider,
    grants: &Arc<Mutex<Grants>>,
    store: &Arc<TestStore>,
    began: Instant,
) {
    let grants = Arc::clone(grants);
    let log = Arc::clone(&store.log);
    let key = fake.knobs().keys[0].clone();
    fake.knobs().token = Box::new(move |form| {
        let mut grants = grants.lock().unwrap();
        let now = (START + began.elapsed()).as_secs();
        let refused = |error: &str| Ok((400, json!({ "error": error }).to_string()));
        let mut claims = json!({
            "iss": ISSUER, "sub": grants.subject, "aud": "client", "iat": now, "exp": now + 3600,
            "name": "Ann <b>Example</b>",
        });
        match form["grant_type"].as_str() {
            "authorization_code" => {
                let Some((nonce, challenge)) = grants.codes.remove(&form["code"]) else {
                    return refused("invalid_grant");
                };
                let verifier = form["code_verifier"].as_bytes();
                let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier);
                assert_eq!(URL_SAFE_NO_PAD.encode(hash), challenge, "PKCE");
                claims["nonce"] = nonce.into();
                grants.redeemed += 1;
            }
            "refresh_token" => {
                log.lock().unwrap().push("grant".to_owned());
                grants.refreshes += 1;
                if let Some((status, answer)) = &grants.refuse_refresh {
                    return Ok((*status, answer.to_string()));
                }
                if let Some((scope, answer)) = &grants.refuse_scope
                    && form["scope"].split(' ').any(|asked| asked == *scope)
                {
                    return Ok((400, answer.to_string()));
                }
                if form["refresh_token"] != grants.refresh_token {
                    return refused("invalid_grant");
                }
            }
            "client_credentials" => {
                let own = json!({
                    "token_type": "Bearer", "access_token": "access-token-own", "expires_in": 3600,
                });
                return Ok((200, own.to_string()));
            }
            _ => return refused("unsupported_grant_type"),
        }
        for (name, value) in &grants.claims {
            claims[*name] = value.clone();
        }
        let serial = grants.redeemed + grants.refreshes;
        grants.refresh_token = format!("refresh-token-{serial}");
        let mut answer = json!({
            "token_type": "Bearer",
            "access_token": format!("access-token-{serial}"),
            "refresh_token": grants.refresh_token,
            "expires_in": grants.expires_in,
            "id_token": key.sign(&claims),
        });
        let members = answer.as_object_mut().unwrap();
        for (name, value) in &grants.answer {
            members.remove(*name);
            if !value.is_null() {
                members.insert((*name).to_owned(), value.clone());
            }
        }
        Ok((200, answer.to_string()))
    });
}
