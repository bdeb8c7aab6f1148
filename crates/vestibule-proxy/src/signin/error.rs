//! Why a sign-in failed: for each failure its code, whose fault it is, and what its page says.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use vestibule_diagnosis::{Evidence, Finding};
use vestibule_oidc::authorization::{AuthorizationError, CallbackError, ReservedParameter};
use vestibule_oidc::fault::Fault;
use vestibule_oidc::id_token::IdTokenError;
use vestibule_oidc::issuer::IssuerMismatch;
use vestibule_oidc::microsoft::passes_by_itself;
use vestibule_oidc::token::TokenError;
use vestibule_oidc::userinfo::UserInfoError;
use vestibule_session::carried::CarryError;
use vestibule_session::pending::{PendingCookieError, PendingError};
use vestibule_session::return_to::{ReturnTo, ReturnToError};
use vestibule_session::store::StoreError;

use super::path;
use crate::body::BodyError;
use crate::control::ControlGone;
use crate::entropy::EntropyError;
use crate::pages::Link;
use crate::provider::{Provider, ProviderError};
use crate::respond::Failure;

/// Why a sign-in failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// The provider's answer can't be read or is not for us.
    #[error("take the provider's answer")]
    Callback(#[from] CallbackError),
    /// The answer belongs to no sign-in of this browser.
    #[error("take the provider's answer")]
    Pending(#[from] PendingError),
    /// The answer was used before.
    #[error("use the provider's answer a second time")]
    Used,
    /// The answer came to another provider's callback.
    #[error("take the answer to a sign-in with another provider")]
    OtherProvider,
    /// The provider refused.
    #[error("sign in: the provider answered {}", .0.error)]
    Declined(AuthorizationError),
    /// The provider can't be used.
    #[error("sign in")]
    Provider(#[from] ProviderError),
    /// The code could not be redeemed.
    #[error("redeem the code")]
    Token(#[from] TokenError),
    /// The token response has no ID token.
    #[error("find the id token in the token response")]
    NoIdToken,
    /// The token response has no access token, and user info needs one.
    #[error("find the access token in the token response")]
    NoAccessToken,
    /// The ID token proves nothing.
    #[error("verify the id token")]
    IdToken(#[from] IdTokenError),
    /// User info can't be used.
    #[error("read the user info")]
    UserInfo(#[from] UserInfoError),
    /// The person lacks the claim by which the route they sign in for knows people.
    #[error(
        "name the person for the route {route}: none of its user claims is there as it has to be"
    )]
    Nameless {
        /// The route.
        route: Arc<str>,
    },
    /// The provider, or the person themselves, ended their sessions while this one began.
    #[error("sign in: the person's sessions were ended meanwhile")]
    LoggedOut,
    /// The session can't be kept.
    #[error("keep the session")]
    Store(#[from] StoreError),
    /// The session does not fit into cookies.
    #[error("keep the session in the browser")]
    Carry(#[from] CarryError),
    /// No randomness.
    #[error("start a sign-in")]
    Entropy(#[from] EntropyError),
    /// The flow can't be put into a cookie.
    #[error("start a sign-in")]
    Cookie(#[from] PendingCookieError),
    /// A parameter of our own clashes with one of the protocol.
    #[error("start a sign-in")]
    Reserved(#[from] ReservedParameter),
    /// The process is stopping.
    #[error("finish before the proxy stops")]
    Stopping(#[from] ControlGone),
    /// The form that was posted can't be read.
    #[error("read the form")]
    Body(#[from] BodyError),
    /// What was posted is not a form.
    #[error("read what was posted as a form")]
    NotAForm,
    /// A parameter of the sign-in address is repeated or has an unknown value.
    #[error("read the parameter {name}")]
    Parameter {
        /// Its name.
        name: &'static str,
    },
    /// The place to return to is none of ours.
    #[error("accept the place to return to")]
    Target {
        /// Why.
        #[source]
        source: ReturnToError,
    },
    /// No provider of this name.
    #[error("find the provider")]
    UnknownProvider,
    /// No provider has this issuer.
    #[error("find the provider of the issuer")]
    UnknownIssuer,
    /// There is no route to sign in for.
    #[error("find the route to sign in for")]
    NoRoute,
    /// Sign-ins are completed and come straight back.
    #[error("sign in again: the last sign-ins came straight back")]
    Loop {
        /// How many came straight back.
        returns: usize,
        /// Lets the next attempt count from nothing.
        cookie: String,
    },
    /// Another failure, with what goes along with its answer.
    #[error(transparent)]
    Answered(Box<Answered>),
}

/// A failure with what goes along with its answer.
#[derive(Debug)]
pub struct Answered {
    error: SignInError,
    /// Where a next attempt leads.
    target: Option<ReturnTo>,
    cookies: Vec<String>,
    provider: Option<Arc<Provider>>,
    /// What was seen on the way, for the diagnosis.
    seen: Evidence,
}

// It is the failure it holds, and no level of its own between that and its cause.
impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for Answered {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

impl SignInError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Callback(error) => error.code(),
            Self::Pending(error) => error.code(),
            Self::Used => "callback_used_before",
            Self::OtherProvider => "callback_of_other_provider",
            Self::Declined(error) if error.is_cancelled() => "sign_in_cancelled",
            Self::Declined(_) => "sign_in_refused",
            Self::Provider(error) => error.code(),
            Self::Token(error) => error.code(),
            Self::NoIdToken => "id_token_missing",
            Self::NoAccessToken => "access_token_missing",
            Self::IdToken(error) => error.code(),
            Self::UserInfo(error) => error.code(),
            Self::Nameless { .. } => "user_missing",
            Self::LoggedOut => "logged_out_meanwhile",
            Self::Store(error) => error.code(),
            Self::Carry(CarryError::TooLarge { .. }) => "session_too_large",
            Self::Carry(_) => "session_not_sealed",
            Self::Entropy(_) => "entropy",
            Self::Cookie(_) => "pending_cookie",
            Self::Reserved(_) => "authorization_parameter_reserved",
            Self::Stopping(_) => "stopping",
            Self::Body(error) => error.code(),
            Self::NotAForm => "callback_not_a_form",
            Self::Parameter { .. } => "sign_in_parameter",
            Self::Target { .. } => "return_to_refused",
            Self::UnknownProvider => "sign_in_unknown_provider",
            Self::UnknownIssuer => "sign_in_unknown_issuer",
            Self::NoRoute => "sign_in_no_route",
            Self::Loop { .. } => "sign_in_loop",
            Self::Answered(answered) => answered.error.code(),
        }
    }

    /// Whose fault it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Callback(error) => error.fault(),
            Self::Pending(error) => error.fault(),
            Self::Declined(error) if error.is_cancelled() => Fault::Client,
            Self::Declined(error) if error.aadsts().is_some_and(passes_by_itself) => {
                Fault::Provider
            }
            Self::Token(error) if error.passes_by_itself() => Fault::Provider,
            Self::Declined(error) => match error.error.as_str() {
                // What it finds wrong with the request is between it and us, and no failure of this site.
                "server_error" | "temporarily_unavailable" | "invalid_request" => Fault::Provider,
                "login_required"
                | "interaction_required"
                | "consent_required"
                | "account_selection_required" => Fault::Client,
                _ => Fault::Operator,
            },
            Self::Provider(error) => error.fault(),
            Self::Token(error) => error.fault(),
            Self::NoIdToken | Self::NoAccessToken => Fault::Provider,
            Self::IdToken(error) => error.fault(),
            Self::UserInfo(error) => error.fault(),
            Self::Store(error) => error.fault(),
            Self::Entropy(_) | Self::Cookie(_) | Self::Stopping(_) | Self::NoRoute => {
                Fault::Internal
            }
            Self::Reserved(_) | Self::Loop { .. } | Self::Carry(CarryError::TooLarge { .. }) => {
                Fault::Operator
            }
            Self::Carry(_) => Fault::Internal,
            Self::Used
            | Self::Nameless { .. }
            | Self::LoggedOut
            | Self::OtherProvider
            | Self::Body(_)
            | Self::NotAForm
            | Self::Parameter { .. }
            | Self::Target { .. }
            | Self::UnknownProvider
            | Self::UnknownIssuer => Fault::Client,
            Self::Answered(answered) => answered.error.fault(),
        }
    }

    /// What a stranger may read.
    #[must_use]
    pub fn public_message(&self) -> &'static str {
        match self {
            Self::Callback(error) => error.public_message(),
            Self::Pending(error) => error.public_message(),
            Self::Used => {
                "This sign-in was already finished. Start again if you are not signed in."
            }
            Self::Nameless { .. } => {
                "The identity provider knows you, but your account has nothing by which this site knows people."
            }
            Self::LoggedOut => "You were signed out while this sign-in was under way. Start again.",
            Self::OtherProvider => {
                "This answer belongs to a sign-in with another provider. Start again."
            }
            Self::Declined(error) if error.is_cancelled() => {
                "The sign-in was cancelled, or you are not allowed to sign in here."
            }
            Self::Declined(error) if error.aadsts().is_some_and(passes_by_itself) => NOT_NOW,
            Self::Token(error) if error.passes_by_itself() => NOT_NOW,
            Self::Declined(_) => "The identity provider did not let the sign-in through.",
            Self::Provider(error) => error.public_message(),
            Self::Token(error) => error.public_message(),
            Self::NoIdToken | Self::NoAccessToken => {
                "The identity provider gave an answer that cannot be used."
            }
            Self::IdToken(error) => error.public_message(),
            Self::UserInfo(error) => error.public_message(),
            Self::Store(_) => "Your session can't be kept at the moment. Try again shortly.",
            Self::Stopping(_) => "This service is being restarted. Try again in a moment.",
            Self::Body(_) | Self::NotAForm => "The identity provider's answer could not be read.",
            Self::Parameter { .. } => "The sign-in address is malformed.",
            Self::Target { .. } => "The sign-in address names a page that is not one of this site.",
            Self::UnknownProvider | Self::UnknownIssuer => {
                "The sign-in address names an identity provider that is not known here."
            }
            Self::Loop { .. } => {
                "You were signed in several times in a row, and each time this site forgot it at once. \
                 Cookies of this site may be blocked in your browser."
            }
            Self::Carry(CarryError::TooLarge { .. }) => {
                "Your account brings more data than this site can keep in your browser. Tell those who run it."
            }
            Self::Carry(_)
            | Self::Entropy(_)
            | Self::Cookie(_)
            | Self::Reserved(_)
            | Self::NoRoute => Failure::OUR_FAULT,
            Self::Answered(answered) => answered.error.public_message(),
        }
    }

    /// Whether trying again soon makes sense.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Provider(error) => error.is_outage(),
            Self::Token(error) if error.passes_by_itself() => true,
            Self::Declined(error) if error.aadsts().is_some_and(passes_by_itself) => true,
            Self::Token(error) => error.is_temporary(),
            Self::Store(StoreError::Taken) => false,
            Self::Store(_) | Self::Stopping(_) => true,
            Self::Declined(error) => error.error == "temporarily_unavailable",
            Self::Answered(answered) => answered.error.is_temporary(),
            _ => false,
        }
    }

    /// Whether the store did not take the new session.
    pub(super) fn is_store(&self) -> bool {
        match self {
            Self::Store(_) => true,
            Self::Answered(answered) => answered.error.is_store(),
            _ => false,
        }
    }

    /// Which next attempts may end better than this one.
    fn next(&self) -> Next {
        match self {
            Self::IdToken(IdTokenError::Issuer(IssuerMismatch::TenantNotAllowed { .. })) => {
                Next::OtherAccount
            }
            Self::Nameless { .. } => Next::OtherAccount,
            Self::Declined(error) if error.aadsts().is_some_and(is_about_account) => {
                Next::OtherAccount
            }
            Self::Token(error) if error.aadsts().is_some_and(is_about_account) => {
                Next::OtherAccount
            }
            Self::Declined(error) if error.aadsts().is_some_and(comes_again) => Next::Later,
            Self::Token(error) if error.aadsts().is_some_and(comes_again) => Next::Later,
            Self::Declined(error) if error.is_cancelled() => Next::Either,
            Self::Answered(answered) => answered.error.next(),
            _ => Next::Again,
        }
    }

    /// The same failure, whose page offers to start again towards `target`.
    #[must_use]
    pub(super) fn with_start_again(self, target: &ReturnTo) -> Self {
        let mut answered = self.answered();
        answered.target = Some(target.clone());
        Self::Answered(answered)
    }

    /// The same failure, whose answer takes a cookie from the browser.
    #[must_use]
    pub(super) fn and_delete(self, cookie: String) -> Self {
        let mut answered = self.answered();
        answered.cookies.push(cookie);
        Self::Answered(answered)
    }

    /// The same failure, at this provider.
    #[must_use]
    pub(super) fn about(self, provider: &Arc<Provider>) -> Self {
        let mut answered = self.answered();
        answered.provider = Some(Arc::clone(provider));
        Self::Answered(answered)
    }

    /// The same failure, with what was seen on the way.
    #[must_use]
    pub(super) fn noting(self, note: impl FnOnce(&mut Evidence)) -> Self {
        let mut answered = self.answered();
        note(&mut answered.seen);
        Self::Answered(answered)
    }

    /// The failure without what goes along with it.
    pub(super) fn itself(&self) -> &Self {
        match self {
            Self::Answered(answered) => &answered.error,
            error => error,
        }
    }

    /// The provider it happened at.
    pub(super) fn provider(&self) -> Option<&Arc<Provider>> {
        match self {
            Self::Answered(answered) => answered.provider.as_ref(),
            _ => None,
        }
    }

    /// What was seen on the way.
    pub(super) fn seen(&self) -> Option<&Evidence> {
        match self {
            Self::Answered(answered) => Some(&answered.seen),
            _ => None,
        }
    }

    fn answered(self) -> Box<Answered> {
        match self {
            Self::Answered(answered) => answered,
            error => Box::new(Answered {
                error,
                target: None,
                cookies: Vec::new(),
                provider: None,
                seen: Evidence::default(),
            }),
        }
    }

    /// What the provider said, for the page: it was in the browser already, or is only a code.
    fn detail(&self) -> Option<String> {
        match self {
            Self::Declined(error) => Some(match &error.description {
                Some(description) => format!("{}: {description}", error.error),
                None => error.error.clone(),
            }),
            Self::Token(error) => match error.aadsts() {
                Some(number) => Some(format!("AADSTS{number}")),
                None => error.refusal().map(|refusal| refusal.error.clone()),
            },
            Self::Answered(answered) => answered.error.detail(),
            _ => None,
        }
    }

    /// What the provider said, for the log: the operator needs all of it.
    pub(super) fn provider_said(&self) -> Option<&str> {
        match self {
            Self::Declined(error) => error.description.as_deref(),
            Self::Token(error) => error.refusal()?.description.as_deref(),
            Self::Answered(answered) => answered.error.provider_said(),
            _ => None,
        }
    }

    /// What the answer says, with the findings that anybody may read.
    #[must_use]
    pub(crate) fn failure(&self, findings: Vec<Finding>) -> Failure {
        let mut failure = Failure::new(self.code(), self.fault(), self.public_message())
            .titled("Sign-in did not work");
        failure.temporary = self.is_temporary();
        failure.detail = self.detail();
        failure.findings = findings;
        let start_again = |href: String| Link {
            label: "Start again".to_owned(),
            href,
        };
        if let Self::Loop { cookie, .. } = self.itself() {
            failure.actions.push(start_again(path::SIGN_IN.to_owned()));
            failure.cookies.push(cookie.clone());
        }
        let Self::Answered(answered) = self else {
            return failure;
        };
        if let Some(target) = &answered.target {
            let next = self.next();
            if matches!(next, Next::OtherAccount | Next::Either) {
                failure.actions.push(Link {
                    label: "Sign in as someone else".to_owned(),
                    href: path::someone_else(target),
                });
            }
            let href = path::sign_in(None, Some(target));
            match next {
                Next::OtherAccount => {}
                Next::Again | Next::Either => failure.actions.push(start_again(href)),
                Next::Later => failure.actions.push(Link {
                    label: "Try again later".to_owned(),
                    href,
                }),
            }
        }
        failure.cookies.extend_from_slice(&answered.cookies);
        failure
    }
}

/// Which next attempts may end better than the one that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The same once more.
    Again,
    /// With another account: the provider's own session would bring the same refusal, unasked.
    OtherAccount,
    /// Both: the person may have changed their mind, or may have no leave.
    Either,
    /// None until somebody has changed something, or some time has passed.
    Later,
}

/// Whether Entra would refuse the next attempt too: nobody has consented, or it saw a loop.
const fn comes_again(aadsts: u32) -> bool {
    matches!(aadsts, 50_196 | 65_001 | 90_094)
}

/// What a stranger may read then.
const NOT_NOW: &str =
    "The identity provider can't finish sign-ins at the moment. Try again in a minute.";

/// Whether Entra refused the account: it is unknown in the tenant, or not assigned to the
/// application.
const fn is_about_account(aadsts: u32) -> bool {
    matches!(aadsts, 50_020 | 50_105)
}

#[cfg(test)]
mod tests;
