//! Who sent the request, from its credential and the evidence about it.

use std::sync::Arc;

use vestibule_oidc::time::UnixTime;
use vestibule_session::lifetime::{Lifetimes, Liveness};
use vestibule_session::site::Site;
use vestibule_session::store::Stored;

use crate::credential::{AbsentCookie, Credential, MalformedCredential};
use crate::evidence::Evidence;
use crate::route::Matched;

/// A request on a route, and who sent it. Only [`authenticate`] makes one.
#[derive(Debug, Clone)]
pub struct Authenticated<'g> {
    matched: Matched<'g>,
    session: Arc<Stored>,
}

impl<'g> Authenticated<'g> {
    /// The route it takes.
    #[must_use]
    pub const fn matched(&self) -> &Matched<'g> {
        &self.matched
    }

    /// The session of who sent it.
    #[must_use]
    pub const fn session(&self) -> &Arc<Stored> {
        &self.session
    }

    pub(crate) fn into_parts(self) -> (Matched<'g>, Arc<Stored>) {
        (self.matched, self.session)
    }
}

/// Why a request comes from nobody we know. Exhaustive: a signed-out person, a refused credential
/// and a store that can't be asked need different answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAuthenticated {
    /// Nobody is signed in.
    SignedOut(SignedOut),
    /// An `Authorization` field, which no route takes yet.
    AuthorizationNotAccepted,
    /// A credential nobody can read.
    Malformed(MalformedCredential),
    /// The store can't be asked.
    StoreUnavailable,
}

/// In which way a person is signed out. None of these is an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignedOut {
    /// No session cookie.
    NoCookie,
    /// A session cookie that is no handle.
    CookieMalformed,
    /// Several session cookies that name different sessions.
    CookieAmbiguous,
    /// The store knows no such session.
    SessionUnknown,
    /// Nobody used the session for its idle lifetime.
    SessionIdle,
    /// The session's absolute lifetime is over.
    SessionOver,
    /// The session claims to be from the future.
    SessionFromTheFuture,
    /// The session belongs to another of our sites.
    SessionOfOtherSite,
    /// The session was made with another provider than the route wants.
    SessionOfOtherProvider,
}

impl SignedOut {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoCookie => "no_session",
            Self::CookieMalformed => "session_cookie_malformed",
            Self::CookieAmbiguous => "session_cookie_ambiguous",
            Self::SessionUnknown => "session_unknown",
            Self::SessionIdle => "session_idle",
            Self::SessionOver => "session_over",
            Self::SessionFromTheFuture => "session_from_the_future",
            Self::SessionOfOtherSite => "session_of_other_site",
            Self::SessionOfOtherProvider => "session_of_other_provider",
        }
    }
}

impl NotAuthenticated {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::SignedOut(why) => why.code(),
            Self::AuthorizationNotAccepted => "authorization_not_accepted",
            Self::Malformed(why) => why.code(),
            Self::StoreUnavailable => "store_unavailable",
        }
    }
}

/// Finds out who sent the request.
///
/// # Errors
///
/// See [`NotAuthenticated`].
pub fn authenticate<'g>(
    matched: Matched<'g>,
    credential: &Credential,
    evidence: Evidence,
    lifetimes: &Lifetimes,
    now: UnixTime,
) -> Result<Authenticated<'g>, NotAuthenticated> {
    let provider = matched.route().provider.as_deref();
    let session = find_session(
        matched.site(),
        provider,
        credential,
        evidence,
        lifetimes,
        now,
    )?;
    Ok(Authenticated { matched, session })
}

/// The live session that a credential and the evidence about it prove, on `site` and, if one is
/// named, of `provider`. Our own endpoints, which have no route, ask here.
///
/// # Errors
///
/// See [`NotAuthenticated`].
pub fn find_session(
    site: &Site,
    provider: Option<&str>,
    credential: &Credential,
    evidence: Evidence,
    lifetimes: &Lifetimes,
    now: UnixTime,
) -> Result<Arc<Stored>, NotAuthenticated> {
    let signed_out = |why| Err(NotAuthenticated::SignedOut(why));
    match credential {
        Credential::Bearer | Credential::OtherScheme => {
            return Err(NotAuthenticated::AuthorizationNotAccepted);
        }
        Credential::Malformed(why) => return Err(NotAuthenticated::Malformed(*why)),
        Credential::Absent(AbsentCookie::Malformed) => {
            return signed_out(SignedOut::CookieMalformed);
        }
        Credential::Absent(AbsentCookie::Ambiguous) => {
            return signed_out(SignedOut::CookieAmbiguous);
        }
        Credential::Absent(AbsentCookie::None) | Credential::NotNeeded => {
            return signed_out(SignedOut::NoCookie);
        }
        Credential::Session(_) => {}
    }
    let session = match evidence {
        Evidence::Session(session) => session,
        Evidence::NoSession => return signed_out(SignedOut::SessionUnknown),
        // A handle nobody asked about is as good as a store that did not answer: not knowing must
        // not look like signed out.
        Evidence::StoreUnavailable | Evidence::NotAsked => {
            return Err(NotAuthenticated::StoreUnavailable);
        }
    };
    if !session.record().is_of(site) {
        return signed_out(SignedOut::SessionOfOtherSite);
    }
    if provider.is_some_and(|provider| provider != session.record().provider()) {
        return signed_out(SignedOut::SessionOfOtherProvider);
    }
    match lifetimes.judge(&session, now) {
        Liveness::Live => Ok(session),
        Liveness::Idle => signed_out(SignedOut::SessionIdle),
        Liveness::Over => signed_out(SignedOut::SessionOver),
        Liveness::FromTheFuture => signed_out(SignedOut::SessionFromTheFuture),
    }
}
