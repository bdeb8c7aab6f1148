//! A sign-in that has started and not yet come back, kept in the browser as a sealed cookie.
//!
//! | state | how it is left |
//! |---|---|
//! | started | the browser holds one cookie per flow, named after a hash of `state` |
//! | back | [`Pending::find`] opened it; the caller deletes the cookie, whatever comes of it |
//! | evicted | a sixth flow started: the oldest goes |
//! | lapsed | ten minutes are over |
//!
//! The cookie is what ties the provider's answer to this browser (RFC 6749 §10.12): without it, an
//! answer that somebody else started is refused. It is sealed for the site and the cookie's own
//! name, so that it cannot be moved to another flow.

mod wire;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use vestibule_oidc::authorization::{Nonce, ResponseMode, State};
use vestibule_oidc::fault::Fault;
use vestibule_oidc::pkce::Verifier;
use vestibule_oidc::time::UnixTime;

use crate::cookie::{self, pairs, values_of};
use crate::handle::StoreKey;
use crate::kept_post::KeptPostId;
use crate::record::ResourceKey;
use crate::return_to::ReturnTo;
use crate::seal::{KeyRing, NONCE_BYTES, Purpose, SealError};
use crate::site::Site;

/// How many sign-ins one browser may have on their way.
pub const MOST: usize = 5;

/// How long a sign-in may take.
pub const LASTS: Duration = Duration::from_secs(600);

/// How far ahead of our clock a flow may have been started, by another replica for example.
const CLOCK_SKEW: Duration = Duration::from_secs(60);

/// How many pending cookies of one request are looked at. A browser cannot hold many more.
const MOST_LOOKED_AT: usize = 32;

/// What browsers keep of one cookie, name and value together.
const LONGEST_COOKIE: usize = 4096;

/// One sign-in on its way.
#[derive(Clone, Debug)]
pub struct Pending {
    /// The provider the person was sent to: the answer is accepted from it alone.
    pub provider: String,
    /// Ties the answer to this browser.
    pub state: State,
    /// Ties the ID token to this flow.
    pub nonce: Nonce,
    /// Ties the code to whoever started the flow.
    pub verifier: Verifier,
    /// Where the person goes afterwards.
    pub return_to: ReturnTo,
    /// The `max_age` that was asked for: the ID token must then have a recent `auth_time`
    /// (OIDC Core §3.1.3.7 step 13).
    pub max_age: Option<Duration>,
    /// What the access token was asked for. The configuration may say something else by the time the
    /// person is back.
    pub asked_for: ResourceKey,
    /// The route's token that the sign-in is made for, because the provider did not give that one
    /// without the person.
    pub wanted: Option<ResourceKey>,
    /// The form that met the sign-in and was kept: it is sent again when this one is completed.
    pub kept_post: Option<KeptPostId>,
    /// The session this browser had. An answer that comes as a cross-site `POST` does not bring its
    /// cookie (`SameSite=Lax`), and it must still end when the new one is there.
    pub replaces: Option<StoreKey>,
    /// When completed sign-ins came straight back, lately: for the loop breaker, whose own cookie
    /// such a `POST` does not bring either.
    pub returns: Vec<UnixTime>,
    /// When the flow was started.
    pub started_at: UnixTime,
}

/// Why an answer of the provider belongs to no sign-in of this browser.
///
/// Matched exhaustively where the callback is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PendingError {
    /// The browser sent no cookie for this `state`: it was started in another browser, or cookies
    /// are refused, or the flow was used up, evicted, or lapsed.
    #[error("find the sign-in that this answer belongs to")]
    Absent,
    /// There is a cookie, and it does not open or does not fit the `state`.
    #[error("open the sign-in that this answer belongs to")]
    Unreadable,
    /// The sign-in took longer than [`LASTS`].
    #[error("finish a sign-in that was started too long ago")]
    Lapsed,
}

/// Why a flow could not be put into a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PendingCookieError {
    /// The cookie would be longer than browsers keep.
    #[error("keep a sign-in in a cookie of {found} bytes")]
    TooLong {
        /// Bytes of name and value.
        found: usize,
    },
    /// See the source.
    #[error("seal a sign-in")]
    Seal(#[from] SealError),
}

impl PendingError {
    /// A stable name for logs and pages.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Absent => "sign_in_not_started_here",
            Self::Unreadable => "sign_in_unreadable",
            Self::Lapsed => "sign_in_took_too_long",
        }
    }

    /// Who must act.
    #[must_use]
    pub fn fault(self) -> Fault {
        Fault::Client
    }

    /// What a stranger may read.
    #[must_use]
    pub fn public_message(self) -> &'static str {
        match self {
            Self::Absent | Self::Unreadable => {
                "This sign-in was not started in this browser, or it was already finished. Sign in again."
            }
            Self::Lapsed => "This sign-in took longer than ten minutes. Sign in again.",
        }
    }
}

