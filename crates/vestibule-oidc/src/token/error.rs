//! Says why there are no tokens, in a form that refresh, sign-in and diagnosis can each act on.

use crate::fault::Fault;
use crate::json::JsonError;
use crate::microsoft;
use crate::text::or_none;

/// Why the token endpoint's answer gives no tokens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The provider refused (RFC 6749 §5.2).
    #[error("redeem the grant: the provider answered {}", .0.error)]
    Refused(Box<Refusal>),
    /// The provider answered with an error status and nothing we can read.
    #[error("redeem the grant: the provider answered with status {status}")]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// The answer is not JSON by its `Content-Type`.
    #[error("read a token response of type {}", or_none(content_type))]
    NotJson {
        /// The type, shortened.
        content_type: Option<String>,
    },
    /// The answer is not a JSON object we read.
    #[error("read the token response")]
    Json(#[from] JsonError),
    /// A member is missing.
    #[error("find `{name}` in the token response")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// A member has the wrong type or a value that makes no sense.
    #[error("read `{name}` in the token response")]
    Member {
        /// Its name.
        name: &'static str,
    },
    /// The tokens are of a type we cannot use (RFC 6749 §7.1).
    #[error("use tokens of type {found:?}")]
    TokenType {
        /// `token_type`, shortened.
        found: String,
    },
}

/// What the provider said when it refused. Text from outside: escape it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// `error`.
    pub error: String,
    /// `error_description`, shortened, without control characters.
    pub description: Option<String>,
    /// Entra's `suberror`: the person has to do something.
    pub suberror: Option<String>,
    /// Entra's `claims`: a challenge to be repeated in a new authorization request.
    pub claims: Option<String>,
    /// Entra's first error code, from `error_codes` or the description.
    pub aadsts: Option<u32>,
    /// Entra's `trace_id`.
    pub trace_id: Option<String>,
    /// Entra's `correlation_id`.
    pub correlation_id: Option<String>,
}

impl Refusal {
    /// Whether the grant itself is over, so that refreshing it can never succeed again.
    /// `invalid_grant` with a `suberror` or `claims` asks for interaction instead, and leaves the
    /// grant as it is.
    pub fn ends_grant(&self) -> bool {
        self.error == "invalid_grant" && self.suberror.is_none() && self.claims.is_none()
    }

    /// Whether the same request may succeed later.
    pub fn is_temporary(&self) -> bool {
        is_temporary(self.status)
            || matches!(
                self.error.as_str(),
                "temporarily_unavailable" | "server_error"
            )
    }

    /// Whether signing in again is what helps: the grant is used up, or the person has to do
    /// something.
    fn is_persons(&self) -> bool {
        matches!(
            self.error.as_str(),
            "invalid_grant" | "interaction_required" | "login_required" | "consent_required"
        )
    }

    /// Whether our credentials or our registration are at fault, not the grant.
    fn is_ours(&self) -> bool {
        matches!(
            self.error.as_str(),
            "invalid_client"
                | "unauthorized_client"
                | "invalid_scope"
                | "invalid_resource"
                | "invalid_target"
                | "unsupported_grant_type"
        )
    }
}

impl TokenError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(_) => "token_refused",
            Self::Status { .. } => "token_status",
            Self::NotJson { .. } => "token_response_not_json",
            Self::Json(_) => "token_response_json",
            Self::Missing { .. } => "token_response_missing",
            Self::Member { .. } => "token_response_member",
            Self::TokenType { .. } => "token_type",
        }
    }

    /// A code or refresh token that is used up is the browser's; a wrong secret is the operator's.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Refused(refusal) if refusal.is_temporary() => Fault::Provider,
            Self::Refused(refusal) if refusal.is_ours() => Fault::Operator,
            Self::Refused(refusal) if refusal.is_persons() => Fault::Client,
            Self::Refused(_) => Fault::Operator,
            _ => Fault::Provider,
        }
    }

    /// What a stranger may read.
    pub fn public_message(&self) -> &'static str {
        match self.fault() {
            Fault::Client if self.is_about_the_grant() => {
                "This sign-in is no longer valid. Start it again."
            }
            // Starting again would bring the same.
            Fault::Client => "The sign-in provider did not let this sign-in through.",
            Fault::Operator => "The sign-in provider does not accept this site's set-up.",
            Fault::Provider | Fault::Internal => {
                "The sign-in provider did not give a usable answer. Try again later."
            }
        }
    }

    /// Whether the code or the token is refused, and nothing about the person or the set-up behind it.
    fn is_about_the_grant(&self) -> bool {
        self.refusal().is_some_and(|refusal| {
            refusal.ends_grant() && refusal.aadsts.is_none_or(is_about_the_grant)
        })
    }

    /// What the provider said, if it refused in the protocol's words.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Whether the grant itself is over: see [`Refusal::ends_grant`].
    pub fn ends_grant(&self) -> bool {
        self.refusal().is_some_and(Refusal::ends_grant)
    }

    /// Whether the same request may succeed later.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.is_temporary(),
            Self::Status { status } => is_temporary(*status),
            _ => false,
        }
    }

    /// Whether Entra says by its number that it had trouble of its own for a moment, whatever word of the protocol it says
    /// that with. Microsoft may change its numbers: this is for what people are told, and decides nothing.
    pub fn passes_by_itself(&self) -> bool {
        self.aadsts().is_some_and(microsoft::passes_by_itself)
    }

    /// The number of Entra's `AADSTS…` code.
    pub fn aadsts(&self) -> Option<u32> {
        self.refusal()?.aadsts
    }
}

impl Refusal {
    pub(super) fn new(status: u16, error: String) -> Self {
        Self {
            status,
            error,
            description: None,
            suberror: None,
            claims: None,
            aadsts: None,
            trace_id: None,
            correlation_id: None,
        }
    }

    pub(super) fn with_description(mut self, description: Option<String>) -> Self {
        self.aadsts = self
            .aadsts
            .or_else(|| microsoft::aadsts_code(description.as_deref()?));
        self.description = description;
        self
    }
}

/// Entra's numbers for a code or a refresh token that is over, was used, or is not one.
const fn is_about_the_grant(aadsts: u32) -> bool {
    matches!(
        aadsts,
        50_173 | 54_005 | 70_000 | 70_008 | 70_043 | 501_481 | 700_081 | 700_082 | 9_002_313
    )
}

const fn is_temporary(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..)
}
