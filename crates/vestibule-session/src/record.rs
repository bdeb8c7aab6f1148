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
mod memory;
mod tokens;
mod userinfo;
mod wire;

pub use groups::{Groups, GroupsUnknown};
pub use known::{ASK_ANEW_AGE, AskAnew};
pub use tokens::{AccessToken, RENEWAL_AGE, ResourceKey, TokenSet};
pub use wire::{FORMAT, RecordError};

use std::fmt;

use vestibule_oidc::access_token::VerifiedAccessToken;
use vestibule_oidc::id_token::VerifiedIdToken;
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;
use vestibule_oidc::token::TokenResponse;
use vestibule_oidc::userinfo::UserInfo;

use crate::claims::ClaimsSet;
use crate::site::Site;

use self::id_token::KeptIdToken;
use self::userinfo::KeptUserinfo;

/// The granted scopes of a session whose own token never came: none.
const NOT_KNOWN: &str = "";

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

/// What a finished sign-in brings to [`Record::establish`].
#[derive(Debug)]
pub struct SignedIn<'a> {
    /// The provider's name in our configuration.
    pub provider: &'a str,
    /// The site the person signed in on; the session is good on no other.
    pub site: &'a Site,
    /// The proof of who signed in.
    pub id_token: &'a VerifiedIdToken,
    /// The answer of the token endpoint that the ID token came in.
    pub tokens: &'a TokenResponse,
    /// What the tokens were asked for.
    pub asked_for: ResourceKey,
    /// The user info answer, when it was asked for.
    pub userinfo: Option<&'a UserInfo>,
    /// The access token in `tokens`, when its signature, issuer and audience were verified.
    pub access_token: Option<&'a VerifiedAccessToken>,
    /// What the directory said about the groups, when the tokens had no room for them and it was
    /// asked.
    pub groups: Option<Groups>,
    /// What is different where the sign-in was no ordinary one.
    pub detour: Option<Detour<'a>>,
}

/// A sign-in that asked for something else than the token that is its own, or that was made for one
/// route's token.
#[derive(Debug)]
pub struct Detour<'a> {
    /// What the sign-in's own token is asked for. Rules go by that one alone.
    pub own: ResourceKey,
    /// The token it was made for, because the provider did not give that one without the person.
    pub wanted: Option<ResourceKey>,
    /// The session the browser had. If it is the same person's, what it holds is not lost.
    pub before: Option<&'a Record>,
}

/// What a refresh brings to [`Record::with_refreshed_tokens`].
#[derive(Debug)]
pub struct Refreshed<'a> {
    /// The answer of the token endpoint.
    pub tokens: &'a TokenResponse,
    /// The ID token in it, if there was one, verified against the session (OIDC Core §12.2).
    pub id_token: Option<&'a VerifiedIdToken>,
    /// What was asked for.
    pub asked_for: ResourceKey,
    /// The user info answer, when it was asked again.
    pub userinfo: Option<&'a UserInfo>,
    /// The access token in `tokens`, when its signature, issuer and audience were verified.
    pub access_token: Option<&'a VerifiedAccessToken>,
    /// What the directory said about the groups, when the tokens had no room for them and it was
    /// asked.
    pub groups: Option<Groups>,
}

/// A refreshed ID token is about somebody else. The session must end (OIDC Core §12.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("refresh a session with an ID token of another issuer or subject")]
pub struct OtherPerson;

impl Record {
    /// The session of somebody who has just signed in.
    #[must_use]
    pub fn establish(signed_in: SignedIn<'_>, now: UnixTime) -> Self {
        let SignedIn {
            provider,
            site,
            id_token,
            tokens,
            asked_for,
            userinfo,
            access_token,
            detour,
            groups,
        } = signed_in;
        let claims = ClaimsSet::of(id_token.claims());
        let mut record = Self {
            provider: provider.to_owned(),
            site: site.origin().to_owned(),
            issuer: id_token.issuer().to_owned(),
            subject: id_token.subject().to_owned(),
            sid: id_token.sid().map(str::to_owned),
            auth_time: id_token.auth_time(),
            created_at: now,
            refreshed_at: now,
            known_at: now,
            userinfo: userinfo.map(|userinfo| Box::new(userinfo.into())),
            access_claims: access_token.map(|token| ClaimsSet::of(token.claims())),
            groups: groups.map(Box::new),
            id_token: KeptIdToken::of(id_token.raw(), &claims),
            claims,
            refresh_token: tokens.refresh_token().cloned(),
            granted_scope: tokens.scope().map(str::to_owned),
            tokens: TokenSet::of_sign_in(asked_for, AccessToken::received(tokens, now)),
            signed_in_for: None,
            granted_wider: false,
        };
        if let Some(detour) = detour {
            record.take(detour, now);
        }
        record
    }