impl Pending {
    /// The `Set-Cookie` value that gives the flow to the browser.
    ///
    /// # Errors
    ///
    /// [`PendingCookieError`].
    pub fn set_cookie(
        &self,
        site: &Site,
        keys: &KeyRing,
        mode: ResponseMode,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<String, PendingCookieError> {
        let name = site.cookies().pending(self.state.expose());
        let belongs_to = belongs_to(site, &name);
        let sealed = keys.seal(Purpose::Pending, &belongs_to, &wire::encode(self), nonce)?;
        let value = URL_SAFE_NO_PAD.encode(sealed);
        let found = name.len() + value.len();
        if found > LONGEST_COOKIE {
            return Err(PendingCookieError::TooLong { found });
        }
        Ok(site
            .cookies()
            .set_pending(&name, &value, LASTS.as_secs(), mode))
    }

    /// The flow that `state` names, from the request's `Cookie` headers. Whatever comes of it, the
    /// caller answers with [`delete_cookie`]: a flow is used once.
    ///
    /// # Errors
    ///
    /// [`PendingError`].
    pub fn find<'a>(
        headers: impl IntoIterator<Item = &'a [u8]>,
        site: &Site,
        keys: &KeyRing,
        state: &str,
        now: UnixTime,
    ) -> Result<Self, PendingError> {
        let name = site.cookies().pending(state);
        let mut outcome = PendingError::Absent;
        let values = headers
            .into_iter()
            .flat_map(|header| values_of(header, &name));
        // Several cookies of one name: somebody may have planted one, but only ours opens.
        for value in values.take(MOST) {
            match open(site, keys, &name, value) {
                Some(pending) if pending.state.matches(state) => {
                    return if pending.is_current(now) {
                        Ok(pending)
                    } else {
                        Err(PendingError::Lapsed)
                    };
                }
                _ => outcome = PendingError::Unreadable,
            }
        }
        Err(outcome)
    }

    fn is_current(&self, now: UnixTime) -> bool {
        now < self.started_at + LASTS && self.started_at <= now + CLOCK_SKEW
    }
}

/// The `Set-Cookie` value that takes the flow of this `state` from the browser.
#[must_use]
pub fn delete_cookie(site: &Site, state: &str, mode: ResponseMode) -> String {
    site.cookies()
        .delete_pending(&site.cookies().pending(state), mode)
}

/// What the cookie of a `Set-Cookie` value takes in a `Cookie` field.
#[must_use]
pub fn field_bytes(set_cookie: &str) -> usize {
    set_cookie.find(';').unwrap_or(set_cookie.len()) + "; ".len()
}

/// The `Set-Cookie` values that make room for one more flow: those that lapsed or do not open go,
/// then the oldest, until [`MOST`] less one are left that take at most `room_bytes` in a `Cookie` field.
#[must_use]
pub fn make_room<'a>(
    headers: impl IntoIterator<Item = &'a [u8]>,
    site: &Site,
    keys: &KeyRing,
    mode: ResponseMode,
    room_bytes: usize,
    now: UnixTime,
) -> Vec<String> {
    let names = site.cookies();
    let mut drop = Vec::new();
    let mut keep: Vec<(UnixTime, &str, usize)> = Vec::new();
    let ours = headers
        .into_iter()
        .flat_map(pairs)
        .filter(|pair| pair.name.starts_with(names.pending_prefix().as_bytes()))
        .take(MOST_LOOKED_AT);
    for pair in ours {
        // A name of ours is ASCII; another could not be deleted by a header line anyway.
        let Some(name) = std::str::from_utf8(pair.name)
            .ok()
            .filter(|name| is_token(name))
        else {
            continue;
        };
        match open(site, keys, name, pair.value).filter(|pending| pending.is_current(now)) {
            Some(pending) => {
                let bytes = cookie::field_bytes(name.len(), pair.value.len());
                keep.push((pending.started_at, name, bytes));
            }
            None => drop.push(name),
        }
    }
    keep.sort_unstable_by_key(|(started_at, ..)| std::cmp::Reverse(*started_at));
    let mut taken = 0;
    let newest = keep.iter().take(MOST - 1).take_while(|(.., bytes)| {
        taken += bytes;
        taken <= room_bytes
    });
    let kept = newest.count();
    drop.extend(keep.iter().skip(kept).map(|(_, name, _)| *name));
    drop.sort_unstable();
    drop.dedup();
    drop.into_iter()
        .map(|name| names.delete_pending(name, mode))
        .collect()
}

fn is_token(name: &str) -> bool {
    name.bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn open(site: &Site, keys: &KeyRing, name: &str, value: &[u8]) -> Option<Pending> {
    if value.len() > LONGEST_COOKIE {
        return None;
    }
    let sealed = URL_SAFE_NO_PAD.decode(value).ok()?;
    let plaintext = keys
        .open(Purpose::Pending, &belongs_to(site, name), &sealed)
        .ok()?;
    wire::decode(&plaintext)
}

fn belongs_to<'a>(site: &'a Site, name: &'a str) -> [&'a [u8]; 2] {
    [site.origin().as_bytes(), name.as_bytes()]
}

#[cfg(test)]
mod tests;
