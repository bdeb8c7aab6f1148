//! What to do with a request. The only thing the proxy acts on.

use vestibule_session::site::Site;

use crate::authenticate::{NotAuthenticated, SignedOut};
use crate::authorize::{Authorized, NotAuthorized};
use crate::origin::{Cors, CrossOrigin};
use crate::refusal::Refusal;
use crate::turned_away::{SignedOutStatus, TurnedAway};

/// What to do with a request. Exhaustive: the one place that answers must have an answer to each.
#[derive(Debug)]
pub enum Decision<'g> {
    /// Send it to the upstream.
    Forward(Authorized<'g>),
    /// One of our own endpoints answers.
    Own(&'g Site),
    /// Send the person to sign in.
    SignIn(SignedOut),
    /// Send the person to sign in, and keep the form they sent until they are back.
    KeepPost(SignedOut),
    /// 401, or another status of the route's: nobody we know, and not a person to be sent to sign in.
    Challenge {
        /// Why.
        why: Challenge,
        /// With which status.
        status: SignedOutStatus,
    },
    /// 403, or what the route has instead: signed in, and not allowed.
    Forbid {
        /// Why.
        why: NotAuthorized,
        /// What they get.
        answer: TurnedAway<'g>,
    },
    /// 403: sent by a page of another origin, or without proof that it was not.
    CrossOrigin(CrossOrigin),
    /// 204 with [`Cors::fields`]: a preflight the route allows.
    Preflight(Cors),
    /// 404: no route.
    NotFound,
    /// 503: the store can't be asked. The cookie stays.
    Unavailable,
    /// The request can't be read without doubt.
    Refuse(Refusal),
    /// 400: a credential nobody can read.
    BadCredential(crate::credential::MalformedCredential),
}

/// Why a program gets a 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Challenge {
    /// Nobody is signed in.
    SignedOut(SignedOut),
    /// It brought an `Authorization` field, which this route does not take.
    AuthorizationNotAccepted,
}

impl Challenge {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::SignedOut(why) => why.code(),
            Self::AuthorizationNotAccepted => NotAuthenticated::AuthorizationNotAccepted.code(),
        }
    }

    /// The value of `WWW-Authenticate` (RFC 9110 §11.6.1). The scheme is our own, so that no
    /// browser opens a password box; the reason is one of our codes.
    #[must_use]
    pub fn www_authenticate(self) -> String {
        format!(
            "Vestibule error=\"{}\", sign_in=\"/.vestibule/sign-in\"",
            self.code()
        )
    }

    /// What may be told to anyone.
    #[must_use]
    pub const fn public_message(self) -> &'static str {
        match self {
            Self::SignedOut(SignedOut::SessionIdle | SignedOut::SessionOver) => {
                "The session has ended. Sign in again."
            }
            Self::SignedOut(_) => "Nobody is signed in. Sign in first.",
            Self::AuthorizationNotAccepted => {
                "This route does not take an Authorization header. Sign in with a browser, and send the request without it."
            }
        }
    }
}

/// The kind of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// [`Decision::Forward`]
    Forward,
    /// [`Decision::Own`]
    Own,
    /// [`Decision::SignIn`]
    SignIn,
    /// [`Decision::KeepPost`]
    KeepPost,
    /// [`Decision::Challenge`]
    Challenge,
    /// [`Decision::Forbid`]
    Forbid,
    /// [`Decision::CrossOrigin`]
    CrossOrigin,
    /// [`Decision::Preflight`]
    Preflight,
    /// [`Decision::NotFound`]
    NotFound,
    /// [`Decision::Unavailable`]
    Unavailable,
    /// [`Decision::Refuse`]
    Refuse,
    /// [`Decision::BadCredential`]
    BadCredential,
}

impl Kind {
    /// The stable word, for traces.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Own => "own",
            Self::SignIn => "sign_in",
            Self::KeepPost => "keep_post",
            Self::Challenge => "challenge",
            Self::Forbid => "forbid",
            Self::CrossOrigin => "cross_origin",
            Self::Preflight => "preflight",
            Self::NotFound => "not_found",
            Self::Unavailable => "unavailable",
            Self::Refuse => "refuse",
            Self::BadCredential => "bad_credential",
        }
    }
}

impl Decision<'_> {
    /// The kind of decision.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Forward(_) => Kind::Forward,
            Self::Own(_) => Kind::Own,
            Self::SignIn(_) => Kind::SignIn,
            Self::KeepPost(_) => Kind::KeepPost,
            Self::Challenge { .. } => Kind::Challenge,
            Self::Forbid { .. } => Kind::Forbid,
            Self::CrossOrigin(_) => Kind::CrossOrigin,
            Self::Preflight(_) => Kind::Preflight,
            Self::NotFound => Kind::NotFound,
            Self::Unavailable => Kind::Unavailable,
            Self::Refuse(_) => Kind::Refuse,
            Self::BadCredential(_) => Kind::BadCredential,
        }
    }

    /// The stable code of the reason; the kind where it is reason enough.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::SignIn(why) | Self::KeepPost(why) => why.code(),
            Self::Challenge { why, .. } => why.code(),
            Self::Forbid { why, .. } => why.code(),
            Self::CrossOrigin(why) => why.code(),
            Self::Unavailable => NotAuthenticated::StoreUnavailable.code(),
            Self::Refuse(why) => why.code(),
            Self::BadCredential(why) => why.code(),
            Self::Forward(_) | Self::Own(_) | Self::Preflight(_) | Self::NotFound => {
                self.kind().as_str()
            }
        }
    }

    /// The status of our answer, where the decision is an answer.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Forward(_) | Self::Own(_) => None,
            Self::SignIn(_) | Self::KeepPost(_) => Some(303),
            Self::Challenge { status, .. } => Some(status.as_u16()),
            Self::Forbid { answer, .. } => Some(answer.status()),
            Self::CrossOrigin(_) => Some(403),
            Self::Preflight(_) => Some(204),
            Self::NotFound => Some(404),
            Self::Unavailable => Some(503),
            Self::Refuse(why) => Some(why.status()),
            Self::BadCredential(_) => Some(400),
        }
    }
}
