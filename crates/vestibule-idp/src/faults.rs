//! The ways this provider can be wrong on request.
//!
//! Faults come from the settings file (`[[fault]]`) and from the control listener
//! (`POST /faults`). Each may be limited to a number of uses with `times`.

mod switchboard;

use serde::{Deserialize, Serialize};
use serde_json::Value;
pub use switchboard::ArmedFault;
pub(crate) use switchboard::Faults;

/// One way to be wrong, slow or down. `kind` in the file and on the wire is the variant's name in
/// kebab-case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Fault {
    /// The provider's clock is off by so many seconds (negative: slow). It moves every lifetime
    /// too, so a test can let a code or a refresh token grow old without waiting.
    ClockOffset {
        /// Seconds added to this machine's clock.
        seconds: i64,
    },
    /// The endpoint answers with this status and a short text instead of doing its work.
    Status {
        /// Where.
        endpoint: Endpoint,
        /// 500, 503, 429, 404, …
        status: u16,
        /// Sent as `Retry-After` when present.
        #[serde(default)]
        retry_after_secs: Option<u32>,
    },
    /// The endpoint waits before it does its work.
    Slow {
        /// Where.
        endpoint: Endpoint,
        /// How long.
        millis: u64,
    },
    /// The endpoint closes the connection without an answer.
    HangUp {
        /// Where.
        endpoint: Endpoint,
    },
    /// The endpoint does its work, and then its answer is spoiled.
    Body {
        /// Where.
        endpoint: Endpoint,
        /// How.
        shape: BodyShape,
    },
    /// A member of the metadata has this value; `null` or absent removes the member.
    DiscoveryMember {
        /// The member's name.
        member: String,
        /// Its value.
        #[serde(default)]
        value: Value,
    },
    /// The key set lacks the key that signs.
    KeysWithoutSigner,
    /// `iss` of another provider.
    WrongIssuer {
        /// In which token.
        token: Token,
    },
    /// `aud` of another app.
    WrongAudience {
        /// In which token.
        token: Token,
    },
    /// The ID token's `nonce` is another one.
    WrongNonce,
    /// A claim is left out.
    MissingClaim {
        /// In which token.
        token: Token,
        /// Which claim.
        claim: String,
    },
    /// A claim has this value.
    ReplaceClaim {
        /// In which token.
        token: Token,
        /// Which claim.
        claim: String,
        /// Its value.
        value: Value,
    },
    /// `alg: none` and an empty signature.
    AlgNone {
        /// Which token.
        token: Token,
    },
    /// HS256 with the published RSA key as the secret: the classic algorithm confusion.
    HmacWithPublicKey {
        /// Which token.
        token: Token,
    },
    /// One bit of the signature is flipped.
    BadSignature {
        /// Which token.
        token: Token,
    },
    /// Signed with a published key that belongs to another cloud.
    ForeignKey {
        /// Which token.
        token: Token,
    },
    /// Signed with a key that is not published.
    UnpublishedKey {
        /// Which token.
        token: Token,
    },
    /// Signed with a key of the app's own, which is published with `?appid=` alone.
    AppKey {
        /// Which token.
        token: Token,
    },
    /// `exp` two hours ago.
    Expired {
        /// Which token.
        token: Token,
    },
    /// `nbf` and `iat` two hours ahead.
    NotYetValid {
        /// Which token.
        token: Token,
    },
    /// A claim of so many bytes is added.
    OversizeToken {
        /// Which token.
        token: Token,
        /// How many bytes.
        bytes: u32,
    },
    /// An access token for an API is an opaque string.
    OpaqueAccessToken,
    /// A new key is published and used immediately before the next ID token is signed.
    RollBeforeSigning,
    /// `expires_in` is a string.
    StringExpiresIn,
    /// `expires_in` is missing.
    NoExpiresIn,
    /// Access tokens live this long (`expires_in` and `exp`).
    ShortAccessToken {
        /// Seconds.
        seconds: u32,
    },
    /// No `refresh_token` in the token response.
    NoRefreshToken,
    /// No `id_token` in the token response.
    NoIdToken,
    /// No `access_token` in the token response.
    NoAccessToken,
    /// The token endpoint refuses with this error.
    TokenError {
        /// Only for this `grant_type`; absent means every one.
        #[serde(default)]
        grant_type: Option<String>,
        /// Only for requests whose `scope` names this one; absent means every one.
        #[serde(default)]
        scope: Option<String>,
        /// The OAuth error code.
        error: String,
        /// The AADSTS number.
        aadsts: u32,
        /// `suberror`, when present.
        #[serde(default)]
        suberror: Option<String>,
        /// `claims` (a claims challenge), when present.
        #[serde(default)]
        claims: Option<String>,
    },
    /// Nobody has agreed to this API being used, whatever the registration says: AADSTS65001 at the
    /// token endpoint, and the consent page when somebody signs in for it. Whoever agrees there has
    /// agreed.
    NoConsent {
        /// The API's client id or one of its Application ID URIs.
        api: String,
    },
    /// The authorization endpoint sends this error back to the client.
    AuthorizeError {
        /// The OAuth error code.
        error: String,
        /// The AADSTS number.
        aadsts: u32,
    },
    /// RFC 9207: `authorization_response_iss_parameter_supported` is advertised, and `iss` in the
    /// authorization response is …
    IssParameter {
        /// … right, wrong or missing.
        is: IssParameter,
    },
    /// `state` comes back changed.
    WrongState,
    /// The userinfo endpoint answers for somebody else.
    WrongUserinfoSubject,
    /// A page of groups leads on to a wrong address.
    NextLink {
        /// Which.
        to: NextLink,
    },
}

