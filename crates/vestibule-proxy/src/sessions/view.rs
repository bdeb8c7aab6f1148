//! What an operator sees of one session: who, since when, until when. No token and no handle is in it,
//! and no field has a type that could hold one.
//!
//! Names come from providers and are whatever people wrote into them: whoever shows them escapes them.

use serde::{Deserialize, Serialize};
use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::StoreKey;
use vestibule_session::lifetime::Lifetimes;
use vestibule_session::record::{AccessToken, ResourceKey};
use vestibule_session::store::Stored;

use super::{SessionId, which};
use crate::signin::display_name;
use crate::tokens;

/// The most characters of a text that is shown.
const MOST_CHARS: usize = 256;

/// The same of what a session is found by: more can't be looked for.
const MOST_OF_A_NAME: usize = 1024;

/// One session as an operator sees it. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SessionView {
    /// What it is called here.
    pub id: SessionId,
    /// The name people know the person by.
    pub name: Option<String>,
    /// What they sign in as: `preferred_username`, `upn` or `email`.
    pub user: Option<String>,
    /// The provider's name in the configuration.
    pub provider: String,
    /// The `iss` of the ID token.
    pub issuer: String,
    /// The `sub` of the ID token.
    pub subject: String,
    /// The provider's own name for the session.
    pub sid: Option<String>,
    /// The site it is good on.
    pub site: String,
    /// When the person proved who they are to the provider, if it said so.
    pub authenticated_at: Option<i64>,
    /// When they signed in here.
    pub signed_in_at: i64,
    /// When it was last in use, to about a minute.
    pub last_seen_at: i64,
    /// When it ends, if nobody uses it.
    pub idle_end_at: i64,
    /// When it ends, however much it is used.
    pub absolute_end_at: i64,
    /// When tokens were last received.
    pub refreshed_at: i64,
    /// Whether tokens can be renewed without the person.
    pub has_refresh_token: bool,
    /// The access tokens.
    pub tokens: Vec<TokenView>,
}

/// One access token as an operator sees it: what it is for, and when it is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenView {
    /// The scopes it was asked for with.
    pub scope: String,
    /// The resource indicator, if it was asked for with one.
    pub resource: Option<String>,
    /// The `audience` parameter, if it was asked for with one.
    pub audience: Option<String>,
    /// Whether it is the sign-in's own.
    pub of_sign_in: bool,
    /// When it was received.
    pub received_at: i64,
    /// When it expires, if the provider said so.
    pub expires_at: Option<i64>,
    /// From when on a request that needs it has it renewed; `None`: nothing can renew it.
    pub due_at: Option<i64>,
}

impl SessionView {
    /// When it ends by itself: idle or over, whichever is first.
    #[must_use]
    pub fn ends_at(&self) -> i64 {
        self.idle_end_at.min(self.absolute_end_at)
    }

    pub(super) fn of(key: &StoreKey, stored: &Stored, lifetimes: &Lifetimes) -> Self {
        let record = stored.record();
        let has_refresh_token = record.refresh_token().is_some();
        let own = record.tokens().sign_in_key();
        let tokens = record.tokens().iter().zip(tokens::due_times(key, record));
        let tokens = tokens.map(|((wanted, token), due_at)| {
            let due_at = has_refresh_token.then_some(due_at);
            TokenView::of(wanted, token, wanted == own, due_at)
        });
        Self {
            id: SessionId::of(key),
            name: display_name(record).map(cut),
            user: which::user(record).map(cut),
            provider: cut(record.provider()),
            issuer: cut_at(record.issuer(), MOST_OF_A_NAME),
            subject: cut_at(record.subject(), MOST_OF_A_NAME),
            sid: record.sid().map(|sid| cut_at(sid, MOST_OF_A_NAME)),
            site: cut(record.site()),
            authenticated_at: record.auth_time().map(UnixTime::as_secs),
            signed_in_at: record.created_at().as_secs(),
            last_seen_at: stored.last_seen().as_secs(),
            idle_end_at: (stored.last_seen() + lifetimes.idle()).as_secs(),
            absolute_end_at: (record.created_at() + lifetimes.absolute()).as_secs(),
            refreshed_at: record.refreshed_at().as_secs(),
            has_refresh_token,
            tokens: tokens.collect(),
        }
    }
}

impl TokenView {
    fn of(
        wanted: &ResourceKey,
        token: &AccessToken,
        of_sign_in: bool,
        due_at: Option<UnixTime>,
    ) -> Self {
        Self {
            scope: cut(&wanted.scope()),
            resource: wanted.resource().map(cut),
            audience: wanted.audience().map(cut),
            of_sign_in,
            received_at: token.received_at().as_secs(),
            expires_at: token.expires_at().map(UnixTime::as_secs),
            due_at: due_at.map(UnixTime::as_secs),
        }
    }
}

fn cut(text: &str) -> String {
    cut_at(text, MOST_CHARS)
}

fn cut_at(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
