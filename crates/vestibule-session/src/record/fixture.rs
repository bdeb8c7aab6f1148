//! Records for tests of stores, the gate and the proxy, made without a provider.
//!
//! Behind the `contract` feature, which only dev-dependencies switch on: in the program itself a
//! record comes from a verified ID token alone.

use serde_json::{Map, Value};
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;

use super::id_token::KeptIdToken;
use super::tokens::Granted;
use super::userinfo::KeptUserinfo;
use super::{AccessToken, Groups, Record, ResourceKey, TokenSet};
use crate::claims::ClaimsSet;

/// What is to be remembered; everything has a value, change what the test is about.
#[derive(Clone, Debug)]
pub struct RecordFixture {
    /// See [`Record::provider`].
    pub provider: String,
    /// See [`Record::site`].
    pub site: String,
    /// See [`Record::issuer`].
    pub issuer: String,
    /// See [`Record::subject`].
    pub subject: String,
    /// See [`Record::sid`].
    pub sid: Option<String>,
    /// See [`Record::auth_time`].
    pub auth_time: Option<UnixTime>,
    /// See [`Record::created_at`].
    pub created_at: UnixTime,
    /// See [`Record::claims`]; `iss` and `sub` are added.
    pub claims: Map<String, Value>,
    /// See [`Record::userinfo`].
    pub userinfo: Option<Map<String, Value>>,
    /// See [`Record::userinfo_token`]; only beside `userinfo`.
    pub userinfo_token: Option<String>,
    /// See [`Record::access_claims`].
    pub access_claims: Option<Map<String, Value>>,
    /// See [`Record::groups`].
    pub groups: Option<Groups>,
    /// See [`Record::id_token`].
    pub id_token: String,
    /// See [`Record::refresh_token`].
    pub refresh_token: Option<String>,
    /// What the sign-in asked for.
    pub asked_for: ResourceKey,
    /// The sign-in's own access token.
    pub access_token: String,
    /// When that expires.
    pub expires_at: Option<UnixTime>,
    /// The scope the provider said it granted.
    pub scope: Option<String>,
}

impl RecordFixture {
    /// A session of `subject`, made at `created_at` on `http://localhost:8080`.
    #[must_use]
    pub fn new(subject: &str, created_at: UnixTime) -> Self {
        Self {
            provider: "provider".to_owned(),
            site: "http://localhost:8080".to_owned(),
            issuer: "https://provider.example".to_owned(),
            subject: subject.to_owned(),
            sid: None,
            auth_time: None,
            created_at,
            claims: Map::new(),
            userinfo: None,
            userinfo_token: None,
            access_claims: None,
            groups: None,
            id_token: format!("id-token-of-{subject}"),
            refresh_token: Some(format!("refresh-token-of-{subject}")),
            asked_for: ResourceKey::new(None, "openid profile"),
            access_token: format!("access-token-of-{subject}"),
            expires_at: Some(UnixTime::from_secs(
                created_at.as_secs().saturating_add(3600),
            )),
            scope: None,
        }
    }

    /// With one more claim in the ID token.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// The record.
    #[must_use]
    pub fn build(self) -> Record {
        let mut claims = Map::new();
        claims.insert("iss".to_owned(), self.issuer.clone().into());
        claims.insert("sub".to_owned(), self.subject.clone().into());
        claims.extend(self.claims);
        let claims = ClaimsSet::of(&claims);
        let token = AccessToken::from(Granted {
            token: Secret::new(self.access_token),
            received_at: self.created_at,
            expires_at: self.expires_at,
            scope: self.scope.clone(),
        });
        Record {
            provider: self.provider,
            site: self.site,
            issuer: self.issuer,
            subject: self.subject,
            sid: self.sid,
            auth_time: self.auth_time,
            created_at: self.created_at,
            refreshed_at: self.created_at,
            known_at: self.created_at,
            userinfo: self.userinfo.map(|claims| {
                Box::new(KeptUserinfo {
                    claims: ClaimsSet::of(&claims),
                    token: self.userinfo_token.map(Secret::new),
                })
            }),
            access_claims: self.access_claims.as_ref().map(ClaimsSet::of),
            groups: self.groups.map(Box::new),
            id_token: KeptIdToken::of(&Secret::new(self.id_token), &claims),
            claims,
            refresh_token: self.refresh_token.map(Secret::new),
            granted_scope: self.scope,
            tokens: TokenSet::of_sign_in(self.asked_for, Some(token)),
            signed_in_for: None,
            granted_wider: false,
        }
    }
}
