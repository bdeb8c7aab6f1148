//! How old what rules go by may be: the claims of the ID token, of user info and of the sign-in's own access
//! token, and the groups.

use std::time::Duration;

use vestibule_oidc::time::UnixTime;

use super::Record;

/// What rules go by is not used when it is older than this, if the provider can be asked.
///
/// Longer than an access token mostly lives, so that whoever uses one for the sign-in itself is not
/// refreshed more often than that needs.
pub const ASK_ANEW_AGE: Duration = Duration::from_secs(90 * 60);

/// So much before that it is asked for while nobody waits.
const AHEAD: Duration = Duration::from_secs(15 * 60);

/// Whether what rules go by is to be asked for again.
///
/// Matched exhaustively: each means something else to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AskAnew {
    /// It is not.
    NotYet,
    /// It is, and until then it may be used.
    Soon,
    /// It is, before it is used.
    First,
}

impl Record {
    /// When what rules go by was last asked for: at sign-in, and whenever the sign-in's own tokens were
    /// refreshed.
    #[must_use]
    pub const fn known_at(&self) -> UnixTime {
        self.known_at
    }

    /// Whether it is to be asked for again. Never without a refresh token.
    ///
    /// `jitter` makes the time from which nobody waits for it up to 15 minutes earlier, so that sessions
    /// which began together are not asked about together.
    #[must_use]
    pub fn ask_anew(&self, jitter: u8, now: UnixTime) -> AskAnew {
        let age = now.as_secs().saturating_sub(self.known_at.as_secs());
        let first = ASK_ANEW_AGE.as_secs() as i64;
        // The ordinary case, for each request.
        if age < first - AHEAD.as_secs() as i64 || self.refresh_token.is_none() {
            return AskAnew::NotYet;
        }
        let earlier = AHEAD.as_secs() as i64 * i64::from(jitter) / 255;
        match age {
            age if age >= first => AskAnew::First,
            age if age >= first - earlier => AskAnew::Soon,
            _ => AskAnew::NotYet,
        }
    }
}
