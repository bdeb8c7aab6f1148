//! What has been handed out and may come back: authorization codes, refresh tokens, and the access
//! tokens the userinfo endpoints take.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    directory::{Account, App, RedirectKind, TenantPath},
    entropy,
    guid::Guid,
    scope::Asked,
    shelf::Shelf,
};

/// Which family of endpoints, and so which version of ID token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
}

/// One person signed in to one client.
#[derive(Debug)]
pub(crate) struct SignIn {
    pub(crate) account: Account,
    pub(crate) client: Arc<App>,
    /// The tenant path the sign-in went through; a code is redeemed on the same one.
    pub(crate) path: TenantPath,
    pub(crate) version: Version,
    pub(crate) sid: Guid,
    pub(crate) auth_time: i64,
}

/// RFC 7636: what the code verifier must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    Plain(String),
    S256(String),
}

/// What an authorization code stands for.
#[derive(Debug, Clone)]
pub(crate) struct CodeGrant {
    pub(crate) sign_in: Arc<SignIn>,
    pub(crate) asked: Asked,
    pub(crate) nonce: Option<String>,
    pub(crate) redirect_uri: String,
    /// Whether the authorization request named it; only then must redemption.
    pub(crate) redirect_uri_was_sent: bool,
    pub(crate) redirect_kind: RedirectKind,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) issued_at: i64,
}

/// What a refresh token stands for.
#[derive(Debug, Clone)]
pub(crate) struct RefreshGrant {
    pub(crate) sign_in: Arc<SignIn>,
    pub(crate) asked: Asked,
    pub(crate) issued_at: i64,
    /// The end that can't be moved: 24 hours after a redemption by a browser.
    pub(crate) ends_at: Option<i64>,
    /// Every refresh token that descends from one sign-in.
    pub(crate) family: Guid,
}

/// What an access token for a userinfo endpoint stands for.
#[derive(Debug, Clone)]
pub(crate) struct Bearer {
    pub(crate) sign_in: Arc<SignIn>,
    pub(crate) email: bool,
    pub(crate) expires_at: i64,
    pub(crate) takes: BearerKind,
    /// What it permits, by the short names in `scp`.
    pub(crate) permissions: Vec<String>,
}

/// What an app's own access token for Graph stands for.
#[derive(Debug, Clone)]
pub(crate) struct AppBearer {
    pub(crate) client: Arc<App>,
    pub(crate) tenant: Guid,
    pub(crate) expires_at: i64,
}

/// Which userinfo endpoint takes the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BearerKind {
    Graph,
    V1Userinfo,
}

/// Everything handed out.
#[derive(Debug)]
pub(crate) struct Grants(Mutex<Shelves>);

#[derive(Debug)]
struct Shelves {
    codes: Shelf<(CodeGrant, bool)>,
    refresh_tokens: Shelf<(RefreshGrant, Use)>,
    revoked_families: Shelf<()>,
    bearers: Shelf<Bearer>,
    app_bearers: Shelf<AppBearer>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Fresh,
    Used,
}

/// Why a refresh token does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefreshFailure {
    Unknown,
    Revoked,
}

impl Grants {
    pub(crate) fn new() -> Self {
        const MOST: usize = 20_000;
        Self(Mutex::new(Shelves {
            codes: Shelf::new(MOST),
            refresh_tokens: Shelf::new(MOST),
            revoked_families: Shelf::new(MOST),
            bearers: Shelf::new(MOST),
            app_bearers: Shelf::new(MOST),
        }))
    }

    /// Hands out a code of Entra's shape: three parts of 1, 51 and 910 characters, which is why
    /// counting dots does not make a JWT.
    pub(crate) fn put_code(&self, grant: CodeGrant) -> String {
        let code = three_parts('1', "AgABAAIAAAA");
        self.lock().codes.put(code.clone(), (grant, false));
        code
    }

    /// The grant behind a code, and whether it has been redeemed.
    pub(crate) fn code(&self, code: &str) -> Option<(CodeGrant, bool)> {
        self.lock().codes.find(code).cloned()
    }

    /// Marks a code as redeemed; `false` when somebody else was first.
    pub(crate) fn redeem(&self, code: &str) -> bool {
        self.lock()
            .codes
            .find_mut(code)
            .is_some_and(|(_, redeemed)| !std::mem::replace(redeemed, true))
    }

    pub(crate) fn put_refresh_token(&self, grant: RefreshGrant) -> String {
        let token = three_parts('1', "AgABAwEAAAA");
        self.lock()
            .refresh_tokens
            .put(token.clone(), (grant, Use::Fresh));
        token
    }

    /// The grant behind a refresh token, without using it.
    pub(crate) fn refresh_token(&self, token: &str) -> Result<RefreshGrant, RefreshFailure> {
        let shelves = self.lock();
        let (grant, _) = shelves
            .refresh_tokens
            .find(token)
            .ok_or(RefreshFailure::Unknown)?;
        if shelves
            .revoked_families
            .find(grant.family.as_str())
            .is_some()
        {
            return Err(RefreshFailure::Revoked);
        }
        Ok(grant.clone())
    }

    /// Uses a refresh token. With `reuse_revokes`, a second use ends the whole family.
    pub(crate) fn use_refresh_token(
        &self,
        token: &str,
        reuse_revokes: bool,
    ) -> Result<(), RefreshFailure> {
        let mut shelves = self.lock();
        let (grant, used) = shelves
            .refresh_tokens
            .find_mut(token)
            .ok_or(RefreshFailure::Unknown)?;
        let before = std::mem::replace(used, Use::Used);
        let family = grant.family.as_str().to_owned();
        if reuse_revokes && before == Use::Used {
            shelves.revoked_families.put(family, ());
            return Err(RefreshFailure::Revoked);
        }
        Ok(())
    }

    /// Revokes a refresh token, and with it all that came of its sign-in.
    pub(crate) fn revoke(&self, token: &str) {
        let mut shelves = self.lock();
        let family = shelves
            .refresh_tokens
            .find(token)
            .map(|(grant, _)| grant.family.as_str().to_owned());
        if let Some(family) = family {
            shelves.revoked_families.put(family, ());
        }
    }

    /// Revokes every refresh token there is, as an administrator who resets a password does.
    pub(crate) fn revoke_all(&self) {
        let mut shelves = self.lock();
        let families: Vec<String> = shelves
            .refresh_tokens
            .values()
            .map(|(grant, _)| grant.family.as_str().to_owned())
            .collect();
        for family in families {
            shelves.revoked_families.put(family, ());
        }
    }

    pub(crate) fn put_bearer(&self, token: String, bearer: Bearer) {
        self.lock().bearers.put(token, bearer);
    }

    pub(crate) fn bearer(&self, token: &str) -> Option<Bearer> {
        self.lock().bearers.find(token).cloned()
    }

    pub(crate) fn put_app_bearer(&self, token: String, bearer: AppBearer) {
        self.lock().app_bearers.put(token, bearer);
    }

    pub(crate) fn app_bearer(&self, token: &str) -> Option<AppBearer> {
        self.lock().app_bearers.find(token).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Shelves> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn three_parts(first: char, third: &str) -> String {
    let second = format!("AS{}", entropy::text(49));
    let rest = entropy::text(910 - third.len());
    format!("{first}.{second}.{third}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_three_parts_and_is_no_jwt() {
        let code = three_parts('1', "AgABAAIAAAA");
        let lengths: Vec<usize> = code.split('.').map(str::len).collect();
        assert_eq!(lengths, [1, 51, 910]);
    }
}
