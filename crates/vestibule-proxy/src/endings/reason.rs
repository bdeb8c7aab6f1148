//! Why a session ended, as the pages of whoever had it are told.

/// Why a session ended.
///
/// Exhaustive: each has a word that pages go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// The person signed out: here, or everywhere in another browser.
    SignedOut,
    /// The provider ended it, or refuses to renew it.
    Provider,
    /// The same browser signed in again.
    Replaced,
    /// Whoever runs this ended it.
    Revoked,
    /// Nobody used it for the idle lifetime.
    Idle,
    /// Its absolute lifetime is over.
    Expired,
    /// It is not there any more, and nobody here knows why: another process ended it.
    Gone,
}

impl EndReason {
    /// The word for it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Provider => "provider",
            Self::Replaced => "replaced",
            Self::Revoked => "revoked",
            Self::Idle => "idle",
            Self::Expired => "expired",
            Self::Gone => "gone",
        }
    }
}
