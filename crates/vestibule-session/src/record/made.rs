//! How a record comes to be: from a finished sign-in, and from the one before when tokens are refreshed.

use vestibule_oidc::access_token::VerifiedAccessToken;
use vestibule_oidc::id_token::VerifiedIdToken;
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;
use vestibule_oidc::token::TokenResponse;
use vestibule_oidc::userinfo::UserInfo;

use super::id_token::KeptIdToken;
use super::{AccessToken, Groups, Record, ResourceKey, TokenSet};
use crate::claims::ClaimsSet;
use crate::site::Site;

/// The granted scopes of a session whose own token never came: none.
const NOT_KNOWN: &str = "";

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
}
