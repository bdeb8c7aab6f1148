//! What is remembered about one signed-in browser.
//!
//! A record is made by [`Record::establish`] from a verified ID token and by nothing else; from
//! then on it changes only by [`Record::with_refreshed_tokens`] and, on the way there,
//! [`Record::with_refresh_token`], which make new ones. When the session was last in use is not
//! here: the store keeps that beside the record.

#[cfg(any(test, feature = "contract"))]
pub mod fixture;
mod groups;
mod id_token;
mod known;
mod made;
mod memory;
mod tokens;
mod userinfo;
mod wire;

pub use groups::{Groups, GroupsUnknown};
pub use known::{ASK_ANEW_AGE, AskAnew};
pub use made::{Detour, OtherPerson, Refreshed, SignedIn};
pub use tokens::{AccessToken, RENEWAL_AGE, ResourceKey, TokenSet};
pub use wire::{FORMAT, RecordError};

use std::fmt;

use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;

use crate::claims::ClaimsSet;
use crate::site::Site;

use self::id_token::KeptIdToken;
use self::userinfo::KeptUserinfo;

/// One session: who signed in, where and how, and the tokens that came of it.
#[derive(Clone)]
pub struct Record {
    provider: String,
    site: String,
    issuer: String,
    subject: String,
    sid: Option<String>,
    auth_time: Option<UnixTime>,
    created_at: UnixTime,
    refreshed_at: UnixTime,
    known_at: UnixTime,
    claims: ClaimsSet,
    userinfo: Option<Box<KeptUserinfo>>,
    access_claims: Option<ClaimsSet>,
    groups: Option<Box<Groups>>,
    id_token: KeptIdToken,
    refresh_token: Option<Secret>,
    granted_scope: Option<String>,
    tokens: TokenSet,
    signed_in_for: Option<ResourceKey>,
    /// The sign-in was granted more than its own token is asked for.
    granted_wider: bool,
}

impl Record {
    /// The provider's name in our configuration.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The origin of the site the session is good on.
    #[must_use]
    pub fn site(&self) -> &str {
        &self.site
    }

    /// Whether the session is good on this site. On any other, it is no session.
    #[must_use]
    pub fn is_of(&self, site: &Site) -> bool {
        self.site == site.origin()
    }

    /// The `iss` of the ID token.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The `sub` of the ID token, unique within the issuer.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The provider's own name for the session, if the ID token had one.
    #[must_use]
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// When the person proved who they are to the provider, if the ID token said so.
    #[must_use]
    pub fn auth_time(&self) -> Option<UnixTime> {
        self.auth_time
    }

    /// When they signed in here. The absolute lifetime counts from it.
    #[must_use]
    pub fn created_at(&self) -> UnixTime {
        self.created_at
    }

    /// When tokens were last received.
    #[must_use]
    pub fn refreshed_at(&self) -> UnixTime {
        self.refreshed_at
    }

    /// The claims of the ID token.
    #[must_use]
    pub fn claims(&self) -> &ClaimsSet {
        &self.claims
    }

    /// The claims of the user info answer, if it was asked for.
    #[must_use]
    pub fn userinfo(&self) -> Option<&ClaimsSet> {
        self.userinfo.as_deref().map(|userinfo| &userinfo.claims)
    }

    /// The signed token that user info came in; `None` too where it was not kept, because no upstream was to
    /// get it.
    #[must_use]
    pub fn userinfo_token(&self) -> Option<&Secret> {
        self.userinfo.as_deref()?.token.as_ref()
    }

    /// The claims of the sign-in's own access token, if it was verified.
    #[must_use]
    pub fn access_claims(&self) -> Option<&ClaimsSet> {
        self.access_claims.as_ref()
    }

    /// What the directory said about the groups, if the tokens had no room for them and it was
    /// asked.
    #[must_use]
    pub fn groups(&self) -> Option<&Groups> {
        self.groups.as_deref()
    }

    /// The scopes the sign-in was granted: what the provider said, else what was asked for
    /// (RFC 6749 §5.1).
    pub fn granted_scopes(&self) -> impl Iterator<Item = &str> {
        let told = self.granted_scope.as_deref();
        let asked = told.is_none().then(|| self.tokens.sign_in_key().scopes());
        told.into_iter()
            .flat_map(str::split_ascii_whitespace)
            .chain(asked.into_iter().flatten())
    }

    /// The ID token itself, for `id_token_hint` at sign-out; `None` if it was left out of a cookie.
    #[must_use]
    pub fn id_token(&self) -> Option<Secret> {
        self.id_token.whole(&self.claims)
    }

    /// The refresh token, if the provider gave one.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&Secret> {
        self.refresh_token.as_ref()
    }

    /// The access tokens.
    #[must_use]
    pub fn tokens(&self) -> &TokenSet {
        &self.tokens
    }

    /// The token that this sign-in was made for, for as long as the provider has not given it all
    /// the same: another sign-in would be as vain.
    #[must_use]
    pub fn signed_in_for(&self) -> Option<&ResourceKey> {
        self.signed_in_for.as_ref()
    }

    /// What the record is made of: the bytes of each token and claim, by name. For whoever has to say why
    /// it is too large; no value is in it.
    #[must_use]
    pub fn weights(&self) -> Vec<(String, usize)> {
        let tokens = self
            .tokens
            .iter()
            .map(|(_, token)| token.token().expose().len());
        let (id_token, refresh_token) = (self.id_token(), self.refresh_token.as_ref());
        let sets = [Some(&self.claims), self.userinfo(), self.access_claims()];
        let mut weights = vec![
            (
                "ID token".to_owned(),
                id_token.map_or(0, |token| token.expose().len()),
            ),
            ("access tokens".to_owned(), tokens.sum()),
            (
                "refresh token".to_owned(),
                refresh_token.map_or(0, |token| token.expose().len()),
            ),
        ];
        if let Some(token) = self.userinfo_token() {
            weights.push(("user info token".to_owned(), token.expose().len()));
        }
        let claims = sets.into_iter().flatten();
        for (name, claim) in claims.flat_map(|set| set.members().iter()) {
            weights.push((name.to_owned(), claim.to_string().len()));
        }
        weights
    }

    /// The record as a store writes it: a CBOR map with integer keys.
    #[must_use]
    pub fn encode(&self) -> zeroize::Zeroizing<Vec<u8>> {
        wire::encode(self)
    }

    /// Reads what [`Record::encode`] wrote, of this version of the program or its neighbours. Only
    /// for stores, with bytes that they wrote themselves.
    ///
    /// # Errors
    ///
    /// [`RecordError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        wire::decode(bytes)
    }

    /// The record without what a cookie may have no room for: the ID token; the access tokens of resources
    /// of their own; the sign-in's own. An access token that is left out stands as one that has expired,
    /// so that it is fetched again.
    pub(crate) fn lighter(
        &self,
        no_id_token: bool,
        no_resource_tokens: bool,
        no_tokens: bool,
    ) -> Self {
        let mut lighter = self.clone();
        if no_id_token {
            lighter.id_token = KeptIdToken::left_out();
        }
        lighter
            .tokens
            .spend(|is_sign_in| no_tokens || (no_resource_tokens && !is_sign_in));
        lighter
    }
}

/// Shows who and when, no claims and no tokens.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("provider", &self.provider)
            .field("site", &self.site)
            .field("issuer", &self.issuer)
            .field("created_at", &self.created_at)
            .field("refreshed_at", &self.refreshed_at)
            .field("tokens", &self.tokens)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