/// The part of the provider a fault sits on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Endpoint {
    /// Both metadata documents.
    Discovery,
    /// Both key sets.
    Keys,
    /// The authorization endpoint and its pages.
    Authorize,
    /// The token endpoint.
    Token,
    /// The end-session endpoint.
    Logout,
    /// Both userinfo endpoints.
    Userinfo,
    /// The rest of the Graph imitation.
    Graph,
    /// Every other path.
    Other,
    /// The revocation endpoint, where it is offered.
    Revocation,
    /// All of them.
    All,
}

impl Endpoint {
    fn covers(self, endpoint: Self) -> bool {
        self == Self::All || self == endpoint
    }

    /// The name used in the journal and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Keys => "keys",
            Self::Authorize => "authorize",
            Self::Token => "token",
            Self::Logout => "logout",
            Self::Userinfo => "userinfo",
            Self::Graph => "graph",
            Self::Revocation => "revocation",
            Self::Other => "other",
            Self::All => "all",
        }
    }
}

/// Which token a fault spoils.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Token {
    /// The ID token.
    IdToken,
    /// The access token.
    AccessToken,
    /// Both.
    Both,
    /// The logout token, which goes to apps with a `back_channel_logout_url`.
    LogoutToken,
}

impl Token {
    pub(crate) fn covers(self, token: Self) -> bool {
        self == token || (self == Self::Both && token != Self::LogoutToken)
    }
}

/// How an answer is spoiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum BodyShape {
    /// An HTML page with status 200, as a captive portal sends.
    Html,
    /// Nothing at all.
    Empty,
    /// The first half only.
    Truncated,
    /// An empty JSON object.
    EmptyObject,
    /// Two mebibytes of blanks before the answer.
    Oversize,
}

/// Where a page of groups leads on to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NextLink {
    /// To itself, without end.
    SamePage,
    /// To another host.
    AnotherHost,
}

/// What `iss` in the authorization response is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum IssParameter {
    /// The issuer.
    Right,
    /// Another provider.
    Wrong,
    /// Not there.
    Missing,
}

#[cfg(test)]
mod tests;
