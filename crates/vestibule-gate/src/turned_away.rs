//! What a route answers those who may not pass, where it is something else than usual.

use vestibule_session::record::GroupsUnknown;

use crate::authorize::NotAuthorized;
use crate::navigation::Audience;
use crate::rule::{Judgement, Reason};

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

/// What one of those gets: the route's answer, where it fits who asks and why they may not pass. Nothing about it is left
/// to decide. Exhaustive: each has its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnedAway<'g> {
    /// 403, with a way to sign in as someone else where that would help.
    Forbidden,
    /// 401, with the same.
    Unauthorized,
    /// Sent to sign in as someone else.
    SignIn,
    /// Sent there.
    Elsewhere(&'g str),
    /// Nobody knows whether they may pass, for this reason: 503 if asking again soon may end better, else 403.
    GroupsUnknown(GroupsUnknown),
}

impl<'g> TurnedAway<'g> {
    /// What somebody of this kind gets where the route says this.
    pub(crate) fn of(
        said: &'g WhenNotAllowed,
        why: &NotAuthorized,
        audience: Audience,
    ) -> TurnedAway<'g> {
        if let Some(reason) = why.groups_unknown {
            return Self::GroupsUnknown(reason);
        }
        match (said, audience) {
            (WhenNotAllowed::Unauthorized, _) => Self::Unauthorized,
            // Whom another account would not help would be sent to sign in again and again.
            (WhenNotAllowed::SignIn, Audience::Person) if why.is_about_person() => Self::SignIn,
            (WhenNotAllowed::Elsewhere(address), Audience::Person) => Self::Elsewhere(address),
            (
                WhenNotAllowed::Forbidden | WhenNotAllowed::SignIn | WhenNotAllowed::Elsewhere(_),
                _,
            ) => Self::Forbidden,
        }
    }

    /// The status of the answer.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Forbidden => 403,
            Self::Unauthorized => 401,
            Self::SignIn | Self::Elsewhere(_) => 303,
            Self::GroupsUnknown(reason) => match reason.is_temporary() {
                true => 503,
                false => 403,
            },
        }
    }
}

impl NotAuthorized {
    /// Whether another account could have passed where this one did not.
    #[must_use]
    pub fn is_about_person(&self) -> bool {
        is_about_person(&self.judgement)
    }
}

fn is_about_person(judgement: &Judgement) -> bool {
    match judgement.reason {
        Reason::NetworkDiffers
        | Reason::NetworkMatches
        | Reason::MethodDiffers
        | Reason::MethodMatches => false,
        Reason::All | Reason::Any | Reason::Not => judgement
            .parts
            .iter()
            // What a `not` holds has the opposite verdict.
            .filter(|part| judgement.reason == Reason::Not || part.verdict == judgement.verdict)
            .any(is_about_person),
        _ => true,
    }
}

#[cfg(test)]
mod tests;