    /// Makes the tokens of a detour those of the sign-in it stands for.
    fn take(&mut self, detour: Detour<'_>, now: UnixTime) {
        let Detour {
            own,
            wanted,
            before,
        } = detour;
        let before = before.filter(|before| {
            before.provider == self.provider
                && before.site == self.site
                && before.issuer == self.issuer
                && before.subject == self.subject
        });
        let asked_for = self.tokens.sign_in_key().clone();
        if asked_for != own {
            let mut tokens = TokenSet::without_own(own);
            if let Some(token) = self.tokens.sign_in() {
                tokens.put(asked_for.clone(), token.clone(), now);
            }
            self.tokens = tokens;
            self.granted_wider = asked_for.is_wider_than(self.tokens.sign_in_key());
            if !self.granted_wider {
                // It says nothing of the token that rules go by.
                self.access_claims = None;
            }
            if self.granted_wider {
                let told = self.granted_scope.take();
                self.granted_scope = Some(told.unwrap_or_else(|| asked_for.scope()));
            } else if let Some(before) = before {
                let granted: Vec<&str> = before.granted_scopes().collect();
                self.granted_scope = Some(granted.join(" "));
                self.granted_wider = before.granted_wider;
                self.access_claims.clone_from(&before.access_claims);
                self.userinfo = self.userinfo.take().or_else(|| before.userinfo.clone());
                self.known_at = before.known_at;
            } else {
                // What was granted for one route's upstream says nothing of the sign-in's own token.
                self.granted_scope = Some(NOT_KNOWN.to_owned());
            }
        }
        if let Some(before) = before {
            self.tokens.take_over(&before.tokens, wanted.as_ref(), now);
            // Some providers give a refresh token only the first time.
            if self.refresh_token.is_none() {
                self.refresh_token.clone_from(&before.refresh_token);
            }
        }
        self.signed_in_for = wanted.filter(|wanted| self.tokens.find(wanted).is_none());
    }

    /// The session after the sign-in's own tokens were refreshed. A new refresh token takes the
    /// place of the old (RFC 6749 §6); claims of a new ID token take the place of the old ones
    /// whole, so that a group somebody lost is gone.
    ///
    /// # Errors
    ///
    /// [`OtherPerson`]: verifying the new ID token should have found this before.
    pub fn with_refreshed_tokens(
        &self,
        refreshed: Refreshed<'_>,
        now: UnixTime,
    ) -> Result<Self, OtherPerson> {
        let Refreshed {
            tokens,
            id_token,
            asked_for,
            userinfo,
            access_token,
            groups,
        } = refreshed;
        let mut next = self.clone();
        if let Some(id_token) = id_token {
            if id_token.issuer() != self.issuer || id_token.subject() != self.subject {
                return Err(OtherPerson);
            }
            next.claims = ClaimsSet::of(id_token.claims());
            next.id_token = KeptIdToken::of(id_token.raw(), &next.claims);
        }
        if let Some(refresh_token) = tokens.refresh_token() {
            next.refresh_token = Some(refresh_token.clone());
        }
        if let Some(userinfo) = userinfo {
            next.userinfo = Some(Box::new(userinfo.into()));
        }
        if asked_for == *self.tokens.sign_in_key() {
            next.known_at = now;
            // Claims of an access token that is gone must not decide anything.
            next.access_claims = access_token.map(|token| ClaimsSet::of(token.claims()));
            match tokens.scope().filter(|_| !self.granted_wider) {
                Some(scope) => next.granted_scope = Some(scope.to_owned()),
                // RFC 6749 §5.1: the first own token, and just what was asked for.
                None if self.granted_scope.as_deref() == Some(NOT_KNOWN)
                    && self.tokens.sign_in().is_none() =>
                {
                    next.granted_scope = None;
                }
                // RFC 6749 §6: what is not asked for here is granted as it was before.
                None => {}
            }
        }
        // Asked anew, or not to be asked any more: what a token says now may be less.
        next.groups = groups.map(Box::new);
        if let Some(token) = AccessToken::received(tokens, now) {
            next.signed_in_for = next.signed_in_for.filter(|wanted| *wanted != asked_for);
            next.tokens.put(asked_for, token, now);
        }
        next.refreshed_at = now;
        Ok(next)
    }

    /// The session with the refresh token of an answer of which nothing else is believed yet: the
    /// ID token in it is still to be verified. The old one may not work any more (RFC 6749 §6).
    #[must_use]
    pub fn with_refresh_token(&self, refresh_token: Secret) -> Self {
        Self {
            refresh_token: Some(refresh_token),
            ..self.clone()
        }
    }

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
