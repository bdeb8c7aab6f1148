//! What a route answers those who may not pass, where it is something else than usual.

use crate::navigation::Audience;

/// What somebody gets who is not signed in. Exhaustive: each has its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenSignedOut {
    /// A person is sent to sign in, a program gets a 401.
    #[default]
    SignIn,
    /// Both get this status.
    Status(SignedOutStatus),
}

/// A status for those who are not signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedOutStatus {
    /// 401
    Unauthorized,
    /// 407
    ProxyAuthenticationRequired,
    /// 410
    Gone,
}

impl SignedOutStatus {
    /// The number.
    #[must_use]
    pub const fn as_u16(self) -> u16 {
        match self {
            Self::Unauthorized => 401,
            Self::ProxyAuthenticationRequired => 407,
            Self::Gone => 410,
        }
    }
}

/// What somebody gets who is signed in and may not pass. Exhaustive: each has its answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum WhenNotAllowed {
    /// 403, with a way to sign in as someone else.
    #[default]
    Forbidden,
    /// The same as a 401.
    Unauthorized,
    /// A person is sent to sign in as someone else, a program gets the 403.
    SignIn,
    /// A person is sent there, a program gets the 403.
    Elsewhere(Box<str>),
}

impl WhenNotAllowed {
    /// What somebody of this kind gets.
    pub(crate) const fn of(&self, audience: Audience) -> &Self {
        match (self, audience) {
            (Self::SignIn | Self::Elsewhere(_), Audience::Program) => &Self::Forbidden,
            (answer, _) => answer,
        }
    }

    /// The status of the answer.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Forbidden => 403,
            Self::Unauthorized => 401,
            Self::SignIn | Self::Elsewhere(_) => 303,
        }
    }
}

#[cfg(test)]
mod tests;
